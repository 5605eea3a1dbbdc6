/* What the writers of schemas share. For the files of this folder. */
#ifndef LF_CODEC_SCHEMA_WRITE_H
#define LF_CODEC_SCHEMA_WRITE_H

#include "codec/schema.h"

/* A named type below an event: an object or an enum. */
struct lf_schema_named {
    struct lf_bytes name;
    const struct lf_object *object; /* NULL: an enum */
    const struct lf_gql_type *gql;
    bool written; /* Avro: defined where it is used first */
};

/* One schema while it is written. */
struct lf_schema_writer {
    const struct lf_schema_options *options;
    const struct lf_event_type *event;
    struct lf_arena *arena;
    struct lf_bytes record;        /* lf_schema_record_name() */
    struct lf_schema_named *types; /* in the order of their first use */
    size_t type_count, type_cap;
    bool no_memory;
    enum lf_status failed; /* LF_OK, or what err says */
    struct lf_err *err;
};

/* Refuses the schema, for the first reason that is given. */
void lf_schema_refuse(struct lf_schema_writer *w, const char *fmt, ...) LF_PRINTF(2, 3);

/* The description of a field of owner; ptr NULL: none. */
struct lf_bytes lf_schema_field_words(const struct lf_gql_type *owner, const struct lf_field *field);
/* Whether the field is @deprecated. */
bool lf_schema_field_deprecated(const struct lf_gql_type *owner, const struct lf_field *field);
/* Appends the constraint as words ("min 0, maxLength 20"); nothing without one. */
void lf_schema_constraint_words(struct lf_buf *out, const struct lf_constraint *constraint);

/* The type of a field that is an enum or an object. */
struct lf_schema_named *lf_schema_find_type(const struct lf_schema_writer *w, const struct lf_field *field);
/* A fallback in Avro's JSON encoding of defaults; false: it cannot be one. */
bool lf_schema_avro_default(struct lf_schema_writer *w, const struct lf_field *field, const struct lf_value *value,
                            struct lf_value *ret);

/* The writers; what goes wrong is noted in w. */
void lf_schema_write_json(struct lf_schema_writer *w, struct lf_buf *out);
void lf_schema_write_avro(struct lf_schema_writer *w, struct lf_buf *out);
void lf_schema_write_proto(struct lf_schema_writer *w, struct lf_buf *out);

/* --- JSON values -------------------------------------------------------------------------------------------------- */

/* An object under construction, in the writer's arena. */
struct lf_schema_object {
    struct lf_member *members;
    size_t count, cap;
};
void lf_schema_add(struct lf_schema_writer *w, struct lf_schema_object *object, const char *name,
                   struct lf_value value);
void lf_schema_add_named(struct lf_schema_writer *w, struct lf_schema_object *object, struct lf_bytes name,
                         struct lf_value value);
static inline struct lf_value
lf_schema_value(const struct lf_schema_object *object)
{
    return lf_value_object(object->members, object->count);
}
static inline struct lf_value
lf_schema_string(const char *text)
{
    return lf_value_string(lf_bytes_of(text));
}
/* A list of count zeroed (null) items; the items are NULL (noted) out of memory. */
struct lf_value lf_schema_list(struct lf_schema_writer *w, size_t count);

#endif
