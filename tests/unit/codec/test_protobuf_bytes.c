/* Values and bytes: what the wire format allows, what values may stand for, unknown fields, bounds, memory. */
#include "protobuf_kit.h"

#define P3 "syntax = 'proto3'; "
#define ALL                                                                                                            \
    P3 "message M { double d = 1; float f = 2; int32 i = 3; int64 l = 4; uint32 u = 5; uint64 ul = 6; sint32 s = 7; "  \
       "sint64 sl = 8; fixed32 x = 9; fixed64 xl = 10; sfixed32 sx = 11; sfixed64 sxl = 12; bool b = 13; "             \
       "string t = 14; bytes y = 15; E e = 16; M m = 17; repeated int32 r = 18; repeated string rt = 19; "             \
       "map<string, int32> ms = 20; map<int64, M> ml = 21; oneof o { int32 oi = 22; M om = 23; } "                     \
       "optional int32 oo = 24; repeated M rm = 25; map<bool, string> mb = 26; repeated E re = 27; } "                 \
       "enum E { E_NONE = 0; E_ONE = 1; E_MINUS = -1; }"

struct both {
    const char *json;
    const char *hex;
};

/* The bytes are those of the reference, by hand. */
static void
test_values_and_bytes(void **state)
{
    (void)state;
    static const struct both rows[] = {
        {"{}", ""},
        {"{\"d\":1.5}", "09000000000000f83f"},
        {"{\"d\":-0.0,\"f\":-0.0}", "0900000000000000801500000080"},
        {"{\"f\":0.1}", "15cdcccc3d"},
        {"{\"i\":-1}", "18ffffffffffffffffff01"},
        {"{\"l\":-9223372036854775808}", "2080808080808080808001"},
        {"{\"u\":4294967295}", "28ffffffff0f"},
        {"{\"ul\":18446744073709551615}", "30ffffffffffffffffff01"},
        {"{\"s\":-2147483648}", "38ffffffff0f"},
        {"{\"sl\":-1}", "4001"},
        {"{\"x\":4294967295}", "4dffffffff"},
        {"{\"xl\":18446744073709551615}", "51ffffffffffffffff"},
        {"{\"sx\":-2}", "5dfeffffff"},
        {"{\"sxl\":-2}", "61feffffffffffffff"},
        {"{\"b\":true}", "6801"},
        {"{\"t\":\"h\xc3\xa9\"}", "720368c3a9"},
        {"{\"y\":\"AP8=\"}", "7a0200ff"},
        {"{\"e\":\"ONE\"}", "800101"},
        {"{\"e\":\"MINUS\"}", "8001ffffffffffffffffff01"},
        {"{\"e\":7}", "800107"},
        {"{\"m\":{}}", "8a0100"},
        {"{\"m\":{\"i\":1}}", "8a01021801"},
        {"{\"r\":[1,300,0]}", "92010401ac0200"},
        {"{\"rt\":[\"a\",\"\"]}", "9a0101619a0100"},
        {"{\"ms\":{\"a\":0,\"b\":2}}", "a201050a01611000a201050a01621002"},
        {"{\"ml\":{\"-1\":{},\"2\":{\"i\":3}}}", "aa010d08ffffffffffffffffff011200aa0106080212021803"},
        {"{\"oi\":0}", "b00100"},
        {"{\"om\":{}}", "ba0100"},
        {"{\"oo\":0}", "c00100"},
        {"{\"rm\":[{},{\"i\":1}]}", "ca0100ca01021801"},
        {"{\"mb\":{\"false\":\"x\",\"true\":\"\"}}", "d2010508001201"
                                                     "78d201040801"
                                                     "1200"},
        {"{\"re\":[\"NONE\",\"ONE\",9]}", "da0103000109"},
        {"{\"d\":\"NaN\",\"f\":\"-Infinity\"}", "09000000000000f87f15000080ff"},
        {"{\"@unknown\":\"oAYB\"}", "a00601"},
    };
    struct lf_proto_schema *schema = kit_parse(ALL);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(kit_encode(schema, rows[i].json, &arena), rows[i].hex);
        assert_string_equal(kit_decode(schema, rows[i].hex, 0, &arena), rows[i].json);
    }
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

/* Other ways to say a value: ProtoJSON and the enum's full names. */
static void
test_what_may_stand_for_a_value(void **state)
{
    (void)state;
    static const struct both rows[] = {
        {"{\"i\":\"-1\"}", "18ffffffffffffffffff01"},
        {"{\"i\":1e2}", "1864"},
        {"{\"i\":1.50e1}", "180f"},
        {"{\"i\":\"1.0\"}", "1801"},
        {"{\"i\":0,\"d\":0,\"t\":\"\",\"y\":\"\",\"b\":false,\"e\":\"NONE\",\"r\":[],\"ms\":{}}", ""},
        {"{\"i\":null,\"m\":null,\"r\":null,\"ms\":null,\"oi\":null,\"om\":{}}", "ba0100"},
        {"{\"d\":-0.0}", "090000000000000080"},
        {"{\"d\":9}", "090000000000002240"},
        {"{\"d\":\"1.5\"}", "09000000000000f83f"},
        {"{\"ul\":1.8446744073709551615e19}", "30ffffffffffffffffff01"},
        {"{\"y\":\"_-8\"}", "7a02ffef"},
        {"{\"e\":\"E_ONE\"}", "800101"},
        {"{\"e\":1}", "800101"},
        {"{\"ms\":{\"b\":1,\"a\":2,\"\":3}}", "a201040a001003a201050a01611002a201050a01621001"},
        {"{\"ml\":{\"10\":{},\"9\":{}}}", "aa01040809"
                                          "1200aa0104080a"
                                          "1200"},
        {"{\"oo\":1,\"i\":2}", "1802c00101"},
    };
    struct lf_proto_schema *schema = kit_parse(ALL);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(kit_encode(schema, rows[i].json, &arena), rows[i].hex);
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static void
test_values_that_do_not_fit(void **state)
{
    (void)state;
    static const struct both rows[] = {
        {"[]", "the message: must be an object"},
        {"{\"z\":1}", "/z: the message M has no such field"},
        {"{\"i\":2147483648}", "/i: must be an integer of 32 bits"},
        {"{\"i\":1.5}", "/i: must be an integer of 32 bits"},
        {"{\"i\":\"1 \"}", "/i: must be an integer of 32 bits"},
        {"{\"i\":1e30}", "/i: must be an integer of 32 bits"},
        {"{\"l\":9223372036854775808}", "/l: must be an integer of 64 bits"},
        {"{\"l\":-9223372036854775809}", "/l: must be an integer of 64 bits"},
        {"{\"u\":-1}", "/u: must be an integer from 0 of 32 bits"},
        {"{\"ul\":-0.5}", "/ul: must be an integer from 0 of 64 bits"},
        {"{\"ul\":18446744073709551616}", "/ul: must be an integer from 0 of 64 bits"},
        {"{\"f\":3.5e38}", "/f: must be a number in the range of 32-bit floats"},
        {"{\"d\":1e400}", "/d: must be a number"},
        {"{\"d\":\"inf\"}", "/d: must be a number"},
        {"{\"b\":1}", "/b: must be true or false"},
        {"{\"t\":1}", "/t: must be a string"},
        {"{\"y\":\"?\"}", "/y: must be bytes as base64"},
        {"{\"e\":\"TWO\"}", "/e: must be a value of its enum"},
        {"{\"m\":[]}", "/m: must be an object"},
        {"{\"m\":{\"rm\":[{},{\"i\":true}]}}", "/m/rm/1/i: must be an integer of 32 bits"},
        {"{\"r\":1}", "/r: must be a list"},
        {"{\"r\":[1,null]}", "/r/1: must be an integer of 32 bits"},
        {"{\"rt\":[null]}", "/rt/0: must not be null"},
        {"{\"ms\":[]}", "/ms: must be an object"},
        {"{\"ms\":{\"a\":null}}", "/ms/a: must not be null"},
        {"{\"ml\":{\"01\":{}}}", "/ml/01: the name must be an integer of 64 bits"},
        {"{\"mb\":{\"yes\":\"\"}}", "/mb/yes: the name must be true or false"},
        {"{\"oi\":1,\"om\":{}}", "/om: cannot be there together with oi"},
        {"{\"@unknown\":1}", "/@unknown: must be bytes as base64"},
        {"{\"@unknown\":\"oA==\"}", "/@unknown: must be whole fields"},
    };
    struct lf_proto_schema *schema = kit_parse(ALL);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(kit_encode(schema, rows[i].json, &arena), rows[i].hex);
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

/* What writers other than ours may send. */
static void
test_bytes_of_others(void **state)
{
    (void)state;
    static const struct both rows[] = {
        {"{\"i\":2}", "18011802"},             /* the last one wins */
        {"{\"i\":1}", "18818000"},             /* longer than it needs to be */
        {"{\"i\":-1}", "18ffffffff0f"},        /* 32 bits of it count */
        {"{\"i\":1}", "1881808080f0ffffff01"}, /* here too */
        {"{\"b\":true}", "68808001"},          /* anything but 0 */
        {"{\"i\":0}", "1800"},                 /* a zero that was written */
        {"{\"r\":[1,2,3]}", "900101920102"
                            "0203"},                           /* unpacked, then packed */
        {"{}", "920100"},                                      /* packed, but empty */
        {"{\"m\":{\"i\":1,\"l\":2}}", "8a010218018a01022002"}, /* messages merge */
        {"{\"m\":{\"r\":[1,2]}}", "8a01039001018a0103900102"},
        {"{\"om\":{\"i\":1}}", "b00105ba01021801"}, /* of a oneof the last one */
        {"{\"oi\":5}", "ba01021801b00105"},
        {"{\"om\":{\"l\":2}}", "ba01021801b00105ba01022002"}, /* and it does not merge with what was before */
        {"{\"om\":{\"i\":1,\"l\":2}}", "ba01021801ba01022002"},
        {"{\"ms\":{\"a\":2}}", "a201050a01611001a201050a01611002"},
        {"{\"ms\":{\"\":0}}", "a20100"},                /* key and value are zero */
        {"{\"ms\":{\"a\":1}}", "a2010510010a0161"},     /* the other way round */
        {"{\"ms\":{\"a\":1}}", "a201070a016118051001"}, /* something unknown in the entry is not kept */
        {"{\"ml\":{\"0\":{\"i\":1,\"l\":2}}}", "aa010812021801"
                                               "12022002"},
        {"{\"@unknown\":\"DQEAAAA=\"}", "0d01000000"}, /* another wire type than the schema's */
        {"{\"@unknown\":\"cAE=\"}", "7001"},
        {"{\"i\":1,\"@unknown\":\"oAYBowYIAaQG\"}", "a006011801a3060801a406"},
        {"{\"m\":{\"@unknown\":\"oAYB\"}}", "8a0103a00601"},
    };
    struct lf_proto_schema *schema = kit_parse(ALL);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(kit_decode(schema, rows[i].hex, 0, &arena), rows[i].json);
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static void
test_bytes_that_are_no_message(void **state)
{
    (void)state;
    static const struct both rows[] = {
        {"18", "/i: cut off or malformed at byte 1"},
        {"1880", "/i: cut off or malformed at byte 1"},
        {"18ffffffffffffffffffff01", "/i: cut off or malformed at byte 1"}, /* eleven bytes */
        {"0900", "/d: cut off or malformed at byte 1"},
        {"15", "/f: cut off or malformed at byte 1"},
        {"7202", "/t: cut off, or text that is not UTF-8, at byte 1"},
        {"7201ff", "/t: cut off, or text that is not UTF-8, at byte 3"},
        {"7a8080808008", "/y: cut off or malformed at byte 1"},
        {"7a8080808080", "/y: cut off or malformed at byte 1"},
        {"8a0102", "/m: cut off or malformed at byte 2"},
        {"8a01021880", "/m/i: cut off or malformed at byte 4"},
        {"920101", "/r: cut off or malformed at byte 2"},
        {"92010180", "/r: cut off or malformed at byte 3"},
        {"ca0100ca01021880", "/rm/1/i: cut off or malformed at byte 7"},
        {"a2010412ff0101", "/ms: cut off or malformed at byte 3"},
        {"00", "the message: cut off or malformed at byte 0"},       /* number 0 */
        {"0600", "the message: cut off or malformed at byte 0"},     /* wire type 6 */
        {"1c", "the message: cut off or malformed at byte 0"},       /* the end of no group */
        {"a306", "the message: cut off or malformed at byte 0"},     /* a group without end */
        {"a306ac06", "the message: cut off or malformed at byte 0"}, /* with that of another */
        {"a3060ba406", "the message: cut off or malformed at byte 0"},
        {"808080808001", "the message: cut off or malformed at byte 0"}, /* a tag of six bytes */
        {"ffffffff1f", "the message: cut off or malformed at byte 0"},   /* beyond 32 bits */
    };
    struct lf_proto_schema *schema = kit_parse(ALL);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(kit_decode(schema, rows[i].json, 0, &arena), rows[i].hex);
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static void
test_proto2(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(
        "message M { required int32 a = 1; optional E e = 2 [default = Y]; repeated E r = 3; map<string, Z> m = 4;"
        "optional group G = 5 { optional int32 b = 1; } optional string s = 6 [default = 'x']; oneof o { int32 c = 7"
        "[default = 3]; } repeated E p = 8 [packed = true]; } enum E { X = 1; Y = 2; }"
        "enum Z { O = 0; P = 2; }");
    static const struct {
        const char *hex;
        unsigned flags;
        const char *json;
    } rows[] = {
        {"", 0, "/a: is required"},
        {"0801", 0, "{\"a\":1}"},
        {"0801", LF_PROTO_FILL, "{\"a\":1,\"e\":\"Y\",\"r\":[],\"m\":{},\"s\":\"x\",\"p\":[]}"},
        {"080110011805", 0, "{\"a\":1,\"e\":\"X\",\"@unknown\":\"GAU=\"}"}, /* a closed enum lacks it: unknown */
        {"08011009", 0, "{\"a\":1,\"@unknown\":\"EAk=\"}"},
        {"08011a03010902", 0, "{\"a\":1,\"r\":[\"X\",\"Y\"],\"@unknown\":\"GAk=\"}"},
        {"08012205"
         "0a01611009",
         0, "{\"a\":1,\"@unknown\":\"IgUKAWEQCQ==\"}"},
        {"08012205"
         "0a01611002",
         0, "{\"a\":1,\"m\":{\"a\":\"P\"}}"},
        {"08012203"
         "0a0161",
         0, "{\"a\":1,\"m\":{\"a\":\"O\"}}"},
        {"08012b08072c", 0, "{\"a\":1,\"g\":{\"b\":7}}"},
        {"08012b08072c2b2c", 0, "{\"a\":1,\"g\":{\"b\":7}}"},
        {"08012b0807", 0, "/g: cut off or malformed at byte 5"},
        {"0801420102", 0, "{\"a\":1,\"p\":[\"Y\"]}"},
    };
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(kit_decode(schema, rows[i].hex, rows[i].flags, &arena), rows[i].json);
    assert_string_equal(kit_encode(schema, "{}", &arena), "/a: is required");
    assert_string_equal(kit_encode(schema, "{\"a\":1,\"e\":9}", &arena), "/e: must be a value of its enum");
    assert_string_equal(kit_encode(schema, "{\"a\":1,\"g\":{\"b\":7},\"r\":[\"X\",2],\"p\":[1],\"c\":0}", &arena),
                        "0801180118022b08072c3800420101");
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static void
test_fill(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(
        P3
        "message M { int32 i = 1; string s = 2; bool b = 3; bytes y = 4; E e = 5; double d = 6; repeated int32 r = 7;"
        "map<string, int32> m = 8; M sub = 9; optional int32 o = 10; oneof x { int32 z = 11; } }"
        "enum E { E_NO = 0; }");
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    assert_string_equal(kit_decode(schema, "", LF_PROTO_FILL, &arena),
                        "{\"i\":0,\"s\":\"\",\"b\":false,\"y\":\"\",\"e\":\"NO\",\"d\":0,\"r\":[],\"m\":{}}");
    assert_string_equal(kit_decode(schema, "", 0, &arena), "{}");
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static const char well_known[] =
    P3 "import 'google/protobuf/timestamp.proto'; import 'google/protobuf/duration.proto';"
       "import 'google/protobuf/struct.proto'; import 'google/protobuf/wrappers.proto';"
       "import 'google/protobuf/field_mask.proto'; import 'google/protobuf/any.proto';"
       "import 'google/protobuf/empty.proto'; package p;"
       "message M { google.protobuf.Timestamp t = 1; google.protobuf.Duration d = 2; google.protobuf.Value v = 3;"
       "google.protobuf.Struct s = 4; google.protobuf.ListValue l = 5; google.protobuf.Int64Value i = 6;"
       "google.protobuf.StringValue w = 7; google.protobuf.FieldMask f = 8; google.protobuf.Any a = 9;"
       "google.protobuf.Empty e = 10; google.protobuf.NullValue n = 11; repeated google.protobuf.Value rv = 12;"
       "oneof o { google.protobuf.NullValue on = 13; } }";

static void
test_well_known_types(void **state)
{
    (void)state;
    static const struct both rows[] = {
        {"{\"t\":\"1970-01-01T00:00:00Z\"}", "0a00"},
        {"{\"t\":\"1969-12-31T23:59:59.500Z\"}", "0a1108ffffffffffffffffff011080cab5ee01"},
        {"{\"t\":\"2026-11-24T08:46:34.000000001Z\"}", "0a0808ea9d95d8061001"},
        {"{\"t\":\"9999-12-31T23:59:59.999999999Z\"}", "0a0d08ff82d1ffaf07"
                                                       "10ff93ebdc03"},
        {"{\"d\":\"-1.500s\"}", "121608ffffffffffffffffff011080b6ca91feffffffff01"},
        {"{\"d\":\"0s\"}", "1200"},
        {"{\"v\":null}", "1a020800"},
        {"{\"v\":true}", "1a022001"},
        {"{\"v\":[1,\"x\",{}]}", "1a1632140a091100"
                                 "0000000000f03f0a031a01780a022a00"},
        {"{\"s\":{\"a\":null}}", "22090a070a01611202"
                                 "0800"},
        {"{\"s\":{}}", "2200"},
        {"{\"l\":[]}", "2a00"},
        {"{\"i\":0}", "3200"},
        {"{\"i\":5}", "32020805"},
        {"{\"w\":\"\"}", "3a00"},
        {"{\"f\":\"a.fooBar,c\"}", "420e0a09612e666f6f5f6261720a0163"},
        {"{\"a\":{\"@type\":\"x/p.M\",\"i\":5}}", "4a0d0a05782f702e4d120432020805"},
        {"{\"a\":{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"1s\"}}",
         "4a200a1a782f676f6f676c652e70726f746f6275662e4475726174696f6e12020801"},
        {"{\"a\":{\"@type\":\"x/q.Z\",\"@value\":\"/w==\"}}", "4a0a0a05782f712e5a1201ff"},
        {"{\"a\":{\"@type\":\"\",\"@value\":\"/w==\"}}", "4a031201ff"},
        {"{\"a\":{}}", "4a00"},
        {"{\"e\":{}}", "5200"},
        {"{\"rv\":[null,1]}", "620208006209"
                              "11000000000000f03f"},
        {"{\"on\":null}", "6800"},
    };
    struct lf_proto_schema *schema = kit_parse(well_known);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *hex = kit_encode(schema, rows[i].json, &arena);
        assert_string_equal(hex, rows[i].hex);
        assert_string_equal(kit_decode(schema, hex, 0, &arena), rows[i].json);
    }
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static void
test_well_known_types_out_of_range(void **state)
{
    (void)state;
    static const struct both values[] = {
        {"{\"t\":\"0000-01-01T00:00:00Z\"}", "/t: must be a date and time"},
        {"{\"t\":\"0001-01-01T00:00:00+01:00\"}", "/t: must be a date and time"},
        {"{\"t\":\"2026-11-24T08:46:34.0000000001Z\"}", "/t: must be a date and time"},
        {"{\"t\":5}", "/t: must be a date and time"},
        {"{\"d\":\"1\"}", "/d: must be a duration"},
        {"{\"d\":\"-s\"}", "/d: must be a duration"},
        {"{\"d\":\"1.s\"}", "/d: must be a duration"},
        {"{\"d\":\"315576000001s\"}", "/d: must be a duration"},
        {"{\"v\":9007199254740993}", "/v: must be a number that a double holds"},
        {"{\"v\":1e400}", "/v: must be a number that a double holds"},
        {"{\"s\":[]}", "/s: must be an object"},
        {"{\"l\":{}}", "/l: must be a list"},
        {"{\"f\":\"foo_bar\"}", "/f: must be names with commas"},
        {"{\"f\":1}", "/f: must be names with commas"},
        {"{\"a\":{\"i\":1}}", "/a: must have a @type"},
        {"{\"a\":{\"@type\":\"x/q.Z\",\"i\":1}}", "/a: is of a type that the schema does not know"},
        {"{\"a\":{\"@type\":\"x/q.Z\",\"@value\":\"?\"}}", "/a: has no base64 in @value"},
        {"{\"a\":{\"@type\":\"x/p.M\",\"z\":1}}", "/a/z: the message p.M has no such field"},
        {"{\"a\":{\"@type\":\"x/google.protobuf.Duration\"}}", "/a/value: must be there"},
    };
    static const struct both bytes[] = {
        {"0a0708ffffffffff7f", "/t: 4398046511103 s and 0 ns are no time"},
        {"0a0610ff"
         "ffffff07",
         "/t: 0 s and 2147483647 ns are no time"},
        {"120d0801"
         "10ffffffffffffffffff01",
         "/d: 1 s and -1 ns are no duration"},
        {"1a0911000000000000f07f", "/v: is a number that JSON does not have"},
        {"42050a03"
         "664f6f",
         "/f: has a path that has no form in JSON"},
        {"4a0a0a05782f702e4d120132", "/a/i: cut off or malformed at byte 12"},
    };
    struct lf_proto_schema *schema = kit_parse(well_known);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_memory_equal(kit_encode(schema, values[i].json, &arena), values[i].hex, strlen(values[i].hex));
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
        assert_memory_equal(kit_decode(schema, bytes[i].json, 0, &arena), bytes[i].hex, strlen(bytes[i].hex));
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

/* Nested deep: LF_PROTO_DEPTH_MAX messages, the outermost among them. */
static void
test_depth(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(P3 "message M { M m = 1; }");
    for (int deep = LF_PROTO_DEPTH_MAX - 2; deep <= LF_PROTO_DEPTH_MAX + 1; deep++) {
        struct lf_value value = lf_value_object(NULL, 0), read;
        struct lf_arena arena;
        struct lf_buf out;
        struct lf_err err = {0};
        lf_arena_init(&arena, 0, 0);
        for (int i = 0; i < deep; i++) {
            struct lf_member *member = LF_ARENA_NEW(&arena, struct lf_member);
            *member = (struct lf_member){LF_LIT("m"), value};
            value = lf_value_object(member, 1);
        }
        const enum lf_status wanted = deep < LF_PROTO_DEPTH_MAX ? LF_OK : LF_INVALID;
        lf_buf_init(&out, 1000);
        assert_int_equal(lf_proto_encode(lf_proto_schema_first(schema), &value, &out, &err), wanted);
        if (wanted == LF_OK) {
            assert_int_equal(lf_proto_decode(lf_proto_schema_first(schema), lf_buf_view(&out), 0, &arena, &read, &err),
                             LF_OK);
            assert_true(lf_value_equal(&read, &value));
        }
        lf_buf_release(&out);
        lf_arena_release(&arena);
    }
    lf_proto_schema_free(schema);
}

/* Groups that nobody knows nest as deep as messages, and no deeper. */
static void
test_depth_of_unknown_groups(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(P3 "message M { M m = 1; }");
    for (int deep = LF_PROTO_DEPTH_MAX - 2; deep <= LF_PROTO_DEPTH_MAX + 1; deep++) {
        char bytes[4 * LF_PROTO_DEPTH_MAX];
        struct lf_arena arena;
        struct lf_value value;
        struct lf_err err = {0};
        lf_arena_init(&arena, 0, 0);
        memset(bytes, 0x13, (size_t)deep);
        memset(bytes + deep, 0x14, (size_t)deep);
        assert_int_equal(
            lf_proto_decode(lf_proto_schema_first(schema), lf_bytes(bytes, (size_t)deep * 2), 0, &arena, &value, &err),
            deep < LF_PROTO_DEPTH_MAX ? LF_OK : LF_INVALID);
        lf_arena_release(&arena);
    }
    lf_proto_schema_free(schema);
}

/* Two bytes each that become a message of a thousand members each. */
static void
test_what_unfolds_is_bounded(void **state)
{
    (void)state;
    enum { FIELDS = 1000, ITEMS = 10000 };
    struct lf_buf text;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    lf_buf_init(&text, 1000000);
    lf_buf_add_text(&text, P3 "message M { repeated N n = 1; } message N { ");
    for (int i = 1; i <= FIELDS; i++)
        lf_buf_printf(&text, "int32 f%d = %d; ", i, i);
    lf_buf_add(&text, lf_bytes("}", 2));
    struct lf_proto_schema *schema = kit_parse(text.ptr);
    lf_buf_clear(&text);
    for (int i = 0; i < ITEMS; i++)
        lf_buf_add(&text, lf_bytes("\x0a\0", 2));
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(
        lf_proto_decode(lf_proto_schema_first(schema), lf_buf_view(&text), LF_PROTO_FILL, &arena, &value, &err),
        LF_LIMIT);
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
    lf_buf_release(&text);
}

static void
test_buffer_is_full(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(P3 "message M { string s = 1; M m = 2; }");
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_json_parse(&arena, LF_LIT("{\"m\":{\"m\":{\"s\":\"abcdefgh\"}}}"), &value, &err), LF_OK);
    for (size_t max = 0; max <= 14; max++) {
        struct lf_buf out;
        lf_buf_init(&out, max);
        assert_int_equal(lf_proto_encode(lf_proto_schema_first(schema), &value, &out, &err),
                         max < 14 ? LF_LIMIT : LF_OK);
        assert_int_equal(out.len, max < 14 ? 0 : 14);
        lf_buf_release(&out);
    }
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

/* Lengths that need more than one byte move what they count. */
static void
test_long_messages(void **state)
{
    (void)state;
    struct lf_proto_schema *schema = kit_parse(P3 "message M { string s = 1; M m = 2; }");
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t len = 110; len < 40000; len = len < 140 ? len + 1 : len * 3) {
        struct lf_buf out;
        struct lf_value back;
        struct lf_err err = {0};
        char *text = lf_arena_alloc(&arena, len);
        assert_non_null(text);
        memset(text, 'x', len);
        struct lf_member string = {LF_LIT("s"), lf_value_string(lf_bytes(text, len))};
        struct lf_member inner = {LF_LIT("m"), lf_value_object(&string, 1)};
        struct lf_member outer = {LF_LIT("m"), lf_value_object(&inner, 1)};
        const struct lf_value value = lf_value_object(&outer, 1);
        lf_buf_init(&out, 100000);
        assert_int_equal(lf_proto_encode(lf_proto_schema_first(schema), &value, &out, &err), LF_OK);
        assert_int_equal(lf_proto_decode(lf_proto_schema_first(schema), lf_buf_view(&out), 0, &arena, &back, &err),
                         LF_OK);
        assert_true(lf_value_equal(&value, &back));
        lf_buf_release(&out);
    }
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

static void
test_no_memory(void **state)
{
    (void)state;
    static const char json[] = "{\"t\":\"1970-01-01T00:00:01Z\",\"v\":{\"a\":[1,\"x\"],\"b\":{}},\"f\":\"aB,c\",\"a\":"
                               "{\"@type\":\"x/p.M\",\"@unknown\":\"oAYB\"},\"on\":null,\"@unknown\":\"oAYB\"}";
    struct lf_proto_schema *schema = kit_parse(well_known);
    const struct lf_proto_message *message = lf_proto_schema_message(schema, LF_LIT("M"));
    struct lf_value value, back;
    struct lf_arena arena, inner;
    struct lf_buf out;
    struct lf_err err = {0};
    bool hit = true;
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_json_parse(&arena, lf_bytes_of(json), &value, &err), LF_OK);
    for (uint64_t n = 1; hit; n++) {
        lf_arena_init(&inner, 16, 0);
        lf_buf_init(&out, 1000);
        lf_mem_fail_at(n, true);
        enum lf_status st = lf_proto_encode(message, &value, &out, &err);
        if (st == LF_OK)
            st = lf_proto_decode(message, lf_buf_view(&out), LF_PROTO_FILL, &inner, &back, &err);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        lf_buf_release(&out);
        lf_arena_release(&inner);
    }
    lf_arena_release(&arena);
    lf_proto_schema_free(schema);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_bytes),
        cmocka_unit_test(test_what_may_stand_for_a_value),
        cmocka_unit_test(test_values_that_do_not_fit),
        cmocka_unit_test(test_bytes_of_others),
        cmocka_unit_test(test_bytes_that_are_no_message),
        cmocka_unit_test(test_proto2),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_well_known_types),
        cmocka_unit_test(test_well_known_types_out_of_range),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_depth_of_unknown_groups),
        cmocka_unit_test(test_what_unfolds_is_bounded),
        cmocka_unit_test(test_buffer_is_full),
        cmocka_unit_test(test_long_messages),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
