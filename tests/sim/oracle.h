/*
 * What must come of a log: each record judged one after the other, by the pure functions alone. All records with the
 * same eventId must stand in the same partition, so that no order between partitions matters.
 */
#ifndef LF_TEST_ORACLE_H
#define LF_TEST_ORACLE_H

#include "codec/codec.h"
#include "log/log.h"
#include "store/store.h"

enum oracle_verdict { ORACLE_STORED, ORACLE_DUPLICATE, ORACLE_DEAD };

struct oracle_record {
    struct lf_record record; /* a copy */
    enum oracle_verdict verdict;
    const char *code; /* of a dead one */
    struct lf_event event;
    struct lf_value state; /* of its entity, after it (STORED with an entity) */
};

enum { ORACLE_PARTITIONS = 3, ORACLE_RECORDS_MAX = 4096 };

struct oracle {
    const struct lf_model *model;
    const char *group;
    struct lf_bytes topic;
    struct lf_arena arena;
    struct lf_map ids;    /* eventId -> the stored record */
    struct lf_map states; /* entity key -> the record that made its state */
    struct oracle_record *records[ORACLE_PARTITIONS][ORACLE_RECORDS_MAX];
    size_t counts[ORACLE_PARTITIONS];
    int64_t positions[ORACLE_PARTITIONS]; /* when last seen */
    struct lf_log_reader *reader;
    struct lf_log_reader *dead_reader;
    struct lf_map dead_topic; /* "partition/offset" -> copy of the record in the dead letter topic */
};

void oracle_open(struct oracle *oracle, const struct lf_model *model, const char *group, struct lf_bytes topic,
                 struct lf_log *log);
void oracle_close(struct oracle *oracle);
/* Reads what is new in the log and judges it. */
void oracle_read(struct oracle *oracle);

void oracle_print(const struct oracle *oracle);

/*
 * Does the store hold exactly what the log up to the store's positions asks for, and does the dead letter topic?
 * whole: the positions must be at the end as well. False: *why says what is wrong.
 */
bool oracle_check(struct oracle *oracle, struct lf_store *store, bool whole, char *why, size_t why_size);

#endif
