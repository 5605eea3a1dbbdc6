/* Names: one table of all full names, and how a type's name is looked for from where it stands. */
#include "codec/protobuf/link.h"

#include "base/mem.h"

#include <string.h>

struct registry {
    struct lf_proto_schema *schema;
    const struct lf_proto_file *file;
    struct lf_err *err;
};

/* A package may be declared by many files; anything else once. */
static enum lf_status
add(struct registry *registry, struct lf_bytes name, struct lf_proto_symbol symbol, struct lf_proto_place place)
{
    struct lf_proto_symbol *copy = LF_ARENA_NEW(&registry->schema->arena, struct lf_proto_symbol);
    if (copy == NULL || name.ptr == NULL)
        return lf_no_memory(registry->err);
    *copy = symbol;
    copy->file = registry->file;
    enum lf_status st = lf_map_add(&registry->schema->symbols, name, copy);
    if (st != LF_DUPLICATE)
        return st == LF_OK ? LF_OK : lf_no_memory(registry->err);
    const struct lf_proto_symbol *other = lf_map_get(&registry->schema->symbols, name);
    if (symbol.kind == LF_PROTO_S_PACKAGE && other->kind == LF_PROTO_S_PACKAGE)
        return LF_OK;
    return lf_proto_fail_at(registry->err, registry->file, place, LF_INVALID, "\"%.*s\" is declared twice",
                            LF_FMT(name));
}

static enum lf_status
add_package(struct registry *registry, struct lf_bytes package)
{
    enum lf_status st = LF_OK;
    for (size_t i = 1; st == LF_OK && i <= package.len; i++) {
        if (i == package.len || package.ptr[i] == '.')
            st = add(registry, lf_bytes(package.ptr, i), (struct lf_proto_symbol){.kind = LF_PROTO_S_PACKAGE},
                     registry->file->package_place);
    }
    return st;
}

/* Fields, oneofs and the values of enums: names that are taken. */
static enum lf_status
add_other(struct registry *registry, struct lf_bytes scope, struct lf_bytes name, struct lf_proto_place place)
{
    return add(registry, lf_proto_join(registry->schema, scope, name),
               (struct lf_proto_symbol){.kind = LF_PROTO_S_OTHER}, place);
}

/* The values stand beside their enum, not in it. */
static enum lf_status
add_enum(struct registry *registry, const struct lf_proto_enum *found)
{
    const struct lf_bytes scope = lf_bytes(
        found->full_name.ptr, found->full_name.len > found->name.len ? found->full_name.len - found->name.len - 1 : 0);
    enum lf_status st = add(registry, found->full_name,
                            (struct lf_proto_symbol){.kind = LF_PROTO_S_ENUM, .enumeration = found}, found->place);
    for (size_t i = 0; st == LF_OK && i < found->count; i++)
        st = add_other(registry, scope, found->values[i].name, found->values[i].place);
    return st;
}

/* No deeper than messages may nest. */
static enum lf_status
add_message(struct registry *registry, const struct lf_proto_message *message)
{
    enum lf_status st = add(registry, message->full_name,
                            (struct lf_proto_symbol){.kind = LF_PROTO_S_MESSAGE, .message = message}, message->place);
    for (size_t i = 0; st == LF_OK && i < message->field_count; i++)
        st = add_other(registry, message->full_name, message->fields[i]->name, message->fields[i]->place);
    for (size_t i = 0; st == LF_OK && i < message->oneof_count; i++)
        st = add_other(registry, message->full_name, message->oneofs[i]->name, message->oneofs[i]->place);
    for (size_t i = 0; st == LF_OK && i < message->enum_count; i++)
        st = add_enum(registry, message->enums[i]);
    for (size_t i = 0; st == LF_OK && i < message->message_count; i++)
        st = add_message(registry, message->messages[i]);
    return st;
}

enum lf_status
lf_proto_register(struct lf_proto_schema *schema, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < schema->file_count; i++) {
        const struct lf_proto_file *file = schema->files[i];
        struct registry registry = {schema, file, err};
        st = add_package(&registry, file->package);
        for (size_t k = 0; st == LF_OK && k < file->enum_count; k++)
            st = add_enum(&registry, file->enums[k]);
        for (size_t k = 0; st == LF_OK && k < file->message_count; k++)
            st = add_message(&registry, file->messages[k]);
    }
    return st;
}

/* --- resolving ---------------------------------------------------------------------------------------------------- */

bool
lf_proto_mark_visible(struct lf_proto_schema *schema, struct lf_proto_file *file)
{
    size_t count = 0, done = 0;
    if (schema->queue == NULL)
        schema->queue = LF_ARENA_ARRAY(&schema->arena, struct lf_proto_file *, schema->file_count);
    if (schema->queue == NULL)
        return false;
    schema->mark++;
    file->mark = schema->mark;
    for (const struct lf_proto_file *from = file; from != NULL; from = done < count ? schema->queue[done++] : NULL) {
        for (size_t i = 0; i < from->import_count; i++) {
            struct lf_proto_file *target = from->imports[i].file;
            if ((from == file || from->imports[i].is_public) && target->mark != schema->mark) {
                target->mark = schema->mark;
                schema->queue[count++] = target;
            }
        }
    }
    return true;
}

static bool
is_type(const struct lf_proto_symbol *symbol)
{
    return symbol->kind == LF_PROTO_S_MESSAGE || symbol->kind == LF_PROTO_S_ENUM;
}

static const struct lf_proto_symbol *
look_up(const struct lf_proto_schema *schema, struct lf_buf *space, struct lf_bytes scope, struct lf_bytes name)
{
    lf_buf_clear(space);
    if (scope.len != 0) {
        lf_buf_add(space, scope);
        lf_buf_add_char(space, '.');
    }
    lf_buf_add(space, name);
    return lf_buf_status(space, NULL) == LF_OK ? lf_map_get(&schema->symbols, lf_buf_view(space)) : NULL;
}

/*
 * As C++ does it: the innermost scope that has the first part of the name decides, unless what it has cannot be meant.
 */
static const struct lf_proto_symbol *
search(const struct lf_proto_schema *schema, struct lf_buf *space, struct lf_bytes scope, struct lf_bytes name)
{
    const size_t point = lf_bytes_index(name, '.');
    const struct lf_bytes first = lf_bytes(name.ptr, point == SIZE_MAX ? name.len : point);
    for (;;) {
        const struct lf_proto_symbol *symbol = look_up(schema, space, scope, first);
        const bool seen = symbol != NULL && (symbol->kind == LF_PROTO_S_PACKAGE || symbol->file->mark == schema->mark);
        if (seen && point == SIZE_MAX && is_type(symbol))
            return symbol;
        if (seen && point != SIZE_MAX && symbol->kind != LF_PROTO_S_OTHER) {
            symbol = look_up(schema, space, scope, name);
            return symbol != NULL && is_type(symbol) && symbol->file->mark == schema->mark ? symbol : NULL;
        }
        if (scope.len == 0)
            return NULL;
        const char *cut = memrchr(scope.ptr, '.', scope.len);
        scope.len = cut != NULL ? (size_t)(cut - scope.ptr) : 0;
    }
}

enum lf_status
lf_proto_resolve(const struct lf_proto_schema *schema, const struct lf_proto_field *field,
                 const struct lf_proto_file *file, struct lf_bytes scope, const struct lf_proto_symbol **ret,
                 struct lf_err *err)
{
    const struct lf_bytes name = field->type_name;
    struct lf_buf space;
    lf_buf_init(&space, LF_PROTO_TEXT_BYTES_MAX);
    const struct lf_proto_symbol *found;
    if (name.ptr[0] == '.') {
        found = look_up(schema, &space, LF_LIT(""), lf_bytes(name.ptr + 1, name.len - 1));
        if (found != NULL && (!is_type(found) || found->file->mark != schema->mark))
            found = NULL;
    } else {
        found = search(schema, &space, scope, name);
    }
    enum lf_status st = lf_buf_status(&space, err);
    lf_buf_release(&space);
    if (st == LF_OK && found == NULL)
        st = lf_proto_fail_at(err, file, field->type_place, LF_INVALID, "the type \"%.*s\" is not known here",
                              LF_FMT(name));
    if (st == LF_OK)
        *ret = found;
    return st;
}
