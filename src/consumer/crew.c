/* The workers, around one shared reader. */
#include "consumer/crew.h"
#include "base/mem.h"
#include "consumer/loop.h"
#include "log/share.h"

struct lf_crew {
    struct lf_log *shared; /* NULL: the one worker reads the log itself */
    struct lf_consumer **workers;
    size_t count;
    atomic_bool ready_told, failure_told;
    void (*ready)(void *ctx);
    void (*failed)(void *ctx, const struct lf_err *err);
    void *ctx;
};

static enum lf_status
hire(struct lf_crew *crew, const struct lf_consumer_options *options, size_t workers, struct lf_err *err)
{
    struct lf_consumer_options own = *options;
    enum lf_status st = LF_OK;
    if (workers > 1 || lf_log_has_groups(options->log)) {
        /* a batch in work and the next one */
        const struct lf_log_share_options share = {.lanes = workers,
                                                   .records_max = 2 * lf_consumer_batch_records(options)};
        st = lf_log_share_open(options->log, &share, &crew->shared, err);
        own.log = crew->shared;
    }
    crew->workers = lf_calloc(workers, sizeof(struct lf_consumer *));
    if (st == LF_OK && crew->workers == NULL)
        st = lf_no_memory(err);
    own.workers = workers;
    for (; st == LF_OK && crew->count < workers; crew->count += st == LF_OK) {
        own.worker = crew->count;
        st = lf_consumer_new(&own, &crew->workers[crew->count], err);
    }
    return st;
}

enum lf_status
lf_crew_new(const struct lf_consumer_options *options, size_t workers, struct lf_crew **ret, struct lf_err *err)
{
    LF_ASSERT(workers != 0);
    struct lf_crew *crew = lf_calloc(1, sizeof(*crew));
    if (crew == NULL)
        return lf_no_memory(err);
    enum lf_status st = hire(crew, options, workers, err);
    if (st != LF_OK) {
        lf_crew_free(crew);
        return st;
    }
    *ret = crew;
    return LF_OK;
}

/* ---- threads ---- */

static void
one_is_ready(void *ctx)
{
    struct lf_crew *crew = ctx;
    if (!atomic_exchange(&crew->ready_told, true) && crew->ready != NULL)
        crew->ready(crew->ctx);
}

static void
one_has_failed(void *ctx, const struct lf_err *err)
{
    struct lf_crew *crew = ctx;
    if (!atomic_exchange(&crew->failure_told, true) && crew->failed != NULL)
        crew->failed(crew->ctx, err);
}

enum lf_status
lf_crew_start(struct lf_crew *crew, void (*ready)(void *ctx), void (*failed)(void *ctx, const struct lf_err *err),
              void *ctx, struct lf_err *err)
{
    crew->ready = ready;
    crew->failed = failed;
    crew->ctx = ctx;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < crew->count; i++)
        st = lf_consumer_start(crew->workers[i], one_is_ready, one_has_failed, crew, err);
    if (st != LF_OK)
        lf_crew_stop(crew);
    return st;
}

void
lf_crew_stop(struct lf_crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        lf_gate_open(&crew->workers[i]->gate); /* all of them first, so that they end at the same time */
    for (size_t i = 0; i < crew->count; i++)
        lf_consumer_stop(crew->workers[i]);
}

void
lf_crew_free(struct lf_crew *crew)
{
    if (crew == NULL)
        return;
    lf_crew_stop(crew);
    for (size_t i = 0; i < crew->count; i++)
        lf_consumer_free(crew->workers[i]);
    lf_free(crew->workers);
    lf_log_close(crew->shared);
    lf_free(crew);
}

void
lf_crew_state(struct lf_crew *crew, struct lf_consumer_state *ret)
{
    struct lf_consumer_state sum = {.running = true};
    for (size_t i = 0; i < crew->count; i++) {
        struct lf_consumer_state one;
        lf_consumer_state(crew->workers[i], &one);
        sum.running = sum.running && one.running;
        sum.store_away = sum.store_away || one.store_away;
        sum.log_away = sum.log_away || one.log_away;
        sum.applied += one.applied;
        sum.duplicates += one.duplicates;
        sum.dead_letters += one.dead_letters;
        sum.lag = sum.lag < 0 || one.lag < 0 ? -1 : sum.lag + one.lag;
    }
    *ret = sum;
}
