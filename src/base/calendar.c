/* Dates and times of RFC 3339, read and written by hand: they stand in every event. */
#include "base/calendar.h"

#define SECOND_NS INT64_C(1000000000)

static int64_t
days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
civil_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp + (mp < 10 ? 3 : -9);
    *y = yoe + era * 400 + (*m <= 2);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool
is_digit_at(struct lf_bytes text, size_t at)
{
    return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

/* Reads count digits at *at. */
static bool
take_digits(struct lf_bytes text, size_t *at, size_t count, int64_t *ret)
{
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit_at(text, *at + i))
            return false;
        value = value * 10 + (text.ptr[*at + i] - '0');
    }
    *at += count;
    *ret = value;
    return true;
}

static bool
take_char(struct lf_bytes text, size_t *at, char a, char b)
{
    if (*at >= text.len || (text.ptr[*at] != a && text.ptr[*at] != b))
        return false;
    ++*at;
    return true;
}

static bool
take_date(struct lf_bytes text, size_t *at, int64_t *ret_days)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    if (!take_digits(text, at, 4, &y) || !take_char(text, at, '-', '-') || !take_digits(text, at, 2, &m) ||
        !take_char(text, at, '-', '-') || !take_digits(text, at, 2, &d))
        return false;
    if (y < 1 || m < 1 || m > 12 || d < 1)
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d > month_days[m - 1] + (m == 2 && leap ? 1 : 0))
        return false;
    *ret_days = days_from_civil(y, m, d);
    return true;
}

/* What follows the point; nothing is fine. */
static bool
take_fraction(struct lf_bytes text, size_t *at, int64_t *ret_ns)
{
    int64_t ns = 0;
    if (*at < text.len && text.ptr[*at] == '.') {
        const size_t start = ++*at;
        int64_t scale = SECOND_NS / 10;
        for (; is_digit_at(text, *at); ++*at, scale /= 10)
            ns += (text.ptr[*at] - '0') * scale;
        if (*at == start)
            return false;
    }
    *ret_ns = ns;
    return true;
}

static bool
take_offset(struct lf_bytes text, size_t *at, int64_t *ret_seconds)
{
    int64_t h, m;
    if (take_char(text, at, 'Z', 'z')) {
        *ret_seconds = 0;
        return true;
    }
    const bool minus = *at < text.len && text.ptr[*at] == '-';
    if (!take_char(text, at, '+', '-') || !take_digits(text, at, 2, &h) || !take_char(text, at, ':', ':') ||
        !take_digits(text, at, 2, &m) || h > 23 || m > 59)
        return false;
    *ret_seconds = (h * 3600 + m * 60) * (minus ? -1 : 1);
    return true;
}

/* Takes the rest of text; an offset may lead into the day before or after. */
static bool
take_time(struct lf_bytes text, size_t *at, enum lf_zone zone, int64_t *ret_ns)
{
    int64_t h, m, s, ns, offset = 0;
    if (!take_digits(text, at, 2, &h) || !take_char(text, at, ':', ':') || !take_digits(text, at, 2, &m) ||
        !take_char(text, at, ':', ':') || !take_digits(text, at, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 60 || !take_fraction(text, at, &ns))
        return false;
    if (zone == LF_ZONE_OFFSET && !take_offset(text, at, &offset))
        return false;
    if (s == 60) { /* a leap second stands at 23:59:60 UTC only */
        if (((h * 3600 + m * 60 - offset) % 86400 + 86400) % 86400 != 23 * 3600 + 59 * 60)
            return false;
        s = 59;
    }
    *ret_ns = (h * 3600 + m * 60 + s - offset) * SECOND_NS + ns;
    return *at == text.len;
}

bool
lf_calendar_date(struct lf_bytes text, int64_t *ret_days)
{
    size_t at = 0;
    int64_t days;
    if (!take_date(text, &at, &days) || at != text.len)
        return false;
    *ret_days = days;
    return true;
}

bool
lf_calendar_time(struct lf_bytes text, enum lf_zone zone, int64_t *ret_ns)
{
    size_t at = 0;
    int64_t ns;
    if (!take_time(text, &at, zone, &ns))
        return false;
    *ret_ns = (ns + LF_DAY_NS) % LF_DAY_NS;
    return true;
}

bool
lf_calendar_moment(struct lf_bytes text, enum lf_zone zone, struct lf_moment *ret)
{
    size_t at = 0;
    int64_t days, ns;
    if (!take_date(text, &at, &days) || !(take_char(text, &at, 'T', 't') || take_char(text, &at, ' ', ' ')) ||
        !take_time(text, &at, zone, &ns))
        return false;
    const int64_t shift = ns < 0 ? -1 : ns >= LF_DAY_NS ? 1 : 0;
    *ret = (struct lf_moment){.days = days + shift, .ns = ns - shift * LF_DAY_NS};
    return true;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* Writes value with exactly count digits. */
static char *
put_digits(char *at, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

static char *
put_date(char *at, int64_t days)
{
    int64_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    at = put_digits(at, y, 4);
    *at++ = '-';
    at = put_digits(at, m, 2);
    *at++ = '-';
    return put_digits(at, d, 2);
}

static char *
put_fraction(char *at, int64_t ns, int digits)
{
    if (digits == LF_FRACTION_SHORTEST)
        digits = ns == 0 ? 0 : ns % 1000000 == 0 ? 3 : ns % 1000 == 0 ? 6 : 9;
    if (digits == 0)
        return at;
    for (int cut = 9 - digits; cut > 0; cut--)
        ns /= 10;
    *at++ = '.';
    return put_digits(at, ns, digits);
}

static char *
put_time(char *at, int64_t ns, enum lf_zone zone, int digits)
{
    const int64_t s = ns / SECOND_NS;
    at = put_digits(at, s / 3600, 2);
    *at++ = ':';
    at = put_digits(at, s / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, s % 60, 2);
    at = put_fraction(at, ns % SECOND_NS, digits);
    if (zone == LF_ZONE_OFFSET)
        *at++ = 'Z';
    return at;
}

static size_t
end_text(char *out, char *at)
{
    *at = '\0';
    return (size_t)(at - out);
}

size_t
lf_calendar_write_date(int64_t days, char out[LF_MOMENT_TEXT_SIZE])
{
    return end_text(out, put_date(out, days));
}

size_t
lf_calendar_write_time(int64_t ns, enum lf_zone zone, int digits, char out[LF_MOMENT_TEXT_SIZE])
{
    return end_text(out, put_time(out, ns, zone, digits));
}

size_t
lf_calendar_write_moment(struct lf_moment moment, enum lf_zone zone, int digits, char out[LF_MOMENT_TEXT_SIZE])
{
    char *at = put_date(out, moment.days);
    *at++ = 'T';
    return end_text(out, put_time(at, moment.ns, zone, digits));
}
