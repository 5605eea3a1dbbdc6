"""`logfirst schema register`, `compat --against registry`, and starts that an incompatible schema forbids."""

import json

import pytest

from harness.logfirst import Logfirst, run
from harness.wait import until

SDL = """
type Placed @event(format: AVRO) { id: ID! total: Float! }
type Noted @event(format: JSON_SCHEMA) { id: ID! text: String! }
type Plain @event { id: ID! }
"""


@pytest.fixture
def folder(tmp_path):
    def write(text):
        (tmp_path / "schema.graphql").write_text(text)

    write(SDL)
    write.path = tmp_path
    return write


def schema(folder, verb, *options):
    return run("schema", verb, folder.path / "schema.graphql", "--registry", f"files:{folder.path / 'registry'}",
               "--registry-subject-strategy", "topic-record", *options)  # fmt: skip


def test_register_and_compare(folder):
    done = schema(folder, "register")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Placed: business-events-logfirst.events.Placed: id 1", "Noted: business-events-Noted: id 2"]  # fmt: skip
    assert schema(folder, "register").stdout == done.stdout
    folder(SDL.replace("total: Float! }", "total: Float! more: Int! }"))
    for verb, options in (("register", ()), ("compat", ("--against", "registry"))):
        done = schema(folder, verb, *options)
        assert done.returncode == 1, done.stdout + done.stderr
        lines = [line for line in done.stdout.splitlines() if line.startswith("Placed: ")]
        assert len(lines) == 1 and "/more: new readers cannot read events of version 1 of business-events-" in lines[0]
    done = schema(folder, "compat", "--against", "registry", "--compatibility", "forward")
    assert done.returncode == 0, done.stdout + done.stderr
    done = schema(folder, "register", "--compatibility", "none", "--output", "json")
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[0])["id"] == 3


def test_what_cannot_be_told(folder):
    done = run("schema", "register", folder.path / "schema.graphql")
    assert done.returncode == 2 and "--registry" in done.stderr
    done = schema(folder, "register", "--event", "Plain")
    assert done.returncode == 2 and "--format" in done.stderr
    done = run("schema", "register", folder.path / "schema.graphql", "--registry", "http://127.0.0.1:9/",
               "--registry-timeout", "1s")  # fmt: skip
    assert done.returncode == 2, done.stderr


@pytest.mark.parametrize("command", ["up", "consumer"])
def test_nothing_starts_with_an_incompatible_schema(folder, command):
    assert schema(folder, "register").returncode == 0
    folder(SDL.replace("total: Float!", "total: Boolean!"))
    options = ("--registry", f"files:{folder.path / 'registry'}", "--registry-subject-strategy", "topic-record")
    server = Logfirst(command, folder.path / "schema.graphql", folder.path / "data", *options)
    server.spawn()
    try:
        until(lambda: not server.running(), "the end of the server")
        assert server.popen.returncode == 1
        assert "incompatible change" in server.tail() and "/total" in server.tail()
    finally:
        server.close()
    with Logfirst(command, folder.path / "schema.graphql", folder.path / "data", *options,
                  "--allow-incompatible").start() as server:  # fmt: skip
        assert server.stop() == 0
