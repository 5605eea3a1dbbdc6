/* Wiring: schema files with all their problems, the data folder, who may open what. Method: a temporary folder. */
#include "base/mem.h"
#include "server/parts.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/lf-parts-XXXXXX";

static const char events[] = "type Q @entity(key: \"id\") { id: ID! n: Int }\n"
                             "type Made @event(entity: \"Q\", topic: \"other\") { id: ID! n: Int }\n";
static const char mutations[] = "type Mutation { make(id: ID!, n: Int): Receipt! @emits(event: \"Made\") }\n";

static const char *
in_folder(const char *name)
{
    static char text[4][200];
    static int at;
    at = (at + 1) % 4;
    snprintf(text[at], sizeof(text[at]), "%s/%s", folder, name);
    return text[at];
}

static void
write_file(const char *name, const char *bytes, size_t len)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void
configure(struct lf_config *config, const char *data, const char *more, const char *value)
{
    struct lf_err err = {0};
    const struct lf_config_arg args[] = {{"data", data}, {more, value}};
    if (lf_config_load(config, LF_CMD_UP, args, more != NULL ? 2 : 1, NULL, &err) != LF_OK)
        fail_msg("%s", err.text);
}

/* ---- schema files ---- */

static void
files_are_merged(void **state)
{
    (void)state;
    write_file("events", events, strlen(events));
    write_file("mutations", mutations, strlen(mutations));
    const char *files[] = {in_folder("events"), in_folder("mutations")};
    struct lf_config config;
    struct lf_parts parts;
    struct lf_buf problems;
    struct lf_err err = {0};
    configure(&config, folder, NULL, NULL);
    lf_buf_init(&problems, 1 << 20);
    lf_parts_init(&parts, &config);
    assert_int_equal(lf_parts_load_model(&parts, files, 2, &problems, &err), LF_OK);
    assert_int_equal(problems.len, 0);
    assert_int_equal(parts.model->mutation_count, 1);
    assert_int_equal(parts.topic_count, 2);
    assert_true(lf_bytes_equal_text(parts.topics[0], "business-events"));
    assert_true(lf_bytes_equal_text(parts.topics[1], "other"));
    lf_parts_release(&parts);
    lf_parts_release(&parts); /* twice is fine */
    lf_buf_release(&problems);
    lf_config_release(&config);
}

static void
every_problem_has_its_place(void **state)
{
    (void)state;
    static const char bad[] = "type A @event { x: Nope }\ntype B @event { y: Int @constraint(min: \"x\") }\n";
    write_file("bad", bad, strlen(bad));
    write_file("events", events, strlen(events));
    const char *files[] = {in_folder("events"), in_folder("bad")};
    for (int json = 0; json < 2; json++) {
        struct lf_buf problems;
        struct lf_err err = {0};
        size_t count = 0;
        lf_buf_init(&problems, 1 << 20);
        assert_int_equal(lf_parts_check(files, 2, json != 0, &problems, &count, &err), LF_INVALID);
        assert_true(count >= 2);
        lf_buf_add_char(&problems, '\0');
        char first[300];
        snprintf(first, sizeof(first),
                 json ? "{\"file\":\"%s\",\"line\":1,\"column\":20," : "%s:1:20: error: ", files[1]);
        if (strstr(problems.ptr, first) == NULL || (json && problems.ptr[0] != '['))
            fail_msg("no %s in %s", first, problems.ptr);
        assert_non_null(strstr(err.text, "problem"));
        lf_buf_release(&problems);
    }
}

static void
files_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum lf_status status;
        const char *words;
    } rows[] = {
        {"none", LF_NOT_FOUND, "No such file"}, {".", LF_IO, "Is a directory"},   {"huge", LF_LIMIT, "16777216"},
        {"binary", LF_INVALID, "problem"},      {"empty", LF_INVALID, "problem"},
    };
    write_file("binary", "\xff\xfe\0x", 4);
    write_file("empty", "", 0);
    write_file("huge", "", 0);
    assert_int_equal(truncate(in_folder("huge"), 16 * 1024 * 1024 + 1), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *file = in_folder(rows[i].name);
        struct lf_buf problems;
        struct lf_err err = {0};
        size_t count = 0;
        lf_buf_init(&problems, 1 << 20);
        assert_int_equal(lf_parts_check(&file, 1, false, &problems, &count, &err), rows[i].status);
        if (strstr(err.text, rows[i].words) == NULL)
            fail_msg("%s lacks %s", err.text, rows[i].words);
        if (rows[i].status != LF_INVALID)
            assert_non_null(strstr(err.text, file));
        lf_buf_release(&problems);
    }
}

/* Method: the n-th allocation fails, for each n, until none does. */
static void
lack_of_memory_is_no_problem_of_the_schema(void **state)
{
    (void)state;
    write_file("events", events, strlen(events));
    const char *file = in_folder("events");
    int64_t live = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        struct lf_buf problems;
        struct lf_err err = {0};
        size_t count = 0;
        lf_buf_init(&problems, 1 << 20);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_parts_check(&file, 1, false, &problems, &count, &err);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_buf_add_char(&problems, '\0');
        if (st == LF_INVALID && (!hit || strstr(problems.ptr, "memory") == NULL))
            fail_msg("allocation %u: %s", (unsigned)n, problems.ptr);
        if (st != LF_OK && st != LF_INVALID)
            assert_int_equal(st, LF_NO_MEMORY);
        if (st == LF_OK)
            assert_int_equal(problems.len, 1);
        lf_buf_release(&problems);
        assert_int_equal(lf_mem_live(), live);
    }
}

/* ---- log and store ---- */

static enum lf_status
open_parts(struct lf_parts *parts, const struct lf_config *config, unsigned roles, struct lf_err *err)
{
    const char *file = in_folder("events");
    struct lf_buf problems;
    lf_buf_init(&problems, 1 << 20);
    lf_parts_init(parts, config);
    enum lf_status st = lf_parts_load_model(parts, &file, 1, &problems, err);
    lf_buf_release(&problems);
    if (st == LF_OK)
        st = lf_parts_open_log(parts, roles, err);
    if (st == LF_OK)
        st = lf_parts_open_store(parts, roles, err);
    return st;
}

static void
the_data_folder_is_made(void **state)
{
    (void)state;
    struct lf_config config;
    struct lf_parts parts, second;
    struct lf_err err = {0};
    write_file("events", events, strlen(events));
    configure(&config, in_folder("a/b//c"), NULL, NULL);
    if (open_parts(&parts, &config, LF_ROLE_GATEWAY | LF_ROLE_CONSUMER, &err) != LF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(parts.log_url + strlen(parts.log_url) - 4, "/log");
    assert_int_equal(access(in_folder("a/b/c/store.db"), F_OK), 0);
    /* a second owner is refused, with the process that has it; somebody who only looks is not */
    char pid[32];
    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_int_equal(open_parts(&second, &config, LF_ROLE_GATEWAY, &err), LF_BUSY);
    lf_parts_release(&second);
    assert_int_equal(open_parts(&second, &config, LF_ROLE_CONSUMER, &err), LF_BUSY);
    assert_non_null(strstr(err.text, pid));
    lf_parts_release(&second);
    if (open_parts(&second, &config, LF_ROLE_READ, &err) != LF_OK)
        fail_msg("%s", err.text);
    lf_parts_release(&second);
    lf_parts_release(&parts);
    lf_config_release(&config);
}

static void
looking_makes_nothing(void **state)
{
    (void)state;
    struct lf_config config;
    struct lf_parts parts;
    struct lf_err err = {0};
    write_file("events", events, strlen(events));
    configure(&config, in_folder("none/there"), NULL, NULL);
    assert_int_not_equal(open_parts(&parts, &config, LF_ROLE_READ, &err), LF_OK);
    assert_non_null(strstr(err.text, "none/there"));
    assert_int_equal(access(in_folder("none"), F_OK), -1);
    lf_parts_release(&parts);
    lf_config_release(&config);
}

static void
what_cannot_be_opened_is_told_with_its_url(void **state)
{
    (void)state;
    static const struct {
        const char *option, *value, *words;
    } rows[] = {
        {"log", "nonsense:x", "log nonsense:x: "},
        {"log", "", NULL}, /* the data folder is a file */
        {"store", "nonsense:x", "store nonsense:x: "},
    };
    write_file("events", events, strlen(events));
    write_file("file", "", 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_config config;
        struct lf_parts parts;
        struct lf_err err = {0};
        configure(&config, in_folder(rows[i].words == NULL ? "file" : "d"), rows[i].option, rows[i].value);
        assert_int_not_equal(open_parts(&parts, &config, LF_ROLE_GATEWAY, &err), LF_OK);
        if (strstr(err.text, rows[i].words != NULL ? rows[i].words : "--data: cannot make the folder") == NULL)
            fail_msg("%s", err.text);
        lf_parts_release(&parts);
        lf_config_release(&config);
    }
}

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_merged),
        cmocka_unit_test(every_problem_has_its_place),
        cmocka_unit_test(files_that_cannot_be_read_are_told),
        cmocka_unit_test(lack_of_memory_is_no_problem_of_the_schema),
        cmocka_unit_test(the_data_folder_is_made),
        cmocka_unit_test(looking_makes_nothing),
        cmocka_unit_test(what_cannot_be_opened_is_told_with_its_url),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
