/* The tests' model, events and temporary folders. */
#include "fixture.h"

#include "base/mem.h"
#include "json/json.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lf_err err;

/* "name:type" with ! for non-null, [] around for a list. */
static void
define_field(struct lf_arena *arena, struct lf_field *field, const char *text)
{
    static const struct {
        const char *name;
        enum lf_field_type type;
    } types[] = {{"ID", LF_T_ID},           {"String", LF_T_STRING},     {"Int", LF_T_INT},       {"Float", LF_T_FLOAT},
                 {"Boolean", LF_T_BOOLEAN}, {"DateTime", LF_T_DATETIME}, {"Date", LF_T_DATE},     {"Time", LF_T_TIME},
                 {"UUID", LF_T_UUID},       {"Decimal", LF_T_DECIMAL},   {"BigInt", LF_T_BIGINT}, {"JSON", LF_T_JSON},
                 {"Enum", LF_T_ENUM},       {"Object", LF_T_OBJECT}};
    struct lf_bytes all = lf_bytes_of(text);
    size_t colon = lf_bytes_index(all, ':');
    struct lf_bytes type = lf_bytes(all.ptr + colon + 1, all.len - colon - 1);
    *field = (struct lf_field){.name = lf_bytes(all.ptr, colon)};
    if (lf_bytes_ends_with(type, LF_LIT("!"))) {
        field->non_null = true;
        type.len--;
    }
    if (lf_bytes_starts_with(type, LF_LIT("["))) {
        field->is_list = true;
        type = lf_bytes(type.ptr + 1, type.len - 2);
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (lf_bytes_equal_text(type, types[i].name))
            field->type = types[i].type;
    }
    char *column = lf_arena_alloc(arena, all.len * 2);
    size_t len = 0;
    for (size_t i = 0; i < colon; i++) {
        if (isupper((unsigned char)text[i]))
            column[len++] = '_';
        column[len++] = (char)tolower((unsigned char)text[i]);
    }
    field->column = lf_bytes(column, len);
}

static struct lf_field *
define_fields(struct lf_arena *arena, const char *const *texts, size_t count)
{
    struct lf_field *fields = LF_ARENA_ARRAY(arena, struct lf_field, count);
    assert_non_null(fields);
    for (size_t i = 0; i < count; i++)
        define_field(arena, &fields[i], texts[i]);
    return fields;
}

static const char schema[] =
    "enum Kind { A B C D RED }\n"
    "type Place { x: Int, y: Int }\n"
    "type Thing @entity(key: \"id\") {\n"
    "  id: ID!, name: String, count: Int, ratio: Float, open: Boolean, at: DateTime, day: Date, clock: Time,\n"
    "  uuid: UUID, price: Decimal, big: BigInt, any: JSON, kind: Kind, place: Place, tags: [String], sums: [Decimal],\n"
    "  shoeSize: Int\n"
    "}\n"
    "type Quote @entity(key: \"customerId\") { customerId: ID!, amount: Float! }\n"
    "type Counter @entity(key: \"number\", collection: \"hitCounters\") { number: Int!, value: BigInt! }\n"
    "type ThingChanged @event(entity: \"Thing\") { id: ID! }\n"
    "type QuoteCreated @event(entity: \"Quote\") { customerId: ID!, amount: Float! }\n"
    "type CounterMoved @event(entity: \"Counter\") { number: Int!, value: BigInt! }\n"
    "type Noted @event { text: String }\n"
    "type Mutation { note(text: String): Receipt! @emits(event: \"Noted\") }\n";

struct lf_model *
fixture_model(void)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_model_file file = {.name = "fixture.graphql", .text = lf_bytes(schema, sizeof(schema) - 1)};
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    struct lf_model *model = lf_model_compile(&file, 1, &errors);
    if (model == NULL) {
        struct lf_buf text;
        lf_buf_init(&text, 100000);
        lf_gql_errors_print(&text, &errors);
        fail_msg("%.*s", LF_FMT(lf_buf_view(&text)));
    }
    lf_arena_release(&arena);
    assert_int_equal(model->entity_count, 3);
    assert_true(lf_bytes_equal_text(model->entities[THING].name, "Thing"));
    assert_true(lf_bytes_equal_text(model->entities[QUOTE].name, "Quote"));
    assert_true(lf_bytes_equal_text(model->entities[COUNTER].name, "Counter"));
    return model;
}

void
fixture_redefine(struct lf_model *model, size_t entity, const char *const *fields, size_t count)
{
    model->entities[entity].fields = define_fields(&model->arena, fields, count);
    model->entities[entity].field_count = count;
}

const struct lf_field *
fixture_field(const struct lf_entity *entity, const char *name)
{
    size_t count = entity != NULL ? entity->field_count : 0;
    const struct lf_field *fields = entity != NULL ? entity->fields : lf_event_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal_text(fields[i].name, name))
            return &fields[i];
    }
    fail_msg("no field %s", name);
    return NULL;
}

struct lf_value
fixture_json(struct lf_arena *arena, const char *text)
{
    struct lf_value value = LF_VALUE_NULL;
    OK(lf_json_parse(arena, lf_bytes_of(text), &value, &err));
    return value;
}

const char *
fixture_text(struct lf_arena *arena, const struct lf_value *value)
{
    struct lf_buf buf;
    lf_buf_init(&buf, 1 << 24);
    lf_json_write(&buf, value);
    OK(lf_buf_status(&buf, &err));
    const char *text = lf_arena_text(arena, lf_buf_view(&buf));
    lf_buf_release(&buf);
    return text;
}

struct lf_event *
fixture_event(const struct lf_model *model, struct lf_arena *arena, int n, const char *type, const char *payload)
{
    struct lf_event *event = LF_ARENA_NEW(arena, struct lf_event);
    assert_non_null(event);
    event->id = lf_bytes_of(lf_arena_printf(arena, "00000000-0000-7000-8000-%012d", n));
    event->type_name = lf_bytes_of(type);
    event->type = lf_model_event(model, event->type_name);
    event->payload = fixture_json(arena, payload);
    event->key = lf_bytes_of(lf_arena_printf(arena, "key-%d", n % 7));
    if (event->type != NULL && event->type->entity != NULL)
        event->entity_key = event->key;
    event->time_us = INT64_C(1800000000000000) + n * INT64_C(1000001);
    event->place = (struct lf_place){.topic = LF_LIT("t"), .partition = 0, .offset = n};
    return event;
}

struct lf_dead_letter
fixture_letter(int n)
{
    static const struct lf_header headers[] = {
        {{"a", 1}, {"1", 1}}, {{"a", 1}, {"\xff\x00", 2}}, {{"b", 1}, {NULL, 0}}, {{"\xfe", 1}, {"", 0}}};
    return (struct lf_dead_letter){
        .place = {.topic = LF_LIT("t"), .partition = 0, .offset = n},
        .event_id = LF_LIT("dead-1"),
        .event_type = LF_LIT("Noted"),
        .key = {"k\0ey", 4},
        .value = {"\x00\xff{not json", 11},
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .stage = LF_LIT("decode"),
        .code = LF_LIT("NOT_AN_EVENT"),
        .reason = LF_LIT("It is \"garbage\", 'nothing' else; ä."),
        .record_time_ms = 1800000000123 + n,
        .dead_at_us = 1800000001234567,
    };
}

char *
fixture_folder(void)
{
    const char *base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof(path), "%s/logfirst-store-XXXXXX", base != NULL && base[0] != '\0' ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    char *folder = strdup(path);
    assert_non_null(folder);
    return folder;
}

void
fixture_remove(char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
    free(folder);
}

uint32_t
fixture_random(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}
