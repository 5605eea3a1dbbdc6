"""`logfirst schema validate` as people call it: exit statuses, what is printed, where references lead."""

import json

import pytest

from harness.logfirst import run

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}, "age": {"minimum": 0}, "home": {"$ref": "home.json"}},
    "required": ["name"],
}
HOME = {"$ref": "https://schemas.example.com/v1/street.json"}
STREET = {"type": "string", "pattern": "^[A-Z]"}


@pytest.fixture
def files(tmp_path):
    def write(name, value):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    write.person = write("person.json", PERSON)
    write("home.json", HOME)
    write("library/v1/street.json", STREET)
    write.map = ("--map", f"https://schemas.example.com/={tmp_path / 'library'}")
    return write


def test_valid_and_invalid_files(files):
    good, bad = files("good.json", {"name": "Ann", "home": "Main"}), files("bad.json", {"name": "Barbara", "age": -1})
    done = run("schema", "validate", files.person, good, *files.map)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    done = run("schema", "validate", *files.map, files.person, good, bad)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f'{bad}: /name: maxLength: "Barbara" has 7 characters, at most 5 are allowed',
        f"{bad}: /age: minimum: -1 is not at least 0",
    ]
    assert done.stderr == "1 valid, 1 invalid\n"


def test_lines_on_standard_input(files):
    lines = '{"name":"A"}\n\n{"name":1}\r\n{"name":\n[]'
    done = run("schema", "validate", files.person, "-", *files.map, input=lines)
    assert done.returncode == 1
    out = done.stdout.splitlines()
    assert out[0] == "-:3: /name: type: 1 is not of type string"
    assert out[1].startswith("-:4: (root): JSON at byte ")
    assert out[2] == "-:5: (root): type: [] is not of type object"
    assert len(out) == 3 and done.stderr == "1 valid, 3 invalid\n"


def test_json_output(files):
    done = run("schema", "validate", files.person, "-", *files.map, "--output", "json",
               input='{"name":"A"}\n{"home":"x"}\n')  # fmt: skip
    assert done.returncode == 1 and done.stderr == ""
    good, bad = map(json.loads, done.stdout.splitlines())
    assert good == {"file": "-", "line": 1, "valid": True, "errors": []}
    assert (bad["line"], bad["valid"]) == (2, False)
    assert [(e["path"], e["keyword"], e["schema"]) for e in bad["errors"]] == [
        ("/home", "pattern", "https://schemas.example.com/v1/street.json#/pattern"),
        ("", "required", "#/required"),
    ]
    assert all(e["message"] for e in bad["errors"])


@pytest.mark.parametrize(
    "schema, words",
    [
        ('{"type":"strin"}', "#/type: the name of a type"),
        ('{"properties":{"a":{"pattern":"("}}}', "#/properties/a/pattern"),
        ('{"$ref":"#/none"}', "there is nothing at #/none"),
        ('{"$ref":"none.json"}', "none.json"),
        ('{"$ref":"../outside.json"}', "--map"),
        ('{"$ref":"..%2foutside.json"}', "cannot be a file below"),
        ('{"$ref":"https://example.org/x"}', "--map"),
        ('{"$schema":"http://json-schema.org/draft-04/schema#"}', "2020-12 and 07"),
        ("{", "JSON at byte"),
    ],
)
def test_schemas_that_are_wrong(files, schema, words):
    path = files("wrong.json", schema)
    done = run("schema", "validate", path, files.person)
    assert done.returncode == 2 and done.stdout == ""
    assert str(path) in done.stderr and words in done.stderr
    done = run("schema", "validate", path, files.person, "--output", "json")
    assert done.returncode == 2 and words in json.loads(done.stderr)["error"]["message"]


def test_wrong_calls(files, tmp_path):
    for words in (
        [],
        [files.person],
        [tmp_path / "none.json", files.person],
        [files.person, tmp_path / "none.json", *files.map],
        [files.person, tmp_path, *files.map],
        [files.person, files.person, "--draft", "04"],
        [files.person, files.person, "--map", "https://x"],
        [files.person, files.person, "--log", "embedded:x"],
    ):
        done = run("schema", "validate", *words)
        assert done.returncode == 2 and done.stderr and done.stdout == "", words


def test_drafts_and_formats(files):
    old = files("old.json", {"items": [{"type": "string"}]})
    value = files("value.json", [1])
    assert run("schema", "validate", old, value).returncode == 2  # a list is prefixItems now
    assert run("schema", "validate", "--draft", "07", old, value).returncode == 1
    assert run("schema", "validate", old, value, env={"LOGFIRST_DRAFT": "07"}).returncode == 1
    formats = files("formats.json", {"format": "ipv4"})
    value = files("value.json", '"1.2.3"')
    assert run("schema", "validate", formats, value).returncode == 0
    done = run("schema", "validate", "--format-assertion", formats, value)
    assert done.returncode == 1 and "/value.json: (root): format: " in done.stdout


def test_maps_from_every_source(files, tmp_path):
    value = files("value.json", {"name": "A", "home": "x"})
    right, wrong = files.map[1], "https://schemas.example.com/=/nonexistent"
    other = f"https://elsewhere.example.com={tmp_path}"

    def status(*words, **keywords):
        return run("schema", "validate", files.person, value, *words, **keywords).returncode

    assert status() == 2
    assert status(env={"LOGFIRST_MAP": right}) == 1
    assert status("--map", other, "--map", right) == 1
    assert status("--map", right, "--map", other) == 1
    assert status("--map", other, env={"LOGFIRST_MAP": right}) == 2  # flags take the environment's place
    config = files("logfirst.yaml", f"map: {right}\nlisten: 127.0.0.1:0\n")
    assert status("--config", config) == 1
    assert status("--config", config, env={"LOGFIRST_MAP": wrong}) == 2
    assert status("--map", wrong, "--map", f"https://schemas.example.com/v1={tmp_path / 'library' / 'v1'}") == 1


def test_help_tells_both_verbs():
    done = run("schema", "--help")
    assert "usage: logfirst schema print " in done.stdout and "usage: logfirst schema validate " in done.stdout
    done = run("schema", "validate", "--help")
    assert "--map URI-PREFIX=DIR" in done.stdout and "schema print" not in done.stdout
    assert "--map" not in run("schema", "print", "--help").stdout


def test_hostile_schemas_end(files):
    bombs = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}
    bomb = files("bomb.json", {"$ref": "#/$defs/d0", "$defs": {**bombs, "d60": {"type": "integer"}}})
    done = run("schema", "validate", bomb, "-", input="1\n")
    assert done.returncode == 1 and "too much work" in done.stdout
    circle = files("circle.json", {"if": True, "then": {"$ref": "#"}})
    assert "endless" in run("schema", "validate", circle, "-", input="1\n").stdout
    slow = files("slow.json", {"pattern": "^(a|aa|a)+$"})
    assert "too much work" in run("schema", "validate", slow, "-", input=json.dumps("a" * 100 + "!") + "\n").stdout
