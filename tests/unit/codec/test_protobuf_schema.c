/* .proto files: what is refused and where, how names are found, what options decide, where messages stand. */
#include "codec/protobuf/schema.h"
#include "protobuf_kit.h"

#include <stdlib.h>

#define P3 "syntax = \"proto3\"; "

struct bad {
    const char *text;
    const char *wanted; /* the error begins so */
};

static void
assert_refused(const struct bad *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lf_proto_schema *schema = NULL;
        struct lf_err err = {0};
        enum lf_status st = lf_proto_schema_parse(lf_bytes_of(rows[i].text), NULL, 0, &schema, &err);
        if (st != LF_INVALID || strncmp(err.text, rows[i].wanted, strlen(rows[i].wanted)) != 0)
            fail_msg("%s\n gives %s\n wanted %s", rows[i].text, st == LF_OK ? "a schema" : err.text, rows[i].wanted);
        assert_null(schema);
    }
}

static void
test_bad_text_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct bad rows[] = {
        {"syntax = \"proto4\";", "1:10: syntax \"proto4\" is not known"},
        {"edition = \"2022\";", "1:11: edition \"2022\" is not known"},
        {"syntax = \"proto3\"", "1:18: expected \";\", but the file ends here"},
        {P3 "\nmassage A {}", "2:1: expected message, enum, import"},
        {P3 "message A {", "1:31: expected a name, but the file ends here"},
        {P3 "message A {\n  string a = 1\n}", "3:1: expected \";\", found \"}\""},
        {P3 "message A { /* ö */ string \xc3\xb6 = 1; }", "1:47: a character that has no place here"},
        {P3 "message A { string a = 0; }", "1:43: 0 is not between 1 and 536870911"},
        {P3 "message A { string a = 536870912; }", "1:43: 536870912 is not between"},
        {P3 "message A { string a = 19500; }", "1:43: the numbers from 19000 to 19999 belong"},
        {P3 "message A { string a = 08; }", "1:43: \"08\" is not a number"},
        {P3 "message A { string a = 0xg; }", "1:43: \"0xg\" is not a number"},
        {P3 "message A { string a = 1x; }", "1:43: \"1x\" is not a number"},
        {P3 "message A { string a = 1 [json_name = \"x]; }", "1:58: this string has no end"},
        {P3 "message A { string a = 1 [json_name = \"\\q\"]; }", "1:58: this string has an escape"},
        {P3 "message A { string a = 1 [json_name = \"@type\"]; }", "1:58: a json_name is a string that does not"},
        {P3 "/* no end", "1:20: this comment has no end"},
        {P3 "service S { rpc A (B) returns (C) {}", "1:30: this \"{\" has no \"}\""},
        {P3 "option a = {", "1:31: this value has no end"},
        {P3 "message A { required string a = 1; }", "1:32: required is not of proto3"},
        {P3 "message A { string a = 1 [default = \"x\"]; }", "1:56: proto3 has no declared defaults"},
        {P3 "message A { map<double, string> a = 1; }", "1:36: the key of a map is"},
        {P3 "message A { repeated map<string, string> a = 1; }", "1:32: maps and the fields of a oneof have no label"},
        {P3 "message A { oneof o { map<string, string> a = 1; } }", "1:42: a map cannot be in a oneof"},
        {P3 "message A { oneof o { optional string a = 1; } }", "1:42: maps and the fields of a oneof have no label"},
        {P3 "message A { oneof o { } }", "1:38: a oneof has at least one field"},
        {P3 "message A { optional group G = 1 {} }", "1:41: groups are of proto2 only"},
        {P3 "message A { string a = 1; int32 b = 1; }", "1:52: the fields \"a\" and \"b\" have the same number 1"},
        {P3 "message A { string a = 1; int32 a = 2; }", "1:52: \"A.a\" is declared twice"},
        {P3 "message A { string a_b = 1; int32 aB = 2; }", "1:54: the fields \"a_b\" and \"aB\" have the same JSON"},
        {P3 "message A { reserved 3 to 5; string a = 4; }", "1:56: the field \"a\" has the number 4, which is res"},
        {P3 "message A { reserved \"a\"; string a = 4; }", "1:53: the field \"a\" has a name that is reserved"},
        {P3 "message A { reserved 5 to 3; }", "1:41: this range ends before it begins"},
        {P3 "message A { reserved 1 to 5, 5; }", "1:28: the number 5 is reserved twice"},
        {P3 "message A { extensions 4 to max; string a = 4; }", "1:60: the field \"a\" has the number 4, which is"},
        {P3 "message A {} message A {}", "1:41: \"A\" is declared twice"},
        {P3 "message A { B b = 1; }", "1:32: the type \"B\" is not known here"},
        {P3 "message A { .B b = 1; } package x; message B {}", "1:52: the package has to stand before"},
        {P3 "import \"x.proto\";", "1:27: the import \"x.proto\" is neither among"},
        {P3 "message A { google.protobuf.Timestamp t = 1; }", "1:32: the type \"google.protobuf.Timestamp\" is not"},
        {P3 "enum E { }", "1:25: an enum has at least one value"},
        {P3 "enum E { A = 1; }", "1:29: the first value of an open enum is 0"},
        {P3 "enum E { A = 0; B = 0; }", "1:36: the values \"A\" and \"B\" have the same number 0"},
        {P3 "enum E { A = 0; reserved 2; B = 2; }", "1:48: the value \"B\" has the number 2, which is res"},
        {P3 "enum E { A = 0; reserved \"B\"; B = 2; }", "1:50: the value \"B\" has a name that is reserved"},
        {P3 "enum E { A = 0; B = 2147483648; }", "1:40: 2147483648 is not between"},
        {P3 "enum E { A = 0; } enum F { A = 0; }", "1:47: \"A\" is declared twice"},
        {P3 "message A { string a = 1 [packed = true]; }", "1:39: only repeated numbers, bools and enums"},
        {P3 "message A { repeated int32 a = 1 [packed = 1]; }", "1:63: the option packed has to be true or false"},
        {P3 "message A { string a = 1 [features.field_presence = EXPLICIT]; }", "1:46: features are for editions"},
        {"message A { string a = 1; }", "1:13: a field of proto2 is optional, required or repeated"},
        {"message A { optional int32 a = 1 [default = \"x\"]; }", "1:45: \"x\" is no value of the type int32"},
        {"message A { optional int32 a = 1 [default = 2147483648]; }", "1:45: \"2147483648\" is no value of the type"},
        {"message A { optional E a = 1 [default = B]; } enum E { C = 1; }", "1:41: \"B\" is no value of the type enum"},
        {"message A { repeated int32 a = 1 [default = 1]; }", "1:45: \"a\" cannot have a default"},
        {"message A { map<int32, E> a = 1; } enum E { B = 1; }", "1:24: the first value of an enum in a map is 0"},
        {"message A { optional group g = 1 {} }", "1:28: the name of a group begins with a capital"},
        {"edition = \"2023\"; message A { optional string a = 1; }", "1:31: editions say features.field_presence"},
        {"edition = \"2023\"; message A { string a = 1 [features.field_presence = MAYBE]; }",
         "1:71: \"MAYBE\" is no value of the feature field_presence"},
    };
    assert_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_what_may_be_written(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "\xef\xbb\xbfsyntax = 'proto3';",
        "syntax = 'pro' \"to3\"; ;;",
        P3
        "option java_package = \"x\"; option (a.b).c = { d: 1 e { f: [1, 2] } g <h: 'x'> }; option optimize_for = -1;",
        P3 "message A { option deprecated = true; string message = 1; string option_ = 2; int32 enum_ = 3; ; }",
        P3 "service S { rpc A (stream B) returns (C) { option (google.api.http) = { get: \"/v1\" }; } }",
        P3 "import \"google/protobuf/descriptor.proto\"; extend google.protobuf.FieldOptions { string x = 50000; }",
        P3 "enum E { option allow_alias = true; A = 0; B = 0 [deprecated = true]; option = 1; reserved -5 to -2, 9; }",
        P3 "enum E { A = 0; reserved 5 to max; reserved \"X\", \"Y\"; }",
        P3 "message A { string a = 0x10 [(x) = \"y\", deprecated = true, json_name = \"b\"]; int32 c = 010; }",
        P3 "message A { map<string, A> a = 1; map<bool, bytes> b = 2; oneof o { option (x) = 1; A c = 3; } }",
        "message A { optional group G = 1 { optional int32 a = 1; } repeated group H = 2 {}"
        "oneof o { group I = 3 {} } }",
        "message A { extensions 100 to 199, 500 to max [(x) = 1]; extend A { optional int32 b = 100; } }",
        "message A { optional double a = 1 [default = -inf]; optional double b = 2 [default = 1e400]; optional string c"
        " = 3 [default = 'x\\n\\x41\\101\\u00e9']; optional bytes d = 4 [default = '\\xff']; optional float e = 5 "
        "[default = .5]; optional double f = 6 [default = 5.]; optional bool g = 7 [default = true]; optional uint64 h "
        "= 8 [default = 0xffffffffffffffff]; optional int64 i = 9 [default = -9223372036854775808]; }",
        "edition = '2023'; option features.field_presence = IMPLICIT; message A { option features = { message_encoding:"
        " DELIMITED, enum_type: OPEN }; string a = 1 [features.(pb.cpp).string_type = VIEW]; reserved a1, b1; }",
        "edition = '2024'; import option 'not/there.proto'; export message A { local enum E { B = 0; } }",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        lf_proto_schema_free(kit_parse(rows[i]));
}

static const struct lf_proto_field *
field_of(const struct lf_proto_schema *schema, const char *message, uint32_t number)
{
    size_t guess = 0;
    const struct lf_proto_message *found = lf_proto_schema_message(schema, lf_bytes_of(message));
    assert_non_null(found);
    const struct lf_proto_field *field = lf_proto_field_of(found, number, &guess);
    assert_non_null(field);
    return field;
}

/* The innermost scope that has the first part of a name decides. */
static void
test_types_are_looked_for_from_the_inside(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(
        P3 "package a.b; message T {} message M { message T { message U {} } T x = 1; .a.b.T y = 2; b.T z = 3; "
           "M.T.U u = 4; T.U v = 5; message N { int32 T = 1; T w = 2; } E e = 6; enum E { Z = 0; } }");
    static const struct {
        uint32_t number;
        const char *name;
    } rows[] = {{1, "a.b.M.T"}, {2, "a.b.T"}, {3, "a.b.T"}, {4, "a.b.M.T.U"}, {5, "a.b.M.T.U"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lf_bytes name = lf_proto_message_name(field_of(schema, "a.b.M", rows[i].number)->message);
        assert_true(lf_bytes_equal_text(name, rows[i].name));
    }
    assert_true(lf_bytes_equal_text(field_of(schema, "a.b.M.N", 2)->message->full_name, "a.b.M.T"));
    assert_true(lf_bytes_equal_text(field_of(schema, "M", 6)->enumeration->full_name, "a.b.M.E"));
    assert_true(lf_bytes_equal_text(lf_proto_schema_package(schema), "a.b"));
    assert_null(lf_proto_schema_message(schema, LF_LIT("a.b.M.E")));
    lf_proto_schema_free(schema);
    static const struct bad hidden[] = {
        {P3 "package a; message B {} message M { message B { } B.C c = 1; } message C {}", "1:70: the type \"B.C\""}};
    assert_refused(hidden, 1);
}

static void
test_presence_and_packing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool presence, required, packed, delimited;
    } rows[] = {
        {P3 "message M { int32 a = 1; }", false, false, false, false},
        {P3 "message M { optional int32 a = 1; }", true, false, false, false},
        {P3 "message M { oneof o { int32 a = 1; } }", true, false, false, false},
        {P3 "message M { M a = 1; }", true, false, false, false},
        {P3 "message M { repeated int32 a = 1; }", false, false, true, false},
        {P3 "message M { repeated int32 a = 1 [packed = false]; }", false, false, false, false},
        {P3 "message M { repeated string a = 1; }", false, false, false, false},
        {"message M { optional int32 a = 1; }", true, false, false, false},
        {"message M { required int32 a = 1; }", true, true, false, false},
        {"message M { repeated int32 a = 1; }", false, false, false, false},
        {"message M { repeated int32 a = 1 [packed = true]; }", false, false, true, false},
        {"message M { optional group A = 1 { } }", true, false, false, true},
        {"edition = '2023'; message M { int32 a = 1; }", true, false, false, false},
        {"edition = '2023'; message M { int32 a = 1 [features.field_presence = IMPLICIT]; }", false, false, false,
         false},
        {"edition = '2023'; message M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }", true, true, false,
         false},
        {"edition = '2023'; option features.repeated_field_encoding = EXPANDED; message M { repeated int32 a = 1; }",
         false, false, false, false},
        {"edition = '2023'; message M { option features.message_encoding = DELIMITED; M a = 1; }", true, false, false,
         true},
        {"edition = '2023'; message M { option features.message_encoding = DELIMITED; map<int32, M> a = 1; }", false,
         false, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_proto_schema *schema = kit_parse(rows[i].text);
        const struct lf_proto_field *field = field_of(schema, "M", 1);
        if (field->presence != rows[i].presence || field->required != rows[i].required ||
            field->packed != rows[i].packed || field->delimited != rows[i].delimited)
            fail_msg("%s: %d %d %d %d", rows[i].text, field->presence, field->required, field->packed,
                     field->delimited);
        lf_proto_schema_free(schema);
    }
}

static void
test_json_names_and_prefixes(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(
        P3 "message M { int32 foo_bar = 1; int32 _a__b = 2; int32 x1_y2 = 3; int32 z = 4 [json_name = 'Zed']; }"
           "enum HTTPState2 { HTTP_STATE2_NONE = 0; HTTP_STATE2_UP = 1; } enum Bare { NONE = 0; BARE_X = 1; }"
           "enum Digit { DIGIT_A = 0; DIGIT_1 = 1; } message N { HTTPState2 a = 1; Bare b = 2; Digit c = 3; }");
    static const char *const names[] = {"fooBar", "AB", "x1Y2", "Zed"};
    for (uint32_t i = 0; i < 4; i++)
        assert_true(lf_bytes_equal_text(field_of(schema, "M", i + 1)->json_name, names[i]));
    const struct lf_proto_enum *state2 = field_of(schema, "N", 1)->enumeration;
    assert_true(lf_bytes_equal_text(lf_proto_enum_by_number(state2, 1)->short_name, "UP"));
    assert_int_equal(lf_proto_enum_by_name(state2, LF_LIT("UP"))->number, 1);
    assert_int_equal(lf_proto_enum_by_name(state2, LF_LIT("HTTP_STATE2_UP"))->number, 1);
    assert_null(lf_proto_enum_by_name(state2, LF_LIT("DOWN")));
    assert_null(lf_proto_enum_by_number(state2, -1));
    assert_true(lf_bytes_equal_text(field_of(schema, "N", 2)->enumeration->values[1].short_name, "BARE_X"));
    assert_true(lf_bytes_equal_text(field_of(schema, "N", 3)->enumeration->values[0].short_name, "DIGIT_A"));
    lf_proto_schema_free(schema);
}

static enum lf_status
parse_files(const char *text, const char *const (*files)[2], size_t count, struct lf_err *err)
{
    struct lf_proto_schema *schema = NULL;
    struct lf_proto_file_text references[4];
    for (size_t i = 0; i < count; i++)
        references[i] = (struct lf_proto_file_text){lf_bytes_of(files[i][0]), lf_bytes_of(files[i][1])};
    enum lf_status st = lf_proto_schema_parse(lf_bytes_of(text), references, count, &schema, err);
    lf_proto_schema_free(schema);
    return st;
}

static void
test_imports(void **state)
{
    (void)state;
    struct lf_err err = {0};
    const char *const files[][2] = {
        {"money.proto", P3 "package m; import public \"cent.proto\"; message Money { Cent c = 1; }"},
        {"cent.proto", P3 "package m; import \"deep.proto\"; message Cent { d.Deep d = 1; }"},
        {"deep.proto", P3 "package d; message Deep {}"},
        {"broken.proto", P3 "\nmessage {"},
    };
    assert_int_equal(
        parse_files(P3 "import \"money.proto\"; message A { m.Money a = 1; m.Cent b = 2; }", files, 4, &err), LF_OK);
    /* what an import imports without "public" is not seen */
    assert_int_equal(parse_files(P3 "import \"money.proto\"; message A { d.Deep a = 1; }", files, 4, &err), LF_INVALID);
    assert_string_equal(err.text, "1:54: the type \"d.Deep\" is not known here");
    assert_int_equal(parse_files(P3 "import \"broken.proto\";", files, 4, &err), LF_INVALID);
    assert_string_equal(err.text, "broken.proto:2:9: expected the name of a message, found \"{\"");
    const char *const circle[][2] = {{"a.proto", P3 "import \"b.proto\";"}, {"b.proto", P3 "import \"a.proto\";"}};
    assert_int_equal(parse_files(P3 "import \"a.proto\";", circle, 2, &err), LF_INVALID);
    assert_string_equal(err.text, "b.proto:1:27: the import \"a.proto\" closes a circle");
    assert_int_equal(parse_files(P3 "import weak \"google/type/money.proto\"; import \"confluent/meta.proto\"; "
                                    "message A { google.type.Money a = 1; }",
                                 NULL, 0, &err),
                     LF_OK);
}

/* Each file that needs no reference is a schema in itself. */
static void
test_built_in_files(void **state)
{
    (void)state;
    static const char *const names[] = {
        "google/protobuf/any.proto",
        "google/protobuf/duration.proto",
        "google/protobuf/empty.proto",
        "google/protobuf/field_mask.proto",
        "google/protobuf/source_context.proto",
        "google/protobuf/struct.proto",
        "google/protobuf/timestamp.proto",
        "google/protobuf/wrappers.proto",
        "google/protobuf/descriptor.proto",
        "google/type/calendar_period.proto",
        "google/type/color.proto",
        "google/type/date.proto",
        "google/type/datetime.proto",
        "google/type/dayofweek.proto",
        "google/type/decimal.proto",
        "google/type/fraction.proto",
        "google/type/interval.proto",
        "google/type/latlng.proto",
        "google/type/money.proto",
        "google/type/month.proto",
        "google/type/quaternion.proto",
        "google/type/timeofday.proto",
        "confluent/type/decimal.proto",
        "confluent/meta.proto",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), P3 "import \"%s\";", names[i]);
        lf_proto_schema_free(kit_parse(text));
    }
}

static void
test_indexes(void **state)
{
    (void)state;
    struct lf_proto_schema *schema =
        kit_parse(P3 "message A { map<int32, int32> m = 1; message B {} message C { message D {} } } message E {}");
    static const struct {
        const char *name, *bytes;
        size_t len;
    } rows[] = {{"A", "\0", 1}, {"A.B", "\4\0\0", 3}, {"A.C", "\4\0\2", 3}, {"A.C.D", "\6\0\2\0", 4}, {"E", "\2\2", 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lf_proto_message *message = lf_proto_schema_message(schema, lf_bytes_of(rows[i].name));
        struct lf_proto_indexes indexes, again;
        struct lf_err err = {0};
        struct lf_buf out;
        lf_buf_init(&out, 100);
        lf_proto_message_indexes(message, &indexes);
        lf_proto_indexes_write(&out, &indexes);
        assert_true(lf_bytes_equal(lf_buf_view(&out), lf_bytes(rows[i].bytes, rows[i].len)));
        lf_buf_add_text(&out, "rest");
        struct lf_bytes bytes = lf_buf_view(&out);
        assert_int_equal(lf_proto_indexes_read(&bytes, &again, &err), LF_OK);
        assert_true(lf_bytes_equal_text(bytes, "rest"));
        assert_ptr_equal(lf_proto_message_at(schema, &again), message);
        lf_buf_release(&out);
    }
    lf_proto_schema_free(schema);
}

static void
test_bad_indexes(void **state)
{
    (void)state;
    static const struct lf_bytes rows[] = {LF_LIT_INIT(""),
                                           LF_LIT_INIT("\2"),
                                           LF_LIT_INIT("\1"),
                                           LF_LIT_INIT("\2\1"),
                                           LF_LIT_INIT("\x80"),
                                           LF_LIT_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
                                           LF_LIT_INIT("\2\xfe\xff\xff\xff\x1f")};
    struct lf_proto_schema *schema = kit_parse(P3 "message A {}");
    struct lf_proto_indexes indexes = {.count = 1, .at = {1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_bytes bytes = rows[i];
        struct lf_err err = {0};
        assert_int_equal(lf_proto_indexes_read(&bytes, &indexes, &err), LF_INVALID);
        assert_ptr_equal(bytes.ptr, rows[i].ptr);
    }
    assert_null(lf_proto_message_at(schema, &indexes));
    assert_null(lf_proto_message_at(schema, &(struct lf_proto_indexes){.count = 0}));
    assert_null(lf_proto_message_at(schema, &(struct lf_proto_indexes){.count = 2}));
    lf_proto_schema_free(schema);
}

/* A text repeated count times between head and tail. */
static char *
repeated(const char *head, const char *part, size_t count, const char *tail)
{
    struct lf_buf text;
    lf_buf_init(&text, 64 * 1024 * 1024);
    lf_buf_add_text(&text, head);
    for (size_t i = 0; i < count; i++)
        lf_buf_add_text(&text, part);
    lf_buf_add_text(&text, tail);
    lf_buf_add_char(&text, '\0');
    assert_int_equal(lf_buf_status(&text, NULL), LF_OK);
    return text.ptr;
}

static void
test_limits(void **state)
{
    (void)state;
    struct {
        char *text;
        enum lf_status wanted;
    } rows[] = {
        {repeated(P3, "message A {", 32, "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"), LF_OK},
        {repeated(P3, "message A {", 33, "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"), LF_LIMIT},
        {repeated(P3, "message A {", 50000, ""), LF_LIMIT},
        {repeated(P3, ";", LF_PROTO_TEXT_BYTES_MAX, ""), LF_LIMIT},
        {repeated(P3 "package a", ".a", 100000, ";"), LF_LIMIT},
        {repeated(P3 "option a = ", "{", 100000, ""), LF_INVALID},
        {repeated(P3, "import \"google/protobuf/any.proto\";", 1001, ""), LF_LIMIT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_proto_schema *schema = NULL;
        struct lf_err err = {0};
        assert_int_equal(lf_proto_schema_parse(lf_bytes_of(rows[i].text), NULL, 0, &schema, &err), rows[i].wanted);
        lf_proto_schema_free(schema);
        lf_free(rows[i].text);
    }
}

static void
test_no_memory(void **state)
{
    (void)state;
    static const char text[] = P3
        "package a; import \"google/protobuf/struct.proto\"; message M { map<string, N> m = 1; oneof o { int32 b = 2; }"
        "reserved 5 to 9; reserved \"z\"; message N { repeated E e = 1; google.protobuf.Value v = 2; } }"
        "enum E { E_A = 0; E_B = 1; }";
    kit_parse_short_of_memory(text, NULL, 0);
    lf_proto_schema_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_text_is_refused_with_its_place),
        cmocka_unit_test(test_what_may_be_written),
        cmocka_unit_test(test_types_are_looked_for_from_the_inside),
        cmocka_unit_test(test_presence_and_packing),
        cmocka_unit_test(test_json_names_and_prefixes),
        cmocka_unit_test(test_imports),
        cmocka_unit_test(test_built_in_files),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_bad_indexes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
