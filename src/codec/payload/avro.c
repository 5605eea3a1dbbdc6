/* Avro: a payload is its binary encoding. Read by schema resolution, which needs both schemas compiled together. */
#include "base/mem.h"
#include "codec/avro.h"
#include "codec/payload/format.h"

static enum lf_status
avro_parse(struct lf_bytes text, const struct lf_schema_part *parts, size_t count, void **ret, struct lf_err *err)
{
    struct lf_avro_schema *schema = NULL;
    struct lf_bytes *references = count != 0 ? lf_calloc(count, sizeof(*references)) : NULL;
    if (count != 0 && references == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        references[i] = parts[i].text;
    const struct lf_avro_options options = {.references = references, .reference_count = count, .lenient = true};
    enum lf_status st = lf_avro_schema_parse(&options, text, &schema, err);
    lf_free(references);
    if (st == LF_OK)
        *ret = schema;
    return st;
}

static void
avro_schema_free(void *schema)
{
    lf_avro_schema_free(schema);
}

static enum lf_status
avro_encode(const void *schema, const struct lf_value *payload, struct lf_buf *out, struct lf_arena *arena,
            struct lf_err *err)
{
    (void)arena;
    return lf_avro_encode(schema, payload, out, err);
}

static enum lf_status
avro_view_new(const void *writer, const void *reader, void **ret, struct lf_err *err)
{
    struct lf_avro_reader *view = NULL;
    enum lf_status st = lf_avro_reader_new(writer, reader, &view, err);
    if (st == LF_OK)
        *ret = view;
    return st;
}

static void
avro_view_free(void *view)
{
    lf_avro_reader_free(view);
}

static enum lf_status
avro_decode(const void *view, struct lf_bytes header, struct lf_bytes bytes, struct lf_arena *arena,
            struct lf_value *ret, struct lf_err *err)
{
    (void)header;
    return lf_avro_decode(view, bytes, arena, ret, err);
}

const struct lf_payload_ops lf_payload_avro = {
    .content_type = "application/avro",
    .parse = avro_parse,
    .schema_free = avro_schema_free,
    .encode = avro_encode,
    .view_new = avro_view_new,
    .view_free = avro_view_free,
    .decode = avro_decode,
};
