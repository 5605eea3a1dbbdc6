"""Where consumers write: a fresh store for each run, and how far it is, seen from outside. The consumer's own speed."""

import contextlib
import sqlite3
import subprocess
import tempfile
import time

from measure import SERVER_CPU, TOOLS, fill, logfirst, pin, say

POLL_SECONDS = 0.02  # near the end; before it, half of the time left: each question costs the store something
POLL_SECONDS_MAX = 1.0
BATCH, BATCH_STEPWISE = 5000, 1000  # records of a transaction at most; without transactions


class Target:
    """A store's URL, and stored(): the sum of its positions, 0 before there are any; rows(): events stored."""

    def __init__(self, url, stored, rows):
        self.url, self.stored, self.rows = url, stored, rows


@contextlib.contextmanager
def sqlite():
    with tempfile.TemporaryDirectory() as folder:

        def ask(query):
            try:
                with contextlib.closing(sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True, timeout=30)) as db:
                    return db.execute(query).fetchone()[0] or 0
            except sqlite3.OperationalError:
                return 0

        yield Target(f"sqlite:{folder}/store.db", lambda: ask("SELECT sum(next_offset) FROM log_positions"),
                     lambda: ask("SELECT count(*) FROM event_store"))


@contextlib.contextmanager
def postgres(server, schema=None):
    schema = schema or f"r{time.time_ns()}"
    with server.connect() as db:
        db.execute("CHECKPOINT")

        def stored():
            there = db.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{schema}.log_positions",)).fetchone()[0]
            query = f"SELECT coalesce(sum(next_offset), 0)::bigint FROM {schema}.log_positions"
            return db.execute(query).fetchone()[0] if there else 0

        rows = lambda: db.execute(f"SELECT count(*) FROM {schema}.event_store").fetchone()[0]  # noqa: E731
        yield Target(server.url(schema), stored, rows)
        db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@contextlib.contextmanager
def mongodb(server):
    name = f"r{time.time_ns()}"
    with server.client() as client:
        database = client[name]
        stored = lambda: sum(row["nextOffset"] for row in database.log_positions.find())  # noqa: E731
        yield Target(server.url(name), stored, lambda: database.event_store.count_documents({}))
        client.drop_database(name)


def pause(first, now, total):
    """Until the next question: half of the time that the rest takes at the rate so far."""
    if first is None or now == first[1]:
        return POLL_SECONDS
    rate = (now - first[1]) / (time.monotonic() - first[0])
    return min(max((total - now) / rate / 2, POLL_SECONDS), POLL_SECONDS_MAX)


def consume(target, total, *options, cpu=None):
    """A consumer that works off TOTAL records: {"events", "rate": events/s, "rss": MB at most, "cpu": processor time in
    us an event}. The rate counts from its first commit on, or from its readiness where that was more than half."""
    with tempfile.TemporaryDirectory() as data:
        batch = BATCH_STEPWISE if target.url.startswith("mongodb") else BATCH
        with logfirst("consumer", "--data", data, "--store", target.url, "--batch", batch, *options, cpu=cpu) as server:
            first = None
            while (now := target.stored()) < total:
                if now and first is None:
                    first = (time.monotonic(), now)
                if server.process.poll() is not None:
                    raise RuntimeError("the consumer ended:\n" + "".join(server.lines[-20:]))
                time.sleep(pause(first, now, total))
            begin, before = first or (0, total)
            if before > total / 2:  # too little is left to tell by
                begin, before = server.started + server.ready_seconds, 0
            result = {"events": total, "rate": (total - before) / (time.monotonic() - begin),
                      "rss": server.rss_mb("VmHWM"), "cpu": server.cpu_seconds() / total * 1e6}
    if target.rows() < total:  # what was under way when the load ended comes on top
        raise RuntimeError(f"{target.rows()} events stored of {total}")
    say(f"   {result['rate']:,.0f} events/s of {total:,}, {result['rss']:.0f} MB, {result['cpu']:.1f} us an event")
    return result


def from_kafka(servers, topic):
    """A consumer's options for a topic of the broker, as a group of its own."""
    return ["--log", servers.broker().url, "--topic", topic, "--group", f"bench-{time.time_ns()}"]


def fill_log(data, count):
    """At least COUNT events in an embedded log, through the gateway; how many."""
    with logfirst("gateway", "--listen", "127.0.0.1:0", "--data", data, cpu=None) as server:
        while (total := log_end(data)) < count:
            fill(server.field("listen"), count - total)
    return total


def log_end(data):
    with contextlib.closing(sqlite3.connect(f"file:{data}/log/log.db?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type='table'")]
        return max(
            db.execute(f'select coalesce(max(offset), -1) + 1 from "{name}"').fetchone()[0]
            for name in tables
            if any(column[1] == "offset" for column in db.execute(f'pragma table_info("{name}")'))
        )


def bare_loop(*words):
    """What store_bench says of batches of 1,000."""
    command = pin(SERVER_CPU) + [str(TOOLS / "bench" / "store_bench"), "1000", *words]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    say(text)
    return text


def rate_of(text, loop):
    """Events/s of a loop, from store_bench's lines "bare 1000 123456"."""
    return next((float(words[2]) for words in map(str.split, text.splitlines())
                 if len(words) >= 3 and words[:2] == [loop, "1000"]), float("nan"))
