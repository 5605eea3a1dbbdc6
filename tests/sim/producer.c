#include "producer.h"

#include <stdio.h>
#include <string.h>

enum { ACCOUNTS = 6 };

/* splitmix64 */
uint64_t
sim_next(struct sim_rand *rand)
{
    uint64_t z = (rand->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t
sim_below(struct sim_rand *rand, uint64_t below)
{
    return sim_next(rand) % below;
}

bool
sim_chance(struct sim_rand *rand, unsigned percent)
{
    return sim_below(rand, 100) < percent;
}

static struct lf_record
make(struct producer *producer, struct lf_bytes key, struct lf_bytes value)
{
    return (struct lf_record){.topic = producer->topic, .partition = -1, .key = key, .value = value};
}

static void
append(struct producer *producer, const struct lf_record *record)
{
    struct lf_log_ack ack;
    struct lf_err err = {0};
    LF_ASSERT(lf_log_append_wait(producer->writer, record, &ack, &err) == LF_OK);
}

static struct lf_bytes
account(struct producer *producer)
{
    return lf_bytes_of(lf_arena_printf(producer->arena, "a%u", (unsigned)sim_below(producer->rand, ACCOUNTS)));
}

/* An event of this id about this account. */
static struct lf_bytes
event_of(struct producer *producer, unsigned id, struct lf_bytes key)
{
    unsigned amount = (unsigned)sim_below(producer->rand, 1000);
    struct lf_arena *arena = producer->arena;
    switch (sim_below(producer->rand, 10)) {
    case 0:
    case 1:
        return lf_bytes_of(lf_arena_printf(
            arena, "{\"eventId\":\"e%u\",\"eventType\":\"Opened\",\"payload\":{\"id\":\"%.*s\",\"owner\":\"o%u\"}}", id,
            LF_FMT(key), amount));
    case 2:
        return lf_bytes_of(lf_arena_printf(
            arena, "{\"eventId\":\"e%u\",\"eventType\":\"Closed\",\"payload\":{\"id\":\"%.*s\"}}", id, LF_FMT(key)));
    case 3:
        return lf_bytes_of(lf_arena_printf(
            arena, "{\"eventId\":\"e%u\",\"eventType\":\"Noted\",\"payload\":{\"text\":\"t%u\"}}", id, amount));
    case 4:
        return lf_bytes_of(lf_arena_printf(
            arena, "{\"eventId\":\"e%u\",\"eventType\":\"Foreign\",\"payload\":{\"n\":%u}}", id, amount));
    default:
        return lf_bytes_of(lf_arena_printf(
            arena, "{\"eventId\":\"e%u\",\"eventType\":\"Deposited\",\"payload\":{\"id\":\"%.*s\",\"amount\":%d}}", id,
            LF_FMT(key), sim_chance(producer->rand, 10) ? -(int)amount - 1 : (int)amount));
    }
}

static void
remember(struct producer *producer, const struct lf_record *record, unsigned id)
{
    if (producer->sent_count == PRODUCER_SENT_MAX)
        return;
    producer->sent_ids[producer->sent_count] = id;
    producer->sent[producer->sent_count++] = *record;
}

static void
send_event(struct producer *producer)
{
    unsigned id = producer->ids++;
    struct lf_bytes key = account(producer);
    struct lf_record record = make(producer, key, event_of(producer, id, key));
    append(producer, &record);
    remember(producer, &record, id);
}

/* One of the latest, so that both fall into one batch often; there must be some. */
static size_t
pick(struct producer *producer)
{
    size_t count = producer->sent_count;
    return count - 1 - sim_below(producer->rand, sim_chance(producer->rand, 70) && count > 5 ? 5 : count);
}

static void
send_again(struct producer *producer)
{
    const struct lf_record *record = &producer->sent[pick(producer)];
    size_t times = sim_chance(producer->rand, 20) ? 4 : 1;
    for (size_t i = 0; i < times; i++)
        append(producer, record);
}

/* The same id with something else, which stays in the partition. */
static void
send_conflict(struct producer *producer)
{
    size_t at = pick(producer);
    unsigned id = producer->sent_ids[at];
    struct lf_bytes key = producer->sent[at].key;
    struct lf_record record = make(producer, key, event_of(producer, id, key));
    append(producer, &record);
    if (sim_chance(producer->rand, 50))
        remember(producer, &record, id);
}

static void
send_garbage(struct producer *producer)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"eventId\":\"x\"}",
        "{\"eventId\":7,\"eventType\":\"Opened\",\"payload\":{}}",
        "{\"eventId\":\"x\",\"eventType\":\"Opened\"}",
        "{\"eventId\":\"\",\"eventType\":\"Opened\",\"payload\":{}}",
        "\xff\xfe",
        "{\"eventId\":\"x\",\"eventId\":\"y\",\"eventType\":\"Noted\",\"payload\":{\"text\":\"\"}}",
    };
    size_t which = sim_below(producer->rand, sizeof(texts) / sizeof(texts[0]) + 1);
    struct lf_bytes key = sim_chance(producer->rand, 30) ? LF_BYTES_NONE : account(producer);
    struct lf_bytes value = which < sizeof(texts) / sizeof(texts[0]) ? lf_bytes_of(texts[which]) : LF_BYTES_NONE;
    struct lf_record record = make(producer, key, value);
    append(producer, &record);
}

void
producer_send(struct producer *producer)
{
    unsigned dice = (unsigned)sim_below(producer->rand, 100);
    if (dice < 70 || producer->sent_count == 0)
        send_event(producer);
    else if (dice < 82)
        send_again(producer);
    else if (dice < 92)
        send_conflict(producer);
    else
        send_garbage(producer);
}
