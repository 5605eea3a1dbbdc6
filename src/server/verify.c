/* The check from beginning to end, and what its phases share. */
#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"
#include "server/scan.h"
#include "server/verify_inner.h"

#include <stdio.h>
#include <string.h>

enum {
    LOG_TIMEOUT_MS = 60000,
    PARTITIONS_MAX = 100000,
    TEXT_MAX = 2000,
    CURSOR_MAX = 256 * 1024,
    PAGE_BYTES = 16 * 1024 * 1024
};

void
lf_verify_found(struct lf_verify *verify, const struct lf_finding *finding)
{
    verify->result->violations++;
    if (verify->options->found != NULL)
        verify->options->found(verify->options->ctx, finding);
}

const struct lf_field *
lf_verify_field(const char *name)
{
    size_t count;
    const struct lf_field *fields = lf_event_fields(&count);
    size_t i = 0;
    while (i < count && !lf_bytes_equal_text(fields[i].name, name))
        i++;
    LF_ASSERT(i < count);
    return &fields[i];
}

struct lf_filter
lf_verify_where(const char *name, enum lf_compare_op op, struct lf_value value)
{
    return (struct lf_filter){.kind = LF_FILTER_COMPARE, .field = lf_verify_field(name), .op = op, .value = value};
}

struct lf_bytes
lf_verify_text(const struct lf_value *value, struct lf_arena *arena)
{
    struct lf_buf out;
    lf_buf_init(&out, LF_RECORD_BYTES_MAX);
    lf_json_write(&out, value);
    struct lf_bytes text = lf_buf_view(&out);
    if (text.len > TEXT_MAX) {
        text.len = TEXT_MAX;
        while (text.len != 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
            text.len--; /* not within a character */
    }
    text = lf_arena_copy(arena, text);
    lf_buf_release(&out);
    return text.ptr != NULL ? text : LF_LIT("");
}

/* ---- pages ---- */

size_t
lf_verify_page_size(size_t size, size_t bytes)
{
    if (bytes > PAGE_BYTES && size > 1)
        return size / 2;
    return bytes < PAGE_BYTES / 4 && size * 2 <= LF_PAGE_MAX ? size * 2 : size;
}

void
lf_verify_pages_init(struct lf_verify_pages *pages)
{
    *pages = (struct lf_verify_pages){.size = LF_VERIFY_PAGE_FIRST};
    lf_arena_init(&pages->arena, 64 * 1024, 0);
}

void
lf_verify_pages_release(struct lf_verify_pages *pages)
{
    lf_arena_release(&pages->arena);
}

enum lf_status
lf_verify_pages_next(struct lf_verify_pages *pages, struct lf_store_session *session, struct lf_err *err)
{
    struct lf_bytes after = LF_BYTES_NONE;
    char *kept = NULL; /* the cursor lives in the page that goes */
    if (pages->page.count != 0 && !pages->without_cursor) {
        after = pages->page.cursors[pages->page.count - 1];
        kept = lf_strndup(after.ptr, after.len);
        if (kept == NULL)
            return lf_no_memory(err);
        after.ptr = kept;
        pages->query.after = LF_BYTES_NONE;
    }
    bool ended = pages->ended;
    if (pages->page.count != 0)
        pages->size = lf_verify_page_size(pages->size, pages->arena.used);
    lf_arena_reset(&pages->arena);
    pages->page = (struct lf_list_result){0};
    pages->at = 0;
    enum lf_status st = LF_OK;
    if (!ended) {
        pages->query.first = pages->size;
        if (kept != NULL)
            pages->query.after = after;
        st = lf_store_list(session, &pages->query, &pages->arena, &pages->page, err);
        pages->ended = st == LF_OK && !pages->page.has_next;
        pages->query.after = LF_BYTES_NONE;
    }
    lf_free(kept);
    return st;
}

/* ---- partitions ---- */

struct lf_verify_partition *
lf_verify_partition(struct lf_verify *verify, struct lf_bytes topic, int32_t number)
{
    for (size_t i = 0; i < verify->partition_count; i++) {
        struct lf_verify_partition *partition = &verify->partitions[i];
        if (partition->number == number && lf_bytes_equal(partition->topic, topic))
            return partition;
    }
    return NULL;
}

int64_t
lf_verify_limit(const struct lf_verify_partition *partition)
{
    return partition->position < partition->end ? partition->position : partition->end;
}

enum lf_status
lf_verify_ranges(struct lf_verify *verify, struct lf_verify_partition *partition, struct lf_err *err)
{
    struct lf_log_range *ranges = NULL;
    size_t count = 0;
    enum lf_status st = lf_scan_ranges(verify->options->log, partition->topic, &ranges, &count, err);
    if (st != LF_OK)
        return st;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].partition == partition->number) {
            partition->first = ranges[i].first;
            partition->end = ranges[i].next;
        }
    }
    lf_free(ranges);
    return LF_OK;
}

static struct lf_verify_partition *
add_partition(struct lf_verify *verify, struct lf_bytes topic, int32_t number)
{
    if (verify->partition_count == verify->partition_cap) {
        size_t cap = verify->partition_cap != 0 ? verify->partition_cap * 2 : 16;
        struct lf_verify_partition *more = lf_realloc(verify->partitions, cap * sizeof(*more));
        if (more == NULL)
            return NULL;
        verify->partitions = more;
        verify->partition_cap = cap;
    }
    struct lf_verify_partition *partition = &verify->partitions[verify->partition_count++];
    *partition =
        (struct lf_verify_partition){.topic = topic, .number = number, .position = -1, .latest = -1, .highest = -1};
    return partition;
}

/* Positions first, then what the log has: a position that is read now is below what the log has later. */
static enum lf_status
survey_topic(struct lf_verify *verify, struct lf_bytes topic, struct lf_err *err)
{
    struct lf_log_range *ranges = NULL;
    size_t count = 0;
    enum lf_status st = lf_scan_ranges(verify->options->log, topic, &ranges, &count, err);
    if (st == LF_NOT_FOUND)
        return LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        struct lf_verify_partition *partition = add_partition(verify, topic, ranges[i].partition);
        if (partition == NULL)
            st = lf_no_memory(err);
        else
            st = lf_store_position(verify->session, lf_bytes_of(verify->options->group), topic, partition->number,
                                   &partition->position, err);
    }
    lf_free(ranges);
    ranges = NULL;
    if (st == LF_OK)
        st = lf_scan_ranges(verify->options->log, topic, &ranges, &count, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        struct lf_verify_partition *partition = lf_verify_partition(verify, topic, ranges[i].partition);
        if (partition == NULL)
            continue; /* added just now */
        partition->first = ranges[i].first;
        partition->end = ranges[i].next;
    }
    lf_free(ranges);
    return st;
}

static void
judge_position(struct lf_verify *verify, const struct lf_verify_partition *partition)
{
    char expected[96], seen[64];
    if (partition->position < 0) {
        verify->result->unread += partition->end > partition->first;
        return;
    }
    verify->result->partitions++;
    int64_t limit = lf_verify_limit(partition);
    if (limit > partition->first)
        verify->record_total += limit - partition->first;
    if (partition->position >= partition->first && partition->position <= partition->end)
        return;
    snprintf(expected, sizeof(expected), "a position from %lld to %lld, which is what the log holds",
             (long long)partition->first, (long long)partition->end);
    snprintf(seen, sizeof(seen), "position %lld", (long long)partition->position);
    const struct lf_finding finding = {.kind = "position",
                                       .place = {partition->topic, partition->number, partition->position},
                                       .expected = lf_bytes_of(expected),
                                       .seen = lf_bytes_of(seen)};
    lf_verify_found(verify, &finding);
}

static enum lf_status
survey(struct lf_verify *verify, struct lf_err *err)
{
    const struct lf_verify_options *options = verify->options;
    for (size_t i = 0; i < options->topic_count; i++) {
        enum lf_status st = survey_topic(verify, options->topics[i], err);
        if (st != LF_OK)
            return st;
    }
    for (size_t i = 0; i < verify->partition_count; i++)
        judge_position(verify, &verify->partitions[i]);
    return LF_OK;
}

/* ---- what lies at and beyond the log's end ---- */

static void
found_beyond(struct lf_verify *verify, const struct lf_stored_event *stored, int64_t end)
{
    char text[64];
    snprintf(text, sizeof(text), "nothing: the log ends at %lld", (long long)end);
    const struct lf_finding finding = {.kind = "not_in_log",
                                       .place = stored->event.place,
                                       .event_id = stored->event.id,
                                       .entity_type = stored->entity_type,
                                       .entity_key = stored->event.entity_key,
                                       .expected = lf_bytes_of(text),
                                       .seen = LF_LIT("an event in event_store")};
    lf_verify_found(verify, &finding);
}

static enum lf_status
events_beyond(struct lf_verify *verify, const struct lf_verify_partition *partition, struct lf_err *err)
{
    struct lf_verify_pages pages;
    lf_verify_pages_init(&pages);
    const struct lf_filter topic = lf_verify_where("topic", LF_CMP_EQ, lf_value_string(partition->topic));
    const struct lf_filter number = lf_verify_where("partition", LF_CMP_EQ, lf_value_int(partition->number));
    const struct lf_filter from = lf_verify_where("offset", LF_CMP_GTE, lf_value_int(partition->end));
    const struct lf_filter *parts[] = {&topic, &number, &from};
    const struct lf_filter all = {.kind = LF_FILTER_AND, .parts = parts, .part_count = 3};
    pages.query =
        (struct lf_list_query){.filter = &all, .order = {{.field = lf_verify_field("offset")}}, .order_count = 1};
    enum lf_status st;
    while ((st = lf_verify_pages_next(&pages, verify->session, err)) == LF_OK && pages.page.count != 0) {
        for (size_t i = 0; i < pages.page.count; i++)
            found_beyond(verify, &pages.page.events[i], partition->end);
    }
    lf_verify_pages_release(&pages);
    return st;
}

/* The log is asked again, since what was met may have been logged after the survey. */
static enum lf_status
look_beyond(struct lf_verify *verify, struct lf_err *err)
{
    for (size_t i = 0; i < verify->partition_count; i++) {
        struct lf_verify_partition *partition = &verify->partitions[i];
        if (partition->highest < partition->end)
            continue;
        enum lf_status st = lf_verify_ranges(verify, partition, err);
        if (st == LF_OK && partition->highest >= partition->end) {
            st = events_beyond(verify, partition, err);
            lf_verify_letters_beyond(verify, partition);
        }
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* ---- the whole ---- */

static enum lf_status
open_scratch(struct lf_verify *verify, struct lf_err *err)
{
    const struct lf_store_options options = {.url = verify->options->scratch_url, .model = verify->options->model};
    enum lf_status st = lf_store_open(&options, &verify->scratch, err);
    if (st == LF_OK)
        st = lf_store_session_open(verify->scratch, true, &verify->folded, err);
    if (st != LF_OK)
        lf_err_context(err, "the scratch store %s", options.url);
    return st;
}

static enum lf_status
run(struct lf_verify *verify, struct lf_err *err)
{
    enum lf_status st = lf_store_session_open(verify->options->store, false, &verify->session, err);
    if (st == LF_OK)
        st = open_scratch(verify, err);
    if (st == LF_OK)
        st = survey(verify, err);
    if (st == LF_OK)
        st = lf_verify_letters(verify, err);
    for (size_t i = 0; st == LF_OK && i < verify->partition_count; i++)
        st = lf_verify_places(verify, &verify->partitions[i], err);
    if (st == LF_OK)
        st = lf_verify_fold(verify, "events", err);
    if (st == LF_OK)
        st = look_beyond(verify, err);
    return st == LF_OK ? lf_verify_states(verify, err) : st;
}

enum lf_status
lf_verify(const struct lf_verify_options *options, struct lf_verify_result *ret, struct lf_err *err)
{
    struct lf_verify_result result = {0};
    struct lf_verify verify = {.options = options, .result = &result, .fold = lf_verify_fold};
    lf_buf_init(&verify.tail, CURSOR_MAX);
    enum lf_status st = run(&verify, err);
    lf_buf_release(&verify.tail);
    lf_store_session_close(verify.folded);
    lf_store_close(verify.scratch);
    lf_store_session_close(verify.session);
    lf_free(verify.letters);
    lf_free(verify.partitions);
    if (st == LF_OK)
        *ret = result;
    return st;
}
