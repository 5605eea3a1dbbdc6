"""`logfirst dlq list`, `show` and `replay`: what could not be processed is looked at, and given to today's schema
again, with each log and store."""

import base64
import json

import pytest

from harness.graphql import unique
from harness.logfirst import Logfirst, run
from harness.mongodb import Mongo
from harness.postgres import Postgres
from harness.process import scratch
from harness.wait import until

ENTITY = 'type Order @entity(key: "orderId") { orderId: ID! amount: Float! currency: String! }\n'
EVENT = "{ orderId: ID! amount: Float! currency: String! @constraint(maxLength: 3) }\n"
MUTATION = """
type Mutation {
  place(orderId: ID!, amount: Float!, currency: String!): Receipt! @emits(event: "OrderPlaced")
}
"""
VERSION = '@event(entity: "Order", version: 2)'
UPCAST = '@upcast(from: 1, rename: {total: "amount"}, default: {currency: "EUR"})'
WITHOUT = ENTITY + f"type OrderPlaced {VERSION} " + EVENT + MUTATION
WITH = ENTITY + f"type OrderPlaced {VERSION} {UPCAST} " + EVENT + MUTATION


@pytest.fixture(scope="module")
def postgres():
    with scratch("lf-dlq-pg-") as folder:
        server = Postgres(folder).start()
        yield server
        server.close()


@pytest.fixture(scope="module")
def mongo():
    with scratch("lf-dlq-mongo-") as folder:
        server = Mongo(folder).start()
        yield server
        server.close()


class World:
    """A log, a store, and the two schemas."""

    def __init__(self, folder, log=(), store=()):
        self.folder, self.log, self.store = folder, tuple(log), (*store, "--data", folder / "data")
        self.topic = unique("topic")
        (folder / "without.graphql").write_text(WITHOUT)
        (folder / "with.graphql").write_text(WITH)

    @property
    def options(self):
        return (*self.log, *self.store)

    def serve(self, schema):
        name = schema if "/" in str(schema) else self.folder / f"{schema}.graphql"
        return Logfirst("up", name, self.folder / "data", *self.log, *self.store[:-2], "--topic", self.topic).start()

    def append(self, *lines):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        done = run("events", "import", *self.options, "--topic", self.topic, input=text)
        assert done.returncode == 0, done.stderr

    def list(self, *options):
        done = run("dlq", "list", *self.store, "--output", "json", *options)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def replay(self, *words, status=0):
        """(lines of dead letters, summary)"""
        done = run("dlq", "replay", *self.options, "--output", "json", *words, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        *lines, summary = map(json.loads, done.stdout.splitlines())
        return lines, summary

    def verify(self, schema):
        done = run("verify", self.folder / f"{schema}.graphql", *self.options, "--topic", self.topic, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def run_until_dead(self, schema, count):
        with self.serve(schema) as server:
            until(lambda: len(self.list("--limit", "1000")) == count, f"{count} dead letters", 60)
            assert server.stop() == 0


@pytest.fixture(params=["embedded", "postgres", "mongodb"])
def world(request, tmp_path):
    if request.param == "embedded":
        return World(tmp_path)
    store = request.getfixturevalue("postgres" if request.param == "postgres" else "mongo")
    name = unique("store").replace("-", "_")
    made = World(tmp_path, ("--log", request.getfixturevalue("broker").url), ("--store", store.url(name)))
    request.getfixturevalue("broker").create_topic(made.topic, partitions=2)
    return made


@pytest.fixture
def embedded(tmp_path):
    return World(tmp_path)


def line(event_id, payload, **more):
    return {"eventId": event_id, "eventType": "OrderPlaced", "payload": payload, "key": payload["orderId"], **more}


def order(server, key):
    found = server.client().execute("query($k: ID!) { order(orderId: $k) { amount currency } }", {"k": key})
    return found["order"]


OLD = line("old-1", {"orderId": "o1", "total": 5}, headers={"note": "kept"}, time="2026-01-02T03:04:05.000000Z")
LONG = line("long-1", {"orderId": "o3", "amount": 1, "currency": "DOLLAR"}, headers={"ce_dataversion": "2"})
NEW = line("new-1", {"orderId": "o2", "amount": 7, "currency": "CHF"}, headers={"ce_dataversion": "2"})


def test_an_old_event_is_upcast_when_it_is_replayed(world):
    """The consumer lacked the upcast: once it has it, the dead letter is applied, and the store keeps the original."""
    world.append(OLD, NEW, LONG)
    world.run_until_dead("without", 2)
    letters = {letter["eventId"]: letter for letter in world.list()}
    assert {name: letter["code"] for name, letter in letters.items()} == {
        "old-1": "EVENT_INVALID", "long-1": "EVENT_INVALID"}  # fmt: skip
    assert not any(letter["healed"] for letter in letters.values())
    world.verify("without")

    dry, summary = world.replay("--all", "--dry-run")
    assert (summary["replayed"], [one["replayed"] for one in dry]) == (2, [None, None])
    sent, summary = world.replay("old-1")
    assert summary["replayed"] == 1 and summary["failed"] == 0
    assert sent[0]["asked"] == sent[0]["eventId"] == "old-1"
    place = sent[0]["replayed"]
    assert place["topic"] == world.topic and place["partition"] == letters["old-1"]["partition"]
    assert place["offset"] > letters["old-1"]["offset"]

    with world.serve("with") as server:
        assert until(lambda: order(server, "o1"), "the replayed event", 60) == {"amount": 5, "currency": "EUR"}
        assert order(server, "o2") == {"amount": 7, "currency": "CHF"} and order(server, "o3") is None
        event = server.client().execute('{ event(eventId: "old-1") { status payload headers time offset } }')["event"]
        assert (event["status"], event["payload"]) == ("STORED", {"orderId": "o1", "total": 5})
        was = letters["old-1"]
        assert event["headers"] == {
            "note": "kept",
            "logfirst_replayed_from": f"{world.topic}/{was['partition']}/{was['offset']}",
        }
        assert event["time"].startswith("2026-01-02T03:04:05") and int(event["offset"]) == place["offset"]
        assert server.stop() == 0
    healed = {letter["eventId"]: letter["healed"] for letter in world.list()}
    assert healed == {"old-1": True, "long-1": False}
    world.verify("with")

    # again, and all: nothing changes but that the one that is invalid is dead once more
    _, summary = world.replay("old-1")
    assert summary["replayed"] == 1
    sent, summary = world.replay("--all")
    assert [one["eventId"] for one in sent] == ["long-1"] and summary["healed"] == 1
    world.run_until_dead("with", 3)
    world.verify("with")
    done = run("rebuild", "--all", world.folder / "with.graphql", *world.options, "--topic", world.topic,
               "--output", "json", timeout=120)  # fmt: skip
    if "UNSUPPORTED" not in done.stderr:
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["differences"] == 0
    with world.serve("with") as server:
        assert until(lambda: order(server, "o1"), "the order", 60) == {"amount": 5, "currency": "EUR"}
        assert server.stop() == 0


def test_what_is_dead_again_has_two_dead_letters(world):
    world.append(LONG)
    world.run_until_dead("without", 1)
    for count in (2, 3):
        sent, summary = world.replay("--all")
        assert len(sent) == 1 and summary["repeated"] == count - 2  # of one event one record, however often it died
        world.run_until_dead("without", count)
        letters = world.list()
        assert {letter["eventId"] for letter in letters} == {"long-1"}
        assert [letter["offset"] for letter in letters] == sorted({letter["offset"] for letter in letters})
        assert letters[-1]["offset"] == sent[0]["replayed"]["offset"]
    world.verify("without")
    shown = run("dlq", "show", "long-1", *world.store, "--output", "json").stdout.splitlines()
    first, *later = map(json.loads, shown)
    assert len(later) == 2 and first["offset"] == letters[0]["offset"]
    place = f"{world.topic}/{first['partition']}/{first['offset']}"
    # each names the dead letter that it was made of, and none that came before
    assert [one["headers"]["logfirst_replayed_from"] for one in later] == [place, place]


def test_lists_are_filtered_ordered_and_gone_on_with(embedded):
    lines = [line(f"bad-{number}", {"orderId": "o1", "nothing": number}) for number in range(5)]
    other = {**LONG, "eventType": "OrderPlaced"}
    embedded.append(*lines, other)
    embedded.run_until_dead("without", 6)
    ids = [letter["eventId"] for letter in embedded.list()]
    assert ids == [f"bad-{number}" for number in range(5)] + ["long-1"]
    assert [letter["eventId"] for letter in embedded.list("--newest")] == ids[::-1]
    for order_, expected in (((), ids), (("--newest",), ids[::-1])):
        seen, after = [], ()
        while page := embedded.list("--limit", "2", *order_, *after):
            seen += [letter["eventId"] for letter in page]
            after = ("--after", page[-1]["cursor"])
        assert seen == expected
    assert embedded.list("--code", "APPLY_FAILED") == [] and len(embedded.list("--code", "EVENT_INVALID")) == 6
    assert embedded.list("--type", "Other") == [] and len(embedded.list("--type", "OrderPlaced")) == 6
    letter = embedded.list("--limit", "1")[0]
    assert (letter["stage"], letter["topic"], letter["partition"]) == ("validate", embedded.topic, 0)
    assert "amount" in letter["reason"] and letter["deadAt"] and letter["time"] and "value" not in letter
    text = run("dlq", "list", *embedded.store, "--limit", "1").stdout
    assert f"  EVENT_INVALID   {embedded.topic}/0@0  OrderPlaced  bad-0  healed=no  " in text


def test_show_has_every_byte(embedded, broker):
    kafka = World(embedded.folder, ("--log", broker.url))
    broker.create_topic(kafka.topic)
    headers = [("a", b"1"), ("a", b"\xff"), ("none", None)]
    broker.produce(kafka.topic, [{"value": b"\x00\xff\x01", "key": b"\xfek", "headers": headers}])
    kafka.run_until_dead("without", 1)
    place = f"{kafka.topic}/0@0"
    shown = json.loads(run("dlq", "show", place, *kafka.store, "--output", "json").stdout)
    assert base64.b64decode(shown["value"]["base64"]) == b"\x00\xff\x01"
    assert base64.b64decode(shown["key"]["base64"]) == b"\xfek"
    assert shown["headers"] == {"a": ["1", {"base64": "/w=="}], "none": None}
    assert (shown["eventId"], shown["code"], shown["healed"]) == (None, "NOT_AN_EVENT", False)
    text = run("dlq", "show", place, *kafka.store).stdout
    assert text.startswith(f"place        {place}\n") and "value        \\x00\\xff\\x01\n" in text

    # without an eventId it is left out, unless its code is named; as it was, byte for byte
    sent, summary = kafka.replay("--all")
    assert sent == [] and summary["nameless"] == 1
    done = run("dlq", "replay", "--all", *kafka.options)
    assert done.returncode == 0 and done.stdout.startswith("nothing to replay\n")
    for count in (2, 3):
        sent, summary = kafka.replay("--all", "--code", "NOT_AN_EVENT")
        assert len(sent) == 1 and summary["repeated"] == count - 2
        kafka.run_until_dead("without", count)
    again = broker.read(kafka.topic)[-1]
    assert (again.value(), again.key()) == (b"\x00\xff\x01", b"\xfek")
    assert again.headers() == [*headers, ("logfirst_replayed_from", f"{kafka.topic}/0/0".encode())]


def test_records_keep_their_partition(embedded, broker):
    """Other producers choose partitions in other ways: the key alone does not tell."""
    kafka = World(embedded.folder, ("--log", broker.url))
    broker.create_topic(kafka.topic, partitions=4)
    value = json.dumps({"eventId": "p1", "eventType": "OrderPlaced", "payload": {}}).encode()
    broker.produce(kafka.topic, [{"value": value, "key": b"k", "partition": number} for number in (3,)])
    kafka.run_until_dead("without", 1)
    sent, _ = kafka.replay("--all")
    assert sent[0]["replayed"] == {"topic": kafka.topic, "partition": 3, "offset": 1}


def test_conflicts_are_never_healed(embedded):
    embedded.append(NEW, {**NEW, "payload": {**NEW["payload"], "amount": 8}})
    embedded.run_until_dead("without", 1)
    letter = embedded.list()[0]
    assert (letter["code"], letter["healed"]) == ("EVENT_CONFLICT", False)
    sent, summary = embedded.replay("--all")
    assert sent == [] and summary["healed"] == 1


def test_a_log_that_is_in_use_or_another_one(embedded, tmp_path):
    embedded.append(LONG)
    embedded.run_until_dead("without", 1)
    with embedded.serve("without") as server:
        done = run("dlq", "replay", "--all", *embedded.options)
        assert done.returncode == 1 and "in use" in done.stderr and str(server.popen.pid) in done.stderr
        _, summary = embedded.replay("--all", "--dry-run")
        assert summary["replayed"] == 1
        assert server.stop() == 0
    done = run("dlq", "replay", "--all", *embedded.options, "--log", f"embedded:{tmp_path / 'other'}")
    assert done.returncode == 1 and f"no topic {embedded.topic}" in done.stderr


def test_usage(embedded, tmp_path):
    embedded.append(LONG)
    embedded.run_until_dead("without", 1)
    for words in (
        ("dlq", "replay"), ("dlq", "replay", "--all", "x"), ("dlq", "replay", "x", "--code", "EVENT_INVALID"),
        ("dlq", "show"), ("dlq", "show", "x", "--newest"), ("dlq", "list", "x"), ("dlq", "list", "--after", "x"),
        ("dlq", "list", "--limit", "-1"), ("dlq", "list", "--all"), ("dlq",), ("dlq", "burn"),
    ):  # fmt: skip
        assert run(*words, "--data", tmp_path / "data").returncode == 2, words
    done = run("dlq", "show", "nothing", *embedded.store)
    assert done.returncode == 1 and "nothing" in done.stderr
    lines, summary = embedded.replay("nothing", f"{embedded.topic}/0@7", "long-1", status=1)
    assert (summary["failed"], summary["replayed"]) == (2, 1)
    assert [one.get("reason") is None for one in lines] == [False, False, True]
    done = run("dlq", "list", "--data", tmp_path / "none")
    assert done.returncode == 1
    text = run("dlq", "replay", f"{embedded.topic}/0@0", *embedded.options).stdout
    assert text == f"{embedded.topic}/0@0  OrderPlaced  long-1  replayed as {embedded.topic}/0@2\n         1 replayed\n"


def test_many_at_once(embedded):
    """More than a page."""
    count = 450
    embedded.append(*[line(f"bad-{number}", {"orderId": f"o{number}", "total": number}) for number in range(count)])
    embedded.run_until_dead("without", count)
    assert len(embedded.list("--limit", "1000")) == count
    sent, summary = embedded.replay("--all")
    assert summary["replayed"] == count and [one["replayed"]["offset"] for one in sent] == list(range(count, 2 * count))
    with embedded.serve("with") as server:
        until(lambda: order(server, f"o{count - 1}"), "the last order", 60)
        assert server.stop() == 0
    assert all(letter["healed"] for letter in embedded.list("--limit", "1000"))
    embedded.verify("with")
