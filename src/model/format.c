/* Formats of texts: addresses, names and times as their RFCs write them. */
#include "model/format.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/uri.h"
#include "base/uuid.h"

#include <string.h>

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

/* RFC 1123: letters, digits and inner hyphens in labels of 1 to 63 characters, 253 in all. */
static bool
hostname_valid(struct lf_bytes text)
{
    if (text.len == 0 || text.len > 253)
        return false;
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.') {
            if (!lf_is_letter(text.ptr[i]) && !lf_is_digit(text.ptr[i]) && text.ptr[i] != '-')
                return false;
            continue;
        }
        if (i == start || i - start > 63 || text.ptr[start] == '-' || text.ptr[i - 1] == '-')
            return false;
        start = i + 1;
    }
    return true;
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
        if (!dot && !lf_is_letter(c) && !lf_is_digit(c) && !one_of(c, "!#$%&'*+/=?^_`{|}~-"))
            return false;
    }
    struct lf_bytes domain = from(text, at + 1);
    return hostname_valid(domain) || lf_address_literal_valid(domain);
}

static bool
uri_valid(struct lf_bytes text)
{
    return lf_uri_valid(text, false);
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
    {"ipv4", lf_ipv4_valid},       {"ipv6", lf_ipv6_valid}, {"hostname", hostname_valid},
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
