"""The campaign's own tools: the proxy, the results file, the checksum of foreign records."""

import json
import socket
import subprocess
import sys
import threading
import time

import pytest

from harness.evidence import embedded_log
from harness.logfirst import LEDGER, Logfirst
from harness.wait import until

import campaign
from poison import crc32c, embedded_appender, event
from proxy import Proxy


@pytest.fixture
def echo():
    """A server that says everything back; (proxy before it, a connection through it)."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=say_back, args=(peer,), daemon=True).start()

    def say_back(peer):
        with peer:
            while data := peer.recv(65536):
                peer.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    proxy = Proxy(server.getsockname())
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as client:
        yield proxy, client
    proxy.close()
    server.close()


def test_the_proxy_passes_on(echo):
    _, client = echo
    sent = bytes(range(256)) * 4000
    threading.Thread(target=client.sendall, args=(sent,), daemon=True).start()
    received = b""
    while len(received) < len(sent):
        received += client.recv(65536)
    assert received == sent


def test_the_proxy_cuts(echo):
    proxy, client = echo
    client.sendall(b"x")
    assert client.recv(1) == b"x"
    proxy.cut()
    try:
        assert client.recv(1) == b""
    except ConnectionResetError:
        pass
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as again:
        again.sendall(b"y")
        assert again.recv(1) == b"y"


def test_the_proxy_is_slow_and_stands_still(echo):
    proxy, client = echo
    proxy.slow(0.1)
    started = time.monotonic()
    client.sendall(b"x")
    assert client.recv(1) == b"x"
    assert time.monotonic() - started >= 0.2, "there and back"
    proxy.slow(0)
    proxy.freeze()
    client.sendall(b"y")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(1)
    proxy.thaw()
    client.settimeout(20)
    assert client.recv(1) == b"y"


def test_a_campaign_goes_on_where_it_stopped(tmp_path):
    results = tmp_path / "results.jsonl"
    words = [sys.executable, campaign.__file__, "--cycles", "3", "--world", "1", "--events", "30", "--seed", "3",
             "--matrix", "embedded+sqlite", "--results", results]  # fmt: skip
    done = subprocess.run([*words, "--only", "1"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [json.loads(line)["world"] for line in results.read_text().splitlines()] == [1]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [json.loads(line)["world"] for line in results.read_text().splitlines()] == [1, 0, 2]
    assert "1 of them done before" in done.stdout and "| all | 3 |" in done.stdout


def test_records_of_others_are_taken(tmp_path):
    """The program reads what the tests write into its log: their checksum is its own."""
    assert crc32c(b"123456789") == 0xE3069283
    with Logfirst("up", LEDGER, tmp_path / "data").start() as server:
        topic = "business-events"
        places = embedded_appender(server.log_dir, topic)([(b"a1", event("e1", "a1", 5, "x")), (b"k", b"garbage")])
        assert [record.place for record in embedded_log(server.log_dir, topic)] == places
        client = server.client()
        account = "{ account(accountId: \"a1\") { balance } }"
        until(lambda: client.execute(account)["account"] == {"balance": 5}, "the event of others")
        assert server.stop() == 0
