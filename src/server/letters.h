/* Dead letters, a page after the other, with what has become of their events since. */
#ifndef LF_SERVER_LETTERS_H
#define LF_SERVER_LETTERS_H

#include "store/store.h"

/* The code of what is no record, but a range of offsets that were deleted before they were read. */
#define LF_LETTER_LOST "RECORDS_LOST"

struct lf_letters {
    struct lf_store_session *session;
    struct lf_letter_query query; /* of the next page */
    struct lf_arena arena;        /* of this one */
    struct lf_dead_letter *items;
    bool *stored; /* an event with the eventId of the dead letter is in event_store */
    size_t count; /* 0: there are no more */
};

/* query: which; its max is not heeded. Borrows the session and the query's texts. */
void lf_letters_init(struct lf_letters *letters, struct lf_store_session *session, const struct lf_letter_query *query);
void lf_letters_release(struct lf_letters *letters);
/* The next page, of at most max dead letters, and of fewer where they are large. Failures are the store's. */
LF_NODISCARD enum lf_status lf_letters_next(struct lf_letters *letters, size_t max, struct lf_err *err);

/* The first page of those that name names: a place, else an eventId. count 0: there are none. */
LF_NODISCARD enum lf_status lf_letters_find(struct lf_letters *letters, const char *name, struct lf_err *err);

/* Whether the event has been applied after all. A conflict never is: what is stored under its eventId is another
 * content. */
bool lf_letter_is_healed(const struct lf_dead_letter *letter, bool stored);
/* Reads "topic/partition@offset". False: it is none. ret borrows. */
bool lf_letter_place(const char *text, struct lf_place *ret);
/* The headers as an object, as lf_stored_event has them; in arena. */
LF_NODISCARD enum lf_status lf_letter_headers(const struct lf_dead_letter *letter, struct lf_arena *arena,
                                              struct lf_value *ret, struct lf_err *err);

#endif
