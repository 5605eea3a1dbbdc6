/* The log's directory, and the lock file that says which process owns its writing. */
#include "log/embedded/embedded.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum lf_status
system_failure(struct lf_err *err, int code, const char *what, const char *path)
{
    enum lf_status status = LF_IO;
    if (code == EACCES || code == EPERM || code == EROFS)
        status = LF_DENIED;
    else if (code == ENOSPC || code == EDQUOT)
        status = LF_UNAVAILABLE;
    else if (code == ENOTDIR || code == ENAMETOOLONG || code == EEXIST)
        status = LF_INVALID;
    return lf_fail(err, status, "%s '%.200s': %s", what, path, strerror(code));
}

/* The new name must survive a power cut, or the log in it would not. */
static void
sync_parent(char *path, char *slash)
{
    const char *parent = ".";
    if (slash == path)
        parent = "/";
    else if (slash != NULL) {
        *slash = '\0';
        parent = path;
    }
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    if (slash != NULL)
        *slash = '/';
}

static int
make_one(char *path, char *parent_end)
{
    if (mkdir(path, 0750) != 0) {
        int code = errno;
        struct stat info;
        return stat(path, &info) == 0 ? (S_ISDIR(info.st_mode) ? 0 : ENOTDIR) : code;
    }
    sync_parent(path, parent_end);
    return 0;
}

enum lf_status
lf_emb_make_directory(const char *dir, struct lf_err *err)
{
    char *path = lf_strdup(dir);
    if (path == NULL)
        return lf_no_memory(err);
    int code = 0;
    char *parent_end = path[0] == '/' ? path : NULL;
    for (char *at = path + 1; code == 0 && path[0] != '\0'; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char was = *at;
        *at = '\0';
        code = make_one(path, parent_end);
        *at = was;
        if (was == '\0')
            break;
        parent_end = at;
    }
    lf_free(path);
    return code == 0 ? LF_OK : system_failure(err, code, "directory of the log", dir);
}

/* ---- the owner ---- */

static enum lf_status
refuse(struct lf_err *err, const struct lf_emb_log *log, int fd)
{
    char text[32] = "";
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
    long pid = len > 0 ? strtol(text, NULL, 10) : 0;
    if (pid > 0)
        return lf_fail(err, LF_BUSY, "log '%.200s' is in use by process %ld: stop it, or use another directory",
                       log->dir, pid);
    return lf_fail(err, LF_BUSY, "log '%.200s' is in use by another process: stop it, or use another directory",
                   log->dir);
}

enum lf_status
lf_emb_lock(struct lf_emb_log *log, struct lf_err *err)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof(path), "%s/lock", log->dir) >= sizeof(path))
        return lf_fail(err, LF_INVALID, "the path of log '%.200s' is too long", log->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return system_failure(err, errno, "lock file of the log", path);
    enum lf_status st = LF_OK;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int code = errno;
        st = code == EWOULDBLOCK ? refuse(err, log, fd) : system_failure(err, code, "lock file of the log", path);
    }
    if (st != LF_OK) {
        close(fd);
        return st;
    }
    /* The number is for people; a full disk that does not take it changes nothing. */
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    bool written = ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len;
    (void)written;
    log->lock_fd = fd;
    return LF_OK;
}

void
lf_emb_unlock(struct lf_emb_log *log)
{
    if (log->lock_fd < 0)
        return;
    close(log->lock_fd); /* the file stays: removing it would race with the next owner */
    log->lock_fd = -1;
}
