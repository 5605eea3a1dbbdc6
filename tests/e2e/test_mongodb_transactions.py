"""The way with transactions of several documents, spoken to what looks like a replica set: no MongoDB server could be
had for the tests."""

import random

import pytest

from harness import folds
from harness.checker import History, check, report
from harness.evidence import embedded_log
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import LEDGER, QUOTES, total
from harness.mongodb import Mongo
from harness.process import scratch
from harness.replica_set import ReplicaSet
from harness.wait import until

TOPIC, GROUP = "business-events", "event-consumers"
WRITES = ("insert", "update", "delete", "commitTransaction", "abortTransaction")


@pytest.fixture(scope="module")
def mongo():
    with scratch("lf-mongo-") as folder:
        server = Mongo(folder).start()
        yield server
        server.close()


@pytest.fixture
def replica_set(mongo):
    server = ReplicaSet(mongo).start()
    yield server
    server.close()


def in_transactions(replica_set):
    """(name, collection, whether it starts one) of what belongs to transactions, in order."""
    return [
        (name, command[name], bool(command.get("startTransaction")))
        for name, command in list(replica_set.commands)
        if "autocommit" in command and name in WRITES
    ]


def test_a_batch_is_one_transaction(start, mongo, replica_set):
    name = unique("store")
    server = start("up", QUOTES, "--store", replica_set.url(name))
    server.wait_line('msg="store opened".*transactions=yes')
    client = server.client()
    replica_set.commands.clear()
    client.create_quote("c1", 12.5)
    assert client.quote("c1") == {"customerId": "c1", "amount": 12.5}
    asked = in_transactions(replica_set)
    assert [ask[:2] for ask in asked] == [
        ("insert", "event_store"),
        ("insert", "quotes"),
        ("insert", "log_positions"),
        ("commitTransaction", 1),
    ]
    assert [ask[2] for ask in asked] == [True, False, False, False]
    client.create_quote("c1", 20)
    assert [ask[:2] for ask in in_transactions(replica_set)[4:]] == [
        ("insert", "event_store"),
        ("update", "quotes"),
        ("update", "log_positions"),
        ("commitTransaction", 1),
    ]
    [quote] = mongo.store(name).documents("quotes")
    assert quote["amount"] == 20
    assert server.stop() == 0


def test_no_transactions_after_all(start, mongo):
    """It says that it is a replica set, and refuses the trial."""
    replica_set = ReplicaSet(mongo, transactions=False).start()
    server = start("up", QUOTES, "--store", replica_set.url(unique("store")))
    server.wait_line('msg="store opened".*transactions=no')
    client = server.client()
    client.create_quote("c1", 12.5)
    assert client.quote("c1") == {"customerId": "c1", "amount": 12.5}
    assert server.stop() == 0
    replica_set.close()


def test_conflicts_and_lost_answers(start, mongo, replica_set):
    """Under load, some commits meet a write conflict, and of some the answer is lost: all of it is there once."""
    store = mongo.store(unique("store"))
    dice = random.Random(7)
    server = start("up", LEDGER, "--store", replica_set.url(store.database))
    load = Ledger(lambda: server.listen, clients=2, seed=7, keys=0.3).start()
    for _ in range(8):
        setattr(replica_set, dice.choice(("conflict", "lose_answer")), True)
        until(lambda: not (replica_set.conflict or replica_set.lose_answer), "a commit to meet it", 60)
    load.stop()
    log = embedded_log(server.log_dir, TOPIC)
    until(lambda: store.reached(GROUP, {(TOPIC, 0): len(log)}), "lag 0", 60)
    assert server.stop() == 0
    history = History(fold=folds.ledger, log=log)
    load.fill(history)
    store.read(history, GROUP, "accounts")
    violations = check(history)
    assert not violations, report(violations)
    assert history.dead == []
    assert not replica_set.pending, "no transaction is left open"


def test_another_consumer_has_moved_the_position(start, mongo, replica_set):
    """Between the batch's reading of the position and its commit: nothing of it is written."""
    store = mongo.store(unique("store"))
    server = start("up", QUOTES, "--store", replica_set.url(store.database))
    client = server.client()
    client.create_quote("c1", 1)
    judge = replica_set.judge

    def move(command):
        if command.get("update") == "log_positions":
            replica_set.judge = judge
            return 0  # as if it were another one
        return judge(command)

    replica_set.judge = move
    client.create_quote("c1", 2)
    assert client.quote("c1") == {"customerId": "c1", "amount": 2.0}
    assert total(server.metrics(), "logfirst_consumer_fenced_total") == 1
    names = [ask[0] for ask in in_transactions(replica_set)]
    assert "abortTransaction" in names or "abortTransaction" in replica_set.names()
    assert len(store.documents("event_store")) == 2
    assert server.stop() == 0
