/* Which changes of an Avro schema break readers, and in which words. */
#include "avro_kit.h"

#define RECORD(name, fields) "{'type':'record','name':'" name "','fields':[" fields "]}"
#define FIELD(name, rest) "{'name':'" name "'," rest "}"
#define ARRAY(items) "{'type':'array','items':" items "}"
#define LONG(logical) "{'type':'long','logicalType':'" logical "'}"
#define ENUM(symbols, more) "{'type':'enum','name':'E','symbols':[" symbols "]" more "}"

/* "PATH: TEXT; …" of all breaks. */
static void
compare(const char *writer_text, const char *reader_text, char ret[KIT_TEXT_MAX])
{
    struct lf_avro_schema *writer = kit_parse(writer_text), *reader = kit_parse(reader_text);
    struct lf_arena arena;
    struct lf_compat_report report;
    lf_arena_init(&arena, 0, 0);
    lf_compat_init(&report, &arena);
    assert_int_equal(lf_avro_compat(reader, writer, &report, NULL), LF_OK);
    assert_int_equal(report.total, report.count);
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < report.count; i++)
        at += (size_t)snprintf(ret + at, KIT_TEXT_MAX - at, "%s%.*s: %.*s", i > 0 ? "; " : "",
                               LF_FMT(report.breaks[i].path), LF_FMT(report.breaks[i].text));
    lf_arena_release(&arena);
    lf_avro_schema_free(writer);
    lf_avro_schema_free(reader);
}

static void
breaks_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *writer, *reader, *breaks;
    } rows[] = {
        {"'int'", "'int'", ""},
        {"'int'", "'double'", ""},
        {"'string'", "'bytes'", ""},
        {"'long'", "'int'", ": the writer's long cannot be read as int"},
        {"'int'", "['null','int']", ""},
        {"['null','int']", "'int'", ": the writer's null cannot be read as int"},
        {"['null','int','boolean']", "['null','string']",
         ": the writer's int cannot be read as any of the reader's union: null, string; "
         ": the writer's boolean cannot be read as any of the reader's union: null, string"},
        {RECORD("R", ""), RECORD("R", FIELD("a", "'type':'int'")),
         "/a: the reader's field has no default, and the writer's record R lacks it"},
        {RECORD("R", ""), RECORD("R", FIELD("a", "'type':'int','default':1")), ""},
        {RECORD("R", FIELD("a", "'type':'int'")), RECORD("R", ""), ""},
        {RECORD("R", FIELD("a", "'type':'int'")), RECORD("R", FIELD("b", "'type':'int','aliases':['a']")), ""},
        {RECORD("R", FIELD("a", "'type':" ARRAY("{'type':'map','values':'long'}"))),
         RECORD("R", FIELD("a", "'type':['null'," ARRAY("{'type':'map','values':'int'}") "]")),
         "/a/*/*: the writer's long cannot be read as int"},
        {RECORD("R", ""), RECORD("S", ""), ": the writer's record R cannot be read as record S"},
        {RECORD("R", FIELD("n", "'type':['null','R']")),
         RECORD("R", FIELD("n", "'type':['null','R']") "," FIELD("m", "'type':'int'")),
         "/m: the reader's field has no default, and the writer's record R lacks it"},
        {ENUM("'A','B'", ""), ENUM("'B','C','A'", ""), ""},
        {ENUM("'A','B'", ""), ENUM("'B'", ",'default':'B'"), ""},
        {ENUM("'A','B','C','D','F','G','H'", ""), ENUM("'B'", ""),
         ": the reader's enum E has no default, and lacks 6 of the writer's symbols: A, C, D, F, G, \xe2\x80\xa6"},
        {"{'type':'fixed','name':'F','size':1}", "{'type':'fixed','name':'F','size':2}",
         ": the writer's fixed F of 1 bytes cannot be read as fixed F of 2 bytes"},
        {LONG("timestamp-millis"), LONG("timestamp-micros"),
         ": the writer's long (timestamp-millis) would be read as long (timestamp-micros)"},
        {"'long'", LONG("timestamp-micros"), ""},
        {"{'type':'bytes','logicalType':'decimal','precision':4,'scale':2}",
         "{'type':'bytes','logicalType':'decimal','precision':4,'scale':1}",
         ": the writer's decimal(4, 2) would be read as decimal(4, 1)"},
    };
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        compare(rows[i].writer, rows[i].reader, text);
        if (!kit_equal(text, rows[i].breaks))
            fail_msg("%s as %s: %s", rows[i].writer, rows[i].reader, text);
    }
}

static void
a_report_keeps_so_many_breaks_and_counts_the_others(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_compat_report report;
    const struct lf_json_step step = {.name = LF_LIT("a")};
    char text[700];
    for (size_t i = 0; i < sizeof(text) - 1; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    text[sizeof(text) - 2] = '\0';
    lf_arena_init(&arena, 0, 0);
    lf_compat_init(&report, &arena);
    for (int i = 0; i < LF_COMPAT_BREAKS_MAX + 5; i++)
        lf_compat_add(&report, &step, "x%s", text);
    assert_int_equal(report.count, LF_COMPAT_BREAKS_MAX);
    assert_int_equal(report.total, LF_COMPAT_BREAKS_MAX + 5);
    size_t at;
    assert_true(lf_utf8_valid(report.breaks[0].text, &at));
    assert_true(report.breaks[0].text.len < 600);
    assert_int_equal(lf_compat_status(&report, NULL), LF_OK);
    lf_arena_release(&arena);
}

/* A chain of types that each text may refer to can be as long as it likes. */
static void
a_long_chain_of_types_is_compared(void **state)
{
    (void)state;
    struct lf_avro_schema *schema = NULL;
    struct lf_avro_reader *reader = NULL;
    struct lf_arena arena;
    struct lf_buf text;
    struct lf_compat_report report;
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&text, KIT_BYTES_MAX);
    lf_compat_init(&report, &arena);
    lf_buf_add_text(&text, "[{'type':'record','name':'R0','fields':[]}");
    for (int i = 1; i < 900; i++)
        lf_buf_printf(&text, ",{'type':'record','name':'R%d','fields':[{'name':'a','type':'R%d'}]}", i, i - 1);
    lf_buf_add_char(&text, ']');
    assert_int_equal(kit_parse_buf(&text, &schema), LF_OK);
    assert_int_equal(lf_avro_compat(schema, schema, &report, NULL), LF_OK); /* R1 is known when R2 comes */
    assert_int_equal(lf_avro_reader_new(schema, NULL, &reader, NULL), LF_OK);
    lf_avro_reader_free(reader);
    lf_avro_schema_free(schema);
    lf_buf_release(&text);
    lf_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaks_are_told_with_their_place),
        cmocka_unit_test(a_report_keeps_so_many_breaks_and_counts_the_others),
        cmocka_unit_test(a_long_chain_of_types_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
