/*
 * Is the cluster there? The log's own instance tells each second how its connections are (statistics), and any instance
 * when all brokers are gone; writers tell how deliveries go. Nothing here waits for the network.
 */
#include "log/kafka/kafka.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

enum { DELIVERY_DOUBT_MS = 5000 }; /* a failed delivery makes the log doubtful for so long */

void
lf_kafka_note_alive(struct lf_kafka_log *log)
{
    pthread_mutex_lock(&log->health.lock);
    log->health.known = true;
    log->health.down = false;
    pthread_mutex_unlock(&log->health.lock);
}

void
lf_kafka_note_error(struct lf_kafka_log *log, rd_kafka_resp_err_t code, const char *words)
{
    pthread_mutex_lock(&log->health.lock);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        log->health.down = true;
    else
        snprintf(log->health.words, sizeof(log->health.words), "%s", words);
    pthread_mutex_unlock(&log->health.lock);
}

void
lf_kafka_note_delivery(struct lf_kafka_log *log, bool delivered)
{
    pthread_mutex_lock(&log->health.lock);
    log->health.failed_ms = delivered ? 0 : lf_clock_mono_ms();
    if (delivered) {
        log->health.known = true;
        log->health.down = false;
    }
    pthread_mutex_unlock(&log->health.lock);
}

void
lf_kafka_words(struct lf_kafka_log *log, char *out, size_t size)
{
    pthread_mutex_lock(&log->health.lock);
    snprintf(out, size, "%s", log->health.words);
    pthread_mutex_unlock(&log->health.lock);
}

enum lf_status
lf_kafka_health(struct lf_log *base, struct lf_err *err)
{
    struct lf_kafka_log *log = (struct lf_kafka_log *)base;
    struct lf_kafka_health *health = &log->health;
    pthread_mutex_lock(&health->lock);
    const char *what = NULL;
    if (!health->known)
        what = "no broker has answered yet";
    else if (health->down)
        what = "no broker can be reached";
    else if (health->failed_ms != 0 && lf_clock_mono_ms() - health->failed_ms < DELIVERY_DOUBT_MS)
        what = "records are not being accepted";
    enum lf_status st = LF_OK;
    if (what != NULL)
        st = lf_fail(err, LF_UNAVAILABLE, "Kafka: %s%s%s", what, health->words[0] != '\0' ? "; " : "", health->words);
    pthread_mutex_unlock(&health->lock);
    return st;
}

/* ---- what librdkafka says ---- */

void
lf_kafka_on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)facility;
    const struct lf_kafka_opaque *opaque = rd_kafka_opaque(rk);
    if (level <= LOG_ERR && opaque != NULL && opaque->log != NULL)
        lf_kafka_note_error(opaque->log, RD_KAFKA_RESP_ERR_NO_ERROR, text);
}

/* On librdkafka's background thread. */
static void
on_event(rd_kafka_t *rk, rd_kafka_event_t *event, void *arg)
{
    (void)rk;
    struct lf_kafka_log *log = ((struct lf_kafka_opaque *)arg)->log;
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
        lf_kafka_note_error(log, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
    else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_STATS &&
             strstr(rd_kafka_event_stats(event), "\"state\":\"UP\"") != NULL)
        lf_kafka_note_alive(log);
    rd_kafka_event_destroy(event);
}

enum lf_status
lf_kafka_health_start(struct lf_kafka_log *log, struct lf_err *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(log->confs[LF_KAFKA_CLIENT]);
    log->opaque = (struct lf_kafka_opaque){.log = log, .owner = log};
    rd_kafka_conf_set_opaque(conf, &log->opaque);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
    rd_kafka_conf_set_background_event_cb(conf, on_event);
    enum lf_status st = lf_kafka_set(conf, "statistics.interval.ms", "1000", err);
    if (st != LF_OK) {
        rd_kafka_conf_destroy(conf);
        return st;
    }
    st = lf_kafka_start(RD_KAFKA_CONSUMER, conf, &log->client, err);
    if (st != LF_OK)
        return st;
    rd_kafka_queue_t *from = rd_kafka_queue_get_main(log->client);
    rd_kafka_queue_t *to = rd_kafka_queue_get_background(log->client);
    rd_kafka_queue_forward(from, to);
    rd_kafka_queue_destroy(to);
    rd_kafka_queue_destroy(from);
    return LF_OK;
}

void
lf_kafka_health_stop(struct lf_kafka_log *log)
{
    if (log->client != NULL)
        rd_kafka_destroy(log->client);
    log->client = NULL;
}
