"""The codecs of the build under test, driven through tests/programs/codec_tool: one JSON object a line, each way."""

import json
import pathlib
import subprocess

from harness.logfirst import BIN, clean_environment

TOOL = pathlib.Path(BIN).parent / "tests" / "programs" / "codec_tool"


class CodecTool:
    """A process that answers commands, one after the other. Use it in a with statement."""

    def __init__(self):
        self.process = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment())

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(30) == 0, "codec_tool did not end well"

    def ask(self, op, **members):
        """The answer as a dict: its status is "OK", or there is a text that says why not."""
        line = json.dumps({"op": op, **members}) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"codec_tool ended at {line[:2000]}"
        return json.loads(answer)

    def get(self, op, **members):
        """The same, where the answer has to be "OK"."""
        answer = self.ask(op, **members)
        assert answer["status"] == "OK", f"{answer['text']}\n{json.dumps(members)[:4000]}"
        return answer
