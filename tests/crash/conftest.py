"""The crash campaign and its own tests share servers for the whole session."""

import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from campaign import Servers  # noqa: E402


@pytest.fixture(scope="session")
def session_folder():
    with tempfile.TemporaryDirectory(prefix="logfirst-crash-", ignore_cleanup_errors=True) as folder:
        pathlib.Path(folder).chmod(0o711)  # PostgreSQL's user goes through it
        yield pathlib.Path(folder)


@pytest.fixture(scope="session")
def servers(session_folder):
    with Servers(session_folder) as running:
        yield running
