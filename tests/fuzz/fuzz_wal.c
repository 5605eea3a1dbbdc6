/*
 * Fuzz target: any bytes in place of the embedded log's write-ahead log are found whole, with a torn tail, or damaged;
 * the look at them ends and stays inside them.
 */
#include "log/embedded/embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int file = -1; /* its bytes */
static char folder[] = "/tmp/logfirst-fuzz-XXXXXX";
static char path[64]; /* "<folder>/log"; "<folder>/log-wal" leads to file */
static char wal_path[80];

static void
remove_folder(void)
{
    unlink(wal_path);
    rmdir(folder);
}

static void
make_folder(void)
{
    char target[64];
    file = memfd_create("wal", MFD_CLOEXEC);
    if (file < 0 || mkdtemp(folder) == NULL)
        abort();
    snprintf(target, sizeof(target), "/proc/self/fd/%d", file);
    snprintf(path, sizeof(path), "%s/log", folder);
    snprintf(wal_path, sizeof(wal_path), "%s-wal", path);
    if (symlink(target, wal_path) != 0 || atexit(remove_folder) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (file < 0)
        make_folder();
    if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    const struct lf_emb_log log = {.file = path};
    struct lf_err err = {0};
    enum lf_status st = lf_emb_check_wal(&log, &err);
    LF_ASSERT(st == LF_OK || (st == LF_CORRUPT && err.text[0] != '\0'));
    return 0;
}
