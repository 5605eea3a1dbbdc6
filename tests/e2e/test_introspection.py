"""Tools load the served schema."""

import asyncio

import pytest
from gql import Client as GqlClient
from gql import gql
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import build_client_schema, get_introspection_query, print_type

from harness import node
from harness.logfirst import QUOTES, run


def url(server):
    return "http://%s:%d/graphql" % server.listen


@pytest.mark.parametrize("example", ["quotes_server", "bank_server"])
def test_graphql_js_builds_the_schema(request, example):
    loaded = node.run("introspect.js", url(request.getfixturevalue(example)))
    assert loaded["errors"] == []
    for name in ("Query", "Mutation", "Receipt", "EventStatus", "Event", "EventConnection", "PageInfo"):
        assert name in loaded["types"], name
    for scalar in ("DateTime", "BigInt", "JSON"):
        assert loaded["types"][scalar]["specifiedBy"], f"@specifiedBy of {scalar}"
    entity = "Quote" if example == "quotes_server" else "Account"
    for name in (entity, f"{entity}Filter", f"{entity}Order", f"{entity}Connection"):
        assert name in loaded["types"], name
    assert loaded["types"][entity]["description"], "descriptions are served"
    assert "directive @await" in loaded["sdl"]
    assert "@entity" not in loaded["sdl"] and "@emits" not in loaded["sdl"]


@pytest.mark.parametrize("example", ["quotes_server", "bank_server"])
def test_what_is_printed_is_what_is_served(request, example):
    """`schema print`, read by graphql-js, equals the schema that introspection answers, read by graphql-js."""
    server = request.getfixturevalue(example)
    printed = run("schema", "print", server.argv[2])
    assert printed.returncode == 0, printed.stderr
    served = node.run("introspect.js", url(server))
    one, two = node.run("sdl.js", input=printed.stdout), node.run("sdl.js", input=served["sdl"])
    assert one["errors"] == [] and two["errors"] == []
    assert one["sdl"].splitlines() == two["sdl"].splitlines()


def test_gql_fetches_the_schema_and_validates_by_it(quotes_server, customer):
    async def main():
        transport = HTTPXAsyncTransport(url=url(quotes_server))
        async with GqlClient(transport=transport, fetch_schema_from_transport=True) as session:
            created = await session.execute(
                gql('mutation { createQuote(amount: 4, customerId: "%s") @await { success status } }' % customer))
            read = await session.execute(gql('{ quote(customerId: "%s") { amount } }' % customer))
            with pytest.raises(Exception, match="nope"):
                await session.execute(gql("{ nope }"))
            return created, read

    created, read = asyncio.run(main())
    assert created["createQuote"] == {"success": True, "status": "STORED"}
    assert read == {"quote": {"amount": 4}}


def test_graphql_core_builds_the_schema(quotes):
    data = quotes.execute(get_introspection_query(specified_by_url=True, directive_is_repeatable=True,
                                                  schema_description=True, input_value_deprecation=True))
    schema = build_client_schema(data)
    field = schema.mutation_type.fields["createQuote"]
    assert str(field.type) == "Receipt!"
    assert {name: str(argument.type) for name, argument in field.args.items()} == {
        "amount": "Float!",
        "customerId": "ID!",
    }
    assert str(schema.query_type.fields["quote"].type) == "Quote"
    assert str(schema.query_type.fields["quotes"].type) == "QuoteConnection!"
    assert "first: Int = 50" in print_type(schema.query_type)
    receipt = {name: str(field.type) for name, field in schema.type_map["Receipt"].fields.items()}
    assert receipt == {"success": "Boolean!", "eventId": "ID!", "eventType": "String!", "topic": "String!",
                       "partition": "Int!", "offset": "BigInt!", "time": "DateTime!", "status": "EventStatus!"}
    assert set(schema.type_map["EventStatus"].values) == {"LOGGED", "STORED", "DEAD_LETTERED", "UNKNOWN"}
    await_ = next(directive for directive in schema.directives if directive.name == "await")
    assert {name: str(argument.type) for name, argument in await_.args.items()} == {
        "stage": "EventStatus!", "timeoutMs": "Int"}


def test_type_by_name(quotes):
    data = quotes.execute(
        '{ __type(name: "Quote") { kind name description fields { name type { kind name ofType { name } } } }'
        ' none: __type(name: "Nope") { name } __schema { queryType { name } mutationType { name } } }'
    )
    assert data["__type"] == {
        "kind": "OBJECT", "name": "Quote", "description": "A quote offered to a customer.",
        "fields": [{"name": "customerId", "type": {"kind": "NON_NULL", "name": None, "ofType": {"name": "ID"}}},
                   {"name": "amount", "type": {"kind": "NON_NULL", "name": None, "ofType": {"name": "Float"}}},
                   {"name": "history", "type": {"kind": "NON_NULL", "name": None,
                                                "ofType": {"name": "QuoteHistoryConnection"}}}],
    }
    assert data["none"] is None
    assert data["__schema"] == {"queryType": {"name": "Query"}, "mutationType": {"name": "Mutation"}}


def test_introspection_can_be_off(start):
    client = start("up", QUOTES, "--introspection", "false").client()
    for document in ("{ __schema { types { name } } }", '{ __type(name: "Quote") { name } }'):
        answer = client.post(document)
        assert answer.errors and not (answer.json.get("data") or {}).get("__schema"), answer.body
    assert client.execute("{ __typename }") == {"__typename": "Query"}


def test_introspection_is_no_amplifier(quotes):
    """Nested ever deeper (CVE-2024-40094) it is refused."""
    document = "{ __schema { types " + "{ fields { type " * 12 + "{ name }" + "} }" * 12 + " } }"
    answer = quotes.post(document)
    assert 400 <= answer.status < 500 and answer.errors, answer.body[:300]
