/* A rebuild on a SQLite store: whatever happens meanwhile, wherever it is broken off, states are the fold. */
#include "bank.h"
#include "event/replay.h"
#include "server/rebuild.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ACCOUNTS = 20, FOUND_MAX = 64 };

static const struct lf_bytes topic = {"t", 1};

struct world {
    char folder[64], url[96];
    struct lf_store *store;
    struct lf_store_session *session; /* the consumer's */
    struct lf_arena arena;
    int64_t offset;
    uint64_t seed;
    struct lf_rebuild_options options;
    struct lf_rebuild_result result;
    char found[FOUND_MAX][48]; /* "kind key" */
    size_t found_count;
    int calls, stop_at;
    void (*meanwhile)(struct world *world, const char *what);
};

#define OK(CALL)                                                                                                       \
    do {                                                                                                               \
        struct lf_err err = {0};                                                                                       \
        if ((CALL) != LF_OK)                                                                                           \
            fail_msg("%s: %s", #CALL, err.text);                                                                       \
    } while (0)

static const struct lf_entity *
account(void)
{
    return &bank.entities[0];
}

/* ---- a consumer of one event at a time ---- */

static void
apply(struct world *world, const char *type, struct lf_bytes key, struct lf_member *members, size_t count)
{
    char id[32];
    struct lf_value state = LF_VALUE_NULL;
    snprintf(id, sizeof(id), "e%d", (int)world->offset);
    struct lf_event event = {.id = lf_bytes_of(id),
                             .type_name = lf_bytes_of(type),
                             .type = lf_model_event(&bank, lf_bytes_of(type)),
                             .payload = lf_value_object(members, count),
                             .entity_key = key,
                             .place = {topic, 0, world->offset++}};
    const struct lf_event *one = &event;
    enum lf_append_outcome outcome;
    lf_arena_reset(&world->arena);
    OK(lf_store_begin(world->session, &err));
    OK(lf_store_append(world->session, &one, 1, &outcome, &err));
    OK(lf_store_load(world->session, account(), &key, 1, &world->arena, &state, &err));
    OK(lf_replay(&event, &state, &world->arena, &state, &err));
    const struct lf_state_change change = {.key = key, .state = state, .place = event.place};
    OK(lf_store_save(world->session, account(), &change, 1, &err));
    OK(lf_store_commit(world->session, &err));
}

/* An event of one of the accounts, whichever makes sense there. */
static void
work(struct world *world, int events)
{
    for (int i = 0; i < events; i++) {
        char key[16];
        struct lf_value state;
        world->seed = world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned dice = (unsigned)(world->seed >> 33);
        snprintf(key, sizeof(key), "a%u", dice % ACCOUNTS);
        struct lf_member members[] = {{LF_LIT("id"), lf_value_string(lf_bytes_of(key))},
                                      {LF_LIT("owner"), lf_value_string(LF_LIT("o"))}};
        struct lf_bytes name = lf_bytes_of(key);
        OK(lf_store_load(world->session, account(), &name, 1, &world->arena, &state, &err));
        if (state.type == LF_V_NULL) {
            apply(world, "Opened", name, members, 2);
        } else if (dice / ACCOUNTS % 10 == 0) {
            apply(world, "Closed", name, members, 1);
        } else {
            members[1] = (struct lf_member){LF_LIT("amount"), lf_value_int(dice % 100)};
            apply(world, "Deposited", name, members, 2);
        }
    }
}

/* ---- the rebuild ---- */

static void
take_finding(void *ctx, const struct lf_finding *finding)
{
    struct world *world = ctx;
    if (world->found_count < FOUND_MAX)
        snprintf(world->found[world->found_count++], sizeof(world->found[0]), "%s %.*s", finding->kind,
                 LF_FMT(finding->entity_key));
}

static bool
take_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct world *world = ctx;
    assert_true(total == -1 || done <= total);
    if (world->meanwhile != NULL)
        world->meanwhile(world, what);
    return ++world->calls != world->stop_at;
}

static enum lf_status
rebuild(struct world *world)
{
    struct lf_err err = {0};
    world->found_count = 0;
    world->calls = 0;
    enum lf_status st = lf_rebuild(&world->options, &world->result, &err);
    assert_int_equal(st, err.status);
    return st;
}

static int
setup(void **state)
{
    static const struct lf_entity *entities[1];
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    bank_init();
    lf_arena_init(&world->arena, 0, 0);
    snprintf(world->folder, sizeof(world->folder), "/tmp/logfirst-rebuild-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->url, sizeof(world->url), "sqlite:%s/store.db", world->folder);
    const struct lf_store_options options = {.url = world->url, .model = &bank};
    OK(lf_store_open(&options, &world->store, &err));
    OK(lf_store_session_open(world->store, true, &world->session, &err));
    world->seed = 42;
    entities[0] = account();
    world->options = (struct lf_rebuild_options){.model = &bank,
                                                 .store_url = world->url,
                                                 .schema_digest = 7,
                                                 .entities = entities,
                                                 .entity_count = 1,
                                                 .state_bytes = 20000,
                                                 .found = take_finding,
                                                 .ctx = world,
                                                 .progress = {take_progress, world}};
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    struct world *world = *state;
    lf_store_session_close(world->session);
    lf_store_close(world->store);
    for (int i = 0; i < 3; i++) {
        char path[96];
        snprintf(path, sizeof(path), "%s/%s", world->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(world->folder), 0);
    lf_arena_release(&world->arena);
    bank_release();
    free(world);
    return 0;
}

/* ---- damage, and what is right ---- */

static void
save(struct world *world, const char *key, int balance)
{
    struct lf_member members[] = {{LF_LIT("id"), lf_value_string(lf_bytes_of(key))},
                                  {LF_LIT("owner"), lf_value_string(LF_LIT("thief"))},
                                  {LF_LIT("balance"), lf_value_int(balance)},
                                  {LF_LIT("last"), LF_VALUE_NULL},
                                  {LF_LIT("deposits"), lf_value_int(0)}};
    const struct lf_state_change change = {.key = lf_bytes_of(key),
                                           .state = balance >= 0 ? lf_value_object(members, 5) : LF_VALUE_NULL,
                                           .place = {topic, 0, 0}};
    OK(lf_store_begin(world->session, &err));
    OK(lf_store_save(world->session, account(), &change, 1, &err));
    OK(lf_store_commit(world->session, &err));
}

static void
damage(struct world *world)
{
    save(world, "a3", 1000000);
    save(world, "a4", -1);
    save(world, "ghost", 5);
}

/* Each state is the fold of the stored events; there are no others. */
static void
assert_right(struct world *world)
{
    struct lf_arena arena;
    struct lf_value states[ACCOUNTS] = {0};
    struct lf_walked *items;
    size_t count, alive = 0;
    const struct lf_walk walk = {.until = INT64_MAX, .max = LF_WALK_MAX};
    lf_arena_init(&arena, 0, 0);
    OK(lf_store_walk(world->session, &walk, &arena, &items, &count, &err));
    assert_int_equal(count, world->offset);
    for (size_t i = 0; i < count; i++) {
        long n = strtol(items[i].event.entity_key.ptr + 1, NULL, 10);
        OK(lf_replay(&items[i].event, &states[n], &arena, &states[n], &err));
    }
    for (size_t i = 0; i < ACCOUNTS; i++) {
        struct lf_value row;
        struct lf_bytes key = lf_bytes_of(lf_arena_printf(&arena, "a%zu", i));
        OK(lf_store_load(world->session, account(), &key, 1, &arena, &row, &err));
        if (!lf_value_equal(&row, &states[i]))
            fail_msg("%s is not its fold", key.ptr);
        alive += row.type != LF_V_NULL;
    }
    const struct lf_list_query query = {.entity = account(), .first = 1000};
    struct lf_list_result list;
    OK(lf_store_list(world->session, &query, &arena, &list, &err));
    assert_int_equal(list.count, alive);
    lf_arena_release(&arena);
}

/* ---- tests ---- */

static void
what_was_damaged_is_right_again(void **state)
{
    struct world *world = *state;
    work(world, 600);
    damage(world);
    assert_int_equal(rebuild(world), LF_OK);
    assert_true(world->result.switched && !world->result.resumed);
    assert_int_equal(world->result.events, 600);
    assert_int_equal(world->result.differences, 3);
    assert_string_equal(world->found[0], "state_differs a3");
    assert_string_equal(world->found[1], "state_without_events ghost");
    assert_string_equal(world->found[2], "state_missing a4");
    assert_right(world);
    work(world, 100); /* the consumer knew the old table */
    assert_right(world);
    assert_int_equal(rebuild(world), LF_OK);
    assert_int_equal(world->result.differences, 0);
}

static void
nothing_at_all(void **state)
{
    struct world *world = *state;
    assert_int_equal(rebuild(world), LF_OK);
    assert_true(world->result.switched);
    save(world, "ghost", 5);
    assert_int_equal(rebuild(world), LF_OK);
    assert_int_equal(world->result.differences, 1);
    assert_right(world);
}

static void
work_a_little(struct world *world, const char *what)
{
    if (strcmp(what, "switch") != 0) /* nobody else writes then */
        work(world, 3);
}

static void
the_consumer_goes_on(void **state)
{
    struct world *world = *state;
    work(world, 600);
    damage(world);
    world->meanwhile = work_a_little;
    assert_int_equal(rebuild(world), LF_OK);
    assert_true(world->result.differences + world->result.unsettled >= 1);
    assert_right(world);
}

/* So much comes that the switch has to wait, again and again. */
static void
work_much(struct world *world, const char *what)
{
    if (strcmp(what, "fold") == 0)
        work(world, 20);
}

static void
a_backlog_does_not_keep_it_from_the_switch(void **state)
{
    struct world *world = *state;
    work(world, 100);
    damage(world);
    world->meanwhile = work_much;
    world->options.few = 5;
    assert_int_equal(rebuild(world), LF_OK);
    assert_true(world->result.switched);
    world->meanwhile = NULL;
    assert_right(world);
}

static void
broken_off_anywhere_it_goes_on(void **state)
{
    struct world *world = *state;
    work(world, 600);
    damage(world);
    bool resumed = false;
    int stops = 0;
    for (world->stop_at = 1; rebuild(world) != LF_OK; world->stop_at++, stops++) {
        assert_false(world->result.switched);
        work(world, 10);
        resumed = resumed || world->result.resumed;
    }
    assert_true(resumed && stops > 1);
    assert_right(world);
}

static void
another_schema_begins_anew(void **state)
{
    struct world *world = *state;
    work(world, 600);
    world->stop_at = 5;
    assert_int_equal(rebuild(world), LF_CLOSED);
    world->options.schema_digest++;
    world->stop_at = 0;
    assert_int_equal(rebuild(world), LF_OK);
    assert_false(world->result.resumed);
    assert_int_equal(world->result.events, 600);
    assert_right(world);
}

/* Another rebuild moves the mark. */
static void
move_mark(struct world *world, const char *what)
{
    int64_t now = -1;
    struct lf_bytes group = LF_LIT("logfirst rebuild"), name = account()->name;
    if (strcmp(what, "fold") != 0 || world->calls != 0)
        return;
    OK(lf_store_begin(world->session, &err));
    OK(lf_store_position(world->session, group, name, 0, &now, &err));
    OK(lf_store_advance(world->session, group, name, 0, now, now + 1, &err));
    OK(lf_store_commit(world->session, &err));
}

static void
two_at_once_do_not_mix(void **state)
{
    struct world *world = *state;
    work(world, 600);
    world->meanwhile = move_mark;
    assert_int_equal(rebuild(world), LF_FENCED);
    assert_false(world->result.switched);
    assert_right(world);
}

static void
a_dry_run_changes_nothing(void **state)
{
    struct world *world = *state;
    work(world, 300);
    damage(world);
    world->options.dry_run = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rebuild(world), LF_OK);
        assert_false(world->result.switched);
        assert_int_equal(world->result.differences, 3);
    }
}

static void
an_event_that_cannot_be_applied(void **state)
{
    struct world *world = *state;
    work(world, 300);
    struct lf_member members[] = {{LF_LIT("id"), lf_value_string(LF_LIT("a1"))}};
    const struct lf_event bad = {.id = LF_LIT("bad"),
                                 .type_name = LF_LIT("Deposited"),
                                 .type = lf_model_event(&bank, LF_LIT("Deposited")),
                                 .payload = lf_value_object(members, 1),
                                 .entity_key = LF_LIT("a1"),
                                 .place = {topic, 0, 10000}};
    const struct lf_event *one = &bad;
    enum lf_append_outcome outcome;
    OK(lf_store_begin(world->session, &err));
    OK(lf_store_append(world->session, &one, 1, &outcome, &err));
    OK(lf_store_commit(world->session, &err));
    for (int i = 0; i < 2; i++) { /* also for whoever goes on */
        assert_int_equal(rebuild(world), LF_INVALID);
        assert_int_equal(world->result.unfoldable, 1);
        assert_string_equal(world->found[0], "unfoldable a1");
        assert_false(world->result.switched);
    }
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(what_was_damaged_is_right_again),
        CASE(nothing_at_all),
        CASE(the_consumer_goes_on),
        CASE(a_backlog_does_not_keep_it_from_the_switch),
        CASE(broken_off_anywhere_it_goes_on),
        CASE(another_schema_begins_anew),
        CASE(two_at_once_do_not_mix),
        CASE(a_dry_run_changes_nothing),
        CASE(an_event_that_cannot_be_applied),
    };
    return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
