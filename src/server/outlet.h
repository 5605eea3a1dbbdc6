/*
 * Appending records of others to a log, in order, each batch acknowledged whole before the next: what copying,
 * importing and the replay of dead letters have in common. One thread at a time.
 */
#ifndef LF_SERVER_OUTLET_H
#define LF_SERVER_OUTLET_H

#include "log/log.h"

struct lf_outlet {
    /* Each acknowledgement, in lf_outlet_append() and lf_outlet_settle(). True: what was refused is dealt with, and
     * settling does not fail for it. NULL: nobody listens. */
    bool (*acked)(void *ctx, const struct lf_log_ack *ack);
    void *ctx;
    int64_t durable; /* records acknowledged */
    struct lf_log_writer *writer;
    struct lf_err refused; /* the first record that was not, and that nobody has dealt with */
};

/* acked and ctx are set by the caller, or not; the rest is zeroed. Close in any case. */
LF_NODISCARD enum lf_status lf_outlet_open(struct lf_outlet *outlet, struct lf_log *log, struct lf_err *err);
void lf_outlet_close(struct lf_outlet *outlet);

/* As lf_log_append(), with room made by settling first where too much is in flight. */
LF_NODISCARD enum lf_status lf_outlet_append(struct lf_outlet *outlet, const struct lf_record *record, void *token,
                                             struct lf_err *err);
/* Waits until the log has answered every append, which it does within its delivery time-out. Not LF_OK: one was
 * refused, and why. */
LF_NODISCARD enum lf_status lf_outlet_settle(struct lf_outlet *outlet, struct lf_err *err);

/* A record's time as lf_log_append() takes it: there 0 means now, and there is no time before. */
int64_t lf_outlet_time(int64_t timestamp_ms);

/*
 * One more header for a record that is appended again: where it stood. name: of the header; such headers of an earlier
 * time are left out, and so is LF_COPY_HEADER: by it a copying that was broken off would take the record for a copy.
 */
struct lf_place_mark {
    struct lf_header *headers; /* of the latest record */
    size_t count;
    size_t cap;
    char text[320]; /* topic/partition/offset */
};
/* record: with its place. The headers are valid until the next call. LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_place_mark(struct lf_place_mark *mark, const struct lf_record *record, const char *name,
                                          struct lf_err *err);
void lf_place_mark_release(struct lf_place_mark *mark);

#endif
