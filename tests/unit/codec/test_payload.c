/*
 * Payloads with schemas: what is written has its frame and its schema's blessing; what others have written is read
 * whatever the registry does meanwhile, and nothing that is not certain becomes a verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "fake_registry.h"
#include "json/json.h"

static const char sdl[] =
    "type Quote @entity(key: \"customerId\") { customerId: ID! amount: Float! note: String }\n"
    "type QuoteCreated @event(entity: \"Quote\") { customerId: ID! amount: Float! note: String }\n"
    "type Noted @event { text: String! }\n"
    "type Mutation { createQuote(customerId: ID!, amount: Float!): Receipt! @emits(event: "
    "\"QuoteCreated\") }\n";
static const char own_schema[] =
    "{\"type\":\"object\",\"properties\":{\"customerId\":{\"type\":\"string\"},\"amount\":{\"type\":\"number\","
    "\"minimum\":0},\"note\":{\"type\":\"string\",\"default\":\"none\"}},\"required\":[\"customerId\",\"amount\"]}";

#define NO_HEADER LF_BYTES_NONE
#define FRAMED(id, text) LF_LIT("\0\0\0\0" id text)

struct world {
    struct fake_registry registry;
    struct lf_model *model;
    struct lf_payload_own own[2];
    struct lf_payloads_options options;
    struct lf_payloads *payloads;
    struct lf_payload_pins pins;
    struct lf_arena arena;
    struct lf_err err;
};

static void
open_payloads(struct world *world)
{
    assert_int_equal(lf_payloads_new(&world->options, &world->payloads, &world->err), LF_OK);
}

static int
set_up(void **state)
{
    static struct world world;
    struct lf_gql_errors errors;
    memset(&world, 0, sizeof(world));
    lf_arena_init(&world.arena, 0, 0);
    fake_init(&world.registry);
    lf_gql_errors_init(&errors, &world.arena, 10);
    world.model = lf_model_compile(&(struct lf_model_file){"test", lf_bytes_of(sdl)}, 1, &errors);
    assert_non_null(world.model);
    size_t index = lf_model_event(world.model, LF_LIT("QuoteCreated"))->index;
    world.own[index] = (struct lf_payload_own){true, LF_SCHEMA_JSON, lf_bytes_of(own_schema), LF_LIT("QuoteCreated")};
    world.options = (struct lf_payloads_options){.model = world.model,
                                                 .own = world.own,
                                                 .registry = &world.registry.base,
                                                 .topic = LF_LIT("t"),
                                                 .auto_register = true,
                                                 .wait_ms = 10000};
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    lf_gate_open(&world->registry.base.gate);
    lf_payload_pins_release(world->payloads, &world->pins);
    lf_payloads_free(world->payloads);
    world->payloads = NULL;
    lf_model_free(world->model);
    fake_release(&world->registry);
    lf_arena_release(&world->arena);
    return 0;
}

static struct lf_codec_options
codec(struct world *world)
{
    return (struct lf_codec_options){.model = world->model, .payloads = world->payloads, .pins = &world->pins};
}

static struct lf_value
json(struct world *world, const char *text)
{
    struct lf_value value;
    assert_int_equal(lf_json_parse(&world->arena, lf_bytes_of(text), &value, NULL), LF_OK);
    return value;
}

static enum lf_status
encode(struct world *world, const char *payload, struct lf_encoded *ret)
{
    const struct lf_event_type *type = lf_model_event(world->model, LF_LIT("QuoteCreated"));
    const struct lf_event event = {.id = LF_LIT("e1"),
                                   .type_name = LF_LIT("QuoteCreated"),
                                   .type = type,
                                   .payload = json(world, payload),
                                   .key = LF_LIT("c1"),
                                   .time_us = 1000000};
    const struct lf_codec_options options = codec(world);
    return lf_codec_encode(&options, &event, &world->arena, ret, &world->err);
}

/* headers: ce_id, ce_type and the header of the schema id, as far as given. */
static enum lf_status
decode(struct world *world, struct lf_bytes value, const char *type, struct lf_bytes schema_id, struct lf_event *ret)
{
    struct lf_header headers[3];
    size_t count = 0;
    if (type != NULL) {
        headers[count++] = (struct lf_header){LF_LIT("ce_id"), LF_LIT("e1")};
        headers[count++] = (struct lf_header){LF_LIT("ce_type"), lf_bytes_of(type)};
    }
    if (schema_id.ptr != NULL)
        headers[count++] = (struct lf_header){LF_SCHEMA_ID_HEADER, schema_id};
    const struct lf_encoded encoded = {LF_LIT("k"), value, headers, count};
    const struct lf_codec_options options = codec(world);
    memset(&world->err, 0, sizeof(world->err));
    return lf_codec_decode(&options, &encoded, 5, (struct lf_place){0}, &world->arena, ret, &world->err);
}

static void
assert_payload(struct world *world, const struct lf_event *event, const char *text)
{
    struct lf_value value = json(world, text);
    assert_true(lf_value_equal(&event->payload, &value));
}

/* ---- writing ---- */

static void
written_with_frame_and_headers(void **state)
{
    struct world *world = *state;
    struct lf_encoded encoded;
    struct lf_event event;
    open_payloads(world);
    assert_int_equal(encode(world, "{\"amount\":1,\"customerId\":\"c\"}", &encoded), LF_UNAVAILABLE);
    assert_non_null(strstr(world->err.text, "not registered yet"));
    assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_OK);
    assert_true(lf_bytes_equal_text(world->registry.subjects[40], "t-value"));
    assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_OK);
    assert_int_equal(world->registry.next_id, 41);
    assert_int_equal(encode(world, "{\"amount\":1,\"customerId\":\"c\"}", &encoded), LF_OK);
    struct lf_bytes expected = FRAMED("(", "{\"customerId\":\"c\",\"amount\":1}");
    assert_true(lf_bytes_equal(encoded.value, expected));
    assert_true(lf_bytes_equal_text(encoded.headers[encoded.header_count - 1].value, "application/json"));
    const struct lf_codec_options options = codec(world);
    assert_int_equal(lf_codec_decode(&options, &encoded, 5, (struct lf_place){0}, &world->arena, &event, &world->err),
                     LF_OK);
    assert_true(lf_bytes_equal_text(event.id, "e1"));
    assert_payload(world, &event, "{\"customerId\":\"c\",\"amount\":1,\"note\":\"none\"}");
}

/* The same event in each format: frame, media type, and back to the same payload. */
static void
formats(void **state)
{
    static const struct {
        enum lf_schema_type type;
        const char *schema, *content_type;
        struct lf_bytes value;
        const char *back; /* a field without presence and a default are filled in */
    } rows[] = {
        {LF_SCHEMA_AVRO,
         "{\"type\":\"record\",\"name\":\"Q\",\"fields\":[{\"name\":\"customerId\",\"type\":\"string\"},"
         "{\"name\":\"amount\",\"type\":\"double\"},"
         "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null}]}",
         "application/avro", LF_LIT_INIT("\0\0\0\0(\2c\0\0\0\0\0\0\xf0\x3f\0"),
         "{\"customerId\":\"c\",\"amount\":1,\"note\":null}"},
        {LF_SCHEMA_PROTOBUF,
         "syntax = \"proto3\"; message Q { string customer_id = 1; double amount = 2; optional string note = 3; }",
         "application/protobuf", LF_LIT_INIT("\0\0\0\0(\0\n\1c\x11\0\0\0\0\0\0\xf0\x3f"),
         "{\"customerId\":\"c\",\"amount\":1}"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_encoded encoded;
        struct lf_event event;
        world->own[0].type = world->own[1].type = rows[i].type;
        world->own[0].text = world->own[1].text = lf_bytes_of(rows[i].schema);
        open_payloads(world);
        assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_OK);
        if (encode(world, "{\"amount\":1,\"customerId\":\"c\"}", &encoded) != LF_OK)
            fail_msg("%s", world->err.text);
        assert_int_equal(encoded.value.len, rows[i].value.len);
        assert_memory_equal(encoded.value.ptr, rows[i].value.ptr, rows[i].value.len);
        assert_true(lf_bytes_equal_text(encoded.headers[encoded.header_count - 1].value, rows[i].content_type));
        const struct lf_codec_options options = codec(world);
        if (lf_codec_decode(&options, &encoded, 5, (struct lf_place){0}, &world->arena, &event, &world->err) != LF_OK)
            fail_msg("%s", world->err.text);
        assert_payload(world, &event, rows[i].back);
        assert_int_equal(encode(world, "{\"amount\":\"much\",\"customerId\":\"c\"}", &encoded), LF_INVALID);
        assert_non_null(strstr(world->err.text, "/amount"));
        if (rows[i].type == LF_SCHEMA_PROTOBUF) { /* without indexes, as some write it; with those of no message */
            struct lf_bytes bare = LF_LIT("\0\0\0\0(\n\1c\x11\0\0\0\0\0\0\xf0\x3f");
            assert_int_equal(decode(world, bare, "QuoteCreated", NO_HEADER, &event), LF_OK);
            assert_payload(world, &event, rows[i].back);
            struct lf_bytes astray = LF_LIT("\0\0\0\0(\2\6\n\1c");
            assert_int_equal(decode(world, astray, "QuoteCreated", NO_HEADER, &event), LF_INVALID);
            assert_non_null(strstr(world->err.text, "no message at the indexes"));
        }
        lf_payload_pins_release(world->payloads, &world->pins);
        lf_payloads_free(world->payloads);
        world->payloads = NULL;
        world->registry.next_id = 40;
        lf_free((void *)(uintptr_t)world->registry.subjects[40].ptr);
        world->registry.subjects[40] = LF_BYTES_NONE;
    }
}

static void
a_payload_that_the_schema_refuses(void **state)
{
    struct world *world = *state;
    struct lf_encoded encoded;
    open_payloads(world);
    assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_OK);
    assert_int_equal(encode(world, "{\"amount\":-1,\"customerId\":\"c\"}", &encoded), LF_INVALID);
    assert_non_null(strstr(world->err.text, "/amount"));
}

static void
schemas_that_must_be_there(void **state)
{
    struct world *world = *state;
    world->options.auto_register = false;
    world->options.strategy = LF_SUBJECT_TOPIC_RECORD;
    open_payloads(world);
    assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_NOT_FOUND);
    assert_non_null(strstr(world->err.text, "\"QuoteCreated\" (subject t-QuoteCreated)"));
    assert_non_null(strstr(world->err.text, "auto_register"));
    fake_put(&world->registry, 12, LF_SCHEMA_JSON, own_schema);
    world->registry.subjects[12] = lf_bytes(lf_strdup("t-QuoteCreated"), 14);
    world->registry.schemas[12].type = LF_SCHEMA_AVRO; /* what a subject of another format makes of it */
    assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_CONFLICT);
    assert_non_null(strstr(world->err.text, "takes it for AVRO"));
    world->registry.schemas[12].type = LF_SCHEMA_JSON;
    assert_int_equal(lf_payloads_enroll(world->payloads, &world->err), LF_OK);
}

static void
what_cannot_be_opened(void **state)
{
    struct world *world = *state;
    world->own[0].text = world->own[1].text = LF_LIT("{\"type\":7}");
    assert_int_equal(lf_payloads_new(&world->options, &world->payloads, &world->err), LF_INVALID);
    assert_non_null(strstr(world->err.text, "\"QuoteCreated\""));
    world->own[0] = world->own[1] = (struct lf_payload_own){true, LF_SCHEMA_JSON, LF_LIT("true"), LF_LIT("r")};
    assert_int_equal(lf_payloads_new(&world->options, &world->payloads, &world->err), LF_INVALID);
    assert_non_null(strstr(world->err.text, "share the subject t-value"));
    world->options.registry = NULL;
    assert_int_equal(lf_payloads_new(&world->options, &world->payloads, &world->err), LF_INVALID);
    assert_null(world->payloads);
}

/* ---- reading ---- */

static void
forms_of_a_name(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    open_payloads(world);
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "true");
    assert_int_equal(decode(world, FRAMED("\7", "{\"text\":\"x\"}"), "Noted", NO_HEADER, &event), LF_OK);
    assert_payload(world, &event, "{\"text\":\"x\"}");
    assert_int_equal(decode(world, LF_LIT("{\"text\":\"x\"}"), "Noted", FRAMED("\7", ""), &event), LF_OK);
    assert_payload(world, &event, "{\"text\":\"x\"}");
    struct lf_bytes guid = LF_LIT("\1"
                                  "\7bcdefghijklmnop");
    assert_int_equal(decode(world, LF_LIT("{\"text\":\"x\"}"), "Noted", guid, &event), LF_OK);
    /* without identity in headers the value is read as an envelope */
    assert_int_equal(decode(world, FRAMED("\7", "{\"eventId\":\"i\",\"eventType\":\"Noted\",\"payload\":{}}"), NULL,
                            NO_HEADER, &event),
                     LF_OK);
    assert_true(lf_bytes_equal_text(event.id, "i"));
    assert_int_equal(decode(world, FRAMED("\7", "{\"text\":1}"), NULL, NO_HEADER, &event), LF_INVALID);
    assert_non_null(strstr(world->err.text, "no headers ce_id and ce_type"));
    /* a payload with members that look like an envelope is a payload all the same */
    assert_int_equal(decode(world, FRAMED("\7", "{\"eventId\":\"i\",\"eventType\":\"X\",\"payload\":1}"), "Noted",
                            NO_HEADER, &event),
                     LF_OK);
    assert_true(lf_bytes_equal_text(event.type_name, "Noted"));
}

static void
what_is_damaged(void **state)
{
    static const struct {
        struct lf_bytes value, header;
        const char *words;
    } rows[] = {
        {LF_LIT_INIT("\5\0\0\0\1{}"), {NULL, 0}, "nor is its first byte, 0x05, one of a schema's id"},
        {LF_LIT_INIT("\0\0\0"), {NULL, 0}, "without a whole schema id"},
        {LF_LIT_INIT("{}"), LF_LIT_INIT("\2abc"), "header __value_schema_id: the first byte, 0x02"},
        {LF_LIT_INIT("\0\0\0\0\7{\"a\":"), {NULL, 0}, "does not fit its schema (JSON, id 7)"},
        {LF_LIT_INIT("\0\0\0\0\7{\"a\":\"text\"}"), {NULL, 0}, "/a: "},
        {LF_LIT_INIT("\0\0\0\0\7"), {NULL, 0}, "does not fit its schema"},
        {LF_LIT_INIT(""), {NULL, 0}, "empty value"},
    };
    struct world *world = *state;
    struct lf_event event;
    open_payloads(world);
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "{\"properties\":{\"a\":{\"type\":\"integer\"}}}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum lf_status st = decode(world, rows[i].value, "Noted", rows[i].header, &event);
        if (st != LF_INVALID || strstr(world->err.text, rows[i].words) == NULL)
            fail_msg("row %zu: %s: %s", i, lf_status_name(st), world->err.text);
        assert_true(lf_bytes_equal_text(event.id, "e1"));
    }
}

static void
without_a_registry(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_INVALID);
    assert_non_null(strstr(world->err.text, "no registry is configured"));
}

static void
defaults_of_the_reader(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    world->own[0].text = world->own[1].text = LF_LIT(
        "{\"properties\":{\"a\":{\"default\":{\"x\":1}},\"b\":{\"$ref\":\"#/$defs/B\"},"
        "\"c\":{\"items\":{\"$ref\":\"#/$defs/B\"}}},\"$defs\":{\"B\":{\"properties\":{\"d\":{\"default\":[2]}}}}}");
    open_payloads(world);
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "{\"properties\":{\"a\":{\"default\":\"the writer's\"}}}");
    assert_int_equal(decode(world, FRAMED("\7", "{\"b\":{},\"c\":[{},{\"d\":3}]}"), "QuoteCreated", NO_HEADER, &event),
                     LF_OK);
    assert_payload(world, &event, "{\"b\":{\"d\":[2]},\"c\":[{\"d\":[2]},{\"d\":3}],\"a\":{\"x\":1}}");
    assert_int_equal(decode(world, FRAMED("\7", "{\"b\":{}}"), "Noted", NO_HEADER, &event), LF_OK);
    assert_payload(world, &event, "{\"b\":{}}");
}

/* ---- what the registry does meanwhile ---- */

static void
an_id_that_does_not_exist(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    open_payloads(world);
    assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_NOT_FOUND);
    assert_non_null(strstr(world->err.text, "schema id 7"));
    assert_true(atomic_load(&world->registry.asked) > 1); /* one node of a registry may not know it yet */
    int asked = atomic_load(&world->registry.asked);
    assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_NOT_FOUND);
    assert_int_equal(atomic_load(&world->registry.asked), asked);
}

static void
a_registry_that_is_away(void **state)
{
    static const enum lf_status failures[] = {LF_UNAVAILABLE, LF_DENIED, LF_CORRUPT, LF_UNSUPPORTED, LF_NO_MEMORY};
    struct world *world = *state;
    struct lf_event event;
    open_payloads(world);
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "true");
    fake_put(&world->registry, 8, LF_SCHEMA_JSON, "true");
    assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_OK);
    lf_payload_unpin(world->payloads, &world->pins);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        fake_fail(&world->registry, failures[i]);
        int asked = atomic_load(&world->registry.asked);
        assert_int_equal(decode(world, FRAMED("\10", "{}"), "Noted", NO_HEADER, &event), LF_UNAVAILABLE);
        assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_OK);
        while (atomic_load(&world->registry.asked) < asked + 1) /* it is asked again and again */
            assert_int_equal(decode(world, FRAMED("\10", "{}"), "Noted", NO_HEADER, &event), LF_UNAVAILABLE);
    }
    assert_non_null(strstr(world->err.text, "schema id 8: the registry is away"));
    uint64_t answers = lf_payloads_answers(world->payloads);
    fake_fail(&world->registry, LF_OK);
    while (lf_payloads_answers(world->payloads) == answers)
        ;
    assert_int_equal(decode(world, FRAMED("\10", "{}"), "Noted", NO_HEADER, &event), LF_OK);
}

static void
garbage_for_one_id_holds_no_other_up(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    world->registry.garbage_id = 7;
    open_payloads(world);
    fake_put(&world->registry, 8, LF_SCHEMA_JSON, "true");
    fake_put(&world->registry, 9, LF_SCHEMA_JSON, "{\"type\":\"no such type\"}");
    fake_put(&world->registry, 10, LF_SCHEMA_JSON, "{");
    assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_UNAVAILABLE);
    while (decode(world, FRAMED("\10", "{}"), "Noted", NO_HEADER, &event) == LF_UNAVAILABLE)
        ;
    assert_int_equal(world->err.status, LF_OK);
    while (decode(world, FRAMED("\11", "{}"), "Noted", NO_HEADER, &event) == LF_UNAVAILABLE)
        ;
    assert_int_equal(world->err.status, LF_INVALID);
    while (decode(world, FRAMED("\12", "{}"), "Noted", NO_HEADER, &event) == LF_UNAVAILABLE)
        ;
    assert_int_equal(world->err.status, LF_INVALID);
    assert_int_equal(decode(world, FRAMED("\7", "{}"), "Noted", NO_HEADER, &event), LF_UNAVAILABLE);
}

static void
a_draft_that_is_not_known_is_not_checked(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    open_payloads(world);
    fake_put(&world->registry, 7, LF_SCHEMA_JSON,
             "{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"type\":\"integer\"}");
    assert_int_equal(decode(world, FRAMED("\7", "{\"a\":1}"), "Noted", NO_HEADER, &event), LF_OK);
}

static void
schemas_are_let_go_when_nobody_uses_them(void **state)
{
    struct world *world = *state;
    struct lf_event event;
    world->options.known_max = 4;
    open_payloads(world);
    for (uint32_t id = 1; id <= 20; id++)
        fake_put(&world->registry, id, LF_SCHEMA_JSON, "true");
    char value[7] = {0, 0, 0, 0, 0, '{', '}'};
    enum lf_status st = LF_OK;
    int good = 0;
    for (value[4] = 1; st == LF_OK && value[4] <= 20; value[4]++) {
        st = decode(world, lf_bytes(value, 7), "Noted", NO_HEADER, &event);
        good += st == LF_OK;
    }
    assert_int_equal(st, LF_UNAVAILABLE); /* all are in use, and there are twice as many as are kept */
    assert_int_equal(good, 8);
    lf_payload_unpin(world->payloads, &world->pins);
    for (value[4] = 1; value[4] <= 20; value[4]++) {
        assert_int_equal(decode(world, lf_bytes(value, 7), "Noted", NO_HEADER, &event), LF_OK);
        lf_payload_unpin(world->payloads, &world->pins);
    }
    int asked = atomic_load(&world->registry.asked);
    value[4] = 20;
    assert_int_equal(decode(world, lf_bytes(value, 7), "Noted", NO_HEADER, &event), LF_OK);
    assert_int_equal(atomic_load(&world->registry.asked), asked);
    value[4] = 1;
    assert_int_equal(decode(world, lf_bytes(value, 7), "Noted", NO_HEADER, &event), LF_OK);
    assert_int_equal(atomic_load(&world->registry.asked), asked + 1);
}

/* ---- threads and memory ---- */

static void *
decode_many(void *arg)
{
    const struct world *shared = arg;
    struct world mine = {.model = shared->model, .payloads = shared->payloads};
    lf_arena_init(&mine.arena, 0, 0);
    intptr_t bad = 0;
    for (int i = 0; i < 2000; i++) {
        char value[7] = {0, 0, 0, 0, (char)(i % 10 + 1), '{', '}'};
        struct lf_event event;
        bad += decode(&mine, lf_bytes(value, 7), "QuoteCreated", NO_HEADER, &event) != LF_OK;
        if (i % 7 == 0)
            lf_payload_unpin(mine.payloads, &mine.pins);
        lf_arena_reset(&mine.arena);
    }
    lf_payload_pins_release(mine.payloads, &mine.pins);
    lf_arena_release(&mine.arena);
    return (void *)bad;
}

static void
threads_share_schemas(void **state)
{
    struct world *world = *state;
    pthread_t threads[4];
    world->options.known_max = 40;
    open_payloads(world);
    for (uint32_t id = 1; id <= 10; id++)
        fake_put(&world->registry, id, LF_SCHEMA_JSON, "true");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, decode_many, world), 0);
    for (size_t i = 0; i < 4; i++) {
        void *bad;
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
}

static void
every_lack_of_memory_is_told(void **state)
{
    struct world *world = *state;
    for (uint64_t n = 1;; n++) {
        struct lf_encoded encoded;
        struct lf_event event;
        world->registry.next_id = 40;
        lf_free((void *)(uintptr_t)world->registry.subjects[40].ptr);
        world->registry.subjects[40] = LF_BYTES_NONE;
        fake_put(&world->registry, 7, LF_SCHEMA_JSON, "{\"properties\":{\"a\":{\"default\":1}}}");
        world->payloads = NULL;
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_payloads_new(&world->options, &world->payloads, &world->err);
        if (st == LF_OK)
            st = lf_payloads_enroll(world->payloads, &world->err);
        if (st == LF_OK)
            st = encode(world, "{\"amount\":1,\"customerId\":\"c\"}", &encoded);
        if (st == LF_OK)
            st = decode(world, FRAMED("\7", "{}"), "QuoteCreated", NO_HEADER, &event);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_payload_pins_release(world->payloads, &world->pins);
        lf_payloads_free(world->payloads);
        world->payloads = NULL;
        /* the thread that asks may be the one that lacks it: then it asks again */
        assert_true(st == LF_OK || (hit && (st == LF_NO_MEMORY || st == LF_UNAVAILABLE)));
        if (!hit)
            break;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_with_frame_and_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(formats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_payload_that_the_schema_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(schemas_that_must_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forms_of_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_registry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(defaults_of_the_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_that_does_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_registry_that_is_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_for_one_id_holds_no_other_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_draft_that_is_not_known_is_not_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(schemas_are_let_go_when_nobody_uses_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_share_schemas, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_lack_of_memory_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
