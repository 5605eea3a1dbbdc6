/* Avro schemas: what is one, what is none and why, names, defaults, canonical form. */
#include "avro_kit.h"

#include "base/mem.h"

#define RECORD(fields) "{'type':'record','name':'R','fields':[" fields "]}"
#define FIELD(name, rest) "{'name':'" name "'," rest "}"

static void
wrong_schemas_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "Avro schema: JSON text is empty"},
        {"{", "Avro schema: JSON at byte"},
        {"5", "a type is a name, a list (union) or an object"},
        {"'integer'", "no type 'integer' is defined before this place"},
        {"'record'", "'record' needs an object with its attributes"},
        {"{'name':'x'}", "'type' is missing"},
        {"[]", "a union of 0 types"},
        {"['int',['null']]", "/1: a union stands directly in a union"},
        {"['int','string','int']", "/2: the union has int twice"},
        {"[{'type':'fixed','name':'a.F','size':2},'a.F']", "/1: the union has a.F twice"},
        {"{'type':'array'}", "'items' is missing"},
        {"{'type':'map','values':7}", "/values: a type is"},
        {"{'type':'enum','name':'E','symbols':[]}", "'symbols' is missing or empty"},
        {"{'type':'enum','name':'E','symbols':['A','A']}", "symbol 'A' stands twice"},
        {"{'type':'enum','name':'E','symbols':['A-B']}", "symbol 'A-B' is no name"},
        {"{'type':'enum','name':'E','symbols':[7]}", "symbol '' is no name"},
        {"{'type':'enum','name':'E','symbols':['A'],'default':'B'}", "is none of the symbols"},
        {"{'type':'fixed','name':'F'}", "'size' has to be an integer"},
        {"{'type':'fixed','name':'F','size':-1}", "'size' has to be an integer"},
        {"{'type':'fixed','name':'F','size':1.5}", "'size' is not an integer"},
        {"{'type':'fixed','size':1}", "'name' is missing"},
        {"{'type':'fixed','name':'a..b','size':1}", "'name' is no name"},
        {"{'type':'fixed','name':'1a','size':1}", "'name' is no name"},
        {"{'type':'fixed','name':'a','namespace':'b-c','size':1}", "'namespace' is no name"},
        {"{'type':'fixed','name':'long','size':1}", "a type may not be named 'long'"},
        {"{'type':'fixed','name':'a','aliases':[''],'size':1}", "alias 1 is no name"},
        {RECORD("5"), "/fields/0: a field is an object"},
        {RECORD("{'type':'int'}"), "/fields/0: 'name' is missing"},
        {RECORD("{'name':'a'}"), "/fields/0: 'type' is missing"},
        {RECORD(FIELD("a.b", "'type':'int'")), "/fields/0: field 'a.b' is no name"},
        {RECORD(FIELD("a", "'type':'int'") "," FIELD("a", "'type':'int'")), "field 'a' stands twice"},
        {RECORD(FIELD("a", "'type':'S'")), "/fields/0/type: no type 'S'"},
        {RECORD(FIELD("a", "'type':{'type':'fixed','name':'R','size':1}")), "'R' is defined twice"},
        {RECORD(FIELD("a", "'type':'int','default':'x'")), "record R: default of a: must be an integer"},
        {RECORD(FIELD("a", "'type':['null','int'],'default':'x'")), "default of a: must be an integer of 32 bits"},
        {RECORD(FIELD("a", "'type':{'type':'long','logicalType':'timestamp-millis'},'default':'2026-01-01T00:00:00Z'")),
         "default of a: must be an integer of 64 bits"},
        {RECORD(FIELD("a", "'type':'R','default':{}")), "default of a: /a: its default contains itself"},
        {RECORD(FIELD("a", "'type':'bytes','default':'\\u0100'")), "code points up to U+00FF"},
        {RECORD(FIELD("a", "'type':{'type':'array','items':'int'},'default':[1,null]")),
         "default of a: /1: must be an integer"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_avro_schema *schema = NULL;
        struct lf_err err = {0};
        char space[KIT_TEXT_MAX];
        enum lf_status st = lf_avro_schema_parse(NULL, kit_text(rows[i].text, space), &schema, &err);
        if (st != LF_INVALID || schema != NULL || !kit_contains(err.text, rows[i].words))
            fail_msg("%s: %s %s", rows[i].text, lf_status_name(st), err.text);
    }
}

static void
canonical_forms_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        {"int", "'int'"},
        {"{'type':'string','logicalType':'uuid'}", "'string'"},
        {"{'type':{'type':'string'}}", "'string'"},
        {"[ 'null', {'items': 'long', 'type': 'array'} ]", "['null',{'type':'array','items':'long'}]"},
        {"{'type':'enum','doc':'d','name':'E','namespace':'a.b','symbols':['X','Y']}",
         "{'name':'a.b.E','type':'enum','symbols':['X','Y']}"},
        {"{'type':'record','name':'a.R','namespace':'ignored','fields':[{'name':'f','type':{'type':'fixed',"
         "'name':'F','size':2},'order':'ignore'},{'name':'g','type':['null','R','F'],'default':null},"
         "{'name':'h','type':{'type':'error','name':'b.E','fields':[]}}]}",
         "{'name':'a.R','type':'record','fields':[{'name':'f','type':{'name':'a.F','type':'fixed','size':2}},"
         "{'name':'g','type':['null','a.R','a.F']},{'name':'h','type':{'name':'b.E','type':'record','fields':[]}}]}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_avro_schema *schema = kit_parse(rows[i].text);
        kit_check_canonical(schema, rows[i].canonical);
        lf_avro_schema_free(schema);
    }
    assert_true(lf_avro_fingerprint(LF_LIT("\"int\"")) == UINT64_C(0x7275d51a3f395c8f));
    assert_true(lf_avro_fingerprint(LF_BYTES_NONE) == UINT64_C(0xc15d213aa4d7a795));
}

static void
references_bring_their_types(void **state)
{
    (void)state;
    char space[3][KIT_TEXT_MAX];
    const struct lf_bytes texts[] = {
        kit_text("{'type':'record','name':'shop.Money','fields':[{'name':'cents','type':'long'}]}", space[0]),
        kit_text("{'type':'array','items':{'type':'record','name':'shop.Line','fields':["
                 "{'name':'price','type':'Money'}]}}",
                 space[1]),
    };
    const struct lf_bytes text = kit_text("{'type':'map','values':'shop.Line'}", space[2]);
    const struct lf_avro_options options = {.references = texts, .reference_count = 2};
    const struct lf_avro_options fewer = {.references = texts + 1, .reference_count = 1};
    struct lf_avro_schema *schema = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_avro_schema_parse(&options, text, &schema, &err), LF_OK);
    kit_check_canonical(schema, "{'type':'map','values':{'name':'shop.Line','type':'record','fields':["
                                "{'name':'price','type':{'name':'shop.Money','type':'record','fields':["
                                "{'name':'cents','type':'long'}]}}]}}");
    lf_avro_schema_free(schema);
    schema = NULL;
    assert_int_equal(lf_avro_schema_parse(&options, LF_LIT("shop.Money"), &schema, &err), LF_OK);
    assert_true(lf_bytes_equal_text(lf_avro_schema_name(schema), "shop.Money"));
    lf_avro_schema_free(schema);
    schema = NULL;
    assert_int_equal(lf_avro_schema_parse(&fewer, text, &schema, &err), LF_INVALID);
    assert_true(kit_contains(err.text, "reference 1: Avro schema, /items/fields/0/type: no type 'Money'"));
    assert_null(schema);
}

static void
a_lenient_parser_drops_wrong_defaults(void **state)
{
    (void)state;
    char space[KIT_TEXT_MAX];
    const struct lf_avro_options lenient = {.lenient = true};
    const struct lf_bytes text = kit_text(
        RECORD(FIELD("a", "'type':['null','int'],'default':'null'") "," FIELD("b", "'type':'int','default':5")), space);
    struct lf_avro_schema *schema = NULL;
    struct lf_buf out;
    const struct lf_value empty = lf_value_object(NULL, 0);
    lf_buf_init(&out, 100);
    assert_int_equal(lf_avro_schema_parse(NULL, text, &schema, NULL), LF_INVALID);
    assert_int_equal(lf_avro_schema_parse(&lenient, text, &schema, NULL), LF_OK);
    assert_int_equal(lf_avro_encode(schema, &empty, &out, NULL), LF_OK); /* a may be null */
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.ptr, "\0\x0a", 2);
    lf_buf_release(&out);
    lf_avro_schema_free(schema);
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static enum lf_status
parse_buf(struct lf_buf *text)
{
    struct lf_avro_schema *schema = NULL;
    enum lf_status st = kit_parse_buf(text, &schema);
    lf_avro_schema_free(schema);
    return st;
}

static void
schemas_have_limits(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, LF_AVRO_SCHEMA_BYTES_MAX * 2);
    for (int i = 0; i < 1000; i++)
        lf_buf_add_text(&text, "{'type':'array','items':");
    lf_buf_add_text(&text, "'int'");
    for (int i = 0; i < 1000; i++)
        lf_buf_add_char(&text, '}');
    assert_int_equal(parse_buf(&text), LF_LIMIT);

    lf_buf_clear(&text);
    lf_buf_add_text(&text, "['null'");
    for (int i = 0; i < LF_AVRO_SCHEMA_BYTES_MAX; i++)
        lf_buf_add_char(&text, ' ');
    lf_buf_add_text(&text, "]");
    assert_int_equal(parse_buf(&text), LF_LIMIT);

    lf_buf_clear(&text);
    lf_buf_add_text(&text, "{'type':'bytes','logicalType':'decimal','precision':1001}");
    assert_int_equal(parse_buf(&text), LF_LIMIT);

    lf_buf_clear(&text); /* a union of 30 records, each with two fields of the one before: a default of 2^30 parts */
    lf_buf_add_text(&text, "[{'type':'record','name':'R0','fields':[{'name':'z','type':'null'}]}");
    for (int i = 1; i <= 30; i++)
        lf_buf_printf(&text,
                      ",{'type':'record','name':'R%d','fields':[{'name':'a','type':'R%d','default':{}},{'name':'b',"
                      "'type':'R%d','default':{}}]}",
                      i, i - 1, i - 1);
    lf_buf_add_char(&text, ']');
    assert_int_equal(parse_buf(&text), LF_INVALID); /* z has no default */
    lf_buf_release(&text);
}

/* Zero bytes, and 2^30 values: whatever is asked of it is cut short. */
static void
an_exploding_default_is_cut_short(void **state)
{
    (void)state;
    struct lf_buf text;
    struct lf_avro_schema *schema = NULL, *writer = kit_parse("{'type':'record','name':'R0','fields':[]}");
    struct lf_avro_reader *reader = NULL;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&text, KIT_BYTES_MAX);
    for (int i = 0; i <= 30; i++)
        lf_buf_printf(&text, "{'type':'record','name':'R%d','fields':[{'name':'a','type':", i);
    lf_buf_add_text(&text, "'null','default':null}]}");
    for (int i = 29; i >= 0; i--)
        lf_buf_printf(&text, ",'default':{}},{'name':'b','type':'R%d','default':{}}]}", i + 1);
    assert_int_equal(kit_parse_buf(&text, &schema), LF_OK);
    assert_int_equal(lf_avro_reader_new(writer, schema, &reader, &err), LF_OK);
    assert_int_equal(lf_avro_decode(reader, LF_BYTES_NONE, &arena, &value, &err), LF_INVALID);
    assert_non_null(strstr(err.text, "becomes more values than are allowed"));
    lf_avro_reader_free(reader);
    reader = NULL;
    assert_int_equal(lf_avro_reader_new(schema, NULL, &reader, &err), LF_OK);
    assert_int_equal(lf_avro_decode(reader, LF_BYTES_NONE, &arena, &value, &err), LF_LIMIT);
    lf_avro_reader_free(reader);
    lf_avro_schema_free(schema);
    lf_avro_schema_free(writer);
    lf_buf_release(&text);
    lf_arena_release(&arena);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static const char whole[] =
    "{'type':'record','name':'R','fields':["
    "{'name':'a','type':{'type':'enum','name':'E','symbols':['X','Y'],'aliases':['D']}},"
    "{'name':'b','type':['null','R'],'default':null},"
    "{'name':'c','type':{'type':'map','values':'string'},'default':{'k':'v'},'aliases':['d']}]}";

static enum lf_status
everything(struct lf_err *err)
{
    struct lf_avro_schema *schema = NULL;
    struct lf_avro_reader *reader = NULL;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_buf out;
    struct lf_compat_report report;
    char space[KIT_TEXT_MAX];
    struct lf_member member = {LF_LIT("a"), lf_value_string(LF_LIT("Y"))};
    const struct lf_value object = lf_value_object(&member, 1);
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&out, KIT_BYTES_MAX);
    lf_compat_init(&report, &arena);
    enum lf_status st = lf_avro_schema_parse(NULL, kit_text(whole, space), &schema, err);
    if (st == LF_OK)
        st = lf_avro_encode(schema, &object, &out, err);
    if (st == LF_OK)
        st = lf_avro_reader_new(schema, schema, &reader, err);
    if (st == LF_OK)
        st = lf_avro_decode(reader, lf_buf_view(&out), &arena, &value, err);
    if (st == LF_OK)
        st = lf_avro_compat(schema, schema, &report, err);
    if (st == LF_OK)
        st = lf_avro_canonical(schema, &out, err);
    lf_avro_reader_free(reader);
    lf_avro_schema_free(schema);
    lf_buf_release(&out);
    lf_arena_release(&arena);
    return st;
}

static void
every_failing_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    const int64_t live = lf_mem_live();
    for (uint64_t n = 1; n < 10000; n++) {
        struct lf_err err = {0};
        lf_mem_fail_at(n, false);
        enum lf_status st = everything(&err);
        const bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        assert_true(lf_mem_live() == live);
        if (!hit)
            return;
    }
    fail_msg("the fault was always hit");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_schemas_are_refused_with_their_place),
        cmocka_unit_test(canonical_forms_are_those_of_the_specification),
        cmocka_unit_test(references_bring_their_types),
        cmocka_unit_test(a_lenient_parser_drops_wrong_defaults),
        cmocka_unit_test(schemas_have_limits),
        cmocka_unit_test(an_exploding_default_is_cut_short),
        cmocka_unit_test(every_failing_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
