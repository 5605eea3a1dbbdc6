"""Events of an older form: logged under yesterday's schema, applied under today's, kept as they were."""

import json

import pytest

from harness.logfirst import Logfirst, run
from harness.wait import until

OLD = """
type Order @entity(key: "orderId") { orderId: ID! total: Float! }
type OrderPlaced @event(entity: "Order") { orderId: ID! total: Float! street: String }
type Mutation {
  place(orderId: ID!, total: Float!, street: String): Receipt! @emits(event: "OrderPlaced")
}
"""
NEW = """
type Order @entity(key: "orderId") { orderId: ID! amount: Float! currency: String! address: Address! }
type OrderPlaced @event(entity: "Order", version: 3)
  @upcast(from: 1, rename: {total: "sum"}, default: {currency: "EUR"})
  @upcast(from: 2, rename: {sum: "amount"}, move: {from: "street", to: "address.street"})
  @upcast(from: 2, default: {address: {street: "unknown", country: "AT"}})
{ orderId: ID! amount: Float! currency: String! @constraint(maxLength: 3) address: Address! }
type Address { street: String! country: String }
type Mutation {
  place(orderId: ID!, amount: Float!, currency: String!, address: AddressInput!): Receipt! @emits(event: "OrderPlaced")
}
input AddressInput { street: String! country: String }
"""


@pytest.fixture
def schemas(tmp_path):
    (tmp_path / "old.graphql").write_text(OLD)
    (tmp_path / "new.graphql").write_text(NEW)
    return tmp_path


def order(client, key):
    return client.execute(
        "query($k: ID!) { order(orderId: $k) { amount currency address { street country } } }", {"k": key}
    )


def verify(folder):
    done = run("verify", folder / "new.graphql", "--data", folder / "data", "--output", "json", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_old_events_are_applied_in_todays_form_and_kept_in_theirs(schemas):
    with Logfirst("gateway", schemas / "old.graphql", schemas / "data").start() as gateway:
        client = gateway.client()
        for key, street in (("o1", ', street: "Main"'), ("o2", "")):
            client.execute(f'mutation {{ place(orderId: "{key}", total: 5{street}) {{ eventId }} }}')
        assert gateway.stop() == 0
    lines = [
        {"eventId": "two", "eventType": "OrderPlaced", "payload": {"orderId": "o3", "sum": 7, "currency": "USD"},
         "headers": {"ce_dataversion": "2"}},
        {"eventId": "bad", "eventType": "OrderPlaced", "payload": {"orderId": "o4", "sum": 7, "currency": "DOLLAR"},
         "headers": {"ce_dataversion": "2"}},
    ]  # fmt: skip
    done = run("events", "import", "--data", schemas / "data", input="".join(json.dumps(line) + "\n" for line in lines))
    assert done.returncode == 0, done.stderr
    with Logfirst("up", schemas / "new.graphql", schemas / "data").start() as server:
        client = server.client()
        made = client.execute(
            'mutation { place(orderId: "o5", amount: 9, currency: "CHF", address: {street: "Side"}) '
            "@await(stage: STORED) { eventId status } }"
        )["place"]
        assert made["status"] == "STORED"
        expected = {"o1": (5, "EUR", "Main", None), "o2": (5, "EUR", "unknown", "AT"),
                    "o3": (7, "USD", "unknown", "AT"), "o5": (9, "CHF", "Side", None)}  # fmt: skip
        for key, (amount, currency, street, country) in expected.items():
            assert until(lambda: order(client, key)["order"], f"order {key}") == {
                "amount": amount, "currency": currency, "address": {"street": street, "country": country}}  # fmt: skip
        assert order(client, "o4")["order"] is None
        events = client.execute("{ events { nodes { eventId payload headers } } }")["events"]["nodes"]
        stored = {event["payload"]["orderId"]: event for event in events if event["payload"]}
        assert stored["o1"]["payload"] == {"orderId": "o1", "total": 5, "street": "Main"}
        assert "ce_dataversion" not in stored["o1"]["headers"]
        assert stored["o3"]["payload"] == {"orderId": "o3", "sum": 7, "currency": "USD"}
        assert stored["o5"]["headers"]["ce_dataversion"] == "3"
        bad = client.execute('{ event(eventId: "bad") { status code reason } }')["event"]
        assert (bad["status"], bad["code"]) == ("DEAD_LETTERED", "EVENT_INVALID") and "/currency" in bad["reason"]
        was = client.execute(
            'query($e: ID!) { order(orderId: "o1") @asOf(eventId: $e) { amount currency address { street } } }',
            {"e": stored["o1"]["eventId"]},
        )["order"]
        assert was == {"amount": 5, "currency": "EUR", "address": {"street": "Main"}}
        assert server.stop() == 0
    summary = verify(schemas)
    assert summary["stored"] == 4 and summary["entities"] == 4
    done = run("rebuild", "--all", schemas / "new.graphql", "--data", schemas / "data", "--output", "json", timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["differences"] == 0


@pytest.mark.parametrize("form", ["AVRO", "PROTOBUF", "JSON_SCHEMA"])
def test_old_events_with_schemas_are_read_as_they_were_written(schemas, form):
    """The writer's schema says what an old event holds; upcasts, not the reader's schema, bring it up to date."""
    options = ("--registry", f"files:{schemas / 'registry'}", "--allow-incompatible")
    for name in ("old", "new"):
        path = schemas / f"{name}.graphql"
        path.write_text(path.read_text().replace("@event(", f"@event(format: {form}, "))
        done = run("schema", "lock", path)
        assert done.returncode == 0, done.stderr
    with Logfirst("gateway", schemas / "old.graphql", schemas / "data", *options).start() as gateway:
        gateway.client().execute('mutation { place(orderId: "o1", total: 5, street: "Main") { eventId } }')
        assert gateway.stop() == 0
    with Logfirst("consumer", schemas / "new.graphql", schemas / "data", *options).start() as server:
        list_ = ("events", "list", "--data", schemas / "data", "--output", "json")
        until(lambda: json.loads(run(*list_).stdout or "null"), "the stored event")
        assert server.stop() == 0
    with Logfirst("up", schemas / "new.graphql", schemas / "data", *options).start() as server:
        assert until(lambda: order(server.client(), "o1")["order"], "the order") == {
            "amount": 5, "currency": "EUR", "address": {"street": "Main", "country": None}}  # fmt: skip
        assert server.stop() == 0
