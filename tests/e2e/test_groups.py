"""Consumers of one group: workers in one process, members that are killed, frozen, restarted; a store that is slower
than the group's patience; partitions added while they run."""

import os
import random

import psycopg
import pytest

from harness import folds
from harness.checker import History, check, report
from harness.evidence import dead_letters, kafka_log, reached, snapshot
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import LEDGER, total
from harness.postgres import Postgres
from harness.process import scratch
from harness.wait import pause, until

SEED = int(os.environ.get("LOGFIRST_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
KILLS = max(4, int(os.environ.get("LOGFIRST_CRASH_CYCLES") or 40) // 10)
OUTAGE_S = float(os.environ.get("LOGFIRST_OUTAGE_S") or 12)
SESSION_MS = 2000
POLL_MS = 4000  # max.poll.interval.ms: a store that takes longer must evict nobody


@pytest.fixture(scope="module")
def server():
    with scratch("lf-gr-") as folder:
        postgres = Postgres(folder).start()
        yield postgres
        postgres.close()


@pytest.fixture
def store(server):
    server.thaw()
    return server.store(unique("store").replace("-", "_"))


@pytest.fixture
def cluster(broker, topic, group, start, store, tmp_path):
    """A gateway and consumers of a ledger, on one topic, group and store."""
    config = tmp_path / "kafka.yaml"
    config.write_text(
        f"kafka:\n  session.timeout.ms: {SESSION_MS}\n  heartbeat.interval.ms: 300\n"
        f"  max.poll.interval.ms: {POLL_MS}\n  topic.metadata.refresh.interval.ms: 1000\n"
    )

    class Cluster:
        def __init__(self):
            self.options = ["--log", broker.url, "--topic", topic, "--group", group, "--store", store.url]
            self.options += ["--config", config]
            self.history = History(fold=folds.ledger)
            self.consumers = {}

        def begin(self, partitions, clients=4):
            broker.create_topic(topic, partitions=partitions)
            self.gateway = start("gateway", LEDGER, *self.options)
            self.load = Ledger(lambda: self.gateway.listen, clients=clients, seed=SEED).start()
            return self

        def consumer(self, name, *more, **keywords):
            data = tmp_path / f"{name}-{len(self.consumers)}"
            started = start("consumer", LEDGER, *self.options, *more, data=data, **keywords)
            self.consumers[name] = started
            return started

        def stored(self):
            seen = store.snapshot(group)
            return len(seen.places) if seen is not None else 0

        def goes_on(self, count=50, timeout=60):
            """The load and the consumers make progress."""
            before = until(lambda: self.stored() or 0.1, "tables", 60, retry=(psycopg.Error,))
            until(lambda: self.stored() >= before + count, "somebody to store", timeout)

        def caught_up(self, timeout=120):
            ends = {(topic, partition): end for partition, end in broker.ends(topic).items()}
            until(lambda: store.reached(group, ends), "lag 0", timeout)

        def settle(self):
            """The end: what the log has is in the store, once, and every state is right."""
            self.load.stop()
            self.caught_up()
            self.history.log = kafka_log(broker, topic)
            self.load.fill(self.history)
            store.read(self.history, group, "accounts", "account_id")
            violations = check(self.history)
            assert not violations, f"LOGFIRST_CRASH_SEED={SEED}\n{report(violations)}"
            assert self.history.dead == []

        def end(self):
            for process in (self.gateway, *self.consumers.values()):
                assert process.stop() == 0, process.tail()

        def rebalances(self, name):
            samples = self.consumers[name].metrics()
            return (total(samples, "logfirst_consumer_assignments_total"),
                    total(samples, "logfirst_consumer_revocations_total"))

    return Cluster()


def test_workers_are_one_member_and_keep_order(cluster, broker, topic, group):
    cluster.begin(6)
    consumer = cluster.consumer("one", "--workers", "4")
    cluster.goes_on(300)
    members = broker.members(group)
    assert len(members) == 1
    assert next(iter(members.values())) == {(topic, partition) for partition in range(6)}
    cluster.settle()
    lags = {name for name in consumer.metrics() if name.startswith("logfirst_consumer_lag{")}
    assert len(lags) == 6
    cluster.end()


def test_workers_come_from_file_and_environment(start, tmp_path, folder):
    file = tmp_path / "logfirst.yaml"
    file.write_text("workers: 0\n")
    refused = start("up", LEDGER, "--config", file, ready=False)
    assert refused.wait(30) != 0
    assert "--workers" in refused.tail()
    server = start("up", LEDGER, "--config", file, env={"LOGFIRST_WORKERS": "3"})
    client = server.client()
    client.execute('mutation { move(accountId: "a", amount: 1, note: "n") @await { status } }')
    assert server.stop() == 0


def test_consumers_killed_at_random_under_load(cluster):
    dice = random.Random(f"{SEED}/killed")
    cluster.begin(8)
    names = ["a", "b", "c", "d"]
    for name in names:
        cluster.consumer(name, "--workers", "2", ready=False)
    for _ in range(KILLS):
        cluster.goes_on(30)
        pause(dice.uniform(0.0, 0.5))
        name = dice.choice(names)
        cluster.consumers[name].kill()
        cluster.consumers[name].close()
        cluster.consumer(name, "--workers", "2", ready=False)
    cluster.goes_on()
    cluster.settle()
    cluster.end()


def test_a_static_member_comes_back_without_a_rebalance(cluster, broker, group, tmp_path):
    cluster.begin(4)
    file = tmp_path / "static.yaml"
    file.write_text("kafka:\n  session.timeout.ms: 30000\n  group.instance.id: two\n")
    cluster.consumer("one", "--instance-id", "one")
    cluster.consumer("two", "--config", file)
    until(lambda: sorted(map(len, broker.members(group).values())) == [2, 2], "both to have partitions", 60)
    cluster.goes_on()
    before = cluster.rebalances("one")
    shared = sorted(map(sorted, broker.members(group).values()))
    assert cluster.consumers["two"].stop() == 0
    cluster.consumer("two", "--config", file)
    cluster.goes_on()
    assert sorted(map(sorted, broker.members(group).values())) == shared
    assert cluster.rebalances("one") == before
    cluster.settle()
    cluster.end()


def test_a_partition_taken_away_is_finished_first(cluster, broker, group):
    """A member comes and goes again and again: nobody is ever fenced, for batches in work are waited for."""
    cluster.begin(6)
    one = cluster.consumer("one", "--workers", "2")
    for _ in range(3):
        two = cluster.consumer("two", "--workers", "2")
        until(lambda: sorted(map(len, broker.members(group).values())) == [3, 3], "both to have partitions", 60)
        cluster.goes_on()
        assert two.stop() == 0
        until(lambda: sorted(map(len, broker.members(group).values())) == [6], "one to have all", 60)
        cluster.goes_on()
    assert total(one.metrics(), "logfirst_consumer_fenced_total") == 0
    del cluster.consumers["two"]
    cluster.settle()
    cluster.end()


def test_a_zombie_cannot_write(cluster, broker, group):
    """Frozen past its session, its partitions are another's; awake again, nothing it had in hand counts."""
    dice = random.Random(f"{SEED}/zombie")
    cluster.begin(4)
    cluster.consumer("one")
    cluster.consumer("two")
    until(lambda: sorted(map(len, broker.members(group).values())) == [2, 2], "both to have partitions", 60)
    for name in ("one", "two"):
        cluster.goes_on()
        pause(dice.uniform(0.0, 0.3))
        cluster.consumers[name].freeze()
        until(lambda: sorted(map(len, broker.members(group).values())) == [4], "one to have all", 60)
        cluster.goes_on(100, 120)  # a transaction that was frozen too is ended by the database after a minute
        cluster.consumers[name].thaw()
        until(lambda: sorted(map(len, broker.members(group).values())) == [2, 2], "both to have partitions", 60)
    cluster.goes_on()
    cluster.settle()
    cluster.end()


def test_a_store_slower_than_the_groups_patience_evicts_nobody(cluster, broker, group, server, store):
    cluster.begin(4)
    for name in ("one", "two"):
        cluster.consumer(name, "--workers", "2")
    until(lambda: sorted(map(len, broker.members(group).values())) == [2, 2], "both to have partitions", 60)
    cluster.goes_on()
    members = broker.members(group)
    before = {name: cluster.rebalances(name) for name in ("one", "two")}
    with server.connect(options=f"-csearch_path={store.schema}") as db, db.transaction():
        db.execute("LOCK TABLE event_store IN EXCLUSIVE MODE")
        pause(POLL_MS / 1000 * 2.5)
        assert broker.members(group) == members
    cluster.goes_on()
    assert broker.members(group) == members
    assert {name: cluster.rebalances(name) for name in ("one", "two")} == before
    cluster.settle()
    cluster.end()


def test_the_store_goes_away_under_load(cluster, broker, group, server):
    """No dead letters, no eviction, lag back to zero; memory within what is owed whatever the backlog."""
    cluster.begin(4, clients=1)  # the states of many events are large by themselves
    consumer = cluster.consumer("one", "--workers", "2")
    cluster.goes_on(500)
    members = broker.members(group)
    before = cluster.rebalances("one")
    memory = consumer.rss_bytes()
    server.kill()
    pause(OUTAGE_S)
    server.start()
    cluster.goes_on()
    assert broker.members(group) == members
    assert cluster.rebalances("one") == before
    cluster.settle()
    print(f"{OUTAGE_S:g} s away: {len(cluster.history.log)} events, "
          f"{memory >> 20} MB before, {consumer.rss_bytes() >> 20} MB after")
    assert consumer.rss_bytes() < 150 * 1024 * 1024
    until(lambda: total(consumer.metrics(), "logfirst_consumer_lag") == 0, "lag 0")
    cluster.end()


def test_partitions_added_while_they_run(cluster, broker, topic, group):
    cluster.begin(2)
    consumer = cluster.consumer("one", "--workers", "2")
    cluster.goes_on()
    broker.add_partitions(topic, 5)
    consumer.wait_line("partitions were added", 60)
    until(lambda: len(next(iter(broker.members(group).values()))) == 5, "the new partitions", 60)
    cluster.goes_on()
    cluster.load.stop()
    cluster.caught_up()
    assert len({partition for partition, end in broker.ends(topic).items() if end}) >= 2
    cluster.end()


def test_a_dead_letter_that_is_refused_holds_its_own_partition_alone(broker, topic, group, start):
    broker.create_topic(topic, partitions=2)
    broker.create_topic(topic + ".dlq", **{"max.message.bytes": "2000"})
    broker.produce(topic, [{"partition": 0, "key": b"k", "value": b"x" * 5000}])
    options = ["--log", broker.url, "--topic", topic, "--group", group]
    consumer = start("consumer", LEDGER, *options)
    consumer.wait_line("max.message.bytes", 30)
    for number in range(3):
        value = '{"eventId": "e%d", "eventType": "Other", "payload": {}}' % number
        broker.produce(topic, [{"partition": part, "key": b"k", "value": value.encode()} for part in (0, 1)][1:])
        until(lambda: reached(consumer.store_file, group, {(topic, 1): number + 1}), "the other partition", 30)
    assert snapshot(consumer.store_file, group).positions.get((topic, 0), 0) == 0
    assert not consumer.ready()
    broker.set_topic_config(topic + ".dlq", "max.message.bytes", "1000000")
    until(lambda: reached(consumer.store_file, group, {(topic, 0): 1, (topic, 1): 3}), "both", 60)
    until(consumer.ready, "ready", 30)
    (letter,) = dead_letters(consumer.store_file)
    assert (letter["log_partition"], letter["code"]) == (0, "NOT_AN_EVENT")
    assert consumer.stop() == 0
