"""The program under test: `logfirst up`, `gateway` and `consumer` as long-lived processes, the rest as calls."""

import http.client
import os
import pathlib
import re
import subprocess

from harness.graphql import Client
from harness.process import Process

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = os.environ.get("LOGFIRST_BIN") or str(ROOT / "build" / "logfirst")
QUOTES = ROOT / "examples" / "quotes" / "schema.graphql"
BANK = ROOT / "examples" / "bank" / "schema.graphql"
LEDGER = ROOT / "tests" / "e2e" / "schemas" / "ledger.graphql"

LOGFMT = re.compile(r'(?P<key>[\w.-]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>\S*))')


def clean_environment(extra=None):
    """The tests' environment without LOGFIRST_* of whoever runs them."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOGFIRST_")}
    env.update(extra or {})
    return env


def parse_logfmt(line):
    """A log line as a dict."""
    return {
        m["key"]: re.sub(r"\\(.)", r"\1", m["quoted"]) if m["quoted"] is not None else m["plain"]
        for m in LOGFMT.finditer(line)
    }


def run(*words, env=None, timeout=30.0, cwd=None, input=None):
    """One call of a command that ends by itself: a CompletedProcess with text output."""
    return subprocess.run(
        [BIN, *map(str, words)],
        env=clean_environment(env),
        cwd=cwd,
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
    )


def address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


class Logfirst(Process):
    """COMMAND is up, gateway or consumer. DATA is the data folder (the log and store below it unless OPTIONS say
    otherwise). Ports are free ones; after start() `listen` and `admin` hold them."""

    def __init__(self, command, schema, data, *options, env=None, prefix=(), listen="127.0.0.1:0", cwd=None):
        self.command = command
        self.data = pathlib.Path(data)
        argv = [*prefix, BIN, command, schema, "--data", data]
        if command != "consumer":
            argv += ["--listen", listen]
        argv += ["--admin", "127.0.0.1:0", *options]
        super().__init__(argv, env=clean_environment(env), cwd=cwd, name=f"logfirst {command}")
        self.listen = self.admin = None
        self.ready_line = {}

    @property
    def log_dir(self):
        return self.data / "log"

    @property
    def store_file(self):
        return self.data / "store.db"

    def start(self, timeout=20.0):
        self.spawn()
        line = self.wait_line(r"\bmsg=ready\b", timeout)
        self.ready_line = parse_logfmt(line.string)
        if "listen" in self.ready_line:
            self.listen = address(self.ready_line["listen"])
        self.admin = address(self.ready_line["admin"])
        return self

    def client(self, **headers):
        """A GraphQL client with a connection of its own."""
        return Client(self.listen, headers)

    def admin_get(self, path):
        """(status, headers, text) of the admin listener."""
        return get(self.admin, path)

    def ready(self):
        return self.admin_get("/health/ready")[0] == 200

    def metrics(self):
        """Sample name with labels -> value."""
        status, _, text = self.admin_get("/metrics")
        assert status == 200, f"/metrics answered {status}"
        return parse_metrics(text)


def get(where, path, method="GET", headers=None):
    connection = http.client.HTTPConnection(*where, timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode("utf-8")
    finally:
        connection.close()


SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?P<labels>\{[^}]*\})?\s+(?P<value>\S+)(?:\s+-?\d+)?$")


def parse_metrics(text):
    """Prometheus' text format, strictly enough to notice what a scraper would refuse."""
    samples, typed = {}, {}
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("#"):
            words = line.split(None, 3)
            if len(words) > 3 and words[1] == "TYPE":
                assert words[2] not in typed, f"TYPE of {words[2]} twice"
                typed[words[2]] = words[3]
            continue
        match = SAMPLE.match(line)
        assert match, f"no sample: {line!r}"
        name = match["name"] + (match["labels"] or "")
        assert name not in samples, f"sample twice: {name}"
        family = re.sub(r"_(bucket|sum|count)$", "", match["name"])
        assert match["name"] in typed or family in typed, f"no TYPE for {match['name']}"
        samples[name] = float(match["value"])
    return samples


def total(samples, family, **labels):
    """The sum of a family's samples that carry these labels."""
    found = 0.0
    for name, value in samples.items():
        if name.split("{")[0] == family and all(f'{key}="{word}"' in name for key, word in labels.items()):
            found += value
    return found
