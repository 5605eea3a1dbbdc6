/* Section 5.4.1: an argument is one of its field or directive. */
#include "graphql/rules/rule.h"

static const char *
suggest_argument(struct lf_gql_validator *v, struct lf_bytes name, const struct lf_gql_input *defs, size_t count)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < count; i++)
        lf_gql_suggest_offer(&suggest, defs[i].name);
    return lf_gql_suggest_text(&suggest, v->arena, NULL);
}

static void
directive(struct lf_gql_validator *v, void *state, const struct lf_gql_directive *directive, const char *location)
{
    const struct lf_gql_directive_def *def = v->directive;
    (void)state;
    (void)location;
    for (size_t i = 0; def != NULL && i < directive->arg_count && !v->stop; i++) {
        const struct lf_gql_name *name = &directive->args[i].name;
        if (lf_gql_find_input(def->args, def->arg_count, name->text) == NULL)
            lf_gql_report(v, &name->loc, "Unknown argument \"%.*s\" on directive \"@%.*s\".%s", LF_FMT(name->text),
                          LF_FMT(def->name), suggest_argument(v, name->text, def->args, def->arg_count));
    }
}

static void
argument(struct lf_gql_validator *v, void *state, const struct lf_gql_argument *arg)
{
    const struct lf_gql_field *def = v->field;
    (void)state;
    if (v->in_directive || v->argument != NULL || def == NULL || v->parent == NULL)
        return;
    lf_gql_report(v, &arg->name.loc, "Unknown argument \"%.*s\" on field \"%.*s.%.*s\".%s", LF_FMT(arg->name.text),
                  LF_FMT(v->parent->name), LF_FMT(def->name),
                  suggest_argument(v, arg->name.text, def->args, def->arg_count));
}

const struct lf_gql_rule lf_gql_rule_known_argument_names = {
    .name = "known_argument_names",
    .directive = directive,
    .argument = argument,
};
