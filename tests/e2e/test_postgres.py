"""The store on a real PostgreSQL server: what people find there, and a server that is away. (Killed, frozen and slow
ones, and several consumers: tests/crash.)"""

import os
import random

import pytest

from harness import folds
from harness.checker import History, check, report
from harness.evidence import embedded_log
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import LEDGER, QUOTES, run, total
from harness.postgres import PgBouncer, Postgres
from harness.process import scratch
from harness.wait import pause, until

SEED = int(os.environ.get("LOGFIRST_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
TOPIC, GROUP = "business-events", "event-consumers"
AWAY_S = 10


@pytest.fixture(scope="module")
def server():
    with scratch("lf-pg-") as folder:
        postgres = Postgres(folder).start()
        yield postgres
        postgres.close()


@pytest.fixture
def postgres(server):
    """A server that the test may stop, kill and freeze. It runs when the test begins."""
    server.thaw()
    if not server.running():
        server.start()
    return server


@pytest.fixture
def store(postgres):
    return postgres.store(unique("store").replace("-", "_"))


def assert_kept(history, load, store, group=GROUP):
    load.fill(history)
    store.read(history, group, "accounts", "account_id")
    violations = check(history)
    assert not violations, f"LOGFIRST_CRASH_SEED={SEED}\n{report(violations)}"


def more_load(load, count=50):
    before = load.counts()[0]
    until(lambda: load.counts()[0] > before + count, "load", 60)


# --- what people find there


def test_tables_that_people_can_use(start, store):
    server = start("up", QUOTES, "--store", store.url)
    assert server.ready_line["store"] == "postgres"
    client = server.client()
    receipt = client.create_quote("c1", 12.5)
    assert client.quote("c1") == {"customerId": "c1", "amount": 12.5}
    [event] = store.rows("SELECT * FROM event_store")
    assert (event["event_id"], event["event_type"]) == (receipt["eventId"], "QuoteCreated")
    assert (event["entity_type"], event["entity_key"]) == ("Quote", "c1")
    assert event["payload"] == {"customerId": "c1", "amount": 12.5}
    assert event["headers"]["ce_type"] == "QuoteCreated"
    assert (event["topic"], event["log_partition"], event["log_offset"]) == (TOPIC, 0, 0)
    assert event["occurred_at"].tzinfo is not None and event["stored_at"] >= event["occurred_at"]
    assert store.rows("SELECT * FROM quotes") == [{"customer_id": "c1", "amount": 12.5}]
    assert store.rows("SELECT payload->>'amount' AS amount FROM event_store") == [{"amount": "12.5"}]
    [position] = store.rows("SELECT * FROM log_positions")
    assert position == {"consumer_group": GROUP, "topic": TOPIC, "log_partition": 0, "next_offset": 1}
    assert client.create_quote("c1", 20)["success"]
    assert server.stop() == 0
    listed = run("events", "list", "--data", server.data, "--store", store.url)
    assert listed.returncode == 0 and receipt["eventId"] in listed.stdout, listed


def test_lists_with_filters_orders_and_cursors(start, store):
    client = start("up", QUOTES, "--store", store.url).client()
    for number in range(7):
        client.create_quote(f"c{number}", number % 3, wait=number == 6)
    query = (
        "query($after: String) {"
        " quotes(where: {amount: {gte: 1}}, orderBy: [{field: amount, direction: DESC}], first: 2, after: $after)"
        " { edges { node { customerId } } pageInfo { endCursor hasNextPage } } }"
    )
    seen, after, more = [], None, True
    while more:
        page = client.execute(query, {"after": after})["quotes"]
        seen += [edge["node"]["customerId"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == ["c2", "c5", "c1", "c4"]


def test_a_password_is_not_told(start):
    """The URL stands in messages without it."""
    url = "postgresql://u:s3cret@127.0.0.1:1/d"
    server = start("up", QUOTES, "--store", url, ready=False)
    line = server.wait_line("waiting for the store").string
    assert "127.0.0.1" in line
    assert server.stop() == 0
    assert "s3cret" not in "\n".join(server.stderr + server.stdout)


def test_behind_a_pooler(start, postgres, store):
    """Nothing that we ask needs more of a connection than its transaction. The pooler may go and come as well."""
    with scratch("lf-pool-") as folder:
        with PgBouncer(folder, postgres).start() as pooler:
            server = start("up", LEDGER, "--store", pooler.url(store.schema))
            load = Ledger(lambda: server.listen, clients=4, seed=SEED).start()
            for _ in range(2):
                seen = len(store.snapshot(GROUP).places)
                until(lambda: len(store.snapshot(GROUP).places) > seen + 100, "the consumer to store", 30)
                pooler.kill()
                pooler.start()
            more_load(load)
            load.stop()
            log = embedded_log(server.log_dir, TOPIC)
            until(lambda: store.reached(GROUP, {(TOPIC, 0): len(log)}), "lag 0", 60)
            assert server.client().execute('{ accounts { edges { node { accountId } } } }')["accounts"]["edges"]
            assert server.stop() == 0
    history = History(fold=folds.ledger, log=log)
    assert_kept(history, load, store)
    assert history.dead == []


# --- a server that is away


@pytest.mark.parametrize("command", ["up", "gateway", "consumer"])
def test_a_database_that_starts_later_is_waited_for(start, postgres, store, command):
    postgres.stop()
    server = start(command, QUOTES, "--store", store.url, ready=False)
    server.wait_line("waiting for the store", 60)
    assert server.running()
    postgres.start()
    server.wait_line(r"\bmsg=ready\b", 60)
    assert server.stop() == 0


def test_a_stop_while_the_database_is_waited_for(start, postgres, store):
    postgres.stop()
    server = start("up", QUOTES, "--store", store.url, ready=False)
    server.wait_line("waiting for the store", 60)
    assert server.stop() == 0


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_an_outage(start, postgres, store, how):
    """10 s without the database: mutations are accepted all the same, nothing is dead-lettered, all of it is there soon
    after, memory stays bounded."""
    server = start("up", LEDGER, "--store", store.url)
    load = Ledger(lambda: server.listen, clients=4, accounts=500, seed=SEED).start()
    more_load(load)
    until(lambda: total(server.metrics(), "logfirst_consumer_lag") < 200, "the consumer to keep up")
    (postgres.stop if how == "stopped" else postgres.freeze)()
    acknowledged = load.counts()[0]
    until(lambda: not server.ready(), "not ready", 20)
    pause(AWAY_S)
    assert load.counts()[0] > acknowledged + 100, "the log accepts meanwhile"
    assert server.running()
    (postgres.start if how == "stopped" else postgres.thaw)()
    load.stop()
    log = embedded_log(server.log_dir, TOPIC)
    until(lambda: store.reached(GROUP, {(TOPIC, 0): len(log)}), "lag 0", 90)
    until(server.ready, "ready", 30)
    assert server.rss_bytes() < 100 * 1000 * 1000  # as under any load
    history = History(fold=folds.ledger, log=log)
    assert_kept(history, load, store)
    assert history.dead == []
    assert server.stop() == 0
