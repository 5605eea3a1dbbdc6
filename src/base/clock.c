/* The clock, and its times as texts. */
#include "base/clock.h"
#include "base/calendar.h"

#include <errno.h>
#include <string.h>
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

size_t
lf_time_format(int64_t real_us, int digits, char out[LF_TIME_TEXT_SIZE])
{
    const int64_t day_us = LF_DAY_NS / 1000;
    struct lf_moment moment = {.days = real_us / day_us, .ns = real_us % day_us * 1000};
    if (moment.ns < 0) {
        moment.ns += LF_DAY_NS;
        moment.days--;
    }
    char text[LF_MOMENT_TEXT_SIZE];
    const size_t len = lf_calendar_write_moment(moment, LF_ZONE_OFFSET, digits == 3 ? 3 : 6, text);
    memcpy(out, text, len + 1);
    return len;
}

bool
lf_time_parse(struct lf_bytes text, int64_t *ret_us)
{
    struct lf_moment moment;
    if (!lf_calendar_moment(text, LF_ZONE_OFFSET, &moment))
        return false;
    *ret_us = moment.days * (LF_DAY_NS / 1000) + moment.ns / 1000;
    return true;
}

bool
lf_date_valid(struct lf_bytes text)
{
    int64_t days;
    return lf_calendar_date(text, &days);
}

bool
lf_fulltime_valid(struct lf_bytes text)
{
    int64_t ns;
    return lf_calendar_time(text, LF_ZONE_OFFSET, &ns);
}
