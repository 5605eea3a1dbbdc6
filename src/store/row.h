/*
 * What every back end must answer the same way: the form that values have in a store, their order, when an event is a
 * duplicate, how headers are written. For back ends only; pure functions.
 */
#ifndef LF_STORE_ROW_H
#define LF_STORE_ROW_H

#include "base/buf.h"
#include "store/store.h"

/* How a field rests in a table. */
enum lf_column { LF_COLUMN_TEXT, LF_COLUMN_INTEGER, LF_COLUMN_BOOLEAN, LF_COLUMN_REAL, LF_COLUMN_JSON };
enum lf_column lf_column_of(const struct lf_field *field);

/*
 * in (as a fold or a filter has it) in the form that the store gives back: TEXT is LF_V_STRING, INTEGER LF_V_INT, REAL
 * LF_V_FLOAT without raw text, BOOLEAN LF_V_BOOL, JSON anything. Null stays null. May share memory with in.
 * LF_INVALID names the field when the type cannot hold the value.
 */
LF_NODISCARD enum lf_status lf_store_normalize(const struct lf_field *field, const struct lf_value *in,
                                               struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
/* The value of the key field for a key text. LF_INVALID: no entity can have that key. */
LF_NODISCARD enum lf_status lf_store_key_value(const struct lf_entity *entity, struct lf_bytes key,
                                               struct lf_value *ret, struct lf_err *err);
/* The member of a state for the entity's index-th field; LF_V_NULL where it has none. */
const struct lf_value *lf_store_member(const struct lf_entity *entity, const struct lf_value *state, size_t index);

/* What to store for that field, given the value of the key: normalized. LF_INVALID also where a non-null field is
 * null. */
LF_NODISCARD enum lf_status lf_store_field_value(const struct lf_entity *entity, const struct lf_value *state,
                                                 const struct lf_value *key, size_t index, struct lf_arena *arena,
                                                 struct lf_value *ret, struct lf_err *err);
/* The value of one of lf_event_fields(); false out of memory. */
LF_NODISCARD bool lf_store_event_value(const struct lf_stored_event *stored, const struct lf_field *field,
                                       struct lf_arena *arena, struct lf_value *ret);

/* Order of two normalized values that are not null: Decimal by number, DateTime and Time by instant, UUID without
 * regard to case, other text bytewise. */
int lf_store_compare(enum lf_field_type type, const struct lf_value *a, const struct lf_value *b);
int lf_store_compare_text(enum lf_field_type type, struct lf_bytes a, struct lf_bytes b);

/* An event met a row with the same id (same_id) that is not of the same place. type and payload: the row's. */
enum lf_append_outcome lf_store_judge(const struct lf_event *event, struct lf_bytes type,
                                      const struct lf_value *payload);

/* The version of a stored event's form, as its headers (name -> text) tell it; 0: they do not. */
int32_t lf_store_event_version(const struct lf_value *headers);

/* What lf_store_walk() gives, a row at a time. */
struct lf_walk_page {
    const struct lf_model *model;
    struct lf_arena *arena;
    struct lf_walked *items; /* room for the walk's max */
    size_t count;
};
LF_NODISCARD enum lf_status lf_walk_page_init(struct lf_walk_page *page, const struct lf_walk *walk,
                                              const struct lf_model *model, struct lf_arena *arena, struct lf_err *err);
/* Adds row, whose id, entity_key and payload stay. The names in it (of the types, of the topic) need not: where the
 * model or the event before has them they are taken from there, else they are copied. */
LF_NODISCARD enum lf_status lf_walk_page_add(struct lf_walk_page *page, const struct lf_walked *row,
                                             struct lf_err *err);

/* LF_FENCED, in words. */
enum lf_status lf_store_fenced(struct lf_bytes topic, int32_t partition, int64_t expected, struct lf_err *err);
/* A dead letter (in arena) as lf_store_event() gives it. */
LF_NODISCARD enum lf_status lf_store_letter_as_event(const struct lf_dead_letter *letter, const struct lf_model *model,
                                                     struct lf_arena *arena, struct lf_stored_event *ret,
                                                     struct lf_err *err);

/*
 * Headers as a JSON object, name -> text. A null value is null; a name that repeats has a list of its values in order;
 * bytes that are not UTF-8 are {"base64": text} (in a name: "base64:" and the text).
 */
LF_NODISCARD enum lf_status lf_store_write_headers(struct lf_buf *out, const struct lf_header *headers, size_t count,
                                                   struct lf_err *err);
/* The same read: an object in arena. */
LF_NODISCARD enum lf_status lf_store_headers_value(const struct lf_header *headers, size_t count,
                                                   struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
/* Headers as a JSON list of [name, value], which keeps order, repetition and every byte; and back, in arena. */
void lf_store_write_header_list(struct lf_buf *out, const struct lf_header *headers, size_t count);
LF_NODISCARD enum lf_status lf_store_read_header_list(struct lf_bytes text, struct lf_arena *arena,
                                                      const struct lf_header **ret, size_t *ret_count,
                                                      struct lf_err *err);

/* A time as "2026-11-24T08:46:34.123456Z"; times outside the years 1 to 9999 are moved to the nearest of them. */
size_t lf_store_time_text(int64_t us, char out[32]);
int64_t lf_store_clamp_time(int64_t us); /* moved so */
/* A record's milliseconds as microseconds, within the same bounds. */
int64_t lf_store_ms_to_us(int64_t ms);

/* "quoteLines" -> "quote_lines", for tables; 0 and nothing written when size is too small. Ends in NUL. */
size_t lf_store_snake_case(struct lf_bytes name, char *out, size_t size);

#endif
