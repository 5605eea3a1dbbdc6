#include "world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/report.h"
#include "json/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEADLINE_MS = 20000 };

static const char sdl[] =
    "type Quote @entity(key: \"customerId\") {\n"
    "  customerId: ID!\n  amount: Float!\n  note: String\n  at: DateTime\n"
    "  count: Int! @initial(value: 0) @apply(event: \"Counted\", add: \"by\")\n"
    "  kind: Kind\n  ref: UUID\n  price: Decimal\n"
    "}\n"
    "enum Kind { SMALL LARGE }\n"
    "type QuoteCreated @event(entity: \"Quote\") {\n"
    "  customerId: ID! @constraint(minLength: 1, maxLength: 2000000)\n  amount: Float! @constraint(min: 0, max: 1000)\n"
    "  note: String @constraint(maxLength: 2000000, pattern: \"^[^!]*$\")\n"
    "  at: DateTime @generated(by: EVENT_TIME)\n  id: UUID @generated(by: UUID)\n"
    "  kind: Kind\n  ref: UUID\n  price: Decimal\n"
    "}\n"
    "type Counted @event(entity: \"Quote\") { customerId: ID!  by: Int! }\n"
    "type Dropped @event(entity: \"Quote\", deletes: true) { customerId: ID! }\n"
    "type Noted @event(topic: \"notes\") { text: String! }\n"
    "input QuoteInput { customerId: ID!  amount: Float! }\n"
    "type Mutation {\n"
    "  create(customerId: ID!, amount: Float!, note: String, kind: Kind, ref: UUID, price: Decimal): Receipt!\n"
    "    @emits(event: \"QuoteCreated\")\n"
    "  createFrom(input: QuoteInput!): Receipt! @emits(event: \"QuoteCreated\")\n"
    "  maybe(customerId: ID!, amount: Float! @constraint(max: 10)): Receipt @emits(event: \"QuoteCreated\")\n"
    "  count(customerId: ID!, by: Int!): Receipt! @emits(event: \"Counted\")\n"
    "  quote(customerId: ID!, amount: Float!): Receipt! @emits(event: \"QuoteCreated\")\n" /* as a query is called */
    "  note(text: String!): Receipt! @emits(event: \"Noted\")\n"
    "}\n";

static const struct lf_bytes topic = LF_LIT_INIT("business");
static const struct lf_bytes topics[] = {LF_LIT_INIT("business"), LF_LIT_INIT("notes")};

static void
wake(void *ctx)
{
    struct world *world = ctx;
    pthread_mutex_lock(&world->lock);
    world->awake = true;
    pthread_cond_signal(&world->woken);
    pthread_mutex_unlock(&world->lock);
}

static void
trouble(void *ctx, const char *what, const struct lf_err *err)
{
    struct world *world = ctx;
    assert_non_null(what);
    world->troubles++;
    world->trouble = *err;
}

static void
swallow_line(void *ctx, const char *line, size_t len)
{
    (void)ctx, (void)line, (void)len;
}

static void
compile(struct world *world)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_buf text;
    const struct lf_model_file file = {"world.graphql", lf_bytes_of(sdl)};
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 100);
    lf_buf_init(&text, 1 << 20);
    world->model = lf_model_compile(&file, 1, &errors);
    lf_gql_errors_print(&text, &errors);
    if (world->model == NULL)
        fail_msg("%.*s", LF_FMT(lf_buf_view(&text)));
    lf_buf_release(&text);
    lf_arena_release(&arena);
}

static void
committed(void *ctx, struct lf_bytes committed_topic, int32_t partition, int64_t next)
{
    struct world *world = ctx;
    if (world->query != NULL)
        lf_query_committed(world->query, committed_topic, partition, next);
}

void
world_open(struct world *world)
{
    const struct lf_log_options log_options = {.url = "memory:", .create_topics = true, .partitions = 1};
    struct lf_log *log = NULL;
    struct lf_store *store = NULL;
    struct lf_err err = {0};
    *world = (struct world){.lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};
    lf_report_redirect(swallow_line, NULL);
    compile(world);
    const struct lf_store_options store_options = {.url = "memory:", .model = world->model};
    assert_int_equal(lf_log_open(&log_options, &log, &err), LF_OK);
    assert_int_equal(lf_log_fault_open(log, NULL, &world->log, &err), LF_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(lf_log_ensure_topic(log, topics[i], 1000, &err), LF_OK);
    assert_int_equal(lf_store_open(&store_options, &store, &err), LF_OK);
    world->store = lf_store_fault_new(store);
    assert_non_null(world->store);
    assert_int_equal(lf_store_session_open(store, false, &world->eye, &err), LF_OK);
    const struct lf_consumer_options consumer = {.model = world->model,
                                                 .log = log,
                                                 .store = store,
                                                 .codec = {.model = world->model, .source = LF_LIT("/test")},
                                                 .topics = topics,
                                                 .topic_count = 2,
                                                 .group = "group",
                                                 .committed = committed,
                                                 .ctx = world};
    assert_int_equal(lf_consumer_new(&consumer, &world->consumer, &err), LF_OK);
    world_start(world, NULL);
}

void
world_start(struct world *world, const struct lf_gateway_options *more)
{
    struct lf_err err = {0};
    const struct lf_query_options query = {.store = world->store, .group = LF_LIT("group"), .wake = {wake, world}};
    struct lf_gateway_options options = more != NULL ? *more : (struct lf_gateway_options){.introspection = true};
    assert_int_equal(lf_query_open(&query, &world->query, &err), LF_OK);
    options.model = world->model;
    options.log = world->log;
    options.query = world->query;
    options.codec = (struct lf_codec_options){.model = world->model, .source = LF_LIT("/test")};
    options.topic = topic;
    options.wake = (struct lf_wake){wake, world};
    options.trouble = trouble;
    options.trouble_ctx = world;
    assert_int_equal(lf_gateway_new(&options, &world->gateway, &err), LF_OK);
}

/* As the server does it. */
void
world_stop(struct world *world)
{
    if (world->gateway != NULL)
        lf_gateway_stop(world->gateway);
    lf_query_close(world->query);
    world->query = NULL;
    lf_gateway_free(world->gateway);
    world->gateway = NULL;
}

void
world_close(struct world *world)
{
    world_stop(world);
    lf_consumer_free(world->consumer);
    lf_store_session_close(world->eye);
    lf_store_close(world->store);
    lf_log_close(world->log);
    lf_model_free(world->model);
    lf_report_redirect(NULL, NULL);
}

int
world_set_up(void **state)
{
    static struct world world;
    world_open(&world);
    *state = &world;
    return 0;
}

int
world_tear_down(void **state)
{
    world_close(*state);
    return 0;
}

/* ---- requests ---- */

static void
replied(void *user, const struct lf_gateway_reply *reply)
{
    struct answer *answer = user;
    answer->replies++;
    answer->kind = reply->kind;
    answer->partial = reply->partial;
    answer->replayed = reply->replayed;
    answer->overloaded = reply->overloaded;
    answer->body = strndup(reply->body.ptr, reply->body.len);
}

void
world_send(struct world *world, const struct lf_gateway_call *call, struct answer *answer)
{
    *answer = (struct answer){0};
    lf_gateway_call(world->gateway, call, replied, answer);
}

void
world_call(struct world *world, const char *query, const char *key, struct answer *answer)
{
    /* copies that go away: the gateway must not keep views */
    char *text = strdup(query);
    char *key_text = key != NULL ? strdup(key) : NULL;
    const struct lf_gateway_call call = {
        .query = lf_bytes_of(text), .caller = LF_LIT(""), .idempotency_key = lf_bytes_of(key_text)};
    world_send(world, &call, answer);
    free(text);
    free(key_text);
}

void
world_turn(struct world *world)
{
    lf_gateway_turn(world->gateway);
    lf_gateway_flush(world->gateway);
}

static void
sleep_until_woken(struct world *world)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 5000000; /* delayed acknowledgements are announced by nobody */
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&world->lock);
    int rc = 0;
    while (!world->awake && rc == 0)
        rc = pthread_cond_timedwait(&world->woken, &world->lock, &until);
    world->awake = false;
    pthread_mutex_unlock(&world->lock);
}

void
world_wait(struct world *world, const struct answer *answer)
{
    int64_t deadline = lf_clock_mono_ms() + DEADLINE_MS;
    for (;;) {
        world_turn(world);
        if (answer->replies != 0)
            break;
        if (lf_clock_mono_ms() > deadline)
            fail_msg("no reply");
        sleep_until_woken(world);
    }
    assert_int_equal(answer->replies, 1);
}

void
world_ask(struct world *world, const char *query, const char *key, struct answer *answer)
{
    world_call(world, query, key, answer);
    world_wait(world, answer);
}

void
world_expect(struct world *world, const char *query, const char *path, const char *value)
{
    struct answer answer;
    world_ask(world, query, NULL, &answer);
    answer_has(&answer, path, value);
    answer_release(&answer);
}

/* ---- log and consumer ---- */

static void
no_ack(void *ctx, const struct lf_log_ack *ack)
{
    (void)ctx, (void)ack;
}

void
world_log(struct world *world, const struct lf_record *record)
{
    struct lf_log_writer *writer = NULL;
    struct lf_log_ack ack;
    struct lf_err err = {0};
    assert_int_equal(lf_log_writer_open(world->log, (struct lf_wake){0}, no_ack, NULL, &writer, &err), LF_OK);
    assert_int_equal(lf_log_append_wait(writer, record, &ack, &err), LF_OK);
    lf_log_writer_close(writer);
}

static int64_t
end_of(struct world *world, struct lf_bytes name)
{
    struct lf_log_range range = {0};
    struct lf_err err = {0};
    size_t count = 0;
    assert_int_equal(lf_log_ranges(world->log, name, &range, 1, &count, 1000, &err), LF_OK);
    return count != 0 ? range.next : 0;
}

int64_t
world_records(struct world *world)
{
    return end_of(world, topics[0]) + end_of(world, topics[1]);
}

static bool
caught_up(struct world *world)
{
    struct lf_err err = {0};
    for (size_t i = 0; i < 2; i++) {
        int64_t next = -1;
        assert_int_equal(lf_store_position(world->eye, LF_LIT("group"), topics[i], 0, &next, &err), LF_OK);
        if ((next < 0 ? 0 : next) != end_of(world, topics[i]))
            return false;
    }
    return true;
}

void
world_consume(struct world *world)
{
    int64_t deadline = lf_clock_mono_ms() + DEADLINE_MS;
    struct lf_err err = {0};
    while (!caught_up(world)) {
        if (lf_consumer_step(world->consumer, 1, true, &err) != LF_OK)
            fail_msg("consumer: %s", err.text);
        assert_true(lf_clock_mono_ms() < deadline);
    }
}

/* ---- answers ---- */

void
answer_release(struct answer *answer)
{
    free(answer->body);
    *answer = (struct answer){0};
}

static const struct lf_value *
step(const struct lf_value *value, struct lf_bytes name)
{
    int64_t index;
    if (value == NULL || value->type != LF_V_LIST)
        return value != NULL && value->type == LF_V_OBJECT ? lf_value_get(value, name) : NULL;
    if (!lf_bytes_to_i64(name, &index) || index < 0 || index >= (int64_t)value->count)
        return NULL;
    return &value->u.items[index];
}

const char *
answer_at(const struct answer *answer, const char *path)
{
    static char text[4096];
    struct lf_arena arena;
    struct lf_value whole;
    struct lf_err err = {0};
    struct lf_buf out;
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&out, sizeof(text) - 1);
    if (lf_json_parse(&arena, lf_bytes_of(answer->body), &whole, &err) != LF_OK)
        fail_msg("no JSON: %s: %s", err.text, answer->body);
    const struct lf_value *value = &whole;
    struct lf_bytes left = lf_bytes_of(path);
    while (left.len != 0) {
        size_t dot = lf_bytes_index(left, '.');
        struct lf_bytes name = dot == SIZE_MAX ? left : lf_bytes(left.ptr, dot);
        left = dot == SIZE_MAX ? LF_BYTES_NONE : lf_bytes(left.ptr + dot + 1, left.len - dot - 1);
        value = step(value, name);
    }
    if (value == NULL)
        lf_buf_add_char(&out, '-');
    else if (value->type == LF_V_STRING)
        lf_buf_add(&out, lf_value_text(value));
    else
        lf_json_write(&out, value);
    memcpy(text, out.ptr, out.len);
    text[out.len] = '\0';
    lf_buf_release(&out);
    lf_arena_release(&arena);
    return text;
}

void
answer_has(const struct answer *answer, const char *path, const char *value)
{
    const char *found = answer_at(answer, path);
    if (strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s, in %s", path, found, value, answer->body);
}
