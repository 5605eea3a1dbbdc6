/* Avro's binary encoding of payloads, and what comes back: types, logical types, unions; what no schema can hold. */
#include "avro_kit.h"

#define LONG(logical) "{'type':'long','logicalType':'" logical "'}"
#define INT(logical) "{'type':'int','logicalType':'" logical "'}"
#define DECIMAL(precision, scale) "{'type':'bytes','logicalType':'decimal','precision':" precision ",'scale':" scale "}"
#define FIXED_DECIMAL "{'type':'fixed','name':'D','size':4,'logicalType':'decimal','precision':9,'scale':2}"
#define JSON "{'type':'string','logfirst.type':'json'}"
#define ROWS(rows) rows, sizeof(rows) / sizeof(rows[0])

/* Bytes by the specification, and by hand where it has no example. */
static void
types_are_encoded_as_the_specification_says(void **state)
{
    (void)state;
    static const struct kit_both rows[] = {
        {"'null'", "null", ""},
        {"'boolean'", "true", "01"},
        {"'boolean'", "false", "00"},
        {"'int'", "0", "00"},
        {"'int'", "-1", "01"},
        {"'int'", "1", "02"},
        {"'int'", "-64", "7f"},
        {"'int'", "64", "8001"},
        {"'int'", "2147483647", "feffffff0f"},
        {"'int'", "-2147483648", "ffffffff0f"},
        {"'long'", "9223372036854775807", "feffffffffffffffff01"},
        {"'long'", "-9223372036854775808", "ffffffffffffffffff01"},
        {"'float'", "1.5", "0000c03f"},
        {"'double'", "-0.1", "9a9999999999b9bf"},
        {"'double'", "5", "0000000000001440"},
        {"'string'", "'foo'", "06666f6f"},
        {"'string'", "''", "00"},
        {"'string'", "'\\u0000é'", "0600c3a9"},
        {"'bytes'", "'\\u0000aÿ'", "060061ff"},
        {"{'type':'fixed','name':'F','size':2}", "'\x7f\xc2\x80'", "7f80"},
        {"{'type':'fixed','name':'F','size':0}", "''", ""},
        {"{'type':'enum','name':'E','symbols':['A','B','C','D']}", "'D'", "06"},
        {"{'type':'array','items':'long'}", "[3,27]", "04063600"},
        {"{'type':'array','items':'long'}", "[]", "00"},
        {"{'type':'map','values':'boolean'}", "{'a':true,'':false}", "04026101000000"},
        {"{'type':'record','name':'T','fields':[{'name':'a','type':'long'},{'name':'b','type':'string'}]}",
         "{'a':27,'b':'foo'}", "3606666f6f"},
        {"['null','string']", "null", "00"},
        {"['null','string']", "'a'", "020261"},
        {"{'type':'record','name':'L','fields':[{'name':'v','type':'int'},{'name':'next','type':['null','L']}]}",
         "{'v':1,'next':{'v':2,'next':null}}", "02020400"},
    };
    kit_there_and_back(ROWS(rows));
}

static void
logical_types_go_there_and_back(void **state)
{
    (void)state;
    static const struct kit_both rows[] = {
        {INT("date"), "'1970-01-02'", "02"},
        {INT("date"), "'0001-01-01'", "f3e457"},
        {INT("time-millis"), "'00:00:01.500Z'", "b817"},
        {LONG("time-micros"), "'23:59:59.999999Z'", "feffbadd8305"},
        {LONG("timestamp-millis"), "'1969-12-31T23:59:59.999Z'", "01"},
        {LONG("timestamp-micros"), "'1970-01-01T00:00:00.000064Z'", "8001"},
        {LONG("timestamp-nanos"), "'1970-01-01T00:00:00.000000001Z'", "02"},
        {LONG("local-timestamp-millis"), "'1970-01-01T00:00:01'", "d00f"},
        {LONG("local-timestamp-micros"), "'1970-01-01T00:00:00.001'", "d00f"},
        {LONG("local-timestamp-nanos"), "'1970-01-01T00:00:00.000001'", "d00f"},
        {"{'type':'string','logicalType':'uuid'}", "'00112233-4455-6677-8899-aabbccddeeff'",
         "4830303131323233332d343435352d363637372d383839392d616162626363646465656666"},
        {"{'type':'fixed','name':'U','size':16,'logicalType':'uuid'}", "'00112233-4455-6677-8899-aabbccddeeff'",
         "00112233445566778899aabbccddeeff"},
        {DECIMAL("4", "2"), "'12.5'", "0404e2"},
        {DECIMAL("4", "2"), "'0'", "0200"},
        {DECIMAL("4", "2"), "'-0.01'", "02ff"},
        {DECIMAL("4", "2"), "'1.28'", "040080"},
        {DECIMAL("4", "2"), "'-1.28'", "0280"},
        {DECIMAL("4", "2"), "'99.99'", "04270f"},
        {DECIMAL("38", "9"), "'12345678901234567890123456789.123456789'", "200949b0f6f0023313c4499050e4d85f15"},
        {FIXED_DECIMAL, "'-1'", "ffffff9c"},
        {FIXED_DECIMAL, "'9999999.99'", "3b9ac9ff"},
        {JSON, "{'a':[1,null]}", "1c7b2261223a5b312c6e756c6c5d7d"},
        {"['null'," JSON "]", "null", "00"},
        {"['null'," JSON "]", "5", "020235"},
    };
    kit_there_and_back(ROWS(rows));
}

/* What is written otherwise than it is read. */
static void
other_forms_are_taken(void **state)
{
    (void)state;
    static const struct kit_both rows[] = {
        {"'long'", "'-12'", "17"},
        {"'string'", "-12", "062d3132"},
        {"'double'", "1e2", "0000000000005940"},
        {DECIMAL("4", "2"), "12.50", "0404e2"},
        {DECIMAL("4", "2"), "1250e-2", "0404e2"},
        {DECIMAL("4", "0"), "'1e3'", "0403e8"},
        {DECIMAL("4", "2"), "-0", "0200"},
        {DECIMAL("4", "2"), "'0.0000000'", "0200"},
        {INT("date"), "'1970-01-01'", "00"},
        {INT("time-millis"), "'01:00:00.0019+01:00'", "02"},
        {LONG("timestamp-millis"), "'1970-01-01T01:00:00.0019+01:00'", "02"},
        {LONG("timestamp-micros"), "'1969-12-31T23:59:59.9999999Z'", "01"},
        {"{'type':'string','logicalType':'uuid'}", "'00112233-4455-6677-8899-AABBCCDDEEFF'",
         "4830303131323233332d343435352d363637372d383839392d414142424343444445454646"},
        {"{'type':'record','name':'R','fields':[{'name':'a','type':'int','default':7},{'name':'b','type':["
         "'int','null']},{'name':'c','type':'int'}]}",
         "{'c':1}", "0e0202"},
        {"{'type':'record','name':'R','fields':[{'name':'a','type':'int'},{'name':'b','type':'int'},"
         "{'name':'c','type':'int'}]}",
         "{'c':3,'a':1,'b':2}", "020406"},
        /* attributes that do not fit mean nothing */
        {"{'type':'int','logicalType':'timestamp-millis'}", "1", "02"},
        {"{'type':'fixed','name':'U','size':2,'logicalType':'uuid'}", "'ab'", "6162"},
        {"{'type':'bytes','logicalType':'decimal','precision':2,'scale':3}", "'a'", "0261"},
        {"{'type':'fixed','name':'D','size':1,'logicalType':'decimal','precision':3}", "'a'", "61"},
        {"{'type':'string','logicalType':'nobody-knows'}", "'a'", "0261"},
    };
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (kit_encode(rows[i].schema, rows[i].json, text) != LF_OK || !kit_equal(text, rows[i].hex))
            fail_msg("%s of %s: %s", rows[i].schema, rows[i].json, text);
    }
}

#define POINT(name, more) "{'type':'record','name':'" name "','fields':[{'name':'x','type':'int'}" more "]}"

static void
a_union_takes_the_branch_that_holds_the_value_best(void **state)
{
    (void)state;
    static const struct kit_both rows[] = {
        {"['string','int']", "5", "020a"},
        {"['double','long']", "5", "020a"},
        {"['int','long']", "5", "000a"},
        {"['int','long']", "5000000000", "0280c8afa025"},
        {"['float','double']", "0.5", "02000000000000e03f"},
        {"['float','double']", "5", "020000000000001440"},
        {"['int','double']", "0.5", "02000000000000e03f"},
        {"['bytes','string']", "'a'", "020261"},
        {"['bytes','null']", "'a'", "000261"},
        {"[{'type':'enum','name':'E','symbols':['A']},'string']", "'A'", "0000"},
        {"[{'type':'enum','name':'E','symbols':['A']},'string']", "'B'", "020242"},
        {"[" DECIMAL("4", "2") ",'double']", "0.5", "02000000000000e03f"},
        {"[{'type':'map','values':'int'}," POINT("P", "") "]", "{'x':1}", "0202"},
        {"[{'type':'map','values':'int'}," POINT("P", "") "]", "{'y':1}", "000202790200"},
        {"[" POINT("P", "") "," POINT("Q", ",{'name':'y','type':'int'}") "]", "{'x':1,'y':2}", "020204"},
        {"[" POINT("P", ",{'name':'y','type':'int','default':0}") "," POINT("Q", "") "]", "{'x':1}", "000200"},
        {"[" POINT("P", ",{'name':'y','type':'string'}") "," POINT("Q", ",{'name':'y','type':'int'}") "]",
         "{'x':1,'y':2}", "020204"},
        {"[{'type':'array','items':['null','int']},'null']", "[null,1]", "000400020200"},
    };
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (kit_encode(rows[i].schema, rows[i].json, text) != LF_OK || !kit_equal(text, rows[i].hex))
            fail_msg("%s of %s: %s", rows[i].schema, rows[i].json, text);
    }
}

static void
what_the_schema_cannot_hold_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct kit_refused rows[] = {
        {"'null'", "1", "must be null, is 1"},
        {"'boolean'", "1", "must be true or false, is 1"},
        {"'int'", "2147483648", "must be an integer of 32 bits, is 2147483648"},
        {"'int'", "1.0", "must be an integer of 32 bits, is 1.0"},
        {"'long'", "9223372036854775808", "must be an integer of 64 bits, is 9223372036854775808"},
        {"'long'", "'12x'", "must be an integer of 64 bits, is '12x'"},
        {"'float'", "1e39", "single precision"},
        {"'double'", "1e400", "must be a finite number, is 1e400"},
        {"'string'", "true", "must be a string, is true"},
        {"'bytes'", "'\xc4\x80'", "must be a string of code points up to U+00FF"},
        {"{'type':'fixed','name':'F','size':2}", "'a'", "as the fixed type has bytes, is 'a'"},
        {"{'type':'enum','name':'E','symbols':['A']}", "'B'", "must be one of the enum's symbols, is 'B'"},
        {"{'type':'array','items':'int'}", "{}", "must be a list, is an object"},
        {"{'type':'map','values':'int'}", "[]", "must be an object, is a list"},
        {"{'type':'map','values':'int'}", "{'a/b':null}", "/a~1b: must be an integer of 32 bits, is null"},
        {POINT("P", ""), "{}", "/x: is missing"},
        {POINT("P", ""), "{'x':1,'z':2}", "/z: record P has no such field"},
        {POINT("P", ""), "5", "must be an object, is 5"},
        {"{'type':'array','items':" POINT("P", "") "}", "[{'x':1},{'x':'a'}]", "/1/x: must be an integer"},
        {"['null'," POINT("P", "") "]", "{'x':'a'}", "/x: must be an integer"},
        {"['null','boolean']", "'a'", "must be true or false, is 'a'"},
        {"['null','boolean','int']", "'a'", "the value fits none of the union's 3 types"},
        {INT("date"), "'2026-02-29'", "must be a date"},
        {INT("date"), "5", "must be a date"},
        {INT("time-millis"), "'10:00:00'", "must be a time with offset"},
        {LONG("timestamp-millis"), "'2026-01-01T00:00:00'", "must be a date and time with offset"},
        {LONG("timestamp-nanos"), "'2300-01-01T00:00:00Z'", "that the type can hold"},
        {LONG("timestamp-micros"), "'0001-01-01T00:00:00+00:01'", "must be a date and time with offset"},
        {LONG("local-timestamp-millis"), "'2026-01-01T00:00:00Z'", "must be a date and time without offset"},
        {"{'type':'string','logicalType':'uuid'}", "'1'", "must be a UUID"},
        {DECIMAL("4", "2"), "'100'", "within the precision and scale"},
        {DECIMAL("4", "2"), "'0.001'", "within the precision and scale"},
        {DECIMAL("4", "2"), "'1e999999999'", "within the precision and scale"},
        {DECIMAL("4", "2"), "1e-999999999", "within the precision and scale"},
        {DECIMAL("4", "2"), "'abc'", "within the precision and scale"},
        {DECIMAL("4", "2"), "true", "within the precision and scale"},
    };
    kit_refuses_to_encode(ROWS(rows), LF_INVALID);
}

static void
long_values_are_quoted_in_part(void **state)
{
    (void)state;
    char json[200], text[KIT_TEXT_MAX];
    json[0] = '\'';
    for (size_t i = 0; i < 90; i += 2)
        memcpy(json + 1 + i, "\xc3\xbc", 2);
    memcpy(json + 91, "'", 2);
    assert_int_equal(kit_encode("'int'", json, text), LF_INVALID);
    assert_true(lf_utf8_valid(lf_bytes_of(text), &(size_t){0}));
    assert_true(kit_contains(text, "\xc3\xbc\xe2\x80\xa6'"));
    assert_true(strlen(text) < 150);
}

static void
encoding_has_limits(void **state)
{
    (void)state;
    char json[3 * LF_AVRO_DEPTH_MAX], text[KIT_TEXT_MAX];
    memset(json, '[', LF_AVRO_DEPTH_MAX + 1);
    memset(json + LF_AVRO_DEPTH_MAX + 1, ']', LF_AVRO_DEPTH_MAX + 1);
    json[2 * LF_AVRO_DEPTH_MAX + 2] = '\0';
    assert_int_equal(kit_encode(JSON, json, text), LF_LIMIT);
    json[2 * LF_AVRO_DEPTH_MAX + 1] = '\0';
    assert_int_equal(kit_encode(JSON, json + 1, text), LF_OK);
}

/* The output ends where it has to, be it in the middle of a number. */
static void
an_output_that_is_full_is_a_limit(void **state)
{
    (void)state;
    struct lf_avro_schema *schema = kit_parse("{'type':'array','items':'long'}");
    struct lf_value items[3] = {lf_value_int(INT64_MAX), lf_value_int(INT64_MIN), lf_value_int(1)};
    const struct lf_value value = lf_value_list(items, 3);
    enum { WHOLE = 1 + 10 + 10 + 1 + 1 };
    for (size_t max = 0; max <= WHOLE; max++) {
        struct lf_buf out;
        lf_buf_init(&out, max);
        assert_int_equal(lf_avro_encode(schema, &value, &out, NULL), max < WHOLE ? LF_LIMIT : LF_OK);
        assert_int_equal(out.len, max < WHOLE ? 0 : WHOLE);
        lf_buf_release(&out);
    }
    lf_avro_schema_free(schema);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_encoded_as_the_specification_says),
        cmocka_unit_test(logical_types_go_there_and_back),
        cmocka_unit_test(other_forms_are_taken),
        cmocka_unit_test(a_union_takes_the_branch_that_holds_the_value_best),
        cmocka_unit_test(what_the_schema_cannot_hold_is_refused_with_its_place),
        cmocka_unit_test(long_values_are_quoted_in_part),
        cmocka_unit_test(encoding_has_limits),
        cmocka_unit_test(an_output_that_is_full_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
