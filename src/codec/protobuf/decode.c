/*
 * From bytes to collected fields: the last one of repeated singular fields wins, messages merge, unknown fields stay.
 * https://protobuf.dev/programming-guides/encoding/
 */
#include "codec/protobuf/decode.h"

#include <stdarg.h>
#include <stdio.h>

enum lf_status
lf_proto_charge(struct lf_proto_decoding *run, size_t count)
{
    if (count > run->values)
        return lf_fail(run->err, LF_LIMIT, "a message that unfolds to more than %d values", LF_PROTO_VALUES_MAX);
    run->values -= count;
    return LF_OK;
}

/* --- instances ---------------------------------------------------------------------------------------------------- */

static enum lf_status
new_instance(struct lf_proto_decoding *run, const struct lf_proto_message *message, const struct lf_json_step *step,
             unsigned depth, struct lf_proto_instance **ret)
{
    if (depth > LF_PROTO_DEPTH_MAX)
        return lf_proto_fail(run->err, step, "messages nested deeper than %d", LF_PROTO_DEPTH_MAX);
    enum lf_status st = lf_proto_charge(run, message->field_count + 1);
    if (st != LF_OK)
        return st;
    struct lf_proto_instance *instance = LF_ARENA_NEW(run->arena, struct lf_proto_instance);
    if (instance == NULL)
        return lf_no_memory(run->err);
    instance->message = message;
    instance->depth = depth;
    instance->slots = LF_ARENA_ARRAY(run->arena, struct lf_proto_slot, message->field_count);
    if (instance->slots == NULL)
        return lf_no_memory(run->err);
    if (message->oneof_count != 0) {
        instance->oneofs = LF_ARENA_ARRAY(run->arena, const struct lf_proto_field *, message->oneof_count);
        if (instance->oneofs == NULL)
            return lf_no_memory(run->err);
    }
    *ret = instance;
    return LF_OK;
}

/* Adjacent ones become one piece. */
static enum lf_status
keep_unknown(struct lf_proto_decoding *run, struct lf_proto_instance *instance, struct lf_bytes bytes)
{
    struct lf_proto_unknown *last = instance->last_unknown;
    instance->unknown_len += bytes.len;
    if (last != NULL && last->bytes.ptr + last->bytes.len == bytes.ptr) {
        last->bytes.len += bytes.len;
        return LF_OK;
    }
    struct lf_proto_unknown *unknown = LF_ARENA_NEW(run->arena, struct lf_proto_unknown);
    if (unknown == NULL)
        return lf_no_memory(run->err);
    unknown->bytes = bytes;
    if (last != NULL)
        last->next = unknown;
    else
        instance->unknown = unknown;
    instance->last_unknown = unknown;
    return LF_OK;
}

/* The slot of a singular field that has been read; what else its oneof held is gone. */
static struct lf_proto_slot *
set_slot(struct lf_proto_instance *instance, const struct lf_proto_field *field)
{
    if (field->oneof != NULL) {
        const struct lf_proto_field **other = &instance->oneofs[field->oneof->index];
        if (*other != NULL && *other != field)
            instance->slots[(*other)->index] = (struct lf_proto_slot){0};
        *other = field;
    }
    instance->slots[field->index].set = true;
    return &instance->slots[field->index];
}

static bool
is_unnamed(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar)
{
    return field->type == LF_PROTO_ENUM && field->enumeration->closed &&
           lf_proto_enum_by_number(field->enumeration, (int32_t)(int64_t)scalar->bits) == NULL;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static enum lf_status decode_fields(struct lf_proto_decoding *run, struct lf_proto_instance *instance,
                                    struct lf_proto_reader *reader, uint32_t group, const struct lf_json_step *step);

static enum lf_status
malformed_at(struct lf_proto_decoding *run, const struct lf_json_step *step, const char *at)
{
    return lf_proto_fail(run->err, step, "cut off or malformed at byte %zu", (size_t)(at - run->start));
}

static enum lf_status
malformed_scalar(struct lf_proto_decoding *run, const struct lf_proto_field *field, const struct lf_json_step *step,
                 const char *at)
{
    if (field->type != LF_PROTO_STRING)
        return malformed_at(run, step, at);
    return lf_proto_fail(run->err, step, "cut off, or text that is not UTF-8, at byte %zu", (size_t)(at - run->start));
}

static enum lf_status
add_item(struct lf_proto_decoding *run, struct lf_proto_slot *slot, const struct lf_value *value)
{
    enum lf_status st = lf_proto_charge(run, 1);
    if (st != LF_OK)
        return st;
    struct lf_value *items = lf_arena_grow(run->arena, slot->u.items, slot->count, &slot->cap, sizeof(*items));
    if (items == NULL)
        return lf_no_memory(run->err);
    items[slot->count++] = *value;
    slot->u.items = items;
    slot->set = true;
    return LF_OK;
}

static enum lf_status
add_scalar(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
           const struct lf_proto_scalar *scalar)
{
    struct lf_value value;
    if (!lf_proto_value_of(field, scalar, run->arena, &value))
        return lf_no_memory(run->err);
    return add_item(run, &instance->slots[field->index], &value);
}

/* A value of a closed enum that it does not have, out of a packed list: an unknown field of its own. */
static enum lf_status
keep_unnamed(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
             const struct lf_proto_scalar *scalar)
{
    struct lf_buf bytes;
    lf_buf_init(&bytes, 32);
    lf_proto_write_tag(&bytes, field->number, LF_PROTO_W_VARINT);
    lf_proto_scalar_write(&bytes, field, scalar);
    const struct lf_bytes copy = lf_arena_copy(run->arena, lf_buf_view(&bytes));
    const bool done = lf_buf_status(&bytes, NULL) == LF_OK && copy.ptr != NULL;
    lf_buf_release(&bytes);
    return done ? keep_unknown(run, instance, copy) : lf_no_memory(run->err);
}

static enum lf_status
decode_packed(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
              struct lf_proto_reader *reader, const struct lf_json_step *step)
{
    struct lf_bytes bytes;
    enum lf_status st = LF_OK;
    if (!lf_proto_read_length(reader, &bytes))
        return malformed_at(run, step, reader->at);
    struct lf_proto_reader inner = {bytes.ptr, bytes.ptr + bytes.len};
    while (st == LF_OK && inner.at < inner.end) {
        struct lf_proto_scalar scalar;
        if (!lf_proto_scalar_read(&inner, field, &scalar))
            return malformed_at(run, step, inner.at);
        st = is_unnamed(field, &scalar) ? keep_unnamed(run, instance, field, &scalar)
                                        : add_scalar(run, instance, field, &scalar);
    }
    return st;
}

/* start is where its tag began. */
static enum lf_status
decode_scalar(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
              struct lf_proto_reader *reader, const char *start, const struct lf_json_step *step)
{
    struct lf_proto_scalar scalar;
    if (!lf_proto_scalar_read(reader, field, &scalar))
        return malformed_scalar(run, field, step, reader->at);
    if (is_unnamed(field, &scalar))
        return keep_unknown(run, instance, lf_bytes(start, (size_t)(reader->at - start)));
    if (field->repeated)
        return add_scalar(run, instance, field, &scalar);
    set_slot(instance, field)->u.scalar = scalar;
    return LF_OK;
}

/* Into an instance: what its length or its group holds. */
static enum lf_status
decode_framed(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
              struct lf_proto_reader *reader, const struct lf_json_step *step)
{
    struct lf_bytes bytes;
    if (field->delimited)
        return decode_fields(run, instance, reader, field->number, step);
    if (!lf_proto_read_length(reader, &bytes))
        return malformed_at(run, step, reader->at);
    struct lf_proto_reader inner = {bytes.ptr, bytes.ptr + bytes.len};
    return decode_fields(run, instance, &inner, 0, step);
}

static enum lf_status
decode_message(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
               struct lf_proto_reader *reader, const struct lf_json_step *step)
{
    struct lf_proto_instance *inner = NULL;
    struct lf_value value;
    enum lf_status st = LF_OK;
    if (!field->repeated) {
        struct lf_proto_slot *slot = set_slot(instance, field);
        if (slot->u.message == NULL)
            st = new_instance(run, field->message, step, instance->depth + 1, &slot->u.message);
        return st == LF_OK ? decode_framed(run, slot->u.message, field, reader, step) : st;
    }
    const struct lf_json_step at = {.outer = step, .index = instance->slots[field->index].count};
    st = new_instance(run, field->message, &at, instance->depth + 1, &inner);
    if (st == LF_OK)
        st = decode_framed(run, inner, field, reader, &at);
    if (st == LF_OK)
        st = lf_proto_finish(run, inner, &at, &value);
    return st == LF_OK ? add_item(run, &instance->slots[field->index], &value) : st;
}

/* An entry is read like any message; what is absent in it is zero. */
static enum lf_status
decode_entry(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
             struct lf_proto_reader *reader, const char *start, const struct lf_json_step *step)
{
    const struct lf_proto_field *value_field = field->message->fields[1];
    struct lf_proto_instance *pair = NULL;
    struct lf_proto_entry entry = {0};
    bool there;
    enum lf_status st = new_instance(run, field->message, step, instance->depth + 1, &pair);
    if (st == LF_OK)
        st = decode_framed(run, pair, field, reader, step);
    if (st != LF_OK)
        return st;
    if (pair->unknown != NULL && value_field->type == LF_PROTO_ENUM && value_field->enumeration->closed &&
        !pair->slots[1].set) /* a value that its enum does not have: the whole entry is unknown */
        return keep_unknown(run, instance, lf_bytes(start, (size_t)(reader->at - start)));
    if (pair->slots[0].set)
        entry.key = pair->slots[0].u.scalar;
    st = lf_proto_finish_field(run, pair, value_field, step, &entry.value, &there);
    if (st != LF_OK)
        return st;
    struct lf_proto_slot *slot = &instance->slots[field->index];
    struct lf_proto_entry *entries = lf_arena_grow(run->arena, slot->u.entries, slot->count, &slot->cap, sizeof(entry));
    if (entries == NULL)
        return lf_no_memory(run->err);
    entry.order = slot->count;
    entries[slot->count++] = entry;
    slot->u.entries = entries;
    slot->set = true;
    return LF_OK;
}

static bool
can_be_packed(const struct lf_proto_field *field)
{
    return field->repeated && field->type != LF_PROTO_STRING && field->type != LF_PROTO_BYTES &&
           field->type != LF_PROTO_MESSAGE;
}

static enum lf_status
decode_field(struct lf_proto_decoding *run, struct lf_proto_instance *instance, const struct lf_proto_field *field,
             struct lf_proto_reader *reader, const char *start, enum lf_proto_wire wire,
             const struct lf_json_step *outer)
{
    const struct lf_json_step step = {.outer = outer, .name = field->json_name};
    if (wire != lf_proto_wire_of(field))
        return decode_packed(run, instance, field, reader, &step);
    if (field->map)
        return decode_entry(run, instance, field, reader, start, &step);
    return field->type == LF_PROTO_MESSAGE ? decode_message(run, instance, field, reader, &step)
                                           : decode_scalar(run, instance, field, reader, start, &step);
}

/* Fields up to the end of the reader, or of the group (0: none). */
static enum lf_status
decode_fields(struct lf_proto_decoding *run, struct lf_proto_instance *instance, struct lf_proto_reader *reader,
              uint32_t group, const struct lf_json_step *step)
{
    size_t guess = 0;
    enum lf_status st = LF_OK;
    while (st == LF_OK && reader->at < reader->end) {
        const char *start = reader->at;
        uint32_t number;
        enum lf_proto_wire wire;
        if (!lf_proto_read_tag(reader, &number, &wire))
            return malformed_at(run, step, start);
        if (wire == LF_PROTO_W_END)
            return number == group ? LF_OK : malformed_at(run, step, start);
        const struct lf_proto_field *field = lf_proto_field_of(instance->message, number, &guess);
        if (field != NULL && (wire == lf_proto_wire_of(field) || (wire == LF_PROTO_W_LEN && can_be_packed(field)))) {
            st = decode_field(run, instance, field, reader, start, wire, step);
            guess += field->repeated ? 0 : 1;
            continue;
        }
        if (!lf_proto_skip(reader, number, wire, LF_PROTO_DEPTH_MAX - instance->depth))
            return malformed_at(run, step, start);
        st = keep_unknown(run, instance, lf_bytes(start, (size_t)(reader->at - start)));
    }
    return st != LF_OK || group == 0 ? st : malformed_at(run, step, reader->at);
}

enum lf_status
lf_proto_decode_bytes(struct lf_proto_decoding *run, const struct lf_proto_message *message, struct lf_bytes bytes,
                      const struct lf_json_step *step, unsigned depth, struct lf_value *ret)
{
    struct lf_proto_instance *instance = NULL;
    struct lf_proto_reader reader = {bytes.ptr, bytes.ptr + bytes.len};
    enum lf_status st = new_instance(run, message, step, depth, &instance);
    if (st == LF_OK)
        st = decode_fields(run, instance, &reader, 0, step);
    return st == LF_OK ? lf_proto_finish(run, instance, step, ret) : st;
}

enum lf_status
lf_proto_decode(const struct lf_proto_message *message, struct lf_bytes bytes, unsigned flags, struct lf_arena *arena,
                struct lf_value *ret, struct lf_err *err)
{
    struct lf_value value;
    if (bytes.ptr == NULL)
        bytes = LF_LIT("");
    struct lf_proto_decoding run = {
        .schema = message->file->schema,
        .arena = arena,
        .err = err,
        .start = bytes.ptr,
        .values = LF_PROTO_VALUES_MAX,
        .fill = (flags & LF_PROTO_FILL) != 0,
    };
    enum lf_status st = lf_proto_decode_bytes(&run, message, bytes, NULL, 1, &value);
    if (st == LF_OK)
        *ret = value;
    return st;
}
