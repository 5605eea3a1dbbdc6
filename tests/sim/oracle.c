#include "oracle.h"
#include "event/check.h"
#include "event/fold.h"
#include "json/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading the log ---- */

static enum lf_status
from_the_start(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    (void)ctx, (void)topic, (void)partition, (void)err;
    *next = 0;
    return LF_OK;
}

static void
to_nobody(void *ctx, struct lf_bytes topic, int32_t partition, bool lost)
{
    (void)ctx, (void)topic, (void)partition, (void)lost;
}

static struct lf_log_reader *
open_reader(struct lf_log *log, struct lf_bytes topic)
{
    const struct lf_log_reader_options options = {
        .topics = &topic,
        .topic_count = 1,
        .start = LF_RESET_EARLIEST,
        .assigned = from_the_start,
        .revoked = to_nobody,
    };
    struct lf_log_reader *reader = NULL;
    struct lf_err err = {0};
    LF_ASSERT(lf_log_ensure_topic(log, topic, 1000, &err) == LF_OK);
    LF_ASSERT(lf_log_reader_open(log, &options, &reader, &err) == LF_OK);
    return reader;
}

void
oracle_open(struct oracle *oracle, const struct lf_model *model, const char *group, struct lf_bytes topic,
            struct lf_log *log)
{
    memset(oracle, 0, sizeof(*oracle));
    lf_arena_init(&oracle->arena, 64 * 1024, 0);
    oracle->model = model;
    oracle->group = group;
    oracle->topic = topic;
    oracle->reader = open_reader(log, topic);
    oracle->dead_reader = open_reader(log, lf_bytes_of(lf_arena_printf(&oracle->arena, "%.*s.dlq", LF_FMT(topic))));
}

void
oracle_close(struct oracle *oracle)
{
    lf_log_reader_close(oracle->reader);
    lf_log_reader_close(oracle->dead_reader);
    lf_map_release(&oracle->ids);
    lf_map_release(&oracle->states);
    lf_map_release(&oracle->dead_topic);
    lf_arena_release(&oracle->arena);
}

static struct lf_bytes
keep(struct oracle *oracle, struct lf_bytes bytes)
{
    return bytes.ptr != NULL ? lf_arena_copy(&oracle->arena, bytes) : LF_BYTES_NONE;
}

static struct lf_record
keep_record(struct oracle *oracle, const struct lf_record *record)
{
    struct lf_record copy = *record;
    struct lf_header *headers = LF_ARENA_ARRAY(&oracle->arena, struct lf_header, record->header_count + 1);
    copy.topic = keep(oracle, record->topic);
    copy.key = keep(oracle, record->key);
    copy.value = keep(oracle, record->value);
    for (size_t i = 0; i < record->header_count; i++)
        headers[i] = (struct lf_header){keep(oracle, record->headers[i].name), keep(oracle, record->headers[i].value)};
    copy.headers = headers;
    return copy;
}

/* ---- judging ---- */

static const char *
judge_fold(struct oracle *oracle, struct oracle_record *one)
{
    struct lf_err err = {0};
    const struct oracle_record *before = lf_map_get(&oracle->states, one->event.entity_key);
    const struct lf_value old = before != NULL ? before->state : LF_VALUE_NULL;
    return lf_fold(&one->event, &old, &oracle->arena, &one->state, &err) == LF_OK ? NULL : "APPLY_FAILED";
}

/* NULL: it is stored or a duplicate, as verdict says. */
static const char *
judge_event(struct oracle *oracle, struct oracle_record *one)
{
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    struct lf_err err = {0};
    size_t count;
    struct lf_event *event = &one->event;
    bool has_entity = event->type != NULL && event->type->entity != NULL;
    if (event->type != NULL &&
        lf_event_check(event->type, &event->payload, &oracle->arena, violations, &count, &err) != LF_OK)
        return "EVENT_INVALID";
    if (has_entity && lf_event_bind_entity(event, &oracle->arena, &err) != LF_OK)
        return "EVENT_INVALID";
    const struct oracle_record *same = lf_map_get(&oracle->ids, event->id);
    if (same != NULL) {
        one->verdict = ORACLE_DUPLICATE;
        bool equal = lf_bytes_equal(same->event.type_name, event->type_name) &&
                     lf_value_equal(&same->event.payload, &event->payload);
        return equal ? NULL : "EVENT_CONFLICT";
    }
    const char *code = has_entity ? judge_fold(oracle, one) : NULL;
    if (code != NULL)
        return code;
    one->verdict = ORACLE_STORED;
    LF_ASSERT(lf_map_add(&oracle->ids, event->id, one) == LF_OK);
    if (has_entity)
        LF_ASSERT(lf_map_set(&oracle->states, event->entity_key, one) == LF_OK);
    return NULL;
}

static void
judge(struct oracle *oracle, const struct lf_record *record)
{
    struct oracle_record *one = LF_ARENA_NEW(&oracle->arena, struct oracle_record);
    const struct lf_codec_options options = {.model = oracle->model, .source = LF_LIT("/oracle")};
    struct lf_err err = {0};
    one->record = keep_record(oracle, record);
    const struct lf_encoded encoded = {.key = one->record.key, .value = one->record.value};
    const struct lf_place place = {oracle->topic, record->partition, record->offset};
    if (lf_codec_decode(&options, &encoded, record->timestamp_ms, place, &oracle->arena, &one->event, &err) == LF_OK)
        one->code = judge_event(oracle, one);
    else
        one->code = "NOT_AN_EVENT";
    if (one->code != NULL)
        one->verdict = ORACLE_DEAD;
    size_t *count = &oracle->counts[record->partition];
    LF_ASSERT(record->partition < ORACLE_PARTITIONS && *count < ORACLE_RECORDS_MAX &&
              record->offset == (int64_t)*count);
    oracle->records[record->partition][(*count)++] = one;
}

static struct lf_bytes
header(const struct lf_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (lf_bytes_equal_text(record->headers[i].name, name))
            return record->headers[i].value;
    }
    return LF_BYTES_NONE;
}

static void
read_dead(struct oracle *oracle, const struct lf_record *record)
{
    struct lf_record *copy = LF_ARENA_NEW(&oracle->arena, struct lf_record);
    *copy = keep_record(oracle, record);
    const char *name = lf_arena_printf(&oracle->arena, "%.*s/%.*s", LF_FMT(header(copy, "__connect.errors.partition")),
                                       LF_FMT(header(copy, "__connect.errors.offset")));
    LF_ASSERT(lf_map_set(&oracle->dead_topic, lf_bytes_of(name), copy) == LF_OK);
}

static void
read_all(struct oracle *oracle, struct lf_log_reader *reader, void (*take)(struct oracle *, const struct lf_record *))
{
    struct lf_log_batch batch = {0};
    struct lf_err err = {0};
    do {
        LF_ASSERT(lf_log_read(reader, 1000, 1 << 30, 0, &batch, &err) == LF_OK);
        for (size_t i = 0; i < batch.count; i++)
            take(oracle, &batch.records[i]);
    } while (batch.count != 0);
}

void
oracle_read(struct oracle *oracle)
{
    read_all(oracle, oracle->reader, judge);
    read_all(oracle, oracle->dead_reader, read_dead);
}

/* ---- comparing ---- */

/* The log as judged, on stderr. */
void
oracle_print(const struct oracle *oracle)
{
    static const char *const verdicts[] = {"stored", "duplicate", "dead"};
    for (int p = 0; p < ORACLE_PARTITIONS; p++) {
        for (size_t i = 0; i < oracle->counts[p]; i++) {
            const struct oracle_record *one = oracle->records[p][i];
            fprintf(stderr, "%d/%zu %s %s: %.*s\n", p, i, verdicts[one->verdict], one->code != NULL ? one->code : "",
                    LF_FMT(one->record.value));
        }
    }
}

struct check {
    struct oracle *oracle;
    struct lf_store_session *session;
    struct lf_arena arena;
    int64_t positions[ORACLE_PARTITIONS];
    size_t stored, dead; /* asked for by the log */
    char *why;
    size_t why_size;
};

#define WRONG(check, ...) (snprintf((check)->why, (check)->why_size, __VA_ARGS__), false)

static bool
check_positions(struct check *check, bool whole)
{
    struct oracle *oracle = check->oracle;
    for (int32_t p = 0; p < ORACLE_PARTITIONS; p++) {
        struct lf_err err = {0};
        int64_t next = -1;
        LF_ASSERT(lf_store_position(check->session, lf_bytes_of(oracle->group), oracle->topic, p, &next, &err) ==
                  LF_OK);
        int64_t end = (int64_t)oracle->counts[p];
        check->positions[p] = next < 0 ? 0 : next;
        if (check->positions[p] > end)
            return WRONG(check, "partition %d: position %" PRId64 " is ahead of the log's end %" PRId64, p, next, end);
        if (check->positions[p] < oracle->positions[p])
            return WRONG(check, "partition %d: position %" PRId64 " was at %" PRId64 " before", p, next,
                         oracle->positions[p]);
        oracle->positions[p] = check->positions[p];
        if (whole && check->positions[p] != end)
            return WRONG(check, "partition %d: position %" PRId64 " has not come to the end %" PRId64, p, next, end);
        for (int64_t i = 0; i < check->positions[p]; i++) {
            check->stored += oracle->records[p][i]->verdict == ORACLE_STORED;
            check->dead += oracle->records[p][i]->verdict == ORACLE_DEAD;
        }
    }
    return true;
}

/* The record at a place below the position, with that verdict; NULL: there is none. */
static const struct oracle_record *
expected(const struct check *check, const struct lf_place *place, enum oracle_verdict verdict)
{
    if (place->partition < 0 || place->partition >= ORACLE_PARTITIONS || place->offset < 0 ||
        place->offset >= check->positions[place->partition])
        return NULL;
    const struct oracle_record *one = check->oracle->records[place->partition][place->offset];
    return one->verdict == verdict ? one : NULL;
}

/* Says which event should be among those of result. */
static bool
missing(struct check *check, const struct lf_list_result *result)
{
    for (int32_t p = 0; p < ORACLE_PARTITIONS; p++) {
        for (int64_t i = 0; i < check->positions[p]; i++) {
            const struct oracle_record *one = check->oracle->records[p][i];
            size_t k = 0;
            while (k < result->count && !lf_bytes_equal(result->events[k].event.id, one->event.id))
                k++;
            if (one->verdict == ORACLE_STORED && k == result->count)
                return WRONG(check, "event %.*s of %d/%" PRId64 " is not stored", LF_FMT(one->event.id), p, i);
        }
    }
    return WRONG(check, "%zu events are stored, %zu are in the log below the positions", result->count, check->stored);
}

static bool
check_events(struct check *check)
{
    const struct lf_list_query query = {.first = 1000};
    struct lf_list_result result = {0};
    struct lf_err err = {0};
    int64_t last[ORACLE_PARTITIONS] = {-1, -1, -1};
    LF_ASSERT(lf_store_list(check->session, &query, &check->arena, &result, &err) == LF_OK && !result.has_next);
    for (size_t i = 0; i < result.count; i++) {
        const struct lf_event *event = &result.events[i].event;
        const struct oracle_record *one = expected(check, &event->place, ORACLE_STORED);
        if (one == NULL)
            return WRONG(check, "event %.*s is stored from %d/%" PRId64 ", which it must not be", LF_FMT(event->id),
                         event->place.partition, event->place.offset);
        if (!lf_bytes_equal(one->event.id, event->id) || !lf_value_equal(&one->event.payload, &event->payload))
            return WRONG(check, "event %.*s is stored with other content", LF_FMT(event->id));
        if (event->place.offset <= last[event->place.partition])
            return WRONG(check, "event %.*s is stored out of order", LF_FMT(event->id));
        last[event->place.partition] = event->place.offset;
    }
    return result.count == check->stored || missing(check, &result);
}

static bool
same_bytes(struct lf_bytes a, struct lf_bytes b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && lf_bytes_equal(a, b);
}

static bool
check_letters(struct check *check)
{
    struct lf_dead_letter *letters = NULL;
    struct lf_err err = {0};
    size_t count = 0;
    LF_ASSERT(lf_store_dead_letters(check->session, &(struct lf_letter_query){.max = 1000}, &check->arena, &letters,
                                    &count, &err) == LF_OK);
    for (size_t i = 0; i < count; i++) {
        const struct lf_place *place = &letters[i].place;
        const struct oracle_record *one = expected(check, place, ORACLE_DEAD);
        if (one == NULL)
            return WRONG(check, "%d/%" PRId64 " is a dead letter (%.*s), which it must not be", place->partition,
                         place->offset, LF_FMT(letters[i].code));
        if (!lf_bytes_equal_text(letters[i].code, one->code))
            return WRONG(check, "%d/%" PRId64 " is dead for %.*s, not for %s", place->partition, place->offset,
                         LF_FMT(letters[i].code), one->code);
        if (!same_bytes(letters[i].key, one->record.key) || !same_bytes(letters[i].value, one->record.value))
            return WRONG(check, "%d/%" PRId64 ": the dead letter has other bytes", place->partition, place->offset);
    }
    if (count != check->dead)
        return WRONG(check, "%zu dead letters, %zu are in the log below the positions", count, check->dead);
    return true;
}

static bool
check_dead_record(struct check *check, const struct oracle_record *one)
{
    const struct lf_record *record = &one->record;
    const char *name = lf_arena_printf(&check->arena, "%d/%" PRId64, record->partition, record->offset);
    const struct lf_record *dead = lf_map_get_text(&check->oracle->dead_topic, name);
    if (dead == NULL)
        return WRONG(check, "%s (%s) is missing in the dead letter topic", name, one->code);
    if (!same_bytes(dead->key, record->key) || !same_bytes(dead->value, record->value))
        return WRONG(check, "%s has other bytes in the dead letter topic", name);
    if (!lf_bytes_equal_text(header(dead, "__connect.errors.exception.class.name"), one->code))
        return WRONG(check, "%s has another cause in the dead letter topic: %.*s, not %s: %.*s", name,
                     LF_FMT(header(dead, "__connect.errors.exception.class.name")), one->code,
                     LF_FMT(header(dead, "__connect.errors.exception.message")));
    return true;
}

static bool
check_dead_topic(struct check *check)
{
    struct oracle *oracle = check->oracle;
    for (int32_t p = 0; p < ORACLE_PARTITIONS; p++) {
        for (int64_t i = 0; i < check->positions[p]; i++) {
            const struct oracle_record *one = oracle->records[p][i];
            if (one->verdict == ORACLE_DEAD && !check_dead_record(check, one))
                return false;
        }
    }
    size_t at = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&oracle->dead_topic, &at)) != NULL;) {
        size_t slash = lf_bytes_index(entry->key, '/');
        int64_t p = -1, offset = -1;
        LF_ASSERT(slash < entry->key.len && lf_bytes_to_i64(lf_bytes(entry->key.ptr, slash), &p));
        LF_ASSERT(lf_bytes_to_i64(lf_bytes(entry->key.ptr + slash + 1, entry->key.len - slash - 1), &offset));
        if (oracle->records[p][offset]->verdict != ORACLE_DEAD)
            return WRONG(check, "%.*s is in the dead letter topic, which it must not be", LF_FMT(entry->key));
    }
    return true;
}

/* The record that made the state of a key, of those below the positions. */
static const struct oracle_record *
maker_of(const struct check *check, struct lf_bytes key)
{
    for (int32_t p = 0; p < ORACLE_PARTITIONS; p++) {
        for (int64_t i = check->positions[p]; i-- > 0;) {
            const struct oracle_record *one = check->oracle->records[p][i];
            if (one->verdict == ORACLE_STORED && one->event.entity_key.ptr != NULL &&
                lf_bytes_equal(one->event.entity_key, key))
                return one;
        }
    }
    return NULL;
}

static bool
check_state(struct check *check, struct lf_bytes key)
{
    const struct oracle_record *maker = maker_of(check, key);
    const struct lf_value want = maker != NULL ? maker->state : LF_VALUE_NULL;
    struct lf_value have = LF_VALUE_NULL;
    struct lf_err err = {0};
    enum lf_status st =
        lf_store_get(check->session, &check->oracle->model->entities[0], key, &check->arena, &have, &err);
    LF_ASSERT(st == LF_OK || st == LF_NOT_FOUND);
    if (lf_value_equal(&want, &have))
        return true;
    struct lf_buf buf;
    lf_buf_init(&buf, 4096);
    lf_json_write(&buf, &have);
    lf_buf_add_text(&buf, ", the log says ");
    lf_json_write(&buf, &want);
    (void)WRONG(check, "state of %.*s is %.*s", LF_FMT(key), LF_FMT(lf_buf_view(&buf)));
    lf_buf_release(&buf);
    return false;
}

static bool
check_states(struct check *check)
{
    size_t at = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&check->oracle->states, &at)) != NULL;) {
        if (!check_state(check, entry->key))
            return false;
    }
    return true;
}

bool
oracle_check(struct oracle *oracle, struct lf_store *store, bool whole, char *why, size_t why_size)
{
    struct check check = {.oracle = oracle, .why = why, .why_size = why_size};
    struct lf_err err = {0};
    lf_arena_init(&check.arena, 64 * 1024, 0);
    LF_ASSERT(lf_store_session_open(store, false, &check.session, &err) == LF_OK);
    oracle_read(oracle);
    bool good = check_positions(&check, whole) && check_events(&check) && check_letters(&check) &&
                check_dead_topic(&check) && check_states(&check);
    lf_store_session_close(check.session);
    lf_arena_release(&check.arena);
    return good;
}
