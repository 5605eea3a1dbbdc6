#!/usr/bin/env python3
"""The manual pages docs/man/*.1 and docs/configuration.md, made from what `logfirst --help` says: they agree.

Usage: tools/gen_docs.py PROGRAM [--check]     make docs
--check writes nothing; exit status 1 if a page is not what the program says.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

EXIT_STATUS = (("0", "Done."), ("1", "Failed; standard error says why."), ("2", "Wrong usage."))

FILES = (
    ("./logfirst-data", "The data folder, unless --data names another: the embedded log in log/, the SQLite store."),
    ("logfirst.yaml", "A configuration file, as --config or LOGFIRST_CONFIG names it. See docs/configuration.md."),
)

EXAMPLES = (
    ("Serve a schema, with nothing else installed:", "logfirst up schema.graphql"),
    ("Find every problem of a schema:", "logfirst check schema.graphql"),
    (
        "The gateway and a consumer as processes of their own, on Kafka:",
        "logfirst gateway schema.graphql --log kafka://broker:9092\n"
        "logfirst consumer schema.graphql --log kafka://broker:9092",
    ),
)

CONFIGURATION = """\
# Configuration

Every option is a flag, a variable of the environment and a key of the configuration file. A flag goes before the
environment, the environment before the file, the file before the default. What is unknown or malformed is an error that
names its source: the flag, the variable, or the file's line.

This page is made from what `logfirst COMMAND --help` says (`make docs`).

## The file

`--config FILE`, or `LOGFIRST_CONFIG`: YAML, `key: value` and nested mappings. `${NAME}` is the environment's value,
`${NAME:-text}` has a fallback. librdkafka's properties stand below `kafka:`, verbatim.

```yaml
log: kafka://broker-1:9092,broker-2:9092
store: sqlite:/var/lib/logfirst/store.db
delivery_timeout: 10s
kafka:
  security.protocol: SASL_SSL
  sasl.password: ${KAFKA_PASSWORD}
```

## Values

| form | examples |
| --- | --- |
| TIME | `500ms`, `30s`, `2m` |
| SIZE | `64KB`, `1MB` |
| true\\|false | a flag alone says true |
| a\\|b\\|c | one of these words |

## Options

"""


@dataclass
class Option:
    flag: str
    placeholder: str
    text: str
    default: str


@dataclass
class Command:
    words: str  # "schema print", "events list|show|tail"
    operands: str
    summary: str
    usage: str = ""
    text: str = ""
    options: list = field(default_factory=list)
    after: str = ""

    @property
    def page(self):
        """logfirst-up, logfirst-schema-print, logfirst-events"""
        return "-".join(["logfirst", *(word for word in self.words.split() if "|" not in word)])


def say(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def columns(lines):
    """(left, right) of rows with right from column 40 on, or on the next line where left is too long."""
    left = ""
    for line in lines:
        left += line[:40].strip() if len(line) <= 40 or line[38:40] == "  " else line.strip()
        if line[38:40] == "  ":
            yield left, line[40:].strip()
            left = ""


def paragraph_of(text, heading):
    """The lines between the line "heading" and the next empty one."""
    lines = text.split("\n")
    start = lines.index(heading) + 1
    end = lines.index("", start)
    return lines[start:end], "\n".join(lines[end:]).strip()


def read_options(lines):
    for left, right in columns(lines):
        flag, _, placeholder = left.partition(" ")
        default = re.search(r" \[([^\]]+)\]$", right)
        text = right[: default.start()] if default else right
        yield Option(flag, placeholder, text, default.group(1) if default else "")


def read_command(program, command):
    words = [word.split("|")[0] for word in command.words.split()]
    text = say(program, *words, "--help")
    command.usage = text.split("\n", 1)[0].removeprefix("usage: ")
    command.text = text.split("\n", 1)[1].split("\noptions:\n")[0].strip()
    lines, command.after = paragraph_of(text, "options:")
    command.options = list(read_options(lines))


def read_commands(program):
    overview = say(program, "--help")
    lines = overview.split("\n\n")[2].split("\n")
    commands = []
    for left, right in columns(lines):
        words = []
        parts = left.split()
        while parts and re.fullmatch(r"[a-z][a-z|-]*", parts[0]):
            words.append(parts.pop(0))
        command = Command(" ".join(words), " ".join(parts), right)
        read_command(program, command)
        commands.append(command)
    if not commands:
        raise SystemExit("gen_docs.py: no commands found in --help")
    return overview, commands


# ---- manual pages --------------------------------------------------------------------------------------------------


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def roff_text(text):
    """Paragraphs; lines that are indented stand as they are."""
    out = []
    for block in text.split("\n\n"):
        if any(line.startswith("  ") for line in block.split("\n")):
            out.append(".nf\n" + roff(block) + "\n.fi")
        else:
            out.append(roff(block))
    return "\n.PP\n".join(out)


def tagged(tag, text):
    return f".TP\n{tag}\n{roff(text)}"


def bold(text):
    return "\\fB" + roff(text) + "\\fR"


def italic(text):
    return "\\fI" + roff(text) + "\\fR"


def head(page, version):
    title = f'.TH {page.upper()} 1 "" "logfirst {version}" "Logfirst"'
    return f'.\\" Made by tools/gen_docs.py from `logfirst --help`.\n{title}'


def exit_status():
    return [".SH EXIT STATUS", *(tagged(bold(status), text) for status, text in EXIT_STATUS)]


def see_also(pages, own):
    others = [bold(page) + "(1)" for page in pages if page != own]
    return [".SH SEE ALSO", ",\n".join(others)]


def command_page(command, version, pages):
    synopsis = command.usage.removeprefix("logfirst " + command.words).strip()
    out = [head(command.page, version), ".SH NAME", roff(f"{command.page} - {command.summary}")]
    out += [".SH SYNOPSIS", bold("logfirst " + command.words), italic(synopsis)]
    out += [".SH DESCRIPTION", roff_text(command.text), ".SH OPTIONS"]
    for option in command.options:
        text = option.text + (f" [{option.default}]" if option.default else "")
        out.append(tagged(bold(option.flag) + (" " + italic(option.placeholder) if option.placeholder else ""), text))
    if command.after:
        out += [".SH ENVIRONMENT", roff_text(command.after)]
    return "\n".join(out + exit_status() + see_also(pages, command.page)) + "\n"


def main_page(overview, commands, version, pages):
    what = overview.split("\n", 1)[0].split(": ", 1)[1]
    out = [head("logfirst", version), ".SH NAME", roff(f"logfirst - {what}"), ".SH SYNOPSIS"]
    out += [f"{bold('logfirst')} {italic('COMMAND')} [{italic('ARGUMENT')}]... [{italic('OPTION')}]..."]
    out += [
        ".SH DESCRIPTION",
        roff(
            "Events, entities and mutations are described in one GraphQL SDL file. Logfirst serves the API, puts\n"
            "every mutation into a durable log before anything else happens, and its consumers turn the log into an\n"
            "event store and entity state, exactly once."
        ),
        ".SH COMMANDS",
    ]
    for command in commands:
        tag = bold(command.words) + (" " + italic(command.operands) if command.operands else "")
        out.append(tagged(tag, f"{command.summary}: {command.page}(1)"))
    out += [
        ".SH ENVIRONMENT",
        roff(
            "LOGFIRST_NAME sets the option --name; a flag goes before the environment, the environment before the\n"
            "configuration file."
        ),
        ".SH FILES",
        *(tagged(italic(name), text) for name, text in FILES),
    ]
    out += exit_status() + [".SH EXAMPLES"]
    for text, code in EXAMPLES:
        out.append(f".PP\n{roff(text)}\n.PP\n.nf\n.RS\n{roff(code)}\n.RE\n.fi")
    return "\n".join(out + see_also(pages, "logfirst")) + "\n"


def install(pages):
    files = "".join(f"  '{page}.1',\n" for page in pages)
    return f"# Made by tools/gen_docs.py.\ninstall_man(\n{files})\n"


# ---- docs/configuration.md -------------------------------------------------------------------------------------------


def cell(text):
    return text.replace("|", "\\|")


def configuration(commands):
    rows = {}
    for command in commands:
        for option in command.options:
            if option.flag in ("--help", "--version"):
                continue
            key = (option.flag, option.placeholder, option.default, option.text)
            rows.setdefault(key, []).append(command.page.removeprefix("logfirst-").replace("-", " "))
    out = ["| flag | environment | key | default | meaning | commands |", "| --- | --- | --- | --- | --- | --- |"]
    for (flag, placeholder, default, text), names in rows.items():
        name = flag.removeprefix("--")
        key = "" if name == "config" else f"`{name.replace('-', '_')}`"
        out.append(
            f"| `{flag} {cell(placeholder)}` | `LOGFIRST_{name.upper().replace('-', '_')}` | {key} "
            f"| {f'`{cell(default)}`' if default else ''} | {cell(text)} "
            f"| {'all' if len(names) == len(commands) else ', '.join(names)} |"
        )
    return CONFIGURATION + "\n".join(out) + "\n"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    program = arguments[0]
    version = say(program, "--version").split()[1]
    overview, commands = read_commands(program)
    pages = ["logfirst"] + [command.page for command in commands]
    wanted = {"docs/man/logfirst.1": main_page(overview, commands, version, pages)}
    for command in commands:
        wanted[f"docs/man/{command.page}.1"] = command_page(command, version, pages)
    wanted["docs/man/meson.build"] = install(pages)
    wanted["docs/configuration.md"] = configuration(commands)

    folder = os.path.join(ROOT, "docs", "man")
    os.makedirs(folder, exist_ok=True)
    present = {f"docs/man/{name}" for name in os.listdir(folder) if name.endswith(".1")}
    stale = sorted(present - set(wanted))
    for name, text in wanted.items():
        path = os.path.join(ROOT, name)
        try:
            with open(path, encoding="utf-8") as file:
                current = file.read() == text
        except FileNotFoundError:
            current = False
        if current:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    if "--check" not in sys.argv:
        for name in present - set(wanted):
            os.remove(os.path.join(ROOT, name))
        return 0
    for name in stale:
        print(f"{name} is not what the program says: run `make docs`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
