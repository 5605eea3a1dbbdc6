/* Idempotency keys in memory: kept while in work, the oldest answered ones forgotten first. */
#include "base/mem.h"
#include "gateway/keyed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t digest[32] = {1};
static const struct lf_receipt receipt = {.partition = 1, .offset = 7};

static const char *
id_of(int i)
{
    static char text[LF_UUID_TEXT_LEN + 1];
    snprintf(text, sizeof(text), "00000000-0000-5000-8000-%012d", i);
    return text;
}

static void
the_oldest_answered_are_forgotten_first(void **state)
{
    (void)state;
    int64_t live = lf_mem_live();
    struct lf_keyed *keyed = lf_keyed_new(3);
    struct lf_keyed_entry *in_work = lf_keyed_add(keyed, id_of(0), digest);
    for (int i = 1; i <= 5; i++)
        lf_keyed_done(keyed, lf_keyed_add(keyed, id_of(i), digest), &receipt);
    assert_ptr_equal(lf_keyed_find(keyed, id_of(0)), in_work);
    assert_false(in_work->done);
    assert_null(lf_keyed_find(keyed, id_of(1)));
    assert_null(lf_keyed_find(keyed, id_of(2)));
    for (int i = 3; i <= 5; i++)
        assert_int_equal(lf_keyed_find(keyed, id_of(i))->receipt.offset, 7);
    lf_keyed_drop(keyed, lf_keyed_find(keyed, id_of(4))); /* out of the middle */
    lf_keyed_done(keyed, in_work, &receipt);
    lf_keyed_done(keyed, lf_keyed_add(keyed, id_of(6), digest), &receipt);
    assert_null(lf_keyed_find(keyed, id_of(3)));
    assert_non_null(lf_keyed_find(keyed, id_of(5)));
    assert_non_null(lf_keyed_find(keyed, id_of(0)));
    lf_keyed_free(keyed);
    assert_int_equal(lf_mem_live(), live);
}

static void
an_entry_is_added_once(void **state)
{
    (void)state;
    struct lf_keyed *keyed = lf_keyed_new(3);
    assert_non_null(lf_keyed_add(keyed, id_of(1), digest));
    assert_null(lf_keyed_add(keyed, id_of(1), digest));
    for (uint64_t n = 1; n <= 3; n++) { /* out of memory at each step: no entry, no leak */
        lf_mem_fail_at(n, false);
        struct lf_keyed_entry *entry = lf_keyed_add(keyed, id_of(10 + (int)n), digest);
        lf_mem_fail_at(0, false);
        assert_true(entry == lf_keyed_find(keyed, id_of(10 + (int)n)));
    }
    lf_keyed_free(keyed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_answered_are_forgotten_first),
        cmocka_unit_test(an_entry_is_added_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
