/*
 * The log on Kafka, through librdkafka. Inside this folder only (and its tests).
 *
 *   kafka.c    open, close, the table of operations      config.c   properties: ours, the user's, those refused
 *   admin.c    topics and ranges                         create.c   topics that are missing
 *   health.c   is the cluster there? librdkafka's words
 *   producer.c the producer of a writer                  produce.c  records to the producer, reports back
 *   consume.c  one consumer a reader: batches            assign.c   whose partitions, from which offset
 *   error.c    error codes to statuses
 *
 * Each writer and each reader has a librdkafka instance of its own, and the log one more for topics and health; that
 * one is of consumer kind, for a producer's would create topics by asking for them.
 */
#ifndef LF_LOG_KAFKA_KAFKA_H
#define LF_LOG_KAFKA_KAFKA_H

#include "base/arena.h"
#include "log/log_backend.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

enum lf_kafka_role { LF_KAFKA_CLIENT, LF_KAFKA_PRODUCER, LF_KAFKA_CONSUMER, LF_KAFKA_ROLES };

struct lf_kafka_health {
    pthread_mutex_t lock;
    bool known;        /* has a broker ever been seen? */
    bool down;         /* all of them are away */
    int64_t failed_ms; /* a delivery failed then; 0: the last one went well */
    char words[256];   /* librdkafka's last words of an error */
};

/* What librdkafka's callbacks get: whose they are. */
struct lf_kafka_opaque {
    struct lf_kafka_log *log;
    void *owner;
};

struct lf_kafka_log {
    struct lf_log base;
    rd_kafka_conf_t *confs[LF_KAFKA_ROLES]; /* templates */
    bool read_only;
    bool create_topics;
    int32_t partitions;
    int16_t replication_factor;
    int64_t delivery_timeout_ms;
    char *instance_id; /* of the properties: for readers that name none; NULL: none */
    struct lf_kafka_health health;
    struct lf_kafka_opaque opaque;
    rd_kafka_t *client;
};

struct lf_kafka_topic { /* of a writer */
    struct lf_kafka_topic *next;
    char *name;
    rd_kafka_topic_t *handle;
};

struct lf_kafka_item { /* one append; its bytes stay here until the delivery report */
    struct lf_kafka_item *next;
    struct lf_kafka_item *previous;
    struct lf_kafka_topic *topic;
    void *token;
    size_t bytes;
    rd_kafka_headers_t *headers; /* NULL once librdkafka has them */
    int64_t timestamp_ms;
    int32_t partition;
    bool key_null;
    bool value_null;
    size_t key_len;
    size_t value_len;
    rd_kafka_resp_err_t refused; /* librdkafka did not take it */
    char data[];                 /* key, value */
};

struct lf_kafka_items { /* a list with two ends */
    struct lf_kafka_item *first;
    struct lf_kafka_item *last;
};

struct lf_kafka_writer {
    struct lf_log_writer base;
    struct lf_kafka_opaque opaque;
    rd_kafka_t *producer;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *stash; /* taken off the queue while waiting */
    struct lf_kafka_topic *topics;
    struct lf_kafka_items taken;   /* appended, not flushed */
    struct lf_kafka_items sent;    /* with librdkafka */
    struct lf_kafka_items refused; /* not taken by librdkafka, to be delivered as failed */
    size_t taken_count;
    size_t sent_count;
    int64_t sent_ms; /* when librdkafka got the last burst */
    bool fatal;      /* the producer is of no more use; a new one is made once nothing is in flight */
};

struct lf_kafka_part { /* a partition that is, or is to be, the reader's */
    char *topic;
    struct lf_bytes name;
    int32_t partition;
    bool added;        /* its position is known and librdkafka fetches it */
    bool held;         /* its records are dropped, and none are fetched */
    bool rewind;       /* a record was dropped while paused: go back to next */
    int64_t next;      /* LF_OFFSET_NONE: not known before the first record */
    int64_t committed; /* to be told to the group; LF_OFFSET_NONE: nothing */
};

struct lf_kafka_reader {
    struct lf_log_reader base;
    struct lf_kafka_opaque opaque;
    struct lf_log_reader_options options;
    bool in_group;
    char **topics; /* NUL-terminated names */
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    struct lf_kafka_part **parts;
    size_t part_count;
    struct lf_kafka_part *last_part; /* of the last record: the next is likely of the same */
    rd_kafka_message_t **messages;   /* of the batch */
    struct lf_record *records;
    size_t count;
    size_t cap;
    size_t bytes;
    struct lf_arena arena; /* the batch's headers */
    struct lf_err failure; /* to be told with the next read; status LF_OK: none */
    bool paused;
    bool closing;
    bool rejoin;  /* memory ran out in a rebalance: join again to be told again */
    bool changed; /* an assignment changed during this read */
    int64_t ask_at_ms;
    int64_t commit_at_ms;
    int commits_out; /* commits that the group has not answered */
    int64_t refresh_at_ms;
    atomic_bool interrupted;
};

/* ---- config.c ---- */

/* Makes the templates. LF_INVALID names the property and says why. */
LF_NODISCARD enum lf_status lf_kafka_configure(struct lf_kafka_log *log, const struct lf_log_options *options,
                                               const char *brokers, struct lf_err *err);
/* Sets one property of a configuration. */
LF_NODISCARD enum lf_status lf_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                         struct lf_err *err);
/* A librdkafka instance; takes conf in any case. */
LF_NODISCARD enum lf_status lf_kafka_start(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret,
                                           struct lf_err *err);

/* ---- end.c ---- */

/* Destroys a consumer that was closed; false: it did not end within a few seconds and is left, with all it points at.
 */
bool lf_kafka_end(rd_kafka_t *rk);

/* ---- error.c ---- */

/* A failure that certainly changed nothing. */
enum lf_status lf_kafka_status(rd_kafka_resp_err_t code);
/* Of something that was asked; what: "topic 'x'". */
enum lf_status lf_kafka_fail(struct lf_kafka_log *log, struct lf_err *err, rd_kafka_resp_err_t code, const char *what);

/* ---- health.c ---- */

LF_NODISCARD enum lf_status lf_kafka_health_start(struct lf_kafka_log *log, struct lf_err *err);
void lf_kafka_health_stop(struct lf_kafka_log *log);
enum lf_status lf_kafka_health(struct lf_log *log, struct lf_err *err);
void lf_kafka_note_alive(struct lf_kafka_log *log);
/* An error event of any instance. */
void lf_kafka_note_error(struct lf_kafka_log *log, rd_kafka_resp_err_t code, const char *words);
void lf_kafka_note_delivery(struct lf_kafka_log *log, bool delivered);
/* Copies librdkafka's last words of an error, "" if there are none. */
void lf_kafka_words(struct lf_kafka_log *log, char *out, size_t size);
/* For rd_kafka_conf_set_log_cb. */
void lf_kafka_on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text);

/* ---- admin.c ---- */

enum lf_status lf_kafka_ensure_topic(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like,
                                     int64_t timeout_ms, struct lf_err *err);
enum lf_status lf_kafka_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret, size_t max,
                               size_t *ret_count, int64_t timeout_ms, struct lf_err *err);
/* Metadata of one topic by way of instance rk; the caller destroys *ret. Unknown topics are LF_NOT_FOUND. */
LF_NODISCARD enum lf_status lf_kafka_metadata(struct lf_kafka_log *log, rd_kafka_t *rk, const char *topic,
                                              int64_t timeout_ms, const struct rd_kafka_metadata **ret,
                                              struct lf_err *err);

/* What is left of the time to a deadline of lf_clock_mono_ms(), for librdkafka: at least 1. */
int lf_kafka_left_ms(int64_t deadline_ms);

/* ---- create.c ---- */

/* like: "" or the topic whose records must fit in. LF_OK: it is there, perhaps since before. LF_NOT_FOUND: it may not
 * be created. */
LF_NODISCARD enum lf_status lf_kafka_create_topic(struct lf_kafka_log *log, const char *name, const char *like,
                                                  int64_t deadline_ms, struct lf_err *err);

/* ---- producer.c ---- */

LF_NODISCARD enum lf_status lf_kafka_producer_start(struct lf_kafka_writer *writer, struct lf_err *err);
/* Reports that have not been taken in are lost: the writer's lists tell what they were of. */
void lf_kafka_producer_stop(struct lf_kafka_writer *writer);
/* A new producer for one that failed for good. Nothing may be in its hands any more. */
void lf_kafka_producer_renew(struct lf_kafka_writer *writer);

/* ---- produce.c ---- */

enum lf_status lf_kafka_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                                    struct lf_log_writer **ret, struct lf_err *err);
enum lf_status lf_kafka_append(struct lf_log_writer *writer, const struct lf_record *record, void *token,
                               struct lf_err *err);
int64_t lf_kafka_flush(struct lf_log_writer *writer);
size_t lf_kafka_poll(struct lf_log_writer *writer);
void lf_kafka_wait(struct lf_log_writer *writer, int64_t timeout_ms);
void lf_kafka_writer_close(struct lf_log_writer *writer);

/* ---- assign.c ---- */

/* For rd_kafka_conf_set_rebalance_cb. */
void lf_kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                           void *opaque);
/* For rd_kafka_conf_set_offset_commit_cb: what the group did not take is told again later. */
void lf_kafka_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque);
/* The reader's part, NULL if there is none. */
struct lf_kafka_part *lf_kafka_find_part(struct lf_kafka_reader *reader, const char *topic, int32_t partition);
/* Asks the caller for the positions of parts that lack one, and fetches those whose position is known now. */
LF_NODISCARD enum lf_status lf_kafka_add_parts(struct lf_kafka_reader *reader, struct lf_err *err);
/* Without a group: takes in all partitions of the topics, new ones too. */
LF_NODISCARD enum lf_status lf_kafka_refresh_parts(struct lf_kafka_reader *reader, int64_t timeout_ms,
                                                   struct lf_err *err);
/* Fetches the part from offset on, forgetting what was fetched. */
LF_NODISCARD enum lf_status lf_kafka_restart_part(struct lf_kafka_reader *reader, struct lf_kafka_part *part,
                                                  int64_t offset, struct lf_err *err);
void lf_kafka_pause_parts(struct lf_kafka_reader *reader, bool paused);
void lf_kafka_pause_part(struct lf_kafka_reader *reader, const struct lf_kafka_part *part, bool paused);
/* Tells the group, without waiting, how far it has come. only: one part, NULL: all. */
void lf_kafka_commit_parts(struct lf_kafka_reader *reader, struct lf_kafka_part *only);
void lf_kafka_free_parts(struct lf_kafka_reader *reader);

/* ---- consume.c ---- */

enum lf_status lf_kafka_reader_open(struct lf_log *log, const struct lf_log_reader_options *options,
                                    struct lf_log_reader **ret, struct lf_err *err);
enum lf_status lf_kafka_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
                             struct lf_log_batch *ret, struct lf_err *err);
void lf_kafka_pause(struct lf_log_reader *reader, bool paused);
void lf_kafka_hold(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held);
enum lf_status lf_kafka_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset,
                             struct lf_err *err);
void lf_kafka_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next);
void lf_kafka_interrupt(struct lf_log_reader *reader);
void lf_kafka_reader_close(struct lf_log_reader *reader);
/* Forgets the records of a part that were collected in this read and not given out yet. */
void lf_kafka_drop_records(struct lf_kafka_reader *reader, const struct lf_kafka_part *part);

#endif
