"""Fixtures that the end-to-end tests share. Servers that several tests may use at once live as long as the session;
tests keep apart by unique customers, topics and groups."""

import pathlib
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import process  # noqa: E402
from harness.graphql import Client, unique  # noqa: E402
from harness.kafka import Broker  # noqa: E402
from harness.logfirst import BANK, QUOTES, Logfirst  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what every process that was alive has said last."""
    report = yield
    if report.failed:
        for child in process.ALIVE:
            report.sections.append((f"{child.name}, process {child.popen.pid}", child.tail()))
    return report


@pytest.fixture(scope="session")
def session_folder():
    with tempfile.TemporaryDirectory(prefix="logfirst-e2e-", ignore_cleanup_errors=True) as folder:
        yield pathlib.Path(folder)


def serve(schema, folder, *options):
    server = Logfirst("up", schema, folder, *options).start()
    yield server
    assert server.running(), f"{server.name} ended by itself\n{server.tail()}"
    status = server.stop()
    server.close()
    assert status == 0, f"{server.name} ended with {status}\n{server.tail()}"


@pytest.fixture(scope="session")
def quotes_server(session_folder):
    """`up` on the quotes example. It must be alive at the end and stop with status 0."""
    yield from serve(QUOTES, session_folder / "quotes")


@pytest.fixture(scope="session")
def bank_server(session_folder):
    yield from serve(BANK, session_folder / "bank")


@pytest.fixture
def quotes(quotes_server):
    client = Client(quotes_server.listen)
    yield client
    client.close()


@pytest.fixture
def bank(bank_server):
    client = Client(bank_server.listen)
    yield client
    client.close()


@pytest.fixture
def customer():
    return unique()


@pytest.fixture
def folder(tmp_path):
    """The test's own data folder."""
    return tmp_path / "data"


@pytest.fixture
def start(folder):
    """start("up", QUOTES, "--topic", "x"): a server of the test's own in its own data folder; ended afterwards."""
    started = []

    def start_one(command, schema=QUOTES, *options, ready=True, **keywords):
        server = Logfirst(command, schema, keywords.pop("data", folder), *options, **keywords)
        started.append(server)
        return server.start() if ready else server.spawn()

    yield start_one
    for server in reversed(started):
        if server.popen is not None:
            server.close()


@pytest.fixture(scope="session")
def broker(session_folder):
    """One real broker for all tests of the session; they keep apart by topic and group."""
    server = Broker(session_folder / "kafka").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def module_broker(tmp_path_factory):
    server = Broker(tmp_path_factory.mktemp("own") / "kafka")
    yield server
    server.close()


@pytest.fixture
def own_broker(module_broker):
    """A broker that the test may stop, kill and freeze. It runs when the test begins, whatever the one before did."""
    module_broker.thaw()
    if not module_broker.running():
        module_broker.start()
    return module_broker


@pytest.fixture
def topic():
    return unique("topic")


@pytest.fixture
def group():
    return unique("group")
