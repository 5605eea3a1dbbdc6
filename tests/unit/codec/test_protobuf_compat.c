/* Which changes of a schema keep old messages from being read: one row a change. */
#include "protobuf_kit.h"

#include "base/mem.h"

struct change {
    const char *writer;
    const char *reader;
    const char *breaks; /* "PATH: TEXT", with line breaks between; "": compatible */
};

#define P3 "syntax = 'proto3'; "

static const struct change changes[] = {
    /* fields */
    {P3 "message M { int32 a = 1; }", P3 "message M { int32 a = 1; string b = 2; }", ""},
    {P3 "message M { int32 a = 1; string b = 2; }", P3 "message M { int32 a = 1; }", ""},
    {P3 "message M { int32 a = 1; }", P3 "message M { int32 b = 1; }", ""},
    {P3 "message M { int32 a = 1; }", P3 "message M { int64 a = 1; }", ""},
    {P3 "message M { int32 a = 1; }", P3 "message M { E a = 1; } enum E { X = 0; }", ""},
    {P3 "message M { string a = 1; }", P3 "message M { bytes a = 1; }", ""},
    {P3 "message M { fixed32 a = 1; }", P3 "message M { sfixed32 a = 1; }", ""},
    {P3 "message M { fixed64 a = 1; }", P3 "message M { sfixed64 a = 1; }", ""},
    {P3 "message M { int32 a = 1; }", P3 "message M { optional int32 a = 1; }", ""},
    {P3 "message M { int32 a = 1; }", P3 "message M { sint32 a = 1; }", "/M/a: the type changed from int32 to sint32"},
    {P3 "message M { int32 a = 1; }", P3 "message M { string a = 1; }", "/M/a: the type changed from int32 to string"},
    {P3 "message M { float a = 1; }", P3 "message M { double a = 1; }", "/M/a: the type changed from float to double"},
    {P3 "message M { fixed32 a = 1; }", P3 "message M { fixed64 a = 1; }",
     "/M/a: the type changed from fixed32 to fixed64"},
    {P3 "message M { string a = 1; }", P3 "message M { N a = 1; } message N {}",
     "/M/a: the type changed from string to N"},
    {P3 "message M { int32 a = 1; string b = 2; }", P3 "message M { int32 a = 2; string b = 1; }",
     "/M/b: the type changed from int32 to string\n/M/a: the type changed from string to int32"},
    {P3 "message M { string a = 1; }", P3 "message M { repeated string a = 1; }", ""},
    {P3 "message M { repeated int32 a = 1; }", P3 "message M { int32 a = 1; }",
     "/M/a: the field was repeated and is a single value, which numbers do not survive"},
    /* required */
    {"message M { optional int32 a = 1; }", "message M { optional int32 a = 1; required int32 b = 2; }",
     "/M/b: a required field was added: what was written lacks it"},
    {"message M { optional int32 a = 1; }", "message M { required int32 a = 1; }",
     "/M/a: the field is required now, and what was written may lack it"},
    {"message M { required int32 a = 1; }", "message M { }", "/M/a: the required field was removed"},
    {"message M { required int32 a = 1; }", "message M { optional int32 a = 1; }", ""},
    /* messages */
    {P3 "message M {} message N {}", P3 "message M {}", "/N: the message is not there any more"},
    {P3 "message M {} message N {}", P3 "message N {} message M {}", ""},
    {P3 "message M {}", P3 "message M {} message N {}", ""},
    {P3 "message M { message N {} }", P3 "message M { }", "/M.N: the message is not there any more"},
    {P3 "message M { message N {} }", P3 "message M { } message N {}", "/M.N: the message is not there any more"},
    {P3 "message M { message N { int32 a = 1; } }", P3 "message M { message N { bool b = 1; string a = 2; } }", ""},
    {P3 "message M { message N { int32 a = 1; } }", P3 "message M { message N { double a = 1; } }",
     "/M.N/a: the type changed from int32 to double"},
    {P3 "message M { A a = 1; } message A {} message B {}", P3 "message M { B a = 1; } message A {} message B {}",
     "/M/a: the type changed from A to B"},
    {P3 "package p; message M { M m = 1; }", P3 "package q; message M { M m = 1; }", ""},
    {"message M { optional M m = 1; }", "message M { optional group M2 = 1 {} }",
     "/M/m2: the type changed from M to M.M2"},
    {"edition = '2023'; message M { M m = 1; }",
     "edition = '2023'; message M { M m = 1 [features.message_encoding = DELIMITED]; }",
     "/M/m: the message was no group and is a group"},
    /* maps */
    {P3 "message M { map<string, int32> a = 1; }", P3 "message M { map<string, int64> a = 1; }", ""},
    {P3 "message M { map<string, int32> a = 1; }", P3 "message M { map<string, string> a = 1; }",
     "/M/a/*: the type changed from int32 to string"},
    {P3 "message M { map<string, int32> a = 1; }", P3 "message M { map<int32, int32> a = 1; }",
     "/M/a: the type changed from string to int32"},
    {P3 "message M { map<string, int32> a = 1; }", P3 "message M { repeated N a = 1; } message N {}",
     "/M/a: the type changed from a map to N"},
    {P3 "message M { map<string, int32> a = 1; }", P3 "message M { }", ""},
    /* enums */
    {P3 "message M { E a = 1; } enum E { X = 0; Y = 1; }", P3 "message M { E a = 1; } enum E { X = 0; Z = 2; }", ""},
    {P3 "message M { E a = 1; } enum E { X = 0; }", P3 "message M { E a = 1; } enum E { X = 0; Y = 1; }", ""},
    {P3 "message M { E a = 1; } enum E { X = 0; }", P3 "message M { double a = 1; }",
     "/M/a: the type changed from E to double"},
    /* oneofs */
    {P3 "message M { int32 a = 1; }", P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }", ""},
    {P3 "message M { int32 a = 1; int32 b = 2; }", P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }",
     "/M/o: 2 fields moved into one oneof: only one of them would be read"},
    {P3 "message M { int32 a = 1; oneof o { int32 b = 2; } }", P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }",
     "/M/o: a field moved into a oneof that was there: one of the two would be lost"},
    {P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }", P3 "message M { oneof o { int32 a = 1; } }",
     "/M/b: the field was removed from the oneof o: what was written may have it"},
    {P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }", P3 "message M { oneof o { int32 a = 1; } int32 b = 2; }",
     ""},
    {P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }", P3 "message M { int32 a = 1; int32 b = 2; }", ""},
    {P3 "message M { oneof o { int32 a = 1; } }", P3 "message M { oneof p { string a = 1; } }",
     "/M/a: the type changed from int32 to string"},
    {P3 "message M { oneof o { int32 a = 1; } }", P3 "message M { oneof o { int32 a = 1; int32 b = 2; } }", ""},
    /* what is imported counts where it is used */
    {P3 "import 'google/protobuf/timestamp.proto'; message M { google.protobuf.Timestamp a = 1; }",
     P3 "import 'google/protobuf/duration.proto'; message M { google.protobuf.Duration a = 1; }",
     "/M/a: the type changed from google.protobuf.Timestamp to google.protobuf.Duration"},
};

static const char *
breaks_of(struct lf_arena *arena, const struct lf_proto_schema *reader, const struct lf_proto_schema *writer)
{
    struct lf_compat_report report;
    struct lf_err err = {0};
    const char *text = "";
    lf_compat_init(&report, arena);
    assert_int_equal(lf_proto_compat(reader, writer, &report, &err), LF_OK);
    for (size_t i = 0; i < report.count; i++)
        text = lf_arena_printf(arena, "%s%s%.*s: %.*s", text, i != 0 ? "\n" : "", LF_FMT(report.breaks[i].path),
                               LF_FMT(report.breaks[i].text));
    return text;
}

static void
test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct lf_proto_schema *writer = kit_parse(changes[i].writer), *reader = kit_parse(changes[i].reader);
        struct lf_arena arena;
        lf_arena_init(&arena, 0, 0);
        const char *breaks = breaks_of(&arena, reader, writer);
        if (strcmp(breaks, changes[i].breaks) != 0)
            fail_msg("%s\n-> %s\n%s\nwanted %s", changes[i].writer, changes[i].reader, breaks, changes[i].breaks);
        assert_string_equal(breaks_of(&arena, writer, writer), "");
        lf_arena_release(&arena);
        lf_proto_schema_free(writer);
        lf_proto_schema_free(reader);
    }
}

/* Types of other files are compared as they are reached. */
static void
test_references(void **state)
{
    (void)state;
    static const char text[] = P3 "import 'o.proto'; message M { o.O a = 1; }";
    const struct lf_proto_file_text before = {
        LF_LIT("o.proto"), LF_LIT(P3 "package o; message O { P p = 1; } message P { int32 a = 1; }")};
    const struct lf_proto_file_text after = {
        LF_LIT("o.proto"), LF_LIT(P3 "package o; message O { P p = 1; } message P { string a = 1; } message Q {}")};
    struct lf_proto_schema *writer = NULL, *reader = NULL;
    struct lf_arena arena;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_proto_schema_parse(lf_bytes_of(text), &before, 1, &writer, &err), LF_OK);
    assert_int_equal(lf_proto_schema_parse(lf_bytes_of(text), &after, 1, &reader, &err), LF_OK);
    assert_string_equal(breaks_of(&arena, reader, writer), "/P/a: the type changed from int32 to string");
    lf_arena_release(&arena);
    lf_proto_schema_free(writer);
    lf_proto_schema_free(reader);
}

static void
test_no_memory(void **state)
{
    (void)state;
    struct lf_proto_schema *writer = kit_parse(P3 "message M { int32 a = 1; M m = 2; } message N {}");
    struct lf_proto_schema *reader = kit_parse(P3 "message M { oneof o { string a = 1; } M m = 2; }");
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        struct lf_arena arena;
        struct lf_compat_report report;
        struct lf_err err = {0};
        lf_arena_init(&arena, 16, 0);
        lf_compat_init(&report, &arena);
        lf_mem_fail_at(n, true);
        enum lf_status st = lf_proto_compat(reader, writer, &report, &err);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        lf_arena_release(&arena);
    }
    lf_proto_schema_free(writer);
    lf_proto_schema_free(reader);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
