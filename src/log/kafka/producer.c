/*
 * The librdkafka instance of a writer: an idempotent producer (acks=all), whose delivery reports come through an event
 * queue.
 */
#include "log/kafka/kafka.h"

#include <sched.h>

static void
release_handles(struct lf_kafka_writer *writer)
{
    for (struct lf_kafka_topic *topic = writer->topics; topic != NULL; topic = topic->next) {
        if (topic->handle != NULL)
            rd_kafka_topic_destroy(topic->handle);
        topic->handle = NULL;
    }
}

/* ---- its threads ---- */

/*
 * librdkafka wakes its thread with the first record of a burst. On a processor that both share, the kernel would let it
 * run at once, and it would send that record alone. A batch thread (sched(7)) preempts nobody when it wakes: it
 * finds the whole burst. Its share of the processor stays the same.
 */
static rd_kafka_resp_err_t
on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *opaque)
{
    (void)rk;
    (void)type;
    (void)name;
    (void)opaque;
#ifdef SCHED_BATCH
    struct sched_param param = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &param); /* this thread; forbidden: as it was */
#endif
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t
on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *text, size_t size)
{
    (void)conf;
    (void)opaque;
    (void)text;
    (void)size;
    return rd_kafka_interceptor_add_on_thread_start(rk, "logfirst", on_thread_start, NULL);
}

/* ---- the producer ---- */

/* On a thread of librdkafka's, with the queue locked. */
static void
on_queue(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    lf_wake_call(&((struct lf_kafka_writer *)opaque)->base.wake);
}

enum lf_status
lf_kafka_producer_start(struct lf_kafka_writer *writer, struct lf_err *err)
{
    struct lf_kafka_log *log = (struct lf_kafka_log *)writer->base.log;
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(log->confs[LF_KAFKA_PRODUCER]);
    rd_kafka_conf_set_opaque(conf, &writer->opaque);
    (void)rd_kafka_conf_interceptor_add_on_new(conf, "logfirst", on_new, NULL); /* else it is slower, no more */
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    enum lf_status st = lf_kafka_start(RD_KAFKA_PRODUCER, conf, &writer->producer, err);
    if (st != LF_OK)
        return st;
    writer->queue = rd_kafka_queue_get_main(writer->producer);
    rd_kafka_queue_cb_event_enable(writer->queue, on_queue, writer);
    writer->fatal = false;
    return LF_OK;
}

void
lf_kafka_producer_stop(struct lf_kafka_writer *writer)
{
    if (writer->stash != NULL)
        rd_kafka_event_destroy(writer->stash);
    writer->stash = NULL;
    release_handles(writer);
    if (writer->queue != NULL) {
        rd_kafka_queue_cb_event_enable(writer->queue, NULL, NULL);
        rd_kafka_queue_destroy(writer->queue);
    }
    if (writer->producer != NULL)
        rd_kafka_destroy(writer->producer);
    writer->queue = NULL;
    writer->producer = NULL;
}

/* A new producer for one that failed for good; nothing is in its hands any more. */
void
lf_kafka_producer_renew(struct lf_kafka_writer *writer)
{
    struct lf_err err;
    lf_kafka_producer_stop(writer);
    if (lf_kafka_producer_start(writer, &err) != LF_OK)
        writer->fatal = true;
}
