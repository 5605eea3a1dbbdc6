/* Confluent's wire format: what its serializers write is read, every damaged form refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/registry.h"
#include "codec/registry/wire.h"

static void
names(void **state)
{
    (void)state;
    struct lf_schema_name name;
    struct lf_bytes rest;
    struct lf_bytes by_id = LF_LIT("\0\x80\0\1\2{}");
    assert_int_equal(lf_wire_read_name(by_id, &name, &rest, NULL), LF_OK);
    assert_false(name.by_guid);
    assert_int_equal(name.id, 0x80000102);
    assert_true(lf_bytes_equal_text(rest, "{}"));
    struct lf_bytes by_guid = LF_LIT("\1"
                                     "0123456789abcdef!");
    assert_int_equal(lf_wire_read_name(by_guid, &name, &rest, NULL), LF_OK);
    assert_true(name.by_guid);
    assert_memory_equal(name.guid, "0123456789abcdef", 16);
    assert_true(lf_bytes_equal_text(rest, "!"));
}

static void
what_is_no_name(void **state)
{
    (void)state;
    struct lf_schema_name name;
    struct lf_bytes rest;
    const struct lf_bytes rows[] = {LF_LIT(""), LF_LIT("\0\0\0\1"),
                                    LF_LIT("\1"
                                           "0123456789abcde"),
                                    LF_LIT("\2\0\0\0\1"), LF_LIT("{\"a\":1}")};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_err err = {0};
        assert_int_equal(lf_wire_read_name(rows[i], &name, &rest, &err), LF_INVALID);
        assert_non_null(strstr(err.text, "magic byte"));
    }
}

static void
subjects(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_bytes topic = LF_LIT("orders"), record = LF_LIT("a.b.Quote");
    lf_arena_init(&arena, 0, 0);
    assert_true(lf_bytes_equal_text(lf_registry_subject(LF_SUBJECT_TOPIC, topic, record, &arena), "orders-value"));
    assert_true(lf_bytes_equal_text(lf_registry_subject(LF_SUBJECT_RECORD, topic, record, &arena), "a.b.Quote"));
    assert_true(
        lf_bytes_equal_text(lf_registry_subject(LF_SUBJECT_TOPIC_RECORD, topic, record, &arena), "orders-a.b.Quote"));
    lf_arena_release(&arena);
}

static void
words_for_types_and_levels(void **state)
{
    (void)state;
    for (int i = LF_SCHEMA_AVRO; i <= LF_SCHEMA_PROTOBUF; i++) {
        enum lf_schema_type type;
        assert_true(lf_schema_type_parse(lf_bytes_of(lf_schema_type_name((enum lf_schema_type)i)), &type));
        assert_int_equal(type, i);
    }
    for (int i = LF_COMPAT_NONE; i <= LF_COMPAT_FULL_TRANSITIVE; i++) {
        enum lf_compat_level level;
        assert_true(lf_compat_level_parse(lf_bytes_of(lf_compat_level_name((enum lf_compat_level)i)), &level));
        assert_int_equal(level, i);
    }
    enum lf_compat_level none;
    assert_false(lf_compat_level_parse(LF_LIT("backward"), &none));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(what_is_no_name),
        cmocka_unit_test(subjects),
        cmocka_unit_test(words_for_types_and_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
