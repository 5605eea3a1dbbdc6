/* The floor: bytes, numbers, UTF-8, buffers, arenas, maps, times, ids, errors, log lines, metrics. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "base/redact.h"
#include "base/report.h"
#include "base/uuid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
integers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"01", false, 0},
        {"+1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"99999999999999999999999", false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;
        assert_int_equal(lf_bytes_to_i64(lf_bytes_of(rows[i].text), &value), rows[i].good);
        if (rows[i].good)
            assert_int_equal(value, rows[i].value);
    }
}

static void
doubles_are_json_numbers_only(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-", "01", "1.", ".5", "1e", "0x10", "inf", "nan", " 1", "1 ", "+1", "1e+"};
    double value;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(lf_bytes_to_f64(lf_bytes_of(bad[i]), &value));
    assert_true(lf_bytes_to_f64(LF_LIT("-12.5e-1"), &value));
    assert_true(value == -1.25);
    assert_true(lf_bytes_to_f64(LF_LIT("1e400"), &value));
    assert_true(isinf(value));
    char longer[101];
    memset(longer, '1', 100);
    longer[100] = '\0';
    assert_true(lf_bytes_to_f64(lf_bytes_of(longer), &value));
    assert_true(value > 1e99 && value < 1.2e99);
}

static void
utf8_is_checked_by_rfc_3629(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "plain ascii text", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf"};
    static const char *const bad[] = {"\x80",     "\xc0\xaf", "\xc1\xbf",        "\xed\xa0\x80",     "\xf4\x90\x80\x80",
                                      "\xf8\x88", "\xe2\x82", "eight ascii\xff", "\xf0\x8f\xbf\xbf", "\xe0\x9f\xbf"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(lf_utf8_valid(lf_bytes_of(good[i]), NULL));
    size_t at = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(lf_utf8_valid(lf_bytes_of(bad[i]), &at));
    assert_false(lf_utf8_valid(LF_LIT("0123456789\xff"), &at));
    assert_int_equal(at, 10);
    assert_int_equal(lf_utf8_count(LF_LIT("a\xc3\xa9\xf0\x9f\x98\x80")), 3);
    for (uint32_t code = 0; code <= 0x110000; code += 37) { /* what is encoded is valid, and surrogates are not */
        char out[4];
        size_t n = lf_utf8_encode(code, out);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(n == 0, surrogate || code > 0x10ffff);
        assert_true(lf_utf8_valid(lf_bytes(out, n), NULL));
    }
}

static void
a_buffer_keeps_to_its_maximum(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct lf_buf buf;
    lf_buf_init(&buf, 100);
    for (int i = 0; i < 10; i++)
        lf_buf_add(&buf, LF_LIT("0123456789"));
    assert_int_equal(buf.len, 100);
    assert_int_equal(lf_buf_status(&buf, &err), LF_OK);
    lf_buf_add_char(&buf, 'x');
    lf_buf_add_char(&buf, 'y');
    assert_int_equal(buf.len, 100);
    assert_int_equal(lf_buf_status(&buf, &err), LF_LIMIT);
    assert_non_null(strstr(err.text, "100"));
    lf_buf_clear(&buf);
    lf_buf_printf(&buf, "%s-%d", "a", 7);
    lf_buf_add_i64(&buf, INT64_MIN);
    assert_true(lf_bytes_equal_text(lf_buf_view(&buf), "a-7-9223372036854775808"));
    lf_buf_release(&buf);
    lf_buf_release(&buf);
}

static void
out_of_memory_leaves_a_buffer_as_it_was(void **state)
{
    (void)state;
    struct lf_buf buf;
    lf_buf_init(&buf, 1 << 20);
    lf_buf_add_text(&buf, "kept");
    lf_mem_fail_at(1, false);
    assert_null(lf_buf_reserve(&buf, 4096));
    assert_true(lf_mem_fault_hit());
    lf_mem_fail_at(0, false);
    assert_int_equal(lf_buf_status(&buf, NULL), LF_NO_MEMORY);
    assert_true(lf_bytes_equal_text(lf_buf_view(&buf), "kept"));
    lf_buf_release(&buf);
}

static void
an_arena_hands_out_aligned_memory_up_to_its_limit(void **state)
{
    (void)state;
    int64_t live = lf_mem_live();
    struct lf_arena arena;
    lf_arena_init(&arena, 64, 10000);
    size_t total = 0;
    for (size_t size = 1; size < 120; size++) {
        char *p = lf_arena_alloc(&arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, (int)size, size);
        total += size;
    }
    assert_true(total < arena.used);
    assert_null(lf_arena_alloc(&arena, 10000));
    assert_null(lf_arena_calloc(&arena, SIZE_MAX / 2, 3));
    assert_null(lf_arena_alloc(&arena, SIZE_MAX));
    lf_arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_string_equal(lf_arena_printf(&arena, "%d %s", 5, "x"), "5 x");
    struct lf_bytes copy = lf_arena_copy(&arena, LF_LIT(""));
    assert_non_null(copy.ptr);
    lf_arena_release(&arena);
    lf_arena_release(&arena);
    assert_int_equal(lf_mem_live(), live);
}

static void
arrays_grow_in_an_arena(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    int *items = NULL;
    size_t cap = 0;
    for (size_t i = 0; i < 1000; i++) {
        items = lf_arena_grow(&arena, items, i, &cap, sizeof(*items));
        assert_non_null(items);
        items[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    lf_arena_release(&arena);
}

/* Method: random adds, sets and removes against a plain array as oracle. */
static void
a_map_agrees_with_an_array(void **state)
{
    (void)state;
    enum { KEYS = 200, STEPS = 20000 };
    static char names[KEYS][8];
    static int values[KEYS];
    bool there[KEYS] = {false};
    struct lf_map map;
    lf_map_init(&map);
    size_t count = 0;
    for (int i = 0; i < KEYS; i++)
        snprintf(names[i], sizeof(names[i]), "k%d", i);
    for (int step = 0; step < STEPS; step++) {
        size_t k = (size_t)lf_rand_below(KEYS);
        struct lf_bytes key = lf_bytes_of(names[k]);
        switch (lf_rand_below(3)) {
        case 0:
            assert_int_equal(lf_map_add(&map, key, &values[k]), there[k] ? LF_DUPLICATE : LF_OK);
            count += !there[k];
            there[k] = true;
            break;
        case 1:
            assert_true(lf_map_remove(&map, key) == (there[k] ? &values[k] : NULL));
            count -= there[k];
            there[k] = false;
            break;
        default: assert_true(lf_map_get(&map, key) == (there[k] ? &values[k] : NULL));
        }
        assert_int_equal(map.count, count);
    }
    size_t seen = 0, at = 0;
    while (lf_map_next(&map, &at) != NULL)
        seen++;
    assert_int_equal(seen, count);
    lf_map_release(&map);
}

static void
a_map_is_walked_in_order_and_survives_lack_of_memory(void **state)
{
    (void)state;
    static char names[100][8];
    for (int n = 1; n < 30; n++) {
        struct lf_map map;
        lf_map_init(&map);
        lf_mem_fail_at((uint64_t)n, false);
        int added = 0;
        for (int i = 0; i < 100; i++) {
            snprintf(names[i], sizeof(names[i]), "%d", i);
            added += lf_map_add(&map, lf_bytes_of(names[i]), names[i]) == LF_OK;
        }
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(added, hit ? 99 : 100);
        assert_int_equal(map.count, (size_t)added);
        size_t at = 0;
        int last = -1;
        for (const struct lf_map_entry *e = lf_map_next(&map, &at); e != NULL; e = lf_map_next(&map, &at)) {
            int number = (int)strtol(e->value, NULL, 10);
            assert_true(number > last);
            last = number;
        }
        lf_map_release(&map);
        if (!hit)
            return;
    }
    fail_msg("the fault was always hit");
}

static void
times_go_there_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00.000000Z", 0},
        {"2026-11-24T08:46:34.123456Z", 1795509994123456},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2000-02-29T12:00:00.000000Z", 951825600000000},
        {"0001-01-01T00:00:00.000000Z", -62135596800000000},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[LF_TIME_TEXT_SIZE];
        int64_t us = 0;
        assert_int_equal(lf_time_format(rows[i].us, 6, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
        assert_true(lf_time_parse(lf_bytes_of(rows[i].text), &us));
        assert_int_equal(us, rows[i].us);
    }
    static const struct {
        const char *text;
        const char *utc;
    } forms[] = {
        {"2026-11-24t08:46:34z", "2026-11-24T08:46:34.000Z"},
        {"2026-11-24T08:46:34.5+02:00", "2026-11-24T06:46:34.500Z"},
        {"2026-01-01T00:30:00-01:00", "2026-01-01T01:30:00.000Z"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"},
        {"2026-11-24T08:46:34.123456789Z", "2026-11-24T08:46:34.123Z"},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char text[LF_TIME_TEXT_SIZE];
        int64_t us = 0;
        assert_true(lf_time_parse(lf_bytes_of(forms[i].text), &us));
        lf_time_format(us, 3, text);
        assert_string_equal(text, forms[i].utc);
    }
    static const char *const bad[] = {"",
                                      "2026-11-24",
                                      "2026-13-01T00:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-11-24T24:00:00Z",
                                      "2026-11-24T08:46:34",
                                      "2026-11-24T08:46:34.Z",
                                      "2026-11-24T08:46:34+2:00",
                                      "2026-11-24T08:46:60Z",
                                      "2026-11-24T08:46:34Z ",
                                      "0000-01-01T00:00:00Z"};
    int64_t us;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(lf_time_parse(lf_bytes_of(bad[i]), &us));
    assert_true(lf_date_valid(LF_LIT("2024-02-29")) && !lf_date_valid(LF_LIT("2023-02-29")));
    assert_true(lf_fulltime_valid(LF_LIT("08:46:34.5Z")) && !lf_fulltime_valid(LF_LIT("8:46:34Z")));
}

static int64_t fixed_us;

static int64_t
fixed_real(void *ctx)
{
    (void)ctx;
    return fixed_us;
}

static void
uuids_follow_rfc_9562(void **state)
{
    (void)state;
    const struct lf_clock fixed = {fixed_real, NULL, NULL, NULL};
    fixed_us = 0x017f22e279b0 * INT64_C(1000); /* the example of RFC 9562, appendix A.6 */
    lf_clock_replace(&fixed);
    struct lf_uuid before = lf_uuid_v7();
    char text[LF_UUID_TEXT_LEN + 1];
    lf_uuid_format(&before, text);
    assert_memory_equal(text, "017f22e2-79b0-7", 15);
    assert_true(strchr("89ab", text[19]) != NULL);
    for (int i = 0; i < 10000; i++) { /* more than one millisecond's counter holds, on a clock that stands */
        struct lf_uuid next = lf_uuid_v7();
        assert_true(memcmp(&before, &next, sizeof(next)) < 0);
        before = next;
    }
    fixed_us -= 86400 * INT64_C(1000000); /* the clock jumps back a day: ids still ascend */
    struct lf_uuid next = lf_uuid_v7();
    assert_true(memcmp(&before, &next, sizeof(next)) < 0);
    lf_clock_replace(NULL);

    struct lf_uuid dns, parsed; /* the version 5 example of RFC 9562, appendix A.4 */
    assert_true(lf_uuid_parse(LF_LIT("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), &dns));
    struct lf_uuid five = lf_uuid_v5(&dns, LF_LIT("www.example.com"));
    lf_uuid_format(&five, text);
    assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    assert_true(lf_uuid_parse(LF_LIT("2ED6657D-E927-568B-95E1-2665A8AEA6A2"), &parsed));
    assert_memory_equal(&parsed, &five, sizeof(five));
    assert_false(lf_uuid_parse(LF_LIT("2ed6657de927-568b-95e1-2665a8aea6a2a"), &parsed));
    assert_false(lf_uuid_parse(LF_LIT("2ed6657d-e927-568b-95e1-2665a8aea6ag"), &parsed));
}

static void
errors_carry_fate_and_context(void **state)
{
    (void)state;
    struct lf_err err = {0};
    assert_int_equal(lf_fail(&err, LF_UNAVAILABLE, "no answer from %s", "it"), LF_UNAVAILABLE);
    assert_int_equal(err.fate, LF_FATE_RETRY);
    lf_err_context(&err, "opening %d", 5);
    assert_string_equal(err.text, "opening 5: no answer from it");
    assert_string_equal(err.where, __func__);
    lf_fail(&err, LF_INVALID, "again: %s", err.text); /* an error's own text may be an argument */
    assert_string_equal(err.text, "again: opening 5: no answer from it");
    assert_string_equal(lf_status_name(LF_FENCED), "FENCED");
    assert_string_equal(lf_status_text((enum lf_status)999), "unknown status");
}

static void
a_text_that_is_cut_off_stays_utf8(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        for (int lead = 0; lead < 4; lead++) {
            char text[LF_ERR_TEXT_MAX * 2] = "abcd";
            size_t len = (size_t)lead;
            while (len < sizeof(text) - 5)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", characters[i]);
            struct lf_err err = {0};
            lf_fail(&err, LF_INVALID, "%s", text);
            assert_true(lf_utf8_valid(lf_bytes_of(err.text), NULL));
            assert_true(strlen(err.text) >= LF_ERR_TEXT_MAX - 4);
            lf_err_context(&err, "%.*s", lead + 1, "abcd");
            assert_true(lf_utf8_valid(lf_bytes_of(err.text), NULL));
        }
    }
}

static void
secrets_are_blotted_out(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"log kafka://host:9092 is away", "log kafka://host:9092 is away"},
        {"store postgresql://me:s3cret@db:5432/x: no", "store postgresql://me:***@db:5432/x: no"},
        {"kafka://a:one@h:1,b:two@h:2,h:3", "kafka://a:***@h:1,b:***@h:2,h:3"},
        {"'mongodb://u:p@h' and 'x://v:@h'", "'mongodb://u:*@h' and 'x://v:@h'"},
        {"postgresql://h/x?user=u&password=hush&sslmode=require",
         "postgresql://h/x?user=u&password=***&sslmode=require"},
        {"host=h sslPassword=hush port=1 passwd=x", "host=h sslPassword=*** port=1 passwd=*"},
        {"mail me:you@home", "mail me:you@home"},
        {"x://", "x://"},
        {"password=", "password="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "%s", rows[i][0]);
        lf_redact(text);
        assert_string_equal(text, rows[i][1]);
    }
}

static char reported[4096];

static void
take_line(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    assert_true(len < sizeof(reported));
    memcpy(reported, text, len);
    reported[len] = '\0';
}

static void
log_lines_quote_what_needs_it(void **state)
{
    (void)state;
    lf_report_redirect(take_line, NULL);
    lf_report(LF_DEBUG, "silent", NULL);
    assert_string_equal(reported, "");
    lf_report(LF_INFO, "ready", "listen", "127.0.0.1:1", "empty", "", "odd", "a \"b\"\n", "none", NULL, NULL);
    assert_non_null(strstr(reported, "level=info msg=ready listen=127.0.0.1:1 empty=\"\" odd=\"a \\\"b\\\"\\n\""));
    struct lf_err err = {0};
    lf_fail(&err, LF_IO, "disk on fire");
    lf_report_configure(LF_WARN, true);
    lf_report_err(LF_ERROR, "stopped", &err, "topic", "t", NULL);
    assert_non_null(
        strstr(reported, "\"msg\":\"stopped\",\"topic\":\"t\",\"status\":\"IO\",\"error\":\"disk on fire\"}"));
    lf_report_configure(LF_INFO, false);
    lf_report(LF_INFO, "open", "log", "kafka://me:hush@h", NULL);
    assert_non_null(strstr(reported, "log=kafka://me:***@h\n"));
    lf_report_redirect(NULL, NULL);
}

static void
metrics_are_rendered_for_prometheus(void **state)
{
    (void)state;
    struct lf_metric *a = lf_metrics_counter("test_things_total", "kind=\"a\"", "Things");
    lf_metric_set(lf_metrics_gauge("test_other", "", "Other"), -5);
    lf_metric_add(a, 3);
    assert_ptr_equal(a, lf_metrics_counter("test_things_total", "kind=\"a\"", "Things"));
    lf_metric_add(lf_metrics_counter("test_things_total", "kind=\"b\"", "Things"), 1);
    struct lf_histogram *h = lf_metrics_histogram("test_seconds", "", "Time");
    lf_histogram_observe_us(h, 150);
    lf_histogram_observe_us(h, 99999999);
    struct lf_buf out;
    lf_buf_init(&out, 1 << 20);
    lf_metrics_render(&out);
    lf_buf_add_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "# HELP test_things_total Things\n# TYPE test_things_total counter\n"
                                    "test_things_total{kind=\"a\"} 3\ntest_things_total{kind=\"b\"} 1\n"));
    assert_non_null(strstr(out.ptr, "# TYPE test_other gauge\ntest_other -5\n"));
    assert_non_null(strstr(out.ptr, "test_seconds_bucket{le=\"0.0001\"} 0\ntest_seconds_bucket{le=\"0.00025\"} 1\n"));
    assert_non_null(strstr(out.ptr, "test_seconds_bucket{le=\"+Inf\"} 2\ntest_seconds_sum 100.000149\n"
                                    "test_seconds_count 2\n"));
    lf_buf_release(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(doubles_are_json_numbers_only),
        cmocka_unit_test(utf8_is_checked_by_rfc_3629),
        cmocka_unit_test(a_buffer_keeps_to_its_maximum),
        cmocka_unit_test(out_of_memory_leaves_a_buffer_as_it_was),
        cmocka_unit_test(an_arena_hands_out_aligned_memory_up_to_its_limit),
        cmocka_unit_test(arrays_grow_in_an_arena),
        cmocka_unit_test(a_map_agrees_with_an_array),
        cmocka_unit_test(a_map_is_walked_in_order_and_survives_lack_of_memory),
        cmocka_unit_test(times_go_there_and_back),
        cmocka_unit_test(uuids_follow_rfc_9562),
        cmocka_unit_test(errors_carry_fate_and_context),
        cmocka_unit_test(a_text_that_is_cut_off_stays_utf8),
        cmocka_unit_test(secrets_are_blotted_out),
        cmocka_unit_test(log_lines_quote_what_needs_it),
        cmocka_unit_test(metrics_are_rendered_for_prometheus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
