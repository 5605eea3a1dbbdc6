/*
 * The registry's client against a server that answers a script: what goes over the wire, what each kind of answer and
 * of failure becomes, what is tried again and what is not, and that nothing lasts longer than it may.
 */
#include "codec/registry.h"
#include "registry_server.h"

#include "base/mem.h"

struct world {
    struct server server;
    struct lf_registry *registry;
    struct lf_arena arena;
    struct lf_err err;
};

static struct world world; /* too large for a stack */

static void
open_world(const struct server_step *steps, size_t count, struct lf_registry_options options)
{
    memset(&world.err, 0, sizeof(world.err));
    server_start(&world.server, steps, count);
    options.url = world.server.url;
    lf_arena_init(&world.arena, 0, 0);
    assert_int_equal(lf_registry_open(&options, &world.registry, &world.err), LF_OK);
}

static void
close_world(void)
{
    lf_registry_close(world.registry);
    server_stop(&world.server);
    lf_arena_release(&world.arena);
}

#define STEPS(...)                                                                                                     \
    (const struct server_step[]){__VA_ARGS__},                                                                         \
        sizeof((const struct server_step[]){__VA_ARGS__}) / sizeof(struct server_step)
#define OK_SCHEMA {SERVER_ANSWER, 200, "{\"schema\":\"{\\\"type\\\":\\\"string\\\"}\",\"schemaType\":\"JSON\"}"}

static void
assert_asked(size_t index, const char *words)
{
    assert_true(index < server_count(&world.server));
    if (strstr(world.server.requests[index], words) == NULL)
        fail_msg("no %s in\n%s", words, world.server.requests[index]);
}

static void
a_schema_is_read_by_its_id(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    open_world(STEPS({SERVER_ANSWER, 200,
                      "{\"schema\":\"message M {}\",\"schemaType\":\"PROTOBUF\",\"references\":[{\"name\":\"a.proto\","
                      "\"subject\":\"a\",\"version\":3}],\"later\":1}"}),
               (struct lf_registry_options){0});
    assert_int_equal(lf_registry_by_id(world.registry, 4000000000, &world.arena, &schema, &world.err), LF_OK);
    assert_int_equal(schema.type, LF_SCHEMA_PROTOBUF);
    assert_true(lf_bytes_equal_text(schema.text, "message M {}"));
    assert_int_equal(schema.reference_count, 1);
    assert_true(lf_bytes_equal_text(schema.references[0].subject, "a"));
    assert_int_equal(schema.references[0].version, 3);
    assert_asked(0, "GET /v7/schemas/ids/4000000000 HTTP/1.1\r\n");
    assert_asked(0, "\r\nAccept: application/vnd.schemaregistry.v1+json");
    close_world();
}

static void
a_schema_without_a_type_is_avro(void **state)
{
    (void)state;
    struct lf_registered found;
    open_world(STEPS({SERVER_ANSWER, 200, "{\"subject\":\"s\",\"id\":7,\"version\":2,\"schema\":\"\\\"int\\\"\"}"}),
               (struct lf_registry_options){0});
    assert_int_equal(
        lf_registry_version(world.registry, LF_LIT("a/b ü.."), LF_REGISTRY_LATEST, &world.arena, &found, &world.err),
        LF_OK);
    assert_int_equal(found.schema.type, LF_SCHEMA_AVRO);
    assert_int_equal(found.id, 7);
    assert_int_equal(found.version, 2);
    assert_asked(0, "GET /v7/subjects/a%2Fb%20%C3%BC../versions/latest HTTP/1.1\r\n");
    close_world();
}

static void
registering_sends_what_there_is(void **state)
{
    (void)state;
    uint32_t id = 0;
    int32_t version = 0;
    const struct lf_schema_reference reference = {LF_LIT("other"), LF_LIT("o"), 2};
    const struct lf_schema_text schema = {LF_SCHEMA_JSON, LF_LIT("{\"$ref\":\"other\"}"), &reference, 1};
    open_world(STEPS({SERVER_ANSWER, 200, "{\"id\":12}"}, {SERVER_ANSWER, 200, "{\"id\":12,\"version\":3}"}),
               (struct lf_registry_options){0});
    assert_int_equal(lf_registry_register(world.registry, LF_LIT("t-value"), &schema, &id, &world.err), LF_OK);
    assert_int_equal(id, 12);
    assert_asked(0, "POST /v7/subjects/t-value/versions HTTP/1.1\r\n");
    assert_asked(0, "\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n");
    assert_asked(0, "\r\n\r\n{\"schema\":\"{\\\"$ref\\\":\\\"other\\\"}\",\"schemaType\":\"JSON\","
                    "\"references\":[{\"name\":\"other\",\"subject\":\"o\",\"version\":2}]}");
    assert_int_equal(lf_registry_lookup(world.registry, LF_LIT("t-value"), &schema, &id, &version, &world.err), LF_OK);
    assert_int_equal(version, 3);
    assert_asked(1, "POST /v7/subjects/t-value HTTP/1.1\r\n");
    close_world();
}

static void
levels_versions_and_verdicts(void **state)
{
    (void)state;
    enum lf_compat_level level;
    int32_t *versions;
    size_t count;
    bool compatible = true;
    struct lf_bytes why;
    const struct lf_schema_text schema = {LF_SCHEMA_AVRO, LF_LIT("\"int\""), NULL, 0};
    open_world(STEPS({SERVER_ANSWER, 404, "{\"error_code\":40408,\"message\":\"none\"}"},
                     {SERVER_ANSWER, 200, "{\"compatibilityLevel\":\"FULL_TRANSITIVE\"}"},
                     {SERVER_ANSWER, 200, "[3,1,2]"},
                     {SERVER_ANSWER, 200, "{\"is_compatible\":false,\"messages\":[\"a\",\"b\"]}"},
                     {SERVER_ANSWER, 200, "{\"compatibility\":\"NONE\"}"}),
               (struct lf_registry_options){0});
    assert_int_equal(lf_registry_level(world.registry, LF_LIT("s"), &level, &world.err), LF_OK);
    assert_int_equal(level, LF_COMPAT_FULL_TRANSITIVE);
    assert_asked(1, "GET /v7/config HTTP/1.1\r\n");
    assert_int_equal(lf_registry_versions(world.registry, LF_LIT("s"), &world.arena, &versions, &count, &world.err),
                     LF_OK);
    assert_int_equal(count, 3);
    assert_int_equal(versions[0] + 10 * versions[1] + 100 * versions[2], 321);
    assert_int_equal(
        lf_registry_compatible(world.registry, LF_LIT("s"), 0, &schema, &world.arena, &compatible, &why, &world.err),
        LF_OK);
    assert_false(compatible);
    assert_true(lf_bytes_equal_text(why, "a\nb"));
    assert_asked(3, "POST /v7/compatibility/subjects/s/versions?verbose=true HTTP/1.1\r\n");
    assert_int_equal(lf_registry_set_level(world.registry, LF_LIT("s"), LF_COMPAT_NONE, &world.err), LF_OK);
    assert_asked(4, "PUT /v7/config/s HTTP/1.1\r\n");
    assert_asked(4, "\r\n\r\n{\"compatibility\":\"NONE\"}");
    close_world();
}

static void
credentials(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    open_world(STEPS(OK_SCHEMA), (struct lf_registry_options){.user = "u", .password = "p:w"});
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_OK);
    assert_asked(0, "\r\nAuthorization: Basic dTpwOnc=\r\n");
    close_world();
    open_world(STEPS(OK_SCHEMA), (struct lf_registry_options){.token = "abc.def"});
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_OK);
    assert_asked(0, "\r\nAuthorization: Bearer abc.def\r\n");
    close_world();
}

static void
credentials_in_the_url_are_used_and_not_shown(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    char url[96];
    const struct server_step steps[] = {{SERVER_ANSWER, 401, "{\"error_code\":40101,\"message\":\"no\"}"}};
    open_world(steps, 1, (struct lf_registry_options){0});
    lf_registry_close(world.registry);
    snprintf(url, sizeof(url), "http://me:s%%65cret@127.0.0.1:%d", world.server.port);
    const struct lf_registry_options options = {.url = url};
    assert_int_equal(lf_registry_open(&options, &world.registry, &world.err), LF_OK);
    assert_null(strstr(lf_registry_name(world.registry), "cret"));
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_DENIED);
    assert_asked(0, "\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"); /* me:secret */
    assert_null(strstr(world.err.text, "cret"));
    close_world();
}

static void
redirects_keep_the_method_and_end(void **state)
{
    (void)state;
    uint32_t id;
    const struct lf_schema_text schema = {LF_SCHEMA_AVRO, LF_LIT("\"int\""), NULL, 0};
    open_world(
        STEPS({SERVER_RAW, 0, "HTTP/1.1 302 X\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
              {SERVER_ANSWER, 200, "{\"id\":5}"}),
        (struct lf_registry_options){0});
    assert_int_equal(lf_registry_register(world.registry, LF_LIT("s"), &schema, &id, &world.err), LF_OK);
    assert_asked(1, "POST /other HTTP/1.1\r\n");
    assert_asked(1, "\r\n\r\n{\"schema\":\"\\\"int\\\"\"}");
    close_world();
    open_world(
        STEPS({SERVER_RAW, 0, "HTTP/1.1 302 X\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"}),
        (struct lf_registry_options){.tries = 1});
    assert_int_equal(lf_registry_register(world.registry, LF_LIT("s"), &schema, &id, &world.err), LF_UNAVAILABLE);
    assert_int_equal(server_count(&world.server), 4);
    close_world();
    open_world(STEPS({SERVER_RAW, 0, "HTTP/1.1 302 X\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"}),
               (struct lf_registry_options){.tries = 1});
    assert_int_equal(lf_registry_register(world.registry, LF_LIT("s"), &schema, &id, &world.err), LF_UNAVAILABLE);
    close_world();
}

/* ---- failures ---- */

struct row {
    struct server_step step;
    enum lf_status status;
    bool again; /* worth another try at once */
    const char *words;
};

static void
what_answers_mean(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{SERVER_ANSWER, 404, "{\"error_code\":40403,\"message\":\"Schema 1 not found\"}"},
         LF_NOT_FOUND,
         false,
         "Schema 1 not found (40403)"},
        {{SERVER_ANSWER, 404, "{\"error_code\":40401,\"message\":\"no subject\"}"}, LF_NOT_FOUND, false, "no subject"},
        {{SERVER_ANSWER, 404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}"}, LF_UNAVAILABLE, false, "404"},
        {{SERVER_ANSWER, 404, "<html>nothing here</html>"}, LF_UNAVAILABLE, false, "is the URL that of a registry?"},
        {{SERVER_ANSWER, 401, ""}, LF_DENIED, false, "401"},
        {{SERVER_ANSWER, 403, "{\"message\":\"you may not\"}"}, LF_DENIED, false, "you may not"},
        {{SERVER_ANSWER, 409, "{\"error_code\":409,\"message\":\"incompatible\"}"}, LF_CONFLICT, false, "incompatible"},
        {{SERVER_ANSWER, 422, "{\"error_code\":42201,\"message\":\"bad schema\"}"}, LF_INVALID, false, "bad schema"},
        {{SERVER_ANSWER, 405, ""}, LF_UNSUPPORTED, false, "405"},
        {{SERVER_ANSWER, 408, ""}, LF_UNAVAILABLE, true, "408"},
        {{SERVER_ANSWER, 429, ""}, LF_UNAVAILABLE, true, "429"},
        {{SERVER_ANSWER, 500, "{\"error_code\":50001,\"message\":\"store\"}"}, LF_UNAVAILABLE, true, "store (50001)"},
        {{SERVER_ANSWER, 503, "<html>"}, LF_UNAVAILABLE, true, "503"},
        {{SERVER_ANSWER, 204, ""}, LF_UNAVAILABLE, false, "none of a registry"},
        {{SERVER_ANSWER, 200, "<html>log in, please</html>"}, LF_UNAVAILABLE, false, "log in, please"},
        {{SERVER_ANSWER, 200, "[1]"}, LF_UNAVAILABLE, false, "no object"},
        {{SERVER_ANSWER, 200, "{\"schema\":7}"}, LF_UNAVAILABLE, false, "no schema"},
        {{SERVER_ANSWER, 200, "{\"schema\":\"x\",\"schemaType\":\"XML\"}"}, LF_INVALID, false, "XML"},
        {{SERVER_ANSWER, 200, "{\"schema\":\"x\",\"references\":{}}"}, LF_INVALID, false, "references"},
        {{SERVER_CLOSE, 0, ""}, LF_UNAVAILABLE, true, "mpty reply"},
        {{SERVER_CUT, 200, "{\"schema\":"}, LF_UNAVAILABLE, true, "127.0.0.1"},
        {{SERVER_RAW, 0, "SSH-2.0-OpenSSH\r\n"}, LF_UNAVAILABLE, true, "127.0.0.1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_schema_text schema;
        open_world(&rows[i].step, 1, (struct lf_registry_options){.tries = 2});
        enum lf_status st = lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err);
        if (st != rows[i].status || strstr(world.err.text, rows[i].words) == NULL)
            fail_msg("row %zu: %s: %s", i, lf_status_name(st), world.err.text);
        size_t asked = server_count(&world.server);
        if (asked != (rows[i].again ? 2 : 1))
            fail_msg("row %zu: %zu requests", i, asked);
        close_world();
    }
}

static void
what_passes_is_tried_again(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    open_world(STEPS({SERVER_ANSWER, 500, ""}, {SERVER_CLOSE, 0, ""}, OK_SCHEMA), (struct lf_registry_options){0});
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_OK);
    assert_int_equal(server_count(&world.server), 3);
    close_world();
}

static void
a_server_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    open_world(STEPS({SERVER_HANG, 0, ""}), (struct lf_registry_options){.tries = 1, .timeout_ms = 100});
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_UNAVAILABLE);
    close_world();
}

static void
nobody_listens(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    open_world(STEPS(OK_SCHEMA), (struct lf_registry_options){.tries = 1});
    server_stop(&world.server);
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_UNAVAILABLE);
    lf_registry_close(world.registry);
    lf_arena_release(&world.arena);
}

static void
an_endless_answer_is_given_up(void **state)
{
    (void)state;
    struct lf_schema_text schema;
    char *body = malloc(LF_REGISTRY_ANSWER_BYTES_MAX + 4096u);
    assert_non_null(body);
    memset(body, ' ', LF_REGISTRY_ANSWER_BYTES_MAX + 4095u);
    body[LF_REGISTRY_ANSWER_BYTES_MAX + 4095u] = '\0';
    open_world(STEPS({SERVER_ANSWER, 200, body}), (struct lf_registry_options){.tries = 1});
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_UNAVAILABLE);
    assert_non_null(strstr(world.err.text, "larger than"));
    close_world();
    free(body);
}

static void *
ask_on_a_thread(void *arg)
{
    struct lf_schema_text schema;
    (void)arg;
    return (void *)(intptr_t)lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err);
}

static void
a_stop_ends_what_is_under_way(void **state)
{
    (void)state;
    pthread_t thread;
    void *status;
    struct lf_schema_text schema;
    open_world(STEPS({SERVER_HANG, 0, ""}), (struct lf_registry_options){.timeout_ms = 600000});
    assert_int_equal(pthread_create(&thread, NULL, ask_on_a_thread, NULL), 0);
    server_await(&world.server, 1);
    lf_registry_stop(world.registry);
    pthread_join(thread, &status);
    assert_int_equal((intptr_t)status, LF_CLOSED);
    assert_int_equal(lf_registry_by_id(world.registry, 1, &world.arena, &schema, &world.err), LF_CLOSED);
    close_world();
}

static void
urls_that_are_none(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "", "registry:8081", "ftp://x", "http://", "http://h?x=1", "https://h/p#part", "http://h:99999"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct lf_registry *registry = NULL;
        struct lf_err err = {0};
        const struct lf_registry_options options = {.url = urls[i]};
        if (lf_registry_open(&options, &registry, &err) != LF_INVALID)
            fail_msg("%s: %s", urls[i], err.text);
    }
}

static void
subjects_that_are_none(void **state)
{
    (void)state;
    struct lf_registered found;
    open_world(STEPS(OK_SCHEMA), (struct lf_registry_options){0});
    const struct lf_bytes names[] = {LF_LIT(""), LF_LIT("a\0b"), LF_LIT("\xff")};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(lf_registry_version(world.registry, names[i], 1, &world.arena, &found, &world.err),
                         LF_INVALID);
    assert_int_equal(lf_registry_version(world.registry, LF_LIT("s"), 0, &world.arena, &found, &world.err), LF_INVALID);
    assert_int_equal(server_count(&world.server), 0);
    close_world();
}

/* ---- references ---- */

static void
references_come_before_what_refers_to_them(void **state)
{
    (void)state;
    struct lf_schema_part *parts;
    size_t count;
    const struct lf_schema_reference references[] = {{LF_LIT("b"), LF_LIT("B"), 1}, {LF_LIT("c"), LF_LIT("C"), 1}};
    const struct lf_schema_text schema = {LF_SCHEMA_AVRO, LF_LIT("a"), references, 2};
    open_world(STEPS({SERVER_ANSWER, 200,
                      "{\"schema\":\"1\",\"references\":[{\"name\":\"c\",\"subject\":\"C\",\"version\":1}]}"},
                     {SERVER_ANSWER, 200, "{\"schema\":\"2\"}"}),
               (struct lf_registry_options){0});
    assert_int_equal(lf_registry_parts(world.registry, &schema, &world.arena, &parts, &count, &world.err), LF_OK);
    assert_int_equal(count, 2);
    assert_true(lf_bytes_equal_text(parts[0].name, "c") && lf_bytes_equal_text(parts[0].text, "2"));
    assert_true(lf_bytes_equal_text(parts[1].name, "b") && lf_bytes_equal_text(parts[1].text, "1"));
    assert_asked(0, "GET /v7/subjects/B/versions/1?deleted=true HTTP/1.1\r\n");
    assert_int_equal(server_count(&world.server), 2);
    close_world();
}

static void
references_in_a_circle_are_refused(void **state)
{
    (void)state;
    struct lf_schema_part *parts;
    size_t count;
    const struct lf_schema_reference reference = {LF_LIT("b"), LF_LIT("B"), 1};
    const struct lf_schema_text schema = {LF_SCHEMA_AVRO, LF_LIT("a"), &reference, 1};
    open_world(STEPS({SERVER_ANSWER, 200,
                      "{\"schema\":\"1\",\"references\":[{\"name\":\"b2\",\"subject\":\"B\",\"version\":1}]}"}),
               (struct lf_registry_options){0});
    assert_int_equal(lf_registry_parts(world.registry, &schema, &world.arena, &parts, &count, &world.err), LF_INVALID);
    assert_non_null(strstr(world.err.text, "refers to itself"));
    close_world();
}

static void
every_lack_of_memory_is_told(void **state)
{
    (void)state;
    const struct lf_schema_reference reference = {LF_LIT("b"), LF_LIT("B"), 1};
    const struct lf_schema_text schema = {LF_SCHEMA_AVRO, LF_LIT("\"int\""), &reference, 1};
    server_start(&world.server, STEPS({SERVER_ANSWER, 200, "{\"id\":12,\"version\":3,\"schema\":\"\\\"int\\\"\"}"}));
    for (uint64_t n = 1;; n++) {
        const struct lf_registry_options options = {.url = world.server.url};
        struct lf_schema_part *parts;
        size_t count;
        uint32_t id;
        world.registry = NULL;
        lf_arena_init(&world.arena, 0, 0);
        int64_t live = lf_mem_live();
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_registry_open(&options, &world.registry, &world.err);
        if (st == LF_OK)
            st = lf_registry_register(world.registry, LF_LIT("s"), &schema, &id, &world.err);
        if (st == LF_OK)
            st = lf_registry_parts(world.registry, &schema, &world.arena, &parts, &count, &world.err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_registry_close(world.registry);
        lf_arena_release(&world.arena);
        assert_int_equal(lf_mem_live(), live);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (!hit)
            break;
    }
    server_stop(&world.server);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_is_read_by_its_id),
        cmocka_unit_test(a_schema_without_a_type_is_avro),
        cmocka_unit_test(registering_sends_what_there_is),
        cmocka_unit_test(levels_versions_and_verdicts),
        cmocka_unit_test(credentials),
        cmocka_unit_test(credentials_in_the_url_are_used_and_not_shown),
        cmocka_unit_test(redirects_keep_the_method_and_end),
        cmocka_unit_test(what_answers_mean),
        cmocka_unit_test(what_passes_is_tried_again),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(an_endless_answer_is_given_up),
        cmocka_unit_test(a_stop_ends_what_is_under_way),
        cmocka_unit_test(urls_that_are_none),
        cmocka_unit_test(subjects_that_are_none),
        cmocka_unit_test(references_come_before_what_refers_to_them),
        cmocka_unit_test(references_in_a_circle_are_refused),
        cmocka_unit_test(every_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
