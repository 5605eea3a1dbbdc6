"""The command line: exit statuses, messages, options from flag, environment and file, text and JSON."""

import json
import pathlib
import re
import threading

import pytest

from harness import node
from harness.graphql import unique
from harness.kafka import free_port
from harness.logfirst import BANK, BIN, LEDGER, QUOTES, Logfirst, get, run
from harness.process import Process
from harness.wait import until

COMMANDS = [["up"], ["gateway"], ["consumer"], ["check"], ["schema"], ["events"], ["verify"]]
VERSION = re.compile(r"^logfirst \d+\.\d+\.\d+")

MISTAKES = '''type Quote @entity(key: "customerID") {
  customerId: ID!
  amount: Float!
  total: Int! @apply(event: "QuoteNoted", add: "note")
  last: String @apply(event: "Nope", set: "note")
}
type Account @entity(key: "owner") {
  owner: String
}
type Loose {
  a: Missing
}
type QuoteCreated @event(entity: "Quotes") {
  amount: Float! @constraint(min: "low")
  customerId: ID!
  note: String
}
type QuoteDropped @event(entity: "Quote", name: "QuoteCreated", deletes: true) {
  customerId: ID!
}
type QuoteNoted @event(entity: "Quote") {
  customerId: ID!
  note: String
}
type Mutation {
  create(amount: String!, customerId: ID!): Receipt! @emits(event: "QuoteCreated")
  forget(amount: Float!): Receipt! @emits(event: "QuoteCreated")
  nothing(a: Int): Receipt!
  other(customerId: ID!): Receipt! @emits(event: "Unknown")
}
'''
# line of the file -> a word that the message must have
EXPECTED = {
    1: "customerID",
    4: "note",
    5: "Nope",
    7: "owner",
    11: "Missing",
    13: "Quotes",
    14: "min",
    18: "QuoteCreated",
    26: "amount",
    27: "customerId",
    29: "Unknown",
}


def problems(text, name):
    found = {}
    for line in text.splitlines():
        match = re.match(r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): error: (?P<text>.+)$", line)
        if match:
            assert match["file"] == str(name)
            found.setdefault(int(match["line"]), []).append((int(match["column"]), match["text"]))
    return found


def test_check_tells_every_problem_at_once(tmp_path):
    file = tmp_path / "broken.graphql"
    file.write_text(MISTAKES)
    done = run("check", file)
    assert done.returncode == 1
    found = problems(done.stdout + done.stderr, file)
    lines = MISTAKES.splitlines()
    for line, word in EXPECTED.items():
        assert line in found, f"nothing about line {line}: {lines[line - 1]}\n{done.stdout}{done.stderr}"
        assert any(word in text for _, text in found[line]), (line, word, found[line])
    for line, said in found.items():
        for column, _ in said:
            assert 1 <= column <= len(lines[line - 1]) + 1, f"line {line} has no column {column}"


def test_check_accepts_the_examples():
    for schema in (QUOTES, BANK, LEDGER):
        done = run("check", schema)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error" not in done.stderr


@pytest.mark.parametrize("text", ["", "type", "type Query { a: Int", "{ a }", "\x00", "type A { a: Int }\n" * 3,
                                  "type A { a: " + "[" * 10000 + "Int", "\ufeff"])
def test_schemas_that_are_none(tmp_path, text):
    file = tmp_path / "s.graphql"
    file.write_text(text)
    done = run("check", file)
    assert done.returncode == 1, done.stdout
    assert re.search(rf"{re.escape(str(file))}:\d+:\d+: error: ", done.stdout + done.stderr), done.stderr


def test_schemas_that_are_no_text(tmp_path):
    file = tmp_path / "s.graphql"
    file.write_bytes(b"type A { \xff\xfe: Int }")
    done = run("check", file)
    assert done.returncode == 1 and f"{file}:1:" in done.stdout + done.stderr


def test_a_schema_in_several_files(tmp_path):
    one, two = tmp_path / "one.graphql", tmp_path / "two.graphql"
    text = QUOTES.read_text()
    one.write_text(text[: text.index("type Mutation")])
    two.write_text("\n\n" + text[text.index("type Mutation") :])
    assert run("check", one, two).returncode == 0
    done = run("check", two)
    assert done.returncode == 1 and f"{two}:4:" in done.stdout + done.stderr, done.stderr
    whole, parts = run("schema", "print", QUOTES), run("schema", "print", one, two)
    assert whole.returncode == parts.returncode == 0
    assert node.run("sdl.js", input=whole.stdout)["sdl"] == node.run("sdl.js", input=parts.stdout)["sdl"]


def test_a_broken_schema_is_refused_at_start_up(tmp_path):
    file = tmp_path / "broken.graphql"
    file.write_text(MISTAKES)
    for command in ("up", "gateway", "consumer"):
        done = run(command, file, "--data", tmp_path / "data", "--admin", "127.0.0.1:0")
        assert done.returncode == 1, done.stderr
        assert set(EXPECTED) <= set(problems(done.stdout + done.stderr, file)), done.stderr


def test_check_as_json(tmp_path):
    file = tmp_path / "broken.graphql"
    file.write_text(MISTAKES)
    done = run("check", file, "--output", "json")
    assert done.returncode == 1
    documents = (
        [json.loads(line) for line in done.stdout.splitlines()]
        if done.stdout.count("\n") > 1
        else json.loads(done.stdout)
    )
    flat = json.dumps(documents)
    assert str(file) in flat and "Nope" in flat
    assert run("check", QUOTES, "--output", "json").returncode == 0


def test_a_missing_schema_file(tmp_path):
    for command in ("check", "up", "gateway", "consumer"):
        done = run(command, tmp_path / "none.graphql")
        assert done.returncode == 1 and "none.graphql" in done.stderr + done.stdout, done.stderr
    done = run("schema", "print", tmp_path / "none.graphql")
    assert done.returncode == 1 and done.stdout == ""
    assert run("check", tmp_path).returncode == 1, "a folder"


def test_schema_print_is_legal_graphql():
    for schema in (QUOTES, BANK, LEDGER):
        done = run("schema", "print", schema)
        assert done.returncode == 0 and done.stderr == ""
        loaded = node.run("sdl.js", input=done.stdout)
        assert loaded["errors"] == []
        for word in ("type Query", "type Receipt", "directive @await", "scalar BigInt"):
            assert word in loaded["sdl"]
    assert "createQuote(amount: Float!, customerId: ID!): Receipt!" in run("schema", "print", QUOTES).stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_help_and_version(command):
    done = run(*command, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("usage: logfirst " + command[0])
    for option in ("--config", "--output", "--help", "--version"):
        assert option in done.stdout
    if command[0] in ("up", "gateway", "consumer", "events"):
        for option in ("--log", "--store", "--data", "--topic", "--group"):
            assert option in done.stdout, option
    done = run(*command, "--version")
    assert done.returncode == 0 and VERSION.match(done.stdout), done.stdout


def test_help_and_version_of_the_program():
    done = run("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert command[0] in done.stdout
    assert VERSION.match(run("--version").stdout)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nope"],
        ["up"],
        ["check"],
        ["check", QUOTES, "--nope"],
        ["up", QUOTES, "--batch"],
        ["up", QUOTES, "--batch", "x"],
        ["up", QUOTES, "--batch", "-1"],
        ["up", QUOTES, "--grace", "10 parsecs"],
        ["up", QUOTES, "--max-body", "1XB"],
        ["up", QUOTES, "--unknown-events", "eat"],
        ["check", QUOTES, "--output", "xml"],
        ["schema"],
        ["schema", "nope", QUOTES],
        ["schema", "print"],
        ["events"],
        ["events", "nope"],
        ["events", "show"],
        ["events", "list", "extra"],
        ["up", QUOTES, "-x"],
        ["up", QUOTES, "--introspection=maybe"],
    ],
    ids=lambda words: " ".join(str(w).rsplit("/", 1)[-1] for w in words) or "nothing",
)
def test_wrong_usage(words, tmp_path):
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert done.stderr.strip() and done.stdout == "", "what is wrong stands on stderr"


@pytest.mark.parametrize(
    ("option", "url"),
    [
        ("--log", "ftp://x"),
        ("--store", "mysql://x"),
        ("--log", "kafka://"),
        ("--log", "embedded:"),
        ("--listen", "nonsense"),
        ("--listen", "1.2.3.4.5:80"),
        ("--admin", "127.0.0.1:99999"),
    ],
)
def test_addresses_that_are_none(tmp_path, option, url):
    ports = {"--listen": "127.0.0.1:0", "--admin": "127.0.0.1:0", option: url}
    words = [word for pair in ports.items() for word in pair]
    done = run("up", QUOTES, "--data", tmp_path / "d", *words)
    wrong_usage = (2,) if url in ("ftp://x", "mysql://x") else (1, 2)
    assert done.returncode in wrong_usage and url.removesuffix("://x") in done.stderr, (done.returncode, done.stderr)


def test_an_address_that_is_taken(quotes_server, tmp_path):
    done = run(
        "up", QUOTES, "--data", tmp_path / "d", "--listen", "%s:%d" % quotes_server.listen, "--admin", "127.0.0.1:0"
    )
    assert done.returncode == 1
    assert "%s:%d" % quotes_server.listen in done.stderr


def test_a_kill_leaves_nothing_in_shared_memory(start):
    server = start("up", QUOTES)
    assert not pathlib.Path(f"/dev/shm/mongoc-{server.pid}").exists()


# --- where options come from

def topic_of(start, *options, env=None):
    server = start("up", QUOTES, *options, env=env)
    topic = server.client().create_quote(unique(), 1, wait=False)["topic"]
    assert server.stop() == 0
    return topic


def test_flag_before_environment_before_file_before_default(start, tmp_path):
    file = tmp_path / "logfirst.yaml"
    file.write_text("topic: from-file\ngroup: from-file\n")
    environment = {"LOGFIRST_TOPIC": "from-environment"}
    assert topic_of(start) == "business-events"
    assert topic_of(start, "--config", file) == "from-file"
    assert topic_of(start, env={"LOGFIRST_CONFIG": str(file)}) == "from-file"
    assert topic_of(start, "--config", file, env=environment) == "from-environment"
    assert topic_of(start, "--config", file, "--topic", "from-flag", env=environment) == "from-flag"
    assert topic_of(start, "--topic=from-flag") == "from-flag"


def test_variables_in_the_file(start, tmp_path):
    file = tmp_path / "logfirst.yaml"
    file.write_text("topic: ${WHERE}-${ELSE:-there}\n")
    assert topic_of(start, "--config", file, env={"WHERE": "here"}) == "here-there"


@pytest.mark.parametrize(("text", "word"), [
    ("nope: 1\n", "nope"), ("topic: x\nbatch: many\n", "many"), ("topic: [\n", ""), ("- topic\n", ""),
    ("topic:\n  deeper: b\n", "topic"), ("unknown_events: eat\n", "eat")])
def test_mistakes_in_the_file_have_file_and_line(tmp_path, text, word):
    file = tmp_path / "logfirst.yaml"
    file.write_text(text)
    done = run("up", QUOTES, "--data", tmp_path / "d", "--config", file)
    assert done.returncode in (1, 2)
    assert str(file) in done.stderr and word in done.stderr, done.stderr
    assert re.search(r":\d+", done.stderr.replace(str(file), "", 1)), done.stderr


def test_a_missing_config_file_and_a_wrong_environment(tmp_path):
    done = run("up", QUOTES, "--data", tmp_path / "d", "--config", tmp_path / "none.yaml")
    assert done.returncode in (1, 2) and "none.yaml" in done.stderr
    done = run("up", QUOTES, "--data", tmp_path / "d", env={"LOGFIRST_BATCH": "many"})
    assert done.returncode == 2 and "LOGFIRST_BATCH" in done.stderr


def test_log_lines_as_json(start):
    server = start("up", QUOTES, "--log-format", "json", ready=False)
    line = server.wait_line(r'"msg":\s*"ready"')
    ready = json.loads(line.string)
    assert {"time", "level", "msg", "listen", "admin"} <= set(ready)
    assert server.stop() == 0
    for line in server.stderr:
        json.loads(line)


def test_log_level(start):
    admin = ("127.0.0.1", free_port())
    server = start("up", QUOTES, "--log-level", "error", "--admin", "%s:%d" % admin, ready=False)
    until(lambda: get(admin, "/health/ready")[0] == 200, "ready", retry=(OSError,))
    assert server.stop() == 0
    assert server.stderr == []


# --- events

@pytest.fixture
def three(start, folder):
    """A server with three events, and the options to find its data."""
    server = start("up", QUOTES)
    client = server.client()
    prefix = unique()
    receipts = [client.create_quote(f"{prefix}-{number}", number) for number in range(3)]
    return server, receipts, ["--data", folder]


def test_events_list(three):
    _, receipts, data = three
    done = run("events", "list", *data)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    for line, receipt in zip(lines, receipts):
        assert receipt["eventId"] in line and "QuoteCreated" in line and "STORED" in line
    newest = run("events", "list", "--newest", "--first", "2", *data).stdout.splitlines()
    assert [receipts[n]["eventId"] in line for n, line in zip((2, 1), newest)] == [True, True]


def test_events_list_as_json(three):
    _, receipts, data = three
    done = run("events", "list", "--output", "json", "--first", "2", *data)
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [document["eventId"] for document in documents] == [receipt["eventId"] for receipt in receipts[:2]]
    for document, receipt in zip(documents, receipts):
        assert document["eventType"] == "QuoteCreated" and document["status"] == "STORED"
        assert document["topic"] == receipt["topic"] and str(document["offset"]) == str(receipt["offset"])
        assert set(document["payload"]) == {"amount", "customerId"}
    rest = run("events", "list", "--output", "json", "--after", documents[-1]["cursor"], *data)
    assert [json.loads(line)["eventId"] for line in rest.stdout.splitlines()] == [receipts[2]["eventId"]]
    key = json.loads(rest.stdout)["entityKey"]
    one = run("events", "list", "--output", "json", "--entity-key", key, *data)
    assert [json.loads(line)["eventId"] for line in one.stdout.splitlines()] == [receipts[2]["eventId"]]
    assert run("events", "list", "--type", "Nope", *data).stdout == ""
    assert len(run("events", "list", "--type", "QuoteCreated", *data).stdout.splitlines()) == 3


def test_events_show(three):
    _, receipts, data = three
    done = run("events", "show", receipts[1]["eventId"], *data)
    assert done.returncode == 0
    for word in (receipts[1]["eventId"], "QuoteCreated", "STORED", "business-events", "ce_type"):
        assert word in done.stdout
    document = json.loads(run("events", "show", receipts[1]["eventId"], "--output", "json", *data).stdout)
    assert document["payload"]["amount"] == 1
    done = run("events", "show", "nope", *data)
    assert done.returncode == 1 and "nope" in done.stderr
    done = run("events", "show", "nope", "--output", "json", *data)
    assert done.returncode == 1 and "nope" in json.loads(done.stderr)["error"]["message"]


def test_events_tail_from_the_start(three):
    _, receipts, data = three
    done = run("events", "tail", "--from", "start", "--first", "3", "--output", "json", *data)
    assert done.returncode == 0, done.stderr
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [document["eventId"] for document in documents] == [receipt["eventId"] for receipt in receipts]


def test_events_tail_sees_what_comes_and_ends_by_signal(three):
    server, receipts, data = three
    tail = Process([BIN, "events", "tail", *data])
    with tail.spawn():
        stop = threading.Event()
        client = server.client()

        def create():  # goes on until the tail, which starts at the end, has seen some
            while not stop.is_set():
                client.create_quote("tail", 1)

        writer = threading.Thread(target=create)
        writer.start()
        try:
            tail.wait_line("QuoteCreated", lines=tail.stdout)
        finally:
            stop.set()
            writer.join()
        assert not any(receipts[0]["eventId"] in line for line in tail.stdout)
        assert tail.stop() == 0


def test_events_into_a_closed_pipe(three):
    _, _, data = three
    done = Process(["bash", "-c", '"$0" events list --data "$1" | head -n 1; echo "${PIPESTATUS[0]}"', BIN, data[1]])
    with done.spawn():
        done.wait()
        assert len(done.stdout) == 2 and done.stderr == []
        assert done.stdout[1] in ("0", "1", "141"), "no crash"


def test_events_without_data(tmp_path):
    for words in (["list"], ["show", "x"], ["tail", "--first", "1", "--from", "start"]):
        done = run("events", *words, "--data", tmp_path / "none")
        assert done.returncode == 1 and "none" in done.stderr, (words, done.stderr)
    assert not (tmp_path / "none").exists(), "looking makes nothing"


def test_output_that_cannot_be_written():
    with open("/dev/full", "w", encoding="ascii") as full:
        import subprocess

        done = subprocess.run([BIN, "schema", "print", str(QUOTES)], stdout=full, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 1 and done.stderr


def test_the_names_of_the_options_are_those_of_the_environment_and_file(start, tmp_path):
    """--delivery-timeout, LOGFIRST_DELIVERY_TIMEOUT, delivery_timeout."""
    file = tmp_path / "logfirst.yaml"
    file.write_text("delivery_timeout: 5s\nmax_body: 64KB\nunknown_events: skip\nkafka:\n  socket.timeout.ms: 5000\n")
    server = start("up", QUOTES, "--config", file, env={"LOGFIRST_DELIVERY_TIMEOUT": "7s", "LOGFIRST_MAX_BODY": "32KB"})
    assert server.stop() == 0
    assert isinstance(server, Logfirst)
