/* Keys of events, and when two events of one id are the same. */
#include "event/event.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lf_arena arena;

static struct lf_value
json(const char *text)
{
    struct lf_value value;
    struct lf_err err = {0};
    assert_int_equal(lf_json_parse(&arena, lf_bytes_of(text), &value, &err), LF_OK);
    return value;
}

static void
a_generated_time_makes_no_other_event(void **state)
{
    (void)state;
    struct lf_field fields[] = {{.name = LF_LIT("at"), .generated = LF_GENERATED_EVENT_TIME},
                                {.name = LF_LIT("id"), .generated = LF_GENERATED_UUID},
                                {.name = LF_LIT("amount")}};
    const struct lf_event_type type = {.fields = fields, .field_count = 3};
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"{\"at\":\"1\",\"amount\":1}", "{\"amount\":1.0,\"at\":\"2\"}", true},
        {"{\"amount\":1}", "{\"amount\":1,\"at\":\"2\"}", true},
        {"{\"at\":\"1\",\"amount\":1}", "{\"at\":\"1\",\"amount\":2}", false},
        {"{\"at\":\"1\",\"amount\":1}", "{\"at\":\"1\",\"amount\":1,\"more\":null}", false},
        {"{\"at\":\"1\",\"id\":\"x\"}", "{\"at\":\"1\",\"id\":\"y\"}", false},
        {"[1]", "[1]", true},
        {"{}", "[]", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_event event = {.type_name = LF_LIT("T"), .type = &type, .payload = json(rows[i].a)};
        struct lf_value other = json(rows[i].b);
        assert_int_equal(lf_event_same(&event, LF_LIT("T"), &other), rows[i].same);
        assert_false(lf_event_same(&event, LF_LIT("U"), &other));
        event.type = NULL; /* unknown to the schema: every member counts */
        assert_int_equal(lf_event_same(&event, LF_LIT("T"), &other), lf_value_equal(&event.payload, &other));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_generated_time_makes_no_other_event)};
    lf_arena_init(&arena, 0, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lf_arena_release(&arena);
    return failed;
}
