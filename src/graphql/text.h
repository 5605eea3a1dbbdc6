/* Short texts for messages: types, literals, values, and what a writer may have meant instead. */
#ifndef LF_GRAPHQL_TEXT_H
#define LF_GRAPHQL_TEXT_H

#include "graphql/schema.h"

enum { LF_GQL_TEXT_MAX = 1000 }; /* bytes of a quoted value; the rest is cut off and replaced by "..." */

/* The text, or its first LF_GQL_TEXT_MAX bytes, not cut inside a character. */
struct lf_bytes lf_gql_text_cut(struct lf_bytes text);

/* The text of a buffer of at most LF_GQL_TEXT_MAX bytes, which is released; "..." stands for what did not fit. */
const char *lf_gql_text_take(struct lf_buf *buf, struct lf_arena *arena);
/* Arena texts, never NULL: out of memory they are "..." */
const char *lf_gql_text_type(struct lf_arena *arena, const struct lf_gql_type *type);
const char *lf_gql_text_ref(struct lf_arena *arena, const struct lf_gql_type_ref *ref);
const char *lf_gql_text_literal(struct lf_arena *arena, const struct lf_gql_value_node *literal);
/* As graphql-js's inspect(): `{ a: 1, b: ["x"] }`, at most 10 items a list and 3 levels. */
const char *lf_gql_text_value(struct lf_arena *arena, const struct lf_value *value);

/* The nearest of the names offered (by edit distance), nearest first. */
enum { LF_GQL_SUGGESTIONS_MAX = 5 };
struct lf_gql_suggest {
    struct lf_bytes input;
    size_t count;
    struct lf_bytes names[LF_GQL_SUGGESTIONS_MAX];
    size_t distances[LF_GQL_SUGGESTIONS_MAX];
};
void lf_gql_suggest_init(struct lf_gql_suggest *suggest, struct lf_bytes input);
void lf_gql_suggest_offer(struct lf_gql_suggest *suggest, struct lf_bytes name);
/* ` Did you mean "a" or "b"?`, with words (` Did you mean the enum value "A"?`) if not NULL; "" if nothing is near. */
const char *lf_gql_suggest_text(const struct lf_gql_suggest *suggest, struct lf_arena *arena, const char *words);
/* The same for names chosen otherwise. */
const char *lf_gql_did_you_mean(struct lf_arena *arena, const char *words, const struct lf_bytes *names, size_t count);
/* Orders names as people do: "a2" before "a10". */
int lf_gql_natural_compare(struct lf_bytes a, struct lf_bytes b);

#endif
