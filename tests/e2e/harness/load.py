"""Load: many clients that send mutations and write down what they were told, for the checker."""

import random
import threading

from harness.checker import Acknowledged, Attempt
from harness.graphql import Client

MOVE = (
    "mutation($a: ID!, $m: Int!, $n: String!) { move(accountId: $a, amount: $m, note: $n)"
    " { success eventId eventType topic partition offset } }"
)
# answers that say: certainly not in the log
NOT_LOGGED = {"LOG_UNAVAILABLE", "OVERLOADED", "EVENT_INVALID", "BAD_USER_INPUT", "PAYLOAD_TOO_LARGE"}


class Ledger:
    """Clients of schemas/ledger.graphql. Each mutation has a note of its own, so that an attempt without an answer can
    be recognised. where() gives the address at the time, or None while there is no server."""

    def __init__(self, where, clients=6, accounts=20, seed=0, keys=0.0):
        self.where = where
        self.accounts = accounts
        self.keys = keys
        self.lock = threading.Lock()
        self.acknowledged, self.attempts, self.answers = [], [], []
        self.failures = []  # (kind, text): what clients saw instead of a receipt
        self.stopping = threading.Event()
        self.running = threading.Event()  # cleared: clients wait
        self.idle = threading.Semaphore(0)
        self.threads = [
            threading.Thread(target=self._client, args=(number, random.Random(f"{seed}/{number}")), daemon=True)
            for number in range(clients)
        ]

    def start(self):
        self.running.set()
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopping.set()
        self.running.set()
        for thread in self.threads:
            thread.join(90)
            assert not thread.is_alive(), "a client still waits for its answer"

    def hold(self):
        """No new mutations until go()."""
        self.running.clear()

    def go(self):
        self.running.set()

    def _client(self, number, dice):
        client, connected, count, retry = None, None, 0, None
        while not self.stopping.is_set():
            self.running.wait()
            where = self.where()
            if where is None:
                self.stopping.wait(0.01)
                continue
            if where != connected:
                client, connected = Client(where, timeout=60), where
            if retry is not None and dice.random() < 0.8:
                payload, key = retry
            else:
                count += 1
                payload = {"accountId": f"a{dice.randrange(self.accounts)}", "amount": dice.randint(1, 100),
                           "note": f"{number}-{count}"}
                key = f"key-{number}-{count}" if dice.random() < self.keys else None
            done = self._mutate(client, payload, key)
            retry = (payload, key) if key is not None and not done else None
            if not done:
                connected = None
                self.stopping.wait(0.005)

    def _mutate(self, client, payload, key):
        variables = {"a": payload["accountId"], "m": payload["amount"], "n": payload["note"]}
        attempt = Attempt("Moved", payload, "unknown", key=key)
        try:
            answer = client.post(MOVE, variables, headers={"idempotency-key": key} if key else None)
        except Exception as error:  # no answer: nobody knows
            self._note(attempt, "connection", repr(error))
            client.close()
            return False
        if isinstance(answer.json, dict) and answer.json.get("data") and not answer.errors:
            receipt = answer.data["move"]
            with self.lock:
                self.acknowledged.append(
                    Acknowledged(receipt["eventId"], receipt["eventType"], receipt["topic"], receipt["partition"],
                                 int(receipt["offset"]), payload, key))
            assert receipt["success"] is True
            return True
        codes = set(answer.codes) if isinstance(answer.json, dict) else set()
        if codes and codes <= NOT_LOGGED:
            attempt.outcome = "rejected"
        self._note(attempt, ",".join(sorted(map(str, codes))) or str(answer.status), answer.body[:300])
        return False

    def _note(self, attempt, kind, text):
        with self.lock:
            self.attempts.append(attempt)
            self.failures.append((kind, text))

    def counts(self):
        with self.lock:
            return len(self.acknowledged), len(self.attempts)

    def fill(self, history):
        """A and U. An attempt that was retried under its key until it was acknowledged explains nothing more."""
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
        return history
