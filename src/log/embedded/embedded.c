/* The embedded log as a whole: opening, closing, and the table of its operations. */
#include "log/embedded/embedded.h"

#include "base/mem.h"
#include "base/sync.h"

#include <stdio.h>
#include <string.h>

enum { DELIVERY_TIMEOUT_MS = 30000, NAMES_CHUNK = 1024 };

static bool
init_sync(struct lf_emb_log *log)
{
    pthread_mutex_init(&log->meta_lock, NULL); /* cannot fail with default attributes */
    pthread_mutex_init(&log->lock, NULL);
    return lf_cond_init(&log->work) && lf_cond_init(&log->keep) && lf_cond_init(&log->news) &&
           lf_cond_init(&log->settled);
}

static void
embedded_close(struct lf_log *base)
{
    struct lf_emb_log *log = (struct lf_emb_log *)base;
    LF_ASSERT(log->writers == NULL && log->readers == NULL);
    lf_emb_committer_stop(log);
    lf_emb_keeper_stop(log);
    sqlite3_close(log->meta); /* the last connection: SQLite checkpoints and removes the write-ahead log */
    lf_emb_unlock(log);
    lf_map_release(&log->topics);
    lf_arena_release(&log->names);
    pthread_cond_destroy(&log->work);
    pthread_cond_destroy(&log->keep);
    pthread_cond_destroy(&log->news);
    pthread_cond_destroy(&log->settled);
    pthread_mutex_destroy(&log->lock);
    pthread_mutex_destroy(&log->meta_lock);
    lf_free(log->dir);
    lf_free(log->file);
    lf_free(log);
}

static enum lf_status
check_options(const struct lf_log_options *options, const char *dir, struct lf_err *err)
{
    if (dir[0] == '\0')
        return lf_fail(err, LF_INVALID, "log 'embedded:' lacks a directory: use embedded:DIR");
    if (options->partitions > 1)
        return lf_fail(err, LF_UNSUPPORTED,
                       "log 'embedded:%.200s' has one partition a topic, %d are asked for: use Kafka for more", dir,
                       options->partitions);
    if (options->replication_factor > 1)
        return lf_fail(err, LF_UNSUPPORTED, "log 'embedded:%.200s' is on this machine only: use Kafka for replicas",
                       dir);
    return LF_OK;
}

static struct lf_emb_log *
new_log(const struct lf_log_options *options, const char *dir)
{
    struct lf_emb_log *log = lf_calloc(1, sizeof(*log));
    if (log == NULL)
        return NULL;
    int64_t timeout_ms = options->delivery_timeout_ms != 0 ? options->delivery_timeout_ms : DELIVERY_TIMEOUT_MS;
    log->base.ops = &lf_log_embedded;
    log->lock_fd = -1;
    log->read_only = options->read_only;
    log->exclusive = options->exclusive;
    log->create_topics = options->create_topics && !options->read_only;
    log->delivery_timeout_ns = timeout_ms * 1000000;
    log->queue_end = &log->queue;
    lf_map_init(&log->topics);
    lf_arena_init(&log->names, NAMES_CHUNK, 0);
    size_t size = strlen(dir) + sizeof("/log.db");
    log->dir = lf_strdup(dir);
    log->file = lf_malloc(size);
    if (log->file != NULL)
        snprintf(log->file, size, "%s/log.db", dir);
    return log;
}

static enum lf_status
prepare(struct lf_emb_log *log, struct lf_err *err)
{
    if (!init_sync(log) || log->dir == NULL || log->file == NULL)
        return lf_no_memory(err);
    enum lf_status st = LF_OK;
#ifdef LF_CRASH_POINTS
    lf_emb_test_disk();
#endif
    if (!log->read_only)
        st = lf_emb_make_directory(log->dir, err);
    if (st == LF_OK && log->exclusive)
        st = lf_emb_lock(log, err);
    if (st == LF_OK)
        st = lf_emb_check_wal(log, err);
    return st == LF_OK ? lf_emb_prepare_database(log, err) : st;
}

static enum lf_status
embedded_open(const struct lf_log_options *options, const char *dir, struct lf_log **ret, struct lf_err *err)
{
    enum lf_status st = check_options(options, dir, err);
    if (st != LF_OK)
        return st;
    struct lf_emb_log *log = new_log(options, dir);
    if (log == NULL)
        return lf_no_memory(err);
    st = prepare(log, err);
    if (st != LF_OK) {
        embedded_close((struct lf_log *)log);
        return st;
    }
    *ret = (struct lf_log *)log;
    return LF_OK;
}

static enum lf_status
embedded_ensure_topic(struct lf_log *base, struct lf_bytes name, struct lf_bytes like, int64_t timeout_ms,
                      struct lf_err *err)
{
    (void)like;       /* all topics take the same */
    (void)timeout_ms; /* a file answers at once, or within SQLite's own waiting for other processes */
    struct lf_emb_log *log = (struct lf_emb_log *)base;
    const struct lf_emb_topic *topic;
    return lf_emb_topic(log, name, log->create_topics, &topic, err);
}

static enum lf_status
embedded_ranges(struct lf_log *base, struct lf_bytes name, struct lf_log_range *ret, size_t max, size_t *ret_count,
                int64_t timeout_ms, struct lf_err *err)
{
    (void)timeout_ms;
    struct lf_emb_log *log = (struct lf_emb_log *)base;
    const struct lf_emb_topic *topic;
    struct lf_log_range range;
    enum lf_status st = lf_emb_topic(log, name, false, &topic, err);
    if (st == LF_OK)
        st = lf_emb_range(log, topic, &range, err);
    if (st != LF_OK)
        return st;
    if (max != 0)
        ret[0] = range;
    *ret_count = 1;
    return LF_OK;
}

static enum lf_status
embedded_health(struct lf_log *base, struct lf_err *err)
{
    struct lf_emb_log *log = (struct lf_emb_log *)base;
    pthread_mutex_lock(&log->lock);
    enum lf_status st = log->trouble.status;
    if (st != LF_OK && err != NULL)
        *err = log->trouble;
    pthread_mutex_unlock(&log->lock);
    return st;
}

const struct lf_log_ops lf_log_embedded = {
    .name = "embedded",
    .scheme = "embedded:",
    .open = embedded_open,
    .close = embedded_close,
    .ensure_topic = embedded_ensure_topic,
    .ranges = embedded_ranges,
    .health = embedded_health,
    .writer_open = lf_emb_writer_open,
    .append = lf_emb_append,
    .flush = lf_emb_flush,
    .poll = lf_emb_poll,
    .wait = lf_emb_wait,
    .writer_close = lf_emb_writer_close,
    .reader_open = lf_emb_reader_open,
    .read = lf_emb_read,
    .pause = lf_emb_pause,
    .hold = lf_emb_hold,
    .seek = lf_emb_seek,
    .committed = lf_emb_committed,
    .interrupt = lf_emb_interrupt,
    .reader_close = lf_emb_reader_close,
};
