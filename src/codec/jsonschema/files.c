/*
 * From URIs to files. --map URI-PREFIX=DIR serves the URIs below a prefix from a folder, the longest prefix first; what
 * a schema refers to by relative references is served from its own folder. Nothing outside these folders is read.
 */
#include "codec/jsonschema_files.h"
#include "base/file.h"
#include "base/limits.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_BYTES_MAX = 16 * 1024 * 1024 };

struct mapping {
    struct lf_bytes prefix;
    struct lf_bytes dir;
};

struct mappings {
    struct mapping *list;
    size_t count;
};

/* --- URIs --------------------------------------------------------------------------------------------------------- */

/* What of a URI stands behind the prefix, without the slash between them; ptr NULL: it is not below it. */
static struct lf_bytes
below(struct lf_bytes uri, struct lf_bytes prefix)
{
    if (uri.ptr == NULL || !lf_bytes_starts_with(uri, prefix))
        return LF_BYTES_NONE;
    struct lf_bytes rest = lf_bytes(uri.ptr + prefix.len, uri.len - prefix.len);
    bool slash = rest.len > 0 && rest.ptr[0] == '/';
    bool whole = rest.len == 0 || slash || (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '/');
    if (!whole)
        return LF_BYTES_NONE;
    return slash ? lf_bytes(rest.ptr + 1, rest.len - 1) : rest;
}

/* Undoes %XX; NULL: not a path of ours ("..", NUL, a query), or out of memory. */
static char *
decode_path(struct lf_bytes text, struct lf_arena *arena)
{
    char *path = lf_arena_text(arena, text);
    size_t len = 0;
    for (size_t i = 0; path != NULL && i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? lf_hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? lf_hex_digit(text.ptr[i + 2]) : -1;
        path[len] = low >= 0 ? (char)(high * 16 + low) : text.ptr[i];
        if (path[len] == '\0' || text.ptr[i] == '?')
            return NULL;
        len++;
        i += low >= 0 ? 2 : 0;
    }
    if (path == NULL)
        return NULL;
    path[len] = '\0';
    for (const char *at = strstr(path, ".."); at != NULL; at = strstr(at + 1, "..")) {
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return NULL;
    }
    return path;
}

/* file:// and the absolute path, escaped where it has to be. */
static struct lf_bytes
file_uri(const char *path, struct lf_arena *arena)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,;=:@";
    struct lf_buf uri;
    struct lf_bytes kept = LF_BYTES_NONE;
    lf_buf_init(&uri, PATH_MAX * 3 + 8);
    lf_buf_add_text(&uri, "file://");
    for (; *path != '\0'; path++) {
        if (strchr(plain, *path) != NULL)
            lf_buf_add_char(&uri, *path);
        else
            lf_buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*path);
    }
    if (uri.failed == LF_OK)
        kept = lf_arena_copy(arena, lf_buf_view(&uri));
    lf_buf_release(&uri);
    return kept;
}

/* --- resolving ---------------------------------------------------------------------------------------------------- */

static enum lf_status
read_mapped(const char *path, struct lf_arena *arena, struct lf_bytes *ret_text, struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, SCHEMA_BYTES_MAX);
    enum lf_status st = lf_file_read(path, &text, err);
    if (st == LF_OK) {
        *ret_text = lf_arena_copy(arena, lf_buf_view(&text));
        st = ret_text->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&text);
    return st;
}

static enum lf_status
resolve(void *user, struct lf_bytes uri, struct lf_arena *arena, struct lf_bytes *ret_text, struct lf_err *err)
{
    const struct mappings *mappings = user;
    const struct mapping *best = NULL;
    for (size_t i = 0; i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->list[i];
        if (below(uri, mapping->prefix).ptr != NULL && (best == NULL || mapping->prefix.len > best->prefix.len))
            best = mapping;
    }
    if (best == NULL)
        return lf_fail(err, LF_NOT_FOUND, "nothing says where the schema %.*s is: use --map URI-PREFIX=DIR",
                       LF_FMT(uri));
    char *rest = decode_path(below(uri, best->prefix), arena);
    char *path = rest != NULL ? lf_arena_printf(arena, "%.*s/%s", LF_FMT(best->dir), rest) : NULL;
    if (path == NULL)
        return lf_fail(err, LF_NOT_FOUND, "the schema %.*s cannot be a file below %.*s", LF_FMT(uri),
                       LF_FMT(best->dir));
    return read_mapped(path, arena, ret_text, err);
}

/* "URI-PREFIX=DIR"; a URI may hold '=', a folder hardly does. */
static enum lf_status
read_mapping(const char *text, struct mapping *ret, struct lf_err *err)
{
    const char *equals = strrchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return lf_fail(err, LF_USAGE, "--map: \"%s\" is not URI-PREFIX=DIR", text);
    ret->prefix = lf_bytes(text, (size_t)(equals - text));
    ret->dir = lf_bytes_of(equals + 1);
    return LF_OK;
}

/* The mappings of the options, and the folder of the schema at uri and path. */
static enum lf_status
read_mappings(const struct lf_jsonschema_files *files, struct lf_bytes uri, const char *path, struct lf_arena *arena,
              struct mappings *ret, struct lf_err *err)
{
    struct mappings mappings = {LF_ARENA_ARRAY(arena, struct mapping, files->map_count + 1), 0};
    if (mappings.list == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < files->map_count; i++) {
        enum lf_status st = read_mapping(files->maps[i], &mappings.list[mappings.count++], err);
        if (st != LF_OK)
            return st;
    }
    while (uri.len > 0 && uri.ptr[uri.len - 1] != '/')
        uri.len--;
    mappings.list[mappings.count++] = (struct mapping){uri, lf_bytes(path, (size_t)(strrchr(path, '/') - path))};
    *ret = mappings;
    return LF_OK;
}

static enum lf_status
compile(const struct lf_jsonschema_files *files, const char *path, struct lf_arena *arena, struct lf_bytes text,
        struct lf_jsonschema **ret, struct lf_err *err)
{
    char absolute[PATH_MAX];
    struct mappings mappings;
    if (realpath(path, absolute) == NULL)
        return lf_fail(err, LF_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
    struct lf_bytes uri = file_uri(absolute, arena);
    if (uri.ptr == NULL)
        return lf_no_memory(err);
    enum lf_status st = read_mappings(files, uri, absolute, arena, &mappings, err);
    if (st != LF_OK)
        return st;
    const struct lf_jsonschema_options options = {
        .base_uri = uri,
        .draft = files->draft,
        .assert_formats = files->assert_formats,
        .resolve = resolve,
        .user = &mappings,
    };
    st = lf_jsonschema_compile(&options, text, ret, err);
    if (st != LF_OK)
        lf_err_context(err, "%s", path);
    return st;
}

enum lf_status
lf_jsonschema_load(const struct lf_jsonschema_files *files, const char *path, struct lf_jsonschema **ret,
                   struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_buf text;
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&text, SCHEMA_BYTES_MAX);
    enum lf_status st = lf_file_read(path, &text, err);
    if (st == LF_OK)
        st = compile(files, path, &arena, lf_buf_view(&text), ret, err);
    lf_buf_release(&text);
    lf_arena_release(&arena);
    return st;
}
