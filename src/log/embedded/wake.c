/*
 * Telling others of a commit. The committer calls wakes without the lock, for the woken thread wants it at once;
 * meanwhile the lists of those to wake stand still (lf_emb_settle). Others call them with the lock: that is rare.
 */
#include "log/embedded/embedded.h"

void
lf_emb_make_ready(struct lf_emb_writer *writer)
{
    atomic_store_explicit(&writer->ready, true, memory_order_release);
    if (writer->waiting)
        pthread_cond_signal(&writer->news);
}

void
lf_emb_wake_later(struct lf_emb_log *log, struct lf_emb_writer *writer)
{
    if (writer->wake_due || writer->closed)
        return;
    writer->wake_due = true;
    writer->wake_next = log->wake_list;
    log->wake_list = writer;
}

static void
call_readers(const struct lf_emb_reader *reader)
{
    for (; reader != NULL; reader = reader->next)
        lf_wake_call(&reader->options.wake);
}

static void
call_all(struct lf_emb_writer *writer, const struct lf_emb_reader *readers)
{
    while (writer != NULL) {
        struct lf_emb_writer *next = writer->wake_next;
        writer->wake_due = false;
        lf_wake_call(&writer->base.wake);
        writer = next;
    }
    call_readers(readers);
}

void
lf_emb_call_wakes(struct lf_emb_log *log, bool readers)
{
    struct lf_emb_writer *due = log->wake_list;
    struct lf_emb_reader *first = readers ? log->readers : NULL;
    log->wake_list = NULL;
    if (log->settling != 0 || (due == NULL && first == NULL)) {
        call_all(due, first); /* with the lock, lest those that wait for quiet starve */
        return;
    }
    log->waking = true;
    pthread_mutex_unlock(&log->lock);
    call_all(due, first);
    pthread_mutex_lock(&log->lock);
    log->waking = false;
    if (log->settling != 0)
        pthread_cond_broadcast(&log->settled);
}

void
lf_emb_wake_readers(struct lf_emb_log *log)
{
    log->commits++;
    if (log->readers_waiting != 0)
        pthread_cond_broadcast(&log->news);
    call_readers(log->readers);
}

void
lf_emb_settle(struct lf_emb_log *log)
{
    log->settling++;
    while (log->waking)
        pthread_cond_wait(&log->settled, &log->lock);
    log->settling--;
}
