/* Files and folders, by POSIX. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536, PATH_BYTES = 4096 };

/* A failed call as a status: who can do something about it? */
static enum lf_status
status_of(int code)
{
    switch (code) {
    case EACCES:
    case EPERM:
    case EROFS: return LF_DENIED;
    case ENOENT: return LF_NOT_FOUND;
    case EISDIR: return LF_INVALID;
    case ENOSPC:
    case EDQUOT: return LF_UNAVAILABLE;
    default: return LF_IO;
    }
}

/* ---- reading ---- */

/* Reads one byte more than out may hold, so that what is too large is told from what just fits. */
static enum lf_status
read_all(int fd, const char *path, struct lf_buf *out, struct lf_err *err)
{
    for (;;) {
        size_t left = out->max - out->len;
        char beyond = 0;
        char *room = left != 0 ? lf_buf_reserve(out, left < CHUNK ? left : CHUNK) : &beyond;
        if (room == NULL) {
            enum lf_status st = lf_buf_status(out, err);
            lf_err_context(err, "%s", path);
            return st;
        }
        ssize_t n = read(fd, room, room == &beyond ? 1 : left < CHUNK ? left : CHUNK);
        if (n == 0)
            return LF_OK;
        if (n < 0 && errno != EINTR)
            return lf_fail(err, status_of(errno), "cannot read %s: %s", path, strerror(errno));
        if (n > 0 && room == &beyond)
            return lf_fail(err, LF_LIMIT, "%s is larger than %zu bytes", path, out->max);
        if (n > 0)
            lf_buf_commit(out, (size_t)n);
    }
}

enum lf_status
lf_file_read(const char *path, struct lf_buf *out, struct lf_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lf_fail(err, errno == EACCES ? LF_DENIED : LF_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
    enum lf_status st = read_all(fd, path, out, err);
    close(fd);
    return st;
}

/* ---- writing ---- */

static int
write_all(int fd, struct lf_bytes content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.ptr, content.len);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            content = lf_bytes(content.ptr + n, content.len - (size_t)n);
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Makes what happened in the file's folder durable. */
static int
sync_folder_of(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(folder, sizeof(folder), "%.*s", len, slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int code = fsync(fd) == 0 || errno == EINVAL ? 0 : errno; /* some file systems have no such thing */
    close(fd);
    return code;
}

/* Gives 0, or why not; then there is nothing left of it. */
static int
write_beside(const char *path, const char *beside, struct lf_bytes content)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno;
    int code = write_all(fd, content);
    if (close(fd) != 0 && code == 0)
        code = errno;
    if (code == 0 && rename(beside, path) != 0)
        code = errno;
    if (code != 0)
        (void)unlink(beside);
    return code;
}

enum lf_status
lf_file_write(const char *path, struct lf_bytes content, struct lf_err *err)
{
    char beside[PATH_BYTES];
    int len = snprintf(beside, sizeof(beside), "%s.new", path);
    int code = len < 0 || (size_t)len >= sizeof(beside) ? ENAMETOOLONG : write_beside(path, beside, content);
    if (code == 0)
        code = sync_folder_of(path);
    return code == 0 ? LF_OK : lf_fail(err, status_of(code), "cannot write %s: %s", path, strerror(code));
}

/* ---- folders ---- */

/* Gives 0 if the folder is there in the end, or why not. */
static int
make_one(const char *path)
{
    struct stat info;
    if (mkdir(path, 0755) == 0)
        return 0;
    if (errno != EEXIST || stat(path, &info) != 0)
        return errno;
    return S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
}

enum lf_status
lf_folder_make(const char *path, struct lf_err *err)
{
    char copy[PATH_BYTES];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(copy))
        return lf_fail(err, LF_INVALID, "the name of the folder is empty or too long");
    memcpy(copy, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (copy[i] != '/' && copy[i] != '\0')
            continue;
        char kept = copy[i];
        copy[i] = '\0';
        int code = make_one(copy);
        if (code != 0)
            return lf_fail(err, status_of(code) == LF_DENIED ? LF_DENIED : LF_IO, "cannot make the folder %s: %s", copy,
                           strerror(code));
        copy[i] = kept;
    }
    return LF_OK;
}
