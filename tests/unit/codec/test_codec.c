/* Records: what is written to the byte, what is read of any producer, what is refused. */
#include "codec/codec.h"
#include "../model/kit.h"
#include "base/limits.h"
#include "base/mem.h"

static const char sdl[] = "type Quote @entity(key: \"customerId\") { customerId: ID!, amount: Float! }\n"
                          "type QuoteCreated @event(entity: \"Quote\") { amount: Float!, customerId: ID! }\n";

struct world {
    struct lf_model *model;
    struct lf_codec_options options;
    struct lf_arena arena;
};

static int
set_up(void **state)
{
    static struct world world;
    world.model = kit_model(sdl);
    world.options = (struct lf_codec_options){.model = world.model, .source = LF_LIT("/logfirst")};
    lf_arena_init(&world.arena, 0, 0);
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    lf_arena_release(&world->arena);
    lf_model_free(world->model);
    return 0;
}

static struct lf_event
quote_event(struct world *world, const char *payload)
{
    return (struct lf_event){
        .id = LF_LIT("0190163d-8694-739b-aea5-966c26f8ad91"),
        .type_name = LF_LIT("QuoteCreated"),
        .type = kit_event(world->model, "QuoteCreated"),
        .payload = kit_json(&world->arena, payload),
        .key = LF_LIT("c1"),
        .entity_key = LF_LIT("c1"),
        .time_us = 1795510594123456,
    };
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void
test_encode(void **state)
{
    struct world *world = *state;
    const struct lf_header more = {LF_LIT("traceparent"), LF_LIT("00-1-2-3")};
    static const char *const want[][2] = {
        {"ce_specversion", "1.0"},
        {"ce_id", "0190163d-8694-739b-aea5-966c26f8ad91"},
        {"ce_source", "/logfirst"},
        {"ce_type", "QuoteCreated"},
        {"ce_time", "2026-11-24T08:56:34.123456Z"},
        {"ce_subject", "c1"},
        {"content-type", "application/json"},
        {"traceparent", "00-1-2-3"},
    };
    struct lf_encoded encoded;
    struct lf_event event = quote_event(world, "{\"customerId\":\"c1\",\"extra\":[1],\"amount\":12.50}");
    event.headers = &more;
    event.header_count = 1;
    assert_int_equal(lf_codec_encode(&world->options, &event, &world->arena, &encoded, NULL), LF_OK);
    assert_string_equal(encoded.value.ptr,
                        "{\"eventId\":\"0190163d-8694-739b-aea5-966c26f8ad91\",\"eventType\":\"QuoteCreated\","
                        "\"payload\":{\"amount\":12.50,\"customerId\":\"c1\",\"extra\":[1]}}");
    assert_int_equal(encoded.value.len, strlen(encoded.value.ptr));
    assert_string_equal(encoded.key.ptr, "c1");
    assert_int_equal(encoded.header_count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(encoded.headers[i].name.ptr, want[i][0]);
        assert_string_equal(encoded.headers[i].value.ptr, want[i][1]);
    }
}

/* The version of an event's form: told from the second on, read back from just that header. */
static void
test_versions(void **state)
{
    struct world *world = *state;
    struct lf_encoded encoded;
    struct lf_event event = quote_event(world, "{\"customerId\":\"c1\",\"amount\":1}"), back;
    for (int32_t version = 0; version < 4; version++) {
        event.version = version;
        assert_int_equal(lf_codec_encode(&world->options, &event, &world->arena, &encoded, NULL), LF_OK);
        assert_int_equal(encoded.header_count, version > 1 ? 8 : 7);
        assert_int_equal(
            lf_codec_decode(&world->options, &encoded, 0, (struct lf_place){0}, &world->arena, &back, NULL), LF_OK);
        assert_int_equal(back.version, version > 1 ? version : 0);
    }
    static const struct {
        const char *names[2], *values[2];
        int32_t version;
    } rows[] = {
        {{"ce_dataversion", "x"}, {"2", "1"}, 2},          {{"ce_dataversion", "ce_dataversion"}, {"2", "2"}, 0},
        {{"CE_dataversion", "x"}, {"2", "1"}, 0},          {{"ce_dataversion", "x"}, {"2.0", "1"}, 0},
        {{"ce_dataversion", "x"}, {NULL, "1"}, 0},         {{"x", "ce_dataversion"}, {"1", "7"}, 7},
        {{"ce_dataversion", "x"}, {"4294967298", "1"}, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lf_header headers[] = {{lf_bytes_of(rows[i].names[0]), lf_bytes_of(rows[i].values[0])},
                                            {lf_bytes_of(rows[i].names[1]), lf_bytes_of(rows[i].values[1])}};
        encoded.headers = headers;
        encoded.header_count = 2;
        assert_int_equal(
            lf_codec_decode(&world->options, &encoded, 0, (struct lf_place){0}, &world->arena, &back, NULL), LF_OK);
        assert_int_equal(back.version, rows[i].version);
    }
}

static void
test_encode_awkward_texts(void **state)
{
    struct world *world = *state;
    struct lf_encoded encoded;
    struct lf_event event = {
        .id = LF_LIT("a\"b\\c\n"),
        .type_name = LF_LIT("Unkn\xc3\xb6wn"),
        .payload = LF_VALUE_NULL,
        .extra = kit_json(&world->arena, "{\"v\":1.0,\"eventVersion\":2}"),
    };
    assert_int_equal(lf_codec_encode(&world->options, &event, &world->arena, &encoded, NULL), LF_OK);
    assert_string_equal(encoded.value.ptr, "{\"eventId\":\"a\\\"b\\\\c\\n\",\"eventType\":\"Unkn\xc3\xb6wn\","
                                           "\"payload\":null,\"v\":1.0,\"eventVersion\":2}");
    assert_int_equal(encoded.header_count, 6); /* no subject */
    assert_null(encoded.key.ptr);
}

static void
test_encode_too_large(void **state)
{
    struct world *world = *state;
    struct lf_err err = {0};
    struct lf_encoded encoded;
    struct lf_event event = quote_event(world, "{}");
    char *text = lf_arena_alloc(&world->arena, LF_EVENT_BYTES_MAX);
    memset(text, 'x', LF_EVENT_BYTES_MAX);
    struct lf_member member = {LF_LIT("note"), lf_value_string(lf_bytes(text, LF_EVENT_BYTES_MAX))};
    event.payload = lf_value_object(&member, 1);
    assert_int_equal(lf_codec_encode(&world->options, &event, &world->arena, &encoded, &err), LF_LIMIT);
    assert_string_equal(err.text,
                        "event 0190163d-8694-739b-aea5-966c26f8ad91 (QuoteCreated) is larger than 1000000 bytes");
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

enum { HEADERS_MAX = 4 };

static const struct row {
    const char *value; /* NULL: a null value */
    const char *headers[HEADERS_MAX * 2];
    const char *id, *type, *payload, *extra; /* of the event; where refused what could be read, NULL: nothing */
    const char *error;                       /* NULL: it is an event */
} rows[] = {
    {"{\"eventId\":\"e1\",\"eventType\":\"QuoteCreated\",\"payload\":{\"amount\":1,\"customerId\":\"c\"}}",
     {NULL},
     "e1",
     "QuoteCreated",
     "{\"amount\":1,\"customerId\":\"c\"}",
     "null",
     NULL},
    {" { \"payload\" : 5 , \"v\" : 1.00 , \"eventType\" : \"X\" , \"eventId\" : \"e\\u0031\" } ",
     {NULL},
     "e1",
     "X",
     "5",
     "{\"v\":1.00}",
     NULL},
    {"{\"eventId\":\"e1\",\"eventType\":\"X\",\"payload\":null}", {NULL}, "e1", "X", "null", "null", NULL},
    {"{\"eventId\":\"e1\",\"eventType\":\"X\",\"payload\":{}}", {"ce_id", "e1"}, "e1", "X", "{}", "null", NULL},
    {"{\"eventId\":\"e1\",\"eventType\":\"X\",\"payload\":{}}",
     {"ce_id", "e2"},
     "e1",
     "X",
     NULL,
     NULL,
     "header ce_id (e2) and the value's id (e1) contradict each other"},
    {NULL, {NULL}, NULL, NULL, NULL, NULL, "null value: no event"},
    {NULL, {"ce_id", "e1", "ce_type", "X"}, "e1", "X", NULL, NULL, "null value: no event"},
    {"", {NULL}, NULL, NULL, NULL, NULL, "empty value: no event"},
    {"{", {NULL}, NULL, NULL, NULL, NULL, "value is no JSON: "},
    {"\xff\xfe", {NULL}, NULL, NULL, NULL, NULL, "value is no JSON: "},
    {"{\"eventId\":\"e1\",\"eventId\":\"e2\",\"eventType\":\"X\",\"payload\":{}}",
     {NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     "value is no JSON: "},
    {"[1]", {NULL}, NULL, NULL, NULL, NULL, "value is no JSON object: no event"},
    {"{\"eventType\":\"X\",\"payload\":{}}", {NULL}, NULL, "X", NULL, NULL, "the envelope lacks \"eventId\""},
    {"{\"eventId\":\"e1\",\"payload\":{}}", {NULL}, "e1", NULL, NULL, NULL, "the envelope lacks \"eventType\""},
    {"{\"eventId\":\"e1\",\"eventType\":\"X\"}", {NULL}, "e1", "X", NULL, NULL, "the envelope lacks \"payload\""},
    {"{\"eventId\":1,\"eventType\":\"X\",\"payload\":{}}", {NULL}, NULL, "X", NULL, NULL, "\"eventId\" is no string"},
    {"{\"eventId\":\"\",\"eventType\":\"X\",\"payload\":{}}", {NULL}, NULL, "X", NULL, NULL, "\"eventId\" is empty"},
    {"{\"eventId\":\"a\\u0000\",\"eventType\":\"X\",\"payload\":{}}",
     {NULL},
     NULL,
     "X",
     NULL,
     NULL,
     "\"eventId\" contains a NUL character"},
    {"{\"eventId\":\"e1\",\"eventType\":null,\"payload\":{}}",
     {NULL},
     "e1",
     NULL,
     NULL,
     NULL,
     "\"eventType\" is no string"},
    {"{\"id\":\"e1\",\"type\":\"X\",\"data\":{\"a\":1},\"source\":\"/s\",\"time\":\"2026-11-24T08:46:34Z\"}",
     {"content-type", "application/cloudevents+json; charset=UTF-8"},
     "e1",
     "X",
     "{\"a\":1}",
     "{\"source\":\"/s\",\"time\":\"2026-11-24T08:46:34Z\"}",
     NULL},
    {"{\"id\":\"e1\",\"type\":\"X\",\"data_base64\":\"AA==\"}",
     {"Content-Type", "application/cloudevents+json"},
     "e1",
     "X",
     NULL,
     NULL,
     "the CloudEvent lacks \"data\""},
    {"{\"id\":\"e1\",\"type\":\"X\",\"data\":{}}",
     {"content-type", "application/cloudevents+jsonx"},
     NULL,
     NULL,
     NULL,
     NULL,
     "the envelope lacks \"eventId\""},
    {"{\"amount\":1}",
     {"ce_specversion", "1.0", "ce_id", "e1", "ce_type", "X"},
     "e1",
     "X",
     "{\"amount\":1}",
     "null",
     NULL},
    {"{\"amount\":1}",
     {"ce_specversion", "1.0", "ce_id", "e1"},
     "e1",
     NULL,
     NULL,
     NULL,
     "the envelope lacks \"eventId\""},
    {"{\"amount\":1}",
     {"ce_specversion", "1.0", "ce_id", "", "ce_type", "X"},
     NULL,
     "X",
     NULL,
     NULL,
     "\"ce_id\" is empty"},
};

static void
check_text(const char *what, size_t row, struct lf_bytes got, const char *want)
{
    if (want == NULL ? got.ptr != NULL : !lf_bytes_equal_text(got, want))
        fail_msg("row %zu: %s is \"%.*s\"", row, what, LF_FMT(got));
}

static void
check_row(struct world *world, size_t i)
{
    const struct row *row = &rows[i];
    struct lf_header headers[HEADERS_MAX];
    struct lf_encoded encoded = {.key = LF_LIT("k"), .value = lf_bytes_of(row->value), .headers = headers};
    struct lf_err err = {0};
    struct lf_event event;
    for (; row->headers[encoded.header_count * 2] != NULL; encoded.header_count++)
        headers[encoded.header_count] = (struct lf_header){lf_bytes_of(row->headers[encoded.header_count * 2]),
                                                           lf_bytes_of(row->headers[encoded.header_count * 2 + 1])};
    const struct lf_place place = {LF_LIT("t"), 3, 44};
    enum lf_status st = lf_codec_decode(&world->options, &encoded, 1700000000000, place, &world->arena, &event, &err);
    check_text("id", i, event.id, row->id);
    check_text("type", i, event.type_name, row->type);
    assert_int_equal(event.place.offset, 44);
    assert_string_equal(event.key.ptr, "k");
    assert_int_equal(event.header_count, encoded.header_count);
    if (row->error != NULL) {
        if (st != LF_INVALID || strstr(err.text, row->error) != err.text)
            fail_msg("row %zu: %d %s", i, (int)st, err.text);
        assert_int_equal(err.fate, LF_FATE_REJECT);
        return;
    }
    if (st != LF_OK)
        fail_msg("row %zu: %s", i, err.text);
    assert_string_equal(kit_text(&world->arena, &event.payload), row->payload);
    assert_string_equal(kit_text(&world->arena, &event.extra), row->extra);
    assert_ptr_equal(event.type, lf_model_event(world->model, event.type_name));
    assert_null(event.entity_key.ptr);
}

static void
test_decode(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(*state, i);
}

static void
test_decode_times(void **state)
{
    struct world *world = *state;
    struct lf_header header = {LF_LIT("ce_time"), LF_LIT("2026-11-24T08:56:34.123456Z")};
    struct lf_encoded encoded = {.value = LF_LIT("{\"eventId\":\"e\",\"eventType\":\"X\",\"payload\":{}}"),
                                 .headers = &header,
                                 .header_count = 1};
    struct lf_event event;
    const struct lf_place place = {LF_LIT("t"), 0, 0};
    assert_int_equal(lf_codec_decode(&world->options, &encoded, 5, place, &world->arena, &event, NULL), LF_OK);
    assert_int_equal(event.time_us, 1795510594123456);
    header.value = LF_LIT("yesterday");
    assert_int_equal(lf_codec_decode(&world->options, &encoded, 5, place, &world->arena, &event, NULL), LF_OK);
    assert_int_equal(event.time_us, 5000);
    assert_int_equal(lf_codec_decode(&world->options, &encoded, INT64_MAX, place, &world->arena, &event, NULL), LF_OK);
    assert_int_equal(event.time_us, 0);
}

/* Names have 255 bytes at most: stores index them. */
static void
test_decode_long_names(void **state)
{
    struct world *world = *state;
    char value[400];
    struct lf_event event;
    for (int len = 255; len <= 256; len++) {
        snprintf(value, sizeof(value), "{\"eventId\":\"%0*d\",\"eventType\":\"X\",\"payload\":{}}", len, 7);
        struct lf_encoded encoded = {.value = lf_bytes_of(value)};
        enum lf_status st =
            lf_codec_decode(&world->options, &encoded, 0, (struct lf_place){0}, &world->arena, &event, NULL);
        assert_int_equal(st, len == 255 ? LF_OK : LF_INVALID);
    }
}

static void
test_round_trip(void **state)
{
    struct world *world = *state;
    struct lf_encoded encoded;
    struct lf_event again;
    struct lf_event event = quote_event(world, "{\"amount\":0.1,\"customerId\":\"c1\"}");
    assert_int_equal(lf_codec_encode(&world->options, &event, &world->arena, &encoded, NULL), LF_OK);
    assert_int_equal(lf_codec_decode(&world->options, &encoded, 0, (struct lf_place){0}, &world->arena, &again, NULL),
                     LF_OK);
    assert_true(lf_bytes_equal(again.id, event.id));
    assert_ptr_equal(again.type, event.type);
    assert_int_equal(again.time_us, event.time_us);
    assert_true(lf_value_equal(&again.payload, &event.payload));
    assert_int_equal(lf_event_bind_entity(&again, &world->arena, NULL), LF_OK);
    assert_true(lf_bytes_equal(again.entity_key, event.entity_key));
    assert_true(lf_bytes_equal(lf_event_message_key(&again, &world->arena), event.key));
}

static void
test_without_memory(void **state)
{
    struct world *world = *state;
    struct lf_event event = quote_event(world, "{\"customerId\":\"c1\",\"x\":[1,2],\"amount\":0.1}");
    event.extra = kit_json(&world->arena, "{\"v\":1}");
    for (uint64_t n = 1;; n++) {
        struct lf_arena arena;
        struct lf_encoded encoded;
        struct lf_event again;
        struct lf_err err = {0};
        lf_arena_init(&arena, 64, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_codec_encode(&world->options, &event, &arena, &encoded, &err);
        if (st == LF_OK)
            st = lf_codec_decode(&world->options, &encoded, 0, (struct lf_place){0}, &arena, &again, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_arena_release(&arena);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        assert_int_equal(err.fate, hit ? LF_FATE_RETRY : LF_FATE_NONE);
        if (!hit)
            break;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_encode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_versions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_encode_awkward_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_encode_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_decode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_decode_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_decode_long_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
