/* The Confluent REST API, version 7, as a back end. Answers are read in answer.c, requests go out in http.c. */
#include "base/mem.h"
#include "codec/registry/answer.h"
#include "codec/registry/backend.h"
#include "codec/registry/http.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 3, BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 2000, PATH_MAX_BYTES = 8 * LF_REGISTRY_NAME_BYTES_MAX };

struct rest {
    struct lf_registry base;
    pthread_mutex_t lock; /* one request at a time: held while asking */
    struct lf_asker *asker;
    int tries;
};

/* ---- opening ---- */

static void
rest_close(struct lf_registry *base)
{
    struct rest *rest = (struct rest *)base;
    lf_asker_free(rest->asker);
    pthread_mutex_destroy(&rest->lock);
    lf_free(rest);
}

static enum lf_status
rest_open(const struct lf_registry_options *options, struct lf_registry **ret, struct lf_err *err)
{
    struct rest *rest = lf_calloc(1, sizeof(*rest));
    if (rest == NULL)
        return lf_no_memory(err);
    int rc = pthread_mutex_init(&rest->lock, NULL);
    if (rc != 0) {
        lf_free(rest);
        return lf_fail(err, LF_INTERNAL, "cannot make a mutex: %s", strerror(rc));
    }
    rest->tries = options->tries > 0 ? options->tries : TRIES;
    enum lf_status st = lf_asker_new(options, &rest->asker, err);
    if (st != LF_OK) {
        rest_close(&rest->base);
        return st;
    }
    *ret = (struct lf_registry *)rest;
    return LF_OK;
}

/* ---- asking ---- */

static bool
is_passing(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

/* The status of an answer that is no success, with the registry's own words. */
static enum lf_status
judge(const struct rest *rest, int http, struct lf_bytes body, struct lf_arena *arena, struct lf_err *err)
{
    struct lf_bytes message;
    int64_t code = lf_answer_error(body, arena, &message);
    enum lf_status st = LF_UNSUPPORTED;
    if (is_passing(http) || http < 300)
        st = LF_UNAVAILABLE;
    else if (http == 401 || http == 403)
        st = LF_DENIED;
    else if (http == 404 && code / 100 == 404)
        st = LF_NOT_FOUND;
    else if (http == 409)
        st = LF_CONFLICT;
    else if (http == 422)
        st = LF_INVALID;
    else if (http == 404 ||
             http < 400) /* somebody else answers, or there is no such path: says nothing of the schema */
        st = LF_UNAVAILABLE;
    if (code != 0)
        return lf_fail(err, st, "%s answers %d: %.*s (%" PRId64 ")", rest->base.name, http, LF_FMT(message), code);
    return lf_fail(err, st, "%s answers %d%s%.*s%s", rest->base.name, http, message.len != 0 ? ": " : "",
                   LF_FMT(message), st == LF_UNAVAILABLE && http == 404 ? ": is the URL that of a registry?" : "");
}

/* Asks until there is an answer that stays, waiting in between; the lock is held. */
static enum lf_status
ask_again(struct rest *rest, const char *method, const char *path, struct lf_bytes body, struct lf_reply *reply,
          struct lf_err *err)
{
    struct lf_backoff backoff;
    lf_backoff_init(&backoff, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    for (int tries = 1;; tries++) {
        enum lf_status st = lf_asker_ask(rest->asker, &rest->base.gate, method, path, body, reply, err);
        bool again = st == LF_UNAVAILABLE || (st == LF_OK && is_passing(reply->status));
        if (!again || tries >= rest->tries)
            return st;
        if (lf_gate_wait(&rest->base.gate, lf_backoff_next(&backoff)))
            return lf_fail(err, LF_CLOSED, "stopped while waiting for %s", rest->base.name);
    }
}

/* One question; *ret_body in arena. */
static enum lf_status
ask(struct lf_registry *base, const char *method, const char *path, struct lf_bytes body, struct lf_arena *arena,
    struct lf_bytes *ret_body, struct lf_err *err)
{
    struct rest *rest = (struct rest *)base;
    struct lf_reply reply = {0};
    lf_buf_init(&reply.body, LF_REGISTRY_ANSWER_BYTES_MAX);
    pthread_mutex_lock(&rest->lock);
    enum lf_status st = ask_again(rest, method, path, body, &reply, err);
    pthread_mutex_unlock(&rest->lock);
    struct lf_bytes kept = LF_BYTES_NONE;
    if (st == LF_OK) {
        kept = lf_arena_copy(arena, lf_buf_view(&reply.body));
        if (kept.ptr == NULL)
            st = lf_no_memory(err);
    }
    lf_buf_release(&reply.body);
    if (st == LF_OK && (reply.status < 200 || reply.status > 299))
        st = judge(rest, reply.status, kept, arena, err);
    if (st == LF_OK)
        *ret_body = kept;
    return st;
}

/* ---- paths and bodies ---- */

/* Appends text as one segment of a path (RFC 3986, section 2.3). */
static void
add_segment(struct lf_buf *out, struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '~' || (c == '.' && text.len > 2); /* "." and ".." would be taken for steps */
        if (plain)
            lf_buf_add_char(out, c);
        else
            lf_buf_printf(out, "%%%02X", (unsigned char)c);
    }
}

/* before + subject + after, ended by NUL, in arena; NULL out of memory. */
static const char *
make_path(const char *before, struct lf_bytes subject, const char *after, struct lf_arena *arena)
{
    struct lf_buf out;
    lf_buf_init(&out, PATH_MAX_BYTES);
    lf_buf_add_text(&out, before);
    add_segment(&out, subject);
    lf_buf_add_text(&out, after);
    const char *path = out.failed == LF_OK ? lf_arena_text(arena, lf_buf_view(&out)) : NULL;
    lf_buf_release(&out);
    return path;
}

static const char *
version_text(int32_t version, char out[16])
{
    if (version == LF_REGISTRY_LATEST)
        return "latest";
    snprintf(out, 16, "%" PRId32, version);
    return out;
}

/* Sends a schema to a path. */
static enum lf_status
send_schema(struct lf_registry *base, const char *path, const struct lf_schema_text *schema, struct lf_arena *arena,
            struct lf_bytes *ret_body, struct lf_err *err)
{
    struct lf_buf body;
    if (path == NULL)
        return lf_no_memory(err);
    lf_buf_init(&body, 2 * LF_REGISTRY_ANSWER_BYTES_MAX);
    lf_answer_write_schema(&body, schema);
    enum lf_status st = lf_buf_status(&body, err);
    if (st == LF_OK)
        st = ask(base, "POST", path, lf_buf_view(&body), arena, ret_body, err);
    lf_buf_release(&body);
    return st;
}

/* ---- operations ---- */

static enum lf_status
get_schema(struct lf_registry *base, const char *path, struct lf_arena *arena, struct lf_registered *ret,
           struct lf_err *err)
{
    struct lf_bytes body;
    enum lf_status st = path != NULL ? ask(base, "GET", path, LF_BYTES_NONE, arena, &body, err) : lf_no_memory(err);
    return st == LF_OK ? lf_answer_schema(body, arena, ret, err) : st;
}

static enum lf_status
rest_by_id(struct lf_registry *base, uint32_t id, struct lf_arena *arena, struct lf_schema_text *ret,
           struct lf_err *err)
{
    struct lf_registered found;
    char path[48];
    snprintf(path, sizeof(path), "/schemas/ids/%" PRIu32, id);
    enum lf_status st = get_schema(base, path, arena, &found, err);
    if (st == LF_OK)
        *ret = found.schema;
    return st;
}

static enum lf_status
rest_by_guid(struct lf_registry *base, const char *guid, struct lf_arena *arena, struct lf_schema_text *ret,
             struct lf_err *err)
{
    struct lf_registered found;
    char path[80];
    snprintf(path, sizeof(path), "/schemas/guids/%s", guid);
    enum lf_status st = get_schema(base, path, arena, &found, err);
    if (st == LF_OK)
        *ret = found.schema;
    return st;
}

static enum lf_status
rest_version(struct lf_registry *base, struct lf_bytes subject, int32_t version, struct lf_arena *arena,
             struct lf_registered *ret, struct lf_err *err)
{
    char number[16], after[64];
    snprintf(after, sizeof(after), "/versions/%s%s", version_text(version, number),
             version == LF_REGISTRY_LATEST ? "" : "?deleted=true");
    return get_schema(base, make_path("/subjects/", subject, after, arena), arena, ret, err);
}

static enum lf_status
rest_versions(struct lf_registry *base, struct lf_bytes subject, struct lf_arena *arena, int32_t **ret_versions,
              size_t *ret_count, struct lf_err *err)
{
    struct lf_bytes body;
    const char *path = make_path("/subjects/", subject, "/versions", arena);
    enum lf_status st = path != NULL ? ask(base, "GET", path, LF_BYTES_NONE, arena, &body, err) : lf_no_memory(err);
    return st == LF_OK ? lf_answer_versions(body, arena, ret_versions, ret_count, err) : st;
}

static enum lf_status
rest_lookup(struct lf_registry *base, struct lf_bytes subject, const struct lf_schema_text *schema, uint32_t *ret_id,
            int32_t *ret_version, struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_bytes body;
    lf_arena_init(&arena, 0, 0);
    const char *path = make_path("/subjects/", subject, "", &arena);
    enum lf_status st = send_schema(base, path, schema, &arena, &body, err);
    if (st == LF_OK)
        st = lf_answer_id(body, &arena, ret_id, ret_version, err);
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
rest_enroll(struct lf_registry *base, struct lf_bytes subject, const struct lf_schema_text *schema, uint32_t *ret_id,
            struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_bytes body;
    lf_arena_init(&arena, 0, 0);
    const char *path = make_path("/subjects/", subject, "/versions", &arena);
    enum lf_status st = send_schema(base, path, schema, &arena, &body, err);
    if (st == LF_OK)
        st = lf_answer_id(body, &arena, ret_id, NULL, err);
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
get_level(struct lf_registry *base, const char *path, struct lf_arena *arena, enum lf_compat_level *ret,
          struct lf_err *err)
{
    struct lf_bytes body;
    enum lf_status st = path != NULL ? ask(base, "GET", path, LF_BYTES_NONE, arena, &body, err) : lf_no_memory(err);
    return st == LF_OK ? lf_answer_level(body, arena, ret, err) : st;
}

static enum lf_status
rest_level(struct lf_registry *base, struct lf_bytes subject, enum lf_compat_level *ret, struct lf_err *err)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = get_level(base, make_path("/config/", subject, "", &arena), &arena, ret, err);
    if (st == LF_NOT_FOUND)
        st = get_level(base, "/config", &arena, ret, err);
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
rest_set_level(struct lf_registry *base, struct lf_bytes subject, enum lf_compat_level level, struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_bytes answer;
    lf_arena_init(&arena, 0, 0);
    const char *path = make_path("/config/", subject, "", &arena);
    char body[64];
    int len = snprintf(body, sizeof(body), "{\"compatibility\":\"%s\"}", lf_compat_level_name(level));
    enum lf_status st =
        path != NULL ? ask(base, "PUT", path, lf_bytes(body, (size_t)len), &arena, &answer, err) : lf_no_memory(err);
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
rest_compatible(struct lf_registry *base, struct lf_bytes subject, int32_t version, const struct lf_schema_text *schema,
                struct lf_arena *arena, bool *ret_compatible, struct lf_bytes *ret_why, struct lf_err *err)
{
    char number[16], after[64];
    struct lf_bytes body;
    snprintf(after, sizeof(after), "/versions%s%s?verbose=true", version != 0 ? "/" : "",
             version != 0 ? version_text(version, number) : "");
    const char *path = make_path("/compatibility/subjects/", subject, after, arena);
    enum lf_status st = send_schema(base, path, schema, arena, &body, err);
    return st == LF_OK ? lf_answer_compatible(body, arena, ret_compatible, ret_why, err) : st;
}

const struct lf_registry_ops lf_registry_rest = {
    .open = rest_open,
    .close = rest_close,
    .by_id = rest_by_id,
    .by_guid = rest_by_guid,
    .version = rest_version,
    .versions = rest_versions,
    .lookup = rest_lookup,
    .level = rest_level,
    .compatible = rest_compatible,
    .enroll = rest_enroll,
    .set_level = rest_set_level,
};
