/*
 * The SDL to serve: the prelude, the scalars, what follows from each entity, and the user's own documents without what
 * is ours: directives of the schema language and scalars that he declared for his editor. Name clashes are reported
 * here.
 */
#include "model/compile.h"
#include "model/prelude.h"

#include <string.h>

enum { SDL_BYTES_MAX = 64 * 1024 * 1024 };

static const char *const common_filters[] = {"ID", "String", "Int", "BigInt", "DateTime"}; /* of EventFilter */

/* What a value can be asked, beside eq and isNull. */
enum { BY_SET = 1, BY_ORDER = 2, BY_TEXT = 4 };

struct serving {
    struct lf_compiler *c;
    struct lf_buf sdl;
    struct lf_map filters; /* types with a filter input already */
    struct lf_map queries; /* names of queries in use */
};

/* --- filters ------------------------------------------------------------------------------------------------------ */

static int
abilities(enum lf_field_type type)
{
    switch (type) {
    case LF_T_ID:
    case LF_T_STRING: return BY_SET | BY_ORDER | BY_TEXT;
    case LF_T_ENUM: return BY_SET;
    case LF_T_BOOLEAN: return 0;
    default: return BY_SET | BY_ORDER;
    }
}

static bool
is_comparable(const struct lf_field *field)
{
    return !field->is_list && field->type != LF_T_JSON && field->type != LF_T_OBJECT && field->type != LF_T_BROKEN;
}

static void
add_operators(struct lf_buf *sdl, const char *const *names, size_t count, struct lf_bytes type)
{
    for (size_t i = 0; i < count; i++)
        lf_buf_printf(sdl, "  %s: %.*s\n", names[i], LF_FMT(type));
}

/* input FloatFilter { … }, once a type. */
static void
add_filter(struct serving *s, struct lf_bytes type, int can)
{
    static const char *const order[] = {"lt", "lte", "gt", "gte"};
    static const char *const text[] = {"contains", "startsWith", "endsWith"};
    enum lf_status st = lf_map_add(&s->filters, type, s);
    if (st == LF_NO_MEMORY)
        lf_compile_no_memory(s->c);
    if (st != LF_OK)
        return;
    lf_buf_printf(&s->sdl, "input %.*sFilter {\n  eq: %.*s\n  ne: %.*s\n", LF_FMT(type), LF_FMT(type), LF_FMT(type));
    if (can & BY_SET)
        lf_buf_printf(&s->sdl, "  in: [%.*s!]\n  notIn: [%.*s!]\n", LF_FMT(type), LF_FMT(type));
    if (can & BY_ORDER)
        add_operators(&s->sdl, order, 4, type);
    if (can & BY_TEXT)
        add_operators(&s->sdl, text, 3, type);
    lf_buf_add_text(&s->sdl, "  isNull: Boolean\n}\n");
}

static void
add_common_filters(struct serving *s)
{
    for (size_t i = 0; i < sizeof(common_filters) / sizeof(common_filters[0]); i++)
        add_filter(s, lf_bytes_of(common_filters[i]), i < 2 ? BY_SET | BY_ORDER | BY_TEXT : BY_SET | BY_ORDER);
}

/* --- entities ----------------------------------------------------------------------------------------------------- */

static bool
is_operator(struct lf_bytes name)
{
    return lf_bytes_equal_text(name, "and") || lf_bytes_equal_text(name, "or") || lf_bytes_equal_text(name, "not");
}

static void
add_entity_filter(struct serving *s, const struct lf_entity *entity)
{
    struct lf_bytes name = entity->name;
    lf_buf_printf(&s->sdl,
                  "\"All that is given must hold.\"\ninput %.*sFilter {\n  and: [%.*sFilter!]\n  or: [%.*sFilter!]\n"
                  "  not: %.*sFilter\n",
                  LF_FMT(name), LF_FMT(name), LF_FMT(name), LF_FMT(name));
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        if (is_comparable(field) && is_operator(field->name))
            lf_compile_error(s->c, &field->loc,
                             "field \"%.*s\" of entity \"%.*s\" has the name of a filter's operator: rename it",
                             LF_FMT(field->name), LF_FMT(entity->name));
        else if (is_comparable(field))
            lf_buf_printf(&s->sdl, "  %.*s: %.*sFilter\n", LF_FMT(field->name), LF_FMT(field->type_name));
    }
    lf_buf_add_text(&s->sdl, "}\n");
    for (size_t i = 0; i < entity->field_count; i++) {
        if (is_comparable(&entity->fields[i]))
            add_filter(s, entity->fields[i].type_name, abilities(entity->fields[i].type));
    }
}

/* What GraphQL has as constants can be no enum value. */
static bool
is_enum_name(struct lf_bytes name)
{
    return !lf_bytes_equal_text(name, "true") && !lf_bytes_equal_text(name, "false") &&
           !lf_bytes_equal_text(name, "null");
}

static void
add_entity_order(struct serving *s, const struct lf_entity *entity)
{
    lf_buf_printf(&s->sdl, "enum %.*sField {\n", LF_FMT(entity->name));
    for (size_t i = 0; i < entity->field_count; i++) {
        if (is_comparable(&entity->fields[i]) && is_enum_name(entity->fields[i].name))
            lf_buf_printf(&s->sdl, "  %.*s\n", LF_FMT(entity->fields[i].name));
    }
    lf_buf_printf(&s->sdl, "}\ninput %.*sOrder {\n  field: %.*sField!\n  direction: SortDirection! = ASC\n}\n",
                  LF_FMT(entity->name), LF_FMT(entity->name));
}

/* A field of that name that the entity's author has declared stays what he made it; check tells him. */
static void
add_history(struct serving *s, const struct lf_entity *entity)
{
    struct lf_bytes name = entity->name;
    if (lf_entity_declares_history(entity))
        return;
    lf_buf_printf(&s->sdl,
                  "extend type %.*s {\n  \"Its stored events, oldest first, each with the state after it.\"\n"
                  "  history(first: Int = 50, after: String): %.*sHistoryConnection!\n}\n",
                  LF_FMT(name), LF_FMT(name));
    lf_buf_printf(&s->sdl,
                  "type %.*sHistoryConnection {\n  edges: [%.*sHistoryEdge!]!\n  nodes: [%.*sHistoryEntry!]!\n"
                  "  pageInfo: PageInfo!\n}\ntype %.*sHistoryEdge {\n  cursor: String!\n  node: %.*sHistoryEntry!\n}\n",
                  LF_FMT(name), LF_FMT(name), LF_FMT(name), LF_FMT(name), LF_FMT(name));
    lf_buf_printf(
        &s->sdl,
        "type %.*sHistoryEntry {\n  event: Event!\n  \"The state after the event; null where it was deleted.\"\n"
        "  state: %.*s\n}\n",
        LF_FMT(name), LF_FMT(name));
}

static void
add_entity(struct serving *s, const struct lf_entity *entity)
{
    struct lf_bytes name = entity->name;
    lf_buf_printf(&s->sdl,
                  "type %.*sConnection {\n  edges: [%.*sEdge!]!\n  nodes: [%.*s!]!\n  pageInfo: PageInfo!\n}\n"
                  "type %.*sEdge {\n  cursor: String!\n  node: %.*s!\n}\n",
                  LF_FMT(name), LF_FMT(name), LF_FMT(name), LF_FMT(name), LF_FMT(name));
    add_history(s, entity);
    add_entity_order(s, entity);
    add_entity_filter(s, entity);
}

/* An entity whose key is known and whose name is its own; what depends on others has been, or will be, reported. */
static bool
is_complete(const struct lf_entity *entity)
{
    if (lf_bytes_equal_text(entity->name, "Event") || lf_gql_scalar_find(entity->name) != NULL)
        return false;
    return entity->key != SIZE_MAX && is_comparable(&entity->fields[entity->key]);
}

/* Whether the name is free, which it is no more; that it is not has been reported where entities are compiled. */
static bool
take_query(struct serving *s, struct lf_bytes name)
{
    enum lf_status st = lf_map_add(&s->queries, name, s);
    if (st == LF_NO_MEMORY)
        lf_compile_no_memory(s->c);
    return st == LF_OK;
}

static void
add_entity_queries(struct serving *s, const struct lf_entity *entity)
{
    const struct lf_field *key = &entity->fields[entity->key];
    struct lf_bytes name = entity->name;
    if (take_query(s, entity->single))
        lf_buf_printf(&s->sdl, "  \"One %.*s by its key; null if there is none.\"\n  %.*s(%.*s: %.*s!): %.*s\n",
                      LF_FMT(name), LF_FMT(entity->single), LF_FMT(key->name), LF_FMT(key->type_name), LF_FMT(name));
    if (take_query(s, entity->collection))
        lf_buf_printf(&s->sdl,
                      "  \"A page of %.*s.\"\n  %.*s(where: %.*sFilter, orderBy: [%.*sOrder!], first: Int = 50, "
                      "after: String): %.*sConnection!\n",
                      LF_FMT(entity->collection), LF_FMT(entity->collection), LF_FMT(name), LF_FMT(name), LF_FMT(name));
}

/* --- roots -------------------------------------------------------------------------------------------------------- */

static void
add_query(struct serving *s)
{
    lf_buf_printf(&s->sdl, "type %.*s {\n", LF_FMT(s->c->root_names[LF_GQL_QUERY]));
    (void)take_query(s, LF_LIT("event"));
    (void)take_query(s, LF_LIT("events"));
    for (size_t i = 0; i < s->c->model->entity_count; i++) {
        if (is_complete(&s->c->model->entities[i]))
            add_entity_queries(s, &s->c->model->entities[i]);
    }
    lf_buf_add_text(&s->sdl, "  \"One event by its id, dead letters included.\"\n  event(eventId: ID!): Event\n"
                             "  \"A page of the stored events, in the order of storing unless ordered otherwise.\"\n"
                             "  events(where: EventFilter, orderBy: [EventOrder!], first: Int = 50, after: String): "
                             "EventConnection!\n}\n");
}

/* Only where the roots have other names than usual; the user's own schema definition is dropped. */
static void
add_schema(struct serving *s)
{
    const struct lf_bytes *names = s->c->root_names;
    const struct lf_decl *mutation = lf_compile_decl(s->c, names[LF_GQL_MUTATION]);
    if (lf_bytes_equal_text(names[LF_GQL_QUERY], "Query") && lf_bytes_equal_text(names[LF_GQL_MUTATION], "Mutation"))
        return;
    lf_buf_printf(&s->sdl, "schema {\n  query: %.*s\n", LF_FMT(names[LF_GQL_QUERY]));
    if (mutation != NULL)
        lf_buf_printf(&s->sdl, "  mutation: %.*s\n", LF_FMT(names[LF_GQL_MUTATION]));
    lf_buf_add_text(&s->sdl, "}\n");
}

static void
add_scalars(struct serving *s)
{
    static const char *const built_in[] = {"ID", "String", "Int", "Float", "Boolean"};
    for (const struct lf_gql_scalar_ops *const *ops = lf_gql_scalars(); *ops != NULL; ops++) {
        bool skip = false;
        for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
            skip = skip || strcmp((*ops)->name, built_in[i]) == 0;
        if (skip)
            continue;
        if ((*ops)->description != NULL)
            lf_buf_printf(&s->sdl, "\"\"\"\n%s\n\"\"\"\n", (*ops)->description);
        lf_buf_printf(&s->sdl, "scalar %s", (*ops)->name);
        if ((*ops)->specified_by != NULL)
            lf_buf_printf(&s->sdl, " @specifiedBy(url: \"%s\")", (*ops)->specified_by);
        lf_buf_add_char(&s->sdl, '\n');
    }
}

static void
generate(struct serving *s)
{
    add_query(s);
    for (size_t i = 0; i < s->c->model->entity_count; i++) {
        if (is_complete(&s->c->model->entities[i]))
            add_entity(s, &s->c->model->entities[i]);
    }
    lf_buf_add_text(&s->sdl, lf_model_prelude);
    add_common_filters(s);
    add_scalars(s);
    add_schema(s);
}

/* --- clashes ------------------------------------------------------------------------------------------------------ */

/* Reports a generated name that the user has taken, and says whether there would be two. A root type, and a scalar of
 * ours, he may declare: those have been dropped from his documents. */
static bool
clashes(struct lf_compiler *c, const struct lf_gql_definition *generated)
{
    const struct lf_decl *decl = lf_compile_decl(c, generated->name.text);
    bool scalar = generated->kind == LF_GQL_DEF_SCALAR;
    if (decl == NULL || generated->extend || generated->kind == LF_GQL_DEF_DIRECTIVE ||
        generated->kind == LF_GQL_DEF_SCHEMA || (scalar && decl->kind == LF_GQL_DEF_SCALAR) ||
        decl->role == LF_ROLE_QUERY)
        return false;
    lf_compile_error(c, &decl->name.loc,
                     decl->defined ? "type \"%.*s\" has the name of one that is provided or follows from an entity: "
                                     "rename yours"
                                   : "type \"%.*s\" is provided or follows from an entity and cannot be extended",
                     LF_FMT(generated->name.text));
    return decl->defined;
}

static const struct lf_gql_document *
without_clashes(struct lf_compiler *c, const struct lf_gql_document *generated)
{
    struct lf_gql_definition **kept = LF_COMPILE_ARRAY(c, struct lf_gql_definition *, generated->count);
    struct lf_gql_document *document = LF_COMPILE_ARRAY(c, struct lf_gql_document, 1);
    if (kept == NULL || document == NULL)
        return NULL;
    for (size_t i = 0; i < generated->count; i++) {
        if (!clashes(c, generated->definitions[i]))
            kept[document->count++] = generated->definitions[i];
    }
    document->definitions = kept;
    return document;
}

/* Parses what was generated; a text that cannot be parsed is a mistake of ours. */
static const struct lf_gql_document *
parse_generated(struct lf_compiler *c, struct lf_bytes sdl)
{
    struct lf_gql_errors errors;
    struct lf_gql_source *source = LF_COMPILE_ARRAY(c, struct lf_gql_source, 1);
    if (source == NULL)
        return NULL;
    *source = (struct lf_gql_source){"(generated)", sdl};
    c->generated = source;
    lf_gql_errors_init(&errors, c->errors->arena, 1);
    const struct lf_gql_document *document = lf_gql_parse(c->arena, source, &(struct lf_gql_limits){0}, &errors);
    if (document == NULL && errors.first != NULL && !errors.no_memory)
        lf_compile_error(c, NULL, "the generated schema cannot be parsed: %.*s", LF_FMT(errors.first->message));
    else if (document == NULL)
        lf_compile_no_memory(c);
    return document;
}

static const struct lf_gql_document *
generated_document(struct lf_compiler *c)
{
    struct serving serving = {.c = c};
    lf_buf_init(&serving.sdl, SDL_BYTES_MAX);
    lf_map_init(&serving.filters);
    lf_map_init(&serving.queries);
    generate(&serving);
    struct lf_bytes sdl = LF_BYTES_NONE;
    if (lf_buf_status(&serving.sdl, NULL) == LF_OK)
        sdl = lf_compile_copy(c, lf_buf_view(&serving.sdl));
    else
        lf_compile_no_memory(c);
    lf_map_release(&serving.filters);
    lf_map_release(&serving.queries);
    lf_buf_release(&serving.sdl);
    const struct lf_gql_document *document = sdl.ptr != NULL ? parse_generated(c, sdl) : NULL;
    if (document == NULL)
        return NULL;
    lf_compile_check_provided(c, document);
    return without_clashes(c, document);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

const struct lf_gql_document **
lf_compile_served(struct lf_compiler *c, size_t *ret_count)
{
    const struct lf_gql_document **documents =
        LF_COMPILE_ARRAY(c, const struct lf_gql_document *, c->document_count + 1);
    if (documents == NULL)
        return NULL;
    for (size_t i = 0; i < c->document_count; i++) {
        documents[i] = lf_compile_strip(c, c->documents[i]);
        if (documents[i] == NULL)
            return NULL;
    }
    documents[c->document_count] = generated_document(c);
    *ret_count = c->document_count + 1;
    return documents[c->document_count] != NULL ? documents : NULL;
}
