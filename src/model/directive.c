/* The directives of the schema language: where each may stand and what it takes. One table. */
#include "model/compile.h"

enum place {
    ON_OBJECT = 1 << 0, /* an object type that is no root */
    ON_ENTITY_FIELD = 1 << 1,
    ON_EVENT_FIELD = 1 << 2,
    ON_PLAIN_FIELD = 1 << 3, /* of an object type that is neither */
    ON_MUTATION_FIELD = 1 << 4,
    ON_MUTATION_ARGUMENT = 1 << 5,
    ON_INPUT_FIELD = 1 << 6,
    ELSEWHERE = 1 << 7,
    ON_EVENT = 1 << 8, /* an object type with @event */
};

enum arg_kind { TEXT, WHOLE, TRUTH, NAME, NUMBER, ANYTHING };

struct arg_spec {
    const char *name;
    enum arg_kind kind;
    bool required;
};

enum { ARGS_MAX = 13 };

struct directive_spec {
    const char *name;
    unsigned places;
    const char *where; /* for messages: "@x belongs on …" */
    bool repeatable;
    bool available;
    struct arg_spec args[ARGS_MAX];
};

static const struct directive_spec specs[] = {
    {"entity", ON_OBJECT | ON_EVENT, "an object type", false, true, {{"key", TEXT, true}, {"collection", TEXT, false}}},
    {"event",
     ON_OBJECT | ON_EVENT,
     "an object type",
     false,
     true,
     {{"topic", TEXT, false},
      {"entity", TEXT, false},
      {"key", TEXT, false},
      {"name", TEXT, false},
      {"version", WHOLE, false},
      {"deletes", TRUTH, false},
      {"format", NAME, false}}},
    {"emits", ON_MUTATION_FIELD, "a field of Mutation", false, true, {{"event", TEXT, true}}},
    {"apply",
     ON_ENTITY_FIELD,
     "a field of an @entity type",
     true,
     true,
     {{"event", TEXT, true},
      {"set", TEXT, false},
      {"value", ANYTHING, false},
      {"add", TEXT, false},
      {"subtract", TEXT, false},
      {"increment", WHOLE, false},
      {"append", TEXT, false},
      {"remove", TEXT, false},
      {"clear", TRUTH, false}}},
    {"initial", ON_ENTITY_FIELD, "a field of an @entity type", false, true, {{"value", ANYTHING, true}}},
    {"generated", ON_EVENT_FIELD, "a field of an @event type", false, true, {{"by", NAME, true}}},
    {"constraint",
     ON_EVENT_FIELD | ON_PLAIN_FIELD | ON_MUTATION_ARGUMENT | ON_INPUT_FIELD,
     "a field of an @event type (or of an object type inside it), an argument of a mutation, or an input field",
     false,
     true,
     {{"min", NUMBER, false},
      {"max", NUMBER, false},
      {"exclusiveMin", NUMBER, false},
      {"exclusiveMax", NUMBER, false},
      {"multipleOf", NUMBER, false},
      {"minLength", WHOLE, false},
      {"maxLength", WHOLE, false},
      {"minItems", WHOLE, false},
      {"maxItems", WHOLE, false},
      {"uniqueItems", TRUTH, false},
      {"pattern", TEXT, false},
      {"format", TEXT, false}}},
    {"claim", ON_EVENT_FIELD, "a field of an @event type", false, false, {{"name", TEXT, true}}},
    {"schema", ON_EVENT, "an @event type", false, true, {{"file", TEXT, true}}},
    {"field",
     ON_EVENT_FIELD | ON_PLAIN_FIELD,
     "a field of an @event type, or of an object type inside it",
     false,
     true,
     {{"number", WHOLE, false}, {"precision", WHOLE, false}, {"scale", WHOLE, false}}},
    {"upcast",
     ON_EVENT,
     "an @event type",
     true,
     true,
     {{"from", WHOLE, true},
      {"rename", ANYTHING, false},
      {"move", ANYTHING, false},
      {"drop", ANYTHING, false},
      {"default", ANYTHING, false}}},
    {"deadLetters", ON_OBJECT, "an @event type", false, false, {{"policy", NAME, false}}},
};
static const char *const graphql_own[] = {"deprecated", "specifiedBy", "oneOf", "skip", "include"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct directive_spec *
find_spec(struct lf_bytes name)
{
    for (size_t i = 0; i < COUNT(specs); i++) {
        if (lf_bytes_equal_text(name, specs[i].name))
            return &specs[i];
    }
    return NULL;
}

bool
lf_compile_is_our_directive(struct lf_bytes name)
{
    return find_spec(name) != NULL;
}

bool
lf_compile_is_directive(struct lf_bytes name)
{
    for (size_t i = 0; i < COUNT(graphql_own); i++) {
        if (lf_bytes_equal_text(name, graphql_own[i]))
            return true;
    }
    return find_spec(name) != NULL;
}

/* --- arguments ---------------------------------------------------------------------------------------------------- */

static bool
is_kind(enum arg_kind kind, const struct lf_gql_value_node *node)
{
    int64_t whole;
    switch (kind) {
    case TEXT: return node->kind == LF_GQL_STRING;
    case WHOLE: return node->kind == LF_GQL_INT && lf_bytes_to_i64(node->text, &whole);
    case TRUTH: return node->kind == LF_GQL_BOOLEAN;
    case NAME: return node->kind == LF_GQL_ENUM;
    case NUMBER: return node->kind == LF_GQL_INT || node->kind == LF_GQL_FLOAT || node->kind == LF_GQL_STRING;
    case ANYTHING: return node->kind != LF_GQL_VARIABLE;
    }
    return false;
}

static const char *
kind_words(enum arg_kind kind)
{
    switch (kind) {
    case TEXT: return "a string";
    case WHOLE: return "an integer of 64 bits";
    case TRUTH: return "true or false";
    case NAME: return "a name without quotes";
    case NUMBER: return "a number";
    case ANYTHING: return "a constant";
    }
    return "";
}

static const struct arg_spec *
find_arg(const struct directive_spec *spec, struct lf_bytes name)
{
    for (size_t i = 0; i < ARGS_MAX && spec->args[i].name != NULL; i++) {
        if (lf_bytes_equal_text(name, spec->args[i].name))
            return &spec->args[i];
    }
    return NULL;
}

static void
unknown_argument(struct lf_compiler *c, const struct directive_spec *spec, const struct lf_gql_name *name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name->text);
    for (size_t i = 0; i < ARGS_MAX && spec->args[i].name != NULL; i++)
        lf_gql_suggest_offer(&suggest, lf_bytes_of(spec->args[i].name));
    lf_compile_error(c, &name->loc, "@%s has no argument \"%.*s\"%s", spec->name, LF_FMT(name->text),
                     lf_compile_hint(c, &suggest));
}

static void
check_argument(struct lf_compiler *c, const struct directive_spec *spec, const struct lf_gql_directive *directive,
               size_t index)
{
    const struct lf_gql_argument *arg = &directive->args[index];
    const struct arg_spec *want = find_arg(spec, arg->name.text);
    if (want == NULL) {
        unknown_argument(c, spec, &arg->name);
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (lf_bytes_equal(directive->args[i].name.text, arg->name.text))
            lf_compile_error(c, &arg->name.loc, "@%s has \"%s\" twice: leave one", spec->name, want->name);
    }
    bool null = arg->value->kind == LF_GQL_NULL && !want->required; /* null is as if it were not there */
    if (!null && !is_kind(want->kind, arg->value))
        lf_compile_error(c, &arg->value->loc, "@%s(%s:) must be %s, is %s", spec->name, want->name,
                         kind_words(want->kind), lf_gql_text_literal(c->arena, arg->value));
}

static void
check_arguments(struct lf_compiler *c, const struct directive_spec *spec, const struct lf_gql_directive *directive)
{
    for (size_t i = 0; i < directive->arg_count; i++)
        check_argument(c, spec, directive, i);
    for (size_t i = 0; i < ARGS_MAX && spec->args[i].name != NULL; i++) {
        if (spec->args[i].required && lf_gql_directive_arg(directive, spec->args[i].name) == NULL)
            lf_compile_error(c, &directive->loc, "@%s needs its argument \"%s\"", spec->name, spec->args[i].name);
    }
}

/* The value of an argument if it is there and of its kind. */
static const struct lf_gql_value_node *
good_arg(const struct lf_gql_directive *directive, const char *name)
{
    const struct directive_spec *spec = find_spec(directive->name.text);
    const struct arg_spec *arg = spec != NULL ? find_arg(spec, lf_bytes_of(name)) : NULL;
    const struct lf_gql_value_node *node = lf_gql_directive_arg(directive, name);
    return arg != NULL && node != NULL && is_kind(arg->kind, node) ? node : NULL;
}

bool
lf_compile_text_arg(const struct lf_gql_directive *directive, const char *name, struct lf_bytes *ret)
{
    const struct lf_gql_value_node *node = good_arg(directive, name);
    if (node != NULL)
        *ret = node->text.ptr != NULL ? node->text : LF_LIT("");
    return node != NULL;
}

bool
lf_compile_int_arg(const struct lf_gql_directive *directive, const char *name, int64_t *ret)
{
    const struct lf_gql_value_node *node = good_arg(directive, name);
    return node != NULL && lf_bytes_to_i64(node->text, ret);
}

bool
lf_compile_bool_arg(const struct lf_gql_directive *directive, const char *name, bool *ret)
{
    const struct lf_gql_value_node *node = good_arg(directive, name);
    if (node != NULL)
        *ret = node->boolean;
    return node != NULL;
}

const struct lf_gql_loc *
lf_compile_arg_loc(const struct lf_gql_directive *directive, const char *name)
{
    const struct lf_gql_value_node *node = lf_gql_directive_arg(directive, name);
    return node != NULL ? &node->loc : &directive->loc;
}

/* --- places ------------------------------------------------------------------------------------------------------- */

static void
unknown_directive(struct lf_compiler *c, const struct lf_gql_directive *directive)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, directive->name.text);
    for (size_t i = 0; i < COUNT(specs); i++)
        lf_gql_suggest_offer(&suggest, lf_bytes_of(specs[i].name));
    lf_compile_error(c, &directive->loc, "unknown directive @%.*s%s", LF_FMT(directive->name.text),
                     lf_compile_hint(c, &suggest));
}

static void
check_directive(struct lf_compiler *c, struct lf_gql_directives all, size_t index, enum place place)
{
    const struct lf_gql_directive *directive = &all.items[index];
    const struct directive_spec *spec = find_spec(directive->name.text);
    if (spec == NULL) {
        if (!lf_compile_is_directive(directive->name.text) &&
            lf_map_get(&c->directive_names, directive->name.text) == NULL)
            unknown_directive(c, directive);
        return;
    }
    if (!spec->available) {
        lf_compile_error(c, &directive->loc, "@%s is not available in this version: remove it", spec->name);
        return;
    }
    if ((spec->places & place) == 0)
        lf_compile_error(c, &directive->loc, "@%s may not stand here: it belongs on %s", spec->name, spec->where);
    for (size_t i = 0; i < index && !spec->repeatable; i++) {
        if (lf_bytes_equal(all.items[i].name.text, directive->name.text)) {
            lf_compile_error(c, &directive->loc, "@%s stands here twice: leave one", spec->name);
            break;
        }
    }
    check_arguments(c, spec, directive);
}

static void
check_directives(struct lf_compiler *c, struct lf_gql_directives all, enum place place)
{
    for (size_t i = 0; i < all.count; i++)
        check_directive(c, all, i, place);
}

static enum place
place_of_type(const struct lf_decl *decl)
{
    if (decl->kind != LF_GQL_DEF_OBJECT)
        return ELSEWHERE;
    switch (decl->role) {
    case LF_ROLE_EVENT: return ON_EVENT;
    case LF_ROLE_ENTITY:
    case LF_ROLE_PLAIN: return ON_OBJECT;
    default: return ELSEWHERE;
    }
}

static enum place
place_of_fields(const struct lf_decl *decl)
{
    if (decl->kind != LF_GQL_DEF_OBJECT)
        return ELSEWHERE;
    switch (decl->role) {
    case LF_ROLE_ENTITY: return ON_ENTITY_FIELD;
    case LF_ROLE_EVENT: return ON_EVENT_FIELD;
    case LF_ROLE_MUTATION: return ON_MUTATION_FIELD;
    case LF_ROLE_PLAIN: return ON_PLAIN_FIELD;
    default: return ELSEWHERE;
    }
}

static void
check_fields(struct lf_compiler *c, const struct lf_decl *decl)
{
    const enum place place = place_of_fields(decl);
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct lf_gql_field_def *field = &decl->fields[i];
        check_directives(c, field->directives, place);
        for (size_t j = 0; j < field->arg_count; j++)
            check_directives(c, field->args[j].directives,
                             place == ON_MUTATION_FIELD ? ON_MUTATION_ARGUMENT : ELSEWHERE);
    }
}

void
lf_compile_check_directives(struct lf_compiler *c)
{
    size_t at = 0;
    for (const struct lf_decl *decl; (decl = lf_compile_next(c, &at)) != NULL;) {
        bool root = decl->role == LF_ROLE_QUERY || decl->role == LF_ROLE_MUTATION || decl->role == LF_ROLE_SUBSCRIPTION;
        bool reported = root && (lf_gql_find_directive(decl->directives, "entity") != NULL ||
                                 lf_gql_find_directive(decl->directives, "event") != NULL);
        if (!reported)
            check_directives(c, decl->directives, place_of_type(decl));
        check_fields(c, decl);
        for (size_t i = 0; i < decl->input_count; i++)
            check_directives(c, decl->inputs[i].directives, ON_INPUT_FIELD);
        for (size_t i = 0; i < decl->value_count; i++)
            check_directives(c, decl->values[i].directives, ELSEWHERE);
    }
}
