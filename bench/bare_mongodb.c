/*
 * The bare loop on MongoDB: libmongoc's bulk operations, inserts of the events, upserts of the states, the position. As
 * FerretDB 1 never answers a command of more than 100 updates, they go out in pieces: for a real server one is as good.
 */
#include "store_bench.h"

#include <mongoc/mongoc.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 64 };
#define DATABASE "bench"

struct bench_bare {
    mongoc_client_t *client;
    mongoc_collection_t *events, *states, *positions;
};

static mongoc_collection_t *
collection(const struct bench_bare *bare, const char *name)
{
    return mongoc_client_get_collection(bare->client, DATABASE, name);
}

static struct bench_bare *
bare_open(const char *url)
{
    static struct bench_bare bare;
    mongoc_init();
    bare.client = mongoc_client_new(url);
    if (bare.client == NULL)
        bench_die(url, "cannot be read");
    mongoc_write_concern_t *concern = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(concern, 0);
    mongoc_write_concern_set_journal(concern, true);
    mongoc_client_set_write_concern(bare.client, concern);
    mongoc_write_concern_destroy(concern);
    bare.events = collection(&bare, "event_store");
    bare.states = collection(&bare, "quotes");
    bare.positions = collection(&bare, "log_positions");
    return &bare;
}

static void
execute(mongoc_bulk_operation_t *bulk, const char *what)
{
    bson_t reply;
    bson_error_t error = {0};
    if (mongoc_bulk_operation_execute(bulk, &reply, &error) == 0)
        bench_die(what, error.message);
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(bulk);
}

static bson_t *
event_document(const struct bench_item *item, int64_t offset)
{
    return BCON_NEW("_id", BCON_UTF8(item->id), "eventType", BCON_UTF8("QuoteCreated"), "entityType",
                    BCON_UTF8("Quote"), "entityKey", BCON_UTF8(item->customer), "payload", "{", "amount",
                    BCON_DOUBLE(item->amount), "customerId", BCON_UTF8(item->customer), "}", "headers", "{",
                    "ce_specversion", BCON_UTF8("1.0"), "ce_id", BCON_UTF8("00000000-0000-7000-8000-000000000000"),
                    "ce_source", BCON_UTF8("/logfirst"), "ce_type", BCON_UTF8("QuoteCreated"), "ce_time",
                    BCON_UTF8("2026-11-24T08:46:34.123456Z"), "content-type", BCON_UTF8("application/json"), "}",
                    "topic", BCON_UTF8("business-events"), "partition", BCON_INT32(0), "offset", BCON_INT64(offset),
                    "time", BCON_DATE_TIME(1795510000000), "storedAt", BCON_DATE_TIME(1795510000000), "messageKey",
                    BCON_UTF8(item->customer), "sequence", BCON_INT64(offset));
}

static void
insert_events(struct bench_bare *bare, const struct bench_batch *batch, int64_t offset)
{
    mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(bare->events, NULL);
    for (size_t i = 0; i < batch->count; i++) {
        bson_t *document = event_document(&batch->items[i], offset + (int64_t)i);
        if (!mongoc_bulk_operation_insert_with_opts(bulk, document, NULL, NULL))
            bench_die("insert", "refused");
        bson_destroy(document);
    }
    execute(bulk, "events");
}

static void
upsert(mongoc_bulk_operation_t *bulk, bson_t *selector, bson_t *document)
{
    bson_t *opts = BCON_NEW("upsert", BCON_BOOL(true));
    if (!mongoc_bulk_operation_replace_one_with_opts(bulk, selector, document, opts, NULL))
        bench_die("upsert", "refused");
    bson_destroy(opts);
    bson_destroy(selector);
    bson_destroy(document);
}

static void
upsert_states(struct bench_bare *bare, const struct bench_batch *batch)
{
    for (size_t at = 0; at < batch->state_count; at += PIECE) {
        mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(bare->states, NULL);
        for (size_t i = at; i < batch->state_count && i < at + PIECE; i++) {
            const struct bench_item *item = batch->states[i];
            upsert(bulk, BCON_NEW("_id", BCON_UTF8(item->customer)),
                   BCON_NEW("_id", BCON_UTF8(item->customer), "customerId", BCON_UTF8(item->customer), "amount",
                            BCON_DOUBLE(item->amount)));
        }
        execute(bulk, "states");
    }
}

static void
bare_batch(struct bench_bare *bare, const struct bench_batch *batch, int64_t offset)
{
    insert_events(bare, batch, offset);
    upsert_states(bare, batch);
    mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(bare->positions, NULL);
    upsert(bulk, BCON_NEW("_id", BCON_UTF8("business-events/0/g")),
           BCON_NEW("_id", BCON_UTF8("business-events/0/g"), "nextOffset", BCON_INT64(offset + (int64_t)batch->count)));
    execute(bulk, "position");
}

static void
bare_close(struct bench_bare *bare)
{
    mongoc_collection_destroy(bare->events);
    mongoc_collection_destroy(bare->states);
    mongoc_collection_destroy(bare->positions);
    mongoc_client_destroy(bare->client);
}

/* Each run begins with an empty database. */
static void
reset(const char *url)
{
    bson_error_t error = {0};
    mongoc_init();
    mongoc_log_set_handler(NULL, NULL);
    mongoc_client_t *client = mongoc_client_new(url);
    mongoc_database_t *database = client != NULL ? mongoc_client_get_database(client, DATABASE) : NULL;
    if (database == NULL || !mongoc_database_drop(database, &error))
        bench_die(url, error.message);
    mongoc_database_destroy(database);
    mongoc_client_destroy(client);
}

const struct bench_bare_ops bench_bare_mongodb = {
    .open = bare_open, .batch = bare_batch, .close = bare_close, .reset = reset};
