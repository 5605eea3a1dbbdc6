/* Section 5.6: literals fit their types; input objects are complete; @oneOf objects have one field. */
#include "graphql/rules/rule.h"
#include "graphql/values.h"

static void
report_unexpected(struct lf_gql_validator *v, const struct lf_gql_value_node *value)
{
    lf_gql_report(v, &value->loc, "Expected value of type \"%s\", found %s.", lf_gql_text_type(v->arena, v->input),
                  lf_gql_text_literal(v->arena, value));
}

static void
check_scalar(struct lf_gql_validator *v, const struct lf_gql_type *type, const struct lf_gql_value_node *value)
{
    struct lf_value in;
    struct lf_value out;
    const char *why = NULL;
    if (type->scalar == NULL)
        return;
    if (!lf_gql_literal_value(value, v->arena, &in)) {
        lf_gql_out_of_memory(v);
        return;
    }
    if (type->scalar->coerce_input(v->arena, &in, &out, &why))
        return;
    if (why != NULL)
        lf_gql_report(v, &value->loc, "%s", why);
    else
        report_unexpected(v, value);
}

static void
check_enum(struct lf_gql_validator *v, const struct lf_gql_type *type, const struct lf_gql_value_node *value)
{
    struct lf_value out;
    const char *why = NULL;
    if (!lf_gql_coerce_literal(type, value, NULL, v->arena, &out, &why))
        lf_gql_report(v, &value->loc, "%s", why);
}

/* Lists and non-nulls around the type do not matter to a leaf: lists accept one item alone. */
static void
check_leaf(struct lf_gql_validator *v, const struct lf_gql_value_node *value)
{
    const struct lf_gql_type *type = lf_gql_type_named(v->input);
    if (type->kind == LF_GQL_SCALAR_TYPE)
        check_scalar(v, type, value);
    else if (type->kind == LF_GQL_ENUM_TYPE)
        check_enum(v, type, value);
    else
        report_unexpected(v, value);
}

static bool
has_field(const struct lf_gql_value_node *object, struct lf_bytes name)
{
    for (size_t i = 0; i < object->count; i++) {
        if (lf_bytes_equal(object->fields[i].name.text, name))
            return true;
    }
    return false;
}

/* The number of fields without repetitions, as far as it matters: 0, 1 or 2 for more. */
static size_t
count_fields(const struct lf_gql_value_node *object)
{
    for (size_t i = 1; i < object->count; i++) {
        if (!lf_bytes_equal(object->fields[i].name.text, object->fields[0].name.text))
            return 2;
    }
    return object->count != 0 ? 1 : 0;
}

static void
check_one_of(struct lf_gql_validator *v, const struct lf_gql_type *type, const struct lf_gql_value_node *object)
{
    if (count_fields(object) != 1)
        lf_gql_report(v, &object->loc, "OneOf Input Object \"%.*s\" must specify exactly one key.", LF_FMT(type->name));
    else if (object->fields[object->count - 1].value->kind == LF_GQL_NULL)
        lf_gql_report(v, &object->loc, "Field \"%.*s.%.*s\" must be non-null.", LF_FMT(type->name),
                      LF_FMT(object->fields[0].name.text));
}

static void
check_object(struct lf_gql_validator *v, const struct lf_gql_value_node *object)
{
    const struct lf_gql_type *type = lf_gql_type_named(v->input);
    if (type->kind != LF_GQL_INPUT_TYPE) {
        check_leaf(v, object);
        return;
    }
    for (size_t i = 0; i < type->input_count && !v->stop; i++) {
        const struct lf_gql_input *def = &type->inputs[i];
        if (def->type->kind == LF_GQL_NON_NULL_TYPE && !def->has_default && !has_field(object, def->name))
            lf_gql_report(v, &object->loc, "Field \"%.*s.%.*s\" of required type \"%s\" was not provided.",
                          LF_FMT(type->name), LF_FMT(def->name), lf_gql_text_type(v->arena, def->type));
    }
    if (type->one_of && !v->stop)
        check_one_of(v, type, object);
}

static void
value(struct lf_gql_validator *v, void *state, const struct lf_gql_value_node *value)
{
    (void)state;
    if (v->input == NULL)
        return;
    switch (value->kind) {
    case LF_GQL_VARIABLE: break;
    case LF_GQL_NULL:
        if (v->input->kind == LF_GQL_NON_NULL_TYPE)
            report_unexpected(v, value);
        break;
    case LF_GQL_LIST:
        if (lf_gql_type_nullable(v->input)->kind != LF_GQL_LIST_TYPE)
            check_leaf(v, value);
        break;
    case LF_GQL_OBJECT: check_object(v, value); break;
    default: check_leaf(v, value); break;
    }
}

static void
object_field(struct lf_gql_validator *v, void *state, const struct lf_gql_argument *field)
{
    const struct lf_gql_type *type = v->input_parent;
    (void)state;
    if (type == NULL || v->input != NULL)
        return;
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, field->name.text);
    for (size_t i = 0; i < type->input_count; i++)
        lf_gql_suggest_offer(&suggest, type->inputs[i].name);
    lf_gql_report(v, &field->name.loc, "Field \"%.*s\" is not defined by type \"%.*s\".%s", LF_FMT(field->name.text),
                  LF_FMT(type->name), lf_gql_suggest_text(&suggest, v->arena, NULL));
}

const struct lf_gql_rule lf_gql_rule_values_of_correct_type = {
    .name = "values_of_correct_type",
    .value = value,
    .object_field = object_field,
};
