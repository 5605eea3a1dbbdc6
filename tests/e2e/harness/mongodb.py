"""A server of MongoDB's wire protocol of the tests' own (FerretDB, which has no transactions), and what is in a store
there, read with a client that knows nothing of the program."""

import os
import pathlib
import re
import subprocess
from urllib.parse import quote

import pymongo

from harness.checker import Dead, Snapshot, Stored
from harness.process import Process
from harness.wait import until


def program():
    path = os.environ.get("LOGFIRST_FERRETDB") or os.path.expanduser("~/.cache/logfirst/ferretdb/ferretdb")
    assert os.access(path, os.X_OK), "no FerretDB: tools/install-deps.sh test"
    return path


class Mongo(Process):
    """start(), stop(), kill(), freeze(), thaw(): the data and the port stay. TLS: with a certificate of its own, whose
    file clients are to trust."""

    def __init__(self, folder, tls=False):
        self.folder = pathlib.Path(folder)
        self.certificate, self.key = (self.folder / "tls.crt", self.folder / "tls.key") if tls else (None, None)
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self.port = 0
        super().__init__([program(), self.folder], name="ferretdb")

    def start(self, timeout=60.0):
        """Returns when clients are served."""
        self.argv = [self.argv[0], str(self.folder / "data"), f"127.0.0.1:{self.port}"]
        if self.certificate:
            self.make_certificate()
            self.argv += [str(self.certificate), str(self.key)]
        self.spawn()
        self.port = int(self.wait_line(r"127\.0\.0\.1:(\d+)", timeout, self.stdout).group(1))
        until(lambda: self.client().admin.command("ping"), "FerretDB", timeout, retry=(pymongo.errors.PyMongoError,))
        return self

    def make_certificate(self):
        if self.certificate.exists():
            return
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ferretdb"]
        words += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", self.certificate, "-keyout", self.key]
        subprocess.run(list(map(str, words)), check=True, capture_output=True, timeout=60)

    def client(self):
        options = {"tls": True, "tlsCAFile": str(self.certificate)} if self.certificate else {}
        return pymongo.MongoClient(
            "127.0.0.1", self.port, serverSelectionTimeoutMS=5000, socketTimeoutMS=30000, retryReads=False, **options
        )

    def url(self, database):
        options = f"?tls=true&tlsCAFile={quote(str(self.certificate), safe='')}" if self.certificate else ""
        return f"mongodb://127.0.0.1:{self.port}/{database}{options}"

    def store(self, database):
        return Store(self, database)


class Store:
    """A store, seen from outside. Without transactions nobody sees one moment of several collections: positions are
    read first, and what lies below them is there."""

    def __init__(self, server, database):
        self.server = server
        self.database = database

    @property
    def url(self):
        return self.server.url(self.database)

    def documents(self, collection, query=None):
        with self.server.client() as client:
            return list(client[self.database][collection].find(query or {}))

    def positions(self, group):
        rows = self.documents("log_positions", {"consumerGroup": group})
        return {(row["topic"], row["partition"]): row["nextOffset"] for row in rows}

    def snapshot(self, group):
        """Positions, and persisted places below them: a commit in work, or cut short, has stored some above."""
        positions = self.positions(group)
        rows = self.documents("event_store") + self.documents("dead_letters")
        places = {(row["topic"], row["partition"], row["offset"]) for row in rows}
        return Snapshot(positions, {place for place in places if place[2] < positions.get(place[:2], 0)})

    def reached(self, group, ends):
        """As evidence.reached()."""
        positions = self.positions(group)
        return all(positions.get(lane, 0) >= end for lane, end in ends.items() if end)

    def read(self, history, group, collection=None):
        """As evidence.read_store()."""
        positions = self.positions(group)
        # The order of the log, not "sequence": an insert that was at work when its consumer died may land late.
        rows = sorted(self.documents("event_store"), key=lambda row: [row[name] for name in PLACE])
        history.stored = [
            Stored(number, *(row[name] for name in ("_id", "eventType", "entityKey", "payload", *PLACE)))
            for number, row in enumerate(rows, 1)
        ]
        history.dead = [
            Dead(
                *(row[name] for name in ("eventId", *PLACE)),
                as_bytes(row["messageKey"]),
                as_bytes(row["value"]),
                row["reason"],
                row["code"],
            )
            for row in self.documents("dead_letters")
        ]
        if collection:
            history.entities = {
                row["_id"]: {snake_case(name): value for name, value in row.items() if name not in ("_id", "_lf")}
                for row in self.documents(collection)
                if "gone" not in row["_lf"]
            }
        places = {row.place for row in history.stored} | {row.place for row in history.dead}
        history.snapshots.append(Snapshot(positions, places))
        return history


PLACE = ("topic", "partition", "offset")


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def snake_case(name):
    """What the folds of the tests call a field."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
