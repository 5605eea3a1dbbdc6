/* Tokens of .proto files: https://protobuf.dev/reference/protobuf/proto3-spec/#lexical_elements */
#include "codec/protobuf/lexer.h"
#include "base/ascii.h"

enum { FLOAT_CHARS_MAX = 1000 };

static bool
is_letter(char c)
{
    return lf_is_letter(c) || c == '_';
}

void
lf_proto_lexer_init(struct lf_proto_lexer *lexer, const struct lf_proto_file *file, struct lf_bytes text)
{
    if (lf_bytes_starts_with(text, LF_LIT("\xef\xbb\xbf"))) /* a byte order mark */
        text = lf_bytes(text.ptr + 3, text.len - 3);
    *lexer = (struct lf_proto_lexer){file, text.ptr, text.ptr + text.len, {1, 1}};
}

/* The character at offset from here, NUL at the end. */
static char
peek(const struct lf_proto_lexer *lexer, size_t offset)
{
    return (size_t)(lexer->end - lexer->at) > offset ? lexer->at[offset] : '\0';
}

static void
step(struct lf_proto_lexer *lexer)
{
    char c = *lexer->at++;
    if (c == '\n') {
        lexer->place.line++;
        lexer->place.column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) { /* the first byte of a character */
        lexer->place.column++;
    }
}

static enum lf_status
skip_block_comment(struct lf_proto_lexer *lexer, struct lf_err *err)
{
    const struct lf_proto_place start = lexer->place;
    step(lexer);
    step(lexer);
    while (lexer->at < lexer->end && !(*lexer->at == '*' && peek(lexer, 1) == '/'))
        step(lexer);
    if (lexer->at == lexer->end)
        return lf_proto_fail_at(err, lexer->file, start, LF_INVALID, "this comment has no end");
    step(lexer);
    step(lexer);
    return LF_OK;
}

static enum lf_status
skip_space(struct lf_proto_lexer *lexer, struct lf_err *err)
{
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            step(lexer);
        } else if (c == '/' && peek(lexer, 1) == '/') {
            while (lexer->at < lexer->end && *lexer->at != '\n')
                step(lexer);
        } else if (c == '/' && peek(lexer, 1) == '*') {
            enum lf_status st = skip_block_comment(lexer, err);
            if (st != LF_OK)
                return st;
        } else {
            break;
        }
    }
    return LF_OK;
}

static enum lf_status
take_string(struct lf_proto_lexer *lexer, const struct lf_proto_token *token, struct lf_err *err)
{
    const char quote = *lexer->at;
    step(lexer);
    while (lexer->at < lexer->end && *lexer->at != quote && *lexer->at != '\n') {
        if (*lexer->at == '\\' && peek(lexer, 1) != '\0' && peek(lexer, 1) != '\n')
            step(lexer);
        step(lexer);
    }
    if (lexer->at == lexer->end || *lexer->at != quote)
        return lf_proto_fail_at(err, lexer->file, token->place, LF_INVALID, "this string has no end on its line");
    step(lexer);
    return LF_OK;
}

/* Digits with letters, points and signs of exponents in between: what is well-formed is seen when it is read. */
static enum lf_status
take_number(struct lf_proto_lexer *lexer, struct lf_proto_token *token, struct lf_err *err)
{
    const char *start = lexer->at;
    const bool hex = *start == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X');
    token->kind = LF_PROTO_TOKEN_INTEGER;
    while (lf_is_digit(peek(lexer, 0)) || is_letter(peek(lexer, 0)) || peek(lexer, 0) == '.' ||
           (!hex && lexer->at > start && (lexer->at[-1] == 'e' || lexer->at[-1] == 'E') &&
            (peek(lexer, 0) == '+' || peek(lexer, 0) == '-'))) {
        if (!hex && (*lexer->at == '.' || *lexer->at == 'e' || *lexer->at == 'E'))
            token->kind = LF_PROTO_TOKEN_FLOAT;
        step(lexer);
    }
    const struct lf_bytes text = lf_bytes(start, (size_t)(lexer->at - start));
    uint64_t integer;
    double number;
    if (token->kind == LF_PROTO_TOKEN_INTEGER && lf_proto_integer_of(text, &integer))
        return LF_OK;
    token->kind = LF_PROTO_TOKEN_FLOAT; /* also an integer that is too large: a default of a double may be */
    if (!hex && lf_proto_float_of(text, &number))
        return LF_OK;
    return lf_proto_fail_at(err, lexer->file, token->place, LF_INVALID, "\"%.*s\" is not a number", LF_FMT(text));
}

enum lf_status
lf_proto_lexer_next(struct lf_proto_lexer *lexer, struct lf_proto_token *ret, struct lf_err *err)
{
    enum lf_status st = skip_space(lexer, err);
    if (st != LF_OK)
        return st;
    struct lf_proto_token token = {.place = lexer->place};
    const char *start = lexer->at;
    char c = peek(lexer, 0);
    if (start == lexer->end) {
        token.kind = LF_PROTO_TOKEN_END;
    } else if (is_letter(c)) {
        token.kind = LF_PROTO_TOKEN_NAME;
        while (is_letter(peek(lexer, 0)) || lf_is_digit(peek(lexer, 0)))
            step(lexer);
    } else if (lf_is_digit(c) || (c == '.' && lf_is_digit(peek(lexer, 1)))) {
        st = take_number(lexer, &token, err);
    } else if (c == '"' || c == '\'') {
        token.kind = LF_PROTO_TOKEN_STRING;
        st = take_string(lexer, &token, err);
    } else if ((unsigned char)c > ' ' && (unsigned char)c < 0x7f) {
        token.kind = LF_PROTO_TOKEN_SYMBOL;
        step(lexer);
    } else {
        return lf_proto_fail_at(err, lexer->file, token.place, LF_INVALID, "a character that has no place here");
    }
    if (st != LF_OK)
        return st;
    token.text = lf_bytes(start, (size_t)(lexer->at - start));
    *ret = token;
    return LF_OK;
}

bool
lf_proto_integer_of(struct lf_bytes text, uint64_t *ret)
{
    unsigned base = 10;
    size_t at = 0;
    if (text.len > 1 && text.ptr[0] == '0') {
        base = text.ptr[1] == 'x' || text.ptr[1] == 'X' ? 16 : 8;
        at = base == 16 ? 2 : 1;
    }
    if (at == text.len)
        return false;
    uint64_t value = 0;
    for (; at < text.len; at++) {
        int digit = lf_hex_digit(text.ptr[at]);
        if (digit < 0 || (unsigned)digit >= base || value > (UINT64_MAX - (unsigned)digit) / base)
            return false;
        value = value * base + (unsigned)digit;
    }
    *ret = value;
    return true;
}

/* Made a JSON number first: ".5", "5." and "05.0" are none. */
bool
lf_proto_float_of(struct lf_bytes text, double *ret)
{
    char json[FLOAT_CHARS_MAX + 2];
    size_t len = 0, at = 0;
    if (text.len > FLOAT_CHARS_MAX ||
        (text.len > 1 && text.ptr[0] == '0' && lf_is_digit(text.ptr[1]) && lf_bytes_index(text, '.') == SIZE_MAX))
        return false;
    while (at + 1 < text.len && text.ptr[at] == '0' && lf_is_digit(text.ptr[at + 1]))
        at++;
    if (text.ptr[at] == '.')
        json[len++] = '0';
    for (; at < text.len; at++) {
        json[len++] = text.ptr[at];
        if (text.ptr[at] == '.' && (at + 1 == text.len || !lf_is_digit(text.ptr[at + 1])))
            json[len++] = '0';
        if (len + 2 > sizeof(json))
            return false;
    }
    return lf_bytes_to_f64(lf_bytes(json, len), ret);
}

/* Reads at most max digits of base; returns how many. */
static size_t
read_digits(struct lf_bytes text, size_t at, size_t max, int base, uint32_t *ret)
{
    size_t count = 0;
    *ret = 0;
    while (count < max && at + count < text.len) {
        int digit = lf_hex_digit(text.ptr[at + count]);
        if (digit < 0 || digit >= base)
            break;
        *ret = *ret * (uint32_t)base + (uint32_t)digit;
        count++;
    }
    return count;
}

/* One escape, at the character after the backslash; returns its length, 0 if there is no such escape. */
static size_t
unescape(struct lf_buf *out, struct lf_bytes text, size_t at)
{
    static const char letters[] = "abfnrtv\\'\"?";
    static const char meanings[] = "\a\b\f\n\r\t\v\\'\"?";
    char utf8[4];
    uint32_t code;
    char c = text.ptr[at];
    for (size_t i = 0; letters[i] != '\0'; i++) {
        if (c == letters[i]) {
            lf_buf_add_char(out, meanings[i]);
            return 1;
        }
    }
    if (c == 'x' || c == 'X') {
        size_t count = read_digits(text, at + 1, 2, 16, &code);
        lf_buf_add_char(out, (char)code);
        return count != 0 ? count + 1 : 0;
    }
    if (c == 'u' || c == 'U') {
        size_t digits = c == 'u' ? 4 : 8;
        size_t len = read_digits(text, at + 1, digits, 16, &code) == digits ? lf_utf8_encode(code, utf8) : 0;
        lf_buf_add(out, lf_bytes(utf8, len));
        return len != 0 ? digits + 1 : 0;
    }
    size_t count = read_digits(text, at, 3, 8, &code);
    if (count == 0 || code > 0xff)
        return 0;
    lf_buf_add_char(out, (char)code);
    return count;
}

bool
lf_proto_unquote(struct lf_buf *out, struct lf_bytes text)
{
    const struct lf_bytes inner = lf_bytes(text.ptr + 1, text.len - 2);
    for (size_t i = 0; i < inner.len;) {
        if (inner.ptr[i] != '\\') {
            lf_buf_add_char(out, inner.ptr[i++]);
            continue;
        }
        size_t len = i + 1 < inner.len ? unescape(out, inner, i + 1) : 0;
        if (len == 0)
            return false;
        i += len + 1;
    }
    return true;
}
