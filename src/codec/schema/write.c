/* lf_schema_write(): gathers the types below an event, checks names, and lets the format's writer write. */
#include "codec/schema/write.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *ending;
} formats[] = {
    [LF_FORMAT_JSON] = {"json", ".schema.json"},
    [LF_FORMAT_JSON_SCHEMA] = {"json-schema", ".schema.json"},
    [LF_FORMAT_AVRO] = {"avro", ".avsc"},
    [LF_FORMAT_PROTOBUF] = {"protobuf", ".proto"},
};

const char *
lf_schema_format_name(enum lf_event_format format)
{
    return format != LF_FORMAT_DEFAULT ? formats[format].name : "default";
}

const char *
lf_schema_file_ending(enum lf_event_format format)
{
    return format != LF_FORMAT_DEFAULT ? formats[format].ending : ".json";
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool
is_name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

struct lf_bytes
lf_schema_record_name(const struct lf_event_type *event, struct lf_arena *arena)
{
    bool shift = event->name.len != 0 && event->name.ptr[0] >= '0' && event->name.ptr[0] <= '9';
    char *name = lf_arena_printf(arena, "%s%.*s", shift ? "_" : "", LF_FMT(event->name));
    if (name == NULL)
        return LF_BYTES_NONE;
    for (char *c = name; *c != '\0'; c++) {
        if (!is_name_char(*c, false))
            *c = '_';
    }
    return lf_bytes_of(name);
}

struct lf_bytes
lf_schema_full_name(const struct lf_schema_options *options, const struct lf_event_type *event,
                    enum lf_event_format format, struct lf_arena *arena)
{
    if (format != LF_FORMAT_AVRO && format != LF_FORMAT_PROTOBUF)
        return event->name;
    struct lf_bytes package = options->package.ptr != NULL ? options->package : LF_LIT(LF_SCHEMA_PACKAGE);
    struct lf_bytes name = lf_schema_record_name(event, arena);
    return name.ptr != NULL ? lf_bytes_of(lf_arena_printf(arena, "%.*s.%.*s", LF_FMT(package), LF_FMT(name))) : name;
}

bool
lf_schema_package_valid(struct lf_bytes package)
{
    bool first = true;
    for (size_t i = 0; i < package.len; i++) {
        if (package.ptr[i] == '.' && !first)
            first = true;
        else if (is_name_char(package.ptr[i], first))
            first = false;
        else
            return false;
    }
    return !first;
}

/* --- failures ----------------------------------------------------------------------------------------------------- */

void
lf_schema_refuse(struct lf_schema_writer *w, const char *fmt, ...)
{
    char text[LF_ERR_TEXT_MAX];
    if (w->failed != LF_OK)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    w->failed = lf_fail(w->err, LF_INVALID, "event %.*s as %s", LF_FMT(w->event->name), text);
}

/* --- the types below an event ------------------------------------------------------------------------------------- */

struct lf_schema_named *
lf_schema_find_type(const struct lf_schema_writer *w, const struct lf_field *field)
{
    for (size_t i = 0; i < w->type_count; i++) {
        if (lf_bytes_equal(w->types[i].name, field->type_name))
            return &w->types[i];
    }
    return NULL;
}

static void
add_type(struct lf_schema_writer *w, const struct lf_field *field)
{
    if ((field->type != LF_T_OBJECT && field->type != LF_T_ENUM) || lf_schema_find_type(w, field) != NULL)
        return;
    struct lf_schema_named *types = lf_arena_grow(w->arena, w->types, w->type_count, &w->type_cap, sizeof(*types));
    if (types == NULL) {
        w->no_memory = true;
        return;
    }
    w->types = types;
    w->types[w->type_count++] =
        (struct lf_schema_named){field->type_name, field->object, lf_gql_type_named(field->gql), false};
}

/* Those that fields name, then those that their fields name, and so on. */
static void
gather_types(struct lf_schema_writer *w)
{
    for (size_t i = 0; i < w->event->field_count; i++)
        add_type(w, &w->event->fields[i]);
    for (size_t at = 0; at < w->type_count; at++) {
        const struct lf_object *object = w->types[at].object;
        for (size_t i = 0; object != NULL && i < object->field_count; i++)
            add_type(w, &object->fields[i]);
    }
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static const struct lf_gql_field *
gql_field(const struct lf_gql_type *owner, const struct lf_field *field)
{
    return owner != NULL ? lf_gql_type_field(owner, field->name) : NULL;
}

struct lf_bytes
lf_schema_field_words(const struct lf_gql_type *owner, const struct lf_field *field)
{
    const struct lf_gql_field *gql = gql_field(owner, field);
    return gql != NULL ? gql->description : LF_BYTES_NONE;
}

bool
lf_schema_field_deprecated(const struct lf_gql_type *owner, const struct lf_field *field)
{
    const struct lf_gql_field *gql = gql_field(owner, field);
    return gql != NULL && gql->deprecated.ptr != NULL;
}

static void
start_word(struct lf_buf *out, size_t start, const char *name)
{
    if (out->len != start)
        lf_buf_add_text(out, ", ");
    lf_buf_printf(out, "%s ", name);
}

static void
number_word(struct lf_buf *out, size_t start, const char *name, const struct lf_value *value)
{
    if (value->type == LF_V_NULL)
        return;
    start_word(out, start, name);
    if (value->type == LF_V_INT)
        lf_buf_add_i64(out, value->u.integer);
    else
        lf_buf_add(out, lf_bytes(value->raw, value->count));
}

static void
count_word(struct lf_buf *out, size_t start, const char *name, int64_t count)
{
    if (count < 0)
        return;
    start_word(out, start, name);
    lf_buf_add_i64(out, count);
}

static void
text_word(struct lf_buf *out, size_t start, const char *name, struct lf_bytes text)
{
    if (text.ptr == NULL)
        return;
    start_word(out, start, name);
    lf_buf_add(out, text);
}

void
lf_schema_constraint_words(struct lf_buf *out, const struct lf_constraint *constraint)
{
    const size_t start = out->len;
    if (constraint == NULL)
        return;
    number_word(out, start, "min", &constraint->min);
    number_word(out, start, "exclusiveMin", &constraint->exclusive_min);
    number_word(out, start, "max", &constraint->max);
    number_word(out, start, "exclusiveMax", &constraint->exclusive_max);
    number_word(out, start, "multipleOf", &constraint->multiple_of);
    count_word(out, start, "minLength", constraint->min_length);
    count_word(out, start, "maxLength", constraint->max_length);
    text_word(out, start, "pattern", constraint->pattern);
    text_word(out, start, "format", constraint->format);
    count_word(out, start, "minItems", constraint->min_items);
    count_word(out, start, "maxItems", constraint->max_items);
    if (constraint->unique_items)
        lf_buf_add_text(out, out->len != start ? ", uniqueItems" : "uniqueItems");
}

/* --- JSON values -------------------------------------------------------------------------------------------------- */

void
lf_schema_add_named(struct lf_schema_writer *w, struct lf_schema_object *object, struct lf_bytes name,
                    struct lf_value value)
{
    struct lf_member *members = lf_arena_grow(w->arena, object->members, object->count, &object->cap, sizeof(*members));
    if (members == NULL) {
        w->no_memory = true;
        return;
    }
    object->members = members;
    object->members[object->count++] = (struct lf_member){name, value};
}

void
lf_schema_add(struct lf_schema_writer *w, struct lf_schema_object *object, const char *name, struct lf_value value)
{
    lf_schema_add_named(w, object, lf_bytes_of(name), value);
}

struct lf_value
lf_schema_list(struct lf_schema_writer *w, size_t count)
{
    struct lf_value *items = LF_ARENA_ARRAY(w->arena, struct lf_value, count != 0 ? count : 1);
    if (items == NULL)
        w->no_memory = true;
    return lf_value_list(items, items != NULL ? count : 0);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static void
write_format(struct lf_schema_writer *w, enum lf_event_format format, struct lf_buf *out)
{
    gather_types(w);
    switch (format) {
    case LF_FORMAT_AVRO: lf_schema_write_avro(w, out); break;
    case LF_FORMAT_PROTOBUF: lf_schema_write_proto(w, out); break;
    default: lf_schema_write_json(w, out); break;
    }
}

enum lf_status
lf_schema_write(const struct lf_schema_options *options, const struct lf_event_type *event, enum lf_event_format format,
                struct lf_buf *out, struct lf_err *err)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 16 * 1024, 0);
    struct lf_schema_options filled = *options;
    if (filled.package.ptr == NULL)
        filled.package = LF_LIT(LF_SCHEMA_PACKAGE);
    struct lf_schema_writer w = {.options = &filled, .event = event, .arena = &arena, .err = err};
    w.record = lf_schema_record_name(event, &arena);
    if (w.record.ptr != NULL)
        write_format(&w, format, out);
    enum lf_status st = w.failed;
    if (w.record.ptr == NULL || w.no_memory)
        st = lf_no_memory(err);
    if (st == LF_OK)
        st = lf_buf_status(out, err);
    lf_arena_release(&arena);
    return st;
}
