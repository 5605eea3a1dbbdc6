/* Positions: a short list of partitions. */
#include "consumer/position.h"
#include "base/defect.h"
#include "base/mem.h"

#include <string.h>

void
lf_positions_init(struct lf_positions *positions, struct lf_bytes group)
{
    *positions = (struct lf_positions){.group = group};
}

void
lf_partition_forget_witness(struct lf_partition *partition)
{
    lf_free(partition->witness_id);
    partition->witness_id = NULL;
    partition->witness = -1;
    partition->cut = false;
}

static void
free_partition(struct lf_partition *partition)
{
    lf_partition_forget_witness(partition);
    lf_free(partition->sent);
    lf_free(partition);
}

void
lf_positions_release(struct lf_positions *positions)
{
    for (size_t i = 0; i < positions->count; i++)
        free_partition(positions->items[i]);
    lf_free(positions->items);
    lf_positions_init(positions, positions->group);
}

static bool
is(const struct lf_partition *partition, struct lf_bytes topic, int32_t number)
{
    return partition->number == number && lf_bytes_equal(partition->topic, topic);
}

struct lf_partition *
lf_positions_find(struct lf_positions *positions, struct lf_bytes topic, int32_t number)
{
    if (positions->latest != NULL && is(positions->latest, topic, number))
        return positions->latest;
    for (size_t i = 0; i < positions->count; i++) {
        if (is(positions->items[i], topic, number))
            return positions->latest = positions->items[i];
    }
    return NULL;
}

static bool
make_room(struct lf_positions *positions)
{
    if (positions->count < positions->cap)
        return true;
    size_t cap = positions->cap != 0 ? positions->cap * 2 : 8;
    struct lf_partition **items = lf_realloc(positions->items, cap * sizeof(struct lf_partition *));
    if (items == NULL)
        return false;
    positions->items = items;
    positions->cap = cap;
    return true;
}

/* The partition with its topic behind it in one block. NULL: out of memory. */
static struct lf_partition *
add(struct lf_positions *positions, struct lf_bytes topic, int32_t number)
{
    struct lf_partition *partition = lf_calloc(1, sizeof(*partition) + topic.len + 1);
    if (partition == NULL || !make_room(positions)) {
        lf_free(partition);
        return NULL;
    }
    char *name = (char *)(partition + 1);
    memcpy(name, topic.ptr, topic.len);
    partition->topic = lf_bytes(name, topic.len);
    partition->number = number;
    partition->witness = -1;
    positions->items[positions->count++] = partition;
    return partition;
}

enum lf_status
lf_positions_assign(struct lf_positions *positions, struct lf_store_session *session, struct lf_bytes topic,
                    int32_t number, int64_t *ret_next, struct lf_err *err)
{
    int64_t stored = -1;
    struct lf_partition *partition = lf_positions_find(positions, topic, number);
    if (partition == NULL)
        partition = add(positions, topic, number);
    if (partition == NULL)
        return lf_no_memory(err);
    partition->assigned = false; /* whatever it was: in doubt until the store has answered */
    enum lf_status st = lf_store_position(session, positions->group, topic, number, &stored, err);
    if (st != LF_OK)
        return st;
    partition->assigned = true;
    partition->must_seek = partition->held = false;
    partition->waits_for = LF_PARTNER_NONE;
    partition->stored = stored;
    partition->first = partition->next = partition->end = -1;
    partition->sent_count = 0;
    lf_partition_forget_witness(partition);
    *ret_next = stored >= 0 ? stored : LF_OFFSET_NONE;
    return LF_OK;
}

void
lf_positions_revoke(struct lf_positions *positions, struct lf_bytes topic, int32_t number)
{
    struct lf_partition *partition = lf_positions_find(positions, topic, number);
    if (partition == NULL)
        return;
    partition->assigned = false;
    if (partition->lag != NULL)
        lf_metric_set(partition->lag, 0); /* somebody else's to tell */
}

size_t
lf_positions_assigned(const struct lf_positions *positions)
{
    size_t count = 0;
    for (size_t i = 0; i < positions->count; i++)
        count += positions->items[i]->assigned;
    return count;
}

void
lf_positions_doubt(struct lf_positions *positions)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct lf_partition *partition = positions->items[i];
        partition->must_seek |= partition->assigned && !LF_DEFECT(no_doubt);
    }
}

int64_t
lf_partition_from(const struct lf_partition *partition)
{
    if (partition->witness >= 0)
        return partition->witness;
    /* Without a row the partition goes on from where it began; if nothing has come, the reader still stands there. */
    return partition->stored >= 0 ? partition->stored : partition->first;
}

static enum lf_status
restore(struct lf_positions *positions, struct lf_partition *partition, struct lf_store_session *session,
        struct lf_log_reader *reader, struct lf_err *err)
{
    int64_t stored = -1;
    enum lf_status st = lf_store_position(session, positions->group, partition->topic, partition->number, &stored, err);
    if (st != LF_OK)
        return st;
    partition->stored = stored;
    int64_t from = lf_partition_from(partition);
    if (from >= 0)
        st = lf_log_seek(reader, partition->topic, partition->number, from, err);
    if (st != LF_OK)
        return st;
    partition->must_seek = false;
    return LF_OK;
}

enum lf_status
lf_positions_restore(struct lf_positions *positions, struct lf_store_session *session, struct lf_log_reader *reader,
                     struct lf_err *err)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct lf_partition *partition = positions->items[i];
        if (!partition->assigned || !partition->must_seek || partition->held)
            continue;
        enum lf_status st = restore(positions, partition, session, reader, err);
        if (st != LF_OK) {
            lf_err_context(err, "going back to the position of %.*s[%d]", LF_FMT(partition->topic), partition->number);
            return st;
        }
    }
    return LF_OK;
}

void
lf_positions_begin(struct lf_positions *positions, const struct lf_record *records, size_t count)
{
    for (size_t i = 0; i < positions->count; i++)
        positions->items[i]->next = -1;
    for (size_t i = 0; i < count; i++) {
        struct lf_partition *partition = lf_positions_find(positions, records[i].topic, records[i].partition);
        if (partition != NULL && partition->first < 0)
            partition->first = records[i].offset;
    }
}

bool
lf_positions_take(struct lf_partition *partition, int64_t offset)
{
    if (partition == NULL || !partition->assigned || partition->must_seek || partition->held)
        return false;
    if (offset < partition->stored || offset < partition->next)
        return false; /* delivered again */
    partition->before = partition->next;
    partition->next = offset + 1;
    partition->waits_for = LF_PARTNER_NONE;
    return true;
}

void
lf_partition_hold(struct lf_partition *partition, enum lf_partner waits_for)
{
    partition->next = partition->before;
    partition->held = true;
    partition->held_until_ms = 0;
    partition->waits_for = waits_for;
}

size_t
lf_positions_waiting(const struct lf_positions *positions, enum lf_partner waits_for)
{
    size_t count = 0;
    for (size_t i = 0; i < positions->count; i++)
        count += positions->items[i]->assigned && positions->items[i]->waits_for == waits_for;
    return count;
}

bool
lf_positions_touched(const struct lf_positions *positions)
{
    for (size_t i = 0; i < positions->count; i++) {
        if (positions->items[i]->next >= 0)
            return true;
    }
    return false;
}

enum lf_status
lf_positions_confirm(struct lf_positions *positions, struct lf_store_session *session, struct lf_err *err)
{
    for (size_t i = 0; i < positions->count; i++) {
        const struct lf_partition *partition = positions->items[i];
        int64_t stored = -1;
        if (partition->next < 0)
            continue;
        enum lf_status st =
            lf_store_position(session, positions->group, partition->topic, partition->number, &stored, err);
        if (st != LF_OK)
            return st;
        if (stored != partition->stored)
            return lf_fail(err, LF_FENCED, "%.*s[%d] stands at %lld, not at %lld", LF_FMT(partition->topic),
                           partition->number, (long long)stored, (long long)partition->stored);
    }
    return LF_OK;
}

enum lf_status
lf_positions_advance(struct lf_positions *positions, struct lf_store_session *session, struct lf_err *err)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct lf_partition *partition = positions->items[i];
        if (partition->next < 0)
            continue;
        int64_t expected = partition->stored;
        enum lf_status st = LF_OK;
        if (LF_DEFECT(no_fence))
            st = lf_store_position(session, positions->group, partition->topic, partition->number, &expected, err);
        if (st == LF_OK)
            st = lf_store_advance(session, positions->group, partition->topic, partition->number, expected,
                                  partition->next + LF_DEFECT(position_ahead), err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

void
lf_positions_committed(struct lf_positions *positions)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct lf_partition *partition = positions->items[i];
        if (partition->next < 0)
            continue;
        partition->stored = partition->next;
        partition->sent_count = 0; /* all of them were below next */
    }
}

/* Index of the first offset in sent that is not below offset. */
static size_t
sent_index(const struct lf_partition *partition, int64_t offset)
{
    size_t low = 0, high = partition->sent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (partition->sent[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
lf_partition_was_sent(const struct lf_partition *partition, int64_t offset)
{
    size_t at = sent_index(partition, offset);
    return at < partition->sent_count && partition->sent[at] == offset;
}

void
lf_partition_note_sent(struct lf_partition *partition, int64_t offset)
{
    if (lf_partition_was_sent(partition, offset))
        return;
    if (partition->sent_count == partition->sent_cap) {
        size_t cap = partition->sent_cap != 0 ? partition->sent_cap * 2 : 16;
        int64_t *sent = lf_realloc(partition->sent, cap * sizeof(*sent));
        if (sent == NULL)
            return;
        partition->sent = sent;
        partition->sent_cap = cap;
    }
    size_t at = sent_index(partition, offset);
    memmove(&partition->sent[at + 1], &partition->sent[at], (partition->sent_count - at) * sizeof(*partition->sent));
    partition->sent[at] = offset;
    partition->sent_count++;
}
