/*
 * A folder as a registry: ids and versions, what several processes see of each other, what damage is told, and that no
 * failing write leaves half of anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../log/temp_dir.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/registry.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct world {
    struct temp_dir dir;
    char url[300];
    struct lf_registry *registry;
    struct lf_arena arena;
    struct lf_err err;
};

static int
set_up(void **state)
{
    static struct world world;
    world = (struct world){.dir = make_temp_dir()};
    snprintf(world.url, sizeof(world.url), "files:%s/schemas of/us", world.dir.path);
    const struct lf_registry_options options = {.url = world.url};
    lf_arena_init(&world.arena, 0, 0);
    assert_int_equal(lf_registry_open(&options, &world.registry, &world.err), LF_OK);
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    lf_registry_close(world->registry);
    lf_arena_release(&world->arena);
    remove_tree(world->dir.path);
    return 0;
}

static struct lf_schema_text
json(const char *text)
{
    return (struct lf_schema_text){LF_SCHEMA_JSON, lf_bytes_of(text), NULL, 0};
}

static uint32_t
enroll(struct world *world, const char *subject, struct lf_schema_text schema)
{
    uint32_t id = 0;
    if (lf_registry_register(world->registry, lf_bytes_of(subject), &schema, &id, &world->err) != LF_OK)
        fail_msg("%s", world->err.text);
    return id;
}

static void
path_of(const struct world *world, const char *name, char out[512])
{
    snprintf(out, 512, "%s/schemas of/us/%s", world->dir.path, name);
}

static void
put(const struct world *world, const char *name, const char *text)
{
    char path[512];
    path_of(world, name, path);
    assert_int_equal(lf_file_write(path, lf_bytes_of(text), NULL), LF_OK);
}

static const char *
lock_file(struct world *world)
{
    char path[512];
    struct lf_buf text;
    path_of(world, "registry.lock.json", path);
    lf_buf_init(&text, 1000000);
    assert_int_equal(lf_file_read(path, &text, &world->err), LF_OK);
    const char *copy = lf_arena_text(&world->arena, lf_buf_view(&text));
    lf_buf_release(&text);
    return copy;
}

static void
ids_and_versions(void **state)
{
    struct world *world = *state;
    struct lf_registered found;
    int32_t *versions;
    size_t count;
    assert_int_equal(enroll(world, "a", json("{\"x\":1,\"y\":2}")), 1);
    assert_int_equal(enroll(world, "a", json("{\"x\":1}")), 2);
    assert_int_equal(enroll(world, "b", json(" {\"y\":2, \"x\":1.0}")), 1); /* the same, otherwise written */
    assert_int_equal(enroll(world, "a", json("{\"x\":1}")), 2);
    assert_int_equal(enroll(world, "a", (struct lf_schema_text){LF_SCHEMA_AVRO, LF_LIT("{\"x\":1}"), NULL, 0}), 3);
    assert_int_equal(lf_registry_versions(world->registry, LF_LIT("a"), &world->arena, &versions, &count, &world->err),
                     LF_OK);
    assert_int_equal(count, 3);
    assert_int_equal(
        lf_registry_version(world->registry, LF_LIT("a"), LF_REGISTRY_LATEST, &world->arena, &found, &world->err),
        LF_OK);
    assert_int_equal(found.version, 3);
    assert_int_equal(found.id, 3);
    assert_int_equal(found.schema.type, LF_SCHEMA_AVRO);
    assert_int_equal(lf_registry_version(world->registry, LF_LIT("a"), 1, &world->arena, &found, &world->err), LF_OK);
    assert_true(lf_bytes_equal_text(found.schema.text, "{\"x\":1,\"y\":2}"));
    assert_int_equal(lf_registry_version(world->registry, LF_LIT("a"), 4, &world->arena, &found, &world->err),
                     LF_NOT_FOUND);
    assert_int_equal(lf_registry_version(world->registry, LF_LIT("c"), 1, &world->arena, &found, &world->err),
                     LF_NOT_FOUND);
}

static void
the_lock_file_is_for_people_too(void **state)
{
    struct world *world = *state;
    const struct lf_schema_reference reference = {LF_LIT("common.proto"), LF_LIT("common"), 1};
    (void)enroll(world, "common", (struct lf_schema_text){LF_SCHEMA_PROTOBUF, LF_LIT("syntax"), NULL, 0});
    (void)enroll(world, "a", (struct lf_schema_text){LF_SCHEMA_PROTOBUF, LF_LIT("import"), &reference, 1});
    assert_int_equal(lf_registry_set_level(world->registry, LF_LIT("a"), LF_COMPAT_FULL, &world->err), LF_OK);
    assert_string_equal(lock_file(world),
                        "{\n"
                        "  \"format\": 1,\n"
                        "  \"nextId\": 3,\n"
                        "  \"level\": \"BACKWARD\",\n"
                        "  \"schemas\": [\n"
                        "    {\"id\": 1, \"type\": \"PROTOBUF\", \"file\": \"schemas/1.proto\", "
                        "\"sha256\": \"93b8edb0066d58b98bcf1f5e223a186f231ab09ae359ceb2e771fa381c5f9dc5\"},\n"
                        "    {\"id\": 2, \"type\": \"PROTOBUF\", \"file\": \"schemas/2.proto\", "
                        "\"sha256\": \"d942f64886578d8747312e368ed92d9f6b2a8d45556f0f924e2444fe911d15af\", "
                        "\"references\": [{\"name\":\"common.proto\",\"subject\":\"common\",\"version\":1}]}\n"
                        "  ],\n"
                        "  \"subjects\": [\n"
                        "    {\"subject\": \"common\", \"versions\": [{\"version\": 1, \"id\": 1}]},\n"
                        "    {\"subject\": \"a\", \"level\": \"FULL\", \"versions\": [{\"version\": 1, \"id\": 2}]}\n"
                        "  ]\n"
                        "}\n");
}

static void
looking_up(void **state)
{
    struct world *world = *state;
    uint32_t id;
    int32_t version;
    struct lf_schema_text found;
    const struct lf_schema_text one = json("{\"x\":1}"), other = json("{\"x\":2}"), broken = json("{");
    (void)enroll(world, "b", other);
    (void)enroll(world, "a", one);
    assert_int_equal(lf_registry_lookup(world->registry, LF_LIT("a"), &one, &id, &version, &world->err), LF_OK);
    assert_int_equal(id, 2);
    assert_int_equal(version, 1);
    assert_int_equal(lf_registry_lookup(world->registry, LF_LIT("a"), &other, &id, &version, &world->err),
                     LF_NOT_FOUND);
    assert_int_equal(lf_registry_lookup(world->registry, LF_LIT("c"), &one, &id, &version, &world->err), LF_NOT_FOUND);
    assert_int_equal(lf_registry_register(world->registry, LF_LIT("a"), &broken, &id, &world->err), LF_INVALID);
    assert_int_equal(lf_registry_by_id(world->registry, 2, &world->arena, &found, &world->err), LF_OK);
    assert_true(lf_bytes_equal_text(found.text, "{\"x\":1}"));
    assert_int_equal(lf_registry_by_id(world->registry, 3, &world->arena, &found, &world->err), LF_NOT_FOUND);
    assert_int_equal(lf_registry_by_guid(world->registry, (const uint8_t[16]){1}, &world->arena, &found, &world->err),
                     LF_NOT_FOUND);
}

static void
levels(void **state)
{
    struct world *world = *state;
    enum lf_compat_level level;
    assert_int_equal(lf_registry_level(world->registry, LF_LIT("new"), &level, &world->err), LF_OK);
    assert_int_equal(level, LF_COMPAT_BACKWARD);
    assert_int_equal(lf_registry_set_level(world->registry, LF_LIT("new"), LF_COMPAT_NONE, &world->err), LF_OK);
    assert_int_equal(lf_registry_level(world->registry, LF_LIT("new"), &level, &world->err), LF_OK);
    assert_int_equal(level, LF_COMPAT_NONE);
    struct lf_registered found;
    assert_int_equal(
        lf_registry_version(world->registry, LF_LIT("new"), LF_REGISTRY_LATEST, &world->arena, &found, &world->err),
        LF_NOT_FOUND);
}

static void
references_must_be_there(void **state)
{
    struct world *world = *state;
    uint32_t id;
    struct lf_schema_part *parts;
    size_t count;
    const struct lf_schema_reference reference = {LF_LIT("b.json"), LF_LIT("b"), 1};
    const struct lf_schema_text schema = {LF_SCHEMA_JSON, LF_LIT("{\"$ref\":\"b.json\"}"), &reference, 1};
    assert_int_equal(lf_registry_register(world->registry, LF_LIT("a"), &schema, &id, &world->err), LF_INVALID);
    (void)enroll(world, "b", json("true"));
    assert_int_equal(lf_registry_register(world->registry, LF_LIT("a"), &schema, &id, &world->err), LF_OK);
    assert_int_equal(lf_registry_parts(world->registry, &schema, &world->arena, &parts, &count, &world->err), LF_OK);
    assert_int_equal(count, 1);
    assert_true(lf_bytes_equal_text(parts[0].text, "true"));
}

static void
damage_is_told_and_never_served(void **state)
{
    static const struct {
        const char *text;
        enum lf_status status;
    } rows[] = {
        {"", LF_CORRUPT},
        {"{\"format\":1", LF_CORRUPT},
        {"{}", LF_CORRUPT},
        {"{\"format\":2}", LF_UNSUPPORTED},
        {"{\"format\":1,\"nextId\":1,\"level\":\"BACKWARD\",\"schemas\":[],\"subjects\":7}", LF_CORRUPT},
        {"{\"format\":1,\"nextId\":1,\"level\":\"SIDEWAYS\",\"schemas\":[],\"subjects\":[]}", LF_CORRUPT},
        {"{\"format\":1,\"nextId\":1,\"level\":\"BACKWARD\",\"schemas\":[],\"subjects\":[{\"subject\":\"a\","
         "\"versions\":[{\"version\":1,\"id\":1}]}]}",
         LF_CORRUPT},
        {"{\"format\":1,\"nextId\":5,\"level\":\"BACKWARD\",\"schemas\":[{\"id\":1,\"type\":\"JSON\",\"file\":"
         "\"schemas/../../x\",\"sha256\":"
         "\"f95cf0f96e58a50c37bd53305b9d9190f3752afa1afcfb55cba57e1c82bbd14f\"}],\"subjects\":[]}",
         LF_CORRUPT},
    };
    struct world *world = *state;
    struct lf_schema_text found;
    uint32_t id;
    const struct lf_schema_text schema = json("{\"z\":1}");
    (void)enroll(world, "a", json("{\"x\":1}"));
    const char *good = lock_file(world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put(world, "registry.lock.json", rows[i].text);
        enum lf_status st = lf_registry_by_id(world->registry, 1, &world->arena, &found, &world->err);
        if (st != rows[i].status || strstr(world->err.text, "registry.lock.json") == NULL)
            fail_msg("row %zu: %s", i, world->err.text);
        st = lf_registry_register(world->registry, LF_LIT("a"), &schema, &id, &world->err);
        assert_int_equal(st, rows[i].status);
        assert_string_equal(lock_file(world), rows[i].text);
    }
    put(world, "registry.lock.json", good);
    put(world, "schemas/1.json", "{ \"x\" : 1 }\n"); /* formatted anew: the same */
    assert_int_equal(lf_registry_by_id(world->registry, 1, &world->arena, &found, &world->err), LF_OK);
    put(world, "schemas/1.json", "{\"x\":2}");
    assert_int_equal(lf_registry_by_id(world->registry, 1, &world->arena, &found, &world->err), LF_CORRUPT);
    put(world, "schemas/1.json", "{");
    assert_int_equal(lf_registry_by_id(world->registry, 1, &world->arena, &found, &world->err), LF_CORRUPT);
}

static void
one_that_only_reads(void **state)
{
    struct world *world = *state;
    struct lf_registry *reader = NULL;
    struct lf_schema_text found;
    uint32_t id;
    const struct lf_schema_text schema = json("{\"x\":1}");
    const struct lf_registry_options options = {.url = world->url, .read_only = true};
    assert_int_equal(lf_registry_open(&options, &reader, &world->err), LF_OK);
    assert_int_equal(lf_registry_by_id(reader, 1, &world->arena, &found, &world->err), LF_NOT_FOUND);
    (void)enroll(world, "a", schema);
    assert_int_equal(lf_registry_by_id(reader, 1, &world->arena, &found, &world->err), LF_OK);
    assert_int_equal(lf_registry_register(reader, LF_LIT("a"), &schema, &id, &world->err), LF_DENIED);
    lf_registry_close(reader);
    const struct lf_registry_options missing = {.url = "files:/nowhere/at/all", .read_only = true};
    assert_int_equal(lf_registry_open(&missing, &reader, &world->err), LF_NOT_FOUND);
    const struct lf_registry_options nameless = {.url = "files:"};
    assert_int_equal(lf_registry_open(&nameless, &reader, &world->err), LF_INVALID);
}

/* ---- several at once ---- */

enum { WRITERS = 4, SCHEMAS = 12 };

/* Registers all schemas under a subject of its own, each writer in another order. */
static void
write_all(const char *url, int writer)
{
    struct lf_registry *registry = NULL;
    const struct lf_registry_options options = {.url = url};
    char subject[16], text[32];
    snprintf(subject, sizeof(subject), "s%d", writer);
    if (lf_registry_open(&options, &registry, NULL) != LF_OK)
        _exit(1);
    for (int i = 0; i < SCHEMAS; i++) {
        uint32_t id;
        snprintf(text, sizeof(text), "{\"n\":%d}", (i + writer * 3) % SCHEMAS);
        const struct lf_schema_text schema = json(text);
        if (lf_registry_register(registry, lf_bytes_of(subject), &schema, &id, NULL) != LF_OK)
            _exit(1);
    }
    lf_registry_close(registry);
}

static void
processes_share_it(void **state)
{
    struct world *world = *state;
    struct lf_schema_text found;
    for (int writer = 0; writer < WRITERS; writer++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            write_all(world->url, writer);
            _exit(0);
        }
    }
    for (int writer = 0; writer < WRITERS; writer++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    for (int writer = 0; writer < WRITERS; writer++) {
        int32_t *versions;
        size_t count;
        char subject[16];
        snprintf(subject, sizeof(subject), "s%d", writer);
        assert_int_equal(
            lf_registry_versions(world->registry, lf_bytes_of(subject), &world->arena, &versions, &count, &world->err),
            LF_OK);
        assert_int_equal(count, SCHEMAS);
    }
    for (uint32_t id = 1; id <= SCHEMAS; id++)
        assert_int_equal(lf_registry_by_id(world->registry, id, &world->arena, &found, &world->err), LF_OK);
    assert_int_equal(lf_registry_by_id(world->registry, SCHEMAS + 1, &world->arena, &found, &world->err), LF_NOT_FOUND);
}

static void *
enroll_on_a_thread(void *arg)
{
    struct world *world = arg;
    uint32_t id;
    const struct lf_schema_text schema = json("{\"x\":1}");
    return (void *)(intptr_t)lf_registry_register(world->registry, LF_LIT("a"), &schema, &id, &world->err);
}

static void
a_stop_ends_the_wait_for_the_lock(void **state)
{
    struct world *world = *state;
    pthread_t thread;
    void *status;
    char path[512];
    path_of(world, ".lock", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(pthread_create(&thread, NULL, enroll_on_a_thread, world), 0);
    lf_registry_stop(world->registry);
    pthread_join(thread, &status);
    assert_int_equal((intptr_t)status, LF_CLOSED);
    close(fd);
}

/* ---- failures ---- */

static void
a_folder_that_cannot_be_written(void **state)
{
    struct world *world = *state;
    uint32_t id;
    char path[512];
    const struct lf_schema_text schema = json("{\"x\":1}");
    path_of(world, "schemas", path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(lf_registry_register(world->registry, LF_LIT("a"), &schema, &id, &world->err), LF_NOT_FOUND);
    path_of(world, "registry.lock.json", path);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void
every_lack_of_memory_is_told(void **state)
{
    struct world *world = *state;
    const struct lf_schema_text schema = json("{\"x\":1}");
    for (uint64_t n = 1;; n++) {
        struct lf_registered found;
        uint32_t id;
        int32_t version;
        int64_t live = lf_mem_live();
        struct lf_arena arena;
        lf_arena_init(&arena, 0, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_registry_register(world->registry, LF_LIT("a"), &schema, &id, &world->err);
        if (st == LF_OK)
            st = lf_registry_lookup(world->registry, LF_LIT("a"), &schema, &id, &version, &world->err);
        if (st == LF_OK)
            st = lf_registry_version(world->registry, LF_LIT("a"), 1, &arena, &found, &world->err);
        if (st == LF_OK)
            st = lf_registry_set_level(world->registry, LF_LIT("a"), LF_COMPAT_FULL, &world->err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_arena_release(&arena);
        assert_int_equal(lf_mem_live(), live);
        if (st != (hit ? LF_NO_MEMORY : LF_OK))
            fail_msg("%s: %s", lf_status_name(st), world->err.text);
        if (!hit)
            break;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ids_and_versions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_lock_file_is_for_people_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(levels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(references_must_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_told_and_never_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_only_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes_share_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_ends_the_wait_for_the_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_lack_of_memory_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
