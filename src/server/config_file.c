/* YAML through libyaml's events: only mappings and scalars have a meaning here. */
#include "server/config_file.h"
#include "base/buf.h"
#include "base/map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 16, FILE_VALUE_MAX = 65536 };

struct reader {
    const char *path;
    struct lf_arena *arena;
    char *const *env;
    lf_config_item_fn *take;
    void *user;
    struct lf_bytes prefix[DEPTH_MAX]; /* of the open mappings, with a dot behind */
    int depth;
    struct lf_bytes key; /* ptr NULL: the next scalar is a key */
    struct lf_map seen;  /* paths of keys -> where they stand */
};

static struct lf_bytes
environment_value(char *const *env, struct lf_bytes name)
{
    for (; env != NULL && *env != NULL; env++) {
        struct lf_bytes pair = lf_bytes_of(*env);
        if (pair.len > name.len && pair.ptr[name.len] == '=' && lf_bytes_starts_with(pair, name))
            return lf_bytes(pair.ptr + name.len + 1, pair.len - name.len - 1);
    }
    return LF_BYTES_NONE;
}

static enum lf_status
interpolate(const struct reader *reader, struct lf_bytes text, const char *where, struct lf_bytes *ret,
            struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, FILE_VALUE_MAX);
    enum lf_status st = LF_OK;
    size_t i = 0;
    while (st == LF_OK && i < text.len) {
        if (text.ptr[i] != '$' || i + 1 >= text.len || text.ptr[i + 1] != '{') {
            lf_buf_add_char(&out, text.ptr[i++]);
            continue;
        }
        struct lf_bytes rest = lf_bytes(text.ptr + i + 2, text.len - i - 2);
        size_t end = lf_bytes_index(rest, '}');
        if (end == SIZE_MAX) {
            st = lf_fail(err, LF_INVALID, "%s: \"${\" without \"}\"", where);
            break;
        }
        struct lf_bytes name = lf_bytes(rest.ptr, end);
        struct lf_bytes fallback = LF_BYTES_NONE;
        const char *mark = memmem(name.ptr, name.len, ":-", 2);
        if (mark != NULL) {
            fallback = lf_bytes(mark + 2, (size_t)(name.ptr + name.len - mark) - 2);
            name.len = (size_t)(mark - name.ptr);
        }
        struct lf_bytes value = environment_value(reader->env, name);
        if (value.ptr == NULL && mark == NULL)
            st = lf_fail(err, LF_INVALID, "%s: the environment has no %.*s; set it or write ${%.*s:-default}", where,
                         LF_FMT(name), LF_FMT(name));
        lf_buf_add(&out, value.ptr != NULL ? value : fallback);
        i += end + 3;
    }
    if (st == LF_OK)
        st = lf_buf_status(&out, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(reader->arena, lf_buf_view(&out));
        if (ret->ptr == NULL)
            st = lf_no_memory(err);
    }
    lf_buf_release(&out);
    return st;
}

/* YAML 1.2 section 3.2.1.1: a mapping's keys are unique. Else the last would win without a word. */
static enum lf_status
note_key(struct reader *reader, struct lf_bytes path, size_t line, struct lf_err *err)
{
    const char *first = lf_map_get(&reader->seen, path);
    if (first != NULL)
        return lf_fail(err, LF_INVALID, "%s:%zu: \"%.*s\" stands twice, first in line %s", reader->path, line,
                       LF_FMT(path), first);
    char *text = lf_arena_printf(reader->arena, "%zu", line);
    if (text == NULL || lf_map_add(&reader->seen, path, text) != LF_OK)
        return lf_no_memory(err);
    return LF_OK;
}

static enum lf_status
take_scalar(struct reader *reader, const yaml_event_t *event, struct lf_err *err)
{
    struct lf_bytes text = lf_bytes((const char *)event->data.scalar.value, event->data.scalar.length);
    size_t line = event->start_mark.line + 1;
    if (reader->depth == 0)
        return lf_fail(err, LF_INVALID, "%s:%zu: a mapping of options is expected", reader->path, line);
    if (reader->key.ptr == NULL) {
        reader->key = lf_arena_copy(reader->arena, text);
        return reader->key.ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    struct lf_bytes prefix = reader->prefix[reader->depth - 1];
    char *path = lf_arena_printf(reader->arena, "%.*s%.*s", LF_FMT(prefix), LF_FMT(reader->key));
    char *where = lf_arena_printf(reader->arena, "%s:%zu", reader->path, line);
    if (path == NULL || where == NULL)
        return lf_no_memory(err);
    reader->key = LF_BYTES_NONE;
    enum lf_status st = note_key(reader, lf_bytes_of(path), line, err);
    if (st != LF_OK)
        return st;
    struct lf_config_item item = {.path = lf_bytes_of(path), .where = where};
    st = interpolate(reader, text, where, &item.value, err);
    return st == LF_OK ? reader->take(reader->user, &item, err) : st;
}

static enum lf_status
open_mapping(struct reader *reader, size_t line, struct lf_err *err)
{
    LF_ASSERT(reader->depth >= 0);
    if (reader->depth == DEPTH_MAX)
        return lf_fail(err, LF_INVALID, "%s:%zu: nested too deep", reader->path, line);
    struct lf_bytes prefix = LF_LIT("");
    if (reader->depth > 0) {
        if (reader->key.ptr == NULL)
            return lf_fail(err, LF_INVALID, "%s:%zu: a mapping cannot be a key", reader->path, line);
        struct lf_bytes outer = reader->prefix[reader->depth - 1];
        char *text = lf_arena_printf(reader->arena, "%.*s%.*s.", LF_FMT(outer), LF_FMT(reader->key));
        if (text == NULL)
            return lf_no_memory(err);
        prefix = lf_bytes_of(text);
        reader->key = LF_BYTES_NONE;
        enum lf_status st = note_key(reader, lf_bytes(text, prefix.len - 1), line, err);
        if (st != LF_OK)
            return st;
    }
    reader->prefix[reader->depth++] = prefix;
    return LF_OK;
}

static enum lf_status
take_event(struct reader *reader, const yaml_event_t *event, struct lf_err *err)
{
    size_t line = event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT: return take_scalar(reader, event, err);
    case YAML_MAPPING_START_EVENT: return open_mapping(reader, line, err);
    case YAML_MAPPING_END_EVENT:
        LF_ASSERT(reader->depth > 0);
        reader->depth--;
        return LF_OK;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_ALIAS_EVENT:
        return lf_fail(err, LF_INVALID, "%s:%zu: only \"key: value\" and nested mappings are understood", reader->path,
                       line);
    default: return LF_OK;
    }
}

static enum lf_status
read_events(struct reader *reader, yaml_parser_t *parser, struct lf_err *err)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR)
                return lf_no_memory(err);
            return lf_fail(err, LF_INVALID, "%s:%zu:%zu: %s", reader->path, parser->problem_mark.line + 1,
                           parser->problem_mark.column + 1, parser->problem != NULL ? parser->problem : "not YAML");
        }
        enum lf_status st = take_event(reader, &event, err);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

enum lf_status
lf_config_file_read(const char *path, struct lf_arena *arena, char *const *env, lf_config_item_fn *take, void *user,
                    struct lf_err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return lf_fail(err, errno == EACCES ? LF_DENIED : LF_NOT_FOUND, "cannot read configuration file %s: %s", path,
                       strerror(errno));
    struct reader reader = {.path = path, .arena = arena, .env = env, .take = take, .user = user};
    lf_map_init(&reader.seen);
    yaml_parser_t parser;
    enum lf_status st;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_file(&parser, file);
        st = read_events(&reader, &parser, err);
        yaml_parser_delete(&parser);
    } else {
        st = lf_no_memory(err);
    }
    lf_map_release(&reader.seen);
    fclose(file);
    return st;
}
