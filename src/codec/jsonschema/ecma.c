/*
 * Where ECMA-262 (with the u flag) and PCRE2 differ: \s knows Unicode's spaces, '.' stops at four line ends, \p has
 * long names, \u and \c have their own forms, [] and [^] are classes, a '[' inside a class is a character, and escapes
 * that PCRE2 has beyond are mistakes.
 */
#include "codec/jsonschema/ecma.h"
#include "base/ascii.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Before 10.40 a script's name meant the script; since then, the characters that are used with it too. */
#if PCRE2_MAJOR > 10 || PCRE2_MINOR >= 40
#define SCRIPT "sc:"
#else
#define SCRIPT ""
#endif

#define SPACES                                                                                                         \
    "\\t\\n\\x{0b}\\x{0c}\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NO_SPACES                                                                                                      \
    "\\x{00}-\\x{08}\\x{0e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"             \
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

struct rewriting {
    struct lf_buf *out;
    struct lf_bytes text;
    size_t at;
    bool in_class;
    bool quantified; /* the last character was (part of) a quantifier */
    struct lf_err *err;
};

struct long_name {
    const char *name;
    const char *code;
};

/* General_Category values by their long names and aliases (UAX 44). */
static const struct long_name categories[] = {
    {"Any", "Any"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Close_Punctuation", "Pe"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercase_Letter", "Lu"},
    /* binary properties that PCRE2 of every version can say */
    {"Alphabetic", "L"},
    {"Alpha", "L"},
    {"Lowercase", "Ll"},
    {"Lower", "Ll"},
    {"Uppercase", "Lu"},
    {"Upper", "Lu"},
};

static char
peek(const struct rewriting *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static enum lf_status
bad_escape(const struct rewriting *r, char c)
{
    return lf_fail(r->err, LF_INVALID, "ECMA-262 has no escape \\%c, at offset %zu", c, r->at);
}

/* Reads count hexadecimal digits. */
static bool
take_hex(struct rewriting *r, size_t count, uint32_t *ret)
{
    uint32_t code = 0;
    for (size_t i = 0; i < count; i++) {
        char c = r->at + i < r->text.len ? r->text.ptr[r->at + i] : '\0';
        if (!lf_is_hex(c))
            return false;
        code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    r->at += count;
    *ret = code;
    return true;
}

/* \u{1F600} */
static bool
take_braced(struct rewriting *r, uint32_t *ret)
{
    size_t digits = 0;
    while (r->at + 1 + digits < r->text.len && lf_is_hex(r->text.ptr[r->at + 1 + digits]))
        digits++;
    if (digits == 0 || digits > 8 || r->at + 1 + digits >= r->text.len || r->text.ptr[r->at + 1 + digits] != '}')
        return false;
    r->at++;
    if (!take_hex(r, digits, ret))
        return false;
    r->at++;
    return *ret <= 0x10ffff;
}

/* \uXXXX, surrogates in pairs, or \u{…}; behind the 'u'. */
static enum lf_status
rewrite_unicode(struct rewriting *r)
{
    uint32_t code, low;
    if (peek(r) == '{' ? !take_braced(r, &code) : !take_hex(r, 4, &code))
        return bad_escape(r, 'u');
    if (code >= 0xd800 && code < 0xdc00 && r->at + 2 < r->text.len && memcmp(r->text.ptr + r->at, "\\u", 2) == 0) {
        r->at += 2;
        if (!take_hex(r, 4, &low) || low < 0xdc00 || low > 0xdfff)
            return bad_escape(r, 'u');
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code <= 0xdfff) /* a lone one: no text has it */
        lf_buf_add_text(r->out, r->in_class ? "" : "(?:(?!))");
    else
        lf_buf_printf(r->out, "\\x{%x}", code);
    return LF_OK;
}

static const char *
category_code(struct lf_bytes name)
{
    for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
        if (lf_bytes_equal_text(name, categories[i].name))
            return categories[i].code;
    }
    return NULL;
}

/* \p{Letter}, \p{gc=L}, \p{Script=Greek}; behind the 'p' or 'P'. */
static enum lf_status
rewrite_property(struct rewriting *r, char kind)
{
    struct lf_bytes rest = lf_bytes(r->text.ptr + r->at, r->text.len - r->at);
    size_t end = lf_bytes_index(rest, '}');
    if (end == SIZE_MAX || rest.ptr[0] != '{')
        return bad_escape(r, kind);
    struct lf_bytes name = lf_bytes(rest.ptr + 1, end - 1);
    size_t equals = lf_bytes_index(name, '=');
    struct lf_bytes property = equals != SIZE_MAX ? lf_bytes(name.ptr, equals) : LF_BYTES_NONE;
    bool script = lf_bytes_equal_text(property, "Script") || lf_bytes_equal_text(property, "sc");
    r->at += end + 1;
    if (equals != SIZE_MAX)
        name = lf_bytes(name.ptr + equals + 1, name.len - equals - 1);
    for (size_t i = 0; i < name.len; i++) {
        if (!lf_is_letter(name.ptr[i]) && name.ptr[i] != '_')
            return lf_fail(r->err, LF_INVALID, "\\%c{%.*s} is no property, at offset %zu", kind, LF_FMT(name), r->at);
    }
    if (equals == SIZE_MAX && (lf_bytes_equal_text(name, "ASCII") || lf_bytes_equal_text(name, "ASCII_Hex_Digit"))) {
        bool hex = name.len > 5;
        const char *set = hex ? "0-9A-Fa-f" : "\\x{00}-\\x{7f}";
        const char *rest_set = hex ? "\\x{00}-/:-@G-`g-\\x{10ffff}" : "\\x{80}-\\x{10ffff}";
        lf_buf_printf(r->out, r->in_class ? "%s" : "[%s]", kind == 'p' ? set : rest_set);
        return LF_OK;
    }
    const char *code = category_code(name);
    if (code != NULL)
        lf_buf_printf(r->out, "\\%c{%s}", kind, code);
    else
        lf_buf_printf(r->out, "\\%c{%s%.*s}", kind, script ? SCRIPT : "", LF_FMT(name));
    return LF_OK;
}

/* A back reference or \0. */
static enum lf_status
rewrite_number(struct rewriting *r, char first)
{
    if (first == '0') {
        if (peek(r) >= '0' && peek(r) <= '9')
            return bad_escape(r, first);
        lf_buf_add_text(r->out, "\\x{00}");
        return LF_OK;
    }
    if (r->in_class)
        return bad_escape(r, first);
    lf_buf_printf(r->out, "\\g{%c", first);
    while (peek(r) >= '0' && peek(r) <= '9')
        lf_buf_add_char(r->out, r->text.ptr[r->at++]);
    lf_buf_add_char(r->out, '}');
    return LF_OK;
}

/* \s and \S; the class form has no brackets of its own. */
static void
add_spaces(struct rewriting *r, bool complement)
{
    const char *set = complement ? NO_SPACES : SPACES;
    lf_buf_printf(r->out, r->in_class ? "%s" : "[%s]", set);
}

/* Behind a backslash. */
static enum lf_status
rewrite_escape(struct rewriting *r)
{
    if (r->at == r->text.len)
        return lf_fail(r->err, LF_INVALID, "\\ at the end");
    char c = r->text.ptr[r->at++];
    uint32_t code;
    switch (c) {
    case 's':
    case 'S': add_spaces(r, c == 'S'); return LF_OK;
    case 'p':
    case 'P': return rewrite_property(r, c);
    case 'u': return rewrite_unicode(r);
    case 'x':
        if (!take_hex(r, 2, &code))
            return bad_escape(r, c);
        lf_buf_printf(r->out, "\\x{%x}", code);
        return LF_OK;
    case 'c':
        if (!lf_is_letter(peek(r)))
            return bad_escape(r, c);
        lf_buf_printf(r->out, "\\x{%x}", (unsigned)(r->text.ptr[r->at++] & 0x1f));
        return LF_OK;
    case 'v': lf_buf_add_text(r->out, "\\x{0b}"); return LF_OK;
    case 'b':
    case 'B':
        if (r->in_class && c == 'B')
            return bad_escape(r, c);
        lf_buf_printf(r->out, "%s", r->in_class ? "\\x{08}" : c == 'b' ? "\\b" : "\\B");
        return LF_OK;
    case 'k':
        if (r->in_class || peek(r) != '<')
            return bad_escape(r, c);
        break;
    default:
        if (c >= '0' && c <= '9')
            return rewrite_number(r, c);
        if (lf_is_letter(c) && strchr("dDwWtnrf", c) == NULL)
            return bad_escape(r, c);
        break;
    }
    lf_buf_add_char(r->out, '\\');
    lf_buf_add_char(r->out, c);
    return LF_OK;
}

/* '[' outside a class: its start, with the forms that PCRE2 reads otherwise. */
static void
open_class(struct rewriting *r)
{
    struct lf_bytes rest = lf_bytes(r->text.ptr + r->at, r->text.len - r->at);
    if (lf_bytes_starts_with(rest, LF_LIT("[]"))) {
        lf_buf_add_text(r->out, "(?:(?!))");
        r->at += 2;
    } else if (lf_bytes_starts_with(rest, LF_LIT("[^]"))) {
        lf_buf_add_text(r->out, "[\\x{00}-\\x{10ffff}]");
        r->at += 3;
    } else {
        bool negated = lf_bytes_starts_with(rest, LF_LIT("[^"));
        lf_buf_add_text(r->out, negated ? "[^" : "[");
        r->at += negated ? 2 : 1;
        r->in_class = true;
    }
}

/* "(?" goes on with ':', '=', '!', '<=', '<!' or '<name>'; PCRE2's other groups, and its verbs "(*", are mistakes. */
static enum lf_status
check_group(struct rewriting *r)
{
    struct lf_bytes rest = lf_bytes(r->text.ptr + r->at, r->text.len - r->at);
    bool plain = rest.len < 2 || (rest.ptr[1] != '?' && rest.ptr[1] != '*');
    if (!plain && (rest.ptr[1] == '*' || rest.len < 3 || strchr(":=!<", rest.ptr[2]) == NULL || rest.ptr[2] == '\0'))
        return lf_fail(r->err, LF_INVALID, "ECMA-262 has no group \"%.*s\", at offset %zu",
                       (int)(rest.len < 3 ? rest.len : 3), rest.ptr, r->at);
    lf_buf_add_char(r->out, '(');
    r->at++;
    return LF_OK;
}

static enum lf_status
rewrite_one(struct rewriting *r)
{
    char c = r->text.ptr[r->at];
    bool again = r->quantified && c == '+'; /* possessive in PCRE2 */
    r->quantified = !r->in_class && c != '\0' && strchr("*+?}", c) != NULL;
    if (again)
        return lf_fail(r->err, LF_INVALID, "nothing to repeat, at offset %zu", r->at);
    if (c == '\\') {
        r->at++;
        return rewrite_escape(r);
    }
    if (r->in_class) {
        r->in_class = c != ']';
        lf_buf_add_text(r->out, c == '[' ? "\\" : ""); /* "[[:alpha:]]" is no POSIX class here */
        lf_buf_add_char(r->out, c);
        r->at++;
        return LF_OK;
    }
    if (c == '(')
        return check_group(r);
    if (c == '[') {
        open_class(r);
        return LF_OK;
    }
    if (c == '.')
        lf_buf_add_text(r->out, "[^\\n\\r\\x{2028}\\x{2029}]");
    else
        lf_buf_add_char(r->out, c);
    r->at++;
    return LF_OK;
}

enum lf_status
lf_js_ecma_rewrite(struct lf_buf *out, struct lf_bytes pattern, struct lf_err *err)
{
    struct rewriting r = {.out = out, .text = pattern, .err = err};
    enum lf_status st = LF_OK;
    while (st == LF_OK && r.at < pattern.len)
        st = rewrite_one(&r);
    return st == LF_OK ? lf_buf_status(out, err) : st;
}
