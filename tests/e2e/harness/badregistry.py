"""A schema registry of the tests' own that misbehaves as told: down, slow, 500, garbage, wrong schemas; or that is
choosy about whom it answers."""

import http.server
import json
import threading


SLOW_S = 1.5


class BadRegistry:
    """`schemas` maps ids, and GUIDs as texts, to (type, text). `mode` is "good", "down" (closes), "hang", "slow" (good
    after SLOW_S, and not before `hurry` is set), "500", "garbage", "html404". tls: an SSL context; allowed:
    the header Authorization without which it answers 401."""

    def __init__(self, tls=None, allowed=None):
        self.schemas = {}
        self.allowed = allowed
        self.scheme = "https" if tls else "http"
        self.mode = "good"
        self.asked = []
        self.released = threading.Event()
        self.hurry = threading.Event()
        self.hurry.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 60  # of a handshake too, which happens in the thread of its connection

            def do_GET(self):
                outer.asked.append(self.path)
                outer.answer(self)

            def do_POST(self):
                outer.asked.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.answer(self)

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a handshake that was meant to fail

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, handler):
        mode = self.mode
        if mode == "down":
            return
        if mode == "hang":
            self.released.wait(60)
            return
        if mode == "slow":
            self.released.wait(SLOW_S)
            self.hurry.wait(120)
        status, body = 200, b""
        if self.allowed and handler.headers.get("Authorization") != self.allowed:
            status, body = 401, b'{"error_code":401,"message":"Unauthorized"}'
        elif mode == "500":
            status, body = 500, b'{"error_code":50001,"message":"out of order"}'
        elif mode == "garbage":
            body = b"<html>please log in</html>"
        elif mode == "html404":
            status, body = 404, b"<html>nothing here</html>"
        else:
            status, body = (self.taken if handler.command == "POST" else self.good)(handler.path)
        handler.send_response(status)
        handler.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def good(self, path):
        number = path.rsplit("/", 1)[1].split("?")[0]
        name = int(number) if path.startswith("/schemas/ids/") and number.isdigit() else number
        if path.startswith(("/schemas/ids/", "/schemas/guids/")) and name in self.schemas:
            kind, text = self.schemas[name]
            return 200, json.dumps({"schema": text, "schemaType": kind}).encode()
        return 404, b'{"error_code":40403,"message":"Schema not found"}'

    def taken(self, path):
        """The answer to a POST; replace it for a registry in which something can be registered."""
        return self.good(path)

    def close(self):
        self.released.set()
        self.hurry.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
