"""Load: many clients that send mutations and write down what they were told, for the checker. One thread with sockets
of its own, pipelined: what a client library costs would be most of the time."""

import collections
import json
import random
import selectors
import socket
import threading
import time

from harness.checker import Acknowledged, Attempt

MOVE = (
    "mutation($a: ID!, $m: Int!, $n: String!) { move(accountId: $a, amount: $m, note: $n)"
    " { success eventId eventType topic partition offset } }"
)
READ = "query($a: ID!) { account(accountId: $a) { accountId balance moves last } }"
# answers that say: certainly not in the log
NOT_LOGGED = {"LOG_UNAVAILABLE", "OVERLOADED", "EVENT_INVALID", "BAD_USER_INPUT", "PAYLOAD_TOO_LARGE"}
PAUSE_S = 0.01  # after a failure
ANSWER_S = 60.0  # an answer takes so long at most


def http_request(query, variables, key=None):
    body = json.dumps({"query": query, "variables": variables}).encode()
    more = f"Idempotency-Key: {key}\r\n" if key else ""
    head = (
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Accept: application/graphql-response+json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def split_answer(buffer):
    """(status, body, rest) of the first answer in BUFFER; None while it is not whole."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = buffer[:end].decode("latin-1").split("\r\n")
    lengths = [line.split(":", 1)[1] for line in head[1:] if line.lower().startswith("content-length:")]
    assert lengths, f"an answer without a length: {head}"
    last = end + 4 + int(lengths[0])
    if len(buffer) < last:
        return None
    return int(head[0].split(" ")[1]), bytes(buffer[end + 4 : last]), buffer[last:]


class Asked:
    """A request in flight; KIND is move or read."""

    def __init__(self, kind, payload, key=None):
        self.kind, self.payload, self.key = kind, payload, key
        self.due = time.monotonic() + ANSWER_S


class Client:
    """One connection, with at most WINDOW requests in flight, answered in order."""

    def __init__(self, number, dice):
        self.number, self.dice = number, dice
        self.count = 0
        self.socket = self.where = None
        self.connecting = False
        self.sending, self.received = b"", b""
        self.asked = collections.deque()
        self.retries = collections.deque()  # (payload, key) of those that got no receipt
        self.pause_until = 0.0


class Ledger:
    """Clients of schemas/ledger.graphql. Each mutation has a note of its own, so that an attempt without an answer can
    be recognised. where() gives the address at the time, or several, or None while there is no server. KEYS: how many
    of the mutations have an Idempotency-Key, and are tried again until there is a receipt. READS: how many requests ask
    for an account instead. WINDOW: requests in flight on a connection. Without PACED as many as go through; with it as
    many mutations as grant() has allowed. PAUSE: seconds that a client rests after an answer."""

    def __init__(self, where, clients=6, accounts=20, seed=0, keys=0.0, reads=0.0, window=1, paced=False, pause=0.0):
        self.where = where
        self.accounts, self.keys, self.reads, self.window = accounts, keys, reads, window
        self.lock = threading.Lock()
        self.granted = 0 if paced else None
        self.pause = pause
        self.sent = 0
        self.cuts = 0
        self.acknowledged, self.attempts, self.seen = [], [], []
        self.failures = []  # (kind, text): what clients saw instead of a receipt
        self.stopping = threading.Event()
        self.running = threading.Event()  # cleared: clients wait
        self.broken = None
        self.selector = selectors.DefaultSelector()
        self.clients = [Client(number, random.Random(f"{seed}/{number}")) for number in range(clients)]
        self.thread = threading.Thread(target=self._run, daemon=True)

    # --- from the test's thread

    def start(self):
        self.running.set()
        self.thread.start()
        return self

    def stop(self):
        """No new mutations; returns when all answers are here, or will not come."""
        self.stopping.set()
        self.thread.join(ANSWER_S + 30)
        assert not self.thread.is_alive(), "a client still waits for its answer"
        if self.broken is not None:
            raise self.broken

    def abandon(self):
        """Nobody will answer any more: what is in flight is lost."""
        self.stopping.set()
        self.cut(len(self.clients))
        if self.thread.ident is not None:
            self.thread.join(10)

    def hold(self):
        """No new mutations until go()."""
        self.running.clear()

    def go(self):
        self.running.set()

    def grant(self, count):
        with self.lock:
            self.granted += count

    def quiet(self):
        """Has everything granted been sent and answered?"""
        assert self.broken is None, self.broken
        with self.lock:
            return self.sent >= self.granted and not any(client.asked for client in self.clients)

    def cut(self, count=1):
        """So many connections are closed with requests in flight."""
        with self.lock:
            self.cuts += count

    def counts(self):
        assert self.broken is None, self.broken
        with self.lock:
            return len(self.acknowledged), len(self.attempts)

    def fill(self, history):
        """A, U and H. An attempt that was retried under its key until it was acknowledged explains nothing more."""
        done = {ack.key for ack in self.acknowledged if ack.key}
        history.acknowledged = list(self.acknowledged)
        by_key = {}
        history.attempts = []
        for attempt in self.attempts:
            if attempt.key is None:
                history.attempts.append(attempt)
            elif attempt.key not in done:
                before = by_key.get(attempt.key)
                if before is None or before.outcome == "rejected":
                    by_key[attempt.key] = attempt
        history.attempts += by_key.values()
        history.seen = list(self.seen)
        return history

    # --- the clients' thread

    def _run(self):
        try:
            while not self.stopping.is_set() or any(client.asked for client in self.clients):
                self._turn()
        except Exception as error:  # the test's thread is to hear of it
            self.broken = error
        for client in self.clients:
            self._close(client)
        self.selector.close()

    def _turn(self):
        where = self.where()
        addresses = [] if where is None else where if isinstance(where, list) else [where]
        now = time.monotonic()
        for client in self.clients:
            if client.asked and now > client.asked[0].due:
                self._lose(client, "no answer in time")
            if self.cuts and client.asked:
                self.cuts -= 1
                self._lose(client, "cut by the client")
            if now >= client.pause_until and not self.stopping.is_set() and self.running.is_set():
                self._fill(client, addresses)
        for key, events in self.selector.select(0.002):
            client = key.data
            if events & selectors.EVENT_WRITE:
                self._writable(client)
            if client.socket is not None and events & selectors.EVENT_READ:
                self._receive(client)

    def _fill(self, client, addresses):
        if client.socket is not None and client.where not in addresses and not client.asked:
            self._close(client)
        if client.socket is None and addresses:
            self._connect(client, addresses)
        if client.socket is None or client.connecting or client.where not in addresses:
            return
        room = self.window - len(client.asked)
        for _ in range(room):
            asked = self._next(client)
            if asked is None:
                break
            client.asked.append(asked)
            variables = {"a": asked.payload["accountId"]}
            if asked.kind == "move":
                variables.update(m=asked.payload["amount"], n=asked.payload["note"])
            client.sending += http_request(MOVE if asked.kind == "move" else READ, variables, asked.key)
        if client.sending:
            self._send(client)

    def _next(self, client):
        dice = client.dice
        if client.retries and dice.random() < 0.8:
            payload, key = client.retries.popleft()
            return Asked("move", payload, key)
        with self.lock:
            if self.granted is not None and self.sent >= self.granted:
                return None
        account = f"a{dice.randrange(self.accounts)}"
        if self.reads and dice.random() < self.reads:
            return Asked("read", {"accountId": account})
        with self.lock:
            self.sent += 1
        client.count += 1
        payload = {"accountId": account, "amount": dice.randint(1, 100), "note": f"{client.number}-{client.count}"}
        key = f"key-{client.number}-{client.count}" if dice.random() < self.keys else None
        return Asked("move", payload, key)

    def _connect(self, client, addresses):
        client.where = client.dice.choice(addresses)
        client.socket = socket.socket()
        client.socket.setblocking(False)
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.connecting = True
        client.socket.connect_ex(client.where)
        self.selector.register(client.socket, selectors.EVENT_WRITE, client)

    def _writable(self, client):
        if client.connecting and client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
            self._lose(client, "refused")
            return
        client.connecting = False
        self._send(client)

    def _send(self, client):
        try:
            sent = client.socket.send(client.sending) if client.sending else 0
            client.sending = client.sending[sent:]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._lose(client, repr(error))
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.sending else 0)
        self.selector.modify(client.socket, events, client)

    def _receive(self, client):
        try:
            data = client.socket.recv(262144)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(client, repr(error))
            return
        if not data:
            self._lose(client, "closed by the server")
            return
        client.received += data
        while client.asked:
            found = split_answer(client.received)
            if found is None:
                return
            status, body, client.received = found
            client.pause_until = time.monotonic() + self.pause
            self._take(client, client.asked.popleft(), status, body)

    def _take(self, client, asked, status, body):
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        good = isinstance(answer, dict) and answer.get("data") and not answer.get("errors")
        if asked.kind == "read":
            if good and answer["data"]["account"]:
                with self.lock:
                    self.seen.append((asked.payload["accountId"], answer["data"]["account"]))
            return
        if good:
            receipt = answer["data"]["move"]
            assert receipt["success"] is True
            done = Acknowledged(receipt["eventId"], receipt["eventType"], receipt["topic"], receipt["partition"],
                                int(receipt["offset"]), asked.payload, asked.key)
            with self.lock:
                self.acknowledged.append(done)
            return
        errors = answer.get("errors", []) if isinstance(answer, dict) else []
        codes = {error.get("extensions", {}).get("code") for error in errors}
        outcome = "rejected" if codes and codes <= NOT_LOGGED else "unknown"
        self._note(client, asked, outcome, ",".join(sorted(map(str, codes))) or str(status), body[:300])

    def _note(self, client, asked, outcome, kind, text):
        with self.lock:
            self.attempts.append(Attempt("Moved", asked.payload, outcome, key=asked.key))
            self.failures.append((kind, text))
        if asked.key is not None:
            client.retries.append((asked.payload, asked.key))
        client.pause_until = time.monotonic() + PAUSE_S

    def _lose(self, client, why):
        """The connection is gone: of what was in flight nobody knows."""
        asked, client.asked = client.asked, collections.deque()
        self._close(client)
        client.pause_until = time.monotonic() + PAUSE_S
        for one in asked:
            if one.kind == "move":
                self._note(client, one, "unknown", "connection", why)

    def _close(self, client):
        if client.socket is not None:
            self.selector.unregister(client.socket)
            client.socket.close()
        client.socket = None
        client.sending = client.received = b""
