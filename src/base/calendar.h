/*
 * Dates and times as RFC 3339 writes them, to the nanosecond; the proleptic Gregorian calendar, years 1 to 9999.
 * Pure. Further digits of a fraction are cut off; a leap second counts as the second before it.
 */
#ifndef LF_BASE_CALENDAR_H
#define LF_BASE_CALENDAR_H

#include "base/bytes.h"

#define LF_DAY_NS INT64_C(86400000000000)

enum {
    LF_DAYS_MIN = -719162, /* 0001-01-01 in days since 1970-01-01 */
    LF_DAYS_MAX = 2932896, /* 9999-12-31 */
    LF_MOMENT_TEXT_SIZE = 40,
    LF_FRACTION_SHORTEST = -1, /* 0, 3, 6 or 9 digits, as many as are needed */
};

/* A point in time, or a date and time of no zone. */
struct lf_moment {
    int64_t days; /* since 1970-01-01 */
    int64_t ns;   /* of the day: less than LF_DAY_NS */
};

enum lf_zone {
    LF_ZONE_OFFSET, /* the text has an offset: "Z", "+02:00" */
    LF_ZONE_NONE,   /* it has none */
};

/* "2026-11-24" */
bool lf_calendar_date(struct lf_bytes text, int64_t *ret_days);
/* "08:46:34.5Z": the time of day at UTC, if the text has an offset; less than LF_DAY_NS. */
bool lf_calendar_time(struct lf_bytes text, enum lf_zone zone, int64_t *ret_ns);
/* "2026-11-24T08:46:34.5+01:00"; at UTC, if the text has an offset, which may lead out of the years 1 to 9999. */
bool lf_calendar_moment(struct lf_bytes text, enum lf_zone zone, struct lf_moment *ret);

/* Write a text and a NUL, return the length. The days have to be of the years 1 to 9999. A fraction has so many digits
 * (0 to 9: further ones are cut off), or LF_FRACTION_SHORTEST; the offset, if there is one, is "Z". */
size_t lf_calendar_write_date(int64_t days, char out[LF_MOMENT_TEXT_SIZE]);
size_t lf_calendar_write_time(int64_t ns, enum lf_zone zone, int digits, char out[LF_MOMENT_TEXT_SIZE]);
size_t lf_calendar_write_moment(struct lf_moment moment, enum lf_zone zone, int digits, char out[LF_MOMENT_TEXT_SIZE]);

#endif
