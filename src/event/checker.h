/* Violations as they are found. For the files of this room. */
#ifndef LF_EVENT_CHECKER_H
#define LF_EVENT_CHECKER_H

#include "event/check.h"
#include "json/pointer.h"

struct lf_checker {
    struct lf_arena *arena;
    struct lf_violation *violations;
    size_t count;
    bool no_memory;
};

/* Adds a violation at the place of step; further ones than LF_VIOLATIONS_MAX are dropped. */
void lf_checker_add(struct lf_checker *checker, const struct lf_json_step *step, const char *fmt, ...) LF_PRINTF(3, 4);
/* The value in a few words for a reason: `"abc"`, `-5`, `a list`. Never NULL. */
const char *lf_checker_words(struct lf_checker *checker, const struct lf_value *value);

/* constraint.c: what of a constraint concerns one value that is no list; what concerns a whole list. */
void lf_check_item_constraint(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *value,
                              const struct lf_json_step *step);
void lf_check_list_constraint(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *list,
                              const struct lf_json_step *step);

#endif
