/*
 * The way of a record that cannot be processed: first durably to the topic "<topic>.dlq" of the log, original key,
 * value and headers byte for byte plus Kafka Connect's headers of the cause, then as a row with the batch's
 * transaction. A crash between the two leaves a second record with the same headers in the topic, never a lost one.
 */
#ifndef LF_CONSUMER_DEADLETTER_H
#define LF_CONSUMER_DEADLETTER_H

#include "base/arena.h"
#include "base/retry.h"
#include "log/log.h"
#include "store/store.h"

/* Why. stage and code are static texts. */
struct lf_cause {
    const char *stage;      /* "decode", "validate", "deduplicate", "apply" */
    const char *code;       /* "EVENT_INVALID", …: see struct lf_dead_letter */
    struct lf_bytes reason; /* a sentence */
};

struct lf_dead {
    const struct lf_record *record;
    struct lf_cause cause;
    bool durable; /* the log has it */
    bool refused; /* the log will not have it as its topic is: a person has to make room */
};

struct lf_dlq_topic;

/* Sends to dead letter topics. One thread at a time. */
struct lf_dlq {
    struct lf_log *log;
    struct lf_gate *gate;
    struct lf_log_writer *writer; /* NULL: not open */
    struct lf_dlq_topic *topics;  /* known to exist */
    struct lf_err refused;        /* the first acknowledgement of this call that was none */
};

/* log and gate are borrowed. */
void lf_dlq_init(struct lf_dlq *dlq, struct lf_log *log, struct lf_gate *gate);
void lf_dlq_release(struct lf_dlq *dlq);

/*
 * Makes all of dead durable, those not durable yet, and waits for it. Whatever the outcome, durable says what the log
 * has for certain. A refusal of the log for good (too large for the topic, say) is LF_UNAVAILABLE as well: the position
 * must not move past a record that is nowhere, so a person has to make room, and the text says how. Gives up
 * with LF_UNAVAILABLE when the gate opens.
 */
LF_NODISCARD enum lf_status lf_dlq_send(struct lf_dlq *dlq, struct lf_dead *const *dead, size_t count,
                                        struct lf_arena *arena, struct lf_err *err);

/* The row. event: what could be read of it; headers: of the record. */
struct lf_dead_letter lf_dead_row(const struct lf_dead *dead, const struct lf_event *event);

#endif
