/*
 * Schemas that others have written with, by the name that records give them: asked for on a thread of the shelf's own,
 * kept, let go when there are too many. What the registry says for certain is kept as well: that there is no such
 * schema, that it is none; but not for ever, for somebody may put it there.
 *
 * Everything here is safe to share between threads.
 */
#ifndef LF_CODEC_PAYLOAD_KNOWN_H
#define LF_CODEC_PAYLOAD_KNOWN_H

#include "base/retry.h"
#include "codec/payload.h"
#include "codec/payload/format.h"
#include "codec/registry/wire.h"

struct lf_known_shelf;

/* How a known schema is read as an own one says. */
struct lf_known_view {
    const void *reader; /* NULL: as it was written */
    void *view;
    struct lf_known_view *next;
};

struct lf_known {
    struct lf_schema_name name;
    const struct lf_payload_ops *ops; /* NULL: not here yet, or refused */
    enum lf_schema_type type;
    void *schema;
    struct lf_known_view *views;
    enum lf_status verdict;   /* LF_OK: here, or still wanted; LF_NOT_FOUND, LF_INVALID: refused */
    char *why;                /* refused: the words; wanted: why it is not here; NULL: not asked yet */
    int64_t wanted_ms;        /* since when it is wanted */
    int64_t missing_since_ms; /* wanted: the registry says since then that there is none; 0: it does not */
    int64_t due_ms;           /* wanted: when to ask (again); refused: when the verdict is old */
    struct lf_backoff backoff;
    size_t pins;
    uint64_t used; /* when last, by a count */
};

LF_NODISCARD enum lf_status lf_known_open(struct lf_registry *registry, int64_t wait_ms, size_t max,
                                          struct lf_known_shelf **ret, struct lf_err *err);
/* The registry has been stopped, or this waits for its answer. NULL is fine. */
void lf_known_close(struct lf_known_shelf *shelf);

/*
 * The schema, pinned. LF_UNAVAILABLE: it is being asked for; who asks at first waits a little. LF_NOT_FOUND,
 * LF_INVALID: what the registry or the parser says. LF_NO_MEMORY. *ret is good until the next call with these pins.
 */
LF_NODISCARD enum lf_status lf_known_find(struct lf_known_shelf *shelf, struct lf_payload_pins *pins,
                                          const struct lf_schema_name *name, struct lf_payload_pin **ret,
                                          struct lf_err *err);
/* Sets pin->view to how the pinned schema is read as reader says; made once. LF_INVALID, LF_LIMIT, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_known_view(struct lf_known_shelf *shelf, struct lf_payload_pin *pin, const void *reader,
                                          struct lf_err *err);
void lf_known_unpin(struct lf_known_shelf *shelf, struct lf_payload_pins *pins);
uint64_t lf_known_answers(const struct lf_known_shelf *shelf);

#endif
