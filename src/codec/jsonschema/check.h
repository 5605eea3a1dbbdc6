/* A validation at work, and the checks of all keywords. For the files of this folder that validate. */
#ifndef LF_CODEC_JSONSCHEMA_CHECK_H
#define LF_CODEC_JSONSCHEMA_CHECK_H

#include "codec/jsonschema/schema.h"

struct lf_js_run {
    const struct lf_jsonschema *schema;
    struct lf_arena *arena; /* of errors */
    struct lf_jsonschema_error *errors;
    size_t count, max;
    unsigned quiet; /* > 0: only the verdict counts, nothing is reported */
    unsigned depth;
    int64_t steps; /* left */
    enum lf_status failed;
    struct lf_err *err;
    struct lf_regex_matcher matcher;
};

/* The way to a value, innermost first; on the stack. */
struct lf_js_place {
    const struct lf_js_place *outer;
    const struct lf_bytes *name; /* NULL: index */
    uint32_t index;
};

/* The resources that were entered, innermost first: where $dynamicRef looks. */
struct lf_js_scope {
    const struct lf_js_resource *resource;
    const struct lf_js_scope *outer;
};

/* Which members or items of one value have been evaluated. */
struct lf_js_marks {
    uint64_t *bits;
    uint64_t few[2]; /* they rarely need the heap */
    uint32_t count;
};

struct lf_js_frame {
    const struct lf_js_node *node;
    const struct lf_value *value;
    const struct lf_js_place *place; /* NULL: the whole document */
    const struct lf_js_scope *scope;
    struct lf_js_marks *marks; /* NULL: nobody asks */
};

/* Applies a schema to a value. False: it fails (reported unless quiet), or the run has failed. */
bool lf_js_apply(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_value *value,
                 const struct lf_js_place *place, const struct lf_js_scope *scope, struct lf_js_marks *marks);
/* Applies to the frame's value itself; what it evaluates counts only if it succeeds. */
bool lf_js_apply_apart(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_js_frame *frame);
/* The verdict alone. */
bool lf_js_apply_quietly(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_js_frame *frame);

/* Takes steps off the budget; false when it is used up. */
bool lf_js_charge(struct lf_js_run *run, uint64_t steps);
/* Ends the run; returns false. */
bool lf_js_stop(struct lf_js_run *run, enum lf_status status, const char *text);

/* Reports an error of a keyword about the frame's value, unless quiet; the text goes behind the value's own. */
bool lf_js_report(struct lf_js_run *run, const char *keyword, const struct lf_js_frame *frame, const char *fmt, ...)
    LF_PRINTF(4, 5);
/* Reports that the schema "false" was applied. */
bool lf_js_report_false(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_value *value,
                        const struct lf_js_place *place);
/* Whether the caller need not look for further errors. */
static inline bool
lf_js_enough(const struct lf_js_run *run)
{
    return run->quiet > 0 || run->count >= run->max || run->failed != LF_OK;
}

/* marks.c: false out of memory. Release in any case. */
bool lf_js_marks_init(struct lf_js_marks *marks, uint32_t count);
void lf_js_marks_release(struct lf_js_marks *marks);
void lf_js_marks_add(struct lf_js_marks *marks, const struct lf_js_marks *more);
void lf_js_marks_set_all(struct lf_js_marks *marks);
static inline void
lf_js_mark(struct lf_js_marks *marks, uint32_t index)
{
    if (marks != NULL)
        marks->bits[index / 64] |= UINT64_C(1) << index % 64;
}
static inline bool
lf_js_marked(const struct lf_js_marks *marks, uint32_t index)
{
    return (marks->bits[index / 64] >> index % 64 & 1) != 0;
}

/* number.c: the exact order of a number and a decimal; whether it is a whole multiple of one. */
int lf_js_number_compare(const struct lf_decimal *a, const struct lf_decimal *b);
bool lf_js_number_is_multiple(const struct lf_decimal *number, const struct lf_decimal *divisor);
enum { LF_JS_DIVISOR_DIGITS_MAX = 1024 };

/* unique.c: finds two equal items. LF_OK: none; LF_DUPLICATE: *ret_first and *ret_second; LF_NO_MEMORY. */
enum lf_status lf_js_unique(const struct lf_value *list, uint32_t *ret_first, uint32_t *ret_second);

/* Does a pattern match? Charges the run; false as well when that fails. */
bool lf_js_matches(struct lf_js_run *run, const struct lf_regex *regex, struct lf_bytes text);

lf_js_check_fn lf_js_check_type, lf_js_check_options, lf_js_check_multiple, lf_js_check_maximum,
    lf_js_check_exclusive_maximum, lf_js_check_minimum, lf_js_check_exclusive_minimum, lf_js_check_max_length,
    lf_js_check_min_length, lf_js_check_pattern, lf_js_check_format;
lf_js_check_fn lf_js_check_max_items, lf_js_check_min_items, lf_js_check_unique, lf_js_check_prefix_items,
    lf_js_check_items, lf_js_check_contains, lf_js_check_unevaluated_items;
lf_js_check_fn lf_js_check_max_properties, lf_js_check_min_properties, lf_js_check_object, lf_js_check_property_names,
    lf_js_check_dependent, lf_js_check_unevaluated_properties;
lf_js_check_fn lf_js_check_ref, lf_js_check_dynamic_ref, lf_js_check_all_of, lf_js_check_any_of, lf_js_check_one_of,
    lf_js_check_not, lf_js_check_if;

#endif
