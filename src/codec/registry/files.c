/*
 * A folder of schemas as a registry (files:DIR): DIR/registry.lock.json says what is registered (shelf.h), DIR/schemas/
 * holds the texts, DIR/.lock is what writers of several processes lock each other out with (flock). Readers need no
 * lock: the lock file is replaced as a whole, after the texts that it names. Nothing is kept in memory: what another
 * process registers is there with the next call.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/registry/backend.h"
#include "codec/registry/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 10000, LOCK_SLICE_MS = 10, FOLDER_BYTES = 3072, PATH_BYTES = 8192 };
#define SHELF_FILE "registry.lock.json"

struct folder {
    struct lf_registry base;
    bool read_only;
    char path[FOLDER_BYTES];
};

/* ---- opening ---- */

static void
files_close(struct lf_registry *base)
{
    lf_free(base);
}

static enum lf_status
make_ready(struct folder *folder, struct lf_err *err)
{
    char schemas[PATH_BYTES];
    struct stat info;
    if (!folder->read_only) {
        snprintf(schemas, sizeof(schemas), "%s/schemas", folder->path);
        return lf_folder_make(schemas, err);
    }
    if (stat(folder->path, &info) != 0 || !S_ISDIR(info.st_mode))
        return lf_fail(err, LF_NOT_FOUND, "there is no folder of schemas %s", folder->path);
    return LF_OK;
}

static enum lf_status
files_open(const struct lf_registry_options *options, struct lf_registry **ret, struct lf_err *err)
{
    const char *path = options->url + strlen("files:");
    size_t len = strlen(path);
    struct folder *folder = lf_calloc(1, sizeof(*folder));
    if (folder == NULL)
        return lf_no_memory(err);
    enum lf_status st = LF_OK;
    folder->read_only = options->read_only;
    if (len == 0 || len >= sizeof(folder->path))
        st = lf_fail(err, LF_INVALID, "files:DIR names no folder, or its name is too long");
    else
        memcpy(folder->path, path, len + 1);
    if (st == LF_OK)
        st = make_ready(folder, err);
    if (st != LF_OK) {
        lf_free(folder);
        return st;
    }
    *ret = (struct lf_registry *)folder;
    return LF_OK;
}

/* ---- reading ---- */

static void
path_in(const struct folder *folder, struct lf_bytes name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%.*s", folder->path, LF_FMT(name));
}

/* A file's content in arena. */
static enum lf_status
read_text(const struct folder *folder, struct lf_bytes name, size_t max, struct lf_arena *arena, struct lf_bytes *ret,
          struct lf_err *err)
{
    char path[PATH_BYTES];
    struct lf_buf text;
    path_in(folder, name, path);
    lf_buf_init(&text, max);
    enum lf_status st = lf_file_read(path, &text, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&text));
        st = ret->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&text);
    return st;
}

/* Where there is no lock file nothing is registered. */
static enum lf_status
load(const struct folder *folder, struct lf_arena *arena, struct lf_shelf *ret, struct lf_err *err)
{
    struct lf_bytes text;
    struct lf_err local = {0};
    enum lf_status st = read_text(folder, LF_LIT(SHELF_FILE), LF_SHELF_BYTES_MAX, arena, &text, &local);
    if (st == LF_NOT_FOUND) {
        lf_shelf_init(ret, arena);
        return LF_OK;
    }
    if (st == LF_OK)
        st = lf_shelf_read(ret, arena, text, &local);
    if (st == LF_OK)
        return LF_OK;
    lf_err_context(&local, "%s/" SHELF_FILE, folder->path);
    if (err != NULL)
        *err = local;
    return st;
}

/* The text of a schema, which is what was registered. */
static enum lf_status
load_schema(const struct folder *folder, const struct lf_shelf_schema *schema, struct lf_arena *arena,
            struct lf_schema_text *ret, struct lf_err *err)
{
    struct lf_bytes digest = LF_BYTES_NONE;
    struct lf_schema_text found = schema->schema;
    enum lf_status st = read_text(folder, schema->file, LF_REGISTRY_ANSWER_BYTES_MAX, arena, &found.text, err);
    if (st == LF_OK)
        st = lf_shelf_digest(&found, arena, &digest, err);
    if (st == LF_NO_MEMORY)
        return st;
    if (st != LF_OK || !lf_bytes_equal(digest, schema->digest))
        return lf_fail(err, LF_CORRUPT, "%s/%.*s is not what was registered as id %" PRIu32 ": bring it back",
                       folder->path, LF_FMT(schema->file), schema->id);
    *ret = found;
    return LF_OK;
}

static enum lf_status
files_by_id(struct lf_registry *base, uint32_t id, struct lf_arena *arena, struct lf_schema_text *ret,
            struct lf_err *err)
{
    const struct folder *folder = (const struct folder *)base;
    struct lf_shelf shelf;
    enum lf_status st = load(folder, arena, &shelf, err);
    if (st != LF_OK)
        return st;
    const struct lf_shelf_schema *schema = lf_shelf_schema(&shelf, id);
    if (schema == NULL)
        return lf_fail(err, LF_NOT_FOUND, "%s has no schema of id %" PRIu32, base->name, id);
    return load_schema(folder, schema, arena, ret, err);
}

static enum lf_status
files_by_guid(struct lf_registry *base, const char *guid, struct lf_arena *arena, struct lf_schema_text *ret,
              struct lf_err *err)
{
    (void)arena, (void)ret;
    return lf_fail(err, LF_NOT_FOUND, "%s has no schema of GUID %s: files have none", base->name, guid);
}

/* The subject, or LF_NOT_FOUND. */
static enum lf_status
load_subject(struct lf_registry *base, struct lf_bytes name, struct lf_arena *arena, struct lf_shelf *shelf,
             struct lf_shelf_subject **ret, struct lf_err *err)
{
    enum lf_status st = load((const struct folder *)base, arena, shelf, err);
    if (st != LF_OK)
        return st;
    *ret = lf_shelf_subject(shelf, name);
    if (*ret == NULL || (*ret)->version_count == 0)
        return lf_fail(err, LF_NOT_FOUND, "%s has no subject %.*s", base->name, LF_FMT(name));
    return LF_OK;
}

static const struct lf_shelf_version *
find_version(const struct lf_shelf_subject *subject, int32_t version)
{
    if (version == LF_REGISTRY_LATEST && subject->version_count != 0)
        return &subject->versions[subject->version_count - 1];
    for (size_t i = 0; i < subject->version_count; i++) {
        if (subject->versions[i].version == version)
            return &subject->versions[i];
    }
    return NULL;
}

static enum lf_status
files_version(struct lf_registry *base, struct lf_bytes name, int32_t version, struct lf_arena *arena,
              struct lf_registered *ret, struct lf_err *err)
{
    struct lf_shelf shelf;
    struct lf_shelf_subject *subject = NULL;
    enum lf_status st = load_subject(base, name, arena, &shelf, &subject, err);
    if (st != LF_OK)
        return st;
    const struct lf_shelf_version *found = find_version(subject, version);
    if (found == NULL)
        return lf_fail(err, LF_NOT_FOUND, "subject %.*s has no version %" PRId32, LF_FMT(name), version);
    struct lf_registered registered = {.id = found->id, .version = found->version};
    st = load_schema((const struct folder *)base, lf_shelf_schema(&shelf, found->id), arena, &registered.schema, err);
    if (st == LF_OK)
        *ret = registered;
    return st;
}

static enum lf_status
files_versions(struct lf_registry *base, struct lf_bytes name, struct lf_arena *arena, int32_t **ret_versions,
               size_t *ret_count, struct lf_err *err)
{
    struct lf_shelf shelf;
    struct lf_shelf_subject *subject = NULL;
    enum lf_status st = load_subject(base, name, arena, &shelf, &subject, err);
    int32_t *versions = st == LF_OK ? LF_ARENA_ARRAY(arena, int32_t, subject->version_count) : NULL;
    if (st != LF_OK || versions == NULL)
        return st != LF_OK ? st : lf_no_memory(err);
    for (size_t i = 0; i < subject->version_count; i++)
        versions[i] = subject->versions[i].version;
    *ret_versions = versions;
    *ret_count = subject->version_count;
    return LF_OK;
}

static const struct lf_shelf_version *
version_of(const struct lf_shelf_subject *subject, uint32_t id)
{
    for (size_t i = 0; i < subject->version_count; i++) {
        if (subject->versions[i].id == id)
            return &subject->versions[i];
    }
    return NULL;
}

static enum lf_status
lookup(struct lf_registry *base, struct lf_bytes name, const struct lf_schema_text *schema, struct lf_arena *arena,
       uint32_t *ret_id, int32_t *ret_version, struct lf_err *err)
{
    struct lf_shelf shelf;
    struct lf_shelf_subject *subject = NULL;
    struct lf_bytes digest = LF_BYTES_NONE;
    enum lf_status st = load_subject(base, name, arena, &shelf, &subject, err);
    if (st == LF_OK)
        st = lf_shelf_digest(schema, arena, &digest, err);
    if (st != LF_OK)
        return st;
    const struct lf_shelf_schema *same = lf_shelf_same(&shelf, schema, digest);
    const struct lf_shelf_version *version = same != NULL ? version_of(subject, same->id) : NULL;
    if (version == NULL)
        return lf_fail(err, LF_NOT_FOUND, "subject %.*s of %s does not have this schema", LF_FMT(name), base->name);
    *ret_id = version->id;
    *ret_version = version->version;
    return LF_OK;
}

static enum lf_status
files_lookup(struct lf_registry *base, struct lf_bytes name, const struct lf_schema_text *schema, uint32_t *ret_id,
             int32_t *ret_version, struct lf_err *err)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lookup(base, name, schema, &arena, ret_id, ret_version, err);
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
files_level(struct lf_registry *base, struct lf_bytes name, enum lf_compat_level *ret, struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_shelf shelf;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = load((const struct folder *)base, &arena, &shelf, err);
    if (st == LF_OK) {
        const struct lf_shelf_subject *subject = lf_shelf_subject(&shelf, name);
        *ret = subject != NULL && subject->has_level ? subject->level : shelf.level;
    }
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
files_compatible(struct lf_registry *base, struct lf_bytes name, int32_t version, const struct lf_schema_text *schema,
                 struct lf_arena *arena, bool *ret_compatible, struct lf_bytes *ret_why, struct lf_err *err)
{
    (void)name, (void)version, (void)schema, (void)arena, (void)ret_compatible, (void)ret_why;
    return lf_fail(err, LF_UNSUPPORTED, "%s does not compare schemas itself", base->name);
}

/* ---- writing ---- */

/* Locks other writers out; ends with close(). */
static enum lf_status
lock(struct folder *folder, int *ret_fd, struct lf_err *err)
{
    char path[PATH_BYTES];
    if (folder->read_only)
        return lf_fail(err, LF_DENIED, "%s is open for reading only", folder->base.name);
    path_in(folder, LF_LIT(".lock"), path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return lf_fail(err, errno == EACCES || errno == EROFS || errno == EPERM ? LF_DENIED : LF_IO,
                       "cannot open %s: %s", path, strerror(errno));
    int64_t until = lf_clock_mono_ms() + LOCK_WAIT_MS;
    enum lf_status st = LF_OK;
    while (st == LF_OK && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            st = lf_fail(err, LF_IO, "cannot lock %s: %s", path, strerror(errno));
        else if (lf_gate_wait(&folder->base.gate, LOCK_SLICE_MS))
            st = lf_fail(err, LF_CLOSED, "stopped while waiting for %s", path);
        else if (lf_clock_mono_ms() > until)
            st = lf_fail(err, LF_UNAVAILABLE, "%s is held by another process", path);
    }
    if (st != LF_OK)
        close(fd);
    else
        *ret_fd = fd;
    return st;
}

static enum lf_status
save(const struct folder *folder, const struct lf_shelf *shelf, struct lf_err *err)
{
    char path[PATH_BYTES];
    struct lf_buf text;
    lf_buf_init(&text, LF_SHELF_BYTES_MAX);
    lf_shelf_write(&text, shelf);
    path_in(folder, LF_LIT(SHELF_FILE), path);
    enum lf_status st = lf_buf_status(&text, err);
    if (st == LF_OK)
        st = lf_file_write(path, lf_buf_view(&text), err);
    lf_buf_release(&text);
    return st;
}

/* The shelf's schema that is the same as this one, written now if there is none. */
static enum lf_status
shelve(const struct folder *folder, struct lf_shelf *shelf, const struct lf_schema_text *schema, uint32_t *ret_id,
       struct lf_err *err)
{
    char path[PATH_BYTES];
    struct lf_bytes digest;
    enum lf_status st = lf_shelf_digest(schema, shelf->arena, &digest, err);
    if (st != LF_OK)
        return st;
    const struct lf_shelf_schema *same = lf_shelf_same(shelf, schema, digest);
    if (same == NULL) {
        same = lf_shelf_add_schema(shelf, schema, digest);
        if (same == NULL)
            return lf_no_memory(err);
        path_in(folder, same->file, path);
        st = lf_file_write(path, schema->text, err);
    }
    *ret_id = same->id;
    return st;
}

/* What a schema refers to must be there. */
static enum lf_status
check_references(const struct lf_shelf *shelf, const struct lf_schema_text *schema, struct lf_err *err)
{
    for (size_t i = 0; i < schema->reference_count; i++) {
        const struct lf_schema_reference *reference = &schema->references[i];
        const struct lf_shelf_subject *subject = lf_shelf_subject(shelf, reference->subject);
        if (subject == NULL || find_version(subject, reference->version) == NULL)
            return lf_fail(err, LF_INVALID, "the schema refers to version %" PRId32 " of %.*s, which is not registered",
                           reference->version, LF_FMT(reference->subject));
    }
    return LF_OK;
}

/* The lock is held. */
static enum lf_status
enroll(const struct folder *folder, struct lf_bytes name, const struct lf_schema_text *schema, struct lf_arena *arena,
       uint32_t *ret_id, struct lf_err *err)
{
    struct lf_shelf shelf;
    uint32_t id = 0;
    enum lf_status st = load(folder, arena, &shelf, err);
    if (st == LF_OK)
        st = check_references(&shelf, schema, err);
    if (st == LF_OK)
        st = shelve(folder, &shelf, schema, &id, err);
    if (st != LF_OK)
        return st;
    struct lf_shelf_subject *subject = lf_shelf_subject(&shelf, name);
    if (subject == NULL || version_of(subject, id) == NULL) {
        if (subject == NULL)
            subject = lf_shelf_add_subject(&shelf, name);
        if (subject == NULL || !lf_shelf_add_version(&shelf, subject, id))
            return lf_no_memory(err);
        st = save(folder, &shelf, err);
    }
    if (st == LF_OK)
        *ret_id = id;
    return st;
}

static enum lf_status
files_enroll(struct lf_registry *base, struct lf_bytes name, const struct lf_schema_text *schema, uint32_t *ret_id,
             struct lf_err *err)
{
    struct folder *folder = (struct folder *)base;
    struct lf_arena arena;
    int fd = -1;
    enum lf_status st = lock(folder, &fd, err);
    if (st != LF_OK)
        return st;
    lf_arena_init(&arena, 0, 0);
    st = enroll(folder, name, schema, &arena, ret_id, err);
    lf_arena_release(&arena);
    close(fd);
    return st;
}

/* The lock is held. */
static enum lf_status
change_level(const struct folder *folder, struct lf_bytes name, enum lf_compat_level level, struct lf_arena *arena,
             struct lf_err *err)
{
    struct lf_shelf shelf;
    enum lf_status st = load(folder, arena, &shelf, err);
    if (st != LF_OK)
        return st;
    struct lf_shelf_subject *subject = lf_shelf_subject(&shelf, name);
    if (subject == NULL)
        subject = lf_shelf_add_subject(&shelf, name);
    if (subject == NULL)
        return lf_no_memory(err);
    subject->has_level = true;
    subject->level = level;
    return save(folder, &shelf, err);
}

static enum lf_status
files_set_level(struct lf_registry *base, struct lf_bytes name, enum lf_compat_level level, struct lf_err *err)
{
    struct folder *folder = (struct folder *)base;
    struct lf_arena arena;
    int fd = -1;
    enum lf_status st = lock(folder, &fd, err);
    if (st != LF_OK)
        return st;
    lf_arena_init(&arena, 0, 0);
    st = change_level(folder, name, level, &arena, err);
    lf_arena_release(&arena);
    close(fd);
    return st;
}

const struct lf_registry_ops lf_registry_files = {
    .open = files_open,
    .close = files_close,
    .by_id = files_by_id,
    .by_guid = files_by_guid,
    .version = files_version,
    .versions = files_versions,
    .lookup = files_lookup,
    .level = files_level,
    .compatible = files_compatible,
    .enroll = files_enroll,
    .set_level = files_set_level,
};
