/* A temporary directory that is gone when the test is. */
#ifndef LF_TESTS_LOG_TEMP_DIR_H
#define LF_TESTS_LOG_TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temp_dir {
    char path[256];
    char url[300];
};

static inline int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void
remove_tree(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct temp_dir
make_temp_dir(void)
{
    struct temp_dir dir;
    const char *base = getenv("TMPDIR");
    snprintf(dir.path, sizeof(dir.path), "%s/logfirst-test-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(dir.path));
    snprintf(dir.url, sizeof(dir.url), "embedded:%s/log", dir.path);
    return dir;
}

#endif
