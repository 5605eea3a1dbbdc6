/* flock(2) on a file that holds the owner's process id for people to read. */
#include "server/lock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct lf_lock {
    int fd;
};

static enum lf_status
busy(int fd, const char *path, const char *purpose, struct lf_err *err)
{
    char owner[32] = "unknown";
    ssize_t n = pread(fd, owner, sizeof(owner) - 1, 0);
    if (n > 0) {
        owner[n] = '\0';
        owner[strcspn(owner, "\n")] = '\0';
    }
    return lf_fail(err, LF_BUSY, "%s is in use by %s of process %s; stop it first or use another folder", path, purpose,
                   owner);
}

static enum lf_status
write_owner(int fd, const char *path, struct lf_err *err)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return lf_fail(err, errno == ENOSPC ? LF_UNAVAILABLE : LF_IO, "cannot write %s: %s", path, strerror(errno));
    return LF_OK;
}

enum lf_status
lf_lock_take(const char *path, const char *purpose, struct lf_lock **ret, struct lf_err *err)
{
    struct lf_lock *lock = lf_malloc(sizeof(*lock));
    if (lock == NULL)
        return lf_no_memory(err);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    enum lf_status st = LF_OK;
    if (lock->fd < 0)
        st = lf_fail(err, errno == EACCES || errno == EROFS || errno == EPERM ? LF_DENIED : LF_IO,
                     "cannot open lock file %s: %s", path, strerror(errno));
    else if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0)
        st = errno == EWOULDBLOCK ? busy(lock->fd, path, purpose, err)
                                  : lf_fail(err, LF_IO, "cannot lock %s: %s", path, strerror(errno));
    else
        st = write_owner(lock->fd, path, err);
    if (st != LF_OK) {
        lf_lock_release(lock);
        return st;
    }
    *ret = lock;
    return LF_OK;
}

void
lf_lock_release(struct lf_lock *lock)
{
    if (lock == NULL)
        return;
    if (lock->fd >= 0)
        close(lock->fd); /* releases the lock */
    lf_free(lock);
}
