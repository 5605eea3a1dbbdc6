#include "sim.h"
#include "bank.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/report.h"
#include "consumer/consumer.h"
#include "herd.h"
#include "oracle.h"
#include "producer.h"
#include "shaky.h"
#include "store/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOVES_MAX = 60, STEPS_TO_THE_END_MAX = 6000 /* batches may be single records, and fenced */ };
_Static_assert(HERD_PARTITIONS == (int)ORACLE_PARTITIONS, "one topic");

struct world {
    struct sim_rand rand;
    int64_t now_ns;
    bool trace;
    struct sim_tally *tally;
    struct lf_arena arena;
    struct lf_log *log;   /* the producers' and the oracle's: never fails */
    struct lf_log *shaky; /* the same, with faults */
    struct herd herd;
    struct lf_log *logs[HERD_MEMBERS]; /* the consumers': the shaky one with the group */
    struct lf_store *store;            /* with faults */
    struct lf_consumer *consumers[HERD_MEMBERS];
    bool at_work[HERD_MEMBERS];
    bool overlap; /* one may step while another holds records */
    size_t batch_records;
    struct producer producer;
    struct oracle oracle;
    char *why;
};

static const struct lf_bytes topic = {"business", 8};

/* ---- the world's own clock and dice ---- */

static int64_t
world_real_us(void *ctx)
{
    return 1700000000000000 + ((struct world *)ctx)->now_ns / 1000;
}

static int64_t
world_mono_ns(void *ctx)
{
    return ((struct world *)ctx)->now_ns += 1000;
}

static void
world_sleep_ns(void *ctx, int64_t ns)
{
    ((struct world *)ctx)->now_ns += ns;
}

static void
world_bytes(void *ctx, void *out, size_t len)
{
    struct world *world = ctx;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = (unsigned char)sim_next(&world->rand);
}

static void
swallow_line(void *ctx, const char *line, size_t len)
{
    (void)ctx, (void)line, (void)len;
}

static void LF_PRINTF(2, 3) tell(const struct world *world, const char *fmt, ...)
{
    if (!world->trace)
        return;
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* ---- making and ending it ---- */

static struct lf_consumer *
new_consumer(struct world *world, size_t which)
{
    const struct lf_consumer_options options = {
        .model = &bank,
        .log = world->logs[which],
        .store = world->store,
        .codec = {.model = &bank, .source = LF_LIT("/sim")},
        .topics = &topic,
        .topic_count = 1,
        .group = "sim",
        .batch_records = world->batch_records,
    };
    struct lf_consumer *consumer = NULL;
    struct lf_err err = {0};
    LF_ASSERT(lf_consumer_new(&options, &consumer, &err) == LF_OK);
    return consumer;
}

static void
no_ack(void *ctx, const struct lf_log_ack *ack)
{
    (void)ctx, (void)ack;
}

static void meanwhile(void *ctx, size_t member);

static void
open_world(struct world *world)
{
    const struct lf_log_options log_options = {
        .url = "memory:", .create_topics = true, .partitions = ORACLE_PARTITIONS};
    const struct lf_store_options store_options = {.url = "memory:", .model = &bank};
    struct lf_store *store = NULL;
    struct lf_err err = {0};
    lf_arena_init(&world->arena, 64 * 1024, 0);
    LF_ASSERT(lf_log_open(&log_options, &world->log, &err) == LF_OK);
    world->shaky = shaky_open(world->log);
    LF_ASSERT(lf_store_open(&store_options, &store, &err) == LF_OK);
    world->store = lf_store_fault_new(store);
    LF_ASSERT(world->store != NULL);
    oracle_open(&world->oracle, &bank, "sim", topic, world->log);
    world->producer = (struct producer){.rand = &world->rand, .arena = &world->arena, .topic = topic};
    LF_ASSERT(lf_log_writer_open(world->log, (struct lf_wake){0}, no_ack, NULL, &world->producer.writer, &err) ==
              LF_OK);
    world->batch_records = 1 + sim_below(&world->rand, 40);
    world->herd = (struct herd){.rand = &world->rand, .meanwhile = meanwhile, .ctx = world};
    herd_rebalance(&world->herd);
    for (size_t i = 0; i < HERD_MEMBERS; i++) {
        world->logs[i] = herd_join(&world->herd, i, world->shaky);
        world->consumers[i] = new_consumer(world, i);
    }
}

static void
close_world(struct world *world)
{
    for (size_t i = 0; i < HERD_MEMBERS; i++) {
        lf_consumer_free(world->consumers[i]);
        lf_log_close(world->logs[i]);
    }
    lf_log_writer_close(world->producer.writer);
    oracle_close(&world->oracle);
    lf_store_close(world->store);
    lf_log_close(world->shaky); /* and the log inside */
    lf_arena_release(&world->arena);
}

/* ---- what happens in it ---- */

static void
arm_log(struct world *world)
{
    enum shaky_call call = (enum shaky_call)sim_below(&world->rand, SHAKY_CALLS);
    shaky_arm(world->shaky, call, 1 + sim_below(&world->rand, 3), 1 + sim_below(&world->rand, 3),
              sim_chance(&world->rand, 50) ? LF_UNAVAILABLE : LF_TIMEOUT);
}

static void
arm_store(struct world *world)
{
    static const enum lf_status kinds[] = {LF_UNAVAILABLE, LF_TIMEOUT, LF_NO_MEMORY, LF_AGAIN};
    struct lf_store_fault fault = {
        .ops = sim_chance(&world->rand, 30) ? LF_FAULT_COMMIT : LF_FAULT_ANY,
        .nth = 1 + sim_below(&world->rand, 12),
        .times = 1 + sim_below(&world->rand, 3),
        .status = kinds[sim_below(&world->rand, 4)],
        .after = sim_chance(&world->rand, 50),
    };
    if (fault.ops == LF_FAULT_COMMIT)
        fault.nth = 1;
    lf_store_fault_arm(world->store, fault);
}

static void
arm(struct world *world)
{
    if (sim_chance(&world->rand, 15))
        lf_mem_fail_at(1 + sim_below(&world->rand, 80), false);
    if (sim_chance(&world->rand, 30))
        arm_log(world);
    if (sim_chance(&world->rand, 45))
        arm_store(world);
}

static void
disarm(struct world *world)
{
    world->tally->faults += lf_store_fault_hits(world->store) + lf_mem_fault_hit() + shaky_hit(world->shaky);
    shaky_disarm(world->shaky);
    lf_store_fault_arm(world->store, (struct lf_store_fault){0});
    lf_mem_fail_at(0, false);
}

/* FNV-1a, word by word. */
static void
note(struct world *world, uint64_t what)
{
    world->tally->hash = (world->tally->hash ^ what) * 0x100000001b3u;
    world->tally->hash = (world->tally->hash ^ (uint64_t)world->now_ns) * 0x100000001b3u;
}

static void
crash(struct world *world, size_t which)
{
    tell(world, "consumer %zu dies", which);
    lf_consumer_free(world->consumers[which]);
    world->consumers[which] = new_consumer(world, which);
    world->herd.deaf[which] = false;
    world->tally->crashes++;
}

/* One turn of this consumer. */
static enum lf_status
turn(struct world *world, size_t which)
{
    struct lf_err err = {0};
    world->at_work[which] = true;
    enum lf_status st = lf_consumer_step(world->consumers[which], 0, true, &err);
    world->at_work[which] = false;
    world->tally->steps++;
    note(world, (uint64_t)which * 1000 + st);
    tell(world, "consumer %zu: %s %s", which, lf_status_name(st), st != LF_OK ? err.text : "");
    if (st != LF_OK && lf_status_fate(st) != LF_FATE_RETRY)
        snprintf(world->why, SIM_WHY_SIZE, "consumer stopped: %s", err.text);
    return st;
}

/* The partitions of a member that holds records go to others, who do a turn with them: it is a zombie now. */
static void
meanwhile(void *ctx, size_t member)
{
    struct world *world = ctx;
    if (!world->overlap || !sim_chance(&world->rand, 15))
        return;
    size_t other = sim_below(&world->rand, HERD_MEMBERS);
    if (other == member || world->at_work[other])
        return;
    for (size_t p = 0; p < HERD_PARTITIONS; p++)
        world->herd.owner[p] = other;
    tell(world, "consumer %zu works while %zu holds records", other, member);
    world->tally->overlaps++;
    (void)turn(world, other);
}

/* One turn of one consumer, with what may go wrong in it; after a failure it may be dead: then the call that failed was
 * the last thing that it did. False: it failed in a way that it must not. */
static bool
step(struct world *world, bool faults)
{
    size_t which = sim_below(&world->rand, HERD_MEMBERS);
    world->overlap = faults;
    if (faults)
        arm(world);
    enum lf_status st = turn(world, which);
    disarm(world);
    if (world->why[0] != '\0')
        return false;
    if (faults && sim_chance(&world->rand, st != LF_OK ? 50 : 5))
        crash(world, which);
    return true;
}

static bool
check(struct world *world, bool whole)
{
    return oracle_check(&world->oracle, lf_store_fault_inner(world->store), whole, world->why, SIM_WHY_SIZE);
}

/* Some hear of it with their next read, some later. */
static void
rebalance(struct world *world)
{
    herd_rebalance(&world->herd);
    for (size_t i = 0; i < HERD_MEMBERS; i++)
        world->herd.deaf[i] = sim_chance(&world->rand, 30);
    world->tally->rebalances++;
    tell(world, "the partitions belong to %zu, %zu, %zu", world->herd.owner[0], world->herd.owner[1],
         world->herd.owner[2]);
}

static bool
move(struct world *world)
{
    world->now_ns += (int64_t)sim_below(&world->rand, 2000000000);
    if (sim_chance(&world->rand, 35)) {
        size_t count = sim_below(&world->rand, 20);
        for (size_t i = 0; i < count; i++)
            producer_send(&world->producer);
        tell(world, "%zu records appended", count);
        return true;
    }
    if (sim_chance(&world->rand, 10))
        rebalance(world);
    return step(world, true) && (!(sim_chance(&world->rand, 30) || world->trace) || check(world, false));
}

/* When faults stop, everything must come to its end. */
static bool
settle(struct world *world)
{
    memset(world->herd.deaf, 0, sizeof(world->herd.deaf));
    for (size_t i = 0; i < STEPS_TO_THE_END_MAX; i++) {
        world->why[0] = '\0'; /* the check before was too early */
        if (!step(world, false))
            return false;
        if (i % 8 == 7 && check(world, true))
            return true;
    }
    return check(world, true);
}

static void
count(struct world *world)
{
    for (size_t p = 0; p < ORACLE_PARTITIONS; p++) {
        world->tally->records += world->oracle.counts[p];
        for (size_t i = 0; i < world->oracle.counts[p]; i++) {
            enum oracle_verdict verdict = world->oracle.records[p][i]->verdict;
            world->tally->stored += verdict == ORACLE_STORED;
            world->tally->dead += verdict == ORACLE_DEAD;
            world->tally->duplicates += verdict == ORACLE_DUPLICATE;
        }
    }
    world->tally->worlds++;
}

bool
sim_run(uint64_t seed, bool trace, struct sim_tally *tally, char why[SIM_WHY_SIZE])
{
    static struct world world; /* too large for a stack */
    memset(&world, 0, sizeof(world));
    world.rand.state = seed;
    world.trace = trace;
    world.tally = tally;
    world.why = why;
    why[0] = '\0';
    const struct lf_clock clock = {world_real_us, world_mono_ns, world_sleep_ns, &world};
    lf_clock_replace(&clock);
    lf_rand_replace(world_bytes, &world);
    if (!trace)
        lf_report_redirect(swallow_line, NULL);
    open_world(&world);
    bool good = true;
    size_t moves = 10 + sim_below(&world.rand, MOVES_MAX);
    for (size_t i = 0; good && i < moves; i++)
        good = move(&world);
    good = good && settle(&world);
    count(&world);
    if (!good && trace)
        oracle_print(&world.oracle);
    close_world(&world);
    lf_report_redirect(NULL, NULL);
    lf_rand_replace(NULL, NULL);
    lf_clock_replace(NULL);
    return good;
}
