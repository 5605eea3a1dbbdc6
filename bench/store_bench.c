/*
 * Events per second through the store's interface, beside a bare loop that writes the same rows with the database's own
 * library: batches of 1, 100, 1,000 and 5,000 events, each an event row, an upsert of the entities that changed, and a
 * position a batch, in one transaction. Both have tables of their own, in turns, three rounds, medians.
 *
 *   store_bench [BATCH [EVENTS [WHERE [ordered]]]]
 *
 * prints two lines a batch size and kind of id; the ratio is what counts. BATCH 0: all four; WHERE: a folder for SQLite
 * (else TMPDIR or /tmp), or the URL of a PostgreSQL server, whose schema "bench" is dropped, or that of a MongoDB
 * server without a database; its database "bench" is dropped. ordered: no random ids.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "json/json.h"
#include "store/store.h"
#include "store_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUSTOMERS = 10000, ROUNDS = 3 };

_Noreturn void
bench_die(const char *what, const char *why)
{
    fprintf(stderr, "store_bench: %s: %s\n", what, why);
    exit(1);
}

static void
must(enum lf_status st, const struct lf_err *err, const char *what)
{
    if (st != LF_OK)
        bench_die(what, err->text);
}

/* ---- the model, as "quotes" compiles to ---- */

static struct lf_field fields[] = {
    {.name = {"customerId", 10}, .column = {"customer_id", 11}, .type = LF_T_ID, .non_null = true},
    {.name = {"amount", 6}, .column = {"amount", 6}, .type = LF_T_FLOAT, .non_null = true},
};
static struct lf_entity quote = {
    .name = {"Quote", 5}, .collection = {"quotes", 6}, .single = {"quote", 5}, .fields = fields, .field_count = 2};
static const struct lf_event_type created = {.name = {"QuoteCreated", 12}, .entity = &quote};
static const struct lf_model model = {.entities = &quote, .entity_count = 1};

/* ---- what is written ---- */

static uint64_t seed = 1;

static unsigned long long
next_random(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed >> 20;
}

static void
make_item(struct bench_item *item, int64_t n, bool random_id)
{
    unsigned long long high = random_id ? next_random() : (unsigned long long)n;
    snprintf(item->id, sizeof(item->id), "%08llx-%04llx-7%03llx-8%03llx-%012llx", high >> 12 & 0xffffffff,
             high & 0xffff, next_random() & 0xfff, next_random() & 0xfff, next_random() & 0xffffffffffff);
    item->customer_number = (unsigned)(next_random() % CUSTOMERS);
    snprintf(item->customer, sizeof(item->customer), "customer-%u", item->customer_number);
    item->amount = (double)(next_random() % 100000) / 100;
    snprintf(item->payload, sizeof(item->payload), "{\"amount\":%.2f,\"customerId\":\"%s\"}", item->amount,
             item->customer);
}

static const struct lf_header headers[] = {
    {{"ce_specversion", 14}, {"1.0", 3}},
    {{"ce_id", 5}, {"00000000-0000-7000-8000-000000000000", 36}},
    {{"ce_source", 9}, {"/logfirst", 9}},
    {{"ce_type", 7}, {"QuoteCreated", 12}},
    {{"ce_time", 7}, {"2026-11-24T08:46:34.123456Z", 27}},
    {{"content-type", 12}, {"application/json", 16}},
};

/* ---- the store's interface ---- */

struct ours {
    struct lf_store *store;
    struct lf_store_session *session;
    struct lf_arena arena; /* one batch */
};

static void
ours_open(struct ours *ours, const char *url)
{
    struct lf_err err = {0};
    struct lf_store_options options = {.url = url, .model = &model};
    must(lf_store_open(&options, &ours->store, &err), &err, url);
    must(lf_store_session_open(ours->store, true, &ours->session, &err), &err, url);
    lf_arena_init(&ours->arena, 1024 * 1024, 0);
}

static void
ours_close(struct ours *ours)
{
    lf_store_session_close(ours->session);
    lf_store_close(ours->store);
    lf_arena_release(&ours->arena);
}

/* The batch as a consumer has it after decoding: values in an arena. Not part of the time measured. */
struct batch {
    struct lf_event *events;
    const struct lf_event **pointers;
    enum lf_append_outcome *outcomes;
    struct lf_bytes *keys;
    struct lf_value *states;
    struct lf_state_change *changes;
};

static void
make_events(struct ours *ours, struct batch *batch, const struct bench_batch *rows, int64_t offset)
{
    struct lf_arena *arena = &ours->arena;
    struct lf_err err = {0};
    const struct bench_item *items = rows->items;
    size_t count = rows->count;
    batch->events = LF_ARENA_ARRAY(arena, struct lf_event, count);
    batch->pointers = LF_ARENA_ARRAY(arena, const struct lf_event *, count);
    batch->outcomes = LF_ARENA_ARRAY(arena, enum lf_append_outcome, count);
    for (size_t i = 0; i < count; i++) {
        struct lf_event *event = &batch->events[i];
        batch->pointers[i] = event;
        *event = (struct lf_event){
            .id = lf_bytes_of(items[i].id),
            .type_name = created.name,
            .type = &created,
            .key = lf_bytes_of(items[i].customer),
            .entity_key = lf_bytes_of(items[i].customer),
            .time_us = 1795510000000000 + offset * 10 + (int64_t)i,
            .headers = headers,
            .header_count = sizeof(headers) / sizeof(headers[0]),
            .place = {.topic = LF_LIT("business-events"), .partition = 0, .offset = offset + (int64_t)i},
        };
        must(lf_json_parse(arena, lf_bytes_of(items[i].payload), &event->payload, &err), &err, "payload");
    }
}

static void
make_states(struct ours *ours, struct batch *batch, const struct bench_batch *rows)
{
    struct lf_arena *arena = &ours->arena;
    size_t count = rows->state_count;
    batch->keys = LF_ARENA_ARRAY(arena, struct lf_bytes, count);
    batch->states = LF_ARENA_ARRAY(arena, struct lf_value, count);
    batch->changes = LF_ARENA_ARRAY(arena, struct lf_state_change, count);
    for (size_t i = 0; i < count; i++) {
        batch->keys[i] = lf_bytes_of(rows->states[i]->customer);
        struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, 2);
        members[0] = (struct lf_member){fields[0].name, lf_value_string(batch->keys[i])};
        members[1] = (struct lf_member){fields[1].name, lf_value_float(rows->states[i]->amount)};
        batch->changes[i] = (struct lf_state_change){.key = batch->keys[i], .state = lf_value_object(members, 2)};
    }
}

static void
ours_batch(struct ours *ours, struct batch *batch, const struct bench_batch *rows, int64_t offset)
{
    struct lf_err err = {0};
    struct lf_store_session *session = ours->session;
    struct lf_bytes group = LF_LIT("g"), topic = LF_LIT("business-events");
    must(lf_store_begin(session, &err), &err, "begin");
    must(lf_store_append(session, batch->pointers, rows->count, batch->outcomes, &err), &err, "append");
    must(lf_store_load(session, &quote, batch->keys, rows->state_count, &ours->arena, batch->states, &err), &err,
         "load");
    must(lf_store_save(session, &quote, batch->changes, rows->state_count, &err), &err, "save");
    must(lf_store_advance(session, group, topic, 0, offset == 0 ? -1 : offset, offset + (int64_t)rows->count, &err),
         &err, "advance");
    must(lf_store_commit(session, &err), &err, "commit");
}

/* ---- measuring ---- */

/* A store to measure: its URL, and where the bare loop finds the same. */
struct place {
    const struct bench_bare_ops *bare;
    const char *url;
    const char *where;
    int kinds; /* of ids: 1 in the order of time, 2 random ones as well */
};

/* A batch of new items, and the states after them. */
static void
make_rows(struct bench_batch *rows, size_t count, int64_t offset, bool random_ids)
{
    static const struct bench_item *last[CUSTOMERS];
    memset(last, 0, sizeof(last));
    rows->count = count;
    rows->state_count = 0;
    for (size_t i = 0; i < count; i++) {
        make_item(&rows->items[i], offset + (int64_t)i, random_ids);
        last[rows->items[i].customer_number] = &rows->items[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (last[rows->items[i].customer_number] == &rows->items[i])
            rows->states[rows->state_count++] = &rows->items[i];
    }
}

/* Events a second; only what the store does counts. */
static double
measure(const struct place *place, bool bare_loop, bool random_ids, int64_t total, size_t batch_size)
{
    static struct bench_batch rows;
    struct ours ours = {0};
    struct bench_bare *bare = NULL;
    int64_t busy_ns = 0;
    place->bare->reset(place->where);
    seed = 1;
    ours_open(&ours, place->url); /* makes the tables for both */
    if (bare_loop) {
        ours_close(&ours);
        bare = place->bare->open(place->where);
    }
    for (int64_t offset = 0; offset < total; offset += (int64_t)batch_size) {
        struct batch batch = {0};
        make_rows(&rows, batch_size, offset, random_ids);
        if (!bare_loop) {
            lf_arena_reset(&ours.arena);
            make_events(&ours, &batch, &rows, offset);
            make_states(&ours, &batch, &rows);
        }
        int64_t start = lf_clock_mono_ns();
        if (bare_loop)
            place->bare->batch(bare, &rows, offset);
        else
            ours_batch(&ours, &batch, &rows, offset);
        busy_ns += lf_clock_mono_ns() - start;
    }
    if (bare_loop)
        place->bare->close(bare);
    else
        ours_close(&ours);
    place->bare->reset(place->where);
    return (double)total * 1e9 / (double)busy_ns;
}

static double
median(double *values)
{
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = i + 1; k < ROUNDS; k++) {
            double low = values[i] < values[k] ? values[i] : values[k];
            values[k] = values[i] + values[k] - low;
            values[i] = low;
        }
    }
    return values[ROUNDS / 2];
}

/* One line: both, in turns. */
static void
compare(const struct place *place, bool random_ids, int64_t events, size_t batch_size)
{
    double bare[ROUNDS], ours[ROUNDS];
    events -= events % (int64_t)batch_size;
    for (int round = 0; round < ROUNDS; round++) {
        bare[round] = measure(place, true, random_ids, events, batch_size);
        ours[round] = measure(place, false, random_ids, events, batch_size);
    }
    double bare_median = median(bare), ours_median = median(ours);
    const char *ids = random_ids ? "/random-ids" : "";
    printf("bare%-12s %5zu %8.0f\n", ids, batch_size, bare_median);
    printf("store%-11s %5zu %8.0f %5.2f\n", ids, batch_size, ours_median, ours_median / bare_median);
    fflush(stdout);
}

static void
compare_all(const struct place *place, size_t only, int64_t total)
{
    static const size_t sizes[] = {1, 100, 1000, 5000};
    printf("%-16s %5s %8s %5s\n", "loop", "batch", "events/s", "ratio");
    for (int random_ids = 0; random_ids < place->kinds; random_ids++) {
        for (size_t i = 0; i < 4; i++) {
            int64_t events = sizes[i] == 1 && only == 0 ? total / 20 : total;
            if (only == 0)
                compare(place, random_ids != 0, events, sizes[i]);
        }
        if (only != 0)
            compare(place, random_ids != 0, total, only);
    }
}

/* A store in a folder of its own below base. */
static void
compare_sqlite(const char *base, size_t only, int64_t total, int kinds)
{
    char folder[512], url[600];
    snprintf(folder, sizeof(folder), "%s/store_bench-XXXXXX", base);
    if (mkdtemp(folder) == NULL)
        bench_die(folder, "cannot be made");
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    struct place place = {&bench_bare_sqlite, url, url + strlen("sqlite:"), kinds};
    compare_all(&place, only, total);
    rmdir(folder);
}

static void
compare_postgres(const char *where, size_t only, int64_t total, int kinds)
{
    char url[600];
    snprintf(url, sizeof(url), "%s%cschema=bench", where, strchr(where, '?') != NULL ? '&' : '?');
    struct place place = {&bench_bare_postgres, url, where, kinds};
    compare_all(&place, only, total);
}

static void
compare_mongodb(const char *where, size_t only, int64_t total, int kinds)
{
    char url[600];
    snprintf(url, sizeof(url), "%s%sbench", where, where[strlen(where) - 1] == '/' ? "" : "/");
    struct place place = {&bench_bare_mongodb, url, where, kinds};
    compare_all(&place, only, total);
}

int
main(int argc, char **argv)
{
    size_t only = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    int64_t total = argc > 2 ? strtoll(argv[2], NULL, 10) : 100000;
    const char *temporary = getenv("TMPDIR");
    const char *where = argc > 3 ? argv[3] : temporary != NULL ? temporary : "/tmp";
    int kinds = argc > 4 && strcmp(argv[4], "ordered") == 0 ? 1 : 2;
    if (only > BENCH_BATCH_MAX || total < (int64_t)(only != 0 ? only : BENCH_BATCH_MAX))
        bench_die("usage", "store_bench [BATCH [EVENTS [WHERE [ordered]]]], BATCH <= 5,000, EVENTS >= BATCH");
    if (strncmp(where, "postgres", strlen("postgres")) == 0)
        compare_postgres(where, only, total, kinds);
    else if (strncmp(where, "mongodb", strlen("mongodb")) == 0)
        compare_mongodb(where, only, total, kinds);
    else
        compare_sqlite(where, only, total, kinds);
    return 0;
}
