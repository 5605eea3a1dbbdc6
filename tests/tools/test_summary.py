"""tools/summary.py: nothing that failed or was skipped may go unmentioned."""

import os
import subprocess
import sys

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "summary.py")


def run(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name.replace("__", ".")).write_text(text)
    result = subprocess.run([sys.executable, TOOL, str(tmp_path)], capture_output=True, text=True)
    return result.returncode, result.stdout.splitlines()


PYTEST = """<testsuites><testsuite name="pytest">
<testcase classname="tests.e2e.test_x" name="test_good"/>
<testcase classname="tests.e2e.test_x" name="test_away">
<skipped message="no kcat here">x.py:1: no kcat</skipped></testcase>
</testsuite></testsuites>"""
MESON = """<testsuites><testsuite name="logfirst">
<testcase name="buf" classname="logfirst"/>
<testcase name="kafka" classname="logfirst"><skipped/><system-out>ok 1\nno broker to be had\n</system-out></testcase>
</testsuite></testsuites>"""


def test_skips_are_listed_with_their_reasons(tmp_path):
    status, lines = run(tmp_path, e2e__xml=PYTEST, unit__xml=MESON, stages__tsv="passed\thouse rules\t\n")
    assert status == 0
    assert lines == [
        "skipped  e2e: tests.e2e.test_x test_away: no kcat here",
        "skipped  unit: logfirst kafka: no broker to be had",
        "3 passed, 0 failed, 2 skipped",
    ]


def test_failures_and_errors_fail_the_run(tmp_path):
    bad = PYTEST.replace('name="test_good"/>', 'name="test_good"><error message="boom"/></testcase>')
    status, lines = run(tmp_path, e2e__xml=bad, stages__tsv="failed\tbuild\tsee above\npassed\tx\t\n")
    assert status == 1
    assert "FAILED  e2e: tests.e2e.test_x test_good: boom" in lines
    assert "FAILED  build: see above" in lines
    assert lines[-1] == "1 passed, 2 failed, 1 skipped"


def test_a_torn_report_is_a_failure(tmp_path):
    status, lines = run(tmp_path, unit__xml=MESON, e2e__xml="<testsuites><tests")
    assert status == 1
    assert lines[-1] == "1 passed, 1 failed, 1 skipped"


def test_nothing_run_is_no_success(tmp_path):
    assert run(tmp_path) == (1, ["0 passed, 0 failed, 0 skipped"])
