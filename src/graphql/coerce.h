/* What values.c, literals.c and arguments.c share. Private to them. */
#ifndef LF_GRAPHQL_COERCE_H
#define LF_GRAPHQL_COERCE_H

#include "graphql/values.h"

extern const char lf_gql_no_memory_text[];

/* Who hears of every problem of a value; text is never NULL. */
struct lf_gql_coercion {
    struct lf_arena *arena;
    void (*report)(struct lf_gql_coercion *coercion, const struct lf_gql_path *path, const struct lf_value *bad,
                   const char *text);
    void *user;
    bool full; /* set by report(): it wants to hear no more, and the rest is not looked at */
};
bool lf_gql_coerce_reporting(struct lf_gql_coercion *coercion, const struct lf_gql_type *type,
                             const struct lf_value *in, struct lf_value *ret);

/* ` at "name.a[0]"` in the arena; "" at the top. */
const char *lf_gql_place_text(struct lf_arena *arena, struct lf_bytes name, const struct lf_gql_path *path);

/* Sets *ret to the schema's own copy of the enum value's name: coerced values may outlive the document. */
bool lf_gql_find_enum(const struct lf_gql_type *type, struct lf_bytes text, struct lf_value *ret);
/* ` Did you mean the enum value "A"?`, or "". */
const char *lf_gql_suggest_enum(const struct lf_gql_type *type, struct lf_bytes text, struct lf_arena *arena);
/* Why a text is no value of the enum; NULL out of memory. */
const char *lf_gql_unknown_enum_text(const struct lf_gql_type *type, struct lf_bytes text, struct lf_arena *arena);

#endif
