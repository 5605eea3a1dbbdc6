/* Keywords about single values: types, enumerations, numbers, strings. */
#include "codec/jsonschema/check.h"

#include <stdio.h>

static bool
is_integer(const struct lf_value *value)
{
    if (value->type == LF_V_INT)
        return true;
    char space[LF_NUMBER_TEXT_SIZE];
    if (!lf_number_is_finite(value))
        return false;
    struct lf_decimal decimal = lf_decimal_of(value, space);
    return decimal.point >= (int64_t)decimal.count;
}

static bool
type_fits(const struct lf_value *value, unsigned types)
{
    static const unsigned bits[] = {
        [LF_V_NULL] = LF_JS_TYPE_NULL,
        [LF_V_BOOL] = LF_JS_TYPE_BOOLEAN,
        [LF_V_INT] = LF_JS_TYPE_INTEGER | LF_JS_TYPE_NUMBER,
        [LF_V_FLOAT] = LF_JS_TYPE_NUMBER,
        [LF_V_STRING] = LF_JS_TYPE_STRING,
        [LF_V_ENUM] = LF_JS_TYPE_STRING,
        [LF_V_LIST] = LF_JS_TYPE_ARRAY,
        [LF_V_OBJECT] = LF_JS_TYPE_OBJECT,
        [LF_V_OPAQUE] = 0,
    };
    if ((bits[value->type] & types) != 0)
        return true;
    return value->type == LF_V_FLOAT && (types & LF_JS_TYPE_INTEGER) != 0 && is_integer(value);
}

bool
lf_js_check_type(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
    if (type_fits(frame->value, keyword->u.types))
        return true;
    if (run->quiet > 0)
        return false;
    char words[80];
    size_t len = 0;
    for (int i = 0; i < 7; i++) {
        if ((keyword->u.types >> i & 1) != 0)
            len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", len != 0 ? " or " : "", names[i]);
    }
    return lf_js_report(run, keyword->name, frame, "is not of type %s", words);
}

/* --- const and enum ----------------------------------------------------------------------------------------------- */

static bool
text_listed(const struct lf_js_options *options, struct lf_bytes text)
{
    uint32_t low = 0;
    uint32_t high = options->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = lf_js_name_order(text, options->texts[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool
is_listed(const struct lf_js_options *options, const struct lf_value *value)
{
    if (options->texts != NULL)
        return (1U << value->type & LF_JS_STRINGS) != 0 && text_listed(options, lf_value_text(value));
    for (uint32_t i = 0; i < options->count; i++) {
        if (lf_value_equal(&options->values[i], value))
            return true;
    }
    return false;
}

bool
lf_js_check_options(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    const struct lf_js_options *options = keyword->u.options;
    bool deep = (1U << frame->value->type & (LF_JS_LISTS | LF_JS_OBJECTS)) != 0;
    if (!lf_js_charge(run, options->texts != NULL ? 4 : deep ? options->weight : options->count))
        return false;
    if (is_listed(options, frame->value))
        return true;
    if (options->count == 1)
        return lf_js_report(run, keyword->name, frame, "is not the one value that is allowed");
    return lf_js_report(run, keyword->name, frame, "is none of the %u values that are allowed", options->count);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* How the value stands to the keyword's number. Numbers that are not finite are above all. */
static int
compare(const struct lf_js_keyword *keyword, const struct lf_value *value)
{
    const struct lf_value *bound = keyword->u.number.value;
    if (value->type == LF_V_INT && bound->type == LF_V_INT)
        return (value->u.integer > bound->u.integer) - (value->u.integer < bound->u.integer);
    char space[LF_NUMBER_TEXT_SIZE];
    if (!lf_number_is_finite(value))
        return 1;
    struct lf_decimal decimal = lf_decimal_of(value, space);
    return lf_js_number_compare(&decimal, &keyword->u.number.decimal);
}

/* The keyword's number as it was written, cut short. */
static bool
report_number(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame,
              const char *relation)
{
    const struct lf_value *bound = keyword->u.number.value;
    if (bound->type == LF_V_INT)
        return lf_js_report(run, keyword->name, frame, "is not %s %lld", relation, (long long)bound->u.integer);
    if (bound->raw == NULL)
        return lf_js_report(run, keyword->name, frame, "is not %s %.17g", relation, bound->u.number);
    return lf_js_report(run, keyword->name, frame, "is not %s %.*s", relation,
                        bound->count < 60 ? (int)bound->count : 60, bound->raw);
}

bool
lf_js_check_maximum(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return compare(keyword, frame->value) <= 0 || report_number(run, keyword, frame, "at most");
}

bool
lf_js_check_exclusive_maximum(struct lf_js_run *run, const struct lf_js_keyword *keyword,
                              const struct lf_js_frame *frame)
{
    return compare(keyword, frame->value) < 0 || report_number(run, keyword, frame, "less than");
}

bool
lf_js_check_minimum(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return compare(keyword, frame->value) >= 0 || report_number(run, keyword, frame, "at least");
}

bool
lf_js_check_exclusive_minimum(struct lf_js_run *run, const struct lf_js_keyword *keyword,
                              const struct lf_js_frame *frame)
{
    return compare(keyword, frame->value) > 0 || report_number(run, keyword, frame, "greater than");
}

bool
lf_js_check_multiple(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    const struct lf_value *value = frame->value;
    const struct lf_value *by = keyword->u.number.value;
    bool multiple = false;
    if (value->type == LF_V_INT && by->type == LF_V_INT) {
        multiple = by->u.integer == 1 || value->u.integer % by->u.integer == 0;
    } else if (lf_number_is_finite(value)) {
        char space[LF_NUMBER_TEXT_SIZE];
        struct lf_decimal decimal = lf_decimal_of(value, space);
        size_t digits = keyword->u.number.decimal.count;
        if (!lf_js_charge(run, digits <= 18 ? 1 : digits * 50))
            return false;
        multiple = lf_js_number_is_multiple(&decimal, &keyword->u.number.decimal);
    }
    return multiple || report_number(run, keyword, frame, "a multiple of");
}

/* --- strings ------------------------------------------------------------------------------------------------------ */

bool
lf_js_check_max_length(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    if (frame->value->count <= keyword->u.bound) /* bytes: never fewer than characters */
        return true;
    size_t count = lf_utf8_count(lf_value_text(frame->value));
    return count <= keyword->u.bound ||
           lf_js_report(run, keyword->name, frame, "has %zu characters, at most %llu are allowed", count,
                        (unsigned long long)keyword->u.bound);
}

bool
lf_js_check_min_length(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    size_t count = lf_utf8_count(lf_value_text(frame->value));
    return count >= keyword->u.bound ||
           lf_js_report(run, keyword->name, frame, "has %zu characters, at least %llu are required", count,
                        (unsigned long long)keyword->u.bound);
}

bool
lf_js_matches(struct lf_js_run *run, const struct lf_regex *regex, struct lf_bytes text)
{
    if (!lf_js_charge(run, 4 + text.len / 64))
        return false;
    enum lf_status st = lf_regex_match(regex, text, LF_JS_REGEX_CHEAP, &run->matcher);
    if (st == LF_LIMIT) {
        if (!lf_js_charge(run, LF_JS_REGEX_MAX / 4))
            return false;
        st = lf_regex_match(regex, text, LF_JS_REGEX_MAX, &run->matcher);
    }
    if (st == LF_LIMIT)
        return lf_js_stop(run, LF_LIMIT, "a regular expression takes too much work on this value");
    if (st == LF_NO_MEMORY)
        return lf_js_stop(run, LF_NO_MEMORY, "out of memory");
    return st == LF_OK;
}

bool
lf_js_check_pattern(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    if (lf_js_matches(run, keyword->u.pattern.regex, lf_value_text(frame->value)))
        return true;
    size_t len = keyword->u.pattern.len;
    return lf_js_report(run, keyword->name, frame, "does not match the pattern %.*s", len < 200 ? (int)len : 200,
                        keyword->u.pattern.text);
}

bool
lf_js_check_format(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    struct lf_bytes text = lf_value_text(frame->value);
    return (lf_js_charge(run, 4 + text.len / 16) && keyword->u.format->valid(text)) ||
           lf_js_report(run, keyword->name, frame, "is not of the format %s", keyword->u.format->name);
}
