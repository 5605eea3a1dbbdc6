"""A log that is not what the position says: each case is found, explained, and dealt with as configured; nothing is
skipped or begun anew in silence. Transactions, tombstones and compaction, which are no surprises."""

import json
import sqlite3
import uuid

import pytest

from harness.evidence import dead_letters, positions_of, stored_events
from harness.graphql import unique
from harness.kafka import Broker
from harness.logfirst import QUOTES, run, total
from harness.mongodb import Mongo
from harness.process import scratch
from harness.wait import until

FAST = "kafka:\n  topic.metadata.refresh.interval.ms: 500\n  session.timeout.ms: 2000\n  heartbeat.interval.ms: 300\n"


def event(customer, amount, event_id=None):
    document = {"eventId": event_id or str(uuid.uuid4()), "eventType": "QuoteCreated",
                "payload": {"customerId": customer, "amount": amount}}
    return {"key": customer.encode(), "value": json.dumps(document).encode()}


class Stage:
    """One topic of one partition unless said otherwise, and a consumer that comes and goes."""

    def __init__(self, broker, topic, group, start, folder, tmp_path):
        self.broker, self.topic, self.group, self.start_one = broker, topic, group, start
        self.store_file, self.store_options = folder / "store.db", []
        config = tmp_path / "fast.yaml"
        config.write_text(FAST)
        self.options = ["--log", broker.url, "--topic", topic, "--group", group, "--config", config]

    def start(self, *more, **keywords):
        self.consumer = self.start_one("consumer", QUOTES, *self.options, *more, **keywords)
        return self.consumer

    def produce(self, *messages):
        return self.broker.produce(self.topic, list(messages))

    def position(self, partition=0):
        with sqlite3.connect(self.store_file, timeout=30) as db:
            return positions_of(db, self.group).get((self.topic, partition), -1)

    def set_position(self, offset):
        with sqlite3.connect(self.store_file, timeout=30) as db:
            db.execute("UPDATE log_positions SET next_offset = ?", (offset,))

    def at(self, offset, partition=0):
        until(lambda: self.position(partition) == offset, f"position {offset}", 60)

    def stored(self):
        return {row["payload"]["customerId"] for row in stored_events(self.store_file)}

    def letters(self):
        return dead_letters(self.store_file)

    def amount(self, customer):
        with sqlite3.connect(self.store_file, timeout=30) as db:
            return db.execute("SELECT amount FROM quotes WHERE customer_id = ?", (customer,)).fetchone()[0]

    def aside(self):
        """Offsets of the events that were set aside."""
        names = f"{self.topic}~"
        return {row["log_offset"] for row in stored_events(self.store_file) if row["topic"].startswith(names)}

    def lose(self, *offsets):
        """Events that the store has from there, like the one at 3, and the log has not."""
        with sqlite3.connect(self.store_file, timeout=30) as db:
            for offset in offsets:
                db.execute(
                    "INSERT INTO event_store SELECT ?, event_type, entity_type, entity_key, payload, headers, topic,"
                    " log_partition, ?, occurred_at, stored_at, message_key, extra FROM event_store"
                    " WHERE log_offset = 3", (str(uuid.uuid4()), offset))

    def differences(self):
        """Of states, from what their events make of them."""
        done = run("rebuild", "--all", QUOTES, "--dry-run", "--data", self.store_file.parent, *self.store_options,
                   "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])["differences"]

    def stop(self):
        assert self.consumer.stop() == 0, self.consumer.tail()

    def refuses(self, *words, **keywords):
        """The consumer stops by itself with status 1, and says these words."""
        consumer = self.start(ready=False, **keywords)
        self.ends(consumer, *words)

    def ends(self, consumer, *words):
        assert consumer.wait(90) == 1, consumer.tail()
        said = consumer.tail(50)
        for word in words:
            assert word in said, f"{word!r} is missing\n{said}"

    def surprises(self, kind):
        return total(self.consumer.metrics(), "logfirst_consumer_surprises_total", kind=kind)


class MongoStage(Stage):
    """The same on MongoDB, without transactions."""

    def __init__(self, store, *words):
        super().__init__(*words)
        self.store, self.store_options = store, ["--store", store.url]
        self.options += self.store_options

    def position(self, partition=0):
        return self.store.positions(self.group).get((self.topic, partition), -1)

    def set_position(self, offset):
        with self.store.server.client() as client:
            client[self.store.database].log_positions.update_many({}, {"$set": {"nextOffset": offset}})

    def stored(self):
        return {row["payload"]["customerId"] for row in self.store.documents("event_store")}

    def letters(self):
        return self.store.documents("dead_letters")

    def amount(self, customer):
        (quote,) = self.store.documents("quotes", {"_id": customer})
        return quote["amount"]

    def aside(self):
        names = f"{self.topic}~"
        return {row["offset"] for row in self.store.documents("event_store") if row["topic"].startswith(names)}

    def lose(self, *offsets):
        with self.store.server.client() as client:
            db = client[self.store.database]
            like = db.event_store.find_one({"offset": 3})
            for offset in offsets:
                db.event_store.insert_one({**like, "_id": str(uuid.uuid4()), "offset": offset})
            db.quotes.update_one({"_id": like["entityKey"]}, {"$set": {"_lf.at.0.offset": max(offsets)}})


@pytest.fixture(scope="module")
def mongo():
    with scratch("lf-surprises-") as folder:
        server = Mongo(folder).start()
        yield server
        server.close()


@pytest.fixture(params=["sqlite", "mongo"])
def stage_of_store(request, broker, topic, group, start, folder, tmp_path):
    words = (broker, topic, group, start, folder, tmp_path)
    if request.param == "sqlite":
        return Stage(*words)
    return MongoStage(request.getfixturevalue("mongo").store(unique("store").replace("-", "_")), *words)


@pytest.fixture
def stage(broker, topic, group, start, folder, tmp_path):
    return Stage(broker, topic, group, start, folder, tmp_path)


def begun(stage, count=6):
    """COUNT events are stored, the consumer is stopped."""
    stage.broker.create_topic(stage.topic)
    stage.start()
    stage.produce(*(event(f"old-{number}", number) for number in range(count)))
    stage.at(count)
    stage.stop()
    return stage


# --- records that were deleted before they were read


def test_deleted_records_stop_with_words(stage):
    begun(stage)
    stage.produce(*(event(f"new-{number}", number) for number in range(10)))
    stage.broker.delete_records(stage.topic, 0, 12)
    stage.refuses("--on-deleted skip", f"{stage.topic}[0]", "6 records", "retention")
    assert stage.position() == 6
    assert dead_letters(stage.store_file) == []


@pytest.mark.parametrize("workers", ["1", "3"])
def test_deleted_records_are_gone_on_behind_and_recorded(stage, workers):
    begun(stage)
    stage.produce(*(event(f"new-{number}", number) for number in range(10)))
    stage.broker.delete_records(stage.topic, 0, 12)
    consumer = stage.start("--on-deleted", "skip", "--workers", workers)
    stage.at(16)
    consumer.wait_line("going on behind them", 30)
    assert stage.stored() == {f"old-{number}" for number in range(6)} | {f"new-{number}" for number in range(6, 10)}
    (letter,) = dead_letters(stage.store_file)
    assert (letter["log_partition"], letter["log_offset"], letter["code"]) == (0, 6, "RECORDS_LOST")
    assert "6 to 11" in letter["reason"]
    assert stage.surprises("deleted") == 1
    assert total(consumer.metrics(), "logfirst_consumer_lost_records_total") == 6
    stage.stop()


def test_records_deleted_below_the_position_are_nobodys_loss(stage):
    begun(stage)
    stage.broker.delete_records(stage.topic, 0, 6)
    stage.produce(event("later", 1))
    stage.start()
    stage.at(7)
    assert stage.surprises("deleted") == 0
    stage.stop()


# --- a log that ends before the position


def test_a_position_beyond_the_end_stops_with_words(stage):
    begun(stage)
    stage.set_position(1000)
    stage.refuses("1000", "ends at 6", "--on-truncated end", "--on-recreated start")
    assert stage.position() == 1000


def test_a_log_that_was_cut_is_gone_on_with_at_its_end(stage_of_store):
    """Events 4 and 5 are stored, and the log has lost them: what stands at their places later is another's."""
    stage = stage_of_store
    stage.broker.create_topic(stage.topic)
    stage.start()
    stage.produce(*(event(f"old-{number}", number) for number in range(4)))
    stage.at(4)
    stage.stop()
    stage.lose(4, 5)
    stage.set_position(6)
    stage.refuses("--on-truncated end")
    stage.start("--on-truncated", "end")
    stage.at(4)
    stage.produce(event("old-3", 33), event("after-5", 2))
    stage.at(6)
    assert "after-5" in stage.stored() and stage.amount("old-3") == 33
    assert stage.aside() == {4, 5}
    assert stage.surprises("truncated") == 1
    assert stage.differences() == 0
    stage.stop()


# --- a topic that was made anew


def made_anew(stage, count):
    stage.broker.delete_topic(stage.topic)
    stage.broker.create_topic(stage.topic)
    stage.produce(*(event(f"new-{number}", number) for number in range(count)))


@pytest.mark.parametrize("count", [3, 6, 20])
def test_a_topic_made_anew_stops_with_words(stage, count):
    """Whether it has fewer records, as many, or more than the position says."""
    begun(stage)
    made_anew(stage, count)
    stage.refuses("--on-recreated start", f"{stage.topic}[0]")
    assert stage.position() == 6
    assert not any(name.startswith("new") for name in stage.stored())


@pytest.mark.parametrize("count", [0, 3, 6, 20])
def test_a_topic_made_anew_is_read_from_its_start(stage_of_store, count):
    stage = begun(stage_of_store)
    made_anew(stage, count)
    consumer = stage.start("--on-recreated", "start")
    stage.at(count)
    stage.produce(event("old-5", 55))  # its state has events from beyond that place
    stage.at(count + 1)
    assert stage.amount("old-5") == 55
    new = {f"new-{number}" for number in range(count)}
    assert stage.stored() == {f"old-{number}" for number in range(6)} | new
    assert stage.letters() == [] and stage.differences() == 0
    assert total(consumer.metrics(), "logfirst_consumer_surprises_total") == 1
    stage.stop()
    stage.start()  # and that is the end of it
    stage.produce(event("again", 1))
    stage.at(count + 2)
    stage.stop()


def test_a_copy_of_the_same_log_is_no_surprise(stage):
    """Restored from a backup, say: the records are the events that were stored."""
    stage.broker.create_topic(stage.topic)
    messages = [event(f"old-{number}", number) for number in range(6)]
    stage.start()
    stage.produce(*messages)
    stage.at(6)
    stage.stop()
    stage.broker.delete_topic(stage.topic)
    stage.broker.create_topic(stage.topic)
    stage.produce(*messages, event("next", 1))
    stage.start()
    stage.at(7)
    assert len(stored_events(stage.store_file)) == 7
    stage.stop()


def test_a_topic_made_anew_under_a_running_consumer(stage):
    stage.broker.create_topic(stage.topic)
    consumer = stage.start()
    stage.produce(*(event(f"old-{number}", number) for number in range(6)))
    stage.at(6)
    made_anew(stage, 3)
    stage.ends(consumer, "--on-recreated start", f"{stage.topic}[0]")
    assert stage.position() == 6


# --- what is no surprise


def test_events_of_aborted_transactions_never_were(stage):
    stage.broker.create_topic(stage.topic)
    stage.start()
    stage.broker.transaction(stage.topic, [event("committed-1", 1), event("committed-2", 2)])
    stage.broker.transaction(stage.topic, [event("aborted-1", 1), event("aborted-2", 2)], commit=False)
    stage.broker.transaction(stage.topic, [event("committed-3", 3)])
    stage.produce(event("plain", 4))
    until(lambda: "plain" in stage.stored(), "all", 60)
    assert stage.stored() == {"committed-1", "committed-2", "committed-3", "plain"}
    assert dead_letters(stage.store_file) == []
    stage.stop()
    stage.start()
    stage.broker.transaction(stage.topic, [event("aborted-3", 1)], commit=False)
    stage.broker.transaction(stage.topic, [event("committed-4", 1)])
    until(lambda: "committed-4" in stage.stored(), "all", 60)
    assert not [name for name in stage.stored() if name.startswith("aborted")]
    stage.stop()


def test_tombstones_are_dead_letters(stage):
    stage.broker.create_topic(stage.topic)
    stage.start()
    stage.produce(event("a", 1), {"key": b"a", "value": None}, event("b", 2))
    stage.at(3)
    (letter,) = dead_letters(stage.store_file)
    assert (letter["log_offset"], letter["value"], letter["code"]) == (1, None, "NOT_AN_EVENT")
    assert stage.stored() == {"a", "b"}
    stage.stop()


@pytest.fixture(scope="module")
def compacting(tmp_path_factory):
    server = Broker(tmp_path_factory.mktemp("compacting") / "kafka", "log.cleaner.enable=true",
                    "log.cleaner.backoff.ms=100", "log.cleaner.dedupe.buffer.size=4194304").start()
    yield server
    server.close()


def test_gaps_of_a_compacted_topic(compacting, topic, group, start, folder, tmp_path):
    """Read after the cleaner: what it has left is stored, in order. Its offsets have gaps, and the witness of the
    position may be among what is gone."""
    stage = Stage(compacting, topic, group, start, folder, tmp_path)
    compacting.create_topic(topic, **{"cleanup.policy": "compact", "segment.ms": "100", "segment.bytes": "1048576",
                                      "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "200",
                                      "delete.retention.ms": "100"})
    stage.produce(*(event("same", number) for number in range(5)))
    stage.start()
    stage.at(5)
    stage.stop()

    def cleaned():
        stage.produce(event("same", 7))  # rolls the segment, and is what the cleaner keeps in the end
        offsets = [message.offset() for message in compacting.read(topic)]
        return offsets[0] > 5 and offsets

    until(cleaned, "the cleaner", 90, interval=0.3)
    stage.produce(event("other", 1))
    end = compacting.ends(topic)[0]
    stage.start()
    stage.at(end)
    assert {"same", "other"} == stage.stored()
    assert dead_letters(stage.store_file) == []
    stage.stop()
