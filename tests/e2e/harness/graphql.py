"""A plain GraphQL client over one keep-alive connection. It never retries by itself."""

import http.client
import itertools
import json
import threading
import uuid

GRAPHQL_JSON = "application/graphql-response+json"
counter = itertools.count()


def unique(prefix="c"):
    """A name no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}-{next(counter)}"


class Refused(Exception):
    """The answer carries errors."""

    def __init__(self, answer):
        super().__init__(f"HTTP {answer.status}: {answer.body[:2000]!r}")
        self.answer = answer
        self.errors = (answer.json or {}).get("errors", []) if isinstance(answer.json, dict) else []

    @property
    def codes(self):
        return [error.get("extensions", {}).get("code") for error in self.errors]


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    @property
    def type(self):
        return (self.headers.get("content-type") or "").split(";")[0].strip()

    @property
    def data(self):
        return self.json["data"]

    @property
    def errors(self):
        return self.json.get("errors", [])

    @property
    def codes(self):
        return [error.get("extensions", {}).get("code") for error in self.errors]


class Client:
    def __init__(self, where, headers=None, path="/graphql", timeout=60.0):
        self.where = where
        self.headers = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        self.path = path
        self.timeout = timeout
        self.local = threading.local()  # one connection a thread

    def connection(self):
        if getattr(self.local, "connection", None) is None:
            self.local.connection = http.client.HTTPConnection(*self.where, timeout=self.timeout)
        return self.local.connection

    def close(self):
        if getattr(self.local, "connection", None) is not None:
            self.local.connection.close()
            self.local.connection = None

    def request(self, method, path, body=None, headers=None):
        """Any request; what the connection raises is raised, after it has been closed."""
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers={**self.headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except BaseException:
            self.close()
            raise

    def post(self, query, variables=None, operation=None, headers=None, accept=GRAPHQL_JSON):
        body = {"query": query}
        if variables is not None:
            body["variables"] = variables
        if operation is not None:
            body["operationName"] = operation
        wanted = {"content-type": "application/json"}
        if accept is not None:
            wanted["accept"] = accept
        return self.request("POST", self.path, json.dumps(body).encode(), {**wanted, **(headers or {})})

    def execute(self, query, variables=None, **keywords):
        """The data; raises Refused where there are errors."""
        answer = self.post(query, variables, **keywords)
        if not isinstance(answer.json, dict) or "errors" in answer.json or "data" not in answer.json:
            raise Refused(answer)
        return answer.data

    # --- the quotes example

    def create_quote(self, customer, amount, key=None, wait=True):
        """The receipt; with WAIT after the event is stored."""
        document = (
            "mutation($a: Float!, $c: ID!) { createQuote(amount: $a, customerId: $c) %s"
            " { success eventId eventType topic partition offset time status } }" % ("@await" if wait else "")
        )
        headers = {"idempotency-key": key} if key else None
        return self.execute(document, {"a": amount, "c": customer}, headers=headers)["createQuote"]

    def quote(self, customer):
        return self.execute("query($c: ID!) { quote(customerId: $c) { customerId amount } }", {"c": customer})["quote"]
