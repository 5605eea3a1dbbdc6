"""`logfirst rebuild`: states that somebody has damaged are right again, differences are counted, consumers go on, and
what was killed goes on where it was."""

import contextlib
import datetime
import json
import operator
import sqlite3

import psycopg
import pytest

from harness import folds
from harness.checker import History, check, report
from harness.evidence import embedded_log, reached, read_store
from harness.graphql import unique
from harness.load import Ledger
from harness.logfirst import BANK, BIN, LEDGER, QUOTES, Logfirst, clean_environment, run
from harness.mongodb import Mongo
from harness.postgres import Postgres
from harness.process import Process, scratch
from harness.wait import until

TOPIC, GROUP = "business-events", "event-consumers"
ID = operator.itemgetter("_id")
MARK = "SELECT next_offset FROM log_positions WHERE consumer_group = 'logfirst rebuild' AND log_partition = 0"
DAMAGE = ("UPDATE quotes SET amount = 7 WHERE customer_id IN ('c1', 'c2')",
          "DELETE FROM quotes WHERE customer_id = 'c3'",
          "INSERT INTO quotes (customer_id, amount) VALUES ('ghost', 1)")


class Sql:
    """What is the same in both."""

    whole, count, keys, pause, ghosts = True, 300000, 20000, 0, 0

    def change(self, *statements):
        """As somebody else, who may meet the consumer within the same rows, and then has to try again."""
        again = (psycopg.errors.DeadlockDetected,)
        with self.connect() as db:
            for statement in statements:
                until(lambda: db.execute(statement), statement, 60, retry=again)  # noqa: B023

    def ask(self, query):
        with self.connect() as db:
            return db.execute(query).fetchall()

    def damage(self):
        self.change(*DAMAGE)

    def spoil(self, entities, field):
        self.change(f"UPDATE {entities} SET {field} = {field} + 1000")

    def spoil_event(self, offset, payload):
        self.change(f"UPDATE event_store SET payload = '{json.dumps(payload)}' WHERE log_offset = {offset}")

    def quotes(self):
        """(customer, amount) of all, in order."""
        return self.ask("SELECT customer_id, amount FROM quotes ORDER BY customer_id")

    def accounts(self):
        return self.ask("SELECT * FROM accounts ORDER BY account_id")

    def has_begun(self):
        """Has a rebuild written some of its states, and not ended?"""
        mark = self.ask(MARK)
        return bool(mark) and mark[0][0] > 1

    def has_ended(self):
        left = [name for name in self.tables() if "rebuild" in name or "swap" in name]
        return not left and self.ask(MARK) == [(0,)]


class Sqlite(Sql):
    """A store below the data folder."""

    def __init__(self, folder):
        self.folder, self.options = folder, []

    def connect(self):
        return contextlib.closing(sqlite3.connect(self.folder / "store.db", isolation_level=None, timeout=30))

    def tables(self):
        with self.connect() as db:
            return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def fill(self, count, keys):
        """COUNT quotes of the log's past, of KEYS customers, straight into the event store; no states."""
        with self.connect() as db:
            db.execute(
                "INSERT INTO event_store (event_id, event_type, entity_type, entity_key, payload, headers, topic,"
                " log_partition, log_offset, occurred_at, stored_at) SELECT 'f' || value, 'QuoteCreated', 'Quote',"
                " 'c' || (value % ?2), '{\"amount\":' || value || ',\"customerId\":\"c' || (value % ?2) || '\"}', '{}',"
                " 'old', 0, value, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'"
                " FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value + 1 < ?1)"
                " SELECT value FROM n)", (count, keys))

    def reached(self, ends):
        return reached(self.folder / "store.db", GROUP, ends)

    def read(self, history):
        read_store(history, self.folder / "store.db", GROUP, "accounts", "account_id", ("notes",))


class OnPostgres(Sql):
    """A store in a schema of its own."""

    def __init__(self, folder, store):
        self.folder, self.store, self.options = folder, store, ["--store", store.url]

    def connect(self):
        return self.store.server.connect(options=f"-csearch_path={self.store.schema}")

    def tables(self):
        with self.connect() as db:
            found = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            return {name for (name,) in found}

    def fill(self, count, keys):
        with self.connect() as db:
            db.execute(
                "INSERT INTO event_store (event_id, event_type, entity_type, entity_key, payload, headers, topic,"
                " log_partition, log_offset, occurred_at, stored_at) SELECT 'f' || n, 'QuoteCreated', 'Quote',"
                " 'c' || (n %% %(keys)s), jsonb_build_object('amount', n, 'customerId', 'c' || (n %% %(keys)s)), '{}',"
                " 'old', 0, n, '2026-01-01', '2026-01-01' FROM generate_series(0, %(count)s - 1) n",
                {"count": count, "keys": keys})

    def reached(self, ends):
        return self.store.reached(GROUP, ends)

    def read(self, history):
        self.store.read(history, GROUP, "accounts", "account_id")


class OnMongo:
    """A store without transactions, whose states are switched one by one. FerretDB reads all of a collection for each
    page of it: what is stored is bounded."""

    whole, count, keys, pause, ghosts = False, 15000, 1500, 0.05, 1

    def __init__(self, folder, store):
        self.folder, self.store, self.options = folder, store, ["--store", store.url]

    @contextlib.contextmanager
    def connect(self):
        with self.store.server.client() as client:
            yield client[self.store.database]

    def fill(self, count, keys):
        now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        text = "2026-01-01T00:00:00.000000Z"
        events = [{
            "_id": f"f{n}", "eventType": "QuoteCreated", "entityType": "Quote", "entityKey": f"c{n % keys}",
            "payload": {"amount": n, "customerId": f"c{n % keys}"}, "headers": {}, "topic": "old", "partition": 0,
            "offset": n, "time": now, "storedAt": now, "messageKey": None, "sequence": 1000000 + n,
            "_lf": {"time": text, "stored": text}} for n in range(count)]
        with self.connect() as db:
            for first in range(0, count, 5000):
                db.event_store.insert_many(events[first:first + 5000])
            db.log_positions.insert_one({"_id": "old/0/g", "consumerGroup": "g", "topic": "old", "partition": 0,
                                         "nextOffset": count})

    def damage(self):
        with self.connect() as db:
            db.quotes.update_many({"_id": {"$in": ["c1", "c2"]}}, {"$set": {"amount": 7.0}})
            db.quotes.delete_one({"_id": "c3"})
            db.quotes.insert_one({"_id": "ghost", "customerId": "ghost", "amount": 1.0})

    def spoil(self, entities, field):
        """Whatever consumers do meanwhile: FerretDB may even write an older document over their newer one."""
        with self.connect() as db:
            db[entities].update_many({"_lf.gone": None}, {"$inc": {field: 1000}})
            db[entities].insert_one({"_id": "ghost", field: 1})  # no consumer will touch that

    def spoil_event(self, offset, payload):
        with self.connect() as db:
            db.event_store.update_one({"offset": offset}, {"$set": {"payload": payload}})

    def rows(self, collection):
        with self.connect() as db:
            return sorted((row for row in db[collection].find() if "gone" not in row.get("_lf", {})), key=ID)

    def quotes(self):
        return [(row["_id"], row["amount"]) for row in self.rows("quotes")]

    def accounts(self):
        return [{name: value for name, value in row.items() if name != "_lf"} for row in self.rows("accounts")]

    def notes(self):
        with self.connect() as db:
            return [one["_id"] for one in db.logfirst.find() if one["_id"].startswith("rebuild:")]

    def has_begun(self):
        return self.notes() != []

    def has_ended(self):
        return self.notes() == []

    def reached(self, ends):
        return self.store.reached(GROUP, ends)

    def read(self, history):
        self.store.read(history, GROUP, "accounts")


def server_of(kind):
    with scratch("lf-rebuild-") as folder:
        server = kind(folder).start()
        yield server
        server.close()


@pytest.fixture(scope="module")
def postgres():
    yield from server_of(Postgres)


@pytest.fixture(scope="module")
def mongo():
    yield from server_of(Mongo)


def open_store(request, folder):
    if request.param == "sqlite":
        return Sqlite(folder)
    kind = OnPostgres if request.param == "postgres" else OnMongo
    return kind(folder, request.getfixturevalue(request.param).store(unique("store").replace("-", "_")))


@pytest.fixture(params=["sqlite", "postgres", "mongo"])
def store(request, folder):
    return open_store(request, folder)


@pytest.fixture(params=["sqlite", "postgres"])
def tables(request, folder):
    """A store of tables that are switched as a whole."""
    return open_store(request, folder)


def rebuild(store, *words, timeout=300):
    """(exit status, differences, summary)."""
    done = run("rebuild", *words, "--data", store.folder, *store.options, "--output", "json", timeout=timeout)
    assert done.stderr == "", done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines[:-1], lines[-1]


def verified(store, schema):
    done = run("verify", schema, "--data", store.folder, *store.options, "--output", "json", timeout=120)
    return json.loads(done.stdout.splitlines()[-1])["violations"]


def quotes(store, count=6):
    """A server's data: quotes c0, c1 … with amount 0.5, 1.5 …; it has ended."""
    with Logfirst("up", QUOTES, store.folder, *store.options).start() as one:
        client = one.client()
        for number in range(count):
            client.create_quote(f"c{number}", 99)
            client.create_quote(f"c{number}", number + 0.5)
        client.close()
        assert one.stop() == 0


RIGHT = [(f"c{number}", number + 0.5) for number in range(6)]


# --- what it does


def test_damaged_states_are_right_again(store):
    quotes(store)
    store.damage()
    status, differences, summary = rebuild(store, "Quote", QUOTES)
    assert status == 0 and summary["switched"] and not summary["resumed"]
    assert summary["differences"] == 4 and summary["events"] == 12 and summary["unsettled"] == 0
    assert {(one["difference"], one["entityKey"]) for one in differences} == {
        ("state_differs", "c1"), ("state_differs", "c2"), ("state_missing", "c3"), ("state_without_events", "ghost")}
    assert json.loads(differences[0]["seen"])["amount"] == 7
    assert store.quotes() == RIGHT
    assert store.has_ended() and verified(store, QUOTES) == 0
    assert rebuild(store, "--all", QUOTES)[2]["differences"] == 0


def test_a_dry_run_only_tells(store):
    quotes(store)
    store.damage()
    before = store.quotes()
    status, differences, summary = rebuild(store, "--all", QUOTES, "--dry-run", "--show", "1")
    assert status == 0 and not summary["switched"] and summary["differences"] == 4 and len(differences) == 1
    assert store.quotes() == before and store.has_ended()
    text = run("rebuild", "Quote", QUOTES, "--data", store.folder, *store.options, "--dry-run")
    assert text.returncode == 0 and "4 differences" in text.stdout and "nothing was changed" in text.stdout


def test_every_kind_of_apply(store):
    with Logfirst("up", BANK, store.folder, *store.options).start() as one:
        client = one.client()
        for number in range(4):
            opened = client.execute('mutation { openAccount(owner: "o") @await { eventId } }')["openAccount"]["eventId"]
            event = client.execute("query($id: ID!) { event(eventId: $id) { entityKey } }", {"id": opened})["event"]
            account = event["entityKey"]
            for field in ('deposit(transfer: {accountId: "%s", amount: "10.10", reference: "r"})',
                          'withdraw(transfer: {accountId: "%s", amount: "0.05"})', 'tag(accountId: "%s", tag: "a")',
                          'tag(accountId: "%s", tag: "b")', 'untag(accountId: "%s", tag: "a")',
                          'freeze(accountId: "%s", reason: "x")', 'close(accountId: "%s")')[:7 - number]:
                client.execute("mutation { %s @await { status } }" % (field % account))
        before = store.accounts()
        store.spoil("accounts", "deposits")
        # the server goes on, and serves the new states at once
        status, _, summary = rebuild(store, "Account", BANK)
        assert status == 0 and summary["differences"] == 3 + store.ghosts and len(before) == 3
        assert store.accounts() == before
        seen = client.execute("{ accounts { nodes { deposits } } }")["accounts"]["nodes"]
        assert seen == [{"deposits": 1}] * 3
        client.execute('mutation { freeze(accountId: "%s", reason: "y") @await { status } }' % account)
        assert client.execute("query($id: ID!) { account(accountId: $id) { frozenBecause } }",
                              {"id": account})["account"]["frozenBecause"] == "y"
        client.close()
        assert one.stop() == 0
    assert verified(store, BANK) == 0


# --- while consumers work


def test_under_load(store, start):
    server = start("up", LEDGER, *store.options)
    load = Ledger(lambda: server.listen, accounts=50, seed=1, pause=store.pause).start()
    until(lambda: load.counts()[0] > 100, "load", 60)
    store.spoil("accounts", "balance")
    for number in range(4):
        before = load.counts()[0]
        status, differences, summary = rebuild(store, "--all", LEDGER)
        assert status == 0 and summary["switched"], differences
        assert number > 0 or summary["differences"] + summary["unsettled"] > 0
        # without atomic updates (FerretDB) a consumer may write over what was put right, and a later one finds it
        assert number == 0 or not store.whole or summary["differences"] == 0, differences
        until(lambda: load.counts()[0] > before + 20, "load goes on", 60)
    load.stop()
    history = load.fill(History(fold=folds.ledger, log=embedded_log(server.log_dir, TOPIC)))
    until(lambda: store.reached({(TOPIC, 0): len(history.log)}), "lag 0", 90)
    assert rebuild(store, "--all", LEDGER, "--dry-run")[2]["differences"] == 0
    assert server.stop(60) == 0
    store.read(history)
    violations = check(history)
    assert not violations, report(violations)
    assert verified(store, LEDGER) == 0


# --- killed in the middle


def start_rebuild(store, schema=QUOTES):
    words = [BIN, "rebuild", "Quote", schema, "--data", store.folder, *store.options]
    process = Process(words, env=clean_environment(), name="logfirst rebuild")
    process.spawn()
    return process


def kill_in_the_middle(store):
    """Kills a rebuild once it has written some of its states."""
    process = start_rebuild(store)
    until(store.has_begun, "states of the rebuild", 120)
    process.kill()
    process.close()
    assert store.has_begun()


def test_killed_it_goes_on_where_it_was(store):
    count, keys = store.count, store.keys
    quotes(store)
    store.fill(count, keys)
    kill_in_the_middle(store)
    if store.whole:
        assert "rebuild_quotes" in store.tables()
        assert store.quotes() == RIGHT, "the old states serve"
    else:
        new = {f"c{key}": count - keys + key for key in range(keys)}
        assert all(row in RIGHT or row[1] == new[row[0]] for row in store.quotes()), "each is the old or the new one"
    status, differences, summary = rebuild(store, "Quote", QUOTES, timeout=300)
    assert status == 0 and summary["resumed"] and summary["events"] < count
    assert summary["differences"] == keys or not store.whole, "of a page that was committed last they are not counted"
    assert 0 < summary["differences"] <= keys and len(differences) == 20
    states = dict(store.quotes())
    assert len(states) == keys and states["c6"] == count - keys + 6 and states["c0"] == count - keys
    assert store.has_ended()
    assert rebuild(store, "Quote", QUOTES, timeout=300)[2]["differences"] == 0


def test_cut_off_from_the_store_it_asks_again(folder, postgres):
    store = OnPostgres(folder, postgres.store(unique("store").replace("-", "_")))
    count, keys = store.count, store.keys
    quotes(store)
    store.fill(count, keys)
    process, cut = start_rebuild(store), 0
    with postgres.connect() as db:
        while process.running() and cut < 20:  # whoever is reading events, ahead or not
            cut += len(db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                                  " AND query LIKE 'SELECT sequence%'").fetchall())
    assert process.wait(300) == 0 and cut > 3, "\n".join(process.stderr)
    process.close()
    assert dict(store.quotes())["c6"] == count - keys + 6 and store.has_ended()
    assert rebuild(store, "Quote", QUOTES, timeout=300)[2]["differences"] == 0


def test_with_another_schema_it_begins_anew(folder, tmp_path):
    store = Sqlite(folder)
    quotes(store)
    store.fill(store.count, store.keys)
    kill_in_the_middle(store)
    other = tmp_path / "other.graphql"
    other.write_text(QUOTES.read_text() + "# another\n")
    status, _, summary = rebuild(store, "Quote", other, timeout=300)
    assert status == 0 and not summary["resumed"] and summary["events"] == store.count + 12


def test_interrupted_it_stops(folder):
    store = Sqlite(folder)
    quotes(store)
    store.fill(store.count, store.keys)
    process = start_rebuild(store)
    until(store.has_begun, "states of the rebuild", 120)
    process.terminate()
    assert process.wait(60) == 1
    process.close()
    assert "stopped before it was done" in "\n".join(process.stderr)
    assert store.quotes() == RIGHT
    assert rebuild(store, "Quote", QUOTES, timeout=300)[2]["resumed"]


# --- from the log


def test_payloads_from_the_log(tables):
    quotes(tables)
    tables.spoil_event(9, {"amount": 5000, "customerId": "c4"})
    assert rebuild(tables, "Quote", QUOTES)[2]["differences"] == 1
    assert ("c4", 5000) in tables.quotes()
    status, differences, summary = rebuild(tables, "Quote", QUOTES, "--from", "log")
    assert status == 0 and summary["fromLog"] == summary["events"] == 12
    assert [one["entityKey"] for one in differences] == ["c4"] and tables.quotes() == RIGHT
    tables.fill(10, 10)  # what the log does not have comes from the store
    status, _, summary = rebuild(tables, "Quote", QUOTES, "--from", "log")
    assert status == 0 and (summary["fromLog"], summary["events"]) == (12, 22)


def test_a_log_of_other_events_is_refused(tables):
    quotes(tables)
    tables.change("UPDATE event_store SET event_id = 'another' WHERE log_offset = 5")
    done = run("rebuild", "Quote", QUOTES, "--from", "log", "--data", tables.folder, *tables.options)
    assert done.returncode == 1 and "business-events/0@5" in done.stderr and "another" in done.stderr
    assert tables.quotes() == RIGHT


def test_the_log_is_refused_where_states_are_switched_one_by_one(folder, mongo):
    store = OnMongo(folder, mongo.store(unique("store")))
    quotes(store)
    done = run("rebuild", "Quote", QUOTES, "--from", "log", "--data", store.folder, *store.options)
    assert done.returncode == 1 and "not in the order of the log" in done.stderr
    assert store.quotes() == RIGHT


# --- what is refused


def test_events_that_cannot_be_applied(store):
    quotes(store)
    store.spoil_event(5, {"amount": -1, "customerId": "c2"})
    done = run("rebuild", "Quote", QUOTES, "--data", store.folder, *store.options)
    assert done.returncode == 1 and "unfoldable" in done.stdout
    assert ("nothing is switched" if store.whole else "left as they were") in done.stderr
    assert store.quotes() == RIGHT


def test_what_people_have_made_is_not_thrown_away(tables):
    quotes(tables)
    tables.change("CREATE INDEX by_amount ON quotes (amount)")
    done = run("rebuild", "Quote", QUOTES, "--data", tables.folder, *tables.options)
    assert done.returncode == 1 and "by_amount" in done.stderr
    tables.change("DROP INDEX by_amount")
    assert rebuild(tables, "Quote", QUOTES)[0] == 0


def test_wrong_usage(store, tmp_path):
    quotes(store, 1)
    assert run("rebuild", "Quote", "--data", store.folder).returncode == 2
    assert run("rebuild", "--data", store.folder).returncode == 2
    unknown = run("rebuild", "Quota", QUOTES, "--data", store.folder, *store.options)
    assert unknown.returncode == 1 and "no entity \"Quota\"" in unknown.stderr
    nowhere = run("rebuild", "Quote", QUOTES, "--data", tmp_path / "nowhere")
    assert nowhere.returncode == 1 and not (tmp_path / "nowhere").exists()
