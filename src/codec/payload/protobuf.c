/*
 * Protobuf: a payload is a message; which one of its file stands in indexes in front of it. It is read as the message
 * of the reader's own file where there is one, by the numbers of its fields: what that does not know is kept.
 */
#include "codec/protobuf.h"
#include "base/mem.h"
#include "codec/payload/format.h"

struct view {
    const struct lf_proto_schema *writer;
    const struct lf_proto_message *reader; /* NULL: as it was written */
};

static enum lf_status
proto_parse(struct lf_bytes text, const struct lf_schema_part *parts, size_t count, void **ret, struct lf_err *err)
{
    struct lf_proto_schema *schema = NULL;
    struct lf_proto_file_text *files = count != 0 ? lf_calloc(count, sizeof(*files)) : NULL;
    if (count != 0 && files == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        files[i] = (struct lf_proto_file_text){parts[i].name, parts[i].text};
    enum lf_status st = lf_proto_schema_parse(text, files, count, &schema, err);
    lf_free(files);
    if (st == LF_OK && lf_proto_schema_first(schema) == NULL) {
        lf_proto_schema_free(schema);
        return lf_fail(err, LF_INVALID, "the schema declares no message");
    }
    if (st == LF_OK)
        *ret = schema;
    return st;
}

static void
proto_schema_free(void *schema)
{
    lf_proto_schema_free(schema);
}

static enum lf_status
proto_encode(const void *schema, const struct lf_value *payload, struct lf_buf *out, struct lf_arena *arena,
             struct lf_err *err)
{
    const struct lf_proto_message *message = lf_proto_schema_first(schema);
    struct lf_proto_indexes indexes;
    (void)arena;
    lf_proto_message_indexes(message, &indexes);
    lf_proto_indexes_write(out, &indexes);
    return lf_proto_encode(message, payload, out, err);
}

static enum lf_status
proto_view_new(const void *writer, const void *reader, void **ret, struct lf_err *err)
{
    struct view *view = lf_calloc(1, sizeof(*view));
    if (view == NULL)
        return lf_no_memory(err);
    *view = (struct view){writer, reader != NULL ? lf_proto_schema_first(reader) : NULL};
    *ret = view;
    return LF_OK;
}

/* Takes the indexes off header or bytes and finds the message. */
static enum lf_status
find_message(const struct view *view, struct lf_bytes header, struct lf_bytes *bytes,
             const struct lf_proto_message **ret, struct lf_err *err)
{
    struct lf_proto_indexes indexes;
    enum lf_status st = lf_proto_indexes_read(header.ptr != NULL ? &header : bytes, &indexes, err);
    if (st != LF_OK)
        return st;
    *ret = lf_proto_message_at(view->writer, &indexes);
    return *ret != NULL ? LF_OK : lf_fail(err, LF_INVALID, "the schema has no message at the indexes behind its id");
}

/*
 * Some producers (@kafkajs/confluent-schema-registry is one) leave the indexes out: then the bytes are a first message
 * as it stands. The two are told apart by their beginning: indexes of up to three numbers begin with what no field of a
 * message can begin with, and longer ones lead to a message only if they are indexes.
 */
static enum lf_status
proto_decode(const void *ptr, struct lf_bytes header, struct lf_bytes bytes, struct lf_arena *arena,
             struct lf_value *ret, struct lf_err *err)
{
    const struct view *view = ptr;
    const struct lf_proto_message *message = NULL;
    struct lf_bytes rest = bytes;
    enum lf_status st = find_message(view, header, &rest, &message, err);
    if (st == LF_OK)
        return lf_proto_decode(view->reader != NULL ? view->reader : message, rest, LF_PROTO_FILL, arena, ret, err);
    message = view->reader != NULL ? view->reader : lf_proto_schema_first(view->writer);
    if (header.ptr != NULL || lf_proto_decode(message, bytes, LF_PROTO_FILL, arena, ret, NULL) != LF_OK)
        return st;
    return LF_OK;
}

const struct lf_payload_ops lf_payload_protobuf = {
    .content_type = "application/protobuf",
    .parse = proto_parse,
    .schema_free = proto_schema_free,
    .encode = proto_encode,
    .view_new = proto_view_new,
    .view_free = lf_free,
    .decode = proto_decode,
};
