"""The stores of a campaign: how the program is told of them, and what is in them, seen from outside."""

import contextlib
import sqlite3

from harness import evidence
from harness.logfirst import run
from harness.postgres import Postgres
from harness.wait import pause

from proxy import Proxy

TABLE, KEY, JSON = "accounts", "account_id", ("notes",)


class Sqlite:
    """A file. lock(): another program has it for writing for a while."""

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

    def lock(self, seconds, meanwhile):
        with contextlib.closing(sqlite3.connect(self.file, timeout=10, isolation_level=None)) as db:
            with contextlib.suppress(sqlite3.OperationalError):  # there is no file yet, or the program was faster
                db.execute("BEGIN IMMEDIATE")
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


class SqliteFiles:
    """No server at all."""

    def store(self, folder, name):
        return Sqlite(folder / name)

    def close(self):
        pass


SERVERS = {"sqlite": lambda folder: SqliteFiles(), "postgres": PostgresServer}


def missing(kind):
    """Why the program cannot be tested with that kind of store; None if it can."""
    if kind not in SERVERS:
        return f"the campaign has no server for {kind} stores"
    if {"sqlite": "sqlite:", "postgres": "postgresql:", "mongodb": "mongodb:"}[kind] not in run("up", "--help").stdout:
        return f"this build has no {kind} store"
    return None
