/* Dates and times as RFC 3339 writes them, to the nanosecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"

static void
moments_go_there_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lf_zone zone;
        int64_t days, ns;
    } rows[] = {
        {"1970-01-01T00:00:00Z", LF_ZONE_OFFSET, 0, 0},
        {"1969-12-31T23:59:59.999999999Z", LF_ZONE_OFFSET, -1, LF_DAY_NS - 1},
        {"2026-11-24T08:46:34.5", LF_ZONE_NONE, 20781, INT64_C(31594500000000)},
        {"0001-01-01T00:00:00.001", LF_ZONE_NONE, LF_DAYS_MIN, 1000000},
        {"9999-12-31T23:59:59.000001Z", LF_ZONE_OFFSET, LF_DAYS_MAX, LF_DAY_NS - 999999000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[LF_MOMENT_TEXT_SIZE];
        struct lf_moment moment = {0};
        assert_true(lf_calendar_moment(lf_bytes_of(rows[i].text), rows[i].zone, &moment));
        assert_int_equal(moment.days, rows[i].days);
        assert_int_equal(moment.ns, rows[i].ns);
        const size_t len = lf_calendar_write_moment(moment, rows[i].zone, LF_FRACTION_SHORTEST, text);
        assert_int_equal(len, strlen(text));
        if (i != 2) /* its fraction gets three digits */
            assert_string_equal(text, rows[i].text);
        else
            assert_string_equal(text, "2026-11-24T08:46:34.500");
    }
}

static void
offsets_lead_to_utc(void **state)
{
    (void)state;
    struct lf_moment moment;
    int64_t ns;
    assert_true(lf_calendar_moment(LF_LIT("2026-01-01T00:30:00+01:00"), LF_ZONE_OFFSET, &moment));
    assert_int_equal(moment.days, 20453); /* the year before */
    assert_int_equal(moment.ns, INT64_C(84600000000000));
    assert_true(lf_calendar_moment(LF_LIT("0001-01-01T00:00:00+00:01"), LF_ZONE_OFFSET, &moment));
    assert_int_equal(moment.days, LF_DAYS_MIN - 1);
    assert_true(lf_calendar_time(LF_LIT("23:30:00-01:00"), LF_ZONE_OFFSET, &ns));
    assert_int_equal(ns, INT64_C(1800000000000));
    assert_true(lf_calendar_time(LF_LIT("00:30:00+01:00"), LF_ZONE_OFFSET, &ns));
    assert_int_equal(ns, INT64_C(84600000000000));
    assert_true(lf_calendar_time(LF_LIT("23:59:60Z"), LF_ZONE_OFFSET, &ns));
    assert_int_equal(ns, LF_DAY_NS - 1000000000);
}

static void
other_texts_are_refused(void **state)
{
    (void)state;
    struct lf_moment moment;
    int64_t days, ns;
    assert_false(lf_calendar_moment(LF_LIT("2026-11-24T08:46:34"), LF_ZONE_OFFSET, &moment));
    assert_false(lf_calendar_moment(LF_LIT("2026-11-24T08:46:34Z"), LF_ZONE_NONE, &moment));
    assert_false(lf_calendar_moment(LF_LIT("2026-02-29T08:46:34Z"), LF_ZONE_OFFSET, &moment));
    assert_false(lf_calendar_moment(LF_LIT("2026-11-24"), LF_ZONE_NONE, &moment));
    assert_false(lf_calendar_time(LF_LIT("08:46:34."), LF_ZONE_NONE, &ns));
    assert_false(lf_calendar_time(LF_LIT("08:46:60"), LF_ZONE_NONE, &ns));
    assert_false(lf_calendar_time(LF_LIT("24:00:00Z"), LF_ZONE_OFFSET, &ns));
    assert_false(lf_calendar_date(LF_LIT("0000-12-31"), &days));
    assert_false(lf_calendar_date(LF_LIT("2026-11-24 "), &days));
    assert_false(lf_calendar_date(LF_LIT("26-11-24"), &days));
}

static void
fractions_have_the_digits_that_are_asked_for(void **state)
{
    (void)state;
    char text[LF_MOMENT_TEXT_SIZE];
    const int64_t ns = INT64_C(3723120000000);
    lf_calendar_write_time(ns, LF_ZONE_NONE, 6, text);
    assert_string_equal(text, "01:02:03.120000");
    lf_calendar_write_time(ns + 999, LF_ZONE_OFFSET, 3, text);
    assert_string_equal(text, "01:02:03.120Z");
    lf_calendar_write_time(ns + 999, LF_ZONE_OFFSET, LF_FRACTION_SHORTEST, text);
    assert_string_equal(text, "01:02:03.120000999Z");
    lf_calendar_write_time(ns, LF_ZONE_NONE, 0, text);
    assert_string_equal(text, "01:02:03");
    lf_calendar_write_date(LF_DAYS_MIN, text);
    assert_string_equal(text, "0001-01-01");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_go_there_and_back),
        cmocka_unit_test(offsets_lead_to_utc),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(fractions_have_the_digits_that_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
