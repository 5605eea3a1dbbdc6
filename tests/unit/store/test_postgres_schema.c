/* PostgreSQL's tables follow the schema as far as nothing is lost; other people's are left alone; rights that
 * suffice. */
#include "fixture.h"

#include "postgres_server.h"

#include <stdio.h>
#include <string.h>

static struct pg_server server;
static struct lf_model *model;
static struct lf_arena arena;
static char url[800];

static int
setup(void **state)
{
    (void)state;
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS s CASCADE");
    snprintf(url, sizeof(url), "%s&schema=s", server.url);
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
    return 0;
}

static enum lf_status
open_store(bool read_only, struct lf_store **ret, struct lf_err *error)
{
    struct lf_store_options options = {.url = url, .model = model, .read_only = read_only};
    return lf_store_open(&options, ret, error);
}

/* Opens; then, where state is not NULL, saves it as the quote "c"; closes. */
static void
use(const char *state)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    OK(open_store(false, &store, &err));
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
    struct lf_value value;
    OK(open_store(false, &store, &err));
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
    FAILS(LF_CONFLICT, open_store(false, &store, &err));
    const char *run = strstr(err.text, "run: ");
    assert_non_null(strstr(err.text, field));
    assert_non_null(run);
    if (strncmp(run + 5, statement, strlen(statement)) != 0)
        fail_msg("%s", err.text);
    pg_server_sql(&server, run + 5);
}

static const char *const before[] = {"customerId:ID!", "amount:Float!", "note:String"};
static const char full[] = "{\"customerId\":\"c\",\"amount\":1.5,\"note\":\"it's\"}";

static void
start(const char *state)
{
    redefine(before, 3);
    use(state);
}

static const char *
type_of(const char *table, const char *column)
{
    return pg_server_sql(&server, lf_arena_printf(&arena,
                                                  "SELECT data_type FROM information_schema.columns WHERE table_schema "
                                                  "= 's' AND table_name = '%s' AND column_name = '%s'",
                                                  table, column));
}

static void
test_columns_have_the_types_of_their_fields(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"id", "text"},       {"name", "text"},
        {"count", "integer"}, {"ratio", "double precision"},
        {"open", "boolean"},  {"at", "timestamp with time zone"},
        {"day", "date"},      {"clock", "text"},
        {"uuid", "uuid"},     {"price", "numeric"},
        {"big", "bigint"},    {"any", "json"},
        {"kind", "text"},     {"place", "json"},
        {"tags", "json"},     {"shoe_size", "integer"},
    };
    use(NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(type_of("things", rows[i][0]), rows[i][1]);
    assert_string_equal(type_of("event_store", "payload"), "jsonb");
    assert_string_equal(type_of("dead_letters", "value"), "bytea");
}

static void
test_nothing_to_change(void **state)
{
    (void)state;
    static const char tables[] = "SELECT string_agg(c.oid || ':' || c.xmin, ' ' ORDER BY c.oid) FROM pg_class c WHERE "
                                 "relnamespace = 's'::regnamespace";
    start(full);
    const char *was = lf_arena_printf(&arena, "%s", pg_server_sql(&server, tables));
    use(NULL);
    assert_string_equal(pg_server_sql(&server, tables), was);
    assert_string_equal(quote(), full);
}

static void
test_new_columns(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float!",  "note:String",   "text:String!",
                                        "count:Int!",     "low:BigInt!",    "rate:Float!",   "open:Boolean!",
                                        "tags:[String]!", "price:Decimal!", "maybe:String",  "at:DateTime!",
                                        "day:Date!",      "uuid:UUID!",     "later:DateTime"};
    static const char *const initials[] = {NULL,
                                           NULL,
                                           NULL,
                                           "\"it's \\\\ \\\"\"",
                                           "-7",
                                           "-9223372036854775807",
                                           "0.5",
                                           "true",
                                           "[\"a'b\"]",
                                           "\"0.10\"",
                                           "\"yes\"",
                                           "\"2026-01-01T00:00:00.000000Z\"",
                                           "\"2024-02-29\"",
                                           "\"0192f3c4-7b6a-7d5e-8f00-123456789abc\"",
                                           NULL};
    start(full);
    redefine(after, 15);
    for (size_t i = 3; i < 14; i++) {
        model->entities[QUOTE].fields[i].has_initial = true;
        model->entities[QUOTE].fields[i].initial = fixture_json(&model->arena, initials[i]);
    }
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1.5,\"note\":\"it's\",\"text\":\"it's \\\\ \\\"\","
                                 "\"count\":-7,\"low\":-9223372036854775807,\"rate\":0.5,\"open\":true,"
                                 "\"tags\":[\"a'b\"],\"price\":\"0.10\",\"maybe\":\"yes\","
                                 "\"at\":\"2026-01-01T00:00:00.000000Z\",\"day\":\"2024-02-29\","
                                 "\"uuid\":\"0192f3c4-7b6a-7d5e-8f00-123456789abc\",\"later\":null}");
}

static void
test_a_new_non_null_column(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Float!", "note:String", "rank:Int!"};
    start(NULL);
    redefine(after, 4);
    use("{\"customerId\":\"c\",\"amount\":1,\"rank\":2}"); /* no rows: nobody is asked */
    static const char *const more[] = {"customerId:ID!", "amount:Float!",   "note:String",
                                       "rank:Int!",      "since:DateTime!", "uuid:UUID!"};
    redefine(more, 6);
    refused_then_helped("since", "ALTER TABLE \"s\".\"quotes\" ADD COLUMN \"since\" timestamp with time zone NOT NULL "
                                 "DEFAULT '1970-01-01T00:00:00Z';");
    refused_then_helped("uuid", "ALTER TABLE \"s\".\"quotes\" ADD COLUMN \"uuid\" uuid NOT NULL DEFAULT "
                                "'00000000-0000-0000-0000-000000000000';");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1,\"note\":null,\"rank\":2,"
                                 "\"since\":\"1970-01-01T00:00:00.000000Z\","
                                 "\"uuid\":\"00000000-0000-0000-0000-000000000000\"}");
}

static void
test_another_type(void **state)
{
    (void)state;
    static const char *const after[] = {"customerId:ID!", "amount:Decimal", "note:String"};
    start(full);
    redefine(after, 3);
    refused_then_helped("amount", "ALTER TABLE \"s\".\"quotes\" RENAME COLUMN \"amount\" TO \"amount_old\";");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":null,\"note\":\"it's\"}");
    use("{\"customerId\":\"c\",\"amount\":\"1.50\",\"note\":null}"); /* amount_old was not null: no longer in the way */
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":\"1.50\",\"note\":null}");
}

static void
test_another_key(void **state)
{
    (void)state;
    static const char *const after[] = {"number:ID!", "amount:Float!", "note:String"};
    start(full);
    redefine(after, 3);
    refused_then_helped("number", "ALTER TABLE \"s\".\"quotes\" RENAME TO \"quotes_old\";");
    use("{\"number\":\"c\",\"amount\":3}");
    assert_string_equal(quote(), "{\"number\":\"c\",\"amount\":3,\"note\":null}");
}

static const char *
nullable(const char *column)
{
    return pg_server_sql(&server, lf_arena_printf(&arena,
                                                  "SELECT is_nullable FROM information_schema.columns WHERE "
                                                  "table_schema = 's' AND table_name = 'quotes' AND column_name = '%s'",
                                                  column));
}

static void
test_null_and_not_null(void **state)
{
    (void)state;
    static const char *const strict[] = {"customerId:ID!", "amount:Float!", "note:String!"};
    static const char *const loose[] = {"customerId:ID!", "amount:Float", "note:String"};
    static const char *const fewer[] = {"customerId:ID!"};
    start("{\"customerId\":\"c\",\"amount\":1}");
    redefine(strict, 3);
    refused_then_helped("note", "UPDATE \"s\".\"quotes\" SET \"note\" = '' WHERE \"note\" IS NULL;");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1,\"note\":\"\"}");
    assert_string_equal(nullable("note"), "NO");
    redefine(loose, 3);
    use("{\"customerId\":\"c\"}");
    assert_string_equal(nullable("note"), "YES");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":null,\"note\":null}");
    pg_server_sql(&server, "DROP SCHEMA s CASCADE");
    start(full);
    redefine(fewer, 1);
    use("{\"customerId\":\"c\"}"); /* amount, which is gone from the schema, keeps its column */
    assert_string_equal(nullable("amount"), "YES");
}

static void
test_names(void **state)
{
    (void)state;
    static const char *const taken[] = {"event_store", "eventStore", "deadLetters", "log_positions",
                                        "outbox",      "things",     "Things"};
    static const char *const words[] = {"select:ID!", "order:Float!", "group:String"};
    static const char *const long_name[] = {
        "customerId:ID!", "amountThatIsDueForAllThatWasEverOrderedByThisCustomerSinceTheBeginning:Float"};
    struct lf_store *store = NULL;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        model->entities[QUOTE].collection = lf_bytes_of(taken[i]);
        FAILS(LF_INVALID, open_store(false, &store, &err));
        assert_non_null(strstr(err.text, "collection"));
    }
    model->entities[QUOTE].collection = LF_LIT("quo\"tes; DROP TABLE things; --");
    use("{\"customerId\":\"c\",\"amount\":1.5}");
    assert_string_equal(quote(), "{\"customerId\":\"c\",\"amount\":1.5}");
    redefine(long_name, 2);
    FAILS(LF_INVALID, open_store(false, &store, &err));
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
    struct lf_store *store = NULL;
    start(full);
    redefine(after, 5);
    FAILS(LF_CONFLICT, open_store(false, &store, &err));
    redefine(before, 3);
    OK(open_store(true, &store, &err));
    lf_store_close(store);
    pg_server_sql(&server, "ALTER TABLE s.quotes ADD COLUMN fine integer"); /* it is not there yet */
}

static void
test_tables_of_others(void **state)
{
    (void)state;
    struct lf_store *store = NULL;
    pg_server_sql(&server, "CREATE SCHEMA s; CREATE TABLE s.quotes (customer_id text COLLATE \"C\" PRIMARY KEY,"
                           " amount double precision NOT NULL)");
    FAILS(LF_UNSUPPORTED, open_store(false, &store, &err)); /* even where it would fit */
    assert_non_null(strstr(err.text, "quotes"));
    assert_non_null(strstr(err.text, "schema="));
    pg_server_sql(&server, "DROP TABLE s.quotes; CREATE TABLE s.event_store (id text)");
    FAILS(LF_UNSUPPORTED, open_store(false, &store, &err));
    pg_server_sql(&server, "DROP TABLE s.event_store");
    use(NULL);
    pg_server_sql(&server, "COMMENT ON TABLE s.event_store IS 'logfirst store, format 99'");
    FAILS(LF_UNSUPPORTED, open_store(false, &store, &err));
    assert_non_null(strstr(err.text, "99"));
}

static void
test_reading_only(void **state)
{
    (void)state;
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    FAILS(LF_NOT_FOUND, open_store(true, &store, &err));
    assert_string_equal(pg_server_sql(&server, "SELECT count(*) FROM pg_namespace WHERE nspname = 's'"), "0");
    start(full);
    OK(open_store(true, &store, &err));
    FAILS(LF_USAGE, lf_store_session_open(store, true, &session, &err));
    OK(lf_store_health(store, &err));
    lf_store_close(store);
    static const char *const more[] = {"customerId:ID!", "amount:Float!", "note:String", "new:String"};
    redefine(more, 4);
    FAILS(LF_NOT_FOUND, open_store(true, &store, &err));
}

static enum lf_status
save_as(const char *role, struct lf_err *error)
{
    char role_url[900];
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_state_change change = {.key = LF_LIT("c"), .state = fixture_json(&arena, full)};
    snprintf(role_url, sizeof(role_url), "postgresql:///postgres?user=%s&host=%s&schema=s", role, server.folder);
    struct lf_store_options options = {.url = role_url, .model = model};
    enum lf_status st = lf_store_open(&options, &store, error);
    if (st != LF_OK)
        return st;
    OK(lf_store_session_open(store, true, &session, &err));
    st = lf_store_begin(session, error);
    if (st == LF_OK)
        st = lf_store_save(session, &model->entities[QUOTE], &change, 1, error);
    if (st == LF_OK)
        st = lf_store_commit(session, error);
    lf_store_session_close(session);
    lf_store_close(store);
    return st;
}

/* The rights that docs/store-postgres.md names, and fewer. */
static void
test_rights(void **state)
{
    (void)state;
    struct lf_err error = {0};
    start(full);
    pg_server_sql(&server, "DROP ROLE IF EXISTS worker; DROP ROLE IF EXISTS looker; CREATE ROLE worker LOGIN;"
                           " CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA s TO worker, looker;"
                           " GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA s TO worker;"
                           " GRANT SELECT ON ALL TABLES IN SCHEMA s TO looker");
    assert_int_equal(save_as("worker", &error), LF_OK);
    assert_int_equal(save_as("looker", &error), LF_DENIED);
    assert_int_equal(error.fate, LF_FATE_STOP);
    static const char *const more[] = {"customerId:ID!", "amount:Float!", "note:String", "new:String"};
    redefine(more, 4);
    assert_int_equal(save_as("worker", &error), LF_DENIED); /* tables are their owner's to change */
    assert_string_equal(pg_server_sql(&server, "DROP OWNED BY worker, looker; DROP ROLE worker, looker"), "");
}

/* With row-level security there is no COPY: the same comes of it. */
static void
test_row_level_security(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    const struct lf_event *events[COUNT];
    enum lf_append_outcome outcomes[COUNT];
    start(full);
    pg_server_sql(&server, "DROP ROLE IF EXISTS worker; CREATE ROLE worker LOGIN; GRANT USAGE ON SCHEMA s TO worker;"
                           " GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA s TO worker;"
                           " ALTER TABLE s.event_store ENABLE ROW LEVEL SECURITY;"
                           " CREATE POLICY all_of_it ON s.event_store TO worker USING (true)");
    snprintf(url, sizeof(url), "postgresql:///postgres?user=worker&host=%s&schema=s", server.folder);
    OK(open_store(false, &store, &err));
    OK(lf_store_session_open(store, true, &session, &err));
    for (int i = 0; i < COUNT; i++)
        events[i] = fixture_event(model, &arena, i, "Noted", "{}");
    for (int round = 0; round < 2; round++) {
        OK(lf_store_begin(session, &err));
        OK(lf_store_append(session, events, COUNT, outcomes, &err));
        OK(lf_store_commit(session, &err));
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(outcomes[i], round == 0 ? LF_APPENDED : LF_APPEND_DUPLICATE);
    }
    lf_store_session_close(session);
    lf_store_close(store);
    pg_server_sql(&server, "DROP OWNED BY worker; DROP ROLE worker");
}

static void
test_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "postgresql:",
        "postgres:/x",
        "postgresqlx://",
        "postgresql://h/d?nonsense=1",
        "postgresql://u:%zz@h/d",
        "postgresql://h/d?schema=",
        "postgresql://h/d?schema=%00",
        "postgresql://h/d?schema=pg_x",
        "postgresql://h/d?schema=a123456789012345678901234567890123456789012345678901234567890123",
    };
    struct lf_store *store = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lf_store_options options = {.url = bad[i], .model = model};
        FAILS(LF_INVALID, lf_store_open(&options, &store, &err));
        assert_null(strstr(err.text, "zz"));
    }
    /* anywhere among libpq's own, and as any name can be written; else the first of the search path */
    snprintf(url, sizeof(url), "postgres://%%2F@/postgres?schema=%%73&user=postgres&host=%s&connect_timeout=3",
             server.folder);
    use(NULL);
    assert_string_equal(type_of("quotes", "amount"), "double precision");
    pg_server_sql(&server, "DROP SCHEMA s CASCADE; CREATE SCHEMA s");
    snprintf(url, sizeof(url), "%s&options=-csearch_path%%3Dnowhere,s", server.url);
    use(NULL);
    assert_string_equal(type_of("quotes", "amount"), "double precision");
    snprintf(url, sizeof(url), "%s&options=-csearch_path%%3Dnowhere", server.url);
    FAILS(LF_NOT_FOUND, open_store(false, &store, &err));
}

/* The states of Quote and Counter, which is redefined alike, change places; or why not. */
static void
swap(enum lf_status expected, const char *word)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    OK(open_store(false, &store, &err));
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_begin(session, &err));
    enum lf_status st = lf_store_swap(session, &model->entities[QUOTE], model->entities[COUNTER].collection, &err);
    if (st != expected)
        fail_msg("%s", err.text);
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
    static const struct {
        const char *make, *word, *drop;
    } things[] = {
        {"CREATE VIEW s.v AS SELECT amount FROM s.quotes", "view \"", "DROP VIEW s.v"},
        {"CREATE INDEX i ON s.quotes (amount)", "index \"", "DROP INDEX s.i"},
        {"ALTER TABLE s.quotes ADD CONSTRAINT k CHECK (amount > 0)", "constraint \"k\"",
         "ALTER TABLE s.quotes DROP CONSTRAINT k"},
        {"CREATE POLICY p ON s.quotes", "policy \"p\"", "DROP POLICY p ON s.quotes"},
        {"CREATE TRIGGER t BEFORE UPDATE ON s.hit_counters FOR EACH ROW"
         " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
         "trigger \"t\"", "DROP TRIGGER t ON s.hit_counters"},
    };
    fixture_redefine(model, COUNTER, fields, 2);
    model->entities[COUNTER].key = 0;
    use("{\"customerId\": \"c\", \"amount\": 1}");
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        pg_server_sql(&server, things[i].make);
        swap(LF_CONFLICT, things[i].word);
        pg_server_sql(&server, things[i].drop);
    }
    swap(LF_OK, NULL);
}

static void
test_rights_go_with_the_name_when_tables_change_places(void **state)
{
    (void)state;
    static const char *const fields[] = {"customerId:ID!", "amount:Float!"};
    fixture_redefine(model, COUNTER, fields, 2);
    model->entities[COUNTER].key = 0;
    use(NULL);
    pg_server_sql(&server, "DROP ROLE IF EXISTS teller; CREATE ROLE teller;"
                           "DROP ROLE IF EXISTS \"the owner\"; CREATE ROLE \"the owner\";"
                           "GRANT USAGE, CREATE ON SCHEMA s TO \"the owner\";"
                           "ALTER TABLE s.quotes OWNER TO \"the owner\"; GRANT SELECT ON s.quotes TO teller, PUBLIC;"
                           "GRANT INSERT ON s.quotes TO teller WITH GRANT OPTION");
    swap(LF_OK, NULL);
    pg_server_sql(&server, "DO $$ BEGIN ASSERT has_table_privilege('teller', 's.quotes', 'SELECT');"
                           "ASSERT has_table_privilege('teller', 's.quotes', 'INSERT WITH GRANT OPTION');"
                           "ASSERT NOT has_table_privilege('teller', 's.quotes', 'DELETE');"
                           "ASSERT (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 's.quotes'::regclass)"
                           " = 'the owner'; END $$");
}

static void
test_the_way_to_an_entity_is_added_to_a_store_that_lacks_it(void **state)
{
    (void)state;
    struct lf_store *store = NULL;
    use(NULL);
    pg_server_sql(&server, "DROP INDEX s.event_store_entity");
    OK(open_store(true, &store, &err)); /* slower, not useless */
    lf_store_close(store);
    use(NULL);
    pg_server_sql(&server, "DROP INDEX s.event_store_entity");
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_columns_have_the_types_of_their_fields),
        CASE(test_nothing_to_change),
        CASE(test_new_columns),
        CASE(test_a_new_non_null_column),
        CASE(test_another_type),
        CASE(test_another_key),
        CASE(test_null_and_not_null),
        CASE(test_names),
        CASE(test_all_or_nothing),
        CASE(test_what_people_have_made_is_not_lost_when_tables_change_places),
        CASE(test_rights_go_with_the_name_when_tables_change_places),
        CASE(test_the_way_to_an_entity_is_added_to_a_store_that_lacks_it),
        CASE(test_tables_of_others),
        CASE(test_reading_only),
        CASE(test_rights),
        CASE(test_row_level_security),
        CASE(test_urls),
    };
    pg_server_new(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
