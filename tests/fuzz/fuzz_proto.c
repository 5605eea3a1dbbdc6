/*
 * Fuzz target: any bytes are refused with a reason or read as a value, which is written and read again as the same one.
 * The first byte chooses the message.
 */
#include "codec/protobuf.h"
#include "json/json.h"

static const char text[] =
    "syntax = 'proto3'; import 'google/protobuf/any.proto'; import 'google/protobuf/duration.proto';"
    "import 'google/protobuf/field_mask.proto'; import 'google/protobuf/struct.proto';"
    "import 'google/protobuf/timestamp.proto'; import 'google/protobuf/wrappers.proto'; import 'two.proto';"
    "message A { double d = 1; float f = 2; int32 i = 3; int64 l = 4; uint32 u = 5; uint64 ul = 6; sint32 s = 7;"
    "sint64 sl = 8; fixed32 x = 9; fixed64 xl = 10; sfixed32 sx = 11; sfixed64 sxl = 12; bool b = 13; string t = 14;"
    "bytes y = 15; E e = 16; A a = 17; repeated int32 r = 18; repeated string rt = 19; map<string, int32> ms = 20;"
    "map<sint64, A> ml = 21; oneof o { int32 oi = 22; A oa = 23; } optional int32 oo = 24; repeated A ra = 25;"
    "map<bool, E> mb = 26; repeated E re = 27; repeated fixed64 rx = 28 [packed = false]; Two two = 29; W w = 30; }"
    "message W { google.protobuf.Any a = 1; google.protobuf.Duration d = 2; google.protobuf.FieldMask f = 3;"
    "google.protobuf.Struct s = 4; google.protobuf.Value v = 5; google.protobuf.ListValue l = 6;"
    "google.protobuf.Timestamp t = 7; google.protobuf.Int64Value i = 8; google.protobuf.BytesValue b = 9;"
    "google.protobuf.DoubleValue o = 10; repeated google.protobuf.Value rv = 11; google.protobuf.NullValue n = 12; }"
    "enum E { E_NONE = 0; E_ONE = 1; }";
static const char two[] =
    "syntax = 'proto2'; message Two { optional group G = 1 { optional Two t = 2; } optional F f = 3 [default = Y];"
    "repeated F r = 4 [packed = true]; map<uint32, Z> m = 5; required int32 q = 6; } enum F { X = 1; Y = 2; }"
    "enum Z { O = 0; P = 3; }";

static void
check_round_trip(const struct lf_proto_message *message, const struct lf_value *value, struct lf_arena *arena)
{
    struct lf_buf first, second;
    struct lf_value again;
    struct lf_err err = {0};
    lf_buf_init(&first, SIZE_MAX);
    lf_buf_init(&second, SIZE_MAX);
    LF_ASSERT(lf_proto_encode(message, value, &first, &err) == LF_OK);
    enum lf_status st = lf_proto_decode(message, lf_buf_view(&first), 0, arena, &again, &err);
    LF_ASSERT(st == LF_OK || st == LF_LIMIT);
    if (st == LF_OK) {
        LF_ASSERT(lf_proto_encode(message, &again, &second, &err) == LF_OK);
        LF_ASSERT(lf_bytes_equal(lf_buf_view(&first), lf_buf_view(&second)));
    }
    lf_buf_release(&first);
    lf_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lf_proto_schema *schema;
    static const char *const names[] = {"A", "W", "Two"};
    const struct lf_proto_file_text reference = {LF_LIT("two.proto"), lf_bytes_of(two)};
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    if (schema == NULL)
        LF_ASSERT(lf_proto_schema_parse(lf_bytes_of(text), &reference, 1, &schema, &err) == LF_OK);
    if (size == 0)
        return 0;
    const struct lf_proto_message *message = lf_proto_schema_message(schema, lf_bytes_of(names[data[0] % 3]));
    lf_arena_init(&arena, 0, 0);
    const struct lf_bytes bytes = {(const char *)data + 1, size - 1};
    for (unsigned flags = 0; flags <= LF_PROTO_FILL; flags++) {
        enum lf_status st = lf_proto_decode(message, bytes, flags, &arena, &value, &err);
        LF_ASSERT(st == LF_OK || ((st == LF_INVALID || st == LF_LIMIT) && err.text[0] != '\0'));
        if (st == LF_OK)
            check_round_trip(message, &value, &arena);
    }
    lf_arena_release(&arena);
    return 0;
}
