/*
 * Which partitions are the reader's, and from where each is read. With a group the partitions come and go by
 * cooperative rebalances (KIP-429), one by one; without one all partitions of the topics are taken. Either way the
 * caller says where to go on from, and a partition is fetched only once it has.
 */
#include "log/kafka/kafka.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

enum { ASK_AGAIN_MS = 20 }; /* a caller that could not say where a partition begins */

/* ---- parts ---- */

struct lf_kafka_part *
lf_kafka_find_part(struct lf_kafka_reader *reader, const char *topic, int32_t partition)
{
    struct lf_kafka_part *last = reader->last_part;
    if (last != NULL && last->partition == partition && strcmp(last->topic, topic) == 0)
        return last;
    for (size_t i = 0; i < reader->part_count; i++) {
        struct lf_kafka_part *part = reader->parts[i];
        if (part->partition == partition && strcmp(part->topic, topic) == 0) {
            reader->last_part = part;
            return part;
        }
    }
    return NULL;
}

static void
free_part(struct lf_kafka_part *part)
{
    lf_free(part->topic);
    lf_free(part);
}

static bool
new_part(struct lf_kafka_reader *reader, const char *topic, int32_t partition)
{
    if (lf_kafka_find_part(reader, topic, partition) != NULL)
        return true;
    struct lf_kafka_part **parts = lf_realloc(reader->parts, (reader->part_count + 1) * sizeof(struct lf_kafka_part *));
    if (parts == NULL)
        return false;
    reader->parts = parts;
    struct lf_kafka_part *part = lf_calloc(1, sizeof(*part));
    char *name = lf_strdup(topic);
    if (part == NULL || name == NULL) {
        lf_free(part);
        lf_free(name);
        return false;
    }
    *part = (struct lf_kafka_part){.topic = name,
                                   .name = lf_bytes_of(name),
                                   .partition = partition,
                                   .next = LF_OFFSET_NONE,
                                   .committed = LF_OFFSET_NONE};
    reader->parts[reader->part_count++] = part;
    return true;
}

static void
remove_part(struct lf_kafka_reader *reader, struct lf_kafka_part *part)
{
    size_t at = 0;
    while (reader->parts[at] != part)
        at++;
    memmove(&reader->parts[at], &reader->parts[at + 1], (reader->part_count - at - 1) * sizeof(struct lf_kafka_part *));
    reader->part_count--;
    reader->last_part = NULL;
    free_part(part);
}

void
lf_kafka_free_parts(struct lf_kafka_reader *reader)
{
    for (size_t i = 0; i < reader->part_count; i++)
        free_part(reader->parts[i]);
    lf_free(reader->parts);
    reader->parts = NULL;
    reader->part_count = 0;
    reader->last_part = NULL;
}

static enum lf_status
check(struct lf_kafka_reader *reader, rd_kafka_error_t *error, struct lf_err *err)
{
    if (error == NULL)
        return LF_OK;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    enum lf_status st = lf_kafka_fail(reader->opaque.log, err, code, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return st;
}

/* ---- positions ---- */

/* Where to fetch from: the caller's word, or the configured end of the partition. False: not known now. */
static bool
ask_position(struct lf_kafka_reader *reader, struct lf_kafka_part *part, int64_t *ret_offset)
{
    const struct lf_log_reader_options *options = &reader->options;
    int64_t next = LF_OFFSET_NONE;
    struct lf_err err;
    if (options->assigned != NULL && options->assigned(options->ctx, part->name, part->partition, &next, &err) != LF_OK)
        return false;
    part->next = next;
    part->committed = next; /* the group's tools shall see the same */
    *ret_offset = next;
    if (next == LF_OFFSET_NONE)
        *ret_offset = options->start == LF_RESET_LATEST ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    return true;
}

static enum lf_status
fetch(struct lf_kafka_reader *reader, rd_kafka_topic_partition_list_t *list, struct lf_err *err)
{
    enum lf_status st = check(reader, rd_kafka_incremental_assign(reader->consumer, list), err);
    if (st == LF_OK && reader->paused && list->cnt != 0)
        (void)rd_kafka_pause_partitions(reader->consumer, list);
    return st;
}

static void
add_to(rd_kafka_topic_partition_list_t *list, const struct lf_kafka_part *part, int64_t offset)
{
    rd_kafka_topic_partition_list_add(list, part->topic, part->partition)->offset = offset;
}

enum lf_status
lf_kafka_add_parts(struct lf_kafka_reader *reader, struct lf_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (size_t i = 0; i < reader->part_count; i++) {
        struct lf_kafka_part *part = reader->parts[i];
        int64_t offset;
        if (part->added || !ask_position(reader, part, &offset))
            continue;
        part->added = true;
        add_to(list, part, offset);
    }
    reader->ask_at_ms = lf_clock_mono_ms() + ASK_AGAIN_MS;
    /* Inside a rebalance an empty list is an answer too. */
    enum lf_status st = fetch(reader, list, err);
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

enum lf_status
lf_kafka_restart_part(struct lf_kafka_reader *reader, struct lf_kafka_part *part, int64_t offset, struct lf_err *err)
{
    /* Taking the partition away and back, not rd_kafka_seek_partitions(): that is lost on a partition whose fetching
     * has not begun, and what was fetched before is certainly dropped this way. */
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    add_to(list, part, offset);
    enum lf_status st = check(reader, rd_kafka_incremental_unassign(reader->consumer, list), err);
    if (st == LF_OK)
        st = fetch(reader, list, err);
    if (st == LF_OK && part->held)
        lf_kafka_pause_part(reader, part, true);
    if (st == LF_OK)
        part->next = offset;
    part->rewind = false;
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

static void
pause_list(struct lf_kafka_reader *reader, rd_kafka_topic_partition_list_t *list, bool paused)
{
    if (paused)
        (void)rd_kafka_pause_partitions(reader->consumer, list);
    else
        (void)rd_kafka_resume_partitions(reader->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void
lf_kafka_pause_parts(struct lf_kafka_reader *reader, bool paused)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)reader->part_count);
    for (size_t i = 0; i < reader->part_count; i++) {
        if (reader->parts[i]->added && (paused || !reader->parts[i]->held))
            add_to(list, reader->parts[i], 0);
    }
    pause_list(reader, list, paused);
}

void
lf_kafka_pause_part(struct lf_kafka_reader *reader, const struct lf_kafka_part *part, bool paused)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    add_to(list, part, 0);
    pause_list(reader, list, paused);
}

void
lf_kafka_commit_parts(struct lf_kafka_reader *reader, struct lf_kafka_part *only)
{
    /* One at a time: those that wait for a coordinator that is away would make the end of the consumer wait as well. */
    if (!reader->in_group || reader->commits_out != 0)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)reader->part_count);
    for (size_t i = 0; i < reader->part_count; i++) {
        struct lf_kafka_part *part = reader->parts[i];
        if (part->committed == LF_OFFSET_NONE || (only != NULL && only != part))
            continue;
        add_to(list, part, part->committed);
        part->committed = LF_OFFSET_NONE;
    }
    if (list->cnt != 0 && rd_kafka_commit(reader->consumer, list, 1) == RD_KAFKA_RESP_ERR_NO_ERROR)
        reader->commits_out++; /* for the tools' sake: failure harms nothing */
    rd_kafka_topic_partition_list_destroy(list);
}

/* During a rebalance, say, commits are refused. */
void
lf_kafka_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)rk;
    struct lf_kafka_reader *reader = ((struct lf_kafka_opaque *)opaque)->owner;
    reader->commits_out -= reader->commits_out > 0;
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *told = &list->elems[i];
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR && told->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        struct lf_kafka_part *part = lf_kafka_find_part(reader, told->topic, told->partition);
        if (part != NULL && part->committed == LF_OFFSET_NONE)
            part->committed = told->offset;
    }
}

/* ---- with a group ---- */

static void
on_assign(struct lf_kafka_reader *reader, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        if (!new_part(reader, list->elems[i].topic, list->elems[i].partition))
            reader->rejoin = true;
    }
    if (lf_kafka_add_parts(reader, &reader->failure) != LF_OK)
        reader->rejoin = true;
}

static void
on_revoke(struct lf_kafka_reader *reader, const rd_kafka_topic_partition_list_t *list)
{
    bool lost = rd_kafka_assignment_lost(reader->consumer) != 0;
    rd_kafka_topic_partition_list_t *added = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        struct lf_kafka_part *part = lf_kafka_find_part(reader, list->elems[i].topic, list->elems[i].partition);
        if (part == NULL)
            continue;
        lf_kafka_drop_records(reader, part);
        /* Also what was not added: the caller may be about to say where to go on. */
        if (!reader->closing && reader->options.revoked != NULL)
            reader->options.revoked(reader->options.ctx, part->name, part->partition, lost);
        if (part->added)
            add_to(added, part, RD_KAFKA_OFFSET_INVALID);
        if (part->added && !lost)
            lf_kafka_commit_parts(reader, part);
        remove_part(reader, part);
    }
    rd_kafka_error_t *error = rd_kafka_incremental_unassign(reader->consumer, added);
    if (error != NULL)
        rd_kafka_error_destroy(error); /* librdkafka has forgotten them already */
    rd_kafka_topic_partition_list_destroy(added);
}

void
lf_kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)rk;
    struct lf_kafka_reader *reader = ((struct lf_kafka_opaque *)opaque)->owner;
    reader->changed = true;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        on_assign(reader, list);
    else
        on_revoke(reader, list);
}

/* ---- without a group ---- */

static enum lf_status
refresh_topic(struct lf_kafka_reader *reader, const char *topic, int64_t timeout_ms, struct lf_err *err)
{
    const struct rd_kafka_metadata *metadata;
    enum lf_status st = lf_kafka_metadata(reader->opaque.log, reader->consumer, topic, timeout_ms, &metadata, err);
    if (st == LF_NOT_FOUND) /* may come later */
        return LF_OK;
    if (st != LF_OK)
        return st;
    for (int i = 0; i < metadata->topics[0].partition_cnt && st == LF_OK; i++) {
        if (!new_part(reader, topic, metadata->topics[0].partitions[i].id))
            st = lf_no_memory(err);
    }
    rd_kafka_metadata_destroy(metadata);
    return st;
}

enum lf_status
lf_kafka_refresh_parts(struct lf_kafka_reader *reader, int64_t timeout_ms, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < reader->options.topic_count; i++)
        st = refresh_topic(reader, reader->topics[i], timeout_ms, err);
    return st == LF_OK ? lf_kafka_add_parts(reader, err) : st;
}
