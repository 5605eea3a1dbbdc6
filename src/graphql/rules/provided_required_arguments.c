/* Section 5.4.3: required arguments are given. */
#include "graphql/rules/rule.h"

static bool
is_given(const struct lf_gql_argument *args, size_t count, struct lf_bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal(args[i].name.text, name))
            return true;
    }
    return false;
}

static bool
is_required(const struct lf_gql_input *def)
{
    return def->type->kind == LF_GQL_NON_NULL_TYPE && !def->has_default;
}

static void
leave_field(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *field)
{
    const struct lf_gql_field *def = v->field;
    (void)state;
    for (size_t i = 0; def != NULL && i < def->arg_count && !v->stop; i++) {
        if (is_required(&def->args[i]) && !is_given(field->args, field->arg_count, def->args[i].name))
            lf_gql_report(v, &field->loc,
                          "Field \"%.*s\" argument \"%.*s\" of type \"%s\" is required, but it was not provided.",
                          LF_FMT(def->name), LF_FMT(def->args[i].name), lf_gql_text_type(v->arena, def->args[i].type));
    }
}

static void
leave_directive(struct lf_gql_validator *v, void *state, const struct lf_gql_directive *directive)
{
    const struct lf_gql_directive_def *def = v->directive;
    (void)state;
    for (size_t i = 0; def != NULL && i < def->arg_count && !v->stop; i++) {
        if (is_required(&def->args[i]) && !is_given(directive->args, directive->arg_count, def->args[i].name))
            lf_gql_report(v, &directive->loc,
                          "Directive \"@%.*s\" argument \"%.*s\" of type \"%s\" is required, but it was not provided.",
                          LF_FMT(def->name), LF_FMT(def->args[i].name), lf_gql_text_type(v->arena, def->args[i].type));
    }
}

const struct lf_gql_rule lf_gql_rule_provided_required_arguments = {
    .name = "provided_required_arguments",
    .leave_field = leave_field,
    .leave_directive = leave_directive,
};
