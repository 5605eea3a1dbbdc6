/* @constraint: what it demands must make sense for the type of its field, and be possible. */
#include "model/compile.h"
#include "model/decimal.h"
#include "model/format.h"
#include "model/pattern.h"

/* One @constraint while it is compiled. */
struct reader {
    struct lf_compiler *c;
    const struct lf_field *field;
    const struct lf_gql_directive *directive;
    struct lf_constraint *constraint;
};

static bool
is_given(const struct reader *r, const char *name)
{
    const struct lf_gql_value_node *node = lf_gql_directive_arg(r->directive, name);
    return node != NULL && node->kind != LF_GQL_NULL;
}

/* Whether the argument is given, and fits; if it is given but does not fit, says so. */
static bool
wanted(const struct reader *r, const char *name, bool fits, const char *for_what)
{
    if (!is_given(r, name))
        return false;
    if (!fits && r->field->type != LF_T_BROKEN)
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, name),
                         "@constraint(%s:) is for %s, but \"%.*s\" is %s: remove it", name, for_what,
                         LF_FMT(r->field->name), lf_compile_type_text(r->c, r->field));
    return fits;
}

static void
read_number(const struct reader *r, const char *name, struct lf_value *ret)
{
    struct lf_bytes text;
    const struct lf_gql_value_node *node = lf_gql_directive_arg(r->directive, name);
    if (!wanted(r, name, lf_field_is_numeric(r->field), "numbers") || node == NULL)
        return;
    if (node->kind != LF_GQL_INT && node->kind != LF_GQL_FLOAT && node->kind != LF_GQL_STRING)
        return; /* reported with the directive's arguments */
    text = node->text;
    if (!lf_decimal_valid(text)) {
        lf_compile_error(r->c, &node->loc, "@constraint(%s:) must be a decimal number, is %s", name,
                         lf_gql_text_literal(r->c->arena, node));
        return;
    }
    int64_t integer;
    double number;
    if (lf_bytes_to_i64(text, &integer)) {
        *ret = lf_value_int(integer);
    } else if (lf_bytes_to_f64(text, &number)) {
        *ret = lf_value_float(number);
        ret->raw = text.ptr;
        ret->count = (uint32_t)text.len;
    } else {
        lf_compile_no_memory(r->c);
    }
}

static void
read_count(const struct reader *r, const char *name, bool fits, const char *for_what, int64_t *ret)
{
    int64_t count;
    if (!wanted(r, name, fits, for_what) || !lf_compile_int_arg(r->directive, name, &count))
        return;
    if (count < 0)
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, name), "@constraint(%s:) cannot be negative", name);
    else
        *ret = count;
}

static void
read_pattern(const struct reader *r, bool fits)
{
    struct lf_bytes pattern;
    struct lf_err err = {0};
    if (!wanted(r, "pattern", fits, "texts (String, ID)") || !lf_compile_text_arg(r->directive, "pattern", &pattern))
        return;
    enum lf_status st = lf_pattern_compile(pattern, r->c->arena, &r->constraint->pattern_code, &err);
    if (st == LF_OK)
        r->constraint->pattern = pattern;
    else if (st == LF_NO_MEMORY)
        lf_compile_no_memory(r->c);
    else
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, "pattern"),
                         "@constraint(pattern:) is no regular expression: %s", err.text);
}

static void
read_format(const struct reader *r, bool fits)
{
    struct lf_bytes format;
    if (!wanted(r, "format", fits, "texts (String, ID)") || !lf_compile_text_arg(r->directive, "format", &format))
        return;
    if (lf_format_known(format))
        r->constraint->format = format;
    else
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, "format"), "unknown format \"%.*s\": known are %s",
                         LF_FMT(format), lf_format_names());
}

static void
read_unique(const struct reader *r)
{
    if (wanted(r, "uniqueItems", r->field->is_list, "lists"))
        (void)lf_compile_bool_arg(r->directive, "uniqueItems", &r->constraint->unique_items);
}

/* --- possible at all? --------------------------------------------------------------------------------------------- */

static struct lf_bytes
number_text(struct lf_compiler *c, const struct lf_value *value)
{
    if (value->type == LF_V_FLOAT)
        return lf_bytes(value->raw, value->count);
    return lf_bytes_of(lf_compile_printf(c, "%lld", (long long)value->u.integer));
}

/* The lower bound must be below the upper one, or equal where both are inclusive. */
static void
check_range(const struct reader *r, const char *low_name, const struct lf_value *low, const char *high_name,
            const struct lf_value *high, bool may_be_equal)
{
    if (low->type == LF_V_NULL || high->type == LF_V_NULL)
        return;
    int order = lf_decimal_compare(number_text(r->c, low), number_text(r->c, high));
    if (order > 0 || (order == 0 && !may_be_equal))
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, low_name),
                         "@constraint(%s:) leaves no value below %s: make it smaller", low_name, high_name);
}

static void
check_counts(const struct reader *r, const char *low_name, int64_t low, const char *high_name, int64_t high)
{
    if (low >= 0 && high >= 0 && low > high)
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, low_name), "@constraint(%s:) is greater than %s",
                         low_name, high_name);
}

static void
check_possible(const struct reader *r)
{
    const struct lf_constraint *k = r->constraint;
    check_range(r, "min", &k->min, "max", &k->max, true);
    check_range(r, "min", &k->min, "exclusiveMax", &k->exclusive_max, false);
    check_range(r, "exclusiveMin", &k->exclusive_min, "max", &k->max, false);
    check_range(r, "exclusiveMin", &k->exclusive_min, "exclusiveMax", &k->exclusive_max, false);
    check_counts(r, "minLength", k->min_length, "maxLength", k->max_length);
    check_counts(r, "minItems", k->min_items, "maxItems", k->max_items);
    if (k->multiple_of.type != LF_V_NULL && !lf_decimal_is_divisor(number_text(r->c, &k->multiple_of)))
        lf_compile_error(r->c, lf_compile_arg_loc(r->directive, "multipleOf"),
                         "@constraint(multipleOf:) must be greater than 0 and have at most %d significant digits",
                         LF_DECIMAL_DIVISOR_DIGITS);
}

const struct lf_constraint *
lf_compile_constraint(struct lf_compiler *c, const struct lf_field *field, struct lf_gql_directives directives)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(directives, "constraint");
    struct lf_constraint *constraint = directive != NULL ? LF_COMPILE_ARRAY(c, struct lf_constraint, 1) : NULL;
    if (constraint == NULL)
        return NULL;
    *constraint = (struct lf_constraint){.min_length = -1, .max_length = -1, .min_items = -1, .max_items = -1};
    const struct reader r = {c, field, directive, constraint};
    bool text = field->type == LF_T_STRING || field->type == LF_T_ID;
    read_number(&r, "min", &constraint->min);
    read_number(&r, "max", &constraint->max);
    read_number(&r, "exclusiveMin", &constraint->exclusive_min);
    read_number(&r, "exclusiveMax", &constraint->exclusive_max);
    read_number(&r, "multipleOf", &constraint->multiple_of);
    read_count(&r, "minLength", text, "texts (String, ID)", &constraint->min_length);
    read_count(&r, "maxLength", text, "texts (String, ID)", &constraint->max_length);
    read_count(&r, "minItems", field->is_list, "lists", &constraint->min_items);
    read_count(&r, "maxItems", field->is_list, "lists", &constraint->max_items);
    read_unique(&r);
    read_pattern(&r, text);
    read_format(&r, text);
    check_possible(&r);
    return constraint;
}
