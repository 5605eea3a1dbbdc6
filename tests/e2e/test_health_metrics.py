"""The admin listener: health that is true, metrics that scrapers can read and that add up."""

import json

from harness.graphql import unique
from harness.logfirst import QUOTES, get, parse_metrics, total
from harness.wait import until


def test_live_and_ready(quotes_server):
    for path in ("/health/live", "/health/ready"):
        status, headers, text = quotes_server.admin_get(path)
        assert status == 200, text
        assert text.strip()
        if "json" in headers.get_content_type():
            json.loads(text)
    assert quotes_server.admin_get("/nope")[0] == 404
    assert get(quotes_server.admin, "/health/live", "POST")[0] in (404, 405)


def test_the_api_listener_has_no_metrics(quotes_server):
    assert get(quotes_server.listen, "/metrics")[0] == 404
    assert get(quotes_server.listen, "/health/ready")[0] == 404


def test_ready_names_its_parts(quotes_server):
    text = quotes_server.admin_get("/health/ready")[2]
    assert "log" in text and "store" in text and "consumer" in text, text


def test_metrics_are_prometheus(quotes_server):
    status, headers, text = quotes_server.admin_get("/metrics")
    assert status == 200
    assert headers.get_content_type() == "text/plain" and "version=0.0.4" in headers["content-type"]
    samples = parse_metrics(text)
    families = {name.split("{")[0] for name in samples}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert kind in ("counter", "gauge", "histogram"), line
            assert kind != "counter" or name.endswith("_total"), f"a counter ends in _total: {name}"
            assert any(family == name or family.startswith(name + "_") for family in families), f"{name} has no sample"
    assert "# HELP" in text
    for name, value in samples.items():
        if "_bucket{" in name and 'le="+Inf"' in name:
            base, labels = name.split("_bucket{", 1)
            labels = labels.rstrip("}").replace('le="+Inf"', "").strip(",")
            assert samples[f"{base}_count{{{labels}}}" if labels else f"{base}_count"] == value


def test_metrics_add_up(start):
    server = start("up", QUOTES)
    client = server.client()
    for number in range(20):
        client.create_quote(unique(), number)
    for _ in range(3):
        client.post("{ nope }")
    client.post('mutation { createQuote(amount: -1, customerId: "x") { eventId } }')

    def settled():
        samples = server.metrics()
        return samples if total(samples, "logfirst_consumer_lag") == 0 else None

    samples = until(settled, "lag 0")
    assert total(samples, "logfirst_gateway_requests_total") == 24, samples
    assert total(samples, "logfirst_gateway_events_total") >= 20
    assert total(samples, "logfirst_gateway_request_seconds_count") > 0
    lag = {name: value for name, value in samples.items() if name.startswith("logfirst_consumer_lag")}
    assert any('topic="business-events"' in name and 'partition="0"' in name for name in lag), lag
    assert sum(value for name, value in samples.items()
               if name.startswith("logfirst_consumer") and "_total" in name and "dead" in name) == 0


def test_idle_memory_is_small(start):
    """Owed: below 20 MB; instrumented builds are larger, so this only holds a gross leak off."""
    server = start("up", QUOTES)
    assert server.rss_bytes() < 150 * 1024 * 1024


def test_files_and_memory_stay_flat(start):
    server = start("up", QUOTES)
    warm = server.client()
    for number in range(200):
        warm.create_quote(f"c{number % 10}", number)
    files, memory = server.open_files(), server.rss_bytes()
    for round_ in range(30):
        client = server.client()
        for number in range(20):
            client.create_quote(f"c{number % 10}", number)
        client.close()
    until(lambda: server.open_files() <= files + 4, "files of closed connections to be closed")
    assert server.rss_bytes() < memory + 30 * 1024 * 1024
