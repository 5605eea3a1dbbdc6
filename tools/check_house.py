#!/usr/bin/env python3
"""House rules that no compiler checks: banned calls (with what to use instead), tabs, long lines, words and addresses
that do not belong into the tree. Long functions are only reported.

Usage: tools/check_house.py [--long] [ROOT]     Exit status 1 if a rule is broken. --long lists every long function.
"""

import os
import re
import subprocess
import sys

LINE_MAX = 120
FUNCTION_MAX = 90

# call -> what to use instead. Everywhere in C code:
BANNED = {
    "strcpy": "lf_buf or snprintf",
    "strncpy": "lf_buf or memcpy with a checked length",
    "strcat": "lf_buf",
    "strncat": "lf_buf",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "strtok": "a loop over struct lf_bytes, or strtok_r",
    "atoi": "strtol with its end checked",
    "atol": "strtol with its end checked",
    "atoll": "strtoll with its end checked",
    "atof": "strtod with its end checked",
    "alloca": "the arena",
    "localtime": "localtime_r",
    "gmtime": "gmtime_r",
    "ctime": "strftime",
    "asctime": "strftime",
    "gettimeofday": "base/clock.h",
    "tmpnam": "mkstemp",
    "mktemp": "mkstemp",
}
# In src/ and include/ only; tests, benchmarks and examples may:
BANNED_IN_SRC = {
    "rand": "base/rand.h",
    "srand": "base/rand.h",
    "random": "base/rand.h",
    "srandom": "base/rand.h",
    "drand48": "base/rand.h",
    "sleep": "a timer of the loop, or a timed wait",
    "usleep": "a timer of the loop, or a timed wait",
    "time": "base/clock.h",
    "malloc": "lf_malloc (base/mem.h)",
    "calloc": "lf_calloc (base/mem.h)",
    "realloc": "lf_realloc (base/mem.h)",
    "reallocarray": "lf_realloc (base/mem.h)",
    "free": "lf_free (base/mem.h)",
    "strdup": "an lf_ function that copies (base/mem.h, base/arena.h)",
    "strndup": "an lf_ function that copies (base/mem.h, base/arena.h)",
    "asprintf": "lf_buf",
    "vasprintf": "lf_buf",
}
MEMORY = {"malloc", "calloc", "realloc", "free"}
EXEMPT = {"src/base/mem.c": MEMORY, "src/base/clock.c": {"time"}}

# Written in pieces, so that this file does not break its own rules.
WORDS = re.compile(r"\b(%s)\b" % "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")))
HOSTS = re.compile(
    r"\b(%s)\b"
    % "|".join(
        name + r"\." + top
        for name, top in (
            (r"(?:[\w-]+\.)?pypi", "org"),
            (r"(?:[\w-]+\.)?pythonhosted", "org"),
            (r"(?:[\w-]+\.)?npmjs", "(?:org|com)"),
            (r"(?:[\w-]+\.)?yarnpkg", "com"),
            (r"repo\d?\.maven(?:\.apache)?", "org"),
            (r"central\.sonatype", "(?:com|org)"),
            (r"(?:deb|security|ftp|snapshot)\.debian", "org"),
            (r"(?:[\w-]+\.)?archive\.ubuntu", "com"),
            (r"(?:proxy|sum)\.golang", "org"),
            (r"(?:[\w-]+\.)?crates", "io"),
            (r"(?:[\w-]+\.)?rubygems", "org"),
            (r"(?:[\w-]+\.)?nuget", "org"),
        )
    )
)
ABSOLUTE = re.compile(r"(?<![\w./~}*)-])/(?:root|work|home/\w+|Users/\w+)(?=[/\s'\":,;)]|$)")

C_FILES = (".c", ".h", ".def", ".inc")
TEXT_FILES = C_FILES + (".py", ".sh", ".js", ".cjs", ".mjs", ".build", ".graphql", ".yaml", ".yml", ".json", ".xml")
# Files that hold other people's text or deliberately bad bytes.
UNTOUCHED = re.compile(r"(^|/)(LICENSE|package-lock\.json|corpus/.*|data/.*|golden/.*)$")

CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(sorted(set(BANNED) | set(BANNED_IN_SRC))))
HIDDEN_SKIP = re.compile(r"(?<![\w.>])skip\s*\(\s*\)")  # cmocka's: the program ends with status 0
TOKEN = re.compile(
    r"//(?:\\\n|[^\n])*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def code_only(text):
    """TEXT with comments, strings and character constants blanked out; line breaks stay where they are."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    return TOKEN.sub(blank, text)


def is_declaration(line, start):
    """A prototype or definition of a function of ours that has a banned name is no call: 'void free(…' after a type, or
    'gets(…' at the beginning of a line."""
    before = line[:start].rstrip()
    return start == 0 or bool(re.search(r"(?:\w|\*)$", before)) and not re.search(r"\b(?:return|else|do|case)$", before)


def check_c(path, text):
    in_src = path.startswith(("src/", "include/"))
    exempt = EXEMPT.get(path, set())
    for number, line in enumerate(code_only(text).split("\n"), 1):
        if path.startswith("tests/") and HIDDEN_SKIP.search(line):
            yield number, "skip() hides itself from the summary: print the reason and return 77 from main"
        for match in CALL.finditer(line):
            call = match.group(1)
            if call in exempt or is_declaration(line, match.start()):
                continue
            if call in BANNED:
                yield number, f"{call}() is banned: use {BANNED[call]}"
            elif in_src:
                yield number, f"{call}() is banned: use {BANNED_IN_SRC[call]}"


def check_text(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if path.endswith(TEXT_FILES):
            if "\t" in line:
                yield number, "tab: indent with spaces"
            if len(line) > LINE_MAX and not re.search(r"https?://\S{40,}", line):
                yield number, f"line of {len(line)} characters: {LINE_MAX} at most"
            if line != line.rstrip():
                yield number, "space at the end of the line"
        match = WORDS.search(line)
        if match:
            yield number, f"{match.group(1)} left: do it, or open an issue"
        match = HOSTS.search(line)
        if match:
            yield number, "the host of a package registry: use the package client's own setting"
        match = ABSOLUTE.search(line)
        if match:
            yield number, f"absolute path {match.group().strip()} of one machine"


def long_functions(path, text):
    """(line, name, length) of functions over FUNCTION_MAX lines, by braces in column 0."""
    lines = code_only(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            if number - start - 1 > FUNCTION_MAX:
                name = "?"
                for before in reversed(lines[max(0, start - 12) : start - 1]):
                    match = re.match(r"(?:.*?\b)?(\w+)\s*\(", before)
                    if match and not before.startswith((" ", "}")):
                        name = match.group(1)
                        break
                yield start, name, number - start - 1
            start = None


def files_of(root):
    """Every file that is, or is about to be, in git; every file where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
        ).stdout.decode()
        paths = [path for path in listed.split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        paths = []
        for directory, folders, names in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith((".", "build")) and f != "node_modules"]
            paths += [os.path.relpath(os.path.join(directory, name), root) for name in names]
    return sorted(set(paths))


def check(root):
    """(problems, reports): lines 'path:line: what is wrong', and long functions as (length, line)."""
    problems, reports = [], []
    for path in files_of(root):
        if UNTOUCHED.search(path):
            continue
        try:
            with open(os.path.join(root, path), "rb") as file:
                raw = file.read()
        except OSError:  # deleted, but still listed; a link to nowhere
            continue
        if b"\0" in raw[:8192]:
            continue
        text = raw.decode("utf-8", errors="replace")
        found = list(check_text(path, text))
        if path.endswith(C_FILES):
            found += check_c(path, text)
            if path.startswith(("src/", "include/")):
                for line, name, length in long_functions(path, text):
                    reports.append((length, f"{path}:{line}: {name}() has {length} lines"))
        problems += [f"{path}:{line}: {what}" for line, what in sorted(found)]
    reports.sort(reverse=True)
    return problems, reports


def main():
    arguments = [a for a in sys.argv[1:] if a != "--long"]
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    problems, reports = check(root)
    for problem in problems:
        print(problem)
    shown = reports if "--long" in sys.argv else reports[:5]
    for _, report in shown:
        print(f"note: {report} (over {FUNCTION_MAX})")
    if len(reports) > len(shown):
        print(f"note: and {len(reports) - len(shown)} more long functions (tools/check_house.py --long)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
