/*
 * From values to bytes, in one pass, deterministically: the same value gives the same bytes, those of the reference's
 * deterministic serialization.
 */
#include "codec/protobuf/encode.h"

#include "base/base64.h"
#include "json/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- one value ---------------------------------------------------------------------------------------------------- */

static bool
takes_null(const struct lf_proto_field *field)
{
    return (field->message != NULL && field->message->kind == LF_PROTO_VALUE) ||
           (field->enumeration != NULL && field->enumeration->is_null);
}

static enum lf_status
scalar_of(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *value,
          const struct lf_json_step *step, struct lf_proto_scalar *ret)
{
    bool no_memory;
    if (lf_proto_scalar_of(field, value, &run->arena, ret, &no_memory))
        return LF_OK;
    return no_memory ? lf_no_memory(run->err)
                     : lf_proto_fail(run->err, step, "must be %s", lf_proto_scalar_words(field));
}

/* Length-prefixed, or between the tags of a group. */
static enum lf_status
encode_framed(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *value,
              const struct lf_json_step *step, unsigned depth)
{
    lf_proto_write_tag(run->out, field->number, lf_proto_wire_of(field));
    if (field->delimited) {
        enum lf_status st = lf_proto_encode_message(run, field->message, value, step, depth + 1);
        lf_proto_write_tag(run->out, field->number, LF_PROTO_W_END);
        return st;
    }
    const size_t begin = lf_proto_begin_length(run->out);
    enum lf_status st = lf_proto_encode_message(run, field->message, value, step, depth + 1);
    lf_proto_end_length(run->out, begin);
    return st;
}

/* With its tag; zero too. */
static enum lf_status
encode_item(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *value,
            const struct lf_json_step *step, unsigned depth)
{
    struct lf_proto_scalar scalar;
    if (field->type == LF_PROTO_MESSAGE)
        return encode_framed(run, field, value, step, depth);
    enum lf_status st = scalar_of(run, field, value, step, &scalar);
    if (st != LF_OK)
        return st;
    lf_proto_write_tag(run->out, field->number, lf_proto_wire_of(field));
    lf_proto_scalar_write(run->out, field, &scalar);
    return LF_OK;
}

static enum lf_status
encode_singular(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *value,
                const struct lf_json_step *step, unsigned depth)
{
    struct lf_proto_scalar scalar;
    if (field->presence)
        return encode_item(run, field, value, step, depth);
    enum lf_status st = scalar_of(run, field, value, step, &scalar);
    if (st != LF_OK || lf_proto_scalar_is_zero(field, &scalar))
        return st;
    lf_proto_write_tag(run->out, field->number, lf_proto_wire_of(field));
    lf_proto_scalar_write(run->out, field, &scalar);
    return LF_OK;
}

/* --- lists and maps ----------------------------------------------------------------------------------------------- */

static enum lf_status
encode_packed(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *list,
              const struct lf_json_step *step)
{
    enum lf_status st = LF_OK;
    if (list->count == 0)
        return LF_OK;
    lf_proto_write_tag(run->out, field->number, LF_PROTO_W_LEN);
    const size_t begin = lf_proto_begin_length(run->out);
    for (uint32_t i = 0; st == LF_OK && i < list->count; i++) {
        const struct lf_json_step at = {.outer = step, .index = i};
        struct lf_proto_scalar scalar;
        st = scalar_of(run, field, &list->u.items[i], &at, &scalar);
        if (st == LF_OK)
            lf_proto_scalar_write(run->out, field, &scalar);
    }
    lf_proto_end_length(run->out, begin);
    return st;
}

static enum lf_status
encode_list(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *list,
            const struct lf_json_step *step, unsigned depth)
{
    enum lf_status st = LF_OK;
    if (list->type != LF_V_LIST)
        return lf_proto_fail(run->err, step, "must be a list");
    if (field->packed)
        return encode_packed(run, field, list, step);
    for (uint32_t i = 0; st == LF_OK && i < list->count; i++) {
        const struct lf_json_step at = {.outer = step, .index = i};
        const struct lf_value *item = &list->u.items[i];
        if (item->type == LF_V_NULL && !takes_null(field))
            return lf_proto_fail(run->err, &at, "must not be null");
        st = encode_item(run, field, item, &at, depth);
    }
    return st;
}

struct entry {
    struct lf_proto_scalar key;
    const struct lf_member *member;
};

static int
order_entries(const void *a, const void *b, void *key)
{
    const struct entry *x = a, *y = b;
    return lf_proto_scalar_compare(key, &x->key, &y->key);
}

/* The members by key. */
static enum lf_status
sort_entries(struct lf_proto_encoding *run, struct lf_proto_field *key, const struct lf_value *object,
             const struct lf_json_step *step, struct entry **ret)
{
    struct entry *entries = LF_ARENA_ARRAY(&run->arena, struct entry, object->count);
    if (entries == NULL)
        return lf_no_memory(run->err);
    for (uint32_t i = 0; i < object->count; i++) {
        const struct lf_json_step at = {.outer = step, .name = object->u.members[i].name};
        entries[i].member = &object->u.members[i];
        if (!lf_proto_key_of(key, object->u.members[i].name, &entries[i].key))
            return lf_proto_fail(run->err, &at, "the name must be %s", lf_proto_scalar_words(key));
    }
    if (object->count != 0)
        qsort_r(entries, object->count, sizeof(*entries), order_entries, key);
    for (uint32_t i = 1; i < object->count; i++) {
        if (lf_proto_scalar_compare(key, &entries[i - 1].key, &entries[i].key) == 0)
            return lf_proto_fail(run->err, step, "has two values for one key");
    }
    *ret = entries;
    return LF_OK;
}

static enum lf_status
encode_map(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *object,
           const struct lf_json_step *step, unsigned depth)
{
    struct lf_proto_field *const *pair = field->message->fields;
    struct entry *entries = NULL;
    if (object->type != LF_V_OBJECT)
        return lf_proto_fail(run->err, step, "must be an object");
    enum lf_status st = sort_entries(run, pair[0], object, step, &entries);
    for (uint32_t i = 0; st == LF_OK && entries != NULL && i < object->count; i++) {
        const struct lf_member *member = entries[i].member;
        const struct lf_json_step at = {.outer = step, .name = member->name};
        if (member->value.type == LF_V_NULL && !takes_null(pair[1]))
            return lf_proto_fail(run->err, &at, "must not be null");
        lf_proto_write_tag(run->out, field->number, LF_PROTO_W_LEN);
        const size_t begin = lf_proto_begin_length(run->out);
        lf_proto_write_tag(run->out, 1, lf_proto_wire_of(pair[0]));
        lf_proto_scalar_write(run->out, pair[0], &entries[i].key);
        st = encode_item(run, pair[1], &member->value, &at, depth + 1);
        lf_proto_end_length(run->out, begin);
    }
    return st;
}

enum lf_status
lf_proto_encode_field(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *value,
                      const struct lf_json_step *step, unsigned depth)
{
    if (field->map)
        return encode_map(run, field, value, step, depth);
    return field->repeated ? encode_list(run, field, value, step, depth)
                           : encode_singular(run, field, value, step, depth);
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

/* What was kept when it was read: whole fields, whatever their numbers. */
static enum lf_status
encode_unknown(struct lf_proto_encoding *run, const struct lf_value *value, const struct lf_json_step *outer)
{
    const struct lf_json_step step = {.outer = outer, .name = LF_PROTO_UNKNOWN};
    struct lf_bytes bytes;
    uint32_t number;
    enum lf_proto_wire wire;
    if (value->type != LF_V_STRING)
        return lf_proto_fail(run->err, &step, "must be bytes as base64");
    enum lf_status st = lf_base64_read(lf_value_text(value), &run->arena, &bytes, NULL);
    if (st == LF_INVALID)
        return lf_proto_fail(run->err, &step, "must be bytes as base64");
    if (st != LF_OK)
        return lf_no_memory(run->err);
    struct lf_proto_reader reader = {bytes.ptr, bytes.ptr + bytes.len};
    while (reader.at < reader.end) {
        if (!lf_proto_read_tag(&reader, &number, &wire) || !lf_proto_skip(&reader, number, wire, LF_PROTO_DEPTH_MAX))
            return lf_proto_fail(run->err, &step, "must be whole fields");
    }
    lf_buf_add(run->out, bytes);
    return LF_OK;
}

/* The first member that belongs to no field, or one of two for the same field. */
static enum lf_status
refuse_member(struct lf_proto_encoding *run, const struct lf_proto_message *message, const struct lf_value *object,
              struct lf_bytes skip, const struct lf_json_step *step)
{
    for (uint32_t i = 0; i < object->count; i++) {
        const struct lf_bytes name = object->u.members[i].name;
        bool known = lf_bytes_equal(name, skip) || lf_bytes_equal(name, LF_PROTO_UNKNOWN);
        for (size_t k = 0; !known && k < message->field_count; k++)
            known =
                lf_bytes_equal(name, message->fields[k]->json_name) || lf_bytes_equal(name, message->fields[k]->name);
        const struct lf_json_step at = {.outer = step, .name = name};
        if (!known)
            return lf_proto_fail(run->err, &at, "the message %.*s has no such field", LF_FMT(message->full_name));
    }
    return lf_proto_fail(run->err, step, "has two members for one field");
}

/* Which members of an object belong to which fields. */
struct members {
    const struct lf_value **values; /* by index of the fields; NULL: none */
    const struct lf_value *unknown; /* NULL: none */
    uint32_t taken;                 /* members that belong to something */
};

/* Mostly they stand in the order of the schema. False: not all of them do. */
static bool
match_in_order(const struct lf_proto_message *message, const struct lf_value *object, struct members *members)
{
    uint32_t at = 0;
    for (size_t i = 0; i < message->field_count && at < object->count; i++) {
        const bool is_it = lf_bytes_equal(object->u.members[at].name, message->fields[i]->json_name);
        members->values[i] = is_it ? &object->u.members[at].value : NULL;
        at += is_it ? 1 : 0;
    }
    members->taken = at;
    return at == object->count;
}

static void
match_any_order(const struct lf_proto_message *message, const struct lf_value *object, struct lf_bytes skip,
                struct members *members)
{
    struct lf_names_index index;
    lf_names_index_init(&index, object->u.members, object->count);
    members->taken = 0;
    for (size_t i = 0; i < message->field_count; i++) {
        const struct lf_proto_field *field = message->fields[i];
        const struct lf_member *found = lf_names_index_find(&index, field->json_name, i);
        if (found == NULL && !lf_bytes_equal(field->name, field->json_name))
            found = lf_names_index_find(&index, field->name, i);
        members->values[i] = found != NULL ? &found->value : NULL;
        members->taken += found != NULL ? 1 : 0;
    }
    const struct lf_member *unknown = lf_names_index_find(&index, LF_PROTO_UNKNOWN, object->count - 1);
    members->unknown = unknown != NULL ? &unknown->value : NULL;
    members->taken += unknown != NULL ? 1 : 0;
    if (skip.ptr != NULL && lf_names_index_find(&index, skip, 0) != NULL)
        members->taken++;
    lf_names_index_release(&index);
}

/* NULL where null stands for absence. */
static const struct lf_value *
present(const struct lf_proto_field *field, const struct lf_value *value)
{
    const bool is_null = value != NULL && value->type == LF_V_NULL;
    return is_null && (field->repeated || !takes_null(field)) ? NULL : value;
}

/* oneofs: of each oneof the field that is there. */
static enum lf_status
encode_member(struct lf_proto_encoding *run, const struct lf_proto_field *field, const struct lf_value *value,
              const struct lf_proto_field **oneofs, const struct lf_json_step *outer, unsigned depth)
{
    const struct lf_json_step step = {.outer = outer, .name = field->json_name};
    if (value == NULL)
        return field->required ? lf_proto_fail(run->err, &step, "is required") : LF_OK;
    if (field->oneof != NULL) {
        const struct lf_proto_field **other = &oneofs[field->oneof->index];
        if (*other != NULL)
            return lf_proto_fail(run->err, &step, "cannot be there together with %.*s", LF_FMT((*other)->json_name));
        *other = field;
    }
    return lf_proto_encode_field(run, field, value, &step, depth);
}

enum lf_status
lf_proto_encode_members(struct lf_proto_encoding *run, const struct lf_proto_message *message,
                        const struct lf_value *value, struct lf_bytes skip, const struct lf_json_step *step,
                        unsigned depth)
{
    struct members members = {.taken = 0};
    enum lf_status st = LF_OK;
    if (value->type != LF_V_OBJECT)
        return lf_proto_fail(run->err, step, "must be an object");
    members.values = LF_ARENA_ARRAY(&run->arena, const struct lf_value *, message->field_count);
    const struct lf_proto_field **oneofs =
        LF_ARENA_ARRAY(&run->arena, const struct lf_proto_field *, message->oneof_count);
    if (members.values == NULL || oneofs == NULL)
        return lf_no_memory(run->err);
    if (!match_in_order(message, value, &members))
        match_any_order(message, value, skip, &members);
    if (members.taken != value->count)
        return refuse_member(run, message, value, skip, step);
    for (size_t i = 0; st == LF_OK && i < message->field_count; i++) {
        const struct lf_proto_field *field = message->by_number[i];
        st = encode_member(run, field, present(field, members.values[field->index]), oneofs, step, depth);
    }
    return st == LF_OK && members.unknown != NULL ? encode_unknown(run, members.unknown, step) : st;
}

enum lf_status
lf_proto_encode_message(struct lf_proto_encoding *run, const struct lf_proto_message *message,
                        const struct lf_value *value, const struct lf_json_step *step, unsigned depth)
{
    if (depth > LF_PROTO_DEPTH_MAX)
        return lf_proto_fail(run->err, step, "messages nested deeper than %d: others could not read them",
                             LF_PROTO_DEPTH_MAX);
    if (message->kind != LF_PROTO_PLAIN)
        return lf_proto_encode_special(run, message, value, step, depth);
    return lf_proto_encode_members(run, message, value, LF_BYTES_NONE, step, depth);
}

enum lf_status
lf_proto_encode(const struct lf_proto_message *message, const struct lf_value *value, struct lf_buf *out,
                struct lf_err *err)
{
    struct lf_proto_encoding run = {.schema = message->file->schema, .out = out, .err = err};
    const size_t before = out->len;
    enum lf_status st = lf_buf_status(out, err);
    if (st != LF_OK)
        return st;
    lf_arena_init(&run.arena, 0, 0);
    st = lf_proto_encode_message(&run, message, value, NULL, 1);
    lf_arena_release(&run.arena);
    if (st == LF_OK)
        st = lf_buf_status(out, err);
    if (st != LF_OK)
        out->len = before;
    return st;
}
