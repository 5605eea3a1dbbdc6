/* @constraint: bounds by exact value, lengths in code points, patterns, formats, lists. */
#include "base/map.h"
#include "event/checker.h"
#include "event/number.h"
#include "json/json.h"
#include "model/decimal.h"
#include "model/format.h"
#include "model/pattern.h"

#include <math.h>

static bool
is_numeric(enum lf_field_type type)
{
    return type == LF_T_INT || type == LF_T_FLOAT || type == LF_T_DECIMAL || type == LF_T_BIGINT;
}

/* One bound: the order of value and bound must be one of the two allowed ones. */
struct bound {
    const struct lf_value *value;
    int allowed, also_allowed;
    const char *words;
};

/* A computed number, as Avro and Protobuf have them, and a bound that is a double itself: their order is that of the
 * texts, for the text of a number is nearer to it than to any other double. */
static bool
compare_doubles(const struct lf_value *a, const struct lf_value *b, int *ret)
{
    const int64_t exact_max = INT64_C(1) << 53;
    if (a->type != LF_V_FLOAT || a->raw != NULL || !isfinite(a->u.number) || b->type != LF_V_INT)
        return false;
    if (b->u.integer < -exact_max || b->u.integer > exact_max)
        return false;
    const double bound = (double)b->u.integer;
    *ret = a->u.number < bound ? -1 : a->u.number > bound;
    return true;
}

static int
compare_numbers(const struct lf_value *a, const struct lf_value *b, struct lf_checker *checker)
{
    char space_a[LF_INTEGER_TEXT_SIZE], space_b[LF_INTEGER_TEXT_SIZE];
    if (a->type == LF_V_INT && b->type == LF_V_INT)
        return a->u.integer < b->u.integer ? -1 : a->u.integer > b->u.integer;
    int order;
    if (compare_doubles(a, b, &order))
        return order;
    struct lf_bytes x = lf_number_text(a, space_a, checker->arena);
    struct lf_bytes y = lf_number_text(b, space_b, checker->arena);
    if (x.ptr == NULL || y.ptr == NULL) {
        checker->no_memory = true;
        return 0;
    }
    return lf_decimal_compare(x, y);
}

/* A bound or divisor as it is shown to people: without quotes. */
static const char *
plain_words(struct lf_checker *checker, const struct lf_value *value)
{
    char space[LF_INTEGER_TEXT_SIZE];
    struct lf_bytes text = lf_number_text(value, space, checker->arena);
    const char *words = lf_arena_text(checker->arena, text);
    if (words == NULL)
        checker->no_memory = true;
    return words != NULL ? words : "";
}

static void
check_bounds(struct lf_checker *checker, const struct lf_constraint *constraint, const struct lf_value *value,
             const struct lf_json_step *step)
{
    const struct bound bounds[] = {
        {&constraint->min, 0, 1, "at least"},
        {&constraint->max, 0, -1, "at most"},
        {&constraint->exclusive_min, 1, 1, "greater than"},
        {&constraint->exclusive_max, -1, -1, "less than"},
    };
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        if (bounds[i].value->type == LF_V_NULL)
            continue;
        int order = compare_numbers(value, bounds[i].value, checker);
        if (order != bounds[i].allowed && order != bounds[i].also_allowed)
            lf_checker_add(checker, step, "must be %s %s, is %s", bounds[i].words,
                           plain_words(checker, bounds[i].value), plain_words(checker, value));
    }
}

static void
check_multiple(struct lf_checker *checker, const struct lf_value *divisor, const struct lf_value *value,
               const struct lf_json_step *step)
{
    char space_a[LF_INTEGER_TEXT_SIZE], space_b[LF_INTEGER_TEXT_SIZE];
    struct lf_bytes text = lf_number_text(value, space_a, checker->arena);
    struct lf_bytes by = lf_number_text(divisor, space_b, checker->arena);
    if (text.ptr == NULL || by.ptr == NULL)
        checker->no_memory = true;
    else if (!lf_decimal_is_multiple(text, by))
        lf_checker_add(checker, step, "must be a multiple of %s, is %s", plain_words(checker, divisor),
                       plain_words(checker, value));
}

static void
check_length(struct lf_checker *checker, const struct lf_constraint *constraint, struct lf_bytes text,
             const struct lf_json_step *step)
{
    if (constraint->min_length < 0 && constraint->max_length < 0)
        return;
    int64_t length = (int64_t)lf_utf8_count(text);
    if (constraint->min_length >= 0 && length < constraint->min_length)
        lf_checker_add(checker, step, "must have at least %lld characters, has %lld", (long long)constraint->min_length,
                       (long long)length);
    if (constraint->max_length >= 0 && length > constraint->max_length)
        lf_checker_add(checker, step, "must have at most %lld characters, has %lld", (long long)constraint->max_length,
                       (long long)length);
}

static void
check_pattern(struct lf_checker *checker, const struct lf_constraint *constraint, const struct lf_value *value,
              const struct lf_json_step *step)
{
    struct lf_bytes pattern = constraint->pattern;
    switch (lf_pattern_match(constraint->pattern_code, lf_value_text(value))) {
    case LF_OK: break;
    case LF_NOT_FOUND:
        lf_checker_add(checker, step, "must match the pattern %.*s, is %s", LF_FMT(pattern),
                       lf_checker_words(checker, value));
        break;
    case LF_NO_MEMORY: checker->no_memory = true; break;
    default:
        lf_checker_add(checker, step, "takes too much work to match against the pattern %.*s", LF_FMT(pattern));
        break;
    }
}

/* Numbers written as strings (an ID, a Decimal) and enum values are texts too; an integer ID counts as its digits. */
static void
check_text(struct lf_checker *checker, const struct lf_constraint *constraint, const struct lf_value *value,
           const struct lf_json_step *step)
{
    char space[LF_INTEGER_TEXT_SIZE];
    struct lf_value as_text = *value;
    if (value->type == LF_V_INT)
        as_text = lf_value_string(lf_integer_text(value->u.integer, space));
    struct lf_bytes text = lf_value_text(&as_text);
    check_length(checker, constraint, text, step);
    if (constraint->pattern.ptr != NULL)
        check_pattern(checker, constraint, &as_text, step);
    if (constraint->format.ptr != NULL && !lf_format_valid(constraint->format, text))
        lf_checker_add(checker, step, "must have the format \"%.*s\", is %s", LF_FMT(constraint->format),
                       lf_checker_words(checker, &as_text));
}

void
lf_check_item_constraint(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *value,
                         const struct lf_json_step *step)
{
    const struct lf_constraint *constraint = field->constraint;
    if (is_numeric(field->type)) {
        check_bounds(checker, constraint, value, step);
        if (constraint->multiple_of.type != LF_V_NULL)
            check_multiple(checker, &constraint->multiple_of, value, step);
    } else if (field->type == LF_T_STRING || field->type == LF_T_ID) {
        check_text(checker, constraint, value, step);
    }
}

/* Adds the canonical form of the item, with its index + 1, to seen; the index of an equal one that is there,
 * else SIZE_MAX. */
static size_t
find_equal(struct lf_checker *checker, struct lf_map *seen, const struct lf_value *list, uint32_t at)
{
    struct lf_buf buf;
    lf_buf_init(&buf, SIZE_MAX / 2);
    enum lf_status st = lf_json_write_canonical(&buf, &list->u.items[at], NULL);
    if (st == LF_OK)
        st = lf_buf_status(&buf, NULL);
    struct lf_bytes key = st == LF_OK ? lf_arena_copy(checker->arena, lf_buf_view(&buf)) : LF_BYTES_NONE;
    lf_buf_release(&buf);
    if (key.ptr == NULL) {
        checker->no_memory = true;
        return SIZE_MAX;
    }
    const void *other = lf_map_get(seen, key);
    if (other != NULL)
        return (size_t)(uintptr_t)other - 1;
    if (lf_map_add(seen, key, (void *)((uintptr_t)at + 1)) != LF_OK)
        checker->no_memory = true;
    return SIZE_MAX;
}

static void
check_unique(struct lf_checker *checker, const struct lf_value *list, const struct lf_json_step *step)
{
    struct lf_map seen;
    lf_map_init(&seen);
    for (uint32_t i = 0; i < list->count && !checker->no_memory && checker->count < LF_VIOLATIONS_MAX; i++) {
        size_t other = find_equal(checker, &seen, list, i);
        struct lf_json_step item = {.outer = step, .index = i};
        if (other != SIZE_MAX)
            lf_checker_add(checker, &item, "must be unique in its list, equals item %zu", other);
    }
    lf_map_release(&seen);
}

void
lf_check_list_constraint(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *list,
                         const struct lf_json_step *step)
{
    const struct lf_constraint *constraint = field->constraint;
    if (constraint->min_items >= 0 && list->count < constraint->min_items)
        lf_checker_add(checker, step, "must have at least %lld items, has %u", (long long)constraint->min_items,
                       list->count);
    if (constraint->max_items >= 0 && list->count > constraint->max_items)
        lf_checker_add(checker, step, "must have at most %lld items, has %u", (long long)constraint->max_items,
                       list->count);
    if (constraint->unique_items)
        check_unique(checker, list, step);
}
