#!/usr/bin/env python3
"""Adds up a test run: one line for each failure and each skip with its reason, then the last line
"N passed, N failed, N skipped". Exit status 1 if anything failed or nothing ran.

Usage: tools/summary.py FOLDER
FOLDER holds NAME.xml (JUnit, from meson test and pytest; NAME is the stage) and stages.tsv, one line a stage that has
no such report: passed|failed|skipped <tab> name <tab> reason.
"""

import glob
import os
import sys
import xml.etree.ElementTree as ElementTree


def one_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return " ".join(lines)[:300]


def skip_reason(case, skipped):
    """pytest and meson say it in the message; a plain test program in the last line that it printed."""
    reason = one_line(skipped.get("message")) or one_line(skipped.text)
    if not reason:
        output = case.find("system-out")
        lines = [line for line in ((output.text or "") if output is not None else "").splitlines() if line.strip()]
        reason = one_line(lines[-1]) if lines else ""
    return reason or "no reason given"


def cases_of(path):
    """(outcome, name, reason) of each test case of one report."""
    stage = os.path.splitext(os.path.basename(path))[0]
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        for case in suite.findall("testcase"):
            names = [name for name in (case.get("classname"), case.get("name")) if name]
            if len(names) == 2 and (names[0] == names[1] or names[1].startswith(names[0])):
                names = names[1:]
            name = f"{stage}: {' '.join(names)}"
            failure = case.find("failure")
            failure = case.find("error") if failure is None else failure
            skipped = case.find("skipped")
            if failure is not None:
                yield "failed", name, one_line(failure.get("message"))
            elif skipped is not None:
                yield "skipped", name, skip_reason(case, skipped)
            else:
                yield "passed", name, ""


def collect(folder):
    cases = []
    for path in sorted(glob.glob(os.path.join(folder, "*.xml"))):
        try:
            cases += cases_of(path)
        except ElementTree.ParseError as error:
            cases.append(("failed", os.path.basename(path), f"unreadable report: {error}"))
    stages = os.path.join(folder, "stages.tsv")
    if os.path.exists(stages):
        with open(stages, encoding="utf-8") as file:
            for line in file:
                outcome, name, reason = (line.rstrip("\n").split("\t") + ["", ""])[:3]
                cases.append((outcome, name, reason))
    return cases


def main():
    cases = collect(sys.argv[1])
    for outcome, title in (("skipped", "skipped"), ("failed", "FAILED")):
        for what, name, reason in cases:
            if what == outcome:
                print(f"{title}  {name}" + (f": {reason}" if reason else ""))
    count = {outcome: sum(1 for what, _, _ in cases if what == outcome) for outcome in ("passed", "failed", "skipped")}
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 0 if count["passed"] > 0 and count["failed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
