/* Arguments of list fields -> a list query, row by row. Method: the query is written as text. */
#include "gateway/filter.h"
#include "base/limits.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lf_model *model;

static void
write_filter(struct lf_buf *out, const struct lf_filter *filter)
{
    static const char *const kinds[] = {"and", "or", "not"};
    static const char *const ops[] = {
        "=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", "starts", "ends", "is null"};
    if (filter->kind == LF_FILTER_COMPARE) {
        lf_buf_printf(out, "%.*s %s ", LF_FMT(filter->field->name), ops[filter->op]);
        lf_json_write(out, &filter->value);
        return;
    }
    lf_buf_printf(out, "%s(", kinds[filter->kind]);
    for (size_t i = 0; i < filter->part_count; i++) {
        if (i != 0)
            lf_buf_add_text(out, ", ");
        write_filter(out, filter->parts[i]);
    }
    lf_buf_add_char(out, ')');
}

static void
write_query(struct lf_buf *out, const struct lf_list_query *query)
{
    if (query->filter != NULL)
        write_filter(out, query->filter);
    for (size_t i = 0; i < query->order_count; i++)
        lf_buf_printf(out, " %s%.*s", query->order[i].descending ? "-" : "+", LF_FMT(query->order[i].field->name));
    lf_buf_printf(out, " first %zu", query->first);
    if (query->after.ptr != NULL)
        lf_buf_printf(out, " after '%.*s'", LF_FMT(query->after));
}

struct row {
    const char *args, *query; /* query NULL: refused */
};

static void
check_rows(const struct lf_entity *entity, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lf_arena arena;
        struct lf_buf out;
        struct lf_value args;
        struct lf_err err = {0};
        struct lf_list_query query;
        lf_arena_init(&arena, 0, 0);
        lf_buf_init(&out, 1 << 20);
        if (lf_json_parse(&arena, lf_bytes_of(rows[i].args), &args, &err) != LF_OK)
            fail_msg("row %zu: %s", i, err.text);
        enum lf_status st = lf_gateway_list_query(entity, &args, &arena, &query, &err);
        assert_int_equal(st, rows[i].query != NULL ? LF_OK : LF_INVALID);
        if (st == LF_OK) {
            write_query(&out, &query);
            if (!lf_bytes_equal_text(lf_buf_view(&out), rows[i].query))
                fail_msg("row %zu: %.*s, not %s", i, LF_FMT(lf_buf_view(&out)), rows[i].query);
        }
        lf_buf_release(&out);
        lf_arena_release(&arena);
    }
}

static void
entities(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", " first 50"},
        {"{\"first\":null,\"after\":null,\"where\":null,\"orderBy\":null}", " first 50"},
        {"{\"first\":0}", " first 0"},
        {"{\"first\":1000}", " first 1000"},
        {"{\"first\":1001}", NULL},
        {"{\"first\":-1}", NULL},
        {"{\"after\":\"\"}", " first 50 after ''"},
        {"{\"after\":\"x\"}", " first 50 after 'x'"},
        {"{\"where\":{}}", "and() first 50"},
        {"{\"where\":{\"amount\":{}}}", "and(and()) first 50"},
        {"{\"where\":{\"amount\":null}}", "and() first 50"},
        {"{\"where\":{\"amount\":{\"eq\":1}}}", "and(and(amount = 1)) first 50"},
        {"{\"where\":{\"amount\":{\"gte\":1,\"lt\":2},\"note\":{\"contains\":\"x\"}}}",
         "and(and(amount >= 1, amount < 2), and(note contains \"x\")) first 50"},
        {"{\"where\":{\"note\":{\"eq\":null}}}", "and(and(note is null true)) first 50"},
        {"{\"where\":{\"note\":{\"ne\":null}}}", "and(and(note is null false)) first 50"},
        {"{\"where\":{\"note\":{\"gt\":null,\"in\":null,\"contains\":null,\"isNull\":null}}}", "and(and()) first 50"},
        {"{\"where\":{\"note\":{\"isNull\":true}}}", "and(and(note is null true)) first 50"},
        {"{\"where\":{\"note\":{\"in\":[]}}}", "and(and(note in [])) first 50"},
        {"{\"where\":{\"note\":{\"notIn\":[\"a\",\"b\"]}}}", "and(and(note not in [\"a\",\"b\"])) first 50"},
        {"{\"where\":{\"note\":{\"startsWith\":\"a\",\"endsWith\":\"\"}}}",
         "and(and(note starts \"a\", note ends \"\")) first 50"},
        {"{\"where\":{\"and\":[],\"or\":[]}}", "and(and(), or()) first 50"},
        {"{\"where\":{\"or\":[{\"amount\":{\"eq\":1}},{\"amount\":{\"eq\":2}}]}}",
         "and(or(and(and(amount = 1)), and(and(amount = 2)))) first 50"},
        {"{\"where\":{\"not\":{\"note\":{\"eq\":\"x\"}}}}", "and(not(and(and(note = \"x\")))) first 50"},
        {"{\"where\":{\"not\":null,\"and\":null}}", "and() first 50"},
        /* values in the form that states have */
        {"{\"where\":{\"ref\":{\"eq\":\"ABCDEF00-0000-4000-8000-000000000000\"}}}",
         "and(and(ref = \"abcdef00-0000-4000-8000-000000000000\")) first 50"},
        {"{\"where\":{\"ref\":{\"in\":[\"ABCDEF00-0000-4000-8000-000000000000\"]}}}",
         "and(and(ref in [\"abcdef00-0000-4000-8000-000000000000\"])) first 50"},
        {"{\"where\":{\"price\":{\"lt\":\"1e2\"}}}", "and(and(price < \"100\")) first 50"},
        {"{\"where\":{\"customerId\":{\"eq\":7}}}", "and(and(customerId = \"7\")) first 50"},
        {"{\"orderBy\":[{\"field\":\"amount\"},{\"field\":\"note\",\"direction\":\"DESC\"},"
         "{\"field\":\"price\",\"direction\":\"ASC\"},{\"field\":\"ref\",\"direction\":null}]}",
         " +amount -note +price +ref first 50"},
        {"{\"orderBy\":[]}", " first 50"},
        {"{\"orderBy\":[{\"field\":\"nope\"}]}", NULL},
    };
    check_rows(&model->entities[0], rows, sizeof(rows) / sizeof(rows[0]));
}

static void
events(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", " first 50"},
        {"{\"where\":{\"eventType\":{\"eq\":\"QuoteCreated\"},\"offset\":{\"gt\":5}},\"first\":3}",
         "and(and(eventType = \"QuoteCreated\"), and(offset > 5)) first 3"},
        {"{\"where\":{\"offset\":{\"eq\":\"9007199254740993\"}}}", "and(and(offset = 9007199254740993)) first 50"},
        {"{\"orderBy\":[{\"field\":\"storedAt\",\"direction\":\"DESC\"}]}", " -storedAt first 50"},
        {"{\"orderBy\":[{\"field\":\"amount\"}]}", NULL},
    };
    check_rows(NULL, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
too_many_orders(void **state)
{
    (void)state;
    struct lf_buf args;
    lf_buf_init(&args, 1 << 16);
    lf_buf_add_text(&args, "{\"orderBy\":[{\"field\":\"amount\"}");
    for (int i = 0; i < LF_ORDER_MAX; i++)
        lf_buf_add_text(&args, ",{\"field\":\"amount\"}");
    lf_buf_add_text(&args, "]}");
    lf_buf_add_char(&args, '\0');
    const struct row row = {args.ptr, NULL};
    check_rows(&model->entities[0], &row, 1);
    lf_buf_release(&args);
}

static int
setup(void **state)
{
    (void)state;
    static const char sdl[] =
        "type Quote @entity(key: \"customerId\") { customerId: ID! amount: Float! note: String "
        "price: Decimal ref: UUID }\n"
        "type Made @event(entity: \"Quote\") { customerId: ID! amount: Float! }\n"
        "type Mutation { make(customerId: ID!, amount: Float!): Receipt! @emits(event: \"Made\") }\n";
    struct lf_arena arena;
    struct lf_gql_errors errors;
    const struct lf_model_file file = {"filter.graphql", lf_bytes_of(sdl)};
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 100);
    model = lf_model_compile(&file, 1, &errors);
    lf_arena_release(&arena);
    return model != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    lf_model_free(model);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities),
        cmocka_unit_test(events),
        cmocka_unit_test(too_many_orders),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
