/* Loading a schema with what it imports, and looking things up in it. */
#include "codec/protobuf/schema.h"

#include "base/mem.h"
#include "codec/protobuf/descriptor.h"
#include "codec/protobuf/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum lf_status
lf_proto_fail_set(struct lf_err *err, const struct lf_proto_file *file, struct lf_proto_place place,
                  enum lf_status status, const char *where, const char *fmt, ...)
{
    char text[LF_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return lf_err_set(err, status, where, "%.*s%s%u:%u: %s", LF_FMT(file->name), file->name.len != 0 ? ":" : "",
                      place.line, place.column, text);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

struct loader {
    struct lf_proto_schema *schema;
    const struct lf_proto_file_text *references;
    size_t count;
    struct lf_err *err;
};

static struct lf_proto_file *
find_file(const struct lf_proto_schema *schema, struct lf_bytes name)
{
    for (size_t i = 1; i < schema->file_count; i++) {
        if (lf_bytes_equal(schema->files[i]->name, name))
            return schema->files[i];
    }
    return NULL;
}

static enum lf_status
copy_text(struct loader *loader, struct lf_bytes text, struct lf_bytes *ret)
{
    *ret = lf_arena_copy(&loader->schema->arena, text);
    return ret->ptr != NULL ? LF_OK : lf_no_memory(loader->err);
}

/* The text of a file of which only the descriptor is there. */
static enum lf_status
copy_descriptor(struct loader *loader, struct lf_bytes name, struct lf_bytes base64, struct lf_bytes *ret)
{
    struct lf_arena arena;
    struct lf_bytes text = LF_BYTES_NONE;
    lf_arena_init(&arena, 0, LF_PROTO_SCHEMA_MEMORY_MAX);
    enum lf_status st = lf_proto_descriptor_text(base64, &arena, &text, loader->err);
    if (st == LF_NO_MEMORY && arena.used > LF_PROTO_SCHEMA_MEMORY_MAX / 4)
        st = lf_fail(loader->err, LF_LIMIT, "a descriptor that needs more memory than %d bytes",
                     LF_PROTO_SCHEMA_MEMORY_MAX);
    if (st != LF_OK && name.len != 0)
        lf_err_context(loader->err, "%.*s", LF_FMT(name));
    if (st == LF_OK)
        st = copy_text(loader, text, ret);
    lf_arena_release(&arena);
    return st;
}

/* Copies the text, for the schema keeps views of it, and parses it. */
static enum lf_status
add_file(struct loader *loader, struct lf_bytes name, struct lf_bytes text, bool built_in, struct lf_proto_file **ret)
{
    struct lf_proto_schema *schema = loader->schema;
    struct lf_proto_file *file = LF_ARENA_NEW(&schema->arena, struct lf_proto_file);
    if (file == NULL || !LF_PROTO_ROOM(&schema->arena, schema->files, schema->file_count, schema->file_cap))
        return lf_no_memory(loader->err);
    struct lf_bytes copy = text;
    enum lf_status st = LF_OK;
    file->name = lf_arena_copy(&schema->arena, name);
    file->schema = schema;
    file->built_in = built_in;
    if (!built_in)
        st = lf_proto_is_descriptor(text) ? copy_descriptor(loader, name, text, &copy) : copy_text(loader, text, &copy);
    if (st == LF_OK && file->name.ptr == NULL)
        st = lf_no_memory(loader->err);
    if (st != LF_OK)
        return st;
    schema->files[schema->file_count++] = file;
    *ret = file;
    return lf_proto_parse_file(schema, file, copy, loader->err);
}

/* The file behind an import: one that is loaded, a built-in one, or one of the references. */
static enum lf_status
load_import(struct loader *loader, const struct lf_proto_file *from, struct lf_proto_import *import)
{
    import->file = find_file(loader->schema, import->name);
    if (import->file != NULL)
        return LF_OK;
    if (loader->schema->file_count == LF_PROTO_FILES_MAX)
        return lf_proto_fail_at(loader->err, from, import->place, LF_LIMIT, "more than %d files", LF_PROTO_FILES_MAX);
    const struct lf_proto_built_in *built_in = lf_proto_built_in_find(import->name);
    if (built_in != NULL && !built_in->only_options)
        return add_file(loader, import->name, lf_bytes_of(built_in->text), true, &import->file);
    for (size_t i = 0; i < loader->count; i++) {
        if (lf_bytes_equal(loader->references[i].name, import->name))
            return add_file(loader, import->name, loader->references[i].text, false, &import->file);
    }
    if (built_in != NULL)
        return add_file(loader, import->name, lf_bytes_of(built_in->text), true, &import->file);
    return lf_proto_fail_at(loader->err, from, import->place, LF_INVALID,
                            "the import \"%.*s\" is neither among the references nor built in", LF_FMT(import->name));
}

static enum lf_status
load_all(struct loader *loader, struct lf_bytes text)
{
    struct lf_proto_schema *schema = loader->schema;
    struct lf_proto_file *file;
    enum lf_status st = add_file(loader, LF_LIT(""), text, false, &file);
    for (size_t i = 0; st == LF_OK && i < schema->file_count; i++) {
        file = schema->files[i];
        for (size_t k = 0; st == LF_OK && k < file->import_count; k++)
            st = load_import(loader, file, &file->imports[k]);
    }
    return st;
}

/* Depth first, without recursion: a chain of imports may be long. stack has room for every file. */
static enum lf_status
find_circle(struct lf_proto_schema *schema, struct lf_proto_file **stack, size_t *next, struct lf_err *err)
{
    size_t depth = 0;
    stack[depth++] = schema->files[0];
    while (depth > 0) {
        struct lf_proto_file *file = stack[depth - 1];
        if (file->state == LF_PROTO_FILE_NEW) {
            file->state = LF_PROTO_FILE_OPEN;
            next[depth - 1] = 0;
        }
        if (next[depth - 1] == file->import_count) {
            file->state = LF_PROTO_FILE_DONE;
            depth--;
            continue;
        }
        const struct lf_proto_import *import = &file->imports[next[depth - 1]++];
        if (import->file->state == LF_PROTO_FILE_OPEN)
            return lf_proto_fail_at(err, file, import->place, LF_INVALID, "the import \"%.*s\" closes a circle",
                                    LF_FMT(import->name));
        if (import->file->state == LF_PROTO_FILE_NEW)
            stack[depth++] = import->file;
    }
    return LF_OK;
}

static enum lf_status
refuse_circles(struct lf_proto_schema *schema, struct lf_err *err)
{
    struct lf_proto_file **stack = LF_ARENA_ARRAY(&schema->arena, struct lf_proto_file *, schema->file_count);
    size_t *next = LF_ARENA_ARRAY(&schema->arena, size_t, schema->file_count);
    return stack != NULL && next != NULL ? find_circle(schema, stack, next, err) : lf_no_memory(err);
}

enum lf_status
lf_proto_schema_parse(struct lf_bytes text, const struct lf_proto_file_text *references, size_t count,
                      struct lf_proto_schema **ret, struct lf_err *err)
{
    struct lf_proto_schema *schema = lf_calloc(1, sizeof(*schema));
    if (schema == NULL)
        return lf_no_memory(err);
    lf_arena_init(&schema->arena, 0, LF_PROTO_SCHEMA_MEMORY_MAX);
    lf_map_init(&schema->symbols);
    struct loader loader = {schema, references, count, err};
    enum lf_status st = load_all(&loader, text);
    if (st == LF_OK)
        st = refuse_circles(schema, err);
    if (st == LF_OK)
        st = lf_proto_register(schema, err);
    if (st == LF_OK)
        st = lf_proto_link(schema, err);
    if (st == LF_NO_MEMORY && schema->arena.used > LF_PROTO_SCHEMA_MEMORY_MAX / 4) /* an array could not double */
        st = lf_fail(err, LF_LIMIT, "a schema that needs more memory than %d bytes", LF_PROTO_SCHEMA_MEMORY_MAX);
    if (st == LF_OK)
        *ret = schema;
    else
        lf_proto_schema_free(schema);
    return st;
}

void
lf_proto_schema_free(struct lf_proto_schema *schema)
{
    if (schema == NULL)
        return;
    lf_map_release(&schema->symbols);
    lf_arena_release(&schema->arena);
    lf_free(schema);
}

/* --- looking up --------------------------------------------------------------------------------------------------- */

static const struct lf_proto_message *
find_message(const struct lf_proto_schema *schema, struct lf_bytes name)
{
    const struct lf_proto_symbol *symbol = lf_map_get(&schema->symbols, name);
    return symbol != NULL && symbol->kind == LF_PROTO_S_MESSAGE ? symbol->message : NULL;
}

const struct lf_proto_message *
lf_proto_schema_message(const struct lf_proto_schema *schema, struct lf_bytes name)
{
    const struct lf_proto_file *file = schema->files[0];
    const struct lf_proto_message *found = find_message(schema, name);
    for (size_t i = 0; found == NULL && i < file->message_count; i++) {
        if (lf_bytes_equal(file->messages[i]->name, name))
            found = file->messages[i];
    }
    return found;
}

const struct lf_proto_message *
lf_proto_type_of_url(const struct lf_proto_schema *schema, struct lf_bytes url)
{
    const char *slash = url.len != 0 ? memrchr(url.ptr, '/', url.len) : NULL;
    return slash != NULL ? find_message(schema, lf_bytes(slash + 1, (size_t)(url.ptr + url.len - slash - 1))) : NULL;
}

const struct lf_proto_message *
lf_proto_schema_first(const struct lf_proto_schema *schema)
{
    return schema->files[0]->message_count != 0 ? schema->files[0]->messages[0] : NULL;
}

struct lf_bytes
lf_proto_message_name(const struct lf_proto_message *message)
{
    return message->full_name;
}

struct lf_bytes
lf_proto_schema_package(const struct lf_proto_schema *schema)
{
    return schema->files[0]->package;
}

const struct lf_proto_field *
lf_proto_field_of(const struct lf_proto_message *message, uint32_t number, size_t *guess)
{
    if (*guess < message->field_count && message->by_number[*guess]->number == number)
        return message->by_number[*guess];
    size_t low = 0, high = message->field_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (message->by_number[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == message->field_count || message->by_number[low]->number != number)
        return NULL;
    *guess = low;
    return message->by_number[low];
}

const struct lf_proto_enum_value *
lf_proto_enum_by_number(const struct lf_proto_enum *enumeration, int32_t number)
{
    size_t low = 0, high = enumeration->distinct;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (enumeration->by_number[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < enumeration->distinct && enumeration->by_number[low]->number == number ? enumeration->by_number[low]
                                                                                        : NULL;
}

static const struct lf_proto_enum_value *
find_value(const struct lf_proto_enum *enumeration, bool is_short, struct lf_bytes name)
{
    const struct lf_proto_enum_value **sorted = is_short ? enumeration->by_short_name : enumeration->by_name;
    size_t low = 0, high = enumeration->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = lf_bytes_compare(is_short ? sorted[middle]->short_name : sorted[middle]->name, name);
        if (order == 0)
            return sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct lf_proto_enum_value *
lf_proto_enum_by_name(const struct lf_proto_enum *enumeration, struct lf_bytes name)
{
    const struct lf_proto_enum_value *found = find_value(enumeration, true, name);
    return found != NULL || enumeration->by_name == NULL ? found : find_value(enumeration, false, name);
}
