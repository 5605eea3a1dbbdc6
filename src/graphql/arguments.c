/* Coercion of an operation's variables (section 6.1.2) and of a field's or directive's arguments (section 6.4.1). */
#include "graphql/coerce.h"
#include "graphql/names.h"
#include "graphql/text.h"

static const char BAD_INPUT[] = "BAD_USER_INPUT";

/* --- variables --- */

struct variable {
    const struct lf_gql_variable_def *def;
    struct lf_gql_errors *errors;
};

static void
report_variable(struct lf_gql_coercion *c, const struct lf_gql_path *path, const struct lf_value *bad, const char *text)
{
    const struct variable *variable = c->user;
    struct lf_bytes name = variable->def->name.text;
    lf_gql_errors_add(variable->errors, BAD_INPUT, &variable->def->loc, "Variable \"$%.*s\" got invalid value %s%s; %s",
                      LF_FMT(name), lf_gql_text_value(c->arena, bad), lf_gql_place_text(c->arena, name, path), text);
    c->full = variable->errors->count >= variable->errors->max;
}

static bool
refuse_variable(const struct variable *variable, struct lf_arena *arena, const char *kind,
                const struct lf_gql_type *type, const char *what)
{
    lf_gql_errors_add(variable->errors, BAD_INPUT, &variable->def->loc, "Variable \"$%.*s\" of %s type \"%s\" %s",
                      LF_FMT(variable->def->name.text), kind, lf_gql_text_type(arena, type), what);
    return false;
}

/* The variable was not given: its default, or nothing. */
static bool
default_variable(const struct variable *variable, const struct lf_gql_type *type, struct lf_arena *arena,
                 struct lf_value *ret, bool *ret_present)
{
    const char *why = NULL;
    *ret_present = false;
    if (variable->def->default_value == NULL)
        return type->kind != LF_GQL_NON_NULL_TYPE ||
               refuse_variable(variable, arena, "required", type, "was not provided.");
    if (!lf_gql_coerce_literal(type, variable->def->default_value, NULL, arena, ret, &why)) {
        lf_gql_errors_add(variable->errors, BAD_INPUT, &variable->def->default_value->loc,
                          "Variable \"$%.*s\" has an invalid default value; %s", LF_FMT(variable->def->name.text), why);
        return false;
    }
    *ret_present = true;
    return true;
}

static bool
coerce_variable(struct variable *variable, const struct lf_gql_type *type, const struct lf_value *given,
                struct lf_arena *arena, struct lf_value *ret, bool *ret_present)
{
    if (given == NULL)
        return default_variable(variable, type, arena, ret, ret_present);
    if (given->type == LF_V_NULL && type->kind == LF_GQL_NON_NULL_TYPE)
        return refuse_variable(variable, arena, "non-null", type, "must not be null.");
    struct lf_gql_coercion c = {.arena = arena, .report = report_variable, .user = variable};
    *ret_present = true;
    return lf_gql_coerce_reporting(&c, type, given, ret);
}

static bool
refuse_variable_type(const struct variable *variable, struct lf_arena *arena)
{
    lf_gql_errors_add(variable->errors, BAD_INPUT, &variable->def->type->loc,
                      "Variable \"$%.*s\" expected value of type \"%s\" which cannot be used as an input type.",
                      LF_FMT(variable->def->name.text), lf_gql_text_ref(arena, variable->def->type));
    return false;
}

/* The values given, by name: a table where there are many. */
struct given {
    const struct lf_value *object;
    struct lf_gql_names table;
};
enum { TABLE_FROM = 32 };

static bool
init_given(struct given *given, const struct lf_value *object, struct lf_arena *arena)
{
    given->object = object;
    lf_gql_names_init(&given->table, arena);
    if (object->type != LF_V_OBJECT || object->count < TABLE_FROM)
        return true;
    for (uint32_t i = 0; i < object->count; i++) {
        if (!lf_gql_names_set(&given->table, object->u.members[i].name, &object->u.members[i].value))
            return false;
    }
    return true;
}

static const struct lf_value *
find_given(const struct given *given, struct lf_bytes name)
{
    return given->table.count != 0 ? lf_gql_names_get(&given->table, name) : lf_value_get(given->object, name);
}

bool
lf_gql_coerce_variables(const struct lf_gql_schema *schema, const struct lf_gql_definition *operation,
                        const struct lf_value *given, struct lf_arena *arena, struct lf_value *ret,
                        struct lf_gql_errors *errors)
{
    struct given values;
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, operation->variable_count);
    if (members == NULL || !init_given(&values, given, arena)) {
        lf_gql_errors_add(errors, NULL, &operation->loc, "%s", lf_gql_no_memory_text);
        return false;
    }
    size_t count = 0;
    bool ok = true;
    for (size_t i = 0; i < operation->variable_count && errors->count < errors->max; i++) {
        struct variable variable = {.def = &operation->variables[i], .errors = errors};
        struct lf_bytes name = variable.def->name.text;
        const struct lf_gql_type *type = lf_gql_type_of_ref(schema, arena, variable.def->type);
        bool present = false;
        if (type == NULL || !lf_gql_type_is_input(type))
            ok = refuse_variable_type(&variable, arena);
        else
            ok &= coerce_variable(&variable, type, find_given(&values, name), arena, &members[count].value, &present);
        if (present)
            members[count++].name = name;
    }
    if (ok)
        *ret = lf_value_object(members, count);
    return ok;
}

/* --- arguments --- */

struct arguments {
    const struct lf_value *variables;
    struct lf_arena *arena;
    const struct lf_gql_loc *loc; /* of the field or directive */
    const struct lf_gql_path *path;
    struct lf_gql_errors *errors;
};

static bool
refuse_argument(const struct arguments *a, const struct lf_gql_loc *loc, const struct lf_gql_input *def,
                const char *what)
{
    struct lf_gql_error *error = lf_gql_errors_add(a->errors, BAD_INPUT, loc, "Argument \"%.*s\" %s", LF_FMT(def->name),
                                                   what != NULL ? what : lf_gql_no_memory_text);
    if (error != NULL)
        error->path = a->path;
    return false;
}

/* "of required type "Int!" …" */
static const char *
typed_text(const struct arguments *a, const char *kind, const struct lf_gql_input *def, const char *what)
{
    return lf_arena_printf(a->arena, "of %s type \"%s\" %s", kind, lf_gql_text_type(a->arena, def->type), what);
}

static bool
default_argument(const struct arguments *a, const struct lf_gql_input *def, const struct lf_gql_argument *arg,
                 struct lf_value *ret, bool *ret_present)
{
    *ret_present = def->has_default;
    if (def->has_default) {
        *ret = def->default_value;
        return true;
    }
    if (def->type->kind != LF_GQL_NON_NULL_TYPE)
        return true;
    if (arg == NULL)
        return refuse_argument(a, a->loc, def, typed_text(a, "required", def, "was not provided."));
    const char *what =
        lf_arena_printf(a->arena, "was provided the variable \"$%.*s\" which was not provided a runtime value.",
                        LF_FMT(arg->value->text));
    return refuse_argument(a, &arg->value->loc, def, what != NULL ? typed_text(a, "required", def, what) : NULL);
}

static bool
coerce_argument(const struct arguments *a, const struct lf_gql_input *def, const struct lf_gql_argument *arg,
                struct lf_value *ret, bool *ret_present)
{
    if (arg == NULL)
        return default_argument(a, def, NULL, ret, ret_present);
    const struct lf_gql_value_node *node = arg->value;
    const struct lf_value *variable = NULL;
    if (node->kind == LF_GQL_VARIABLE) {
        variable = a->variables != NULL ? lf_value_get(a->variables, node->text) : NULL;
        if (variable == NULL)
            return default_argument(a, def, arg, ret, ret_present);
    }
    bool null = variable != NULL ? variable->type == LF_V_NULL : node->kind == LF_GQL_NULL;
    if (null && def->type->kind == LF_GQL_NON_NULL_TYPE)
        return refuse_argument(a, &node->loc, def, typed_text(a, "non-null", def, "must not be null."));
    *ret_present = true;
    if (variable != NULL) {
        *ret = *variable;
        return true;
    }
    if (lf_gql_coerce_literal(def->type, node, a->variables, a->arena, ret, NULL))
        return true;
    return refuse_argument(a, &node->loc, def,
                           lf_arena_printf(a->arena, "has invalid value %s.", lf_gql_text_literal(a->arena, node)));
}

static const struct lf_gql_argument *
find_argument(const struct lf_gql_argument *args, size_t count, struct lf_bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal(args[i].name.text, name))
            return &args[i];
    }
    return NULL;
}

bool
lf_gql_coerce_arguments(const struct lf_gql_input *defs, size_t def_count, const struct lf_gql_argument *args,
                        size_t arg_count, const struct lf_gql_loc *loc, const struct lf_value *variables,
                        struct lf_arena *arena, const struct lf_gql_path *path, struct lf_value *ret,
                        struct lf_gql_errors *errors)
{
    if (def_count == 0) {
        *ret = lf_value_object(NULL, 0);
        return true;
    }
    struct arguments a = {.variables = variables, .arena = arena, .loc = loc, .path = path, .errors = errors};
    struct lf_member *members = lf_arena_alloc(arena, def_count * sizeof(*members));
    if (members == NULL)
        return refuse_argument(&a, loc, &defs[0], NULL);
    size_t count = 0;
    for (size_t i = 0; i < def_count; i++) {
        const struct lf_gql_argument *arg = find_argument(args, arg_count, defs[i].name);
        bool present = false;
        if (!coerce_argument(&a, &defs[i], arg, &members[count].value, &present))
            return false;
        if (present)
            members[count++].name = defs[i].name;
    }
    *ret = lf_value_object(members, count);
    return true;
}
