/* Host names (RFC 1123, IDNA 2008: RFC 5891 and 5892) and mailboxes (RFC 5321, RFC 6531). */
#include "codec/jsonschema/format.h"

#include "base/ascii.h"
#include "base/uri.h"
#include "codec/jsonschema/punycode.h"

#include <string.h>

enum { HOST_MAX = 253, HOST_BYTES_MAX = 1024, LOCAL_MAX = 64 };

/*
 * A U-label, without what needs tables: its characters by general category (RFC 5892, section 2.1 LetterDigits, less
 * upper case, and the exceptions of 2.6), hyphens in their places, no mark at the start, and the contextual rules of
 * its appendix A. Viramas are the code points of combining class 9.
 */
#define VIRAMA                                                                                                         \
    "[\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d3b\\u0d3c\\u0d4d\\u0dca\\u0e3a\\u0eba\\u0f84"       \
    "\\u1039\\u103a\\u1714\\u1734\\u17d2\\u1a60\\u1b44\\u1baa\\u1bab\\u1bf2\\u1bf3\\u2d7f\\ua806\\ua82c\\ua8c4"        \
    "\\ua953\\ua9c0\\uaaf6\\uabed]"
static const char u_label[] = "^(?!..--)(?![-\\p{M}])"
                              "(?!.*[\\u0660-\\u0669].*[\\u06f0-\\u06f9])(?!.*[\\u06f0-\\u06f9].*[\\u0660-\\u0669])"
                              "(?!(?=.*\\u30fb)(?!.*(?!\\u30fb)[\\p{Hiragana}\\p{Katakana}\\p{Han}]))"
                              "(?:(?![A-Z\\u0640\\u07fa\\u302e\\u302f\\u3031-\\u3035\\u303b])"
                              "[-\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}\\u06fd\\u06fe\\u0f0b\\u3007\\u30fb]"
                              "|(?<=l)\\u00b7(?=l)|\\u0375(?=\\p{Greek})|(?<=\\p{Hebrew})[\\u05f3\\u05f4]"
                              "|(?<=" VIRAMA ")[\\u200c\\u200d]|(?<=\\p{Arabic})\\u200c(?=\\p{Arabic}))+(?<!-)$";

static bool
is_ascii(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (((unsigned char)text.ptr[i] & 0x80) != 0)
            return false;
    }
    return true;
}

static bool
u_label_matches(struct lf_bytes label)
{
    struct lf_arena arena;
    struct lf_regex_matcher matcher = {0};
    const struct lf_regex *regex;
    lf_arena_init(&arena, 16 * 1024, 0);
    bool matches = lf_js_regex_compile(lf_bytes_of(u_label), &arena, &regex, NULL) == LF_OK &&
                   lf_regex_match(regex, label, LF_JS_REGEX_MAX, &matcher) == LF_OK;
    lf_regex_matcher_release(&matcher);
    lf_arena_release(&arena);
    return matches;
}

/* A label with characters beyond ASCII: as an A-label it has at most 63 characters. */
static bool
u_label_valid(struct lf_bytes label)
{
    uint32_t codes[LF_JS_LABEL_MAX];
    char encoded[LF_JS_LABEL_MAX];
    size_t count, len;
    return lf_js_code_points(label, codes, LF_JS_LABEL_MAX, &count) &&
           lf_js_punycode_encode(codes, count, encoded, &len) && len + 4 <= LF_JS_LABEL_MAX && u_label_matches(label);
}

/* "xn--…": decodes to a valid U-label that encodes to the same. */
static bool
a_label_valid(struct lf_bytes label)
{
    uint32_t codes[LF_JS_LABEL_MAX];
    char encoded[LF_JS_LABEL_MAX];
    char text[LF_JS_LABEL_MAX * 4];
    size_t count, len;
    struct lf_bytes rest = lf_bytes(label.ptr + 4, label.len - 4);
    if (!lf_js_punycode_decode(rest, codes, &count) || !lf_js_punycode_encode(codes, count, encoded, &len) ||
        !lf_bytes_equal_nocase(rest, lf_bytes(encoded, len)))
        return false;
    len = 0;
    for (size_t i = 0; i < count; i++)
        len += lf_utf8_encode(codes[i], text + len);
    return !is_ascii(lf_bytes(text, len)) && u_label_matches(lf_bytes(text, len));
}

/* Letters, digits and inner hyphens; "--" in third place only in an A-label. */
static bool
ascii_label_valid(struct lf_bytes label)
{
    if (label.len == 0 || label.len > LF_JS_LABEL_MAX || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!lf_is_letter(label.ptr[i]) && !lf_is_digit(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    }
    if (label.len < 4 || memcmp(label.ptr + 2, "--", 2) != 0)
        return true;
    return lf_bytes_equal_nocase(lf_bytes(label.ptr, 2), LF_LIT("xn")) && a_label_valid(label);
}

static bool
host_valid(struct lf_bytes text, bool international)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.')
            continue;
        struct lf_bytes label = lf_bytes(text.ptr + start, i - start);
        if (is_ascii(label) ? !ascii_label_valid(label) : !international || !u_label_valid(label))
            return false;
        start = i + 1;
    }
    return true;
}

bool
lf_js_format_hostname(struct lf_bytes text)
{
    return text.len > 0 && text.len <= HOST_MAX && host_valid(text, false);
}

/* The full stops of other scripts separate labels too (RFC 3490, section 3.1). */
bool
lf_js_format_idn_hostname(struct lf_bytes text)
{
    static const char *const dots[] = {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
    char copy[HOST_BYTES_MAX];
    size_t len = 0;
    if (text.len == 0 || text.len > sizeof(copy))
        return false;
    for (size_t i = 0; i < text.len;) {
        bool dot = false;
        for (int k = 0; k < 3; k++)
            dot = dot || (text.len - i >= 3 && memcmp(text.ptr + i, dots[k], 3) == 0);
        copy[len++] = dot ? '.' : text.ptr[i];
        i += dot ? 3 : 1;
    }
    return host_valid(lf_bytes(copy, len), true);
}

/* --- mailboxes ---------------------------------------------------------------------------------------------------- */

static bool
is_atom_char(char c, bool international)
{
    return lf_is_letter(c) || lf_is_digit(c) || (c != '\0' && strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL) ||
           (international && ((unsigned char)c & 0x80) != 0);
}

static bool
dot_string_valid(struct lf_bytes text, bool international)
{
    for (size_t i = 0; i < text.len; i++) {
        bool dot = text.ptr[i] == '.' && i != 0 && i + 1 != text.len && text.ptr[i - 1] != '.';
        if (!dot && !is_atom_char(text.ptr[i], international))
            return false;
    }
    return text.len > 0;
}

/* Printable characters; '"' and '\' behind a backslash. */
static bool
quoted_string_valid(struct lf_bytes text, bool international)
{
    if (text.len < 2 || text.ptr[0] != '"' || text.ptr[text.len - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\\')
            c = i + 2 < text.len ? (unsigned char)text.ptr[++i] : 0;
        else if (c == '"')
            return false;
        if (c < ' ' || c == 0x7f || (c >= 0x80 && !international))
            return false;
    }
    return true;
}

static bool
mailbox_valid(struct lf_bytes text, bool international)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != '@')
        at--;
    if (at < 2 || at - 1 > (international ? LOCAL_MAX * 4 : LOCAL_MAX))
        return false;
    struct lf_bytes local = lf_bytes(text.ptr, at - 1);
    struct lf_bytes domain = lf_bytes(text.ptr + at, text.len - at);
    if (!dot_string_valid(local, international) && !quoted_string_valid(local, international))
        return false;
    return lf_address_literal_valid(domain) ||
           (international ? lf_js_format_idn_hostname(domain) : lf_js_format_hostname(domain));
}

bool
lf_js_format_email(struct lf_bytes text)
{
    return mailbox_valid(text, false);
}

bool
lf_js_format_idn_email(struct lf_bytes text)
{
    return mailbox_valid(text, true);
}
