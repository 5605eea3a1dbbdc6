"""Node scripts of tests/e2e/node: clients of the JavaScript world."""

import json
import os
import pathlib
import subprocess

from harness.process import Process

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "node"


def environment():
    env = dict(os.environ)
    modules = env.get("LOGFIRST_NODE_MODULES")
    if modules:
        env["NODE_PATH"] = modules
    env["KAFKAJS_NO_PARTITIONER_WARNING"] = "1"
    env["NODE_NO_WARNINGS"] = "1"
    return env


def run(script, *words, input=None, timeout=60.0):
    """The JSON that the script prints last on its standard output; fails with its output when it fails."""
    done = subprocess.run(
        ["node", str(SCRIPTS / script), *map(str, words)],
        env=environment(),
        input=None if input is None else (input if isinstance(input, str) else json.dumps(input)),
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )
    assert done.returncode == 0, f"{script} ended with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return json.loads(done.stdout.strip().splitlines()[-1])


class NodeProcess(Process):
    """A script that goes on: it prints one JSON document a line."""

    def __init__(self, script, *words):
        super().__init__(["node", SCRIPTS / script, *words], env=environment(), name=script)

    def documents(self):
        with self.changed:
            return [json.loads(line) for line in self.stdout if line.startswith("{")]
