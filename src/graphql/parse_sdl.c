/* Type system definitions and extensions (section 3). */
#include "graphql/parser.h"

static bool
parse_name_item(struct lf_gql_parser *p, void *ret)
{
    return lf_gql_parser_name(p, ret);
}

static bool
parse_input_def(struct lf_gql_parser *p, void *item)
{
    struct lf_gql_input_def *ret = item;
    bool has_default;
    if (!lf_gql_parser_description(p, &ret->description) || !lf_gql_parser_name(p, &ret->name) ||
        !lf_gql_parser_expect(p, LF_GQL_T_COLON) || !lf_gql_parser_type(p, &ret->type) ||
        !lf_gql_parser_skip(p, LF_GQL_T_EQUALS, &has_default))
        return false;
    if (has_default && !lf_gql_parser_value(p, true, &ret->default_value))
        return false;
    return lf_gql_parser_directives(p, true, &ret->directives);
}

static bool
parse_field_def(struct lf_gql_parser *p, void *item)
{
    struct lf_gql_field_def *ret = item;
    return lf_gql_parser_description(p, &ret->description) && lf_gql_parser_name(p, &ret->name) &&
           lf_gql_parser_optional_many(p, LF_GQL_T_PAREN_L, parse_input_def, LF_GQL_T_PAREN_R, sizeof(*ret->args),
                                       &ret->args, &ret->arg_count) &&
           lf_gql_parser_expect(p, LF_GQL_T_COLON) && lf_gql_parser_type(p, &ret->type) &&
           lf_gql_parser_directives(p, true, &ret->directives);
}

static bool
parse_enum_value(struct lf_gql_parser *p, void *item)
{
    struct lf_gql_enum_value_def *ret = item;
    if (!lf_gql_parser_description(p, &ret->description))
        return false;
    if (lf_gql_parser_at_keyword(p, "true") || lf_gql_parser_at_keyword(p, "false") ||
        lf_gql_parser_at_keyword(p, "null"))
        return lf_gql_parser_fail(p, &p->token.loc, "Name \"%.*s\" is reserved and cannot be used for an enum value.",
                                  LF_FMT(p->token.text));
    return lf_gql_parser_name(p, &ret->name) && lf_gql_parser_directives(p, true, &ret->directives);
}

static bool
parse_root(struct lf_gql_parser *p, void *item)
{
    struct lf_gql_root_def *ret = item;
    return lf_gql_parser_operation_type(p, &ret->operation) && lf_gql_parser_expect(p, LF_GQL_T_COLON) &&
           lf_gql_parser_name(p, &ret->type);
}

static bool
parse_location(struct lf_gql_parser *p, void *item)
{
    static const char *const known[] = {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
        "SCHEMA",
        "SCALAR",
        "OBJECT",
        "FIELD_DEFINITION",
        "ARGUMENT_DEFINITION",
        "INTERFACE",
        "UNION",
        "ENUM",
        "ENUM_VALUE",
        "INPUT_OBJECT",
        "INPUT_FIELD_DEFINITION",
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (lf_gql_parser_at_keyword(p, known[i]))
            return lf_gql_parser_name(p, item);
    }
    if (lf_gql_parser_at(p, LF_GQL_T_NAME))
        return lf_gql_parser_unexpected(p);
    return lf_gql_parser_name(p, item);
}

static bool
parse_interfaces(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    if (!lf_gql_parser_at_keyword(p, "implements"))
        return true;
    return lf_gql_parser_advance(p) &&
           lf_gql_parser_delimited(p, LF_GQL_T_AMP, parse_name_item, sizeof(*def->interfaces), &def->interfaces,
                                   &def->interface_count);
}

static bool
parse_schema(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    if (!lf_gql_parser_directives(p, true, &def->directives))
        return false;
    if (def->extend && !lf_gql_parser_at(p, LF_GQL_T_BRACE_L))
        return def->directives.count != 0 || lf_gql_parser_unexpected(p);
    return lf_gql_parser_many(p, LF_GQL_T_BRACE_L, parse_root, LF_GQL_T_BRACE_R, sizeof(*def->roots), &def->roots,
                              &def->root_count);
}

static bool
parse_scalar(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    return lf_gql_parser_name(p, &def->name) && lf_gql_parser_directives(p, true, &def->directives);
}

static bool
parse_fields(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    return lf_gql_parser_name(p, &def->name) && parse_interfaces(p, def) &&
           lf_gql_parser_directives(p, true, &def->directives) &&
           lf_gql_parser_optional_many(p, LF_GQL_T_BRACE_L, parse_field_def, LF_GQL_T_BRACE_R, sizeof(*def->fields),
                                       &def->fields, &def->field_count);
}

static bool
parse_union(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    bool has_members;
    if (!lf_gql_parser_name(p, &def->name) || !lf_gql_parser_directives(p, true, &def->directives) ||
        !lf_gql_parser_skip(p, LF_GQL_T_EQUALS, &has_members))
        return false;
    return !has_members || lf_gql_parser_delimited(p, LF_GQL_T_PIPE, parse_name_item, sizeof(*def->names), &def->names,
                                                   &def->name_count);
}

static bool
parse_enum(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    return lf_gql_parser_name(p, &def->name) && lf_gql_parser_directives(p, true, &def->directives) &&
           lf_gql_parser_optional_many(p, LF_GQL_T_BRACE_L, parse_enum_value, LF_GQL_T_BRACE_R, sizeof(*def->values),
                                       &def->values, &def->value_count);
}

static bool
parse_input(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    return lf_gql_parser_name(p, &def->name) && lf_gql_parser_directives(p, true, &def->directives) &&
           lf_gql_parser_optional_many(p, LF_GQL_T_BRACE_L, parse_input_def, LF_GQL_T_BRACE_R, sizeof(*def->inputs),
                                       &def->inputs, &def->input_count);
}

static bool
parse_directive_def(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    if (!lf_gql_parser_expect(p, LF_GQL_T_AT) || !lf_gql_parser_name(p, &def->name) ||
        !lf_gql_parser_optional_many(p, LF_GQL_T_PAREN_L, parse_input_def, LF_GQL_T_PAREN_R, sizeof(*def->inputs),
                                     &def->inputs, &def->input_count))
        return false;
    def->repeatable = lf_gql_parser_at_keyword(p, "repeatable");
    if (def->repeatable && !lf_gql_parser_advance(p))
        return false;
    return lf_gql_parser_expect_keyword(p, "on") &&
           lf_gql_parser_delimited(p, LF_GQL_T_PIPE, parse_location, sizeof(*def->names), &def->names,
                                   &def->name_count);
}

static const struct {
    const char *keyword;
    enum lf_gql_definition_kind kind;
    bool (*parse)(struct lf_gql_parser *p, struct lf_gql_definition *def);
} definitions[] = {
    {"type", LF_GQL_DEF_OBJECT, parse_fields},   {"input", LF_GQL_DEF_INPUT, parse_input},
    {"enum", LF_GQL_DEF_ENUM, parse_enum},       {"interface", LF_GQL_DEF_INTERFACE, parse_fields},
    {"union", LF_GQL_DEF_UNION, parse_union},    {"scalar", LF_GQL_DEF_SCALAR, parse_scalar},
    {"schema", LF_GQL_DEF_SCHEMA, parse_schema}, {"directive", LF_GQL_DEF_DIRECTIVE, parse_directive_def},
};

bool
lf_gql_parser_type_system(struct lf_gql_parser *p, struct lf_gql_definition *def, bool *ret_found)
{
    *ret_found = false;
    for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
        if (!lf_gql_parser_at_keyword(p, definitions[i].keyword))
            continue;
        *ret_found = true;
        def->kind = definitions[i].kind;
        if (!def->extend)
            def->loc = p->token.loc;
        return lf_gql_parser_advance(p) && definitions[i].parse(p, def);
    }
    return true;
}

/* An extension must extend something. */
static bool
adds_something(const struct lf_gql_definition *def)
{
    return def->directives.count + def->root_count + def->interface_count + def->field_count + def->input_count +
               def->name_count + def->value_count !=
           0;
}

bool
lf_gql_parser_extension(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    bool found = false;
    def->extend = true;
    def->loc = p->token.loc;
    if (!lf_gql_parser_advance(p))
        return false;
    if (!lf_gql_parser_at_keyword(p, "directive") && !lf_gql_parser_type_system(p, def, &found))
        return false;
    if (!found || !adds_something(def))
        return lf_gql_parser_unexpected(p);
    return true;
}
