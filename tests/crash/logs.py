"""The logs of a campaign: how the program is told of them, and what is in them, seen from outside."""

import shutil

from harness import evidence
from harness.kafka import Broker, free_port

from poison import embedded_appender, kafka_appender
from proxy import Proxy

PARTITIONS = 4
# a member that is stopped is a zombie after two seconds
GROUP = "kafka:\n  session.timeout.ms: 2000\n  heartbeat.interval.ms: 400\n"


def bring_back(server, tries=3):
    """Starts a server that was killed; now and then one ends again before it serves."""
    for left in reversed(range(tries)):
        try:
            return server.start()
        except AssertionError:
            if left == 0:
                raise
            server.kill()


class KafkaServer:
    """One broker for all worlds of a campaign, each with a topic of its own, reached through a proxy."""

    def __init__(self, folder):
        inner = free_port()
        self.proxy = Proxy(("127.0.0.1", inner))
        self.server = Broker(folder / "kafka", proxied=(inner, self.proxy.port)).start()

    def log(self, folder, name):
        if not self.server.running():
            bring_back(self.server)
        return Kafka(self, folder, name)

    def close(self):
        self.server.close()
        self.proxy.close()


class Kafka:
    def __init__(self, shared, folder, name):
        self.server, self.proxy = shared.server, shared.proxy
        self.topic = self.group = name
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "group.yaml"
        config.write_text(GROUP, encoding="ascii")
        self.options = ["--log", f"kafka://127.0.0.1:{self.proxy.port}", "--topic", name, "--partitions",
                        str(PARTITIONS), "--delivery-timeout", "10s", "--config", config]
        self.append = kafka_appender(self.server, name)

    def ends(self):
        return {(self.topic, partition): end for partition, end in self.server.ends(self.topic).items()}

    def records(self):
        return evidence.kafka_log(self.server, self.topic)

    def dead_records(self):
        dead = self.topic + ".dlq"
        return evidence.kafka_log(self.server, dead) if dead in self.server.topics() else []

    def committed(self):
        found = self.server.committed(self.group, self.topic)
        return {(self.topic, partition): offset for partition, offset in found.items()}

    def again(self, folder):
        """Options of a consumer that reads it all once more, and its group."""
        return self.options, self.group + "-again"


class EmbeddedFolders:
    def log(self, folder, name):
        return Embedded(folder)

    def close(self):
        pass


class Embedded:
    """A folder. FAULT names the file that makes its disk fail (src/log/embedded/disk.c)."""

    server = proxy = None
    topic, group = "business-events", "event-consumers"

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder / "log"
        self.fault = folder / "disk"
        self.options = ["--log", f"embedded:{self.folder}", "--delivery-timeout", "10s"]
        self.append = embedded_appender(self.folder, self.topic)

    def ends(self):
        return {(self.topic, 0): len(self.records())}

    def records(self):
        return evidence.embedded_log(self.folder, self.topic)

    def dead_records(self):
        return evidence.embedded_log(self.folder, self.topic + ".dlq")

    def committed(self):
        return {}

    def again(self, folder):
        """A copy, so that nothing happens to the original."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.folder, folder / "log")
        return ["--log", f"embedded:{folder / 'log'}"], self.group


SERVERS = {"embedded": lambda folder: EmbeddedFolders(), "kafka": KafkaServer}
