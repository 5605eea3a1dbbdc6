/*
 * Validation. Method: the table validate_cases.def against the specification's own schema; then what a hostile document
 * may try, and every allocation failing once.
 */
#include "kit.h"
#include "pets.h"

#include "base/clock.h"

struct row {
    const char *rule;
    const char *document;
    const char *errors;
};

static const struct row rows[] = {
#define LF_CASE(rule, document, errors) {#rule, document, errors},
#include "validate_cases.def"
#undef LF_CASE
};

static struct kit kit;

static int
open_kit(void **state)
{
    (void)state;
    kit_open(&kit, pets_sdl);
    return 0;
}

static int
close_kit(void **state)
{
    (void)state;
    kit_close(&kit);
    return 0;
}

static void
test_rules(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct page page;
        struct lf_arena scratch;
        page_open(&page, rows[i].document);
        lf_arena_init(&scratch, 0, 0);
        const struct lf_gql_document *document = page_parse(&page);
        bool valid = lf_gql_validate(kit.schema, document, &scratch, &page.errors);
        lf_arena_release(&scratch); /* errors do not need it */
        const char *errors = page_errors(&page);
        if (strcmp(errors, rows[i].errors) != 0 || valid != (*rows[i].errors == '\0')) {
            print_error("%s: %s\n  expected: %s  found: %s", rows[i].rule, rows[i].document, rows[i].errors, errors);
            wrong++;
        }
        for (const struct lf_gql_error *error = page.errors.first; error != NULL; error = error->next)
            assert_string_equal(error->code, "GRAPHQL_VALIDATION_FAILED");
        page_close(&page);
    }
    assert_int_equal(wrong, 0);
}

/* Every rule has both kinds of example. */
static void
test_rows_cover_rules(void **state)
{
    static const char *const rules[] = {
#define LF_GQL_RULE(name) #name,
#include "graphql/rules/rules.def"
#undef LF_GQL_RULE
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        bool invalid = strcmp(rules[i], "known_operation_types") == 0; /* has a test of its own */
        for (size_t j = 0; j < sizeof(rows) / sizeof(*rows); j++)
            invalid = invalid || (strcmp(rows[j].rule, rules[i]) == 0 && *rows[j].errors != '\0');
        if (!invalid)
            fail_msg("%s has no example", rules[i]);
    }
}

static void
test_operation_types(void **state)
{
    (void)state;
    struct kit poor;
    struct page page;
    kit_open(&poor, "type Query { a: Int }");
    page_open(&page, "query q { a } mutation m { a } subscription s { a }");
    const struct lf_gql_document *document = page_parse(&page);
    assert_false(lf_gql_validate(poor.schema, document, &page.arena, &page.errors));
    assert_string_equal(page_errors(&page), "1:15 The mutation operation is not supported by the schema.\n"
                                            "1:32 The subscription operation is not supported by the schema.\n");
    page_close(&page);
    kit_close(&poor);
}

/* --- hostile documents --- */

/* Validates text; the code of the first error, or NULL. */
static const char *
first_code(const char *text, size_t *ret_errors)
{
    struct page page;
    struct lf_arena scratch;
    page_open(&page, text);
    lf_arena_init(&scratch, 0, 0);
    const struct lf_gql_document *document = page_parse(&page);
    lf_gql_validate(kit.schema, document, &scratch, &page.errors);
    const char *code = page.errors.first != NULL ? page.errors.first->code : NULL;
    if (ret_errors != NULL)
        *ret_errors = page.errors.count;
    lf_arena_release(&scratch);
    page_close(&page);
    return code;
}

/* Appends text count times, %zu being its number, and the same number plus one. */
static void
repeat(struct lf_buf *out, size_t count, const char *fmt)
{
    for (size_t i = 0; i < count; i++)
        lf_buf_printf(out, fmt, i, i + 1, i + 1);
}

static const char *
end(struct lf_buf *out)
{
    lf_buf_add(out, lf_bytes("", 1));
    assert_int_equal(out->failed, LF_OK);
    return out->ptr;
}

static void
test_error_limit(void **state)
{
    (void)state;
    struct lf_buf text;
    size_t errors;
    lf_buf_init(&text, 4 * 1024 * 1024);
    lf_buf_add_text(&text, "{ dog ");
    repeat(&text, 10000, "@a%zu");
    lf_buf_add_text(&text, " { name } }");
    assert_string_equal(first_code(end(&text), &errors), "GRAPHQL_VALIDATION_FAILED");
    assert_int_equal(errors, LF_GQL_ERRORS_MAX);
    lf_buf_release(&text);
}

/* The document is refused or accepted, but soon: these would take hours without limits. */
static void
test_explosions(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 16 * 1024 * 1024);

    /* a path doubles at every fragment */
    lf_buf_add_text(&text, "{ human { ...f0 } }");
    repeat(&text, 40,
           "fragment f%zu on Human { a: pets { ... on Dog { owner { ...f%zu } } }"
           " b: pets { ... on Dog { owner { ...f%zu } } } }");
    lf_buf_add_text(&text, "fragment f40 on Human { name }");
    assert_null(first_code(end(&text), NULL));

    /* many different fields of one name */
    lf_buf_clear(&text);
    lf_buf_add_text(&text, "{ ");
    repeat(&text, 5000, "dog { a%zu: name } ");
    lf_buf_add_text(&text, "}");
    assert_string_equal(first_code(end(&text), NULL), "TOO_COMPLEX");

    /* a very long chain of fragments, twice */
    lf_buf_clear(&text);
    lf_buf_add_text(&text, "{ human { ...f0 } human { ...g0 } }");
    repeat(&text, 5000, "fragment f%zu on Human { pets { ... on Dog { owner { ...f%zu } } } }");
    repeat(&text, 5000, "fragment g%zu on Human { pets { ... on Dog { owner { ...g%zu } } } }");
    lf_buf_add_text(&text, "fragment f5000 on Human { name } fragment g5000 on Human { name }");
    assert_string_equal(first_code(end(&text), NULL), "TOO_COMPLEX");

    /* many operations that reach many fragments */
    lf_buf_clear(&text);
    repeat(&text, 5000, "query q%zu { dog { ...f0 } }");
    repeat(&text, 5000, "fragment f%zu on Dog { ...f%zu }");
    lf_buf_add_text(&text, "fragment f5000 on Dog { name }");
    assert_string_equal(first_code(end(&text), NULL), "TOO_COMPLEX");

    lf_buf_release(&text);
}

/* Large and tame: repeated plain fields, many aliases, one list of many values. */
static void
test_large(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 16 * 1024 * 1024);
    lf_buf_add_text(&text, "{ dog { ");
    for (size_t i = 0; i < 100000; i++)
        lf_buf_add_text(&text, "name ");
    lf_buf_add_text(&text, "} ");
    repeat(&text, 50000, "a%zu: dog { name } ");
    lf_buf_add_text(&text, "booleanList(booleanListArg: [");
    for (size_t i = 0; i < 50000; i++)
        lf_buf_add_text(&text, "true,");
    lf_buf_add_text(&text, "]) }");
    assert_null(first_code(end(&text), NULL));
    lf_buf_release(&text);
}

/* Cycles of fragments end every search. */
static void
test_cycles(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 1024 * 1024);
    lf_buf_add_text(&text, "query q($v: Int) { human { ...f0 pets { ... on Dog { owner { ...f0 ...f1 } } } } }");
    repeat(&text, 100, "fragment f%zu on Human { x: name ...f%zu pets { ... on Dog { owner { ...f%zu } } } }");
    lf_buf_add_text(&text, "fragment f100 on Human { ...f0 ...f50 }");
    assert_non_null(first_code(end(&text), NULL));
    lf_buf_release(&text);
}

/* --- out of memory --- */

/* Validates with the n-th allocation failing, or at most max bytes of scratch; false when there was enough of both. */
static bool
validate_short_of_memory(const char *text, bool good, uint64_t n, size_t max)
{
    struct page page;
    struct lf_arena scratch;
    page_open(&page, text);
    const struct lf_gql_document *document = page_parse(&page);
    lf_arena_init(&scratch, 64, max);
    lf_mem_fail_at(n, false);
    bool valid = lf_gql_validate(kit.schema, document, &scratch, &page.errors);
    bool hit = lf_mem_fault_hit() || page.errors.no_memory;
    lf_mem_fail_at(0, false);
    assert_int_equal(valid, good && !hit);
    lf_arena_release(&scratch);
    page_close(&page);
    return hit;
}

static void
test_no_memory(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "query q($a: [Boolean!] = [true], $n: Int) @onQuery(level: 1) { booleanList(booleanListArg: $a) dog { ...d } "
        "pet"
        " { ... on Dog { x: name ...d } ... on Cat { x: name } } findDog(searchBy: {name: \"a\", owner: \"b\"}) { "
        "name } "
        "arguments { intArgField(intArg: $n) } __schema { types { fields { name } } } } fragment d on Dog { nickname "
        "owner { pets { name } } }",
        "subscription s { newMessage { body } } query u($x: Int) { dog { x: name x: nickname @onField @onField } }",
    };
    for (size_t d = 0; d < 2; d++) {
        for (uint64_t n = 1; validate_short_of_memory(documents[d], d == 0, n, 0); n++)
            continue;
        for (size_t max = 16; validate_short_of_memory(documents[d], d == 0, 0, max); max += 48)
            continue;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),           cmocka_unit_test(test_rows_cover_rules),
        cmocka_unit_test(test_operation_types), cmocka_unit_test(test_error_limit),
        cmocka_unit_test(test_explosions),      cmocka_unit_test(test_large),
        cmocka_unit_test(test_cycles),          cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
