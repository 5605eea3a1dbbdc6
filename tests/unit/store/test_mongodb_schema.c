/* Collections beside a model that changes, on MongoDB: what is added, what is refused, and whose database it is. */
#include "mongo_server.h"

#include <stdio.h>
#include <string.h>

static struct mongo_server server;

static enum lf_status
open_store(const char *database, const struct lf_model *model, bool read_only, struct lf_store **ret)
{
    struct lf_store_options options = {
        .url = mongo_server_url(server.port, database), .model = model, .read_only = read_only};
    err = (struct lf_err){0};
    return lf_store_open(&options, ret, &err);
}

static void
assert_opens(const struct lf_model *model)
{
    struct lf_store *store = NULL;
    OK(open_store("schema", model, false, &store));
    lf_store_close(store);
}

static void
assert_refused(enum lf_status status, const struct lf_model *model, bool read_only, const char *word)
{
    struct lf_store *store = NULL;
    FAILS(status, open_store("schema", model, read_only, &store));
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", word, err.text);
}

/* A model whose Quote has these fields. */
static struct lf_model *
model_with(const char *const *fields, size_t count)
{
    struct lf_model *model = fixture_model();
    fixture_redefine(model, QUOTE, fields, count);
    return model;
}
#define MODEL(...)                                                                                                     \
    model_with((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* A fresh store with one quote, made with a model of these fields. */
static void
make_quote(struct lf_model *model, const char *state)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    mongo_server_drop(&server, "schema");
    OK(open_store("schema", model, false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    struct lf_state_change change = {.key = LF_LIT("q"), .state = fixture_json(&arena, state)};
    OK(lf_store_begin(session, &err));
    OK(lf_store_save(session, &model->entities[QUOTE], &change, 1, &err));
    OK(lf_store_commit(session, &err));
    lf_store_session_close(session);
    lf_store_close(store);
    lf_arena_release(&arena);
    lf_model_free(model);
}

static const char *
quote_as(struct lf_model *model, struct lf_arena *arena)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_value value;
    OK(open_store("schema", model, false, &store));
    OK(lf_store_session_open(store, false, &session, &err));
    OK(lf_store_get(session, &model->entities[QUOTE], LF_LIT("q"), arena, &value, &err));
    const char *text = fixture_text(arena, &value);
    /* those whose new field is null come last in both orders, as any other */
    struct lf_list_query query = {.entity = &model->entities[QUOTE], .first = 10, .order_count = 1};
    query.order[0] = (struct lf_order){.field = &model->entities[QUOTE].fields[1]};
    struct lf_list_result list;
    OK(lf_store_list(session, &query, arena, &list, &err));
    assert_int_equal(list.count, 1);
    lf_store_session_close(session);
    lf_store_close(store);
    lf_model_free(model);
    return text;
}

static void
test_new_fields_are_added(void **state)
{
    struct lf_arena arena;
    (void)state;
    lf_arena_init(&arena, 0, 0);
    make_quote(MODEL("customerId:ID!", "amount:Float!"), "{\"customerId\":\"q\",\"amount\":1}");
    assert_string_equal(quote_as(MODEL("customerId:ID!", "amount:Float!", "note:String"), &arena),
                        "{\"customerId\":\"q\",\"amount\":1,\"note\":null}");
    assert_int_equal(mongo_server_count(&server, "schema", "quotes", "{\"_lf.null.note\": true}"), 1);
    struct lf_model *model = MODEL("customerId:ID!", "amount:Float!", "price:Decimal!");
    model->entities[QUOTE].fields[2].has_initial = true;
    model->entities[QUOTE].fields[2].initial = lf_value_string(LF_LIT("0.50"));
    assert_string_equal(quote_as(model, &arena), "{\"customerId\":\"q\",\"amount\":1,\"price\":\"0.50\"}");
    assert_int_equal(mongo_server_count(&server, "schema", "quotes", "{\"_lf.key.price\": {\"$exists\": true}}"), 1);
    lf_arena_release(&arena);
}

static void
test_changes_that_lose_data_are_refused(void **state)
{
    (void)state;
    make_quote(MODEL("customerId:ID!", "amount:Float!", "note:String"), "{\"customerId\":\"q\",\"amount\":1}");
    static const struct {
        const char *fields[3];
        const char *word;
    } cases[] = {
        {{"customerId:ID!", "amount:String!", "note:String"}, "its values are double, the schema needs text"},
        {{"customerId:ID!", "amount:Float!", "note:String!"}, "some entities have no value"},
        {{"customerId:ID!", "amount:Float!", "more:Int!"}, "no @initial"},
        {{"number:ID!", "amount:Float!", "customerId:ID!"}, "it is the key"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lf_model *model = model_with(cases[i].fields, 3);
        assert_refused(LF_CONFLICT, model, false, cases[i].word);
        lf_model_free(model);
    }
    struct lf_model *relaxed = MODEL("customerId:ID!", "amount:Float");
    assert_opens(relaxed);
    lf_model_free(relaxed);
    /* a field that went does not come back as something else */
    struct lf_model *back = MODEL("customerId:ID!", "amount:Float", "note:Int");
    assert_refused(LF_CONFLICT, back, false, "its values are text");
    lf_model_free(back);
}

static void
test_an_empty_collection_takes_any_change(void **state)
{
    (void)state;
    mongo_server_drop(&server, "schema");
    struct lf_model *first = MODEL("customerId:ID!", "amount:Float!"),
                    *second = MODEL("customerId:ID!", "amount:Int!", "x:Int!");
    assert_opens(first);
    assert_opens(second);
    assert_opens(second);
    lf_model_free(first);
    lf_model_free(second);
}

static void
test_reading_only_makes_nothing(void **state)
{
    struct lf_store *store = NULL;
    (void)state;
    struct lf_model *model = fixture_model(), *wider = MODEL("customerId:ID!", "amount:Float!", "note:String");
    mongo_server_drop(&server, "schema");
    assert_refused(LF_NOT_FOUND, model, true, "there is no store in database \"schema\"");
    assert_opens(model);
    OK(open_store("schema", model, true, &store));
    OK(lf_store_health(store, &err));
    lf_store_close(store);
    lf_model_free(model);
    make_quote(fixture_model(), "{\"customerId\":\"q\",\"amount\":1}");
    assert_refused(LF_NOT_FOUND, wider, true, "lack the field \"note\"");
    lf_model_free(wider);
}

static void
test_what_is_others_is_left_alone(void **state)
{
    bson_t reply;
    (void)state;
    struct lf_model *model = fixture_model();
    mongo_server_drop(&server, "schema");
    mongo_server_run(&server, "schema", "{\"create\": \"quotes\"}", &reply);
    bson_destroy(&reply);
    assert_refused(LF_UNSUPPORTED, model, false, "another application");
    mongo_server_drop(&server, "schema");
    mongo_server_run(&server, "schema", "{\"create\": \"event_store\"}", &reply);
    bson_destroy(&reply);
    assert_refused(LF_UNSUPPORTED, model, false, "another application");
    mongo_server_drop(&server, "schema");
    assert_opens(model);
    mongo_server_run(&server, "schema",
                     "{\"update\": \"logfirst\", \"updates\": [{\"q\": {\"_id\": \"store\"}, \"u\": {\"$set\": "
                     "{\"format\": 99}}}]}",
                     &reply);
    bson_destroy(&reply);
    assert_refused(LF_UNSUPPORTED, model, false, "format 99");
    model->entities[QUOTE].collection = LF_LIT("event_store");
    assert_refused(LF_INVALID, model, false, "taken");
    lf_model_free(model);
}

static void
test_urls(void **state)
{
    static const char *const bad[] = {"mongodb://", "mongodb://host:99999/d", "mongodb://u:p@ss@host/d",
                                      "mongodb://host/a b",
                                      "mongodb://host/d?replicaSet=a&directConnection=maybe&tls=1"};
    (void)state;
    struct lf_model *model = fixture_model();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lf_store *store = NULL;
        struct lf_store_options options = {.url = bad[i], .model = model};
        err = (struct lf_err){0};
        enum lf_status st = lf_store_open(&options, &store, &err);
        if (st != LF_INVALID || strstr(err.text, "p@ss") != NULL)
            fail_msg("%s: %s: %s", bad[i], lf_status_name(st), err.text);
    }
    lf_model_free(model);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_fields_are_added),
        cmocka_unit_test(test_changes_that_lose_data_are_refused),
        cmocka_unit_test(test_an_empty_collection_takes_any_change),
        cmocka_unit_test(test_reading_only_makes_nothing),
        cmocka_unit_test(test_what_is_others_is_left_alone),
        cmocka_unit_test(test_urls),
    };
    mongo_server_new(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongo_server_free(&server);
    return failed;
}
