"""Three brokers, replication factor 3, min.insync.replicas 2: one is killed under load. Nothing is lost, and nobody
stands still for longer than the election takes."""

import os
import random
import time

import psycopg
import pytest

from harness import folds
from harness.brokers import Brokers
from harness.checker import History, check, report
from harness.evidence import kafka_log
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import LEDGER
from harness.postgres import Postgres
from harness.process import scratch
from harness.wait import until

SEED = int(os.environ.get("LOGFIRST_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
MARGIN_S = 10  # clients have to hear of the election: metadata, backoff; and the machine is shared


@pytest.fixture(scope="module")
def brokers(tmp_path_factory):
    three = Brokers(tmp_path_factory.mktemp("three")).start()
    yield three
    three.close()


@pytest.fixture
def store():
    with scratch("lf-3b-") as folder:
        postgres = Postgres(folder).start()
        yield postgres.store(unique("store").replace("-", "_"))
        postgres.close()


class Watch:
    """The longest time without progress of COUNT, and what it was at the last look."""

    def __init__(self, count):
        self.count = count
        self.seen, self.since, self.longest = count(), time.monotonic(), 0.0

    def look(self):
        now, seen = time.monotonic(), self.count()
        self.longest = max(self.longest, now - self.since)
        if seen != self.seen:
            self.seen, self.since = seen, now
        return self.longest


def test_one_of_three_is_killed_under_load(brokers, topic, group, start, store, tmp_path):
    survivor, victim = brokers.nodes[0], brokers.nodes[1]
    survivor.create_topic(topic, partitions=6, replicas=3)
    until(lambda: brokers.in_sync(topic), "all replicas", 60)
    options = ["--log", brokers.url, "--topic", topic, "--group", group, "--store", store.url]
    gateway = start("gateway", LEDGER, *options)
    consumers = [start("consumer", LEDGER, *options, "--workers", "2", data=tmp_path / name) for name in ("a", "b")]
    load = Ledger(lambda: gateway.listen, clients=4, seed=SEED, keys=0.2).start()
    until(lambda: len(store.snapshot(group).places) > 200, "load", 60, retry=(psycopg.Error, AttributeError))
    assert 2 in brokers.leaders(topic).values()

    acknowledged = Watch(lambda: load.counts()[0])
    stored = Watch(lambda: len(store.snapshot(group).places))
    victim.kill()
    killed = time.monotonic()
    elected = None

    def over():
        nonlocal elected
        acknowledged.look()
        stored.look()
        if elected is None and not {2, -1} & set(brokers.leaders(topic).values()):
            elected = time.monotonic() - killed
            over.from_there = (acknowledged.seen, stored.seen)
        return elected is not None and (
            acknowledged.seen > over.from_there[0] + 200 and stored.seen > over.from_there[1] + 200
        )

    until(over, "an election, and progress behind it", 120)
    print(f"election {elected:.1f} s; longest stop: acknowledgements {acknowledged.longest:.1f} s,"
          f" storing {stored.longest:.1f} s")
    assert acknowledged.longest < elected + MARGIN_S
    assert stored.longest < elected + MARGIN_S
    victim.start()
    until(lambda: brokers.in_sync(topic), "all replicas again", 120)
    load.stop()

    history = History(fold=folds.ledger)
    ends = {(topic, partition): end for partition, end in survivor.ends(topic).items()}
    until(lambda: store.reached(group, ends), "lag 0", 120)
    for process in (gateway, *consumers):
        assert process.stop() == 0, process.tail()
    history.log = kafka_log(survivor, topic)
    load.fill(history)
    store.read(history, group, "accounts", "account_id")
    violations = check(history)
    assert not violations, f"LOGFIRST_CRASH_SEED={SEED}\n{report(violations)}"
    assert history.dead == []
