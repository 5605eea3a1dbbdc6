/*
 * What a comparison of two schemas found: can a reader with one of them read what a writer with the other wrote? Each
 * break is a sentence with its place. Filled by lf_avro_compat() and its counterparts of other formats.
 */
#ifndef LF_CODEC_COMPAT_H
#define LF_CODEC_COMPAT_H

#include "base/arena.h"
#include "json/pointer.h"

enum { LF_COMPAT_BREAKS_MAX = 100 }; /* kept; more are counted only */

struct lf_compat_break {
    struct lf_bytes path; /* of the value, as a JSON Pointer; empty: the whole */
    struct lf_bytes text; /* without a full stop: "the reader's field has no default, and the writer lacks it" */
};

/* On the caller's stack. One thread at a time. */
struct lf_compat_report {
    struct lf_arena *arena; /* of the texts and the list */
    struct lf_compat_break *breaks;
    size_t count, cap;
    size_t total; /* the ones that were not kept included: compatible if it is 0 */
    bool no_memory;
};

/* An empty report whose texts go into arena. Comparisons add to it, one after the other. */
void lf_compat_init(struct lf_compat_report *report, struct lf_arena *arena);
/* Adds a break at the place of step; a name "*" in it stands for each item of a list or member of a map. */
void lf_compat_add(struct lf_compat_report *report, const struct lf_json_step *step, const char *fmt, ...)
    LF_PRINTF(3, 4);
/* LF_OK: the report is complete, with breaks or without. LF_NO_MEMORY: it is not. */
LF_NODISCARD enum lf_status lf_compat_status(const struct lf_compat_report *report, struct lf_err *err);

#endif
