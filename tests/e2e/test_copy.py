"""`logfirst copy`: one machine's log to Kafka and back, broken off and gone on with, beside a gateway that writes."""

import json
import os
import signal
import sqlite3
import subprocess
import uuid

import pytest
from confluent_kafka import KafkaException

from harness.graphql import unique
from harness.logfirst import BIN, QUOTES, clean_environment, run
from harness.wait import until

COUNT = 20000
MARK = "logfirst_copied_from"


def line(number):
    return json.dumps({
        "eventId": str(uuid.UUID(int=number)), "eventType": "QuoteCreated", "key": f"c{number % 50}",
        "payload": {"amount": number, "customerId": f"c{number % 50}"}, "headers": {"n": str(number), "null": None},
        "time": "2026-01-02T03:04:05.678Z",
    })


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A data folder whose log has COUNT events of 50 customers."""
    folder = tmp_path_factory.mktemp("copy") / "data"
    done = run("events", "import", "--data", folder, input="\n".join(map(line, range(COUNT))), timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"{COUNT} events imported" in done.stderr
    return folder


def log_of(folder):
    return f"embedded:{folder}/log"


def copy(source, target, *options, timeout=120):
    """(exit status, {topic: (copied, present)}, stderr)."""
    done = run("copy", "--from", source, "--to", target, "--output", "json", *options, timeout=timeout)
    lines = [json.loads(text) for text in done.stdout.splitlines()]
    return done.returncode, {one["topic"]: (one["copied"], one["present"]) for one in lines}, done.stderr


def check_kafka(messages, numbers):
    """Each of NUMBERS once, with key, headers and time; in order for each key."""
    seen, latest = [], {}
    for message in messages:
        headers = dict(message.headers())
        number = int(headers["n"])
        assert headers[MARK] == f"business-events/0/{number}".encode() and headers["null"] is None
        assert message.key().decode() == f"c{number % 50}"
        assert message.timestamp()[1] == 1767323045678
        assert json.loads(message.value())["payload"]["amount"] == number
        assert latest.get(message.key(), -1) < number, "order of a key"
        latest[message.key()] = number
        seen.append(number)
    assert sorted(seen) == list(numbers)


@pytest.fixture
def kafka(module_broker):
    """A broker of the test's own with an empty topic business-events of five partitions."""
    broker = module_broker
    if not broker.running():
        broker.start()
    admin = broker.admin()
    if "business-events" in broker.topics():
        for future in admin.delete_topics(["business-events"]).values():
            future.result(20)
        until(lambda: "business-events" not in broker.topics(), "the topic to go")
    broker.create_topic("business-events", partitions=5)
    until(lambda: broker.ends("business-events"), "leaders of the partitions", retry=(KafkaException,))
    return broker


def test_to_kafka_and_back(source, kafka, tmp_path):
    assert copy(log_of(source), kafka.url) == (0, {"business-events": (COUNT, 0)}, "")
    check_kafka(kafka.read("business-events"), range(COUNT))
    status, result, said = copy(log_of(source), kafka.url)
    assert (status, result["business-events"][0]) == (0, 0), said
    status, result, said = copy(kafka.url, log_of(tmp_path / "back"))
    assert (status, result) == (0, {"business-events": (COUNT, 0)}), said
    assert copy(kafka.url, log_of(tmp_path / "back"))[1] == {"business-events": (0, COUNT)}
    table = "SELECT key, value, timestamp FROM records_1"
    there = sqlite3.connect(source / "log" / "log.db").execute(table).fetchall()
    back = sqlite3.connect(tmp_path / "back" / "log" / "log.db").execute(table).fetchall()
    assert sorted(there) == sorted(back)


def test_killed_again_and_again(source, kafka):
    """kill -9 while records are under way; each further call goes on, and in the end each record is there once."""
    words = [BIN, "copy", "--from", log_of(source), "--to", kafka.url]
    kills = 0
    for attempt in range(40):
        process = subprocess.Popen(words, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        before = sum(kafka.ends("business-events").values())
        wanted = before + 1 + attempt * 500
        until(lambda: process.poll() is not None or sum(kafka.ends("business-events").values()) >= min(wanted, COUNT),
              "records under way", 60, interval=0.001)
        if wanted < COUNT and process.poll() is None:  # it may end when it is done
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        output, said = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, said
    assert process.returncode == 0 and kills > 0
    check_kafka(kafka.read("business-events"), range(COUNT))


def test_beside_a_gateway_that_writes(start, folder, kafka):
    """The way off one machine: copy while it serves, stop it, copy the rest; the same server on Kafka has it all."""
    server = start("up", QUOTES)
    client = server.client()
    for number in range(30):
        client.create_quote(f"k{number % 7}", number)
    assert copy(log_of(folder), kafka.url, QUOTES)[1] == {"business-events": (30, 0)}
    for number in range(30, 50):
        client.create_quote(f"k{number % 7}", number)
    assert server.stop() == 0
    assert copy(log_of(folder), kafka.url, QUOTES)[1]["business-events"][0] == 20
    moved = start("up", QUOTES, "--log", kafka.url, "--group", unique("group"), data=folder.parent / "moved")
    until(lambda: all(moved.client().quote(f"k{number}") for number in range(7)), "all quotes")
    until(lambda: moved.client().quote("k0")["amount"] == 49, "the last amount")
    assert moved.stop() == 0


def test_dead_letters_go_along(source, tmp_path, broker, topic):
    broker.create_topic(topic, partitions=2)
    broker.create_topic(f"{topic}.dlq", partitions=1)
    broker.produce(topic, [{"value": b"\xff\x00", "key": b"\xfe", "headers": [("h", b"\x80"), ("h", None)]},
                           {"value": None}, {"value": b"", "key": b""}])
    broker.produce(f"{topic}.dlq", [{"value": b"\xff\x00", "key": b"\xfe"}])
    target = log_of(tmp_path)
    assert copy(broker.url, target, "--topic", topic)[:2] == (0, {topic: (3, 0), f"{topic}.dlq": (1, 0)})
    other = unique("other")
    broker.create_topic(other)
    broker.produce(other, [{"value": b"1"}])
    assert copy(broker.url, target, "--topic", topic, "--topic", other)[:2] == (
        0, {topic: (0, 3), f"{topic}.dlq": (0, 1), other: (1, 0)}
    )


def test_usage(source, tmp_path):
    assert run("copy").returncode == 2
    assert run("copy", "--from", log_of(source)).returncode == 2
    done = run("copy", "--from", log_of(source), "--to", log_of(source))
    assert done.returncode == 2 and "same" in done.stderr
    done = run("copy", "--from", log_of(source), "--to", log_of(tmp_path), "--topic", "nothing")
    assert done.returncode == 1 and "nothing" in done.stderr
    assert run("copy", "--from", log_of(tmp_path / "nothing"), "--to", log_of(tmp_path)).returncode == 1


def test_a_target_in_use(source, start, folder):
    start("up", QUOTES)
    status, _, said = copy(log_of(source), log_of(folder))
    assert status == 1 and "in use" in said
