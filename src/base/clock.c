/* The clock and RFC 3339 times. */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

static int64_t
system_real_us(void *ctx)
{
    (void)ctx;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t
system_mono_ns(void *ctx)
{
    (void)ctx;
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
system_sleep_ns(void *ctx, int64_t ns)
{
    (void)ctx;
    struct timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
        ;
}

static const struct lf_clock system_clock = {system_real_us, system_mono_ns, system_sleep_ns, NULL};
static const struct lf_clock *the_clock = &system_clock;

void
lf_clock_replace(const struct lf_clock *clock)
{
    the_clock = clock != NULL ? clock : &system_clock;
}

int64_t
lf_clock_real_us(void)
{
    return the_clock->real_us(the_clock->ctx);
}

int64_t
lf_clock_mono_ns(void)
{
    return the_clock->mono_ns(the_clock->ctx);
}

void
lf_clock_sleep_ms(int64_t ms)
{
    the_clock->sleep_ns(the_clock->ctx, ms * 1000000);
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. */
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

/* By hand: it stands in every event and every receipt. */
size_t
lf_time_format(int64_t real_us, int digits, char out[LF_TIME_TEXT_SIZE])
{
    int64_t us = real_us % 86400000000;
    int64_t days = real_us / 86400000000;
    if (us < 0) {
        us += 86400000000;
        days--;
    }
    int64_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    int64_t s = us / 1000000;
    char *at = put_digits(out, y, 4);
    *at++ = '-';
    at = put_digits(at, m, 2);
    *at++ = '-';
    at = put_digits(at, d, 2);
    *at++ = 'T';
    at = put_digits(at, s / 3600, 2);
    *at++ = ':';
    at = put_digits(at, s / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, s % 60, 2);
    *at++ = '.';
    at = digits == 3 ? put_digits(at, us % 1000000 / 1000, 3) : put_digits(at, us % 1000000, 6);
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - out);
}

/* Reads count digits at *at. */
static bool
take_digits(struct lf_bytes text, size_t *at, size_t count, int64_t *ret)
{
    if (text.len - *at < count)
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        char c = text.ptr[*at + i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
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

static bool
take_fulltime(struct lf_bytes text, size_t *at, int64_t *ret_us)
{
    int64_t h, m, s, us = 0;
    if (!take_digits(text, at, 2, &h) || !take_char(text, at, ':', ':') || !take_digits(text, at, 2, &m) ||
        !take_char(text, at, ':', ':') || !take_digits(text, at, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 60)
        return false;
    if (*at < text.len && text.ptr[*at] == '.') {
        size_t start = ++*at;
        int64_t scale = 100000;
        while (*at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9') {
            us += (text.ptr[(*at)++] - '0') * scale;
            scale /= 10;
        }
        if (*at == start)
            return false;
    }
    int64_t offset_s = 0;
    if (!take_char(text, at, 'Z', 'z')) {
        int64_t oh, om;
        bool minus = *at < text.len && text.ptr[*at] == '-';
        if (!take_char(text, at, '+', '-') || !take_digits(text, at, 2, &oh) || !take_char(text, at, ':', ':') ||
            !take_digits(text, at, 2, &om) || oh > 23 || om > 59)
            return false;
        offset_s = (oh * 3600 + om * 60) * (minus ? -1 : 1);
    }
    if (s == 60) { /* a leap second stands at 23:59:60 UTC only */
        if (((h * 3600 + m * 60 - offset_s) % 86400 + 86400) % 86400 != 23 * 3600 + 59 * 60)
            return false;
        s = 59;
    }
    *ret_us = (h * 3600 + m * 60 + s - offset_s) * 1000000 + us;
    return *at == text.len;
}

bool
lf_time_parse(struct lf_bytes text, int64_t *ret_us)
{
    size_t at = 0;
    int64_t days, us;
    if (!take_date(text, &at, &days) || !(take_char(text, &at, 'T', 't') || take_char(text, &at, ' ', ' ')) ||
        !take_fulltime(text, &at, &us))
        return false;
    *ret_us = days * 86400000000 + us;
    return true;
}

bool
lf_date_valid(struct lf_bytes text)
{
    size_t at = 0;
    int64_t days;
    return take_date(text, &at, &days) && at == text.len;
}

bool
lf_fulltime_valid(struct lf_bytes text)
{
    size_t at = 0;
    int64_t us;
    return take_fulltime(text, &at, &us);
}
