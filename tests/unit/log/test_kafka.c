/* What is the Kafka log's own: properties, a cluster in trouble, groups. Against librdkafka's mock cluster. */
#include "log_contract.h"
#include "mock_cluster.h"

#include <string.h>

#include "base/clock.h"
#include "log/kafka/kafka.h"

enum { PATIENCE_MS = 60000, API_PRODUCE = 0, API_METADATA = 3 };

static struct mock_cluster cluster;

static struct lf_log *
open_log(int64_t delivery_timeout_ms)
{
    /* The mock lets the first rebalance last 3 s, others a second less than the session. */
    static const struct lf_log_property properties[] = {{"heartbeat.interval.ms", "50"},
                                                        {"session.timeout.ms", "4500"}};
    const struct lf_log_options options = {.create_topics = true, .delivery_timeout_ms = delivery_timeout_ms};
    return open_on_cluster(&cluster, &options, properties, 2);
}

static const char *
new_topic(void)
{
    static char name[32];
    static int number;
    snprintf(name, sizeof(name), "kafka-%d", number++);
    assert_int_equal(rd_kafka_mock_topic_create(cluster.mock, name, MOCK_PARTITIONS, 1), 0);
    return name;
}

static enum lf_status
append_one(struct lf_log_writer *writer, const char *topic, const char *value, struct lf_err *err)
{
    struct lf_log_ack ack;
    struct lf_record record = record_of(topic, "key", value);
    return lf_log_append_wait(writer, &record, &ack, err);
}

/* ---- properties ---- */

static void
properties_that_break_guarantees_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct lf_log_property property;
        bool good;
    } cases[] = {
        {{"acks", "1"}, false},
        {{"acks", "all"}, true},
        {{"request.required.acks", "0"}, false},
        {{"enable.idempotence", "false"}, false},
        {{"enable.auto.commit", "true"}, false},
        {{"enable.auto.offset.store", "true"}, false},
        {{"auto.offset.reset", "latest"}, false},
        {{"isolation.level", "read_uncommitted"}, false},
        {{"transactional.id", "t"}, false},
        {{"delivery.report.only.error", "true"}, false},
        {{"partition.assignment.strategy", "range"}, false},
        {{"bootstrap.servers", "elsewhere:9092"}, false},
        {{"group.id", "mine"}, false},
        {{"no.such.property", "1"}, false},
        {{"linger.ms", "abc"}, false},
        {{"linger.ms", "5"}, true},
        {{"compression.type", "lz4"}, true},
        {{"sasl.password", "secret"}, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lf_err err = {0};
        struct lf_log *log = NULL;
        const struct lf_log_options options = {
            .url = cluster.url, .properties = &cases[i].property, .property_count = 1};
        enum lf_status st = lf_log_open(&options, &log, &err);
        assert_int_equal(st, cases[i].good ? LF_OK : LF_INVALID);
        if (st != LF_OK)
            assert_non_null(strstr(err.text, cases[i].property.name));
        lf_log_close(log);
    }
}

static void
urls_are_checked(void **state)
{
    (void)state;
    static const char *const urls[] = {"kafka://",         "kafka://a:1,",  "kafka://,a:1",
                                       "kafka://a:1,,b:1", "kafka://a b:1", "kafka://a:1/path"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct lf_err err = {0};
        struct lf_log *log = NULL;
        const struct lf_log_options options = {.url = urls[i]};
        assert_int_equal(lf_log_open(&options, &log, &err), LF_INVALID);
    }
}

static void
impossible_combinations_are_told_by_the_writer(void **state)
{
    (void)state;
    static const struct lf_log_property property = {"max.in.flight.requests.per.connection", "100"};
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    struct lf_log_writer *writer = NULL;
    const struct lf_log_options options = {.url = cluster.url, .properties = &property, .property_count = 1};
    assert_ok(lf_log_open(&options, &log, &err));
    assert_int_equal(lf_log_writer_open(log, (struct lf_wake){0}, take_ack, NULL, &writer, &err), LF_INVALID);
    assert_non_null(strstr(err.text, "max.in.flight"));
    lf_log_close(log);
}

/* ---- topics ---- */

static void
an_unreachable_cluster_is_told_from_a_missing_topic(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    const struct lf_log_options options = {.url = "kafka://127.0.0.1:1", .create_topics = true};
    assert_ok(lf_log_open(&options, &log, &err));
    assert_int_equal(lf_log_health(log, &err), LF_UNAVAILABLE);
    assert_int_equal(lf_log_ensure_topic(log, LF_LIT("events"), 300, &err), LF_UNAVAILABLE);
    assert_non_null(strstr(err.text, "events"));
    assert_int_equal(lf_log_health(log, &err), LF_UNAVAILABLE);
    lf_log_close(log);

    const char *topic = new_topic();
    rd_kafka_mock_topic_set_error(cluster.mock, topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    const struct lf_log_options here = {0};
    log = open_on_cluster(&cluster, &here, NULL, 0);
    assert_int_equal(lf_log_ensure_topic(log, lf_bytes_of(topic), PATIENCE_MS, &err), LF_NOT_FOUND);
    assert_non_null(strstr(err.text, "may not be created"));
    rd_kafka_mock_topic_set_error(cluster.mock, topic, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(lf_log_ensure_topic(log, lf_bytes_of(topic), PATIENCE_MS, &err), LF_DENIED);
    rd_kafka_mock_topic_set_error(cluster.mock, topic, RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_ok(lf_log_ensure_topic(log, lf_bytes_of(topic), PATIENCE_MS, &err));
    assert_ok(lf_log_health(log, &err));
    lf_log_close(log);
}

static void
a_topic_without_leaders_is_waited_for(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster.mock, topic, 2, -1), 0);
    assert_int_equal(lf_log_ensure_topic(log, lf_bytes_of(topic), 200, &err), LF_UNAVAILABLE);
    assert_non_null(strstr(err.text, "partition 2"));
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster.mock, topic, 2, 1), 0);
    assert_ok(lf_log_ensure_topic(log, lf_bytes_of(topic), PATIENCE_MS, &err));
    lf_log_close(log);
}

/* ---- producing in trouble ---- */

/* One request in flight: the mock does not hold to sequence numbers, as brokers do. */
static void
passing_errors_neither_lose_nor_repeat(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    static const struct lf_log_property property = {"max.in.flight.requests.per.connection", "1"};
    static const struct lf_log_options options = {.create_topics = true};
    struct acks acks;
    acks_init(&acks, COUNT);
    struct lf_log *log = open_on_cluster(&cluster, &options, &property, 1);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    append_some(writer, topic, 0, 10);
    assert_drained(writer);
    rd_kafka_mock_push_request_errors(cluster.mock, API_PRODUCE, 5, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NO_ERROR,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    append_some(writer, topic, 10, COUNT - 10);
    assert_drained(writer);
    rd_kafka_mock_clear_request_errors(cluster.mock, API_PRODUCE);
    assert_int_equal(acks.ok, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(acks.times[i], 1);
    struct lf_log_reader *reader = open_reader(log, topic, LF_RESET_EARLIEST);
    expect_some(reader, 0, COUNT);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

/*
 * The broker refuses the first of two batches in flight and takes the second, as one does that becomes leader in
 * between and knows nothing of the producer: librdkafka reports both as delivered.
 */
static void
what_is_logged_by_guess_alone_is_unknown(void **state)
{
    (void)state;
    static const struct lf_log_property property = {"batch.num.messages", "1"};
    static const struct lf_log_options options = {.create_topics = true};
    struct acks acks;
    acks_init(&acks, 2);
    struct lf_log *log = open_on_cluster(&cluster, &options, &property, 1);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster.mock, topic, 0, 1), 0);
    assert_int_equal(rd_kafka_mock_broker_set_rtt(cluster.mock, 1, 200), 0); /* both go before the first answer */
    rd_kafka_mock_push_request_errors(cluster.mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    append_some(writer, topic, 0, 2);
    assert_drained(writer);
    rd_kafka_mock_broker_set_rtt(cluster.mock, 1, 0);
    assert_int_equal(acks.by_token[0].status, LF_TIMEOUT);
    assert_int_equal(acks.by_token[0].offset, LF_OFFSET_NONE);
    assert_int_equal(acks.by_token[1].status, LF_OK);
    assert_int_equal(acks.by_token[1].offset, 0);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static int64_t
append_and_flush(struct lf_log_writer *writer, const char *topic, size_t token)
{
    struct lf_err err = {0};
    struct lf_record record = record_of(topic, "key", "value");
    assert_ok(lf_log_append(writer, &record, token_of(token), &err));
    return lf_log_flush(writer);
}

/* While a burst is on its way later records wait for it, but not for long; a few on their way hold nothing up. */
static void
a_burst_waits_for_the_one_before(void **state)
{
    (void)state;
    enum { HELD_FROM = 8, AFTER = 100, LEFT = 101 };
    struct acks acks;
    acks_init(&acks, 1000);
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    int64_t *sent_ms = &((struct lf_kafka_writer *)writer)->sent_ms;
    assert_int_equal(rd_kafka_mock_broker_set_rtt(cluster.mock, 1, 1000), 0);
    for (size_t i = 0; i < HELD_FROM; i++)
        assert_int_equal(append_and_flush(writer, topic, i), -1);
    *sent_ms = lf_clock_mono_ms() + PATIENCE_MS; /* as if no time passed */
    assert_true(append_and_flush(writer, topic, AFTER) > 0);
    assert_true(lf_log_flush(writer) > 0);
    *sent_ms = lf_clock_mono_ms() - PATIENCE_MS;
    assert_int_equal(lf_log_flush(writer), -1);
    *sent_ms = lf_clock_mono_ms() + PATIENCE_MS;
    assert_true(append_and_flush(writer, topic, LEFT) > 0);
    lf_log_writer_close(writer);
    assert_int_equal(acks.by_token[LEFT].status, LF_UNAVAILABLE); /* certainly not logged: never sent */
    assert_int_equal(acks.times[AFTER], 1);

    writer = open_writer(log, &acks);
    append_some(writer, topic, 200, HELD_FROM);
    ((struct lf_kafka_writer *)writer)->sent_ms = lf_clock_mono_ms() + PATIENCE_MS;
    assert_true(append_and_flush(writer, topic, 300) > 0);
    assert_drained(writer); /* goes when the others have come back, whatever the clock says */
    assert_int_equal(acks.by_token[300].status, LF_OK);
    assert_int_equal(rd_kafka_mock_broker_set_rtt(cluster.mock, 1, 0), 0);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static void
permanent_errors_are_told_by_their_kind(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t code;
        enum lf_status status;
    } cases[] = {
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, LF_DENIED},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, LF_LIMIT},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, LF_INVALID},
    };
    struct acks acks;
    struct lf_err err = {0};
    acks_init(&acks, 100);
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lf_log_writer *writer = open_writer(log, &acks);
        assert_ok(append_one(writer, topic, "before", &err));
        rd_kafka_mock_push_request_errors(cluster.mock, API_PRODUCE, 1, cases[i].code);
        assert_int_equal(append_one(writer, topic, "refused", &err), cases[i].status);
        assert_non_null(strstr(err.text, topic));
        if (cases[i].status != LF_DENIED) /* librdkafka believes that until it sees the topic again */
            assert_ok(append_one(writer, topic, "after", &err));
        lf_log_writer_close(writer);
    }
    lf_log_close(log);
    acks_release(&acks);
}

static void
await_health(struct lf_log *log, enum lf_status wanted)
{
    struct lf_err err = {0};
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (lf_log_health(log, &err) != wanted) {
        assert_true(lf_clock_mono_ms() < deadline);
        lf_clock_sleep_ms(10);
    }
}

static void
a_cluster_that_is_away_answers_in_time_and_comes_back(void **state)
{
    (void)state;
    struct acks acks;
    struct lf_err err = {0};
    acks_init(&acks, 1000);
    struct lf_log *log = open_log(500);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    assert_ok(append_one(writer, topic, "value-0", &err));
    assert_int_equal(rd_kafka_mock_broker_set_down(cluster.mock, 1), 0);
    append_some(writer, topic, 100, 20);
    assert_true(lf_log_drain(writer, PATIENCE_MS));
    for (size_t i = 100; i < 120; i++) {
        assert_int_equal(acks.times[i], 1);
        assert_true(acks.by_token[i].status == LF_UNAVAILABLE || acks.by_token[i].status == LF_TIMEOUT);
    }
    await_health(log, LF_UNAVAILABLE);
    assert_int_equal(rd_kafka_mock_broker_set_up(cluster.mock, 1), 0);
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (append_one(writer, topic, "value-1", &err) != LF_OK)
        assert_true(lf_clock_mono_ms() < deadline);
    await_health(log, LF_OK);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static void
a_producer_that_failed_for_good_is_replaced(void **state)
{
    (void)state;
    struct acks acks;
    struct lf_err err = {0};
    acks_init(&acks, 1000);
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    assert_ok(append_one(writer, topic, "value-0", &err));
    rd_kafka_test_fatal_error(((struct lf_kafka_writer *)writer)->producer,
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "on purpose");
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    enum lf_status st;
    while ((st = append_one(writer, topic, "value-1", &err)) != LF_OK) {
        assert_true(st == LF_UNAVAILABLE || st == LF_TIMEOUT);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

/* ---- groups ---- */

struct member { /* one reader of a group; the store is shared */
    struct lf_log_reader *reader;
    int64_t *store; /* next offset by partition */
    bool owned[MOCK_PARTITIONS];
    size_t revoked;
    size_t records;
};

static enum lf_status
on_assigned(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    (void)topic;
    (void)err;
    struct member *member = ctx;
    assert_false(member->owned[partition]);
    member->owned[partition] = true;
    *next = member->store[partition];
    return LF_OK;
}

static void
on_revoked(void *ctx, struct lf_bytes topic, int32_t partition, bool lost)
{
    (void)topic;
    (void)lost;
    struct member *member = ctx;
    assert_true(member->owned[partition]);
    member->owned[partition] = false;
    member->revoked++;
}

static void
join(struct member *member, struct lf_log *log, const char *topic, const char *group, int64_t *store)
{
    struct lf_err err = {0};
    struct lf_bytes name = lf_bytes_of(topic);
    const struct lf_log_reader_options options = {.topics = &name,
                                                  .topic_count = 1,
                                                  .group = group,
                                                  .assigned = on_assigned,
                                                  .revoked = on_revoked,
                                                  .ctx = member};
    *member = (struct member){.store = store};
    assert_ok(lf_log_reader_open(log, &options, &member->reader, &err));
}

static size_t
owned_by(const struct member *member)
{
    size_t count = 0;
    for (size_t i = 0; i < MOCK_PARTITIONS; i++)
        count += member->owned[i];
    return count;
}

/* Reads a batch and commits it: each record must be exactly the next one of its partition. */
static void
work(struct member *member)
{
    struct lf_err err = {0};
    struct lf_log_batch batch = {0};
    enum lf_status st = lf_log_read(member->reader, 50, LF_BATCH_BYTES_MAX, 50, &batch, &err);
    if (lf_status_fate(st) != LF_FATE_RETRY)
        assert_ok(st);
    for (size_t i = 0; i < batch.count; i++) {
        const struct lf_record *record = &batch.records[i];
        assert_true(member->owned[record->partition]);
        assert_int_equal(record->offset, member->store[record->partition]);
        member->store[record->partition] = record->offset + 1;
        lf_log_committed(member->reader, record->topic, record->partition, record->offset + 1);
        member->records++;
    }
}

static void
append_spread(struct lf_log_writer *writer, const char *topic, size_t count)
{
    struct lf_err err = {0};
    for (size_t i = 0; i < count; i++) {
        struct lf_record record = record_of(topic, "key", "value");
        record.partition = (int32_t)(i % MOCK_PARTITIONS);
        assert_ok(lf_log_append(writer, &record, token_of(0), &err));
    }
    assert_drained(writer);
}

static int64_t
sum(const int64_t *store)
{
    int64_t all = 0;
    for (size_t i = 0; i < MOCK_PARTITIONS; i++)
        all += store[i];
    return all;
}

/* What the group told Kafka, as a tool would see it. */
static int64_t
committed_sum(const char *topic, const char *group)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, no_log);
    rd_kafka_conf_set(conf, "bootstrap.servers", cluster.url + strlen("kafka://"), text, sizeof(text));
    rd_kafka_conf_set(conf, "group.id", group, text, sizeof(text));
    rd_kafka_t *tool = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    assert_non_null(tool);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(MOCK_PARTITIONS);
    rd_kafka_topic_partition_list_add_range(list, topic, 0, MOCK_PARTITIONS - 1);
    assert_int_equal(rd_kafka_committed(tool, list, PATIENCE_MS), 0);
    int64_t all = 0;
    for (int i = 0; i < list->cnt; i++)
        all += list->elems[i].offset > 0 ? list->elems[i].offset : 0;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(tool);
    return all;
}

static void
a_group_shares_the_partitions_and_reads_each_record_once(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    struct acks acks;
    acks_init(&acks, 10);
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    int64_t store[MOCK_PARTITIONS] = {0};
    struct member first;
    struct member second;
    append_spread(writer, topic, COUNT);
    join(&first, log, topic, "group-a", store);
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (sum(store) < COUNT) {
        work(&first);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    join(&second, log, topic, "group-a", store);
    while (owned_by(&second) != MOCK_PARTITIONS / 2 || owned_by(&first) != MOCK_PARTITIONS / 2) {
        work(&first);
        work(&second);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_true(first.revoked >= MOCK_PARTITIONS / 2); /* more, if the mock let the session end meanwhile */
    append_spread(writer, topic, COUNT);
    while (sum(store) < 2 * COUNT) {
        work(&first);
        work(&second);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_true(second.records != 0);
    lf_log_reader_close(second.reader);
    append_spread(writer, topic, COUNT);
    while (sum(store) < 3 * COUNT) {
        work(&first);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_int_equal(owned_by(&first), MOCK_PARTITIONS);
    while (committed_sum(topic, "group-a") < 3 * COUNT) { /* not during the rebalance; then within a second */
        work(&first);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    lf_log_reader_close(first.reader);
    assert_int_equal(committed_sum(topic, "group-a"), 3 * COUNT);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static void
the_stores_position_wins_over_the_groups(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct acks acks;
    acks_init(&acks, 10);
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    struct lf_log_writer *writer = open_writer(log, &acks);
    int64_t store[MOCK_PARTITIONS] = {0};
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    append_spread(writer, topic, COUNT);
    for (int round = 0; round < 2; round++) { /* the second time the store was set back */
        struct member member;
        memset(store, 0, sizeof(store));
        join(&member, log, topic, "group-b", store);
        while (sum(store) < COUNT) {
            work(&member);
            assert_true(lf_clock_mono_ms() < deadline);
        }
        lf_log_reader_close(member.reader);
    }
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

/* ---- out of memory ---- */

static bool
live(struct lf_log *log, const char *topic, struct acks *acks)
{
    struct lf_err err = {0};
    struct lf_log_writer *writer = NULL;
    struct lf_log_reader *reader = NULL;
    struct lf_bytes name = lf_bytes_of(topic);
    const struct lf_header header = {LF_LIT("name"), LF_LIT("value")};
    const struct lf_log_reader_options reading = {.topics = &name, .topic_count = 1};
    struct lf_record record = record_of(topic, "key", "value");
    record.headers = &header;
    record.header_count = 1;
    bool good = lf_log_writer_open(log, (struct lf_wake){0}, take_ack, acks, &writer, &err) == LF_OK;
    size_t ok_before = acks->ok;
    for (size_t i = 0; good && i < 3; i++)
        good = lf_log_append(writer, &record, token_of(i), &err) == LF_OK;
    if (writer != NULL)
        assert_true(lf_log_drain(writer, PATIENCE_MS));
    good = good && acks->ok == ok_before + 3 && lf_log_reader_open(log, &reading, &reader, &err) == LF_OK;
    struct lf_log_batch batch = {0};
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (good && batch.count == 0) { /* short of memory a read may fail, and the next one goes on */
        enum lf_status st = lf_log_read(reader, 100, 10000, 100, &batch, &err);
        good = st == LF_OK || (lf_status_fate(st) == LF_FATE_RETRY && st != LF_NO_MEMORY);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    return good;
}

static void
running_out_of_memory_anywhere_is_survived(void **state)
{
    (void)state;
    struct acks acks;
    acks_init(&acks, 16);
    struct lf_log *log = open_log(0);
    const char *topic = new_topic();
    int64_t before = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        lf_mem_fail_at(n, false);
        bool good = live(log, topic, &acks);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_true(good || hit);
        assert_int_equal(lf_mem_live(), before);
        assert_true(n < 1000);
    }
    lf_log_close(log);
    acks_release(&acks);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(properties_that_break_guarantees_are_refused),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(impossible_combinations_are_told_by_the_writer),
        cmocka_unit_test(an_unreachable_cluster_is_told_from_a_missing_topic),
        cmocka_unit_test(a_topic_without_leaders_is_waited_for),
        cmocka_unit_test(passing_errors_neither_lose_nor_repeat),
        cmocka_unit_test(what_is_logged_by_guess_alone_is_unknown),
        cmocka_unit_test(a_burst_waits_for_the_one_before),
        cmocka_unit_test(permanent_errors_are_told_by_their_kind),
        cmocka_unit_test(a_cluster_that_is_away_answers_in_time_and_comes_back),
        cmocka_unit_test(a_producer_that_failed_for_good_is_replaced),
        cmocka_unit_test(a_group_shares_the_partitions_and_reads_each_record_once),
        cmocka_unit_test(the_stores_position_wins_over_the_groups),
        cmocka_unit_test(running_out_of_memory_anywhere_is_survived),
    };
    mock_cluster_start(&cluster, 1);
    int failed = cmocka_run_group_tests_name("kafka", cases, NULL, NULL);
    mock_cluster_stop(&cluster);
    return failed;
}
