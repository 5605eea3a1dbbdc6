/* Partitions that wait for a schema. */
#include "consumer/held.h"
#include "base/clock.h"
#include "base/report.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LOOK_EVERY_MS = 20,    /* has the registry answered? */
    AGAIN_AFTER_MS = 5000, /* tried again although it has not, as far as is known */
    TELL_EVERY_MS = 60000,
};

/* At most a line a minute, whichever partitions they are. */
static void
tell(struct lf_consumer *consumer, const struct lf_partition *partition)
{
    char place[320];
    int64_t now = lf_clock_mono_ns();
    if (consumer->held_told_ns != 0 && now - consumer->held_told_ns < (int64_t)TELL_EVERY_MS * 1000000)
        return;
    consumer->held_told_ns = now;
    snprintf(place, sizeof(place), "%.*s[%" PRId32 "]", LF_FMT(partition->topic), partition->number);
    lf_report_err(LF_WARN, "consumer waits", &consumer->batch.held_why, "for", "schema", "partition", place, NULL);
}

void
lf_held_note(struct lf_consumer *consumer)
{
    size_t count = 0;
    for (size_t i = 0; i < consumer->positions.count; i++) {
        struct lf_partition *partition = consumer->positions.items[i];
        if (!partition->held || !partition->assigned)
            continue;
        count++;
        if (partition->held_ms != 0)
            continue;
        partition->held_ms = lf_clock_mono_ms();
        consumer->held_news = false;
        lf_log_hold(consumer->reader, partition->topic, partition->number, true);
        tell(consumer, partition);
    }
    lf_metric_set(consumer->meter.held, (int64_t)count);
    if (count != 0 || consumer->held_told_ns == 0 || !consumer->held_news)
        return;
    consumer->held_told_ns = 0;
    lf_report(LF_INFO, "consumer goes on", NULL);
}

int64_t
lf_held_release(struct lf_consumer *consumer, int64_t timeout_ms)
{
    uint64_t answers = consumer->batch.codec.payloads != NULL ? lf_payloads_answers(consumer->batch.codec.payloads) : 0;
    bool news = answers != consumer->held_answers;
    bool waits = false;
    consumer->held_answers = answers;
    consumer->held_news = consumer->held_news || news;
    for (size_t i = 0; i < consumer->positions.count; i++) {
        struct lf_partition *partition = consumer->positions.items[i];
        if (!partition->held)
            continue;
        if (partition->assigned && !news && lf_clock_mono_ms() - partition->held_ms < AGAIN_AFTER_MS) {
            waits = true;
            continue;
        }
        if (partition->assigned)
            lf_log_hold(consumer->reader, partition->topic, partition->number, false);
        partition->held = false;
        partition->must_seek = partition->assigned;
    }
    return waits && timeout_ms > LOOK_EVERY_MS ? LOOK_EVERY_MS : timeout_ms;
}
