/* IP addresses; URIs and IRIs (RFC 3986, 3987). */
#include "base/uri.h"

#include "base/ascii.h"

#include <arpa/inet.h>
#include <string.h>

static struct lf_bytes
from(struct lf_bytes text, size_t at)
{
    return lf_bytes(text.ptr + at, text.len - at);
}

/* ---- IP addresses ---- */

static bool
address_valid(struct lf_bytes text, int family)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

bool
lf_ipv4_valid(struct lf_bytes text)
{
    return address_valid(text, AF_INET);
}

bool
lf_ipv6_valid(struct lf_bytes text)
{
    return address_valid(text, AF_INET6);
}

bool
lf_address_literal_valid(struct lf_bytes text)
{
    if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
        return false;
    struct lf_bytes inner = lf_bytes(text.ptr + 1, text.len - 2);
    if (inner.len > 5 && lf_bytes_equal_nocase(lf_bytes(inner.ptr, 5), LF_LIT("IPv6:")))
        return lf_ipv6_valid(from(inner, 5));
    return lf_ipv4_valid(inner);
}

/* ---- URIs ---- */

static bool
one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
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
    return text.len - at > 2 && lf_is_hex(text.ptr[at + 1]) && lf_is_hex(text.ptr[at + 2]);
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
        } else if (!lf_is_letter(c) && !lf_is_digit(c) && !one_of(c, "-._~!$&'()*+,;=") && !one_of(c, more) &&
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
        return lf_ipv6_valid(inner);
    size_t dot = lf_bytes_index(inner, '.');
    return dot != SIZE_MAX && dot > 1 && dot + 1 < inner.len && lf_is_hex(inner.ptr[1]) &&
           part_valid(inner, ":", false) && lf_bytes_index(inner, '%') == SIZE_MAX;
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
        if (!lf_is_digit(text.ptr[i]))
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
           (lf_is_letter(text.ptr[len]) || (len > 0 && (lf_is_digit(text.ptr[len]) || one_of(text.ptr[len], "+-.")))))
        len++;
    return len < text.len && text.ptr[len] == ':' ? len : 0;
}

bool
lf_uri_valid(struct lf_bytes text, bool international)
{
    size_t scheme = scheme_length(text);
    return scheme != 0 && relative_valid(from(text, scheme + 1), international);
}

/* In a reference without scheme the first segment may not hold a colon: it would be taken for one. */
bool
lf_uri_reference_valid(struct lf_bytes text, bool international)
{
    if (scheme_length(text) != 0)
        return lf_uri_valid(text, international);
    size_t end = 0;
    while (end < text.len && !one_of(text.ptr[end], "/?#"))
        end++;
    return lf_bytes_index(lf_bytes(text.ptr, end), ':') == SIZE_MAX && relative_valid(text, international);
}
