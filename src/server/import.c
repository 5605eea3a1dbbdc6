/* Events into a log: lines in order, a batch acknowledged whole before the next. */
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/import_line.h"
#include "server/outlet.h"
#include "server/transfer.h"

#include <errno.h>
#include <string.h>

enum {
    BATCH_LINES = 1000,
    CHUNK = 64 * 1024,
    ENSURE_TIMEOUT_MS = 60000,
    TOPICS_MAX = 1000,
};

struct import {
    const struct lf_import_options *options;
    struct lf_import_result *result;
    struct lf_outlet outlet;
    struct lf_store_session *session; /* NULL: nothing is looked up */
    struct lf_arena arena;            /* of a line */
    struct lf_arena names;
    struct lf_map topics; /* those that exist */
    struct lf_buf text;   /* read and not used up */
    size_t at;
    bool ended;
    int64_t bytes;
    int64_t line; /* number of the latest */
};

/* ---- lines ---- */

static enum lf_status
read_chunk(struct import *import, struct lf_err *err)
{
    size_t left = import->text.len - import->at;
    if (import->at != 0) {
        memmove(import->text.ptr, import->text.ptr + import->at, left);
        import->text.len = left;
        import->at = 0;
    }
    char *room = lf_buf_reserve(&import->text, CHUNK);
    if (room == NULL) {
        enum lf_status st = lf_buf_status(&import->text, err);
        return st == LF_LIMIT ? lf_fail(err, LF_LIMIT, "line %lld is longer than %d bytes", (long long)import->line + 1,
                                        LF_RECORD_BYTES_MAX)
                              : st;
    }
    size_t n = fread(room, 1, CHUNK, import->options->file);
    if (n == 0 && ferror(import->options->file))
        return lf_fail(err, LF_IO, "cannot read line %lld: %s", (long long)import->line + 1, strerror(errno));
    lf_buf_commit(&import->text, n);
    import->ended = n == 0;
    return LF_OK;
}

/* The next line without its end; valid until the next call. ptr NULL: there is none. */
static enum lf_status
next_line(struct import *import, struct lf_bytes *ret, struct lf_err *err)
{
    size_t looked = 0;
    for (;;) {
        size_t left = import->text.len - import->at;
        const char *from = left != 0 ? import->text.ptr + import->at : NULL;
        const char *end = left > looked ? memchr(from + looked, '\n', left - looked) : NULL;
        if (end != NULL || (import->ended && left != 0)) {
            size_t len = end != NULL ? (size_t)(end - from) : left;
            import->at += len + (end != NULL);
            import->bytes += (int64_t)len + 1;
            import->line++;
            *ret = lf_bytes(from, len);
            return LF_OK;
        }
        looked = left;
        if (import->ended) {
            *ret = LF_BYTES_NONE;
            return LF_OK;
        }
        enum lf_status st = read_chunk(import, err);
        if (st != LF_OK)
            return st;
    }
}

/* ---- appending ---- */

/* Everything up to the latest line is durable, or the import has failed. */
static enum lf_status
settle(struct import *import, int64_t line, struct lf_err *err)
{
    enum lf_status st = lf_outlet_settle(&import->outlet, err);
    if (st == LF_OK && line > import->result->after)
        import->result->after = line;
    return st;
}

static enum lf_status
ensure_topic(struct import *import, struct lf_bytes topic, struct lf_err *err)
{
    if (lf_map_get(&import->topics, topic) != NULL)
        return LF_OK;
    if (import->topics.count == TOPICS_MAX)
        return lf_fail(err, LF_LIMIT, "more than %d topics", TOPICS_MAX);
    enum lf_status st = lf_log_ensure_topic(import->options->log, topic, ENSURE_TIMEOUT_MS, err);
    if (st != LF_OK)
        return st;
    struct lf_bytes copy = lf_arena_copy(&import->names, topic);
    if (copy.ptr == NULL || lf_map_add(&import->topics, copy, import) != LF_OK)
        return lf_no_memory(err);
    return LF_OK;
}

static enum lf_status
append(struct import *import, const struct lf_record *record, struct lf_err *err)
{
    enum lf_status st = ensure_topic(import, record->topic, err);
    return st == LF_OK ? lf_outlet_append(&import->outlet, record, NULL, err) : st;
}

static enum lf_status
is_present(struct import *import, struct lf_bytes id, bool *ret, struct lf_err *err)
{
    struct lf_stored_event stored = {0};
    struct lf_err why = {0};
    *ret = false;
    if (import->session == NULL)
        return LF_OK;
    enum lf_status st = lf_store_event(import->session, id, &import->arena, &stored, &why);
    *ret = st == LF_OK && stored.status == LF_EVENT_STORED;
    return st == LF_OK || st == LF_NOT_FOUND ? LF_OK : lf_fail(err, st, "%s", why.text);
}

static enum lf_status
take_event(struct import *import, struct lf_bytes line, struct lf_err *err)
{
    struct lf_record record;
    struct lf_bytes id;
    bool present = false;
    enum lf_status st = lf_import_line(line, import->options->topic, &import->arena, &record, &id, err);
    if (st == LF_OK)
        st = is_present(import, id, &present, err);
    if (st != LF_OK)
        return st;
    if (present) {
        import->result->present++;
        return LF_OK;
    }
    return append(import, &record, err);
}

/* A line that is no event: told, and the end unless it is to be skipped. */
static enum lf_status
refuse(struct import *import, const struct lf_err *why, struct lf_err *err)
{
    const struct lf_import_options *options = import->options;
    import->result->invalid++;
    if (options->invalid != NULL)
        options->invalid(options->ctx, import->line, why->text);
    if (options->skip_invalid)
        return LF_OK;
    return lf_fail(err, LF_INVALID, "line %lld is no event", (long long)import->line);
}

static enum lf_status
take_line(struct import *import, struct lf_bytes line, struct lf_err *err)
{
    struct lf_err why = {0};
    if (import->line <= import->options->after || lf_bytes_trim(line).len == 0)
        return LF_OK;
    lf_arena_reset(&import->arena);
    enum lf_status st = take_event(import, line, &why);
    if (st == LF_OK)
        return LF_OK;
    if (lf_status_fate(st) == LF_FATE_REJECT && st != LF_NOT_FOUND) /* a missing topic is not the line's fault */
        return refuse(import, &why, err);
    return lf_fail(err, st, "%s", why.text);
}

static enum lf_status
take_lines(struct import *import, struct lf_err *err)
{
    for (;;) {
        struct lf_bytes line;
        enum lf_status st = next_line(import, &line, err);
        if (st != LF_OK || line.ptr == NULL)
            return st;
        st = take_line(import, line, err);
        if (st != LF_OK)
            return st;
        if (import->line % BATCH_LINES != 0)
            continue;
        st = settle(import, import->line, err);
        int64_t total = import->options->file_bytes;
        if (st == LF_OK)
            st = lf_progress_tell(&import->options->progress, "import", import->bytes,
                                  total >= import->bytes ? total : -1, err);
        if (st != LF_OK)
            return st;
    }
}

static enum lf_status
run(struct import *import, struct lf_err *err)
{
    const struct lf_import_options *options = import->options;
    enum lf_status st = lf_outlet_open(&import->outlet, options->log, err);
    if (st == LF_OK && options->store != NULL)
        st = lf_store_session_open(options->store, false, &import->session, err);
    if (st != LF_OK)
        return st;
    st = take_lines(import, err);
    /* what came before a line that failed counts all the same */
    enum lf_status settled = settle(import, st == LF_OK ? import->line : import->line - 1, st == LF_OK ? err : NULL);
    return st == LF_OK ? settled : st;
}

enum lf_status
lf_import(const struct lf_import_options *options, struct lf_import_result *ret, struct lf_err *err)
{
    struct lf_import_result result = {.after = options->after};
    struct import import = {.options = options, .result = &result};
    lf_arena_init(&import.arena, 64 * 1024, 0);
    lf_arena_init(&import.names, 0, 0);
    lf_map_init(&import.topics);
    lf_buf_init(&import.text, LF_RECORD_BYTES_MAX);
    enum lf_status st = run(&import, err);
    lf_outlet_close(&import.outlet);
    result.imported = import.outlet.durable;
    lf_store_session_close(import.session);
    lf_buf_release(&import.text);
    lf_map_release(&import.topics);
    lf_arena_release(&import.names);
    lf_arena_release(&import.arena);
    *ret = result;
    return st;
}
