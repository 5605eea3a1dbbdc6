/* What store_bench and its bare loops share: the rows to write, and a loop that writes them without Logfirst. */
#ifndef LF_BENCH_STORE_BENCH_H
#define LF_BENCH_STORE_BENCH_H

#include <stddef.h>
#include <stdint.h>

enum { BENCH_BATCH_MAX = 5000 };

struct bench_item {
    char id[40];
    char customer[24];
    unsigned customer_number;
    char payload[64];
    double amount;
};

/* Events, and the states after them: the last of each customer's. */
struct bench_batch {
    struct bench_item items[BENCH_BATCH_MAX];
    size_t count;
    const struct bench_item *states[BENCH_BATCH_MAX];
    size_t state_count;
};

#define BENCH_HEADERS                                                                                                  \
    "{\"ce_specversion\":\"1.0\",\"ce_id\":\"00000000-0000-7000-8000-000000000000\",\"ce_source\":\"/logfirst\","      \
    "\"ce_type\":\"QuoteCreated\",\"ce_time\":\"2026-11-24T08:46:34.123456Z\",\"content-type\":\"application/json\"}"

_Noreturn void bench_die(const char *what, const char *why);

/* A bare loop: the least that writes a batch durably in one transaction, into the tables that the store has made. */
struct bench_bare;
struct bench_bare_ops {
    struct bench_bare *(*open)(const char *where);
    void (*batch)(struct bench_bare *bare, const struct bench_batch *batch, int64_t offset);
    void (*close)(struct bench_bare *bare);
    void (*reset)(const char *where); /* no tables any more */
};
extern const struct bench_bare_ops bench_bare_mongodb;  /* where: a URL; the store is in database "bench" */
extern const struct bench_bare_ops bench_bare_sqlite;   /* where: a file */
extern const struct bench_bare_ops bench_bare_postgres; /* where: a URL; the store is in schema "bench" */

#endif
