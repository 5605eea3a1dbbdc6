"""What other programs write to the topic: events of their own, repeats, contradictions and garbage."""

import itertools
import json
import pathlib
import sqlite3
import time

from confluent_kafka import KafkaException

from harness.checker import Attempt

TABLE = []
for byte in range(256):
    value = byte
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    TABLE.append(value)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def event(event_id, account, amount, note):
    payload = {"accountId": account, "amount": amount, "note": note}
    return json.dumps({"eventId": event_id, "eventType": "Moved", "payload": payload}).encode()


class Poisoner:
    """send(append) writes one lot of records; APPEND takes (key, value) pairs and gives their places. Remembers what
    must become of them."""

    def __init__(self, dice, accounts):
        self.dice, self.accounts = dice, accounts
        self.numbers = itertools.count()
        self.sent = []  # good ones: (id, account, amount, note)
        self.attempts = []
        self.must_die = {}

    def lot(self):
        """The new good one, and [(key, value, code of the dead letter or None)]."""
        dice, number = self.dice, next(self.numbers)
        account = f"a{dice.randrange(self.accounts)}"
        bad = {"accountId": account, "amount": 0, "note": "too little"}
        self.attempts.append(Attempt("Moved", bad, "unknown", event_id=f"bad-{number}"))
        good = (f"foreign-{number}", account, dice.randint(1, 100), f"foreign {number}")
        self.attempts.append(Attempt("Moved", {"accountId": good[1], "amount": good[2], "note": good[3]}, "unknown",
                                     event_id=good[0]))
        again = dice.choice(self.sent or [good])
        records = [
            (account, event(*good), None),
            (account, event(*good), None),  # a producer's retry: twice in one batch
            (again[1], event(*again), None),  # and much later
            (account, b"\xff not an event %d" % number, "NOT_AN_EVENT"),
            (account, event(f"bad-{number}", account, 0, "too little"), "EVENT_INVALID"),
            (account, event(good[0], account, good[2] + 1, "another"), "EVENT_CONFLICT"),
        ]
        others = [one for one in self.sent if one[0] != again[0]]
        if others:  # one that the store has
            other = dice.choice(others)
            records.append((other[1], event(other[0], other[1], other[2] + 2, "another"), "EVENT_CONFLICT"))
        dice.shuffle(records)
        # the first of an id has it: the contradiction comes last
        return good, sorted(records, key=lambda record: record[2] == "EVENT_CONFLICT")

    def send(self, append):
        good, records = self.lot()
        places = append([(key.encode(), value) for key, value, _ in records])
        for (_, _, code), place in zip(records, places):
            if code is not None:
                self.must_die[place] = code
        self.sent.append(good)


def kafka_appender(broker, topic):
    def append(records):
        places = broker.produce(topic, [{"key": key, "value": value} for key, value in records])
        return [(topic, partition, offset) for partition, offset in places]

    return append


def embedded_appender(folder, topic):
    """Writes rows as docs/log-embedded.md describes them."""

    def checksum(offset, now, key, value):
        data = topic.encode() + b"\xff" + offset.to_bytes(8, "little") + now.to_bytes(8, "little")
        for part in (key, value):
            data += (len(part) + 1).to_bytes(8, "little") + part
        return crc32c(data + (0).to_bytes(8, "little"))

    def append(records):
        places, now = [], int(time.time() * 1000)
        db = sqlite3.connect(pathlib.Path(folder) / "log.db", timeout=20, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_autocheckpoint = 0")
            db.execute("BEGIN IMMEDIATE")
            number = db.execute("SELECT id FROM topics WHERE name = ?", (topic,)).fetchone()[0]
            last = db.execute(f'SELECT max("offset") FROM records_{number}').fetchone()[0]
            offset = 0 if last is None else last + 1
            for key, value in records:
                db.execute(f"INSERT INTO records_{number} VALUES(?, ?, ?, ?, ?, NULL)",
                           (offset, now, checksum(offset, now, key, value), key, value))
                places.append((topic, 0, offset))
                offset += 1
            db.execute("COMMIT")
        finally:
            db.close()
        return places

    return append


AWAY = (KafkaException, sqlite3.OperationalError, AssertionError)
