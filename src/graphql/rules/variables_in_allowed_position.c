/* Section 5.8.5: a variable's type fits where it is used. */
#include "graphql/rules/rule.h"

static bool
is_allowed(const struct lf_gql_type *type, const struct lf_gql_variable_def *variable, const struct lf_gql_usage *usage)
{
    const struct lf_gql_type *expected = usage->type;
    if (expected->kind == LF_GQL_NON_NULL_TYPE && type->kind != LF_GQL_NON_NULL_TYPE) {
        bool filled = variable->default_value != NULL && variable->default_value->kind != LF_GQL_NULL;
        if (!filled && !usage->has_default)
            return false;
        expected = expected->of;
    }
    return lf_gql_type_is_subtype(type, expected);
}

static void
check_usage(struct lf_gql_validator *v, const struct lf_gql_variable_def *variable, const struct lf_gql_usage *usage)
{
    const struct lf_gql_type *type = lf_gql_ref_type(v, variable->type);
    struct lf_gql_error *error;
    if (type == NULL)
        return;
    if (!is_allowed(type, variable, usage)) {
        error = lf_gql_report(
            v, &variable->loc, "Variable \"$%.*s\" of type \"%s\" used in position expecting type \"%s\".",
            LF_FMT(variable->name.text), lf_gql_text_type(v->arena, type), lf_gql_text_type(v->arena, usage->type));
        lf_gql_error_add_loc(error, &usage->node->loc);
    }
    if (usage->parent != NULL && usage->parent->one_of && type->kind != LF_GQL_NON_NULL_TYPE && !v->stop) {
        error =
            lf_gql_report(v, &variable->loc,
                          "Variable \"$%.*s\" is of type \"%s\" but must be non-nullable to be used for"
                          " OneOf Input Object \"%.*s\".",
                          LF_FMT(variable->name.text), lf_gql_text_type(v->arena, type), LF_FMT(usage->parent->name));
        lf_gql_error_add_loc(error, &usage->node->loc);
    }
}

static void
leave_operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    (void)state;
    struct lf_gql_names defined;
    struct lf_gql_reach reach;
    lf_gql_names_init(&defined, v->arena);
    for (size_t i = 0; i < operation->variable_count; i++) {
        if (!lf_gql_names_set(&defined, operation->variables[i].name.text, &operation->variables[i])) {
            lf_gql_out_of_memory(v);
            return;
        }
    }
    if (operation->variable_count == 0 || !lf_gql_reach(v, v->here, &reach))
        return;
    for (size_t i = 0; i < reach.count; i++) {
        const struct lf_gql_facts *facts = reach.items[i];
        for (size_t j = 0; j < facts->usage_count && !v->stop; j++) {
            const struct lf_gql_usage *usage = &facts->usages[j];
            const struct lf_gql_variable_def *variable = lf_gql_names_get(&defined, usage->node->text);
            if (variable != NULL && usage->type != NULL)
                check_usage(v, variable, usage);
        }
    }
}

const struct lf_gql_rule lf_gql_rule_variables_in_allowed_position = {
    .name = "variables_in_allowed_position",
    .leave_operation = leave_operation,
};
