"""The story of the README: one binary, one schema file, a mutation that is durable, a query that sees it."""

import json
import re
import urllib.request

from harness.graphql import Refused, unique
from harness.logfirst import QUOTES, Logfirst

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def test_the_printed_curl_line(quotes_server, customer):
    """What `make run` prints, sent by a client that sets nothing else."""
    url = "http://%s:%d/graphql" % quotes_server.listen

    def curl(query):
        request = urllib.request.Request(
            url, json.dumps({"query": query}).encode(), {"content-type": "application/json", "accept": "*/*"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200
            assert answer.headers.get_content_type() == "application/json"
            return json.load(answer)

    mutation = 'mutation { createQuote(amount: 99.5, customerId: "%s") @await { success eventId } }' % customer
    first = curl(mutation.replace(" @await", ""))
    assert list(first) == ["data"]
    assert first["data"]["createQuote"]["success"] is True
    assert UUID7.match(first["data"]["createQuote"]["eventId"])
    curl(mutation)
    read = curl('{ quote(customerId: "%s") { customerId amount } }' % customer)
    assert read == {"data": {"quote": {"customerId": customer, "amount": 99.5}}}


def test_the_receipt(quotes, customer):
    receipt = quotes.create_quote(customer, 12.5, wait=False)
    assert receipt["success"] is True
    assert UUID7.match(receipt["eventId"])
    assert receipt["eventType"] == "QuoteCreated"
    assert receipt["topic"] == "business-events"
    assert receipt["partition"] == 0
    assert re.match(r"^\d+$", str(receipt["offset"]))
    assert TIME.match(receipt["time"])
    assert receipt["status"] == "LOGGED"
    later = quotes.create_quote(customer, 13, wait=False)
    assert int(later["offset"]) > int(receipt["offset"])
    assert later["eventId"] > receipt["eventId"], "UUIDv7 of one gateway rise"


def test_read_your_own_write(quotes):
    for number in range(50):
        customer = unique()
        receipt = quotes.create_quote(customer, number)
        assert receipt["status"] == "STORED"
        assert quotes.quote(customer) == {"customerId": customer, "amount": number}


def test_await_takes_stage_and_timeout(quotes, customer):
    document = (
        "mutation($c: ID!) { createQuote(amount: 1, customerId: $c) @await(stage: LOGGED, timeoutMs: 100) { status } }"
    )
    assert quotes.execute(document, {"c": customer})["createQuote"]["status"] in ("LOGGED", "STORED")
    document = "mutation($c: ID!) { createQuote(amount: 1, customerId: $c) @await(timeoutMs: 0) { status } }"
    assert quotes.execute(document, {"c": customer})["createQuote"]["status"] in ("LOGGED", "STORED")


def test_aliases_are_events_of_their_own_in_order(quotes, customer):
    receipts = quotes.execute(
        "mutation($c: ID!) { one: createQuote(amount: 1, customerId: $c) { eventId offset }"
        " two: createQuote(amount: 2, customerId: $c) { eventId offset }"
        " three: createQuote(amount: 3, customerId: $c) @await { eventId offset } }",
        {"c": customer},
    )
    offsets = [int(receipts[name]["offset"]) for name in ("one", "two", "three")]
    assert offsets == sorted(offsets) and len(set(offsets)) == 3
    assert len({receipt["eventId"] for receipt in receipts.values()}) == 3
    assert quotes.quote(customer)["amount"] == 3


def test_unknown_entities_and_events_are_null(quotes):
    assert quotes.quote(unique()) is None
    assert quotes.execute('{ event(eventId: "019a0000-0000-7000-8000-000000000000") { eventId } }')["event"] is None


def test_an_event_by_its_id(quotes, customer):
    receipt = quotes.create_quote(customer, 7.25)
    event = quotes.execute(
        "query($id: ID!) { event(eventId: $id) { eventId eventType payload time source key entityType entityKey"
        " topic partition offset headers storedAt status reason code stage } }",
        {"id": receipt["eventId"]},
    )["event"]
    assert event["eventId"] == receipt["eventId"]
    assert event["eventType"] == "QuoteCreated"
    assert event["payload"] == {"amount": 7.25, "customerId": customer}
    assert (event["topic"], event["partition"], str(event["offset"])) == (
        receipt["topic"], receipt["partition"], str(receipt["offset"]))
    assert event["key"] == customer
    assert (event["entityType"], event["entityKey"]) == ("Quote", customer)
    assert event["status"] == "STORED"
    assert event["reason"] is event["code"] is event["stage"] is None
    assert event["source"] == "/logfirst"
    assert event["headers"]["ce_type"] == "QuoteCreated"
    assert event["headers"]["ce_id"] == receipt["eventId"]
    assert TIME.match(event["storedAt"]) and event["time"] == receipt["time"]


def test_events_are_listed_filtered_and_paged(quotes, customer):
    ids = [quotes.create_quote(customer, number)["eventId"] for number in range(5)]
    document = (
        "query($k: String!, $first: Int, $after: String) { events(where: {entityKey: {eq: $k}}, first: $first,"
        " after: $after) { nodes { eventId } edges { cursor node { eventId } }"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    seen, after = [], None
    for size in (2, 2, 1):
        page = quotes.execute(document, {"k": customer, "first": 2, "after": after})["events"]
        assert len(page["nodes"]) == size
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        seen += [node["eventId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is (len(seen) < 5)
    assert seen == ids
    empty = quotes.execute(document, {"k": customer, "first": 2, "after": after})["events"]
    assert empty["nodes"] == [] and empty["pageInfo"]["hasNextPage"] is False


def test_lists_filter_order_and_page(quotes):
    prefix = unique("list")
    amounts = [3, 1, 2, 2, 5]
    for number, amount in enumerate(amounts):
        quotes.create_quote(f"{prefix}-{number}", amount)

    def listed(where="", order="", first=50, after=None):
        document = (
            "query($p: ID!, $first: Int!, $after: String) { quotes(where: {customerId: {startsWith: $p} %s} %s,"
            " first: $first, after: $after) { nodes { customerId amount } pageInfo { hasNextPage endCursor } } }"
            % (where, order)
        )
        page = quotes.execute(document, {"p": prefix, "first": first, "after": after})["quotes"]
        return [(int(n["customerId"].rsplit("-", 1)[1]), n["amount"]) for n in page["nodes"]], page["pageInfo"]

    assert sorted(listed()[0]) == list(enumerate(amounts))
    assert [a for _, a in listed(order="orderBy: [{field: amount, direction: DESC}]")[0]] == [5, 3, 2, 2, 1]
    assert listed(order="orderBy: [{field: amount}, {field: customerId, direction: DESC}]")[0] == [
        (1, 1), (3, 2), (2, 2), (0, 3), (4, 5)]
    assert sorted(a for _, a in listed(", amount: {gte: 2, lt: 5}")[0]) == [2, 2, 3]
    assert sorted(a for _, a in listed(", amount: {in: [1, 5]}")[0]) == [1, 5]
    assert sorted(a for _, a in listed(", amount: {notIn: [1, 5]}")[0]) == [2, 2, 3]
    assert sorted(a for _, a in listed(", or: [{amount: {eq: 1}}, {amount: {gt: 4}}]")[0]) == [1, 5]
    assert sorted(a for _, a in listed(", not: {amount: {eq: 2}}")[0]) == [1, 3, 5]
    assert listed(", amount: {isNull: true}")[0] == []
    # over pages, with ties, while another row comes and goes before the cursor
    seen, after = [], None
    while True:
        page, info = listed(order="orderBy: [{field: amount}]", first=2, after=after)
        seen += page
        quotes.create_quote(f"{prefix}-1", 0.5)
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]
    assert [number for number, _ in seen] == [1, 2, 3, 0, 4] or [number for number, _ in seen] == [1, 3, 2, 0, 4]


def test_wrong_cursors_and_page_sizes_are_refused(quotes):
    for arguments in ('after: "nonsense"', "first: -1", "first: 1000000"):
        answer = quotes.post("{ quotes(%s) { nodes { amount } } }" % arguments)
        assert answer.errors and set(answer.codes) == {"BAD_USER_INPUT"}, answer.body


def test_an_event_that_breaks_a_constraint_is_nowhere(quotes, customer):
    try:
        quotes.create_quote(customer, -1)
        raise AssertionError("a negative amount was accepted")
    except Refused as refused:
        assert refused.codes == ["EVENT_INVALID"]
        assert "amount" in json.dumps(refused.errors[0]["extensions"]), "the failing field's path"
        assert refused.answer.status == 294, "data and errors"
    assert quotes.quote(customer) is None
    found = quotes.execute("query($k: String!) { events(where: {entityKey: {eq: $k}}) { nodes { eventId } } }",
                           {"k": customer})
    assert found["events"]["nodes"] == []


def test_everything_is_there_after_a_restart(start, folder):
    server = start("up", QUOTES)
    client = server.client()
    receipts = {unique(): None for _ in range(20)}
    for number, customer in enumerate(receipts):
        receipts[customer] = client.create_quote(customer, number, wait=False)
    assert server.stop() == 0
    assert server.log_dir.joinpath("log.db").exists() and server.store_file.exists()
    again = Logfirst("up", QUOTES, folder)
    with again.start():
        client = again.client()
        last = client.create_quote(unique(), 1)
        assert int(last["offset"]) == int(max(int(r["offset"]) for r in receipts.values())) + 1
        for number, (customer, receipt) in enumerate(receipts.items()):
            assert client.quote(customer)["amount"] == number
            event = client.execute('{ event(eventId: "%s") { status offset } }' % receipt["eventId"])["event"]
            assert event == {"status": "STORED", "offset": receipt["offset"]}
        assert again.stop() == 0


def test_the_default_folder_is_below_the_working_directory(tmp_path):
    """`logfirst up SCHEMA` alone needs no option; the ports come from the environment here, since others may run."""
    server = Logfirst("up", QUOTES, "x", env={"LOGFIRST_LISTEN": "127.0.0.1:0", "LOGFIRST_ADMIN": "127.0.0.1:0"},
                      cwd=tmp_path)
    server.argv = [server.argv[0], "up", str(QUOTES)]
    with server.start():
        server.client().create_quote(unique(), 1)
        assert (tmp_path / "logfirst-data").is_dir()
        assert server.stop() == 0
