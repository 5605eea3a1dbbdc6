/*
 * JSON Schemas against each other: does the reader's allow every value that the writer's allows? Keyword by keyword:
 * one of the reader's holds if something that is known of the writer's values implies it. What cannot be judged counts
 * as a break, so that nothing slips through; but for properties that only the reader declares, where the writer's
 * schema is open: writers do not write what they do not declare.
 */
#include "codec/schema/compat_json.h"
#include "codec/schema/compat_inner.h"

#include <string.h>

enum { DEPTH_MAX = 60, WORK_MAX = 200000 };

/* A pair that is being compared further out; schemas may contain themselves. */
struct pair {
    const struct pair *outer;
    const struct lf_value *reader;
    const struct lf_facts *writer;
};

static bool accepts(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
                    const struct lf_json_step *step, const struct pair *outer);

/* --- lists -------------------------------------------------------------------------------------------------------- */

/* What is known of the index-th item; SIZE_MAX: of those behind all that are told apart. */
static void
item_facts(const struct lf_facts *writer, size_t index, struct lf_facts *ret)
{
    lf_facts_init(ret, writer->root);
    for (size_t i = 0; i < writer->count; i++) {
        const struct lf_value *items = lf_value_get_text(writer->items[i], "items");
        const struct lf_value *prefix = lf_value_get_text(writer->items[i], "prefixItems");
        if (items != NULL && items->type == LF_V_LIST) { /* draft 07 */
            prefix = items;
            items = lf_value_get_text(writer->items[i], "additionalItems");
        }
        bool told = prefix != NULL && prefix->type == LF_V_LIST && index < prefix->count;
        if (told)
            lf_facts_add(ret, &prefix->u.items[index]);
        else if (items != NULL && (prefix == NULL || index >= prefix->count))
            lf_facts_add(ret, items);
    }
}

/* How many items the writer tells apart. */
static size_t
prefix_length(const struct lf_facts *writer)
{
    size_t longest = 0;
    for (size_t i = 0; i < writer->count; i++) {
        const struct lf_value *prefix = lf_value_get_text(writer->items[i], "prefixItems");
        const struct lf_value *items = lf_value_get_text(writer->items[i], "items");
        if (prefix != NULL && prefix->type == LF_V_LIST && prefix->count > longest)
            longest = prefix->count;
        if (items != NULL && items->type == LF_V_LIST && items->count > longest)
            longest = items->count;
    }
    return longest;
}

static bool
check_item(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer, size_t index,
           const struct lf_json_step *step, const struct pair *outer)
{
    struct lf_facts facts;
    const struct lf_json_step inner = {step, index == SIZE_MAX ? LF_LIT("*") : LF_BYTES_NONE,
                                       index == SIZE_MAX ? 0 : index};
    item_facts(writer, index, &facts);
    return accepts(c, reader, &facts, &inner, outer);
}

static bool
check_items(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
            const struct lf_json_step *step, const struct pair *outer)
{
    bool fine = true;
    const struct lf_value *items = lf_value_get_text(reader, "items");
    const struct lf_value *prefix = lf_value_get_text(reader, "prefixItems");
    if ((writer->types & LF_FACT_ARRAY) == 0)
        return true;
    if (items != NULL && items->type == LF_V_LIST) {
        prefix = items;
        items = lf_value_get_text(reader, "additionalItems");
    }
    size_t told = prefix != NULL && prefix->type == LF_V_LIST ? prefix->count : 0;
    for (size_t i = 0; i < told; i++)
        fine = check_item(c, &prefix->u.items[i], writer, i, step, outer) && fine;
    if (items == NULL)
        return fine;
    for (size_t i = told; i < prefix_length(writer); i++)
        fine = check_item(c, items, writer, i, step, outer) && fine;
    return check_item(c, items, writer, SIZE_MAX, step, outer) && fine;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

/* What is known of a property's value, if it is there. */
static void
property_facts(const struct lf_facts *writer, struct lf_bytes name, struct lf_facts *ret)
{
    lf_facts_init(ret, writer->root);
    for (size_t i = 0; i < writer->count; i++) {
        const struct lf_value *properties = lf_value_get_text(writer->items[i], "properties");
        const struct lf_value *declared = properties != NULL ? lf_value_get(properties, name) : NULL;
        const struct lf_value *others = lf_value_get_text(writer->items[i], "additionalProperties");
        if (declared != NULL)
            lf_facts_add(ret, declared);
        else if (others != NULL && lf_value_get_text(writer->items[i], "patternProperties") == NULL)
            lf_facts_add(ret, others);
    }
}

static bool
is_declared(const struct lf_facts *writer, struct lf_bytes name)
{
    size_t at = 0;
    for (const struct lf_value *properties; (properties = lf_facts_next(writer, "properties", &at)) != NULL;) {
        if (lf_value_get(properties, name) != NULL)
            return true;
    }
    return false;
}

static bool
is_required(const struct lf_facts *writer, const struct lf_value *name)
{
    size_t at = 0;
    for (const struct lf_value *required; (required = lf_facts_next(writer, "required", &at)) != NULL;) {
        if (lf_compat_is_among(name, required))
            return true;
    }
    return false;
}

static bool
check_required(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
               const struct lf_json_step *step)
{
    bool fine = true;
    const struct lf_value *required = lf_value_get_text(reader, "required");
    const struct lf_value *properties = lf_value_get_text(reader, "properties");
    for (uint32_t i = 0; required != NULL && required->type == LF_V_LIST && i < required->count; i++) {
        const struct lf_value *name = &required->u.items[i];
        if (name->type != LF_V_STRING)
            continue;
        const struct lf_value *own = properties != NULL ? lf_value_get(properties, lf_value_text(name)) : NULL;
        const struct lf_json_step inner = {step, lf_value_text(name), 0};
        if ((own != NULL && lf_value_get_text(own, "default") != NULL) || is_required(writer, name))
            continue;
        fine = LF_COMPAT_REFUSE(c, &inner, "the reader needs it and has no default, the writer may leave it out");
    }
    return fine;
}

static bool
check_properties(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
                 const struct lf_json_step *step, const struct pair *outer)
{
    bool fine = true;
    const struct lf_value *properties = lf_value_get_text(reader, "properties");
    for (uint32_t i = 0; properties != NULL && properties->type == LF_V_OBJECT && i < properties->count; i++) {
        const struct lf_member *member = &properties->u.members[i];
        struct lf_facts facts;
        property_facts(writer, member->name, &facts);
        if (facts.types == 0 || (facts.count == 0 && !is_declared(writer, member->name)))
            continue; /* never written */
        const struct lf_json_step inner = {step, member->name, 0};
        fine = accepts(c, &member->value, &facts, &inner, outer) && fine;
    }
    return fine;
}

/* One property that only the writer declares, against the reader's additionalProperties. */
static bool
check_other(struct lf_comparing *c, const struct lf_value *others, const struct lf_facts *writer, struct lf_bytes name,
            const struct lf_json_step *step, const struct pair *outer)
{
    struct lf_facts facts;
    const struct lf_json_step inner = {step, name, 0};
    property_facts(writer, name, &facts);
    if (facts.types == 0)
        return true;
    if (others->type == LF_V_BOOL && !others->u.boolean)
        return LF_COMPAT_REFUSE(c, &inner,
                                "the writer may write it, the reader takes no such property (additionalProperties)");
    return accepts(c, others, &facts, &inner, outer);
}

static bool
is_closed(const struct lf_facts *writer)
{
    size_t at = 0;
    for (const struct lf_value *others; (others = lf_facts_next(writer, "additionalProperties", &at)) != NULL;) {
        if (others->type == LF_V_BOOL && !others->u.boolean)
            return true;
    }
    return false;
}

static bool
check_others(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
             const struct lf_json_step *step, const struct pair *outer)
{
    bool fine = true;
    const struct lf_value *others = lf_value_get_text(reader, "additionalProperties");
    const struct lf_value *own = lf_value_get_text(reader, "properties");
    if (others == NULL || (others->type == LF_V_BOOL && others->u.boolean) ||
        lf_value_get_text(reader, "patternProperties") != NULL)
        return true;
    size_t at = 0;
    for (const struct lf_value *properties; (properties = lf_facts_next(writer, "properties", &at)) != NULL;) {
        for (uint32_t i = 0; properties->type == LF_V_OBJECT && i < properties->count; i++) {
            struct lf_bytes name = properties->u.members[i].name;
            if (own == NULL || lf_value_get(own, name) == NULL)
                fine = check_other(c, others, writer, name, step, outer) && fine;
        }
    }
    if (others->type == LF_V_BOOL && !is_closed(writer))
        fine = LF_COMPAT_REFUSE(
            c, step, "the reader takes no further properties, the writer's schema is open (additionalProperties)");
    return fine;
}

static bool
check_object(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
             const struct lf_json_step *step, const struct pair *outer)
{
    if ((writer->types & LF_FACT_OBJECT) == 0)
        return true;
    bool fine = check_required(c, reader, writer, step);
    fine = check_properties(c, reader, writer, step, outer) && fine;
    return check_others(c, reader, writer, step, outer) && fine;
}

/* --- alternatives ------------------------------------------------------------------------------------------------- */

/* The types that a branch of the reader's could take at all. */
static unsigned
branch_types(struct lf_comparing *c, const struct lf_value *branch)
{
    struct lf_facts facts;
    lf_facts_init(&facts, c->root);
    lf_facts_add(&facts, branch);
    return facts.types;
}

/* Whether just one of the branches is about these types. */
static bool
is_alone(struct lf_comparing *c, const struct lf_value *list, unsigned types)
{
    size_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        count += (branch_types(c, &list->u.items[i]) & types) != 0;
    return count <= 1;
}

/* One of the reader's alternatives takes all values. Where only one could, its breaks are told. */
static bool
check_alternatives(struct lf_comparing *c, const struct lf_value *list, const struct lf_facts *writer,
                   const struct lf_json_step *step, const struct pair *outer)
{
    struct lf_comparing quiet = *c;
    const struct lf_value *likely = NULL;
    size_t likely_count = 0;
    quiet.report = NULL;
    for (uint32_t i = 0; i < list->count && !quiet.limit; i++) {
        if (accepts(&quiet, &list->u.items[i], writer, step, outer)) {
            c->work = quiet.work;
            return true;
        }
        if ((branch_types(c, &list->u.items[i]) & writer->types) != 0) {
            likely = &list->u.items[i];
            likely_count++;
        }
    }
    c->work = quiet.work;
    c->limit = quiet.limit;
    if (likely_count == 1 && !c->limit)
        return accepts(c, likely, writer, step, outer);
    return LF_COMPAT_REFUSE(c, step, "none of the reader's %u alternatives takes all that the writer may write",
                            list->count);
}

/* anyOf and oneOf of the reader, for each type of value on its own. */
static bool
check_any(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
          const struct lf_json_step *step, const struct pair *outer)
{
    static const char *const keywords[] = {"anyOf", "oneOf"};
    bool fine = true;
    for (size_t i = 0; i < 2; i++) {
        const struct lf_value *list = lf_value_get_text(reader, keywords[i]);
        for (unsigned bit = 1; list != NULL && list->type == LF_V_LIST && bit < LF_FACT_ALL; bit <<= 1) {
            struct lf_facts one = *writer;
            /* a number is a type of its own */
            one.types &= bit == LF_FACT_INTEGER ? LF_FACT_NUMBERS : bit == LF_FACT_FRACTION ? 0 : bit;
            if (one.types == 0)
                continue;
            if (i == 1 && !is_alone(c, list, one.types) && !lf_compat_is_known(writer, keywords[i], list))
                fine = LF_COMPAT_REFUSE(
                    c, step, "the reader's alternatives exclude each other, which cannot be compared (oneOf)");
            else if (i == 0 || !lf_compat_is_known(writer, keywords[i], list))
                fine = check_alternatives(c, list, &one, step, outer) && fine;
        }
    }
    return fine;
}

/* The n-th anyOf or oneOf of the writer that has not been looked at; NULL: there is none. */
static const struct lf_value *
find_split(const struct lf_facts *writer, size_t *ret_at)
{
    for (size_t i = 0; i < writer->count; i++) {
        const struct lf_value *any = lf_value_get_text(writer->items[i], "anyOf");
        const struct lf_value *one = lf_value_get_text(writer->items[i], "oneOf");
        *ret_at = i;
        if (!writer->split[i] && any != NULL && any->type == LF_V_LIST)
            return any;
        if (!writer->split[i] && one != NULL && one->type == LF_V_LIST)
            return one;
    }
    return NULL;
}

/* Each of the writer's alternatives must be taken. */
static bool
accepts_each(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer, size_t at,
             const struct lf_value *list, const struct lf_json_step *step, const struct pair *outer)
{
    bool fine = true;
    for (uint32_t i = 0; i < list->count; i++) {
        struct lf_facts facts = *writer;
        facts.split[at] = true;
        lf_facts_add(&facts, &list->u.items[i]);
        fine = accepts(c, reader, &facts, step, outer) && fine;
    }
    return fine;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static bool
check_reference(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
                const struct lf_json_step *step, const struct pair *outer)
{
    size_t at = 0;
    const struct lf_value *reference = lf_value_get_text(reader, "$ref");
    if (reference == NULL || reference->type != LF_V_STRING)
        return true;
    const struct lf_value *schema = lf_facts_resolve(c->root, lf_value_text(reference));
    if (schema != NULL)
        return accepts(c, schema, writer, step, outer);
    for (const struct lf_value *known; (known = lf_facts_next(writer, "$ref", &at)) != NULL;) {
        if (lf_value_equal(known, reference))
            return true;
    }
    return LF_COMPAT_REFUSE(c, step, "the reader refers to %s, which is no part of its document",
                            lf_compat_words(c, reference));
}

static bool
check_all(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
          const struct lf_json_step *step, const struct pair *outer)
{
    bool fine = true;
    const struct lf_value *all = lf_value_get_text(reader, "allOf");
    for (uint32_t i = 0; all != NULL && all->type == LF_V_LIST && i < all->count; i++)
        fine = accepts(c, &all->u.items[i], writer, step, outer) && fine;
    return fine;
}

static bool
check_keywords(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
               const struct lf_json_step *step, const struct pair *outer)
{
    if (!lf_compat_type(c, reader, writer, step))
        return false; /* the rest would only say it again */
    bool fine = check_reference(c, reader, writer, step, outer);
    fine = check_all(c, reader, writer, step, outer) && fine;
    fine = check_any(c, reader, writer, step, outer) && fine;
    fine = lf_compat_scalars(c, reader, writer, step) && fine;
    fine = check_items(c, reader, writer, step, outer) && fine;
    return check_object(c, reader, writer, step, outer) && fine;
}

static bool
are_same_facts(const struct lf_facts *a, const struct lf_facts *b)
{
    return a->count == b->count && a->types == b->types &&
           memcmp(a->items, b->items, a->count * sizeof(struct lf_value *)) == 0 &&
           memcmp(a->split, b->split, a->count * sizeof(bool)) == 0;
}

static bool
is_under_way(const struct pair *outer, const struct lf_value *reader, const struct lf_facts *writer)
{
    for (; outer != NULL; outer = outer->outer) {
        if (outer->reader == reader && are_same_facts(outer->writer, writer))
            return true;
    }
    return false;
}

static bool
accepts(struct lf_comparing *c, const struct lf_value *reader, const struct lf_facts *writer,
        const struct lf_json_step *step, const struct pair *outer)
{
    size_t at = 0;
    if (c->work == 0 || c->depth == DEPTH_MAX)
        c->limit = true;
    if (c->limit || writer->types == 0 || (reader->type == LF_V_BOOL && reader->u.boolean))
        return true;
    if (reader->type != LF_V_OBJECT)
        return LF_COMPAT_REFUSE(c, step, "the reader takes nothing here");
    c->work--;
    const struct lf_value *split = find_split(writer, &at);
    if (split != NULL)
        return accepts_each(c, reader, writer, at, split, step, outer);
    if (is_under_way(outer, reader, writer))
        return true;
    const struct pair pair = {outer, reader, writer};
    c->depth++;
    bool fine = check_keywords(c, reader, writer, step, &pair);
    c->depth--;
    return fine;
}

enum lf_status
lf_jsonschema_compat(const struct lf_value *reader, const struct lf_value *writer, struct lf_compat_report *report,
                     struct lf_err *err)
{
    struct lf_comparing c = {.root = reader, .arena = report->arena, .report = report, .work = WORK_MAX};
    struct lf_facts facts;
    lf_facts_init(&facts, writer);
    lf_facts_add(&facts, writer);
    if (!lf_value_equal(reader, writer))
        (void)accepts(&c, reader, &facts, NULL, NULL);
    if (c.limit)
        return lf_fail(err, LF_LIMIT, "the schemas are too large or nested too deeply to be compared");
    return lf_compat_status(report, err);
}
