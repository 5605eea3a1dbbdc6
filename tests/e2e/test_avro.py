"""The Avro codec beside fastavro: the same bytes, the same values, the same resolution of a writer's and a reader's
schema. Random schemas and values, from seeds that a failure names."""

import io
import json
import random

import fastavro
import pytest

from harness.avro import Maker, has_edge, named_types, plain
from harness.codec import TOOL, CodecTool

SEEDS = range(60)
VALUES = 6

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="no codec_tool in the build folder")


@pytest.fixture(scope="module")
def tool():
    with CodecTool() as tool:
        yield tool


def write(schema, datum):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, datum)
    return out.getvalue()


def parsed(schema):
    return fastavro.parse_schema(json.loads(json.dumps(schema)))


@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_and_values_are_fastavros(tool, seed):
    maker = Maker(random.Random(seed))
    schema = maker.schema()
    named = named_types(schema)
    text, theirs = json.dumps(schema), parsed(schema)
    for _ in range(VALUES):
        value, datum = maker.value(schema, named)
        expected = write(theirs, datum)
        answer = tool.get("avro.encode", schema=text, value=value)
        read = tool.get("avro.decode", writer=text, bytes=expected.hex())
        assert read["value"] == value, text
        if answer["bytes"] == expected.hex():
            continue
        assert has_edge(schema), f"{text}\n{value}"
        again = fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(answer["bytes"])), theirs, None)
        assert again == fastavro.schemaless_reader(io.BytesIO(expected), theirs, None)


@pytest.mark.parametrize("seed", SEEDS)
def test_canonical_form_and_fingerprint_are_fastavros(tool, seed):
    schema = Maker(random.Random(seed)).schema()
    canonical = fastavro.schema.to_parsing_canonical_form(json.loads(json.dumps(schema)))
    answer = tool.get("avro.canonical", schema=json.dumps(schema))
    assert answer["canonical"] == canonical
    theirs = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")  # its bytes, the lowest first
    assert bytes.fromhex(answer["fingerprint"]) == bytes.fromhex(theirs)[::-1]


@pytest.mark.parametrize("seed", range(12))
def test_damaged_messages_are_refused_or_values(tool, seed):
    """Every truncation, every bit flip: the tool itself checks that what is not refused can be encoded."""
    maker = Maker(random.Random(seed))
    schema = maker.schema()
    named = named_types(schema)
    for _ in range(3):
        answer = tool.get("avro.encode", schema=json.dumps(schema), value=maker.value(schema, named)[0])
        if len(answer["bytes"]) < 4000:
            tool.get("avro.damage", schema=json.dumps(schema), bytes=answer["bytes"])


class Evolution:
    """Changes a writer's schema into a reader's, within and beyond what resolution allows."""

    PROMOTIONS = {"int": ["long", "float", "double"], "long": ["float", "double"], "float": ["double"],
                  "string": ["bytes"], "bytes": ["string"]}  # fmt: skip
    DEFAULTS = [("int", 5), ("string", "new"), ("boolean", True), ("double", 0.5), (["null", "long"], None),
                ({"type": "array", "items": "int"}, [1, 2]),
                ({"type": "map", "values": "string"}, {"a": "b"})]  # fmt: skip

    def __init__(self, maker):
        self.maker = maker
        self.random = maker.random

    def type(self, schema):
        chance = self.random.random()
        if isinstance(schema, list):
            branches = [self.type(branch) for branch in schema]
            kept = {self.kind(branch): branch for branch in branches if not isinstance(branch, list)}
            return list(kept.values()) or ["null"]
        if isinstance(schema, dict):
            return self.complex(dict(schema))
        if chance < 0.1:
            return self.random.choice(["int", "string", "boolean", "null"])
        if chance < 0.3 and schema in self.PROMOTIONS:
            return self.random.choice(self.PROMOTIONS[schema])
        if chance < 0.4 and schema != "null":
            return self.random.choice([["null", schema], [schema, "null"]])
        return schema

    @staticmethod
    def kind(branch):
        """What a union may have once; of numbers only one is kept, for which of two is taken is read differently."""
        kind = branch if isinstance(branch, str) else branch.get("name", branch["type"])
        return {"int": "number", "long": "number", "float": "number", "double": "number", "bytes": "string"}.get(
            kind, kind
        )

    def complex(self, schema):
        if schema["type"] == "record":
            return self.record(schema)
        if schema["type"] == "enum":
            return self.enum(schema)
        for inner in ("items", "values"):
            if inner in schema:
                schema[inner] = self.type(schema[inner])
        return schema

    def enum(self, schema):
        symbols = [symbol for symbol in schema["symbols"] if self.random.random() < 0.8]
        symbols += [self.maker.name("S")] if self.random.random() < 0.5 or not symbols else []
        self.random.shuffle(symbols)
        schema["symbols"] = symbols
        if self.random.random() < 0.5:
            schema["default"] = symbols[0]
        return schema

    def record(self, schema):
        fields = []
        for field in schema["fields"]:
            chance = self.random.random()
            field = {**field, "type": self.type(field["type"])}
            if chance < 0.1:
                continue
            if chance < 0.25:
                field = {**field, "name": self.maker.name("f"), "aliases": [field["name"], "nobody"]}
            fields.append(field)
        for _ in range(self.random.randrange(3)):
            kind, default = self.random.choice(self.DEFAULTS)
            field = {"name": self.maker.name("f"), "type": kind, "default": default}
            if self.random.random() < 0.1:
                del field["default"]
            fields.append(field)
        self.random.shuffle(fields)
        if self.random.random() < 0.2:
            name = schema["name"]
            schema = {**schema, "name": self.random.choice([f"moved.{name.rsplit('.')[-1]}", f"{name}x"])}
            schema["aliases"] = [name] if self.random.random() < 0.7 else []
        return {**schema, "fields": fields}


def same(ours, theirs):
    """Equal, where a large integer of ours stands for a double."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, float) and isinstance(ours, int):
        return float(ours) == theirs
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


def read(data, writer, reader):
    """fastavro's reading, or None where it fails."""
    try:
        return {"value": plain(fastavro.schemaless_reader(io.BytesIO(data), writer, reader))}
    except Exception:
        return None


@pytest.mark.parametrize("seed", range(200))
def test_resolution_is_fastavros(tool, seed):
    maker = Maker(random.Random(seed), references=False)
    maker.logical = lambda: "string"  # what they mean is compared elsewhere
    maker.decimal = lambda: "bytes"
    schema = maker.schema()
    named = named_types(schema)
    wanted = Evolution(maker).record(schema)
    writer, reader = parsed(schema), parsed(wanted)
    texts = {"writer": json.dumps(schema), "reader": json.dumps(wanted)}
    breaks = tool.get("avro.compat", **texts)["breaks"]
    refused = 0
    for _ in range(VALUES):
        data = write(writer, maker.value(schema, named)[1])
        theirs = read(data, writer, reader)
        ours = tool.ask("avro.decode", **texts, bytes=data.hex())
        assert ours["status"] in ("OK", "INVALID"), ours
        assert (ours["status"] == "OK") == (theirs is not None), f"{ours} {theirs}\n{texts}"
        if theirs is not None:
            assert same(ours["value"], theirs["value"]), texts
        refused += theirs is None and "UTF-8" not in ours["text"]  # bytes as a string: some can be read
    assert refused == 0 or breaks, f"refused, and nothing was found broken\n{texts}"
