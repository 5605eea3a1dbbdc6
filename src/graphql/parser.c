/* The parser's tools: tokens, errors, depth, and lists. */
#include "graphql/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
lf_gql_parser_no_memory(struct lf_gql_parser *p)
{
    p->errors->no_memory = true;
    return false;
}

bool
lf_gql_parser_fail(struct lf_gql_parser *p, const struct lf_gql_loc *loc, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    lf_gql_errors_add(p->errors, "GRAPHQL_PARSE_FAILED", loc, "Syntax Error: %s", text);
    return false;
}

/* The current token in words, in the arena. */
static const char *
found_words(struct lf_gql_parser *p)
{
    struct lf_buf buf;
    lf_buf_init(&buf, 8192);
    lf_gql_token_describe(&buf, &p->token);
    const char *words = buf.failed == LF_OK ? lf_arena_text(p->arena, lf_buf_view(&buf)) : NULL;
    lf_buf_release(&buf);
    return words != NULL ? words : lf_gql_token_kind_name(p->token.kind);
}

bool
lf_gql_parser_unexpected(struct lf_gql_parser *p)
{
    return lf_gql_parser_fail(p, &p->token.loc, "Unexpected %s.", found_words(p));
}

bool
lf_gql_parser_advance(struct lf_gql_parser *p)
{
    return lf_gql_lexer_next(&p->lexer, &p->token);
}

bool
lf_gql_parser_at_keyword(const struct lf_gql_parser *p, const char *keyword)
{
    return p->token.kind == LF_GQL_T_NAME && lf_bytes_equal_text(p->token.text, keyword);
}

bool
lf_gql_parser_expect(struct lf_gql_parser *p, enum lf_gql_token_kind kind)
{
    if (p->token.kind != kind)
        return lf_gql_parser_fail(p, &p->token.loc, "Expected %s, found %s.", lf_gql_token_kind_name(kind),
                                  found_words(p));
    return kind == LF_GQL_T_EOF || lf_gql_parser_advance(p);
}

bool
lf_gql_parser_expect_keyword(struct lf_gql_parser *p, const char *keyword)
{
    if (!lf_gql_parser_at_keyword(p, keyword))
        return lf_gql_parser_fail(p, &p->token.loc, "Expected \"%s\", found %s.", keyword, found_words(p));
    return lf_gql_parser_advance(p);
}

bool
lf_gql_parser_skip(struct lf_gql_parser *p, enum lf_gql_token_kind kind, bool *ret_found)
{
    *ret_found = p->token.kind == kind;
    return !*ret_found || lf_gql_parser_advance(p);
}

bool
lf_gql_parser_name(struct lf_gql_parser *p, struct lf_gql_name *ret)
{
    *ret = (struct lf_gql_name){p->token.text, p->token.loc};
    return lf_gql_parser_expect(p, LF_GQL_T_NAME);
}

bool
lf_gql_parser_enter(struct lf_gql_parser *p)
{
    if (++p->depth <= p->depth_max)
        return true;
    lf_gql_errors_add(p->errors, "TOO_COMPLEX", &p->token.loc,
                      "Syntax Error: Document is nested deeper than %zu levels. Parsing aborted.", p->depth_max);
    return false;
}

/* Items are multiples of 8 bytes and need no more alignment than that. */
bool
lf_gql_parser_push(struct lf_gql_parser *p, const void *item, size_t size)
{
    LF_ASSERT(size % 8 == 0);
    if (p->stack_cap - p->stack_used < size) {
        size_t cap = p->stack_cap * 2;
        char *moved = lf_arena_alloc(p->arena, cap);
        if (moved == NULL)
            return lf_gql_parser_no_memory(p);
        memcpy(moved, p->stack, p->stack_used);
        p->stack = moved;
        p->stack_cap = cap;
    }
    memcpy(p->stack + p->stack_used, item, size);
    p->stack_used += size;
    return true;
}

bool
lf_gql_parser_pop(struct lf_gql_parser *p, size_t mark, size_t item_size, void *ret_items, size_t *ret_count)
{
    size_t size = p->stack_used - mark;
    if (size == 0)
        return true;
    void *items = lf_arena_alloc(p->arena, size);
    if (items == NULL)
        return lf_gql_parser_no_memory(p);
    memcpy(items, p->stack + mark, size);
    p->stack_used = mark;
    memcpy(ret_items, &items, sizeof(items)); /* ret_items is the address of some pointer to items */
    *ret_count = size / item_size;
    return true;
}

static bool
push_item(struct lf_gql_parser *p, lf_gql_item_fn *item, size_t item_size)
{
    _Alignas(max_align_t) char room[LF_GQL_ITEM_MAX];
    LF_ASSERT(item_size <= sizeof(room));
    memset(room, 0, item_size);
    return item(p, room) && lf_gql_parser_push(p, room, item_size);
}

bool
lf_gql_parser_many(struct lf_gql_parser *p, enum lf_gql_token_kind open, lf_gql_item_fn *item,
                   enum lf_gql_token_kind close, size_t item_size, void *ret_items, size_t *ret_count)
{
    size_t mark = p->stack_used;
    if (!lf_gql_parser_expect(p, open))
        return false;
    do {
        if (!push_item(p, item, item_size))
            return false;
    } while (!lf_gql_parser_at(p, close));
    return lf_gql_parser_advance(p) && lf_gql_parser_pop(p, mark, item_size, ret_items, ret_count);
}

bool
lf_gql_parser_optional_many(struct lf_gql_parser *p, enum lf_gql_token_kind open, lf_gql_item_fn *item,
                            enum lf_gql_token_kind close, size_t item_size, void *ret_items, size_t *ret_count)
{
    return !lf_gql_parser_at(p, open) || lf_gql_parser_many(p, open, item, close, item_size, ret_items, ret_count);
}

bool
lf_gql_parser_delimited(struct lf_gql_parser *p, enum lf_gql_token_kind delimiter, lf_gql_item_fn *item,
                        size_t item_size, void *ret_items, size_t *ret_count)
{
    size_t mark = p->stack_used;
    bool more;
    if (!lf_gql_parser_skip(p, delimiter, &more))
        return false;
    do {
        if (!push_item(p, item, item_size) || !lf_gql_parser_skip(p, delimiter, &more))
            return false;
    } while (more);
    return lf_gql_parser_pop(p, mark, item_size, ret_items, ret_count);
}
