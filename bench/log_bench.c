/*
 * Appends per second with 1, 64 and 256 outstanding, and tail reads per second, of the log at a URL; beside them the
 * bare SQLite loop of the same rows (one thread, a transaction every n), as the limit of the embedded log.
 *
 *   log_bench URL [SECONDS]          log_bench embedded:/tmp/bench-log 3
 *   log_bench --bare DIR [SECONDS]
 *
 * Each outstanding append is sent again when it is acknowledged, as a gateway's connections do: acknowledgements wake
 * the loop through an eventfd, a turn polls, appends and flushes.
 */
#include <inttypes.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "log/log.h"

enum { VALUE_BYTES = 210, OUTSTANDING_MAX = 1024, SAMPLES_MAX = 4000000 };

static const char topic[] = "bench-events";

struct load {
    struct lf_log_writer *writer;
    int64_t sent_ns[OUTSTANDING_MAX];
    size_t free_tokens[OUTSTANDING_MAX];
    size_t free_count;
    int64_t *samples; /* latencies */
    size_t count;
    size_t failed;
    int wake_fd;
};

static void
die(const char *what, const struct lf_err *err)
{
    fprintf(stderr, "log_bench: %s: %s\n", what, err->text);
    exit(1);
}

static void
on_wake(void *ctx)
{
    uint64_t one = 1;
    if (write(((struct load *)ctx)->wake_fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void
on_ack(void *ctx, const struct lf_log_ack *ack)
{
    struct load *load = ctx;
    size_t token = (size_t)(uintptr_t)ack->token;
    if (ack->status != LF_OK)
        load->failed++;
    else if (load->count < SAMPLES_MAX)
        load->samples[load->count++] = lf_clock_mono_ns() - load->sent_ns[token];
    load->free_tokens[load->free_count++] = token;
}

static struct lf_record
make_record(uint64_t number, char key[16], char value[VALUE_BYTES])
{
    static const struct lf_header headers[] = {{{"ce_specversion", 14}, {"1.0", 3}},
                                               {{"ce_type", 7}, {"QuoteCreated", 12}}};
    int len = snprintf(key, 16, "c%07" PRIu64, number % 10000000);
    memset(value, 'x', VALUE_BYTES);
    memcpy(value, key, (size_t)len);
    return (struct lf_record){.topic = lf_bytes_of(topic),
                              .partition = -1,
                              .key = lf_bytes(key, (size_t)len),
                              .value = lf_bytes(value, VALUE_BYTES),
                              .headers = headers,
                              .header_count = 2};
}

static void
send_free(struct load *load, uint64_t *number)
{
    struct lf_err err = {0};
    char key[16];
    char value[VALUE_BYTES];
    while (load->free_count != 0) {
        size_t token = load->free_tokens[--load->free_count];
        struct lf_record record = make_record((*number)++, key, value);
        load->sent_ns[token] = lf_clock_mono_ns();
        if (lf_log_append(load->writer, &record, (void *)(uintptr_t)token, &err) != LF_OK)
            die("append", &err);
    }
    lf_log_flush(load->writer);
}

static void
wait_for_wake(struct load *load)
{
    uint64_t count;
    struct pollfd fd = {.fd = load->wake_fd, .events = POLLIN};
    if (poll(&fd, 1, 1000) > 0 && read(load->wake_fd, &count, sizeof(count)) < 0)
        abort();
}

static int
by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void
report(const char *name, struct load *load, double seconds)
{
    qsort(load->samples, load->count, sizeof(*load->samples), by_value);
    double p50 = load->count != 0 ? (double)load->samples[load->count / 2] / 1e6 : 0;
    double p99 = load->count != 0 ? (double)load->samples[load->count * 99 / 100] / 1e6 : 0;
    double rate = (double)load->count / seconds;
    printf("%-24s %10.0f /s   p50 %7.3f ms   p99 %7.3f ms   failed %zu\n", name, rate, p50, p99, load->failed);
}

static void
bench_appends(struct lf_log *log, size_t outstanding, double seconds)
{
    struct lf_err err = {0};
    struct load load = {.samples = malloc(SAMPLES_MAX * sizeof(int64_t)), .wake_fd = eventfd(0, EFD_NONBLOCK)};
    uint64_t number = 0;
    if (load.samples == NULL || load.wake_fd < 0)
        abort();
    if (lf_log_writer_open(log, (struct lf_wake){on_wake, &load}, on_ack, &load, &load.writer, &err) != LF_OK)
        die("writer", &err);
    for (size_t i = 0; i < outstanding; i++)
        load.free_tokens[load.free_count++] = i;
    int64_t start = lf_clock_mono_ns();
    int64_t end = start + (int64_t)(seconds * 1e9);
    while (lf_clock_mono_ns() < end) {
        send_free(&load, &number);
        wait_for_wake(&load);
        lf_log_poll(load.writer);
    }
    double took = (double)(lf_clock_mono_ns() - start) / 1e9;
    char name[32];
    snprintf(name, sizeof(name), "append, %zu outstanding", outstanding);
    report(name, &load, took);
    lf_log_drain(load.writer, 30000);
    lf_log_writer_close(load.writer);
    close(load.wake_fd);
    free(load.samples);
}

static void
bench_reads(struct lf_log *log)
{
    struct lf_err err = {0};
    struct lf_bytes name = lf_bytes_of(topic);
    struct lf_log_reader_options options = {.topics = &name, .topic_count = 1};
    struct lf_log_reader *reader;
    if (lf_log_reader_open(log, &options, &reader, &err) != LF_OK)
        die("reader", &err);
    struct lf_log_range ranges[64];
    size_t range_count = 0;
    if (lf_log_ranges(log, name, ranges, 64, &range_count, 30000, &err) != LF_OK)
        die("ranges", &err);
    uint64_t all = 0;
    for (size_t i = 0; i < range_count; i++)
        all += (uint64_t)(ranges[i].next - ranges[i].first);
    int64_t start = lf_clock_mono_ns();
    uint64_t count = 0;
    while (count < all) {
        struct lf_log_batch batch;
        enum lf_status st = lf_log_read(reader, 1000, 8 * 1024 * 1024, 1000, &batch, &err);
        if (st != LF_OK && lf_status_fate(st) != LF_FATE_RETRY)
            die("read", &err);
        count += st == LF_OK ? batch.count : 0;
    }
    double took = (double)(lf_clock_mono_ns() - start) / 1e9;
    printf("%-24s %10.0f /s   (%" PRIu64 " records)\n", "read from the start", (double)count / took, count);
    lf_log_reader_close(reader);
}

/* ---- the bare loop ---- */

static void
run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "log_bench: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static uint64_t
insert_rows(sqlite3 *db, sqlite3_stmt *insert, uint64_t first, size_t count)
{
    char key[16];
    char value[VALUE_BYTES];
    run_sql(db, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < count; i++) {
        struct lf_record record = make_record(first + i, key, value);
        sqlite3_bind_int64(insert, 1, (sqlite3_int64)(first + i));
        sqlite3_bind_int64(insert, 2, 1);
        sqlite3_bind_int64(insert, 3, 1);
        sqlite3_bind_blob(insert, 4, record.key.ptr, (int)record.key.len, SQLITE_STATIC);
        sqlite3_bind_blob(insert, 5, record.value.ptr, (int)record.value.len, SQLITE_STATIC);
        sqlite3_bind_blob(insert, 6, "ce_specversion1.0ce_typeQuoteCreated", 36, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            abort();
        sqlite3_reset(insert);
    }
    run_sql(db, "COMMIT");
    return first + count;
}

static void
bench_bare(const char *dir, double seconds)
{
    static const size_t sizes[] = {1, 64, 256};
    char path[1024];
    snprintf(path, sizeof(path), "%s/bare.db", dir);
    sqlite3 *db;
    sqlite3_stmt *insert;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        abort();
    run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE r(o INTEGER PRIMARY KEY, t INTEGER,"
                " c INTEGER, k BLOB, v BLOB, h BLOB)");
    if (sqlite3_prepare_v2(db, "INSERT INTO r VALUES(?, ?, ?, ?, ?, ?)", -1, &insert, NULL) != SQLITE_OK)
        abort();
    uint64_t next = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t first = next;
        int64_t start = lf_clock_mono_ns();
        while (lf_clock_mono_ns() < start + (int64_t)(seconds * 1e9))
            next = insert_rows(db, insert, next, sizes[i]);
        double took = (double)(lf_clock_mono_ns() - start) / 1e9;
        printf("bare SQLite, %3zu a COMMIT %9.0f /s\n", sizes[i], (double)(next - first) / took);
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    unlink(path);
}

int
main(int argc, char **argv)
{
    bool bare = argc > 2 && strcmp(argv[1], "--bare") == 0;
    double seconds = argc > 2 + bare ? strtod(argv[2 + bare], NULL) : 2;
    if (argc < 2 || seconds <= 0) {
        fprintf(stderr, "usage: log_bench URL [SECONDS]\n       log_bench --bare DIR [SECONDS]\n");
        return 2;
    }
    if (bare) {
        bench_bare(argv[2], seconds);
        return 0;
    }
    struct lf_err err = {0};
    struct lf_log *log;
    const struct lf_log_options options = {.url = argv[1], .create_topics = true, .exclusive = true};
    if (lf_log_open(&options, &log, &err) != LF_OK)
        die("open", &err);
    if (lf_log_ensure_topic(log, lf_bytes_of(topic), 30000, &err) != LF_OK)
        die("topic", &err);
    bench_appends(log, 1, seconds);
    bench_appends(log, 64, seconds);
    bench_appends(log, 256, seconds);
    bench_reads(log);
    lf_log_close(log);
    return 0;
}
