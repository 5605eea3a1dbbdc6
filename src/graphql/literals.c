/*
 * Coercion of literals: stops at the first problem, since validation has told of all of them. Recursion is bounded by
 * the parser's LF_GQL_DEPTH_MAX.
 */
#include "graphql/coerce.h"
#include "graphql/text.h"

struct literal {
    struct lf_arena *arena;
    const struct lf_value *variables; /* NULL: none allowed */
    const char *why;
};

enum outcome { GOOD, BAD, MISSING /* a variable without a value */ };

static enum outcome coerce_node(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
                                const struct lf_gql_path *path, struct lf_value *ret);

static enum outcome
refuse(struct literal *l, const struct lf_gql_path *path, const char *text)
{
    if (text == NULL)
        text = lf_gql_no_memory_text;
    else if (path != NULL)
        text =
            lf_arena_printf(l->arena, "Invalid value%s: %s", lf_gql_place_text(l->arena, LF_LIT("value"), path), text);
    l->why = text != NULL ? text : lf_gql_no_memory_text;
    return BAD;
}

static enum outcome
refuse_literal(struct literal *l, const struct lf_gql_path *path, const struct lf_gql_type *type,
               const struct lf_gql_value_node *node)
{
    return refuse(l, path,
                  lf_arena_printf(l->arena, "Expected value of type \"%s\", found %s.",
                                  lf_gql_text_type(l->arena, type), lf_gql_text_literal(l->arena, node)));
}

static enum outcome
coerce_variable(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
                const struct lf_gql_path *path, struct lf_value *ret)
{
    const struct lf_value *given = l->variables != NULL ? lf_value_get(l->variables, node->text) : NULL;
    if (given == NULL)
        return MISSING;
    if (given->type == LF_V_NULL && type->kind == LF_GQL_NON_NULL_TYPE)
        return refuse_literal(l, path, type, node);
    *ret = *given; /* coerced already; its type fits by validation */
    return GOOD;
}

static enum outcome
coerce_items(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
             const struct lf_gql_path *path, struct lf_value *ret)
{
    bool list = node->kind == LF_GQL_LIST;
    size_t count = list ? node->count : 1;
    struct lf_value *items = LF_ARENA_ARRAY(l->arena, struct lf_value, count);
    if (items == NULL)
        return refuse(l, path, NULL);
    for (size_t i = 0; i < count; i++) {
        struct lf_gql_path step = {.parent = path, .index = i};
        const struct lf_gql_value_node *item = list ? node->items[i] : node;
        const struct lf_gql_path *at = list ? &step : path;
        enum outcome outcome = coerce_node(l, type->of, item, at, &items[i]);
        if (outcome == MISSING && type->of->kind == LF_GQL_NON_NULL_TYPE)
            outcome = refuse_literal(l, at, type->of, item);
        if (outcome == BAD)
            return BAD;
    }
    *ret = lf_value_list(items, count);
    return GOOD;
}

static const struct lf_gql_value_node *
find_member(const struct lf_gql_value_node *node, struct lf_bytes name)
{
    for (size_t i = 0; i < node->count; i++) {
        if (lf_bytes_equal(node->fields[i].name.text, name))
            return node->fields[i].value;
    }
    return NULL;
}

static enum outcome
coerce_field(struct literal *l, const struct lf_gql_input *def, const struct lf_gql_value_node *given,
             const struct lf_gql_path *path, struct lf_value *ret)
{
    struct lf_gql_path step = {.parent = path, .key = def->name};
    enum outcome outcome = given != NULL ? coerce_node(l, def->type, given, &step, ret) : MISSING;
    if (outcome != MISSING)
        return outcome;
    if (def->has_default) {
        *ret = def->default_value;
        return GOOD;
    }
    if (def->type->kind != LF_GQL_NON_NULL_TYPE)
        return MISSING;
    return refuse(l, path,
                  lf_arena_printf(l->arena, "Field \"%.*s\" of required type \"%s\" was not provided.",
                                  LF_FMT(def->name), lf_gql_text_type(l->arena, def->type)));
}

/* There is a field that the type does not define, or one given twice. */
static enum outcome
refuse_members(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
               const struct lf_gql_path *path)
{
    for (size_t i = 0; i < node->count; i++) {
        struct lf_bytes name = node->fields[i].name.text;
        if (lf_map_get(&type->input_map, name) == NULL)
            return refuse(l, path,
                          lf_arena_printf(l->arena, "Field \"%.*s\" is not defined by type \"%.*s\".", LF_FMT(name),
                                          LF_FMT(type->name)));
        if (find_member(node, name) != node->fields[i].value)
            return refuse(l, path,
                          lf_arena_printf(l->arena, "There can be only one input field named \"%.*s\".", LF_FMT(name)));
    }
    return BAD;
}

static enum outcome
check_literal_one_of(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
                     const struct lf_gql_path *path, const struct lf_value *object)
{
    if (node->count != 1 || object->count != 1)
        return refuse(
            l, path,
            lf_arena_printf(l->arena, "OneOf Input Object \"%.*s\" must specify exactly one key.", LF_FMT(type->name)));
    if (object->u.members[0].value.type == LF_V_NULL)
        return refuse(l, path,
                      lf_arena_printf(l->arena, "Field \"%.*s.%.*s\" must be non-null.", LF_FMT(type->name),
                                      LF_FMT(object->u.members[0].name)));
    return GOOD;
}

static enum outcome
coerce_members(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
               const struct lf_gql_path *path, struct lf_value *ret)
{
    if (node->kind != LF_GQL_OBJECT)
        return refuse_literal(l, path, type, node);
    struct lf_member *members = LF_ARENA_ARRAY(l->arena, struct lf_member, type->input_count);
    if (members == NULL)
        return refuse(l, path, NULL);
    size_t count = 0;
    size_t known = 0;
    for (size_t i = 0; i < type->input_count; i++) {
        const struct lf_gql_input *def = &type->inputs[i];
        const struct lf_gql_value_node *given = find_member(node, def->name);
        known += given != NULL;
        enum outcome outcome = coerce_field(l, def, given, path, &members[count].value);
        if (outcome == BAD)
            return BAD;
        if (outcome == GOOD)
            members[count++].name = def->name;
    }
    if (known != node->count)
        return refuse_members(l, type, node, path);
    struct lf_value object = lf_value_object(members, count);
    if (type->one_of && check_literal_one_of(l, type, node, path, &object) != GOOD)
        return BAD;
    *ret = object;
    return GOOD;
}

static enum outcome
coerce_enum_node(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
                 const struct lf_gql_path *path, struct lf_value *ret)
{
    if (node->kind != LF_GQL_ENUM) {
        const char *text = lf_gql_text_literal(l->arena, node);
        return refuse(l, path,
                      lf_arena_printf(l->arena, "Enum \"%.*s\" cannot represent non-enum value: %s.%s",
                                      LF_FMT(type->name), text,
                                      lf_gql_suggest_enum(type, lf_bytes_of(text), l->arena)));
    }
    return lf_gql_find_enum(type, node->text, ret)
               ? GOOD
               : refuse(l, path, lf_gql_unknown_enum_text(type, node->text, l->arena));
}

static bool untyped(struct lf_arena *arena, const struct lf_gql_value_node *node, const struct lf_value *variables,
                    struct lf_value *ret);

static enum outcome
coerce_scalar_node(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
                   const struct lf_gql_path *path, struct lf_value *ret)
{
    struct lf_value in;
    if (!untyped(l->arena, node, l->variables, &in))
        return refuse(l, path, NULL);
    if (type->scalar == NULL) {
        *ret = in;
        return GOOD;
    }
    const char *why = NULL;
    if (type->scalar->coerce_input(l->arena, &in, ret, &why))
        return GOOD;
    return why != NULL ? refuse(l, path, why) : refuse_literal(l, path, type, node);
}

static enum outcome
coerce_node(struct literal *l, const struct lf_gql_type *type, const struct lf_gql_value_node *node,
            const struct lf_gql_path *path, struct lf_value *ret)
{
    if (node->kind == LF_GQL_VARIABLE)
        return coerce_variable(l, type, node, path, ret);
    if (node->kind == LF_GQL_NULL) {
        if (type->kind == LF_GQL_NON_NULL_TYPE)
            return refuse_literal(l, path, type, node);
        *ret = LF_VALUE_NULL;
        return GOOD;
    }
    if (type->kind == LF_GQL_NON_NULL_TYPE)
        type = type->of;
    switch (type->kind) {
    case LF_GQL_LIST_TYPE: return coerce_items(l, type, node, path, ret);
    case LF_GQL_INPUT_TYPE: return coerce_members(l, type, node, path, ret);
    case LF_GQL_ENUM_TYPE: return coerce_enum_node(l, type, node, path, ret);
    case LF_GQL_SCALAR_TYPE: return coerce_scalar_node(l, type, node, path, ret);
    default: return refuse_literal(l, path, type, node);
    }
}

bool
lf_gql_coerce_literal(const struct lf_gql_type *type, const struct lf_gql_value_node *literal,
                      const struct lf_value *variables, struct lf_arena *arena, struct lf_value *ret,
                      const char **ret_why)
{
    struct literal l = {.arena = arena, .variables = variables};
    struct lf_value out;
    enum outcome outcome = coerce_node(&l, type, literal, NULL, &out);
    if (outcome == MISSING)
        outcome =
            refuse(&l, NULL, lf_arena_printf(arena, "Variable \"$%.*s\" has no value here.", LF_FMT(literal->text)));
    if (outcome == GOOD)
        *ret = out;
    else if (ret_why != NULL)
        *ret_why = l.why;
    return outcome == GOOD;
}

/* --- literals without a type --- */

static bool
untyped_list(struct lf_arena *arena, const struct lf_gql_value_node *node, const struct lf_value *variables,
             struct lf_value *ret)
{
    struct lf_value *items = LF_ARENA_ARRAY(arena, struct lf_value, node->count);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < node->count; i++) {
        if (!untyped(arena, node->items[i], variables, &items[i]))
            return false;
    }
    *ret = lf_value_list(items, node->count);
    return true;
}

static bool
untyped_object(struct lf_arena *arena, const struct lf_gql_value_node *node, const struct lf_value *variables,
               struct lf_value *ret)
{
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, node->count);
    if (members == NULL)
        return false;
    for (size_t i = 0; i < node->count; i++) {
        members[i].name = node->fields[i].name.text;
        if (!untyped(arena, node->fields[i].value, variables, &members[i].value))
            return false;
    }
    *ret = lf_value_object(members, node->count);
    return true;
}

static struct lf_value
number_value(const struct lf_gql_value_node *node)
{
    int64_t integer;
    if (node->kind == LF_GQL_INT && lf_bytes_to_i64(node->text, &integer))
        return lf_value_int(integer);
    struct lf_value value = lf_value_float(0);
    (void)lf_bytes_to_f64(node->text, &value.u.number); /* the lexer let only numbers pass */
    value.raw = node->text.ptr;
    value.count = (uint32_t)node->text.len;
    return value;
}

static bool
untyped(struct lf_arena *arena, const struct lf_gql_value_node *node, const struct lf_value *variables,
        struct lf_value *ret)
{
    switch (node->kind) {
    case LF_GQL_VARIABLE: {
        const struct lf_value *given = variables != NULL ? lf_value_get(variables, node->text) : NULL;
        *ret = given != NULL ? *given : LF_VALUE_NULL;
        return true;
    }
    case LF_GQL_INT:
    case LF_GQL_FLOAT: *ret = number_value(node); return true;
    case LF_GQL_STRING: *ret = lf_value_string(node->text); return true;
    case LF_GQL_BOOLEAN: *ret = lf_value_bool(node->boolean); return true;
    case LF_GQL_NULL: *ret = LF_VALUE_NULL; return true;
    case LF_GQL_ENUM: *ret = lf_value_enum(node->text); return true;
    case LF_GQL_LIST: return untyped_list(arena, node, variables, ret);
    case LF_GQL_OBJECT: return untyped_object(arena, node, variables, ret);
    }
    return false;
}

bool
lf_gql_literal_value(const struct lf_gql_value_node *literal, struct lf_arena *arena, struct lf_value *ret)
{
    return untyped(arena, literal, NULL, ret);
}
