"""A real Kafka broker: one KRaft node on loopback, and the few client calls that the tests need."""

import os
import pathlib
import shutil
import socket
import subprocess
import uuid

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from harness.process import Process
from harness.wait import TimedOut, until

JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{proxied_listener}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{proxied_advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
log.dirs={data}
num.partitions=4
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.min.session.timeout.ms=1000
log.cleaner.enable=false
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
socket.request.max.bytes=33554432
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def libraries():
    """The folder of Kafka's jars, put there by tools/install-deps.sh test."""
    folder = os.environ.get("LOGFIRST_KAFKA_LIBS", "")
    assert folder and pathlib.Path(folder).is_dir(), "LOGFIRST_KAFKA_LIBS: source tools/env.sh, see CONTRIBUTING.md"
    return folder


class Broker(Process):
    """start(), stop(), kill(), freeze(), thaw(): data and ports stay the same. PROXIED: (port, port of a proxy before
    it): those who come through the proxy are told to stay there."""

    def __init__(self, folder, *properties, proxied=None):
        """PROPERTIES: further lines of its configuration."""
        self.proxied = proxied
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.properties = properties
        self.port, self.controller = free_port(), free_port()
        self.config = self.folder / "server.properties"
        classes = f"{libraries()}/*"
        argv = ["java", "-Xms96m", "-Xmx320m", *JVM, "-cp", classes, "kafka.Kafka", str(self.config)]
        super().__init__(argv, cwd=str(self.folder), name="kafka")

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"kafka://{self.bootstrap}"

    def behind(self):
        if self.proxied is None:
            return {"proxied_listener": "", "proxied_advertised": ""}
        inner, outer = self.proxied
        return {"proxied_listener": f",PROXIED://127.0.0.1:{inner}",
                "proxied_advertised": f",PROXIED://127.0.0.1:{outer}"}

    def format(self):
        text = PROPERTIES.format(port=self.port, controller=self.controller, data=self.folder / "data", **self.behind())
        self.config.write_text("\n".join([text, *self.properties, ""]), encoding="ascii")
        words = ["java", "-Xmx96m", *JVM, "-cp", f"{libraries()}/*", "kafka.tools.StorageTool", "format"]
        words += ["-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(self.config)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=str(self.folder))
        assert done.returncode == 0, f"formatting the broker's storage failed\n{done.stdout}\n{done.stderr}"

    def start(self, timeout=60.0):
        """Returns when clients are served. Takes other ports when someone was faster."""
        for attempt in range(3):
            if not (self.folder / "data" / "meta.properties").exists():
                self.format()
            self.spawn()
            try:
                until(self.serves, f"the broker at {self.bootstrap}", timeout)
                return self
            except TimedOut:
                if attempt == 2 or self.running() or "Address already in use" not in self.tail(200):
                    raise
                shutil.rmtree(self.folder / "data", ignore_errors=True)
                self.port, self.controller = free_port(), free_port()
        raise AssertionError("not reached")

    def serves(self):
        assert self.running(), f"the broker ended\n{self.tail()}"
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        try:
            return len(self.admin().list_topics(timeout=5).brokers) == 1
        except KafkaException:
            return False

    def close(self):
        """Nobody needs its data any more: no time for a clean end."""
        if self.running():
            self.kill()
        super().close()

    # --- client calls

    def admin(self):
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def create_topic(self, name, partitions=1, replicas=1, **config):
        topic = NewTopic(name, num_partitions=partitions, replication_factor=replicas, config=config)
        admin = self.admin()  # must outlive what it was asked
        admin.create_topics([topic], operation_timeout=20)[name].result(20)
        until(lambda: name in self.topics(), f"topic {name}")
        return name

    def delete_topic(self, name):
        """Returns when nobody sees it any more."""
        admin = self.admin()
        admin.delete_topics([name], operation_timeout=20)[name].result(20)
        until(lambda: name not in self.topics(), f"topic {name} to go")

    def add_partitions(self, name, total):
        admin = self.admin()
        admin.create_partitions([NewPartitions(name, total)], operation_timeout=20)[name].result(20)
        until(lambda: len(self.topics()[name].partitions) == total, f"{total} partitions of {name}")

    def delete_records(self, topic, partition, before):
        """What retention does: the partition begins at offset BEFORE afterwards."""
        place = TopicPartition(topic, partition, before)
        admin = self.admin()
        admin.delete_records([place])[place].result(20)

    def members(self, group):
        """Client's member id -> its partitions, as {(topic, partition)}, of the group's members."""
        admin = self.admin()
        described = admin.describe_consumer_groups([group])[group].result(20)
        return {
            member.member_id: {(place.topic, place.partition) for place in member.assignment.topic_partitions}
            for member in described.members
        }

    def transaction(self, topic, messages, commit=True):
        """Produces MESSAGES in a transaction of their own, which is committed or aborted."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "transactional.id": f"tx-{uuid.uuid4()}",
                             "log_level": 0})
        producer.init_transactions(30)
        producer.begin_transaction()
        for message in messages:
            producer.produce(topic, **message)
        assert producer.flush(30) == 0
        if commit:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)

    def topics(self):
        return self.admin().list_topics(timeout=20).topics

    def topic_config(self, name):
        resource = ConfigResource(ResourceType.TOPIC, name)
        admin = self.admin()
        entries = admin.describe_configs([resource])[resource].result(20)
        return {name: entry.value for name, entry in entries.items()}

    def set_topic_config(self, name, key, value):
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)])
        admin = self.admin()
        admin.incremental_alter_configs([resource])[resource].result(20)

    def produce(self, topic, messages):
        """MESSAGES are dicts of produce()'s arguments (value, key, headers, partition). Returns (partition, offset) of
        each, in order; fails if any is refused."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "message.max.bytes": 8000000,
             "partitioner": "murmur2_random", "log_level": 0}  # as Java's producers choose partitions
        )
        places = [None] * len(messages)
        failed = []

        def delivered(number):
            def done(error, message):
                if error is not None:
                    failed.append(f"{number}: {error}")
                else:
                    places[number] = (message.partition(), message.offset())

            return done

        for number, message in enumerate(messages):
            while True:
                try:
                    producer.produce(topic, on_delivery=delivered(number), **message)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        assert producer.flush(60) == 0 and not failed, f"not produced: {failed}"
        return places

    def read(self, topic, timeout=30.0):
        """All messages of the topic from the first to the end as it is now, by partition and offset."""
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": f"read-{uuid.uuid4()}", "enable.auto.commit": False,
             "isolation.level": "read_committed", "enable.partition.eof": True, "log_level": 0,
             "message.max.bytes": 16000000}
        )
        try:
            metadata = consumer.list_topics(topic, timeout=20).topics[topic]
            if metadata.error is not None:
                raise KafkaException(metadata.error)
            left, ends = {}, {}
            for partition in metadata.partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)
                ends[partition] = high
                if high > low:
                    left[partition] = low
            consumer.assign([TopicPartition(topic, partition, low) for partition, low in left.items()])
            messages = []

            def more():
                for message in consumer.consume(1000, 0.2):
                    if message.error() is not None:  # end of a partition: control records can fill the last offsets
                        left.pop(message.partition(), None)
                        continue
                    messages.append(message)
                    if message.offset() + 1 >= ends[message.partition()]:
                        left.pop(message.partition(), None)
                return not left

            if left:
                until(more, f"all messages of {topic}", timeout)
            return sorted(messages, key=lambda m: (m.partition(), m.offset()))
        finally:
            consumer.close()

    def ends(self, topic):
        """Partition -> the offset that the next message will have."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "ends", "log_level": 0})
        try:
            partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
            return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[1] for p in partitions}
        finally:
            consumer.close()

    def committed(self, group, topic):
        """Partition -> the group's committed offset; partitions without one are left out. A broker that has just
        started, or is busy, may say that it is not the group's coordinator (yet): it is asked again."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group, "log_level": 0})

        def ask():
            partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
            found = consumer.committed([TopicPartition(topic, partition) for partition in partitions], timeout=20)
            for entry in found:
                if entry.error is not None:
                    raise KafkaException(entry.error)
            return found

        try:
            found = until(ask, f"the committed offsets of {group}", 90, 0.2, retry=(KafkaException,))
            return {
                entry.partition: entry.offset for entry in found if entry.offset != OFFSET_INVALID and entry.offset >= 0
            }
        finally:
            consumer.close()
