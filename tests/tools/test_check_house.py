"""tools/check_house.py on toy trees: each rule is broken once, and each exception is used once."""

import os
import subprocess
import sys

import pytest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")
sys.path.insert(0, TOOLS)
import check_house  # noqa: E402


def problems_of(tmp_path, path, text):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return check_house.check(str(tmp_path))[0]


@pytest.mark.parametrize("call", sorted({**check_house.BANNED, **check_house.BANNED_IN_SRC}))
def test_every_banned_call_names_its_replacement(tmp_path, call):
    replacement = {**check_house.BANNED, **check_house.BANNED_IN_SRC}[call]
    found = problems_of(tmp_path, "src/net/x.c", f"int y;\n    x = {call}(a);\n")
    assert found == [f"src/net/x.c:2: {call}() is banned: use {replacement}"]


MUST_FAIL = {
    "free after a return": ("src/net/x.c", "    return free(p);\n", "free() is banned"),
    "call over two lines": ("src/net/x.c", "    n =\n        atoi (text);\n", "src/net/x.c:2: atoi()"),
    "call after a comment": ("src/net/x.c", "/* a\n comment */ gets(p);\n", "src/net/x.c:2: gets()"),
    "time elsewhere than in the clock": ("src/base/rand.c", "    seed = time(NULL);\n", "base/clock.h"),
    "malloc in base, but not in mem.c": ("src/base/arena.c", "    p = malloc(n);\n", "lf_malloc"),
    "a banned call that tests may not use either": ("tests/unit/t.c", "    strcpy(a, b);\n", "strcpy()"),
    "a skip that no summary sees": ("tests/unit/t.c", "    skip();\n", "return 77"),
    "a tab": ("src/net/x.c", "\tint x;\n", "tab"),
    "a long line": ("tools/x.py", "x" * 121 + "\n", "line of 121 characters"),
    "a space at the end": ("src/net/x.h", "int x; \n", "space at the end"),
    "something left to do": ("docs/x.md", "later: TO" + "DO\n", "left: do it"),
    "another such word": ("src/net/x.c", "/* FIX" + "ME */\n", "left: do it"),
    "a registry's host": ("docs/x.md", "see https://py" + "pi.org/project/x\n", "package registry"),
    "a registry's file host": ("x.txt", "https://files.python" + "hosted.org/x\n", "package registry"),
    "a Java registry": ("x.xml", "<url>https://repo1.ma" + "ven.org/maven2</url>\n", "package registry"),
    "a mirror of packages": ("tools/x.sh", "deb http://deb.deb" + "ian.org/debian sid main\n", "package registry"),
    "a home folder": ("tools/x.sh", "cd /ro" + "ot/logfirst\n", "absolute path"),
    "a work folder": ("docs/x.md", "in `/wo" + "rk/main`\n", "absolute path"),
}


@pytest.mark.parametrize("case", MUST_FAIL)
def test_refuses(tmp_path, case):
    path, text, expected = MUST_FAIL[case]
    found = problems_of(tmp_path, path, text)
    assert len(found) == 1 and expected in found[0], found


MUST_PASS = {
    "a call in a comment": ("src/net/x.c", "/* never strcpy(a, b) */\n// nor gets(x)\n"),
    "a call in a string": ("src/net/x.c", '    log("time(now) \\" free(x)");\n'),
    "a library's own": ("src/net/x.c", "    sqlite3_free(p);\n    lf_free(p);\n    yyjson_mut_doc_free(d);\n"),
    "a slot of a table": ("src/net/x.c", "    ops->free(p);\n    clock.time(&t);\n"),
    "the safe variants": ("src/net/x.c", "    gmtime_r(&t, &tm);\n    strtok_r(a, b, &c);\n    snprintf(a, n, f);\n"),
    "a declaration": ("src/net/x.h", "int random(void);\nchar *time(void);\n"),
    "the memory functions at home": ("src/base/mem.c", "    p = malloc(n);\n    free(calloc(1, realloc(p, 2)));\n"),
    "the clock at home": ("src/base/clock.c", "    return time(NULL);\n"),
    "allocation in a test": ("tests/unit/t.c", "    free(malloc(1));\n    sleep(1);\n"),
    "a template of mkstemp": ("src/net/x.c", '    char path[] = "lf-XXXXXX";\n'),
    "a tab in a Makefile": ("Makefile", "x:\n\techo\n"),
    "someone else's text": ("tests/data/x.c", "\tgets(x); \n"),
    "a path below another": ("docs/x.md", "src/wo" + "rk/x and https://x.example/ro" + "ot/y\n"),
    "bytes that are no text": ("tests/x.c", "\0\tgets(x);\n"),
}


@pytest.mark.parametrize("case", MUST_PASS)
def test_lets_pass(tmp_path, case):
    path, text = MUST_PASS[case]
    assert problems_of(tmp_path, path, text) == []


def test_long_functions_are_reported_only(tmp_path):
    body = "    x();\n"
    text = "int\nshort_one(void)\n{\n" + body * 90 + "}\n\n"
    text += "int\nlong_one(int a,\n         int b)\n{\n" + body * 91 + "}\n"
    assert problems_of(tmp_path, "src/net/x.c", text) == []
    reports = check_house.check(str(tmp_path))[1]
    assert [line for _, line in reports] == ["src/net/x.c:99: long_one() has 91 lines"]


def test_sees_new_files_but_not_ignored_ones(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\n")
    problems_of(tmp_path, "build/x.c", "    gets(x);\n")
    found = problems_of(tmp_path, "src/net/new.c", "    gets(x);\n")
    assert found == ["src/net/new.c:1: gets() is banned: use fgets"]


def test_exit_status(tmp_path):
    def run():
        command = [sys.executable, os.path.join(TOOLS, "check_house.py"), str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True)

    assert run().returncode == 0
    problems_of(tmp_path, "src/net/x.c", "    gets(x);\n")
    assert (run().returncode, run().stdout) == (1, "src/net/x.c:1: gets() is banned: use fgets\n")
