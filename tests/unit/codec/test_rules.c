/* Rules of @schema: loaded, told where they are wrong, asked; memory that runs out at every place. */
#include "codec/rules.h"
#include "../model/kit.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

struct world {
    char folder[64];
    struct lf_model *model;
    struct lf_arena arena;
};

static void
write_file(const struct world *world, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", world->folder, name);
    assert_int_equal(lf_file_write(path, lf_bytes_of(text), NULL), LF_OK);
}

static int
set_up(void **state)
{
    static struct world world;
    char sdl[400];
    snprintf(world.folder, sizeof(world.folder), "%s/logfirst-rules-XXXXXX",
             getenv("TMPDIR") != NULL && strlen(getenv("TMPDIR")) < 30 ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(world.folder));
    snprintf(sdl, sizeof(sdl),
             "type A @event { x: Int y: Int }\n"
             "type B @event @schema(file: \"%s/b.json\") { x: Int! y: Int }\n"
             "type C @event @schema(file: \"%s/c.json\") { x: Int }",
             world.folder, world.folder);
    world.model = kit_model(sdl);
    lf_arena_init(&world.arena, 0, 0);
    write_file(&world, "b.json", "{\"properties\":{\"y\":{\"minimum\":5}},\"minProperties\":2}");
    write_file(&world, "c.json", "true");
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    char path[128];
    for (const char *name = "bc"; *name != '\0'; name++) {
        snprintf(path, sizeof(path), "%s/%c.json", world->folder, *name);
        unlink(path);
    }
    rmdir(world->folder);
    lf_model_free(world->model);
    lf_arena_release(&world->arena);
    return 0;
}

static void
tell(void *user, const struct lf_event_type *type, const char *why)
{
    struct lf_buf *told = user;
    lf_buf_printf(told, "%.*s %s\n", LF_FMT(type->name), why);
}

static void
test_rules(void **state)
{
    struct world *world = *state;
    struct lf_rules *rules = NULL;
    static const struct {
        const char *event, *payload, *path, *error; /* error NULL: right */
    } rows[] = {
        {"A", "{\"y\":1}", NULL, NULL},
        {"B", "{\"x\":1,\"y\":5}", NULL, NULL},
        {"B", "{\"y\":1}", "/x", "/x: is missing"}, /* the schema language's own word comes first */
        {"B", "{\"x\":1,\"y\":4}", "/y", "/y: 4 is not at least 5 (minimum)"},
        {"B", "{\"x\":1}", "", "payload: {\"x\":1} has 1 properties, at least 2 are required (minProperties)"},
        {"C", "{}", NULL, NULL},
    };
    assert_int_equal(lf_rules_load(world->model, tell, NULL, &rules, NULL), LF_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_violation violations[LF_VIOLATIONS_MAX];
        struct lf_err err = {0};
        size_t count = 0;
        const struct lf_value payload = kit_json(&world->arena, rows[i].payload);
        enum lf_status st = lf_rules_check(rules, kit_event(world->model, rows[i].event), &payload, &world->arena,
                                           violations, &count, &err);
        assert_int_equal(st, rows[i].error != NULL ? LF_INVALID : LF_OK);
        if (st == LF_OK)
            continue;
        assert_true(count > 0 && lf_bytes_equal_text(violations[0].path, rows[i].path));
        if (strncmp(err.text, rows[i].error, strlen(rows[i].error)) != 0)
            fail_msg("%s instead of %s", err.text, rows[i].error);
    }
    lf_rules_free(rules);
}

static void
test_problems_are_told(void **state)
{
    struct world *world = *state;
    struct lf_rules *rules = NULL;
    struct lf_buf told;
    struct lf_err err = {0};
    lf_buf_init(&told, 10000);
    write_file(world, "b.json", "{\"type\":1}");
    write_file(world, "c.json", "[");
    assert_int_equal(lf_rules_load(world->model, tell, &told, &rules, &err), LF_INVALID);
    assert_string_equal(err.text, "2 JSON Schemas cannot be used");
    lf_buf_add_char(&told, '\0');
    assert_non_null(strstr(told.ptr, "B "));
    assert_non_null(strstr(told.ptr, "b.json: #/type"));
    assert_non_null(strstr(told.ptr, "\nC "));
    lf_buf_release(&told);
    assert_null(rules);
}

static void
test_no_files_no_rules(void **state)
{
    (void)state;
    struct lf_rules *rules = (struct lf_rules *)(void *)&rules;
    struct lf_model *model = kit_model("type A @event { x: Int }");
    assert_int_equal(lf_rules_load(model, tell, NULL, &rules, NULL), LF_OK);
    assert_null(rules);
    lf_rules_free(rules);
    lf_model_free(model);
}

static void
test_memory_runs_out(void **state)
{
    struct world *world = *state;
    const struct lf_value payload = kit_json(&world->arena, "{\"x\":1,\"y\":4}");
    const int64_t live = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        struct lf_rules *rules = NULL;
        struct lf_arena arena;
        struct lf_violation violations[LF_VIOLATIONS_MAX];
        size_t count = 0;
        lf_arena_init(&arena, 16, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_rules_load(world->model, tell, NULL, &rules, NULL);
        if (st == LF_OK)
            st = lf_rules_check(rules, kit_event(world->model, "B"), &payload, &arena, violations, &count, NULL);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_true(st == LF_INVALID || (hit && st == LF_NO_MEMORY));
        lf_rules_free(rules);
        lf_arena_release(&arena);
        assert_int_equal(lf_mem_live(), live);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_problems_are_told, set_up, tear_down),
        cmocka_unit_test(test_no_files_no_rules),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
