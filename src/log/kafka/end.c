/*
 * The end of a librdkafka consumer, with a limit. rd_kafka_destroy() of librdkafka before 2.3 waits for ever where a
 * partition was lost, or its topic deleted, while it was fetched: a count of references never comes down. Everything
 * that matters is done by then (the group was left), so such an instance is left to itself, with what it points at.
 */
#include "log/kafka/kafka.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"

enum { END_MS = 5000 };

struct end {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    rd_kafka_t *rk;
    bool done;
    bool left; /* nobody waits any longer: the thread frees this */
};

static void
free_end(struct end *end)
{
    pthread_cond_destroy(&end->changed);
    pthread_mutex_destroy(&end->lock);
    lf_free(end);
}

static void *
end_main(void *arg)
{
    struct end *end = arg;
    rd_kafka_destroy(end->rk);
    pthread_mutex_lock(&end->lock);
    end->done = true;
    bool left = end->left;
    pthread_cond_signal(&end->changed);
    pthread_mutex_unlock(&end->lock);
    if (left)
        free_end(end);
    return NULL;
}

/* Waits for the thread, which is on its own afterwards. */
static bool
await(struct end *end, pthread_t thread)
{
    int64_t until = lf_clock_mono_ns() + (int64_t)END_MS * 1000000;
    pthread_mutex_lock(&end->lock);
    for (int64_t left; !end->done && (left = until - lf_clock_mono_ns()) > 0;)
        lf_cond_wait_ns(&end->changed, &end->lock, left);
    bool done = end->done;
    end->left = !done;
    pthread_mutex_unlock(&end->lock);
    if (done) {
        pthread_join(thread, NULL);
        free_end(end);
    } else {
        pthread_detach(thread);
    }
    return done;
}

bool
lf_kafka_end(rd_kafka_t *rk)
{
    pthread_t thread;
    struct end *end = lf_calloc(1, sizeof(*end));
    if (end != NULL) {
        end->rk = rk;
        pthread_mutex_init(&end->lock, NULL);
        if (!lf_cond_init(&end->changed)) {
            pthread_mutex_destroy(&end->lock);
            lf_free(end);
            end = NULL;
        }
    }
    if (end != NULL && pthread_create(&thread, NULL, end_main, end) == 0)
        return await(end, thread);
    if (end != NULL)
        free_end(end);
    rd_kafka_destroy(rk);
    return true;
}
