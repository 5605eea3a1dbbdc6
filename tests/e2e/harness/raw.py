"""Bytes to and from a socket, for requests that no client library would send."""

import socket


class Raw:
    def __init__(self, where, timeout=20.0):
        self.socket = socket.create_connection(where, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def send_some(self, data):
        """Sends until the peer closes; True if all went out."""
        try:
            self.send(data)
            return True
        except OSError:
            return False

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return data

    def response(self, head=False):
        """(status, headers, body) of the next answer; None when the peer closed without one."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                return None
        top, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.strip().lower()] = value.strip()
        if head or status in (204, 304) or 100 <= status < 200:
            return status, headers, b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return status, headers, self.chunks()
        if "content-length" not in headers:
            while self.more():
                pass
            body, self.buffer = self.buffer, b""
            return status, headers, body
        length = int(headers["content-length"])
        while len(self.buffer) < length:
            if not self.more():
                raise AssertionError(f"closed after {len(self.buffer)} of {length} bytes of the body")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return status, headers, body

    def chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                assert self.more(), "closed within a chunked body"
            size, self.buffer = self.buffer.split(b"\r\n", 1)
            length = int(size.split(b";")[0], 16)
            while len(self.buffer) < length + 2:
                assert self.more(), "closed within a chunk"
            body += self.buffer[:length]
            self.buffer = self.buffer[length + 2 :]
            if length == 0:
                return body

    def closed(self, timeout=20.0):
        """Whether the peer closes within TIMEOUT; what it still sends is dropped."""
        self.socket.settimeout(timeout)
        try:
            while self.more():
                pass
            return True
        except TimeoutError:
            return False

    def finish(self):
        """No more from this side; the answers are still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def post(body, headers=(), path="/graphql", host="localhost"):
    """A plain POST of BODY as bytes."""
    if isinstance(body, str):
        body = body.encode()
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", *headers]
    names = {line.split(":")[0].lower() for line in headers}
    if "content-type" not in names:
        lines.append("Content-Type: application/json")
    if "content-length" not in names and "transfer-encoding" not in names:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
