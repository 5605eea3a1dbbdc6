"""Resident memory of a consumer at full speed, at a small backlog and at one ten times as long; and around an outage of
its store under load."""

import subprocess
import tempfile
import time

from measure import PARTITIONS, logfirst, say, wrk_command
from report import Section, table
from stores import consume, fill_log, from_kafka, postgres, sqlite

LIMIT_MB = 150
DEADLINE_SECONDS = 300


def embedded_runs(backlogs):
    rows = []
    for backlog in backlogs:
        with tempfile.TemporaryDirectory() as data:
            total = fill_log(data, backlog)
            with sqlite() as target:
                rows.append(consume(target, total, "--log", f"embedded:{data}/log"))
    return rows


def kafka_runs(servers, backlogs):
    rows = []
    for backlog in backlogs:
        topic, total = servers.topic(backlog)
        with postgres(servers.postgres()) as target:
            rows.append(consume(target, total, *from_kafka(servers, topic)))
    return rows


def caught_up(servers, target, topic):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while target.stored() < sum(servers.broker().ends(topic).values()):
        if time.monotonic() > deadline:
            raise RuntimeError("the consumer did not catch up after the outage")
        time.sleep(0.2)


def outage(servers, away_seconds):
    """{"before", "after", "most"}: MB of a consumer whose database is stopped for so long while events keep coming."""
    say(f"PostgreSQL away for {away_seconds} s under load")
    server, topic = servers.postgres(), f"outage-{time.time_ns()}"
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as other:
        options = ["--log", servers.broker().url, "--topic", topic, "--partitions", PARTITIONS]
        schema = f"outage{time.time_ns()}"
        with logfirst("gateway", "--listen", "127.0.0.1:0", "--data", data, *options, cpu=None) as gateway, \
             logfirst("consumer", "--data", other, "--store", server.url(schema), *options, cpu=None) as consumer:
            load = subprocess.Popen(wrk_command(gateway.field("listen"), 1, away_seconds + 10),
                                    stdout=subprocess.DEVNULL)
            try:
                time.sleep(5)
                found = {"before": consumer.rss_mb()}
                server.stop()
                time.sleep(away_seconds)
                server.start()
            finally:
                load.wait()
            with postgres(server, schema) as target:
                caught_up(servers, target, topic)
                found |= {"after": consumer.rss_mb(), "most": consumer.rss_mb("VmHWM"), "events": target.rows()}
                letters = consumer.metric("logfirst_consumer_dead_letters_total")
    if letters:
        raise RuntimeError(f"{letters:.0f} dead letters")
    say("  ", found)
    return found


def part(servers, seconds):
    backlogs = (20000 * seconds, 200000 * seconds)  # the smaller one is more than what is read ahead, 16 MB
    say("memory at backlogs of", backlogs)
    runs = {"embedded log into SQLite": embedded_runs(backlogs),
            "Kafka into PostgreSQL": kafka_runs(servers, backlogs)}
    rows = [[name, *(f"{run['rss']:.1f} ({run['events']:,} events, {run['rate']:,.0f}/s)" for run in pair)]
            for name, pair in runs.items()]
    away_seconds = 12 * seconds
    found = outage(servers, away_seconds)
    lines = ["The highest resident memory, in MB, of a consumer (`--batch 5000`) that works off a backlog as fast as it"
             " can:", "",
             *table(["", "small backlog", "ten times as long"], rows), "",
             f"PostgreSQL away for {away_seconds} s while events keep coming ({found['events']:,} in all), Kafka:"
             f" {found['before']:.1f} MB before, {found['after']:.1f} MB once the lag is zero again, at most"
             f" {found['most']:.1f} MB; no dead letters."]
    most = [(f"MB, {name}", LIMIT_MB, max(run["rss"] for run in pair)) for name, pair in runs.items()]
    grown = [(f"memory at ten times the backlog / at the small one, {name}", 1.5, pair[1]["rss"] / pair[0]["rss"])
             for name, pair in runs.items()]
    return Section("Memory of the consumer", lines, at_most=[*most, *grown, ("MB around an outage", LIMIT_MB,
                                                                             found["most"])])
