"""A PostgreSQL server of the tests' own, and what is in a store there, read with a client that knows nothing of the
program. As root the server runs as the user postgres."""

import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess

import psycopg
from psycopg.rows import dict_row

from harness.checker import Dead, Snapshot, Stored, parse_json
from harness.process import Process
from harness.wait import until


def binaries():
    """The newest server's programs, as Debian and Ubuntu have them; else those of PATH."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    if folders:
        return pathlib.Path(folders[-1])
    found = shutil.which("postgres")
    assert found, "no PostgreSQL server: tools/install-deps.sh test"
    return pathlib.Path(found).parent


def as_server():
    """Words before a command that make it run as the server's user, under the process id it is started with."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--reset-env", "--"]


class Postgres(Process):
    """start(), stop(), kill(), freeze(), thaw(): the data stay. Reached by a Unix socket only. FOLDER must have a short
    path, and be one that others may pass through."""

    def __init__(self, folder, *settings):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.data = self.folder / "data"
        options = ["listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=100", *settings]
        argv = [*as_server(), binaries() / "postgres", "-D", self.data]
        super().__init__(argv + [word for option in options for word in ("-c", option)], cwd="/", name="postgres")

    def initialise(self):
        words = [*as_server(), binaries() / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        words += ["--locale=C", "--no-sync"]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120, cwd="/")
        assert done.returncode == 0, f"initdb failed\n{done.stdout}\n{done.stderr}"

    def start(self, timeout=60.0):
        """Returns when clients are served. Children of one that was killed may keep it from starting for a moment."""
        if not self.data.exists():
            self.initialise()
        self.spawn()

        def answers():
            if not self.running():
                self.spawn()
            self.connect().close()
            return True

        until(answers, "PostgreSQL", timeout, retry=(psycopg.OperationalError,))
        return self

    def connect(self, **keywords):
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", connect_timeout=10, autocommit=True, **keywords
        )

    def url(self, schema):
        return f"postgresql:///postgres?user=postgres&host={self.folder}&schema={schema}"

    def stop(self, timeout=30.0):
        """In good order, breaking connections; the exit status."""
        self.signal(signal.SIGINT)
        return self.wait(timeout)

    def children(self):
        """The processes that serve connections, and the helpers."""
        found = []
        for stat in glob.glob("/proc/[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = pathlib.Path(stat).read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
                if int(fields[1]) == self.pid:
                    found.append(int(stat.split("/")[2]))
        return found

    def signal_all(self, number):
        for pid in (self.pid, *self.children()) if self.running() else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze(self):
        """All of it: connections stand, and nobody answers."""
        self.signal_all(signal.SIGSTOP)

    def thaw(self):
        self.signal_all(signal.SIGCONT)

    def close(self):
        if self.running():
            self.thaw()
            self.stop()
        super().close()

    def store(self, schema):
        return Store(self, schema)


class Store:
    """A store, seen from outside."""

    def __init__(self, server, schema):
        self.server = server
        self.schema = schema
        self.url = server.url(schema)

    def open(self, **keywords):
        """A connection that sees one moment, and the store's tables by their bare names."""
        connection = self.server.connect(options=f"-csearch_path={self.schema}", **keywords)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return connection

    def rows(self, query, *parameters):
        """As dicts."""
        with self.open(row_factory=dict_row) as db:
            return db.execute(query, parameters).fetchall()

    def snapshot(self, group):
        """Positions and persisted places; None before the tables exist."""
        with self.open() as db:
            if db.execute("SELECT to_regclass('log_positions')").fetchone()[0] is None:
                return None
            places = set(db.execute("SELECT topic, log_partition, log_offset FROM event_store"))
            places |= set(db.execute("SELECT topic, log_partition, log_offset FROM dead_letters"))
            return Snapshot(positions_of(db, group), places)

    def reached(self, group, ends):
        """As evidence.reached()."""
        seen = self.snapshot(group)
        return seen is not None and all(seen.positions.get(lane, 0) >= end for lane, end in ends.items() if end)

    def read(self, history, group, table=None, key_column=None):
        """As evidence.read_store()."""
        with self.open() as db:
            history.stored = [
                Stored(*row[:4], parse_json(row[4]), *row[5:])
                for row in db.execute(
                    "SELECT sequence, event_id, event_type, entity_key, payload::text, topic, log_partition,"
                    " log_offset FROM event_store ORDER BY sequence"
                )
            ]
            history.dead = [
                Dead(*row)
                for row in db.execute(
                    "SELECT event_id, topic, log_partition, log_offset, message_key, value, reason, code"
                    " FROM dead_letters"
                )
            ]
            if table:
                cursor = db.cursor(row_factory=dict_row)
                rows = cursor.execute(f'SELECT * FROM "{table}"').fetchall()
                history.entities = {row[key_column]: row for row in rows}
            places = {row.place for row in history.stored} | {row.place for row in history.dead}
            history.snapshots.append(Snapshot(positions_of(db, group), places))
        return history


def positions_of(db, group):
    rows = db.execute(
        "SELECT topic, log_partition, next_offset FROM log_positions WHERE consumer_group = %s", (group,)
    )
    return {(topic, partition): offset for topic, partition, offset in rows}


class PgBouncer(Process):
    """A pooler before a server, which hands out a connection for one transaction only."""

    def __init__(self, folder, server, port=6432):
        self.folder = pathlib.Path(folder)
        self.port = port
        config = self.folder / "pgbouncer.ini"
        config.write_text(
            f"[databases]\npostgres = host={server.folder} dbname=postgres user=postgres\n"
            f"[pgbouncer]\nlisten_port = {port}\n"
            f"unix_socket_dir = {self.folder}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n",
            encoding="ascii",
        )
        self.folder.chmod(0o777)
        found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/sbin")
        assert found, "no PgBouncer: tools/install-deps.sh test"
        super().__init__([*as_server(), found, config], cwd="/", name="pgbouncer")

    def url(self, schema):
        return f"postgresql:///postgres?user=postgres&host={self.folder}&port={self.port}&schema={schema}"

    def start(self, timeout=20.0):
        self.spawn()
        self.wait_line("process up", timeout)
        return self
