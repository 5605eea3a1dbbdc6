/* SQLite's own side: whose file it is, who may use it, what happens when it is full, locked, damaged or gone. */
#include "fixture.h"

#include "base/mem.h"
#include "store/sqlite/sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;
static char url[600];
static const char *path; /* within url */
static struct lf_model *model;
static struct lf_arena arena;

static int
setup(void **state)
{
    (void)state;
    folder = fixture_folder();
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    path = url + strlen("sqlite:");
    model = fixture_model();
    lf_arena_init(&arena, 0, 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    lf_arena_release(&arena);
    lf_model_free(model);
    fixture_remove(folder);
    return 0;
}

static enum lf_status
try_open(bool read_only, struct lf_store **ret)
{
    struct lf_store_options options = {.url = url, .model = model, .read_only = read_only};
    *ret = NULL;
    err = (struct lf_err){0};
    return lf_store_open(&options, ret, &err);
}

/* Must be refused with that status and words. */
static void
assert_refused(bool read_only, enum lf_status status, const char *words)
{
    struct lf_store *store;
    enum lf_status st = try_open(read_only, &store);
    if (st != status || strstr(err.text, words) == NULL)
        fail_msg("%s, \"%s\" instead of %s, \"…%s…\"", lf_status_name(st), err.text, lf_status_name(status), words);
    assert_null(store);
}

/* What somebody else does with the file. */
static void
sql(const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

/* The one text that a query gives to somebody else. */
static const char *
ask(const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, query, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", query, sqlite3_errmsg(db));
    const char *answer = "nothing";
    if (sqlite3_step(stmt) == SQLITE_ROW)
        answer = lf_arena_printf(&arena, "%s", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return answer;
}

static void
append_noted(struct lf_store_session *session, int n)
{
    const struct lf_event *event = fixture_event(model, &arena, n, "Noted", "{\"a\": 1.50}");
    enum lf_append_outcome outcome;
    OK(lf_store_append(session, &event, 1, &outcome, &err));
}

static void
write_file(const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

/* ---- whose file ---- */

static void
test_files_of_others_are_refused_and_left_alone(void **state)
{
    (void)state;
    sql("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    assert_refused(false, LF_UNSUPPORTED, "another application");
    assert_string_equal(ask("SELECT count(*) FROM sqlite_master"), "1");
    assert_string_equal(ask("PRAGMA journal_mode"), "delete");
    sql("DROP TABLE t; PRAGMA application_id = 1196444487"); /* a GeoPackage */
    assert_refused(false, LF_UNSUPPORTED, "1196444487");
}

static void
test_other_formats_are_refused(void **state)
{
    (void)state;
    struct lf_store *store;
    OK(try_open(false, &store));
    lf_store_close(store);
    sql("PRAGMA user_version = 2");
    assert_refused(false, LF_UNSUPPORTED, "format 2");
    assert_refused(true, LF_UNSUPPORTED, "format 2");
    sql("PRAGMA user_version = 1");
    OK(try_open(false, &store));
    lf_store_close(store);
}

static void
test_what_is_no_database_is_refused(void **state)
{
    (void)state;
    char garbage[8192];
    memset(garbage, 'x', sizeof(garbage));
    write_file(garbage, sizeof(garbage));
    assert_refused(false, LF_CORRUPT, "not a database");
    write_file("", 0); /* an empty file is a new database */
    struct lf_store *store;
    OK(try_open(false, &store));
    lf_store_close(store);
}

static void
test_places_where_no_file_can_be(void **state)
{
    (void)state;
    snprintf(url, sizeof(url), "sqlite:%s/no/such/store.db", folder);
    assert_refused(false, LF_NOT_FOUND, "does not exist");
    assert_refused(true, LF_NOT_FOUND, "no store");
    snprintf(url, sizeof(url), "sqlite:%s", folder);
    struct lf_store *store;
    assert_int_not_equal(try_open(false, &store), LF_OK);
}

/* Runs in a child without privileges; its exit status is the status of opening. */
static int
open_as_nobody(void)
{
    pid_t child = fork();
    if (child == 0) {
        struct lf_store *store;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(255);
        enum lf_status st = try_open(false, &store);
        _exit((int)st);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
test_read_only_places_are_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(open_as_nobody(), LF_DENIED); /* cannot make the file */
    assert_int_equal(chmod(folder, 0755), 0);
    struct lf_store *store;
    OK(try_open(false, &store));
    lf_store_close(store);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(open_as_nobody(), LF_DENIED); /* cannot write it */
    assert_int_equal(chmod(folder, 0755), 0);
}

/* ---- reading only ---- */

static void
test_reading_only(void **state)
{
    (void)state;
    struct lf_store *store, *readers_store;
    struct lf_store_session *session = NULL, *reader = NULL;
    assert_refused(true, LF_NOT_FOUND, "no store");
    write_file("", 0);
    assert_refused(true, LF_NOT_FOUND, "empty");
    assert_string_equal(ask("SELECT count(*) FROM sqlite_master"), "0");
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_begin(session, &err));
    append_noted(session, 1);
    OK(lf_store_commit(session, &err));
    OK(try_open(true, &readers_store));
    FAILS(LF_USAGE, lf_store_session_open(readers_store, true, &reader, &err));
    OK(lf_store_session_open(readers_store, false, &reader, &err));
    struct lf_stored_event stored;
    struct lf_bytes id = fixture_event(model, &arena, 1, "Noted", "{}")->id;
    OK(lf_store_event(reader, id, &arena, &stored, &err));
    OK(lf_store_health(readers_store, &err));
    lf_store_session_close(session);
    lf_store_close(store); /* the reader stays */
    OK(lf_store_event(reader, id, &arena, &stored, &err));
    lf_store_session_close(reader);
    lf_store_close(readers_store);
    static const char *const more[] = {"customerId:ID!", "amount:Float!", "note:String"};
    fixture_redefine(model, QUOTE, more, 3);
    assert_refused(true, LF_NOT_FOUND, "missing");
    OK(try_open(false, &store));
    lf_store_close(store);
    OK(try_open(true, &store));
    lf_store_close(store);
}

/* ---- what people see in it ---- */

static void
test_rows_are_readable_by_people(void **state)
{
    (void)state;
    struct lf_store *store;
    struct lf_store_session *session = NULL;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_begin(session, &err));
    append_noted(session, 7);
    struct lf_state_change change = {.key = LF_LIT("c1"),
                                     .state = fixture_json(&arena, "{\"customerId\":\"c1\",\"amount\":12.5}")};
    OK(lf_store_save(session, &model->entities[QUOTE], &change, 1, &err));
    change = (struct lf_state_change){.key = LF_LIT("5"), .state = fixture_json(&arena, "{\"number\":5,\"value\":6}")};
    OK(lf_store_save(session, &model->entities[COUNTER], &change, 1, &err));
    OK(lf_store_advance(session, LF_LIT("event-consumers"), LF_LIT("t"), 0, -1, 8, &err));
    struct lf_dead_letter letter = fixture_letter(9);
    letter.value = LF_LIT("{\"not\": \"an event\"}");
    OK(lf_store_bury(session, &letter, 1, &err));
    OK(lf_store_commit(session, &err));
    assert_string_equal(ask("SELECT event_id || ' ' || event_type || ' ' || payload || ' ' || headers || ' ' || topic"
                            " || ' ' || log_partition || ' ' || log_offset || ' ' || occurred_at || ' ' || message_key"
                            " FROM event_store"),
                        "00000000-0000-7000-8000-000000000007 Noted {\"a\":1.50} {} t 0 7"
                        " 2027-01-15T08:00:07.000007Z key-0");
    assert_string_equal(ask("SELECT customer_id || ' ' || amount FROM quotes"), "c1 12.5");
    assert_string_equal(ask("SELECT number || ' ' || value || ' ' || typeof(value) FROM hit_counters"), "5 6 integer");
    assert_string_equal(ask("SELECT consumer_group || ' ' || topic || ' ' || log_partition || ' ' || next_offset"
                            " FROM log_positions"),
                        "event-consumers t 0 8");
    assert_string_equal(ask("SELECT stage || ' ' || code || ' ' || value || ' ' || typeof(value) || ' ' || record_time"
                            " FROM dead_letters"),
                        "decode NOT_AN_EVENT {\"not\": \"an event\"} text 2027-01-15T08:00:00.132000Z");
    assert_string_equal(ask("PRAGMA integrity_check"), "ok");
    assert_string_equal(ask("PRAGMA journal_mode"), "wal");
    lf_store_session_close(session);
    lf_store_close(store);
}

/* ---- trouble ---- */

static void
test_another_process_writes(void **state)
{
    (void)state;
    struct lf_store *store, *second;
    struct lf_store_session *session = NULL;
    sqlite3 *other = NULL;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    FAILS(LF_UNAVAILABLE, lf_store_begin(session, &err));
    assert_int_equal(err.fate, LF_FATE_RETRY);
    OK(lf_store_health(store, &err)); /* somebody writes: it is well */
    int64_t next;
    OK(lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &next, &err));
    OK(try_open(false, &second)); /* nothing to change: no lock needed */
    lf_store_close(second);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    OK(lf_store_begin(session, &err));
    OK(lf_store_commit(session, &err));
    lf_store_session_close(session);
    lf_store_close(store);
}

static void
test_a_full_disk_loses_nothing_and_is_waited_for(void **state)
{
    (void)state;
    struct lf_store *store;
    struct lf_store_session *session = NULL;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    sqlite3 *db = ((struct lf_sqlite_session *)session)->db;
    assert_int_equal(sqlite3_exec(db, "PRAGMA max_page_count = 60", NULL, NULL, NULL), SQLITE_OK);
    char payload[2100];
    memset(payload, 'x', sizeof(payload));
    memcpy(payload, "{\"a\":\"", 6);
    memcpy(payload + 2000, "\"}", 3);
    int committed = 0;
    enum lf_status st = LF_OK;
    while (st == LF_OK) {
        const struct lf_event *event = fixture_event(model, &arena, committed, "Noted", payload);
        enum lf_append_outcome outcome;
        OK(lf_store_begin(session, &err));
        st = lf_store_append(session, &event, 1, &outcome, &err);
        if (st == LF_OK)
            st = lf_store_commit(session, &err);
        committed += st == LF_OK;
        assert_true(committed < 1000);
    }
    assert_int_equal(st, LF_UNAVAILABLE);
    assert_non_null(strstr(err.text, "disk full"));
    lf_store_abort(session);
    assert_string_equal(ask("SELECT count(*) FROM event_store"), lf_arena_printf(&arena, "%d", committed));
    assert_int_equal(sqlite3_exec(db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL), SQLITE_OK);
    OK(lf_store_begin(session, &err));
    append_noted(session, committed);
    OK(lf_store_commit(session, &err));
    assert_string_equal(ask("SELECT count(*) FROM event_store"), lf_arena_printf(&arena, "%d", committed + 1));
    lf_store_session_close(session);
    lf_store_close(store);
}

static void
test_a_file_that_is_gone_is_noticed(void **state)
{
    (void)state;
    struct lf_store *store;
    struct lf_store_session *session = NULL;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    assert_int_equal(unlink(path), 0);
    FAILS(LF_IO, lf_store_begin(session, &err));
    FAILS(LF_IO, lf_store_health(store, &err));
    lf_store_session_close(session);
    lf_store_close(store);
}

static void
test_damaged_rows_are_named(void **state)
{
    (void)state;
    struct lf_store *store;
    struct lf_store_session *session = NULL;
    struct lf_stored_event stored;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_begin(session, &err));
    append_noted(session, 1);
    OK(lf_store_commit(session, &err));
    struct lf_bytes id = fixture_event(model, &arena, 1, "Noted", "{}")->id;
    sql("UPDATE event_store SET payload = '{'");
    FAILS(LF_CORRUPT, lf_store_event(session, id, &arena, &stored, &err));
    assert_non_null(strstr(err.text, "payload"));
    sql("UPDATE event_store SET payload = '{}', occurred_at = 'yesterday'");
    FAILS(LF_CORRUPT, lf_store_event(session, id, &arena, &stored, &err));
    assert_non_null(strstr(err.text, "yesterday"));
    sql("UPDATE event_store SET occurred_at = '2026-11-24T08:46:34Z', headers = 'x'");
    FAILS(LF_CORRUPT, lf_store_event(session, id, &arena, &stored, &err));
    lf_store_session_close(session);
    lf_store_close(store);
}

/* Overwritten pages are noticed, never served. */
static void
test_a_damaged_file_is_noticed(void **state)
{
    (void)state;
    struct lf_store *store;
    struct lf_store_session *session = NULL;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    OK(lf_store_begin(session, &err));
    for (int i = 0; i < 200; i++)
        append_noted(session, i);
    OK(lf_store_commit(session, &err));
    lf_store_session_close(session);
    lf_store_close(store);
    int fd = open(path, O_WRONLY);
    char garbage[4096];
    memset(garbage, 0xa5, sizeof(garbage));
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    for (off_t at = 4096; at < status.st_size; at += 4096)
        assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), (ssize_t)sizeof(garbage));
    close(fd);
    enum lf_status st = try_open(false, &store);
    if (st == LF_OK) {
        OK(lf_store_session_open(store, false, &session, &err));
        struct lf_list_query query = {.first = 100};
        struct lf_list_result list;
        st = lf_store_list(session, &query, &arena, &list, &err);
        lf_store_session_close(session);
        lf_store_close(store);
    }
    assert_int_equal(st, LF_CORRUPT);
}

/* Several processes open a new file at once: all succeed, the tables are made once. */
static void
test_many_open_a_new_file_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 5, ROUNDS = 6 };
    for (int round = 0; round < ROUNDS; round++) {
        int gate[2];
        pid_t children[PROCESSES];
        snprintf(url, sizeof(url), "sqlite:%s/race-%d.db", folder, round);
        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < PROCESSES; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                char byte;
                struct lf_store *store;
                close(gate[1]);
                if (read(gate[0], &byte, 1) < 0) /* until the parent closes its end */
                    _exit(255);
                enum lf_status st = try_open(false, &store);
                if (st != LF_OK)
                    fprintf(stderr, "%s\n", err.text);
                else
                    lf_store_close(store);
                _exit((int)st);
            }
        }
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < PROCESSES; i++) {
            int status;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), LF_OK);
        }
        assert_string_equal(ask("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"),
                            "6");
    }
}

/* The write-ahead log starts over while work goes on, and readers keep their view. */
static void
test_the_write_ahead_log_does_not_grow_without_end(void **state)
{
    (void)state;
    struct lf_store *store;
    struct lf_store_session *session = NULL;
    char payload[4000], wal[700];
    struct stat status;
    OK(try_open(false, &store));
    OK(lf_store_session_open(store, true, &session, &err));
    memset(payload, 'x', sizeof(payload));
    memcpy(payload, "{\"a\":\"", 6);
    memcpy(payload + sizeof(payload) - 3, "\"}", 3);
    for (int batch = 0; batch < 60; batch++) { /* some 30,000 pages */
        OK(lf_store_begin(session, &err));
        for (int i = 0; i < 250; i++) {
            const struct lf_event *event = fixture_event(model, &arena, batch * 250 + i, "Noted", payload);
            enum lf_append_outcome outcome;
            OK(lf_store_append(session, &event, 1, &outcome, &err));
        }
        OK(lf_store_commit(session, &err));
        lf_arena_reset(&arena);
    }
    snprintf(wal, sizeof(wal), "%s-wal", path);
    assert_int_equal(stat(wal, &status), 0);
    assert_true(status.st_size < 64 * 1000 * 1000);
    lf_store_session_close(session);
    lf_store_close(store);
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_files_of_others_are_refused_and_left_alone),
        CASE(test_other_formats_are_refused),
        CASE(test_what_is_no_database_is_refused),
        CASE(test_places_where_no_file_can_be),
        CASE(test_read_only_places_are_refused),
        CASE(test_reading_only),
        CASE(test_rows_are_readable_by_people),
        CASE(test_another_process_writes),
        CASE(test_a_full_disk_loses_nothing_and_is_waited_for),
        CASE(test_a_file_that_is_gone_is_noticed),
        CASE(test_damaged_rows_are_named),
        CASE(test_a_damaged_file_is_noticed),
        CASE(test_many_open_a_new_file_at_once),
        CASE(test_the_write_ahead_log_does_not_grow_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
