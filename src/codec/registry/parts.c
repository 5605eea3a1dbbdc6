/* What a schema refers to, and what that refers to: fetched once each, in an order in which each can be read. */
#include "codec/registry.h"

struct collector {
    struct lf_registry *registry;
    struct lf_arena *arena;
    struct lf_schema_part *parts;
    struct lf_schema_reference *origins; /* of parts, in the same order */
    size_t count, cap, origin_cap;
    const struct lf_schema_reference *way[LF_REGISTRY_REFERENCES_MAX]; /* from the schema to the one in work */
    size_t depth;
};

static bool
same_origin(const struct lf_schema_reference *a, const struct lf_schema_reference *b)
{
    return a->version == b->version && lf_bytes_equal(a->subject, b->subject);
}

/* Whether the reference is fetched already. LF_INVALID: its name means something else. */
static enum lf_status
find(const struct collector *c, const struct lf_schema_reference *reference, bool *ret, struct lf_err *err)
{
    *ret = false;
    for (size_t i = 0; i < c->count; i++) {
        if (!lf_bytes_equal(c->parts[i].name, reference->name))
            continue;
        if (!same_origin(&c->origins[i], reference))
            return lf_fail(err, LF_INVALID, "two different schemas are referred to as %.*s", LF_FMT(reference->name));
        *ret = true;
    }
    for (size_t i = 0; i < c->depth; i++) {
        if (same_origin(c->way[i], reference))
            return lf_fail(err, LF_INVALID, "version %d of %.*s refers to itself", reference->version,
                           LF_FMT(reference->subject));
    }
    return LF_OK;
}

static enum lf_status
add(struct collector *c, const struct lf_schema_reference *reference, struct lf_bytes text, struct lf_err *err)
{
    struct lf_schema_part *parts = lf_arena_grow(c->arena, c->parts, c->count, &c->cap, sizeof(*parts));
    struct lf_schema_reference *origins =
        lf_arena_grow(c->arena, c->origins, c->count, &c->origin_cap, sizeof(*origins));
    if (parts == NULL || origins == NULL)
        return lf_no_memory(err);
    c->parts = parts;
    c->origins = origins;
    parts[c->count] = (struct lf_schema_part){reference->name, text};
    origins[c->count++] = *reference;
    return LF_OK;
}

/* Depth is bounded: a circle is refused, and so is too much. */
static enum lf_status
collect(struct collector *c, const struct lf_schema_text *schema, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < schema->reference_count; i++) {
        const struct lf_schema_reference *reference = &schema->references[i];
        struct lf_registered found;
        bool known;
        st = find(c, reference, &known, err);
        if (st != LF_OK || known)
            continue;
        if (c->count + c->depth >= LF_REGISTRY_REFERENCES_MAX)
            return lf_fail(err, LF_LIMIT, "the schema refers to more than %d others", LF_REGISTRY_REFERENCES_MAX);
        st = lf_registry_version(c->registry, reference->subject, reference->version, c->arena, &found, err);
        if (st != LF_OK)
            continue;
        c->way[c->depth++] = reference;
        st = collect(c, &found.schema, err);
        c->depth--;
        if (st == LF_OK)
            st = add(c, reference, found.schema.text, err);
    }
    return st;
}

enum lf_status
lf_registry_parts(struct lf_registry *registry, const struct lf_schema_text *schema, struct lf_arena *arena,
                  struct lf_schema_part **ret, size_t *ret_count, struct lf_err *err)
{
    struct collector c = {.registry = registry, .arena = arena};
    enum lf_status st = collect(&c, schema, err);
    if (st != LF_OK)
        return st;
    *ret = c.parts;
    *ret_count = c.count;
    return LF_OK;
}
