"""`logfirst schema compat`: changes of a schema, in all three formats, against the lock, files, folders and SDL."""

import json

import pytest

from harness.logfirst import run

SDL = """
type Placed @event {{ id: ID! total: Float! note: String color: Color! tags: [String!]! at: Place {more} }}
enum Color {{ RED GREEN }}
type Place {{ street: String! }}
"""
FORMATS = ("json-schema", "avro", "protobuf")


@pytest.fixture
def folder(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    write.old = write("schema.graphql", SDL.format(more=""))
    write.path = tmp_path
    return write


def compat(folder, *options, against="lock"):
    return run("schema", "compat", folder.old, "--against", against, *options)


def lines(done):
    return [line.split(": ", 3) for line in done.stdout.splitlines()]


# change -> for each format the directions that break: b (new readers, old events), f (old readers, new events)
CHANGES = {
    "nothing": ("", "", "", "", ""),
    "a nullable field more": ("at: Place", "at: Place extra: Int", "", "", ""),
    "a field that may not be null more": ("at: Place", "at: Place extra: Int!", "b", "b", ""),
    "one with a default": ("@event {", "@event(version: 2) @upcast(from: 1, default: {extra: 3}) { extra: Int!",
                           "", "", ""),
    "a nullable field less": ("note: String", "", "", "", ""),
    "a field that may not be null less": ("total: Float!", "", "f", "f", ""),
    "may be null now": ("total: Float!", "total: Float", "f", "f", ""),
    "may not be null any more": ("note: String ", "note: String! ", "b", "b", ""),
    "wider": ("total: Float!", "total: Int!", "b", "b", "bf"),
    "another type": ("total: Float!", "total: Boolean!", "bf", "bf", "bf"),
    "an enum value more": ("RED GREEN", "RED GREEN BLUE", "f", "f", ""),
    "an enum value less": ("RED GREEN", "RED", "b", "b", ""),
    "a constraint": ("total: Float!", "total: Float! @constraint(min: 0)", "b", "", ""),
    "a list": ("note: String ", "note: [String!] ", "bf", "bf", ""),
    "within an object": ("street: String!", "street: String! door: Int!", "b", "b", ""),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", range(3), ids=FORMATS)
def test_changes(folder, change, form):
    old, new, *breaks = CHANGES[change]
    options = ("--format", FORMATS[form])
    assert run("schema", "lock", folder.old, *options).returncode == 0
    folder("schema.graphql", SDL.format(more="").replace(old, new) if old else SDL.format(more=""))
    if form == 2:  # numbers of what is new
        locked = json.loads((folder.path / "schema.lock.json").read_text())
        fresh = run("schema", "lock", folder.old, *options)
        assert fresh.returncode == 0, fresh.stderr
        updated = json.loads((folder.path / "schema.lock.json").read_text())
        updated["events"]["Placed"]["versions"] = locked["events"]["Placed"]["versions"]
        (folder.path / "schema.lock.json").write_text(json.dumps(updated))
    for level, direction in (("backward", "b"), ("forward", "f"), ("full", "bf")):
        done = compat(folder, *options, "--compatibility", level)
        wanted = any(each in breaks[form] for each in direction)
        assert done.returncode == (1 if wanted else 0), (level, done.stdout, done.stderr)
        seen = {"b" if "new readers cannot read events of" in line else "f" for line in done.stdout.splitlines()}
        assert seen == {each for each in direction if each in breaks[form]}, (level, done.stdout)
        assert done.stderr == f"1 event compared, {int(wanted)} incompatible\n"


def test_a_break_is_a_sentence_with_its_path(folder):
    assert run("schema", "lock", folder.old).returncode == 0
    folder("schema.graphql", SDL.format(more="extra: Int!").replace("street: String!", "street: Int!"))
    done = compat(folder)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "Placed: /extra: new readers cannot read events of locked version 1: the reader needs it and has no default, "
        "the writer may leave it out",
        "Placed: /at/street: new readers cannot read events of locked version 1: the writer may write string, the "
        "reader takes integer only",
    ]
    done = compat(folder, "--output", "json")
    verdict = json.loads(done.stdout)
    assert done.returncode == 1 and done.stderr == ""
    assert verdict["event"] == "Placed" and verdict["format"] == "json"
    assert verdict["versions"] == 1 and verdict["compatible"] is False
    assert verdict["breaks"][0]["path"] == "/extra" and verdict["breaks"][0]["direction"] == "backward"


def test_all_versions_before(folder):
    text = SDL.format(more="")
    for version, (old, new) in enumerate([("", ""), ("note: String ", ""), ("Float!", "Float")], 1):
        text = text.replace(old, new) if old else text
        folder("schema.graphql", text.replace("@event", f"@event(version: {version})"))
        assert run("schema", "lock", folder.old, "--format", "avro").returncode == 0
    folder("schema.graphql", text.replace("@event", "@event(version: 4)").replace("at: Place", "at: Place note: Int"))
    options = ("--format", "avro", "--compatibility")
    assert compat(folder, *options, "backward").returncode == 0
    done = compat(folder, *options, "backward_transitive")
    assert done.returncode == 1 and "/note: " in done.stdout and "locked version 1" in done.stdout
    assert "version 2" not in done.stdout and "version 3" not in done.stdout


def test_against_files_folders_and_sdl(folder):
    out = folder.path / "schemas"
    assert run("schema", "avro", folder.old, "--out", out).returncode == 0
    before = folder("before.graphql", SDL.format(more=""))
    folder("schema.graphql", SDL.format(more="extra: Int!") + "type Other @event { id: ID! }")
    options = ("--format", "avro")
    for against in (out, before, out / "Placed.avsc"):
        done = compat(folder, *options, "--event", "Placed", against=against)
        assert done.returncode == 1 and "Placed: /extra: new readers" in done.stdout, done.stderr
        assert str(against) in done.stdout
    done = compat(folder, *options, against=out)
    assert done.returncode == 1 and done.stderr == "2 events compared, 1 incompatible\n"
    done = compat(folder, *options, against=out / "Placed.avsc")
    assert done.returncode == 2 and "--event" in done.stderr


def test_what_cannot_be_told_is_2(folder):
    assert compat(folder).returncode == 2
    assert "run logfirst schema lock" in compat(folder).stderr
    broken = folder("old.avsc", '{"type":"nothing"}')
    for against in (folder.path / "away.avsc", broken):
        done = compat(folder, "--format", "avro", against=against)
        assert done.returncode == 2 and str(against) in done.stderr, done.stderr
    done = compat(folder, against=folder("old.graphql", "type Placed @event { id: Nope }"))
    assert done.returncode == 2 and "old.graphql:1:26: error: " in done.stderr
    folder("schema.graphql", "type Placed {")
    assert compat(folder).returncode == 2
