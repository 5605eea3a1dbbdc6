/* URI templates (RFC 6570), and URIs and IRIs as formats. */
#include "codec/jsonschema/format.h"

#include "base/ascii.h"
#include "base/uri.h"

#include <string.h>

bool
lf_js_format_uri(struct lf_bytes text)
{
    return lf_uri_valid(text, false);
}

bool
lf_js_format_uri_reference(struct lf_bytes text)
{
    return lf_uri_reference_valid(text, false);
}

bool
lf_js_format_iri(struct lf_bytes text)
{
    return lf_uri_valid(text, true);
}

bool
lf_js_format_iri_reference(struct lf_bytes text)
{
    return lf_uri_reference_valid(text, true);
}

/* --- templates ---------------------------------------------------------------------------------------------------- */

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

static bool
is_escape(struct lf_bytes text, size_t at)
{
    return text.len - at > 2 && lf_is_hex(text.ptr[at + 1]) && lf_is_hex(text.ptr[at + 2]);
}

/* varname [ ":" max-length | "*" ] */
static bool
variable_valid(struct lf_bytes text)
{
    size_t at = 0;
    bool dot = true; /* a name is wanted */
    for (; at < text.len && text.ptr[at] != ':' && text.ptr[at] != '*'; at++) {
        char c = text.ptr[at];
        bool escape = c == '%' && is_escape(text, at);
        if (c == '.' ? dot : !lf_is_letter(c) && !lf_is_digit(c) && c != '_' && !escape)
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
        valid = valid && lf_is_digit(digits.ptr[i]);
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
