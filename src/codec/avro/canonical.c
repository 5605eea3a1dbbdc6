/* The Parsing Canonical Form and its fingerprint. */
#include "base/mem.h"
#include "codec/avro/schema.h"

struct writing {
    struct lf_buf *out;
    bool *done; /* by id: named types stand once, then only their name */
    unsigned depth;
    struct lf_err *err;
};

static enum lf_status write_type(struct writing *writing, const struct lf_avro_type *type);

/* Names and symbols need no escapes. */
static void
add_quoted(struct lf_buf *out, struct lf_bytes text)
{
    lf_buf_add_char(out, '"');
    lf_buf_add(out, text);
    lf_buf_add_char(out, '"');
}

static enum lf_status
write_fields(struct writing *writing, const struct lf_avro_type *type)
{
    enum lf_status st = LF_OK;
    lf_buf_add_text(writing->out, ",\"fields\":[");
    for (uint32_t i = 0; st == LF_OK && i < type->count; i++) {
        lf_buf_add_text(writing->out, i == 0 ? "{\"name\":" : ",{\"name\":");
        add_quoted(writing->out, type->u.fields[i].name);
        lf_buf_add_text(writing->out, ",\"type\":");
        st = write_type(writing, type->u.fields[i].type);
        lf_buf_add_char(writing->out, '}');
    }
    lf_buf_add_text(writing->out, "]}");
    return st;
}

static enum lf_status
write_named(struct writing *writing, const struct lf_avro_type *type)
{
    struct lf_buf *out = writing->out;
    if (writing->done[type->id]) {
        add_quoted(out, type->name);
        return LF_OK;
    }
    writing->done[type->id] = true;
    lf_buf_add_text(out, "{\"name\":");
    add_quoted(out, type->name);
    lf_buf_add_text(out, ",\"type\":\"");
    lf_buf_add_text(out, lf_avro_kind_name(type->kind));
    lf_buf_add_char(out, '"');
    if (type->kind == LF_AVRO_RECORD)
        return write_fields(writing, type);
    if (type->kind == LF_AVRO_ENUM) {
        lf_buf_add_text(out, ",\"symbols\":[");
        for (uint32_t i = 0; i < type->count; i++) {
            if (i > 0)
                lf_buf_add_char(out, ',');
            add_quoted(out, type->u.symbols[i]);
        }
        lf_buf_add_text(out, "]}");
    } else {
        lf_buf_printf(out, ",\"size\":%u}", type->count);
    }
    return LF_OK;
}

static enum lf_status
write_union(struct writing *writing, const struct lf_avro_type *type)
{
    enum lf_status st = LF_OK;
    lf_buf_add_char(writing->out, '[');
    for (uint32_t i = 0; st == LF_OK && i < type->count; i++) {
        if (i > 0)
            lf_buf_add_char(writing->out, ',');
        st = write_type(writing, type->u.branches[i]);
    }
    lf_buf_add_char(writing->out, ']');
    return st;
}

/* Types of references are written where they are first used, which may nest them deeper than any text did. */
static enum lf_status
write_type(struct writing *writing, const struct lf_avro_type *type)
{
    enum { DEPTH_MAX = 1000 };
    enum lf_status st = LF_OK;
    if (writing->depth == DEPTH_MAX)
        return lf_fail(writing->err, LF_LIMIT, "Avro schema: types nest more than the allowed %d levels", DEPTH_MAX);
    writing->depth++;
    if (lf_avro_is_named(type)) {
        st = write_named(writing, type);
    } else if (type->kind == LF_AVRO_UNION) {
        st = write_union(writing, type);
    } else if (type->kind == LF_AVRO_ARRAY || type->kind == LF_AVRO_MAP) {
        lf_buf_add_text(writing->out, type->kind == LF_AVRO_ARRAY ? "{\"type\":\"array\",\"items\":"
                                                                  : "{\"type\":\"map\",\"values\":");
        st = write_type(writing, type->u.item);
        lf_buf_add_char(writing->out, '}');
    } else {
        add_quoted(writing->out, lf_bytes_of(lf_avro_kind_name(type->kind)));
    }
    writing->depth--;
    return st;
}

enum lf_status
lf_avro_canonical(const struct lf_avro_schema *schema, struct lf_buf *out, struct lf_err *err)
{
    struct writing writing = {.out = out, .err = err};
    writing.done = lf_calloc(schema->type_count, sizeof(bool));
    if (writing.done == NULL)
        return lf_no_memory(err);
    enum lf_status st = write_type(&writing, schema->root);
    if (st == LF_OK)
        st = lf_buf_status(out, err);
    lf_free(writing.done);
    return st;
}

uint64_t
lf_avro_fingerprint(struct lf_bytes canonical)
{
    const uint64_t empty = UINT64_C(0xc15d213aa4d7a795);
    uint64_t print = empty;
    for (size_t i = 0; i < canonical.len; i++) {
        uint64_t low = (print ^ (unsigned char)canonical.ptr[i]) & 0xff;
        for (int bit = 0; bit < 8; bit++)
            low = low >> 1 ^ (empty & (0 - (low & 1)));
        print = print >> 8 ^ low;
    }
    return print;
}
