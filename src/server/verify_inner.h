/* Inside the check: verify.c has the order of things, verify_place.c the merge of log and store by place,
 * verify_letter.c the dead letters, verify_fold.c the fold of all events, verify_state.c the entities' states. */
#ifndef LF_SERVER_VERIFY_INNER_H
#define LF_SERVER_VERIFY_INNER_H

#include "consumer/states.h"
#include "server/verify.h"

struct lf_verify_partition {
    struct lf_bytes topic;
    int32_t number;
    int64_t first, end; /* of the log, when last asked */
    int64_t position;   /* -1: none */
    int64_t latest;     /* offset of the event that the store's order had last; -1 */
    int64_t highest;    /* offset of an event or a dead letter; -1 */
};

struct lf_verify_letter {
    uint32_t partition; /* index */
    int64_t offset;
    uint64_t digest; /* of key, value and headers */
};

struct lf_verify {
    const struct lf_verify_options *options;
    struct lf_verify_result *result;
    struct lf_verify_partition *partitions;
    size_t partition_count, partition_cap;
    struct lf_verify_letter *letters; /* by partition and offset */
    size_t letter_count, letter_cap;
    int64_t record_total;             /* to be read */
    struct lf_store_session *session; /* of the store */
    struct lf_store *scratch;
    struct lf_store_session *folded; /* of the scratch store, for writing where the fold needs it */
    struct lf_buf tail;              /* cursor behind the last event that was folded */
    /* Folds what is new behind the tail; what: for the progress. */
    enum lf_status (*fold)(struct lf_verify *verify, const char *what, struct lf_err *err);
};

/* A page of a list, and the memory that it lives in. */
struct lf_verify_pages {
    struct lf_list_query query;
    struct lf_arena arena;
    struct lf_list_result page;
    size_t at;
    size_t size;         /* rows of the next page: fewer where rows are large */
    bool without_cursor; /* the caller moves the query's filter on instead */
    bool ended;
};

enum { LF_VERIFY_PAGE_FIRST = 100 };
/* The size of the page after one of so many bytes. */
size_t lf_verify_page_size(size_t size, size_t bytes);

/* ---- verify.c ---- */

void lf_verify_found(struct lf_verify *verify, const struct lf_finding *finding);
/* NULL: not one of the partitions that are read. */
struct lf_verify_partition *lf_verify_partition(struct lf_verify *verify, struct lf_bytes topic, int32_t number);
/* Up to where the log is read: the position, or the log's end where the position is beyond it. */
int64_t lf_verify_limit(const struct lf_verify_partition *partition);
/* Asks the log again for what it keeps of the partition's topic. */
LF_NODISCARD enum lf_status lf_verify_ranges(struct lf_verify *verify, struct lf_verify_partition *partition,
                                             struct lf_err *err);
/* The field of events with that name. */
const struct lf_field *lf_verify_field(const char *name);
/* A comparison with it. */
struct lf_filter lf_verify_where(const char *name, enum lf_compare_op op, struct lf_value value);

/* pages->query must be set, but for first and after. */
void lf_verify_pages_init(struct lf_verify_pages *pages);
void lf_verify_pages_release(struct lf_verify_pages *pages);
/* Makes the next page when the one before is used up: page.count is 0 at the end. */
LF_NODISCARD enum lf_status lf_verify_pages_next(struct lf_verify_pages *pages, struct lf_store_session *session,
                                                 struct lf_err *err);

/* JSON of a value for people, cut at some length; in arena. Never NULL. */
struct lf_bytes lf_verify_text(const struct lf_value *value, struct lf_arena *arena);

/* ---- the phases ---- */

LF_NODISCARD enum lf_status lf_verify_letters(struct lf_verify *verify, struct lf_err *err);
/* Of a record, to compare it with a dead letter's. */
uint64_t lf_verify_digest(struct lf_bytes key, struct lf_bytes value, const struct lf_header *headers,
                          size_t header_count);
/* Reports dead letters at and beyond the log's end. */
void lf_verify_letters_beyond(struct lf_verify *verify, const struct lf_verify_partition *partition);

LF_NODISCARD enum lf_status lf_verify_places(struct lf_verify *verify, struct lf_verify_partition *partition,
                                             struct lf_err *err);
/* Folds what is new behind the tail; what: for the progress. */
LF_NODISCARD enum lf_status lf_verify_fold(struct lf_verify *verify, const char *what, struct lf_err *err);
LF_NODISCARD enum lf_status lf_verify_states(struct lf_verify *verify, struct lf_err *err);
/* Of one entity: for rebuild.c too. Uses options->found, ->ctx and ->progress, result, session, folded, fold, tail. */
LF_NODISCARD enum lf_status lf_verify_states_of(struct lf_verify *verify, const struct lf_entity *entity,
                                                struct lf_err *err);

#endif
