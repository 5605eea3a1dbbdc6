/* What the parts of the comparison of JSON Schemas share. For compat_*.c. */
#ifndef LF_CODEC_SCHEMA_COMPAT_INNER_H
#define LF_CODEC_SCHEMA_COMPAT_INNER_H

#include "codec/compat.h"
#include "codec/schema/facts.h"

struct lf_comparing {
    const struct lf_value *root; /* the reader's document */
    struct lf_arena *arena;
    struct lf_compat_report *report; /* NULL: only tried */
    size_t depth, work;
    bool limit;
};

/* Tells a break, unless this is only tried; false. */
#define LF_COMPAT_REFUSE(c, step, ...)                                                                                 \
    ((c)->report != NULL ? lf_compat_add((c)->report, (step), __VA_ARGS__) : (void)0, false)

/* compat_keyword.c */
/* A value in a few words. */
const char *lf_compat_words(struct lf_comparing *c, const struct lf_value *value);
/* Whether a value is among the items of a list. */
bool lf_compat_is_among(const struct lf_value *value, const struct lf_value *options);
/* Whether a fact of the writer's has the keyword with just this value. */
bool lf_compat_is_known(const struct lf_facts *writer, const char *keyword, const struct lf_value *value);
/* "type" of the reader. */
bool lf_compat_type(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
                    const struct lf_json_step *step);
/* All keywords of the reader that are not about other schemas and not "type". */
bool lf_compat_scalars(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
                       const struct lf_json_step *step);

#endif
