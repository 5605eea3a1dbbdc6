/* Fallbacks of fields as defaults of Avro schemas: logical types in the encoding of the types beneath them. */
#include "base/clock.h"
#include "codec/schema/write.h"
#include "json/json.h"
#include "model/decimal.h"

#define DAY_US INT64_C(86400000000)

/* --- times -------------------------------------------------------------------------------------------------------- */

/* The time of "DATE" + "TTIME": microseconds since 1970. */
static bool
time_of(struct lf_schema_writer *w, const char *date, const char *time, int64_t *ret_us)
{
    const char *text = lf_arena_printf(w->arena, "%sT%s", date, time);
    w->no_memory = w->no_memory || text == NULL;
    return text != NULL && lf_time_parse(lf_bytes_of(text), ret_us);
}

static bool
datetime_default(const struct lf_value *value, struct lf_value *ret)
{
    int64_t us;
    if (value->type != LF_V_STRING || !lf_time_parse(lf_value_text(value), &us))
        return false;
    *ret = lf_value_int(us);
    return true;
}

static bool
date_default(struct lf_schema_writer *w, const struct lf_value *value, struct lf_value *ret)
{
    int64_t us;
    const char *date = value->type == LF_V_STRING ? lf_arena_text(w->arena, lf_value_text(value)) : NULL;
    if (date == NULL || !time_of(w, date, "00:00:00Z", &us))
        return false;
    *ret = lf_value_int(us >= 0 ? us / DAY_US : -((-us + DAY_US - 1) / DAY_US));
    return true;
}

/* Avro's time of day has no offset: it is that of UTC. */
static bool
time_default(struct lf_schema_writer *w, const struct lf_value *value, struct lf_value *ret)
{
    int64_t us;
    const char *time = value->type == LF_V_STRING ? lf_arena_text(w->arena, lf_value_text(value)) : NULL;
    if (time == NULL || !time_of(w, "2000-01-02", time, &us))
        return false;
    *ret = lf_value_int(us % DAY_US);
    return true;
}

/* --- decimals ----------------------------------------------------------------------------------------------------- */

/* The digits of text * 10^scale. False: it has more digits after the point than that. */
static bool
unscaled_digits(struct lf_bytes text, int32_t scale, struct lf_buf *digits)
{
    int32_t after = -1; /* the point is not there yet */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.') {
            after = 0;
        } else if (c != '-') {
            if (after >= scale && c != '0')
                return false;
            if (after < scale)
                lf_buf_add_char(digits, c);
            after += after >= 0 && after < scale;
        }
    }
    for (after = after < 0 ? 0 : after; after < scale; after++)
        lf_buf_add_char(digits, '0');
    return digits->failed == LF_OK;
}

/* digits /= 256 in place; the remainder. */
static unsigned
divide(char *digits, size_t len)
{
    unsigned rest = 0;
    for (size_t i = 0; i < len; i++) {
        rest = rest * 10 + (unsigned)(digits[i] - '0');
        digits[i] = (char)('0' + rest / 256);
        rest %= 256;
    }
    return rest;
}

/* Two's complement of digits (which are used up), least significant byte first, as short as it can be. */
static void
add_bytes(struct lf_buf *out, char *digits, size_t len, bool negative)
{
    unsigned carry = 1;
    for (bool more = true; more && out->failed == LF_OK;) {
        unsigned byte = divide(digits, len);
        bool rest = false;
        for (size_t i = 0; i < len; i++)
            rest = rest || digits[i] != '0';
        if (negative) {
            byte = (~byte & 0xff) + carry;
            carry = byte >> 8;
            byte &= 0xff;
        }
        lf_buf_add_char(out, (char)byte);
        more = rest || (byte & 0x80) != (negative ? 0x80U : 0U);
    }
}

/* Bytes in JSON: a character each, most significant byte first. */
static bool
bytes_text(struct lf_schema_writer *w, struct lf_bytes bytes, struct lf_value *ret)
{
    char *text = lf_arena_alloc(w->arena, bytes.len * 2 + 1);
    size_t len = 0;
    w->no_memory = w->no_memory || text == NULL;
    for (size_t i = bytes.len; text != NULL && i > 0; i--)
        len += lf_utf8_encode((unsigned char)bytes.ptr[i - 1], text + len);
    *ret = lf_value_string(lf_bytes(text, len));
    return text != NULL;
}

static bool
decimal_default(struct lf_schema_writer *w, const struct lf_field *field, const struct lf_value *value,
                struct lf_value *ret)
{
    struct lf_buf digits, bytes;
    struct lf_bytes plain =
        value->type == LF_V_STRING ? lf_decimal_plain(lf_value_text(value), w->arena) : LF_BYTES_NONE;
    lf_buf_init(&digits, 2 * LF_DECIMAL_DIGITS_MAX);
    lf_buf_init(&bytes, 2 * LF_DECIMAL_DIGITS_MAX);
    bool good = plain.ptr != NULL && unscaled_digits(plain, field->scale, &digits);
    size_t first = 0;
    while (good && first < digits.len && digits.ptr[first] == '0')
        first++;
    good = good && digits.len - first <= (size_t)field->precision;
    if (good) {
        add_bytes(&bytes, digits.ptr, digits.len, plain.ptr[0] == '-' && first < digits.len);
        good = bytes.failed == LF_OK && bytes_text(w, lf_buf_view(&bytes), ret);
    }
    w->no_memory = w->no_memory || digits.failed == LF_NO_MEMORY || bytes.failed == LF_NO_MEMORY;
    lf_buf_release(&digits);
    lf_buf_release(&bytes);
    return good;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static bool
bigint_default(const struct lf_value *value, struct lf_value *ret)
{
    int64_t integer;
    *ret = *value;
    if (value->type == LF_V_STRING && lf_bytes_to_i64(lf_value_text(value), &integer))
        *ret = lf_value_int(integer);
    return ret->type == LF_V_INT;
}

/* JSON travels as its text. */
static bool
json_default(struct lf_schema_writer *w, const struct lf_value *value, struct lf_value *ret)
{
    struct lf_buf text;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    lf_json_write(&text, value);
    struct lf_bytes copy = text.failed == LF_OK ? lf_arena_copy(w->arena, lf_buf_view(&text)) : LF_BYTES_NONE;
    lf_buf_release(&text);
    w->no_memory = w->no_memory || copy.ptr == NULL;
    *ret = lf_value_string(copy);
    return copy.ptr != NULL;
}

/* A field of a record in a default: one that may be null is a union with null first: null is all it can say. */
static bool
object_default(struct lf_schema_writer *w, const struct lf_object *object, const struct lf_value *value,
               struct lf_value *ret)
{
    struct lf_schema_object members = {0};
    for (size_t i = 0; i < object->field_count; i++) {
        const struct lf_field *field = &object->fields[i];
        const struct lf_value *member = lf_value_get(value, field->name);
        struct lf_value made = LF_VALUE_NULL;
        bool null = member == NULL || member->type == LF_V_NULL;
        if (null == field->non_null || (!null && !lf_schema_avro_default(w, field, member, &made)))
            return false;
        lf_schema_add_named(w, &members, field->name, made);
    }
    *ret = lf_schema_value(&members);
    return true;
}

static bool
item_default(struct lf_schema_writer *w, const struct lf_field *field, const struct lf_value *value,
             struct lf_value *ret)
{
    *ret = *value;
    switch (field->type) {
    case LF_T_DATETIME: return datetime_default(value, ret);
    case LF_T_DATE: return date_default(w, value, ret);
    case LF_T_TIME: return time_default(w, value, ret);
    case LF_T_DECIMAL: return decimal_default(w, field, value, ret);
    case LF_T_BIGINT: return bigint_default(value, ret);
    case LF_T_JSON: return json_default(w, value, ret);
    case LF_T_OBJECT: return object_default(w, field->object, value, ret);
    default: return true;
    }
}

bool
lf_schema_avro_default(struct lf_schema_writer *w, const struct lf_field *field, const struct lf_value *value,
                       struct lf_value *ret)
{
    if (value->type == LF_V_NULL) {
        *ret = LF_VALUE_NULL;
        return !field->non_null;
    }
    if (!field->is_list)
        return item_default(w, field, value, ret);
    if (!field->item_non_null && value->count != 0)
        return false;
    *ret = lf_schema_list(w, value->count);
    for (uint32_t i = 0; i < ret->count; i++) {
        if (!item_default(w, field, &value->u.items[i], &ret->u.items[i]))
            return false;
    }
    return true;
}
