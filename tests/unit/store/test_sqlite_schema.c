/* Tables follow the schema as far as nothing is lost; else the statement that helps is given, and it does help. */
#include "fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static char *folder;
static char url[600];
static struct lf_model *model;
static struct lf_arena arena;

static int
setup(void **state)
{
    (void)state;
    folder = fixture_folder();
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    model = fixture_model();
    lf_arena_init(&arena, 0, 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    lf_arena_release(&arena);
    lf_model_free(model);
    fixture_remove(folder);
    return 0;
}

static void
sql(const char *text)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(url + strlen("sqlite:"), &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

/* Opens; then, where state is not NULL, saves it as the quote "c"; closes. */
static void
use(const char *state)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    if (state != NULL) {
        struct lf_state_change change = {.key = LF_LIT("c"), .state = fixture_json(&arena, state)};
        OK(lf_store_session_open(store, true, &session, &err));
        OK(lf_store_begin(session, &err));
        OK(lf_store_save(session, &model->entities[QUOTE], &change, 1, &err));
        OK(lf_store_commit(session, &err));
        lf_store_session_close(session);
    }
    lf_store_close(store);
}

static const char *
quote(void)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    struct lf_value value;
    OK(lf_store_open(&options, &store, &err));
    OK(lf_store_session_open(store, false, &session, &err));
    OK(lf_store_get(session, &model->entities[QUOTE], LF_LIT("c"), &arena, &value, &err));
    lf_store_session_close(session);
    lf_store_close(store);
    return fixture_text(&arena, &value);
}

static void
redefine(const char *const *fields, size_t count)
{
    fixture_redefine(model, QUOTE, fields, count);
}

/* Opening must be refused with that statement; then the statement is run. */
static void
refused_then_helped(const char *field, const char *statement)
{
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    FAILS(LF_CONFLICT, lf_store_open(&options, &store, &err));
    const char *run = strstr(err.text, "run: ");
    assert_non_null(strstr(err.text, field));
    assert_non_null(run);
    if (strncmp(run + 5, statement, strlen(statement)) != 0)
        fail_msg("%s", err.text);
    sql(run + 5);
}

static const char *const before[] = {"customerId:ID!", "amount:Float!", "note:String"};
static const char full[] = "{\"customerId\":\"c\",\"amount\":1.5,\"note\":\"it's\"}";

static void
start(const char *state)
{
    redefine(before, 3);
    use(state);
}

static void
test_nothing_to_change(void **state)
{
    (void)state;
    start(full);
    use(NULL);
    assert_string_equal(quote(), full);
}

static void
test_new_nullable_columns(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "when:DateTime", "tags:[String]", "amount:Float!",
                                        "note:String"};
    start(full);
    redefine(after, 5);
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"when\":null,\"tags\":null,\"amount\":1.5,\"note\":\"it's\"}");
    use("{\"customerId\":\"c\",\"amount\":2,\"tags\":[\"a\"]}");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"when\":null,\"tags\":[\"a\"],\"amount\":2,\"note\":null}");
}

static void
test_new_columns_with_an_initial_value(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float!",  "note:String", "text:String!",
                                        "count:Int!",     "low:BigInt!",    "rate:Float!", "open:Boolean!",
                                        "tags:[String]!", "price:Decimal!", "maybe:String"};
    static const char *const initials[] = {
        NULL,  NULL,   NULL,        "\"it's \\\"\"", "-7",     "-9223372036854775807",
        "0.5", "true", "[\"a'b\"]", "\"0.10\"",      "\"yes\""};
    start(full);
    redefine(after, 11);
    for (size_t i = 3; i < 11; i++) {
        model->entities[QUOTE].fields[i].has_initial = true;
        model->entities[QUOTE].fields[i].initial = fixture_json(&model->arena, initials[i]);
    }
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1.5,\"note\":\"it's\",\"text\":\"it's \\\"\","
                                 "\"count\":-7,\"low\":-9223372036854775807,\"rate\":0.5,\"open\":true,"
                                 "\"tags\":[\"a'b\"],\"price\":\"0.10\",\"maybe\":\"yes\"}");
}

static void
test_a_new_non_null_column(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float!", "note:String", "rank:Int!"};
    start(NULL);
    redefine(after, 4);
    use("{\"customerId\":\"c\",\"amount\":1,\"rank\":2}"); /* no rows: nobody is asked */
    static const char *const more[] = {"customerId:ID!", "amount:Float!", "note:String", "rank:Int!", "kind:Enum!"};
    redefine(more, 5);
    refused_then_helped("kind", "ALTER TABLE \"quotes\" ADD COLUMN \"kind\" TEXT NOT NULL DEFAULT '';");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1,\"note\":null,\"rank\":2,\"kind\":\"\"}");
}

static void
test_another_type(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Decimal", "note:String"};
    start(full);
    redefine(after, 3);
    refused_then_helped("amount", "ALTER TABLE \"quotes\" RENAME COLUMN \"amount\" TO \"amount_old\";");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":null,\"note\":\"it's\"}");
    use("{\"customerId\":\"c\",\"amount\":\"1.50\",\"note\":null}"); /* amount_old was not null: no longer in the way */
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":\"1.50\",\"note\":null}");
}

static void
test_types_that_rest_the_same_way(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:String!", "amount:Float!", "note:ID"};
    start(full);
    redefine(after, 3);
    assert_string_equal(quote(), full);
}

static void
test_another_key(void **state)
{
    (void)state;
    static const char *const after[] = {"number:ID!", "amount:Float!", "note:String"};
    start(full);
    redefine(after, 3);
    refused_then_helped("number", "ALTER TABLE \"quotes\" RENAME TO \"quotes_old\";");
    use("{\"number\":\"c\",\"amount\":3}");
    assert_string_equal(quote(), "{\"number\":\"c\",\"amount\":3,\"note\":null}");
}

static void
test_non_null_where_nulls_are(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float!", "note:String!"};
    start("{\"customerId\":\"c\",\"amount\":1}");
    redefine(after, 3);
    refused_then_helped("note", "UPDATE \"quotes\" SET \"note\" = '' WHERE \"note\" IS NULL;");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1,\"note\":\"\"}");
}

static void
test_nullable_where_it_was_not(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float", "note:String"};
    start(full);
    redefine(after, 3);
    assert_string_equal(quote(), full);
    use("{\"customerId\":\"c\"}");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":null,\"note\":null}");
}

static void
test_a_field_that_goes_keeps_its_column(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "note:String"};
    start(full);
    redefine(after, 2);
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"note\":\"it's\"}");
    use("{\"customerId\":\"c\",\"note\":\"new\"}");
    redefine(before, 3); /* and when it comes back, its values are there */
    model->entities[QUOTE].fields[1].non_null = false;
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1.5,\"note\":\"new\"}");
}

static void
test_names_that_cannot_be_tables(void **state)
{
    (void)state;
    static const char *const taken[] = {"event_store", "eventStore", "deadLetters", "log_positions",
                                        "outbox",      "sqlite_x",   "things",      "Things"};
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        model->entities[QUOTE].collection = lf_bytes_of(taken[i]);
        FAILS(LF_INVALID, lf_store_open(&options, &store, &err));
        assert_non_null(strstr(err.text, "collection"));
    }
    model->entities[QUOTE].collection = LF_LIT("quo\"tes; DROP TABLE things; --");
    use(full);
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1.5}");
    static const char *const clash[] = {"customerId:ID!", "fooBar:Int", "foo_bar:Int"};
    redefine(clash, 3);
    FAILS(LF_INVALID, lf_store_open(&options, &store, &err));
    static const char *const words[] = {"select:ID!", "order:Float!", "group:String"};
    model->entities[QUOTE].collection = LF_LIT("table");
    redefine(words, 3);
    use("{\"select\":\"c\",\"order\":1}");
    assert_string_equal(quote(), "{\"select\":\"c\",\"order\":1,\"group\":null}");
}

/* A change that is refused changes nothing, also of what would have been allowed. */
static void
test_all_or_nothing(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float!", "note:String", "fine:String", "bad:Int!"};
    start(full);
    redefine(after, 5);
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    FAILS(LF_CONFLICT, lf_store_open(&options, &store, &err));
    redefine(before, 3);
    struct lf_store_options read_only = {.url = url, .model = model, .read_only = true};
    OK(lf_store_open(&read_only, &store, &err));
    lf_store_close(store);
    sql("ALTER TABLE quotes ADD COLUMN fine INTEGER"); /* it is not there yet */
}

/* The states of Quote and Counter, which is redefined alike, change places; or why not. */
static void
swap(enum lf_status expected, const char *word)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_begin(session, &err));
    enum lf_status st = lf_store_swap(session, &model->entities[QUOTE], model->entities[COUNTER].collection, &err);
    assert_int_equal(st, expected);
    if (st == LF_OK)
        OK(lf_store_commit(session, &err));
    else if (strstr(err.text, word) == NULL)
        fail_msg("no %s in: %s", word, err.text);
    lf_store_session_close(session);
    lf_store_close(store);
}

static void
test_what_people_have_made_is_not_lost_when_tables_change_places(void **state)
{
    (void)state;
    static const char *const fields[] = {"customerId:ID!", "amount:Float!"};
    fixture_redefine(model, COUNTER, fields, 2);
    model->entities[COUNTER].key = 0;
    use("{\"customerId\": \"c\", \"amount\": 1}");
    sql("CREATE VIEW dear AS SELECT * FROM quotes; CREATE INDEX by_amount ON Quotes (amount)");
    swap(LF_CONFLICT, "index \"by_amount\"");
    sql("DROP INDEX by_amount;"
        "CREATE TRIGGER t AFTER INSERT ON hit_counters BEGIN SELECT 1; END");
    swap(LF_CONFLICT, "trigger \"t\"");
    sql("DROP TRIGGER t");
    swap(LF_OK, NULL);
    use("{\"customerId\": \"d\", \"amount\": 2}");
    /* a view follows the name; there is one quote in the new table, and one in the old */
    sql("CREATE TABLE one (n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM dear;"
        "INSERT INTO one SELECT count(*) FROM dear WHERE amount = 2;"
        "INSERT INTO one SELECT count(*) FROM hit_counters");
}

static void
test_the_way_to_an_entity_is_added_to_a_store_that_lacks_it(void **state)
{
    (void)state;
    use(NULL);
    sql("DROP INDEX event_store_entity");
    struct lf_store *store = NULL;
    struct lf_store_options read_only = {.url = url, .model = model, .read_only = true};
    OK(lf_store_open(&read_only, &store, &err)); /* slower, not useless */
    lf_store_close(store);
    use(NULL);
    sql("DROP INDEX event_store_entity");
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_nothing_to_change),
        CASE(test_new_nullable_columns),
        CASE(test_new_columns_with_an_initial_value),
        CASE(test_a_new_non_null_column),
        CASE(test_another_type),
        CASE(test_types_that_rest_the_same_way),
        CASE(test_another_key),
        CASE(test_non_null_where_nulls_are),
        CASE(test_nullable_where_it_was_not),
        CASE(test_a_field_that_goes_keeps_its_column),
        CASE(test_names_that_cannot_be_tables),
        CASE(test_all_or_nothing),
        CASE(test_what_people_have_made_is_not_lost_when_tables_change_places),
        CASE(test_the_way_to_an_entity_is_added_to_a_store_that_lacks_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
