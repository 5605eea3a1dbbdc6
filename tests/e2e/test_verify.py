"""`logfirst verify`: a good data folder has no violation, also under load; each kind of damage is found and named."""

import json
import os
import pty
import shutil
import sqlite3
import subprocess

import pytest

from harness.evidence import embedded_log, reached
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import BIN, LEDGER, QUOTES, clean_environment, run
from harness.wait import until

COUNT = 5


def verify(schema, folder, *options):
    """(exit status, violations, summary)."""
    done = run("verify", schema, "--data", folder, "--output", "json", *options, timeout=120)
    assert done.stderr == "", done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["violations"] == len(lines) - 1
    return done.returncode, lines[:-1], lines[-1]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The data folder of a server that has ended: quotes c0 to c4, and one of c0 again."""
    from harness.logfirst import Logfirst

    folder = tmp_path_factory.mktemp("verify") / "data"
    with Logfirst("up", QUOTES, folder).start() as server:
        client = server.client()
        for number in range(COUNT):
            client.create_quote(f"c{number}", number + 0.5)
        client.create_quote("c0", 9)
        assert server.stop() == 0
    return folder


def test_a_good_folder(good):
    status, violations, summary = verify(QUOTES, good)
    assert (status, violations) == (0, [])
    assert summary["records"] == summary["stored"] == summary["events"] == COUNT + 1
    assert summary["entities"] == COUNT and summary["partitions"] == 1
    assert not any(summary[name] for name in ("beyond", "gone", "elsewhere", "unbound", "unsettled", "unread"))


def test_it_says_so_to_people(good, tmp_path):
    done = run("verify", QUOTES, "--data", good, "--scratch", tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    assert "6 records of the log" in done.stdout and "0 violations" in done.stdout
    assert os.listdir(tmp_path) == [], "temporary files are left"


LETTER = (
    "INSERT INTO dead_letters (topic, log_partition, log_offset, headers, stage, code, reason, record_time, dead_at)"
    " VALUES ('business-events', 0, {}, '[]', 'decode', 'NOT_AN_EVENT', 'x', '2026-01-01T00:00:00.000000Z',"
    " '2026-01-01T00:00:00.000000Z')"
)
COPY = (
    "INSERT INTO event_store SELECT 'copy', event_type, entity_type, entity_key, payload, headers, topic,"
    " log_partition, {}, occurred_at, stored_at, message_key, extra FROM event_store WHERE log_offset = 2"
)
# what is done to the store -> the kinds that are found, and the offset or entity key that one of them names
DAMAGE = {
    "an event is gone": ("DELETE FROM event_store WHERE log_offset = 3", {"missing", "state_without_events"}, 3),
    "an event is gone, its state too": (
        "DELETE FROM event_store WHERE log_offset = 3; DELETE FROM quotes WHERE customer_id = 'c3'", {"missing"}, 3
    ),
    "a dead letter beside the event": (LETTER.format(3), {"both", "letter_differs"}, 3),
    "a dead letter instead of the event": (
        "DELETE FROM event_store WHERE log_offset = 3; DELETE FROM quotes WHERE customer_id = 'c3'; "
        + LETTER.format(3), {"letter_differs"}, 3,
    ),
    "a dead letter of nothing": (LETTER.format(44), {"not_in_log"}, 44),
    "another payload": (
        """UPDATE event_store SET payload = '{"amount":7,"customerId":"c3"}' WHERE log_offset = 3""",
        {"differs", "state_differs"}, 3,
    ),
    "another type": (
        "UPDATE event_store SET event_type = 'Other' WHERE log_offset = 3", {"differs", "state_without_events"}, 3
    ),
    "another id": ("UPDATE event_store SET event_id = 'other' WHERE log_offset = 3", {"differs"}, 3),
    "another key": ("UPDATE event_store SET message_key = 'other' WHERE log_offset = 3", {"differs"}, 3),
    "another entity": (
        "UPDATE event_store SET entity_key = 'c1' WHERE log_offset = 3", {"unfoldable", "state_without_events"}, 3
    ),
    "a payload that the schema forbids": (
        """UPDATE event_store SET payload = '{"amount":-7,"customerId":"c3"}' WHERE log_offset = 3""",
        {"differs", "unfoldable", "state_without_events"}, 3,
    ),
    "an event of nothing": (COPY.format(44), {"not_in_log"}, 44),
    "an event moved": (
        "UPDATE event_store SET log_offset = 44 WHERE log_offset = 3", {"misplaced", "not_in_log", "order"}, 44
    ),
    "events out of order": (
        "UPDATE event_store SET rowid = 1000 WHERE log_offset = 2", {"order"}, 2
    ),
    "a position beyond the log": ("UPDATE log_positions SET next_offset = 1000", {"position"}, 1000),
    "another state": ("UPDATE quotes SET amount = 1 WHERE customer_id = 'c3'", {"state_differs"}, "c3"),
    "no state": ("DELETE FROM quotes WHERE customer_id = 'c3'", {"state_missing"}, "c3"),
    "a state of nothing": ("INSERT INTO quotes (customer_id, amount) VALUES ('zz', 1)", {"state_without_events"}, "zz"),
    "an older state": ("UPDATE quotes SET amount = 0.5 WHERE customer_id = 'c0'", {"state_differs"}, "c0"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(good, tmp_path, name):
    sql, kinds, where = DAMAGE[name]
    folder = tmp_path / "data"
    shutil.copytree(good, folder)
    store = sqlite3.connect(folder / "store.db")
    store.executescript(sql)
    assert store.total_changes > 0
    store.close()
    status, violations, _ = verify(QUOTES, folder)
    assert status == 1
    assert {violation["violation"] for violation in violations} == kinds, violations
    assert all(violation["expected"] and violation["seen"] for violation in violations)
    assert any(where in (violation.get("offset"), violation.get("entityKey")) for violation in violations), violations
    text = run("verify", QUOTES, "--data", folder)
    assert text.returncode == 1 and len(text.stdout.splitlines()) > len(violations)


def test_a_log_that_is_damaged_ends_the_check(good, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(good, folder)
    log = sqlite3.connect(folder / "log" / "log.db")
    assert log.execute('DELETE FROM records_1 WHERE "offset" = 3').rowcount == 1
    log.commit()
    log.close()
    done = run("verify", QUOTES, "--data", folder, timeout=60)
    assert done.returncode == 1
    assert "business-events/0@3" in done.stderr and "violation" not in done.stdout


def test_a_position_behind_is_no_violation(good, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(good, folder)
    store = sqlite3.connect(folder / "store.db")
    store.execute("UPDATE log_positions SET next_offset = 2")
    store.commit()
    store.close()
    status, violations, summary = verify(QUOTES, folder)
    assert (status, violations) == (0, [])
    assert summary["records"] == 2 and summary["beyond"] == COUNT - 1


def test_another_group_has_no_position(good):
    status, violations, summary = verify(QUOTES, good, "--group", "nobody")
    assert (status, violations) == (0, [])
    assert summary["unread"] == 1 and summary["records"] == 0


def test_under_load(start, folder):
    server = start("up", LEDGER)
    load = Ledger(lambda: server.listen, clients=4, accounts=10).start()
    try:
        until(lambda: load.counts()[0] > 300, "some load")
        for _ in range(4):
            before = load.counts()[0]
            status, violations, summary = verify(LEDGER, folder)
            assert (status, violations) == (0, [])
            assert summary["records"] >= before * 0.5 and summary["entities"] == 10
            until(lambda: load.counts()[0] > before + 50, "more load")
    finally:
        load.stop()
    ends = {("business-events", 0): len(embedded_log(folder / "log", "business-events"))}
    until(lambda: reached(folder / "store.db", "event-consumers", ends), "lag 0")
    assert server.stop() == 0
    status, violations, summary = verify(LEDGER, folder)
    assert (status, violations) == (0, [])
    assert summary["events"] >= load.counts()[0] and summary["beyond"] == 0


def test_kafka(start, broker, topic, group, tmp_path):
    broker.create_topic(topic, partitions=3)
    broker.create_topic(f"{topic}.dlq", partitions=1)
    options = ["--log", broker.url, "--topic", topic, "--group", group]
    server = start("up", QUOTES, *options)
    client = server.client()
    ids = [client.create_quote(unique(), number)["eventId"] for number in range(20)]
    value = json.dumps({"eventId": ids[3], "eventType": "QuoteCreated", "payload": {"customerId": "x", "amount": 1}})
    broker.produce(topic, [{"value": b"garbage", "key": b"k", "headers": [("h", b"\xff")]}, {"value": value.encode()}])
    client.create_quote(unique(), 1)

    def dead():
        rows = sqlite3.connect(server.store_file).execute("SELECT count(*) FROM dead_letters").fetchone()
        return rows[0] == 2

    until(dead, "both dead letters")
    options += ["--data", server.data]
    assert server.stop() == 0
    done = run("verify", QUOTES, *options, "--output", "json", timeout=60)
    summary = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert summary["records"] == 23 and summary["stored"] == 21 and summary["deadLetters"] == 2
    store = sqlite3.connect(server.store_file)
    store.execute("DELETE FROM dead_letters WHERE value = ?", (b"garbage",))
    store.execute("DELETE FROM dead_letters WHERE value = 'garbage'")
    store.execute("DELETE FROM event_store WHERE event_id = ?", (ids[7],))
    store.commit()
    store.close()
    done = run("verify", QUOTES, *options, "--output", "json", timeout=60)
    found = [json.loads(line) for line in done.stdout.splitlines()[:-1]]
    assert done.returncode == 1
    assert sorted(one["violation"] for one in found) == ["missing", "missing", "state_without_events"]
    assert ids[7] in [one.get("eventId") for one in found]


def test_usage(good, tmp_path):
    assert run("verify").returncode == 2
    done = run("verify", QUOTES, "--data", tmp_path / "nothing")
    assert done.returncode == 1 and "nothing" in done.stderr
    assert run("verify", QUOTES, "--data", good, "--scratch", tmp_path / "nothing").returncode == 1
    assert not (tmp_path / "nothing").exists()


def test_a_bar_on_a_terminal_only(good):
    """On a terminal the command still ends well; whether the bar was drawn depends on how fast it was."""
    ours, theirs = pty.openpty()
    done = subprocess.run([BIN, "verify", str(QUOTES), "--data", str(good)], stdout=subprocess.PIPE, stderr=theirs,
                          stdin=subprocess.DEVNULL, env=clean_environment(), timeout=30)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0 and b"0 violations" in done.stdout
