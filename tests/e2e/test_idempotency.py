"""Idempotency-Key: one key, one event, one effect, whatever happens in between."""

import concurrent.futures
import uuid

from harness.evidence import stored_events
from harness.graphql import Refused, unique
from harness.logfirst import LEDGER, QUOTES

MOVE = (
    "mutation($a: ID!, $m: Int!, $n: String!) "
    "{ move(accountId: $a, amount: $m, note: $n) @await { eventId offset status } }"
)


def move(client, account, amount, key, note="n"):
    return client.post(MOVE, {"a": account, "m": amount, "n": note}, headers={"idempotency-key": key})


def balance(client, account):
    return client.execute("query($a: ID!) { account(accountId: $a) { balance moves notes } }", {"a": account})[
        "account"
    ]


def test_one_hundred_in_parallel_and_again_after_restarts(start):
    server = start("up", LEDGER)
    account, key = unique(), str(uuid.uuid4())

    def hundred(server):
        client = server.client()
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            return list(pool.map(lambda _: move(client, account, 7, key), range(100)))

    answers = hundred(server)
    assert all(answer.status == 200 for answer in answers), {a.status: a.body for a in answers}
    receipts = [answer.data["move"] for answer in answers]
    assert len({receipt["eventId"] for receipt in receipts}) == 1
    assert balance(server.client(), account) == {"balance": "7", "moves": 1, "notes": ["n"]} or balance(
        server.client(), account) == {"balance": 7, "moves": 1, "notes": ["n"]}
    assert server.stop() == 0

    server = start("up", LEDGER)
    again = hundred(server)
    assert {a.data["move"]["eventId"] for a in again} == {receipts[0]["eventId"]}
    server.kill()

    server = start("up", LEDGER)
    last = move(server.client(), account, 7, key)
    assert last.data["move"]["eventId"] == receipts[0]["eventId"]
    assert last.data["move"]["status"] == "STORED"
    assert int(balance(server.client(), account)["balance"]) == 7
    assert [row["event_id"] for row in stored_events(server.store_file)] == [receipts[0]["eventId"]]


def test_a_replayed_answer_says_so_and_repeats_the_receipt(quotes, customer):
    document = ('mutation { createQuote(amount: 1, customerId: "%s") @await'
                " { success eventId eventType topic partition offset time } }" % customer)
    headers = {"idempotency-key": str(uuid.uuid4())}
    first = quotes.post(document, headers=headers)
    again = quotes.post(document, headers=headers)
    assert first.data == again.data
    assert again.headers.get("idempotent-replayed") == "true" and first.headers.get("idempotent-replayed") is None
    # the same arguments in other clothes are the same
    dressed = ("mutation x($c: ID!, $a: Float!) { createQuote(customerId: $c, amount: $a) @await"
               " { success eventId eventType topic partition offset time } }")
    again = quotes.post(dressed, {"c": customer, "a": 1}, headers=headers)
    assert again.data == first.data


def test_other_arguments_under_a_key_are_refused(quotes, customer):
    key = unique("key")
    first = quotes.create_quote(customer, 1, key=key)
    try:
        quotes.create_quote(customer, 2, key=key)
        raise AssertionError("another payload was accepted under the key")
    except Refused as refused:
        assert refused.codes == ["IDEMPOTENCY_KEY_REUSED"]
    assert quotes.create_quote(customer, 1, key=key)["eventId"] == first["eventId"]
    assert quotes.quote(customer)["amount"] == 1


def test_other_arguments_under_a_key_are_refused_after_a_restart(start):
    server = start("up", QUOTES)
    key, customer = unique("key"), unique()
    first = server.client().create_quote(customer, 1, key=key)
    server.kill()
    client = start("up", QUOTES).client()
    try:
        client.create_quote(customer, 2, key=key)
        raise AssertionError("another payload was accepted under the key")
    except Refused as refused:
        assert refused.codes == ["IDEMPOTENCY_KEY_REUSED"]
    assert client.create_quote(customer, 1, key=key)["eventId"] == first["eventId"]
    assert client.quote(customer)["amount"] == 1


def test_two_payloads_race_for_a_key(quotes):
    """One wins, whoever it is; the others are told, or are the winner's retries."""
    for _ in range(10):
        customer, key = unique(), unique("key")

        def create(number):
            try:
                return quotes.create_quote(customer, number % 2, key=key)["eventId"], number % 2
            except Refused as refused:
                assert refused.codes == ["IDEMPOTENCY_KEY_REUSED"], refused
                return None

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = [result for result in pool.map(create, range(8)) if result]
        assert len(set(results)) == 1, results
        assert quotes.quote(customer)["amount"] == results[0][1]


def test_a_key_covers_each_mutation_of_a_document(quotes, customer):
    document = (
        "mutation($c: ID!) { a: createQuote(amount: 1, customerId: $c) { eventId } "
        "b: createQuote(amount: 1, customerId: $c) @await { eventId } }"
    )
    headers = {"idempotency-key": unique("key")}
    first = quotes.execute(document, {"c": customer}, headers=headers)
    assert first["a"]["eventId"] != first["b"]["eventId"]
    assert quotes.execute(document, {"c": customer}, headers=headers) == first


def test_keys_differ_by_mutation_and_without_a_key_each_is_new(bank, quotes, customer):
    ids = {quotes.create_quote(customer, 1)["eventId"] for _ in range(3)}
    assert len(ids) == 3
    ids = {quotes.create_quote(customer, 1, key=unique("key"))["eventId"] for _ in range(3)}
    assert len(ids) == 3


def test_a_key_that_is_none(quotes, customer):
    document = 'mutation { createQuote(amount: 1, customerId: "%s") { eventId } }' % customer
    for key in ("", "x" * 4096):
        answer = quotes.post(document, headers={"idempotency-key": key})
        if answer.status == 200:
            assert key == "", "an over-long key was taken"
        else:
            assert answer.status in (400, 422, 431) and answer.errors, answer.body


def test_a_refused_mutation_does_not_use_its_key_up(quotes, customer):
    key = unique("key")
    try:
        quotes.create_quote(customer, -1, key=key)
        raise AssertionError("accepted")
    except Refused as refused:
        assert refused.codes == ["EVENT_INVALID"]
    assert quotes.create_quote(customer, 1, key=key)["success"] is True
