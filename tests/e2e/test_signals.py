"""SIGTERM drains: what was accepted is answered, what was acknowledged is kept, the exit status is 0."""

import signal

from harness import folds
from harness.checker import History, check, report
from harness.evidence import embedded_log, read_store
from harness.load import Ledger
from harness.logfirst import LEDGER, QUOTES
from harness.raw import Raw, post
from harness.wait import until


def test_sigterm_under_load(start, folder):
    """Three times over: no request that the server had begun to answer fails, nothing acknowledged is lost."""
    server = start("up", LEDGER)
    current = {"where": server.listen}
    load = Ledger(lambda: current["where"], clients=8).start()
    for round_ in range(3):
        before = load.counts()[0]
        until(lambda: load.counts()[0] > before + 100, "load")
        current["where"] = None
        assert server.stop(20) == 0, server.tail()
        bad = [failure for failure in load.failures if failure[0] not in ("connection", "OVERLOADED", "503")]
        assert not bad, bad[:5]
        server = start("up", LEDGER)
        current["where"] = server.listen
    before = load.counts()[0]
    until(lambda: load.counts()[0] > before + 100, "load after the last restart")
    load.stop()
    assert server.stop() == 0
    history = load.fill(History(fold=folds.ledger))
    history.log = embedded_log(folder / "log", "business-events")
    read_store(history, folder / "store.db", "event-consumers", "accounts", "account_id", ("notes",))
    violations = check(history, caught_up=False)
    assert not violations, report(violations)
    # a request whose connection broke was not begun: a closed idle connection, never half a job
    unknown = {a.payload["note"] for a in history.attempts if a.outcome == "unknown"}
    logged = {r.payload["note"] for r in history.log}
    assert not unknown & logged, f"logged, and the answer was not delivered: {sorted(unknown & logged)[:5]}"


def test_a_request_in_work_is_answered(start):
    """A request that is half sent when SIGTERM comes may be finished within the grace; new connections are refused."""
    server = start("up", QUOTES, "--grace", "20s")
    whole = post(b'{"query":"mutation { createQuote(amount: 1, customerId: \\"x\\") { success } }"}')
    with Raw(server.listen) as raw, Raw(server.listen) as idle:
        idle.send(post(b'{"query":"{ __typename }"}'))
        assert idle.response()[0] == 200
        raw.send(whole[:-10])
        until(lambda: server.ready(), "ready")
        server.terminate()
        assert idle.closed(), "idle connections are closed"
        raw.send(whole[-10:])
        status, headers, body = raw.response()
        assert status == 200 and b'"success":true' in body
        assert headers.get("connection", "").lower() == "close"
        assert raw.closed()
    assert server.wait() == 0


def test_the_grace_ends(start):
    """A client that never finishes does not hold the server up for ever."""
    server = start("up", QUOTES, "--grace", "300ms")
    with Raw(server.listen) as raw:
        raw.send(b"POST /graphql HTTP/1.1\r\nHost: x\r\n")
        until(lambda: server.ready(), "ready")
        server.terminate()
        server.wait(10)


def test_a_second_signal_stops_at_once(start):
    server = start("up", QUOTES, "--grace", "600s")
    with Raw(server.listen) as raw:
        raw.send(b"POST /graphql HTTP/1.1\r\nHost: x\r\n")
        until(lambda: server.ready(), "ready")
        server.terminate()

        def again():
            server.terminate()
            return not server.running()

        until(again, "the end", interval=0.2)


def test_sigint_is_the_same(start):
    server = start("up", QUOTES)
    server.client().create_quote("x", 1, wait=False)
    server.signal(signal.SIGINT)
    assert server.wait() == 0


def test_sigpipe_and_sighup_do_no_harm(start):
    server = start("up", QUOTES)
    server.signal(signal.SIGPIPE)
    assert server.client().create_quote("x", 1)["status"] == "STORED"


def test_sigterm_before_ready(start):
    """At any moment of the start: it ends, and never by a crash."""
    for number in range(10):
        server = start("up", QUOTES, ready=False)
        if number % 2:
            until(lambda: server.data.exists() or not server.running(), "the folder", interval=0.001)
        server.terminate()
        status = server.wait()
        assert status in (0, -signal.SIGTERM), server.tail()
        server.close()
    server = start("up", QUOTES)
    assert server.client().create_quote("x", 1)["status"] == "STORED"
