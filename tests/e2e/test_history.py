"""An entity's past: `history` gives its events, each with the state after it; `@asOf` the state at a time or event."""

import datetime
import random

import pytest

from harness.graphql import Refused, unique
from harness.logfirst import BANK, QUOTES, Logfirst, run
from harness.mongodb import Mongo
from harness.postgres import Postgres
from harness.process import scratch

SEED = 20261124
FIELDS = "accountId owner balance deposits references tags status frozenBecause"
HISTORY = (
    "query($id: ID!, $first: Int, $after: String) { account(accountId: $id) { %s history(first: $first, after: $after)"
    " { nodes { event { eventId eventType time payload } state { %s } } edges { cursor node { event { eventId } } }"
    " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }" % (FIELDS, FIELDS)
)


SERVERS = {"postgres": Postgres, "mongodb": Mongo}


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def bank(request, tmp_path_factory):
    with scratch("lf-history-") as folder:
        database = SERVERS[request.param](folder).start() if request.param in SERVERS else None
        options = ["--store", database.url("history")] if database else []
        with Logfirst("up", BANK, tmp_path_factory.mktemp("bank") / "data", *options).start() as server:
            client = server.client()
            yield client
            client.close()
            assert server.stop() == 0
        if database:
            database.close()


def act(client, field):
    return next(iter(client.execute("mutation { %s @await { eventId status } }" % field).values()))


def open_account(client, owner=None):
    receipt = act(client, 'openAccount(owner: "%s")' % (owner or unique("owner")))
    event = client.execute("query($id: ID!) { event(eventId: $id) { entityKey } }", {"id": receipt["eventId"]})
    return event["event"]["entityKey"]


def busy_account(client, count, dice):
    """An account with COUNT events after its opening, of every kind that a random walk makes."""
    account = open_account(client)
    for number in range(count):
        transfer = '{accountId: "%s", amount: "%d.%02d", reference: "r%d"}' % (
            account, dice.randrange(100), dice.randrange(1, 100), number)
        act(client, dice.choice([
            "deposit(transfer: %s)" % transfer, "withdraw(transfer: %s)" % transfer,
            'tag(accountId: "%s", tag: "t%d")' % (account, dice.randrange(3)),
            'untag(accountId: "%s", tag: "t%d")' % (account, dice.randrange(3)),
            'freeze(accountId: "%s", reason: "why %d")' % (account, number), 'release(accountId: "%s")' % account,
        ]))
    return account


def history(client, account, first=1000, after=None):
    """The account without its history, and that."""
    found = client.execute(HISTORY, {"id": account, "first": first, "after": after})["account"]
    return found, found.pop("history")


def as_of(client, account, **words):
    given = ", ".join(f'{name}: "{value}"' for name, value in words.items())
    document = 'query($id: ID!) { account(accountId: $id) @asOf(%s) { %s } }' % (given, FIELDS)
    return client.execute(document, {"id": account})["account"]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


# --- history


def test_the_last_state_of_a_history_is_the_entity(bank):
    dice = random.Random(SEED)
    for _ in range(3):
        account = busy_account(bank, 12, dice)
        now, page = history(bank, account)
        nodes = page["nodes"]
        assert len(nodes) == 13 and not page["pageInfo"]["hasNextPage"]
        assert nodes[0]["event"]["eventType"] == "AccountOpened" and nodes[0]["state"]["balance"] == "0.00"
        assert nodes[-1]["state"] == now
        stored = bank.execute(
            "query($k: String!) { events(where: {entityKey: {eq: $k}}) { nodes { eventId payload } } }", {"k": account}
        )["events"]["nodes"]
        assert [(node["event"]["eventId"], node["event"]["payload"]) for node in nodes] == [
            (event["eventId"], event["payload"]) for event in stored]


def test_pages_of_a_history_are_the_history(bank):
    account = busy_account(bank, 10, random.Random(SEED + 1))
    _, whole = history(bank, account)
    found, after = [], None
    while True:
        _, page = history(bank, account, 3, after)
        assert [edge["node"]["event"]["eventId"] for edge in page["edges"]] == [
            node["event"]["eventId"] for node in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole["nodes"]
    _, beyond = history(bank, account, 3, after)
    assert beyond["nodes"] == [] and beyond["pageInfo"]["startCursor"] is None
    _, nothing = history(bank, account, 0)
    assert nothing["nodes"] == [] and nothing["pageInfo"]["hasNextPage"]


def test_histories_within_a_list(bank):
    accounts = [busy_account(bank, 2, random.Random(SEED + 2 + number)) for number in range(3)]
    found = bank.execute(
        "query($in: [ID!]) { accounts(where: {accountId: {in: $in}}) { nodes { accountId balance"
        " last: history(first: 100) { nodes { state { balance } } } } } }", {"in": accounts}
    )["accounts"]["nodes"]
    assert sorted(node["accountId"] for node in found) == sorted(accounts)
    for node in found:
        assert len(node["last"]["nodes"]) == 3
        assert node["last"]["nodes"][-1]["state"]["balance"] == node["balance"]


def test_wrong_pages_are_refused(bank):
    account = open_account(bank)
    other = open_account(bank)
    _, page = history(bank, other)
    for words in ({"first": -1}, {"first": 1001}, {"after": "nonsense"}, {"after": page["pageInfo"]["endCursor"]}):
        with pytest.raises(Refused) as refused:
            history(bank, account, **words)
        assert refused.value.codes == ["BAD_USER_INPUT"], words


# --- as of


def test_as_of_each_event_and_time(bank):
    account = busy_account(bank, 8, random.Random(SEED + 9))
    _, page = history(bank, account)
    nodes = page["nodes"]
    for node in nodes:
        assert as_of(bank, account, eventId=node["event"]["eventId"]) == node["state"]
    for number, node in enumerate(nodes):
        at = moment(node["event"]["time"])
        before = [other["state"] for other in nodes[:number + 1] if moment(other["event"]["time"]) <= at]
        later = [other for other in nodes[number + 1:] if moment(other["event"]["time"]) <= at]
        assert as_of(bank, account, time=node["event"]["time"]) == (later or [{"state": before[-1]}])[-1]["state"]
    first = moment(nodes[0]["event"]["time"]) - datetime.timedelta(microseconds=1)
    assert as_of(bank, account, time=first.isoformat()) is None
    assert as_of(bank, account, time="2999-01-01T00:00:00+01:00") == nodes[-1]["state"]
    assert as_of(bank, unique("nobody"), time="2999-01-01T00:00:00Z") is None


def test_what_was_deleted_can_be_seen_as_it_was(bank):
    account = open_account(bank, "Ada")
    opened = history(bank, account)[1]["nodes"][0]["event"]["eventId"]
    closed = act(bank, 'close(accountId: "%s")' % account)["eventId"]
    assert bank.execute("query($id: ID!) { account(accountId: $id) { owner } }", {"id": account})["account"] is None
    assert as_of(bank, account, eventId=opened)["owner"] == "Ada"
    assert as_of(bank, account, eventId=closed) is None
    nodes = bank.execute(
        "query($id: ID!, $e: ID!) { account(accountId: $id) @asOf(eventId: $e) { history { nodes { state { owner }"
        " event { eventType } } } } }", {"id": account, "e": opened}
    )["account"]["history"]["nodes"]
    assert [(node["event"]["eventType"], node["state"]) for node in nodes] == [
        ("AccountOpened", {"owner": "Ada"}), ("AccountClosed", None)]


def test_as_of_says_what_is_wrong(bank):
    account, other = open_account(bank), open_account(bank)
    foreign = history(bank, other)[1]["nodes"][0]["event"]["eventId"]
    for words in ({}, {"time": "2026-01-01T00:00:00Z", "eventId": foreign}, {"eventId": foreign}, {"eventId": "none"}):
        document = 'query($id: ID!) { account(accountId: $id) @asOf%s { owner } }' % (
            "(%s)" % ", ".join(f'{name}: "{value}"' for name, value in words.items()) if words else "")
        with pytest.raises(Refused) as refused:
            bank.execute(document, {"id": account})
        assert refused.value.codes == ["BAD_USER_INPUT"], words


MISPLACED = [
    'query($id: ID!) { accounts @asOf(time: "2026-01-01T00:00:00Z") { nodes { owner } }'
    ' account(accountId: $id) { owner } }',
    'query($id: ID!) { account(accountId: $id) { owner @asOf(eventId: "x") } }',
    'query($id: ID!) { account(accountId: $id) { history @asOf(eventId: "x") { nodes { state { owner } } } } }',
    'query($id: ID!) { event(eventId: $id) @asOf(eventId: "x") { eventId } }',
    'query($id: ID!) { account(accountId: $id) { ...f } } fragment f on Account { owner @asOf(eventId: "x") }',
    'mutation($id: ID!) { close(accountId: $id) @asOf(eventId: "x") { eventId } }',
]


@pytest.mark.parametrize("document", MISPLACED)
def test_as_of_where_it_says_nothing_is_refused(bank, document):
    with pytest.raises(Refused) as refused:
        bank.execute(document, {"id": unique("nobody")})
    assert refused.value.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert "@asOf" in refused.value.errors[0]["message"] and refused.value.errors[0]["locations"]


def test_as_of_in_fragments_on_the_query(bank):
    account = open_account(bank, "Ada")
    opened = history(bank, account)[1]["nodes"][0]["event"]["eventId"]
    found = bank.execute(
        "query($id: ID!, $e: ID) { ...f ... on Query { b: account(accountId: $id) @asOf(eventId: $e) { owner } } }"
        " fragment f on Query { a: account(accountId: $id) @asOf(eventId: $e) { owner } }",
        {"id": account, "e": opened})
    assert found == {"a": {"owner": "Ada"}, "b": {"owner": "Ada"}}


# --- the schema


def test_the_schema_shows_both():
    shown = run("schema", "print", QUOTES).stdout
    assert "directive @asOf(time: DateTime, eventId: ID) on FIELD" in shown
    assert "history(first: Int = 50, after: String): QuoteHistoryConnection!" in shown
    assert "type QuoteHistoryEntry {" in shown


def test_a_field_of_that_name_stays_what_it_is(tmp_path, start):
    schema = tmp_path / "own.graphql"
    schema.write_text(
        'type Doc @entity(key: "id") { id: ID! history: [String!] }\n'
        'type DocMade @event(entity: "Doc") { id: ID! history: [String!] }\n'
        'type Mutation { make(id: ID!, history: [String!]): Receipt! @emits(event: "DocMade") }\n', encoding="ascii")
    checked = run("check", schema)
    assert checked.returncode == 0 and f"{schema}:1:39: note: " in checked.stdout and "history" in checked.stdout
    client = start("up", schema).client()
    act(client, 'make(id: "a", history: ["x"])')
    assert client.execute('{ doc(id: "a") { history } }')["doc"] == {"history": ["x"]}
