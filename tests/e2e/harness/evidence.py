"""Reads what a run has left behind, with SQLite and Kafka clients that know nothing of the program."""

import contextlib
import json
import pathlib
import sqlite3

from harness.checker import MISSING, Dead, Record, Snapshot, Stored, parse_json


@contextlib.contextmanager
def open_sqlite(path):
    """Read-only, so that looking at a store neither repairs nor checkpoints it."""
    uri = pathlib.Path(path).absolute().as_uri() + "?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=20, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def envelope(value):
    """(eventId, eventType, payload) of a record's value; (None, None, MISSING) where it is none."""
    try:
        document = parse_json(value.decode("utf-8"))
        event_id, event_type = document["eventId"], document["eventType"]
        if isinstance(event_id, str) and isinstance(event_type, str):
            return event_id, event_type, document["payload"]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass
    return None, None, MISSING


def record(topic, partition, offset, key, value, headers):
    event_id, event_type, payload = envelope(value)
    return Record(topic, partition, offset, key, value, headers, event_id, event_type, payload)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def embedded_headers(blob):
    """For each: varint name length, name, varint value length + 1 (0: null), value."""
    headers, at = [], 0
    blob = blob or b""
    while at < len(blob):
        size, at = varint(blob, at)
        name, at = blob[at : at + size].decode(), at + size
        size, at = varint(blob, at)
        headers.append((name, None if size == 0 else blob[at : at + size - 1]))
        at += max(0, size - 1)
    return headers


def embedded_log(folder, topic):
    """The records of a topic of the embedded log; none where there is no such topic."""
    with open_sqlite(pathlib.Path(folder) / "log.db") as db:
        db.execute("BEGIN")
        found = db.execute("SELECT id FROM topics WHERE name = ?", (topic,)).fetchone()
        if found is None:
            return []
        rows = db.execute(f'SELECT "offset", "key", value, headers FROM records_{int(found[0])} ORDER BY "offset"')
        return [
            record(topic, 0, offset, as_bytes(key), as_bytes(value), embedded_headers(as_bytes(headers)))
            for offset, key, value, headers in rows
        ]


def kafka_log(broker, topic):
    return [
        record(m.topic(), m.partition(), m.offset(), m.key(), m.value(), m.headers() or []) for m in broker.read(topic)
    ]


def table_rows(db, table, json_columns=()):
    cursor = db.execute(f'SELECT * FROM "{table}"')
    names = [column[0] for column in cursor.description]
    rows = []
    for row in cursor:
        state = dict(zip(names, row))
        for name in json_columns:
            if state.get(name) is not None:
                state[name] = json.loads(state[name])
        rows.append(state)
    return rows


def positions_of(db, group):
    rows = db.execute(
        "SELECT topic, log_partition, next_offset FROM log_positions WHERE consumer_group = ?", (group,)
    )
    return {(topic, partition): offset for topic, partition, offset in rows}


def snapshot(store, group):
    """Positions and persisted places, as one transaction shows them; None before the tables exist."""
    if not pathlib.Path(store).exists():
        return None
    with open_sqlite(store) as db:
        db.execute("BEGIN")
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
        if not {"event_store", "dead_letters", "log_positions"} <= tables:
            return None
        places = set(db.execute("SELECT topic, log_partition, log_offset FROM event_store"))
        places |= set(db.execute("SELECT topic, log_partition, log_offset FROM dead_letters"))
        return Snapshot(positions_of(db, group), places)


def reached(store, group, ends):
    """Have the group's positions in the store reached ENDS, {(topic, partition): offset}? A position that says so was
    committed together with all that lies below it."""
    seen = snapshot(store, group)
    return seen is not None and all(seen.positions.get(lane, 0) >= end for lane, end in ends.items() if end)


def read_store(history, store, group, table=None, key_column=None, json_columns=()):
    """Fills in S, D, E and the final snapshot, from one transaction."""
    with open_sqlite(store) as db:
        db.execute("BEGIN")
        history.stored = [
            Stored(sequence, event_id, event_type, entity_key, parse_json(payload), topic, partition, offset)
            for sequence, event_id, event_type, entity_key, payload, topic, partition, offset in db.execute(
                "SELECT rowid, event_id, event_type, entity_key, payload, topic, log_partition, log_offset"
                " FROM event_store ORDER BY rowid"
            )
        ]
        history.dead = [
            Dead(event_id, topic, partition, offset, as_bytes(key), as_bytes(value), reason, code)
            for event_id, topic, partition, offset, key, value, reason, code in db.execute(
                "SELECT event_id, topic, log_partition, log_offset, message_key, value, reason, code FROM dead_letters"
            )
        ]
        if table:
            history.entities = {row[key_column]: row for row in table_rows(db, table, json_columns)}
        places = {row.place for row in history.stored} | {row.place for row in history.dead}
        history.snapshots.append(Snapshot(positions_of(db, group), places))
    return history


def dead_letters(store):
    """The rows as dicts."""
    with open_sqlite(store) as db:
        return table_rows(db, "dead_letters")


def stored_events(store):
    with open_sqlite(store) as db:
        return table_rows(db, "event_store", ("payload",))
