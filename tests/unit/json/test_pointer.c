/* JSON Pointers out of steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/pointer.h"

static void
assert_pointer(const struct lf_json_step *step, const char *wanted)
{
    char space[LF_JSON_POINTER_MAX];
    struct lf_bytes pointer = lf_json_pointer(step, space);
    assert_int_equal(pointer.len, strlen(wanted));
    assert_memory_equal(pointer.ptr, wanted, pointer.len);
}

static void
steps_become_a_pointer(void **state)
{
    (void)state;
    const struct lf_json_step lines = {.name = LF_LIT("lines")};
    const struct lf_json_step third = {.outer = &lines, .index = 120};
    const struct lf_json_step odd = {.outer = &third, .name = LF_LIT("a/b~c")};
    const struct lf_json_step empty = {.outer = &odd, .name = LF_LIT("")};
    assert_pointer(NULL, "");
    assert_pointer(&lines, "/lines");
    assert_pointer(&third, "/lines/120");
    assert_pointer(&empty, "/lines/120/a~1b~0c/");
}

static void
the_first_parts_of_a_long_way_are_left_out(void **state)
{
    (void)state;
    static char long_name[1000];
    memset(long_name, 'x', sizeof(long_name));
    const struct lf_json_step whole = {.name = lf_bytes(long_name, sizeof(long_name))};
    const struct lf_json_step a = {.outer = &whole, .name = lf_bytes(long_name, 150)};
    const struct lf_json_step b = {.outer = &a, .name = lf_bytes(long_name, 120)};
    char space[LF_JSON_POINTER_MAX];
    assert_int_equal(lf_json_pointer(&whole, space).len, 0);
    assert_int_equal(lf_json_pointer(&a, space).len, 151);
    assert_int_equal(lf_json_pointer(&b, space).len, 121); /* with escapes the other might not have had room */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_become_a_pointer),
        cmocka_unit_test(the_first_parts_of_a_long_way_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
