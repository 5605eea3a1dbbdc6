"""What every part measures with: programs to start and end, load, servers, where things are."""

import http.client
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
BIN = ROOT / "build" / "logfirst"
SCHEMA = ROOT / "examples" / "quotes" / "schema.graphql"
TOOLS = ROOT / "build-bench"
PARTITIONS = 4  # of the topics on Kafka, of the gateway and of the Node services alike: what the owed ratios mean
ROUNDS = 3  # of what a median is reported of
WARM_UP_SECONDS = 10  # of a broker: what comes first must not pay for its compiler
CONNECTIONS = (1, 64, 256)
SERVER_CPU, LOAD_CPU = ("0", "1") if (os.cpu_count() or 1) > 1 else ("0", "0")


def pin(cpu):
    return ["taskset", "-c", cpu] if cpu else []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def say(*words):
    print(*words, flush=True)


class Program:
    """A program of ours to end: waits for a word in its output."""

    def __init__(self, command, word, cpu=SERVER_CPU, cwd=None, env=None, deadline=60):
        self.started = time.monotonic()
        self.lines = []
        self.ready_line = None
        self.ready_seconds = None
        self.process = subprocess.Popen(
            pin(cpu) + [str(c) for c in command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=env)
        self.found = threading.Event()
        threading.Thread(target=self._read, args=(word,), daemon=True).start()
        if not self.found.wait(deadline) or self.ready_line is None:
            self.stop()
            raise RuntimeError(f"{command[0]} did not say {word!r}:\n" + "".join(self.lines[-20:]))

    def _read(self, word):
        for line in self.process.stdout:
            if self.ready_line is None and word in line:
                self.ready_seconds = time.monotonic() - self.started
                self.ready_line = line
                self.found.set()
            self.lines = self.lines[-200:] + [line]
        self.found.set()

    def rss_mb(self, field="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def cpu_seconds(self):
        """Processor time so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def field(self, name):
        for word in self.ready_line.split():
            if word.startswith(name + "="):
                return word.split("=", 1)[1]
        raise KeyError(name)

    def metric(self, name):
        """The sum of a metric's samples at the admin listener."""
        connection = http.client.HTTPConnection(self.field("admin"), timeout=10)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def stop(self, sign=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sign)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def logfirst(command, *options, **keywords):
    return Program([BIN, command, SCHEMA, "--admin", "127.0.0.1:0", *options], "msg=ready", **keywords)


def wrk_command(address, connections, seconds):
    script = ROOT / "bench" / "create_quote.lua"
    return pin(LOAD_CPU) + ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script),
                            f"http://{address}/graphql"]


def wrk(address, connections, seconds):
    """(requests/s, p50 ms, p99 ms, bad answers)"""
    out = subprocess.run(wrk_command(address, connections, seconds), capture_output=True, text=True, check=True).stdout
    line = next(text for text in out.splitlines() if text.startswith("RESULT"))
    rate, p50, p99, bad = line.split()[1:]
    return float(rate), float(p50), float(p99), int(bad)


def fill(address, missing):
    """A second's events: many, or fewer where few are missing."""
    wrk(address, 256 if missing > 20000 else 1, 1)


def build_tools():
    setup = [] if (TOOLS / "build.ninja").exists() else ["meson", "setup", str(TOOLS), str(ROOT), "--buildtype=release"]
    if setup:
        subprocess.run(setup, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(TOOLS), "bench/echo", "bench/store_bench", "bench/bare_read"], check=True,
                   stdout=subprocess.DEVNULL)


class Servers:
    """The servers that parts share, started when a part asks for one; close() ends them."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.started = {}
        self.topics = {}

    def folder_of(self, name):
        folder = pathlib.Path(self.folder.name) / name
        folder.mkdir()
        return folder

    def broker(self):
        from harness.kafka import JVM, Broker

        if "broker" not in self.started:
            broker = Broker(self.folder_of("kafka"))
            # the tests' broker starts fast; this one is to run fast
            broker.argv = [word for word in broker.argv if word not in JVM and not word.startswith("-Xm")]
            broker.argv.insert(1, "-Xmx512m")
            self.started["broker"] = broker.start()
        return self.started["broker"]

    def postgres(self):
        """PostgreSQL as it comes, fsync on, on whatever core is free."""
        from harness.postgres import Postgres

        if "postgres" not in self.started:
            pathlib.Path(self.folder.name).chmod(0o755)
            server = Postgres(self.folder_of("pg"), "shared_buffers=256MB", "max_wal_size=4GB")
            self.started["postgres"] = server.start()
        return self.started["postgres"]

    def mongodb(self):
        from harness.mongodb import Mongo

        if "mongodb" not in self.started:
            self.started["mongodb"] = Mongo(self.folder_of("mongo")).start()
        return self.started["mongodb"]

    def topic(self, events):
        """(name, number of events) of a topic of at least so many events of the gateway's, for any part that reads."""
        if events not in self.topics:
            broker, name = self.broker(), f"filled-{events}-{time.time_ns()}"
            with tempfile.TemporaryDirectory() as data:
                with logfirst("gateway", "--listen", "127.0.0.1:0", "--data", data, "--log", broker.url, "--partitions",
                              PARTITIONS, "--topic", name, cpu=None) as gateway:
                    total = 0
                    while total < events:
                        fill(gateway.field("listen"), events - total)
                        total = sum(broker.ends(name).values())
            self.topics[events] = (name, total)
        return self.topics[events]

    def close(self):
        for server in self.started.values():
            server.close()
        self.folder.cleanup()


def median(values):
    return statistics.median(values)
