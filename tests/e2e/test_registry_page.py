"""docs/registry.md as it is written: its step by step, command after command, with a real broker and registry, in each
format."""

import json
import re
import shlex
import shutil

import pytest

from harness.apicurio import Apicurio
from harness.evidence import dead_letters, stored_events
from harness.logfirst import QUOTES, ROOT, Logfirst, run
from harness.wait import until

PAGE = (ROOT / "docs" / "registry.md").read_text()
STEPS = PAGE[PAGE.index("## Step by step"):PAGE.index("## Options")]
FORMATS = {"avro": "AVRO", "protobuf": "PROTOBUF", "json-schema": "JSON"}


def blocks(kind):
    return [re.sub(r"(?m)^ {3}", "", text) for text in re.findall(rf"(?ms)^ +```{kind}\n(.*?)^ +```", STEPS)]


@pytest.fixture(scope="module")
def apicurio():
    server = Apicurio().start()
    yield server
    server.close()


class Team:
    """A folder with schema.graphql and logfirst.yaml, whose addresses are those of the servers here."""

    def __init__(self, folder, broker, apicurio, topic, group):
        self.folder, self.store = folder, folder / "store.db"
        shutil.copy(QUOTES, folder / "schema.graphql")
        [text] = blocks("yaml")
        for written, here in (("kafka://broker:9092", broker.url), ("https://registry.example.com", apicurio.url),
                              ("postgresql://logfirst@db/events", f"sqlite:{self.store}")):  # fmt: skip
            assert written in text
            text = text.replace(written, here)
        self.config = folder / "logfirst.yaml"
        self.config.write_text(text + f"topic: {topic}\ngroup: {group}\n")
        self.env = {"REGISTRY_PASSWORD": "secret"}

    def call(self, command, *more, status=0, timeout=60):
        words = shlex.split(command)
        assert words.pop(0) == "logfirst"
        done = run(*words, *more, cwd=self.folder, env=self.env, timeout=timeout)
        assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def serve(self, command):
        words = shlex.split(command)
        assert words[0] == "logfirst" and words[2] == "schema.graphql"
        return Logfirst(words[1], self.folder / words[2], self.folder / "data", *words[3:], cwd=self.folder,
                        env=self.env)  # fmt: skip


@pytest.fixture
def team(tmp_path, broker, apicurio, topic, group):
    return Team(tmp_path, broker, apicurio, topic, group)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_team_comes_from_plain_json_to_a_registry(team, apicurio, topic, kind):
    step2, step3, step4, step5 = [block.splitlines() for block in blocks("sh")]
    with Logfirst("gateway", team.folder / "schema.graphql", team.folder / "data", "--config", team.config,
                  env={**team.env, "LOGFIRST_REGISTRY": ""}).start() as before:  # fmt: skip
        before.client().create_quote("c0", 1, wait=False)
        assert before.stop() == 0
    [consumer] = step2
    with team.serve(consumer).start() as reading:
        until(lambda: len(stored_events(team.store)) == 1, "the event in plain JSON", 60)

        lock, look = step3
        team.call(lock)
        schema = team.call(look.replace("avro", kind))
        assert "QuoteCreated" in schema and "amount" in schema

        register, gateway, tail = step4
        with team.config.open("a") as config:
            config.write(f"format: {kind}\n")
        assert team.call(register).startswith(f"QuoteCreated: {topic}-value: id ")
        latest = apicurio.latest(f"{topic}-value")
        assert latest.get("schemaType", "AVRO") == FORMATS[kind]
        with team.serve(gateway).start() as serving:
            serving.client().create_quote("c1", 2, wait=False)
            until(lambda: len(stored_events(team.store)) == 2, "the event with a schema", 60)
            assert serving.stop() == 0
        assert apicurio.latest(f"{topic}-value")["version"] == latest["version"]  # which the gateway has found there
        lines = team.call(tail, "--first", "2", "--output", "json").splitlines()
        payloads = sorted((json.loads(line)["payload"] for line in lines), key=lambda payload: payload["customerId"])
        assert payloads == [{"customerId": "c0", "amount": 1}, {"customerId": "c1", "amount": 2}]
        assert reading.stop() == 0
    assert dead_letters(team.store) == []

    [compat] = step5
    team.call(compat)
    sdl = team.folder / "schema.graphql"
    sdl.write_text(re.sub(r"amount: Float! *(@constraint\([^)]*\))?", "amount: Boolean!", sdl.read_text()))
    if kind == "protobuf":
        team.call(lock)
    broken = team.call(compat, "--compatibility", "backward", status=1)
    assert re.match(r"QuoteCreated: /(QuoteCreated/)?amount: new readers cannot read events of version 1 of ", broken)


def test_tail_in_one_line(team, broker, apicurio, topic):
    """The row of other programs: with nothing but the URL."""
    assert "`logfirst events tail --registry URL`" in PAGE
    with team.config.open("a") as config:
        config.write("format: avro\n")
    with team.serve("logfirst gateway schema.graphql --config logfirst.yaml").start() as serving:
        serving.client().create_quote("c1", 2, wait=False)
        assert serving.stop() == 0
    words = ("events", "tail", "--log", broker.url, "--topic", topic, "--from", "start", "--first", "1")
    shown = run(*words, "--registry", apicurio.url, timeout=60)
    assert shown.returncode == 0 and '{"amount":2,"customerId":"c1"}' in shown.stdout, shown.stdout
    unread = run(*words, timeout=60)
    assert unread.returncode == 0 and "NOT AN EVENT" in unread.stdout and "registry" in unread.stdout


def test_what_is_not_registered_is_refused(team, topic):
    """auto_register: false: step 4's register is the only way."""
    text = team.config.read_text().replace("registry:\n", "registry:\n  auto_register: false\n")
    team.config.write_text(text + "format: avro\n")
    register, gateway, _ = blocks("sh")[2].splitlines()
    server = team.serve(gateway)
    server.spawn()
    try:
        until(lambda: not server.running(), "the end of the gateway", 60)
        assert server.popen.returncode == 1 and f"{topic}-value" in server.tail()
    finally:
        server.close()
    team.call(register)
    with team.serve(gateway).start() as serving:
        serving.client().create_quote("c1", 2, wait=False)
        assert serving.stop() == 0
