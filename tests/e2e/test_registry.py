"""Payloads in JSON Schema, Avro and Protobuf through a real broker and a real registry: other implementations read what
we write and write what we read; and what becomes of records when the registry is not what it should be."""

import base64
import io
import json
import shutil
import struct
import uuid

import fastavro
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from harness import node
from harness.apicurio import Apicurio
from harness.badregistry import BadRegistry
from harness.descriptors import Serializing, message_class
from harness.evidence import dead_letters, stored_events
from harness.graphql import Refused
from harness.logfirst import QUOTES, run
from harness.wait import until

FORMATS = ["json-schema", "avro", "protobuf"]
CONTENT = {"json-schema": b"application/json", "avro": b"application/avro", "protobuf": b"application/protobuf"}
KINDS = {"json-schema": "JSON", "avro": "AVRO", "protobuf": "PROTOBUF"}

# What another team writes: fields of its own beside ours, in another order.
THEIRS = {
    "json-schema": json.dumps({
        "$schema": "http://json-schema.org/draft-07/schema#", "title": "Theirs", "type": "object",
        "properties": {"note": {"type": "string"}, "customerId": {"type": "string"}, "amount": {"type": "number"}},
        "required": ["customerId", "amount"]}),
    "avro": json.dumps({
        "type": "record", "name": "QuoteCreated", "namespace": "logfirst.events", "fields": [
            {"name": "note", "type": "string"}, {"name": "customerId", "type": "string"},
            {"name": "amount", "type": "float"}]}),
    "protobuf": 'syntax = "proto3";\npackage theirs;\nmessage Other { int32 x = 1; }\nmessage Quote {\n'
                "  double amount = 1;\n  string customer_id = 2;\n  string note = 9;\n}\n",
}


@pytest.fixture(scope="module")
def apicurio():
    server = Apicurio().start()
    yield server
    server.close()


@pytest.fixture
def registry(apicurio):
    """confluent-kafka's client. Nobody has asked it before: what it has, it has from the registry."""
    front = Serializing(apicurio.url)
    yield SchemaRegistryClient({"url": front.url})
    front.close()


@pytest.fixture
def bad():
    server = BadRegistry()
    yield server
    server.close()


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """The quotes example with numbers for Protobuf."""
    file = tmp_path_factory.mktemp("schema") / "schema.graphql"
    shutil.copy(QUOTES, file)
    done = run("schema", "lock", file)
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture
def serve(broker, topic, group, start, schema):
    """serve("gateway", URL, FORMAT, …): a process on the test's topic, group and store with that registry."""

    def one(command, url, kind="json", *more, **keywords):
        return start(command, schema, "--log", broker.url, "--topic", topic, "--group", group, "--registry", url,
                     "--format", kind, *more, **keywords)

    return one


def headers_of(message):
    return dict(message.headers() or [])


def identity(event_id=None):
    return [("ce_specversion", b"1.0"), ("ce_id", (event_id or str(uuid.uuid4())).encode()),
            ("ce_type", b"QuoteCreated")]


def read_with_python(registry, kind, topic, value, schema, tmp_path):
    """The payload as confluent-kafka's deserializers have it."""
    context = SerializationContext(topic, MessageField.VALUE)
    if kind == "json-schema":
        return JSONDeserializer(schema, schema_registry_client=registry)(value, context)
    if kind == "avro":
        return AvroDeserializer(registry)(value, context)
    # the class has another package: in one process, messages of one name have to be the same
    text = schema.replace("package logfirst.events", f"package t{uuid.uuid4().hex}")
    read = ProtobufDeserializer(message_class(tmp_path, text, "QuoteCreated"), {}, registry)
    message = read(value, context)
    return {"customerId": message.customer_id, "amount": message.amount}


def write_with_python(registry, kind, topic, payload, tmp_path):
    context = SerializationContext(topic, MessageField.VALUE)
    if kind == "json-schema":
        return JSONSerializer(THEIRS[kind], registry)(payload, context)
    if kind == "avro":
        return AvroSerializer(registry, THEIRS[kind])(payload, context)
    # it registers descriptors in base64, that of what is imported under a subject of its own
    unique = uuid.uuid4().hex  # one process, one pool of names
    text = THEIRS[kind].replace("package theirs;", f'package t{unique};\nimport "m{unique}.proto";')
    text = text.replace("string note = 9;", f"m{unique}.Money money = 3;\n  optional string note = 9;")
    money = f'syntax = "proto3";\npackage m{unique};\nmessage Money {{ int64 units = 1; }}\n'
    cls = message_class(tmp_path, text, "Quote", **{f"m{unique}": money})
    message = cls(amount=payload["amount"], customer_id=payload["customerId"], note=payload["note"])
    message.money.units = 7
    return ProtobufSerializer(cls, registry)(message, context)


# --- both directions


@pytest.mark.parametrize("kind", FORMATS)
def test_others_read_what_the_gateway_writes(serve, apicurio, registry, broker, topic, customer, kind, tmp_path):
    client = serve("gateway", apicurio.url, kind).client()
    receipt = client.create_quote(customer, 12.5, wait=False)
    (message,) = broker.read(topic)
    headers = headers_of(message)
    assert headers["ce_id"].decode() == receipt["eventId"]
    assert headers["ce_type"] == b"QuoteCreated"
    assert headers["content-type"] == CONTENT[kind]
    latest = apicurio.latest(f"{topic}-value")
    assert latest.get("schemaType", "AVRO") == KINDS[kind]
    assert message.value()[:5] == struct.pack(">bI", 0, latest["id"])
    expected = {"customerId": customer, "amount": 12.5}
    assert read_with_python(registry, kind, topic, message.value(), latest["schema"], tmp_path) == expected
    decoded = node.run("registry.js", "decode", apicurio.url,
                       input={"value": base64.b64encode(message.value()).decode()})["payload"]
    assert decoded == expected


@pytest.mark.parametrize("kind", FORMATS)
def test_what_others_write_is_read(serve, apicurio, registry, broker, topic, kind, tmp_path):
    """By confluent-kafka's serializers, with a schema of their own, whatever format our own events have."""
    broker.create_topic(topic)
    client = serve("up", apicurio.url, kind).client()
    payload = {"customerId": "c1", "amount": 0.5, "note": "theirs"}
    value = write_with_python(registry, kind, topic + "-x", payload, tmp_path)
    broker.produce(topic, [{"value": value, "headers": identity("e1")}])
    until(lambda: client.quote("c1"), "the event to be applied", 60)
    assert client.quote("c1") == {"customerId": "c1", "amount": 0.5}


def test_fastavro_reads_and_writes(serve, apicurio, broker, topic, customer):
    """Alone, with a frame of five bytes and the schema as the registry has it."""
    client = serve("up", apicurio.url, "avro").client()
    client.create_quote(customer, 12.5)
    (message,) = broker.read(topic)
    schema_id = struct.unpack(">bI", message.value()[:5])[1]
    status, answer = apicurio.call("GET", f"/schemas/ids/{schema_id}")
    assert status == 200
    ours = fastavro.parse_schema(json.loads(answer["schema"]))
    read = fastavro.schemaless_reader(io.BytesIO(message.value()[5:]), ours, None)
    assert read == {"customerId": customer, "amount": 12.5}
    for event, schema in (("e1", answer["schema"]), ("e2", THEIRS["avro"])):
        schema_id = apicurio.register(f"{topic}-{event}", schema, "AVRO")
        out = io.BytesIO(struct.pack(">bI", 0, schema_id))
        out.seek(5)
        payload = {"customerId": f"{customer}-{event}", "amount": 0.5, "note": "theirs"}
        fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(schema)), payload)
        broker.produce(topic, [{"value": out.getvalue(), "headers": identity(f"{customer}-{event}")}])
    until(lambda: client.quote(f"{customer}-e2"), "both events to be applied", 60)
    assert client.quote(f"{customer}-e1") == {"customerId": f"{customer}-e1", "amount": 0.5}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_kafkajs_writes_is_read(serve, apicurio, broker, topic, kind):
    broker.create_topic(topic)
    client = serve("up", apicurio.url, "json").client()
    schema = THEIRS[kind]
    if kind == "protobuf":  # it writes the first message of a file
        schema = schema.replace("message Other { int32 x = 1; }\n", "")
    made = node.run("registry.js", "encode", apicurio.url, KINDS[kind], f"{topic}-js",
                    input={"schema": schema, "payload": {"customerId": "c1", "amount": 0.5, "note": "theirs"}})
    broker.produce(topic, [{"value": base64.b64decode(made["value"]), "headers": identity("e1")}])
    until(lambda: client.quote("c1"), "the event to be applied", 60)
    assert client.quote("c1") == {"customerId": "c1", "amount": 0.5}
    events = client.execute('{ event(eventId: "e1") { payload } }')["event"]["payload"]
    assert events == {"customerId": "c1", "amount": 0.5, "note": "theirs"}


def test_through_gateway_and_consumer_in_every_format(serve, apicurio, topic, folder):
    """One topic, written in one format after the other: all of it is read, to the same state."""
    for number, kind in enumerate(["json", *FORMATS]):
        names = ["--registry-subject-strategy", "record", "--package", f"of.{kind.replace('-', '_')}"]
        server = serve("up", apicurio.url, kind, *names)
        client = server.client()
        receipt = client.create_quote(f"c-{kind}", number + 0.5)
        assert receipt["status"] == "STORED"
        event = client.execute('{ event(eventId: "%s") { payload } }' % receipt["eventId"])["event"]
        assert event["payload"] == {"customerId": f"c-{kind}", "amount": number + 0.5}
        assert server.stop() == 0
    assert dead_letters(server.store_file) == []


def test_a_header_holds_the_id(serve, apicurio, broker, topic):
    schema_id = apicurio.register(f"{topic}-h", THEIRS["json-schema"], "JSON")
    broker.create_topic(topic)
    client = serve("up", apicurio.url).client()
    value = json.dumps({"customerId": "c1", "amount": 3}).encode()
    headers = [*identity("e1"), ("__value_schema_id", struct.pack(">bI", 0, schema_id))]
    broker.produce(topic, [{"value": value, "headers": headers}])
    until(lambda: client.quote("c1"), "the event to be applied", 60)


def test_a_guid_instead_of_an_id(serve, bad, broker, topic):
    """In the header or in front of the payload, as newer clients have it."""
    guid = uuid.uuid4()
    bad.schemas = {str(guid): ("JSON", '{"properties": {"amount": {"maximum": 5}}}')}
    broker.create_topic(topic)
    server = serve("up", bad.url)
    client = server.client()
    name = b"\x01" + guid.bytes
    values = [json.dumps({"customerId": f"c{number}", "amount": 3}).encode() for number in range(2)]
    large = json.dumps({"customerId": "c2", "amount": 6}).encode()
    broker.produce(topic, [
        {"value": values[0], "headers": [*identity("e0"), ("__value_schema_id", name)]},
        {"value": large, "headers": [*identity("e2"), ("__value_schema_id", name)]},
        {"value": name + values[1], "headers": identity("e1")}])
    until(lambda: client.quote("c0") and client.quote("c1"), "the events to be applied", 60)
    assert [(letter["event_id"], letter["code"]) for letter in dead_letters(server.store_file)] == [
        ("e2", "NOT_AN_EVENT")]


# --- start-up


def test_an_incompatible_schema_is_refused(serve, apicurio, topic, tmp_path, broker, group):
    apicurio.register(f"{topic}-value", json.dumps({
        "type": "record", "name": "QuoteCreated", "namespace": "logfirst.events",
        "fields": [{"name": "amount", "type": "string"}]}), "AVRO")
    apicurio.call("PUT", f"/config/{topic}-value", {"compatibility": "FULL"})
    done = run("gateway", QUOTES, "--data", tmp_path / "d", "--log", broker.url, "--topic", topic, "--group", group,
               "--registry", apicurio.url, "--format", "avro", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
               timeout=90)
    assert done.returncode == 1
    assert f"{topic}-value" in done.stderr and "QuoteCreated" in done.stderr and "CONFLICT" in done.stderr


def test_a_subject_of_another_format_is_refused(start, broker, apicurio, topic, tmp_path):
    """Apicurio would take the text, and then say that it is Avro: nobody could read such events. (Not of a text that it
    has from another subject already: that has the id and the type it had.)"""
    apicurio.register(f"{topic}-value", '"string"', "AVRO")
    apicurio.call("PUT", f"/config/{topic}-value", {"compatibility": "NONE"})
    sdl = tmp_path / "new.graphql"
    sdl.write_text(QUOTES.read_text().replace("A quote was created.", f"A quote of {topic} was created."))
    assert run("schema", "lock", sdl).returncode == 0
    server = start("gateway", sdl, "--log", broker.url, "--topic", topic, "--registry", apicurio.url,
                   "--format", "protobuf", ready=False)
    server.wait_line("takes it for AVRO", 120)
    until(lambda: not server.running(), "the gateway to end", 60)


def test_schemas_that_must_be_registered(serve, apicurio, topic, tmp_path, broker, group, customer):
    options = ["--registry-auto-register=false"]
    done = run("gateway", QUOTES, "--data", tmp_path / "d", "--log", broker.url, "--topic", topic, "--group", group,
               "--registry", apicurio.url, "--format", "avro", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
               *options, timeout=90)
    assert done.returncode == 1 and f"{topic}-value" in done.stderr and "auto_register" in done.stderr
    serve("gateway", apicurio.url, "avro").stop()  # this one may
    client = serve("gateway", apicurio.url, "avro", *options).client()
    client.create_quote(customer, 1, wait=False)


def test_a_registry_that_comes_later(serve, bad, customer):
    """Not ready, and says why; mutations are refused as not logged; ready by itself when the registry answers."""
    bad.mode = "500"
    server = serve("gateway", bad.url, "json-schema", ready=False)
    server.wait_line(r"waiting for the schema registry", 60)
    assert server.running()
    bad.mode = "good"
    bad.good = lambda path: (200, b'{"id": 7, "version": 1, "schema": "{}", "schemaType": "JSON"}')
    server.wait_line(r"\bmsg=ready\b", 60)
    assert server.stop() == 0


# --- a registry that is not what it should be

MODES = ["down", "hang", "500", "garbage", "html404"]


def framed(schema_id, payload):
    return struct.pack(">bI", 0, schema_id) + json.dumps(payload).encode()


@pytest.mark.parametrize("mode", MODES)
def test_unknown_ids_wait_and_the_rest_goes_on(serve, bad, broker, topic, mode):
    broker.create_topic(topic, partitions=2)
    bad.schemas = {1: ("JSON", "true"), 2: ("JSON", "true")}
    server = serve("up", bad.url, "json", "--registry-timeout", "1s")
    client = server.client()
    broker.produce(topic, [{"value": framed(1, {"customerId": "a0", "amount": 1}), "headers": identity("a0"),
                            "partition": 0}])
    until(lambda: client.quote("a0"), "a schema to be known", 60)
    bad.mode = mode
    records = [framed(1, {"customerId": "a1", "amount": 1}), framed(2, {"customerId": "a2", "amount": 1}),
               framed(1, {"customerId": "a3", "amount": 1})]
    broker.produce(topic, [{"value": value, "headers": identity(f"a{number}"), "partition": 0}
                           for number, value in enumerate(records, 1)])
    broker.produce(topic, [{"value": framed(1, {"customerId": f"b{number}", "amount": 1}),
                            "headers": identity(f"b{number}"), "partition": 1} for number in range(50)])
    until(lambda: client.quote("a1") and client.quote("b49"), "what is known to go on", 60)
    server.wait_line(r"consumer waits.*for=schema", 60)
    assert client.quote("a2") is None and client.quote("a3") is None
    assert dead_letters(server.store_file) == []
    assert server.ready()
    bad.mode = "good"
    until(lambda: client.quote("a3"), "the held partition to go on", 60)
    assert client.quote("a2")
    assert dead_letters(server.store_file) == []
    assert len(stored_events(server.store_file)) == 54


@pytest.mark.parametrize("told, patience", [(True, "120s"), (False, "5s")], ids=["as told", "within its time"])
def test_a_registry_that_is_slow(serve, bad, broker, topic, told, patience):
    """It answers within the time-out: the record is processed with that answer, and the others' events do not wait for
    it. As told: no answer before all of those are stored."""
    broker.create_topic(topic, partitions=2)
    bad.schemas = {1: ("JSON", "true"), 2: ("JSON", "true")}
    server = serve("up", bad.url, "json", "--registry-timeout", patience)
    client = server.client()
    broker.produce(topic, [{"value": framed(1, {"customerId": "a0", "amount": 1}), "headers": identity("a0"),
                            "partition": 0}])
    until(lambda: client.quote("a0"), "a schema to be known", 60)
    bad.mode = "slow"
    if told:
        bad.hurry.clear()
    broker.produce(topic, [{"value": framed(number, {"customerId": f"a{number}", "amount": 1}),
                            "headers": identity(f"a{number}"), "partition": 0} for number in (2, 1)])
    broker.produce(topic, [{"value": framed(1, {"customerId": f"b{number}", "amount": 1}),
                            "headers": identity(f"b{number}"), "partition": 1} for number in range(50)])
    until(lambda: client.quote("b49"), "the other partition to go on", 60)
    if told:
        assert client.quote("a2") is None and client.quote("a1") is None
        bad.hurry.set()
    until(lambda: client.quote("a2") and client.quote("a1"), "the slow answer to be used", 60)
    assert dead_letters(server.store_file) == []
    assert len(stored_events(server.store_file)) == 53
    if told:  # nothing but the answer that came late
        assert len([path for path in bad.asked if path.startswith("/schemas/ids/2")]) == 1
    assert server.ready()


def test_an_unknown_schema_is_replayed_when_it_is_there(serve, bad, broker, topic):
    broker.create_topic(topic)
    server = serve("up", bad.url)
    broker.produce(topic, [{"value": framed(2, {"customerId": "c1", "amount": 1}), "headers": identity("e1")}])
    letter = until(lambda: dead_letters(server.store_file), "the dead letter", 60)[0]
    assert (letter["event_id"], letter["code"]) == ("e1", "UNKNOWN_SCHEMA")
    assert server.stop() == 0
    bad.schemas = {2: ("JSON", "true")}
    client = serve("up", bad.url).client()
    done = run("dlq", "replay", "e1", "--store", f"sqlite:{server.store_file}", "--log", broker.url)
    assert done.returncode == 0, done.stderr
    assert until(lambda: client.quote("c1"), "the replayed event", 60) == {"customerId": "c1", "amount": 1}


def test_what_can_never_be_read_is_dead_lettered(serve, bad, broker, topic):
    """Each for its own reason, its bytes kept; the events around it are stored."""
    broker.create_topic(topic)
    bad.schemas = {1: ("JSON", "true"), 2: ("JSON", '{"type": "no such type"}'), 3: ("AVRO", "{"),
                   4: ("JSON", '{"properties": {"amount": {"maximum": 5}}}'), 5: ("XML", "<x/>"),
                   6: ("PROTOBUF", "message M {"), 7: ("PROTOBUF", "YgZwcm90bzk=")}
    server = serve("up", bad.url)
    client = server.client()
    good = {"customerId": "c", "amount": 9}
    cases = {
        "unknown id": (framed(99, good), "UNKNOWN_SCHEMA"),
        "wrong magic byte": (b"\x07" + framed(1, good)[1:], "NOT_AN_EVENT"),
        "half an id": (b"\x00\x00\x00", "NOT_AN_EVENT"),
        "schema that does not compile": (framed(2, good), "NOT_AN_EVENT"),
        "schema that is no JSON": (framed(3, good), "NOT_AN_EVENT"),
        "schema that is no .proto file": (framed(6, good), "NOT_AN_EVENT"),
        "schema that is no descriptor": (framed(7, good), "NOT_AN_EVENT"),
        "payload against its schema": (framed(4, good), "NOT_AN_EVENT"),
        "type that nobody knows": (framed(5, good), "NOT_AN_EVENT"),
    }
    for number, (value, _) in enumerate(cases.values()):
        broker.produce(topic, [{"value": value, "headers": identity(f"bad{number}")},
                               {"value": framed(1, {**good, "customerId": f"c{number}"}),
                                "headers": identity(f"good{number}")}])
    until(lambda: client.quote(f"c{len(cases) - 1}"), "the last good event", 90)
    letters = {letter["event_id"]: letter for letter in dead_letters(server.store_file)}
    for number, (what, (value, code)) in enumerate(cases.items()):
        letter = letters[f"bad{number}"]
        assert letter["code"] == code, (what, letter)
    kept = {dict(message.headers())["ce_id"].decode(): message.value() for message in broker.read(topic + ".dlq")}
    assert kept == {f"bad{number}": value for number, (value, _) in enumerate(cases.values())}


def test_a_folder_is_a_registry_too(serve, tmp_path, broker, topic, customer):
    url = f"files:{tmp_path / 'registry'}"
    client = serve("up", url, "avro").client()
    assert client.create_quote(customer, 4)["status"] == "STORED"
    lock = json.loads((tmp_path / "registry" / "registry.lock.json").read_text())
    assert [subject["subject"] for subject in lock["subjects"]] == [f"{topic}-value"]
    (message,) = broker.read(topic)
    assert message.value()[:5] == b"\x00\x00\x00\x00\x01"
    with pytest.raises(Refused):
        client.create_quote(customer, -1)
