/* Operations and fragments (section 2.3 to 2.12). */
#include "graphql/parser.h"

static bool parse_selection_set(struct lf_gql_parser *p, struct lf_gql_selection_set *ret);

static bool
parse_field(struct lf_gql_parser *p, struct lf_gql_selection *ret)
{
    bool aliased;
    ret->kind = LF_GQL_FIELD;
    if (!lf_gql_parser_name(p, &ret->name) || !lf_gql_parser_skip(p, LF_GQL_T_COLON, &aliased))
        return false;
    if (aliased) {
        ret->alias = ret->name;
        if (!lf_gql_parser_name(p, &ret->name))
            return false;
    }
    if (!lf_gql_parser_arguments(p, false, &ret->args, &ret->arg_count) ||
        !lf_gql_parser_directives(p, false, &ret->directives))
        return false;
    return !lf_gql_parser_at(p, LF_GQL_T_BRACE_L) || parse_selection_set(p, &ret->set);
}

/* ...Name, ... on Type { }, ... { } */
static bool
parse_fragment_use(struct lf_gql_parser *p, struct lf_gql_selection *ret)
{
    if (!lf_gql_parser_advance(p))
        return false;
    bool on = lf_gql_parser_at_keyword(p, "on");
    if (!on && lf_gql_parser_at(p, LF_GQL_T_NAME)) {
        ret->kind = LF_GQL_SPREAD;
        return lf_gql_parser_name(p, &ret->name) && lf_gql_parser_directives(p, false, &ret->directives);
    }
    ret->kind = LF_GQL_INLINE;
    if (on && (!lf_gql_parser_advance(p) || !lf_gql_parser_name(p, &ret->on)))
        return false;
    return lf_gql_parser_directives(p, false, &ret->directives) && parse_selection_set(p, &ret->set);
}

static bool
parse_selection(struct lf_gql_parser *p, void *ret)
{
    struct lf_gql_selection *selection = ret;
    selection->loc = p->token.loc;
    return lf_gql_parser_at(p, LF_GQL_T_SPREAD) ? parse_fragment_use(p, selection) : parse_field(p, selection);
}

static bool
parse_selection_set(struct lf_gql_parser *p, struct lf_gql_selection_set *ret)
{
    ret->loc = p->token.loc;
    if (!lf_gql_parser_enter(p) || !lf_gql_parser_many(p, LF_GQL_T_BRACE_L, parse_selection, LF_GQL_T_BRACE_R,
                                                       sizeof(*ret->items), &ret->items, &ret->count))
        return false;
    lf_gql_parser_leave(p);
    return true;
}

static bool
parse_variable_def(struct lf_gql_parser *p, void *item)
{
    struct lf_gql_variable_def *ret = item;
    bool has_default;
    if (!lf_gql_parser_description(p, &ret->description))
        return false;
    ret->loc = p->token.loc;
    if (!lf_gql_parser_expect(p, LF_GQL_T_DOLLAR) || !lf_gql_parser_name(p, &ret->name) ||
        !lf_gql_parser_expect(p, LF_GQL_T_COLON) || !lf_gql_parser_type(p, &ret->type) ||
        !lf_gql_parser_skip(p, LF_GQL_T_EQUALS, &has_default))
        return false;
    if (has_default && !lf_gql_parser_value(p, true, &ret->default_value))
        return false;
    return lf_gql_parser_directives(p, true, &ret->directives);
}

bool
lf_gql_parser_operation(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    def->kind = LF_GQL_DEF_OPERATION;
    def->loc = p->token.loc;
    if (lf_gql_parser_at(p, LF_GQL_T_BRACE_L)) {
        def->shorthand = true;
        return parse_selection_set(p, &def->set);
    }
    if (!lf_gql_parser_operation_type(p, &def->operation))
        return false;
    if (lf_gql_parser_at(p, LF_GQL_T_NAME) && !lf_gql_parser_name(p, &def->name))
        return false;
    return lf_gql_parser_optional_many(p, LF_GQL_T_PAREN_L, parse_variable_def, LF_GQL_T_PAREN_R,
                                       sizeof(*def->variables), &def->variables, &def->variable_count) &&
           lf_gql_parser_directives(p, false, &def->directives) && parse_selection_set(p, &def->set);
}

bool
lf_gql_parser_fragment(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    def->kind = LF_GQL_DEF_FRAGMENT;
    def->loc = p->token.loc;
    if (!lf_gql_parser_expect_keyword(p, "fragment"))
        return false;
    if (lf_gql_parser_at_keyword(p, "on"))
        return lf_gql_parser_unexpected(p);
    return lf_gql_parser_name(p, &def->name) && lf_gql_parser_expect_keyword(p, "on") &&
           lf_gql_parser_name(p, &def->on) && lf_gql_parser_directives(p, false, &def->directives) &&
           parse_selection_set(p, &def->set);
}
