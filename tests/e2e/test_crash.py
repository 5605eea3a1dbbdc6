"""kill -9 at random moments under load, again and again; then the checker looks at what is left from outside: every
acknowledged event stored exactly once, state equal to the fold, no position ahead of its events.

LOGFIRST_CRASH_CYCLES: how many in all (50). LOGFIRST_CRASH_SEED: the dice; printed, so that a run can be repeated as
far as clocks allow."""

import os
import random
import shutil
import sqlite3

import pytest

from harness import folds
from harness.checker import History, check, check_replay, report
from harness.evidence import embedded_log, kafka_log, reached, read_store, snapshot
from harness.load import Ledger
from harness.logfirst import LEDGER, Logfirst
from harness.wait import pause, until

CYCLES = int(os.environ.get("LOGFIRST_CRASH_CYCLES") or 50)
SEED = int(os.environ.get("LOGFIRST_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))


@pytest.fixture(scope="module", autouse=True)
def tell_the_seed():
    print(f"LOGFIRST_CRASH_SEED={SEED} LOGFIRST_CRASH_CYCLES={CYCLES}")


def take_snapshot(history, store, group):
    seen = snapshot(store, group)
    if seen is not None:
        history.snapshots.append(seen)


def assert_kept(history, load, cycles):
    acknowledged, unknown = load.counts()
    print(f"{cycles} cycles, {acknowledged} acknowledged, {unknown} without receipt, {len(history.log)} in the log")
    assert acknowledged > 20 * cycles, "hardly any load"
    violations = check(history)
    assert not violations, f"LOGFIRST_CRASH_SEED={SEED}\n{report(violations)}"


def test_up_on_the_embedded_log(folder, start):
    cycles = max(1, CYCLES // 2)
    dice = random.Random(f"{SEED}/embedded")
    where = {"address": None}
    load = Ledger(lambda: where["address"], clients=6, seed=SEED, keys=0.3)
    history = History(fold=folds.ledger)
    server = start("up", LEDGER)
    where["address"] = server.listen
    load.start()
    for cycle in range(cycles):
        pause(dice.uniform(0.0, 0.4))
        if cycle % 5 == 4:  # now and then right after the start
            server.kill()
        else:
            before = load.counts()[0]
            until(lambda: load.counts()[0] > before, "load")
            pause(dice.uniform(0.0, 0.05))
            server.kill()
        where["address"] = None
        take_snapshot(history, folder / "store.db", "event-consumers")
        server.close()
        server = start("up", LEDGER)
        where["address"] = server.listen
    before = load.counts()[0]
    until(lambda: load.counts()[0] > before + 50, "load after the last kill")
    load.stop()

    log = embedded_log(folder / "log", "business-events")
    until(lambda: reached(folder / "store.db", "event-consumers", {("business-events", 0): len(log)}), "lag 0", 60)
    assert server.stop() == 0, server.tail()
    load.fill(history)
    history.log = log
    read_store(history, folder / "store.db", "event-consumers", "accounts", "account_id", ("notes",))
    assert_kept(history, load, cycles)

    # I15: the same log into an empty store gives the same
    replay = folder.parent / "replay"
    shutil.copytree(folder / "log", replay / "log")
    with Logfirst("up", LEDGER, replay).start() as again:
        until(lambda: reached(replay / "store.db", "event-consumers", {("business-events", 0): len(log)}), "replay", 60)
        assert again.stop() == 0
    second = read_store(History(), replay / "store.db", "event-consumers", "accounts", "account_id", ("notes",))
    violations = check_replay(history, second)
    assert not violations, report(violations)


def test_gateway_and_consumer_on_kafka(folder, start, broker, topic, group, tmp_path):
    cycles = max(1, CYCLES - CYCLES // 2)
    dice = random.Random(f"{SEED}/kafka")
    options = ["--log", broker.url, "--topic", topic, "--group", group, "--partitions", "4"]
    where = {"address": None}
    load = Ledger(lambda: where["address"], clients=6, seed=SEED, keys=0.3)
    history = History(fold=folds.ledger)

    def gateway():
        server = start("gateway", LEDGER, *options)
        where["address"] = server.listen
        return server

    def consumer():  # a static member: it has its partitions back at once
        return start("consumer", LEDGER, *options, "--instance-id", "one", ready=False)

    servers = {"gateway": gateway(), "consumer": consumer()}
    make = {"gateway": gateway, "consumer": consumer}
    load.start()
    for cycle in range(cycles):
        before = load.counts()[0]
        until(lambda: load.counts()[0] > before, "load", 60)
        if cycle % 3 == 0:  # the consumer at work, not only starting
            seen = snapshot(folder / "store.db", group)
            stored = len(seen.places) if seen else 0
            until(
                lambda: (s := snapshot(folder / "store.db", group)) and len(s.places) > stored,
                "the consumer to store",
                60,
            )
        pause(dice.uniform(0.0, 0.3))
        victims = dice.choice((["gateway"], ["consumer"], ["gateway", "consumer"], ["consumer"]))
        for victim in victims:
            servers[victim].kill()
            if victim == "gateway":
                where["address"] = None
        take_snapshot(history, folder / "store.db", group)
        for victim in victims:
            servers[victim].close()
            servers[victim] = make[victim]()
    before = load.counts()[0]
    until(lambda: load.counts()[0] > before + 50, "load after the last kill", 60)
    load.stop()

    ends = {(topic, partition): end for partition, end in broker.ends(topic).items()}
    until(lambda: reached(folder / "store.db", group, ends), "lag 0", 60)
    for name in ("gateway", "consumer"):
        assert servers[name].stop() == 0, servers[name].tail()
    load.fill(history)
    history.log = kafka_log(broker, topic)
    read_store(history, folder / "store.db", group, "accounts", "account_id", ("notes",))
    history.broker_positions = {(topic, p): offset for p, offset in broker.committed(group, topic).items()}
    assert_kept(history, load, cycles)

    # I15: another group, an empty store, the same topic
    with Logfirst(
        "consumer", LEDGER, tmp_path / "replay", "--log", broker.url, "--topic", topic, "--group", group + "-replay"
    ) as again:
        again.start(60)
        until(lambda: reached(tmp_path / "replay" / "store.db", group + "-replay", ends), "replay", 60)
        assert again.stop() == 0
    second = read_store(
        History(), tmp_path / "replay" / "store.db", group + "-replay", "accounts", "account_id", ("notes",)
    )
    violations = check_replay(history, second)
    assert not violations, report(violations)


def test_the_broker_is_killed_under_load(folder, start, own_broker):
    """kill -9 of the broker itself: what was acknowledged is there, in order, once."""
    options = ["--log", own_broker.url, "--delivery-timeout", "20s"]
    gateway = start("gateway", LEDGER, *options)
    consumer = start("consumer", LEDGER, *options, "--instance-id", "one")
    load = Ledger(lambda: gateway.listen, clients=4, seed=SEED, keys=0.3).start()
    history = History(fold=folds.ledger)
    for _ in range(2):
        before = load.counts()[0]
        until(lambda: load.counts()[0] > before + 200, "load", 60)
        own_broker.kill()
        take_snapshot(history, folder / "store.db", "event-consumers")
        own_broker.start()
    before = load.counts()[0]
    until(lambda: load.counts()[0] > before + 200, "load after the last kill", 60)
    load.stop()
    ends = {("business-events", partition): end for partition, end in own_broker.ends("business-events").items()}
    until(lambda: reached(folder / "store.db", "event-consumers", ends), "lag 0", 60)
    assert gateway.stop() == 0 and consumer.stop() == 0
    load.fill(history)
    history.log = kafka_log(own_broker, "business-events")
    read_store(history, folder / "store.db", "event-consumers", "accounts", "account_id", ("notes",))
    assert_kept(history, load, 2)


def damage_sql(name, sql):
    def damage(folder):
        with sqlite3.connect(folder / name) as db:
            assert db.execute(sql).rowcount > 0, "nothing damaged"
        db.close()

    return damage


@pytest.mark.parametrize(
    ("invariant", "damage"),
    [
        ("I1", damage_sql("store.db", "DELETE FROM event_store WHERE log_offset = 17")),
        ("I7", damage_sql("store.db", "DELETE FROM event_store WHERE log_offset = 17")),
        ("I3", damage_sql("store.db", "UPDATE event_store SET log_offset = 999 WHERE log_offset = 17")),
        ("I2", damage_sql("store.db", "UPDATE event_store SET event_id = 'x' WHERE log_offset = 17")),
        (
            "I4",
            damage_sql("store.db", "UPDATE event_store SET payload = replace(payload, '\"amount\":', '\"amount\":1')"),
        ),
        ("I6", damage_sql("store.db", "UPDATE accounts SET balance = balance + 1 WHERE account_id = 'a1'")),
        ("I6", damage_sql("store.db", "UPDATE accounts SET notes = '[]' WHERE account_id = 'a1'")),
        ("I6", damage_sql("store.db", "DELETE FROM accounts WHERE account_id = 'a1'")),
        ("I7", damage_sql("store.db", "UPDATE log_positions SET next_offset = next_offset + 1")),
        ("I7", damage_sql("store.db", "UPDATE log_positions SET next_offset = 3")),
        ("I9", damage_sql("log/log.db", 'DELETE FROM records_1 WHERE "offset" = 17')),
        ("I10", damage_sql("log/log.db", 'UPDATE records_1 SET "offset" = 999 WHERE "offset" = 17')),
    ],
)
def test_the_checker_sees_damage_in_real_files(small_run, tmp_path, invariant, damage):
    """The way from the files to the verdict works as well: each kind of damage to what a real run left is seen."""
    folder, load = small_run
    shutil.copytree(folder, tmp_path / "copy")
    assert not verdict(tmp_path / "copy", load)
    damage(tmp_path / "copy")
    found = {violation.invariant for violation in verdict(tmp_path / "copy", load)}
    assert invariant in found, found


def verdict(folder, load):
    history = load.fill(History(fold=folds.ledger))
    history.log = embedded_log(folder / "log", "business-events")
    read_store(history, folder / "store.db", "event-consumers", "accounts", "account_id", ("notes",))
    return check(history)


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """The files and the clients' notes of a short run without any crash."""
    folder = tmp_path_factory.mktemp("small") / "data"
    with Logfirst("up", LEDGER, folder).start() as server:
        load = Ledger(lambda: server.listen, clients=2, accounts=3, seed=1).start()
        until(lambda: load.counts()[0] > 60, "load")
        load.stop()
        ends = {("business-events", 0): len(embedded_log(folder / "log", "business-events"))}
        until(lambda: reached(folder / "store.db", "event-consumers", ends), "lag 0")
        assert server.stop() == 0
    return folder, load
