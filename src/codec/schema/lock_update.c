/*
 * Bringing a lock file up to date: what the model has keeps its number or gets the next one, what it no longer has is
 * reserved for good, and the schemas of today stand under the versions of today.
 */
#include "codec/schema/lock.h"
#include "codec/schema/write.h"
#include "json/json.h"

#include <string.h>

#define LOCK_WORDS "Numbers and forms of events. Written by `logfirst schema lock`: commit it, do not edit it."

/* Something with a number, now. */
struct numbered {
    struct lf_bytes name;
    int32_t declared;
    int32_t number;
};

/* What has numbers in the model: an event, an object, an enum. */
struct holder {
    enum lf_lock_kind kind;
    struct lf_bytes name;
    struct numbered *items;
    size_t count;
};

struct updating {
    struct lf_schema_writer w; /* for its arena and its values; its event is the one at hand */
    const struct lf_schema_lock *old;
    struct holder *holders;
    size_t holder_count, holder_cap;
    struct lf_schema_object sections[3];
};

/* --- what the model has ------------------------------------------------------------------------------------------- */

static struct holder *
find_holder(const struct updating *u, enum lf_lock_kind kind, struct lf_bytes name)
{
    for (size_t i = 0; i < u->holder_count; i++) {
        if (u->holders[i].kind == kind && lf_bytes_equal(u->holders[i].name, name))
            return &u->holders[i];
    }
    return NULL;
}

/* NULL: it is there already, or no memory. */
static struct holder *
add_holder(struct updating *u, enum lf_lock_kind kind, struct lf_bytes name, size_t count)
{
    if (find_holder(u, kind, name) != NULL)
        return NULL;
    struct holder *holders = lf_arena_grow(u->w.arena, u->holders, u->holder_count, &u->holder_cap, sizeof(*holders));
    struct numbered *items = LF_ARENA_ARRAY(u->w.arena, struct numbered, count + 1);
    if (holders != NULL)
        u->holders = holders;
    if (holders == NULL || items == NULL) {
        u->w.no_memory = true;
        return NULL;
    }
    u->holders[u->holder_count] = (struct holder){kind, name, items, count};
    return &u->holders[u->holder_count++];
}

static void add_types(struct updating *u, const struct lf_field *fields, size_t count);

static void
add_fields(struct updating *u, enum lf_lock_kind kind, struct lf_bytes name, const struct lf_field *fields,
           size_t count)
{
    struct holder *holder = add_holder(u, kind, name, count);
    for (size_t i = 0; holder != NULL && i < count; i++)
        holder->items[i] = (struct numbered){fields[i].name, fields[i].number, 0};
    if (holder != NULL)
        add_types(u, fields, count); /* types may contain themselves: they are there by now */
}

static void
add_types(struct updating *u, const struct lf_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct lf_field *field = &fields[i];
        if (field->type == LF_T_OBJECT)
            add_fields(u, LF_LOCK_OBJECTS, field->type_name, field->object->fields, field->object->field_count);
        if (field->type != LF_T_ENUM)
            continue;
        const struct lf_gql_type *gql = lf_gql_type_named(field->gql);
        struct holder *holder = add_holder(u, LF_LOCK_ENUMS, field->type_name, gql->value_count);
        for (size_t j = 0; holder != NULL && j < gql->value_count; j++)
            holder->items[j] = (struct numbered){gql->values[j].name, 0, 0};
    }
}

static void
add_model(struct updating *u)
{
    const struct lf_model *model = u->w.options->model;
    for (size_t i = 0; i < model->event_count; i++)
        add_fields(u, LF_LOCK_EVENTS, model->events[i].name, model->events[i].fields, model->events[i].field_count);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void
refuse_number(struct updating *u, const struct holder *holder, const struct numbered *item, const char *why,
              struct lf_bytes other)
{
    if (u->w.failed == LF_OK)
        u->w.failed = lf_fail(u->w.err, LF_INVALID, "\"%.*s\" of %.*s declares number %d, which %s \"%.*s\"",
                              LF_FMT(item->name), LF_FMT(holder->name), item->declared, why, LF_FMT(other));
}

static struct numbered *
find_item(const struct holder *holder, struct lf_bytes name)
{
    for (size_t i = 0; i < holder->count; i++) {
        if (lf_bytes_equal(holder->items[i].name, name))
            return &holder->items[i];
    }
    return NULL;
}

static void
add_reserved(struct updating *u, struct lf_schema_object *to, int32_t number, struct lf_bytes name)
{
    struct lf_schema_object item = {0};
    lf_schema_add(&u->w, &item, "number", lf_value_int(number));
    lf_schema_add(&u->w, &item, "name", lf_value_string(name));
    lf_schema_add(&u->w, to, "", lf_schema_value(&item));
}

/* The reserved ones so far, and those of what is gone; checks what is declared against them. */
static void
reserve(struct updating *u, struct holder *holder, struct lf_schema_object *reserved, int32_t *highest)
{
    size_t at = 0;
    int32_t number;
    struct lf_bytes name;
    while (lf_schema_lock_reserved(u->old, holder->kind, holder->name, &at, &number, &name))
        add_reserved(u, reserved, number, name);
    const struct lf_value *numbers = lf_lock_member(u->old, holder->kind, holder->name, "numbers");
    for (uint32_t i = 0; numbers != NULL && i < numbers->count; i++) {
        const struct lf_member *member = &numbers->u.members[i];
        if (find_item(holder, member->name) == NULL)
            add_reserved(u, reserved, (int32_t)member->value.u.integer, member->name);
    }
    for (size_t i = 0; i < reserved->count; i++) {
        number = (int32_t)lf_value_get_text(&reserved->members[i].value, "number")->u.integer;
        *highest = number > *highest ? number : *highest;
        for (size_t j = 0; j < holder->count; j++) {
            if (holder->items[j].declared == number)
                refuse_number(u, holder, &holder->items[j], "has been that of",
                              lf_value_text(lf_value_get_text(&reserved->members[i].value, "name")));
        }
    }
}

/* Declared and locked numbers. */
static void
keep_numbers(struct updating *u, struct holder *holder, int32_t *highest)
{
    for (size_t i = 0; i < holder->count; i++) {
        struct numbered *item = &holder->items[i];
        int32_t locked = lf_schema_lock_number(u->old, holder->kind, holder->name, item->name);
        if (item->declared != 0 && locked != 0 && item->declared != locked && u->w.failed == LF_OK)
            u->w.failed = lf_fail(u->w.err, LF_INVALID, "\"%.*s\" of %.*s is locked as number %d, but @field says %d",
                                  LF_FMT(item->name), LF_FMT(holder->name), locked, item->declared);
        item->number = locked != 0 ? locked : item->declared;
        *highest = item->number > *highest ? item->number : *highest;
    }
    for (size_t i = 0; i < holder->count; i++) {
        for (size_t j = 0; j < holder->count && holder->items[i].declared != 0; j++) {
            if (i != j && holder->items[i].declared == holder->items[j].number)
                refuse_number(u, holder, &holder->items[i], "is that of", holder->items[j].name);
        }
    }
}

static void
give_numbers(struct updating *u, struct holder *holder, int32_t highest)
{
    for (size_t i = 0; i < holder->count; i++) {
        if (holder->items[i].number != 0)
            continue;
        highest++;
        if (highest >= LF_FIELD_NUMBER_OWN_MIN && highest <= LF_FIELD_NUMBER_OWN_MAX && holder->kind != LF_LOCK_ENUMS)
            highest = LF_FIELD_NUMBER_OWN_MAX + 1;
        if (highest > LF_FIELD_NUMBER_MAX && u->w.failed == LF_OK)
            u->w.failed = lf_fail(u->w.err, LF_INVALID, "%.*s has no number left for \"%.*s\"", LF_FMT(holder->name),
                                  LF_FMT(holder->items[i].name));
        holder->items[i].number = highest;
    }
}

static struct lf_value
numbers_value(struct updating *u, const struct holder *holder)
{
    struct lf_schema_object numbers = {0};
    int32_t last = 0;
    for (size_t done = 0; done < holder->count; done++) {
        const struct numbered *next = NULL;
        for (size_t i = 0; i < holder->count; i++) {
            const struct numbered *item = &holder->items[i];
            if (item->number > last && (next == NULL || item->number < next->number))
                next = item;
        }
        if (next == NULL)
            break; /* two have one number, which has been reported */
        last = next->number;
        lf_schema_add_named(&u->w, &numbers, next->name, lf_value_int(next->number));
    }
    return lf_schema_value(&numbers);
}

static struct lf_value
reserved_value(struct updating *u, const struct lf_schema_object *reserved)
{
    struct lf_value list = lf_schema_list(&u->w, reserved->count);
    for (uint32_t i = 0; i < list.count; i++)
        list.u.items[i] = reserved->members[i].value;
    return list;
}

/* The entry without versions. */
static void
add_entry(struct updating *u, struct holder *holder)
{
    struct lf_schema_object entry = {0}, reserved = {0};
    int32_t highest = 0;
    reserve(u, holder, &reserved, &highest);
    keep_numbers(u, holder, &highest);
    give_numbers(u, holder, highest);
    lf_schema_add(&u->w, &entry, "numbers", numbers_value(u, holder));
    if (reserved.count != 0)
        lf_schema_add(&u->w, &entry, "reserved", reserved_value(u, &reserved));
    lf_schema_add_named(&u->w, &u->sections[holder->kind], holder->name, lf_schema_value(&entry));
}

/* Types that the model does not have any more keep what they had: they may come back. */
static void
keep_gone(struct updating *u)
{
    for (int kind = LF_LOCK_EVENTS; kind <= LF_LOCK_ENUMS; kind++) {
        const struct lf_value *section =
            u->old != NULL ? lf_value_get(&u->old->root, lf_lock_section((enum lf_lock_kind)kind)) : NULL;
        for (uint32_t i = 0; section != NULL && i < section->count; i++) {
            const struct lf_member *member = &section->u.members[i];
            if (find_holder(u, (enum lf_lock_kind)kind, member->name) == NULL)
                lf_schema_add_named(&u->w, &u->sections[kind], member->name, member->value);
        }
    }
}

/* --- versions ----------------------------------------------------------------------------------------------------- */

static struct lf_value
lines_value(struct updating *u, struct lf_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    struct lf_value lines = lf_schema_list(&u->w, count);
    for (uint32_t i = 0; i < lines.count; i++) {
        size_t len = lf_bytes_index(text, '\n');
        lines.u.items[i] = lf_value_string(lf_bytes(text.ptr, len));
        text = lf_bytes(text.ptr + len + 1, text.len - len - 1);
    }
    return lines;
}

static struct lf_value
schema_value(struct updating *u, const struct lf_schema_options *options, const struct lf_event_type *event,
             enum lf_event_format format)
{
    struct lf_buf text;
    struct lf_value value = LF_VALUE_NULL;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    enum lf_status st = lf_schema_write(options, event, format, &text, u->w.err);
    struct lf_bytes kept = st == LF_OK ? lf_arena_copy(u->w.arena, lf_buf_view(&text)) : LF_BYTES_NONE;
    if (st == LF_OK && kept.ptr == NULL)
        st = lf_no_memory(u->w.err);
    if (st == LF_OK && format == LF_FORMAT_PROTOBUF)
        value = lines_value(u, kept);
    else if (st == LF_OK)
        st = lf_json_parse(u->w.arena, kept, &value, u->w.err);
    if (st != LF_OK)
        u->w.failed = st;
    lf_buf_release(&text);
    return value;
}

/* The versions so far, with that of today in its place. */
static struct lf_value
versions_value(struct updating *u, const struct lf_event_type *event, enum lf_event_format format,
               struct lf_value schema)
{
    struct lf_schema_object today = {0}, versions = {0};
    lf_schema_add(&u->w, &today, "version", lf_value_int(event->version));
    lf_schema_add(&u->w, &today, "format", lf_schema_string(lf_schema_format_name(format)));
    lf_schema_add(&u->w, &today, "schema", schema);
    const struct lf_value *old = lf_lock_member(u->old, LF_LOCK_EVENTS, event->name, "versions");
    bool placed = false;
    for (uint32_t i = 0; old != NULL && i < old->count; i++) {
        int64_t version = lf_value_get_text(&old->u.items[i], "version")->u.integer;
        if (version >= event->version && !placed) {
            lf_schema_add(&u->w, &versions, "", lf_schema_value(&today));
            placed = true;
        }
        if (version != event->version)
            lf_schema_add(&u->w, &versions, "", old->u.items[i]);
    }
    if (!placed)
        lf_schema_add(&u->w, &versions, "", lf_schema_value(&today));
    return reserved_value(u, &versions);
}

/* Schemas of Protobuf need the numbers: a lock with the entries made so far stands behind them. */
static void
add_versions(struct updating *u, enum lf_event_format fallback)
{
    struct lf_schema_object root = {0};
    const struct lf_model *model = u->w.options->model;
    for (int kind = LF_LOCK_EVENTS; kind <= LF_LOCK_ENUMS; kind++)
        lf_schema_add_named(&u->w, &root, lf_lock_section((enum lf_lock_kind)kind),
                            lf_schema_value(&u->sections[kind]));
    const struct lf_schema_lock fresh = {.root = lf_schema_value(&root)};
    struct lf_schema_options options = *u->w.options;
    options.lock = &fresh;
    struct lf_value *entries = LF_ARENA_ARRAY(u->w.arena, struct lf_value, model->event_count + 1);
    if (entries == NULL)
        u->w.no_memory = true;
    for (size_t i = 0; i < model->event_count && !u->w.no_memory && u->w.failed == LF_OK; i++) {
        const struct lf_event_type *event = &model->events[i];
        enum lf_event_format format = event->format != LF_FORMAT_DEFAULT ? event->format : fallback;
        struct lf_value schema = schema_value(u, &options, event, format);
        struct lf_schema_object entry = {0};
        const struct lf_value *numbers = lf_lock_member(&fresh, LF_LOCK_EVENTS, event->name, "numbers");
        const struct lf_value *reserved = lf_lock_member(&fresh, LF_LOCK_EVENTS, event->name, "reserved");
        lf_schema_add(&u->w, &entry, "numbers", numbers != NULL ? *numbers : LF_VALUE_NULL);
        if (reserved != NULL)
            lf_schema_add(&u->w, &entry, "reserved", *reserved);
        lf_schema_add(&u->w, &entry, "versions", versions_value(u, event, format, schema));
        entries[i] = lf_schema_value(&entry);
    }
    for (size_t i = 0; i < model->event_count && !u->w.no_memory && u->w.failed == LF_OK; i++)
        u->sections[LF_LOCK_EVENTS].members[i].value = entries[i]; /* the model's events come first, in its order */
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* By name: where a type stands in the SDL makes no difference. */
static void
sort_members(struct lf_schema_object *object)
{
    for (size_t i = 1; i < object->count; i++) {
        struct lf_member member = object->members[i];
        size_t at = i;
        for (; at > 0 && lf_bytes_compare(object->members[at - 1].name, member.name) > 0; at--)
            object->members[at] = object->members[at - 1];
        object->members[at] = member;
    }
}

static void
write_lock(struct updating *u, struct lf_buf *out)
{
    struct lf_schema_object root = {0};
    lf_schema_add(&u->w, &root, "$comment", lf_schema_string(LOCK_WORDS));
    for (int kind = LF_LOCK_EVENTS; kind <= LF_LOCK_ENUMS; kind++) {
        sort_members(&u->sections[kind]);
        lf_schema_add_named(&u->w, &root, lf_lock_section((enum lf_lock_kind)kind),
                            lf_schema_value(&u->sections[kind]));
    }
    struct lf_value value = lf_schema_value(&root);
    if (u->w.no_memory)
        return;
    lf_json_write_pretty(out, &value);
    lf_buf_add_char(out, '\n');
}

enum lf_status
lf_schema_lock_update(const struct lf_schema_options *options, enum lf_event_format fallback, struct lf_buf *out,
                      struct lf_err *err)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 64 * 1024, 0);
    struct updating u = {.w = {.options = options, .arena = &arena, .err = err}, .old = options->lock};
    add_model(&u);
    for (size_t pass = LF_LOCK_EVENTS; pass <= LF_LOCK_ENUMS; pass++) {
        for (size_t i = 0; i < u.holder_count && !u.w.no_memory; i++) {
            if (u.holders[i].kind == (enum lf_lock_kind)pass)
                add_entry(&u, &u.holders[i]);
        }
    }
    if (!u.w.no_memory && u.w.failed == LF_OK)
        add_versions(&u, fallback);
    if (!u.w.no_memory && u.w.failed == LF_OK)
        keep_gone(&u);
    if (!u.w.no_memory && u.w.failed == LF_OK)
        write_lock(&u, out);
    enum lf_status st = u.w.no_memory ? lf_no_memory(err) : u.w.failed;
    if (st == LF_OK)
        st = lf_buf_status(out, err);
    lf_arena_release(&arena);
    return st;
}
