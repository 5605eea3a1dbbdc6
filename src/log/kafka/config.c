/*
 * librdkafka's properties: ours first, then the user's verbatim over them, save those that would break a guarantee:
 * these are refused with the reason, for an overridden guarantee is worse than a refusal to start.
 */
#include "log/kafka/kafka.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define FOR(role) (1u << (role))
#define FOR_ALL (FOR(LF_KAFKA_CLIENT) | FOR(LF_KAFKA_PRODUCER) | FOR(LF_KAFKA_CONSUMER))

static const struct {
    unsigned roles;
    const char *name;
    const char *value;
} defaults[] = {
    {FOR_ALL, "socket.nagle.disable", "true"},
    {FOR_ALL, "socket.keepalive.enable", "true"},
    {FOR_ALL, "reconnect.backoff.max.ms", "1000"}, /* a broker that is back is used within a second */
    {FOR_ALL, "log.connection.close", "false"},
    {FOR_ALL, "topic.metadata.refresh.interval.ms", "30000"}, /* a right that is granted again counts again soon */
    {FOR(LF_KAFKA_PRODUCER), "acks", "all"},
    {FOR(LF_KAFKA_PRODUCER), "enable.idempotence", "true"},
    {FOR(LF_KAFKA_PRODUCER), "enable.gapless.guarantee", "false"},
    {FOR(LF_KAFKA_PRODUCER), "partitioner", "murmur2_random"}, /* the Java clients' choice */
    {FOR(LF_KAFKA_PRODUCER), "message.max.bytes", "67108864"}, /* LF_RECORD_BYTES_MAX: the topic has the say */
    {FOR(LF_KAFKA_CLIENT) | FOR(LF_KAFKA_CONSUMER), "isolation.level", "read_committed"},
    {FOR(LF_KAFKA_CLIENT) | FOR(LF_KAFKA_CONSUMER), "allow.auto.create.topics", "false"},
    {FOR(LF_KAFKA_CONSUMER), "enable.auto.commit", "false"},
    {FOR(LF_KAFKA_CONSUMER), "enable.auto.offset.store", "false"},
    {FOR(LF_KAFKA_CONSUMER), "auto.offset.reset", "error"},
    {FOR(LF_KAFKA_CONSUMER), "enable.partition.eof", "false"},
    {FOR(LF_KAFKA_CONSUMER), "partition.assignment.strategy", "cooperative-sticky"},
    {FOR(LF_KAFKA_CONSUMER), "check.crcs", "true"},
    /* Bounds what is fetched ahead of a partition; but above what is read within 1 s: for so long librdkafka 2.0 may
     * rest when it has come to one of the two. */
    {FOR(LF_KAFKA_CONSUMER), "queued.max.messages.kbytes", "16384"},
    {FOR(LF_KAFKA_CONSUMER), "queued.min.messages", "50000"},
    {FOR(LF_KAFKA_CONSUMER), "fetch.error.backoff.ms", "100"},
};

#define LOSES "acknowledged events could be lost"
#define REPEATS "events could be logged twice or out of order"
#define SKIPS "events could be skipped"
#define STORE "positions are the store's"

static const struct {
    const char *name;
    const char *allowed; /* values that change nothing, with | between; "" none */
    const char *why;
} guarded[] = {
    {"acks", "all|-1", LOSES},
    {"request.required.acks", "all|-1", LOSES},
    {"enable.idempotence", "true|t|1", REPEATS},
    {"transactional.id", "", "the log's producer is idempotent, not transactional"},
    {"delivery.report.only.error", "false|f|0", "every append is acknowledged"},
    {"enable.auto.commit", "false|f|0", STORE},
    {"auto.commit.enable", "false|f|0", STORE},
    {"enable.auto.offset.store", "false|f|0", STORE},
    {"auto.offset.reset", "error", SKIPS " or repeated without a word"},
    {"isolation.level", "read_committed", "records of aborted transactions would become events"},
    {"enable.partition.eof", "false|f|0", "the ends of partitions are not records"},
    {"partition.assignment.strategy", "cooperative-sticky", "partitions are given and taken one by one"},
    {"allow.auto.create.topics", "false|f|0", "topics are created on purpose only"},
    {"bootstrap.servers", "", "the log's URL names the brokers"},
    {"metadata.broker.list", "", "the log's URL names the brokers"},
    {"group.id", "", "the group is set with --group"},
};

enum lf_status
lf_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct lf_err *err)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
        return LF_OK;
    return lf_fail(err, LF_INVALID, "Kafka property %.100s: %s", name, text);
}

static bool
is_one_of(const char *value, const char *allowed)
{
    size_t len = strlen(value);
    while (*allowed != '\0') {
        size_t word = strcspn(allowed, "|");
        if (word == len && memcmp(allowed, value, len) == 0)
            return true;
        allowed += word + (allowed[word] == '|');
    }
    return false;
}

static enum lf_status
check_property(const struct lf_log_property *property, struct lf_err *err)
{
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
        if (strcmp(property->name, guarded[i].name) == 0 && !is_one_of(property->value, guarded[i].allowed))
            return lf_fail(err, LF_INVALID, "Kafka property %s=%.100s is refused: %s; leave it out", property->name,
                           property->value, guarded[i].why);
    }
    return LF_OK;
}

static enum lf_status
set_defaults(rd_kafka_conf_t *conf, enum lf_kafka_role role, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if ((defaults[i].roles & FOR(role)) != 0)
            st = lf_kafka_set(conf, defaults[i].name, defaults[i].value, err);
    }
    return st;
}

static enum lf_status
set_number(rd_kafka_conf_t *conf, const char *name, double value, int digits, struct lf_err *err)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*f", digits, value);
    return lf_kafka_set(conf, name, text, err);
}

/* The writer's own limits come first (lf_log_append); librdkafka's are a little wider, so that they are never met. */
static enum lf_status
set_producer(rd_kafka_conf_t *conf, const struct lf_kafka_log *log, const struct lf_log_options *options,
             struct lf_err *err)
{
    enum lf_status st = set_number(conf, "linger.ms", (double)options->linger_us / 1000.0, 3, err);
    if (st == LF_OK)
        st = set_number(conf, "delivery.timeout.ms", (double)log->delivery_timeout_ms, 0, err);
    if (st == LF_OK)
        st = set_number(conf, "queue.buffering.max.messages", LF_LOG_IN_FLIGHT_MAX + 1000, 0, err);
    if (st == LF_OK)
        st = set_number(conf, "queue.buffering.max.kbytes", LF_LOG_IN_FLIGHT_BYTES_MAX / 512.0, 0, err);
    return st;
}

/* Of the member of the group alone, not of every instance. */
static bool
is_instance_id(const struct lf_log_property *property)
{
    return strcmp(property->name, "group.instance.id") == 0;
}

static enum lf_status
keep_instance_id(struct lf_kafka_log *log, const struct lf_log_property *property, struct lf_err *err)
{
    if (!is_instance_id(property))
        return LF_OK;
    lf_free(log->instance_id);
    log->instance_id = lf_strdup(property->value);
    return log->instance_id != NULL ? LF_OK : lf_no_memory(err);
}

static enum lf_status
make_template(struct lf_kafka_log *log, enum lf_kafka_role role, const struct lf_log_options *options,
              const char *brokers, struct lf_err *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    log->confs[role] = conf;
    rd_kafka_conf_set_log_cb(conf, lf_kafka_on_log);
    enum lf_status st = set_defaults(conf, role, err);
    if (st == LF_OK)
        st = lf_kafka_set(conf, "client.id", options->client_id != NULL ? options->client_id : "logfirst", err);
    if (st == LF_OK && role == LF_KAFKA_PRODUCER)
        st = set_producer(conf, log, options, err);
    for (size_t i = 0; st == LF_OK && i < options->property_count; i++) {
        if (!is_instance_id(&options->properties[i]))
            st = lf_kafka_set(conf, options->properties[i].name, options->properties[i].value, err);
    }
    return st == LF_OK ? lf_kafka_set(conf, "bootstrap.servers", brokers, err) : st;
}

enum lf_status
lf_kafka_configure(struct lf_kafka_log *log, const struct lf_log_options *options, const char *brokers,
                   struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < options->property_count; i++) {
        st = check_property(&options->properties[i], err);
        if (st == LF_OK)
            st = keep_instance_id(log, &options->properties[i], err);
    }
    for (int role = 0; st == LF_OK && role < LF_KAFKA_ROLES; role++)
        st = make_template(log, (enum lf_kafka_role)role, options, brokers, err);
    return st;
}

enum lf_status
lf_kafka_start(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct lf_err *err)
{
    char text[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return lf_fail(err, LF_INVALID, "Kafka: %s", text);
    }
    *ret = rk;
    return LF_OK;
}
