"""Gateway and consumer as separate processes on a real broker, and the use case's own stack in both directions."""

import concurrent.futures
import json
import subprocess
import uuid

import pytest

from harness import node
from harness.evidence import dead_letters, reached, stored_events
from harness.graphql import Refused, unique
from harness.logfirst import QUOTES, run
from harness.node import NodeProcess
from harness.wait import until


@pytest.fixture
def pair(broker, topic, group, start):
    """gateway() and consumer() on the test's own topic and group, with one store."""
    options = ["--log", broker.url, "--topic", topic, "--group", group]

    class Pair:
        def gateway(self, *more, **keywords):
            self.api = start("gateway", QUOTES, *options, *more, **keywords)
            return self.api

        def consumer(self, *more, **keywords):
            return start("consumer", QUOTES, *options, *more, **keywords)

        def both(self, *more):
            self.gateway(*more)
            return self.api.client(), self.consumer(*more)

    return Pair()


def headers_of(message):
    return dict(message.headers() or [])


@pytest.fixture
def settle(broker, topic, group):
    """settle(consumer): everything that is in the topic now has been consumed."""

    def wait(consumer):
        ends = {(topic, partition): end for partition, end in broker.ends(topic).items()}
        until(lambda: reached(consumer.store_file, group, ends), "the position to reach the end of the topic", 60)

    return wait


def test_a_quote_through_two_processes(pair, broker, topic, customer):
    client, _ = pair.both()
    receipt = client.create_quote(customer, 12.5)
    assert receipt["topic"] == topic and receipt["status"] == "STORED"
    assert client.quote(customer) == {"customerId": customer, "amount": 12.5}
    event = client.execute('{ event(eventId: "%s") { status partition offset } }' % receipt["eventId"])["event"]
    assert event == {"status": "STORED", "partition": receipt["partition"], "offset": receipt["offset"]}

    (message,) = broker.read(topic)
    assert (message.partition(), message.offset()) == (receipt["partition"], int(receipt["offset"]))
    assert message.key() == customer.encode()
    document = json.loads(message.value())
    assert list(document) == ["eventId", "eventType", "payload"]
    assert document == {"eventId": receipt["eventId"], "eventType": "QuoteCreated",
                        "payload": {"amount": 12.5, "customerId": customer}}
    headers = headers_of(message)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"] == receipt["eventId"].encode()
    assert headers["ce_type"] == b"QuoteCreated"
    assert headers["ce_source"] == b"/logfirst"
    assert headers["ce_time"].decode() == receipt["time"]
    assert headers["ce_subject"] == customer.encode()
    assert headers["content-type"].startswith(b"application/json")


def test_the_cloudevents_library_reads_it(pair, broker, topic, customer):
    from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
    from cloudevents.core.formats.json import JSONFormat

    receipt = pair.gateway().client().create_quote(customer, 1, wait=False)
    (message,) = broker.read(topic)
    event = from_binary_event(KafkaMessage(headers_of(message), message.key(), message.value()), JSONFormat())
    assert event.get_id() == receipt["eventId"]
    assert event.get_type() == "QuoteCreated"
    assert event.get_source() == "/logfirst"
    assert event.get_data()["payload"]["customerId"] == customer


def test_kcat_sees_it(pair, broker, topic, customer):
    receipt = pair.gateway().client().create_quote(customer, 3, wait=False)
    done = subprocess.run(
        ["kcat", "-b", broker.bootstrap, "-C", "-t", topic, "-e", "-q", "-o", "beginning", "-f", "%k\n%s\n%h\n"],
        capture_output=True, text=True, timeout=60, check=True)
    key, value, headers = done.stdout.splitlines()
    assert key == customer
    assert json.loads(value)["eventId"] == receipt["eventId"]
    assert f"ce_id={receipt['eventId']}" in headers.split(",")


def test_trace_context_travels(pair, broker, topic, customer):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    client = pair.gateway().client()
    client.execute('mutation { createQuote(amount: 1, customerId: "%s") { eventId } }' % customer,
                   headers={"traceparent": trace, "tracestate": "a=b"})
    (message,) = broker.read(topic)
    headers = headers_of(message)
    assert headers["traceparent"].decode().split("-")[1] == trace.split("-")[1]
    assert headers["tracestate"] == b"a=b"


def test_the_use_cases_consumer_reads_what_the_gateway_wrote(pair, broker, topic):
    client = pair.gateway().client()
    receipts = {client.create_quote(f"c{number}", number + 0.5, wait=False)["eventId"]: number for number in range(20)}
    script = NodeProcess("consume.js", broker.bootstrap, topic, unique("group"))
    with script.spawn():
        seen = until(lambda: (d := script.documents()) and len(d) >= 20 and d, "20 events in kafkajs", 60)
        assert {document["eventId"]: document["amount"] - 0.5 for document in seen} == receipts
        for document in seen:
            assert document["handled"] == "QuoteCreated"
            assert document["members"] == ["eventId", "eventType", "payload"]
            assert document["key"] == document["customerId"]
            assert document["headers"]["ce_id"] == document["eventId"]


def test_events_of_the_use_cases_producer_are_stored_and_applied(pair, broker, topic, settle):
    client, consumer = pair.both()
    events = [{"eventId": str(uuid.uuid4()), "eventType": "QuoteCreated",
               "payload": {"customerId": f"k{number}", "amount": number + 0.25}} for number in range(30)]
    node.run("produce.js", broker.bootstrap, topic, input=events)
    until(lambda: client.quote("k29") and len(stored_events(consumer.store_file)) == 30, "30 events stored")
    rows = {row["event_id"]: row for row in stored_events(consumer.store_file)}
    for event in events:
        assert rows[event["eventId"]]["payload"] == event["payload"]
        assert rows[event["eventId"]]["entity_key"] == event["payload"]["customerId"]
        assert client.quote(event["payload"]["customerId"]) == event["payload"]
    # the same again: stored once
    node.run("produce.js", broker.bootstrap, topic, input=events)
    settle(consumer)
    assert len(stored_events(consumer.store_file)) == 30
    assert dead_letters(consumer.store_file) == []


def test_order_of_one_entity_is_that_of_its_partition(pair, broker, topic, customer):
    client, _ = pair.both()
    receipts = [client.create_quote(customer, number, wait=False) for number in range(50)]
    assert len({receipt["partition"] for receipt in receipts}) == 1
    offsets = [int(receipt["offset"]) for receipt in receipts]
    assert offsets == sorted(offsets)
    client.create_quote(customer, 50)
    assert client.quote(customer)["amount"] == 50


def test_keys_choose_the_partition_that_java_clients_choose(pair, broker, topic):
    """murmur2, as in kafkajs and Java, so that producers of both worlds keep an entity in one partition."""
    client = pair.gateway("--partitions", "7").client()
    keys = [f"customer-{number}" for number in range(40)]
    ours = {key: client.create_quote(key, 1, wait=False)["partition"] for key in keys}
    theirs = {key: murmur2(key.encode()) % 7 for key in keys}
    assert ours == theirs
    assert len(set(ours.values())) > 3


def murmur2(data):
    """org.apache.kafka.common.utils.Utils.murmur2, made positive as its partitioner does."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return (h ^ (h >> 15)) & 0x7FFFFFFF


def test_topics_are_created_as_asked(pair, broker, topic, settle):
    assert topic not in broker.topics()
    client, consumer = pair.both("--partitions", "3", "--replication-factor", "1")
    assert len(broker.topics()[topic].partitions) == 3
    client.create_quote("x", 1)
    broker.produce(topic, [{"value": b"garbage"}])
    settle(consumer)
    assert len(broker.read(topic + ".dlq")) == 1, (
        "the topic of the dead letters as well, when it is needed at the latest"
    )


@pytest.mark.parametrize("command", ["gateway", "consumer"])
def test_a_missing_topic_that_may_not_be_created(broker, topic, group, tmp_path, command):
    options = ["--listen", "127.0.0.1:0"] if command == "gateway" else []
    done = run(command, QUOTES, "--data", tmp_path / "d", "--log", broker.url, "--topic", topic, "--group", group,
               "--create-topics=false", "--admin", "127.0.0.1:0", *options, timeout=60)
    assert done.returncode == 1, done.stderr
    assert topic in done.stderr
    assert topic not in broker.topics()


def test_topics_that_are_there_are_used_as_they_are(pair, broker, topic, customer):
    broker.create_topic(topic, partitions=2)
    broker.create_topic(topic + ".dlq")
    client, _ = pair.both("--create-topics=false")
    assert client.create_quote(customer, 1)["status"] == "STORED"
    assert len(broker.topics()[topic].partitions) == 2


def test_properties_of_librdkafka_and_those_that_break_promises(broker, topic, group, start, tmp_path, customer):
    file = tmp_path / "logfirst.yaml"
    file.write_text(f"log: {broker.url}\ntopic: {topic}\ngroup: {group}\nkafka:\n  client.id: the-tests\n"
                    "  compression.type: gzip\n")
    client = start("gateway", QUOTES, "--config", file).client()
    client.create_quote(customer, 1, wait=False)
    for line in ("acks: 1", "acks: 0", "enable.idempotence: false", "enable.auto.commit: true", "nonsense.property: 1"):
        file.write_text(f"log: {broker.url}\ntopic: {topic}\nkafka:\n  {line}\n")
        name = line.split(":")[0]
        for command in ("gateway", "consumer"):
            extra = ["--listen", "127.0.0.1:0"] if command == "gateway" else []
            done = run(
                command,
                QUOTES,
                "--config",
                file,
                "--data",
                tmp_path / "other",
                "--admin",
                "127.0.0.1:0",
                *extra,
                timeout=60,
            )
            assert done.returncode in (1, 2) and name in done.stderr, (command, line, done.stderr)


def test_positions_are_the_stores_and_the_brokers_follow(pair, broker, topic, group, settle):
    client, consumer = pair.both()
    for number in range(40):
        client.create_quote(f"c{number}", number, wait=False)
    settle(consumer)
    ends = {partition: end for partition, end in broker.ends(topic).items() if end}
    until(lambda: broker.committed(group, topic).items() >= ends.items(), "the broker's committed offsets", 30)
    assert consumer.stop() == 0
    # a committed offset that somebody moved is not believed
    from confluent_kafka import Consumer, TopicPartition

    mover = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": group, "log_level": 0})
    mover.commit(offsets=[TopicPartition(topic, partition, 0) for partition in ends], asynchronous=False)
    mover.close()
    consumer = pair.consumer()
    client.create_quote("last", 1)
    assert len(stored_events(consumer.store_file)) == 41


def test_an_event_that_is_too_large_does_not_harm_its_neighbours(pair, broker, topic):
    """The topic refuses it; what is in flight beside it is logged, once."""
    broker.create_topic(topic, partitions=1, **{"max.message.bytes": "1048588"})
    client = pair.gateway().client()
    document = "mutation($c: ID!) { createQuote(amount: 1, customerId: $c) { eventId } }"

    def create(number):  # the customer stands in value, key and ce_subject
        return client.post(document, {"c": f"{number}-" + ("y" * 400000 if number % 4 == 0 else "")})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(80)))
    assert {code for answer in answers[0::4] for code in answer.codes} == {"PAYLOAD_TOO_LARGE"}
    small = [answer for number, answer in enumerate(answers) if number % 4]
    assert not [answer.body for answer in small if answer.errors]
    logged = [json.loads(message.value())["eventId"] for message in broker.read(topic)]
    assert sorted(logged) == sorted(answer.data["createQuote"]["eventId"] for answer in small)


def test_two_consumers_share_the_partitions(pair, broker, topic, group, start, tmp_path):
    """A second member with a store of its own takes some partitions; together they store each event at least once, and
    each store holds none twice."""
    broker.create_topic(topic, partitions=4)
    client = pair.gateway().client()
    options = ["--log", broker.url, "--topic", topic, "--group", group]
    one = pair.consumer()
    two = start("consumer", QUOTES, *options, data=tmp_path / "second")
    ids = {client.create_quote(f"c{number}", number, wait=False)["eventId"] for number in range(200)}

    def rows():
        return ([row["event_id"] for row in stored_events(one.store_file)],
                [row["event_id"] for row in stored_events(two.store_file)])

    until(lambda: set(rows()[0]) | set(rows()[1]) >= ids, "all events", 60)
    for half in rows():
        assert len(half) == len(set(half))


def test_events_tail_and_list_on_kafka(pair, broker, topic, group, folder):
    client, _ = pair.both()
    receipt = client.create_quote("tail", 1)
    options = ["--data", folder, "--log", broker.url, "--topic", topic, "--group", group]
    done = run("events", "tail", "--from", "start", "--first", "1", "--output", "json", *options, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["eventId"] == receipt["eventId"]
    listed = json.loads(run("events", "list", "--output", "json", *options).stdout)
    assert listed["eventId"] == receipt["eventId"] and listed["partition"] == receipt["partition"]


def test_events_tail_from_where_the_group_stands(pair, broker, topic, group, folder, settle):
    client, consumer = pair.both()
    client.create_quote("stored", 1)
    settle(consumer)
    assert consumer.stop() == 0
    waiting = [client.create_quote(f"waiting-{number}", number, wait=False)["eventId"] for number in range(3)]
    options = ["--data", folder, "--log", broker.url, "--topic", topic, "--output", "json", "--first", "3"]
    done = run("events", "tail", "--from", "group", "--group", group, *options, timeout=60)
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["eventId"] for line in done.stdout.splitlines()} == set(waiting)
    other = run("events", "tail", "--from", "group", "--group", "nobody", *options, timeout=60)
    assert len(other.stdout.splitlines()) == 3, "a group without positions begins with the first event"


def test_an_idempotency_key_on_kafka_over_restarts_and_gateways(pair, broker, topic, group, start, folder, customer):
    client, consumer = pair.both()
    key = str(uuid.uuid4())
    first = client.create_quote(customer, 1, key=key)
    second = start("gateway", QUOTES, "--log", broker.url, "--topic", topic, "--group", group).client()
    assert second.create_quote(customer, 1, key=key)["eventId"] == first["eventId"]
    try:
        second.create_quote(customer, 2, key=key)
        raise AssertionError("another payload was accepted")
    except Refused as refused:
        assert refused.codes == ["IDEMPOTENCY_KEY_REUSED"]
    pair.api.kill()
    again = pair.gateway().client()
    assert again.create_quote(customer, 1, key=key)["eventId"] == first["eventId"]
    assert again.quote(customer)["amount"] == 1
    assert [row["event_id"] for row in stored_events(consumer.store_file)] == [first["eventId"]]


# --- the broker goes away

ANSWER_S = 15  # --delivery-timeout is 2 s


def gateway_on(own_broker, start, topic, **keywords):
    return start("gateway", QUOTES, "--log", own_broker.url, "--topic", topic, "--delivery-timeout", "2s", **keywords)


def refusals(client, count):
    """Codes of COUNT mutations while the log is away; each answered."""
    codes = []
    for number in range(count):
        try:
            client.create_quote(f"away-{number}", number, wait=False)
            codes.append("accepted")
        except Refused as refused:
            codes += refused.codes
            for error in refused.errors:
                if error["extensions"]["code"] == "LOG_OUTCOME_UNKNOWN":
                    assert error["extensions"]["eventId"]
    return codes


def works_again(client):
    def accepted():
        try:
            return client.create_quote("back", 1, wait=False)
        except Refused:
            return None

    return until(accepted, "the log to be back", 60)


@pytest.mark.parametrize("how", ["stop", "kill", "freeze"])
def test_a_broker_that_goes_away_and_comes_back(own_broker, start, topic, how):
    server = gateway_on(own_broker, start, topic)
    client = server.client()
    client.timeout = ANSWER_S
    acknowledged = [client.create_quote(f"before-{number}", number, wait=False) for number in range(10)]
    getattr(own_broker, how)()
    codes = refusals(client, 3)
    assert set(codes) <= {"LOG_UNAVAILABLE", "LOG_OUTCOME_UNKNOWN"}, codes
    until(lambda: not server.ready(), "not ready")
    assert server.admin_get("/health/live")[0] == 200
    if how == "freeze":
        own_broker.thaw()
    else:
        own_broker.start()
    acknowledged.append(works_again(client))
    until(server.ready, "ready")
    logged = {}
    for message in own_broker.read(topic):
        logged.setdefault(json.loads(message.value())["eventId"], []).append((message.partition(), message.offset()))
    for receipt in acknowledged:
        assert logged[receipt["eventId"]] == [(receipt["partition"], int(receipt["offset"]))]
    assert server.stop() == 0


def test_memory_stays_bounded_while_the_broker_is_away(own_broker, start, topic):
    """More than may be in flight: the rest is refused at once, and told when to come again."""
    server = gateway_on(own_broker, start, topic)
    client = server.client()
    client.create_quote("x", 1, wait=False)
    own_broker.freeze()
    document = "mutation($c: ID!) { createQuote(amount: 1, customerId: $c) { eventId } }"
    padding = "x" * 200000

    def create(number):
        return client.post(document, {"c": f"{number}-{padding}"})

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(create, range(400)))
    codes = {code for answer in answers for code in answer.codes}
    assert codes and codes <= {"LOG_UNAVAILABLE", "LOG_OUTCOME_UNKNOWN", "OVERLOADED"}, codes
    for answer in answers:
        if "OVERLOADED" in answer.codes:
            assert answer.headers.get("retry-after"), answer.status
    assert server.rss_bytes() < 400 * 1024 * 1024
    own_broker.thaw()
    works_again(server.client())


def test_start_with_the_broker_away(own_broker, start, topic):
    """Not ready, and says why; ready by itself when the broker comes."""
    own_broker.kill()
    server = gateway_on(own_broker, start, topic, ready=False)
    server.wait_line(r"(?i)waiting|kafka|log", 30)
    assert server.running(), server.tail()
    own_broker.start()
    server.wait_line(r"\bmsg=ready\b", 60)
    assert server.stop() == 0


def test_a_consumer_outlives_its_broker(own_broker, start, topic):
    options = ["--log", own_broker.url, "--delivery-timeout", "2s", "--topic", topic]
    gateway = start("gateway", QUOTES, *options)
    consumer = start("consumer", QUOTES, *options)
    client = gateway.client()
    client.timeout = ANSWER_S
    first = client.create_quote("one", 1)
    assert first["status"] == "STORED"
    own_broker.kill()
    until(lambda: not consumer.ready(), "not ready", 60)
    assert client.quote("one") == {"customerId": "one", "amount": 1}, "queries are answered from the store"
    own_broker.start()
    works_again(client)
    until(lambda: client.quote("back"), "the consumer to go on", 60)
    until(consumer.ready, "ready", 60)
    assert consumer.stop() == 0 and gateway.stop() == 0
