#!/usr/bin/env python3
"""Measures Logfirst beside its limits and its peers, in one run, and writes bench/RESULTS.md.

    make bench                     everything (about ten minutes)
    make bench A='--only gateway'  parts: gateway, kafka, node, consumer, postgres, rebuild, readable, memory, codec
    make bench A='--seconds 3'     shorter runs

The server runs on one core and the load on the other (taskset); a broker shares both. Only ratios inside one run count.
The Node services come from LOGFIRST_BASELINES (default ../shared/baselines/node); they are left out, and the results
say so, where there is no such folder.
"""

import argparse
import datetime
import http.client
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import sqlite3
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
PARTS = ("gateway", "kafka", "node", "consumer", "postgres", "rebuild", "readable", "memory", "codec")
CONNECTIONS = (1, 64, 256)
PARTITIONS = 4  # of the topics on Kafka, of the gateway and of the Node services alike: what the owed ratios mean
WARM_UP_SECONDS = 10  # of a broker: what comes first must not pay for its compiler
TOOLS = ROOT / "build-bench"
SERVER_CPU, LOAD_CPU = ("0", "1") if (os.cpu_count() or 1) > 1 else ("0", "0")


def pin(cpu):
    return ["taskset", "-c", cpu]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A program of ours to end: waits for a word in its output."""

    def __init__(self, command, word, cpu=SERVER_CPU, cwd=None, env=None, deadline=60):
        self.started = time.monotonic()
        self.lines = []
        self.ready_line = None
        self.ready_seconds = None
        self.process = subprocess.Popen(
            pin(cpu) + [str(c) for c in command] if cpu else [str(c) for c in command],
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

    def field(self, name):
        for word in self.ready_line.split():
            if word.startswith(name + "="):
                return word.split("=", 1)[1]
        raise KeyError(name)

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


def wrk(address, connections, seconds):
    """(requests/s, p50 ms, p99 ms, bad answers)"""
    out = subprocess.run(
        pin(LOAD_CPU)
        + [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "-s",
            str(ROOT / "bench" / "create_quote.lua"),
            f"http://{address}/graphql",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    line = next(text for text in out.splitlines() if text.startswith("RESULT"))
    rate, p50, p99, bad = line.split()[1:]
    return float(rate), float(p50), float(p99), int(bad)


def load(address, seconds, check=True):
    """wrk at each number of connections: the median of three."""
    wrk(address, 16, 1)
    rows = {}
    for connections in CONNECTIONS:
        runs = sorted(wrk(address, connections, seconds) for _ in range(3))
        rate, p50, p99, bad = runs[1]
        if check and any(run[3] for run in runs):
            raise RuntimeError(f"{sum(run[3] for run in runs)} bad answers at {connections} connections")
        rows[connections] = (rate, p50, p99)
        print(f"   c={connections}: {rate:,.0f}/s p50 {p50:.2f} ms p99 {p99:.2f} ms", flush=True)
    return rows


def build_tools():
    setup = [] if (TOOLS / "build.ninja").exists() else ["meson", "setup", str(TOOLS), str(ROOT), "--buildtype=release"]
    if setup:
        subprocess.run(setup, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["ninja", "-C", str(TOOLS), "bench/echo", "bench/store_bench", "bench/bare_read"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


# ---- parts -----------------------------------------------------------------------------------------------------------


def part_gateway(results, seconds):
    print("echo", flush=True)
    with Program([TOOLS / "bench" / "echo", "127.0.0.1:0"], "ready ") as echo:
        results["echo"] = load(echo.ready_line.split()[1], seconds, check=False)
    for name, command in (("gateway, embedded log", "gateway"), ("up (with its consumer), embedded log", "up")):
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as data:
            with logfirst(command, "--listen", "127.0.0.1:0", "--data", data) as server:
                results[name] = load(server.field("listen"), seconds)


def part_kafka(results, seconds, broker):
    for name, partitions in (("gateway, Kafka", PARTITIONS), ("gateway, Kafka, one partition", 1)):
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as data:
            with logfirst("gateway", "--listen", "127.0.0.1:0", "--data", data, "--log", f"kafka://{broker}",
                          "--partitions", partitions, "--topic", f"bench-{time.time_ns()}") as server:
                wrk(server.field("listen"), 64, WARM_UP_SECONDS)
                results[name] = load(server.field("listen"), seconds)


NODE = (("mercurius + confluent-kafka-javascript", "server-mercurius.js", "confluent", {"JIT": "1"}),
        ("mercurius + kafkajs", "server-mercurius.js", "kafkajs", {"JIT": "1"}),
        ("graphql-yoga + kafkajs", "server-yoga.js", "kafkajs", {}))


def node_folder():
    """The Node services with their packages, installed once below LOGFIRST_DEPS; None without sources."""
    source = pathlib.Path(os.environ.get("LOGFIRST_BASELINES", ROOT.parent / "shared" / "baselines" / "node"))
    if not source.is_dir():
        return None
    folder = pathlib.Path(os.environ["LOGFIRST_DEPS"]) / "baselines" / "node"
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if not (folder / "node_modules" / "kafkajs").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)
    if not (folder / "node_modules" / "@confluentinc").is_dir():
        subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "@confluentinc/kafka-javascript"],
                       cwd=folder, check=True, env={**os.environ, "CKJS_LINKING": "dynamic"})
    return folder


def part_node(results, seconds, broker):
    folder = node_folder()
    if folder is None:
        results["node missing"] = True
        return
    for name, script, client, extra in NODE:
        print(name, flush=True)
        port, topic = free_port(), f"node-{time.time_ns()}"
        broker.create_topic(topic, partitions=PARTITIONS)
        env = {**os.environ, "BROKERS": broker.bootstrap, "TOPIC": topic, "PORT": str(port), "CLIENT": client,
               **extra}
        env.pop("NODE_PATH", None)
        with Program(["node", script], "ready", cwd=folder, env=env) as server:
            try:
                results[name] = load(f"127.0.0.1:{port}", seconds, check=False)
            finally:
                server.stop(signal.SIGKILL)


def fill_log(data, count):
    """count events in an embedded log, through the gateway."""
    with logfirst("gateway", "--listen", "127.0.0.1:0", "--data", data, cpu=None) as server:
        done = 0
        while done < count:
            rate = wrk(server.field("listen"), 256, 4)[0]
            done += int(rate * 4)


def position(data):
    try:
        with sqlite3.connect(f"file:{data}/store.db?mode=ro", uri=True) as db:
            return db.execute("select max(next_offset) from log_positions").fetchone()[0] or 0
    except sqlite3.Error:
        return 0


def bare_loop(*words):
    """The lines of store_bench at batches of 1,000."""
    command = pin(SERVER_CPU) + [str(TOOLS / "bench" / "store_bench"), "1000", *words]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print(text, flush=True)
    return text


def log_end(data):
    with sqlite3.connect(f"file:{data}/log/log.db?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type='table'")]
        return max(
            db.execute(f'select coalesce(max(offset), -1) + 1 from "{name}"').fetchone()[0]
            for name in tables
            if any(column[1] == "offset" for column in db.execute(f'pragma table_info("{name}")'))
        )


def consume(data, place, *options):
    """A consumer on a filled log, until place() says that it is at the end."""
    total = log_end(data)
    started = time.monotonic()
    with logfirst("consumer", "--data", data, *options) as server:
        first = None
        while True:
            now = place()
            if now and first is None:
                first = (time.monotonic(), now)
            if now >= total:
                break
            time.sleep(0.005)
        taken = time.monotonic() - started
        rate = (total - first[1]) / (time.monotonic() - first[0]) if total > first[1] else total / taken
        result = {"events": total, "rate": rate, "rss": server.rss_mb("VmHWM")}
    print(f"   {rate:,.0f} events/s of {total:,}, {result['rss']:.0f} MB", flush=True)
    return result


def part_consumer(results, seconds):
    print("consumer, embedded log into SQLite", flush=True)
    results["store_bench"] = bare_loop()
    results["bare"] = bare_rate(results["store_bench"]) or float("nan")
    with tempfile.TemporaryDirectory() as data:
        fill_log(data, 100000 * max(seconds, 1))
        results["consumer"] = consume(data, lambda: position(data))


def part_postgres(results, seconds):
    """PostgreSQL as it comes, fsync on, on whatever core is free."""
    from harness.postgres import Postgres

    print("consumer, embedded log into PostgreSQL", flush=True)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        server = Postgres(folder, "shared_buffers=256MB", "max_wal_size=4GB").start()
        try:
            where = f"postgresql:///postgres?user=postgres&host={folder}"
            results["postgres store_bench"] = bare_loop("100000", where)
            results["postgres bare"] = bare_rate(results["postgres store_bench"]) or float("nan")
            fill_log(data, 50000 * max(seconds, 1))
            with server.connect() as db:
                query = "SELECT to_regclass('consumed.log_positions') IS NOT NULL"

                def place():
                    if not db.execute(query).fetchone()[0]:
                        return 0
                    return db.execute("SELECT coalesce(max(next_offset), 0) FROM consumed.log_positions").fetchone()[0]

                results["postgres"] = consume(data, place, "--store", server.url("consumed"))
        finally:
            server.close()


def rebuild_quotes(events, options, read):
    """A rebuild of EVENTS beside the bare reading of the same rows, three times in turns; medians of events/s."""
    rates = {"read": [], "rebuild": []}
    for _ in range(3):
        text = subprocess.run(pin(SERVER_CPU) + read, capture_output=True, text=True, check=True).stdout
        rates["read"].append(float(text.split()[-2]))
        started = time.monotonic()
        command = pin(SERVER_CPU) + [str(BIN), "rebuild", "Quote", str(SCHEMA), "--output", "json", *options]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rates["rebuild"].append(events / (time.monotonic() - started))
        summary = json.loads(text.splitlines()[-1])
        assert summary["switched"] and summary["events"] == events, text
    found = {name: statistics.median(values) for name, values in rates.items()}
    print(f"   {found['rebuild']:,.0f} events/s, read bare {found['read']:,.0f}", flush=True)
    return {"events": events, **found}


def part_rebuild(results, seconds):
    """Events of a tenth as many customers, straight into the event store; the whole command is timed, fold, comparison
    and switch."""
    from harness.postgres import Postgres

    events = 200000 * max(seconds, 1)
    keys = events // 10
    print(f"rebuild of {keys:,} entities from {events:,} events", flush=True)
    columns = ("event_id, event_type, entity_type, entity_key, payload, headers, topic, log_partition, log_offset,"
               " occurred_at, stored_at")
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        with logfirst("consumer", "--data", data):
            pass  # makes the tables
        with sqlite3.connect(f"{data}/store.db") as db:
            db.execute(
                f"INSERT INTO event_store ({columns}) SELECT printf('%08x-0000-7000-8000-000000000000', n),"
                " 'QuoteCreated', 'Quote', 'customer-' || (n * 7919 % ?2),"
                " printf('{\"amount\":%d.5,\"customerId\":\"customer-%d\"}', n % 1000, n * 7919 % ?2), '{}',"
                " 'business-events', 0, n, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z' FROM"
                " (WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ?1) SELECT n FROM c)",
                (events, keys))
        read = [str(TOOLS / "bench" / "bare_read")]
        results["rebuild"] = {"SQLite": rebuild_quotes(events, ["--data", data], [*read, f"{data}/store.db"])}
        server = Postgres(folder, "shared_buffers=256MB", "max_wal_size=4GB").start()
        try:
            store = ["--store", server.url("rebuilt")]
            with logfirst("consumer", "--data", f"{data}/postgres", *store):
                pass
            with server.connect() as db:
                db.execute(
                    f"INSERT INTO rebuilt.event_store ({columns}) SELECT to_hex(n) || '-0000-7000-8000-000000000000',"
                    " 'QuoteCreated', 'Quote', 'customer-' || (n * 7919 %% %(keys)s), jsonb_build_object('amount',"
                    " n %% 1000 + 0.5, 'customerId', 'customer-' || (n * 7919 %% %(keys)s)), '{}', 'business-events',"
                    " 0,"
                    " n, '2026-01-01', '2026-01-01' FROM generate_series(0::bigint, %(events)s - 1) n",
                    {"events": events, "keys": keys})
                db.execute("VACUUM ANALYZE rebuilt.event_store")
            where = f"postgresql:///postgres?user=postgres&host={folder}"
            results["rebuild"]["PostgreSQL"] = rebuild_quotes(
                events, ["--data", f"{data}/postgres", *store], [*read, where, "rebuilt"])
        finally:
            server.close()


def rebuild_lines(rows):
    lines = ["## Rebuild", "", "`logfirst rebuild Quote`, the whole command, ten events an entity, beside the bare"
             " reading of the same events with the database's own library:", "",
             "| | events | rebuild, events/s | bare read, events/s |", "|---|---|---|---|"]
    lines += [f"| {name} | {r['events']:,} | {r['rebuild']:,.0f} | {r['read']:,.0f} |" for name, r in rows.items()]
    return [*lines, ""]


def part_readable(results, seconds):
    """200 mutations/s, each of a fresh customer; each polled for in the store from outside, every millisecond."""
    print("request to readable state at 200/s", flush=True)
    waits, acks = [], []
    with tempfile.TemporaryDirectory() as data:
        with logfirst("up", "--listen", "127.0.0.1:0", "--data", data) as server:
            host, port = server.field("listen").split(":")
            connection = http.client.HTTPConnection(host, int(port))
            db = sqlite3.connect(f"file:{data}/store.db?mode=ro", uri=True)
            begin = time.monotonic()
            for i in range(200 * seconds):
                time.sleep(max(0.0, begin + i / 200 - time.monotonic()))
                body = json.dumps({"query": f'mutation {{ createQuote(amount: 1, customerId: "r{i}") {{ success }} }}'})
                sent = time.monotonic()
                connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
                connection.getresponse().read()
                acks.append((time.monotonic() - sent) * 1e3)
                while db.execute("select 1 from quotes where customer_id = ?", (f"r{i}",)).fetchone() is None:
                    time.sleep(0.0002)
                waits.append((time.monotonic() - sent) * 1e3)
    quantile = lambda values, q: sorted(values)[int(len(values) * q)]  # noqa: E731
    results["readable"] = {name: (quantile(values, 0.5), quantile(values, 0.99))
                           for name, values in (("acknowledged", acks), ("readable", waits))}
    print("  ", results["readable"], flush=True)


def part_memory(results, seconds):
    print("memory and start-up", flush=True)
    starts = []
    with tempfile.TemporaryDirectory() as data:
        for _ in range(5):
            with logfirst("up", "--listen", "127.0.0.1:0", "--data", data) as server:
                starts.append(server.ready_seconds * 1e3)
                idle = server.rss_mb()
        with logfirst("up", "--listen", "127.0.0.1:0", "--data", data) as server:
            idle = server.rss_mb()
            wrk(server.field("listen"), 256, max(seconds, 5))
            loaded = server.rss_mb("VmHWM")
    results["memory"] = {"idle": idle, "load": loaded, "start": statistics.median(starts)}
    print("  ", results["memory"], flush=True)


# What a line of codec_bench and its like measures, in the order of the report.
CODECS = {"json": "Logfirst: JSON", "json-schema": "Logfirst: JSON, and its JSON Schema as well",
          "avro": "Logfirst: Avro", "protobuf": "Logfirst: Protobuf", "ajv": "ajv with V8's JSON",
          "jsonschema": "Python: json and jsonschema", "avro-alone": "Logfirst: Avro, unchecked",
          "libavro-alone": "libavro, unchecked, from and to its own values", "fastavro": "fastavro, unchecked"}


def part_codec(results, seconds):
    """Nanoseconds of processor time an event; ours, and those who do the same in C, JavaScript and Python."""
    print("codecs", flush=True)
    codec, samples = ROOT / "bench" / "codec", ROOT / "bench" / "codec" / "samples.json"
    subprocess.run(["ninja", "-C", str(TOOLS), "bench/codec_bench"], check=True, stdout=subprocess.DEVNULL)
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOGFIRST_")}
    env["NODE_PATH"] = str(pathlib.Path(os.environ["LOGFIRST_DEPS"]) / "bench" / "node_modules")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in ("avro", "json-schema"):
            subprocess.run([BIN, "schema", form, codec / "events.graphql", "--out", folder], check=True, env=env,
                           stdout=subprocess.DEVNULL)
        for command in ([TOOLS / "bench" / "codec_bench", codec / "events.graphql", samples],
                        ["node", codec / "ajv.js", folder, samples],
                        [sys.executable, codec / "peers.py", folder, samples]):
            text = subprocess.run(pin(SERVER_CPU) + [str(word) for word in command] + [str(seconds)],
                                  check=True, env=env, capture_output=True, text=True).stdout
            print(text, end="", flush=True)
            for event, name, way, ns, size in map(str.split, text.splitlines()):
                rows.setdefault(event, {}).setdefault(name, {"bytes": int(size)})[way] = float(ns)
    results["codec"] = rows


def codec_lines(rows):
    lines = [
        "## Codecs",
        "",
        "Events a second of one core, in processor time. The check is the schema language's own where nothing else is "
        "said.",
        "",
    ]
    for event, codecs in rows.items():
        lines += [f"{event}:", "", "| | check and encode /s | decode and check /s | bytes |", "|---|---|---|---|"]
        lines += [f"| {words} | {1e9 / codecs[name]['encode']:,.0f} | {1e9 / codecs[name]['decode']:,.0f} | "
                  f"{codecs[name]['bytes']} |" for name, words in CODECS.items() if name in codecs]  # fmt: skip
        added = codecs["schema-check-alone"]["encode"] / 1e3
        lines += ["", f"The JSON Schema check alone takes {added:.2f} µs.", ""]
    return lines


# ---- the report ------------------------------------------------------------------------------------------------------


def ratio_rows(results):
    """(what, limit, owed, reached) of the debts that this run can show."""
    rows = []

    def add(what, ours, theirs, connections, owed):
        if ours in results and theirs in results:
            rows.append((f"{what} at {connections} connections", owed,
                         results[ours][connections][0] / results[theirs][connections][0]))

    add("embedded gateway / bare echo", "gateway, embedded log", "echo", 64, 0.55)
    add("embedded gateway / bare echo", "gateway, embedded log", "echo", 256, 0.7)
    add("Kafka gateway / bare echo", "gateway, Kafka", "echo", 64, 0.35)
    add("Kafka gateway / bare echo", "gateway, Kafka", "echo", 256, 0.6)
    add("Kafka gateway / mercurius + confluent", "gateway, Kafka", NODE[0][0], 64, 2.5)
    add("Kafka gateway / yoga + kafkajs", "gateway, Kafka", NODE[2][0], 64, 10)
    if "codec" in results:
        check = results["codec"]["QuoteCreated"]["schema-check-alone"]["encode"]
        rows.append(("1 µs / the JSON Schema check of the small event", 1, 1000 / check))
    if "consumer" in results and "bare" in results:
        rows.append(("consumer / bare SQLite loop", 0.6, results["consumer"]["rate"] / results["bare"]))
    if "postgres" in results:
        store = rate_of(results["postgres store_bench"], "store") or float("nan")
        rows.append(("PostgreSQL store / bare array insert and upsert", 0.9, store / results["postgres bare"]))
    if "rebuild" in results:
        rows.append(("rebuild from SQLite / 300,000 events/s", 1, results["rebuild"]["SQLite"]["rebuild"] / 300000))
        row = results["rebuild"]["PostgreSQL"]
        rows.append(("rebuild from PostgreSQL / bare read", 0.5, row["rebuild"] / row["read"]))
    return rows


def rate_of(text, loop):
    """Events/s of a loop, from store_bench's lines "bare 1000 123456"."""
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == loop and words[1] == "1000":
            return float(words[2])
    return None


def bare_rate(text):
    return rate_of(text, "bare")


def write_report(results, arguments):
    lines = [
        "# Results",
        "",
        f"`{' '.join(['bench/run.py', *arguments])}` on {datetime.date.today()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}. The server on one core, the load (wrk) on the other, a broker on "
        "both. Medians of three. Absolute figures move by 10 to 30 % between runs; the ratios are what counts.",
        "",
        "Repeat with `make bench`.",
        "",
    ]
    tables = [name for name in results if isinstance(results[name], dict) and 64 in results[name]]
    if tables:
        lines += [
            "## Mutations a second",
            "",
            "| | " + " | ".join(f"c={c}: /s, p50 / p99 ms" for c in CONNECTIONS) + " |",
            "|---|" + "---|" * len(CONNECTIONS),
        ]
        for name in tables:
            cells = (
                f"{rate:,.0f}, {p50:.2f} / {p99:.2f}" for rate, p50, p99 in (results[name][c] for c in CONNECTIONS)
            )
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
    if results.get("node missing"):
        lines += ["The Node services were left out: no sources at LOGFIRST_BASELINES.", ""]
    if "consumer" in results:
        c = results["consumer"]
        lines += [
            "## Consumer",
            "",
            f"{c['events']:,} events from the embedded log into SQLite: {c['rate']:,.0f} events/s; "
            f"resident memory at most {c['rss']:.0f} MB.",
            "",
            "```",
            results["store_bench"].strip(),
            "```",
            "",
        ]
    if "postgres" in results:
        c = results["postgres"]
        lines += [
            "## Consumer into PostgreSQL",
            "",
            f"{c['events']:,} events from the embedded log into PostgreSQL (fsync on, a socket, sharing both cores): "
            f"{c['rate']:,.0f} events/s; resident memory of the consumer at most {c['rss']:.0f} MB. Batches of "
            "1,000 through the store, beside a bare libpq loop (prepared statements, binary array insert and upsert, "
            "the same tables):",
            "",
            "```",
            results["postgres store_bench"].strip(),
            "```",
            "",
        ]
    if "rebuild" in results:
        lines += rebuild_lines(results["rebuild"])
    if "readable" in results:
        r = results["readable"]
        lines += [
            "## From request to readable state",
            "",
            "`up`, 200 mutations/s, the store polled from another process:",
            "",
            "| | p50 ms | p99 ms |",
            "|---|---|---|",
        ]
        lines += [f"| {name} | {p50:.2f} | {p99:.2f} |" for name, (p50, p99) in r.items()] + [""]
    if "memory" in results:
        m = results["memory"]
        lines += [
            "## Memory and start-up",
            "",
            f"`up` on the embedded log: {m['idle']:.1f} MB idle (owed: below 20), at most {m['load']:.1f} MB under "
            f"load (owed: below 100); ready {m['start']:.0f} ms after its start (owed: 100).",
            "",
        ]
    if "codec" in results:
        lines += codec_lines(results["codec"])
    rows = ratio_rows(results)
    if rows:
        lines += ["## Owed ratios", "", "| | owed | reached |", "|---|---|---|"]
        lines += [
            f"| {what} | {owed} | {reached:.2f}{'' if reached >= owed else ' (missed)'} |"
            for what, owed, reached in rows
        ]
    (ROOT / "bench" / "RESULTS.md").write_text("\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5, help="of each load run")
    parser.add_argument("--only", help="comma-separated parts: " + ", ".join(PARTS))
    args = parser.parse_args()
    wanted = args.only.split(",") if args.only else PARTS
    build_tools()
    results = {}
    if "gateway" in wanted:
        part_gateway(results, args.seconds)
    if "kafka" in wanted or "node" in wanted:
        from harness.kafka import JVM, Broker

        with tempfile.TemporaryDirectory() as folder:
            broker = Broker(pathlib.Path(folder))
            # the tests' broker starts fast; this one is to run fast
            broker.argv = [word for word in broker.argv if word not in JVM and not word.startswith("-Xm")]
            broker.argv.insert(1, "-Xmx512m")
            broker.start()
            try:
                if "kafka" in wanted:
                    part_kafka(results, args.seconds, broker.bootstrap)
                if "node" in wanted:
                    part_node(results, args.seconds, broker)
            finally:
                broker.close()
    if "consumer" in wanted:
        part_consumer(results, args.seconds)
    if "postgres" in wanted:
        part_postgres(results, args.seconds)
    if "rebuild" in wanted:
        part_rebuild(results, args.seconds)
    if "readable" in wanted:
        part_readable(results, args.seconds)
    if "memory" in wanted:
        part_memory(results, args.seconds)
    if "codec" in wanted:
        part_codec(results, args.seconds)
    write_report(results, sys.argv[1:])


if __name__ == "__main__":
    main()
