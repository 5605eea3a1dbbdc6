/*
 * One partition: the log's records beside the store's events and dead letters of the same places, merged by offset.
 * Everything below the limit was there before the first of it is read, so nothing can be late.
 */
#include "base/limits.h"
#include "server/scan.h"
#include "server/verify_inner.h"

#include <stdio.h>

struct merge {
    struct lf_verify *verify;
    struct lf_verify_partition *partition;
    struct lf_verify_pages events;
    struct lf_filter from;     /* of the query: moves on, so that each page begins where an index can seek */
    size_t letter, letter_end; /* indexes into verify->letters */
    struct lf_arena arena;     /* of a record */
    int64_t limit;
};

/* ---- what the store has ---- */

/* The store's next event below the limit; *ret NULL at the end. */
static enum lf_status
peek(struct merge *merge, const struct lf_stored_event **ret, struct lf_err *err)
{
    struct lf_verify_pages *events = &merge->events;
    *ret = NULL;
    if (events->at == events->page.count) {
        if (events->at != 0)
            merge->from.value = lf_value_int(events->page.events[events->at - 1].event.place.offset + 1);
        enum lf_status st = lf_verify_pages_next(events, merge->verify->session, err);
        if (st != LF_OK) {
            lf_err_context(err, "events of %.*s/%d from offset %lld on", LF_FMT(merge->partition->topic),
                           merge->partition->number, (long long)merge->from.value.u.integer);
            return st;
        }
    }
    if (events->at < events->page.count)
        *ret = &events->page.events[events->at];
    return LF_OK;
}

/* The next dead letter below the limit, or NULL. */
static const struct lf_verify_letter *
peek_letter(const struct merge *merge)
{
    if (merge->letter == merge->letter_end)
        return NULL;
    const struct lf_verify_letter *letter = &merge->verify->letters[merge->letter];
    return letter->offset < merge->limit ? letter : NULL;
}

static struct lf_place
place_of(const struct merge *merge, int64_t offset)
{
    return (struct lf_place){merge->partition->topic, merge->partition->number, offset};
}

static void
found_event(struct merge *merge, const struct lf_stored_event *stored, const char *kind, const char *expected,
            const char *seen)
{
    const struct lf_finding finding = {.kind = kind,
                                       .place = place_of(merge, stored->event.place.offset),
                                       .event_id = stored->event.id,
                                       .entity_type = stored->entity_type,
                                       .entity_key = stored->event.entity_key,
                                       .expected = lf_bytes_of(expected),
                                       .seen = lf_bytes_of(seen)};
    lf_verify_found(merge->verify, &finding);
}

static void
found_letter(struct merge *merge, int64_t offset, struct lf_bytes id, const char *kind, const char *expected,
             const char *seen)
{
    const struct lf_finding finding = {.kind = kind,
                                       .place = place_of(merge, offset),
                                       .event_id = id,
                                       .expected = lf_bytes_of(expected),
                                       .seen = lf_bytes_of(seen)};
    lf_verify_found(merge->verify, &finding);
}

/* Retention may have taken records away since the log was asked. */
static enum lf_status
is_gone(struct merge *merge, int64_t offset, bool *asked, bool *ret, struct lf_err *err)
{
    if (!*asked) {
        enum lf_status st = lf_verify_ranges(merge->verify, merge->partition, err);
        if (st != LF_OK)
            return st;
        *asked = true;
    }
    *ret = offset < merge->partition->first;
    merge->verify->result->gone += *ret;
    return LF_OK;
}

/* Reports events and dead letters below offset, which the log lacks. */
static enum lf_status
pass_to(struct merge *merge, int64_t offset, struct lf_err *err)
{
    static const char nothing[] = "nothing: the log has no record there";
    bool asked = false, gone = false;
    const struct lf_stored_event *stored = NULL;
    enum lf_status st;
    while ((st = peek(merge, &stored, err)) == LF_OK && stored != NULL && stored->event.place.offset < offset) {
        st = is_gone(merge, stored->event.place.offset, &asked, &gone, err);
        if (st != LF_OK)
            return st;
        if (!gone)
            found_event(merge, stored, "not_in_log", nothing, "an event in event_store");
        merge->events.at++;
    }
    const struct lf_verify_letter *letter;
    while (st == LF_OK && (letter = peek_letter(merge)) != NULL && letter->offset < offset) {
        st = is_gone(merge, letter->offset, &asked, &gone, err);
        if (st == LF_OK && !gone)
            found_letter(merge, letter->offset, LF_BYTES_NONE, "not_in_log", nothing, "a dead letter");
        merge->letter++;
    }
    return st;
}

/* ---- a record ---- */

static enum lf_status
decode(struct merge *merge, const struct lf_record *record, struct lf_event *ret, struct lf_err *err)
{
    const struct lf_encoded encoded = {record->key, record->value, record->headers, record->header_count};
    return lf_codec_decode(&merge->verify->options->codec, &encoded, record->timestamp_ms,
                           place_of(merge, record->offset), &merge->arena, ret, err);
}

static bool
same_bytes(struct lf_bytes a, struct lf_bytes b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && lf_bytes_equal(a, b);
}

/* The first thing in which the stored event is not the logged one; NULL: none. */
static const char *
difference(struct merge *merge, const struct lf_event *logged, const struct lf_event *stored,
           struct lf_bytes ret_texts[2])
{
    ret_texts[0] = logged->id;
    ret_texts[1] = stored->id;
    if (!lf_bytes_equal(logged->id, stored->id))
        return "eventId";
    ret_texts[0] = logged->type_name;
    ret_texts[1] = stored->type_name;
    if (!lf_bytes_equal(logged->type_name, stored->type_name))
        return "eventType";
    ret_texts[0] = logged->key;
    ret_texts[1] = stored->key;
    if (!same_bytes(logged->key, stored->key))
        return "key";
    bool payload = !lf_value_equal(&logged->payload, &stored->payload);
    if (!payload && lf_value_equal(&logged->extra, &stored->extra))
        return NULL;
    ret_texts[0] = lf_verify_text(payload ? &logged->payload : &logged->extra, &merge->arena);
    ret_texts[1] = lf_verify_text(payload ? &stored->payload : &stored->extra, &merge->arena);
    return payload ? "payload" : "further members of the envelope";
}

static enum lf_status
compare_event(struct merge *merge, const struct lf_record *record, const struct lf_stored_event *stored,
              struct lf_err *err)
{
    struct lf_event event = {0};
    struct lf_err why = {0};
    struct lf_bytes texts[2];
    enum lf_status st = decode(merge, record, &event, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK) {
        found_event(merge, stored, "differs", "a dead letter: the record is no event", "an event in event_store");
        return LF_OK;
    }
    const char *what = difference(merge, &event, &stored->event, texts);
    if (what == NULL)
        return LF_OK;
    const char *expected =
        lf_arena_printf(&merge->arena, "%s %.*s", what, LF_FMT(texts[0].ptr != NULL ? texts[0] : LF_LIT("null")));
    const char *seen =
        lf_arena_printf(&merge->arena, "%s %.*s", what, LF_FMT(texts[1].ptr != NULL ? texts[1] : LF_LIT("null")));
    if (expected == NULL || seen == NULL)
        return lf_no_memory(err);
    found_event(merge, stored, "differs", expected, seen);
    return LF_OK;
}

static enum lf_status
found_missing(struct merge *merge, const struct lf_event *event, int64_t offset, const char *expected)
{
    found_letter(merge, offset, event->id, "missing", expected, "neither an event nor a dead letter of that place");
    return LF_OK;
}

/* The id is in the store, with another place. */
static enum lf_status
judge_other(struct merge *merge, const struct lf_event *event, const struct lf_stored_event *stored, struct lf_err *err)
{
    const struct lf_place *place = &stored->event.place;
    int64_t offset = event->place.offset;
    if (!lf_event_same(event, stored->event.type_name, &stored->event.payload))
        return found_missing(merge, event, offset, "a dead letter: event_store has the eventId with other content");
    bool later = place->partition == merge->partition->number &&
                 lf_bytes_equal(place->topic, merge->partition->topic) && place->offset > offset;
    if (!later) {
        merge->verify->result->repeated++;
        return LF_OK;
    }
    char *seen = lf_arena_printf(&merge->arena, "stored with the place of its repetition, offset %lld",
                                 (long long)place->offset);
    if (seen == NULL)
        return lf_no_memory(err);
    found_letter(merge, offset, event->id, "misplaced", "stored with the place of its first record", seen);
    return LF_OK;
}

/* Neither an event nor a dead letter has this place: it must repeat an event, or be of a kind that is skipped. */
static enum lf_status
judge_absent(struct merge *merge, const struct lf_record *record, struct lf_err *err)
{
    struct lf_event event = {0};
    struct lf_stored_event stored = {0};
    struct lf_err why = {0};
    enum lf_status st = decode(merge, record, &event, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK)
        return found_missing(merge, &event, record->offset, "a dead letter: the record is no event");
    if (event.type == NULL && merge->verify->options->unknown_skipped) {
        merge->verify->result->skipped++;
        return LF_OK;
    }
    st = lf_store_event(merge->verify->session, event.id, &merge->arena, &stored, &why);
    if (st == LF_OK && stored.status == LF_EVENT_STORED)
        return judge_other(merge, &event, &stored, err);
    if (st == LF_OK || st == LF_NOT_FOUND)
        return found_missing(merge, &event, record->offset, "an event or a dead letter");
    if (err != NULL)
        *err = why;
    return st;
}

static enum lf_status
judge(struct merge *merge, const struct lf_record *record, struct lf_err *err)
{
    const struct lf_stored_event *stored = NULL;
    enum lf_status st = pass_to(merge, record->offset, err);
    if (st == LF_OK)
        st = peek(merge, &stored, err);
    if (st != LF_OK)
        return st;
    bool is_stored = stored != NULL && stored->event.place.offset == record->offset;
    const struct lf_verify_letter *letter = peek_letter(merge);
    bool is_dead = letter != NULL && letter->offset == record->offset;
    merge->verify->result->records++;
    merge->verify->result->stored += is_stored;
    merge->verify->result->dead += is_dead && !is_stored;
    if (is_stored && is_dead)
        found_event(merge, stored, "both", "either an event or a dead letter", "both");
    if (is_dead &&
        letter->digest != lf_verify_digest(record->key, record->value, record->headers, record->header_count))
        found_letter(merge, record->offset, is_stored ? stored->event.id : LF_BYTES_NONE, "letter_differs",
                     "the record's key, value and headers byte for byte", "others");
    if (is_stored)
        st = compare_event(merge, record, stored, err);
    else if (!is_dead)
        st = judge_absent(merge, record, err);
    merge->events.at += is_stored;
    merge->letter += is_dead;
    return st;
}

/* ---- reading the log ---- */

static enum lf_status
take(void *ctx, const struct lf_record *records, size_t count, struct lf_err *err)
{
    struct merge *merge = ctx;
    const struct lf_verify *verify = merge->verify;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        lf_arena_reset(&merge->arena);
        st = judge(merge, &records[i], err);
    }
    if (st != LF_OK)
        return st;
    return lf_progress_tell(&verify->options->progress, "log", verify->result->records, verify->record_total, err);
}

static enum lf_status
run(struct merge *merge, struct lf_err *err)
{
    struct lf_scan_range range = {merge->partition->number, merge->partition->first, merge->limit};
    const struct lf_scan scan = {.log = merge->verify->options->log,
                                 .topic = merge->partition->topic,
                                 .ranges = &range,
                                 .range_count = 1,
                                 .records_max = LF_BATCH_RECORDS_MAX,
                                 .bytes_max = LF_BATCH_BYTES_MAX,
                                 .take = take,
                                 .ctx = merge};
    enum lf_status st = lf_scan(&scan, err);
    return st == LF_OK ? pass_to(merge, merge->limit, err) : st;
}

static void
find_letters(struct merge *merge)
{
    const struct lf_verify *verify = merge->verify;
    size_t index = (size_t)(merge->partition - verify->partitions);
    while (merge->letter < verify->letter_count && verify->letters[merge->letter].partition < index)
        merge->letter++;
    merge->letter_end = merge->letter;
    while (merge->letter_end < verify->letter_count && verify->letters[merge->letter_end].partition == index)
        merge->letter_end++;
}

enum lf_status
lf_verify_places(struct lf_verify *verify, struct lf_verify_partition *partition, struct lf_err *err)
{
    struct merge merge = {.verify = verify, .partition = partition, .limit = lf_verify_limit(partition)};
    if (merge.limit <= partition->first)
        return LF_OK;
    const struct lf_filter topic = lf_verify_where("topic", LF_CMP_EQ, lf_value_string(partition->topic));
    const struct lf_filter number = lf_verify_where("partition", LF_CMP_EQ, lf_value_int(partition->number));
    merge.from = lf_verify_where("offset", LF_CMP_GTE, lf_value_int(partition->first));
    const struct lf_filter to = lf_verify_where("offset", LF_CMP_LT, lf_value_int(merge.limit));
    const struct lf_filter *parts[] = {&topic, &number, &merge.from, &to};
    const struct lf_filter all = {.kind = LF_FILTER_AND, .parts = parts, .part_count = 4};
    find_letters(&merge);
    lf_verify_pages_init(&merge.events);
    lf_arena_init(&merge.arena, 64 * 1024, 0);
    merge.events.without_cursor = true;
    merge.events.query =
        (struct lf_list_query){.filter = &all, .order = {{.field = lf_verify_field("offset")}}, .order_count = 1};
    enum lf_status st = run(&merge, err);
    lf_arena_release(&merge.arena);
    lf_verify_pages_release(&merge.events);
    return st;
}
