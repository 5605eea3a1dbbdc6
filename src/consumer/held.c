/* Partitions that are held. */
#include "consumer/held.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LOOK_EVERY_MS = 20,     /* has the registry answered? */
    SCHEMA_AFTER_MS = 5000, /* tried again although it has not, as far as is known */
};

static void
publish(struct lf_consumer *consumer)
{
    const struct lf_positions *positions = &consumer->positions;
    lf_meter_held(&consumer->meter,
                  lf_positions_waiting(positions, LF_PARTNER_SCHEMA) + lf_positions_waiting(positions, LF_PARTNER_LOG));
}

/* The log's refusals fail the batch, and are told of by whoever hears of that. */
static void
tell_schema(struct lf_consumer *consumer, const struct lf_partition *partition)
{
    char place[320];
    snprintf(place, sizeof(place), "%.*s[%" PRId32 "]", LF_FMT(partition->topic), partition->number);
    lf_consumer_tell_wait(consumer, LF_PARTNER_SCHEMA, place, &consumer->batch.held_why);
}

void
lf_held_note(struct lf_consumer *consumer)
{
    for (size_t i = 0; i < consumer->positions.count; i++) {
        struct lf_partition *partition = consumer->positions.items[i];
        if (!partition->held || !partition->assigned || partition->held_until_ms != 0)
            continue;
        bool schema = partition->waits_for == LF_PARTNER_SCHEMA;
        partition->held_until_ms = lf_clock_mono_ms() + (schema ? SCHEMA_AFTER_MS : consumer->backoff.max_ms);
        lf_log_hold(consumer->reader, partition->topic, partition->number, true);
        if (schema)
            tell_schema(consumer, partition);
    }
    publish(consumer);
}

static bool
registry_has_answered(struct lf_consumer *consumer)
{
    struct lf_payloads *payloads = consumer->batch.codec.payloads;
    uint64_t before = consumer->held_answers;
    consumer->held_answers = payloads != NULL ? lf_payloads_answers(payloads) : 0;
    return consumer->held_answers != before;
}

/* Until it is to be looked at again; 0 or less: it may be tried. */
static int64_t
left(const struct lf_partition *partition, bool answered)
{
    bool schema = partition->waits_for == LF_PARTNER_SCHEMA;
    if (!partition->assigned || (schema && answered))
        return 0;
    int64_t ms = partition->held_until_ms - lf_clock_mono_ms();
    return schema && ms > LOOK_EVERY_MS ? LOOK_EVERY_MS : ms;
}

static void
release(struct lf_consumer *consumer, struct lf_partition *partition)
{
    if (partition->assigned)
        lf_log_hold(consumer->reader, partition->topic, partition->number, false);
    partition->held = false;
    partition->must_seek = partition->assigned;
}

int64_t
lf_held_release(struct lf_consumer *consumer, int64_t timeout_ms)
{
    bool answered = registry_has_answered(consumer);
    for (size_t i = 0; i < consumer->positions.count; i++) {
        struct lf_partition *partition = consumer->positions.items[i];
        if (!partition->held)
            continue;
        int64_t ms = left(partition, answered);
        if (ms <= 0)
            release(consumer, partition);
        else if (ms < timeout_ms)
            timeout_ms = ms;
    }
    publish(consumer);
    return timeout_ms;
}
