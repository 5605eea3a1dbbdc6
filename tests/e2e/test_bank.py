"""examples/bank: state as the fold of several kinds of events."""

import re
from decimal import Decimal

import pytest

from harness.graphql import unique

ALL = ("accountId owner email balance deposits withdrawals references tags status frozenBecause openedAt")


@pytest.fixture
def account(bank):
    return open_account(bank)


def open_account(bank, owner=None, email=None):
    receipt = bank.execute(
        "mutation($o: String!, $e: String) { openAccount(owner: $o, email: $e) @await { eventId status time } }",
        {"o": owner or unique("owner"), "e": email},
    )["openAccount"]
    assert receipt["status"] == "STORED"
    event = bank.execute("query($id: ID!) { event(eventId: $id) { payload entityKey } }", {"id": receipt["eventId"]})
    return event["event"]["entityKey"]


def read(bank, account):
    return bank.execute("query($id: ID!) { account(accountId: $id) { %s } }" % ALL, {"id": account})["account"]


def move(bank, kind, account, amount, reference=None):
    transfer = {"accountId": account, "amount": amount}
    if reference is not None:
        transfer["reference"] = reference
    return bank.post("mutation($t: Transfer!) { %s(transfer: $t) @await { status } }" % kind, {"t": transfer})


def act(bank, field):
    answer = bank.post("mutation { %s @await { status } }" % field)
    assert answer.json.get("errors") is None, answer.body
    return answer


def test_an_opened_account_has_its_initial_state(bank):
    account = open_account(bank, "Ada", "ada@example.com")
    assert re.match(r"^[0-9a-f-]{36}$", account), "@generated(by: UUID)"
    state = read(bank, account)
    opened_at = state.pop("openedAt")
    assert re.match(r"^\d{4}-\d\d-\d\dT.*Z$", opened_at), "@generated(by: EVENT_TIME)"
    balance = state.pop("balance")
    assert balance == "0.00" or Decimal(balance) == 0
    assert state == {"accountId": account, "owner": "Ada", "email": "ada@example.com", "deposits": 0, "withdrawals": 0,
                     "references": [], "tags": [], "status": "OPEN", "frozenBecause": None}


def test_money_is_added_subtracted_counted_and_listed(bank, account):
    for kind, amount, reference in (("deposit", "0.10", "a"), ("deposit", "0.20", "b"), ("withdraw", "100.05", "c")):
        assert move(bank, kind, account, amount, reference).data[kind]["status"] == "STORED"
    assert move(bank, "deposit", account, "7.50").data["deposit"]["status"] == "STORED"
    state = read(bank, account)
    assert isinstance(state["balance"], str) and Decimal(state["balance"]) == Decimal("-92.25")
    assert (state["deposits"], state["withdrawals"]) == (3, 1)
    assert state["references"] == ["a", "b", "c", ""], "in log order; the default where none was given"


def test_decimals_stay_exact(bank, account):
    for amount in ["0.01"] * 7 + ["999999.99", "0.1", "0.2"]:
        move(bank, "deposit", account, amount, "x")
    assert Decimal(read(bank, account)["balance"]) == Decimal("1000000.36")


@pytest.mark.parametrize("amount", ["0", "-1", "1000000.01", "0.001"])
def test_constraints_on_money(bank, account, amount):
    answer = move(bank, "deposit", account, amount, "x")
    assert answer.codes == ["EVENT_INVALID"], answer.body
    assert Decimal(read(bank, account)["balance"]) == 0


@pytest.mark.parametrize("amount", ["abc", "1e", "", " 1", True, [1], None, "NaN", "Infinity"])
def test_what_is_no_decimal(bank, account, amount):
    answer = move(bank, "deposit", account, amount, "x")
    assert answer.status == 422 and answer.codes == ["BAD_USER_INPUT"], answer.body


def test_tags_are_appended_and_removed(bank, account):
    for name in ("gold", "vip", "gold"):
        act(bank, 'tag(accountId: "%s", tag: "%s")' % (account, name))
    assert read(bank, account)["tags"] == ["gold", "vip", "gold"]
    act(bank, 'untag(accountId: "%s", tag: "gold")' % account)
    assert read(bank, account)["tags"] == ["vip"]
    act(bank, 'untag(accountId: "%s", tag: "absent")' % account)
    assert read(bank, account)["tags"] == ["vip"]
    answer = bank.post('mutation { tag(accountId: "%s", tag: "Not A Tag") { status } }' % account)
    assert answer.codes == ["EVENT_INVALID"], "pattern"


def test_freeze_sets_and_release_clears(bank, account):
    act(bank, 'freeze(accountId: "%s", reason: "odd")' % account)
    state = read(bank, account)
    assert (state["status"], state["frozenBecause"]) == ("FROZEN", "odd")
    act(bank, 'release(accountId: "%s")' % account)
    state = read(bank, account)
    assert (state["status"], state["frozenBecause"]) == ("OPEN", None)
    answer = bank.post('mutation { freeze(accountId: "%s", reason: "") { status } }' % account)
    assert answer.codes and answer.codes[0] in ("EVENT_INVALID", "BAD_USER_INPUT"), "a constraint on an argument"


def test_closing_deletes_the_state_and_keeps_the_events(bank, account):
    move(bank, "deposit", account, "5", "x")
    act(bank, 'close(accountId: "%s")' % account)
    assert read(bank, account) is None
    events = bank.execute(
        "query($k: String!) { events(where: {entityKey: {eq: $k}}) { nodes { eventType status } } }", {"k": account}
    )["events"]["nodes"]
    assert events == [{"eventType": name, "status": "STORED"}
                      for name in ("AccountOpened", "MoneyDeposited", "AccountClosed")]


def test_an_event_that_the_entity_cannot_take_is_dead_lettered(bank):
    """A deposit to an account that was never opened leaves owner and openedAt null."""
    nobody = unique("nobody")
    document = ('mutation { deposit(transfer: {accountId: "%s", amount: "1"}) @await(timeoutMs: 20000)'
                " { success eventId status } }" % nobody)
    receipt = bank.execute(document)["deposit"]
    assert receipt["success"] is True and receipt["status"] == "DEAD_LETTERED"
    event = bank.execute("query($id: ID!) { event(eventId: $id) { status code reason stage } }",
                         {"id": receipt["eventId"]})["event"]
    assert (event["status"], event["code"]) == ("DEAD_LETTERED", "APPLY_FAILED")
    assert event["reason"]
    assert read(bank, nobody) is None


def test_the_list_of_the_overdrawn(bank):
    accounts = [open_account(bank) for _ in range(3)]
    for number, account in enumerate(accounts):
        move(bank, "deposit", account, "10", "x")
        move(bank, "withdraw", account, ("9.99", "10.01", "2000")[number], "x")
    document = (
        "query($ids: [ID!]!) { accounts(where: {accountId: {in: $ids}, balance: {lt: \"0\"}},"
        " orderBy: [{field: balance}]) { nodes { accountId balance } } }"
    )
    nodes = bank.execute(document, {"ids": accounts})["accounts"]["nodes"]
    assert [node["accountId"] for node in nodes] == [accounts[2], accounts[1]], "decimals compare by value"


def test_enums_and_fragments_in_queries(bank, account):
    data = bank.execute(
        "query($id: ID!) { a: account(accountId: $id) { ...f } b: account(accountId: $id) { ... on Account {"
        " __typename status @skip(if: true) owner @include(if: false) tags } } } fragment f on Account { status }",
        {"id": account},
    )
    assert data == {"a": {"status": "OPEN"}, "b": {"__typename": "Account", "tags": []}}
    document = (
        "query($s: AccountStatus!, $id: ID!) "
        "{ accounts(where: {accountId: {eq: $id}, status: {eq: $s}}) { nodes { status } } }"
    )
    assert len(bank.execute(document, {"s": "OPEN", "id": account})["accounts"]["nodes"]) == 1
    assert bank.execute(document, {"s": "FROZEN", "id": account})["accounts"]["nodes"] == []
    answer = bank.post(document, {"s": "open", "id": account})
    assert answer.status == 422 and answer.codes == ["BAD_USER_INPUT"]
