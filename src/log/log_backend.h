/*
 * For implementers of a log back end. log.c checks arguments and limits once for all of them, keeps the list, and
 * dispatches. Contracts as in log.h; `struct lf_log`, writer and reader are first members of the back end's own
 * structs.
 */
#ifndef LF_LOG_LOG_BACKEND_H
#define LF_LOG_LOG_BACKEND_H

#include "log/log.h"

struct lf_log_ops {
    const char *name;   /* "embedded" */
    const char *scheme; /* the URL starts with it: "embedded:" */
    bool groups;        /* readers share partitions with those of other processes */
    enum lf_status (*open)(const struct lf_log_options *options, const char *rest, struct lf_log **ret,
                           struct lf_err *err);
    void (*close)(struct lf_log *log);
    enum lf_status (*ensure_topic)(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like, int64_t timeout_ms,
                                   struct lf_err *err);
    enum lf_status (*ranges)(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret, size_t max,
                             size_t *ret_count, int64_t timeout_ms, struct lf_err *err);
    enum lf_status (*health)(struct lf_log *log, struct lf_err *err);

    enum lf_status (*writer_open)(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                                  struct lf_log_writer **ret, struct lf_err *err);
    enum lf_status (*append)(struct lf_log_writer *writer, const struct lf_record *record, void *token,
                             struct lf_err *err);
    int64_t (*flush)(struct lf_log_writer *writer); /* as lf_log_flush() */
    size_t (*poll)(struct lf_log_writer *writer);
    /* Waits until an acknowledgement is ready to poll or the time is over. */
    void (*wait)(struct lf_log_writer *writer, int64_t timeout_ms);
    void (*writer_close)(struct lf_log_writer *writer);

    enum lf_status (*reader_open)(struct lf_log *log, const struct lf_log_reader_options *options,
                                  struct lf_log_reader **ret, struct lf_err *err);
    enum lf_status (*read)(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
                           struct lf_log_batch *ret, struct lf_err *err);
    void (*pause)(struct lf_log_reader *reader, bool paused);
    void (*hold)(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held); /* NULL: comes */
    enum lf_status (*seek)(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset,
                           struct lf_err *err);
    void (*committed)(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next);
    void (*interrupt)(struct lf_log_reader *reader);
    void (*reader_close)(struct lf_log_reader *reader);
};

struct lf_log {
    const struct lf_log_ops *ops;
};
struct lf_log_writer {
    struct lf_log *log;
    lf_log_ack_fn *ack;
    void *ctx;
    struct lf_wake wake;
    size_t in_flight;       /* kept by log.c around append and the back end's deliveries */
    size_t in_flight_bytes; /* of keys, values and headers */
    bool closed;            /* being closed: takes nothing more */
};
struct lf_log_reader {
    struct lf_log *log;
};

/* For back ends' writer_open: fills in the front's part of a writer. */
void lf_log_writer_init(struct lf_log_writer *writer, struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack,
                        void *ctx);
/* For back ends' poll: takes one acknowledgement to the caller and keeps the counts. bytes: as counted at append. */
void lf_log_deliver(struct lf_log_writer *writer, const struct lf_log_ack *ack, size_t bytes);
/* Bytes of a record that count against limits. */
size_t lf_log_record_bytes(const struct lf_record *record);

extern const struct lf_log_ops lf_log_memory;
extern const struct lf_log_ops lf_log_embedded;
extern const struct lf_log_ops lf_log_kafka;

#endif
