"""A TCP proxy of the test's own between the program and a server: cuts connections, slows them, or lets nothing through
for a while. One thread."""

import collections
import selectors
import socket
import threading
import time

PIECE = 65536


class Way:
    """One direction of a connection: what was received and not sent yet, with the time from which it may go on."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = collections.deque()  # (due, bytes)
        self.ended = False


class Proxy:
    """Listens on a free port of loopback; PORT. TARGET is (host, port) or the path of a Unix socket."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.delay = 0.0
        self.frozen = False
        self.orders = []
        self.ways = {}  # socket -> the way that reads from it
        self.stopping = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    # --- from the test's thread

    def cut(self):
        """Every connection that stands now is reset, whatever was on its way."""
        with self.lock:
            self.orders.append("cut")

    def slow(self, seconds):
        """From now on each piece takes so much longer; 0: as fast as it comes."""
        self.delay = seconds

    def freeze(self):
        """Nothing goes through, and nobody is told."""
        self.frozen = True

    def thaw(self):
        self.frozen = False

    def close(self):
        self.stopping = True
        self.thread.join(10)

    # --- the proxy's thread

    def _run(self):
        while not self.stopping:
            with self.lock:
                orders, self.orders = self.orders, []
            if "cut" in orders:
                for source in list(self.ways):
                    self._reset(source)
            for key, _ in self.selector.select(0.005):
                if self.frozen:
                    time.sleep(0.001)
                elif key.fileobj is self.listener:
                    self._accept()
                elif key.fileobj in self.ways:
                    self._receive(self.ways[key.fileobj])
            if not self.frozen:
                for way in list(self.ways.values()):
                    self._pass_on(way)
        for source in list(self.ways):
            self._reset(source)
        self.listener.close()
        self.selector.close()

    def _accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        unix = isinstance(self.target, str)
        server = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        try:
            server.connect(self.target)
        except OSError:
            server.close()
            client.close()
            return
        for end in (client, server):
            end.setblocking(False)
            if end.family == socket.AF_INET:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(end, selectors.EVENT_READ)
        self.ways[client] = Way(client, server)
        self.ways[server] = Way(server, client)

    def _receive(self, way):
        try:
            data = way.source.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            way.waiting.append((time.monotonic() + self.delay, data))
        else:
            way.ended = True
            self.selector.unregister(way.source)

    def _pass_on(self, way):
        now = time.monotonic()
        try:
            while way.waiting and way.waiting[0][0] <= now:
                due, data = way.waiting[0]
                sent = way.target.send(data)
                if sent == len(data):
                    way.waiting.popleft()
                else:
                    way.waiting[0] = (due, data[sent:])
                    return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._reset(way.source)
            return
        if way.ended and not way.waiting:
            self._reset(way.source)

    def _reset(self, source):
        """Both ends of the connection are closed."""
        way = self.ways.get(source)
        for end in (way.source, way.target) if way else ():
            self.ways.pop(end, None)
            try:
                self.selector.unregister(end)
            except (KeyError, ValueError):
                pass
            end.close()
