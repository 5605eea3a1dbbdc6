/*
 * A gateway with everything behind it, in one process: memory log and store (both fail on demand), the query room, and
 * a consumer that goes one step at a time. The test's thread is the loop.
 */
#ifndef TEST_GATEWAY_WORLD_H
#define TEST_GATEWAY_WORLD_H

#include "consumer/consumer.h"
#include "gateway/gateway.h"
#include "log/fault.h"
#include "store/fault.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct world {
    struct lf_model *model;
    struct lf_log *log;           /* a fault log */
    struct lf_store *store;       /* a fault store */
    struct lf_store_session *eye; /* to look at the store without its faults */
    struct lf_consumer *consumer;
    struct lf_query *query;
    struct lf_gateway *gateway;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    size_t troubles; /* told to the hook */
    struct lf_err trouble;
};

/* What a request got. */
struct answer {
    int replies; /* 1 when all is well */
    enum lf_reply_kind kind;
    bool partial, replayed, overloaded;
    char *body; /* ends in NUL; NULL: not yet, or no memory to copy it */
};

void world_open(struct world *world);
/* As set-up and tear-down of a test, whose state is the world. */
int world_set_up(void **state);
int world_tear_down(void **state);
/* A gateway in the same log and store: what a restart is. options may be changed between. */
void world_start(struct world *world, const struct lf_gateway_options *more);
void world_stop(struct world *world);
void world_close(struct world *world);

/* Starts a request; key NULL: none. */
void world_call(struct world *world, const char *query, const char *key, struct answer *answer);
void world_send(struct world *world, const struct lf_gateway_call *call, struct answer *answer);
/* Turns the loop until the answer is there. */
void world_wait(struct world *world, const struct answer *answer);
/* Both: the answer. */
void world_ask(struct world *world, const char *query, const char *key, struct answer *answer);
/* Asks and checks the value at a path. */
void world_expect(struct world *world, const char *query, const char *path, const char *value);
/* One turn of the loop. */
void world_turn(struct world *world);
/* The consumer works off all that is in the log. */
void world_consume(struct world *world);
/* Another producer's record. */
void world_log(struct world *world, const struct lf_record *record);
/* Records in the log. */
int64_t world_records(struct world *world);

void answer_release(struct answer *answer);
/* The value at "data.create.eventId" as JSON text (strings without quotes), "-" where there is none. Valid until the
 * next call. */
const char *answer_at(const struct answer *answer, const char *path);
/* Checks the value at a path. */
void answer_has(const struct answer *answer, const char *path, const char *value);

#endif
