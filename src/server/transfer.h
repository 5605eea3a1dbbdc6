/*
 * Events as JSON Lines: out of a store, into a log. A line is an object:
 *
 *   eventId, eventType, payload   as in the envelope; numbers to the digit
 *   extra                         further members of the envelope, where there are any
 *   time                          when it happened
 *   key, headers                  of the message: text, null, {"base64": text}, or a list where a header's name repeats
 *   topic, partition, offset      where it stood; reading heeds the topic only
 *   entityType, entityKey         for people; not read
 */
#ifndef LF_SERVER_TRANSFER_H
#define LF_SERVER_TRANSFER_H

#include "log/log.h"
#include "server/progress.h"
#include "store/store.h"

#include <stdio.h>

/* Appends the line of a stored event, with its newline. LF_LIMIT, LF_NO_MEMORY through the buffer. */
void lf_export_line(struct lf_buf *out, const struct lf_stored_event *stored);

/* Writes all events of the store, in the order of storing. LF_IO: file takes no more. */
LF_NODISCARD enum lf_status lf_export(struct lf_store *store, FILE *file, const struct lf_progress *progress,
                                      int64_t *ret_count, struct lf_err *err);

struct lf_import_options {
    FILE *file;
    int64_t file_bytes; /* for the progress; -1: not known */
    struct lf_log *log;
    struct lf_bytes topic;  /* of lines that name none */
    struct lf_store *store; /* events whose eventId is there are left out; NULL: none is */
    int64_t after;          /* lines to leave out at the beginning */
    bool skip_invalid;      /* go on after lines that are no events */
    /* Each line that is no event, or that the log will never take. */
    void (*invalid)(void *ctx, int64_t line, const char *why);
    void *ctx;
    struct lf_progress progress; /* in bytes */
};

struct lf_import_result {
    int64_t after; /* so many lines are done: appended durably, or left out; where to go on */
    int64_t imported;
    int64_t present;
    int64_t invalid;
};

/*
 * Appends the events of the file as new records with the same eventId, key, headers and time: who consumes them knows
 * an eventId again, so that a line read twice takes effect once. Topics that are missing are made where the log may.
 * LF_INVALID: a line is no event, and was not to be skipped; lines before it are appended. Other failures: of the log,
 * the store, the file; LF_CLOSED: progress said stop. *ret is filled in after a failure too.
 */
LF_NODISCARD enum lf_status lf_import(const struct lf_import_options *options, struct lf_import_result *ret,
                                      struct lf_err *err);

#endif
