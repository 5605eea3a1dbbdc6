/* The bare loop on PostgreSQL: prepared statements with binary arrays, one insert and one upsert a batch. */
#include "store_bench.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = 13,
    TEXT = 25,
    INT4 = 23,
    INT8 = 20,
    FLOAT8 = 701,
    TIMESTAMPTZ = 1184,
    BYTEA = 17,
    JSON = 114,
    JSONB = 3802
};
enum { ARRAY_BYTES_MAX = BENCH_BATCH_MAX * 512 };

struct array {
    char *bytes;
    size_t len;
};

struct bench_bare {
    PGconn *conn;
    struct array arrays[COLUMNS];
};

static void
must(struct bench_bare *bare, PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        bench_die(what, PQerrorMessage(bare->conn));
    PQclear(result);
}

static void
put_32(struct array *array, uint32_t value)
{
    value = htobe32(value);
    memcpy(array->bytes + array->len, &value, sizeof(value));
    array->len += sizeof(value);
}

static void
put_64(struct array *array, uint64_t value)
{
    value = htobe64(value);
    put_32(array, sizeof(value));
    memcpy(array->bytes + array->len, &value, sizeof(value));
    array->len += sizeof(value);
}

static void
put_text(struct array *array, const char *text)
{
    size_t len = strlen(text);
    put_32(array, (uint32_t)len);
    memcpy(array->bytes + array->len, text, len);
    array->len += len;
}

static struct array *
begin(struct bench_bare *bare, size_t column, uint32_t type, size_t items, uint32_t has_nulls)
{
    struct array *array = &bare->arrays[column];
    array->len = 0;
    put_32(array, 1);
    put_32(array, has_nulls);
    put_32(array, type);
    put_32(array, (uint32_t)items);
    put_32(array, 1);
    return array;
}

static void
exec(struct bench_bare *bare, const char *statement, size_t columns)
{
    const char *values[COLUMNS];
    int lengths[COLUMNS], formats[COLUMNS];
    for (size_t i = 0; i < columns; i++) {
        values[i] = bare->arrays[i].bytes;
        lengths[i] = (int)bare->arrays[i].len;
        formats[i] = 1;
    }
    must(bare, PQexecPrepared(bare->conn, statement, (int)columns, values, lengths, formats, 1), statement);
}

static struct bench_bare *
bare_open(const char *url)
{
    static struct bench_bare bare;
    static const char *const statements[][2] = {
        {"events", "INSERT INTO bench.event_store (event_id, event_type, entity_type, entity_key, payload, headers,"
                   " topic, log_partition, log_offset, occurred_at, stored_at, message_key, extra)"
                   " SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),"
                   " unnest($5::jsonb[]), unnest($6::json[]), unnest($7::text[]), unnest($8::integer[]),"
                   " unnest($9::bigint[]), unnest($10::timestamptz[]), unnest($11::timestamptz[]),"
                   " unnest($12::bytea[]), unnest($13::json[]) ON CONFLICT DO NOTHING"},
        {"states", "INSERT INTO bench.quotes (customer_id, amount) SELECT unnest($1::text[]),"
                   " unnest($2::double precision[]) ON CONFLICT (customer_id) DO UPDATE SET amount = excluded.amount"},
        {"position", "INSERT INTO bench.log_positions VALUES ('g', 'business-events', 0, $1)"
                     " ON CONFLICT (consumer_group, topic, log_partition) DO UPDATE SET next_offset ="
                     " excluded.next_offset"},
    };
    bare.conn = PQconnectdb(url);
    for (size_t i = 0; i < 3; i++)
        must(&bare, PQprepare(bare.conn, statements[i][0], statements[i][1], 0, NULL), statements[i][0]);
    for (size_t i = 0; i < COLUMNS; i++) {
        bare.arrays[i].bytes = malloc(ARRAY_BYTES_MAX);
        if (bare.arrays[i].bytes == NULL)
            bench_die("memory", "there is too little");
    }
    return &bare;
}

static void
add_texts(struct bench_bare *bare, const struct bench_batch *batch)
{
    static const struct {
        size_t column;
        const char *text;
    } constants[] = {{1, "QuoteCreated"}, {2, "Quote"}, {5, BENCH_HEADERS}, {6, "business-events"}};
    for (size_t k = 0; k < sizeof(constants) / sizeof(constants[0]); k++) {
        struct array *array =
            begin(bare, constants[k].column, constants[k].text[0] == '{' ? JSON : TEXT, batch->count, 0);
        for (size_t i = 0; i < batch->count; i++)
            put_text(array, constants[k].text);
    }
    struct array *ids = begin(bare, 0, TEXT, batch->count, 0), *keys = begin(bare, 3, TEXT, batch->count, 0);
    struct array *payloads = begin(bare, 4, JSONB, batch->count, 0);
    struct array *message_keys = begin(bare, 11, BYTEA, batch->count, 0);
    for (size_t i = 0; i < batch->count; i++) {
        char payload[80];
        snprintf(payload, sizeof(payload), "\1%s", batch->items[i].payload);
        put_text(ids, batch->items[i].id);
        put_text(keys, batch->items[i].customer);
        put_text(payloads, payload);
        put_text(message_keys, batch->items[i].customer);
    }
}

static void
add_numbers(struct bench_bare *bare, const struct bench_batch *batch, int64_t offset)
{
    struct array *partitions = begin(bare, 7, INT4, batch->count, 0), *offsets = begin(bare, 8, INT8, batch->count, 0);
    struct array *times = begin(bare, 9, TIMESTAMPTZ, batch->count, 0);
    struct array *stored = begin(bare, 10, TIMESTAMPTZ, batch->count, 0);
    struct array *extras = begin(bare, 12, JSON, batch->count, 1);
    for (size_t i = 0; i < batch->count; i++) {
        put_32(partitions, 4);
        put_32(partitions, 0);
        put_64(offsets, (uint64_t)offset + i);
        put_64(times, UINT64_C(849000000000000) + (uint64_t)offset + i);
        put_64(stored, UINT64_C(849000000000000));
        put_32(extras, UINT32_MAX);
    }
}

static void
add_states(struct bench_bare *bare, const struct bench_batch *batch)
{
    struct array *keys = begin(bare, 0, TEXT, batch->state_count, 0);
    struct array *amounts = begin(bare, 1, FLOAT8, batch->state_count, 0);
    for (size_t i = 0; i < batch->state_count; i++) {
        uint64_t bits;
        memcpy(&bits, &batch->states[i]->amount, sizeof(bits));
        put_text(keys, batch->states[i]->customer);
        put_64(amounts, bits);
    }
}

static void
bare_batch(struct bench_bare *bare, const struct bench_batch *batch, int64_t offset)
{
    must(bare, PQexec(bare->conn, "BEGIN"), "begin");
    add_texts(bare, batch);
    add_numbers(bare, batch, offset);
    exec(bare, "events", COLUMNS);
    add_states(bare, batch);
    exec(bare, "states", 2);
    uint64_t next = htobe64((uint64_t)offset + batch->count);
    memcpy(bare->arrays[0].bytes, &next, sizeof(next));
    bare->arrays[0].len = sizeof(next);
    exec(bare, "position", 1);
    must(bare, PQexec(bare->conn, "COMMIT"), "commit");
}

static void
bare_close(struct bench_bare *bare)
{
    PQfinish(bare->conn);
    for (size_t i = 0; i < COLUMNS; i++)
        free(bare->arrays[i].bytes);
}

static void
ignore_notice(void *ctx, const char *notice)
{
    (void)ctx;
    (void)notice;
}

/* Each run begins with empty tables and a server that has nothing left to do for the one before. */
static void
reset(const char *url)
{
    struct bench_bare bare = {.conn = PQconnectdb(url)};
    PQsetNoticeProcessor(bare.conn, ignore_notice, NULL);
    must(&bare, PQexec(bare.conn, "DROP SCHEMA IF EXISTS bench CASCADE"), "drop");
    must(&bare, PQexec(bare.conn, "CHECKPOINT"), "checkpoint");
    PQfinish(bare.conn);
}

const struct bench_bare_ops bench_bare_postgres = {
    .open = bare_open, .batch = bare_batch, .close = bare_close, .reset = reset};
