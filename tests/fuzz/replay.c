/*
 * Runs a fuzz target on files once, without a fuzzer: each argument is a file or a folder of files, each file one
 * input. Fails if there is none. Every input is also tried cut off in the middle and with its last byte missing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

/* In memory of exactly that size, so that reading beyond it is seen. */
static void
run_bytes(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);
    if (copy == NULL && size != 0)
        abort();
    if (size != 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static int
run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "re");
    uint8_t *data = malloc(size + 1);
    int failed = file == NULL || data == NULL || fread(data, 1, size, file) != size;
    if (failed)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    if (!failed) {
        printf("%s\n", path);
        fflush(stdout); /* the last line says which input it was */
        run_bytes(data, size);
        if (size > 0)
            run_bytes(data, size - 1);
        run_bytes(data, size / 2);
    }
    free(data);
    return failed;
}

static int run_path(const char *path);

static int
run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    int failed = count < 0;
    for (int i = 0; i < count; i++) {
        char inner[4096];
        if (entries[i]->d_name[0] != '.') {
            snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
            failed |= run_path(inner);
        }
        free(entries[i]);
    }
    free(entries);
    return failed;
}

static int
run_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    return S_ISDIR(info.st_mode) ? run_folder(path) : run_file(path, (size_t)info.st_size);
}

int
main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_path(argv[i]);
    printf("%zu inputs\n", inputs);
    return failed != 0 || inputs == 0;
}
