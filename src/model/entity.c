/* @entity: keys, names of queries, collections and columns. */
#include "model/compile.h"

#include <string.h>

static bool
is_key_type(const struct lf_field *field)
{
    if (field->is_list)
        return false;
    switch (field->type) {
    case LF_T_ID:
    case LF_T_STRING:
    case LF_T_INT:
    case LF_T_BIGINT:
    case LF_T_UUID:
    case LF_T_DATE: return true;
    default: return field->type == LF_T_BROKEN;
    }
}

static void
set_key(struct lf_compiler *c, struct lf_entity *entity, const struct lf_gql_directive *directive)
{
    struct lf_bytes name;
    entity->key = SIZE_MAX; /* not known: what depends on it is not checked */
    if (!lf_compile_text_arg(directive, "key", &name))
        return;
    const struct lf_gql_loc *loc = lf_compile_arg_loc(directive, "key");
    const struct lf_field *key = lf_find_field(entity->fields, entity->field_count, name);
    if (key == NULL) {
        lf_compile_error(c, loc, "key \"%.*s\" is no field of \"%.*s\"%s", LF_FMT(name), LF_FMT(entity->name),
                         lf_compile_suggest_field(c, entity->fields, entity->field_count, name));
        return;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullPointerArithm): a field was found, so there are some */
    entity->key = (size_t)(key - entity->fields);
    if (!is_key_type(key))
        lf_compile_error(c, loc, "key \"%.*s\" of \"%.*s\" is %s: a key is an ID, String, Int, BigInt, UUID or Date",
                         LF_FMT(name), LF_FMT(entity->name), lf_compile_type_text(c, key));
    if (!key->non_null)
        lf_compile_error(c, loc, "key \"%.*s\" of \"%.*s\" may be null: write %s!", LF_FMT(name), LF_FMT(entity->name),
                         lf_compile_type_text(c, key));
}

static bool
is_name(struct lf_bytes name)
{
    if (name.len == 0 || name.len > 63 || lf_bytes_starts_with(name, LF_LIT("__")))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return true;
}

/* Names that tables of our own have, or that SQLite keeps for itself. */
static bool
is_reserved(struct lf_bytes name)
{
    static const char *const reserved[] = {"event_store", "log_positions", "dead_letters", "outbox"};
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (lf_bytes_equal_nocase(name, lf_bytes_of(reserved[i])))
            return true;
    }
    return lf_bytes_starts_with(name, LF_LIT("sqlite_")) || lf_bytes_starts_with(name, LF_LIT("logfirst_"));
}

static void
set_names(struct lf_compiler *c, struct lf_entity *entity, const struct lf_gql_directive *directive)
{
    entity->single = lf_name_lower_camel(entity->name, c->arena);
    entity->collection = lf_name_plural(entity->single, c->arena);
    if (entity->single.ptr == NULL || entity->collection.ptr == NULL) {
        lf_compile_no_memory(c);
        return;
    }
    struct lf_bytes name = entity->collection;
    (void)lf_compile_text_arg(directive, "collection", &name);
    const struct lf_gql_loc *loc = lf_compile_arg_loc(directive, "collection");
    if (!is_name(name))
        lf_compile_error(c, loc,
                         "collection \"%.*s\" must be a name of at most 63 letters, digits and underscores: choose "
                         "another @entity(collection:)",
                         LF_FMT(name));
    else if (is_reserved(name))
        lf_compile_error(c, loc,
                         "collection \"%.*s\" is a name of the server's own tables: choose another "
                         "@entity(collection:)",
                         LF_FMT(name));
    else
        entity->collection = name;
}

/* --- clashes ------------------------------------------------------------------------------------------------------ */

/* Adds a name that may be there once only, without regard to case (SQL has none); reports if it is there. */
static void
claim(struct lf_compiler *c, struct lf_map *names, struct lf_bytes name, const struct lf_gql_loc *loc, const char *what,
      struct lf_bytes owner)
{
    char *folded = lf_arena_text(c->arena, name);
    if (folded == NULL) {
        lf_compile_no_memory(c);
        return;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (folded[i] >= 'A' && folded[i] <= 'Z')
            folded[i] = (char)(folded[i] - 'A' + 'a');
    }
    const struct lf_bytes key = lf_bytes(folded, name.len);
    const struct lf_bytes *other = lf_map_get(names, key);
    if (other != NULL && lf_bytes_equal(*other, owner)) {
        lf_compile_error(c, loc,
                         "both queries of \"%.*s\" would be called \"%.*s\": choose another "
                         "@entity(collection:)",
                         LF_FMT(owner), LF_FMT(name));
        return;
    }
    if (other != NULL) {
        lf_compile_error(c, loc, "%s \"%.*s\" of \"%.*s\" is also that of \"%.*s\": rename one%s", what, LF_FMT(name),
                         LF_FMT(owner), LF_FMT(*other),
                         strcmp(what, "column") == 0 ? "" : ", or choose @entity(collection:)");
        return;
    }
    struct lf_bytes *kept = LF_COMPILE_ARRAY(c, struct lf_bytes, 1);
    if (kept == NULL)
        return;
    *kept = owner;
    if (lf_map_add(names, key, kept) != LF_OK)
        lf_compile_no_memory(c);
}

static void
check_columns(struct lf_compiler *c, const struct lf_entity *entity)
{
    struct lf_map names;
    lf_map_init(&names);
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        claim(c, &names, field->column, &field->loc, "column", field->name);
    }
    lf_map_release(&names);
}

static void
check_queries(struct lf_compiler *c)
{
    struct lf_map names;
    lf_map_init(&names);
    const struct lf_gql_loc nowhere = {0};
    claim(c, &names, LF_LIT("event"), &nowhere, "query", LF_LIT("Event"));
    claim(c, &names, LF_LIT("events"), &nowhere, "query", LF_LIT("Event"));
    size_t at = 0;
    for (const struct lf_decl *decl; (decl = lf_compile_next(c, &at)) != NULL;) {
        if (decl->entity == NULL || lf_bytes_equal_text(decl->name.text, "Event")) /* the latter clashes as a type */
            continue;
        claim(c, &names, decl->entity->single, &decl->name.loc, "query", decl->entity->name);
        claim(c, &names, decl->entity->collection, &decl->name.loc, "collection", decl->entity->name);
    }
    lf_map_release(&names);
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static void
set_initial(struct lf_compiler *c, struct lf_entity *entity, size_t index, struct lf_gql_directives directives)
{
    struct lf_field *field = &entity->fields[index];
    const struct lf_gql_directive *directive = lf_gql_find_directive(directives, "initial");
    const struct lf_gql_value_node *node = directive != NULL ? lf_gql_directive_arg(directive, "value") : NULL;
    const char *why;
    if (node == NULL || node->kind == LF_GQL_VARIABLE)
        return;
    if (index == entity->key) {
        lf_compile_error(c, &directive->loc, "\"%.*s\" is the key, which every event sets: remove @initial",
                         LF_FMT(field->name));
        return;
    }
    field->has_initial = true; /* if a wrong one: that is reported, not that there is none */
    if (!lf_compile_literal(c, field, node, &field->initial, &why))
        lf_compile_error(c, &node->loc, "@initial(value:) of \"%.*s\" (%s): %s", LF_FMT(field->name),
                         lf_compile_type_text(c, field), why);
}

static void
compile_entity(struct lf_compiler *c, struct lf_decl *decl, struct lf_entity *entity)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(decl->directives, "entity");
    entity->name = decl->name.text;
    entity->fields = lf_compile_fields(c, decl);
    entity->field_count = entity->fields != NULL ? decl->field_count : 0;
    set_key(c, entity, directive);
    set_names(c, entity, directive);
    check_columns(c, entity);
    for (size_t i = 0; i < entity->field_count; i++)
        set_initial(c, entity, i, decl->fields[i].directives);
}

void
lf_compile_entities(struct lf_compiler *c)
{
    struct lf_model *model = c->model;
    size_t at = 0;
    size_t count = 0;
    struct lf_decl *decl;
    while ((decl = lf_compile_next(c, &at)) != NULL)
        count += decl->role == LF_ROLE_ENTITY;
    model->entities = LF_COMPILE_ARRAY(c, struct lf_entity, count);
    for (at = 0; model->entities != NULL && (decl = lf_compile_next(c, &at)) != NULL;) {
        if (decl->role != LF_ROLE_ENTITY)
            continue;
        struct lf_entity *entity = &model->entities[model->entity_count];
        entity->index = model->entity_count++;
        decl->entity = entity;
        compile_entity(c, decl, entity);
        if (lf_map_add(&model->entity_map, entity->name, entity) != LF_OK)
            lf_compile_no_memory(c);
    }
    check_queries(c);
}
