/* One finished schema, many threads: parsing, validation, execution and printing at the same time (run under TSan). */
#include "kit.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 50 };

static const char sdl[] = "type Query { node(id: ID = \"1\", in: In = {}): Node all: [All!] at: DateTime }\n"
                          "interface Node { id: ID! }\n"
                          "type A implements Node { id: ID! e: E }\ntype B implements Node { id: ID! }\n"
                          "union All = A | B\nenum E { X Y @deprecated }\ninput In { a: Int = 1 b: [E] = [X] }\n"
                          "scalar DateTime\n";

static const char query[] = "query ($n: String = \"A\") { __schema { types { name kind fields(includeDeprecated: true) "
                            "{ name args { name defaultValue } type { name } } possibleTypes { name } } directives "
                            "{ name } } __type(name: $n) { name } node { __typename id ... on A { e } } at }";

static void
write_response(struct lf_gql_exec *exec, void *user)
{
    lf_gql_exec_write(exec, user);
}

/* The response and the printed schema, one behind the other. */
static void
work(const struct lf_gql_schema *schema, struct page *page)
{
    static struct lf_member node[] = {{{"__typename", 10}, {.type = LF_V_STRING, .count = 1, .u.text = "A"}},
                                      {{"id", 2}, {.type = LF_V_INT, .u.integer = 7}},
                                      {{"e", 1}, {.type = LF_V_ENUM, .count = 1, .u.text = "X"}}};
    static struct lf_member root[] = {{{"node", 4}, {.type = LF_V_OBJECT, .count = 3, .u.members = node}}};
    const struct lf_gql_document *document = page_parse(page);
    assert_true(lf_gql_validate(schema, document, &page->arena, &page->errors));
    const struct lf_gql_definition *operation = lf_gql_find_operation(document, LF_BYTES_NONE, &page->errors);
    struct lf_gql_request request = {
        .schema = schema, .document = document, .root = lf_value_object(root, 1), .arena = &page->arena};
    assert_true(lf_gql_execute(&request, operation, write_response, &page->out));
    lf_gql_schema_print(&page->out, schema);
    assert_int_equal(page->out.failed, LF_OK);
}

struct shared {
    const struct lf_gql_schema *schema;
    struct lf_bytes expected;
};

/* NULL if every round gave what was expected. */
static void *
run(void *user)
{
    const struct shared *shared = user;
    void *wrong = NULL;
    for (int i = 0; i < ROUNDS; i++) {
        struct page page;
        page_open(&page, query);
        work(shared->schema, &page);
        if (!lf_bytes_equal(lf_buf_view(&page.out), shared->expected))
            wrong = user;
        page_close(&page);
    }
    return wrong;
}

static void
test_threads_share_a_schema(void **state)
{
    (void)state;
    struct kit kit;
    struct page page;
    kit_open(&kit, sdl);
    page_open(&page, query);
    work(kit.schema, &page);
    struct shared shared = {kit.schema, lf_buf_view(&page.out)};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &shared), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    page_close(&page);
    kit_close(&kit);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_share_a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
