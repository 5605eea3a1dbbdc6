/* @event: names on the wire, topics, entities, keys, and what the gateway generates. */
#include "base/limits.h"
#include "model/compile.h"

#include <string.h>

enum { WIRE_NAME_BYTES_MAX = 255, TOPIC_BYTES_MAX = 249 };

/* What Kafka accepts as a topic's name. */
static bool
is_topic(struct lf_bytes name)
{
    if (name.len == 0 || name.len > TOPIC_BYTES_MAX || lf_bytes_equal_text(name, ".") ||
        lf_bytes_equal_text(name, ".."))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '_' || c == '-';
        if (!fine)
            return false;
    }
    return true;
}

static void
set_wire(struct lf_compiler *c, struct lf_event_type *event, const struct lf_gql_directive *directive)
{
    int64_t version = 1;
    event->name = event->type_name;
    event->version = 1;
    (void)lf_compile_text_arg(directive, "name", &event->name);
    (void)lf_compile_bool_arg(directive, "deletes", &event->deletes);
    if (event->name.len == 0 || event->name.len > WIRE_NAME_BYTES_MAX || lf_bytes_index(event->name, '\0') != SIZE_MAX)
        lf_compile_error(c, lf_compile_arg_loc(directive, "name"),
                         "@event(name:) must have 1 to %d bytes and no NUL, as every eventType", WIRE_NAME_BYTES_MAX);
    if (lf_compile_text_arg(directive, "topic", &event->topic) && !is_topic(event->topic))
        lf_compile_error(c, lf_compile_arg_loc(directive, "topic"),
                         "\"%.*s\" is no topic name: 1 to %d letters, digits, '.', '_' and '-'", LF_FMT(event->topic),
                         TOPIC_BYTES_MAX);
    if (lf_compile_int_arg(directive, "version", &version)) {
        if (version < 1 || version > INT32_MAX)
            lf_compile_error(c, lf_compile_arg_loc(directive, "version"), "@event(version:) counts from 1");
        else
            event->version = (int32_t)version;
    }
}

static const char *
suggest_entity(struct lf_compiler *c, struct lf_bytes name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < c->model->entity_count; i++)
        lf_gql_suggest_offer(&suggest, c->model->entities[i].name);
    return lf_compile_hint(c, &suggest);
}

/* Finds the event's field that says which entity it is about. */
static void
set_entity_key(struct lf_compiler *c, struct lf_event_type *event, const struct lf_decl *decl)
{
    const struct lf_field *key = &event->entity->fields[event->entity->key];
    const struct lf_field *field = lf_find_field(event->fields, event->field_count, key->name);
    if (field == NULL) {
        lf_compile_error(c, &decl->name.loc,
                         "event \"%.*s\" lacks \"%.*s\", the key of its entity \"%.*s\": add \"%.*s: %s\"",
                         LF_FMT(event->type_name), LF_FMT(key->name), LF_FMT(event->entity->name), LF_FMT(key->name),
                         lf_compile_type_text(c, key));
        return;
    }
    event->entity_key = (size_t)(field - event->fields);
    if (!lf_compatible(field, key))
        lf_compile_error(c, &field->loc, "\"%.*s\" is %s, but the key of \"%.*s\" is %s: use the same type",
                         LF_FMT(field->name), lf_compile_type_text(c, field), LF_FMT(event->entity->name),
                         lf_compile_type_text(c, key));
    else if (!field->non_null)
        lf_compile_error(c, &field->loc, "\"%.*s\" is the key of \"%.*s\" and may not be null: write %s!",
                         LF_FMT(field->name), LF_FMT(event->entity->name), lf_compile_type_text(c, field));
}

static void
set_entity(struct lf_compiler *c, struct lf_event_type *event, const struct lf_decl *decl,
           const struct lf_gql_directive *directive)
{
    struct lf_bytes name;
    event->entity_key = SIZE_MAX;
    if (!lf_compile_text_arg(directive, "entity", &name)) {
        if (event->deletes)
            lf_compile_error(c, lf_compile_arg_loc(directive, "deletes"),
                             "@event(deletes:) needs an entity to delete: add @event(entity:)");
        return;
    }
    struct lf_entity *entity = lf_map_get(&c->model->entity_map, name);
    if (entity == NULL) {
        const struct lf_decl *other = lf_compile_decl(c, name);
        lf_compile_error(c, lf_compile_arg_loc(directive, "entity"), "\"%.*s\" is no entity: %s%s", LF_FMT(name),
                         other != NULL ? "mark its type with @entity" : "no type of that name has @entity",
                         suggest_entity(c, name));
        return;
    }
    event->entity = entity;
    if (entity->key != SIZE_MAX)
        set_entity_key(c, event, decl);
}

static bool
is_message_key_type(const struct lf_field *field)
{
    return !field->is_list && field->type != LF_T_JSON && field->type != LF_T_OBJECT;
}

static void
set_message_key(struct lf_compiler *c, struct lf_event_type *event, const struct lf_gql_directive *directive)
{
    struct lf_bytes name;
    event->message_key = event->entity_key;
    if (!lf_compile_text_arg(directive, "key", &name))
        return;
    const struct lf_gql_loc *loc = lf_compile_arg_loc(directive, "key");
    const struct lf_field *field = lf_find_field(event->fields, event->field_count, name);
    if (field == NULL && lf_bytes_equal_text(name, "eventId")) {
        event->message_key = SIZE_MAX;
        return;
    }
    if (field == NULL) {
        lf_compile_error(c, loc, "message key \"%.*s\" is no field of \"%.*s\" (and not \"eventId\")%s", LF_FMT(name),
                         LF_FMT(event->type_name),
                         lf_compile_suggest_field(c, event->fields, event->field_count, name));
        return;
    }
    event->message_key = (size_t)(field - event->fields);
    if (!is_message_key_type(field))
        lf_compile_error(c, loc, "message key \"%.*s\" is %s: a key is a single scalar", LF_FMT(name),
                         lf_compile_type_text(c, field));
    else if (!field->non_null)
        lf_compile_error(c, loc, "message key \"%.*s\" may be null: write %s!", LF_FMT(name),
                         lf_compile_type_text(c, field));
}

/* --- @generated --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum lf_generated generated;
    const char *types;
} generators[] = {
    {"UUID", LF_GENERATED_UUID, "ID, UUID or String"},
    {"EVENT_ID", LF_GENERATED_EVENT_ID, "ID, UUID or String"},
    {"EVENT_TIME", LF_GENERATED_EVENT_TIME, "DateTime or String"},
};

static bool
can_hold(const struct lf_field *field, enum lf_generated generated)
{
    if (field->type == LF_T_BROKEN)
        return true;
    if (field->is_list)
        return false;
    if (generated == LF_GENERATED_EVENT_TIME)
        return field->type == LF_T_DATETIME || field->type == LF_T_STRING;
    return field->type == LF_T_ID || field->type == LF_T_UUID || field->type == LF_T_STRING;
}

static void
set_generated(struct lf_compiler *c, struct lf_field *field, struct lf_gql_directives directives)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(directives, "generated");
    const struct lf_gql_value_node *by = directive != NULL ? lf_gql_directive_arg(directive, "by") : NULL;
    if (by == NULL || by->kind != LF_GQL_ENUM)
        return; /* absent, or reported with the directive's arguments */
    for (size_t i = 0; i < sizeof(generators) / sizeof(generators[0]); i++) {
        if (!lf_bytes_equal_text(by->text, generators[i].name))
            continue;
        field->generated = generators[i].generated;
        if (!can_hold(field, field->generated))
            lf_compile_error(c, &directive->loc, "@generated(by: %s) needs a field of type %s, but \"%.*s\" is %s",
                             generators[i].name, generators[i].types, LF_FMT(field->name),
                             lf_compile_type_text(c, field));
        return;
    }
    lf_compile_error(c, &by->loc, "@generated(by:) must be UUID, EVENT_ID or EVENT_TIME, is %.*s", LF_FMT(by->text));
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static void
compile_event(struct lf_compiler *c, struct lf_decl *decl, struct lf_event_type *event)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(decl->directives, "event");
    event->type_name = decl->name.text;
    event->fields = lf_compile_fields(c, decl);
    event->field_count = event->fields != NULL ? decl->field_count : 0;
    for (size_t i = 0; i < event->field_count; i++)
        set_generated(c, &event->fields[i], decl->fields[i].directives);
    set_wire(c, event, directive);
    set_entity(c, event, decl, directive);
    set_message_key(c, event, directive);
    lf_compile_wire_event(c, event, decl->directives);
    lf_compile_upcasts(c, event, decl->directives);
    const struct lf_event_type *other = lf_map_get(&c->model->event_map, event->name);
    if (other != NULL)
        lf_compile_error(c,
                         lf_gql_directive_arg(directive, "name") != NULL ? lf_compile_arg_loc(directive, "name")
                                                                         : &decl->name.loc,
                         "events \"%.*s\" and \"%.*s\" have one name, \"%.*s\": give one another @event(name:)",
                         LF_FMT(other->type_name), LF_FMT(event->type_name), LF_FMT(event->name));
    else if (lf_map_add(&c->model->event_map, event->name, event) != LF_OK)
        lf_compile_no_memory(c);
}

void
lf_compile_events(struct lf_compiler *c)
{
    struct lf_model *model = c->model;
    size_t at = 0;
    size_t count = 0;
    struct lf_decl *decl;
    while ((decl = lf_compile_next(c, &at)) != NULL)
        count += decl->role == LF_ROLE_EVENT;
    model->events = LF_COMPILE_ARRAY(c, struct lf_event_type, count);
    for (at = 0; model->events != NULL && (decl = lf_compile_next(c, &at)) != NULL;) {
        if (decl->role != LF_ROLE_EVENT)
            continue;
        struct lf_event_type *event = &model->events[model->event_count];
        event->index = model->event_count++;
        decl->event = event;
        compile_event(c, decl, event);
    }
}
