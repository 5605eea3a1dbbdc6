/* Events as text and JSON, row by row. */
#include "cli/event_print.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TIME_US = 1795509789 }; /* seconds; 2026-11-24T08:43:09Z */

static struct lf_arena arena;
static struct lf_buf out;

static struct lf_value
json(const char *text)
{
    struct lf_value value;
    struct lf_err err = {0};
    if (lf_json_parse(&arena, lf_bytes_of(text), &value, &err) != LF_OK)
        fail_msg("%s: %s", text, err.text);
    return value;
}

static struct lf_stored_event
stored(const char *payload)
{
    return (struct lf_stored_event){
        .status = LF_EVENT_STORED,
        .event = {.id = LF_LIT("e1"),
                  .type_name = LF_LIT("Made"),
                  .payload = json(payload),
                  .key = LF_LIT("k"),
                  .entity_key = LF_LIT("k"),
                  .time_us = INT64_C(1000000) * TIME_US + 7,
                  .place = {LF_LIT("t"), 2, 17}},
        .entity_type = LF_LIT("Quote"),
        .headers = json("{\"ce_type\":\"Made\",\"two\":[\"a\",\"b\"],\"none\":null}"),
        .stored_at_us = INT64_C(1000000) * TIME_US,
    };
}

static struct lf_stored_event
dead(void)
{
    struct lf_stored_event event = stored("null");
    event.status = LF_EVENT_DEAD_LETTERED;
    event.letter = (struct lf_dead_letter){.stage = LF_LIT("decode"),
                                           .code = LF_LIT("NOT_AN_EVENT"),
                                           .reason = LF_LIT("it is\nnone"),
                                           .value = LF_LIT("\xff{")};
    event.event.id = LF_BYTES_NONE;
    event.event.type_name = LF_BYTES_NONE;
    event.event.key = LF_LIT("\xff");
    return event;
}

static void
is(const char *text)
{
    if (!lf_bytes_equal_text(lf_buf_view(&out), text))
        fail_msg("%.*s\nis not\n%s", LF_FMT(lf_buf_view(&out)), text);
    lf_buf_clear(&out);
}

static void
has(const char *text)
{
    lf_buf_add_char(&out, '\0');
    if (strstr(out.ptr, text) == NULL)
        fail_msg("%s\nlacks\n%s", out.ptr, text);
    out.len--;
}

static void
rows(void **state)
{
    (void)state;
    struct lf_stored_event event = stored("{\"a\":1}");
    lf_event_print_row(&out, &event);
    is("2026-11-24T08:43:09.000007Z  STORED         t/2@17  Made  e1  {\"a\":1}\n");
    event = dead();
    lf_event_print_row(&out, &event);
    is("2026-11-24T08:43:09.000007Z  DEAD_LETTERED  t/2@17  -  -  it is\\x0anone\n");
}

/* What a terminal would obey must not get there: ESC, DEL, C1 (here CSI, U+009B), bytes that are no text. */
static void
terminals_are_safe(void **state)
{
    (void)state;
    struct lf_stored_event event = stored("{\"a\":\"\\u001b[2J\x7f\xc2\x9b\xc2\xa0\xc3\xa9\"}");
    event.event.type_name = LF_LIT("\x1b[31m\xc3\xa9");
    event.event.id = LF_LIT("\xff\xfe");
    lf_event_print_row(&out, &event);
    is("2026-11-24T08:43:09.000007Z  STORED         t/2@17  \\x1b[31m\xc3\xa9  \\xff\\xfe  "
       "{\"a\":\"\\u001b[2J\\x7f\\u009b\xc2\xa0\xc3\xa9\"}\n");
    lf_event_print_full(&out, &event);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.ptr[i] == '\n' || ((unsigned char)out.ptr[i] >= ' ' && out.ptr[i] != 0x7f));
    lf_buf_clear(&out);
    const struct lf_record record = {.topic = LF_LIT("t"), .partition = 0, .offset = 3, .timestamp_ms = 0};
    lf_event_print_garbage(&out, &record, "odd \x1b byte", false);
    is("1970-01-01T00:00:00.000000Z  NOT AN EVENT   t/0@3  odd \\x1b byte\n");
}

static void
pages(void **state)
{
    (void)state;
    struct lf_stored_event event = stored("{\"a\":[1]}");
    lf_event_print_full(&out, &event);
    has("eventId      e1\neventType    Made\nstatus       STORED\ntime         2026-11-24T08:43:09.000007Z\n");
    has("storedAt     2026-11-24T08:43:09.000000Z\nplace        t/2@17\nkey          k\nentityType   Quote\n");
    has("header       ce_type: Made\nheader       two: [\"a\",\"b\"]\nheader       none: null\n");
    has("payload      {\n  \"a\": [\n    1\n  ]\n}\n");
    lf_buf_clear(&out);
    event = dead();
    lf_event_print_full(&out, &event);
    has("status       DEAD_LETTERED\nstage        decode\ncode         NOT_AN_EVENT\nreason       it is\\x0anone\n");
    has("key          \\xff\n");
    has("value        \\xff{\n");
    lf_buf_clear(&out);
}

static void
lines_of_json(void **state)
{
    (void)state;
    struct lf_stored_event event = stored("{\"a\":1}");
    lf_event_print_json(&out, &event, LF_LIT("c"));
    is("{\"eventId\":\"e1\",\"eventType\":\"Made\",\"payload\":{\"a\":1},\"status\":\"STORED\","
       "\"time\":\"2026-11-24T08:43:09.000007Z\",\"storedAt\":\"2026-11-24T08:43:09.000000Z\",\"topic\":\"t\","
       "\"partition\":2,\"offset\":17,\"key\":\"k\",\"entityType\":\"Quote\",\"entityKey\":\"k\","
       "\"headers\":{\"ce_type\":\"Made\",\"two\":[\"a\",\"b\"],\"none\":null},\"cursor\":\"c\"}\n");
    event = dead();
    lf_event_print_json(&out, &event, LF_BYTES_NONE);
    has("{\"eventId\":null,\"eventType\":null,\"payload\":null,\"status\":\"DEAD_LETTERED\",");
    has("\"key\":null,");
    has("\"stage\":\"decode\",\"code\":\"NOT_AN_EVENT\",\"reason\":\"it is\\nnone\"}\n");
    (void)json(lf_arena_text(&arena, lf_bytes(out.ptr, out.len - 1))); /* is JSON */
    lf_buf_clear(&out);
    const struct lf_record record = {.topic = LF_LIT("t"), .partition = 0, .offset = 3};
    lf_event_print_garbage(&out, &record, "why", true);
    is("{\"eventId\":null,\"topic\":\"t\",\"partition\":0,\"offset\":3,\"reason\":\"why\"}\n");
}

static void
headers(void **state)
{
    (void)state;
    const struct lf_header list[] = {{LF_LIT("a"), LF_LIT("1")},
                                     {LF_LIT("b"), LF_BYTES_NONE},
                                     {LF_LIT("a"), LF_LIT("\xff")},
                                     {LF_LIT("\xff"), LF_LIT("x")},
                                     {LF_LIT("a"), LF_LIT("")}};
    struct lf_value value = lf_event_headers_value(list, 5, &arena);
    lf_json_write(&out, &value);
    is("{\"a\":[\"1\",null,\"\"],\"b\":null,\"\\\\xff\":\"x\"}");
    value = lf_event_headers_value(NULL, 0, &arena);
    lf_json_write(&out, &value);
    is("{}");
    static struct lf_header many[5000];
    for (size_t i = 0; i < 5000; i++)
        many[i] = (struct lf_header){lf_bytes_of(lf_arena_printf(&arena, "h%zu", i)), LF_LIT("")};
    assert_int_equal(lf_event_headers_value(many, 5000, &arena).count, 1000);
}

static int
setup(void **state)
{
    (void)state;
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&out, 1 << 20);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    lf_arena_release(&arena);
    lf_buf_release(&out);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),    cmocka_unit_test(terminals_are_safe),
        cmocka_unit_test(pages),   cmocka_unit_test(lines_of_json),
        cmocka_unit_test(headers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
