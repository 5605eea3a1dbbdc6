"""`logfirst events export` and `import`: what one server has stored becomes another's log."""

import json

import pytest

from harness.logfirst import QUOTES, run
from harness.wait import until


@pytest.fixture
def used(start, folder):
    """A data folder with six quotes, not in use."""
    server = start("up", QUOTES)
    client = server.client()
    for number in range(6):
        client.create_quote(f"c{number % 4}", number + 0.25)
    assert server.stop() == 0
    return folder


def lines_of(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_place(line):
    return {name: value for name, value in line.items() if name not in ("partition", "offset")}


def test_there_and_back(used, start, tmp_path):
    file, other = tmp_path / "events.jsonl", tmp_path / "other"
    done = run("events", "export", "--data", used, "--file", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "6 events\n")
    exported = [json.loads(line) for line in file.read_text().splitlines()]
    assert exported == lines_of(run("events", "export", "--data", used))
    assert [line["payload"]["amount"] for line in exported] == [number + 0.25 for number in range(6)]
    assert exported[0]["headers"]["ce_id"] == exported[0]["eventId"] and exported[0]["key"] == "c0"

    for _ in range(2):  # the second time takes no effect
        done = run("events", "import", "--data", other, "--file", file)
        assert (done.returncode, done.stderr) == (0, "6 events imported\n")
    server = start("up", QUOTES, data=other)
    until(lambda: server.client().quote("c1") == {"customerId": "c1", "amount": 5.25}, "the last quote of c1")
    until(lambda: len(lines_of(run("events", "export", "--data", other))) == 6, "all events")
    done = run("events", "import", "--data", other, "--file", file)
    assert done.returncode == 1 and "in use" in done.stderr
    assert server.stop() == 0
    again = lines_of(run("events", "export", "--data", other))
    assert [without_place(line) for line in again] == [without_place(line) for line in exported]
    assert run("verify", QUOTES, "--data", other).returncode == 0

    done = run("events", "import", "--data", other, "--file", file, "--skip-present", "--output", "json")
    assert done.returncode == 0
    assert json.loads(done.stderr) == {"imported": 0, "present": 6, "invalid": 0, "after": 6}


def test_lines_that_are_no_events(used, tmp_path):
    lines = run("events", "export", "--data", used).stdout.splitlines()
    lines[2] = "nonsense"
    text = "\n".join(lines)
    done = run("events", "import", "--data", tmp_path, input=text)
    assert done.returncode == 1
    assert "line 3: " in done.stderr and "2 events imported" in done.stderr and "--after 2" in done.stderr
    done = run("events", "import", "--data", tmp_path, "--after", "2", "--skip-invalid", input=text)
    assert done.returncode == 0 and "3 events imported, 1 line is no event" in done.stderr


def test_kafka(used, broker, topic):
    broker.create_topic(topic, partitions=3)
    lines = [{**line, "topic": topic} for line in lines_of(run("events", "export", "--data", used))]
    text = "\n".join(map(json.dumps, lines))
    assert run("events", "import", "--log", broker.url, input=text, timeout=60).returncode == 0
    messages = broker.read(topic)
    assert {json.loads(message.value())["eventId"] for message in messages} == {line["eventId"] for line in lines}
    for message in messages:
        line = next(line for line in lines if line["eventId"] == json.loads(message.value())["eventId"])
        assert message.key().decode() == line["key"]
        assert {name: value.decode() for name, value in message.headers()} == line["headers"]


def test_usage(used, tmp_path):
    assert run("events", "export", "more", "--data", used).returncode == 2
    assert run("events", "import", "--after", "x").returncode == 2
    done = run("events", "import", "--data", tmp_path, "--file", tmp_path / "nothing")
    assert done.returncode == 1 and "nothing" in done.stderr
    assert run("events", "export", "--data", tmp_path / "nothing").returncode == 1
    assert run("events", "export", "--data", used, "--file", tmp_path / "no" / "file").returncode == 1
