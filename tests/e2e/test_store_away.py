"""A store that is locked by others is waited for: nothing is dead-lettered, nothing lost, memory bounded."""

import contextlib
import sqlite3

import pytest

from harness.evidence import dead_letters, stored_events
from harness.graphql import Refused, unique
from harness.logfirst import QUOTES
from harness.wait import TimedOut, pause, until

AWAY_S = 8  # longer than any patience of a single attempt


@contextlib.contextmanager
def locked(store):
    """What a person with a SQLite shell does to a store."""
    db = sqlite3.connect(store, timeout=30, isolation_level=None)
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
    finally:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        db.close()


def test_a_locked_store_is_waited_for(start):
    server = start("up", QUOTES)
    client = server.client()
    client.create_quote("before", 1)
    with locked(server.store_file):
        ids = {client.create_quote(f"c{number}", number, wait=False)["eventId"] for number in range(200)}
        assert len(ids) == 200, "the log accepts meanwhile"
        # a receipt that cannot be stored in time comes all the same
        document = (
            'mutation { createQuote(amount: 1, customerId: "late") @await(timeoutMs: 200) { success status eventId } }'
        )
        receipt = client.execute(document)["createQuote"]
        assert (receipt["success"], receipt["status"]) == (True, "LOGGED")
        ids.add(receipt["eventId"])
        assert client.quote("before") == {"customerId": "before", "amount": 1}, (
            "queries are answered from what is there"
        )
        pause(AWAY_S)
        assert server.running()
        assert client.quote("late") is None
    until(lambda: ids <= {row["event_id"] for row in stored_events(server.store_file)}, "all of them", 60)
    assert dead_letters(server.store_file) == []
    assert client.quote("late") == {"customerId": "late", "amount": 1}
    until(server.ready, "ready")
    assert server.stop() == 0


def test_readiness_tells_of_a_store_that_is_away(start):
    server = start("up", QUOTES)
    client = server.client()
    with locked(server.store_file):
        client.create_quote("x", 1, wait=False)
        until(lambda: not server.ready(), "not ready", 60)
        status, _, text = server.admin_get("/health/ready")
        assert status == 503 and "store" in text, text
        assert server.admin_get("/health/live")[0] == 200
    until(server.ready, "ready again", 60)


def test_sigterm_while_the_store_is_locked(start):
    """It ends within its grace; what was logged is stored after the next start."""
    server = start("up", QUOTES, "--grace", "1s")
    client = server.client()
    client.create_quote("before", 1)
    with locked(server.store_file):
        receipt = client.create_quote("x", 1, wait=False)
        server.terminate()
        try:
            server.wait(30)
        except TimedOut:
            raise AssertionError(f"still running\n{server.tail()}") from None
    server = start("up", QUOTES)
    until(lambda: receipt["eventId"] in {row["event_id"] for row in stored_events(server.store_file)}, "the event")
    assert dead_letters(server.store_file) == []


@pytest.mark.parametrize("command", ["up"])
def test_start_with_a_locked_store(start, command):
    """It waits, or ends with the reason; the next start is fine in any case."""
    server = start(command, QUOTES)
    receipt = server.client().create_quote("x", 1)
    assert server.stop() == 0
    with locked(server.store_file):
        again = start(command, QUOTES, ready=False)
        try:
            status = again.wait(10)
            assert status == 1 and "store" in again.tail(), again.tail()
        except TimedOut:
            pass
        again.close()
    server = start(command, QUOTES)
    assert (
        server.client().execute('{ event(eventId: "%s") { status } }' % receipt["eventId"])["event"]["status"]
        == "STORED"
    )


def test_a_locked_store_on_kafka_keeps_group_and_order(broker, topic, group, start):
    options = ["--log", broker.url, "--topic", topic, "--group", group]
    gateway = start("gateway", QUOTES, *options)
    consumer = start("consumer", QUOTES, *options)
    client = gateway.client()
    customer = unique()
    client.create_quote(customer, 0)
    with locked(consumer.store_file):
        for number in range(1, 101):
            client.create_quote(customer, number, wait=False)
        pause(AWAY_S)
        assert consumer.running()
    until(lambda: client.quote(customer)["amount"] == 100, "the last one", 60)
    rows = stored_events(consumer.store_file)
    assert [row["payload"]["amount"] for row in rows] == list(range(101))
    assert dead_letters(consumer.store_file) == []


def test_a_log_that_is_locked(start, folder):
    """The same for the embedded log's file: refused or answered late within --delivery-timeout, then it goes on."""
    server = start("up", QUOTES, "--delivery-timeout", "2s")
    client = server.client()
    client.create_quote("before", 1)
    with locked(folder / "log" / "log.db"):
        try:
            client.create_quote("locked", 1, wait=False)
            raise AssertionError("acknowledged while the log could not be written")
        except Refused as refused:
            assert set(refused.codes) <= {"LOG_UNAVAILABLE", "LOG_OUTCOME_UNKNOWN"}, refused

    def accepted():
        try:
            return client.create_quote("after", 1)
        except Refused:
            return None

    assert until(accepted, "the log to accept again", 30)["status"] == "STORED"
    assert len({row["event_id"] for row in stored_events(server.store_file)}) == len(stored_events(server.store_file))
