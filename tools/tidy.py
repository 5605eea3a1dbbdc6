#!/usr/bin/env python3
"""clang-tidy over a build folder's compile_commands.json, two files at a time. A file whose preprocessed text, flags
and .clang-tidy have not changed since it was last clean is not looked at again.

Usage: tools/tidy.py BUILD_FOLDER [PART_OF_A_PATH]...
"""

import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def preprocessed(entry):
    """What the compiler sees of the file; None if it cannot be preprocessed."""
    arguments = shlex.split(entry["command"]) if "command" in entry else list(entry["arguments"])
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in ("-o", "-MF", "-MQ", "-MT"):
            skip = True
        elif argument not in ("-c", "-MD", "-MMD"):
            kept.append(argument)
    result = subprocess.run(kept + ["-E"], cwd=entry["directory"], capture_output=True)
    return result.stdout + repr(kept).encode() if result.returncode == 0 else None


def main():
    build, parts = sys.argv[1], sys.argv[2:]
    program = os.path.join(os.environ["LOGFIRST_CHECK_TOOLS"], "bin", "clang-tidy")
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = {}
        for entry in json.load(file):
            path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
            if path.startswith(("src/", "tests/")) and (not parts or any(part in path for part in parts)):
                entries[path] = entry
    settings = b""
    for name in (".clang-tidy", "tests/.clang-tidy"):
        with open(os.path.join(ROOT, name), "rb") as file:
            settings += file.read()
    stamps = os.path.join(build, "tidy")
    os.makedirs(stamps, exist_ok=True)

    def look_at(path):
        text = preprocessed(entries[path])
        stamp = os.path.join(stamps, hashlib.sha256(path.encode() + settings + (text or b"")).hexdigest())
        if text is not None and os.path.exists(stamp):
            return path, 0, ""
        result = subprocess.run(
            [program, "-p", build, "--quiet", path], cwd=ROOT, capture_output=True, text=True, errors="replace"
        )
        if result.returncode == 0 and text is not None:
            with open(stamp, "w", encoding="utf-8"):
                pass
        return path, result.returncode, result.stdout + result.stderr

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for path, status, output in pool.map(look_at, sorted(entries)):
            if status != 0:
                bad += 1
                print(f"{path}:\n{output.strip()}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
