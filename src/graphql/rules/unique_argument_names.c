/* Section 5.4.2: an argument is given once. */
#include "graphql/rules/rule.h"

static void
report(struct lf_gql_validator *v, const struct lf_gql_argument *args, size_t count, size_t first)
{
    const struct lf_gql_name *name = &args[first].name;
    struct lf_gql_error *error =
        lf_gql_report(v, &name->loc, "There can be only one argument named \"%.*s\".", LF_FMT(name->text));
    for (size_t i = first + 1; i < count; i++) {
        if (lf_bytes_equal(args[i].name.text, name->text))
            lf_gql_error_add_loc(error, &args[i].name.loc);
    }
}

static void
arguments(struct lf_gql_validator *v, void *state, const struct lf_gql_argument *args, size_t count)
{
    static const struct lf_gql_argument reported;
    struct lf_gql_names seen; /* name -> its first use, or &reported */
    (void)state;
    if (count < 2)
        return;
    lf_gql_names_init(&seen, v->arena);
    for (size_t i = 0; i < count && !v->stop; i++) {
        const struct lf_gql_argument *first = lf_gql_names_get(&seen, args[i].name.text);
        if (first == &reported)
            continue;
        if (first != NULL)
            report(v, args, count, (size_t)(first - args));
        if (!lf_gql_names_set(&seen, args[i].name.text, first == NULL ? &args[i] : &reported))
            lf_gql_out_of_memory(v);
    }
}

const struct lf_gql_rule lf_gql_rule_unique_argument_names = {
    .name = "unique_argument_names",
    .arguments = arguments,
};
