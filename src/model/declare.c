/* Which types the files declare: definitions and extensions of one name become one declaration. */
#include "model/compile.h"

#include <string.h>

struct lf_decl *
lf_compile_decl(const struct lf_compiler *c, struct lf_bytes name)
{
    return lf_map_get(&c->decls, name);
}

struct lf_decl *
lf_compile_next(const struct lf_compiler *c, size_t *at)
{
    const struct lf_map_entry *entry = lf_map_next(&c->decls, at);
    return entry != NULL ? entry->value : NULL;
}

/* items[count] and more[more_count] one after the other, in the arena. */
static const void *
join(struct lf_compiler *c, const void *items, size_t count, const void *more, size_t more_count, size_t size)
{
    if (more_count == 0 || count == 0)
        return count == 0 ? more : items;
    char *all = lf_compile_array(c, count + more_count, size);
    if (all == NULL)
        return items;
    memcpy(all, items, count * size);
    memcpy(all + count * size, more, more_count * size);
    return all;
}

#define JOIN(c, to, count, from, from_count)                                                                           \
    do {                                                                                                               \
        (to) = join((c), (to), (count), (from), (from_count), sizeof(*(to)));                                          \
        (count) += (from_count);                                                                                       \
    } while (0)

static void
merge(struct lf_compiler *c, struct lf_decl *decl, const struct lf_gql_definition *part)
{
    JOIN(c, decl->directives.items, decl->directives.count, part->directives.items, part->directives.count);
    JOIN(c, decl->fields, decl->field_count, part->fields, part->field_count);
    JOIN(c, decl->values, decl->value_count, part->values, part->value_count);
    if (part->kind == LF_GQL_DEF_INPUT)
        JOIN(c, decl->inputs, decl->input_count, part->inputs, part->input_count);
}

static bool
is_type(enum lf_gql_definition_kind kind)
{
    switch (kind) {
    case LF_GQL_DEF_SCALAR:
    case LF_GQL_DEF_OBJECT:
    case LF_GQL_DEF_INTERFACE:
    case LF_GQL_DEF_UNION:
    case LF_GQL_DEF_ENUM:
    case LF_GQL_DEF_INPUT: return true;
    default: return false;
    }
}

static struct lf_decl *
add_decl(struct lf_compiler *c, const struct lf_gql_definition *part)
{
    struct lf_decl *decl = LF_COMPILE_ARRAY(c, struct lf_decl, 1);
    if (decl == NULL)
        return NULL;
    decl->name = part->name;
    decl->kind = part->kind;
    if (lf_map_add(&c->decls, decl->name.text, decl) != LF_OK) {
        lf_compile_no_memory(c);
        return NULL;
    }
    return decl;
}

/* A second definition of a name, and an extension of another kind, are left to the building of the schema to report. */
static void
declare_type(struct lf_compiler *c, const struct lf_gql_definition *part)
{
    struct lf_decl *decl = lf_compile_decl(c, part->name.text);
    if (decl == NULL)
        decl = add_decl(c, part);
    if (decl == NULL || decl->kind != part->kind || (decl->defined && !part->extend))
        return;
    if (!part->extend) {
        decl->defined = true;
        decl->name = part->name;
    }
    merge(c, decl, part);
}

static void
declare_roots(struct lf_compiler *c, const struct lf_gql_definition *schema)
{
    for (size_t i = 0; i < schema->root_count; i++)
        c->root_names[schema->roots[i].operation] = schema->roots[i].type.text;
}

static void
declare_one(struct lf_compiler *c, const struct lf_gql_definition *part)
{
    if (is_type(part->kind)) {
        declare_type(c, part);
    } else if (part->kind == LF_GQL_DEF_SCHEMA) {
        declare_roots(c, part);
    } else if (part->kind == LF_GQL_DEF_DIRECTIVE) {
        if (lf_map_set(&c->directive_names, part->name.text, c) != LF_OK)
            lf_compile_no_memory(c);
    } else {
        lf_compile_error(c, &part->loc,
                         "a schema file holds type definitions; send operations and fragments to the "
                         "server instead");
    }
}

static enum lf_role
role_of(struct lf_compiler *c, const struct lf_decl *decl)
{
    static const enum lf_role roots[] = {LF_ROLE_QUERY, LF_ROLE_MUTATION, LF_ROLE_SUBSCRIPTION};
    if (decl->kind != LF_GQL_DEF_OBJECT)
        return LF_ROLE_PLAIN;
    const struct lf_gql_directive *entity = lf_gql_find_directive(decl->directives, "entity");
    const struct lf_gql_directive *event = lf_gql_find_directive(decl->directives, "event");
    for (size_t i = 0; i < 3; i++) {
        if (!lf_bytes_equal(c->root_names[i], decl->name.text))
            continue;
        if (entity != NULL || event != NULL)
            lf_compile_error(c, &(entity != NULL ? entity : event)->loc,
                             "\"%.*s\" is a root type and can be no entity or event: use another type",
                             LF_FMT(decl->name.text));
        return roots[i];
    }
    if (entity != NULL && event != NULL)
        lf_compile_error(c, &event->loc, "type \"%.*s\" cannot be an entity and an event at once: make two types of it",
                         LF_FMT(decl->name.text));
    return entity != NULL ? LF_ROLE_ENTITY : event != NULL ? LF_ROLE_EVENT : LF_ROLE_PLAIN;
}

/* Query and Subscription are generated: a field of the user's own would have nothing behind it. */
static void
check_generated_root(struct lf_compiler *c, const struct lf_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++)
        lf_compile_error(
            c, &decl->fields[i].name.loc,
            "field \"%.*s\" of \"%.*s\" has nothing to answer it: the fields of %s follow from the @entity "
            "types; remove this one",
            LF_FMT(decl->fields[i].name.text), LF_FMT(decl->name.text),
            decl->role == LF_ROLE_QUERY ? "queries" : "subscriptions");
}

void
lf_compile_declare(struct lf_compiler *c)
{
    for (size_t i = 0; i < c->document_count; i++) {
        for (size_t j = 0; j < c->documents[i]->count; j++)
            declare_one(c, c->documents[i]->definitions[j]);
    }
    size_t at = 0;
    for (struct lf_decl *decl; (decl = lf_compile_next(c, &at)) != NULL;) {
        decl->role = role_of(c, decl);
        if (decl->role == LF_ROLE_QUERY || decl->role == LF_ROLE_SUBSCRIPTION)
            check_generated_root(c, decl);
    }
}
