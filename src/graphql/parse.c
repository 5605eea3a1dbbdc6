/* The parser's public functions, and which definition begins here. */
#include "graphql/parser.h"
#include "base/limits.h"

enum { DEPTH_CEILING = 1000 }; /* the parser and its trees' readers recurse: no limit may be beyond what stacks hold */

static bool
open_parser(struct lf_gql_parser *p, struct lf_arena *arena, const struct lf_gql_source *source,
            const struct lf_gql_limits *limits, struct lf_gql_errors *errors)
{
    size_t depth = limits != NULL && limits->depth != 0 ? limits->depth : LF_GQL_DEPTH_MAX;
    p->arena = arena;
    p->errors = errors;
    p->depth = 0;
    p->depth_max = depth < DEPTH_CEILING ? depth : DEPTH_CEILING;
    p->stack = p->first;
    p->stack_used = 0;
    p->stack_cap = sizeof(p->first);
    return lf_gql_lexer_init(&p->lexer, arena, source, limits != NULL ? limits->tokens : 0, errors) &&
           lf_gql_parser_advance(p);
}

/* Behind an optional description. */
static bool
parse_described(struct lf_gql_parser *p, struct lf_gql_definition *def, const struct lf_gql_loc *description)
{
    bool described = def->description.ptr != NULL;
    bool found = false;
    if (described && lf_gql_parser_at(p, LF_GQL_T_BRACE_L))
        return lf_gql_parser_fail(p, description,
                                  "Unexpected description, descriptions are not supported on shorthand queries.");
    if (!lf_gql_parser_at(p, LF_GQL_T_NAME))
        return lf_gql_parser_unexpected(p);
    if (!lf_gql_parser_type_system(p, def, &found))
        return false;
    if (found)
        return true;
    if (lf_gql_parser_at_keyword(p, "query") || lf_gql_parser_at_keyword(p, "mutation") ||
        lf_gql_parser_at_keyword(p, "subscription"))
        return lf_gql_parser_operation(p, def);
    if (lf_gql_parser_at_keyword(p, "fragment"))
        return lf_gql_parser_fragment(p, def);
    if (described)
        return lf_gql_parser_fail(p, description,
                                  "Unexpected description, only GraphQL definitions support descriptions.");
    return lf_gql_parser_at_keyword(p, "extend") ? lf_gql_parser_extension(p, def) : lf_gql_parser_unexpected(p);
}

static bool
parse_definition(struct lf_gql_parser *p, struct lf_gql_definition *def)
{
    struct lf_gql_loc description = p->token.loc;
    if (lf_gql_parser_at(p, LF_GQL_T_BRACE_L))
        return lf_gql_parser_operation(p, def);
    if (!lf_gql_parser_description(p, &def->description))
        return false;
    return parse_described(p, def, &description);
}

static bool
parse_document(struct lf_gql_parser *p, struct lf_gql_document *ret)
{
    do {
        struct lf_gql_definition *def = LF_ARENA_NEW(p->arena, struct lf_gql_definition);
        if (def == NULL)
            return lf_gql_parser_no_memory(p);
        def->loc = p->token.loc;
        if (!parse_definition(p, def) || !lf_gql_parser_push(p, &def, sizeof(def)))
            return false;
    } while (!lf_gql_parser_at(p, LF_GQL_T_EOF));
    return lf_gql_parser_pop(p, 0, sizeof(struct lf_gql_definition *), &ret->definitions, &ret->count);
}

struct lf_gql_document *
lf_gql_parse(struct lf_arena *arena, const struct lf_gql_source *source, const struct lf_gql_limits *limits,
             struct lf_gql_errors *errors)
{
    struct lf_gql_parser p;
    struct lf_gql_document *document = LF_ARENA_NEW(arena, struct lf_gql_document);
    if (document == NULL) {
        errors->no_memory = true;
        return NULL;
    }
    return open_parser(&p, arena, source, limits, errors) && parse_document(&p, document) ? document : NULL;
}

const struct lf_gql_value_node *
lf_gql_parse_value(struct lf_arena *arena, const struct lf_gql_source *source, struct lf_gql_errors *errors)
{
    struct lf_gql_parser p;
    const struct lf_gql_value_node *value = NULL;
    bool ok = open_parser(&p, arena, source, NULL, errors) && lf_gql_parser_value(&p, false, &value) &&
              lf_gql_parser_expect(&p, LF_GQL_T_EOF);
    return ok ? value : NULL;
}

const struct lf_gql_type_ref *
lf_gql_parse_type(struct lf_arena *arena, const struct lf_gql_source *source, struct lf_gql_errors *errors)
{
    struct lf_gql_parser p;
    const struct lf_gql_type_ref *type = NULL;
    bool ok = open_parser(&p, arena, source, NULL, errors) && lf_gql_parser_type(&p, &type) &&
              lf_gql_parser_expect(&p, LF_GQL_T_EOF);
    return ok ? type : NULL;
}
