/* The list of formats, and those that are short: times, identifiers, pointers. */
#include "codec/jsonschema/format.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/uri.h"
#include "base/uuid.h"
#include "codec/jsonschema/regex.h"

#include <string.h>

static struct lf_bytes
from(struct lf_bytes text, size_t at)
{
    return lf_bytes(text.ptr + at, text.len - at);
}

/* --- times (RFC 3339) --------------------------------------------------------------------------------------------- */

static bool
two_digits(struct lf_bytes text, size_t at, int *ret)
{
    if (at + 2 > text.len || !lf_is_digit(text.ptr[at]) || !lf_is_digit(text.ptr[at + 1]))
        return false;
    *ret = (text.ptr[at] - '0') * 10 + text.ptr[at + 1] - '0';
    return true;
}

/* "Z" or "+hh:mm"; minutes east of UTC. */
static bool
offset_valid(struct lf_bytes text, int *ret_minutes)
{
    int hours, minutes;
    *ret_minutes = 0;
    if (text.len == 1)
        return text.ptr[0] == 'Z' || text.ptr[0] == 'z';
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':' ||
        !two_digits(text, 1, &hours) || !two_digits(text, 4, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_minutes = (hours * 60 + minutes) * (text.ptr[0] == '-' ? -1 : 1);
    return true;
}

/* full-time; a leap second is the last one of a day of UTC. */
static bool
time_valid(struct lf_bytes text)
{
    int hours, minutes, seconds, offset;
    if (text.len < 9 || !two_digits(text, 0, &hours) || !two_digits(text, 3, &minutes) ||
        !two_digits(text, 6, &seconds) || text.ptr[2] != ':' || text.ptr[5] != ':')
        return false;
    size_t at = 8;
    if (text.ptr[at] == '.') {
        size_t start = ++at;
        while (at < text.len && lf_is_digit(text.ptr[at]))
            at++;
        if (at == start)
            return false;
    }
    if (!offset_valid(from(text, at), &offset) || hours > 23 || minutes > 59 || seconds > 60)
        return false;
    int utc = (hours * 60 + minutes - offset + 2 * 1440) % 1440;
    return seconds < 60 || utc == 1439;
}

static bool
date_time_valid(struct lf_bytes text)
{
    return text.len > 11 && lf_date_valid(lf_bytes(text.ptr, 10)) && (text.ptr[10] == 'T' || text.ptr[10] == 't') &&
           time_valid(from(text, 11));
}

/* Numbers with units in their order, at least one and without gaps ("1H2S" is none): appendix A of RFC 3339. */
static bool
take_units(struct lf_bytes *text, const char *units)
{
    size_t taken = 0;
    const char *unit = units;
    while (text->len > 0 && lf_is_digit(text->ptr[0])) {
        size_t digits = 0;
        while (digits < text->len && lf_is_digit(text->ptr[digits]))
            digits++;
        const char *found = digits < text->len && text->ptr[digits] != '\0' ? strchr(unit, text->ptr[digits]) : NULL;
        if (found == NULL || (taken > 0 && found != unit))
            return false;
        unit = found + 1;
        *text = from(*text, digits + 1);
        taken++;
    }
    return taken > 0;
}

static bool
duration_valid(struct lf_bytes text)
{
    if (text.len < 3 || text.ptr[0] != 'P')
        return false;
    text = from(text, 1);
    struct lf_bytes weeks = text;
    if (take_units(&weeks, "W") && weeks.len == 0)
        return true;
    if (text.ptr[0] != 'T' && !take_units(&text, "YMD"))
        return false;
    if (text.len == 0)
        return true;
    if (text.ptr[0] != 'T')
        return false;
    text = from(text, 1);
    return take_units(&text, "HMS") && text.len == 0;
}

/* --- identifiers and pointers ------------------------------------------------------------------------------------- */

static bool
uuid_valid(struct lf_bytes text)
{
    struct lf_uuid uuid;
    return lf_uuid_parse(text, &uuid);
}

static bool
json_pointer_valid(struct lf_bytes text)
{
    if (text.len != 0 && text.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '~' && (i + 1 == text.len || (text.ptr[i + 1] != '0' && text.ptr[i + 1] != '1')))
            return false;
    }
    return true;
}

/* "1/name", "0#" */
static bool
relative_pointer_valid(struct lf_bytes text)
{
    size_t digits = 0;
    while (digits < text.len && lf_is_digit(text.ptr[digits]))
        digits++;
    if (digits == 0 || (digits > 1 && text.ptr[0] == '0'))
        return false;
    text = from(text, digits);
    return lf_bytes_equal_text(text, "#") || json_pointer_valid(text);
}

static bool
regex_valid(struct lf_bytes text)
{
    return lf_js_regex_valid(text) == LF_OK;
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

static const struct lf_js_format formats[] = {
    {"date-time", date_time_valid},
    {"date", lf_date_valid},
    {"time", time_valid},
    {"duration", duration_valid},
    {"email", lf_js_format_email},
    {"idn-email", lf_js_format_idn_email},
    {"hostname", lf_js_format_hostname},
    {"idn-hostname", lf_js_format_idn_hostname},
    {"ipv4", lf_ipv4_valid},
    {"ipv6", lf_ipv6_valid},
    {"uri", lf_js_format_uri},
    {"uri-reference", lf_js_format_uri_reference},
    {"iri", lf_js_format_iri},
    {"iri-reference", lf_js_format_iri_reference},
    {"uri-template", lf_js_format_uri_template},
    {"uuid", uuid_valid},
    {"json-pointer", json_pointer_valid},
    {"relative-json-pointer", relative_pointer_valid},
    {"regex", regex_valid},
};

const struct lf_js_format *
lf_js_format_find(struct lf_bytes name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (lf_bytes_equal_text(name, formats[i].name))
            return &formats[i];
    }
    return NULL;
}

bool
lf_jsonschema_format_known(struct lf_bytes name)
{
    return lf_js_format_find(name) != NULL;
}
