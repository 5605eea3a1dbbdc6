/*
 * Replaying dead letters: each goes to the end of its own topic again, with key, value, time and headers as they were
 * and one header more, logfirst_replayed_from: "topic/partition/offset", the place of the dead letter. It keeps its
 * eventId, so whoever consumes it twice applies it once. What it finds there is today's schema and today's state: what
 * has come since is applied already. If it is dead again it is another dead letter, with its new place.
 *
 * Dead letter queues of others name the place in three headers (Kafka Connect's __connect.errors.topic, .partition and
 * .offset, Spring's kafka_dlt-original-…), in the dead letter. The header here is in a record that is none, so that it
 * is called as that of copies is.
 */
#ifndef LF_SERVER_RESEND_H
#define LF_SERVER_RESEND_H

#include "log/log.h"
#include "server/progress.h"
#include "store/store.h"

#define LF_REPLAY_HEADER "logfirst_replayed_from"

/* What has become of one dead letter. */
struct lf_resent {
    const struct lf_dead_letter *letter; /* NULL: name names none */
    const char *name;                    /* as it was asked for; NULL: all were */
    struct lf_place place;               /* where it is durable now; topic.ptr NULL: nowhere */
    const char *why;                     /* what failed; NULL: nothing */
};

struct lf_resend_options {
    struct lf_store *store; /* read only is enough */
    struct lf_log *log;     /* NULL: tell only what would be replayed */
    /* Places "topic/partition@offset" and eventIds. Of several dead letters with an eventId the first is meant. */
    const char *const *names;
    size_t name_count; /* 0: all */
    /* All of them: of this code and eventType; ptr NULL: any. One an eventId; none whose eventId is in event_store;
     * those without an eventId only where there is a code; ranges of lost records never. */
    struct lf_bytes code;
    struct lf_bytes event_type;
    void (*told)(void *ctx, const struct lf_resent *one); /* in the order of appending */
    void *ctx;
    struct lf_progress progress;
};

struct lf_resend_result {
    int64_t replayed; /* durable; without a log: would be replayed */
    int64_t failed;   /* told so: there is no such dead letter, or the log will never take it */
    /* of all, left out: */
    int64_t healed;   /* the eventId is in event_store */
    int64_t repeated; /* others of the same event */
    int64_t nameless; /* have no eventId */
    int64_t lost;     /* were never read */
};

/*
 * LF_OK: all was tried; *ret says how many failed. Others: of the store, of the log (LF_NOT_FOUND: it lacks the topic,
 * and is another one, it seems), LF_CLOSED: progress said stop. *ret is filled in after a failure too.
 */
LF_NODISCARD enum lf_status lf_resend(const struct lf_resend_options *options, struct lf_resend_result *ret,
                                      struct lf_err *err);

#endif
