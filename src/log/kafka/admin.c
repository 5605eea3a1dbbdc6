/* Topics: do they exist, may they be created, how far do they reach. Blocks, up to the time given. */
#include "log/kafka/kafka.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_SIZE = 256, /* the front holds names to 249 characters */
    LOOK_AGAIN_MS = 50,
    LONGEST_MS = 60000,
};

int
lf_kafka_left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - lf_clock_mono_ms();
    return left < 1 ? 1 : left > LONGEST_MS ? LONGEST_MS : (int)left;
}

static void
copy_name(struct lf_bytes topic, char name[NAME_SIZE])
{
    LF_ASSERT(topic.len < NAME_SIZE);
    if (topic.len != 0)
        memcpy(name, topic.ptr, topic.len);
    name[topic.len] = '\0';
}

enum lf_status
lf_kafka_metadata(struct lf_kafka_log *log, rd_kafka_t *rk, const char *topic, int64_t timeout_ms,
                  const struct rd_kafka_metadata **ret, struct lf_err *err)
{
    char what[NAME_SIZE + 16];
    snprintf(what, sizeof(what), "topic '%s'", topic);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    if (handle == NULL)
        return lf_kafka_fail(log, err, rd_kafka_last_error(), what);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, handle, &metadata, (int)timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return lf_kafka_fail(log, err, code, what);
    lf_kafka_note_alive(log);
    code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topics[0].partition_cnt == 0)
        code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_metadata_destroy(metadata);
        return lf_kafka_fail(log, err, code, what);
    }
    *ret = metadata;
    return LF_OK;
}

/* ---- making sure ---- */

enum { TIME_OLDEST = -2, TIME_NEWEST = -1 }; /* of a ListOffsets request */

/* One request a broker, for all partitions. */
static enum lf_status
list_offsets(struct lf_kafka_log *log, const char *name, const struct rd_kafka_metadata_topic *topic, int64_t time,
             int64_t deadline_ms, rd_kafka_topic_partition_list_t *list, struct lf_err *err)
{
    for (int i = 0; i < topic->partition_cnt; i++) {
        if (time == TIME_OLDEST)
            rd_kafka_topic_partition_list_add(list, name, topic->partitions[i].id);
        list->elems[i].offset = time;
        list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    char what[NAME_SIZE + 16];
    snprintf(what, sizeof(what), "topic '%s'", name);
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(log->client, list, lf_kafka_left_ms(deadline_ms));
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        code = list->elems[i].err;
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? LF_OK : lf_kafka_fail(log, err, code, what);
}

/*
 * Every partition has a broker that takes records: metadata tell of it a little before it knows itself, and what is
 * produced in between fails, or worse (deliver_unknown() in produce.c).
 */
static enum lf_status
check_leaders(struct lf_kafka_log *log, const char *name, int64_t deadline_ms, struct lf_err *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    enum lf_status st = lf_kafka_metadata(log, log->client, name, lf_kafka_left_ms(deadline_ms), &metadata, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(metadata != NULL);
    const struct rd_kafka_metadata_topic *topic = &metadata->topics[0];
    for (int i = 0; i < topic->partition_cnt && st == LF_OK; i++) {
        if (topic->partitions[i].leader < 0)
            st = lf_fail(err, LF_UNAVAILABLE, "topic '%s': partition %d has no leader", name, topic->partitions[i].id);
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(topic->partition_cnt);
    if (st == LF_OK)
        st = list_offsets(log, name, topic, TIME_OLDEST, deadline_ms, list, err);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_metadata_destroy(metadata);
    return st;
}

enum lf_status
lf_kafka_ensure_topic(struct lf_log *base, struct lf_bytes topic, struct lf_bytes like, int64_t timeout_ms,
                      struct lf_err *err)
{
    struct lf_kafka_log *log = (struct lf_kafka_log *)base;
    int64_t deadline = lf_clock_mono_ms() + timeout_ms;
    char name[NAME_SIZE], model[NAME_SIZE];
    copy_name(topic, name);
    copy_name(like, model);
    bool created = false;
    for (;;) {
        enum lf_status st = check_leaders(log, name, deadline, err);
        if (st == LF_NOT_FOUND && !created) {
            if (!log->create_topics)
                return lf_fail(err, LF_NOT_FOUND,
                               "topic '%s' does not exist and may not be created: create it, or"
                               " allow Logfirst to",
                               name);
            st = lf_kafka_create_topic(log, name, model, deadline, err);
            if (st != LF_OK)
                return st;
            created = true;
            continue;
        }
        /* A topic just created is unknown, then without leaders, for a moment. */
        bool wait = st == LF_UNAVAILABLE || st == LF_NOT_FOUND;
        if (!wait || lf_clock_mono_ms() + LOOK_AGAIN_MS >= deadline)
            return st == LF_NOT_FOUND ? lf_fail(err, LF_TIMEOUT, "topic '%s' was created and does not show yet", name)
                                      : st;
        lf_clock_sleep_ms(LOOK_AGAIN_MS);
    }
}

/* ---- ranges ---- */

static enum lf_status
ranges_of(struct lf_kafka_log *log, const char *name, const struct rd_kafka_metadata_topic *topic,
          struct lf_log_range *ret, size_t max, int64_t deadline_ms, struct lf_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(topic->partition_cnt);
    enum lf_status st = list_offsets(log, name, topic, TIME_OLDEST, deadline_ms, list, err);
    for (int i = 0; st == LF_OK && i < list->cnt && (size_t)i < max; i++)
        ret[i] = (struct lf_log_range){.partition = list->elems[i].partition, .first = list->elems[i].offset};
    if (st == LF_OK)
        st = list_offsets(log, name, topic, TIME_NEWEST, deadline_ms, list, err);
    for (int i = 0; st == LF_OK && i < list->cnt && (size_t)i < max; i++)
        ret[i].next = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

enum lf_status
lf_kafka_ranges(struct lf_log *base, struct lf_bytes topic, struct lf_log_range *ret, size_t max, size_t *ret_count,
                int64_t timeout_ms, struct lf_err *err)
{
    struct lf_kafka_log *log = (struct lf_kafka_log *)base;
    int64_t deadline = lf_clock_mono_ms() + timeout_ms;
    char name[NAME_SIZE];
    copy_name(topic, name);
    const struct rd_kafka_metadata *metadata = NULL;
    enum lf_status st = lf_kafka_metadata(log, log->client, name, lf_kafka_left_ms(deadline), &metadata, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(metadata != NULL);
    size_t count = (size_t)metadata->topics[0].partition_cnt;
    st = ranges_of(log, name, &metadata->topics[0], ret, max, deadline, err);
    rd_kafka_metadata_destroy(metadata);
    if (st == LF_OK)
        *ret_count = count;
    return st;
}
