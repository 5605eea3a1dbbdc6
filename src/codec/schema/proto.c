/*
 * Protobuf (proto3) of a payload: one message, the types within it nested, so that many files go together in one
 * package. Numbers come from @field and the lock; a number is never guessed.
 */
#include "codec/schema/write.h"
#include "model/names.h"

/* A field or value with its number. */
struct numbered {
    struct lf_bytes name;
    int32_t number;
};

/* One message or enum with its numbers. */
struct scope {
    enum lf_lock_kind kind;
    struct lf_bytes name; /* in the lock */
    struct numbered *items;
    size_t count;
};

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void
indent(struct lf_buf *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        lf_buf_add_text(out, "  ");
}

/* Text as comment lines; control characters become spaces. */
static void
comment(struct lf_buf *out, unsigned depth, struct lf_bytes text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = lf_bytes_index(lf_bytes(text.ptr + at, text.len - at), '\n');
        struct lf_bytes line = lf_bytes(text.ptr + at, len != SIZE_MAX ? len : text.len - at);
        indent(out, depth);
        lf_buf_add_text(out, line.len != 0 ? "// " : "//");
        for (size_t i = 0; i < line.len; i++)
            lf_buf_add_char(out, (unsigned char)line.ptr[i] >= ' ' ? line.ptr[i] : ' ');
        lf_buf_add_char(out, '\n');
        at += line.len + 1;
    }
}

static void
comment_constraint(struct lf_schema_writer *w, struct lf_buf *out, unsigned depth,
                   const struct lf_constraint *constraint)
{
    struct lf_buf words;
    lf_buf_init(&words, LF_SCHEMA_TEXT_MAX);
    lf_schema_constraint_words(&words, constraint);
    w->no_memory = w->no_memory || words.failed != LF_OK;
    comment(out, depth, lf_buf_view(&words));
    lf_buf_release(&words);
}

/* "PaymentKind" -> "PAYMENT_KIND_" */
static struct lf_bytes
value_prefix(struct lf_schema_writer *w, struct lf_bytes enum_name)
{
    struct lf_bytes snake = lf_name_snake(enum_name, w->arena);
    char *prefix = snake.ptr != NULL ? lf_arena_printf(w->arena, "%.*s_", LF_FMT(snake)) : NULL;
    if (prefix == NULL) {
        w->no_memory = true;
        return LF_LIT("");
    }
    for (char *c = prefix; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    return lf_bytes_of(prefix);
}

/* Whether Protobuf's own JSON name for a field name is name: '_' go, and what follows them is a capital. */
static bool
is_json_name(struct lf_bytes field_name, struct lf_bytes name)
{
    size_t at = 0;
    bool capital = false;
    for (size_t i = 0; i < field_name.len; i++) {
        char c = field_name.ptr[i];
        if (c == '_') {
            capital = true;
            continue;
        }
        if (capital && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        capital = false;
        if (at == name.len || name.ptr[at++] != c)
            return false;
    }
    return at == name.len;
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void
check_numbers(struct lf_schema_writer *w, const struct scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        if (scope->items[i].number == 0)
            lf_schema_refuse(w,
                             "protobuf: \"%.*s\" of %.*s has no number yet: run logfirst schema lock, or declare it "
                             "with @field(number:)",
                             LF_FMT(scope->items[i].name), LF_FMT(scope->name));
        for (size_t j = 0; j < i; j++) {
            if (scope->items[i].number == scope->items[j].number)
                lf_schema_refuse(w, "protobuf: \"%.*s\" and \"%.*s\" of %.*s have one number, %d",
                                 LF_FMT(scope->items[j].name), LF_FMT(scope->items[i].name), LF_FMT(scope->name),
                                 scope->items[i].number);
        }
    }
    size_t at = 0;
    int32_t number;
    struct lf_bytes name;
    while (lf_schema_lock_reserved(w->options->lock, scope->kind, scope->name, &at, &number, &name)) {
        for (size_t i = 0; i < scope->count; i++) {
            if (scope->items[i].number == number)
                lf_schema_refuse(w, "protobuf: number %d of \"%.*s\" of %.*s has been that of \"%.*s\" once", number,
                                 LF_FMT(scope->items[i].name), LF_FMT(scope->name), LF_FMT(name));
        }
    }
}

static void
open_scope(struct lf_schema_writer *w, enum lf_lock_kind kind, struct lf_bytes name, size_t count, struct scope *ret)
{
    *ret = (struct scope){.kind = kind, .name = name, .items = LF_ARENA_ARRAY(w->arena, struct numbered, count + 1)};
    ret->count = ret->items != NULL ? count : 0;
    w->no_memory = w->no_memory || ret->items == NULL;
}

static void
number_fields(struct lf_schema_writer *w, struct scope *scope, const struct lf_field *fields)
{
    for (size_t i = 0; i < scope->count; i++) {
        int32_t locked = lf_schema_lock_number(w->options->lock, scope->kind, scope->name, fields[i].name);
        scope->items[i] = (struct numbered){fields[i].name, fields[i].number != 0 ? fields[i].number : locked};
        if (fields[i].number != 0 && locked != 0 && fields[i].number != locked)
            lf_schema_refuse(w, "protobuf: \"%.*s\" of %.*s is locked as number %d, but @field says %d",
                             LF_FMT(fields[i].name), LF_FMT(scope->name), locked, fields[i].number);
    }
    check_numbers(w, scope);
}

static void
number_values(struct lf_schema_writer *w, struct scope *scope, const struct lf_gql_type *gql)
{
    for (size_t i = 0; i < scope->count; i++)
        scope->items[i] =
            (struct numbered){gql->values[i].name,
                              lf_schema_lock_number(w->options->lock, scope->kind, scope->name, gql->values[i].name)};
    check_numbers(w, scope);
}

static bool
is_in_use(const struct scope *scope, struct lf_bytes name)
{
    for (size_t i = 0; i < scope->count; i++) {
        if (lf_bytes_equal(scope->items[i].name, name))
            return true;
    }
    return false;
}

/* A name that is back has a new number; its old one stays reserved. */
static void
write_reserved(struct lf_schema_writer *w, struct lf_buf *out, unsigned depth, const struct scope *scope,
               struct lf_bytes prefix)
{
    size_t at = 0;
    int32_t number;
    struct lf_bytes name;
    while (lf_schema_lock_reserved(w->options->lock, scope->kind, scope->name, &at, &number, &name)) {
        indent(out, depth);
        lf_buf_printf(out, "reserved %d;", number);
        struct lf_bytes written = scope->kind == LF_LOCK_ENUMS ? name : lf_name_snake(name, w->arena);
        w->no_memory = w->no_memory || written.ptr == NULL;
        if (!is_in_use(scope, name))
            lf_buf_printf(out, " reserved \"%.*s%.*s\";", LF_FMT(prefix), LF_FMT(written));
        lf_buf_add_char(out, '\n');
    }
}

/* --- enums -------------------------------------------------------------------------------------------------------- */

static void
write_enum(struct lf_schema_writer *w, struct lf_buf *out, const struct lf_schema_named *type)
{
    struct scope scope;
    const struct lf_gql_type *gql = type->gql;
    struct lf_bytes prefix = value_prefix(w, type->name);
    open_scope(w, LF_LOCK_ENUMS, type->name, gql->value_count, &scope);
    number_values(w, &scope, gql);
    lf_buf_add_char(out, '\n');
    comment(out, 1, gql->description);
    lf_buf_printf(out, "  enum %.*s {\n", LF_FMT(type->name));
    lf_buf_printf(out, "    %.*sUNSPECIFIED = 0;\n", LF_FMT(prefix));
    for (size_t i = 0; i < scope.count; i++) {
        if (lf_bytes_equal_text(gql->values[i].name, "UNSPECIFIED"))
            lf_schema_refuse(w, "protobuf: %.*s has a value UNSPECIFIED, the name that 0 needs: rename it",
                             LF_FMT(type->name));
        comment(out, 2, gql->values[i].description);
        lf_buf_printf(out, "    %.*s%.*s = %d%s;\n", LF_FMT(prefix), LF_FMT(gql->values[i].name), scope.items[i].number,
                      gql->values[i].deprecated.ptr != NULL ? " [deprecated = true]" : "");
    }
    write_reserved(w, out, 2, &scope, prefix);
    lf_buf_add_text(out, "  }\n");
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

static struct lf_bytes
type_name(const struct lf_field *field)
{
    switch (field->type) {
    case LF_T_INT: return LF_LIT("int32");
    case LF_T_BIGINT: return LF_LIT("int64");
    case LF_T_FLOAT: return LF_LIT("double");
    case LF_T_BOOLEAN: return LF_LIT("bool");
    case LF_T_DATETIME: return LF_LIT("google.protobuf.Timestamp");
    case LF_T_JSON: return LF_LIT("google.protobuf.Value");
    case LF_T_ENUM:
    case LF_T_OBJECT: return field->type_name;
    default: return LF_LIT("string");
    }
}

static bool
has_presence(const struct lf_field *field)
{
    return field->type == LF_T_OBJECT || field->type == LF_T_DATETIME || field->type == LF_T_JSON;
}

static void
write_field(struct lf_schema_writer *w, struct lf_buf *out, unsigned depth, const struct lf_gql_type *owner,
            const struct lf_field *field, int32_t number)
{
    const char *option = " [";
    if (field->is_list && !field->item_non_null && field->type != LF_T_JSON)
        lf_schema_refuse(w,
                         "protobuf: the items of \"%.*s\" may be null, which a repeated field cannot hold: write "
                         "[%.*s!]",
                         LF_FMT(field->name), LF_FMT(field->type_name));
    comment(out, depth, lf_schema_field_words(owner, field));
    comment_constraint(w, out, depth, field->constraint);
    indent(out, depth);
    if (field->is_list)
        lf_buf_add_text(out, "repeated ");
    else if (!field->non_null && !has_presence(field))
        lf_buf_add_text(out, "optional ");
    lf_buf_printf(out, "%.*s %.*s = %d", LF_FMT(type_name(field)), LF_FMT(field->column), number);
    if (!is_json_name(field->column, field->name)) {
        lf_buf_printf(out, "%sjson_name = \"%.*s\"", option, LF_FMT(field->name));
        option = ", ";
    }
    if (lf_schema_field_deprecated(owner, field)) {
        lf_buf_printf(out, "%sdeprecated = true", option);
        option = ", ";
    }
    lf_buf_add_text(out, option[0] == ',' ? "];\n" : ";\n");
}

static void
write_fields(struct lf_schema_writer *w, struct lf_buf *out, unsigned depth, struct scope *scope,
             const struct lf_gql_type *gql, const struct lf_field *fields)
{
    number_fields(w, scope, fields);
    for (size_t i = 0; i < scope->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (lf_bytes_equal(fields[i].column, fields[j].column))
                lf_schema_refuse(w, "protobuf: \"%.*s\" and \"%.*s\" of %.*s would both be %.*s: rename one",
                                 LF_FMT(fields[j].name), LF_FMT(fields[i].name), LF_FMT(scope->name),
                                 LF_FMT(fields[i].column));
        }
        write_field(w, out, depth, gql, &fields[i], scope->items[i].number);
    }
    write_reserved(w, out, depth, scope, LF_LIT(""));
}

/* Types stand within the message, beside its fields. */
static void
check_type_name(struct lf_schema_writer *w, struct lf_bytes name)
{
    for (size_t i = 0; i < w->event->field_count; i++) {
        if (lf_bytes_equal(w->event->fields[i].column, name))
            lf_schema_refuse(w, "protobuf: the field \"%.*s\" and the type %.*s have one name: rename one",
                             LF_FMT(w->event->fields[i].name), LF_FMT(name));
    }
}

static void
write_object(struct lf_schema_writer *w, struct lf_buf *out, const struct lf_schema_named *type)
{
    struct scope scope;
    open_scope(w, LF_LOCK_OBJECTS, type->name, type->object->field_count, &scope);
    lf_buf_add_char(out, '\n');
    comment(out, 1, type->gql->description);
    lf_buf_printf(out, "  message %.*s {\n", LF_FMT(type->name));
    write_fields(w, out, 2, &scope, type->gql, type->object->fields);
    lf_buf_add_text(out, "  }\n");
}

static bool
uses(const struct lf_schema_writer *w, enum lf_field_type type)
{
    for (size_t i = 0; i < w->event->field_count; i++) {
        if (w->event->fields[i].type == type)
            return true;
    }
    for (size_t at = 0; at < w->type_count; at++) {
        const struct lf_object *object = w->types[at].object;
        for (size_t i = 0; object != NULL && i < object->field_count; i++) {
            if (object->fields[i].type == type)
                return true;
        }
    }
    return false;
}

static void
write_head(const struct lf_schema_writer *w, struct lf_buf *out)
{
    lf_buf_printf(out, "syntax = \"proto3\";\n\npackage %.*s;\n\n", LF_FMT(w->options->package));
    bool value = uses(w, LF_T_JSON), timestamp = uses(w, LF_T_DATETIME);
    if (value)
        lf_buf_add_text(out, "import \"google/protobuf/struct.proto\";\n");
    if (timestamp)
        lf_buf_add_text(out, "import \"google/protobuf/timestamp.proto\";\n");
    if (value || timestamp)
        lf_buf_add_char(out, '\n');
}

void
lf_schema_write_proto(struct lf_schema_writer *w, struct lf_buf *out)
{
    struct scope scope;
    const struct lf_event_type *event = w->event;
    open_scope(w, LF_LOCK_EVENTS, event->name, event->field_count, &scope);
    write_head(w, out);
    comment(out, 0, event->gql->description);
    lf_buf_printf(out, "message %.*s {\n", LF_FMT(w->record));
    write_fields(w, out, 1, &scope, event->gql, event->fields);
    for (size_t i = 0; i < w->type_count; i++) {
        check_type_name(w, w->types[i].name);
        if (w->types[i].object != NULL)
            write_object(w, out, &w->types[i]);
        else
            write_enum(w, out, &w->types[i]);
    }
    lf_buf_add_text(out, "}\n");
}
