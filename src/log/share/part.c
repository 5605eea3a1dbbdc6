/* Partitions of lanes, and the queue of records before each lane. */
#include "log/share/share.h"

#include "base/mem.h"

#include <string.h>

struct lf_share_part *
lf_share_find(struct lf_share *share, struct lf_bytes topic, int32_t number)
{
    for (struct lf_share_part *part = share->parts; part != NULL; part = part->next) {
        if (!part->revoked && part->number == number && lf_bytes_equal(part->topic, topic))
            return part;
    }
    return NULL;
}

static size_t
load_of(const struct lf_share *share, const struct lf_share_lane *lane)
{
    size_t load = 0;
    for (const struct lf_share_part *part = share->parts; part != NULL; part = part->next)
        load += part->lane == lane && !part->revoked;
    return load;
}

static struct lf_share_lane *
least_loaded(const struct lf_share *share)
{
    struct lf_share_lane *best = &share->lanes[0];
    for (size_t i = 1; i < share->options.lanes; i++) {
        if (load_of(share, &share->lanes[i]) < load_of(share, best))
            best = &share->lanes[i];
    }
    return best;
}

struct lf_share_part *
lf_share_add(struct lf_share *share, struct lf_bytes topic, int32_t number)
{
    struct lf_share_part *part = lf_malloc(sizeof(*part) + topic.len);
    if (part == NULL)
        return NULL;
    *part = (struct lf_share_part){.lane = least_loaded(share),
                                   .topic = lf_bytes((char *)(part + 1), topic.len),
                                   .number = number,
                                   .next = NULL,
                                   .seek = LF_OFFSET_NONE,
                                   .committed = LF_OFFSET_NONE};
    memcpy(part + 1, topic.ptr, topic.len);
    struct lf_share_part **link = &share->parts;
    while (*link != NULL)
        link = &(*link)->next;
    *link = part; /* last: a lane hears of what it lost before what it gets */
    return part;
}

void
lf_share_remove(struct lf_share *share, struct lf_share_part *part)
{
    struct lf_share_part **link = &share->parts;
    while (*link != part)
        link = &(*link)->next;
    *link = part->next;
    lf_free(part);
}

/* ---- the queue ---- */

bool
lf_share_has_room(const struct lf_share_lane *lane, size_t bytes)
{
    const struct lf_log_share_options *options = &lane->share->options;
    if (lane->waiting == 0)
        return true;
    return lane->waiting < options->records_max && lane->waiting_bytes + bytes <= options->bytes_max;
}

void
lf_share_purge(struct lf_share_part *part)
{
    struct lf_share_lane *lane = part->lane;
    for (struct lf_share_chunk *chunk = lane->first; chunk != NULL; chunk = chunk->next) {
        size_t kept = chunk->at;
        for (size_t i = chunk->at; i < chunk->count; i++) {
            if (chunk->parts[i] == part) {
                lane->waiting--;
                lane->waiting_bytes -= lf_log_record_bytes(&chunk->records[i]);
                continue;
            }
            chunk->records[kept] = chunk->records[i];
            chunk->parts[kept++] = chunk->parts[i];
        }
        chunk->count = kept;
    }
}

void
lf_share_free_chunks(struct lf_share_chunk *chunk)
{
    while (chunk != NULL) {
        struct lf_share_chunk *next = chunk->next;
        lf_free(chunk);
        chunk = next;
    }
}

/* ---- from the rest into the queue ---- */

/* How many of the lane's records in the rest it has room for, and what their block takes. */
static size_t
measure(const struct lf_share *share, const struct lf_share_lane *lane, size_t *ret_size)
{
    const struct lf_log_share_options *options = &share->options;
    size_t count = 0, bytes = 0, headers = 0;
    for (size_t i = 0; i < share->rest.count; i++) {
        const struct lf_record *record = &share->rest.records[i];
        if (share->rest_parts[i] == NULL || share->rest_parts[i]->lane != lane)
            continue;
        size_t size = lf_log_record_bytes(record);
        bool first = lane->waiting + count == 0;
        if (!first &&
            (lane->waiting + count >= options->records_max || lane->waiting_bytes + bytes + size > options->bytes_max))
            break;
        count++;
        bytes += size;
        headers += record->header_count;
    }
    *ret_size = sizeof(struct lf_share_chunk) + count * (sizeof(struct lf_record) + sizeof(struct lf_share_part *)) +
                headers * sizeof(struct lf_header) + bytes + 1;
    return count;
}

static struct lf_bytes
copy_bytes(char **at, struct lf_bytes from)
{
    if (from.ptr == NULL)
        return LF_BYTES_NONE;
    struct lf_bytes copy = lf_bytes(*at, from.len);
    if (from.len != 0)
        memcpy(*at, from.ptr, from.len);
    *at += from.len;
    return copy;
}

struct cursor { /* into a chunk's block */
    struct lf_header *headers;
    char *bytes;
};

static void
copy_record(struct cursor *cursor, struct lf_record *to, const struct lf_record *from, const struct lf_share_part *part)
{
    *to = *from;
    to->topic = part->topic;
    to->key = copy_bytes(&cursor->bytes, from->key);
    to->value = copy_bytes(&cursor->bytes, from->value);
    to->headers = cursor->headers;
    for (size_t i = 0; i < from->header_count; i++)
        *cursor->headers++ = (struct lf_header){copy_bytes(&cursor->bytes, from->headers[i].name),
                                                copy_bytes(&cursor->bytes, from->headers[i].value)};
}

static size_t
headers_of(const struct lf_share *share, const struct lf_share_lane *lane, size_t count)
{
    size_t headers = 0;
    for (size_t i = 0; count > 0; i++) {
        if (share->rest_parts[i] == NULL || share->rest_parts[i]->lane != lane)
            continue;
        headers += share->rest.records[i].header_count;
        count--;
    }
    return headers;
}

/* Moves the first count records of the lane into the chunk; the others stay, in order. */
static void
move(struct lf_share *share, struct lf_share_lane *lane, struct lf_share_chunk *chunk, struct cursor *cursor,
     size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < share->rest.count; i++) {
        struct lf_record *record = &share->rest.records[i];
        struct lf_share_part *part = share->rest_parts[i];
        if (part != NULL && part->lane == lane && chunk->count < count) {
            copy_record(cursor, &chunk->records[chunk->count], record, part);
            chunk->parts[chunk->count++] = part;
            lane->waiting++;
            lane->waiting_bytes += lf_log_record_bytes(record);
            continue;
        }
        share->rest.records[kept] = *record;
        share->rest_parts[kept++] = part;
    }
    share->rest.count = kept;
}

enum lf_status
lf_share_place(struct lf_share *share, struct lf_share_lane *lane)
{
    size_t size;
    size_t count = measure(share, lane, &size);
    if (count == 0)
        return LF_OK;
    struct lf_share_chunk *chunk = lf_malloc(size);
    if (chunk == NULL)
        return LF_NO_MEMORY;
    struct lf_header *headers = (struct lf_header *)&chunk->records[count];
    size_t header_count = headers_of(share, lane, count);
    struct lf_share_part **parts = (struct lf_share_part **)&headers[header_count];
    *chunk = (struct lf_share_chunk){.parts = parts};
    struct cursor cursor = {.headers = headers, .bytes = (char *)&parts[count]};
    move(share, lane, chunk, &cursor, count);
    *lane->end = chunk;
    lane->end = &chunk->next;
    return LF_OK;
}
