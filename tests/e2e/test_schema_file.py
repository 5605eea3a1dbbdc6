"""@schema(file:): a JSON Schema that payloads must satisfy as well, at the gateway and at the consumer."""

import json

import pytest

from harness.graphql import Refused
from harness.logfirst import Logfirst, run
from harness.wait import until

SDL = """
type Order @entity(key: "orderId") { orderId: ID! lines: JSON! }
type OrderPlaced @event(entity: "Order") @schema(file: "rules/order.json") { orderId: ID! lines: JSON! }
type Mutation { place(orderId: ID!, lines: JSON!): Receipt! @emits(event: "OrderPlaced") }
"""
RULES = {
    "properties": {"orderId": {"pattern": "^o"}, "lines": {"type": "array", "items": {"$ref": "line.json"}}},
    "if": {"properties": {"lines": {"maxItems": 0}}}, "then": {"properties": {"orderId": {"const": "o-empty"}}},
}  # fmt: skip
LINE = {"type": "object", "required": ["sku"], "properties": {"n": {"minimum": 1}}, "additionalProperties": False,
        "$ref": "#/$defs/named", "$defs": {"named": {"properties": {"sku": {"minLength": 2}}}}}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "rules").mkdir()
    (tmp_path / "shop" / "schema.graphql").write_text(SDL)
    (tmp_path / "shop" / "rules" / "order.json").write_text(json.dumps(RULES))
    LINE["properties"]["sku"] = {}
    (tmp_path / "shop" / "rules" / "line.json").write_text(json.dumps(LINE))
    return tmp_path


def place(client, key, lines):
    return client.execute("mutation($k: ID!, $l: JSON!) { place(orderId: $k, lines: $l) @await { status } }",
                          {"k": key, "l": lines})["place"]["status"]  # fmt: skip


def test_gateway_and_consumer_ask_it(folder):
    with Logfirst("up", "shop/schema.graphql", folder / "data", cwd=folder).start() as server:
        client = server.client()
        assert place(client, "o1", [{"sku": "ab", "n": 1}]) == "STORED"
        for key, lines, path, words in [
            ("x1", [{"sku": "ab"}], "/orderId", "pattern"), ("o1", {}, "/lines", "type"),
            ("o1", [{"sku": "ab"}, {"n": 1}], "/lines/1", "required"),
            ("o1", [{"sku": "a"}], "/lines/0/sku", "minLength"),
            ("o1", [{"sku": "ab", "n": 0.5}], "/lines/0/n", "minimum"), ("o1", [], "/orderId", "const"),
        ]:  # fmt: skip
            with pytest.raises(Refused) as refused:
                place(client, key, lines)
            error = refused.value.errors[0]
            assert error["extensions"]["code"] == "EVENT_INVALID", error
            assert error["extensions"]["path"] == path and f"({words})" in error["message"], error
        line = {"eventId": "bad", "eventType": "OrderPlaced", "payload": {"orderId": "o2", "lines": [{"sku": "a"}]}}
        assert server.stop() == 0
    done = run("events", "import", "--data", folder / "data", input=json.dumps(line) + "\n")
    assert done.returncode == 0, done.stderr
    with Logfirst("up", folder / "shop" / "schema.graphql", folder / "data").start() as server:
        ask = '{ event(eventId: "bad") { status code stage reason } }'
        event = until(lambda: server.client().execute(ask)["event"], "the dead letter")
        assert (event["status"], event["code"], event["stage"]) == ("DEAD_LETTERED", "EVENT_INVALID", "validate")
        assert event["reason"].startswith("/lines/0/sku: ") and "(minLength)" in event["reason"]
        assert server.stop() == 0


def test_a_schema_that_is_none_is_refused_at_its_place(folder):
    rules = folder / "shop" / "rules" / "order.json"
    for text, words in [("{", "JSON"), ('{"type":"nothing"}', "#/type"), ('{"$ref":"away.json"}', "away.json"),
                        ('{"$ref":"../../data"}', "data"), (None, "No such file")]:  # fmt: skip
        rules.unlink() if text is None else rules.write_text(text)
        done = run("check", folder / "shop" / "schema.graphql")
        assert done.returncode == 1, text
        assert f"schema.graphql:3:56: error: @schema(file:): " in done.stdout, done.stdout
        assert words in done.stdout and str(rules) in done.stdout, done.stdout
    done = run("up", folder / "shop" / "schema.graphql", "--data", folder / "data")
    assert done.returncode == 1 and "3:56: error: @schema(file:)" in done.stderr
    done = run("check", folder / "shop" / "schema.graphql", "--output", "json")
    assert json.loads(done.stdout)[0]["line"] == 3
