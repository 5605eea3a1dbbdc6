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
written_and_read(void **state)
{
    (void)state;
    static const struct {
        int32_t indexes[4];
        size_t count;
        struct lf_bytes bytes;
    } rows[] = {
        {{0}, 1, LF_LIT_INIT("\0")},
        {{1}, 1, LF_LIT_INIT("\2\2")},
        {{1, 0}, 2, LF_LIT_INIT("\4\2\0")},
        {{200, 0, 3}, 3, LF_LIT_INIT("\6\x90\3\0\6")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t indexes[LF_WIRE_INDEXES_MAX];
        size_t count;
        struct lf_bytes rest;
        struct lf_buf out;
        lf_buf_init(&out, 100);
        lf_wire_write_id(&out, 258);
        lf_wire_write_indexes(&out, rows[i].indexes, rows[i].count);
        assert_int_equal(out.len, LF_WIRE_PREFIX_BYTES + rows[i].bytes.len);
        assert_memory_equal(out.ptr, "\0\0\0\1\2", LF_WIRE_PREFIX_BYTES);
        assert_memory_equal(out.ptr + LF_WIRE_PREFIX_BYTES, rows[i].bytes.ptr, rows[i].bytes.len);
        lf_buf_add_char(&out, '!');
        struct lf_bytes behind = lf_bytes(out.ptr + LF_WIRE_PREFIX_BYTES, out.len - LF_WIRE_PREFIX_BYTES);
        assert_int_equal(lf_wire_read_indexes(behind, indexes, &count, &rest, NULL), LF_OK);
        assert_int_equal(count, rows[i].count);
        assert_memory_equal(indexes, rows[i].indexes, count * sizeof(*indexes));
        assert_true(lf_bytes_equal_text(rest, "!"));
        for (size_t len = 0; len + 1 < behind.len; len++) /* cut anywhere */
            assert_int_equal(lf_wire_read_indexes(lf_bytes(behind.ptr, len), indexes, &count, &rest, NULL), LF_INVALID);
        lf_buf_release(&out);
    }
}

static void
indexes_that_are_none(void **state)
{
    (void)state;
    const struct lf_bytes rows[] = {
        LF_LIT("\1"),                         /* minus one of them */
        LF_LIT("\2\1"),                       /* an index of minus one */
        LF_LIT("\x42\0\0\0\0"),               /* 33 */
        LF_LIT("\xfe\xff\xff\xff\xff\xff\0"), /* too large */
        LF_LIT("\2\x80\x80\x80\x80\x80\0"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t indexes[LF_WIRE_INDEXES_MAX];
        size_t count;
        struct lf_bytes rest;
        assert_int_equal(lf_wire_read_indexes(rows[i], indexes, &count, &rest, NULL), LF_INVALID);
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
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(indexes_that_are_none),
        cmocka_unit_test(subjects),
        cmocka_unit_test(words_for_types_and_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
