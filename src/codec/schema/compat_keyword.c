/* Keywords of JSON Schema that compare by themselves: types, values, bounds, and what must be the same to hold. */
#include "codec/schema/compat_inner.h"
#include "json/json.h"
#include "model/decimal.h"

const char *
lf_compat_words(struct lf_comparing *c, const struct lf_value *value)
{
    struct lf_buf text;
    lf_buf_init(&text, 200);
    lf_json_write(&text, value);
    const char *copy = text.failed == LF_OK ? lf_arena_text(c->arena, lf_buf_view(&text)) : NULL;
    lf_buf_release(&text);
    return copy != NULL ? copy : "…";
}

/* --- keywords that compare by themselves -------------------------------------------------------------------------- */

static struct lf_bytes
number_text(struct lf_comparing *c, const struct lf_value *number)
{
    if (number->type == LF_V_FLOAT && number->raw != NULL)
        return lf_bytes(number->raw, number->count);
    return lf_bytes_of(lf_compat_words(c, number));
}

static bool
is_number(const struct lf_value *value)
{
    return value->type == LF_V_INT || value->type == LF_V_FLOAT;
}

/* Whether a fact "keyword" of the writer is at least as strict: its bound beyond the reader's, or equal. */
static bool
bound_implied(struct lf_comparing *c, const struct lf_facts *writer, const char *keyword, const struct lf_value *bound,
              int direction, bool equal_is_fine)
{
    size_t at = 0;
    for (const struct lf_value *known; (known = lf_facts_next(writer, keyword, &at)) != NULL;) {
        int order = is_number(known) ? lf_decimal_compare(number_text(c, known), number_text(c, bound)) : -direction;
        if (order * direction > 0 || (order == 0 && equal_is_fine))
            return true;
    }
    return false;
}

struct bound {
    const char *keyword, *twin; /* twin: the exclusive one, or the inclusive one */
    int direction;              /* 1: a lower bound */
    bool exclusive;
    unsigned types;
    const char *words;
};

static const struct bound bounds[] = {
    {"minimum", "exclusiveMinimum", 1, false, LF_FACT_NUMBERS, "takes numbers from"},
    {"exclusiveMinimum", "minimum", 1, true, LF_FACT_NUMBERS, "takes numbers above"},
    {"maximum", "exclusiveMaximum", -1, false, LF_FACT_NUMBERS, "takes numbers up to"},
    {"exclusiveMaximum", "maximum", -1, true, LF_FACT_NUMBERS, "takes numbers below"},
    {"minLength", NULL, 1, false, LF_FACT_STRING, "takes texts of a length from"},
    {"maxLength", NULL, -1, false, LF_FACT_STRING, "takes texts of a length up to"},
    {"minItems", NULL, 1, false, LF_FACT_ARRAY, "takes lists of a length from"},
    {"maxItems", NULL, -1, false, LF_FACT_ARRAY, "takes lists of a length up to"},
    {"minProperties", NULL, 1, false, LF_FACT_OBJECT, "takes objects with properties from"},
    {"maxProperties", NULL, -1, false, LF_FACT_OBJECT, "takes objects with properties up to"},
};

static bool
is_trivial(const struct bound *bound, const struct lf_value *value)
{
    return bound->direction > 0 && bound->types != LF_FACT_NUMBERS && value->type == LF_V_INT && value->u.integer <= 0;
}

static bool
check_bounds(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
             const struct lf_json_step *step)
{
    bool fine = true;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        const struct bound *bound = &bounds[i];
        const struct lf_value *value = lf_value_get_text(reader, bound->keyword);
        if (value == NULL || !is_number(value) || (writer->types & bound->types) == 0 || is_trivial(bound, value) ||
            bound_implied(c, writer, bound->keyword, value, bound->direction, true) ||
            (bound->twin != NULL && bound_implied(c, writer, bound->twin, value, bound->direction, !bound->exclusive)))
            continue;
        fine = LF_COMPAT_REFUSE(c, step, "the reader %s %s only, the writer has no such bound (%s)", bound->words,
                                lf_compat_words(c, value), bound->keyword);
    }
    return fine;
}

static bool
check_multiple(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
               const struct lf_json_step *step)
{
    const struct lf_value *divisor = lf_value_get_text(reader, "multipleOf");
    size_t at = 0;
    if (divisor == NULL || !is_number(divisor) || (writer->types & LF_FACT_NUMBERS) == 0)
        return true;
    struct lf_bytes text = number_text(c, divisor);
    if ((writer->types & LF_FACT_FRACTION) == 0 && lf_decimal_compare(text, LF_LIT("1")) == 0)
        return true;
    for (const struct lf_value *known; (known = lf_facts_next(writer, "multipleOf", &at)) != NULL;) {
        if (is_number(known) && lf_decimal_is_divisor(text) && lf_decimal_is_multiple(number_text(c, known), text))
            return true;
    }
    return LF_COMPAT_REFUSE(c, step, "the reader takes multiples of %s only, the writer writes others too (multipleOf)",
                            lf_compat_words(c, divisor));
}

/* Whether a value holds a reference: then the same words may mean something else in another document. */
static bool
holds_reference(const struct lf_value *value)
{
    for (uint32_t i = 0; value->type == LF_V_LIST && i < value->count; i++) {
        if (holds_reference(&value->u.items[i]))
            return true;
    }
    for (uint32_t i = 0; value->type == LF_V_OBJECT && i < value->count; i++) {
        const struct lf_member *member = &value->u.members[i];
        if (lf_bytes_equal_text(member->name, "$ref") || lf_bytes_equal_text(member->name, "$dynamicRef") ||
            holds_reference(&member->value))
            return true;
    }
    return false;
}

bool
lf_compat_is_known(const struct lf_facts *writer, const char *keyword, const struct lf_value *value)
{
    size_t at = 0;
    if (holds_reference(value))
        return false;
    for (const struct lf_value *known; (known = lf_facts_next(writer, keyword, &at)) != NULL;) {
        if (lf_value_equal(known, value))
            return true;
    }
    return false;
}

/* Keywords that hold where the writer has just the same. */
static const struct {
    const char *keyword;
    unsigned types;
    const char *words;
    enum { NEVER, IF_TRUE, IF_FALSE } nothing; /* with which value it demands nothing */
} equals[] = {
    {"pattern", LF_FACT_STRING, "takes texts of another pattern", NEVER},
    {"format", LF_FACT_STRING, "takes texts of another format", NEVER},
    {"uniqueItems", LF_FACT_ARRAY, "takes lists without repetitions only", IF_FALSE},
    {"contains", LF_FACT_ARRAY, "wants something in a list that the writer does not promise", NEVER},
    {"minContains", LF_FACT_ARRAY, "wants something in a list that the writer does not promise", NEVER},
    {"maxContains", LF_FACT_ARRAY, "wants something of a list that the writer does not promise", NEVER},
    {"unevaluatedItems", LF_FACT_ARRAY, "restricts further items otherwise", IF_TRUE},
    {"patternProperties", LF_FACT_OBJECT, "restricts properties by patterns otherwise", NEVER},
    {"propertyNames", LF_FACT_OBJECT, "restricts names of properties otherwise", IF_TRUE},
    {"dependentRequired", LF_FACT_OBJECT, "has other dependencies of properties", NEVER},
    {"dependentSchemas", LF_FACT_OBJECT, "has other dependencies of properties", NEVER},
    {"dependencies", LF_FACT_OBJECT, "has other dependencies of properties", NEVER},
    {"unevaluatedProperties", LF_FACT_OBJECT, "restricts further properties otherwise", IF_TRUE},
    {"if", LF_FACT_ALL, "has another condition", NEVER},
    {"then", LF_FACT_ALL, "has another condition", NEVER},
    {"else", LF_FACT_ALL, "has another condition", NEVER},
    {"not", LF_FACT_ALL, "excludes other values", NEVER},
    {"$dynamicRef", LF_FACT_ALL, "refers to what cannot be compared", NEVER},
};

static bool
check_equals(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
             const struct lf_json_step *step)
{
    bool fine = true;
    for (size_t i = 0; i < sizeof(equals) / sizeof(equals[0]); i++) {
        const struct lf_value *value = lf_value_get_text(reader, equals[i].keyword);
        bool nothing =
            value != NULL && value->type == LF_V_BOOL && equals[i].nothing == (value->u.boolean ? IF_TRUE : IF_FALSE);
        if (value != NULL && !nothing && (writer->types & equals[i].types) != 0 &&
            !lf_compat_is_known(writer, equals[i].keyword, value))
            fine = LF_COMPAT_REFUSE(c, step, "the reader %s (%s: %s)", equals[i].words, equals[i].keyword,
                                    lf_compat_words(c, value));
    }
    return fine;
}

bool
lf_compat_type(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
               const struct lf_json_step *step)
{
    char has[80], wants[80];
    const struct lf_value *type = lf_value_get_text(reader, "type");
    struct lf_member only = {LF_LIT("type"), type != NULL ? *type : LF_VALUE_NULL};
    const struct lf_value alone = lf_value_object(&only, type != NULL);
    unsigned types = lf_facts_types(&alone);
    unsigned more = writer->types & ~types;
    if (more == 0)
        return true;
    return LF_COMPAT_REFUSE(c, step, "the writer may write %s, the reader takes %s only",
                            lf_facts_type_words(more, has), lf_facts_type_words(types, wants));
}

bool
lf_compat_is_among(const struct lf_value *value, const struct lf_value *options)
{
    for (uint32_t i = 0; options->type == LF_V_LIST && i < options->count; i++) {
        if (lf_value_equal(value, &options->u.items[i]))
            return true;
    }
    return false;
}

static unsigned
type_bit(const struct lf_value *value)
{
    struct lf_member only = {LF_LIT("const"), *value};
    const struct lf_value alone = lf_value_object(&only, 1);
    return lf_facts_types(&alone);
}

/* Values that are told one by one. values NULL: they are not. */
struct options {
    const struct lf_value *values;
    uint32_t count;
};

/* The values that the writer is confined to: by const, or the shortest enum. */
static struct options
options_of(const struct lf_facts *writer)
{
    size_t at = 0;
    const struct lf_value *constant = lf_facts_next(writer, "const", &at);
    struct options options = {constant, 1};
    at = 0;
    for (const struct lf_value *known; (known = lf_facts_next(writer, "enum", &at)) != NULL;) {
        if (known->type == LF_V_LIST && (options.values == NULL || known->count < options.count))
            options = (struct options){known->u.items, known->count};
    }
    return options;
}

static bool
is_option(const struct lf_value *value, struct options options)
{
    for (uint32_t i = 0; i < options.count; i++) {
        if (lf_value_equal(value, &options.values[i]))
            return true;
    }
    return false;
}

static bool
check_options(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
              const struct lf_json_step *step)
{
    const struct lf_value *list = lf_value_get_text(reader, "enum");
    const struct lf_value *constant = lf_value_get_text(reader, "const");
    if (constant == NULL && (list == NULL || list->type != LF_V_LIST))
        return true;
    const struct options taken =
        constant != NULL ? (struct options){constant, 1} : (struct options){list->u.items, list->count};
    const struct options written = options_of(writer);
    if (written.values == NULL)
        return LF_COMPAT_REFUSE(c, step, "the reader takes %s only, the writer may write other values",
                                lf_compat_words(c, constant != NULL ? constant : list));
    bool fine = true;
    for (uint32_t i = 0; i < written.count; i++) {
        const struct lf_value *value = &written.values[i];
        if ((type_bit(value) & writer->types) != 0 && !is_option(value, taken))
            fine = LF_COMPAT_REFUSE(c, step, "the writer may write %s, which the reader does not know",
                                    lf_compat_words(c, value));
    }
    return fine;
}

bool
lf_compat_scalars(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
                  const struct lf_json_step *step)
{
    bool fine = check_options(c, reader, writer, step);
    fine = check_bounds(c, reader, writer, step) && fine;
    fine = check_multiple(c, reader, writer, step) && fine;
    return check_equals(c, reader, writer, step) && fine;
}
