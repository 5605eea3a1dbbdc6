"""What looks like a replica set of one member: a server of the wire protocol (OP_MSG, and OP_QUERY for the first hello)
that has transactions, as the manual's "Transactions" and the drivers' specification "transactions" describe them.
Reads, and writes outside of transactions, go to a FerretDB behind it; the writes of a transaction are checked when they
come, and carried out at commitTransaction. It is no MongoDB: it tells whether the program speaks as it should, and what
it does about the answers that a real server may give."""

import contextlib
import socket
import struct
import threading

import bson
import pymongo

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HEADER = struct.Struct("<iiii")
TOO_OLD = {"ok": 0.0, "code": 251, "codeName": "NoSuchTransaction", "errmsg": "the transaction has been aborted"}
OWN = ("lsid", "txnNumber", "autocommit", "startTransaction", "$db", "$clusterTime", "$readPreference", "writeConcern")


class Refused(Exception):
    def __init__(self, code, message, labels=()):
        super().__init__(message)
        self.reply = {"ok": 0.0, "code": code, "errmsg": message}
        if labels:
            self.reply["errorLabels"] = list(labels)


class ReplicaSet:
    """start() and close(). `commands` is what was asked: (name, command) in order. Faults, for the next commit each:
    `conflict` (a write conflict), `lose_answer` (it is carried out, and the connection breaks)."""

    def __init__(self, mongo, transactions=True):
        self.mongo = mongo
        self.transactions = transactions
        self.commands = []
        self.conflict = self.lose_answer = False
        self.lock = threading.RLock()
        self.pending = {}  # (session, number) -> the writes of an open transaction
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def start(self):
        self.client = self.mongo.client()
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.client.close()

    def url(self, database):
        return f"mongodb://127.0.0.1:{self.port}/{database}?replicaSet=rs0"

    def names(self):
        return [name for name, _ in self.commands]

    # --- the wire

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(ConnectionError):
            while True:
                length, request, _, code = HEADER.unpack(receive(connection, HEADER.size))
                command = parse(code, receive(connection, length - HEADER.size))
                reply = self.answer(command)
                if reply is None:
                    return
                connection.sendall(compose(code, request, reply))

    # --- commands

    def answer(self, command):
        """The reply; None: the connection breaks."""
        name = next(iter(command))
        with self.lock:
            self.commands.append((name, command))
            try:
                if name in ("hello", "isMaster", "ismaster"):
                    return self.hello()
                if name in ("commitTransaction", "abortTransaction"):
                    return self.end(command, name == "commitTransaction")
                if name == "endSessions":
                    return {"ok": 1.0}
                if "autocommit" in command:
                    return self.join(command)
                return self.forward(command)
            except Refused as refused:
                return refused.reply
            except pymongo.errors.OperationFailure as failure:
                return {"ok": 0.0, "code": failure.code or 1, "errmsg": str(failure)}

    def hello(self):
        me = f"127.0.0.1:{self.port}"
        said = {"helloOk": True, "ismaster": True, "isWritablePrimary": True, "setName": "rs0", "setVersion": 1}
        said |= {"hosts": [me], "primary": me, "me": me, "logicalSessionTimeoutMinutes": 30, "maxWireVersion": 21}
        said |= {"minWireVersion": 0, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000}
        return said | {"maxWriteBatchSize": 100000, "readOnly": False, "ok": 1.0}

    def forward(self, command):
        database = self.client[command["$db"]]
        reply = database.command({key: value for key, value in command.items() if key not in OWN}, check=False)
        reply.pop("ferretdbVersion", None)  # buildInfo: it is not what it says it is
        return reply

    def join(self, command):
        """A command of a transaction: judged now, carried out at the commit."""
        if not self.transactions:
            raise Refused(20, "Transaction numbers are only allowed on a replica set member or mongos")
        assert command["autocommit"] is False and "writeConcern" not in command, command
        key = (command["lsid"]["id"], command["txnNumber"])
        if command.get("startTransaction"):
            self.pending[key] = []
        if key not in self.pending:
            return TOO_OLD
        try:
            done = self.judge(command)
        except Refused:
            del self.pending[key]
            raise
        self.pending[key].append(command)
        return {"n": done, "ok": 1.0}

    def judge(self, command):
        """How many documents the write is about; refused: the transaction ends."""
        name = next(iter(command))
        collection = self.client[command["$db"]][command[name]]
        if name == "insert":
            documents = command["documents"]
            clash = {"_id": {"$in": [document["_id"] for document in documents]}}
            places = [
                {part: document[part] for part in ("topic", "partition", "offset")}
                for document in documents
                if "offset" in document
            ]
            if collection.find_one({"$or": [clash, *places]}):
                raise Refused(11000, "E11000 duplicate key error", ["TransientTransactionError"])
            return len(documents)
        parts = command["updates" if name == "update" else "deletes"]
        return sum(collection.find_one(part["q"]) is not None for part in parts)

    def end(self, command, commit):
        writes = self.pending.pop((command["lsid"]["id"], command["txnNumber"]), None)
        if writes is None:
            return TOO_OLD
        if not commit:
            return {"ok": 1.0}
        assert command["writeConcern"]["w"] == "majority" and command["writeConcern"]["j"], command
        if self.conflict:
            self.conflict = False
            raise Refused(112, "WriteConflict", ["TransientTransactionError"])
        for write in writes:
            self.carry_out(write)
        if self.lose_answer:
            self.lose_answer = False
            return None
        return {"ok": 1.0}

    def carry_out(self, command):
        name = next(iter(command))
        collection = self.client[command["$db"]][command[name]]
        if name == "insert":
            collection.insert_many(command["documents"])
            return
        for part in command["updates" if name == "update" else "deletes"]:
            if name == "delete":
                collection.delete_one(part["q"])
            elif "$set" in part["u"]:
                collection.update_one(part["q"], part["u"])
            else:
                collection.replace_one(part["q"], part["u"])


def receive(connection, count):
    received = b""
    while len(received) < count:
        more = connection.recv(count - len(received))
        if not more:
            raise ConnectionError
        received += more
    return received


def parse(code, body):
    """A message's command. Sections of kind 1 become the member that they are named after."""
    if code == OP_QUERY:
        at = body.index(b"\0", 4) + 1 + 8
        return bson.decode(body[at : at + struct.unpack_from("<i", body, at)[0]])
    assert code == OP_MSG, code
    flags, at = struct.unpack_from("<I", body)[0], 4
    end = len(body) - (4 if flags & 1 else 0)
    command, lists = {}, {}
    while at < end:
        kind, at = body[at], at + 1
        size = struct.unpack_from("<i", body, at)[0]
        if kind == 0:
            command = bson.decode(body[at : at + size])
        else:
            name_end = body.index(b"\0", at + 4)
            lists[body[at + 4 : name_end].decode()] = bson.decode_all(body[name_end + 1 : at + size])
        at += size
    return command | lists


def compose(code, request, reply):
    document = bson.encode(reply)
    body = struct.pack("<iqii", 8, 0, 0, 1) + document if code == OP_QUERY else struct.pack("<IB", 0, 0) + document
    kind = OP_REPLY if code == OP_QUERY else OP_MSG
    return HEADER.pack(HEADER.size + len(body), 0, request, kind) + body
