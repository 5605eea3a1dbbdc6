/*
 * Time. Every module asks here, so that a test or a simulation can own the clock. Thread-safe, except lf_clock_replace.
 */
#ifndef LF_BASE_CLOCK_H
#define LF_BASE_CLOCK_H

#include "base/bytes.h"
#include "base/err.h"

struct lf_clock {
    int64_t (*real_us)(void *ctx); /* microseconds since 1970-01-01T00:00:00Z; may jump */
    int64_t (*mono_ns)(void *ctx); /* nanoseconds since some start; never goes back */
    void (*sleep_ns)(void *ctx, int64_t ns);
    void *ctx;
};

/* For tests: clock becomes the process's clock (NULL: the system's again). Call before threads start. */
void lf_clock_replace(const struct lf_clock *clock);

int64_t lf_clock_real_us(void);
int64_t lf_clock_mono_ns(void);
static inline int64_t
lf_clock_mono_ms(void)
{
    return lf_clock_mono_ns() / 1000000;
}
/* Sleeps on the process's clock; only for threads that may block. */
void lf_clock_sleep_ms(int64_t ms);

enum { LF_TIME_TEXT_SIZE = 32 };
/* Writes "2026-11-24T08:46:34.123456Z" (RFC 3339, UTC; 3 digits when digits is 3) and a NUL; returns the length. */
size_t lf_time_format(int64_t real_us, int digits, char out[LF_TIME_TEXT_SIZE]);
/* Reads an RFC 3339 date-time with any offset (and a leap second as :59). False if it is not one, or before year 1. */
bool lf_time_parse(struct lf_bytes text, int64_t *ret_us);
/* "2026-11-24" is a date of the Gregorian calendar; "08:46:34.5Z" is a full-time of RFC 3339. */
bool lf_date_valid(struct lf_bytes text);
bool lf_fulltime_valid(struct lf_bytes text);

#endif
