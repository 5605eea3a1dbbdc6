/* URIs and IRIs (RFC 3986, 3987), and URI templates (RFC 6570). */
#include "codec/jsonschema/format.h"

#include <string.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static struct lf_bytes
from(struct lf_bytes text, size_t at)
{
    return lf_bytes(text.ptr + at, text.len - at);
}

/* Cuts text at the first c, if any; what follows it goes to *ret_rest. */
static struct lf_bytes
cut(struct lf_bytes text, char c, struct lf_bytes *ret_rest)
{
    size_t at = lf_bytes_index(text, c);
    *ret_rest = at != SIZE_MAX ? from(text, at + 1) : LF_BYTES_NONE;
    return at != SIZE_MAX ? lf_bytes(text.ptr, at) : text;
}

static bool
is_escape(struct lf_bytes text, size_t at)
{
    return text.len - at > 2 && is_hex(text.ptr[at + 1]) && is_hex(text.ptr[at + 2]);
}

/* Unreserved, sub-delims, percent-encoded bytes, those in more, and in an IRI all beyond ASCII. */
static bool
part_valid(struct lf_bytes part, const char *more, bool international)
{
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];
        if (c == '%') {
            if (!is_escape(part, i))
                return false;
            i += 2;
        } else if (!is_letter(c) && !is_digit(c) && !one_of(c, "-._~!$&'()*+,;=") && !one_of(c, more) &&
                   !(international && ((unsigned char)c & 0x80) != 0)) {
            return false;
        }
    }
    return true;
}

/* "[2001:db8::1]" or "[v1.x]" at the start of host; sets the length. */
static bool
take_literal(struct lf_bytes host, size_t *ret_len)
{
    size_t end = lf_bytes_index(host, ']');
    if (end == SIZE_MAX)
        return false;
    struct lf_bytes inner = lf_bytes(host.ptr + 1, end - 1);
    *ret_len = end + 1;
    if (inner.len == 0 || (inner.ptr[0] != 'v' && inner.ptr[0] != 'V'))
        return lf_js_format_ipv6(inner);
    size_t dot = lf_bytes_index(inner, '.');
    return dot != SIZE_MAX && dot > 1 && dot + 1 < inner.len && is_hex(inner.ptr[1]) && part_valid(inner, ":", false) &&
           lf_bytes_index(inner, '%') == SIZE_MAX;
}

/* [ userinfo "@" ] host [ ":" port ] */
static bool
authority_valid(struct lf_bytes text, bool international)
{
    size_t at = lf_bytes_index(text, '@');
    if (at != SIZE_MAX) {
        if (!part_valid(lf_bytes(text.ptr, at), ":", international))
            return false;
        text = from(text, at + 1);
    }
    size_t host = 0;
    if (text.len != 0 && text.ptr[0] == '[') {
        if (!take_literal(text, &host))
            return false;
    } else {
        size_t colon = lf_bytes_index(text, ':');
        host = colon != SIZE_MAX ? colon : text.len;
        if (!part_valid(lf_bytes(text.ptr, host), "", international))
            return false;
    }
    if (host < text.len && text.ptr[host] != ':')
        return false;
    for (size_t i = host + 1; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
    }
    return true;
}

/* What stands behind the scheme, or in a reference without one. */
static bool
relative_valid(struct lf_bytes text, bool international)
{
    struct lf_bytes fragment, query;
    struct lf_bytes path = cut(cut(text, '#', &fragment), '?', &query);
    if (!part_valid(fragment, ":@/?", international) || !part_valid(query, ":@/?", international))
        return false;
    if (!lf_bytes_starts_with(path, LF_LIT("//")))
        return part_valid(path, ":@/", international);
    struct lf_bytes authority = from(path, 2);
    size_t slash = lf_bytes_index(authority, '/');
    size_t len = slash != SIZE_MAX ? slash : authority.len;
    return authority_valid(lf_bytes(authority.ptr, len), international) &&
           part_valid(from(authority, len), ":@/", international);
}

/* The length of the scheme, with its colon behind; 0: none. */
static size_t
scheme_length(struct lf_bytes text)
{
    size_t len = 0;
    while (len < text.len &&
           (is_letter(text.ptr[len]) || (len > 0 && (is_digit(text.ptr[len]) || one_of(text.ptr[len], "+-.")))))
        len++;
    return len < text.len && text.ptr[len] == ':' ? len : 0;
}

static bool
absolute_valid(struct lf_bytes text, bool international)
{
    size_t scheme = scheme_length(text);
    return scheme != 0 && relative_valid(from(text, scheme + 1), international);
}

/* In a reference without scheme the first segment may not hold a colon: it would be taken for one. */
static bool
reference_valid(struct lf_bytes text, bool international)
{
    if (scheme_length(text) != 0)
        return absolute_valid(text, international);
    size_t end = 0;
    while (end < text.len && !one_of(text.ptr[end], "/?#"))
        end++;
    return lf_bytes_index(lf_bytes(text.ptr, end), ':') == SIZE_MAX && relative_valid(text, international);
}

bool
lf_js_format_uri(struct lf_bytes text)
{
    return absolute_valid(text, false);
}

bool
lf_js_format_uri_reference(struct lf_bytes text)
{
    return reference_valid(text, false);
}

bool
lf_js_format_iri(struct lf_bytes text)
{
    return absolute_valid(text, true);
}

bool
lf_js_format_iri_reference(struct lf_bytes text)
{
    return reference_valid(text, true);
}

/* --- templates ---------------------------------------------------------------------------------------------------- */

/* varname [ ":" max-length | "*" ] */
static bool
variable_valid(struct lf_bytes text)
{
    size_t at = 0;
    bool dot = true; /* a name is wanted */
    for (; at < text.len && text.ptr[at] != ':' && text.ptr[at] != '*'; at++) {
        char c = text.ptr[at];
        bool escape = c == '%' && is_escape(text, at);
        if (c == '.' ? dot : !is_letter(c) && !is_digit(c) && c != '_' && !escape)
            return false;
        dot = c == '.';
        at += escape ? 2 : 0;
    }
    if (dot)
        return false;
    if (at == text.len || lf_bytes_equal_text(from(text, at), "*"))
        return true;
    struct lf_bytes digits = from(text, at + 1);
    bool valid = text.ptr[at] == ':' && digits.len > 0 && digits.len <= 4 && digits.ptr[0] != '0';
    for (size_t i = 0; i < digits.len; i++)
        valid = valid && is_digit(digits.ptr[i]);
    return valid;
}

static bool
expression_valid(struct lf_bytes text)
{
    if (text.len > 0 && one_of(text.ptr[0], "+#./;?&=,!@|"))
        text = from(text, 1);
    for (bool more = true; more;) {
        size_t comma = lf_bytes_index(text, ',');
        more = comma != SIZE_MAX;
        if (!variable_valid(more ? lf_bytes(text.ptr, comma) : text))
            return false;
        text = more ? from(text, comma + 1) : text;
    }
    return true;
}

bool
lf_js_format_uri_template(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '{') {
            size_t end = lf_bytes_index(from(text, i), '}');
            if (end == SIZE_MAX || !expression_valid(lf_bytes(text.ptr + i + 1, end - 1)))
                return false;
            i += end;
        } else if (c <= ' ' || c == 0x7f || one_of((char)c, "\"'<>\\^`|}") || (c == '%' && !is_escape(text, i))) {
            return false;
        }
    }
    return true;
}
