/*
 * Deliberate defects, so that the tests of the consumer can be tested: tests/sim/ builds this room a second time with
 * LF_CONSUMER_DEFECTS defined, switches on one after the other and must catch each. In the product every LF_DEFECT() is
 * the constant false.
 */
#ifndef LF_CONSUMER_DEFECT_H
#define LF_CONSUMER_DEFECT_H

#include <stdbool.h>

#ifdef LF_CONSUMER_DEFECTS
struct lf_consumer_defects {
    bool skip_record;         /* the last record of a batch is not worked, but passed */
    bool no_check;            /* payloads are not checked */
    bool apply_duplicates;    /* what event_store has already is folded again */
    bool conflict_is_nothing; /* an event in conflict is dropped as if it were a duplicate */
    bool first_wins;          /* of one batch: the same id with other content is dropped */
    bool store_unfolded;      /* an event whose fold fails stays in event_store */
    bool forget_states;       /* states are not loaded: each batch begins from nothing */
    bool drop_states;         /* folded states are not saved */
    bool fold_backwards;      /* of one batch: the last event first */
    bool no_dead_topic;       /* dead letters go to the table alone */
    bool no_dead_table;       /* dead letters go to the topic alone */
    bool advance_first;       /* the position has a transaction of its own, before the events */
    bool no_advance;          /* the position stays behind */
    bool position_ahead;      /* the position is moved one too far */
    bool no_fence;            /* the position is moved whatever it is */
};
extern struct lf_consumer_defects lf_consumer_defects;
#define LF_DEFECT(name) (lf_consumer_defects.name)
#else
#define LF_DEFECT(name) (false)
#endif

#endif
