"""What a user would write instead: the Node services and consumers of LOGFIRST_BASELINES."""

import json
import os
import pathlib
import shutil
import subprocess
import time

from measure import PARTITIONS, ROOT, Program, say

# name, script, environment
ONE_BY_ONE = (("Node, a transaction a message, kafkajs", "consumer-pg.js", {}),
              ("Node, a transaction a message, kafkajs, four partitions at once", "consumer-pg.js",
               {"CONCURRENCY": str(PARTITIONS)}))
BATCHED = (("Node, batches, kafkajs", "consumer-pg-batch.js", {"CLIENT": "kafkajs"}),
           ("Node, batches, kafkajs, four partitions at once", "consumer-pg-batch.js",
            {"CLIENT": "kafkajs", "CONCURRENCY": str(PARTITIONS)}),
           ("Node, batches, confluent, four partitions at once", "consumer-pg-batch.js",
            {"CLIENT": "confluent", "CONCURRENCY": str(PARTITIONS)}),
           ("Node, batches, platformatic", "consumer-pg-batch.js", {"CLIENT": "platformatic"}))
MONGODB = (("Node, a message at a time, kafkajs", "consumer-mongo.js", {}),
           ("Node, a message at a time, kafkajs, four partitions at once", "consumer-mongo.js",
            {"CONCURRENCY": str(PARTITIONS)}))
MISSING = "The Node consumers were left out: no sources at LOGFIRST_BASELINES."
OTHER_ENGINES = "Another engine's sink is not among the rows: no server that the project's tests start has one."


def node_folder():
    """The Node programs with their packages, installed once below LOGFIRST_DEPS; None without sources."""
    source = pathlib.Path(os.environ.get("LOGFIRST_BASELINES", ROOT.parent / "shared" / "baselines" / "node"))
    if not source.is_dir():
        return None
    folder = pathlib.Path(os.environ["LOGFIRST_DEPS"]) / "baselines" / "node"
    shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    if not (folder / "node_modules" / "kafkajs").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)
    if not (folder / "node_modules" / "@confluentinc").is_dir():
        subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "@confluentinc/kafka-javascript"],
                       cwd=folder, check=True, env={**os.environ, "CKJS_LINKING": "dynamic"})
    return folder


def node_environment(broker, topic, **more):
    env = {**os.environ, "BROKERS": broker.bootstrap, "TOPIC": topic, **more}
    env.pop("NODE_PATH", None)
    return env


def node_consumer(folder, peer, broker, topic, events, **where):
    """{"rate": events/s from the first message on, "rss": MB, "events"} of a Node consumer that stores EVENTS of TOPIC;
    WHERE: the database's variables."""
    name, script, extra = peer
    say(name)
    env = node_environment(broker, topic, EXPECT=str(events), GROUP=f"node-{time.time_ns()}", **extra, **where)
    with Program(["node", script], '"s_from_first"', cpu=None, cwd=folder, env=env, deadline=300) as consumer:
        told = json.loads(consumer.ready_line)
    result = {"events": events, "rate": told["n"] / told["s_from_first"], "rss": told["rss_mb"]}
    say(f"   {result['rate']:,.0f} events/s of {events:,}, {result['rss']:.0f} MB")
    return result
