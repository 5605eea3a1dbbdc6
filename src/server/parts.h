/* Wiring: names in the configuration become a model, a log and a store. */
#ifndef LF_SERVER_PARTS_H
#define LF_SERVER_PARTS_H

#include "codec/payload.h"
#include "codec/rules.h"
#include "log/log.h"
#include "model/model.h"
#include "server/config.h"
#include "server/lock.h"
#include "store/store.h"

/* What a process does with the parts. */
enum lf_role {
    LF_ROLE_READ = 0,     /* look only: nothing is created */
    LF_ROLE_GATEWAY = 1,  /* appends */
    LF_ROLE_CONSUMER = 2, /* reads, writes the store */
};

struct lf_parts {
    const struct lf_config *config;
    struct lf_arena arena;
    struct lf_model *model;
    struct lf_rules *rules; /* the files of @schema; NULL: none */
    int64_t schema_digest;  /* of the schema files' texts and this version; not negative */
    struct lf_log *log;
    struct lf_store *store;
    struct lf_registry *registry;     /* NULL: none is configured */
    struct lf_payloads *payloads;     /* NULL without a registry */
    const struct lf_payload_own *own; /* the schemas of the model's events; NULL: none has one */
    bool enrolls;                     /* the schemas that events are written with have to be in the registry */
    struct lf_lock *consumer_lock;    /* one consumer a data folder with an embedded log */
    const char *log_url;              /* in force */
    const char *store_url;
    const struct lf_bytes *topics; /* of the model, the default one first */
    size_t topic_count;
};

void lf_parts_init(struct lf_parts *parts, const struct lf_config *config);
void lf_parts_release(struct lf_parts *parts);

/* Reads and compiles schema files. LF_NOT_FOUND, LF_DENIED: a file, in err. LF_INVALID: the problems, one a line, were
 * appended to problems. */
LF_NODISCARD enum lf_status lf_parts_load_model(struct lf_parts *parts, const char *const *files, size_t count,
                                                struct lf_buf *problems, struct lf_err *err);
/* The same without keeping the model: for check. json: an array of objects file, line, column, message; else lines,
 * notes among them where there is no problem. */
LF_NODISCARD enum lf_status lf_parts_check(const char *const *files, size_t count, bool json, struct lf_buf *problems,
                                           size_t *ret_count, struct lf_err *err);

/* Opens the log; a role but READ makes the data folder where it is the default. The default is below it. */
LF_NODISCARD enum lf_status lf_parts_open_log(struct lf_parts *parts, unsigned roles, struct lf_err *err);
/* Opens a log that is not the configuration's own, with its options but for the partitions of created topics; the
 * caller closes it. */
LF_NODISCARD enum lf_status lf_parts_log_at(struct lf_parts *parts, const char *url, unsigned roles, int64_t partitions,
                                            struct lf_log **ret, struct lf_err *err);
/* Opens the configured registry. LF_INVALID, LF_NOT_FOUND, LF_DENIED, LF_IO: as lf_registry_open(). */
LF_NODISCARD enum lf_status lf_parts_open_registry(struct lf_parts *parts, unsigned roles, struct lf_err *err);
/*
 * Opens the registry, where one is configured, and payloads on it; needs the model (NULL: events of any kind are only
 * read) and the files that it was loaded from. wait_ms: how long a decoder waits for a schema at most. Asks the
 * registry nothing. LF_INVALID: an event has a format that needs a registry, and there is none; a schema cannot be
 * made.
 */
LF_NODISCARD enum lf_status lf_parts_open_payloads(struct lf_parts *parts, const char *const *files, unsigned roles,
                                                   int64_t wait_ms, struct lf_err *err);
/* Opens the store; needs the model. */
LF_NODISCARD enum lf_status lf_parts_open_store(struct lf_parts *parts, unsigned roles, struct lf_err *err);

#endif
