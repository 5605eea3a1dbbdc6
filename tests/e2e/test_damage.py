"""The way from the files to the checker's verdict works: each kind of damage to what a real run left is seen. (The
crash campaign itself is in tests/crash.)"""

import shutil
import sqlite3

import pytest

from harness import folds
from harness.checker import History, check
from harness.evidence import embedded_log, reached, read_store
from harness.load import Ledger
from harness.logfirst import LEDGER, Logfirst
from harness.wait import until


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
