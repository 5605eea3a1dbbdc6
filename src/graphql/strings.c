/* String tokens: escapes (section 2.9.4), and block strings by the BlockStringValue() algorithm. */
#include "graphql/lexer.h"

#include <string.h>

static bool
out_of_memory(struct lf_gql_lexer *lx)
{
    lx->errors->no_memory = true;
    return false;
}

static bool
bad_unicode(struct lf_gql_lexer *lx, const char *at, size_t len)
{
    size_t left = (size_t)(lx->end - at);
    while (len < left && ((unsigned char)at[len] & 0xc0) == 0x80)
        len++; /* no half code points in a message */
    return lf_gql_lexer_fail(lx, at, "Invalid Unicode escape sequence: \"%.*s\".", (int)(len < left ? len : left), at);
}

/* \u{X…} at *p: one to eight hexadecimal digits (graphql-js reads as many) that name a scalar value. */
static bool
variable_escape(struct lf_gql_lexer *lx, const char **p, uint32_t *ret_code)
{
    const char *at = *p;
    uint32_t code = 0;
    size_t size = 3;
    for (; size < 12 && at + size < lx->end; size++) {
        char c = at[size];
        if (c == '}') {
            if (size == 3 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                return bad_unicode(lx, at, size + 1);
            *ret_code = code;
            *p = at + size + 1;
            return true;
        }
        int digit = lf_hex_digit(c);
        if (digit < 0 || code > UINT32_MAX >> 4)
            return bad_unicode(lx, at, size + 1);
        code = code << 4 | (uint32_t)digit;
    }
    return bad_unicode(lx, at, size);
}

/* The four digits of \uXXXX, or UINT32_MAX. */
static uint32_t
four_digits(const struct lf_gql_lexer *lx, const char *digits)
{
    uint32_t code = 0;
    if (lx->end - digits < 4)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        int digit = lf_hex_digit(digits[i]);
        if (digit < 0)
            return UINT32_MAX;
        code = code << 4 | (uint32_t)digit;
    }
    return code;
}

/* \uXXXX, or \uXXXX\uXXXX where the two are a surrogate pair. */
static bool
fixed_escape(struct lf_gql_lexer *lx, const char **p, uint32_t *ret_code)
{
    const char *at = *p;
    uint32_t code = four_digits(lx, at + 2);
    if (code <= 0xffff && (code < 0xd800 || code > 0xdfff)) {
        *ret_code = code;
        *p = at + 6;
        return true;
    }
    if (code >= 0xd800 && code <= 0xdbff && lx->end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
        uint32_t low = four_digits(lx, at + 8);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *ret_code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            *p = at + 12;
            return true;
        }
    }
    return bad_unicode(lx, at, 6);
}

static bool
simple_escape(struct lf_gql_lexer *lx, const char **p, uint32_t *ret_code)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *at = *p;
    const char *found = lx->end - at >= 2 && at[1] != '\0' ? strchr(from, at[1]) : NULL;
    if (found == NULL) {
        size_t left = (size_t)(lx->end - at);
        size_t len = 1;
        while (len < left && (len < 2 || ((unsigned char)at[len] & 0xc0) == 0x80))
            len++; /* the whole code point behind the backslash */
        return lf_gql_lexer_fail(lx, at, "Invalid character escape sequence: \"%.*s\".", (int)len, at);
    }
    *ret_code = (unsigned char)to[found - from];
    *p = at + 2;
    return true;
}

static bool
read_escape(struct lf_gql_lexer *lx, const char **p, uint32_t *ret_code)
{
    const char *at = *p;
    if (lx->end - at < 2 || at[1] != 'u')
        return simple_escape(lx, p, ret_code);
    if (lx->end - at >= 3 && at[2] == '{')
        return variable_escape(lx, p, ret_code);
    return fixed_escape(lx, p, ret_code);
}

/* The closing quote from p on, or NULL (with an error) if the line or the text ends first. */
static const char *
find_quote(struct lf_gql_lexer *lx, const char *p, bool *ret_escapes)
{
    for (; p < lx->end && *p != '\n' && *p != '\r'; p++) {
        if (*p == '"')
            return p;
        if (*p == '\\') {
            *ret_escapes = true;
            if (p + 1 < lx->end && p[1] != '\n' && p[1] != '\r')
                p++;
        }
    }
    return NULL;
}

/* Decodes from, which reaches to the closing quote (or where it is missed). A decoded text is never longer. */
static bool
decode_escapes(struct lf_gql_lexer *lx, const char *from, const char *to, struct lf_bytes *ret)
{
    char *out = lf_arena_alloc(lx->arena, (size_t)(to - from) + 1);
    if (out == NULL)
        return out_of_memory(lx);
    size_t len = 0;
    for (const char *p = from; p < to;) {
        if (*p != '\\') {
            out[len++] = *p++;
            continue;
        }
        uint32_t code = 0;
        if (!read_escape(lx, &p, &code))
            return false;
        len += lf_utf8_encode(code, out + len);
    }
    *ret = lf_bytes(out, len);
    return true;
}

bool
lf_gql_lexer_string(struct lf_gql_lexer *lx, struct lf_bytes *ret_value)
{
    const char *from = lx->at + 1;
    bool escapes = false;
    const char *quote = find_quote(lx, from, &escapes);
    const char *to = quote;
    if (quote == NULL) {
        to = from;
        while (to < lx->end && *to != '\n' && *to != '\r')
            to++;
    }
    struct lf_bytes value = lf_bytes(from, (size_t)(to - from));
    if (escapes && !decode_escapes(lx, from, to, &value)) /* a bad escape comes before a missing quote */
        return false;
    if (quote == NULL)
        return lf_gql_lexer_fail(lx, to, "Unterminated string.");
    size_t len = (size_t)(quote + 1 - lx->at);
    lx->extra += (uint32_t)(len - lf_utf8_count(lf_bytes(lx->at, len)));
    lx->at = quote + 1;
    *ret_value = value;
    return true;
}

/* Moves over the raw text of a block string; *ret_escapes tells whether it has \""". */
static bool
skip_block(struct lf_gql_lexer *lx, struct lf_bytes *ret_raw, bool *ret_escapes)
{
    const char *from = lx->at + 3;
    const char *p = from;
    for (; p < lx->end; p++) {
        size_t left = (size_t)(lx->end - p);
        if (*p == '"' && left >= 3 && p[1] == '"' && p[2] == '"') {
            *ret_raw = lf_bytes(from, (size_t)(p - from));
            lx->at = p + 3;
            return true;
        }
        lx->extra += ((unsigned char)*p & 0xc0) == 0x80;
        if (*p == '\\' && left >= 4 && memcmp(p, "\\\"\"\"", 4) == 0) {
            *ret_escapes = true;
            p += 3;
        } else if (*p == '\n' || (*p == '\r' && !(left >= 2 && p[1] == '\n'))) {
            lx->line++;
            lx->line_start = p + 1;
            lx->extra = 0;
        }
    }
    return lf_gql_lexer_fail(lx, p, "Unterminated string.");
}

static char *
replace_quotes(struct lf_arena *arena, struct lf_bytes *raw)
{
    char *out = lf_arena_alloc(arena, raw->len);
    size_t len = 0;
    for (size_t i = 0; out != NULL && i < raw->len; i++) {
        if (raw->ptr[i] == '\\' && raw->len - i >= 4 && memcmp(raw->ptr + i, "\\\"\"\"", 4) == 0)
            continue; /* the quotes follow as they are */
        out[len++] = raw->ptr[i];
    }
    *raw = lf_bytes(out, len);
    return out;
}

/* Takes the next line off rest; false when there is none. */
static bool
next_line(struct lf_bytes *rest, struct lf_bytes *ret_line)
{
    if (rest->ptr == NULL)
        return false;
    size_t i = 0;
    while (i < rest->len && rest->ptr[i] != '\n' && rest->ptr[i] != '\r')
        i++;
    *ret_line = lf_bytes(rest->ptr, i);
    if (i == rest->len) {
        *rest = LF_BYTES_NONE;
        return true;
    }
    i += rest->ptr[i] == '\r' && i + 1 < rest->len && rest->ptr[i + 1] == '\n' ? 2 : 1;
    *rest = lf_bytes(rest->ptr + i, rest->len - i);
    return true;
}

static size_t
leading_space(struct lf_bytes line)
{
    size_t i = 0;
    while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t'))
        i++;
    return i;
}

struct block_shape {
    size_t indent; /* common to all lines but the first and blank ones */
    size_t first;  /* first and last line that are not blank */
    size_t last;
    bool blank; /* all are */
};

static struct block_shape
measure_block(struct lf_bytes raw)
{
    struct block_shape shape = {.indent = SIZE_MAX, .blank = true};
    struct lf_bytes line;
    for (size_t i = 0; next_line(&raw, &line); i++) {
        size_t indent = leading_space(line);
        if (indent == line.len)
            continue;
        if (shape.blank)
            shape.first = i;
        shape.blank = false;
        shape.last = i;
        if (i != 0 && indent < shape.indent)
            shape.indent = indent;
    }
    return shape;
}

/* BlockStringValue(): common indentation and blank lines at both ends removed, lines joined by line feeds. */
static bool
block_value(struct lf_gql_lexer *lx, struct lf_bytes raw, struct lf_bytes *ret)
{
    struct block_shape shape = measure_block(raw);
    if (shape.blank) {
        *ret = lf_bytes(raw.ptr, 0);
        return true;
    }
    char *out = lf_arena_alloc(lx->arena, raw.len);
    if (out == NULL)
        return out_of_memory(lx);
    size_t len = 0;
    struct lf_bytes line;
    for (size_t i = 0; i <= shape.last && next_line(&raw, &line); i++) {
        if (i < shape.first)
            continue;
        if (i > shape.first)
            out[len++] = '\n';
        size_t cut = i == 0 ? 0 : shape.indent < line.len ? shape.indent : line.len;
        memcpy(out + len, line.ptr + cut, line.len - cut);
        len += line.len - cut;
    }
    *ret = lf_bytes(out, len);
    return true;
}

bool
lf_gql_lexer_block_string(struct lf_gql_lexer *lx, struct lf_bytes *ret_value)
{
    struct lf_bytes raw = LF_BYTES_NONE;
    bool escapes = false;
    if (!skip_block(lx, &raw, &escapes))
        return false;
    if (escapes && replace_quotes(lx->arena, &raw) == NULL)
        return out_of_memory(lx);
    if (raw.len != 0 && memchr(raw.ptr, '\n', raw.len) == NULL && memchr(raw.ptr, '\r', raw.len) == NULL &&
        leading_space(raw) != raw.len) {
        *ret_value = raw; /* one line stays as it is */
        return true;
    }
    return block_value(lx, raw, ret_value);
}
