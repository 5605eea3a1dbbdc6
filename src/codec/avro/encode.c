/* Payload -> bytes. Recursion follows the value, LF_AVRO_DEPTH_MAX deep at most. */
#include "codec/avro/encode.h"
#include "json/json.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { QUOTE_MAX = 60, VARINT_MAX = 10 };

/* --- errors and limits -------------------------------------------------------------------------------------------- */

void
lf_avro_encode_error(struct lf_avro_encoding *run, const struct lf_json_step *step, const char *fmt, ...)
{
    char text[LF_ERR_TEXT_MAX], space[LF_JSON_POINTER_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct lf_bytes pointer = lf_json_pointer(step, space);
    (void)lf_fail(run->err, LF_INVALID, "%.*s%s%s", LF_FMT(pointer), step != NULL ? ": " : "", text);
}

enum lf_status
lf_avro_encode_charge(struct lf_avro_encoding *run, uint64_t steps)
{
    if ((uint64_t)run->steps < steps)
        return lf_fail(run->err, LF_LIMIT, "encoding the value as Avro takes more than the allowed %d steps",
                       LF_AVRO_STEPS_MAX);
    run->steps -= (int64_t)steps;
    return LF_OK;
}

static enum lf_status
enter(struct lf_avro_encoding *run)
{
    if (run->depth >= LF_AVRO_DEPTH_MAX)
        return lf_fail(run->err, LF_LIMIT, "the value nests more than the allowed %d levels", LF_AVRO_DEPTH_MAX);
    run->depth++;
    return LF_OK;
}

/* "must be …, is …" */
static enum lf_status
refuse(struct lf_avro_encoding *run, const char *wanted, const struct lf_value *value, const struct lf_json_step *step)
{
    char text[QUOTE_MAX + 1];
    struct lf_bytes quote = LF_BYTES_NONE;
    size_t valid;
    switch (value->type) {
    case LF_V_NULL: quote = LF_LIT("null"); break;
    case LF_V_BOOL: quote = value->u.boolean ? LF_LIT("true") : LF_LIT("false"); break;
    case LF_V_INT:
        quote = lf_bytes(text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value->u.integer));
        break;
    case LF_V_FLOAT:
        quote = value->raw != NULL ? lf_bytes(value->raw, value->count)
                                   : lf_bytes(text, (size_t)snprintf(text, sizeof(text), "%.17g", value->u.number));
        break;
    case LF_V_STRING:
    case LF_V_ENUM: quote = lf_value_text(value); break;
    case LF_V_LIST: return lf_avro_encode_fail(run, step, "must be %s, is a list", wanted);
    case LF_V_OBJECT: return lf_avro_encode_fail(run, step, "must be %s, is an object", wanted);
    case LF_V_OPAQUE: return lf_avro_encode_fail(run, step, "must be %s, is no JSON value", wanted);
    }
    const char *mark = value->type == LF_V_STRING || value->type == LF_V_ENUM ? "\"" : "";
    const bool cut = quote.len > QUOTE_MAX;
    if (cut)
        quote.len = lf_utf8_valid(lf_bytes(quote.ptr, QUOTE_MAX), &valid) ? QUOTE_MAX : valid;
    return lf_avro_encode_fail(run, step, "must be %s, is %s%.*s%s%s", wanted, mark, LF_FMT(quote),
                               cut ? "\xe2\x80\xa6" : "", mark);
}

/* --- bytes -------------------------------------------------------------------------------------------------------- */

/* Zigzag, then seven bits a byte, the lowest first. */
static void
put_long(struct lf_buf *out, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    if (out->failed != LF_OK)
        return;
    char *at = lf_buf_reserve(out, VARINT_MAX);
    if (at == NULL) { /* near the maximum there may be room for fewer */
        if (out->failed != LF_LIMIT)
            return;
        out->failed = LF_OK;
        for (; rest >= 0x80; rest >>= 7)
            lf_buf_add_char(out, (char)(rest | 0x80));
        lf_buf_add_char(out, (char)rest);
        return;
    }
    size_t len = 0;
    for (; rest >= 0x80; rest >>= 7)
        at[len++] = (char)(rest | 0x80);
    at[len++] = (char)rest;
    lf_buf_commit(out, len);
}

static void
put_double(struct lf_buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htole64(bits);
    lf_buf_add(out, lf_bytes((const char *)&bits, sizeof(bits)));
}

static void
put_float(struct lf_buf *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htole32(bits);
    lf_buf_add(out, lf_bytes((const char *)&bits, sizeof(bits)));
}

static void
put_latin(struct lf_buf *out, const struct lf_avro_leaf *leaf)
{
    char *at = lf_buf_reserve(out, leaf->latin);
    if (at == NULL)
        return;
    for (size_t i = 0; i < leaf->bytes.len; i++) {
        const unsigned char c = (unsigned char)leaf->bytes.ptr[i];
        *at++ = (char)(c < 0x80 ? c : (c & 3) << 6 | (leaf->bytes.ptr[++i] & 0x3f));
    }
    lf_buf_commit(out, leaf->latin);
}

/* Behind the length, if the type has one. */
static void
put_bytes(struct lf_buf *out, const struct lf_avro_type *type, const struct lf_avro_leaf *leaf)
{
    const size_t len = leaf->latin != 0 ? leaf->latin : leaf->bytes.len;
    if (type->kind == LF_AVRO_FIXED) { /* a decimal is extended by its sign */
        const char sign = len > 0 && len < type->count && ((unsigned char)leaf->bytes.ptr[0] & 0x80) != 0 ? '\xff' : 0;
        for (size_t i = len; i < type->count; i++)
            lf_buf_add_char(out, sign);
    } else {
        put_long(out, (int64_t)len);
    }
    if (leaf->latin != 0)
        put_latin(out, leaf);
    else
        lf_buf_add(out, leaf->bytes);
}

static enum lf_status
put_json(struct lf_avro_encoding *run, const struct lf_value *value)
{
    if (!lf_avro_is_flat(value, LF_AVRO_DEPTH_MAX - run->depth))
        return lf_fail(run->err, LF_LIMIT, "the value nests more than the allowed %d levels", LF_AVRO_DEPTH_MAX);
    struct lf_buf text;
    lf_buf_init(&text, run->out->max);
    lf_json_write(&text, value);
    enum lf_status st = lf_buf_status(&text, run->err);
    if (st == LF_OK) {
        put_long(run->out, (int64_t)text.len);
        lf_buf_add(run->out, lf_buf_view(&text));
    }
    lf_buf_release(&text);
    return st;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

static enum lf_status
encode_leaf(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
            const struct lf_json_step *step)
{
    struct lf_avro_leaf leaf;
    if (lf_avro_leaf_of(type, value, run->raw, &leaf) == LF_AVRO_FITS_NOT)
        return refuse(run, lf_avro_leaf_words(type, run->raw), value, step);
    switch (type->kind) {
    case LF_AVRO_NULL: break;
    case LF_AVRO_BOOLEAN: lf_buf_add_char(run->out, (char)leaf.integer); break;
    case LF_AVRO_FLOAT: put_float(run->out, (float)leaf.number); break;
    case LF_AVRO_DOUBLE: put_double(run->out, leaf.number); break;
    case LF_AVRO_INT:
    case LF_AVRO_LONG:
    case LF_AVRO_ENUM: put_long(run->out, leaf.integer); break;
    default:
        if (!run->raw && type->meaning.logical == LF_AVRO_JSON)
            return put_json(run, value);
        put_bytes(run->out, type, &leaf);
    }
    return LF_OK;
}

/* A field that the value has no member for. */
static enum lf_status
encode_missing(struct lf_avro_encoding *run, struct lf_avro_field *field, const struct lf_json_step *step)
{
    const struct lf_value null = LF_VALUE_NULL;
    if (field->state != LF_AVRO_NO_DEFAULT && field->state != LF_AVRO_DEFAULT_READY && run->prepare != NULL) {
        enum lf_status st = run->prepare(run, field, step);
        if (st != LF_OK)
            return st;
    }
    if (field->state == LF_AVRO_DEFAULT_READY) {
        lf_buf_add(run->out, field->default_bytes);
        return LF_OK;
    }
    if (!run->raw && lf_avro_is_nullable(field->type))
        return lf_avro_encode_value(run, field->type, &null, step);
    return lf_avro_encode_fail(run, step, "is missing");
}

static enum lf_status
refuse_unknown(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
               const struct lf_json_step *step)
{
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_bytes name = value->u.members[i].name;
        bool known = false;
        enum lf_status st = lf_avro_encode_charge(run, type->count);
        if (st != LF_OK)
            return st;
        for (uint32_t k = 0; !known && k < type->count; k++)
            known = lf_bytes_equal(type->u.fields[k].name, name);
        const struct lf_json_step at = {.outer = step, .name = name.ptr != NULL ? name : LF_LIT("")};
        if (!known)
            return lf_avro_encode_fail(run, &at, "record %.*s has no such field", LF_FMT(type->name));
    }
    return lf_avro_encode_fail(run, step, "a member stands twice");
}

static enum lf_status
encode_record(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
              const struct lf_json_step *step)
{
    if (value->type != LF_V_OBJECT)
        return refuse(run, "an object", value, step);
    enum lf_status st = enter(run);
    if (st != LF_OK)
        return st;
    uint32_t next = 0, found = 0; /* members mostly stand in the order of the schema */
    for (uint32_t i = 0; st == LF_OK && i < type->count; i++) {
        struct lf_avro_field *field = &type->u.fields[i];
        const struct lf_json_step at = {.outer = step, .name = field->name};
        const struct lf_value *member = NULL;
        if (next < value->count && lf_bytes_equal(value->u.members[next].name, field->name)) {
            member = &value->u.members[next++].value;
        } else if (found < value->count) {
            member = lf_value_get(value, field->name);
            st = lf_avro_encode_charge(run, value->count);
        }
        found += member != NULL ? 1 : 0;
        if (st == LF_OK)
            st = member != NULL ? lf_avro_encode_value(run, field->type, member, &at) : encode_missing(run, field, &at);
    }
    if (st == LF_OK && found != value->count)
        st = refuse_unknown(run, type, value, step);
    run->depth--;
    return st;
}

/* One block with all items. */
static enum lf_status
encode_items(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
             const struct lf_json_step *step)
{
    const bool list = type->kind == LF_AVRO_ARRAY;
    if (value->type != (list ? LF_V_LIST : LF_V_OBJECT))
        return refuse(run, list ? "a list" : "an object", value, step);
    enum lf_status st = enter(run);
    if (st != LF_OK)
        return st;
    if (value->count != 0)
        put_long(run->out, value->count);
    for (uint32_t i = 0; st == LF_OK && i < value->count; i++) {
        const struct lf_bytes name = list ? LF_BYTES_NONE : value->u.members[i].name;
        const struct lf_json_step at = {.outer = step, .name = name, .index = i};
        if (!list) {
            put_long(run->out, (int64_t)name.len);
            lf_buf_add(run->out, name);
        }
        st = lf_avro_encode_value(run, type->u.item, list ? &value->u.items[i] : &value->u.members[i].value, &at);
    }
    lf_buf_add_char(run->out, 0);
    run->depth--;
    return st;
}

static enum lf_status
encode_union(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
             const struct lf_json_step *step)
{
    uint32_t index = 0;
    enum lf_status st = lf_avro_choose(run, type, value, step, &index);
    if (st != LF_OK)
        return st;
    put_long(run->out, index);
    return lf_avro_encode_value(run, type->u.branches[index], value, step);
}

enum lf_status
lf_avro_encode_value(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
                     const struct lf_json_step *step)
{
    enum lf_status st = lf_avro_encode_charge(run, 1);
    if (st != LF_OK)
        return st;
    switch (type->kind) {
    case LF_AVRO_RECORD: return encode_record(run, type, value, step);
    case LF_AVRO_ARRAY:
    case LF_AVRO_MAP: return encode_items(run, type, value, step);
    case LF_AVRO_UNION: return encode_union(run, type, value, step);
    default: return encode_leaf(run, type, value, step);
    }
}

enum lf_status
lf_avro_encode(const struct lf_avro_schema *schema, const struct lf_value *value, struct lf_buf *out,
               struct lf_err *err)
{
    struct lf_avro_encoding run = {.out = out, .steps = LF_AVRO_STEPS_MAX, .err = err};
    const size_t before = out->len;
    enum lf_status st = lf_avro_encode_value(&run, schema->root, value, NULL);
    if (st == LF_OK)
        st = lf_buf_status(out, err);
    if (st != LF_OK)
        out->len = before;
    return st;
}
