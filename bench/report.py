"""bench/RESULTS.md: a section a part, each with its own command and date. A run writes the sections of its own parts
and leaves the others as they are."""

import datetime
import os
import pathlib
import platform
import re

PATH = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
HEAD = """# Results

Each section says the run that it is of; its ratios are of that run alone. Medians of three where nothing else is said.
The server on one core, the load (wrk) on the other, brokers and databases on both. Absolute figures move by 10 to 30 %
between runs and more between machines: the ratios are what counts.

Repeat with `make bench`; `make bench A='--only PART,…'` renews the sections of these parts."""
ORDER = ("Mutations a second", "Consumer into SQLite", "Consumer into PostgreSQL", "Consumer into MongoDB", "Workers",
         "Memory of the consumer", "Rebuild", "From request to readable state", "Memory and start-up", "Codecs")


class Section:
    """LINES of Markdown, and what is OWED: (what, owed, reached), at least or, with at_most, at most so much."""

    def __init__(self, title, lines, owed=(), at_most=()):
        assert title in ORDER, title
        self.title = title
        self.lines = list(lines)
        self.owed = [(what, owed, reached, reached >= owed) for what, owed, reached in owed]
        self.owed += [(f"{what}, at most", owed, reached, reached <= owed) for what, owed, reached in at_most]

    def text(self, command):
        lines = [f"## {self.title}", "", f"`{command}` on {datetime.date.today()}, {os.cpu_count()} cores,"
                 f" {platform.system()} {platform.machine()}.", "", *self.lines]
        if self.owed:
            lines += ["", "| | owed | reached |", "|---|---|---|"]
            lines += [f"| {what} | {owed} | {reached:.2f}{'' if met else ' (missed)'} |"
                      for what, owed, reached, met in self.owed]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def table(head, rows):
    """Lines of a Markdown table."""
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *("| " + " | ".join(row) + " |" for row in rows)]


def read_sections():
    """Title -> text of the sections that are there."""
    text = PATH.read_text() if PATH.exists() else ""
    return {part.split("\n", 1)[0].strip(): "## " + part.strip() for part in re.split(r"^## ", text, flags=re.M)[1:]}


def write(sections, arguments):
    """Puts SECTIONS in their places; prints them."""
    command = " ".join(["bench/run.py", *arguments])
    kept = read_sections()
    for section in sections:
        kept[section.title] = section.text(command)
        print(kept[section.title], flush=True)
    texts = [kept.pop(title) for title in ORDER if title in kept]
    PATH.write_text("\n\n".join([HEAD, *texts, *kept.values()]) + "\n")
