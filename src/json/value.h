/*
 * A dynamic value: what JSON documents, GraphQL inputs and results, event payloads and entity state are made of.
 * Values are plain structs in an arena: copying one copies a view. Never mutated once shared.
 */
#ifndef LF_JSON_VALUE_H
#define LF_JSON_VALUE_H

#include "base/arena.h"

enum lf_value_type {
    LF_V_NULL,
    LF_V_BOOL,
    LF_V_INT,    /* an integer that fits int64 */
    LF_V_FLOAT,  /* any other number: its double, and its text as written where that is known */
    LF_V_STRING, /* well-formed UTF-8 */
    LF_V_ENUM,   /* GraphQL only: an enum value's name; written as a string */
    LF_V_LIST,
    LF_V_OBJECT,
    LF_V_OPAQUE, /* GraphQL only: a resolver's own source object; cannot be written */
};

struct lf_member;

struct lf_value {
    enum lf_value_type type;
    uint32_t count;  /* bytes of text, items, members; for LF_V_FLOAT the length of raw */
    const char *raw; /* LF_V_FLOAT: the number as written (exact, to the digit), or NULL where it was computed */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;
        struct lf_value *items;
        struct lf_member *members;
        void *opaque;
    } u;
};

struct lf_member {
    struct lf_bytes name;
    struct lf_value value;
};

#define LF_VALUE_NULL ((struct lf_value){.type = LF_V_NULL})
static inline struct lf_value
lf_value_bool(bool boolean)
{
    return (struct lf_value){.type = LF_V_BOOL, .u.boolean = boolean};
}
static inline struct lf_value
lf_value_int(int64_t integer)
{
    return (struct lf_value){.type = LF_V_INT, .u.integer = integer};
}
static inline struct lf_value
lf_value_float(double number)
{
    return (struct lf_value){.type = LF_V_FLOAT, .u.number = number};
}
/* Borrows the bytes, which must be well-formed UTF-8 of at most 4 GiB. */
static inline struct lf_value
lf_value_string(struct lf_bytes text)
{
    return (struct lf_value){.type = LF_V_STRING, .count = (uint32_t)text.len, .u.text = text.ptr};
}
static inline struct lf_value
lf_value_enum(struct lf_bytes name)
{
    return (struct lf_value){.type = LF_V_ENUM, .count = (uint32_t)name.len, .u.text = name.ptr};
}
static inline struct lf_value
lf_value_list(struct lf_value *items, size_t count)
{
    return (struct lf_value){.type = LF_V_LIST, .count = (uint32_t)count, .u.items = items};
}
static inline struct lf_value
lf_value_object(struct lf_member *members, size_t count)
{
    return (struct lf_value){.type = LF_V_OBJECT, .count = (uint32_t)count, .u.members = members};
}
static inline struct lf_value
lf_value_opaque(void *opaque)
{
    return (struct lf_value){.type = LF_V_OPAQUE, .u.opaque = opaque};
}
/* The text of a string or enum value. */
static inline struct lf_bytes
lf_value_text(const struct lf_value *value)
{
    return (struct lf_bytes){value->u.text, value->count};
}

/* The member of an object, or NULL (also when value is no object). */
const struct lf_value *lf_value_get(const struct lf_value *value, struct lf_bytes name);
const struct lf_value *lf_value_get_text(const struct lf_value *value, const char *name);

/*
 * Equal as JSON data: objects without regard to member order, numbers by exact decimal value (1, 1.0 and 1e0 are
 * equal; 2^53 and 2^53+1 are not), strings and enums by text.
 */
bool lf_value_equal(const struct lf_value *a, const struct lf_value *b);

/* Deep copy into arena; false out of memory. Opaque values keep their pointer. */
LF_NODISCARD bool lf_value_copy(struct lf_arena *arena, const struct lf_value *value, struct lf_value *ret);

#endif
