/*
 * Is this payload right? What the schema language says of it (event/check.h), and then the JSON Schema of
 * @schema(file:). Asked by the gateway and by the consumer, with the same answer.
 */
#ifndef LF_CODEC_RULES_H
#define LF_CODEC_RULES_H

#include "event/check.h"

struct lf_rules; /* the schemas of a model's events; immutable: share them between threads */

/* Is told each schema that cannot be used, with the reason. */
typedef void lf_rules_problem_fn(void *user, const struct lf_event_type *type, const char *why);

/*
 * Reads and compiles the files that the model's events name. *ret is NULL where they name none. LF_INVALID: problems
 * have been told; LF_NO_MEMORY. The model need not outlive the rules. Free with lf_rules_free().
 */
LF_NODISCARD enum lf_status lf_rules_load(const struct lf_model *model, lf_rules_problem_fn *tell, void *user,
                                          struct lf_rules **ret, struct lf_err *err);
void lf_rules_free(struct lf_rules *rules); /* NULL is fine */

/* As lf_event_check(), with the rules of the type after it; rules may be NULL. A payload that takes too much work to
 * judge is not right either. */
LF_NODISCARD enum lf_status lf_rules_check(const struct lf_rules *rules, const struct lf_event_type *type,
                                           const struct lf_value *payload, struct lf_arena *arena,
                                           struct lf_violation ret[LF_VIOLATIONS_MAX], size_t *ret_count,
                                           struct lf_err *err);

#endif
