/* Where a message stands in its file, and how that is written before it: the Confluent wire format. */
#include "codec/protobuf/wire.h"

void
lf_proto_message_indexes(const struct lf_proto_message *message, struct lf_proto_indexes *ret)
{
    ret->count = 0;
    for (const struct lf_proto_message *at = message; at != NULL; at = at->parent)
        ret->count++;
    for (uint32_t i = ret->count; i > 0; i--, message = message->parent)
        ret->at[i - 1] = (int32_t)message->index;
}

/* The index-th of messages, without the entries of maps. */
static const struct lf_proto_message *
message_among(struct lf_proto_message *const *messages, size_t count, int32_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (!messages[i]->map_entry && (int64_t)messages[i]->index == index)
            return messages[i];
    }
    return NULL;
}

const struct lf_proto_message *
lf_proto_message_at(const struct lf_proto_schema *schema, const struct lf_proto_indexes *indexes)
{
    if (indexes->count == 0)
        return NULL;
    const struct lf_proto_file *file = schema->files[0];
    const struct lf_proto_message *found = message_among(file->messages, file->message_count, indexes->at[0]);
    for (uint32_t i = 1; found != NULL && i < indexes->count; i++)
        found = message_among(found->messages, found->message_count, indexes->at[i]);
    return found;
}

void
lf_proto_indexes_write(struct lf_buf *out, const struct lf_proto_indexes *indexes)
{
    if (indexes->count == 1 && indexes->at[0] == 0) {
        lf_buf_add_char(out, 0);
        return;
    }
    lf_proto_write_varint(out, lf_proto_zigzag(indexes->count));
    for (uint32_t i = 0; i < indexes->count; i++)
        lf_proto_write_varint(out, lf_proto_zigzag(indexes->at[i]));
}

static bool
read_index(struct lf_proto_reader *reader, int64_t max, int32_t *ret)
{
    uint64_t value;
    if (!lf_proto_read_varint(reader, &value))
        return false;
    const int64_t index = lf_proto_unzigzag(value);
    *ret = (int32_t)index;
    return index >= 0 && index <= max;
}

enum lf_status
lf_proto_indexes_read(struct lf_bytes *bytes, struct lf_proto_indexes *ret, struct lf_err *err)
{
    struct lf_proto_reader reader = {bytes->ptr, bytes->ptr + bytes->len};
    struct lf_proto_indexes found = {.count = 1};
    int32_t count;
    if (!read_index(&reader, LF_PROTO_NESTING_MAX, &count))
        return lf_fail(err, LF_INVALID, "the message indexes are cut off or malformed");
    if (count != 0)
        found.count = (uint32_t)count;
    for (int32_t i = 0; i < count; i++) {
        if (!read_index(&reader, INT32_MAX, &found.at[i]))
            return lf_fail(err, LF_INVALID, "the message indexes are cut off or malformed");
    }
    *bytes = lf_bytes(reader.at, (size_t)(reader.end - reader.at));
    *ret = found;
    return LF_OK;
}
