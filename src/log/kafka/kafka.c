/* The log on Kafka as a whole: opening, closing, and the table of its operations. */
#include "log/kafka/kafka.h"

#include "base/mem.h"

enum { DELIVERY_TIMEOUT_MS = 30000 };

static void
kafka_close(struct lf_log *base)
{
    struct lf_kafka_log *log = (struct lf_kafka_log *)base;
    lf_kafka_health_stop(log);
    for (int role = 0; role < LF_KAFKA_ROLES; role++) {
        if (log->confs[role] != NULL)
            rd_kafka_conf_destroy(log->confs[role]);
    }
    pthread_mutex_destroy(&log->health.lock);
    lf_free(log->instance_id);
    lf_free(log);
}

static enum lf_status
check_brokers(const char *brokers, struct lf_err *err)
{
    bool good = brokers[0] != '\0' && brokers[0] != ',';
    for (const char *at = brokers; good && *at != '\0'; at++)
        good = *at > ' ' && *at != '/' && *at != '?' && (*at != ',' || (at[1] != ',' && at[1] != '\0'));
    if (good)
        return LF_OK;
    return lf_fail(err, LF_INVALID, "log 'kafka://%.200s' is no list of brokers: use kafka://HOST:PORT,HOST:PORT",
                   brokers);
}

static enum lf_status
kafka_open(const struct lf_log_options *options, const char *brokers, struct lf_log **ret, struct lf_err *err)
{
    enum lf_status st = check_brokers(brokers, err);
    if (st != LF_OK)
        return st;
    struct lf_kafka_log *log = lf_calloc(1, sizeof(*log));
    if (log == NULL)
        return lf_no_memory(err);
    log->base.ops = &lf_log_kafka;
    pthread_mutex_init(&log->health.lock, NULL);
    log->read_only = options->read_only;
    log->create_topics = options->create_topics && !options->read_only;
    log->partitions = options->partitions != 0 ? options->partitions : -1;
    log->replication_factor = options->replication_factor != 0 ? options->replication_factor : -1;
    log->delivery_timeout_ms = options->delivery_timeout_ms != 0 ? options->delivery_timeout_ms : DELIVERY_TIMEOUT_MS;
    st = lf_kafka_configure(log, options, brokers, err);
    if (st == LF_OK)
        st = lf_kafka_health_start(log, err);
    if (st != LF_OK) {
        kafka_close((struct lf_log *)log);
        return st;
    }
    *ret = (struct lf_log *)log;
    return LF_OK;
}

const struct lf_log_ops lf_log_kafka = {
    .name = "kafka",
    .scheme = "kafka://",
    .groups = true,
    .open = kafka_open,
    .close = kafka_close,
    .ensure_topic = lf_kafka_ensure_topic,
    .ranges = lf_kafka_ranges,
    .health = lf_kafka_health,
    .writer_open = lf_kafka_writer_open,
    .append = lf_kafka_append,
    .flush = lf_kafka_flush,
    .poll = lf_kafka_poll,
    .wait = lf_kafka_wait,
    .writer_close = lf_kafka_writer_close,
    .reader_open = lf_kafka_reader_open,
    .read = lf_kafka_read,
    .pause = lf_kafka_pause,
    .hold = lf_kafka_hold,
    .seek = lf_kafka_seek,
    .committed = lf_kafka_committed,
    .interrupt = lf_kafka_interrupt,
    .reader_close = lf_kafka_reader_close,
};
