/* What is the embedded log's own: its directory, its owner, other processes, damage, crashes. */
#include "log_contract.h"
#include "temp_dir.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "base/clock.h"

static const char topic[] = "events";

enum { EXCLUSIVE = 1, READ_ONLY = 2, NO_TOPICS = 4 };

static enum lf_status
try_open(const struct temp_dir *dir, unsigned how, struct lf_log **ret, struct lf_err *err)
{
    const struct lf_log_options options = {.url = dir->url,
                                           .exclusive = (how & EXCLUSIVE) != 0,
                                           .read_only = (how & READ_ONLY) != 0,
                                           .create_topics = (how & NO_TOPICS) == 0};
    return lf_log_open(&options, ret, err);
}

static struct lf_log *
open_log(const struct temp_dir *dir, unsigned how)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    assert_ok(try_open(dir, how, &log, &err));
    return log;
}

/* Appends "value-<i>" and closes the log. */
static void
fill(const struct temp_dir *dir, size_t count)
{
    struct acks acks;
    acks_init(&acks, count);
    struct lf_log *log = open_log(dir, EXCLUSIVE);
    struct lf_log_writer *writer = open_writer(log, &acks);
    append_some(writer, topic, 0, count);
    assert_drained(writer);
    assert_int_equal(acks.ok, count);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

/* SQL on the log's file, behind the log's back. */
static void
meddle(const struct temp_dir *dir, const char *sql)
{
    char path[400];
    sqlite3 *db = NULL;
    snprintf(path, sizeof(path), "%s/log/log.db", dir->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
assert_refused(const struct temp_dir *dir, unsigned how, enum lf_status expected, const char *words)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    assert_int_equal(try_open(dir, how, &log, &err), expected);
    assert_null(log);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, err.text);
}

/* ---- the directory ---- */

static void
the_owner_is_alone_and_others_may_read_and_append(void **state)
{
    (void)state;
    struct temp_dir dir = make_temp_dir();
    struct acks acks;
    char pid[32];
    acks_init(&acks, 100);
    struct lf_log *owner = open_log(&dir, EXCLUSIVE);
    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_refused(&dir, EXCLUSIVE, LF_BUSY, pid);
    struct lf_log *other = open_log(&dir, 0);
    struct lf_log_writer *writer = open_writer(other, &acks);
    append_some(writer, topic, 0, 20);
    assert_drained(writer);
    struct lf_log *third = open_log(&dir, READ_ONLY);
    struct lf_log_reader *reader = open_reader(third, topic, LF_RESET_EARLIEST);
    expect_some(reader, 0, 20);
    lf_log_reader_close(reader);
    struct lf_log_writer *none = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_log_writer_open(third, (struct lf_wake){0}, take_ack, &acks, &none, &err), LF_DENIED);
    lf_log_close(third);
    lf_log_writer_close(writer);
    lf_log_close(other);
    lf_log_close(owner);
    lf_log_close(open_log(&dir, EXCLUSIVE)); /* free again */
    acks_release(&acks);
    remove_tree(dir.path);
}

static void
what_cannot_be_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct temp_dir dir = make_temp_dir();
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    assert_refused(&dir, READ_ONLY, LF_NOT_FOUND, "log.db");
    struct lf_log_options options = {.url = dir.url, .partitions = 2};
    assert_int_equal(lf_log_open(&options, &log, &err), LF_UNSUPPORTED);
    options = (struct lf_log_options){.url = "embedded:"};
    assert_int_equal(lf_log_open(&options, &log, &err), LF_INVALID);
    options.url = "nats://here";
    assert_int_equal(lf_log_open(&options, &log, &err), LF_USAGE);
    options.url = NULL;
    assert_int_equal(lf_log_open(&options, &log, &err), LF_USAGE);
    options = (struct lf_log_options){.url = dir.url, .read_only = true, .exclusive = true};
    assert_int_equal(lf_log_open(&options, &log, &err), LF_INVALID);
    remove_tree(dir.path);
}

static void
other_versions_and_other_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum lf_status status;
        const char *words;
    } cases[] = {
        {"PRAGMA user_version = 7", LF_UNSUPPORTED, "version 7"},
        {"PRAGMA application_id = 99", LF_UNSUPPORTED, "not of a Logfirst log"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct temp_dir dir = make_temp_dir();
        fill(&dir, 3);
        meddle(&dir, cases[i].sql);
        assert_refused(&dir, EXCLUSIVE, cases[i].status, cases[i].words);
        assert_refused(&dir, READ_ONLY, cases[i].status, cases[i].words);
        remove_tree(dir.path);
    }
    struct temp_dir dir = make_temp_dir();
    char path[400];
    snprintf(path, sizeof(path), "%s/log", dir.path);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/log/log.db", dir.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    assert_refused(&dir, EXCLUSIVE, LF_CORRUPT, "no database");
    remove_tree(dir.path);
}

/* Runs fn in a child that is not root; its result is the child's exit status. */
static int
as_nobody(int (*fn)(const struct temp_dir *dir), const struct temp_dir *dir)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(100);
        _exit(fn(dir));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int
status_of_opening(const struct temp_dir *dir)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    enum lf_status st = try_open(dir, EXCLUSIVE, &log, &err);
    return st == LF_OK || err.text[0] == '\0' ? 101 : (int)st;
}

static int
status_of_opening_as_appender(const struct temp_dir *dir)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    enum lf_status st = try_open(dir, 0, &log, &err);
    return st == LF_OK || err.text[0] == '\0' ? 101 : (int)st;
}

static void
a_directory_that_may_not_be_written_is_denied(void **state)
{
    (void)state;
    struct temp_dir dir = make_temp_dir();
    char path[400];
    assert_int_equal(chmod(dir.path, 0555), 0);
    assert_int_equal(as_nobody(status_of_opening, &dir), LF_DENIED);
    assert_int_equal(chmod(dir.path, 0755), 0);
    fill(&dir, 3);
    snprintf(path, sizeof(path), "%s/log", dir.path);
    assert_int_equal(chmod(path, 0555), 0);
    assert_int_equal(as_nobody(status_of_opening, &dir), LF_DENIED);
    assert_int_equal(as_nobody(status_of_opening_as_appender, &dir), LF_DENIED);
    assert_int_equal(chmod(path, 0755), 0);
    remove_tree(dir.path);
}

/* ---- damage ---- */

/* Reads until the log objects; returns how many records came before. */
static size_t
read_until_corrupt(const struct temp_dir *dir, struct lf_err *err)
{
    struct lf_log *log = open_log(dir, READ_ONLY);
    struct lf_log_reader *reader = open_reader(log, topic, LF_RESET_EARLIEST);
    size_t count = 0;
    enum lf_status st;
    struct lf_log_batch batch = {0};
    while ((st = lf_log_read(reader, 10, LF_BATCH_BYTES_MAX, 1000, &batch, err)) == LF_OK) {
        assert_true(batch.count != 0);
        count += batch.count;
    }
    assert_int_equal(st, LF_CORRUPT);
    assert_int_equal(lf_log_read(reader, 10, LF_BATCH_BYTES_MAX, 1000, &batch, err), LF_CORRUPT); /* stays so */
    lf_log_reader_close(reader);
    lf_log_close(log);
    return count;
}

static void
damaged_and_missing_records_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const harms[] = {
        "UPDATE records_1 SET value = 'value-xx' WHERE \"offset\" = 37",
        "UPDATE records_1 SET \"key\" = NULL WHERE \"offset\" = 37",
        "UPDATE records_1 SET \"timestamp\" = \"timestamp\" + 1 WHERE \"offset\" = 37",
        "UPDATE records_1 SET headers = x'00' WHERE \"offset\" = 37",
        "UPDATE records_1 SET crc = crc + 1 WHERE \"offset\" = 37",
        "DELETE FROM records_1 WHERE \"offset\" = 37",
    };
    for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
        struct temp_dir dir = make_temp_dir();
        struct lf_err err = {0};
        fill(&dir, 50);
        meddle(&dir, harms[i]);
        assert_int_equal(read_until_corrupt(&dir, &err), 37);
        assert_non_null(strstr(err.text, "events/0@37"));
        remove_tree(dir.path);
    }
}

/* Leaves a log as a crash would: count transactions in the write-ahead log. */
static void
crash_after(const struct temp_dir *dir, size_t count)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct acks acks;
        acks_init(&acks, count);
        struct lf_log *log = open_log(dir, EXCLUSIVE);
        struct lf_log_writer *writer = open_writer(log, &acks);
        for (size_t i = 0; i < count; i++) {
            append_some(writer, topic, i, 1);
            if (!lf_log_drain(writer, 60000))
                _exit(1);
        }
        _exit(acks.ok == count ? 0 : 1); /* nothing is closed */
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int
open_wal(const struct temp_dir *dir, off_t *ret_size)
{
    char path[400];
    struct stat info;
    snprintf(path, sizeof(path), "%s/log/log.db-wal", dir->path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    *ret_size = info.st_size;
    return fd;
}

static void
flip(int fd, off_t at)
{
    char byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (char)(byte ^ 0x40);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static int64_t
records_in(const struct temp_dir *dir)
{
    struct lf_err err = {0};
    struct lf_log_range range;
    size_t count;
    struct lf_log *log = open_log(dir, EXCLUSIVE);
    assert_ok(lf_log_ranges(log, lf_bytes_of(topic), &range, 1, &count, 1000, &err));
    struct lf_log_reader *reader = open_reader(log, topic, LF_RESET_EARLIEST);
    if (range.next != 0)
        expect_some(reader, 0, (size_t)range.next);
    lf_log_reader_close(reader);
    lf_log_close(log);
    return range.next;
}

static void
a_torn_tail_costs_only_what_it_held(void **state)
{
    (void)state;
    off_t size;
    struct temp_dir dir = make_temp_dir();
    crash_after(&dir, 20);
    int fd = open_wal(&dir, &size);
    assert_int_equal(ftruncate(fd, size - 100), 0);
    close(fd);
    assert_int_equal(records_in(&dir), 19);
    remove_tree(dir.path);

    dir = make_temp_dir();
    crash_after(&dir, 20);
    fd = open_wal(&dir, &size);
    flip(fd, size - 100);
    close(fd);
    assert_int_equal(records_in(&dir), 19);
    remove_tree(dir.path);
}

static void
damage_before_the_tail_is_no_torn_tail(void **state)
{
    (void)state;
    off_t size;
    struct temp_dir dir = make_temp_dir();
    crash_after(&dir, 20);
    int fd = open_wal(&dir, &size);
    flip(fd, size / 2);
    assert_refused(&dir, EXCLUSIVE, LF_CORRUPT, "damaged at byte");
    flip(fd, size / 2);
    close(fd);
    assert_int_equal(records_in(&dir), 20);
    remove_tree(dir.path);
}

/* ---- kill -9 ---- */

struct word { /* what the child tells of an acknowledgement */
    uint64_t number;
    int64_t offset;
};

struct teller {
    int fd;
    uint64_t next;
    size_t in_flight;
};

static void
tell(void *ctx, const struct lf_log_ack *ack)
{
    struct teller *teller = ctx;
    struct word word = {.number = (uint64_t)(uintptr_t)ack->token, .offset = ack->offset};
    teller->in_flight--;
    if (ack->status != LF_OK || write(teller->fd, &word, sizeof(word)) != sizeof(word))
        _exit(1);
}

static _Noreturn void
append_for_ever(const struct temp_dir *dir, int fd, uint64_t first)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    struct teller teller = {.fd = fd, .next = first};
    struct lf_log_writer *writer = NULL;
    if (try_open(dir, EXCLUSIVE, &log, &err) != LF_OK ||
        lf_log_writer_open(log, (struct lf_wake){0}, tell, &teller, &writer, &err) != LF_OK)
        _exit(2);
    for (;;) {
        while (teller.in_flight < 50) {
            char value[32];
            snprintf(value, sizeof(value), "%llu", (unsigned long long)teller.next);
            struct lf_record record = record_of(topic, NULL, value);
            if (lf_log_append(writer, &record, (void *)(uintptr_t)teller.next, &err) != LF_OK)
                _exit(3);
            teller.next++;
            teller.in_flight++;
        }
        lf_log_flush(writer);
        (void)lf_log_drain(writer, 1);
    }
}

/* The child runs until it has told of enough, then dies in the middle of it. Returns the words' number. */
static size_t
run_and_kill(const struct temp_dir *dir, uint64_t first, size_t enough, struct word *words, size_t max)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fds[0]);
        append_for_ever(dir, fds[1], first);
    }
    close(fds[1]);
    size_t count = 0;
    ssize_t got = 1;
    while (got > 0 && count < max) {
        if (count == enough)
            assert_int_equal(kill(child, SIGKILL), 0);
        got = read(fds[0], &words[count], sizeof(struct word)); /* the rest still comes out of the pipe */
        assert_true(got == 0 || got == sizeof(struct word));
        count += got > 0;
    }
    assert_true(count >= enough);
    close(fds[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return count;
}

/* Reads the whole log: values by offset, each number once. */
static size_t
read_numbers(const struct temp_dir *dir, uint64_t *by_offset, size_t max)
{
    struct lf_err err = {0};
    struct lf_log_range range;
    size_t count = 0;
    struct lf_log *log = open_log(dir, EXCLUSIVE);
    assert_ok(lf_log_ranges(log, lf_bytes_of(topic), &range, 1, &count, 1000, &err));
    struct lf_log_reader *reader = open_reader(log, topic, LF_RESET_EARLIEST);
    for (count = 0; count < (size_t)range.next;) {
        struct lf_log_batch batch = {0};
        assert_ok(lf_log_read(reader, 1000, LF_BATCH_BYTES_MAX, 1000, &batch, &err));
        for (size_t i = 0; i < batch.count; i++, count++) {
            assert_true(count < max);
            assert_int_equal(batch.records[i].offset, (int64_t)count);
            assert_true(lf_bytes_to_u64(batch.records[i].value, &by_offset[count]));
        }
    }
    lf_log_reader_close(reader);
    lf_log_close(log);
    return count;
}

static void
every_acknowledged_record_survives_kill_9(void **state)
{
    (void)state;
    enum { ROUNDS = 12, WORDS_MAX = 100000, RECORDS_MAX = 1000000 };
    struct temp_dir dir = make_temp_dir();
    struct word *words = calloc(WORDS_MAX, sizeof(*words));
    uint64_t *by_offset = calloc(RECORDS_MAX, sizeof(*by_offset));
    assert_non_null(words);
    assert_non_null(by_offset);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        size_t count = run_and_kill(&dir, round * 1000000, (size_t)(round * 97 % 400 + 1), words, WORDS_MAX);
        size_t logged = read_numbers(&dir, by_offset, RECORDS_MAX);
        for (size_t i = 0; i < count; i++) {
            assert_true(words[i].offset >= 0 && (size_t)words[i].offset < logged);
            assert_int_equal(by_offset[words[i].offset], words[i].number);
        }
        for (size_t i = 1; i < logged; i++) /* nothing twice, nothing out of order */
            assert_true(by_offset[i] > by_offset[i - 1]);
    }
    free(words);
    free(by_offset);
    remove_tree(dir.path);
}

/* ---- several processes ---- */

/* Another process that appends to topic and topic.dlq while this one does. */
static pid_t
start_appender(const struct temp_dir *dir, size_t count)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    struct acks acks;
    acks_init(&acks, count);
    struct lf_log *log = open_log(dir, 0);
    struct lf_log_writer *writer = open_writer(log, &acks);
    for (size_t i = 0; i < count; i += 10) {
        append_some(writer, i % 20 == 0 ? "events.dlq" : topic, i, 10);
        if (!lf_log_drain(writer, 60000))
            _exit(1);
    }
    lf_log_writer_close(writer);
    lf_log_close(log);
    _exit(acks.ok == count ? 0 : 1);
}

/* Appends and waits, again and again, until the child is done. Returns how many. */
static size_t
append_beside(pid_t child, struct lf_log_writer *writer)
{
    int status = 0;
    size_t count = 0;
    do {
        append_some(writer, topic, count, 10);
        assert_drained(writer);
        count += 10;
        assert_true(count < ACKS_MAX);
    } while (waitpid(child, &status, WNOHANG) == 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return count;
}

static void
processes_append_and_read_side_by_side(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    struct temp_dir dir = make_temp_dir();
    struct acks acks;
    acks_init(&acks, ACKS_MAX);
    lf_log_close(open_log(&dir, EXCLUSIVE));
    pid_t child = start_appender(&dir, COUNT); /* before this process has threads */
    struct lf_err err = {0};
    struct lf_log *log = open_log(&dir, EXCLUSIVE);
    struct lf_bytes names[] = {LF_LIT("events"), LF_LIT("events.dlq")};
    const struct lf_log_reader_options options = {.topics = names, .topic_count = 2};
    struct lf_log_reader *reader = NULL;
    assert_ok(lf_log_reader_open(log, &options, &reader, &err));
    struct lf_log_writer *writer = open_writer(log, &acks);
    size_t count = append_beside(child, writer);
    assert_int_equal(acks.ok, count);
    int64_t next[2] = {0, 0};
    int64_t deadline = lf_clock_mono_ms() + 60000;
    while ((size_t)(next[0] + next[1]) < count + COUNT) {
        struct lf_log_batch batch = {0};
        assert_ok(lf_log_read(reader, 100, LF_BATCH_BYTES_MAX, 1000, &batch, &err));
        for (size_t i = 0; i < batch.count; i++) {
            size_t which = lf_bytes_equal(batch.records[i].topic, names[1]);
            assert_int_equal(batch.records[i].offset, next[which]++);
        }
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_int_equal(next[1], COUNT / 2);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
    remove_tree(dir.path);
}

static void
count_wake(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void
another_process_wakes_a_reader_that_sleeps_elsewhere(void **state)
{
    (void)state;
    struct temp_dir dir = make_temp_dir();
    struct lf_err err = {0};
    fill(&dir, 10);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* first the reader below has to be there: it is told by the appended records themselves */
        lf_clock_sleep_ms(50);
        struct acks acks;
        acks_init(&acks, 10);
        struct lf_log *log = open_log(&dir, 0);
        struct lf_log_writer *writer = open_writer(log, &acks);
        append_some(writer, topic, 0, 1);
        _exit(lf_log_drain(writer, 60000) ? 0 : 1);
    }
    atomic_int wakes = 0;
    struct lf_log *log = open_log(&dir, READ_ONLY);
    struct lf_bytes name = lf_bytes_of(topic);
    const struct lf_log_reader_options options = {.topics = &name, .topic_count = 1, .wake = {count_wake, &wakes}};
    struct lf_log_reader *reader = NULL;
    assert_ok(lf_log_reader_open(log, &options, &reader, &err));
    struct lf_log_batch batch = {0};
    int64_t next = 0;
    int64_t deadline = lf_clock_mono_ms() + 60000;
    while (next < 11) {
        assert_ok(lf_log_read(reader, 100, LF_BATCH_BYTES_MAX, 0, &batch, &err));
        next += (int64_t)batch.count;
        if (next >= 11)
            break;
        while (atomic_load(&wakes) == 0) {
            assert_true(lf_clock_mono_ms() < deadline);
            lf_clock_sleep_ms(1);
        }
        atomic_store(&wakes, 0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    lf_log_reader_close(reader);
    lf_log_close(log);
    remove_tree(dir.path);
}

/* ---- the write-ahead log ---- */

static void
the_write_ahead_log_stays_bounded(void **state)
{
    (void)state;
    enum { COUNT = 90000, LEN = 2000 };
    struct temp_dir dir = make_temp_dir();
    struct acks acks;
    struct lf_err err = {0};
    acks_init(&acks, COUNT);
    char *value = malloc(LEN + 1);
    assert_non_null(value);
    memset(value, 'x', LEN);
    value[LEN] = '\0';
    struct lf_log *log = open_log(&dir, EXCLUSIVE);
    struct lf_log_writer *writer = open_writer(log, &acks);
    struct lf_record record = record_of(topic, "key", value);
    off_t largest = 0;
    for (size_t i = 0; i < COUNT; i++) {
        assert_ok(lf_log_append(writer, &record, token_of(i), &err));
        if (i % 500 == 499) {
            off_t size;
            assert_drained(writer);
            close(open_wal(&dir, &size));
            largest = size > largest ? size : largest;
        }
    }
    assert_true(largest > 0);
    assert_true(largest < 30000 * 4120L); /* without checkpoints it would be half as much again */
    lf_log_writer_close(writer);
    lf_log_close(log);
    free(value);
    acks_release(&acks);
    remove_tree(dir.path);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_owner_is_alone_and_others_may_read_and_append),
        cmocka_unit_test(what_cannot_be_is_refused_with_the_reason),
        cmocka_unit_test(other_versions_and_other_files_are_refused),
        cmocka_unit_test(a_directory_that_may_not_be_written_is_denied),
        cmocka_unit_test(damaged_and_missing_records_are_told_with_their_place),
        cmocka_unit_test(a_torn_tail_costs_only_what_it_held),
        cmocka_unit_test(damage_before_the_tail_is_no_torn_tail),
        cmocka_unit_test(every_acknowledged_record_survives_kill_9),
        cmocka_unit_test(processes_append_and_read_side_by_side),
        cmocka_unit_test(another_process_wakes_a_reader_that_sleeps_elsewhere),
        cmocka_unit_test(the_write_ahead_log_stays_bounded),
    };
    return cmocka_run_group_tests_name("embedded", cases, NULL, NULL);
}
