/*
 * Documents -> schema. First every type is declared with its name, so that references can look each other up; then
 * schema_fill.c fills them; then the rules are checked. All problems are collected; the schema lives only without any.
 */
#include "graphql/schema_build.h"
#include "base/mem.h"
#include "graphql/builtin.h"
#include "graphql/parse.h"
#include "graphql/text.h"

static void
out_of_memory(struct lf_gql_builder *b)
{
    b->no_memory = true;
    b->errors->no_memory = true;
}

static const struct {
    enum lf_gql_kind kind;
    const char *words; /* "Cannot extend non-object type" */
} kind_of[] = {
    [LF_GQL_DEF_SCALAR] = {LF_GQL_SCALAR_TYPE, "scalar"},
    [LF_GQL_DEF_OBJECT] = {LF_GQL_OBJECT_TYPE, "object"},
    [LF_GQL_DEF_INTERFACE] = {LF_GQL_INTERFACE_TYPE, "interface"},
    [LF_GQL_DEF_UNION] = {LF_GQL_UNION_TYPE, "union"},
    [LF_GQL_DEF_ENUM] = {LF_GQL_ENUM_TYPE, "enum"},
    [LF_GQL_DEF_INPUT] = {LF_GQL_INPUT_TYPE, "input object"},
};

static bool
defines_type(const struct lf_gql_definition *def)
{
    return def->kind >= LF_GQL_DEF_SCALAR && def->kind <= LF_GQL_DEF_INPUT;
}

struct lf_gql_origin *
lf_gql_origin_of(const struct lf_gql_type *type)
{
    return type->user; /* while the schema is built */
}

static struct lf_gql_origin *
find_origin(struct lf_gql_builder *b, struct lf_bytes name)
{
    struct lf_gql_type *type = lf_gql_schema_type(b->schema, name);
    return type != NULL ? lf_gql_origin_of(type) : NULL;
}

const char *
lf_gql_suggest_types(struct lf_gql_builder *b, struct lf_bytes name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    bool kept = b->errors->count < b->errors->max; /* else nobody will read it */
    for (size_t i = 0; kept && i < b->origin_count; i++) {
        if (!lf_bytes_starts_with(b->origins[i]->type->name, LF_LIT("__")))
            lf_gql_suggest_offer(&suggest, b->origins[i]->type->name);
    }
    return lf_gql_suggest_text(&suggest, b->arena, NULL);
}

void
lf_gql_bad_value(struct lf_gql_builder *b, const struct lf_gql_loc *loc, const char *words, const char *why)
{
    struct lf_bytes reason = lf_bytes_of(why != NULL ? why : "out of memory");
    struct lf_bytes prefix = LF_LIT("Invalid value at ");
    bool inside = lf_bytes_starts_with(reason, prefix); /* … at "value.x": … */
    if (inside)
        reason = lf_bytes(reason.ptr + prefix.len, reason.len - prefix.len);
    lf_gql_build_error(b, loc, "%s%s%.*s", words != NULL ? words : "invalid value", inside ? " at " : ": ",
                       LF_FMT(reason));
}

static void
add_def(struct lf_gql_builder *b, struct lf_gql_origin *origin, const struct lf_gql_definition *def)
{
    const struct lf_gql_definition **defs =
        lf_arena_grow(b->arena, origin->defs, origin->count, &origin->cap, sizeof(*defs));
    if (defs == NULL) {
        out_of_memory(b);
        return;
    }
    origin->defs = defs;
    defs[origin->count++] = def;
}

static void
list_origin(struct lf_gql_builder *b, struct lf_gql_origin *origin)
{
    struct lf_gql_origin **list =
        lf_arena_grow(b->arena, b->origins, b->origin_count, &b->origin_cap, sizeof(struct lf_gql_origin *));
    if (list == NULL) {
        out_of_memory(b);
        return;
    }
    b->origins = list;
    list[b->origin_count++] = origin;
}

static void
name_type(struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    type->kind = kind_of[def->kind].kind;
    type->name = def->name.text;
    type->description = def->description;
    type->directives = def->directives;
    type->loc = def->name.loc;
    if (type->kind == LF_GQL_SCALAR_TYPE)
        type->scalar = lf_gql_scalar_find(type->name);
    if (type->scalar != NULL && type->description.ptr == NULL)
        type->description = lf_bytes_of(type->scalar->description);
}

static void
declare(struct lf_gql_builder *b, const struct lf_gql_definition *def)
{
    if (lf_gql_schema_type(b->schema, def->name.text) != NULL) {
        lf_gql_build_error(b, &def->name.loc, "There can be only one type named \"%.*s\".", LF_FMT(def->name.text));
        return;
    }
    struct lf_gql_type *type = LF_ARENA_NEW(b->arena, struct lf_gql_type);
    struct lf_gql_origin *origin = LF_ARENA_NEW(b->arena, struct lf_gql_origin);
    if (type == NULL || origin == NULL) {
        out_of_memory(b);
        return;
    }
    name_type(type, def);
    type->user = origin;
    origin->type = type;
    if (lf_map_add(&b->schema->types, type->name, type) != LF_OK) {
        out_of_memory(b);
        return;
    }
    add_def(b, origin, def);
    list_origin(b, origin);
}

static void
extend(struct lf_gql_builder *b, const struct lf_gql_definition *def)
{
    struct lf_gql_origin *origin = find_origin(b, def->name.text);
    if (origin == NULL)
        lf_gql_build_error(b, &def->name.loc, "Cannot extend type \"%.*s\" because it is not defined.%s",
                           LF_FMT(def->name.text), lf_gql_suggest_types(b, def->name.text));
    else if (origin->type->kind != kind_of[def->kind].kind)
        lf_gql_build_error(b, &def->name.loc, "Cannot extend non-%s type \"%.*s\".", kind_of[def->kind].words,
                           LF_FMT(def->name.text));
    else
        add_def(b, origin, def);
}

static void
note_schema(struct lf_gql_builder *b, const struct lf_gql_definition *def)
{
    if (!def->extend && b->schema_def_count != 0 && !b->schema_defs[0]->extend) {
        lf_gql_build_error(b, &def->loc, "Must provide only one schema definition.");
        return;
    }
    const struct lf_gql_definition **defs =
        lf_arena_grow(b->arena, b->schema_defs, b->schema_def_count, &b->schema_def_cap, sizeof(*defs));
    if (defs == NULL) {
        out_of_memory(b);
        return;
    }
    b->schema_defs = defs;
    defs[b->schema_def_count++] = def;
    if (def->description.ptr != NULL)
        b->schema->description = def->description;
}

static void
refuse_executable(struct lf_gql_builder *b, const struct lf_gql_definition *def)
{
    lf_gql_build_error(b, &def->loc, "A schema consists of type system definitions; this is %s.",
                       def->kind == LF_GQL_DEF_OPERATION ? "an operation" : "a fragment");
}

static void
declare_one(struct lf_gql_builder *b, const struct lf_gql_definition *def, bool extensions)
{
    bool executable = def->kind == LF_GQL_DEF_OPERATION || def->kind == LF_GQL_DEF_FRAGMENT;
    if (def->extend != extensions || b->no_memory)
        return;
    if (executable)
        refuse_executable(b, def);
    else if (def->kind == LF_GQL_DEF_SCHEMA)
        note_schema(b, def);
    else if (defines_type(def))
        (extensions ? extend : declare)(b, def);
}

/* Definitions before extensions, since either may come first in the documents. */
static void
declare_all(struct lf_gql_builder *b)
{
    for (int extensions = 0; extensions <= 1; extensions++) {
        for (size_t d = 0; d < b->document_count; d++) {
            for (size_t i = 0; i < b->documents[d]->count; i++)
                declare_one(b, b->documents[d]->definitions[i], extensions == 1);
        }
    }
}

static void
free_maps(struct lf_gql_schema *schema)
{
    size_t at = 0;
    for (const struct lf_map_entry *e = lf_map_next(&schema->types, &at); e != NULL;
         e = lf_map_next(&schema->types, &at)) {
        struct lf_gql_type *type = e->value;
        lf_map_release(&type->field_map);
        lf_map_release(&type->value_map);
        lf_map_release(&type->input_map);
    }
    if (schema->meta != NULL)
        lf_map_release(&schema->meta->field_map);
    lf_map_release(&schema->types);
    lf_map_release(&schema->directives);
}

void
lf_gql_schema_free(struct lf_gql_schema *schema)
{
    if (schema == NULL)
        return;
    free_maps(schema);
    lf_arena_release(&schema->arena);
    lf_free(schema);
}

/* The built-in document in front of the caller's. */
static bool
gather_documents(struct lf_gql_builder *b, const struct lf_gql_document *const *documents, size_t count)
{
    const struct lf_gql_limits limits = {.tokens = 0};
    const struct lf_gql_document **all = LF_ARENA_ARRAY(b->arena, const struct lf_gql_document *, count + 1);
    if (all == NULL)
        return false;
    all[0] = lf_gql_parse(b->arena, &lf_gql_builtin_source, &limits, b->errors);
    if (all[0] == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        all[i + 1] = documents[i];
    b->documents = all;
    b->document_count = count + 1;
    return true;
}

static void
build(struct lf_gql_builder *b)
{
    declare_all(b);
    if (!b->no_memory)
        lf_gql_fill(b);
    if (!b->no_memory)
        lf_gql_check(b);
    if (!b->no_memory)
        lf_gql_check_defaults(b);
    if (!b->no_memory)
        lf_gql_check_directives(b);
    if (!b->no_memory)
        lf_gql_check_circles(b);
    for (size_t i = 0; i < b->origin_count; i++) {
        struct lf_gql_origin *origin = b->origins[i];
        origin->type->unlisted = !origin->used && origin->type->loc.source == &lf_gql_builtin_source &&
                                 origin->type->kind == LF_GQL_SCALAR_TYPE;
        origin->type->user = NULL;
    }
    /* The meta fields' type has served its purpose under a name. */
    b->schema->meta = lf_map_remove(&b->schema->types, LF_LIT(LF_GQL_META_TYPE));
}

struct lf_gql_schema *
lf_gql_schema_build(const struct lf_gql_document *const *documents, size_t count, struct lf_gql_errors *errors)
{
    struct lf_gql_schema *schema = lf_calloc(1, sizeof(*schema));
    if (schema == NULL) {
        errors->no_memory = true;
        return NULL;
    }
    lf_arena_init(&schema->arena, 64 * 1024, 0);
    size_t before = errors->count;
    struct lf_gql_builder b = {.schema = schema, .arena = &schema->arena, .errors = errors};
    if (gather_documents(&b, documents, count))
        build(&b);
    else if (errors->count == before)
        out_of_memory(&b);
    struct lf_err err = {0};
    if (errors->count == before && !b.no_memory && !errors->no_memory) {
        if (lf_gql_introspection_install(schema, &err) == LF_OK)
            return schema;
        errors->no_memory = true;
    }
    lf_gql_schema_free(schema);
    return NULL;
}
