/*
 * Events per second through the store's interface into SQLite, beside a bare SQLite loop that writes the same rows with
 * prepared statements: batches of 1, 100, 1,000 and 5,000 events, each an event row, an entity upsert, and a position a
 * batch, in one transaction. Both use a file of their own in the same folder, in turns, three rounds, medians.
 *
 *   store_bench [BATCH [EVENTS [FOLDER]]]      prints two lines a batch size and kind of id; the ratio is what counts.
 *                                              BATCH 0: all four; FOLDER: below TMPDIR or /tmp
 */
#include "base/clock.h"
#include "base/mem.h"
#include "json/json.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUSTOMERS = 10000, BATCH_MAX = 5000, ROUNDS = 3 };

static _Noreturn void
die(const char *what, const char *why)
{
    fprintf(stderr, "store_bench: %s: %s\n", what, why);
    exit(1);
}

static void
must(enum lf_status st, const struct lf_err *err, const char *what)
{
    if (st != LF_OK)
        die(what, err->text);
}

static void
must_sqlite(sqlite3 *db, int rc, const char *what)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        die(what, sqlite3_errmsg(db));
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

struct item {
    char id[40];
    char customer[16];
    char payload[64];
    double amount;
};

static uint64_t seed = 1;

static unsigned long long
next_random(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed >> 20;
}

static void
make_item(struct item *item, int64_t n, bool random_id)
{
    unsigned long long high = random_id ? next_random() : (unsigned long long)n;
    snprintf(item->id, sizeof(item->id), "%08llx-%04llx-7%03llx-8%03llx-%012llx", high >> 12 & 0xffffffff,
             high & 0xffff, next_random() & 0xfff, next_random() & 0xfff, next_random() & 0xffffffffffff);
    snprintf(item->customer, sizeof(item->customer), "customer-%llu", (unsigned long long)(next_random() % CUSTOMERS));
    item->amount = (double)(next_random() % 100000) / 100;
    snprintf(item->payload, sizeof(item->payload), "{\"amount\":%.2f,\"customerId\":\"%s\"}", item->amount,
             item->customer);
}

static const char headers_json[] =
    "{\"ce_specversion\":\"1.0\",\"ce_id\":\"00000000-0000-7000-8000-000000000000\",\"ce_source\":\"/logfirst\","
    "\"ce_type\":\"QuoteCreated\",\"ce_time\":\"2026-11-24T08:46:34.123456Z\",\"content-type\":\"application/json\"}";
static const struct lf_header headers[] = {
    {{"ce_specversion", 14}, {"1.0", 3}},
    {{"ce_id", 5}, {"00000000-0000-7000-8000-000000000000", 36}},
    {{"ce_source", 9}, {"/logfirst", 9}},
    {{"ce_type", 7}, {"QuoteCreated", 12}},
    {{"ce_time", 7}, {"2026-11-24T08:46:34.123456Z", 27}},
    {{"content-type", 12}, {"application/json", 16}},
};

/* ---- the bare loop ---- */

struct bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *event, *state, *position;
};

static void
bare_open(struct bare *bare, const char *path)
{
    must_sqlite(NULL, sqlite3_open(path, &bare->db), path);
    must_sqlite(bare->db,
                sqlite3_exec(bare->db, "PRAGMA synchronous = FULL; PRAGMA cache_size = -8192", NULL, NULL, NULL),
                "settings");
    static const char *const sql[] = {
        "BEGIN IMMEDIATE",
        "COMMIT",
        "INSERT INTO event_store (event_id, event_type, entity_type, entity_key, payload, headers, topic,"
        " log_partition, log_offset, occurred_at, stored_at, message_key, extra)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        "INSERT INTO quotes (customer_id, amount) VALUES (?, ?)"
        " ON CONFLICT (customer_id) DO UPDATE SET amount = excluded.amount",
        "INSERT INTO log_positions (consumer_group, topic, log_partition, next_offset) VALUES ('g', 'business-events',"
        " 0, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset",
    };
    sqlite3_stmt **const stmts[] = {&bare->begin, &bare->commit, &bare->event, &bare->state, &bare->position};
    for (size_t i = 0; i < 5; i++)
        must_sqlite(bare->db, sqlite3_prepare_v2(bare->db, sql[i], -1, stmts[i], NULL), sql[i]);
}

static void
bare_close(struct bare *bare)
{
    sqlite3_finalize(bare->begin);
    sqlite3_finalize(bare->commit);
    sqlite3_finalize(bare->event);
    sqlite3_finalize(bare->state);
    sqlite3_finalize(bare->position);
    sqlite3_close(bare->db);
}

static void
bare_step(struct bare *bare, sqlite3_stmt *stmt)
{
    must_sqlite(bare->db, sqlite3_step(stmt), sqlite3_sql(stmt));
    sqlite3_reset(stmt);
}

static void
bare_event(struct bare *bare, const struct item *item, int64_t offset)
{
    const char *texts[] = {item->id,      "QuoteCreated", "Quote",          item->customer,
                           item->payload, headers_json,   "business-events"};
    for (int i = 0; i < 7; i++)
        sqlite3_bind_text(bare->event, i + 1, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(bare->event, 8, 0);
    sqlite3_bind_int64(bare->event, 9, offset);
    sqlite3_bind_text(bare->event, 10, "2026-11-24T08:46:34.123456Z", -1, SQLITE_STATIC);
    sqlite3_bind_text(bare->event, 11, "2026-11-24T08:46:34.123456Z", -1, SQLITE_STATIC);
    sqlite3_bind_text(bare->event, 12, item->customer, -1, SQLITE_STATIC);
    sqlite3_bind_null(bare->event, 13);
    bare_step(bare, bare->event);
}

static void
bare_batch(struct bare *bare, const struct item *items, size_t count, int64_t offset)
{
    bare_step(bare, bare->begin);
    for (size_t i = 0; i < count; i++)
        bare_event(bare, &items[i], offset + (int64_t)i);
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_text(bare->state, 1, items[i].customer, -1, SQLITE_STATIC);
        sqlite3_bind_double(bare->state, 2, items[i].amount);
        bare_step(bare, bare->state);
    }
    sqlite3_bind_int64(bare->position, 1, offset + (int64_t)count);
    bare_step(bare, bare->position);
    bare_step(bare, bare->commit);
}

/* ---- the store's interface ---- */

struct ours {
    struct lf_store *store;
    struct lf_store_session *session;
    struct lf_arena arena; /* one batch */
};

static void
ours_open(struct ours *ours, const char *path)
{
    char url[600];
    struct lf_err err = {0};
    snprintf(url, sizeof(url), "sqlite:%s", path);
    struct lf_store_options options = {.url = url, .model = &model};
    must(lf_store_open(&options, &ours->store, &err), &err, path);
    must(lf_store_session_open(ours->store, true, &ours->session, &err), &err, path);
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
make_batch(struct ours *ours, struct batch *batch, const struct item *items, size_t count, int64_t offset)
{
    struct lf_arena *arena = &ours->arena;
    struct lf_err err = {0};
    batch->events = LF_ARENA_ARRAY(arena, struct lf_event, count);
    batch->pointers = LF_ARENA_ARRAY(arena, const struct lf_event *, count);
    batch->outcomes = LF_ARENA_ARRAY(arena, enum lf_append_outcome, count);
    batch->keys = LF_ARENA_ARRAY(arena, struct lf_bytes, count);
    batch->states = LF_ARENA_ARRAY(arena, struct lf_value, count);
    batch->changes = LF_ARENA_ARRAY(arena, struct lf_state_change, count);
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
        batch->keys[i] = event->entity_key;
        struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, 2);
        members[0] = (struct lf_member){fields[0].name, lf_value_string(event->entity_key)};
        members[1] = (struct lf_member){fields[1].name, lf_value_float(items[i].amount)};
        batch->changes[i] = (struct lf_state_change){
            .key = event->entity_key, .state = lf_value_object(members, 2), .place = event->place};
    }
}

static void
ours_batch(struct ours *ours, struct batch *batch, size_t count, int64_t offset)
{
    struct lf_err err = {0};
    struct lf_store_session *session = ours->session;
    struct lf_bytes group = LF_LIT("g"), topic = LF_LIT("business-events");
    must(lf_store_begin(session, &err), &err, "begin");
    must(lf_store_append(session, batch->pointers, count, batch->outcomes, &err), &err, "append");
    must(lf_store_load(session, &quote, batch->keys, count, &ours->arena, batch->states, &err), &err, "load");
    must(lf_store_save(session, &quote, batch->changes, count, &err), &err, "save");
    must(lf_store_advance(session, group, topic, 0, offset == 0 ? -1 : offset, offset + (int64_t)count, &err), &err,
         "advance");
    must(lf_store_commit(session, &err), &err, "commit");
}

/* ---- measuring ---- */

static void
remove_store(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[600];
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

/* Events a second; only what the store does counts. */
static double
measure(const char *path, bool bare_loop, bool random_ids, int64_t total, size_t batch_size)
{
    static struct item items[BATCH_MAX];
    struct ours ours = {0};
    struct bare bare = {0};
    int64_t busy_ns = 0;
    remove_store(path);
    seed = 1;
    ours_open(&ours, path); /* makes the tables for both */
    if (bare_loop) {
        ours_close(&ours);
        bare_open(&bare, path);
    }
    for (int64_t offset = 0; offset < total; offset += (int64_t)batch_size) {
        struct batch batch = {0};
        for (size_t i = 0; i < batch_size; i++)
            make_item(&items[i], offset + (int64_t)i, random_ids);
        if (!bare_loop) {
            lf_arena_reset(&ours.arena);
            make_batch(&ours, &batch, items, batch_size, offset);
        }
        int64_t start = lf_clock_mono_ns();
        if (bare_loop)
            bare_batch(&bare, items, batch_size, offset);
        else
            ours_batch(&ours, &batch, batch_size, offset);
        busy_ns += lf_clock_mono_ns() - start;
    }
    if (bare_loop)
        bare_close(&bare);
    else
        ours_close(&ours);
    remove_store(path);
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
compare(const char *path, bool random_ids, int64_t events, size_t batch_size)
{
    double bare[ROUNDS], ours[ROUNDS];
    events -= events % (int64_t)batch_size;
    for (int round = 0; round < ROUNDS; round++) {
        bare[round] = measure(path, true, random_ids, events, batch_size);
        ours[round] = measure(path, false, random_ids, events, batch_size);
    }
    double bare_median = median(bare), ours_median = median(ours);
    const char *ids = random_ids ? "/random-ids" : "";
    printf("bare%-12s %5zu %8.0f\n", ids, batch_size, bare_median);
    printf("store%-11s %5zu %8.0f %5.2f\n", ids, batch_size, ours_median, ours_median / bare_median);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static const size_t sizes[] = {1, 100, 1000, 5000};
    size_t only = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    int64_t total = argc > 2 ? strtoll(argv[2], NULL, 10) : 100000;
    const char *base = argc > 3 ? argv[3] : getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    char folder[512], path[600];
    if (only > BATCH_MAX || total < BATCH_MAX)
        die("usage", "store_bench [BATCH [EVENTS [FOLDER]]], BATCH at most and EVENTS at least 5,000");
    snprintf(folder, sizeof(folder), "%s/store_bench-XXXXXX", base);
    if (mkdtemp(folder) == NULL)
        die(folder, "cannot be made");
    snprintf(path, sizeof(path), "%s/store.db", folder);
    printf("%-16s %5s %8s %5s\n", "loop", "batch", "events/s", "ratio");
    for (int random_ids = 0; random_ids < 2; random_ids++) {
        for (size_t i = 0; i < 4; i++) {
            int64_t events = sizes[i] == 1 && only == 0 ? total / 20 : total;
            if (only == 0)
                compare(path, random_ids != 0, events, sizes[i]);
        }
        if (only != 0)
            compare(path, random_ids != 0, total, only);
    }
    rmdir(folder);
    return 0;
}
