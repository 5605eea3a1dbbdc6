/* Decoding: what a reader's schema makes of a writer's bytes, and bytes that are no value. */
#include "avro_kit.h"

#define RECORD(name, fields) "{'type':'record','name':'" name "','fields':[" fields "]}"
#define ENUM(name, symbols, more) "{'type':'enum','name':'" name "','symbols':[" symbols "]" more "}"
#define LONG(logical) "{'type':'long','logicalType':'" logical "'}"
#define INT(logical) "{'type':'int','logicalType':'" logical "'}"
#define ARRAY(items) "{'type':'array','items':" items "}"
#define ROWS(rows) rows, sizeof(rows) / sizeof(rows[0])

struct resolved {
    const char *writer, *reader, *hex;
    const char *json; /* NULL: refused with words */
    const char *words;
};

static void
check_resolved(const struct resolved *rows, size_t count)
{
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < count; i++) {
        enum lf_status st = kit_decode(rows[i].writer, rows[i].reader, rows[i].hex, text);
        const bool right = rows[i].json != NULL ? st == LF_OK && kit_equal(text, rows[i].json)
                                                : st == LF_INVALID && kit_contains(text, rows[i].words);
        if (!right)
            fail_msg("%s as %s: %s %s", rows[i].writer, rows[i].reader, lf_status_name(st), text);
    }
}

static void
types_are_promoted(void **state)
{
    (void)state;
    static const struct resolved rows[] = {
        {"'int'", "'long'", "0a", "5", NULL},
        {"'int'", "'float'", "0a", "5", NULL},
        {"'int'", "'double'", "0a", "5", NULL},
        {"'long'", "'double'", "0a", "5", NULL},
        {"'float'", "'double'", "0000c03f", "1.5", NULL},
        {"'string'", "'bytes'", "04c3bc", "'\xc3\x83\xc2\xbc'", NULL},
        {"'bytes'", "'string'", "04c3bc", "'\xc3\xbc'", NULL},
        {"'bytes'", "'string'", "02ff", NULL, "at byte 2: a string that is not well-formed UTF-8"},
        {"'long'", "'int'", "0a", NULL, "at byte 0: the writer's long cannot be read as int"},
        {"'double'", "'float'", "0000000000000000", NULL, "cannot be read as float"},
        {"'null'", "'string'", "", NULL, "the writer's null cannot be read as string"},
        {"'boolean'", "'int'", "01", NULL, "the writer's boolean cannot be read as int"},
        {ARRAY("'int'"), ARRAY("'double'"), "04020400", "[1,2]", NULL},
        {ARRAY("'string'"), ARRAY("'int'"), "00", NULL, "the writer's array cannot be read as array"},
    };
    check_resolved(ROWS(rows));
}

static void
records_are_matched_by_the_names_of_fields(void **state)
{
    (void)state;
    static const struct resolved rows[] = {
        {RECORD("R", "{'name':'a','type':'int'},{'name':'b','type':'string'}"),
         RECORD("R", "{'name':'b','type':'string'},{'name':'a','type':'long'}"), "0a0278", "{'b':'x','a':5}", NULL},
        /* without the writer's b, with a new c */
        {RECORD("R", "{'name':'a','type':'int'},{'name':'b','type':'string'}"),
         RECORD("R", "{'name':'c','type':['null','int'],'default':null},{'name':'a','type':'int'}"), "0a0278",
         "{'c':null,'a':5}", NULL},
        {RECORD("R", ""), RECORD("R", "{'name':'c','type':'int'}"), "", NULL,
         "the writer has no field 'c', and it has no default"},
        /* a branch of the union that is not the first may be the default's */
        {RECORD("R", ""), RECORD("R", "{'name':'c','type':['null','int'],'default':7}"), "", "{'c':7}", NULL},
        {RECORD("R", ""), RECORD("R", "{'name':'c','type':" LONG("timestamp-millis") ",'default':1}"), "",
         "{'c':'1970-01-01T00:00:00.001Z'}", NULL},
        {RECORD("R", ""), RECORD("R", "{'name':'c','type':" INT("date") ",'default':9999999}"), "", NULL,
         "the default of field 'c' cannot be read"},
        /* by alias; a field that has its own name comes first */
        {RECORD("R", "{'name':'a','type':'int'}"), RECORD("R", "{'name':'b','type':'int','aliases':['x','a']}"), "0a",
         "{'b':5}", NULL},
        {RECORD("R", "{'name':'a','type':'int'}"),
         RECORD("R", "{'name':'b','type':'int','aliases':['a'],'default':1},{'name':'a','type':'int'}"), "0a",
         "{'b':1,'a':5}", NULL},
        /* names of records */
        {RECORD("x.R", ""), RECORD("y.R", ""), "", "{}", NULL},
        {RECORD("x.R", ""), RECORD("x.S", ""), "", NULL, "the writer's record x.R cannot be read as record x.S"},
        {RECORD("x.R", ""), "{'type':'record','name':'x.S','aliases':['R'],'fields':[]}", "", "{}", NULL},
        {RECORD("x.R", ""), "{'type':'record','name':'y.S','aliases':['R'],'fields':[]}", "", NULL,
         "cannot be read as"},
        /* what is not needed is read over, whatever it is */
        {RECORD("R", "{'name':'a','type':{'type':'map','values':" ARRAY("['null','R']") "}},{'name':'b','type':" ENUM(
                         "E", "'X'",
                         "") "},{'name':'c','type':{'type':'fixed','name':'F','size':2}},{'name':'d','type':'double'},"
                             "{'name':'e','type':'boolean'},{'name':'f','type':'long'}"),
         RECORD("R", "{'name':'f','type':'long'}"), "02026b020000000061620000000000000000010a", "{'f':5}", NULL},
        {RECORD("R", "{'name':'a','type':'string'}"), RECORD("R", ""), "02ff", NULL, "/a, at byte 2: a string"},
    };
    check_resolved(ROWS(rows));
}

static void
enums_and_unions_are_resolved(void **state)
{
    (void)state;
    static const struct resolved rows[] = {
        {ENUM("E", "'A','B'", ""), ENUM("E", "'B','A'", ""), "02", "'B'", NULL},
        {ENUM("E", "'A','B'", ""), ENUM("E", "'A'", ""), "00", "'A'", NULL},
        {ENUM("E", "'A','B'", ""), ENUM("E", "'A'", ""), "02", NULL, "no symbol 'B' and no default"},
        {ENUM("E", "'A','B'", ""), ENUM("E", "'A'", ",'default':'A'"), "02", "'A'", NULL},
        {"{'type':'fixed','name':'F','size':1}", "{'type':'fixed','name':'F','size':2}", "61", NULL,
         "the writer's fixed F of 1 bytes cannot be read as fixed F of 2 bytes"},
        {"'int'", "['null','int']", "0a", "5", NULL},
        {"'int'", "['null','string']", "0a", NULL, "the writer's int cannot be read as union"},
        {"['null','int']", "'int'", "020a", "5", NULL},
        {"['null','int']", "'int'", "00", NULL, "the writer's null cannot be read as int"},
        {"['null','int']", "['string','long','null']", "020a", "5", NULL},
        {"['null','int']", "['string','long','null']", "00", "null", NULL},
        /* the same type is taken before a promotion, the same full name before the same last one */
        {"'long'", "['double','long']", "fcffffffffffffffff01", "9223372036854775806", NULL},
        {RECORD("b.R", "{'name':'a','type':'int'}"),
         "[" RECORD("a.R", "{'name':'n','type':'int','default':0}") "," RECORD("b.R", "{'name':'a','type':'int'}") "]",
         "0a", "{'a':5}", NULL},
        {"['null','string']", "'null'", "04", NULL, "at byte 1: branch 2 of a union of 2"},
    };
    check_resolved(ROWS(rows));
}

static void
logical_types_keep_their_meaning(void **state)
{
    (void)state;
    static const struct resolved rows[] = {
        {LONG("timestamp-millis"), LONG("timestamp-micros"), "02", "'1970-01-01T00:00:00.001Z'", NULL},
        {LONG("timestamp-micros"), LONG("timestamp-millis"), "02", "'1970-01-01T00:00:00.000001Z'", NULL},
        {INT("time-millis"), LONG("time-micros"), "02", "'00:00:00.001Z'", NULL},
        {LONG("timestamp-millis"), "'long'", "02", "1", NULL},
        {"'long'", LONG("timestamp-millis"), "02", "'1970-01-01T00:00:00.001Z'", NULL},
        {"'int'", LONG("timestamp-millis"), "02", "'1970-01-01T00:00:00.001Z'", NULL},
        {INT("date"), "'double'", "02", "1", NULL},
        {"{'type':'string','logfirst.type':'json'}", "'string'", "045b5d", "'[]'", NULL},
        {"'string'", "{'type':'string','logfirst.type':'json'}", "045b5d", "[]", NULL},
        {"'string'", "{'type':'string','logfirst.type':'json'}", "025b", NULL, "at byte 2: JSON at byte"},
        {"'string'", "{'type':'string','logicalType':'uuid'}", "0261", NULL, "a string that is no UUID"},
        {"{'type':'bytes','logicalType':'decimal','precision':4,'scale':2}",
         "{'type':'bytes','logicalType':'decimal','precision':5,'scale':2}", "0201", NULL,
         "the writer's decimal(4, 2) cannot be read as decimal(5, 2)"},
        {"{'type':'bytes','logicalType':'decimal','precision':4,'scale':2}", "'bytes'", "0261", "'a'", NULL},
        {"'bytes'", "{'type':'bytes','logicalType':'decimal','precision':4,'scale':2}", "0261", "'0.97'", NULL},
    };
    check_resolved(ROWS(rows));
}

static void
bytes_that_are_no_value_are_refused(void **state)
{
    (void)state;
    static const struct kit_refused rows[] = {
        {"'null'", "00", "at byte 0: 1 bytes follow the value"},
        {"'boolean'", "", "1 bytes are needed, 0 are left"},
        {"'boolean'", "02", "a boolean of 2"},
        {"'int'", "", "an integer that does not end"},
        {"'int'", "80", "an integer that does not end"},
        {"'int'", "8080808010", "at byte 5: 2147483648 is no integer of 32 bits"},
        {"'long'", "80808080808080808002", "more than 64 bits"},
        {"'long'", "8080808080808080808000", "more than 64 bits"},
        {"'float'", "0000c0", "4 bytes are needed, 3 are left"},
        {"'float'", "0000807f", "not finite"},
        {"'double'", "000000000000f87f", "not finite"},
        {"'string'", "0461", "2 bytes are needed, 1 are left"},
        {"'string'", "01", "a length of -1"},
        {"'string'", "feffffffffffffffff01", "9223372036854775807 bytes are needed, 0 are left"},
        {"'string'", "06eda080", "well-formed UTF-8"},
        {"'bytes'", "03", "a length of -2"},
        {"{'type':'fixed','name':'F','size':2}", "61", "2 bytes are needed, 1 are left"},
        {ENUM("E", "'A'", ""), "02", "symbol 1 of an enum of 1"},
        {ENUM("E", "'A'", ""), "01", "symbol -1 of an enum of 1"},
        {"['null','int']", "01", "branch -1 of a union of 2"},
        {ARRAY("'int'"), "02", "/0, at byte 1: an integer that does not end"},
        {ARRAY("'int'"), "0202", "at byte 2: an integer that does not end"},
        {ARRAY("'int'"), "010402", "a block of 2 bytes, 1 are left"},
        {ARRAY("'int'"), "0104020200", "a block of 1 items does not end where it says"},
        {ARRAY("'int'"), "0101", "a block of -1 bytes"},
        {ARRAY("'int'"), "ffffffffffffffffff0100", "a block of"},
        {"{'type':'map','values':'int'}", "0402610202610200", "the map has 'a' twice"},
        {"{'type':'map','values':'int'}", "0202ff0200", "at byte 3: a string that"},
        {RECORD("R", "{'name':'a','type':" ARRAY(RECORD("S", "{'name':'b','type':'boolean'}")) "}"), "040109",
         "/a/1/b, at byte 3: a boolean of 9"},
        {INT("date"), "80c8afa025", "32 bits"},
        {INT("date"), "ffffffff0f", "is not of the years 1 to 9999"},
        {INT("time-millis"), "01", "time -1 is not within a day"},
        {INT("time-millis"), "80f0b252", "time 86400000 is not within a day"},
        {LONG("timestamp-micros"), "feffffffffffffffff01", "is not of the years 1 to 9999"},
        {"{'type':'bytes','logicalType':'decimal','precision':2}", "00", "a decimal of no bytes"},
        {"{'type':'bytes','logicalType':'decimal','precision':2}", "0264", "more than 2 digits"},
    };
    kit_refuses_to_decode(ROWS(rows), LF_INVALID);
}

static void
blocks_may_have_their_size_and_be_many(void **state)
{
    (void)state;
    static const struct resolved rows[] = {
        {ARRAY("'int'"), NULL, "03040204020600", "[1,2,3]", NULL},
        {ARRAY("'int'"), NULL, "01020201020400", "[1,2]", NULL},
        {"{'type':'map','values':'int'}", NULL, "0206616263020202640400", "{'abc':1,'d':2}", NULL},
        {ARRAY("'int'"), NULL, "8000", "[]", NULL}, /* a zero in two bytes is a zero */
        {ARRAY("'null'"), NULL, "0600", "[null,null,null]", NULL},
        {"{'type':'bytes','logicalType':'decimal','precision':2,'scale':1}", NULL, "0800000001", "'0.1'", NULL},
        {"{'type':'bytes','logicalType':'decimal','precision':2,'scale':1}", NULL, "06ffffff", "'-0.1'", NULL},
    };
    check_resolved(ROWS(rows));
}

/* A few bytes that claim to be much: told as a limit, at once and without the memory. */
static void
claims_are_not_believed(void **state)
{
    (void)state;
    static const struct kit_refused limits[] = {
        {ARRAY("'null'"), "feffffffffffffffff0100", "more values than are allowed"},
        {ARRAY("{'type':'fixed','name':'F','size':0}"), "feffffffff7f00", "more values than are allowed"},
        {RECORD("R", "{'name':'a','type':" ARRAY("'null'") "}"), "feffffffffffffffff0100", "more values"},
    };
    kit_refuses_to_decode(ROWS(limits), LF_LIMIT);
    char text[KIT_TEXT_MAX];
    assert_int_equal(kit_decode(ARRAY("'string'"), NULL, "feffffffffffffffff01", text), LF_INVALID);
    assert_int_equal(kit_decode(RECORD("R", "{'name':'a','type':" ARRAY("'null'") "}"), RECORD("R", ""),
                                "feffffffffffffffff0100", text),
                     LF_LIMIT); /* skipped */
}

static void
values_nest_to_a_limit(void **state)
{
    (void)state;
    const char *list = RECORD("L", "{'name':'n','type':['null','L']}");
    char hex[2 * LF_AVRO_DEPTH_MAX + 10], text[KIT_TEXT_MAX];
    for (int levels = LF_AVRO_DEPTH_MAX - 1; levels <= LF_AVRO_DEPTH_MAX; levels++) {
        for (int i = 0; i < levels; i++)
            memcpy(hex + 2 * i, "02", 2);
        memcpy(hex + 2 * levels, "00", 3);
        assert_int_equal(kit_decode(list, NULL, hex, text), levels < LF_AVRO_DEPTH_MAX ? LF_OK : LF_LIMIT);
        assert_int_equal(
            kit_decode(RECORD("S", "{'name':'x','type':" RECORD("L", "{'name':'n','type':['null','L']}") "}"),
                       RECORD("S", ""), hex, text),
            levels < LF_AVRO_DEPTH_MAX - 1 ? LF_OK : LF_LIMIT);
    }
}

/* Memory taken from an arena stays in proportion to the message. */
static void
memory_follows_the_message(void **state)
{
    (void)state;
    struct lf_avro_schema *schema = kit_parse(ARRAY(ARRAY("'int'")));
    struct lf_avro_reader *reader = NULL;
    struct lf_arena arena;
    struct lf_value value;
    char bytes[1001];
    assert_int_equal(lf_avro_reader_new(schema, NULL, &reader, NULL), LF_OK);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i % 2 == 0 ? 0xfe : 0x7f); /* each list claims 8127 items */
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_avro_decode(reader, lf_bytes(bytes, sizeof(bytes)), &arena, &value, NULL), LF_INVALID);
    assert_true(arena.used < sizeof(bytes) * 100);
    lf_arena_release(&arena);
    lf_avro_reader_free(reader);
    lf_avro_schema_free(schema);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_promoted),
        cmocka_unit_test(records_are_matched_by_the_names_of_fields),
        cmocka_unit_test(enums_and_unions_are_resolved),
        cmocka_unit_test(logical_types_keep_their_meaning),
        cmocka_unit_test(bytes_that_are_no_value_are_refused),
        cmocka_unit_test(blocks_may_have_their_size_and_be_many),
        cmocka_unit_test(claims_are_not_believed),
        cmocka_unit_test(values_nest_to_a_limit),
        cmocka_unit_test(memory_follows_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
