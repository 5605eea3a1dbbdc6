"""The store on a server of MongoDB's wire protocol without transactions: what people find there, a server that is away,
killed, or frozen, and several consumers at once. What a crash leaves half done is completed by reading again."""

import os
import random

import pymongo
import pytest

from harness import folds
from harness.checker import History, check, check_replay, report
from harness.evidence import embedded_log, kafka_log
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import LEDGER, QUOTES, run
from harness.mongodb import Mongo
from harness.process import scratch
from harness.wait import pause, until

CYCLES = max(1, int(os.environ.get("LOGFIRST_CRASH_CYCLES") or 50) // 5)
SEED = int(os.environ.get("LOGFIRST_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
TOPIC, GROUP = "business-events", "event-consumers"
AWAY_S = 10


@pytest.fixture(scope="module")
def server():
    with scratch("lf-mongo-") as folder:
        mongo = Mongo(folder).start()
        yield mongo
        mongo.close()


@pytest.fixture
def mongo(server):
    """A server that the test may stop, kill and freeze. It runs when the test begins."""
    server.thaw()
    if not server.running():
        server.start()
    return server


@pytest.fixture
def store(mongo):
    return mongo.store(unique("store"))


def assert_kept(history, load, store, group=GROUP):
    load.fill(history)
    store.read(history, group, "accounts")
    violations = check(history)
    assert not violations, f"LOGFIRST_CRASH_SEED={SEED}\n{report(violations)}"


def more_load(load, count=50):
    before = load.counts()[0]
    until(lambda: load.counts()[0] > before + count, "load", 60)


# --- what people find there


def test_documents_that_people_can_use(start, store):
    server = start("up", QUOTES, "--store", store.url)
    assert server.ready_line["store"] == "mongodb"
    server.wait_line("msg=\"store opened\".*transactions=no")
    client = server.client()
    receipt = client.create_quote("c1", 12.5)
    assert client.quote("c1") == {"customerId": "c1", "amount": 12.5}
    [event] = store.documents("event_store")
    assert (event["_id"], event["eventType"]) == (receipt["eventId"], "QuoteCreated")
    assert (event["entityType"], event["entityKey"]) == ("Quote", "c1")
    assert event["payload"] == {"customerId": "c1", "amount": 12.5}
    assert event["headers"]["ce_type"] == "QuoteCreated"
    assert (event["topic"], event["partition"], event["offset"]) == (TOPIC, 0, 0)
    assert event["storedAt"] >= event["time"]
    [quote] = store.documents("quotes", {"amount": {"$gt": 12}})
    assert (quote["_id"], quote["customerId"], quote["amount"]) == ("c1", "c1", 12.5)
    assert quote["_lf"]["at"] == [{"topic": TOPIC, "partition": 0, "offset": 0}]
    [position] = store.documents("log_positions")
    assert (position["consumerGroup"], position["topic"], position["nextOffset"]) == (GROUP, TOPIC, 1)
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


def test_verify_agrees(start, store):
    server = start("up", LEDGER, "--store", store.url)
    load = Ledger(lambda: server.listen, clients=4, seed=SEED).start()
    more_load(load, 300)
    load.stop()
    log = embedded_log(server.log_dir, TOPIC)
    until(lambda: store.reached(GROUP, {(TOPIC, 0): len(log)}), "lag 0", 60)
    assert server.stop() == 0
    verified = run("verify", LEDGER, "--data", server.data, "--store", store.url)
    assert verified.returncode == 0, verified
    with store.server.client() as client:
        client[store.database]["accounts"].update_one({}, {"$inc": {"balance": 1}})
    verified = run("verify", LEDGER, "--data", server.data, "--store", store.url)
    assert verified.returncode == 1 and "state_differs" in verified.stdout, verified


def test_a_password_is_not_told(start):
    """The URL stands in messages without it."""
    url = "mongodb://u:s3cret@127.0.0.1:1/d?tls=true&tlsCertificateKeyFilePassword=s3cret"
    server = start("up", QUOTES, "--store", url, ready=False)
    line = server.wait_line("waiting for the store").string
    assert "127.0.0.1" in line
    assert server.stop() == 0
    assert "s3cret" not in "\n".join(server.stderr + server.stdout)


def test_tls(start, folder):
    """By the URL's options; a server whose certificate nobody vouches for is not talked to."""
    with scratch("lf-mongo-tls-") as place, Mongo(place, tls=True).start() as mongo:
        url = mongo.url("app")
        client = start("up", QUOTES, "--store", url).client()
        client.create_quote("c1", 12.5)
        assert client.quote("c1") == {"customerId": "c1", "amount": 12.5}
        distrustful = start("up", QUOTES, "--store", url.split("&")[0], data=folder / "other", ready=False)
        assert "certificate" in distrustful.wait_line("waiting for the store").string
        assert distrustful.stop() == 0


def test_another_applications_database_is_left_alone(mongo, store, folder):
    with mongo.client() as client:
        client[store.database]["event_store"].insert_one({"theirs": True})
    told = run("up", QUOTES, "--data", folder, "--store", store.url, "--admin", "127.0.0.1:0")
    assert told.returncode == 1
    assert "another application" in told.stderr
    assert store.documents("quotes") == []


# --- a server that is away


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_an_outage(start, mongo, store, how):
    """10 s without the database: mutations are accepted all the same, nothing is dead-lettered, all of it is there soon
    after, memory stays bounded."""
    server = start("up", LEDGER, "--store", store.url)
    load = Ledger(lambda: server.listen, clients=2, seed=SEED).start()
    more_load(load)
    (mongo.stop if how == "stopped" else mongo.freeze)()
    acknowledged = load.counts()[0]
    until(lambda: not server.ready(), "not ready", 30)
    pause(AWAY_S)
    assert load.counts()[0] > acknowledged + 100, "the log accepts meanwhile"
    assert server.running()
    (mongo.start if how == "stopped" else mongo.thaw)()
    load.stop()
    log = embedded_log(server.log_dir, TOPIC)
    until(lambda: store.reached(GROUP, {(TOPIC, 0): len(log)}), "lag 0", 120)
    until(server.ready, "ready", 60)
    assert server.rss_bytes() < 100 * 1000 * 1000
    history = History(fold=folds.ledger, log=log)
    assert_kept(history, load, store)
    assert history.dead == []
    assert server.stop() == 0


def test_the_database_is_killed_under_load(start, mongo, store, folder):
    """kill -9 of the database, of the program, of both, at random moments; then the checker looks."""
    dice = random.Random(f"{SEED}/mongodb")
    where = {"address": None}
    load = Ledger(lambda: where["address"], clients=2, seed=SEED, keys=0.3)
    history = History(fold=folds.ledger)

    def up():
        server = start("up", LEDGER, "--store", store.url)
        where["address"] = server.listen
        return server

    def position():
        return until(lambda: store.positions(GROUP).get((TOPIC, 0), 0), "a position", 60, retry=ERRORS)

    server = up()
    load.start()
    for _ in range(CYCLES):
        before = position()
        until(lambda: store.positions(GROUP).get((TOPIC, 0), 0) > before, "the consumer to store", 90, retry=ERRORS)
        pause(dice.uniform(0.0, 0.2))
        victims = dice.choice(("database", "program", "both", "database"))
        if victims != "program":
            mongo.kill()
        if victims != "database":
            where["address"] = None
            server.kill()
            server.close()
        if victims != "program":
            pause(dice.uniform(0.0, 0.5))
            mongo.start()
        history.snapshots.append(store.snapshot(GROUP))
        if victims != "database":
            server = up()
    more_load(load)
    load.stop()
    history.log = embedded_log(folder / "log", TOPIC)
    until(lambda: store.reached(GROUP, {(TOPIC, 0): len(history.log)}), "lag 0", 180, retry=ERRORS)
    assert server.stop() == 0, server.tail()
    assert_kept(history, load, store)
    print(f"{CYCLES} cycles, {len(history.acknowledged)} acknowledged, {len(history.log)} in the log")

    # I15: the same log into another database gives the same
    second = mongo.store(store.database + "_again")
    again = start("up", LEDGER, "--store", second.url)
    until(lambda: second.reached(GROUP, {(TOPIC, 0): len(history.log)}), "replay", 180)
    assert again.stop() == 0
    violations = check_replay(history, second.read(History(), GROUP, "accounts"))
    assert not violations, report(violations)


ERRORS = (pymongo.errors.PyMongoError,)


def test_consumers_of_one_group_are_killed(start, store, broker, topic, group, tmp_path):
    """Three consumers share the partitions of a topic and one database; one after the other is killed."""
    dice = random.Random(f"{SEED}/group")
    options = ["--log", broker.url, "--topic", topic, "--group", group, "--partitions", "6", "--store", store.url]
    gateway = start("gateway", LEDGER, *options)
    names = ["one", "two", "three"]

    def consumer(name):
        return start("consumer", LEDGER, *options, "--instance-id", name, data=tmp_path / name, ready=False)

    consumers = {name: consumer(name) for name in names}
    load = Ledger(lambda: gateway.listen, clients=2, seed=SEED, keys=0.2).start()
    history = History(fold=folds.ledger)
    more_load(load)
    for cycle in range(max(3, CYCLES // 2)):
        before = sum(store.positions(group).values())
        until(lambda: sum(store.positions(group).values()) > before, "somebody to store", 90, retry=ERRORS)
        pause(dice.uniform(0.0, 0.3))
        name = names[cycle % len(names)]
        consumers[name].kill()
        history.snapshots.append(store.snapshot(group))
        consumers[name].close()
        consumers[name] = consumer(name)
    more_load(load)
    load.stop()
    ends = {(topic, partition): end for partition, end in broker.ends(topic).items()}
    until(lambda: store.reached(group, ends), "lag 0", 400, retry=ERRORS)
    for process in (gateway, *consumers.values()):
        assert process.stop() == 0, process.tail()
    history.log = kafka_log(broker, topic)
    assert_kept(history, load, store, group)
    assert history.dead == []


