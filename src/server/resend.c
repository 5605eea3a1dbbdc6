/* Replaying dead letters: chosen page by page, appended, and told of when the page is durable. */
#include "server/resend.h"
#include "base/limits.h"
#include "base/mem.h"
#include "server/letters.h"
#include "server/outlet.h"
#include "server/scan.h"

#include <string.h>

enum { TOPICS_MAX = 1000 };

struct topic {
    struct topic *next;
    struct lf_bytes name;
    size_t partitions;
};

/* One dead letter on its way. */
struct sent {
    struct lf_resent shown;
    bool durable;
    struct lf_err err; /* why the log will not have it */
};

struct resend {
    const struct lf_resend_options *options;
    struct lf_resend_result *result;
    struct lf_store_session *session;
    struct lf_outlet outlet;
    struct lf_place_mark mark;
    struct lf_arena names;
    struct topic *topics; /* those that were asked for */
    size_t topic_count;
    struct sent *sent; /* of the page */
    size_t sent_count, sent_cap;
    int64_t seen;
};

/* ---- where it goes ---- */

/* The topic of a place that was set aside is called TOPIC~TIME; no name of a topic has a ~. */
static struct lf_bytes
own_topic(const struct lf_dead_letter *letter)
{
    struct lf_bytes topic = letter->place.topic;
    size_t tilde = lf_bytes_index(topic, '~');
    return tilde != SIZE_MAX ? lf_bytes(topic.ptr, tilde) : topic;
}

static enum lf_status
add_topic(struct resend *resend, struct lf_bytes name, struct topic **ret, struct lf_err *err)
{
    struct lf_log_range *ranges = NULL;
    size_t count = 0;
    if (resend->topic_count == TOPICS_MAX)
        return lf_fail(err, LF_LIMIT, "more than %d topics", TOPICS_MAX);
    enum lf_status st = lf_scan_ranges(resend->options->log, name, &ranges, &count, err);
    lf_free(ranges);
    if (st == LF_NOT_FOUND)
        return lf_fail(err, st, "the log has no topic %.*s: is it the one that the dead letters came from?",
                       LF_FMT(name));
    if (st != LF_OK)
        return st;
    struct topic *topic = LF_ARENA_NEW(&resend->names, struct topic);
    struct lf_bytes copy = lf_arena_copy(&resend->names, name);
    if (topic == NULL || copy.ptr == NULL)
        return lf_no_memory(err);
    *topic = (struct topic){resend->topics, copy, count};
    *ret = resend->topics = topic;
    resend->topic_count++;
    return LF_OK;
}

static enum lf_status
find_topic(struct resend *resend, struct lf_bytes name, struct topic **ret, struct lf_err *err)
{
    struct topic *topic = resend->topics;
    while (topic != NULL && !lf_bytes_equal(topic->name, name))
        topic = topic->next;
    *ret = topic;
    return topic != NULL ? LF_OK : add_topic(resend, name, ret, err);
}

/* ---- sending ---- */

/* The dead letter itself may be gone by now, when the outlet is closed. */
static bool
acknowledged(void *ctx, const struct lf_log_ack *ack)
{
    struct sent *sent = ack->token;
    (void)ctx;
    if (ack->status == LF_OK) {
        sent->durable = true;
        sent->shown.place = (struct lf_place){.partition = ack->partition, .offset = ack->offset};
        return true;
    }
    if (lf_status_fate(ack->status) != LF_FATE_REJECT)
        return false; /* not this record's fault: the end */
    if (ack->err != NULL)
        sent->err = *ack->err;
    else
        (void)lf_fail(&sent->err, ack->status, "the log did not take it: %s", lf_status_text(ack->status));
    return true;
}

static enum lf_status
append(struct resend *resend, struct sent *sent, struct lf_err *err)
{
    const struct lf_dead_letter *letter = sent->shown.letter;
    struct topic *topic = NULL;
    struct lf_err why = {0};
    struct lf_record record = {.topic = letter->place.topic,
                               .partition = letter->place.partition,
                               .offset = letter->place.offset,
                               .timestamp_ms = lf_outlet_time(letter->record_time_ms),
                               .key = letter->key,
                               .value = letter->value,
                               .headers = letter->headers,
                               .header_count = letter->header_count};
    enum lf_status st = find_topic(resend, own_topic(letter), &topic, err);
    if (st == LF_OK)
        st = lf_place_mark(&resend->mark, &record, LF_REPLAY_HEADER, err);
    if (st != LF_OK)
        return st;
    record.headers = resend->mark.headers;
    record.header_count = resend->mark.count;
    record.topic = topic->name;
    if ((size_t)record.partition >= topic->partitions)
        record.partition = -1; /* the topic was made anew, with fewer */
    st = lf_outlet_append(&resend->outlet, &record, sent, &why);
    if (st == LF_OK || (lf_status_fate(st) == LF_FATE_REJECT && st != LF_NOT_FOUND)) {
        sent->err = why;
        return LF_OK;
    }
    if (err != NULL)
        *err = why;
    return st;
}

static enum lf_status
send_letter(struct resend *resend, const struct lf_dead_letter *letter, const char *name, struct lf_err *err)
{
    struct sent *sent = &resend->sent[resend->sent_count];
    *sent = (struct sent){.shown = {.letter = letter, .name = name}};
    if (lf_bytes_equal_text(letter->code, LF_LETTER_LOST))
        (void)lf_fail(&sent->err, LF_INVALID, "there is no record: %.*s", LF_FMT(letter->reason));
    else if (resend->options->log != NULL) {
        enum lf_status st = append(resend, sent, err);
        if (st != LF_OK)
            return st;
    }
    resend->sent_count++;
    return LF_OK;
}

static void
tell(struct resend *resend, struct sent *sent)
{
    const struct lf_resend_options *options = resend->options;
    bool failed = sent->err.status != LF_OK;
    if (!failed && !sent->durable && options->log != NULL)
        return; /* nobody knows: what made that so is told at the end */
    if (sent->durable)
        sent->shown.place.topic = own_topic(sent->shown.letter);
    sent->shown.why = failed ? sent->err.text : NULL;
    resend->result->failed += failed;
    resend->result->replayed += !failed;
    if (options->told != NULL)
        options->told(options->ctx, &sent->shown);
}

/* What was sent of a page is durable, and told of. The page's memory may go after that. */
static enum lf_status
finish_page(struct resend *resend, size_t seen, enum lf_status st, struct lf_err *err)
{
    if (resend->options->log != NULL) {
        enum lf_status settled = lf_outlet_settle(&resend->outlet, st == LF_OK ? err : NULL);
        st = st == LF_OK ? settled : st;
    }
    for (size_t i = 0; i < resend->sent_count; i++)
        tell(resend, &resend->sent[i]);
    resend->seen += (int64_t)seen;
    return st == LF_OK ? lf_progress_tell(&resend->options->progress, "replay", resend->seen, -1, err) : st;
}

/* No append is in flight here. */
static enum lf_status
begin_page(struct resend *resend, size_t count, struct lf_err *err)
{
    resend->sent_count = 0;
    if (resend->sent_cap >= count)
        return LF_OK;
    struct sent *more = lf_realloc(resend->sent, count * sizeof(*more));
    if (more == NULL)
        return lf_no_memory(err);
    resend->sent = more;
    resend->sent_cap = count;
    return LF_OK;
}

/* ---- all ---- */

static struct lf_letter_query
query_of(const struct lf_resend_options *options)
{
    return (struct lf_letter_query){.code = options->code, .event_type = options->event_type, .max = 1};
}

/* The id of the dead letter that a query finds first; 0: none. */
static enum lf_status
first_id(struct resend *resend, const struct lf_letter_query *query, int64_t *ret, struct lf_err *err)
{
    struct lf_dead_letter *found = NULL;
    size_t count = 0;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_store_dead_letters(resend->session, query, &arena, &found, &count, err);
    if (st == LF_OK)
        *ret = count != 0 ? found[0].id : 0;
    lf_arena_release(&arena);
    return st;
}

static bool
was_replayed(const struct lf_dead_letter *letter)
{
    for (size_t i = 0; i < letter->header_count; i++) {
        if (lf_bytes_equal_text(letter->headers[i].name, LF_REPLAY_HEADER))
            return true;
    }
    return false;
}

/* Whether a dead letter is one to be replayed; if not, it is counted as what it is. */
static enum lf_status
choose(struct resend *resend, const struct lf_dead_letter *letter, bool stored, bool *ret, struct lf_err *err)
{
    struct lf_resend_result *result = resend->result;
    int64_t first = letter->id;
    enum lf_status st = LF_OK;
    *ret = false;
    if (lf_bytes_equal_text(letter->code, LF_LETTER_LOST)) {
        result->lost++;
    } else if (stored) {
        result->healed++;
    } else if (letter->event_id.ptr == NULL) {
        bool named = resend->options->code.ptr != NULL;
        bool again = named && was_replayed(letter); /* for which the one that it came from stands */
        result->nameless += !named;
        result->repeated += again;
        *ret = named && !again;
    } else {
        struct lf_letter_query query = query_of(resend->options);
        query.event_id = letter->event_id;
        st = first_id(resend, &query, &first, err);
        *ret = st == LF_OK && first == letter->id;
        result->repeated += st == LF_OK && !*ret;
    }
    return st;
}

/* Those up to last. *ret_more: there may be others behind the page. */
static enum lf_status
send_page(struct resend *resend, struct lf_letters *letters, int64_t last, bool *ret_more, struct lf_err *err)
{
    enum lf_status st = begin_page(resend, letters->count, err);
    *ret_more = letters->count != 0;
    for (size_t i = 0; st == LF_OK && i < letters->count; i++) {
        bool chosen = false;
        if (letters->items[i].id > last) {
            *ret_more = false;
            break;
        }
        st = choose(resend, &letters->items[i], letters->stored[i], &chosen, err);
        if (st == LF_OK && chosen)
            st = send_letter(resend, &letters->items[i], NULL, err);
    }
    return finish_page(resend, letters->count, st, err);
}

/* Up to the one that is the last now: a consumer that is at work may add those that are dead again. */
static enum lf_status
send_all(struct resend *resend, struct lf_err *err)
{
    struct lf_letter_query query = query_of(resend->options);
    struct lf_letters letters;
    int64_t last = 0;
    bool more = true;
    query.newest = true;
    enum lf_status st = first_id(resend, &query, &last, err);
    query.newest = false;
    lf_letters_init(&letters, resend->session, &query);
    while (st == LF_OK && more) {
        st = lf_letters_next(&letters, LF_PAGE_MAX, err);
        if (st == LF_OK)
            st = send_page(resend, &letters, last, &more, err);
    }
    lf_letters_release(&letters);
    return st;
}

/* ---- those that are named ---- */

static enum lf_status
send_named(struct resend *resend, const char *name, struct lf_err *err)
{
    const struct lf_letter_query query = {0};
    struct lf_letters letters;
    lf_letters_init(&letters, resend->session, &query);
    enum lf_status st = begin_page(resend, 1, err);
    if (st == LF_OK)
        st = lf_letters_find(&letters, name, err);
    if (st == LF_OK && letters.count == 0) {
        resend->sent[0] = (struct sent){.shown = {.name = name}};
        (void)lf_fail(&resend->sent[0].err, LF_NOT_FOUND, "no dead letter has this place or eventId");
        resend->sent_count = 1;
    } else if (st == LF_OK) {
        st = send_letter(resend, &letters.items[0], name, err);
    }
    st = finish_page(resend, 1, st, err);
    lf_letters_release(&letters);
    return st;
}

static enum lf_status
run(struct resend *resend, struct lf_err *err)
{
    const struct lf_resend_options *options = resend->options;
    enum lf_status st = lf_store_session_open(options->store, false, &resend->session, err);
    if (st == LF_OK && options->log != NULL)
        st = lf_outlet_open(&resend->outlet, options->log, err);
    if (st == LF_OK && options->name_count == 0)
        st = send_all(resend, err);
    for (size_t i = 0; st == LF_OK && i < options->name_count; i++)
        st = send_named(resend, options->names[i], err);
    return st;
}

enum lf_status
lf_resend(const struct lf_resend_options *options, struct lf_resend_result *ret, struct lf_err *err)
{
    struct lf_resend_result result = {0};
    struct resend resend = {.options = options, .result = &result, .outlet = {.acked = acknowledged}};
    lf_arena_init(&resend.names, 0, 0);
    enum lf_status st = run(&resend, err);
    lf_outlet_close(&resend.outlet); /* answers what is in flight, into sent */
    lf_store_session_close(resend.session);
    lf_place_mark_release(&resend.mark);
    lf_free(resend.sent);
    lf_arena_release(&resend.names);
    *ret = result;
    return st;
}
