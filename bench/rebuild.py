"""`logfirst rebuild`, the whole command, beside the bare reading of the same events."""

import contextlib
import json
import sqlite3
import subprocess
import tempfile
import time

import measure
from measure import ROUNDS, SCHEMA, SERVER_CPU, TOOLS, logfirst, median, pin, say
from report import Section, table

COLUMNS = ("event_id, event_type, entity_type, entity_key, payload, headers, topic, log_partition, log_offset,"
           " occurred_at, stored_at")
READ = str(TOOLS / "bench" / "bare_read")


def make_tables(*options):
    with logfirst("consumer", *options):
        pass


# A store with EVENTS events of KEYS customers, put straight into the event store: the options that name it, and the
# words of the bare reading.


@contextlib.contextmanager
def sqlite(servers, events, keys):
    with tempfile.TemporaryDirectory() as data:
        make_tables("--data", data)
        with contextlib.closing(sqlite3.connect(f"{data}/store.db")) as db, db:
            db.execute(
                f"INSERT INTO event_store ({COLUMNS}) SELECT printf('%08x-0000-7000-8000-000000000000', n),"
                " 'QuoteCreated', 'Quote', 'customer-' || (n * 7919 % ?2),"
                " printf('{\"amount\":%d.5,\"customerId\":\"customer-%d\"}', n % 1000, n * 7919 % ?2), '{}',"
                " 'business-events', 0, n, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z' FROM"
                " (WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ?1) SELECT n FROM c)",
                (events, keys))
        yield ["--data", data], [READ, f"{data}/store.db"]


@contextlib.contextmanager
def postgres(servers, events, keys):
    server = servers.postgres()
    with tempfile.TemporaryDirectory() as data, server.connect() as db:
        options = ["--data", data, "--store", server.url("rebuilt")]
        make_tables(*options)
        db.execute(
            f"INSERT INTO rebuilt.event_store ({COLUMNS}) SELECT to_hex(n) || '-0000-7000-8000-000000000000',"
            " 'QuoteCreated', 'Quote', 'customer-' || (n * 7919 %% %(keys)s), jsonb_build_object('amount',"
            " n %% 1000 + 0.5, 'customerId', 'customer-' || (n * 7919 %% %(keys)s)), '{}', 'business-events', 0,"
            " n, '2026-01-01', '2026-01-01' FROM generate_series(0::bigint, %(events)s - 1) n",
            {"events": events, "keys": keys})
        db.execute("VACUUM ANALYZE rebuilt.event_store")
        yield options, [READ, f"postgresql:///postgres?user=postgres&host={server.folder}", "rebuilt"]
        db.execute("DROP SCHEMA rebuilt CASCADE")


STORES = {"SQLite": sqlite, "PostgreSQL": postgres}
EVENTS_PER_SECOND_OF_RUN = 200000  # so many events for each second of --seconds
OWED_SQLITE = 300000  # events/s
OWED_OF_READ = 0.5  # elsewhere


def rebuild_quotes(events, options, read):
    """A rebuild of EVENTS beside the bare reading of the same rows, in turns; medians of events/s."""
    rates = {"read": [], "rebuild": []}
    for _ in range(ROUNDS):
        text = subprocess.run(pin(SERVER_CPU) + read, capture_output=True, text=True, check=True).stdout
        rates["read"].append(float(text.split()[-2]))
        started = time.monotonic()
        command = pin(SERVER_CPU) + [str(measure.BIN), "rebuild", "Quote", str(SCHEMA), "--output", "json", *options]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rates["rebuild"].append(events / (time.monotonic() - started))
        summary = json.loads(text.splitlines()[-1])
        assert summary["switched"] and summary["events"] == events, text
    found = {name: median(values) for name, values in rates.items()}
    say(f"   {found['rebuild']:,.0f} events/s, read bare {found['read']:,.0f}")
    return found


def part(servers, seconds):
    """Events of a tenth as many customers; the whole command is timed: fold, comparison and switch."""
    events = EVENTS_PER_SECOND_OF_RUN * seconds
    rows, owed = [], []
    for name, store in STORES.items():
        say(f"rebuild of {events // 10:,} entities from {events:,} events, {name}")
        with store(servers, events, events // 10) as (options, read):
            found = rebuild_quotes(events, options, read)
        rows.append([name, f"{events:,}", f"{found['rebuild']:,.0f}", f"{found['read']:,.0f}"])
        if name == "SQLite":
            owed.append(("rebuild from SQLite / 300,000 events/s", 1, found["rebuild"] / OWED_SQLITE))
        else:
            owed.append((f"rebuild from {name} / bare read", OWED_OF_READ, found["rebuild"] / found["read"]))
    lines = ["`logfirst rebuild Quote`, the whole command, ten events an entity, beside the bare reading of the same"
             " events with the database's own library:", "",
             *table(["", "events", "rebuild, events/s", "bare read, events/s"], rows)]
    return Section("Rebuild", lines, owed)
