"""The gateway beside a bare echo and beside Node services; from request to readable state; memory and start-up."""

import http.client
import json
import signal
import sqlite3
import tempfile
import time

from measure import (CONNECTIONS, PARTITIONS, TOOLS, WARM_UP_SECONDS, Program, free_port, logfirst, median, say, wrk)
from peers import node_environment, node_folder
from report import Section, table

NODE = (("mercurius + confluent-kafka-javascript", "server-mercurius.js", "confluent", {"JIT": "1"}),
        ("mercurius + kafkajs", "server-mercurius.js", "kafkajs", {"JIT": "1"}),
        ("graphql-yoga + kafkajs", "server-yoga.js", "kafkajs", {}))
# ours, theirs, connections, owed
OWED = (("gateway, embedded log", "echo", 64, 0.55),
        ("gateway, embedded log", "echo", 256, 0.7),
        ("gateway, Kafka", "echo", 64, 0.35),
        ("gateway, Kafka", "echo", 256, 0.6),
        ("gateway, Kafka", NODE[0][0], 64, 2.5),
        ("gateway, Kafka", NODE[2][0], 64, 10))


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
        say(f"   c={connections}: {rate:,.0f}/s p50 {p50:.2f} ms p99 {p99:.2f} ms")
    return rows


def embedded(results, seconds):
    for name, command in (("gateway, embedded log", "gateway"), ("up (with its consumer), embedded log", "up")):
        say(name)
        with tempfile.TemporaryDirectory() as data:
            with logfirst(command, "--listen", "127.0.0.1:0", "--data", data) as server:
                results[name] = load(server.field("listen"), seconds)


def kafka(results, seconds, broker):
    for name, partitions in (("gateway, Kafka", PARTITIONS), ("gateway, Kafka, one partition", 1)):
        say(name)
        with tempfile.TemporaryDirectory() as data:
            with logfirst("gateway", "--listen", "127.0.0.1:0", "--data", data, "--log", broker.url,
                          "--partitions", partitions, "--topic", f"bench-{time.time_ns()}") as server:
                wrk(server.field("listen"), 64, WARM_UP_SECONDS)
                results[name] = load(server.field("listen"), seconds)


def node(results, seconds, broker):
    folder = node_folder()
    if folder is None:
        return ["", "The Node services were left out: no sources at LOGFIRST_BASELINES."]
    for name, script, client, extra in NODE:
        say(name)
        port, topic = free_port(), f"node-{time.time_ns()}"
        broker.create_topic(topic, partitions=PARTITIONS)
        env = node_environment(broker, topic, PORT=str(port), CLIENT=client, **extra)
        with Program(["node", script], "ready", cwd=folder, env=env) as server:
            try:
                results[name] = load(f"127.0.0.1:{port}", seconds, check=False)
            finally:
                server.stop(signal.SIGKILL)
    return []


def mutations(servers, seconds, wanted):
    """The parts gateway, kafka and node: one section, for their ratios are of one run."""
    results, notes = {}, []
    say("echo")
    with Program([TOOLS / "bench" / "echo", "127.0.0.1:0"], "ready ") as echo:
        results["echo"] = load(echo.ready_line.split()[1], seconds, check=False)
    if "gateway" in wanted:
        embedded(results, seconds)
    if "kafka" in wanted:
        kafka(results, seconds, servers.broker())
    if "node" in wanted:
        notes = node(results, seconds, servers.broker())
    rows = [[name, *(f"{rate:,.0f}, {p50:.2f} / {p99:.2f}" for rate, p50, p99 in (row[c] for c in CONNECTIONS))]
            for name, row in results.items()]
    owed = [(f"{ours} / {theirs} at {c} connections", limit, results[ours][c][0] / results[theirs][c][0])
            for ours, theirs, c, limit in OWED if ours in results and theirs in results]
    head = ["", *(f"c={c}: /s, p50 / p99 ms" for c in CONNECTIONS)]
    return Section("Mutations a second", [*table(head, rows), *notes], owed)


def readable(servers, seconds):
    """200 mutations/s, each of a fresh customer; each polled for in the store from outside, every 0.2 ms."""
    say("request to readable state at 200/s")
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
    rows = [[name, f"{quantile(values, 0.5):.2f}", f"{quantile(values, 0.99):.2f}"]
            for name, values in (("acknowledged", acks), ("readable", waits))]
    intro = "`up`, 200 mutations/s, the store polled from another process:"
    return Section("From request to readable state", [intro, "", *table(["", "p50 ms", "p99 ms"], rows)])


def memory(servers, seconds):
    say("memory and start-up")
    starts = []
    with tempfile.TemporaryDirectory() as data:
        for _ in range(5):
            with logfirst("up", "--listen", "127.0.0.1:0", "--data", data) as server:
                starts.append(server.ready_seconds * 1e3)
        with logfirst("up", "--listen", "127.0.0.1:0", "--data", data) as server:
            idle = server.rss_mb()
            wrk(server.field("listen"), 256, max(seconds, 5))
            loaded = server.rss_mb("VmHWM")
    return Section("Memory and start-up", ["`up` on the embedded log."], at_most=[
        ("MB of resident memory idle", 20, idle), ("MB under load", 100, loaded),
        ("ms from start to ready, median of five", 100, median(starts))])
