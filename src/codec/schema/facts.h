/*
 * What is known of values that a JSON Schema allows: the schemas that all hold for them ($ref and allOf resolved), and
 * the types that are left. For the files of this folder.
 */
#ifndef LF_CODEC_SCHEMA_FACTS_H
#define LF_CODEC_SCHEMA_FACTS_H

#include "json/value.h"

/* Sets of types; a number is an integer or not. */
enum {
    LF_FACT_NULL = 1,
    LF_FACT_BOOLEAN = 2,
    LF_FACT_INTEGER = 4,
    LF_FACT_FRACTION = 8,
    LF_FACT_STRING = 16,
    LF_FACT_ARRAY = 32,
    LF_FACT_OBJECT = 64,
    LF_FACT_NUMBERS = LF_FACT_INTEGER | LF_FACT_FRACTION,
    LF_FACT_ALL = 127,
};

enum { LF_FACTS_MAX = 48 };

struct lf_facts {
    const struct lf_value *root; /* the document, for $ref */
    const struct lf_value *items[LF_FACTS_MAX];
    bool split[LF_FACTS_MAX]; /* its anyOf and oneOf have been looked at one by one */
    size_t count;
    unsigned types; /* 0: no value is left */
    bool full;      /* there were more; what is left out makes the facts weaker, never wrong */
};

/* No facts: any value. */
void lf_facts_init(struct lf_facts *facts, const struct lf_value *root);
/* Adds what a schema says, with what it refers to. */
void lf_facts_add(struct lf_facts *facts, const struct lf_value *schema);
/* The value of a keyword in the n-th fact that has it (start with *at = 0); NULL: no further one. */
const struct lf_value *lf_facts_next(const struct lf_facts *facts, const char *keyword, size_t *at);

/* The schema at "#/…" of a document; NULL: the reference leads elsewhere, or nowhere. */
const struct lf_value *lf_facts_resolve(const struct lf_value *root, struct lf_bytes reference);

/* The types that "type", "enum" and "const" of one schema leave. */
unsigned lf_facts_types(const struct lf_value *schema);
/* "null, string" in words; never empty. */
const char *lf_facts_type_words(unsigned types, char space[80]);

#endif
