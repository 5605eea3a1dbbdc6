"""The Protobuf codec beside the reference implementation: the same bytes, the same values, the same verdict on bytes
that are damaged. Random schemas and messages, from seeds that a failure names."""

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
