/* Formats of texts: addresses, names and times as their RFCs write them. */
#include "model/format.h"
#include "base/clock.h"
#include "base/uuid.h"

#include <arpa/inet.h>
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

static bool
ip_valid(struct lf_bytes text, int family)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

static bool
ipv4_valid(struct lf_bytes text)
{
    return ip_valid(text, AF_INET);
}

static bool
ipv6_valid(struct lf_bytes text)
{
    return ip_valid(text, AF_INET6);
}

/* RFC 1123: letters, digits and inner hyphens in labels of 1 to 63 characters, 253 in all. */
static bool
hostname_valid(struct lf_bytes text)
{
    if (text.len == 0 || text.len > 253)
        return false;
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.') {
            if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]) && text.ptr[i] != '-')
                return false;
            continue;
        }
        if (i == start || i - start > 63 || text.ptr[start] == '-' || text.ptr[i - 1] == '-')
            return false;
        start = i + 1;
    }
    return true;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" of RFC 5321 */
static bool
address_literal_valid(struct lf_bytes text)
{
    if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
        return false;
    struct lf_bytes inner = lf_bytes(text.ptr + 1, text.len - 2);
    if (inner.len > 5 && lf_bytes_equal_nocase(lf_bytes(inner.ptr, 5), LF_LIT("IPv6:")))
        return ipv6_valid(from(inner, 5));
    return ipv4_valid(inner);
}

/* The Mailbox of RFC 5321 with a dot-string before the @; quoted local parts are not for forms and events. */
static bool
email_valid(struct lf_bytes text)
{
    size_t at = lf_bytes_index(text, '@');
    if (at == SIZE_MAX || at == 0 || at > 64 || text.len > 254)
        return false;
    for (size_t i = 0; i < at; i++) {
        char c = text.ptr[i];
        bool dot = c == '.' && i != 0 && i + 1 != at && text.ptr[i - 1] != '.';
        if (!dot && !is_letter(c) && !is_digit(c) && !one_of(c, "!#$%&'*+/=?^_`{|}~-"))
            return false;
    }
    struct lf_bytes domain = from(text, at + 1);
    return hostname_valid(domain) || address_literal_valid(domain);
}

/* Characters of a component of RFC 3986: unreserved, sub-delims, percent-encoded bytes, and those in more. */
static bool
uri_part_valid(struct lf_bytes part, const char *more)
{
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];
        if (c == '%') {
            if (part.len - i < 3 || !is_hex(part.ptr[i + 1]) || !is_hex(part.ptr[i + 2]))
                return false;
            i += 2;
        } else if (!is_letter(c) && !is_digit(c) && !one_of(c, "-._~!$&'()*+,;=") && !one_of(c, more)) {
            return false;
        }
    }
    return true;
}

/* "[2001:db8::1]" or "[v1.x]" at the start of host; sets the length. */
static bool
take_ip_literal(struct lf_bytes host, size_t *ret_len)
{
    size_t end = lf_bytes_index(host, ']');
    if (end == SIZE_MAX)
        return false;
    struct lf_bytes inner = lf_bytes(host.ptr + 1, end - 1);
    *ret_len = end + 1;
    if (inner.len > 0 && (inner.ptr[0] == 'v' || inner.ptr[0] == 'V'))
        return inner.len > 3 && is_hex(inner.ptr[1]) && lf_bytes_index(inner, '.') != SIZE_MAX &&
               uri_part_valid(inner, ":");
    return ipv6_valid(inner);
}

/* [ userinfo "@" ] host [ ":" port ] */
static bool
uri_authority_valid(struct lf_bytes text)
{
    size_t at = lf_bytes_index(text, '@');
    if (at != SIZE_MAX) {
        if (!uri_part_valid(lf_bytes(text.ptr, at), ":"))
            return false;
        text = from(text, at + 1);
    }
    size_t host = 0;
    if (text.len != 0 && text.ptr[0] == '[') {
        if (!take_ip_literal(text, &host))
            return false;
    } else {
        size_t colon = lf_bytes_index(text, ':');
        host = colon != SIZE_MAX ? colon : text.len;
        if (!uri_part_valid(lf_bytes(text.ptr, host), ""))
            return false;
    }
    if (host == text.len)
        return true;
    if (text.ptr[host] != ':')
        return false;
    for (size_t i = host + 1; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
    }
    return true;
}

/* Cuts text at the first c, if any; what follows c goes to *ret_rest. */
static struct lf_bytes
cut(struct lf_bytes text, char c, struct lf_bytes *ret_rest)
{
    size_t at = lf_bytes_index(text, c);
    *ret_rest = at != SIZE_MAX ? from(text, at + 1) : LF_BYTES_NONE;
    return at != SIZE_MAX ? lf_bytes(text.ptr, at) : text;
}

/* A URI with its scheme (RFC 3986 section 3); relative references are none. */
static bool
uri_valid(struct lf_bytes text)
{
    size_t colon = lf_bytes_index(text, ':');
    if (colon == SIZE_MAX || colon == 0 || !is_letter(text.ptr[0]))
        return false;
    for (size_t i = 1; i < colon; i++) {
        if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]) && !one_of(text.ptr[i], "+-."))
            return false;
    }
    struct lf_bytes fragment, query;
    struct lf_bytes path = cut(cut(from(text, colon + 1), '#', &fragment), '?', &query);
    if (!uri_part_valid(fragment, ":@/?") || !uri_part_valid(query, ":@/?"))
        return false;
    if (!lf_bytes_starts_with(path, LF_LIT("//")))
        return uri_part_valid(path, ":@/");
    struct lf_bytes authority = from(path, 2);
    size_t slash = lf_bytes_index(authority, '/');
    if (slash == SIZE_MAX)
        return uri_authority_valid(authority);
    return uri_authority_valid(lf_bytes(authority.ptr, slash)) && uri_part_valid(from(authority, slash), ":@/");
}

static bool
uuid_valid(struct lf_bytes text)
{
    struct lf_uuid uuid;
    return lf_uuid_parse(text, &uuid);
}

static bool
datetime_valid(struct lf_bytes text)
{
    int64_t us;
    return lf_time_parse(text, &us);
}

static const struct {
    const char *name;
    bool (*valid)(struct lf_bytes text);
} formats[] = {
    {"email", email_valid},        {"uri", uri_valid},      {"uuid", uuid_valid},
    {"date-time", datetime_valid}, {"date", lf_date_valid}, {"time", lf_fulltime_valid},
    {"ipv4", ipv4_valid},          {"ipv6", ipv6_valid},    {"hostname", hostname_valid},
};

bool
lf_format_known(struct lf_bytes name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (lf_bytes_equal_text(name, formats[i].name))
            return true;
    }
    return false;
}

const char *
lf_format_names(void)
{
    return "\"email\", \"uri\", \"uuid\", \"date-time\", \"date\", \"time\", \"ipv4\", \"ipv6\", \"hostname\"";
}

bool
lf_format_valid(struct lf_bytes name, struct lf_bytes text)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (lf_bytes_equal_text(name, formats[i].name))
            return formats[i].valid(text);
    }
    return true;
}
