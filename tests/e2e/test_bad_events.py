"""A topic that others write to: what cannot be processed is set aside with its cause, and never blocks the rest."""

import json
import uuid

import pytest

from harness import folds
from harness.checker import History, check, report
from harness.evidence import dead_letters, embedded_log, kafka_log, reached, read_store, stored_events
from harness.graphql import unique
from harness.logfirst import QUOTES, total
from harness.wait import until


def event(event_id, customer="ada", amount=1, **more):
    return json.dumps({"eventId": event_id, "eventType": "QuoteCreated",
                       "payload": {"customerId": customer, "amount": amount}, **more}).encode()


def new():
    return str(uuid.uuid4())


# name -> (value, code); each with a key and a header, which must survive
BAD = {
    "garbage": (b"\xff\xfe\x00garbage", "NOT_AN_EVENT"),
    "empty": (b"", "NOT_AN_EVENT"),
    "null": (None, "NOT_AN_EVENT"),
    "half JSON": (b'{"eventId":', "NOT_AN_EVENT"),
    "a number": (b"42", "NOT_AN_EVENT"),
    "a list": (b"[]", "NOT_AN_EVENT"),
    "an empty object": (b"{}", "NOT_AN_EVENT"),
    "a magic byte": (b"\x00\x00\x00\x00\x01payload", "NOT_AN_EVENT"),
    "no eventId": (b'{"eventType":"QuoteCreated","payload":{"customerId":"x","amount":1}}', "NOT_AN_EVENT"),
    "an eventId that is a number": (b'{"eventId":5,"eventType":"QuoteCreated","payload":{}}', "NOT_AN_EVENT"),
    "an eventId that is empty": (b'{"eventId":"","eventType":"QuoteCreated","payload":{}}', "NOT_AN_EVENT"),
    "no eventType": (b'{"eventId":"b1","payload":{}}', "NOT_AN_EVENT"),
    "invalid UTF-8": (
        b'{"eventId":"b2","eventType":"QuoteCreated","payload":{"customerId":"\xff","amount":1}}',
        "NOT_AN_EVENT",
    ),
    "nested 100000 deep": (b'{"eventId":"b3","eventType":"QuoteCreated","payload":' + b"[" * 100000, "NOT_AN_EVENT"),
    "no payload": (b'{"eventId":"b4","eventType":"QuoteCreated"}', None),
    "payload is null": (b'{"eventId":"b5","eventType":"QuoteCreated","payload":null}', None),
    "payload is a list": (b'{"eventId":"b6","eventType":"QuoteCreated","payload":[]}', None),
    "a missing field": (b'{"eventId":"b7","eventType":"QuoteCreated","payload":{"amount":1}}', "EVENT_INVALID"),
    "a null field": (
        b'{"eventId":"b8","eventType":"QuoteCreated","payload":{"customerId":null,"amount":1}}',
        "EVENT_INVALID",
    ),
    "a wrong type": (
        b'{"eventId":"b9","eventType":"QuoteCreated","payload":{"customerId":"x","amount":"1"}}',
        "EVENT_INVALID",
    ),
    "below the minimum": (
        b'{"eventId":"b10","eventType":"QuoteCreated","payload":{"customerId":"x","amount":-1}}',
        "EVENT_INVALID",
    ),
    "a number out of range": (
        b'{"eventId":"b11","eventType":"QuoteCreated","payload":{"customerId":"x","amount":1e999}}',
        None,
    ),
}


def lag_zero(server):
    """The metrics, once they say that nothing is left."""

    def seen():
        samples = server.metrics()
        there = [name for name in samples if name.startswith("logfirst_consumer_lag")]
        return samples if there and total(samples, "logfirst_consumer_lag") == 0 else None

    return until(seen, "lag 0", 60)


@pytest.fixture
def drain(broker, topic, group):
    """drain(server): everything that is in the topic now is stored or set aside; the metrics say so."""

    def wait(server):
        ends = {(topic, partition): end for partition, end in broker.ends(topic).items()}
        until(lambda: reached(server.store_file, group, ends), "the position to reach the end of the topic", 40)
        return lag_zero(server)

    return wait


@pytest.fixture
def consumer(broker, topic, group, start):
    def run(*options):
        return start("consumer", QUOTES, "--log", broker.url, "--topic", topic, "--group", group, *options)

    return run


@pytest.fixture
def make_topic(broker, topic):
    broker.create_topic(topic, partitions=1, **{"max.message.bytes": "8000000"})
    broker.create_topic(topic + ".dlq", partitions=1, **{"max.message.bytes": "8000000"})


def history_of(server, broker, topic, group, **keywords):
    history = History(fold=folds.quotes, foreign=True, **keywords)
    history.log = kafka_log(broker, topic)
    history.dead_records = kafka_log(broker, topic + ".dlq")
    read_store(history, server.store_file, group, "quotes", "customer_id")
    history.broker_positions = {(topic, p): offset for p, offset in broker.committed(group, topic).items()}
    return history


def test_everything_bad_between_good(broker, topic, group, make_topic, consumer, drain):
    messages, good = [], []
    for number, (name, (value, _)) in enumerate(BAD.items()):
        good.append(new())
        messages.append({"value": event(good[-1], f"c{number}", number), "key": b"c%d" % number})
        messages.append({"value": value, "key": b"k%d" % number,
                         "headers": [("name", name.encode()), ("twice", b"1"), ("twice", b"2"), ("null", None)]})
    good.append(new())
    messages.append({"value": event(good[-1], "last", 99), "key": None})
    broker.produce(topic, messages)
    server = consumer()
    samples = drain(server)

    assert [row["event_id"] for row in stored_events(server.store_file)] == good
    rows = {row["log_offset"]: row for row in dead_letters(server.store_file)}
    records = {int(dict(m.headers())["__connect.errors.offset"]): m for m in broker.read(topic + ".dlq")}
    assert len(rows) == len(records) == len(BAD)
    for number, (name, (value, code)) in enumerate(BAD.items()):
        offset = 2 * number + 1
        row, record = rows[offset], records[offset]
        assert row["reason"] and row["stage"], name
        assert code is None or row["code"] == code, (name, row["code"], row["reason"])
        assert row["code"] in ("NOT_AN_EVENT", "EVENT_INVALID"), (name, row["code"])
        assert record.value() == value, name
        assert record.key() == b"k%d" % number
        headers = record.headers()
        assert headers[:4] == [("name", name.encode()), ("twice", b"1"), ("twice", b"2"), ("null", None)], name
        extra = dict(headers[4:])
        assert extra["__connect.errors.topic"] == topic.encode()
        assert extra["__connect.errors.partition"] == b"0"
        assert extra["__connect.errors.offset"] == b"%d" % offset
        assert extra["__connect.errors.exception.message"], name
        assert any(key in extra for key in ("__connect.errors.stage", "__connect.errors.exception.class.name")), extra
    violations = check(history_of(server, broker, topic, group))
    assert not violations, report(violations)
    dead = sum(value for key, value in samples.items() if "dead" in key and key.split("{")[0].endswith("_total"))
    assert dead == len(BAD), samples
    assert server.stop() == 0


def test_dead_letters_are_seen_through_the_api(broker, topic, group, make_topic, consumer, start, drain):
    broker.produce(topic, [{"value": BAD["below the minimum"][0]}, {"value": event("ok-1")}])
    drain(consumer())
    client = start("gateway", QUOTES, "--log", broker.url, "--topic", topic, "--group", group).client()
    dead = client.execute('{ event(eventId: "b10") { status code reason stage payload topic partition offset } }')[
        "event"
    ]
    assert (dead["status"], dead["code"], dead["topic"]) == ("DEAD_LETTERED", "EVENT_INVALID", topic)
    assert "amount" in dead["reason"] and int(dead["offset"]) == 0
    assert client.execute('{ event(eventId: "ok-1") { status reason } }')["event"] == {
        "status": "STORED",
        "reason": None,
    }


def test_duplicates_and_conflicts(broker, topic, group, make_topic, consumer, drain):
    """A repeat is dropped; the same eventId with another content is dead-lettered, whatever lies between."""
    same = event("e-1", "ada", 1)
    respelled = b'{ "payload": {"amount": 1.0, "customerId": "ada"}, "eventType": "QuoteCreated", "eventId": "e-1" }'
    other = event("e-1", "ada", 2)
    other_type = b'{"eventId":"e-1","eventType":"SomethingElse","payload":{"customerId":"ada","amount":1}}'
    broker.produce(topic, [{"value": v} for v in (same, same, event("e-2", "ada", 5), respelled, other, other_type)])
    server = consumer()
    drain(server)
    broker.produce(topic, [{"value": v} for v in (same, other)])
    drain(server)
    assert [(row["event_id"], row["log_offset"]) for row in stored_events(server.store_file)] == [
        ("e-1", 0),
        ("e-2", 2),
    ]
    dead = dead_letters(server.store_file)
    assert [(row["log_offset"], row["code"]) for row in dead] == [(o, "EVENT_CONFLICT") for o in (4, 5, 7)]
    assert all(row["event_id"] == "e-1" for row in dead)
    violations = check(history_of(server, broker, topic, group))
    assert not violations, report(violations)


UNKNOWN = b'{"eventId":"u-1","eventType":"OrderShipped","payload":{"any":[1,2.50,"x"]},"extra":{"kept":true}}'


@pytest.mark.parametrize("policy", ["store", "skip", "dead_letter"])
def test_unknown_event_types(broker, topic, group, make_topic, consumer, policy, drain):
    broker.produce(topic, [{"value": UNKNOWN, "key": b"o1"}, {"value": event("ok-1")}])
    server = consumer("--unknown-events", policy)
    drain(server)
    rows = {row["event_id"]: row for row in stored_events(server.store_file)}
    dead = dead_letters(server.store_file)
    assert "ok-1" in rows
    if policy == "store":
        assert rows["u-1"]["event_type"] == "OrderShipped" and rows["u-1"]["payload"] == {"any": [1, 2.5, "x"]}
        assert rows["u-1"]["entity_type"] is None
        assert json.loads(rows["u-1"]["extra"]) == {"extra": {"kept": True}}, "unknown fields of the envelope are kept"
        assert dead == []
    elif policy == "skip":
        assert set(rows) == {"ok-1"} and dead == []
    else:
        assert set(rows) == {"ok-1"} and [row["code"] for row in dead] == ["UNKNOWN_EVENT"]
    skipped = frozenset({"OrderShipped"}) if policy == "skip" else frozenset()
    violations = check(history_of(server, broker, topic, group, skipped_types=skipped))
    assert not violations, report(violations)


def test_a_huge_good_event(broker, topic, make_topic, consumer, drain):
    """3 MB: the gateway would refuse it, another producer may write it; its neighbours are not harmed."""
    huge = json.dumps({"eventId": "huge", "eventType": "Blob", "payload": {"x": "y" * 3000000}}).encode()
    broker.produce(topic, [{"value": event("a")}, {"value": huge}, {"value": event("b")}])
    server = consumer()
    drain(server)
    assert {"a", "b"} <= {row["event_id"] for row in stored_events(server.store_file)}
    ids = {row["event_id"] for row in stored_events(server.store_file)}
    ids |= {row["event_id"] for row in dead_letters(server.store_file)}
    assert ids == {"a", "huge", "b"}


def test_huge_garbage(broker, topic, group, consumer, drain):
    """3 MB that are no event, where the topic allows them: its dead letter topic is made as wide; the rest goes on."""
    huge = b"g" * 3000000
    broker.create_topic(topic, partitions=1, **{"max.message.bytes": "8000000"})
    broker.produce(topic, [{"value": event("a")}, {"value": huge, "key": b"k"}, {"value": event("b")}])
    server = consumer()
    drain(server)
    assert [row["event_id"] for row in stored_events(server.store_file)] == ["a", "b"]
    assert [message.value() == huge for message in broker.read(topic + ".dlq")] == [True]
    violations = check(history_of(server, broker, topic, group))
    assert not violations, report(violations)


def test_only_bad_events(broker, topic, group, make_topic, consumer, drain):
    """A thousand in a row: lag 0, the position behind all of them, and a restart does not set them aside again."""
    broker.produce(topic, [{"value": b"bad %d" % number} for number in range(1000)])
    server = consumer("--batch", "100")
    drain(server)
    assert server.stop() == 0
    server = consumer()
    broker.produce(topic, [{"value": event("ok")}])
    until(lambda: stored_events(server.store_file), "the good one")
    drain(server)
    assert len(dead_letters(server.store_file)) == 1000
    violations = check(history_of(server, broker, topic, group))
    assert not violations, report(violations)


def test_a_large_backlog_with_everything_mixed(broker, topic, group, make_topic, consumer, drain):
    messages = []
    for number in range(20000):
        if number % 97 == 0:
            messages.append({"value": list(BAD.values())[number % len(BAD)][0], "key": b"x"})
        elif number % 89 == 0:
            messages.append({"value": event(f"m-{number - 1}", "repeat", number)})
        else:
            messages.append({"value": event(f"m-{number}", f"c{number % 100}", number), "key": b"c%d" % (number % 100)})
    broker.produce(topic, messages)
    server = consumer()
    drain(server)
    violations = check(history_of(server, broker, topic, group))
    assert not violations, report(violations)
    assert server.stop() == 0


def test_a_transactional_producer(broker, topic, make_topic, consumer, drain):
    """Aborted messages are not events; committed ones are, and the gaps that transactions leave stop nothing."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": unique("tx"), "log_level": 0})
    producer.init_transactions(30)
    for number, commit in enumerate((True, False, True, False)):
        producer.begin_transaction()
        producer.produce(topic, event(f"t-{number}", f"t{number}", number))
        producer.flush(30)
        (producer.commit_transaction if commit else producer.abort_transaction)(30)
    broker.produce(topic, [{"value": event("plain")}])
    server = consumer()
    until(lambda: "plain" in {row["event_id"] for row in stored_events(server.store_file)}, "the last one", 30)
    assert [row["event_id"] for row in stored_events(server.store_file)] == ["t-0", "t-2", "plain"]
    assert dead_letters(server.store_file) == []
    drain(server)


def test_bad_events_in_the_embedded_log(start, folder):
    """Other teams cannot write there, but an older schema may have: a type that the schema no longer accepts."""
    server = start("up", QUOTES)
    client = server.client()
    receipts = [client.create_quote(f"c{number}", number, wait=False) for number in range(4)]
    assert server.stop() == 0
    for file in folder.glob("store.db*"):
        file.unlink()
    stricter = folder.parent / "stricter.graphql"
    stricter.write_text(QUOTES.read_text().replace("min: 0", "min: 2"))
    server = start("up", stricter)
    lag_zero(server)
    assert [row["event_id"] for row in stored_events(server.store_file)] == [r["eventId"] for r in receipts[2:]]
    dead = dead_letters(server.store_file)
    assert [row["event_id"] for row in dead] == [r["eventId"] for r in receipts[:2]]
    assert {row["code"] for row in dead} == {"EVENT_INVALID"}
    buried = embedded_log(folder / "log", "business-events.dlq")
    assert [record.value for record in buried] == [
        row["value"] if isinstance(row["value"], bytes) else row["value"].encode() for row in dead
    ]
    assert all("__connect.errors.topic" in dict(record.headers) for record in buried)
