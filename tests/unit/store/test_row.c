/* What all back ends share: forms, orders, headers, names. */
#include "fixture.h"

#include "base/base64.h"
#include "base/mem.h"
#include "store/row.h"

#include <math.h>
#include <string.h>

static struct lf_arena arena;

static int
setup(void **state)
{
    (void)state;
    lf_arena_init(&arena, 0, 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    lf_arena_release(&arena);
    return 0;
}

static void
test_snake_case(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"quotes", "quotes"},
                                           {"quoteLines", "quote_lines"},
                                           {"QuoteLines", "quote_lines"},
                                           {"HTTPRequests", "http_requests"},
                                           {"itemV2Lines", "item_v2_lines"},
                                           {"already_snake", "already_snake"},
                                           {"a", "a"},
                                           {"", ""}};
    char out[64];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        lf_store_snake_case(lf_bytes_of(cases[i][0]), out, sizeof(out));
        assert_string_equal(out, cases[i][1]);
    }
    assert_int_equal(lf_store_snake_case(LF_LIT("abcdefgh"), out, 8), 0);
    assert_int_equal(lf_store_snake_case(LF_LIT("abcdefgh"), out, 16), 8);
}

static void
test_base64_both_ways(void **state)
{
    (void)state;
    struct lf_buf buf;
    lf_buf_init(&buf, 1000);
    for (size_t len = 0; len < 40; len++) {
        char bytes[40];
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(251 * i + len);
        for (int url = 0; url < 2; url++) {
            lf_buf_clear(&buf);
            lf_base64_write(&buf, lf_bytes(bytes, len), url != 0);
            assert_true(url || buf.len % 4 == 0);
            struct lf_bytes back;
            OK(lf_base64_read(lf_buf_view(&buf), &arena, &back, &err));
            assert_true(lf_bytes_equal(back, lf_bytes(bytes, len)));
        }
    }
    struct lf_bytes unused;
    static const char *const bad[] = {"a", "abcde", "ab c", "ab\n", "\xff\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        FAILS(LF_INVALID, lf_base64_read(lf_bytes_of(bad[i]), &arena, &unused, &err));
    lf_buf_release(&buf);
}

static void
test_many_headers_with_repeated_names(void **state)
{
    (void)state;
    enum { N = 50 };
    struct lf_header headers[N];
    for (int i = 0; i < N; i++) {
        headers[i].name = lf_bytes_of(lf_arena_printf(&arena, "h%d", i % 20));
        headers[i].value = lf_bytes_of(lf_arena_printf(&arena, "%d", i));
    }
    struct lf_buf buf;
    lf_buf_init(&buf, 100000);
    OK(lf_store_write_headers(&buf, headers, N, &err));
    struct lf_value object = fixture_json(&arena, lf_arena_text(&arena, lf_buf_view(&buf)));
    assert_int_equal(object.count, 20);
    struct lf_value seven = fixture_json(&arena, "[\"7\",\"27\",\"47\"]");
    assert_true(lf_value_equal(lf_value_get_text(&object, "h7"), &seven));
    lf_buf_clear(&buf);
    lf_store_write_header_list(&buf, headers, N);
    const struct lf_header *back;
    size_t count;
    OK(lf_store_read_header_list(lf_buf_view(&buf), &arena, &back, &count, &err));
    assert_int_equal(count, N);
    for (size_t i = 0; i < N; i++)
        assert_true(lf_bytes_equal(back[i].name, headers[i].name) && lf_bytes_equal(back[i].value, headers[i].value));
    static const char *const damaged[] = {"[1]", "[[1,2]]", "[[\"a\"]]", "[[\"a\",{\"base64\":\"!\"}]]",
                                          "[[\"a\",{\"base64\":1}]]"};
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
        FAILS(LF_CORRUPT, lf_store_read_header_list(lf_bytes_of(damaged[i]), &arena, &back, &count, &err));
    lf_buf_release(&buf);
}

static void
test_values_take_their_fields_form(void **state)
{
    (void)state;
    static const struct {
        enum lf_field_type type;
        const char *in;
        const char *out; /* NULL: refused */
    } cases[] = {
        {LF_T_ID, "\"x\"", "\"x\""},
        {LF_T_ID, "7", "\"7\""},
        {LF_T_ID, "true", NULL},
        {LF_T_STRING, "\"\"", "\"\""},
        {LF_T_STRING, "7", NULL},
        {LF_T_INT, "7", "7"},
        {LF_T_INT, "7.0", "7"},
        {LF_T_INT, "7.5", NULL},
        {LF_T_INT, "\"x\"", NULL},
        {LF_T_INT, "[1]", NULL},
        {LF_T_FLOAT, "1", "1"},
        {LF_T_FLOAT, "0.10", "0.1"},
        {LF_T_FLOAT, "\"1\"", NULL},
        {LF_T_BOOLEAN, "true", "true"},
        {LF_T_BOOLEAN, "1", NULL},
        {LF_T_DECIMAL, "1.10", "\"1.10\""},
        {LF_T_DECIMAL, "5", "\"5\""},
        {LF_T_DECIMAL, "\"1e5\"", "\"1e5\""},
        {LF_T_BIGINT, "\"-9223372036854775808\"", "-9223372036854775808"},
        {LF_T_BIGINT, "9223372036854775808", NULL},
        {LF_T_BIGINT, "1e18", "1000000000000000000"},
        {LF_T_BIGINT, "1e19", NULL},
        {LF_T_JSON, "{\"a\":1.0}", "{\"a\":1.0}"},
        {LF_T_UUID, "null", "null"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lf_field field = {.name = LF_LIT("f"), .type = cases[i].type};
        struct lf_value in = fixture_json(&arena, cases[i].in), out;
        enum lf_status st = lf_store_normalize(&field, &in, &arena, &out, &err);
        if (cases[i].out == NULL)
            assert_int_equal(st, LF_INVALID);
        else
            assert_string_equal(st == LF_OK ? fixture_text(&arena, &out) : "refused", cases[i].out);
    }
}

/* Every order must be one: reflexive, antisymmetric, transitive, also for texts that are not of the type. */
static void
test_orders_are_total(void **state)
{
    (void)state;
    static const enum lf_field_type types[] = {LF_T_STRING, LF_T_DECIMAL, LF_T_DATETIME, LF_T_TIME, LF_T_UUID};
    static const char *const texts[] = {"",
                                        "1",
                                        "1.0",
                                        "01",
                                        "1e400",
                                        "-1e400",
                                        "1e-400",
                                        "abc",
                                        "ABC",
                                        "-0",
                                        "0",
                                        "2026-01-01T00:00:00Z",
                                        "2026-01-01T01:00:00+01:00",
                                        "2026-13-01T00:00:00Z",
                                        "10:00:00Z",
                                        "12:00:00+02:00",
                                        "25:00:00Z",
                                        "\xc3\xa4"};
    enum { N = sizeof(texts) / sizeof(texts[0]) };
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        int order[N][N];
        for (size_t a = 0; a < N; a++) {
            for (size_t b = 0; b < N; b++)
                order[a][b] = lf_store_compare_text(types[t], lf_bytes_of(texts[a]), lf_bytes_of(texts[b]));
        }
        for (size_t a = 0; a < N; a++) {
            assert_int_equal(order[a][a], 0);
            for (size_t b = 0; b < N; b++) {
                assert_int_equal(order[a][b], -order[b][a]);
                for (size_t c = 0; c < N; c++)
                    assert_true(order[a][b] > 0 || order[b][c] > 0 || order[a][c] <= 0);
            }
        }
    }
}

static void
test_judgement(void **state)
{
    (void)state;
    struct lf_event event = {.type_name = LF_LIT("A"), .payload = fixture_json(&arena, "{\"x\":1.0,\"y\":null}")};
    struct lf_value same = fixture_json(&arena, "{\"y\":null,\"x\":1}"), other = fixture_json(&arena, "{\"x\":1}");
    assert_int_equal(lf_store_judge(&event, LF_LIT("A"), &same), LF_APPEND_DUPLICATE);
    assert_int_equal(lf_store_judge(&event, LF_LIT("B"), &same), LF_APPEND_CONFLICT);
    assert_int_equal(lf_store_judge(&event, LF_LIT("A"), &other), LF_APPEND_CONFLICT);
}

static void
test_cursors_survive_any_value(void **state)
{
    (void)state;
    struct lf_model *model = fixture_model();
    struct lf_list_query query = {.entity = &model->entities[THING], .order_count = 4};
    query.order[0].field = fixture_field(query.entity, "name");
    query.order[1].field = fixture_field(query.entity, "ratio");
    query.order[2].field = fixture_field(query.entity, "big");
    query.order[3].field = fixture_field(query.entity, "open");
    static const char *const cases[] = {
        "[\"\",0.1,9223372036854775807,true,\"k\"]",
        "[null,null,null,null,\"\"]",
        "[\"\\u0000\\\"\xc3\xa4\",1e300,-9223372036854775808,false,\"\xf0\x9f\x98\x80\"]",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lf_value values = fixture_json(&arena, cases[i]), back;
        struct lf_bytes cursor;
        OK(lf_cursor_encode(&query, &values, &arena, &cursor, &err));
        OK(lf_cursor_decode(&query, cursor, &arena, &back, &err));
        assert_true(lf_value_equal(&values, &back));
        assert_null(memchr(cursor.ptr, '+', cursor.len));
        for (size_t cut = 0; cut < cursor.len; cut++) {
            struct lf_bytes part = lf_bytes(cursor.ptr, cut);
            assert_int_not_equal(lf_cursor_decode(&query, part, &arena, &back, &err), LF_OK);
        }
    }
    lf_model_free(model);
}

static void
test_urls_that_name_no_store(void **state)
{
    (void)state;
    struct lf_model *model = fixture_model();
    static const char *const urls[] = {"", "quotes.db", "mysql://x", "sqlite:", "sqlite::memory:", "memory:x"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct lf_store *store = NULL;
        struct lf_store_options options = {.url = urls[i], .model = model};
        FAILS(i < 3 ? LF_USAGE : LF_INVALID, lf_store_open(&options, &store, &err));
        assert_null(store);
    }
    struct lf_store *store = NULL;
    struct lf_store_options secret = {.url = "oracle://scott:tiger@host/db", .model = model};
    FAILS(LF_USAGE, lf_store_open(&secret, &store, &err));
    assert_null(strstr(err.text, "tiger"));
    lf_model_free(model);
}

static void
test_urls_are_shown_without_passwords(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"sqlite:/tmp/a:b@c.db", "sqlite:/tmp/a:b@c.db"},
        {"postgresql://h/d", "postgresql://h/d"},
        {"postgresql://u@h:5432/d", "postgresql://u@h:5432/d"},
        {"postgresql://u:p@h,i:1/d?x=1", "postgresql://u:***@h,i:1/d?x=1"},
        {"postgresql://u:p@q@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:@h/d", "postgresql://u:@h/d"},
        {"postgresql:///d?user=u&password=p&host=h", "postgresql:///d?user=u&password=***&host=h"},
        {"postgresql://u:p@h/d?sslpassword=q&password=r", "postgresql://u:***@h/d?sslpassword=***&password=***"},
        {"postgresql://h/d?user=a:b@c", "postgresql://h/d?user=a:b@c"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_buf shown;
        lf_buf_init(&shown, 1000);
        lf_store_url_show(&shown, rows[i][0]);
        lf_buf_add_char(&shown, '\0');
        OK(lf_buf_status(&shown, &err));
        assert_string_equal(shown.ptr, rows[i][1]);
        lf_buf_release(&shown);
    }
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_snake_case),
        CASE(test_urls_are_shown_without_passwords),
        CASE(test_base64_both_ways),
        CASE(test_many_headers_with_repeated_names),
        CASE(test_values_take_their_fields_form),
        CASE(test_orders_are_total),
        CASE(test_judgement),
        CASE(test_cursors_survive_any_value),
        CASE(test_urls_that_name_no_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
