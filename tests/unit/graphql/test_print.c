/* The layout of printed documents, which is graphql-js's, and that printing and parsing undo each other. */
#include "kit.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Made with graphql-js 17, but: descriptions are block strings wherever they can be, {} has no blanks inside. */
static const struct {
    const char *text;
    const char *printed;
} rows[] = {
    /* clang-format off */
        {"{a,b}",
         "{\n"
         "  a\n"
         "  b\n"
         "}"},
        {"query{a}",
         "{\n"
         "  a\n"
         "}"},
        {"query Q{a}",
         "query Q {\n"
         "  a\n"
         "}"},
        {"query($a:Int){a}",
         "query ($a: Int) {\n"
         "  a\n"
         "}"},
        {"query @d{a}",
         "query @d {\n"
         "  a\n"
         "}"},
        {"mutation{a}",
         "mutation {\n"
         "  a\n"
         "}"},
        {"subscription S @d(x:1){a}",
         "subscription S @d(x: 1) {\n"
         "  a\n"
         "}"},
        {"\"about\" query{a}",
         "\"\"\"about\"\"\"\n"
         "query {\n"
         "  a\n"
         "}"},
        {"\"\"\"about\"\"\"query Q($a:Int=1@x,$b:[String!]!=[\"a\"]){a}",
         "\"\"\"about\"\"\"\n"
         "query Q($a: Int = 1 @x, $b: [String!]! = [\"a\"]) {\n"
         "  a\n"
         "}"},
        {"query Q(\"\"\"two\nlines\"\"\"$a:Int,\"b\"$b:In={c:{d:[1.5e3,-0]}}){a}",
         "query Q(\n"
         "\"\"\"\n"
         "two\n"
         "lines\n"
         "\"\"\"\n"
         "$a: Int\n"
         "\"\"\"b\"\"\"\n"
         "$b: In = { c: { d: [1.5e3, -0] } }\n"
         ") {\n"
         "  a\n"
         "}"},
        {"{x:a(b:$c,d:\"e\\n\\u0007\\u0080\\\"\\\\/\"){...F@d ...on T{a}...@i{b}...{c}}}",
         "{\n"
         "  x: a(b: $c, d: \"e\\n"
         "\\u0007\\u0080\\\"\\\\/\") {\n"
         "    ...F @d\n"
         "    ... on T {\n"
         "      a\n"
         "    }\n"
         "    ... @i {\n"
         "      b\n"
         "    }\n"
         "    ... {\n"
         "      c\n"
         "    }\n"
         "  }\n"
         "}"},
        {"{a(first:\"some text that is long enough\",second:\"another text as long as that\",third:3)}",
         "{\n"
         "  a(\n"
         "    first: \"some text that is long enough\"\n"
         "    second: \"another text as long as that\"\n"
         "    third: 3\n"
         "  )\n"
         "}"},
        {"{a(first:\"some text that is long enough\",second:\"another text as lon\",third: 3){b(c:\"\"\"x\n  y"
         "\"\"\")}}",
         "{\n"
         "  a(\n"
         "    first: \"some text that is long enough\"\n"
         "    second: \"another text as lon\"\n"
         "    third: 3\n"
         "  ) {\n"
         "    b(c: \"\"\"\n"
         "    x\n"
         "    y\n"
         "    \"\"\")\n"
         "  }\n"
         "}"},
        {"fragment F on T@d{a}",
         "fragment F on T @d {\n"
         "  a\n"
         "}"},
        {"{a(b:{},c:[],d:{e:{f:[{g:null}]}})}",
         "{\n"
         "  a(b: {}, c: [], d: { e: { f: [{ g: null }] } })\n"
         "}"},
        {"{a(b:\"\"\"\"\"\",c:\"\"\"x\"\"\",d:\"\"\"  x\"\"\",e:\"\"\"x\\\"\"\"y\"\"\",f:\"\"\"ends in quote\""
         " \"\"\",g:\"\"\"back\\\n\"\"\")}",
         "{\n"
         "  a(\n"
         "    b: \"\"\"\"\"\"\n"
         "    c: \"\"\"x\"\"\"\n"
         "    d: \"\"\"  x\"\"\"\n"
         "    e: \"\"\"x\\\"\"\"y\"\"\"\n"
         "    f: \"\"\"ends in quote\" \"\"\"\n"
         "    g: \"\"\"\n"
         "    back\\\n"
         "    \"\"\"\n"
         "  )\n"
         "}"},
        {"{a{b(c:\"\"\"\n   one\n     two\n\n   three\n\"\"\")}}",
         "{\n"
         "  a {\n"
         "    b(c: \"\"\"\n"
         "    one\n"
         "      two\n"
         "\n"
         "    three\n"
         "    \"\"\")\n"
         "  }\n"
         "}"},
        {"schema@a{query:Q mutation:M}extend schema@b extend schema{subscription:S}",
         "schema @a {\n"
         "  query: Q\n"
         "  mutation: M\n"
         "}\n"
         "\n"
         "extend schema @b\n"
         "\n"
         "extend schema {\n"
         "  subscription: S\n"
         "}"},
        {"\"d\"scalar A@b extend scalar A@c",
         "\"\"\"d\"\"\"\n"
         "scalar A @b\n"
         "\n"
         "extend scalar A @c"},
        {"\"d\"type A implements B&C@d{\"e\"f(\"g\"h:I=1@j,k:L):[M!]!@n o(p:Q=2,r:S):T}type U extend type A im"
         "plements V extend type A@w extend type A{x:Y}",
         "\"\"\"d\"\"\"\n"
         "type A implements B & C @d {\n"
         "  \"\"\"e\"\"\"\n"
         "  f(\n"
         "    \"\"\"g\"\"\"\n"
         "    h: I = 1 @j\n"
         "    k: L\n"
         "  ): [M!]! @n\n"
         "  o(p: Q = 2, r: S): T\n"
         "}\n"
         "\n"
         "type U\n"
         "\n"
         "extend type A implements V\n"
         "\n"
         "extend type A @w\n"
         "\n"
         "extend type A {\n"
         "  x: Y\n"
         "}"},
        {"interface A implements B{c:D}extend interface A{e(f:G=\"\"\"x\ny\"\"\"):H}",
         "interface A implements B {\n"
         "  c: D\n"
         "}\n"
         "\n"
         "extend interface A {\n"
         "  e(\n"
         "    f: G = \"\"\"\n"
         "    x\n"
         "    y\n"
         "    \"\"\"\n"
         "  ): H\n"
         "}"},
        {"union A@b=|C|D union E=F union G extend union A=H",
         "union A @b = C | D\n"
         "\n"
         "union E = F\n"
         "\n"
         "union G\n"
         "\n"
         "extend union A = H"},
        {"\"d\"enum A@b{\"c\"D@e F}enum G extend enum A{H}",
         "\"\"\"d\"\"\"\n"
         "enum A @b {\n"
         "  \"\"\"c\"\"\"\n"
         "  D @e\n"
         "  F\n"
         "}\n"
         "\n"
         "enum G\n"
         "\n"
         "extend enum A {\n"
         "  H\n"
         "}"},
        {"input A@b{\"c\"d:E=1@f g:H={i:1}}extend input A{j:K}",
         "input A @b {\n"
         "  \"\"\"c\"\"\"\n"
         "  d: E = 1 @f\n"
         "  g: H = { i: 1 }\n"
         "}\n"
         "\n"
         "extend input A {\n"
         "  j: K\n"
         "}"},
        {"\"d\"directive@a(\"b\"c:D=1)repeatable on|FIELD|QUERY directive@e(f:G,h:I)on SCHEMA directive@j on ENUM",
         "\"\"\"d\"\"\"\n"
         "directive @a(\n"
         "  \"\"\"b\"\"\"\n"
         "  c: D = 1\n"
         ") repeatable on FIELD | QUERY\n"
         "\n"
         "directive @e(f: G, h: I) on SCHEMA\n"
         "\n"
         "directive @j on ENUM"},
        {"\"\"\"\n  indented\n    more\n\"\"\"type A{\"\"\"a long description that goes on and on for more tha"
         "n seventy characters\"\"\"b:C\"ends\\\"\"d:E\"\\u0001\"f:G\"\" h:I\" x\"j:K\" x\\n  y\"l:M}",
         "\"\"\"\n"
         "indented\n"
         "  more\n"
         "\"\"\"\n"
         "type A {\n"
         "  \"\"\"\n"
         "  a long description that goes on and on for more than seventy characters\n"
         "  \"\"\"\n"
         "  b: C\n"
         "  \"\"\"\n"
         "  ends\"\n"
         "  \"\"\"\n"
         "  d: E\n"
         "  \"\\u0001\"\n"
         "  f: G\n"
         "  \"\"\"\"\"\"\n"
         "  h: I\n"
         "  \"\"\" x\"\"\"\n"
         "  j: K\n"
         "  \" x\\n"
         "  y\"\n"
         "  l: M\n"
         "}"},
    /* clang-format on */
};

/* Shorthand queries do not become the members of what stands before them. */
static const struct {
    const char *text;
    const char *printed;
} apart[] = {
    {"type A query {b}", "type A\n\nquery {\n  b\n}"},
    {"interface A query {b}", "interface A\n\nquery {\n  b\n}"},
    {"enum A query {b}", "enum A\n\nquery {\n  b\n}"},
    {"input A query {b}", "input A\n\nquery {\n  b\n}"},
    {"extend schema @a query {b}", "extend schema @a\n\nquery {\n  b\n}"},
    {"type A {b: C} {d}", "type A {\n  b: C\n}\n\n{\n  d\n}"},
    {"union A query {b}", "union A\n\n{\n  b\n}"},
};

static const char *
print(struct page *page, const char *text)
{
    page_open(page, text);
    lf_gql_print(&page->out, page_parse(page));
    lf_buf_add(&page->out, lf_bytes("", 1));
    assert_int_equal(page->out.failed, LF_OK);
    return page->out.ptr;
}

static void
test_layout(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct page page;
        assert_string_equal(print(&page, rows[i].text), rows[i].printed);
        page_close(&page);
    }
}

static void
test_shorthand_queries_stay_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(apart); i++) {
        struct page page;
        assert_string_equal(print(&page, apart[i].text), apart[i].printed);
        page_close(&page);
        assert_string_equal(print(&page, apart[i].printed), apart[i].printed);
        page_close(&page);
    }
}

static void
test_printing_again_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct page page;
        assert_string_equal(print(&page, rows[i].printed), rows[i].printed);
        page_close(&page);
    }
}

/* A string's value survives, whichever form it is printed in. */
static void
test_string_values_survive(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        " ",
        "a",
        " a",
        "a ",
        "\n",
        "a\n",
        "\na",
        "a\nb",
        " a\nb",
        "a\n b",
        " a\n b",
        "a\n\nb",
        "a\n \nb",
        "a\n  b\n c",
        "\ta\n\tb",
        "a\"",
        "a\"\"\"",
        "\"\"\"",
        "a\\",
        "\\",
        "a\"\"\"\nb",
        "\x01",
        "a\rb",
        "a\r\nb",
        "\x7f",
        "\xc2\x80",
        "\xc2\xa0",
        "\xc3\xa9\n",
        "\\\"\"\"",
        "  \n  a\n",
        "a\n\t",
        "\xef\xbb\xbf",
        "line\n\"\"\"\n  more\n",
    };
    for (size_t i = 0; i < ROWS(values); i++) {
        struct page page;
        struct page again;
        page_open(&page, "");
        lf_buf_add_text(&page.out, "type A { ");
        lf_json_write_string(&page.out, lf_bytes_of(values[i]));
        lf_buf_add_text(&page.out, " b: C }");
        lf_buf_add(&page.out, lf_bytes("", 1));
        const char *printed = print(&again, page.out.ptr);
        struct page back;
        page_open(&back, printed);
        const struct lf_gql_document *document = page_parse(&back);
        assert_true(lf_bytes_equal_text(document->definitions[0]->fields[0].description, values[i]));
        page_close(&back);
        page_close(&again);
        page_close(&page);
    }
}

static void
test_values_and_types_alone(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "{a: [$b, \"\"\"c\"\"\", -1.50, true, null, D], e: {}}");
    lf_gql_print_value(&page.out, lf_gql_parse_value(&page.arena, &page.source, &page.errors));
    lf_buf_add_char(&page.out, ' ');
    page.source.text = LF_LIT("[ [ID !]]!");
    lf_gql_print_type_ref(&page.out, lf_gql_parse_type(&page.arena, &page.source, &page.errors));
    lf_buf_add(&page.out, lf_bytes("", 1));
    assert_string_equal(page.out.ptr, "{ a: [$b, \"\"\"c\"\"\", -1.50, true, null, D], e: {} } [[ID!]]!");
    page_close(&page);
}

/* A buffer that is full stays full and does no harm. */
static void
test_a_full_buffer(void **state)
{
    (void)state;
    struct page page;
    const char *text = rows[ROWS(rows) - 3].text;
    for (size_t max = 0; max < 200; max++) {
        page_open(&page, text);
        const struct lf_gql_document *document = page_parse(&page);
        struct lf_buf out;
        lf_buf_init(&out, max);
        lf_gql_print(&out, document);
        assert_true(out.len <= max);
        lf_buf_release(&out);
        page_close(&page);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_shorthand_queries_stay_apart),
        cmocka_unit_test(test_printing_again_changes_nothing),
        cmocka_unit_test(test_string_values_survive),
        cmocka_unit_test(test_values_and_types_alone),
        cmocka_unit_test(test_a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
