/* The bare loop on SQLite: prepared statements, a row at a time. */
#include "store_bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
must_sqlite(sqlite3 *db, int rc, const char *what)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        bench_die(what, sqlite3_errmsg(db));
}

struct bench_bare {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *event, *state, *position;
};

static struct bench_bare *
bare_open(const char *path)
{
    static struct bench_bare the_bare;
    struct bench_bare *bare = &the_bare;
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
    return bare;
}

static void
bare_close(struct bench_bare *bare)
{
    sqlite3_finalize(bare->begin);
    sqlite3_finalize(bare->commit);
    sqlite3_finalize(bare->event);
    sqlite3_finalize(bare->state);
    sqlite3_finalize(bare->position);
    sqlite3_close(bare->db);
}

static void
bare_step(struct bench_bare *bare, sqlite3_stmt *stmt)
{
    must_sqlite(bare->db, sqlite3_step(stmt), sqlite3_sql(stmt));
    sqlite3_reset(stmt);
}

static void
bare_event(struct bench_bare *bare, const struct bench_item *item, int64_t offset)
{
    static const char headers[] = BENCH_HEADERS;
    const char *texts[] = {item->id,      "QuoteCreated", "Quote",          item->customer,
                           item->payload, headers,        "business-events"};
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
bare_batch(struct bench_bare *bare, const struct bench_batch *batch, int64_t offset)
{
    bare_step(bare, bare->begin);
    for (size_t i = 0; i < batch->count; i++)
        bare_event(bare, &batch->items[i], offset + (int64_t)i);
    for (size_t i = 0; i < batch->state_count; i++) {
        sqlite3_bind_text(bare->state, 1, batch->states[i]->customer, -1, SQLITE_STATIC);
        sqlite3_bind_double(bare->state, 2, batch->states[i]->amount);
        bare_step(bare, bare->state);
    }
    sqlite3_bind_int64(bare->position, 1, offset + (int64_t)batch->count);
    bare_step(bare, bare->position);
    bare_step(bare, bare->commit);
}

static void
reset(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[600];
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

const struct bench_bare_ops bench_bare_sqlite = {
    .open = bare_open, .batch = bare_batch, .close = bare_close, .reset = reset};
