/* A log and a failing store in memory, an oracle over both, and a consumer between them. */
#ifndef LF_TEST_CONSUMER_FIXTURE_H
#define LF_TEST_CONSUMER_FIXTURE_H

#include "bank.h"
#include "consumer/consumer.h"
#include "oracle.h"
#include "store/fault.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    struct lf_log *log;
    struct lf_store *store; /* with faults */
    struct lf_log_writer *writer;
    struct lf_consumer_options options; /* change before fixture_start() */
    struct lf_consumer *consumer;
    struct oracle oracle;
};

extern const struct lf_bytes fixture_topic;

void fixture_open(struct fixture *fixture); /* bank_init() included */
void fixture_close(struct fixture *fixture);
/* A consumer of the options, in place of the one that was. */
void fixture_start(struct fixture *fixture);

/* One record into partition 0 (or the given one). NULL: null. */
void fixture_send(struct fixture *fixture, const char *key, const char *value);
void fixture_send_to(struct fixture *fixture, int32_t partition, const char *key, const char *value);
void fixture_open_account(struct fixture *fixture, const char *id, const char *account);
void fixture_deposit(struct fixture *fixture, const char *id, const char *account, int amount);

/* One turn that must go well. */
void fixture_step(struct fixture *fixture);
/* Turns until the position is at the end; failures with fate RETRY are expected meanwhile, others are not. */
void fixture_settle(struct fixture *fixture);
/* The store and the dead letter topic are what the log asks for. */
void fixture_check(struct fixture *fixture);

/* What became of records: "stored", "dead CODE" or "none", by place in partition 0. */
void fixture_assert_outcomes(struct fixture *fixture, const char *const *outcomes, size_t count);
/* The account as JSON; "null": there is none. */
void fixture_assert_account(struct fixture *fixture, const char *account, const char *json);
int64_t fixture_position(struct fixture *fixture, int32_t partition);

#endif
