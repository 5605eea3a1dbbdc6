"""The stores of a campaign: how the program is told of them, and what is in them, seen from outside."""

import contextlib
import sqlite3

import pymongo

from harness import evidence
from harness.logfirst import run
from harness.mongodb import Mongo
from harness.postgres import Postgres
from harness.wait import pause

from proxy import Proxy

TABLE, KEY, JSON = "accounts", "account_id", ("notes",)


class Sqlite:
    """A file. lock(): another program has it for writing for a while, from LOCKED() to MEANWHILE()."""

    server = proxy = None

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "store.db"
        self.url = f"sqlite:{self.file}"

    def snapshot(self, group):
        return evidence.snapshot(self.file, group)

    def reached(self, group, ends):
        return evidence.reached(self.file, group, ends)

    def read(self, history, group):
        return evidence.read_store(history, self.file, group, TABLE, KEY, JSON)

    def lock(self, seconds, locked, meanwhile):
        with contextlib.closing(sqlite3.connect(self.file, timeout=10, isolation_level=None)) as db:
            with contextlib.suppress(sqlite3.OperationalError):  # there is no file yet, or the program was faster
                db.execute("BEGIN IMMEDIATE")
                locked()
                pause(seconds)
                meanwhile()
                db.execute("ROLLBACK")


class PostgresServer:
    """One server for all worlds of a campaign, each in a schema of its own, reached through a proxy."""

    def __init__(self, folder):
        self.server = Postgres(folder / "pg").start()
        self.proxy = Proxy(str(self.server.folder / ".s.PGSQL.5432"))

    def store(self, folder, name):
        return PostgresStore(self, name)

    def close(self):
        self.proxy.close()
        self.server.close()


class PostgresStore:
    def __init__(self, shared, name):
        self.server, self.proxy = shared.server, shared.proxy
        self.inside = self.server.store(name)
        self.url = f"postgresql://postgres@127.0.0.1:{self.proxy.port}/postgres?schema={name}&connect_timeout=5"

    def snapshot(self, group):
        return self.inside.snapshot(group)

    def reached(self, group, ends):
        return self.inside.reached(group, ends)

    def read(self, history, group):
        return self.inside.read(history, group, TABLE, KEY)


class MongoServer:
    """One FerretDB, which has no transactions, for all worlds, each in a database of its own; through a proxy."""

    def __init__(self, folder):
        self.server = Mongo(folder / "mongo").start()
        self.proxy = Proxy(("127.0.0.1", self.server.port))

    def store(self, folder, name):
        return MongoStore(self, name)

    def close(self):
        self.proxy.close()
        self.server.close()


class MongoStore:
    def __init__(self, shared, name):
        self.server, self.proxy = shared.server, shared.proxy
        self.inside = self.server.store(name)
        self.url = f"mongodb://127.0.0.1:{self.proxy.port}/{name}?connectTimeoutMS=5000"

    def snapshot(self, group):
        return self.inside.snapshot(group)

    def reached(self, group, ends):
        try:
            return self.inside.reached(group, ends)
        except pymongo.errors.PyMongoError:  # busy with what it has to catch up with
            return False

    def read(self, history, group):
        return self.inside.read(history, group, TABLE)


class SqliteFiles:
    """No server at all."""

    def store(self, folder, name):
        return Sqlite(folder / name)

    def close(self):
        pass


SERVERS = {"sqlite": lambda folder: SqliteFiles(), "postgres": PostgresServer, "mongodb": MongoServer}
SCHEMES = {"sqlite": "sqlite:", "postgres": "postgresql:", "mongodb": "mongodb:"}


def missing(kind):
    """Why the program cannot be tested with that kind of store; None if it can."""
    return None if SCHEMES[kind] in run("up", "--help").stdout else f"this build has no {kind} store"
