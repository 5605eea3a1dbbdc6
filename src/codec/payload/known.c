/*
 * The shelf of known schemas and the thread that fills it. One lock for both; it is not held while the registry is
 * asked or a schema is parsed. What had no answer is asked for again later, and later each time, however many records
 * want it; what is wanted besides does not wait for that.
 */
#include "codec/payload/known.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/sync.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    AGAIN_MIN_MS = 100,
    AGAIN_MAX_MS = 5000,
    /* A registry of several nodes may know a new schema on one of them before the other. */
    MISSING_MS = 2000,
    MISSING_AGAIN_MS = 250,
    VERDICT_MS = 60000,
};

struct shelf_metrics {
    struct lf_metric *fetched, *missing, *refused, *failed, *known, *away;
};

struct lf_known_shelf {
    struct lf_registry *registry;
    int64_t wait_ms;
    size_t max;
    pthread_t thread;
    pthread_mutex_t lock;  /* for all below */
    pthread_cond_t wanted; /* for the thread */
    pthread_cond_t news;   /* for who waits */
    bool stop;
    struct lf_map map; /* name -> struct lf_known */
    uint64_t uses;
    _Atomic(uint64_t) answers;
    bool away; /* the latest question had no answer */
    struct shelf_metrics metrics;
};

static struct lf_bytes
key_of(const struct lf_schema_name *name)
{
    return lf_bytes((const char *)name, sizeof(*name));
}

static const char *
name_text(const struct lf_schema_name *name, char out[64])
{
    if (!name->by_guid) {
        snprintf(out, 64, "id %" PRIu32, name->id);
        return out;
    }
    int at = snprintf(out, 64, "GUID ");
    for (size_t i = 0; i < sizeof(name->guid); i++)
        at += snprintf(out + at, 64 - (size_t)at, "%02x", name->guid[i]);
    return out;
}

/* ---- one schema ---- */

static bool
is_wanted(const struct lf_known *known)
{
    return known->ops == NULL && known->verdict == LF_OK;
}

static void
known_free(struct lf_known *known)
{
    while (known->views != NULL) {
        struct lf_known_view *view = known->views;
        known->views = view->next;
        known->ops->view_free(view->view);
        lf_free(view);
    }
    if (known->ops != NULL)
        known->ops->schema_free(known->schema);
    lf_free(known->why);
    lf_free(known);
}

static void
keep_words(struct lf_known *known, const struct lf_err *err)
{
    lf_free(known->why);
    known->why = lf_strdup(err->text); /* without memory: no words */
}

/* ---- asking ---- */

/* What a question came to, before it is put on the shelf. */
struct answer {
    enum lf_status status; /* LF_OK, LF_NOT_FOUND, LF_INVALID: for certain. Others: not now */
    const struct lf_payload_ops *ops;
    enum lf_schema_type type;
    void *schema;
    struct lf_err err;
};

static enum lf_status
fetch_text(struct lf_registry *registry, const struct lf_schema_name *name, struct lf_arena *arena,
           struct lf_schema_text *text, struct lf_schema_part **parts, size_t *count, struct lf_err *err)
{
    enum lf_status st = name->by_guid ? lf_registry_by_guid(registry, name->guid, arena, text, err)
                                      : lf_registry_by_id(registry, name->id, arena, text, err);
    if (st != LF_OK)
        return st;
    st = lf_registry_parts(registry, text, arena, parts, count, err);
    if (st == LF_NOT_FOUND || st == LF_LIMIT) /* the schema is there, but it can never be read */
        return lf_fail(err, LF_INVALID, "%s", err->text);
    return st;
}

static enum lf_status
parse(const struct lf_schema_text *text, const struct lf_schema_part *parts, size_t count, struct answer *answer,
      struct lf_err *err)
{
    answer->type = text->type;
    answer->ops = lf_payload_ops_of(text->type);
    enum lf_status st = answer->ops->parse(text->text, parts, count, &answer->schema, err);
    return st == LF_OK || st == LF_NO_MEMORY ? st : lf_fail(err, LF_INVALID, "%s", err->text);
}

static void
ask(struct lf_registry *registry, const struct lf_schema_name *name, struct answer *answer)
{
    struct lf_arena arena;
    struct lf_schema_text text;
    struct lf_schema_part *parts = NULL;
    size_t count = 0;
    char words[64];
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = fetch_text(registry, name, &arena, &text, &parts, &count, &answer->err);
    if (st == LF_OK)
        st = parse(&text, parts, count, answer, &answer->err);
    if (st != LF_OK)
        lf_err_context(&answer->err, "schema %s", name_text(name, words));
    answer->status = st;
    lf_arena_release(&arena);
}

/* ---- what the answer changes; the lock is held ---- */

static void
settle(struct lf_known_shelf *shelf)
{
    atomic_fetch_add_explicit(&shelf->answers, 1, memory_order_release);
    pthread_cond_broadcast(&shelf->news);
}

static void
refuse(struct lf_known_shelf *shelf, struct lf_known *known, const struct answer *answer)
{
    known->verdict = answer->status;
    known->due_ms = lf_clock_mono_ms() + VERDICT_MS;
    lf_metric_add(answer->status == LF_NOT_FOUND ? shelf->metrics.missing : shelf->metrics.refused, 1);
    settle(shelf);
}

/* Whether the registry has said it for long enough that there is no such schema. */
static bool
is_missing(struct lf_known *known)
{
    int64_t now = lf_clock_mono_ms();
    if (known->missing_since_ms == 0)
        known->missing_since_ms = now;
    known->due_ms = now + MISSING_AGAIN_MS;
    return now - known->missing_since_ms >= MISSING_MS;
}

static void
take_answer(struct lf_known_shelf *shelf, struct lf_known *known, const struct answer *answer)
{
    bool certain = answer->status == LF_OK || answer->status == LF_NOT_FOUND || answer->status == LF_INVALID;
    shelf->away = !certain;
    lf_metric_set(shelf->metrics.away, !certain);
    if (answer->status != LF_OK)
        keep_words(known, &answer->err);
    if (!certain) {
        lf_metric_add(shelf->metrics.failed, 1);
        known->due_ms = lf_clock_mono_ms() + lf_backoff_next(&known->backoff);
        pthread_cond_broadcast(&shelf->news); /* nobody need wait for it now */
    } else if (answer->status == LF_OK) {
        known->ops = answer->ops;
        known->type = answer->type;
        known->schema = answer->schema;
        lf_metric_add(shelf->metrics.fetched, 1);
        settle(shelf);
    } else if (answer->status == LF_INVALID || is_missing(known)) {
        refuse(shelf, known, answer);
    }
}

/* The wanted schema that is due first; NULL: none is wanted. */
static struct lf_known *
next_wanted(struct lf_known_shelf *shelf)
{
    size_t at = 0;
    struct lf_known *first = NULL;
    const struct lf_map_entry *entry;
    while ((entry = lf_map_next(&shelf->map, &at)) != NULL) {
        struct lf_known *known = entry->value;
        if (is_wanted(known) && (first == NULL || known->due_ms < first->due_ms))
            first = known;
    }
    return first;
}

/* Until something is due, or wanted anew. */
static void
rest(struct lf_known_shelf *shelf, const struct lf_known *next, int64_t now)
{
    int64_t ns = next != NULL ? (next->due_ms - now) * 1000000 : -1;
    (void)lf_cond_wait_ns(&shelf->wanted, &shelf->lock, ns);
}

static void *
run(void *arg)
{
    struct lf_known_shelf *shelf = arg;
    pthread_mutex_lock(&shelf->lock);
    while (!shelf->stop) {
        struct lf_known *next = next_wanted(shelf);
        int64_t now = lf_clock_mono_ms();
        if (next == NULL || next->due_ms > now) {
            rest(shelf, next, now);
            continue;
        }
        struct answer answer = {0};
        pthread_mutex_unlock(&shelf->lock); /* what is wanted is not let go, and its name does not change */
        ask(shelf->registry, &next->name, &answer);
        pthread_mutex_lock(&shelf->lock);
        take_answer(shelf, next, &answer);
    }
    pthread_mutex_unlock(&shelf->lock);
    return NULL;
}

/* ---- opening ---- */

static void
register_metrics(struct shelf_metrics *m)
{
    const char *name = "logfirst_registry_schemas_total";
    const char *help = "Questions for schemas of others, by answer.";
    m->fetched = lf_metrics_counter(name, "answer=\"schema\"", help);
    m->missing = lf_metrics_counter(name, "answer=\"none\"", help);
    m->refused = lf_metrics_counter(name, "answer=\"unreadable\"", help);
    m->failed = lf_metrics_counter(name, "answer=\"failed\"", help);
    m->known = lf_metrics_gauge("logfirst_registry_known_schemas", "", "Schemas of others that are kept.");
    m->away = lf_metrics_gauge("logfirst_registry_away", "", "1 while the registry does not answer.");
}

static bool
init_locks(struct lf_known_shelf *shelf)
{
    if (pthread_mutex_init(&shelf->lock, NULL) != 0)
        return false;
    if (lf_cond_init(&shelf->wanted)) {
        if (lf_cond_init(&shelf->news))
            return true;
        pthread_cond_destroy(&shelf->wanted);
    }
    pthread_mutex_destroy(&shelf->lock);
    return false;
}

static void
destroy(struct lf_known_shelf *shelf)
{
    size_t at = 0;
    const struct lf_map_entry *entry;
    while ((entry = lf_map_next(&shelf->map, &at)) != NULL)
        known_free(entry->value);
    lf_map_release(&shelf->map);
    pthread_cond_destroy(&shelf->news);
    pthread_cond_destroy(&shelf->wanted);
    pthread_mutex_destroy(&shelf->lock);
    lf_free(shelf);
}

enum lf_status
lf_known_open(struct lf_registry *registry, int64_t wait_ms, size_t max, struct lf_known_shelf **ret,
              struct lf_err *err)
{
    struct lf_known_shelf *shelf = lf_calloc(1, sizeof(*shelf));
    if (shelf == NULL)
        return lf_no_memory(err);
    shelf->registry = registry;
    shelf->wait_ms = wait_ms;
    shelf->max = max;
    lf_map_init(&shelf->map);
    register_metrics(&shelf->metrics);
    if (!init_locks(shelf)) {
        lf_free(shelf);
        return lf_fail(err, LF_INTERNAL, "cannot make a lock");
    }
    int rc = pthread_create(&shelf->thread, NULL, run, shelf);
    if (rc != 0) {
        destroy(shelf);
        return lf_fail(err, LF_AGAIN, "cannot start a thread: %s", strerror(rc));
    }
    *ret = shelf;
    return LF_OK;
}

void
lf_known_close(struct lf_known_shelf *shelf)
{
    if (shelf == NULL)
        return;
    pthread_mutex_lock(&shelf->lock);
    shelf->stop = true;
    pthread_cond_broadcast(&shelf->wanted);
    pthread_cond_broadcast(&shelf->news);
    pthread_mutex_unlock(&shelf->lock);
    pthread_join(shelf->thread, NULL);
    destroy(shelf);
}

/* ---- letting go; the lock is held ---- */

static bool
may_go(const struct lf_known *known)
{
    return known->pins == 0 && !is_wanted(known);
}

/* Makes room for one more: what nobody uses and was used longest ago goes. */
static void
make_room(struct lf_known_shelf *shelf)
{
    while (shelf->map.count >= shelf->max) {
        struct lf_known *oldest = NULL;
        size_t at = 0;
        const struct lf_map_entry *entry;
        while ((entry = lf_map_next(&shelf->map, &at)) != NULL) {
            struct lf_known *known = entry->value;
            if (may_go(known) && (oldest == NULL || known->used < oldest->used))
                oldest = known;
        }
        if (oldest == NULL)
            return;
        (void)lf_map_remove(&shelf->map, key_of(&oldest->name));
        known_free(oldest);
    }
}

/* ---- finding ---- */

/* The lock is held. Twice as many as are kept may be in use or wanted; more have to wait. */
static enum lf_status
want(struct lf_known_shelf *shelf, const struct lf_schema_name *name, struct lf_known **ret, struct lf_err *err)
{
    make_room(shelf);
    if (shelf->map.count >= 2 * shelf->max)
        return lf_fail(err, LF_UNAVAILABLE, "more than %zu schemas are in use at once", 2 * shelf->max);
    struct lf_known *known = lf_calloc(1, sizeof(*known));
    if (known == NULL)
        return lf_no_memory(err);
    known->name = *name;
    known->wanted_ms = lf_clock_mono_ms();
    lf_backoff_init(&known->backoff, AGAIN_MIN_MS, AGAIN_MAX_MS);
    if (lf_map_add(&shelf->map, key_of(&known->name), known) != LF_OK) {
        lf_free(known);
        return lf_no_memory(err);
    }
    lf_metric_set(shelf->metrics.known, (int64_t)shelf->map.count);
    pthread_cond_signal(&shelf->wanted);
    *ret = known;
    return LF_OK;
}

/* A verdict that has become old is none any more. The lock is held. */
static void
doubt_old(struct lf_known_shelf *shelf, struct lf_known *known)
{
    int64_t now = lf_clock_mono_ms();
    if (known->verdict == LF_OK || now < known->due_ms)
        return;
    known->verdict = LF_OK;
    known->wanted_ms = now;
    known->missing_since_ms = 0;
    lf_backoff_reset(&known->backoff);
    pthread_cond_signal(&shelf->wanted);
}

/* Waits a little for a schema that has not been wanted for long. The lock is held, but for the wait. */
static void
await(struct lf_known_shelf *shelf, struct lf_known *known)
{
    int64_t left = known->wanted_ms + shelf->wait_ms - lf_clock_mono_ms();
    if (left <= 0)
        return;
    const struct timespec until = lf_deadline(left * 1000000);
    known->pins++; /* it must be there afterwards */
    while (is_wanted(known) && !shelf->stop && !shelf->away && lf_cond_wait_until(&shelf->news, &shelf->lock, &until))
        ;
    known->pins--;
}

/* NULL: out of memory. */
static struct lf_payload_pin *
pin(struct lf_payload_pins *pins, struct lf_known *known)
{
    if (pins->count == pins->cap) {
        size_t cap = pins->cap != 0 ? 2 * pins->cap : 16;
        struct lf_payload_pin *grown = lf_realloc(pins->items, cap * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        pins->items = grown;
        pins->cap = cap;
    }
    known->pins++;
    pins->items[pins->count] = (struct lf_payload_pin){.known = known};
    return &pins->items[pins->count++];
}

/* The lock is held. */
static enum lf_status
judge(struct lf_known_shelf *shelf, struct lf_known *known, struct lf_payload_pins *pins, struct lf_payload_pin **ret,
      struct lf_err *err)
{
    char words[64];
    known->used = ++shelf->uses;
    if (is_wanted(known))
        return lf_fail(err, LF_UNAVAILABLE, "%s%s", known->why != NULL ? "" : "the registry has not answered yet for ",
                       known->why != NULL ? known->why : name_text(&known->name, words));
    if (known->verdict != LF_OK)
        return lf_fail(err, known->verdict, "%s", known->why != NULL ? known->why : lf_status_text(known->verdict));
    *ret = pin(pins, known);
    return *ret != NULL ? LF_OK : lf_no_memory(err);
}

static struct lf_payload_pin *
find_pinned(const struct lf_payload_pins *pins, const struct lf_schema_name *name)
{
    for (size_t i = pins->count; i > 0; i--) {
        if (memcmp(&pins->items[i - 1].known->name, name, sizeof(*name)) == 0)
            return &pins->items[i - 1];
    }
    return NULL;
}

enum lf_status
lf_known_find(struct lf_known_shelf *shelf, struct lf_payload_pins *pins, const struct lf_schema_name *name,
              struct lf_payload_pin **ret, struct lf_err *err)
{
    struct lf_payload_pin *pinned = find_pinned(pins, name);
    if (pinned != NULL) {
        *ret = pinned;
        return LF_OK;
    }
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&shelf->lock);
    struct lf_known *known = lf_map_get(&shelf->map, key_of(name));
    if (known == NULL)
        st = want(shelf, name, &known, err);
    else
        doubt_old(shelf, known);
    if (st == LF_OK && is_wanted(known))
        await(shelf, known);
    if (st == LF_OK)
        st = judge(shelf, known, pins, ret, err);
    pthread_mutex_unlock(&shelf->lock);
    return st;
}

/* The lock is held. */
static enum lf_status
make_view(struct lf_known *known, const void *reader, const void **ret, struct lf_err *err)
{
    struct lf_known_view *view = lf_calloc(1, sizeof(*view));
    if (view == NULL)
        return lf_no_memory(err);
    enum lf_status st = known->ops->view_new(known->schema, reader, &view->view, err);
    if (st != LF_OK) {
        lf_free(view);
        return st;
    }
    view->reader = reader;
    view->next = known->views;
    known->views = view;
    *ret = view->view;
    return LF_OK;
}

enum lf_status
lf_known_view(struct lf_known_shelf *shelf, struct lf_payload_pin *pin, const void *reader, struct lf_err *err)
{
    if (pin->view != NULL && pin->reader == reader)
        return LF_OK;
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&shelf->lock);
    const struct lf_known_view *view = pin->known->views;
    while (view != NULL && view->reader != reader)
        view = view->next;
    if (view != NULL)
        pin->view = view->view;
    else
        st = make_view(pin->known, reader, &pin->view, err);
    pthread_mutex_unlock(&shelf->lock);
    pin->reader = reader;
    return st;
}

void
lf_known_unpin(struct lf_known_shelf *shelf, struct lf_payload_pins *pins)
{
    pthread_mutex_lock(&shelf->lock);
    for (size_t i = 0; i < pins->count; i++)
        pins->items[i].known->pins--;
    pins->count = 0;
    pthread_mutex_unlock(&shelf->lock);
}

uint64_t
lf_known_answers(const struct lf_known_shelf *shelf)
{
    return atomic_load_explicit(&shelf->answers, memory_order_acquire);
}
