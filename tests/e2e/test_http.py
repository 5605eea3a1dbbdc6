"""GraphQL over HTTP by the draft of August 2026, and HTTP itself against clients that are wrong, slow or hostile."""

import json
import urllib.parse

import pytest

from harness import node
from harness.graphql import GRAPHQL_JSON, Client, unique
from harness.logfirst import QUOTES, get
from harness.raw import Raw, post

JSON = "application/json"
OK = b'{"query":"{ __typename }"}'


@pytest.fixture(autouse=True)
def still_alive(quotes_server):
    """Whatever a test has sent: the server still answers others."""
    yield
    assert quotes_server.running(), quotes_server.tail()
    assert quotes_server.client().execute("{ __typename }") == {"__typename": "Query"}


def send(client, body, content_type=JSON, accept=GRAPHQL_JSON, **headers):
    wanted = {"content-type": content_type, "accept": accept}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    wanted.update({name.replace("_", "-"): value for name, value in headers.items()})
    return client.request("POST", "/graphql", body, wanted)


def get_query(client, accept=GRAPHQL_JSON, **parameters):
    headers = {"accept": accept} if accept else {}
    return client.request("GET", "/graphql?" + urllib.parse.urlencode(parameters), None, headers)


def well_formed(answer):
    """An errors answer must itself be a GraphQL response."""
    assert answer.type == GRAPHQL_JSON, answer.headers
    assert "data" not in answer.json
    assert answer.errors and all(isinstance(error["message"], str) and error["message"] for error in answer.errors)
    assert all(isinstance(error["extensions"]["code"], str) for error in answer.errors)
    return answer


# --- statuses

TABLE = [
    # what, body, status, code
    ("no body", b"", 400, None),
    ("no JSON", b"nonsense", 400, None),
    ("half JSON", b'{"query":', 400, None),
    ("JSON and more", OK + b"x", 400, None),
    ("two documents", OK + OK, 400, None),
    ("invalid UTF-8 in JSON", b'{"query":"{ __typename } # \xff"}', 400, None),
    ("overlong UTF-8 in JSON", b'{"query":"{ __typename } # \xc0\xaf"}', 400, None),
    ("UTF-8 surrogate in JSON", b'{"query":"{ __typename } # \xed\xa0\x80"}', 400, None),
    ("NUL in JSON", b'{"query":"{ __typename } \x00"}', 400, None),
    ("a list", b"[" + OK + b"]", 422, None),
    ("a string", b'"{ __typename }"', 422, None),
    ("null", b"null", 422, None),
    ("no query", b"{}", 422, None),
    ("a typo", b'{"qeury":"{ __typename }"}', 422, None),
    ("query is null", b'{"query":null}', 422, None),
    ("query is a number", b'{"query":1}', 422, None),
    ("query is an object", b'{"query":{}}', 422, None),
    ("operationName is a number", b'{"query":"{ __typename }","operationName":1}', 422, None),
    ("variables is a list", b'{"query":"{ __typename }","variables":[7]}', 422, None),
    ("variables is a string", b'{"query":"{ __typename }","variables":"{}"}', 422, None),
    ("extensions is a list", b'{"query":"{ __typename }","extensions":[]}', 422, None),
    ("extensions is a number", b'{"query":"{ __typename }","extensions":7}', 422, None),
    ("empty document", b'{"query":""}', 400, "GRAPHQL_PARSE_FAILED"),
    ("document cannot be parsed", b'{"query":"{"}', 400, "GRAPHQL_PARSE_FAILED"),
    ("unclosed string", b'{"query":"{ a(b: \\"x) }"}', 400, "GRAPHQL_PARSE_FAILED"),
    ("a lone surrogate in a string", b'{"query":"{ quote(customerId: \\"\\\\uD800\\") { amount } }"}', 400,
     "GRAPHQL_PARSE_FAILED"),
    ("unknown field", b'{"query":"{ nope }"}', 422, "GRAPHQL_VALIDATION_FAILED"),
    ("unknown argument", b'{"query":"{ quote(id: 1) { amount } }"}', 422, "GRAPHQL_VALIDATION_FAILED"),
    ("missing argument", b'{"query":"mutation { createQuote(amount: 1) { eventId } }"}', 422,
     "GRAPHQL_VALIDATION_FAILED"),
    ("wrong literal", b'{"query":"mutation { createQuote(amount: \\"1\\", customerId: 1) { eventId } }"}', 422,
     "GRAPHQL_VALIDATION_FAILED"),
    ("no selection", b'{"query":"mutation { createQuote(amount: 1, customerId: 1) }"}', 422,
     "GRAPHQL_VALIDATION_FAILED"),
    ("fragment cycle", b'{"query":"{ ...a } fragment a on Query { ...a }"}', 422, "GRAPHQL_VALIDATION_FAILED"),
    ("no such operation", b'{"query":"query a { __typename }","operationName":"b"}', 422, None),
    ("ambiguous operation", b'{"query":"query a { __typename } query b { __typename }"}', 422, None),
    ("only a fragment", b'{"query":"fragment a on Query { __typename }"}', 422, None),
    ("missing variable", b'{"query":"query($c: ID!) { quote(customerId: $c) { amount } }"}', 422, "BAD_USER_INPUT"),
    ("null variable", b'{"query":"query($c: ID!) { quote(customerId: $c) { amount } }","variables":{"c":null}}', 422,
     "BAD_USER_INPUT"),
    ("wrong variable", b'{"query":"query($c: ID!) { quote(customerId: $c) { amount } }","variables":{"c":[1]}}', 422,
     "BAD_USER_INPUT"),
    ("a subscription", b'{"query":"subscription { nope }"}', 422, None),
]


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, JSON, "*/*", None])
@pytest.mark.parametrize(("body", "status", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_request_errors(quotes, body, status, code, accept):
    """The same statuses whatever the client accepts; what is no success says that it is a GraphQL response."""
    answer = send(quotes, body, accept=accept)
    assert answer.status == status, answer.body
    well_formed(answer)
    if code:
        assert set(answer.codes) == {code}


def test_errors_have_locations(quotes):
    answer = send(quotes, json.dumps({"query": "{\n  quote(customerId: 1) {\n    nope\n  }\n}"}).encode())
    assert [error["locations"] for error in answer.errors] == [[{"line": 3, "column": 5}]]
    answer = send(quotes, json.dumps({"query": "{\n  a(\n"}).encode())
    assert answer.errors[0]["locations"][0]["line"] == 3


def test_other_members_of_the_body_are_ignored(quotes):
    body = b'{"id":7,"query":"{ __typename }","operationName":null,"variables":null,"extensions":null,"x":[1]}'
    answer = send(quotes, body)
    assert (answer.status, answer.json) == (200, {"data": {"__typename": "Query"}})
    body = b'{"query":"query a { __typename } query b { t: __typename }","operationName":"b","variables":{"u":1}}'
    assert send(quotes, body).json == {"data": {"t": "Query"}}


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (JSON, JSON),
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON}", JSON),
        (f"{JSON}, {GRAPHQL_JSON};q=0.1", JSON),
        (f"text/html, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};charset=utf-8", GRAPHQL_JSON),
        ("APPLICATION/JSON", JSON),
    ],
)
def test_negotiation(quotes, accept, type_):
    answer = send(quotes, OK, accept=accept)
    assert (answer.status, answer.type) == (200, type_)
    assert "charset=utf-8" in answer.headers["content-type"].lower()


@pytest.mark.parametrize("accept", ["text/plain", "image/*", f"{JSON};q=0, {GRAPHQL_JSON};q=0", "application/xml"])
def test_not_acceptable(quotes, accept):
    assert send(quotes, OK, accept=accept).status == 406


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_JSON, 294), (JSON, 200), ("*/*", 200), (None, 200)])
def test_data_beside_errors(quotes, customer, accept, status):
    """294 only for those who know it: whoever asked for application/json gets 200."""
    document = {"query": 'mutation { createQuote(amount: -1, customerId: "%s") { eventId } }' % customer}
    answer = send(quotes, json.dumps(document).encode(), accept=accept)
    assert answer.status == status, answer.body
    assert answer.json["data"] is None and answer.codes == ["EVENT_INVALID"]
    assert answer.errors[0]["path"] == ["createQuote"]
    assert answer.type == (GRAPHQL_JSON if status == 294 else JSON)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/graphql",
        "application/jsonx",
        "application/json;charset=latin-1",
    ],
)
def test_unsupported_media_types(quotes, content_type):
    answer = send(quotes, OK, content_type)
    assert answer.status == 415, answer.body
    well_formed(answer)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_supported_media_types(quotes, content_type):
    assert send(quotes, OK, content_type).status == 200


def test_get(quotes, customer):
    quotes.create_quote(customer, 3)
    answer = get_query(quotes, query="query q($c: ID!) { quote(customerId: $c) { amount } } query r { __typename }",
                       variables=json.dumps({"c": customer}), operationName="q", extensions="{}")
    assert (answer.status, answer.type, answer.json) == (200, GRAPHQL_JSON, {"data": {"quote": {"amount": 3}}})
    assert get_query(quotes, query="{ __typename }", variables="", operationName="", extensions="").status == 200
    assert get_query(quotes, accept=None, query="{ __typename }").type == JSON
    assert get_query(quotes).status == 422, "no query"
    assert get_query(quotes, query="{").status == 400
    assert get_query(quotes, query="{ nope }").status == 422
    assert get_query(quotes, query="{ __typename }", variables="{").status == 400
    assert get_query(quotes, query="{ __typename }", variables="[]").status == 422
    assert get_query(quotes, query="query null { __typename }", operationName="null").status == 200


def test_a_mutation_by_get_is_refused(quotes, customer):
    document = 'mutation m { createQuote(amount: 1, customerId: "%s") { eventId } } query q { __typename }' % customer
    answer = get_query(quotes, query=document, operationName="m")
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]
    well_formed(answer)
    assert get_query(quotes, query=document, operationName="q").status == 200
    assert quotes.quote(customer) is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods(quotes, method):
    answer = quotes.request(method, "/graphql", OK, {"content-type": JSON})
    assert answer.status == 405
    assert {"GET", "POST"} <= {word.strip() for word in answer.headers["allow"].split(",")}


def test_head_and_options(quotes_server):
    query = urllib.parse.urlencode({"query": "{ __typename }"})
    with Raw(quotes_server.listen) as raw:
        raw.send(f"HEAD /graphql?{query} HTTP/1.1\r\nHost: x\r\n\r\n")
        status, _, body = raw.response(head=True)
        assert status in (200, 405) and body == b""
        raw.send(f"GET /graphql?{query} HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.response()[0] == 200, "no body came with the answer to HEAD"
        raw.send("OPTIONS /graphql HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = raw.response()
        assert status in (200, 204, 405)
        assert "POST" in headers["allow"]


def test_other_paths(quotes):
    for path in ("/", "/graphq", "/graphql/x", "/metrics", "/%2e%2e/etc/passwd"):
        assert quotes.request("GET", path).status == 404, path


# --- the public audits

# audits that ask for what the draft of August 2026 has changed, with what it asks for now
CHANGED = {
    "423L": "a request without {query} is ill-formed: 422",
    "3E3A": "wrong parameters are ill-formed: 422",
    "LKJ0": "wrong {query}: 422",
    "LKJ1": "wrong {query}: 422",
    "LKJ2": "wrong {query}: 422",
    "LKJ3": "wrong {query}: 422",
    "6C00": "wrong {operationName}: 422",
    "6C01": "wrong {operationName}: 422",
    "6C02": "wrong {operationName}: 422",
    "6C03": "wrong {operationName}: 422",
    "4760": "wrong {variables}: 422",
    "4761": "wrong {variables}: 422",
    "4762": "wrong {variables}: 422",
    "4763": "wrong {variables}: 422",
    "58B0": "wrong {extensions}: 422",
    "58B1": "wrong {extensions}: 422",
    "58B2": "wrong {extensions}: 422",
    "58B3": "wrong {extensions}: 422",
    "572B": "a document that cannot be parsed is 400 for application/json as well",
    "FDE2": "a document that is not valid is 422 for application/json as well",
    "7B9B": "variables that cannot be coerced are 422 for application/json as well",
    "86EE": "variables that cannot be coerced are 422",
}


def test_the_public_audits(quotes_server):
    results = node.run("audit.js", "http://%s:%d/graphql" % quotes_server.listen)
    assert len(results) > 50
    assert not set(CHANGED) - {result["id"] for result in results}, "an audit that does not exist"
    different = {r["id"]: f"{r['name']}: {r['reason']}" for r in results if r["status"] != "ok"}
    assert not set(different) - set(CHANGED), {i: t for i, t in different.items() if i not in CHANGED}
    assert not set(CHANGED) - set(different), "these agree with the older draft after all"


# --- bodies, sizes, depths

def test_chunked_bodies(quotes_server):
    with Raw(quotes_server.listen) as raw:
        raw.send(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for byte in OK:
            raw.send(b"1\r\n%c\r\n" % byte)
        raw.send(b"0\r\n\r\n")
        assert raw.response()[0] == 200
        raw.send(post(OK))
        assert raw.response()[0] == 200, "the connection goes on"


def test_expect_continue(quotes_server):
    with Raw(quotes_server.listen) as raw:
        raw.send(post(b"", ["Expect: 100-continue", f"Content-Length: {len(OK)}"]))
        assert raw.response()[0] == 100
        raw.send(OK)
        assert raw.response()[0] == 200


@pytest.mark.parametrize("size", [20 * 1000 * 1000, 1024 * 1024 + 1])
def test_a_body_that_is_too_large(quotes_server, size):
    """413 without reading it all; the client may find the connection closed."""
    for headers in ([f"Content-Length: {size}"], ["Transfer-Encoding: chunked"]):
        with Raw(quotes_server.listen) as raw:
            raw.send(post(b"", headers))
            block = b" " * 65536
            for at in range(0, size, len(block)):
                part = block[: size - at]
                if not raw.send_some(part if "Content" in headers[0] else b"%x\r\n%s\r\n" % (len(part), part)):
                    break
            answer = raw.response()
            if answer is not None:  # None: the kernel dropped it with the unread bytes
                assert answer[0] == 413 and answer[2], answer
                assert raw.closed()


def code_of(answer, status):
    """What the HTTP layer refuses by itself has GraphQL's form too."""
    assert answer is not None and answer[0] == status, answer
    assert answer[1]["content-type"].startswith("application/graphql-response+json"), answer
    (error,) = json.loads(answer[2])["errors"]
    assert error["message"]
    return error["extensions"]["code"]


def test_a_body_that_is_announced_too_large_is_refused_at_once(quotes_server):
    with Raw(quotes_server.listen) as raw:
        raw.send(post(b"", ["Content-Length: 20000000"]))
        assert code_of(raw.response(), 413) == "PAYLOAD_TOO_LARGE"


def test_the_largest_body_is_served(quotes_server):
    padding = b" " * (1000 * 1000 - len(OK))
    answer = send(Client(quotes_server.listen), padding + OK)
    assert answer.status == 200, answer.body[:200]


def test_max_body_is_an_option(start):
    client = start("up", QUOTES, "--max-body", "2KB").client()
    assert send(client, OK + b" " * 1000).status == 200
    assert send(client, OK + b" " * 3000).status == 413


@pytest.mark.parametrize(
    ("what", "document", "codes"),
    [
        ("selections", "{ a " * 10000 + "}" * 10000, {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"}),
        ("unclosed selections", "{a" * 10000, {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"}),
        (
            "lists",
            "{ quotes(first: " + "[" * 10000 + "]" * 10000 + ") { nodes { amount } } }",
            {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"},
        ),
        (
            "objects",
            "{ quotes(where: " + "{not:" * 10000 + "{}" + "}" * 10000 + ") { nodes { amount } } }",
            {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"},
        ),
        (
            "list types",
            "query($a: " + "[" * 10000 + "Int" + "]" * 10000 + ") { __typename }",
            {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"},
        ),
        (
            "inline fragments",
            "{" + "... {" * 10000 + "__typename" + "}" * 10000 + "}",
            {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"},
        ),
        ("tokens", "{" + " __typename" * 20000 + "}", {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED"}),
        (
            "directives",
            "{ __typename " + "@a" * 10000 + "}",
            {"TOO_COMPLEX", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"},
        ),
        (
            "fragment chain",
            "{ ...f0 }"
            + "".join(f" fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(1500))
            + " fragment f1500 on Query { __typename }",
            {"TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED", None},
        ),
        (
            "unknown fields",
            "{" + " ".join(f"nope{n}" for n in range(10000)) + "}",
            {"TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_documents_that_are_too_much(quotes, what, document, codes):
    answer = quotes.post(document)
    if None in codes and answer.status == 200:
        return
    assert 400 <= answer.status < 500, (what, answer.body[:300])
    assert answer.codes and set(answer.codes) <= codes, (what, answer.body[:300])
    assert len(answer.errors) <= 101, "the list of errors is cut"


def test_json_that_is_nested_10000_deep(quotes):
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        middle = "1" if opening != "[" else ""
        body = '{"query":"{ __typename }","variables":{"x":' + opening * 10000 + middle + closing * 10000 + "}}"
        answer = send(quotes, body.encode())
        assert answer.status == 400, answer.body[:300]
        well_formed(answer)
    body = '{"query":"{ __typename }","variables":' + '{"a":' * 100000
    assert send(quotes, body.encode()).status == 400


@pytest.mark.parametrize("amount", ["1e309", "-1e309", "1e999999999", "9" * 400, '"1"', "true", "[1]", "{}", "null"])
def test_numbers_that_are_no_float(quotes, customer, amount):
    body = ('{"query":"mutation($a: Float!, $c: ID!) { createQuote(amount: $a, customerId: $c) { eventId } }",'
            '"variables":{"a":%s,"c":"%s"}}' % (amount, customer))
    answer = send(quotes, body.encode())
    assert answer.status in (400, 422), answer.body
    assert quotes.quote(customer) is None


@pytest.mark.parametrize("amount", ["1e400", "-1e400", "9" * 400, "1e", ".5", "01", "1_0", "NaN", "0x10"])
def test_literals_that_are_no_float(quotes, customer, amount):
    answer = quotes.post('mutation { createQuote(amount: %s, customerId: "%s") { eventId } }' % (amount, customer))
    assert answer.status in (400, 422), answer.body
    assert quotes.quote(customer) is None


@pytest.mark.parametrize(
    "amount", ["0", "5e-324", "1.7976931348623157e308", "0.1", "9007199254740993", "1E2", "123456789.125"]
)
def test_numbers_come_back_as_they_went(quotes, customer, amount):
    body = ('{"query":"mutation($a: Float!, $c: ID!) { createQuote(amount: $a, customerId: $c) @await { eventId } }",'
            '"variables":{"a":%s,"c":"%s"}}' % (amount, customer))
    assert send(quotes, body.encode()).status == 200
    assert quotes.quote(customer)["amount"] == float(amount)


@pytest.mark.parametrize("first", ["2147483648", "-2147483649", "1.5", "99999999999999999999", '"1"', "true"])
def test_numbers_that_are_no_int(quotes, first):
    assert quotes.post("{ quotes(first: %s) { nodes { amount } } }" % first).status == 422
    body = '{"query":"query($n: Int) { quotes(first: $n) { nodes { amount } } }","variables":{"n":%s}}' % first
    assert send(quotes, body.encode()).status == 422


@pytest.mark.parametrize(
    "name",
    [
        "ünï-çødé",
        "日本語",
        "🦜🦜",
        "a b",
        'quote"back\\slash',
        "line\nfeed",
        "\u0001\u001f",
        "\u2028",
        "' OR 1=1 --",
        "x" * 2000,
        "",
        "\u0000nul",
    ],
)
def test_text_comes_back_as_it_went(quotes, name):
    """Everything that is Unicode: kept as it is, or refused in full."""
    customer = unique() + name
    answer = quotes.post("mutation($c: ID!) { createQuote(amount: 1, customerId: $c) @await { eventId status } }",
                         {"c": customer})
    if "\u0000" in name and answer.json.get("errors"):
        return
    assert answer.status == 200, answer.body
    assert quotes.quote(customer) == {"customerId": customer, "amount": 1}
    event = quotes.execute("query($id: ID!) { event(eventId: $id) { payload key entityKey } }",
                           {"id": answer.data["createQuote"]["eventId"]})["event"]
    assert event == {"payload": {"amount": 1, "customerId": customer}, "key": customer, "entityKey": customer}


def test_a_lone_surrogate_is_refused(quotes):
    document = b"mutation($c: ID!) { createQuote(amount: 1, customerId: $c) { eventId } }"
    body = b'{"query":"' + document + b'","variables":{"c":"\\ud800"}}'
    assert send(quotes, body).status in (400, 422)


# --- connections

def test_keep_alive_and_close(quotes_server):
    with Raw(quotes_server.listen) as raw:
        for _ in range(100):
            raw.send(post(OK))
            assert raw.response()[0] == 200
        raw.send(post(OK, ["Connection: close"]))
        status, headers, _ = raw.response()
        assert status == 200 and headers.get("connection", "").lower() == "close"
        assert raw.closed()


def test_http_1_0(quotes_server):
    with Raw(quotes_server.listen) as raw:
        raw.send(post(OK).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert raw.response()[0] == 200
        assert raw.closed(), "no keep-alive was asked for"


def test_pipelining(quotes_server):
    """Answers in the order of requests, mutations that wait for the log among them."""
    prefix = unique("pipe")
    requests = []
    for number in range(200):
        if number % 3 == 0:
            document = 'mutation { createQuote(amount: %d, customerId: "%s-%d") { success } }' % (
                number,
                prefix,
                number,
            )
        elif number % 3 == 1:
            document = "query q%d { a%d: __typename }" % (number, number)
        else:
            document = "{"
        requests.append(post(json.dumps({"query": document})))
    with Raw(quotes_server.listen) as raw:
        raw.send(b"".join(requests))
        for number in range(200):
            status, _, body = raw.response()
            answer = json.loads(body)
            if number % 3 == 0:
                assert answer == {"data": {"createQuote": {"success": True}}}
            elif number % 3 == 1:
                assert answer == {"data": {f"a{number}": "Query"}}
            else:
                assert status == 400


def test_a_request_in_single_bytes(quotes_server):
    with Raw(quotes_server.listen) as raw:
        for byte in post(OK):
            raw.send(bytes([byte]))
        assert raw.response()[0] == 200


def test_a_client_that_goes_away_harms_nobody(quotes_server, quotes):
    prefix = unique("gone")
    for number in range(50):
        document = 'mutation { createQuote(amount: 1, customerId: "%s-%d") @await { success } }' % (prefix, number)
        raw = Raw(quotes_server.listen)
        raw.send(post(json.dumps({"query": document}))[: -1 if number % 5 == 0 else None])
        raw.close()
    last = unique()
    quotes.create_quote(last, 1)
    found = quotes.execute("query($p: ID!) { quotes(where: {customerId: {startsWith: $p}}) { nodes { customerId } } }",
                           {"p": prefix})["quotes"]["nodes"]
    whole = {f"{prefix}-{number}" for number in range(50) if number % 5 != 0}
    assert {node["customerId"] for node in found} <= whole, "half a request had an effect"


def test_slow_headers_are_cut_off(quotes_server):
    """A client that never ends its header is closed, with 408 or without; others are served meanwhile."""
    slow = [Raw(quotes_server.listen) for _ in range(50)]
    for raw in slow:
        raw.send(b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert Client(quotes_server.listen).execute("{ __typename }")
    for raw in slow:
        raw.socket.settimeout(60)
        answer = raw.response()
        assert answer is None or answer[0] == 408
        assert raw.closed()
        raw.close()


def test_idle_connections_are_closed(start):
    server = start("up", QUOTES, "--idle-timeout", "300ms")
    with Raw(server.listen) as raw:
        raw.send(post(OK))
        assert raw.response()[0] == 200
        assert raw.closed()


def test_connections_beyond_the_limit(start):
    server = start("up", QUOTES, "--max-connections", "5")
    held = [Raw(server.listen) for _ in range(5)]
    for raw in held:
        raw.send(post(OK))
        assert raw.response()[0] == 200
    with Raw(server.listen) as extra:
        extra.send_some(post(OK))
        answer = extra.response()
        assert answer is None or answer[0] == 503
    held[0].close()

    def served():
        with Raw(server.listen) as raw:
            answer = raw.send_some(post(OK)) and raw.response()
            return answer and answer[0] == 200

    from harness.wait import until

    until(served, "a place that has become free")
    for raw in held:
        raw.close()


def test_a_thousand_connections(quotes_server):
    held = [Raw(quotes_server.listen, timeout=60) for _ in range(1000)]
    for raw in held:
        raw.send(post(OK))
    for raw in held:
        assert raw.response()[0] == 200
        raw.close()


# --- HTTP that is wrong

BODY = b"\r\nContent-Length: %d\r\n\r\n%s" % (len(OK), OK)
TYPE = b"Content-Type: application/json"
START = b"POST /graphql HTTP/1.1\r\nHost: x\r\n" + TYPE

MALFORMED = {
    "garbage": b"\x00\x01\x02\x03\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "no version": b"GET /graphql\r\n\r\n",
    "an odd version": b"GET /graphql HTTP/9.9\r\nHost: x\r\n\r\n",
    "an unknown method": b"FOO /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "a lower-case method": b"post /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "space in the target": b"GET /graph ql HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"POST /graphql HTTP/1.1\r\n" + TYPE + BODY,
    "two hosts": START + b"\r\nHost: y" + BODY,
    "no colon": START + b"\r\nnonsense" + BODY,
    "space before the colon": START + b"\r\nX-A : 1" + BODY,
    "space before Transfer-Encoding's colon": START + b"\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "an empty name": START + b"\r\n: 1" + BODY,
    "NUL in a header": START + b"\r\nX-A: a\x00b" + BODY,
    "CR in a header": START + b"\r\nX-A: a\rb" + BODY,
    "a folded header": START + b"\r\nX-A: a\r\n b" + BODY,
    "a folded Transfer-Encoding": START + b"\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": (START + BODY).replace(b"\r\n", b"\n"),
    "a bare line feed in a header": START + b"\nX-A: 1" + BODY,
    "length and chunked": START + b"\r\nTransfer-Encoding: chunked" + BODY,
    "chunked and length": START + b"\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": START + b"\r\nContent-Length: 5" + BODY,
    "two equal lengths": START + b"\r\nContent-Length: %d" % len(OK) + BODY,
    "a list of lengths": START + b"\r\nContent-Length: 5, 5\r\n\r\nxxxxx",
    "a negative length": START + b"\r\nContent-Length: -1\r\n\r\n",
    "a signed length": START + b"\r\nContent-Length: +5\r\n\r\nxxxxx",
    "a hexadecimal length": START + b"\r\nContent-Length: 0x5\r\n\r\nxxxxx",
    "a length with words": START + b"\r\nContent-Length: 5 bytes\r\n\r\nxxxxx",
    "an empty length": START + b"\r\nContent-Length:\r\n\r\n",
    "a length beyond 64 bits": START + b"\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "chunked twice": START + b"\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": START + b"\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "identity": START + b"\r\nTransfer-Encoding: identity\r\n\r\n",
    "xchunked": START + b"\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "gzip": START + b"\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two Transfer-Encodings": START + b"\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked with a vertical tab": START + b"\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "an odd chunk size": START + b"\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a negative chunk size": START + b"\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a chunk size with 0x": START + b"\r\nTransfer-Encoding: chunked\r\n\r\n0x1a\r\n",
    "a chunk size beyond 64 bits": START + b"\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "a chunk longer than its size": START + b"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "a chunk that ends with a bare line feed": START + b"\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\r\n\r\n",
}
# the status may say more than 400 here
OTHER_STATUS = {
    "an odd version": {400, 505}, "an unknown method": {400, 405, 501}, "a lower-case method": {400, 405, 501},
    "a length beyond 64 bits": {400, 413}, "a chunk size beyond 64 bits": {400, 413},
    "chunked twice": {400, 501}, "chunked not last": {400, 501}, "identity": {400, 501}, "xchunked": {400, 501},
    "gzip": {400, 415, 501}, "two Transfer-Encodings": {400, 501}, "chunked with a vertical tab": {400, 501},
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_and_smuggled_requests(quotes_server, what):
    """Refused, the connection closed, and what stands behind it never taken for a request."""
    victim = unique("smuggled")
    hidden = post(json.dumps({"query": 'mutation { createQuote(amount: 1, customerId: "%s") { eventId } }' % victim}))
    with Raw(quotes_server.listen) as raw:
        raw.send(MALFORMED[what])
        raw.send_some(hidden)
        answer = raw.response()
        if answer is not None:
            assert answer[0] in OTHER_STATUS.get(what, {400}), answer
        assert raw.response() is None, "a second answer"
    client = quotes_server.client()
    client.create_quote(unique(), 1)
    assert client.quote(victim) is None


def test_chunk_extensions_and_trailers_do_not_confuse(quotes_server):
    with Raw(quotes_server.listen) as raw:
        raw.send(START + b"\r\nTransfer-Encoding: chunked\r\n\r\n%x;a=b;c=\"d\"\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n"
                 % (len(OK), OK))
        answer = raw.response()
        assert answer is not None and answer[0] in (200, 400)
        if answer[0] == 200:
            raw.send(post(OK))
            assert raw.response()[0] == 200


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (b"GET /graphql HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20000 + b"\r\n\r\n", {431}),
        (b"GET /graphql HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n", {431}),
        (b"GET /graphql?query=" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431}),
        (b"GET /graphql HTTP/1.1\r\nHost: x\r\n" + b"X-" + b"a" * 20000 + b": 1\r\n\r\n", {431}),
    ],
    ids=["value", "number", "target", "name"],
)
def test_headers_that_are_too_large(quotes_server, request_, statuses):
    with Raw(quotes_server.listen) as raw:
        raw.send_some(request_)
        answer = raw.response()
        assert answer is not None and answer[0] in statuses, answer
        assert code_of(answer, answer[0]) == "PAYLOAD_TOO_LARGE"
        assert raw.closed()


def test_query_strings_that_cannot_be_decoded(quotes_server):
    where = quotes_server.listen
    for target in ("?query=%ff", "?query=%zz", "?query=%", "?query={__typename}&query={a}"):
        status, _, _ = get(where, "/graphql" + target.replace("{", "%7B").replace("}", "%7D"))
        assert status in (400, 422), target
