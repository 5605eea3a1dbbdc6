"""Data folders that cannot be used: refused with the reason, nothing harmed."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

from harness.evidence import embedded_log, stored_events
from harness.graphql import Refused, unique
from harness.logfirst import BANK, QUOTES, run
from harness.wait import until

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def refused(*words, prefix=(), **keywords):
    """The command ends with status 1; returns what it says."""
    if prefix:
        from harness.logfirst import BIN, clean_environment

        done = subprocess.run([*prefix, BIN, *map(str, words)], capture_output=True, text=True, timeout=30,
                              stdin=subprocess.DEVNULL, env=clean_environment())
    else:
        done = run(*words, **keywords)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "ready" not in done.stderr.split("msg=ready")[0] or "msg=ready" not in done.stderr
    return done.stderr


def up(folder, *options, schema=QUOTES, **keywords):
    return refused(
        "up", schema, "--data", folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", *options, **keywords
    )


@pytest.fixture
def used(start, folder):
    """A data folder with one event, not in use."""
    server = start("up", QUOTES)
    receipt = server.client().create_quote("ada", 1)
    assert server.stop() == 0
    return receipt


def test_in_use_by_a_second_process(start, folder):
    server = start("up", QUOTES)
    said = up(folder)
    assert "in use" in said and str(server.pid) in said, said
    said = refused("gateway", QUOTES, "--data", folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert "in use" in said and str(server.pid) in said, said
    said = refused("consumer", QUOTES, "--data", folder, "--admin", "127.0.0.1:0")
    assert "in use" in said, said
    assert server.client().create_quote(unique(), 1)["status"] == "STORED", "the first goes on"
    server.kill()
    again = start("up", QUOTES)
    assert again.client().create_quote(unique(), 1)["status"] == "STORED", "nothing of a dead owner remains"


def test_a_file_in_the_place_of_the_folder(folder):
    folder.write_text("I am a file")
    said = up(folder)
    assert str(folder) in said, said
    assert folder.read_text() == "I am a file"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_a_folder_that_may_not_be_written(tmp_path_factory):
    base = tmp_path_factory.mktemp("readonly")
    for part in (base, *base.parents):
        if part != pathlib.Path("/") and part.stat().st_uid == 0 and not part.stat().st_mode & 0o001:
            part.chmod(part.stat().st_mode | 0o011)
    schema = base / "s.graphql"
    shutil.copy(QUOTES, schema)
    schema.chmod(0o644)
    folder = base / "data"
    folder.mkdir(mode=0o755)
    binary_reachable = subprocess.run([*NOBODY, "true"], check=False).returncode == 0
    assert binary_reachable, "setpriv does not work"
    from harness import logfirst

    binary = base / "logfirst"  # where nobody may reach it
    shutil.copy(logfirst.BIN, binary)
    binary.chmod(0o755)
    done = subprocess.run([*NOBODY, str(binary), "up", str(schema), "--data", str(folder), "--listen", "127.0.0.1:0",
                           "--admin", "127.0.0.1:0"], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, env=logfirst.clean_environment())
    assert done.returncode == 1, done.stderr
    assert str(folder) in done.stderr and "ermission" in done.stderr, done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_files_that_may_not_be_written(used, folder, tmp_path_factory):
    from harness import logfirst

    base = tmp_path_factory.mktemp("readonly")
    for part in (base, *base.parents):
        if part != pathlib.Path("/") and part.stat().st_uid == 0 and not part.stat().st_mode & 0o001:
            part.chmod(part.stat().st_mode | 0o011)
    shutil.copytree(folder, base / "data")
    for root, folders, files in os.walk(base / "data"):
        os.chmod(root, 0o755)
        for name in files:
            os.chmod(os.path.join(root, name), 0o644)
    shutil.copy(QUOTES, base / "s.graphql")
    shutil.copy(logfirst.BIN, base / "logfirst")
    (base / "logfirst").chmod(0o755)
    (base / "s.graphql").chmod(0o644)
    done = subprocess.run([*NOBODY, str(base / "logfirst"), "up", str(base / "s.graphql"), "--data", str(base / "data"),
                           "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], capture_output=True, text=True,
                          timeout=30, stdin=subprocess.DEVNULL, env=logfirst.clean_environment())
    assert done.returncode == 1 and "data" in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["log/log.db", "store.db"])
def test_another_version(used, folder, name):
    with sqlite3.connect(folder / name) as db:
        old = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("PRAGMA user_version = 999")
    db.close()
    said = up(folder)
    assert "version" in said and name.rsplit("/", maxsplit=1)[-1] in said, said
    with sqlite3.connect(folder / name) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == 999, "left alone"
        db.execute(f"PRAGMA user_version = {old}")
    db.close()
    assert [row["event_id"] for row in stored_events(folder / "store.db")] == [used["eventId"]]


@pytest.mark.parametrize("name", ["log/log.db", "store.db"])
def test_a_database_of_another_program(folder, name):
    file = folder / name
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
        db.execute("INSERT INTO recipes VALUES ('soup')")
    db.close()
    said = up(folder)
    assert file.name in said, said
    with sqlite3.connect(file) as db:
        assert db.execute("SELECT * FROM recipes").fetchall() == [("soup",)]
    db.close()


@pytest.mark.parametrize("name", ["log/log.db", "store.db"])
def test_a_file_that_is_no_database(folder, name):
    file = folder / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"nonsense, for sure " * 1000)
    said = up(folder)
    assert file.name in said, said
    assert file.read_bytes() == b"nonsense, for sure " * 1000


def test_log_and_store_in_each_others_place(used, folder):
    """A store is no log, and a log no store."""
    said = refused("up", QUOTES, "--data", folder, "--store", f"sqlite:{folder}/log/log.db", "--listen", "127.0.0.1:0",
                   "--admin", "127.0.0.1:0")
    assert "log.db" in said, said


def test_a_store_that_is_ahead_of_its_log(used, folder):
    """A store from elsewhere, or a log that was thrown away: its position is beyond the log's end. The server says so,
    and neither resets the position nor stores the new events of old offsets."""
    shutil.rmtree(folder / "log")
    from harness.logfirst import Logfirst

    server = Logfirst("up", QUOTES, folder)
    with server.spawn():
        try:
            status = server.wait(10)
        except AssertionError:
            status = None
        if status is None:  # it may go on serving, not ready, as long as it says what is wrong
            assert not server.stderr or any("position" in line or "offset" in line for line in server.stderr)
        else:
            assert status == 1
        assert "position" in server.tail() or "offset" in server.tail() or "outside" in server.tail(), server.tail()
    assert [row["event_id"] for row in stored_events(folder / "store.db")] == [used["eventId"]]


def test_a_store_that_was_thrown_away_is_made_again(used, start, folder):
    for file in folder.glob("store.db*"):
        file.unlink()
    server = start("up", QUOTES)
    client = server.client()
    until(lambda: client.quote("ada"), "the state from the log")
    event = client.execute('{ event(eventId: "%s") { status offset } }' % used["eventId"])["event"]
    assert event == {"status": "STORED", "offset": used["offset"]}


def test_damage_in_the_log_is_noticed_and_never_served(start, folder):
    server = start("up", QUOTES)
    client = server.client()
    for number in range(5):
        client.create_quote(f"c{number}", number)
    assert server.stop() == 0
    with sqlite3.connect(folder / "log" / "log.db") as db:
        table = db.execute("SELECT 'records_' || id FROM topics WHERE name = 'business-events'").fetchone()[0]
        value = db.execute(f'SELECT value FROM {table} WHERE "offset" = 2').fetchone()[0]
        value = value.encode() if isinstance(value, str) else value
        damaged = value.replace(b'"amount":2', b'"amount":7')
        assert damaged != value
        db.execute(f'UPDATE {table} SET value = ? WHERE "offset" = 2', (damaged,))
    db.close()
    for file in folder.glob("store.db*"):
        file.unlink()
    again = start("up", QUOTES, ready=False)
    again.wait_line(r"(?i)damage|corrupt|crc|checksum")
    rows = stored_events(folder / "store.db")
    assert all(row["payload"]["amount"] != 7 for row in rows)
    assert len(rows) <= 2, "nothing behind the damage"
    said = run("events", "tail", "--from", "start", "--first", "5", "--data", folder)
    assert '"amount":7' not in said.stdout and said.returncode == 1, said


def test_a_torn_write_is_cut_off(start, folder):
    """The last bytes of the write-ahead log are missing, as after a power cut: the log opens with what is whole."""
    server = start("up", QUOTES)
    client = server.client()
    for number in range(10):
        client.create_quote(f"c{number}", number, wait=False)
    server.kill()
    wal = folder / "log" / "log.db-wal"
    size = wal.stat().st_size
    assert size > 100
    os.truncate(wal, size - 100)
    for file in folder.glob("store.db*"):
        file.unlink()
    again = start("up", QUOTES)
    records = embedded_log(folder / "log", "business-events")
    assert 0 < len(records) < 10 and [r.offset for r in records] == list(range(len(records)))
    assert again.client().create_quote("new", 1)["status"] == "STORED"


def test_a_full_disk(start, tmp_path):
    """A small file system of its own: appends are answered with the reason, nothing acknowledged is lost, and it goes
    on when there is space."""
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(mount)], capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"no small file system can be mounted: {made.stderr.strip()}")
    try:
        server = start("up", QUOTES, "--delivery-timeout", "3s", data=mount / "data", prefix=())
        client = server.client()
        padding = "x" * 20000
        acknowledged, codes = [], set()
        for number in range(600):
            try:
                acknowledged.append(client.create_quote(f"c{number}-{padding}", number, wait=False))
            except Refused as error:
                codes |= set(error.codes)
                break
        assert codes and codes <= {"LOG_UNAVAILABLE", "LOG_OUTCOME_UNKNOWN"}, codes
        assert acknowledged and server.running()
        assert client.execute("{ __typename }")
        resized = subprocess.run(["mount", "-o", "remount,size=200m", str(mount)], capture_output=True, text=True)
        assert resized.returncode == 0, resized.stderr

        def accepts():
            try:
                return client.create_quote("after", 1, wait=False)
            except Refused:
                return None

        acknowledged.append(until(accepts, "the log to accept again", 30))
        ids = {receipt["eventId"] for receipt in acknowledged}
        until(lambda: ids <= {row["event_id"] for row in stored_events(server.store_file)}, "all that was acknowledged")
        assert run("events", "list", "--first", "1", "--data", mount / "data").returncode == 0
        assert server.stop() == 0
    finally:
        for child in list(__import__("harness.process", fromlist=["ALIVE"]).ALIVE):
            if str(mount) in " ".join(child.argv):
                child.close()
        subprocess.run(["umount", str(mount)], check=False)


def test_a_changed_schema_adds_and_refuses(start, folder, tmp_path):
    """Columns are added; a change that would lose data is refused with the statement to run."""
    server = start("up", QUOTES)
    server.client().create_quote("ada", 1)
    assert server.stop() == 0
    text = QUOTES.read_text()
    more = tmp_path / "more.graphql"
    more.write_text(text.replace("  amount: Float!\n}", "  amount: Float!\n  note: String\n}", 1))
    server = start("up", more)
    assert server.client().execute('{ quote(customerId: "ada") { amount note } }')["quote"] == {
        "amount": 1,
        "note": None,
    }
    assert server.stop() == 0
    other = tmp_path / "other.graphql"
    other.write_text(
        text.replace("  amount: Float!\n}", "  amount: String!\n}", 1)
        .replace("amount: Float! @constraint(min: 0)", "amount: String!")
        .replace("amount: Float!, ", "amount: String!, ")
    )
    assert run("check", other).returncode == 0, run("check", other).stderr
    said = up(folder, schema=other)
    assert "amount" in said and "TABLE" in said, said
    assert json.loads(run("events", "list", "--output", "json", "--data", folder).stdout)["payload"]["amount"] == 1
    assert run("check", BANK).returncode == 0
