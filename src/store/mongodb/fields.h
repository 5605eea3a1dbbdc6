/* The fields that a collection's documents were written with, beside those of the model. */
#ifndef LF_STORE_MONGODB_FIELDS_H
#define LF_STORE_MONGODB_FIELDS_H

#include "store/mongodb/mongodb.h"

/* A field as it is recorded; texts in the arena. */
struct lf_mongo_recorded {
    struct lf_bytes name;
    struct lf_bytes kind;
    bool non_null;
};

struct lf_mongo_fields {
    struct lf_mongo_link *link;
    const struct lf_entity *entity;
    const char *collection;
    struct lf_arena *arena;
    struct lf_err *err;
    /* read */
    bool known; /* there is a record */
    struct lf_bytes key;
    struct lf_mongo_recorded *recorded;
    size_t count, cap;
};

LF_NODISCARD enum lf_status lf_mongo_fields_read(struct lf_mongo_fields *fields);
/* LF_NOT_FOUND: documents lack some of them. LF_CONFLICT: as below. */
LF_NODISCARD enum lf_status lf_mongo_fields_check(struct lf_mongo_fields *fields);
/* Brings documents up to the model and records it. LF_CONFLICT: people must decide; the text says what to run. */
LF_NODISCARD enum lf_status lf_mongo_fields_change(struct lf_mongo_fields *fields);

#endif
