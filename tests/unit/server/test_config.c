/* Options from flags, environment and file. Method: small files in a temporary folder. */
#include "base/mem.h"
#include "server/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char file_path[] = "/tmp/lf-config-XXXXXX";

static void
write_file(const char *text)
{
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static enum lf_status
load(struct lf_config *config, unsigned command, const struct lf_config_arg *args, size_t count, char *const *env,
     struct lf_err *err)
{
    memset(err, 0, sizeof(*err));
    return lf_config_load(config, command, args, count, env, err);
}

static void
defaults_hold_without_sources(void **state)
{
    (void)state;
    struct lf_config config;
    struct lf_err err;
    assert_int_equal(load(&config, LF_CMD_UP, NULL, 0, NULL, &err), LF_OK);
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.admin, "127.0.0.1:8081");
    assert_string_equal(config.topic, "business-events");
    assert_string_equal(config.group, "event-consumers");
    assert_int_equal(config.delivery_timeout, 30000);
    assert_int_equal(config.max_body, 1000000);
    assert_true(config.create_topics);
    assert_int_equal(config.unknown_events, 0);
    lf_config_release(&config);
}

static void
a_flag_goes_before_the_environment_before_the_file(void **state)
{
    (void)state;
    write_file("topic: from-file\ngroup: from-file\ndata: ${PLACE}/x\ngrace: 3s\noutput: json\n"
               "kafka:\n  security.protocol: SASL_SSL\n  sasl.password: ${SECRET:-none}\n");
    const struct lf_config_arg args[] = {{"topic", "from-flag"}, {"config", file_path}, {"introspection", NULL}};
    char topic[] = "LOGFIRST_TOPIC=from-env", group[] = "LOGFIRST_GROUP=from-env", place[] = "PLACE=/there";
    char *const env[] = {topic, group, place, NULL};
    struct lf_config config;
    struct lf_err err;
    assert_int_equal(load(&config, LF_CMD_UP, args, 3, env, &err), LF_OK);
    assert_string_equal(config.topic, "from-flag");
    assert_string_equal(config.group, "from-env");
    assert_string_equal(config.data, "/there/x");
    assert_int_equal(config.grace, 3000);
    assert_int_equal(config.output, 1);
    assert_true(config.introspection);
    assert_int_equal(config.kafka_count, 2);
    assert_string_equal(config.kafka[0].name, "security.protocol");
    assert_string_equal(config.kafka[1].value, "none");
    lf_config_release(&config);
}

static void
wrong_values_name_their_source(void **state)
{
    (void)state;
    static const struct {
        const char *file; /* NULL: as a flag */
        const char *name, *value;
        const char *words;
    } rows[] = {
        {NULL, "grace", "soon", "--grace"},
        {NULL, "grace", "-1s", "--grace"},
        {NULL, "grace", "99999999999999999999s", "--grace"},
        {NULL, "linger", "8785h", "--linger"}, /* more than a year */
        {NULL, "output", "xml", "text|json"},
        {NULL, "introspection", "maybe", "true|false"},
        {NULL, "max-body", "1TB", "--max-body"},
        {NULL, "no-such", "1", "unknown option --no-such"},
        {NULL, "topic", NULL, "--topic needs a value"},
        {"grace: soon\n", NULL, NULL, ":1"},
        {"topic: a\nno_such: 1\n", NULL, NULL, ":2: unknown key \"no_such\""},
        {"topic: [a, b]\n", NULL, NULL, ":1"},
        {"- a\n", NULL, NULL, ":1"},
        {"just text\n", NULL, NULL, ":1"},
        {"topic: ${NO_SUCH_NAME}\n", NULL, NULL, "NO_SUCH_NAME"},
        {"topic: ${OPEN\n", NULL, NULL, "without"},
        {"topic: \"unclosed\n", NULL, NULL, ":"},
        {"topic: a\ngroup: b\ntopic: a\n", NULL, NULL, ":3: \"topic\" stands twice, first in line 1"},
        {"kafka:\n  a: 1\n  a: 2\n", NULL, NULL, ":3: \"kafka.a\" stands twice"},
        {"kafka:\n  a: 1\nkafka:\n  b: 2\n", NULL, NULL, "\"kafka\" stands twice, first in line 2"},
        {"a:\n b:\n  c: 1\n", NULL, NULL, "unknown key \"a.b.c\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_config config;
        struct lf_err err;
        const struct lf_config_arg arg = {rows[i].file != NULL ? "config" : rows[i].name,
                                          rows[i].file != NULL ? file_path : rows[i].value};
        if (rows[i].file != NULL)
            write_file(rows[i].file);
        assert_int_not_equal(load(&config, LF_CMD_UP, &arg, 1, NULL, &err), LF_OK);
        if (strstr(err.text, rows[i].words) == NULL)
            fail_msg("row %zu: \"%s\" lacks \"%s\"", i, err.text, rows[i].words);
        lf_config_release(&config);
    }
}

static void
a_file_of_another_command_is_fine_a_missing_one_is_not(void **state)
{
    (void)state;
    struct lf_config config;
    struct lf_err err;
    struct lf_config_arg arg = {"config", file_path};
    write_file("listen: 127.0.0.1:1\ntopic: t\n");
    assert_int_equal(load(&config, LF_CMD_CONSUMER, &arg, 1, NULL, &err), LF_OK);
    assert_string_equal(config.topic, "t");
    lf_config_release(&config);
    arg.value = "/no/such/file.yaml";
    assert_int_equal(load(&config, LF_CMD_CONSUMER, &arg, 1, NULL, &err), LF_NOT_FOUND);
    assert_non_null(strstr(err.text, "/no/such/file.yaml"));
    lf_config_release(&config);
}

static void
help_lists_the_options_of_a_command(void **state)
{
    (void)state;
    struct lf_buf out;
    lf_buf_init(&out, 1 << 16);
    lf_config_help(&out, LF_CMD_CHECK);
    lf_buf_add_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "--output text|json"));
    assert_null(strstr(out.ptr, "--listen"));
    lf_buf_release(&out);
    bool needs_value = true;
    assert_true(lf_config_option_known(LF_CMD_UP, "create-topics", &needs_value));
    assert_false(needs_value);
    assert_false(lf_config_option_known(LF_CMD_UP, "create_topics", &needs_value));
    assert_false(lf_config_option_known(LF_CMD_CHECK, "listen", &needs_value));
}

/* Method: the n-th allocation fails, for each n, until none does. */
static void
lack_of_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    write_file("topic: t\nkafka:\n  a.b: c\n");
    const struct lf_config_arg arg = {"config", file_path};
    int64_t live = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        struct lf_config config;
        struct lf_err err;
        lf_mem_fail_at(n, false);
        enum lf_status st = load(&config, LF_CMD_UP, &arg, 1, NULL, &err);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        lf_config_release(&config);
        assert_int_equal(lf_mem_live(), live);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_without_sources),
        cmocka_unit_test(a_flag_goes_before_the_environment_before_the_file),
        cmocka_unit_test(wrong_values_name_their_source),
        cmocka_unit_test(a_file_of_another_command_is_fine_a_missing_one_is_not),
        cmocka_unit_test(help_lists_the_options_of_a_command),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    int fd = mkstemp(file_path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file_path);
    return failed;
}
