"""tools/check_deps.py on toy trees: what it must refuse, and what it must let pass."""

import os
import subprocess
import sys

import pytest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")
sys.path.insert(0, TOOLS)
import check_deps  # noqa: E402


def tree(tmp_path, files):
    for path, includes in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("/* a toy */\n" + "".join(f'#include "{name}"\n' for name in includes))
    return str(tmp_path)


MUST_FAIL = {
    "a back end's header from another room": (
        {"src/consumer/loop.c": ["log/kafka/x.h"]},
        "src/consumer/loop.c:2: consumer may not include log/kafka/x.h",
    ),
    "a back end's header from its own room's front": (
        {"src/store/store.c": ["store/sqlite/connect.h"]},
        "src/store/store.c:2: store may not include store/sqlite/connect.h (only src/store/sqlite/",
    ),
    "a back end's header from another back end": (
        {"src/log/embedded/writer.c": ["log/kafka/produce.h"]},
        "src/log/embedded/writer.c:2: log may not include log/kafka/produce.h",
    ),
    "a back end's header from the wiring": (
        {"src/server/wire.c": ["log/kafka/produce.h"]},
        "src/server/wire.c:2: server may not include log/kafka/produce.h",
    ),
    "the implementers' header from outside": (
        {"src/server/wire.c": ["store/store_backend.h"]},
        "src/server/wire.c:2: server may not include store/store_backend.h (for implementers",
    ),
    "another header than the front one": (
        {"src/gateway/serve.c": ["query/feed.h"]},
        "src/gateway/serve.c:2: gateway may not include query/feed.h (may include: base, json,",
    ),
    "the store from the gateway": (
        {"src/gateway/serve.c": ["store/store.h"]},
        "src/gateway/serve.c:2: gateway may not include store/store.h",
    ),
    "against the arrows": (
        {"src/base/buf.c": ["base/buf.h", "event/event.h"]},
        "src/base/buf.c:3: base may not include event/event.h (may include: nothing)",
    ),
    "the log knows no events": ({"src/log/log.c": ["event/event.h"]}, "src/log/log.c:2: log may not include"),
    "the command line reaches past the server": (
        {"src/cli/main.c": ["gateway/serve.h"]},
        "src/cli/main.c:2: cli may not include gateway/serve.h (may include: server, base, ",
    ),
    "a sibling without its room": (
        {"src/net/loop.c": ["loop.h"]},
        'src/net/loop.c:2: include "loop.h": write the path from src/, as in "net/loop.h"',
    ),
    "a way out with dots": ({"src/net/loop.c": ["../base/buf.h"]}, "src/net/loop.c:2: include"),
    "a room that does not exist": ({"src/net/loop.c": ["util/x.h"]}, "src/util is no room"),
    "a new room without a row": ({"src/util/x.c": []}, "src/util/x.c:1: src/util is no room"),
    "a file outside every room": ({"src/main.c": []}, "src/main.c:1: every source file belongs into a room"),
    "two rooms that include each other": (
        {"src/json/a.c": ["event/e.h"], "src/event/e.c": ["json/a.h"]},
        "src: cycle between rooms: event -> json -> event",
    ),
    "two headers that include each other": (
        {"src/base/a.h": ["base/b.h"], "src/base/b.h": ["base/a.h"]},
        "src: cycle between headers: base/a.h -> base/b.h -> base/a.h",
    ),
    "a public header that needs a private one": (
        {"include/logfirst/event.h": ["base/bytes.h"]},
        "include/logfirst/event.h:2: a public header may not include base/bytes.h",
    ),
}


@pytest.mark.parametrize("case", MUST_FAIL)
def test_refuses(tmp_path, case):
    files, expected = MUST_FAIL[case]
    problems = check_deps.check(tree(tmp_path, files))
    assert any(expected in problem for problem in problems), problems


def test_lets_pass(tmp_path):
    root = tree(
        tmp_path,
        {
            "include/logfirst/event.h": ["logfirst/bytes.h"],
            "src/base/bytes.h": ["logfirst/bytes.h"],
            "src/base/bytes.c": ["base/bytes.h", "base/status.def"],
            "src/graphql/rules/leaf.c": ["graphql/validate.h", "graphql/rules/rule.h", "json/json.h"],
            "src/graphql/validate.c": ["graphql/rules/rule.h"],
            "src/log/log.c": ["log/log.h", "log/log_backend.h"],
            "src/log/memory.c": ["log/log_backend.h", "base/bytes.h"],
            "src/log/kafka/produce.c": ["log/log_backend.h", "log/kafka/produce.h"],
            "src/store/sqlite/append.c": ["store/store_backend.h", "store/sqlite/connect.h", "event/event.h"],
            "src/consumer/loop.c": ["consumer/loop.h", "log/log.h", "store/store.h", "codec/codec.h"],
            "src/query/entity.c": ["store/store.h"],
            "src/outbox/relay.c": ["log/log.h", "store/outbox.h"],
            "src/gateway/serve.c": ["net/http.h", "graphql/execute.h", "log/log.h", "query/query.h"],
            "src/server/wire.c": ["log/log.h", "log/memory.h", "store/store.h", "gateway/serve.h", "query/feed.h"],
            "src/cli/main.c": ["server/run.h", "base/err.h"],
        },
    )
    assert check_deps.check(root) == []


def test_the_table_has_no_cycle(tmp_path):
    assert check_deps.check(str(tmp_path)) == []
    problems = check_deps.check(str(tmp_path), {"a": ["b"], "b": ["a"]})
    assert problems == ["tools/check_deps.py: the table itself has a cycle: a -> b -> a"]


def test_exit_status(tmp_path):
    def run(root):
        command = [sys.executable, os.path.join(TOOLS, "check_deps.py"), root]
        return subprocess.run(command, capture_output=True, text=True)

    good = run(tree(tmp_path / "good", {"src/json/j.c": ["base/bytes.h"]}))
    assert (good.returncode, good.stdout) == (0, "")
    bad = run(tree(tmp_path / "bad", {"src/base/b.c": ["json/j.h"]}))
    assert bad.returncode == 1
    assert bad.stdout == "src/base/b.c:2: base may not include json/j.h (may include: nothing)\n"
