/* Dead letters as text and JSON: nothing in them reaches a terminal as it is, and every byte reaches a program. */
#include "cli/letter_print.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lf_arena arena;
static struct lf_buf out;

static struct lf_dead_letter
letter(void)
{
    return (struct lf_dead_letter){.id = 42,
                                   .place = {LF_LIT("t"), 2, 17},
                                   .event_id = LF_LIT("e\n1"),
                                   .event_type = LF_LIT("Made"),
                                   .key = LF_LIT("k"),
                                   .value = {"\xff\0{", 3},
                                   .stage = LF_LIT("validate"),
                                   .code = LF_LIT("EVENT_INVALID"),
                                   .reason = LF_LIT("it is\x1b[31m wrong"),
                                   .record_time_ms = INT64_C(1795509789000),
                                   .dead_at_us = INT64_C(1795509789000007)};
}

static void
assert_out(const char *expected)
{
    assert_int_equal(out.failed, LF_OK);
    lf_buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, expected);
    lf_buf_clear(&out);
}

static struct lf_value
headers(void)
{
    struct lf_value value;
    struct lf_err err = {0};
    assert_int_equal(lf_json_parse(&arena, LF_LIT("{\"a\":[\"1\",null],\"b\":\"x\\u0007\"}"), &value, &err), LF_OK);
    return value;
}

static void
test_row(void **state)
{
    (void)state;
    struct lf_dead_letter one = letter();
    lf_letter_print_row(&out, &one, false);
    assert_out("2026-11-24T08:43:09.000007Z  EVENT_INVALID   t/2@17  Made  e\\x0a1  healed=no  it is\\x1b[31m wrong\n");
    one.event_id = one.event_type = LF_BYTES_NONE;
    lf_letter_print_row(&out, &one, true);
    assert_out("2026-11-24T08:43:09.000007Z  EVENT_INVALID   t/2@17  -  -  healed=yes  it is\\x1b[31m wrong\n");
}

static void
test_page(void **state)
{
    (void)state;
    struct lf_dead_letter one = letter();
    struct lf_value shown = headers();
    lf_letter_print_full(&out, &one, true, &shown);
    assert_out("place        t/2@17\n"
               "eventId      e\\x0a1\n"
               "eventType    Made\n"
               "stage        validate\n"
               "code         EVENT_INVALID\n"
               "reason       it is\\x1b[31m wrong\n"
               "healed       yes\n"
               "time         2026-11-24T08:43:09.000000Z\n"
               "deadAt       2026-11-24T08:43:09.000007Z\n"
               "key          k\n"
               "header       a: [\"1\",null]\n"
               "header       b: x\\x07\n"
               "value        \\xff\\x00{\n");
}

static void
test_json(void **state)
{
    (void)state;
    struct lf_dead_letter one = letter();
    struct lf_value shown = headers();
    lf_letter_print_json(&out, &one, false, NULL);
    assert_out("{\"eventId\":\"e\\n1\",\"eventType\":\"Made\",\"topic\":\"t\",\"partition\":2,\"offset\":17,"
               "\"stage\":\"validate\",\"code\":\"EVENT_INVALID\",\"reason\":\"it is\\u001b[31m wrong\","
               "\"time\":\"2026-11-24T08:43:09.000000Z\",\"deadAt\":\"2026-11-24T08:43:09.000007Z\",\"healed\":false,"
               "\"cursor\":\"42\"}\n");
    one.event_id = one.event_type = one.key = LF_BYTES_NONE;
    lf_letter_print_json(&out, &one, true, &shown);
    assert_out("{\"eventId\":null,\"eventType\":null,\"topic\":\"t\",\"partition\":2,\"offset\":17,"
               "\"stage\":\"validate\",\"code\":\"EVENT_INVALID\",\"reason\":\"it is\\u001b[31m wrong\","
               "\"time\":\"2026-11-24T08:43:09.000000Z\",\"deadAt\":\"2026-11-24T08:43:09.000007Z\",\"healed\":true,"
               "\"key\":null,\"headers\":{\"a\":[\"1\",null],\"b\":\"x\\u0007\"},\"value\":{\"base64\":\"/wB7\"}}\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_json),
    };
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&out, 64 * 1024);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lf_buf_release(&out);
    lf_arena_release(&arena);
    return failed;
}
