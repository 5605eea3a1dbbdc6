/* Lock files: one owner, named; gone with its process. */
#include "base/mem.h"
#include "server/lock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/lf-lock-XXXXXX";
static char path[64];

static void
a_lock_has_one_owner(void **state)
{
    (void)state;
    struct lf_lock *lock = NULL, *second = NULL;
    struct lf_err err = {0};
    char pid[32];
    snprintf(pid, sizeof(pid), "process %ld;", (long)getpid());
    assert_int_equal(lf_lock_take(path, "the consumer", &lock, &err), LF_OK);
    assert_int_equal(lf_lock_take(path, "the consumer", &second, &err), LF_BUSY);
    assert_null(second);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "the consumer of"));
    assert_non_null(strstr(err.text, pid));
    lf_lock_release(lock);
    assert_int_equal(lf_lock_take(path, "the consumer", &second, &err), LF_OK);
    lf_lock_release(second);
    lf_lock_release(NULL);
    assert_int_equal(access(path, F_OK), 0); /* the file stays */
}

static void
a_lock_goes_with_its_process(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    struct lf_lock *lock = NULL;
    struct lf_err err = {0};
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        if (lf_lock_take(path, "it", &lock, &err) == LF_OK && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(lf_lock_take(path, "it", &lock, &err), LF_BUSY);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(lf_lock_take(path, "it", &lock, &err), LF_OK);
    lf_lock_release(lock);
    close(ready[0]);
    close(ready[1]);
}

static void
what_is_no_lock_file_is_told(void **state)
{
    (void)state;
    struct lf_lock *lock = NULL;
    struct lf_err err = {0};
    char missing[100];
    snprintf(missing, sizeof(missing), "%s/none/lock", folder);
    assert_int_equal(lf_lock_take(missing, "it", &lock, &err), LF_IO);
    assert_non_null(strstr(err.text, missing));
    assert_int_equal(lf_lock_take(folder, "it", &lock, &err), LF_IO);
    assert_non_null(strstr(err.text, "directory"));
    int64_t live = lf_mem_live();
    lf_mem_fail_at(1, false);
    assert_int_equal(lf_lock_take(path, "it", &lock, &err), LF_NO_MEMORY);
    lf_mem_fail_at(0, false);
    assert_int_equal(lf_mem_live(), live);
    assert_null(lock);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_has_one_owner),
        cmocka_unit_test(a_lock_goes_with_its_process),
        cmocka_unit_test(what_is_no_lock_file_is_told),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof(path), "%s/it.lock", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
