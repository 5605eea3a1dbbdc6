"""Schemas of payloads, as other implementations of JSON Schema, Avro and Protobuf read them; the lock file."""

import io
import json
import pathlib
import shutil
import subprocess
import sys

import fastavro
import jsonschema
import pytest

from harness.logfirst import run

ORDERS = pathlib.Path(__file__).parent / "schemas" / "orders.graphql"
ADDRESS = {"street": "Main", "zip": None, "next": {"street": "Side", "zip": None, "next": None}}
ORDER = {
    "orderId": "o1", "total": "12.50", "currency": "EUR", "at": "2026-11-24T08:46:34.123456Z", "day": None,
    "time": None, "uid": "a1b2c3d4-0000-4000-8000-000000000001", "big": 9007199254740993, "count": 3,
    "weight": 0.75, "flag": True,
    "extra": {"any": [1, None]}, "tags": ["new"], "ship_to": ADDRESS, "lines": [{"sku": "s", "n": 1, "kind": "B"}],
    "_odd": None,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    shutil.copy(ORDERS, tmp_path / "orders.graphql")
    return tmp_path


def generate(folder, form, *options):
    done = run("schema", form, folder / "orders.graphql", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lock(folder, *options):
    return run("schema", "lock", folder / "orders.graphql", *options)


def edit(folder, old, new):
    path = folder / "orders.graphql"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_json_schema(folder):
    schema = json.loads(generate(folder, "json-schema", "--event", "OrderPlaced"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(ORDER)] == []
    assert schema["description"] == "An order was placed.\nBy a customer."
    assert schema["properties"]["orderId"]["description"] == "whose"
    assert schema["properties"]["count"]["deprecated"] is True
    assert schema["properties"]["currency"] == {"$ref": "#/$defs/Currency", "default": "EUR"}
    for name, wrong in [("orderId", "x1"), ("orderId", None), ("total", 12.5), ("currency", "GBP"), ("big", 2**63),
                        ("big", 2), ("count", 2**31), ("weight", 0.5), ("weight", 0.6), ("flag", 1), ("tags", []),
                        ("tags", ["a", "a"]), ("tags", [None]), ("ship_to", {}), ("lines", [{"sku": "s"}]),
                        ("lines", [{"sku": "s", "n": 1, "kind": "C"}])]:  # fmt: skip
        errors = list(validator.iter_errors({**ORDER, name: wrong}))
        assert errors and errors[0].absolute_path[0] == name, (name, wrong)
    for name in ("day", "ship_to", "extra", "_odd"):
        assert not list(validator.iter_errors({key: value for key, value in ORDER.items() if key != name}))
    assert not list(validator.iter_errors({**ORDER, "more": 1, "big": "9007199254740993"}))
    closed = json.loads(generate(folder, "json-schema", "--event", "OrderPlaced", "--closed"))
    assert list(jsonschema.Draft202012Validator(closed).iter_errors({**ORDER, "more": 1}))


def test_own_validator_agrees(folder):
    generate(folder, "json-schema", "--out", folder / "out")
    (folder / "order.json").write_text(json.dumps(ORDER))
    done = run("schema", "validate", folder / "out" / "OrderPlaced.schema.json", folder / "order.json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_avro(folder):
    schema = json.loads(generate(folder, "avro", "--event", "OrderPlaced", "--package", "shop.orders"))
    parsed = fastavro.parse_schema(schema)
    assert parsed["name"] == "shop.orders.OrderPlaced" and schema["doc"].startswith("An order")
    fields = {field["name"]: field for field in schema["fields"]}
    assert fields["orderId"]["doc"] == "whose (maxLength 20, pattern ^o)"
    assert fields["day"] == {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None}
    assert fields["extra"]["type"] == ["null", {"type": "string", "logfirst.type": "json"}]
    # What an older writer left out is filled with the defaults that @upcast gives.
    later = ("total", "currency", "at", "ship_to")
    old = {**schema, "fields": [f for f in schema["fields"] if f["name"] not in later]}
    bytes_ = io.BytesIO()
    record = {**ORDER, "extra": json.dumps(ORDER["extra"])}
    fastavro.schemaless_writer(bytes_, fastavro.parse_schema(old), record)
    bytes_.seek(0)
    read = fastavro.schemaless_reader(bytes_, fastavro.parse_schema(old), parsed)
    assert int.from_bytes(read["total"].encode("latin-1"), "big", signed=True) == -1250  # fastavro leaves it as it is
    assert read["at"] == 1767225600000000 and read["currency"] == "EUR" and read["ship_to"] is None


def protoc(folder, out):
    files = sorted(str(path.relative_to(folder)) for path in (folder / "out").glob("*.proto"))
    done = subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I", ".", "--include_imports",
                           "--descriptor_set_out", str(out), *files],
                          cwd=folder, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    from google.protobuf import descriptor_pb2

    files = descriptor_pb2.FileDescriptorSet.FromString((folder / out).read_bytes()).file
    return {message.name: message for file in files for message in file.message_type if "events" in file.package}


def test_protobuf(folder):
    done = run("schema", "protobuf", folder / "orders.graphql", "--event", "OrderPlaced")
    assert done.returncode == 1 and "run logfirst schema lock" in done.stderr
    assert lock(folder).returncode == 0
    generate(folder, "protobuf", "--out", folder / "out")
    messages = protoc(folder, "set.pb")
    order = messages["OrderPlaced"]
    fields = {field.json_name: field for field in order.field}
    assert set(fields) == set(ORDER)
    assert [field.number for field in order.field] == list(range(1, 17))
    assert fields["orderId"].name == "order_id" and fields["count"].options.deprecated
    assert fields["day"].proto3_optional and not fields["ship_to"].proto3_optional
    assert fields["currency"].type_name == ".logfirst.events.OrderPlaced.Currency"
    enum = {value.name: value.number for value in order.enum_type[0].value}
    assert enum == {"CURRENCY_UNSPECIFIED": 0, "CURRENCY_EUR": 1, "CURRENCY_USD": 2}
    assert "shop_quote_made" in messages


def test_numbers_stay_and_are_never_given_again(folder):
    assert lock(folder).returncode == 0
    edit(folder, "  flag: Boolean!\n", "  first: Int\n")
    edit(folder, "enum Kind { A B }", "enum Kind { C B }")
    done = lock(folder, "--check")
    assert done.returncode == 1 and done.stdout == f"{folder}/orders.lock.json: out of date\n"
    assert lock(folder).returncode == 0
    assert lock(folder, "--check").returncode == 0
    edit(folder, "  first: Int\n", "  flag: Boolean!\n  first: Int\n")
    assert lock(folder).returncode == 0
    generate(folder, "protobuf", "--out", folder / "out")
    order = protoc(folder, "set.pb")["OrderPlaced"]
    numbers = {field.json_name: field.number for field in order.field}
    assert numbers["first"] == 17 and numbers["flag"] == 18 and numbers["extra"] == 12
    assert [(r.start, r.end) for r in order.reserved_range] == [(11, 12)] and not order.reserved_name
    kind = next(enum for enum in order.enum_type if enum.name == "Kind")
    assert {value.name: value.number for value in kind.value} == {"KIND_UNSPECIFIED": 0, "KIND_C": 3, "KIND_B": 2}
    assert list(kind.reserved_name) == ["KIND_A"]
    edit(folder, "  first: Int\n", "  first: Int\n  again: Int @field(number: 11)\n")
    done = lock(folder)
    assert done.returncode == 1
    assert '"again" of OrderPlaced declares number 11, which has been that of "flag"' in done.stderr
    edit(folder, "number: 11", "number: 12")
    done = lock(folder)
    assert done.returncode == 1 and 'which is that of "extra"' in done.stderr


def test_order_in_the_schema_makes_no_difference_to_the_lock(folder):
    assert lock(folder).returncode == 0
    before = (folder / "orders.lock.json").read_bytes()
    edit(folder, "enum Currency { \"Euro\" EUR USD }\n", "")
    path = folder / "orders.graphql"
    path.write_text('enum Currency { "Euro" EUR USD }\n' + path.read_text())
    assert lock(folder, "--check").returncode == 0
    assert (folder / "orders.lock.json").read_bytes() == before


def test_locked_versions(folder):
    assert lock(folder, "--format", "avro").returncode == 0
    edit(folder, "  flag: Boolean!\n", "")
    assert lock(folder, "--format", "protobuf").returncode == 0
    edit(folder, "version: 2", "version: 3")
    assert lock(folder, "--format", "json-schema").returncode == 0
    locked = json.loads((folder / "orders.lock.json").read_text())["events"]["OrderPlaced"]
    assert [(v["version"], v["format"]) for v in locked["versions"]] == [(2, "protobuf"), (3, "json-schema")]
    assert locked["versions"][0]["schema"][0] == 'syntax = "proto3";'
    assert "flag" not in locked["versions"][1]["schema"]["properties"]
    assert locked["reserved"] == [{"number": 11, "name": "flag"}]


def test_damaged_locks_are_refused(folder):
    for text, words in [("{", "JSON"), ("[]", "a JSON object"), ('{"events":{"A":{"numbers":{"b":0}}}}', "/events/A"),
                        ('{"enums":{"A":{"reserved":[{}]}}}', "/enums/A"),
                        ('{"events":{"A":{"numbers":{"b":1,"c":1}}}}', "one number to two names"),
                        ('{"events":{"A":{"versions":[{"version":1}]}}}', "/events/A")]:  # fmt: skip
        (folder / "orders.lock.json").write_text(text)
        done = lock(folder)
        assert done.returncode == 1 and words in done.stderr, text
        assert (folder / "orders.lock.json").read_text() == text


def test_files_and_events(folder):
    done = run("schema", "avro", folder / "orders.graphql")
    assert done.returncode == 2 and "2 events" in done.stderr
    done = run("schema", "avro", folder / "orders.graphql", "--event", "Nope")
    assert done.returncode == 2 and 'no event "Nope"' in done.stderr
    done = run("schema", "avro", folder / "orders.graphql", "--check", "--event", "OrderPlaced")
    assert done.returncode == 2
    done = run("schema", "avro", folder / "orders.graphql", "--package", "a..b", "--event", "OrderPlaced")
    assert done.returncode == 1 and "no package" in done.stderr
    out = folder / "deep" / "out"
    done = run("schema", "avro", folder / "orders.graphql", "--out", out, "--check")
    assert done.returncode == 1 and not out.exists()
    names = [f"{out}/OrderPlaced.avsc", f"{out}/shop_quote_made.avsc"]
    assert generate(folder, "avro", "--out", out).splitlines() == names
    assert generate(folder, "avro", "--out", out) == ""
    assert run("schema", "avro", folder / "orders.graphql", "--out", out, "--check").returncode == 0
    printed = json.loads(generate(folder, "avro", "--event", "OrderPlaced", "--output", "json"))
    assert printed["event"] == "OrderPlaced" and printed["version"] == 2 and printed["format"] == "avro"
    assert printed["schema"] == (out / "OrderPlaced.avsc").read_text()


def test_what_protobuf_cannot_hold(folder):
    edit(folder, "tags: [String!]!", "tags: [String]!")
    assert lock(folder).returncode == 0
    done = run("schema", "protobuf", folder / "orders.graphql", "--event", "OrderPlaced")
    assert done.returncode == 1 and 'items of "tags" may be null' in done.stderr and "[String!]" in done.stderr
