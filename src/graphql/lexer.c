/*
 * The lexer: one table look-up a token, no allocation but for strings that need decoding. Columns count code points;
 * only strings, comments and byte order marks can hold more than ASCII, so only they count.
 */
#include "graphql/lexer.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum char_class {
    C_OTHER,
    C_SPACE, /* tab, space, comma */
    C_LINE,  /* line feed, carriage return */
    C_PUNCTUATOR,
    C_NAME,
    C_DIGIT,
};

/* clang-format off */
static const uint8_t class_of[256] = {
    ['\t'] = C_SPACE, [' '] = C_SPACE, [','] = C_SPACE, ['\n'] = C_LINE, ['\r'] = C_LINE,
    ['!'] = C_PUNCTUATOR, ['$'] = C_PUNCTUATOR, ['&'] = C_PUNCTUATOR, ['('] = C_PUNCTUATOR, [')'] = C_PUNCTUATOR,
    [':'] = C_PUNCTUATOR, ['='] = C_PUNCTUATOR, ['@'] = C_PUNCTUATOR, ['['] = C_PUNCTUATOR, [']'] = C_PUNCTUATOR,
    ['{'] = C_PUNCTUATOR, ['|'] = C_PUNCTUATOR, ['}'] = C_PUNCTUATOR,
#define NAME4(a, b, c, d) [a] = C_NAME, [b] = C_NAME, [c] = C_NAME, [d] = C_NAME
    NAME4('A', 'B', 'C', 'D'), NAME4('E', 'F', 'G', 'H'), NAME4('I', 'J', 'K', 'L'), NAME4('M', 'N', 'O', 'P'),
    NAME4('Q', 'R', 'S', 'T'), NAME4('U', 'V', 'W', 'X'), NAME4('Y', 'Z', '_', 'a'), NAME4('b', 'c', 'd', 'e'),
    NAME4('f', 'g', 'h', 'i'), NAME4('j', 'k', 'l', 'm'), NAME4('n', 'o', 'p', 'q'), NAME4('r', 's', 't', 'u'),
    NAME4('v', 'w', 'x', 'y'), ['z'] = C_NAME,
#undef NAME4
    ['0'] = C_DIGIT, ['1'] = C_DIGIT, ['2'] = C_DIGIT, ['3'] = C_DIGIT, ['4'] = C_DIGIT,
    ['5'] = C_DIGIT, ['6'] = C_DIGIT, ['7'] = C_DIGIT, ['8'] = C_DIGIT, ['9'] = C_DIGIT,
};
static const uint8_t punctuator_of[256] = {
    ['!'] = LF_GQL_T_BANG, ['$'] = LF_GQL_T_DOLLAR, ['&'] = LF_GQL_T_AMP, ['('] = LF_GQL_T_PAREN_L,
    [')'] = LF_GQL_T_PAREN_R, [':'] = LF_GQL_T_COLON, ['='] = LF_GQL_T_EQUALS, ['@'] = LF_GQL_T_AT,
    ['['] = LF_GQL_T_BRACKET_L, [']'] = LF_GQL_T_BRACKET_R, ['{'] = LF_GQL_T_BRACE_L, ['|'] = LF_GQL_T_PIPE,
    ['}'] = LF_GQL_T_BRACE_R,
};
static const char *const kind_names[] = {
    [LF_GQL_T_EOF] = "<EOF>", [LF_GQL_T_BANG] = "\"!\"", [LF_GQL_T_DOLLAR] = "\"$\"", [LF_GQL_T_AMP] = "\"&\"",
    [LF_GQL_T_PAREN_L] = "\"(\"", [LF_GQL_T_PAREN_R] = "\")\"", [LF_GQL_T_SPREAD] = "\"...\"",
    [LF_GQL_T_COLON] = "\":\"", [LF_GQL_T_EQUALS] = "\"=\"", [LF_GQL_T_AT] = "\"@\"", [LF_GQL_T_BRACKET_L] = "\"[\"",
    [LF_GQL_T_BRACKET_R] = "\"]\"", [LF_GQL_T_BRACE_L] = "\"{\"", [LF_GQL_T_PIPE] = "\"|\"",
    [LF_GQL_T_BRACE_R] = "\"}\"", [LF_GQL_T_NAME] = "Name", [LF_GQL_T_INT] = "Int", [LF_GQL_T_FLOAT] = "Float",
    [LF_GQL_T_STRING] = "String", [LF_GQL_T_BLOCK_STRING] = "BlockString",
};
/* clang-format on */

static enum char_class
char_class(char c)
{
    return (enum char_class)class_of[(unsigned char)c];
}

const char *
lf_gql_token_kind_name(enum lf_gql_token_kind kind)
{
    return kind_names[kind];
}

void
lf_gql_token_describe(struct lf_buf *out, const struct lf_gql_token *token)
{
    lf_buf_add_text(out, kind_names[token->kind]);
    if (token->kind >= LF_GQL_T_NAME)
        lf_buf_printf(out, " \"%.*s\"", LF_FMT(token->text));
}

/* The place of any byte of the source, counted from its beginning: for errors, of which there is one. */
static struct lf_gql_loc
place_of(const struct lf_gql_lexer *lx, const char *where)
{
    const char *start = lx->source->text.ptr;
    const char *line_start = start;
    uint32_t line = 1;
    for (const char *p = start; p < where; p++) {
        if (*p == '\n' || (*p == '\r' && !(p + 1 < lx->end && p[1] == '\n'))) {
            line++;
            line_start = p + 1;
        }
    }
    size_t column = where > line_start ? lf_utf8_count(lf_bytes(line_start, (size_t)(where - line_start))) : 0;
    return (struct lf_gql_loc){lx->source, line, (uint32_t)column + 1};
}

bool
lf_gql_lexer_fail(struct lf_gql_lexer *lx, const char *at, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct lf_gql_loc loc = place_of(lx, at);
    lf_gql_errors_add(lx->errors, "GRAPHQL_PARSE_FAILED", &loc, "Syntax Error: %s", text);
    return false;
}

/* One code point of text known to be well-formed. */
static uint32_t
decode(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    if (p[0] < 0x80)
        return p[0];
    if (p[0] < 0xe0)
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    if (p[0] < 0xf0)
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

void
lf_gql_lexer_show(const struct lf_gql_lexer *lx, const char *at, char ret[LF_GQL_SHOWN_MAX])
{
    if (at >= lx->end) {
        snprintf(ret, LF_GQL_SHOWN_MAX, "<EOF>");
        return;
    }
    uint32_t code = decode(at);
    if (code == '"')
        snprintf(ret, LF_GQL_SHOWN_MAX, "'\"'");
    else if (code >= 0x20 && code < 0x7f)
        snprintf(ret, LF_GQL_SHOWN_MAX, "\"%c\"", (char)code);
    else
        snprintf(ret, LF_GQL_SHOWN_MAX, "U+%04X", (unsigned)code);
}

bool
lf_gql_lexer_init(struct lf_gql_lexer *lx, struct lf_arena *arena, const struct lf_gql_source *source,
                  size_t tokens_max, struct lf_gql_errors *errors)
{
    const char *start = source->text.ptr != NULL ? source->text.ptr : "";
    *lx = (struct lf_gql_lexer){.arena = arena,
                                .source = source,
                                .errors = errors,
                                .at = start,
                                .end = start + source->text.len,
                                .line_start = start,
                                .line = 1,
                                .tokens_max = tokens_max};
    if (source->text.len >= UINT32_MAX) {
        lf_gql_errors_add(errors, "TOO_COMPLEX", NULL, "Syntax Error: Document is larger than 4 GiB.");
        return false;
    }
    size_t bad;
    if (!lf_utf8_valid(source->text, &bad))
        return lf_gql_lexer_fail(lx, start + bad, "Invalid UTF-8: unexpected byte 0x%02X.",
                                 (unsigned)(unsigned char)start[bad]);
    return true;
}

static void
start_line(struct lf_gql_lexer *lx, const char *line_start)
{
    lx->line++;
    lx->line_start = line_start;
    lx->extra = 0;
}

static void
skip_comment(struct lf_gql_lexer *lx)
{
    const char *p = lx->at;
    while (p < lx->end && char_class(*p) != C_LINE) {
        lx->extra += ((unsigned char)*p & 0xc0) == 0x80;
        p++;
    }
    lx->at = p;
}

/* White space, line ends, commas, comments and byte order marks. */
static void
skip_ignored(struct lf_gql_lexer *lx)
{
    while (lx->at < lx->end) {
        char c = *lx->at;
        enum char_class class = char_class(c);
        if (class == C_SPACE) {
            lx->at++;
        } else if (class == C_LINE) {
            lx->at += c == '\r' && lx->end - lx->at > 1 && lx->at[1] == '\n' ? 2 : 1;
            start_line(lx, lx->at);
        } else if (c == '#') {
            skip_comment(lx);
        } else if (c == '\xef' && lx->end - lx->at >= 3 && memcmp(lx->at, "\xef\xbb\xbf", 3) == 0) {
            lx->at += 3;
            lx->extra += 2;
        } else {
            return;
        }
    }
}

static const char *
skip_digits(const struct lf_gql_lexer *lx, const char *p)
{
    while (p < lx->end && char_class(*p) == C_DIGIT)
        p++;
    return p;
}

static bool
expected_digit(struct lf_gql_lexer *lx, const char *at)
{
    char shown[LF_GQL_SHOWN_MAX];
    lf_gql_lexer_show(lx, at, shown);
    return lf_gql_lexer_fail(lx, at, "Invalid number, expected digit but got: %s.", shown);
}

static bool
at_char(const struct lf_gql_lexer *lx, const char *p, char c)
{
    return p < lx->end && *p == c;
}

/* At least one digit at *p; moves behind them. */
static bool
need_digits(struct lf_gql_lexer *lx, const char **p)
{
    const char *after = skip_digits(lx, *p);
    if (after == *p)
        return expected_digit(lx, *p);
    *p = after;
    return true;
}

static bool
integer_part(struct lf_gql_lexer *lx, const char **p)
{
    char shown[LF_GQL_SHOWN_MAX];
    if (at_char(lx, *p, '-'))
        ++*p;
    if (!at_char(lx, *p, '0'))
        return need_digits(lx, p);
    ++*p;
    if (*p < lx->end && char_class(**p) == C_DIGIT) {
        lf_gql_lexer_show(lx, *p, shown);
        return lf_gql_lexer_fail(lx, *p, "Invalid number, unexpected digit after 0: %s.", shown);
    }
    return true;
}

static bool
lex_number(struct lf_gql_lexer *lx, struct lf_gql_token *ret)
{
    const char *p = lx->at;
    ret->kind = LF_GQL_T_INT;
    if (!integer_part(lx, &p))
        return false;
    if (at_char(lx, p, '.')) {
        ret->kind = LF_GQL_T_FLOAT;
        p++;
        if (!need_digits(lx, &p))
            return false;
    }
    if (at_char(lx, p, 'e') || at_char(lx, p, 'E')) {
        ret->kind = LF_GQL_T_FLOAT;
        p++;
        if (at_char(lx, p, '+') || at_char(lx, p, '-'))
            p++;
        if (!need_digits(lx, &p))
            return false;
    }
    if (at_char(lx, p, '.') || (p < lx->end && char_class(*p) == C_NAME))
        return expected_digit(lx, p);
    if (p - lx->at > LF_JSON_NUMBER_CHARS_MAX) /* what follows as JSON has that limit */
        return lf_gql_lexer_fail(lx, lx->at, "Invalid number, longer than %d characters.", LF_JSON_NUMBER_CHARS_MAX);
    ret->text = lf_bytes(lx->at, (size_t)(p - lx->at));
    lx->at = p;
    return true;
}

static void
lex_name(struct lf_gql_lexer *lx, struct lf_gql_token *ret)
{
    const char *p = lx->at + 1;
    while (p < lx->end && (char_class(*p) == C_NAME || char_class(*p) == C_DIGIT))
        p++;
    ret->kind = LF_GQL_T_NAME;
    ret->text = lf_bytes(lx->at, (size_t)(p - lx->at));
    lx->at = p;
}

static bool
lex_dots(struct lf_gql_lexer *lx, struct lf_gql_token *ret)
{
    const char *p = lx->at;
    size_t left = (size_t)(lx->end - p);
    if (left >= 3 && p[1] == '.' && p[2] == '.') {
        ret->kind = LF_GQL_T_SPREAD;
        lx->at += 3;
        return true;
    }
    if (left >= 2 && p[1] == '.')
        return lf_gql_lexer_fail(lx, p, "Unexpected \"..\", did you mean \"...\"?");
    const char *after = skip_digits(lx, p + 1);
    if (after > p + 1)
        return lf_gql_lexer_fail(lx, p, "Invalid number, expected digit before \".\", did you mean \"0.%.*s\"?",
                                 (int)(after - p - 1 < 40 ? after - p - 1 : 40), p + 1);
    return lf_gql_lexer_fail(lx, p, "Unexpected character: \".\".");
}

static bool
lex_quotes(struct lf_gql_lexer *lx, struct lf_gql_token *ret)
{
    if (lx->end - lx->at >= 3 && lx->at[1] == '"' && lx->at[2] == '"') {
        ret->kind = LF_GQL_T_BLOCK_STRING;
        return lf_gql_lexer_block_string(lx, &ret->text);
    }
    ret->kind = LF_GQL_T_STRING;
    return lf_gql_lexer_string(lx, &ret->text);
}

static bool
lex_other(struct lf_gql_lexer *lx, struct lf_gql_token *ret)
{
    char c = *lx->at;
    if (c == '"')
        return lex_quotes(lx, ret);
    if (c == '-')
        return lex_number(lx, ret);
    if (c == '.')
        return lex_dots(lx, ret);
    if (c == '\'')
        return lf_gql_lexer_fail(lx, lx->at,
                                 "Unexpected single quote character ('), did you mean to use a double quote (\")?");
    char shown[LF_GQL_SHOWN_MAX];
    lf_gql_lexer_show(lx, lx->at, shown);
    /* every code point that well-formed UTF-8 can hold is a SourceCharacter */
    return lf_gql_lexer_fail(lx, lx->at, "Unexpected character: %s.", shown);
}

static bool
count_token(struct lf_gql_lexer *lx, const struct lf_gql_loc *loc)
{
    if (lx->tokens_max == 0 || ++lx->tokens <= lx->tokens_max)
        return true;
    lf_gql_errors_add(lx->errors, "TOO_COMPLEX", loc,
                      "Syntax Error: Document contains more than %zu tokens. Parsing aborted.", lx->tokens_max);
    return false;
}

bool
lf_gql_lexer_next(struct lf_gql_lexer *lx, struct lf_gql_token *ret)
{
    skip_ignored(lx);
    uint32_t column = (uint32_t)(lx->at - lx->line_start) - lx->extra + 1;
    *ret = (struct lf_gql_token){.kind = LF_GQL_T_EOF, .loc = {lx->source, lx->line, column}};
    if (lx->at == lx->end)
        return true;
    if (!count_token(lx, &ret->loc))
        return false;
    switch (char_class(*lx->at)) {
    case C_PUNCTUATOR:
        ret->kind = (enum lf_gql_token_kind)punctuator_of[(unsigned char)*lx->at];
        lx->at++;
        return true;
    case C_NAME: lex_name(lx, ret); return true;
    case C_DIGIT: return lex_number(lx, ret);
    case C_OTHER:
    case C_SPACE:
    case C_LINE: break; /* the latter two have been skipped */
    }
    return lex_other(lx, ret);
}
