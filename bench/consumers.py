"""Events a second persisted with state: the store beside a bare loop of its database's own library, the consumer from
end to end, and what a user would write instead, on the same server, from the same topic, in turns."""

import tempfile

from measure import PARTITIONS, ROUNDS, SERVER_CPU, median, say
from peers import BATCHED, MISSING, MONGODB, ONE_BY_ONE, OTHER_ENGINES, node_consumer, node_folder
from report import Section, table
from stores import bare_loop, consume, fill_log, from_kafka, mongodb, postgres, rate_of, sqlite

HEAD = ["", "events", "events/s", "MB at most"]
OURS, OURS_PARALLEL = "logfirst consumer", f"logfirst consumer, --workers {PARTITIONS}"


def middle(runs):
    """The run of the median rate."""
    return sorted(runs, key=lambda run: run["rate"])[len(runs) // 2]


def lines_of(intro, rows, bench):
    cells = [[name, f"{run['events']:,}", f"{run['rate']:,.0f}", f"{run['rss']:.0f}"] for name, run in rows.items()]
    return [intro, "", *table(HEAD, cells), "",
            "Batches of 1,000 through the store, beside the bare loop (`bench/store_bench`):", "", "```",
            bench.strip(), "```"]


def into_sqlite(servers, seconds):
    say("consumer, embedded log into SQLite")
    bench = bare_loop()
    with tempfile.TemporaryDirectory() as data:
        total = fill_log(data, 40000 * seconds)
        runs = []
        for _ in range(ROUNDS):
            with sqlite() as target:
                runs.append(consume(target, total, "--log", f"embedded:{data}/log", cpu=SERVER_CPU))
    run = middle(runs)
    return Section("Consumer into SQLite", lines_of("From the embedded log into SQLite, with `--batch 5000`.",
                                                      {OURS: run}, bench),
                   [("consumer / bare loop", 0.6, run["rate"] / rate_of(bench, "bare"))])


def clear_node_tables(server):
    with server.connect() as db:
        db.execute("DROP TABLE IF EXISTS public.event_store, public.quotes")
        db.execute("CHECKPOINT")


def postgres_node(servers, folder, peer, topic, events):
    server = servers.postgres()
    clear_node_tables(server)
    where = str(server.folder).replace("/", "%2F")
    run = node_consumer(folder, peer, servers.broker(), topic, events, PG_URL=f"postgres://postgres@{where}/postgres")
    with server.connect() as db:
        stored = db.execute("SELECT count(*) FROM public.event_store").fetchone()[0]
    if stored < events:
        raise RuntimeError(f"{peer[0]}: {stored} events stored of {events}")
    return run


def in_turns(servers, folder, topic, total):
    """Name -> runs of ours and of the batched consumers, each once a round."""
    runs = {}
    for _ in range(ROUNDS):
        for name, options in ((OURS, []), (OURS_PARALLEL, ["--workers", PARTITIONS])):
            say(name)
            with postgres(servers.postgres()) as target:
                run = consume(target, total, *from_kafka(servers, topic), *options)
            runs.setdefault(name, []).append(run)
        for peer in BATCHED if folder else ():
            runs.setdefault(peer[0], []).append(postgres_node(servers, folder, peer, topic, total))
    return runs


def into_postgres(servers, seconds):
    say("consumers, Kafka into PostgreSQL")
    server, folder = servers.postgres(), node_folder()
    bench = bare_loop("100000", f"postgresql:///postgres?user=postgres&host={server.folder}")
    topic, total = servers.topic(40000 * seconds)
    rows = {name: middle(runs) for name, runs in in_turns(servers, folder, topic, total).items()}
    for peer in ONE_BY_ONE if folder else ():
        rows[peer[0]] = postgres_node(servers, folder, peer, topic, 2000 * seconds)
    ours, bare = rows[OURS]["rate"], rate_of(bench, "bare")
    owed = [("store / bare array insert and upsert", 0.9, rate_of(bench, "store") / bare),
            ("consumer / bare array insert and upsert", 0.9, ours / bare)]
    if folder:
        best = max(rows[peer[0]]["rate"] for peer in BATCHED)
        owed += [("consumer / Node, one message at a time", 25, ours / rows[ONE_BY_ONE[0][0]]["rate"]),
                 ("consumer / the fastest batched Node consumer", 1.7, ours / best),
                 (f"consumer, --workers {PARTITIONS} / the fastest batched Node consumer", 1.7,
                  rows[OURS_PARALLEL]["rate"] / best)]
    intro = ("From Kafka (one broker, four partitions, events of the gateway) into PostgreSQL (fsync on, a socket), all"
             " sharing the cores. Logfirst runs with `--batch 5000` and keeps the whole event with its headers and"
             " place, the state and the position; the Node consumers keep id, type and payload, and the state.")
    notes = [] if folder else ["", MISSING]
    return Section("Consumer into PostgreSQL", [*lines_of(intro, rows, bench), *notes, "", OTHER_ENGINES], owed)


def into_mongodb(servers, seconds):
    say("consumers, Kafka into MongoDB")
    server, folder = servers.mongodb(), node_folder()
    bench = bare_loop("2000", f"mongodb://127.0.0.1:{server.port}", "ordered")
    topic, total = servers.topic(1000 * seconds)
    runs = []
    for _ in range(ROUNDS):
        with mongodb(server) as target:
            runs.append(consume(target, total, *from_kafka(servers, topic)))
    rows = {OURS: middle(runs)}
    for peer in MONGODB if folder else ():
        with server.client() as client:
            client.drop_database("node")
        rows[peer[0]] = node_consumer(folder, peer, servers.broker(), topic, 200 * seconds, DB="node",
                                      MONGO_URL=f"mongodb://127.0.0.1:{server.port}/")
    bare = rate_of(bench, "bare")
    intro = ("From Kafka into FerretDB over SQLite, which has no transactions: no measure of MongoDB itself, but of"
             " what Logfirst adds to the same commands of libmongoc.")
    notes = [] if folder else ["", MISSING]
    return Section("Consumer into MongoDB", [*lines_of(intro, rows, bench), *notes],
                   [("store / bare bulk", 0.7, rate_of(bench, "store") / bare),
                    ("consumer / bare bulk", 0.7, rows[OURS]["rate"] / bare)])


def workers(servers, seconds):
    """One member of the group, its partitions worked off by several threads."""
    topic, total = servers.topic(40000 * seconds)
    rates = {}
    for _ in range(ROUNDS):
        for name, target in (("SQLite", sqlite), ("PostgreSQL", lambda: postgres(servers.postgres()))):
            for count in (1, 2, 4):
                say(f"Kafka into {name}, --workers {count}")
                with target() as store:
                    run = consume(store, total, *from_kafka(servers, topic), "--workers", count)
                rates.setdefault((name, count), []).append(run)
    rows = []
    for (name, count), runs in rates.items():
        rows.append([f"{name}, `--workers {count}`", f"{middle(runs)['rate']:,.0f}",
                     f"{median([run['cpu'] for run in runs]):.1f}", f"{max(run['rss'] for run in runs):.0f}"])
    head = ["", "events/s", "us of its processor time an event", "MB at most"]
    lines = [f"{total:,} events from Kafka, four partitions, one process, `--batch 5000`; broker and database share the"
             " cores. SQLite"
             " has one writer at a time.", "", *table(head, rows)]
    return Section("Workers", lines)
