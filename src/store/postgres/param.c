/* Parameters in PostgreSQL's binary formats: integers in network order, an array a column. */
#include "store/postgres/postgres.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "json/json.h"
#include "model/decimal.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

enum {
    PARAMS_BYTES_MAX = 1000 * 1024 * 1024, /* PostgreSQL takes messages of up to 1 GiB */
    PARAMS_MAX = 65535,
    ARRAY_HEADER = 20, /* dimensions, has nulls, item type, items, lower bound */
};
static const int64_t epoch_us = INT64_C(946684800000000); /* 2000-01-01 */
static const int64_t day_us = INT64_C(86400000000);

void
lf_pg_params_init(struct lf_pg_params *params)
{
    *params = (struct lf_pg_params){0};
    lf_buf_init(&params->bytes, PARAMS_BYTES_MAX);
}

void
lf_pg_params_release(struct lf_pg_params *params)
{
    lf_buf_release(&params->bytes);
    lf_free(params->types);
    lf_free(params->starts);
    lf_free(params->lengths);
    lf_free(params->formats);
    lf_free(params->values);
    lf_pg_params_init(params);
}

void
lf_pg_params_clear(struct lf_pg_params *params)
{
    if (params->bytes.cap > LF_PG_SCRATCH_KEEP)
        lf_buf_release(&params->bytes);
    lf_buf_clear(&params->bytes);
    params->count = 0;
    params->failed = false;
}

static bool
grow_one(void *array, size_t cap, size_t size)
{
    void **slot = array;
    void *grown = lf_realloc(*slot, cap * size);
    if (grown != NULL)
        *slot = grown;
    return grown != NULL;
}

static bool
make_room(struct lf_pg_params *params)
{
    size_t cap = params->cap != 0 ? params->cap * 2 : 32;
    if (params->count < params->cap)
        return true;
    if (params->count >= PARAMS_MAX)
        return false;
    if (!grow_one(&params->types, cap, sizeof(*params->types)) ||
        !grow_one(&params->starts, cap, sizeof(*params->starts)) ||
        !grow_one(&params->lengths, cap, sizeof(*params->lengths)) ||
        !grow_one(&params->formats, cap, sizeof(*params->formats)) ||
        !grow_one(&params->values, cap, sizeof(*params->values)))
        return false;
    params->cap = cap;
    return true;
}

/* A parameter that starts here; end_param() gives its length. */
static void
begin_param(struct lf_pg_params *params, Oid type, int format)
{
    if (params->failed || !make_room(params)) {
        params->failed = true;
        return;
    }
    params->types[params->count] = type;
    params->formats[params->count] = format;
    params->starts[params->count] = params->bytes.len;
}

static void
end_param(struct lf_pg_params *params)
{
    if (params->failed)
        return;
    params->lengths[params->count] = (int)(params->bytes.len - params->starts[params->count]);
    params->count++;
}

static void
null_param(struct lf_pg_params *params, Oid type)
{
    begin_param(params, type, 1);
    end_param(params);
    if (!params->failed)
        params->lengths[params->count - 1] = -1;
}

enum lf_status
lf_pg_params_status(struct lf_pg_params *params, struct lf_err *err)
{
    enum lf_status st = params->failed ? lf_no_memory(err) : lf_buf_status(&params->bytes, err);
    for (size_t i = 0; st == LF_OK && i < params->count; i++) {
        const char *bytes = params->bytes.ptr != NULL ? params->bytes.ptr : "";
        params->values[i] = params->lengths[i] < 0 ? NULL : bytes + params->starts[i];
    }
    return st;
}

void
lf_pg_put_16(struct lf_buf *out, int16_t integer)
{
    uint16_t big = htobe16((uint16_t)integer);
    char bytes[2];
    memcpy(bytes, &big, sizeof(bytes));
    lf_buf_add(out, lf_bytes(bytes, sizeof(bytes)));
}

static void
put_32(struct lf_buf *out, uint32_t integer)
{
    uint32_t big = htobe32(integer);
    char bytes[4];
    memcpy(bytes, &big, sizeof(bytes));
    lf_buf_add(out, lf_bytes(bytes, sizeof(bytes)));
}

static void
put_64(struct lf_buf *out, uint64_t integer)
{
    uint64_t big = htobe64(integer);
    char bytes[8];
    memcpy(bytes, &big, sizeof(bytes));
    lf_buf_add(out, lf_bytes(bytes, sizeof(bytes)));
}

static void
set_32(struct lf_buf *buf, size_t at, uint32_t integer)
{
    uint32_t big = htobe32(integer);
    if (buf->failed == LF_OK && at + sizeof(big) <= buf->len)
        memcpy(buf->ptr + at, &big, sizeof(big));
}

/* ---- single values ---- */

void
lf_pg_param_text(struct lf_pg_params *params, struct lf_bytes text)
{
    if (text.ptr == NULL) {
        null_param(params, LF_PG_TEXT);
        return;
    }
    begin_param(params, LF_PG_TEXT, 1);
    lf_pg_text_write(&params->bytes, text);
    end_param(params);
}

void
lf_pg_param_int(struct lf_pg_params *params, int32_t integer)
{
    begin_param(params, LF_PG_INT4, 1);
    put_32(&params->bytes, (uint32_t)integer);
    end_param(params);
}

void
lf_pg_param_bigint(struct lf_pg_params *params, int64_t integer)
{
    begin_param(params, LF_PG_INT8, 1);
    put_64(&params->bytes, (uint64_t)integer);
    end_param(params);
}

void
lf_pg_param_time(struct lf_pg_params *params, int64_t us)
{
    begin_param(params, LF_PG_TIMESTAMPTZ, 1);
    put_64(&params->bytes, (uint64_t)(lf_store_clamp_time(us) - epoch_us));
    end_param(params);
}

void
lf_pg_param_value(struct lf_pg_params *params, const struct lf_value *value)
{
    if (value->type == LF_V_NULL) {
        null_param(params, 0);
        return;
    }
    begin_param(params, 0, 0);
    switch (value->type) {
    case LF_V_BOOL: lf_buf_add_text(&params->bytes, value->u.boolean ? "true" : "false"); break;
    case LF_V_INT: lf_buf_add_i64(&params->bytes, value->u.integer); break;
    case LF_V_FLOAT: lf_buf_printf(&params->bytes, "%.17g", value->u.number); break;
    default: lf_pg_text_write(&params->bytes, lf_value_text(value)); break;
    }
    end_param(params);
    lf_buf_add_char(&params->bytes, '\0'); /* as the text format wants it */
}

/* ---- arrays ---- */

static Oid
array_type(enum lf_pg_type type)
{
    switch (type) {
    case LF_PG_BOOL: return 1000;
    case LF_PG_BYTEA: return 1001;
    case LF_PG_INT8: return 1016;
    case LF_PG_INT4: return 1007;
    case LF_PG_TEXT: return 1009;
    case LF_PG_JSON: return 199;
    case LF_PG_FLOAT8: return 1022;
    case LF_PG_DATE: return 1182;
    case LF_PG_TIMESTAMPTZ: return 1185;
    case LF_PG_UUID: return 2951;
    case LF_PG_JSONB: return 3807;
    }
    return 0;
}

void
lf_pg_array_begin(struct lf_pg_params *params, enum lf_pg_type type)
{
    begin_param(params, array_type(type), 1);
    params->array_at = params->bytes.len;
    params->items = 0;
    params->nulls = false;
    put_32(&params->bytes, 1); /* dimensions */
    put_32(&params->bytes, 0);
    put_32(&params->bytes, type);
    put_32(&params->bytes, 0);
    put_32(&params->bytes, 1); /* lower bound */
}

void
lf_pg_array_end(struct lf_pg_params *params)
{
    if (params->nulls)
        set_32(&params->bytes, params->array_at + 4, 1);
    set_32(&params->bytes, params->array_at + 12, params->items);
    end_param(params);
}

void
lf_pg_item_null(struct lf_pg_params *params)
{
    put_32(&params->bytes, UINT32_MAX);
    params->items++;
    params->nulls = true;
}

struct lf_buf *
lf_pg_item_begin(struct lf_pg_params *params)
{
    params->item_at = params->bytes.len;
    put_32(&params->bytes, 0);
    return &params->bytes;
}

void
lf_pg_item_end(struct lf_pg_params *params)
{
    set_32(&params->bytes, params->item_at, (uint32_t)(params->bytes.len - params->item_at - 4));
    params->items++;
}

void
lf_pg_item_bytes(struct lf_pg_params *params, struct lf_bytes bytes)
{
    if (bytes.ptr == NULL) {
        lf_pg_item_null(params);
        return;
    }
    put_32(&params->bytes, (uint32_t)bytes.len);
    lf_buf_add(&params->bytes, bytes);
    params->items++;
}

void
lf_pg_item_text(struct lf_pg_params *params, struct lf_bytes text)
{
    if (text.ptr == NULL || lf_pg_text_is_plain(text)) {
        lf_pg_item_bytes(params, text);
        return;
    }
    lf_pg_text_write(lf_pg_item_begin(params), text);
    lf_pg_item_end(params);
}

void
lf_pg_item_int(struct lf_pg_params *params, int32_t integer)
{
    put_32(&params->bytes, 4);
    put_32(&params->bytes, (uint32_t)integer);
    params->items++;
}

void
lf_pg_item_bigint(struct lf_pg_params *params, int64_t integer)
{
    put_32(&params->bytes, 8);
    put_64(&params->bytes, (uint64_t)integer);
    params->items++;
}

void
lf_pg_item_time(struct lf_pg_params *params, int64_t us)
{
    lf_pg_item_bigint(params, lf_store_clamp_time(us) - epoch_us);
}

/* ---- values of fields ---- */

static enum lf_status
unfit(const struct lf_field *field, struct lf_err *err)
{
    return lf_fail(err, LF_INVALID, "the value of field \"%.*s\" is not of its type", LF_FMT(field->name));
}

static bool
item_date(struct lf_pg_params *params, struct lf_bytes text)
{
    char full[32];
    int64_t us;
    if (!lf_date_valid(text))
        return false;
    int len = snprintf(full, sizeof(full), "%.*sT00:00:00Z", LF_FMT(text));
    if (!lf_time_parse(lf_bytes(full, (size_t)len), &us))
        return false;
    lf_pg_item_int(params, (int32_t)((us - epoch_us) / day_us));
    return true;
}

static bool
item_text(struct lf_pg_params *params, const struct lf_field *field, struct lf_bytes text)
{
    int64_t us;
    struct lf_uuid uuid;
    switch (field->type) {
    case LF_T_DATETIME:
        if (!lf_time_parse(text, &us))
            return false;
        lf_pg_item_time(params, us);
        return true;
    case LF_T_DATE: return item_date(params, text);
    case LF_T_UUID:
        if (!lf_uuid_parse(text, &uuid))
            return false;
        lf_pg_item_bytes(params, lf_bytes((const char *)uuid.bytes, sizeof(uuid.bytes)));
        return true;
    case LF_T_DECIMAL:
        if (!lf_decimal_valid(text))
            return false;
        lf_pg_item_bytes(params, text);
        return true;
    default: lf_pg_item_text(params, text.ptr != NULL ? text : LF_LIT("")); return true;
    }
}

static bool
item_integer(struct lf_pg_params *params, const struct lf_field *field, int64_t integer)
{
    if (field->type == LF_T_BIGINT) {
        lf_pg_item_bigint(params, integer);
        return true;
    }
    if (integer < INT32_MIN || integer > INT32_MAX)
        return false;
    lf_pg_item_int(params, (int32_t)integer);
    return true;
}

enum lf_status
lf_pg_item_field(struct lf_pg_params *params, const struct lf_field *field, const struct lf_value *value,
                 struct lf_err *err)
{
    bool fits = true;
    uint64_t bits;
    if (value->type == LF_V_NULL) {
        lf_pg_item_null(params);
        return LF_OK;
    }
    switch (lf_column_of(field)) {
    case LF_COLUMN_TEXT: fits = item_text(params, field, lf_value_text(value)); break;
    case LF_COLUMN_INTEGER: fits = item_integer(params, field, value->u.integer); break;
    case LF_COLUMN_BOOLEAN: lf_pg_item_bytes(params, lf_bytes(value->u.boolean ? "\1" : "\0", 1)); break;
    case LF_COLUMN_REAL:
        memcpy(&bits, &value->u.number, sizeof(bits));
        lf_pg_item_bigint(params, (int64_t)bits);
        break;
    case LF_COLUMN_JSON:
        lf_json_write(lf_pg_item_begin(params), value);
        lf_pg_item_end(params);
        break;
    }
    return fits ? LF_OK : unfit(field, err);
}
