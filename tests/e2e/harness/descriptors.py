"""Protobuf schemas as descriptors in base64, which Confluent's registry gives to those who ask with format=serialized.
Apicurio's answer to that is an error, or bytes as if they were text; a front of the tests' own puts it right."""

import base64
import http.server
import importlib
import importlib.resources
import json
import pathlib
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid

from google.protobuf import descriptor_pb2
from grpc_tools import protoc


def run_protoc(folder, *arguments):
    include = str(importlib.resources.files("grpc_tools") / "_proto")
    assert protoc.main(["protoc", f"-I{folder}", f"-I{include}", *map(str, arguments)]) == 0


def message_class(folder, text, name, **imports):
    """The Python class of a message, made by protoc in a module of its own. imports: other files, by stem."""
    module = f"p{uuid.uuid4().hex}"
    for stem, other in {module: text, **imports}.items():
        (folder / f"{stem}.proto").write_text(other, encoding="utf-8")
    run_protoc(folder, f"--python_out={folder}", *(folder / f"{stem}.proto" for stem in (module, *imports)))
    sys.path.insert(0, str(folder))
    try:
        return getattr(importlib.import_module(f"{module}_pb2"), name)
    finally:
        sys.path.remove(str(folder))


def serialized(text):
    """The descriptor of a .proto file that imports nothing but what protoc brings along."""
    with tempfile.TemporaryDirectory(prefix="logfirst-protoc-") as name:
        folder = pathlib.Path(name)
        (folder / "default.proto").write_text(text, encoding="utf-8")
        run_protoc(folder, f"--descriptor_set_out={folder / 'set'}", folder / "default.proto")
        (file,) = descriptor_pb2.FileDescriptorSet.FromString((folder / "set").read_bytes()).file
    return base64.b64encode(file.SerializeToString()).decode()


class Serializing:
    """A registry in front of another: passes everything on, and knows format=serialized."""

    def __init__(self, url):
        self.behind = url
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, handler):
        path, _, query = handler.path.partition("?")
        words = urllib.parse.parse_qs(query)
        wanted = words.pop("format", None) == ["serialized"]
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))) or None
        query = urllib.parse.urlencode(words, doseq=True)
        status, answer = self.ask(handler, f"{path}?{query}" if query else path, body)
        if wanted and status == 200:
            found = json.loads(answer)
            if "{" in found["schema"] and found.get("schemaType") == "PROTOBUF":
                found["schema"] = serialized(found["schema"])
            answer = json.dumps(found).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def ask(self, handler, path, body):
        request = urllib.request.Request(self.behind + path, method=handler.command, data=body, headers={
            "Content-Type": "application/vnd.schemaregistry.v1+json"})  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
