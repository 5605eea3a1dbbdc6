/*
 * What every log back end must do, as one set of cases. A back end's test says how to open a log of its kind and runs
 * them all.
 */
#ifndef LF_TESTS_LOG_CONTRACT_H
#define LF_TESTS_LOG_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "log/log.h"

struct log_contract {
    const char *name;
    /* A log whose topics of these names do not exist yet; the URL is the kind's own business. */
    struct lf_log *(*open)(const struct lf_log_options *options);
    void (*closed)(void);    /* after lf_log_close(); may be NULL */
    int32_t partitions;      /* of a topic that is created */
    size_t record_bytes_max; /* larger ones are refused at the append or by their acknowledgement */
    bool creates_by_itself;  /* the server creates topics that are asked for */
    bool told_late;          /* an unknown topic shows in the acknowledgement, not at the append */
    int64_t topic_prefix;    /* tells this run's topics from an earlier one's */
};

/* Runs all cases; the return value of main(). */
int run_log_contract(const struct log_contract *contract);

/* ---- helpers for the back ends' own tests ---- */

enum { ACKS_MAX = 200000 };

struct acks { /* what came back, by token */
    struct lf_log_ack *by_token;
    unsigned *times;
    size_t size;
    size_t count;
    size_t ok;
    char last_error[LF_ERR_TEXT_MAX];
};

void acks_init(struct acks *acks, size_t size);
void acks_release(struct acks *acks);
void take_ack(void *ctx, const struct lf_log_ack *ack);
static inline void *
token_of(size_t i)
{
    return (void *)(uintptr_t)(i + 1);
}

struct lf_record record_of(const char *topic, const char *key, const char *value);
struct lf_log_writer *open_writer(struct lf_log *log, struct acks *acks);
/* Appends count records "value-<i>" from i = first on to partition 0, flushing every 10. */
void append_some(struct lf_log_writer *writer, const char *topic, size_t first, size_t count);
/* Reads exactly count records into a check of their values "value-<i>", i from first on; offsets must rise. */
void expect_some(struct lf_log_reader *reader, size_t first, size_t count);
struct lf_log_reader *open_reader(struct lf_log *log, const char *topic, enum lf_log_reset start);
#define assert_ok(call) assert_ok_at((call), &err, __FILE__, __LINE__)
void assert_ok_at(enum lf_status status, const struct lf_err *err, const char *file, int line);
void assert_drained(struct lf_log_writer *writer);

#endif
