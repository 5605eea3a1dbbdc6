/*
 * A disk for tests, not part of the product: stands between SQLite and the files of this process.
 *
 * LOGFIRST_DISK names a file of the test's. While it exists, the log's files cannot be written (its first byte is f:
 * ENOSPC), or not be synced (s: EIO). The crash points log.written, log.syncing and log.synced are here as well. With
 * LOGFIRST_CRASH_BY=power what was written since the last fdatasync of a file is taken back before the process ends:
 * the least that a disk may keep.
 */
#include "log/embedded/embedded.h"

#include "base/crash.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct undo { /* one write that no sync has made durable, newest first */
    struct undo *next;
    ino_t file;
    int fd;
    off_t at;
    off_t size; /* of the file before */
    size_t len;
    char before[]; /* zeros beyond its end */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct undo *undos;
static const char *fault_file;
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);

int fdatasync(int fd);
int fsync(int fd);

static char
fault(void)
{
    char what = '\0';
    int fd = fault_file != NULL ? open(fault_file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return what;
    if (read(fd, &what, 1) != 1)
        what = '\0';
    close(fd);
    return what;
}

static bool
is_log(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    if (len <= 0)
        return false;
    path[len] = '\0';
    const char *name = strrchr(path, '/');
    return name != NULL && (strcmp(name, "/log.db") == 0 || strcmp(name, "/log.db-wal") == 0);
}

static void
remember(int fd, size_t len, off_t at)
{
    struct stat stat;
    struct undo *undo = lf_calloc(1, sizeof(*undo) + len);
    LF_ASSERT(undo != NULL && fstat(fd, &stat) == 0);
    undo->next = undos;
    undo->file = stat.st_ino;
    undo->fd = fd;
    undo->at = at;
    undo->size = stat.st_size;
    undo->len = len;
    LF_ASSERT(pread(fd, undo->before, len, at) >= 0);
    undos = undo;
}

/* The file is durable as it is. */
static void
forget(int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return;
    for (struct undo **link = &undos; *link != NULL;) {
        struct undo *undo = *link;
        if (undo->file != stat.st_ino) {
            link = &undo->next;
            continue;
        }
        *link = undo->next;
        lf_free(undo);
    }
}

/* Nobody writes any more: the lock is kept. */
static void
cut_power(void)
{
    pthread_mutex_lock(&lock);
    for (const struct undo *undo = undos; undo != NULL; undo = undo->next) {
        (void)!real_pwrite(undo->fd, undo->before, undo->len, undo->at);
        if (undo->at + (off_t)undo->len > undo->size)
            (void)!ftruncate(undo->fd, undo->size);
    }
}

static ssize_t
write_at(int fd, const void *from, size_t len, off_t at)
{
    bool log = is_log(fd);
    if (log && fault() == 'f') {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&lock);
    if (lf_crash_by_power())
        remember(fd, len, at);
    ssize_t written = real_pwrite(fd, from, len, at);
    pthread_mutex_unlock(&lock);
    if (log)
        LF_CRASH_POINT("log.written");
    return written;
}

/* SQLite's calls come here, for the program's own symbols are found before those of libc. */
static int
sync_file(int fd, long call)
{
    bool log = is_log(fd);
    if (log && fault() == 's') {
        errno = EIO;
        return -1;
    }
    if (log)
        LF_CRASH_POINT("log.syncing");
    int rc = (int)syscall(call, fd);
    if (rc == 0 && lf_crash_by_power()) {
        pthread_mutex_lock(&lock);
        forget(fd);
        pthread_mutex_unlock(&lock);
    }
    if (log)
        LF_CRASH_POINT("log.synced");
    return rc;
}

int
fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

int
fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

static void
install(void)
{
    static const char *const names[] = {"pwrite", "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    fault_file = getenv("LOGFIRST_DISK");
    lf_crash_prepare = cut_power;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        sqlite3_syscall_ptr call = vfs->xGetSystemCall(vfs, names[i]);
        if (call == NULL)
            continue;
        real_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))(void (*)(void))call;
        LF_ASSERT(vfs->xSetSystemCall(vfs, names[i], (sqlite3_syscall_ptr)(void (*)(void))write_at) == SQLITE_OK);
    }
    LF_ASSERT(real_pwrite != NULL);
}

void
lf_emb_test_disk(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}
