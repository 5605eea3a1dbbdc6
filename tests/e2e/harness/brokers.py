"""Three real Kafka brokers as one cluster: combined KRaft nodes on loopback, replication factor 3, min.insync.replicas
2."""

import socket

from confluent_kafka import KafkaException

from harness.kafka import Broker
from harness.wait import until

NODE = """node.id={id}
controller.quorum.voters={voters}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
"""


class Node(Broker):
    """One of the three. serves(): it takes connections and knows of brokers."""

    def serves(self):
        assert self.running(), f"the broker ended\n{self.tail()}"
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        try:
            return len(self.admin().list_topics(timeout=5).brokers) > 0
        except KafkaException:
            return False


class Brokers:
    """start() returns when all three are there. Each node may be stopped, killed, frozen and started again."""

    def __init__(self, folder):
        self.nodes = [Node(folder / f"node-{number}") for number in (1, 2, 3)]
        voters = ",".join(f"{number + 1}@127.0.0.1:{node.controller}" for number, node in enumerate(self.nodes))
        for number, node in enumerate(self.nodes):
            node.properties = [NODE.format(id=number + 1, voters=voters)]

    @property
    def bootstrap(self):
        return ",".join(node.bootstrap for node in self.nodes)

    @property
    def url(self):
        return f"kafka://{self.bootstrap}"

    def start(self, timeout=120.0):
        for node in self.nodes:  # the first alone is no quorum: nobody is waited for before all are there
            if not (node.folder / "data" / "meta.properties").exists():
                node.format()
            node.spawn()
        until(lambda: all(node.serves() for node in self.nodes), "three brokers", timeout)
        until(lambda: len(self.topics_of(0).brokers) == 3, "three brokers to know each other", timeout)
        return self

    def topics_of(self, node):
        return self.nodes[node].admin().list_topics(timeout=10)

    def leaders(self, topic, asked=0):
        """Partition -> node id of its leader, -1 for none, as that node knows."""
        return {number: part.leader for number, part in self.topics_of(asked).topics[topic].partitions.items()}

    def in_sync(self, topic, asked=0):
        """Do all replicas of all partitions keep up?"""
        return all(len(part.isrs) == 3 for part in self.topics_of(asked).topics[topic].partitions.values())

    def close(self):
        for node in self.nodes:
            node.close()
