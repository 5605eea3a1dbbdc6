/*
 * Fuzz target: any configuration file is refused with a reason that names it, or gives a configuration whose texts are
 * all set.
 */
#include "server/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
check_config(const struct lf_config *config)
{
    LF_ASSERT(config->listen != NULL && config->admin != NULL && config->topic != NULL && config->group != NULL);
    for (size_t i = 0; i < config->kafka_count; i++)
        LF_ASSERT(config->kafka[i].name != NULL && config->kafka[i].value != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    char path[64];
    if (file < 0)
        file = memfd_create("logfirst.yaml", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);

    char name[] = "NAME=value";
    char *env[] = {name, NULL};
    struct lf_err err = {0};
    struct lf_config config = {0};
    const struct lf_config_arg arg = {"config", path};
    enum lf_status st = lf_config_load(&config, LF_CMD_UP, &arg, 1, env, &err);
    if (st == LF_OK)
        check_config(&config);
    else
        LF_ASSERT((st == LF_INVALID || st == LF_USAGE || st == LF_LIMIT) && strstr(err.text, path) != NULL);
    lf_config_release(&config);
    return 0;
}
