/* GraphQL arguments of list fields -> a list query. Pure. */
#ifndef LF_GATEWAY_FILTER_H
#define LF_GATEWAY_FILTER_H

#include "query/query.h"

/* Reads where, orderBy, first and after (coerced) into *ret; entity NULL: events. Everything in arena. LF_INVALID with
 * words for the client. */
LF_NODISCARD enum lf_status lf_gateway_list_query(const struct lf_entity *entity, const struct lf_value *args,
                                                  struct lf_arena *arena, struct lf_list_query *ret,
                                                  struct lf_err *err);

#endif
