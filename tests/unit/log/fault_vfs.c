/* The failing file system: sqlite3_file objects that stand before the real ones. */
#include "fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int writes_left, write_code;
static int syncs_left, sync_code;
static int hanging;

static sqlite3_vfs *real;

struct file {
    sqlite3_file base;
    bool is_wal;
    sqlite3_file *inner; /* directly behind */
};

static sqlite3_file *
inner_of(sqlite3_file *file)
{
    return ((struct file *)file)->inner;
}

/* Counts down to the first failure, then fails for ever. */
static int
outcome(int *left, int code)
{
    pthread_mutex_lock(&lock);
    int rc = SQLITE_OK;
    if (*left == 1)
        rc = code;
    else if (*left > 1)
        --*left;
    pthread_mutex_unlock(&lock);
    return rc;
}

static int
close_file(sqlite3_file *file)
{
    return inner_of(file)->pMethods->xClose(inner_of(file));
}

static int
read_file(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    return inner_of(file)->pMethods->xRead(inner_of(file), to, size, at);
}

static int
write_file(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
    int rc = ((struct file *)file)->is_wal ? outcome(&writes_left, write_code) : SQLITE_OK;
    return rc != SQLITE_OK ? rc : inner_of(file)->pMethods->xWrite(inner_of(file), from, size, at);
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return inner_of(file)->pMethods->xTruncate(inner_of(file), size);
}

static int
sync_file(sqlite3_file *file, int flags)
{
    if (!((struct file *)file)->is_wal)
        return inner_of(file)->pMethods->xSync(inner_of(file), flags);
    pthread_mutex_lock(&lock);
    while (hanging)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    int rc = outcome(&syncs_left, sync_code);
    return rc != SQLITE_OK ? rc : inner_of(file)->pMethods->xSync(inner_of(file), flags);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return inner_of(file)->pMethods->xFileSize(inner_of(file), size);
}

static int
lock_file(sqlite3_file *file, int level)
{
    return inner_of(file)->pMethods->xLock(inner_of(file), level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
    return inner_of(file)->pMethods->xUnlock(inner_of(file), level);
}

static int
check_lock(sqlite3_file *file, int *out)
{
    return inner_of(file)->pMethods->xCheckReservedLock(inner_of(file), out);
}

static int
control(sqlite3_file *file, int op, void *arg)
{
    return inner_of(file)->pMethods->xFileControl(inner_of(file), op, arg);
}

static int
sector_size(sqlite3_file *file)
{
    return inner_of(file)->pMethods->xSectorSize(inner_of(file));
}

static int
device(sqlite3_file *file)
{
    return inner_of(file)->pMethods->xDeviceCharacteristics(inner_of(file));
}

static int
shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return inner_of(file)->pMethods->xShmMap(inner_of(file), page, size, extend, out);
}

static int
shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return inner_of(file)->pMethods->xShmLock(inner_of(file), offset, n, flags);
}

static void
shm_barrier(sqlite3_file *file)
{
    inner_of(file)->pMethods->xShmBarrier(inner_of(file));
}

static int
shm_unmap(sqlite3_file *file, int remove)
{
    return inner_of(file)->pMethods->xShmUnmap(inner_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
    (void)vfs;
    struct file *file = (struct file *)base;
    file->inner = (sqlite3_file *)(file + 1);
    file->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
    int rc = real->xOpen(real, name, file->inner, flags, out);
    file->base.pMethods = file->inner->pMethods != NULL ? &methods : NULL;
    return rc;
}

void
fault_vfs_install(void)
{
    static sqlite3_vfs mine;
    if (real != NULL)
        return;
    real = sqlite3_vfs_find(NULL);
    mine = *real;
    mine.zName = "fault";
    mine.szOsFile = (int)sizeof(struct file) + real->szOsFile;
    mine.xOpen = open_file;
    mine.pNext = NULL;
    sqlite3_vfs_register(&mine, 1);
}

void
fault_vfs_fail_writes(int n, int code)
{
    pthread_mutex_lock(&lock);
    writes_left = n;
    write_code = code;
    pthread_mutex_unlock(&lock);
}

void
fault_vfs_fail_syncs(int n, int code)
{
    pthread_mutex_lock(&lock);
    syncs_left = n;
    sync_code = code;
    pthread_mutex_unlock(&lock);
}

void
fault_vfs_hang_syncs(int hang)
{
    pthread_mutex_lock(&lock);
    hanging = hang;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
