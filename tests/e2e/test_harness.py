"""The harness holds what the other tests rely on."""

import sys
from types import SimpleNamespace

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from harness import kafka
from harness.graphql import unique
from harness.logfirst import parse_logfmt, parse_metrics, total
from harness.process import Process
from harness.wait import TimedOut, until


def test_logfmt_is_read_with_quotes_and_escapes():
    line = r'time=2026-01-01T00:00:00Z level=info msg="is \"ready\"" listen=127.0.0.1:1 empty='
    assert parse_logfmt(line) == {
        "time": "2026-01-01T00:00:00Z", "level": "info", "msg": 'is "ready"', "listen": "127.0.0.1:1", "empty": "",
    }


def test_metrics_are_read_strictly():
    samples = parse_metrics('# TYPE a_total counter\na_total{x="1"} 2\na_total{x="2"} 3\n')
    assert total(samples, "a_total") == 5
    assert total(samples, "a_total", x="2") == 3
    for bad in ("untyped 1\n", "# TYPE a counter\na 1\na 2\n", "# TYPE a counter\na\n"):
        with pytest.raises(AssertionError):
            parse_metrics(bad)


def test_waiting_ends_with_what_was_seen_last():
    assert until(lambda: 5, "five") == 5
    with pytest.raises(TimedOut, match="a miracle; last seen: 0"):
        until(lambda: 0, "a miracle", timeout=0.05)


def test_a_process_that_ends_early_is_not_waited_for():
    child = Process([sys.executable, "-c", "import sys; print('some words', file=sys.stderr); sys.exit(3)"])
    with child.spawn(), pytest.raises(TimedOut, match="ended with status 3(.|\n)*some words"):
        child.wait_line("never", timeout=30)


def test_lines_are_seen_as_they_come_and_a_kill_ends_it():
    code = "import sys\nprint('pid', flush=True)\nsys.stdin.readline()"
    child = Process([sys.executable, "-c", code], stdin="pipe")
    with child.spawn():
        child.wait_line("pid", lines=child.stdout)
        assert child.rss_bytes() > 1024 * 1024
        assert child.kill() == -9
    assert not child.running()


def test_committed_offsets_are_asked_for_until_there_is_a_coordinator(monkeypatch, tmp_path):
    refusals = [KafkaError(KafkaError.NOT_COORDINATOR), KafkaError(KafkaError._TRANSPORT)]

    class Asked:
        def __init__(self, config):
            pass

        def list_topics(self, topic, timeout):
            return SimpleNamespace(topics={topic: SimpleNamespace(partitions=[0, 1])})

        def committed(self, places, timeout):
            if refusals:
                raise KafkaException(refusals.pop())
            return [TopicPartition("t", 0, 7), TopicPartition("t", 1, OFFSET_INVALID)]

        def close(self):
            pass

    monkeypatch.setattr(kafka, "Consumer", Asked)
    assert kafka.Broker(tmp_path).committed("g", "t") == {0: 7}
    assert not refusals


def test_the_broker_keeps_its_messages_over_a_kill(own_broker):
    name = own_broker.create_topic(unique("topic"), partitions=2)
    messages = [{"key": b"%d" % n, "value": None if n == 3 else b"v%d" % n, "partition": n % 2,
                 "headers": [("h", b"%d" % n)]} for n in range(6)]
    places = own_broker.produce(name, messages)
    assert places == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]
    own_broker.kill()
    own_broker.start()
    seen = [(m.partition(), m.offset(), m.key(), m.value(), m.headers()) for m in own_broker.read(name)]
    expected = [(p, o, m["key"], m["value"], m["headers"]) for (p, o), m in zip(places, messages)]
    assert seen == sorted(expected)
    assert own_broker.ends(name) == {0: 3, 1: 3}
    assert own_broker.committed("nobody", name) == {}
