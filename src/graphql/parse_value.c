/* What executable and type system documents share: values, type references, arguments, directives, descriptions. */
#include "graphql/parser.h"

static struct lf_gql_value_node *
new_value(struct lf_gql_parser *p, enum lf_gql_node_kind kind)
{
    struct lf_gql_value_node *node = LF_ARENA_NEW(p->arena, struct lf_gql_value_node);
    if (node == NULL) {
        lf_gql_parser_no_memory(p);
        return NULL;
    }
    node->kind = kind;
    node->text = p->token.text;
    node->loc = p->token.loc;
    return node;
}

static bool
parse_list(struct lf_gql_parser *p, bool constant, struct lf_gql_value_node *list)
{
    size_t mark = p->stack_used;
    if (!lf_gql_parser_enter(p) || !lf_gql_parser_expect(p, LF_GQL_T_BRACKET_L))
        return false;
    while (!lf_gql_parser_at(p, LF_GQL_T_BRACKET_R)) {
        const struct lf_gql_value_node *item = NULL;
        if (!lf_gql_parser_value(p, constant, &item) || !lf_gql_parser_push(p, &item, sizeof(item)))
            return false;
    }
    lf_gql_parser_leave(p);
    return lf_gql_parser_advance(p) &&
           lf_gql_parser_pop(p, mark, sizeof(struct lf_gql_value_node *), &list->items, &list->count);
}

static bool
parse_pair(struct lf_gql_parser *p, bool constant, struct lf_gql_argument *ret)
{
    return lf_gql_parser_name(p, &ret->name) && lf_gql_parser_expect(p, LF_GQL_T_COLON) &&
           lf_gql_parser_value(p, constant, &ret->value);
}

static bool
parse_object(struct lf_gql_parser *p, bool constant, struct lf_gql_value_node *object)
{
    size_t mark = p->stack_used;
    if (!lf_gql_parser_enter(p) || !lf_gql_parser_expect(p, LF_GQL_T_BRACE_L))
        return false;
    while (!lf_gql_parser_at(p, LF_GQL_T_BRACE_R)) {
        struct lf_gql_argument field;
        if (!parse_pair(p, constant, &field) || !lf_gql_parser_push(p, &field, sizeof(field)))
            return false;
    }
    lf_gql_parser_leave(p);
    return lf_gql_parser_advance(p) &&
           lf_gql_parser_pop(p, mark, sizeof(*object->fields), &object->fields, &object->count);
}

static bool
parse_word(struct lf_gql_parser *p, struct lf_gql_value_node *node)
{
    if (lf_bytes_equal_text(node->text, "true") || lf_bytes_equal_text(node->text, "false")) {
        node->kind = LF_GQL_BOOLEAN;
        node->boolean = node->text.ptr[0] == 't';
    } else if (lf_bytes_equal_text(node->text, "null")) {
        node->kind = LF_GQL_NULL;
    }
    return lf_gql_parser_advance(p);
}

static bool
parse_variable(struct lf_gql_parser *p, bool constant, struct lf_gql_value_node *node)
{
    if (!lf_gql_parser_expect(p, LF_GQL_T_DOLLAR))
        return false;
    if (constant && lf_gql_parser_at(p, LF_GQL_T_NAME))
        return lf_gql_parser_fail(p, &node->loc, "Unexpected variable \"$%.*s\" in constant value.",
                                  LF_FMT(p->token.text));
    if (constant)
        return lf_gql_parser_fail(p, &node->loc, "Unexpected \"$\".");
    node->text = p->token.text;
    return lf_gql_parser_expect(p, LF_GQL_T_NAME);
}

/* Fills a node of the kind that the current token begins. */
static bool
parse_into(struct lf_gql_parser *p, bool constant, struct lf_gql_value_node *node)
{
    switch (node->kind) {
    case LF_GQL_LIST: return parse_list(p, constant, node);
    case LF_GQL_OBJECT: return parse_object(p, constant, node);
    case LF_GQL_ENUM: return parse_word(p, node);
    case LF_GQL_VARIABLE: return parse_variable(p, constant, node);
    case LF_GQL_STRING: node->block = p->token.kind == LF_GQL_T_BLOCK_STRING; return lf_gql_parser_advance(p);
    case LF_GQL_INT:
    case LF_GQL_FLOAT: return lf_gql_parser_advance(p);
    case LF_GQL_BOOLEAN:
    case LF_GQL_NULL: break; /* begin as words */
    }
    return false;
}

bool
lf_gql_parser_value(struct lf_gql_parser *p, bool constant, const struct lf_gql_value_node **ret)
{
    enum lf_gql_node_kind kind;
    switch (p->token.kind) {
    case LF_GQL_T_BRACKET_L: kind = LF_GQL_LIST; break;
    case LF_GQL_T_BRACE_L: kind = LF_GQL_OBJECT; break;
    case LF_GQL_T_INT: kind = LF_GQL_INT; break;
    case LF_GQL_T_FLOAT: kind = LF_GQL_FLOAT; break;
    case LF_GQL_T_STRING:
    case LF_GQL_T_BLOCK_STRING: kind = LF_GQL_STRING; break;
    case LF_GQL_T_NAME: kind = LF_GQL_ENUM; break;
    case LF_GQL_T_DOLLAR: kind = LF_GQL_VARIABLE; break;
    default: return lf_gql_parser_unexpected(p);
    }
    struct lf_gql_value_node *node = new_value(p, kind);
    *ret = node;
    return node != NULL && parse_into(p, constant, node);
}

static bool
wrap_type(struct lf_gql_parser *p, enum lf_gql_ref_kind kind, const struct lf_gql_loc *loc,
          const struct lf_gql_type_ref *of, const struct lf_gql_type_ref **ret)
{
    struct lf_gql_type_ref *ref = LF_ARENA_NEW(p->arena, struct lf_gql_type_ref);
    if (ref == NULL)
        return lf_gql_parser_no_memory(p);
    *ref = (struct lf_gql_type_ref){.kind = kind, .of = of, .loc = *loc};
    *ret = ref;
    return true;
}

static bool
parse_list_type(struct lf_gql_parser *p, const struct lf_gql_type_ref **ret)
{
    struct lf_gql_loc loc = p->token.loc;
    const struct lf_gql_type_ref *of = NULL;
    if (!lf_gql_parser_enter(p) || !lf_gql_parser_expect(p, LF_GQL_T_BRACKET_L) || !lf_gql_parser_type(p, &of) ||
        !lf_gql_parser_expect(p, LF_GQL_T_BRACKET_R))
        return false;
    lf_gql_parser_leave(p);
    return wrap_type(p, LF_GQL_REF_LIST, &loc, of, ret);
}

static bool
parse_named_type(struct lf_gql_parser *p, const struct lf_gql_type_ref **ret)
{
    struct lf_gql_type_ref *ref = LF_ARENA_NEW(p->arena, struct lf_gql_type_ref);
    if (ref == NULL)
        return lf_gql_parser_no_memory(p);
    ref->kind = LF_GQL_REF_NAMED;
    ref->loc = p->token.loc;
    *ret = ref;
    return lf_gql_parser_name(p, &ref->name);
}

bool
lf_gql_parser_type(struct lf_gql_parser *p, const struct lf_gql_type_ref **ret)
{
    struct lf_gql_loc loc = p->token.loc;
    const struct lf_gql_type_ref *type = NULL;
    bool list = lf_gql_parser_at(p, LF_GQL_T_BRACKET_L);
    bool non_null = false;
    if (!(list ? parse_list_type(p, &type) : parse_named_type(p, &type)))
        return false;
    *ret = type;
    if (!lf_gql_parser_skip(p, LF_GQL_T_BANG, &non_null))
        return false;
    return !non_null || wrap_type(p, LF_GQL_REF_NON_NULL, &loc, type, ret);
}

static bool
parse_argument(struct lf_gql_parser *p, void *ret)
{
    return parse_pair(p, false, ret);
}

static bool
parse_const_argument(struct lf_gql_parser *p, void *ret)
{
    return parse_pair(p, true, ret);
}

bool
lf_gql_parser_arguments(struct lf_gql_parser *p, bool constant, const struct lf_gql_argument **ret_args,
                        size_t *ret_count)
{
    return lf_gql_parser_optional_many(p, LF_GQL_T_PAREN_L, constant ? parse_const_argument : parse_argument,
                                       LF_GQL_T_PAREN_R, sizeof(**ret_args), ret_args, ret_count);
}

bool
lf_gql_parser_directives(struct lf_gql_parser *p, bool constant, struct lf_gql_directives *ret)
{
    size_t mark = p->stack_used;
    while (lf_gql_parser_at(p, LF_GQL_T_AT)) {
        struct lf_gql_directive directive = {.loc = p->token.loc};
        if (!lf_gql_parser_advance(p) || !lf_gql_parser_name(p, &directive.name) ||
            !lf_gql_parser_arguments(p, constant, &directive.args, &directive.arg_count) ||
            !lf_gql_parser_push(p, &directive, sizeof(directive)))
            return false;
    }
    return lf_gql_parser_pop(p, mark, sizeof(*ret->items), &ret->items, &ret->count);
}

bool
lf_gql_parser_description(struct lf_gql_parser *p, struct lf_bytes *ret)
{
    if (!lf_gql_parser_at(p, LF_GQL_T_STRING) && !lf_gql_parser_at(p, LF_GQL_T_BLOCK_STRING))
        return true;
    *ret = p->token.text;
    return lf_gql_parser_advance(p);
}

bool
lf_gql_parser_operation_type(struct lf_gql_parser *p, enum lf_gql_operation_type *ret)
{
    if (lf_gql_parser_at_keyword(p, "query"))
        *ret = LF_GQL_QUERY;
    else if (lf_gql_parser_at_keyword(p, "mutation"))
        *ret = LF_GQL_MUTATION;
    else if (lf_gql_parser_at_keyword(p, "subscription"))
        *ret = LF_GQL_SUBSCRIPTION;
    else if (lf_gql_parser_at(p, LF_GQL_T_NAME))
        return lf_gql_parser_unexpected(p);
    return lf_gql_parser_expect(p, LF_GQL_T_NAME);
}
