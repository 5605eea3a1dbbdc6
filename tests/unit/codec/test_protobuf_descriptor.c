/* Descriptors in base64 instead of .proto files. tests/e2e/test_protobuf.py compares many with their files. */
#include "codec/protobuf/descriptor.h"
#include "protobuf_kit.h"

/* package o; message Money { int64 units = 1; } */
#define MONEY "CgdvLnByb3RvEgFvIhYKBU1vbmV5Eg0KBXVuaXRzGAEgASgDYgZwcm90bzM="
/* package a.b; import "o.proto"; message First { } message M { o.Money money = 1; map<string, int32> counts = 2;
 * optional string note = 3; oneof x { int32 i = 4; E e = 5; } enum E { Z = 0; Y = 1; } } */
#define FILE_OF_M                                                                                                      \
    "Cgd0LnByb3RvEgNhLmIaB28ucHJvdG8iBwoFRmlyc3Qi0wEKAU0SFwoFbW9uZXkYASABKAsyCC5vLk1vbmV5EiIKBmNvdW50cxgCIAMoCzISLmEu" \
    "Yi5NLkNvdW50c0VudHJ5EhEKBG5vdGUYAyABKAlIAYgBARILCgFpGAQgASgFSAASFQoBZRgFIAEoDjIILmEuYi5NLkVIABo5CgtDb3VudHNFbnRy" \
    "eRIQCgNrZXkYASABKAlSA2tleRIUCgV2YWx1ZRgCIAEoBVIFdmFsdWU6AjgBIhEKAUUSBQoBWhAAEgUKAVkQAUIDCgF4QgcKBV9ub3RlYgZwcm90" \
    "bzM="

static enum lf_status
parse(const char *text, const char *money, struct lf_proto_schema **ret, struct lf_err *err)
{
    const struct lf_proto_file_text reference = {LF_LIT("o.proto"), lf_bytes_of(money)};
    return lf_proto_schema_parse(lf_bytes_of(text), &reference, 1, ret, err);
}

static void
test_a_descriptor_is_a_schema(void **state)
{
    (void)state;
    static const char *const moneys[] = {MONEY, "syntax = \"proto3\"; package o; message Money { int64 units = 1; }"};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(moneys) / sizeof(moneys[0]); i++) { /* a reference may be the one or the other */
        struct lf_proto_schema *schema = NULL;
        struct lf_proto_indexes indexes;
        struct lf_value value;
        struct lf_err err = {0};
        struct lf_buf json;
        assert_int_equal(parse(FILE_OF_M, moneys[i], &schema, &err), LF_OK);
        const struct lf_proto_message *message = lf_proto_schema_message(schema, LF_LIT("M"));
        assert_non_null(message);
        lf_proto_message_indexes(message, &indexes);
        assert_int_equal(indexes.count, 1);
        assert_int_equal(indexes.at[0], 1);
        assert_int_equal(lf_proto_decode(message,
                                         kit_bytes(&arena, "0a0208071205"
                                                           "0a016b10091a0028015005"),
                                         LF_PROTO_FILL, &arena, &value, &err),
                         LF_OK);
        lf_buf_init(&json, 1000);
        lf_json_write(&json, &value);
        lf_buf_add_char(&json, '\0');
        assert_string_equal(json.ptr, "{\"money\":{\"units\":7},\"counts\":{\"k\":9},\"note\":\"\",\"e\":\"Y\","
                                      "\"@unknown\":\"UAU=\"}");
        lf_buf_release(&json);
        lf_proto_schema_free(schema);
    }
    lf_arena_release(&arena);
}

static void
test_what_is_base64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool wanted;
    } rows[] = {
        {MONEY, true},           {"", false},  {"==", false},  {"YgZwcm90bzM=", true},
        {"message M {}", false}, {";", false}, {"enum", true}, /* no declaration is one word */
        {"a_b", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (lf_proto_is_descriptor(lf_bytes_of(rows[i].text)) != rows[i].wanted)
            fail_msg("%s", rows[i].text);
    }
}

/* Names come from outside and go into a text: nothing but a name may. */
static void
test_bad_descriptors_are_refused_with_words(void **state)
{
    (void)state;
    static const struct {
        const char *base64;
        const char *wanted; /* is in the words */
    } rows[] = {
        {"syntax", "neither a .proto file nor a descriptor in base64"},
        {"YgZwcm90b", "neither a .proto file nor a descriptor in base64"},
        {"YgZwcm90bzk=", "the syntax \"proto9\""},
        {"IhEKD00geyB9IG1lc3NhZ2UgTmIGcHJvdG8z", "the name \"M { } message N\""},
        {"EgNhO2JiBnByb3RvMw==", "the name \"a;b\""},
        {"IgoKAU0SBQoBZhgBYgZwcm90bzM=", "no type for \"f\""},
        {"IgwKAU0SBwoBZhgBKAtiBnByb3RvMw==", "no type for \"f\""}, /* a message without its name */
        {"IgoKAU0SBQoBZigFYgZwcm90bzM=", "0 is not between 1 and 536870911"},
        {"Ig4KAU0SCQoBZhgBKAVIA2IGcHJvdG8z", "no oneof for \"f\""},
        {"Ih8KAU0SGgoBZhgBKAU6ETFdOyBpbnQzMiBnID0gMiBb", "the default \"1]; int32 g = 2 [\""},
        {"IhAKAU0SCwoBZhgBKAw6Alxx", "an escape that there is not"},
        {"IicKAU0SFAoBZhgBIAMoCzIJLk0uRkVudHJ5GgwKBkZFbnRyeToCOAFiBnByb3RvMw==", "the entry of a map \"FEntry\""},
        {"IhIKAU0SDQoBZhgBKAsyBC54LlliBnByb3RvMw==", "the type \".x.Y\" is not known here"},
        {"Ggphd2F5LnByb3RvYgZwcm90bzM=", "the import \"away.proto\" is neither among the references"},
        {"IgoKAU0aBQoBThoAYgZwcm90bzM=", "the name \"\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_proto_schema *schema = NULL;
        struct lf_err err = {0};
        assert_int_equal(parse(rows[i].base64, MONEY, &schema, &err), LF_INVALID);
        if (strstr(err.text, rows[i].wanted) == NULL)
            fail_msg("%s\n gives %s\n wanted %s", rows[i].base64, err.text, rows[i].wanted);
        assert_null(schema);
    }
    struct lf_proto_schema *schema = NULL;
    struct lf_err err = {0};
    assert_int_equal(parse(FILE_OF_M, "YgZwcm90bzk=", &schema, &err), LF_INVALID);
    assert_non_null(strstr(err.text, "o.proto: "));
}

static void
test_a_descriptor_that_is_too_large(void **state)
{
    (void)state;
    char *text = lf_malloc(LF_PROTO_TEXT_BYTES_MAX + 1);
    struct lf_proto_schema *schema = NULL;
    struct lf_err err = {0};
    assert_non_null(text);
    memset(text, 'A', LF_PROTO_TEXT_BYTES_MAX + 1);
    assert_int_equal(lf_proto_schema_parse(lf_bytes(text, LF_PROTO_TEXT_BYTES_MAX + 1), NULL, 0, &schema, &err),
                     LF_LIMIT);
    memset(text, 'I', LF_PROTO_TEXT_BYTES_MAX); /* empty messages, or so */
    for (size_t i = 0; i + 8 <= LF_PROTO_TEXT_BYTES_MAX; i += 8)
        memcpy(text + i, "IgASACIA", 8);
    enum lf_status st = lf_proto_schema_parse(lf_bytes(text, LF_PROTO_TEXT_BYTES_MAX), NULL, 0, &schema, &err);
    assert_true(st == LF_INVALID || st == LF_LIMIT);
    lf_free(text);
}

static void
test_no_memory(void **state)
{
    (void)state;
    const struct lf_proto_file_text reference = {LF_LIT("o.proto"), LF_LIT(MONEY)};
    kit_parse_short_of_memory(FILE_OF_M, &reference, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_descriptor_is_a_schema),
        cmocka_unit_test(test_what_is_base64),
        cmocka_unit_test(test_bad_descriptors_are_refused_with_words),
        cmocka_unit_test(test_a_descriptor_that_is_too_large),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
