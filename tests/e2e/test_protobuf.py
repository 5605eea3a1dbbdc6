"""The Protobuf codec beside the reference implementation: the same bytes, the same values, the same verdict on bytes
that are damaged. Random schemas and messages, from seeds that a failure names."""

import base64
import json
import random

import pytest
from google.protobuf.message import DecodeError
from harness.codec import TOOL, CodecTool
from harness.protobuf import Maker, Reference, damaged, judge_schemas, mutated, random_message, shape

SEEDS = range(24)
MESSAGES = 12

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="no codec_tool in the build folder")


@pytest.fixture(scope="module")
def tool():
    with CodecTool() as tool:
        yield tool


def serialize(message):
    return message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("syntax", ["proto3", "proto2"])
@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_and_values_are_those_of_the_reference(tool, seed, syntax):
    rng = random.Random(f"{seed}{syntax}")
    text = Maker(rng, syntax).schema()
    reference = Reference(text)
    messages = [random_message(rng, reference.cls) for _ in range(MESSAGES)]
    for message, expected in zip(messages, reference.deterministic(map(serialize, messages))):
        value = shape(message)
        read = tool.get("protobuf.decode", schema=text, message="M", bytes=serialize(message).hex())["value"]
        assert read == value, text
        ours = tool.get("protobuf.encode", schema=text, message="M", value=value)["bytes"]
        assert ours == expected, f"{text}\n{json.dumps(value)}"
        filled = tool.get("protobuf.decode", schema=text, message="M", bytes=ours, fill=True)["value"]
        assert tool.get("protobuf.encode", schema=text, message="M", value=filled)["bytes"] == ours


@pytest.mark.parametrize("syntax", ["proto3", "proto2"])
@pytest.mark.parametrize("seed", range(8))
def test_a_descriptor_is_as_good_as_its_file(tool, seed, syntax):
    """Registries keep the one or the other."""
    rng = random.Random(f"{seed}{syntax}")
    text = Maker(rng, syntax).schema()
    reference = Reference(text)
    descriptor = reference.descriptors["t.proto"]
    for writer, reader in ((text, descriptor), (descriptor, text)):
        assert tool.get("protobuf.compat", writer=writer, reader=reader)["breaks"] == [], text
    for _ in range(MESSAGES):
        message = random_message(rng, reference.cls)
        value = tool.get("protobuf.decode", schema=descriptor, message="M", bytes=serialize(message).hex())["value"]
        assert value == shape(message), text
        ours = tool.get("protobuf.encode", schema=descriptor, message="M", value=value)["bytes"]
        assert ours == tool.get("protobuf.encode", schema=text, message="M", value=value)["bytes"], text


# What random files do not have. The messages M are tried with the same values as .proto file and as descriptor.
FILES = {
    "groups": """syntax = "proto2"; package t;
message M { message A { optional int32 x = 1; } optional group G = 1 { required int32 a = 1; } extensions 100 to max;
  oneof o { group H = 2 { repeated group I = 1 { optional A b = 1; } } string s = 3; } repeated group J = 4 { }
  reserved 5, 7 to 9; reserved "old", "older"; }
extend M { optional int32 more = 100; } service S { rpc Do (M) returns (M); }""",
    "defaults": r'''syntax = "proto2"; package t;
message M { enum E { option allow_alias = true; A = 3; B = -1; C = 3; reserved -5 to -3, 100 to max; }
  optional string s = 1 [default = "a\"b\\c\n\303\266?"]; optional bytes b = 2 [default = "\000\377\"\\n'"];
  optional double d = 3 [default = -inf]; optional float f = 4 [default = 1.5e-3]; optional E e = 5 [default = B];
  optional bool t = 6 [default = true]; optional int64 i = 7 [default = -9223372036854775808];
  optional double n = 8 [default = nan]; optional string none = 9 [default = ""]; required uint32 u = 10; }''',
    "editions": """edition = "2023"; package t; option features.field_presence = IMPLICIT;
option features.repeated_field_encoding = EXPANDED;
message M { message N { int32 x = 1; } N n = 1 [features.message_encoding = DELIMITED]; int32 i = 2;
  int32 j = 3 [features.field_presence = EXPLICIT, json_name = "jay"]; repeated int32 r = 4;
  repeated int32 q = 5 [features.repeated_field_encoding = PACKED]; E e = 6 [features.field_presence = EXPLICIT];
  string must = 7 [features.field_presence = LEGACY_REQUIRED]; map<string, N> m = 8; oneof o { E f = 9; N g = 10; } }
enum E { option features.enum_type = CLOSED; Z = 0; Y = 1; }""",
    "imports": """syntax = "proto3"; package t; import "shared.proto"; import "google/protobuf/timestamp.proto";
message First { } message M { s.Money money = 1; u.Deep deep = 2; google.protobuf.Timestamp at = 3;
  optional int32 o = 4 [json_name = "\\"o\\" of it"]; repeated int32 r = 5 [packed = false];
  map<int32, s.Kind> m = 6; }""",
}  # fmt: skip
OTHERS = {
    "shared": """syntax = "proto3"; package s; import public "deep.proto"; message Money { int64 units = 1; }
enum Kind { NONE = 0; SOME = 1; }""",
    "deep": 'syntax = "proto2"; package u; message Deep { optional string word = 1 [default = "w"]; }',
}


@pytest.mark.parametrize("name", FILES)
def test_descriptors_of_files_that_use_more(tool, name):
    rng = random.Random(name)
    reference = Reference(FILES[name], **OTHERS)
    of_texts = {"schema": FILES[name], "references": {f"{key}.proto": text for key, text in OTHERS.items()}}
    of_descriptors = {"schema": reference.descriptors.pop("t.proto"), "references": reference.descriptors}
    for fill in (False, True):
        for _ in range(3 * MESSAGES):
            data = random_message(rng, reference.cls).SerializePartialToString()
            asked = {"message": "t.M", "bytes": data.hex(), "fill": fill}
            texts, descriptors = (tool.ask("protobuf.decode", **asked, **of) for of in (of_texts, of_descriptors))
            assert texts.get("value") == descriptors.get("value") and texts["status"] == descriptors["status"]
            if texts["status"] == "OK":
                asked = {"message": "t.M", "value": texts["value"]}
                texts, descriptors = (tool.get("protobuf.encode", **asked, **of) for of in (of_texts, of_descriptors))
                assert texts["bytes"] == descriptors["bytes"]


@pytest.mark.parametrize("seed", range(8))
def test_damaged_descriptors_are_refused_or_schemas(tool, seed):
    rng = random.Random(seed)
    name = rng.choice(list(FILES))
    reference = Reference(FILES[name], **OTHERS)
    whole = base64.b64decode(reference.descriptors.pop("t.proto"))
    for _ in range(200):
        schema = base64.b64encode(damaged(rng, whole)).decode()
        answer = tool.ask("protobuf.parse", schema=schema, references=reference.descriptors)
        assert answer["status"] in ("OK", "NOT_FOUND", "INVALID", "LIMIT"), f"{schema}\n{answer}"
        assert answer["status"] == "OK" or answer["text"], schema


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_bytes_are_judged_as_by_the_reference(tool, seed):
    """The well-known types are left out: some of what their bytes may say has no JSON. In two points implementations
    may differ: NaNs have many forms, and something unknown in the entry of a map may be dropped, or make it unknown."""
    rng = random.Random(seed)
    text = Maker(rng, well_known=False).schema()
    reference = Reference(text)
    for _ in range(60):
        data = damaged(rng, serialize(random_message(rng, reference.cls)))
        answer = tool.ask("protobuf.decode", schema=text, message="M", bytes=data.hex())
        try:
            message = reference.cls.FromString(data)
        except DecodeError:
            assert answer["status"] == "INVALID", f"{text}\n{data.hex()}\n{answer}"
            continue
        assert answer["status"] == "OK", f"{text}\n{data.hex()}\n{answer}"
        ours = tool.get("protobuf.encode", schema=text, message="M", value=answer["value"])["bytes"]
        if reference.normal(bytes.fromhex(ours)) != serialize(message) and "NaN" not in json.dumps(answer["value"]):
            assert [ours] == reference.deterministic([data]), f"{text}\n{data.hex()}"


@pytest.mark.parametrize("seed", SEEDS)
def test_messages_merge_as_in_the_reference(tool, seed):
    rng = random.Random(seed)
    text = Maker(rng, rng.choice(["proto2", "proto3"])).schema()
    reference = Reference(text)
    for _ in range(MESSAGES):
        data = b"".join(serialize(random_message(rng, reference.cls)) for _ in range(rng.randint(2, 4)))
        try:
            expected = shape(reference.cls.FromString(data))
        except ValueError:  # a merged Duration of two signs, say
            continue
        answer = tool.ask("protobuf.decode", schema=text, message="M", bytes=data.hex())
        if answer["status"] == "OK":
            assert answer["value"] == expected, f"{text}\n{data.hex()}"
        else:
            assert "duration" in answer["text"] or "time" in answer["text"], answer


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_older_schema_does_not_know_survives(tool, seed):
    """A consumer with an older schema reads, keeps and writes what a newer one has written."""
    rng = random.Random(seed)
    new = Maker(rng).schema()
    lines = new.split("\n")
    fields = [i for i, line in enumerate(lines) if line.startswith("  ") and not line.startswith("  oneof")]
    dropped = {i for i in fields if rng.random() < 0.4}
    old = "\n".join(line for i, line in enumerate(lines) if i not in dropped)
    reference = Reference(new)
    for _ in range(MESSAGES):
        message = random_message(rng, reference.cls)
        value = tool.get("protobuf.decode", schema=old, message="M", bytes=serialize(message).hex())["value"]
        again = bytes.fromhex(tool.get("protobuf.encode", schema=old, message="M", value=value)["bytes"])
        assert reference.normal(again) == serialize(message), f"{old}\n---\n{new}"


@pytest.mark.parametrize("seed", SEEDS)
def test_packed_or_not_is_read_alike(tool, seed):
    rng = random.Random(seed)
    text = Maker(rng).schema()
    other = text.replace("packed = true", "packed = @").replace("packed = false", "packed = true")
    other = other.replace("packed = @", "packed = false")
    reference = Reference(text)
    for _ in range(MESSAGES):
        message = random_message(rng, reference.cls)
        read = tool.get("protobuf.decode", schema=other, message="M", bytes=serialize(message).hex())["value"]
        assert read == shape(message), text


@pytest.mark.parametrize("seed", range(8))
def test_schemas_are_judged_as_by_protoc(tool, seed):
    """But for options that are read over, whatever they are."""
    rng = random.Random(seed)
    text = Maker(rng, rng.choice(["proto2", "proto3"]), well_known=False).schema()
    texts = [mutated(rng, text) for _ in range(60)]
    for mutant, complaint in zip(texts, judge_schemas(texts), strict=True):
        answer = tool.ask("protobuf.parse", schema=mutant)
        good = answer["status"] in ("OK", "NOT_FOUND")  # a file without messages is a schema
        assert good == (complaint == "") or "Option" in complaint, f"{mutant}\n{complaint}\n{answer}"


@pytest.mark.parametrize("seed", range(6))
def test_every_truncation_and_bit_flip_is_refused_or_a_value(tool, seed):
    rng = random.Random(seed)
    text = Maker(rng, rng.choice(["proto2", "proto3"])).schema()
    reference = Reference(text)
    tried = 0
    while tried < 20000:
        data = serialize(random_message(rng, reference.cls))[:400] or b"\0"
        answer = tool.get("protobuf.damage", schema=text, message="M", bytes=data.hex())
        assert answer["tried"] == 9 * len(data)
        tried += answer["tried"]
