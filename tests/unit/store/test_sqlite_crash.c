/*
 * A writer is killed at a random moment, again and again on one file: what it had committed is there, whole batches
 * only, and the next one goes on. Meanwhile another process reads.
 */
#include "workload.h"

#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CYCLES = 25, BATCHES_MAX = 100000 };

static char url[600];

static struct lf_store *
open_store(const struct lf_model *model)
{
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

/* The child: a byte goes to the parent after each commit. Ends only by being killed. */
static _Noreturn void
write_until_killed(int acks)
{
    struct lf_model *model = fixture_model();
    struct lf_store *store = open_store(model);
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    int64_t next;
    lf_arena_init(&arena, 0, 0);
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &next, &err));
    for (int64_t n = next < 0 ? 0 : next; n < BATCHES_MAX; n++) {
        OK(workload_write(model, session, n, &arena, &err));
        lf_arena_reset(&arena);
        if (write(acks, "x", 1) != 1)
            break;
    }
    _exit(1);
}

/* Reads acknowledgements until there are so many, kills, reads the rest. Returns how many there were. */
static int64_t
kill_after(pid_t child, int acks, int64_t wanted, uint32_t spin)
{
    int64_t count = 0;
    char byte;
    while (count < wanted && read(acks, &byte, 1) == 1)
        count++;
    for (volatile uint32_t i = 0; i < spin; i = i + 1) { /* somewhere within a transaction */
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(acks, &byte, 1) == 1)
        count++;
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return count;
}

static void
test_killed_writers_leave_whole_batches(void **state)
{
    (void)state;
    char *folder = fixture_folder();
    struct lf_model *model = fixture_model();
    struct lf_arena arena;
    uint64_t seed = 42;
    int64_t acknowledged = 0;
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    lf_arena_init(&arena, 0, 0);
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            write_until_killed(pipes[1]);
        }
        close(pipes[1]);
        acknowledged += kill_after(child, pipes[0], 1 + fixture_random(&seed, 12), fixture_random(&seed, 400000));
        close(pipes[0]);

        struct lf_store *store = open_store(model);
        struct lf_store_session *session = NULL;
        OK(lf_store_session_open(store, false, &session, &err));
        int64_t batches = workload_check(model, session, &arena);
        assert_true(batches >= acknowledged); /* one may have been committed just before its acknowledgement */
        assert_true(batches <= acknowledged + 1);
        acknowledged = batches;
        lf_store_session_close(session);
        lf_store_close(store);
        lf_arena_reset(&arena);
    }
    lf_arena_release(&arena);
    lf_model_free(model);
    fixture_remove(folder);
}

/* While one process writes, another sees at any moment a number of whole batches, never fewer than before. */
static void
test_another_process_reads_meanwhile(void **state)
{
    (void)state;
    char *folder = fixture_folder();
    struct lf_model *model = fixture_model();
    struct lf_arena arena;
    int pipes[2];
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    lf_arena_init(&arena, 0, 0);
    struct lf_store *store = open_store(model);
    struct lf_store_session *session = NULL;
    OK(lf_store_session_open(store, false, &session, &err));
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        write_until_killed(pipes[1]);
    }
    close(pipes[1]);
    int64_t acknowledged = 0, before = -1;
    char bytes[64];
    while (acknowledged < 100) {
        ssize_t n = read(pipes[0], bytes, sizeof(bytes));
        assert_true(n > 0);
        acknowledged += n;
        int64_t next, again;
        OK(lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &next, &err));
        struct lf_value value;
        OK(lf_store_get(session, &model->entities[COUNTER], LF_LIT("1"), &arena, &value, &err));
        OK(lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &again, &err));
        int64_t count = lf_value_get_text(&value, "value")->u.integer;
        assert_true(next >= acknowledged && next >= before);
        assert_true(count >= next * WORKLOAD_BATCH && count <= again * WORKLOAD_BATCH);
        before = again;
        lf_arena_reset(&arena);
    }
    kill_after(child, pipes[0], 0, 0);
    close(pipes[0]);
    lf_store_session_close(session);
    lf_store_close(store);
    lf_arena_release(&arena);
    lf_model_free(model);
    fixture_remove(folder);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_writers_leave_whole_batches),
        cmocka_unit_test(test_another_process_reads_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
