/* Values without parts, out of their bytes. */
#include "base/calendar.h"
#include "base/uuid.h"
#include "codec/avro/decimal.h"
#include "codec/avro/decode.h"
#include "codec/avro/encode.h"
#include "json/json.h"

#include <endian.h>
#include <math.h>
#include <string.h>

/* --- bytes -------------------------------------------------------------------------------------------------------- */

enum lf_status
lf_avro_take_long(struct lf_avro_decoding *run, const struct lf_json_step *step, int64_t *ret)
{
    uint64_t bits = 0;
    unsigned shift = 0;
    for (const char *at = run->at; at < run->end && shift < 70; at++, shift += 7) {
        const unsigned char byte = (unsigned char)*at;
        if (shift == 63 && byte > 1) /* beyond 64 bits */
            break;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            run->at = at + 1;
            *ret = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
            return LF_OK;
        }
    }
    return lf_avro_decode_fail(run, step, "an integer that does not end, or has more than 64 bits");
}

enum lf_status
lf_avro_take(struct lf_avro_decoding *run, uint64_t count, const struct lf_json_step *step, struct lf_bytes *ret)
{
    const size_t left = (size_t)(run->end - run->at);
    if (count > left)
        return lf_avro_decode_fail(run, step, "%llu bytes are needed, %zu are left", (unsigned long long)count, left);
    *ret = lf_bytes(run->at, (size_t)count);
    run->at += count;
    return LF_OK;
}

enum lf_status
lf_avro_take_bytes(struct lf_avro_decoding *run, const struct lf_json_step *step, struct lf_bytes *ret)
{
    int64_t len;
    enum lf_status st = lf_avro_take_long(run, step, &len);
    if (st != LF_OK)
        return st;
    if (len < 0)
        return lf_avro_decode_fail(run, step, "a length of %lld", (long long)len);
    return lf_avro_take(run, (uint64_t)len, step, ret);
}

static enum lf_status
check_text(struct lf_avro_decoding *run, struct lf_bytes text, const struct lf_json_step *step)
{
    size_t at;
    return lf_utf8_valid(text, &at) ? LF_OK : lf_avro_decode_fail(run, step, "a string that is not well-formed UTF-8");
}

enum lf_status
lf_avro_take_text(struct lf_avro_decoding *run, const struct lf_json_step *step, struct lf_bytes *ret)
{
    enum lf_status st = lf_avro_take_bytes(run, step, ret);
    return st == LF_OK ? check_text(run, *ret, step) : st;
}

/* --- integers and times ------------------------------------------------------------------------------------------- */

/* A text in the arena. */
static enum lf_status
make_text(struct lf_avro_decoding *run, const char *text, size_t len, struct lf_value *ret)
{
    struct lf_bytes copy = lf_arena_copy(run->arena, lf_bytes(text, len));
    if (copy.ptr == NULL)
        return lf_no_memory(run->err);
    *ret = lf_value_string(copy);
    return LF_OK;
}

/* units since 1970 -> a day and its nanoseconds; false outside of the years 1 to 9999. */
static bool
moment_of(int64_t units, uint32_t unit_ns, struct lf_moment *ret)
{
    const int64_t day = LF_DAY_NS / unit_ns;
    ret->days = units / day;
    int64_t rest = units % day;
    if (rest < 0) {
        rest += day;
        ret->days--;
    }
    ret->ns = rest * unit_ns;
    return ret->days >= LF_DAYS_MIN && ret->days <= LF_DAYS_MAX;
}

static enum lf_status
make_time(struct lf_avro_decoding *run, const struct lf_avro_meaning *meaning, int64_t integer,
          const struct lf_json_step *step, struct lf_value *ret)
{
    char text[LF_MOMENT_TEXT_SIZE];
    struct lf_moment moment;
    size_t len;
    switch (meaning->logical) {
    case LF_AVRO_DATE:
        if (integer < LF_DAYS_MIN || integer > LF_DAYS_MAX)
            return lf_avro_decode_fail(run, step, "day %lld is not of the years 1 to 9999", (long long)integer);
        len = lf_calendar_write_date(integer, text);
        break;
    case LF_AVRO_TIME:
        if (integer < 0 || integer >= LF_DAY_NS / meaning->unit_ns)
            return lf_avro_decode_fail(run, step, "time %lld is not within a day", (long long)integer);
        len = lf_calendar_write_time(integer * meaning->unit_ns, LF_ZONE_OFFSET, LF_FRACTION_SHORTEST, text);
        break;
    default:
        if (!moment_of(integer, meaning->unit_ns, &moment))
            return lf_avro_decode_fail(run, step, "time %lld is not of the years 1 to 9999", (long long)integer);
        len = lf_calendar_write_moment(moment, meaning->logical == LF_AVRO_TIMESTAMP ? LF_ZONE_OFFSET : LF_ZONE_NONE,
                                       LF_FRACTION_SHORTEST, text);
    }
    return make_text(run, text, len, ret);
}

static enum lf_status
decode_integer(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
               struct lf_value *ret)
{
    int64_t integer;
    enum lf_status st = lf_avro_take_long(run, step, &integer);
    if (st != LF_OK)
        return st;
    if (op->wire == LF_AVRO_INT && (integer < INT32_MIN || integer > INT32_MAX))
        return lf_avro_decode_fail(run, step, "%lld is no integer of 32 bits", (long long)integer);
    if (op->make == LF_AVRO_MAKE_MEANING)
        return make_time(run, &op->meaning, integer, step, ret);
    if (op->make == LF_AVRO_MAKE_NUMBER)
        *ret = lf_value_float((double)integer);
    else if (op->make == LF_AVRO_MAKE_INTEGER)
        *ret = lf_value_int(integer);
    return LF_OK;
}

static enum lf_status
decode_enum(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
            struct lf_value *ret)
{
    int64_t index;
    enum lf_status st = lf_avro_take_long(run, step, &index);
    if (st != LF_OK)
        return st;
    if (index < 0 || index >= op->count)
        return lf_avro_decode_fail(run, step, "symbol %lld of an enum of %u", (long long)index, op->count);
    const struct lf_avro_symbol_plan *symbol = &op->u.symbols[index];
    if (op->make == LF_AVRO_SKIP)
        return LF_OK;
    if (symbol->made.ptr == NULL)
        return lf_avro_decode_fail(run, step, "the reader's enum has no symbol \"%.*s\" and no default",
                                   LF_FMT(symbol->name));
    *ret = lf_value_string(symbol->made);
    return LF_OK;
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static enum lf_status
decode_number(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
              struct lf_value *ret)
{
    struct lf_bytes bytes;
    double number;
    enum lf_status st = lf_avro_take(run, op->wire == LF_AVRO_FLOAT ? 4 : 8, step, &bytes);
    if (st != LF_OK)
        return st;
    if (op->wire == LF_AVRO_FLOAT) {
        uint32_t bits;
        float single;
        memcpy(&bits, bytes.ptr, sizeof(bits));
        bits = le32toh(bits);
        memcpy(&single, &bits, sizeof(single));
        number = (double)single;
    } else {
        uint64_t bits;
        memcpy(&bits, bytes.ptr, sizeof(bits));
        bits = le64toh(bits);
        memcpy(&number, &bits, sizeof(number));
    }
    if (!isfinite(number))
        return lf_avro_decode_fail(run, step, "a number that is not finite, which JSON does not have");
    if (op->make != LF_AVRO_SKIP)
        *ret = lf_value_float(number);
    return LF_OK;
}

static enum lf_status
decode_boolean(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
               struct lf_value *ret)
{
    struct lf_bytes byte;
    enum lf_status st = lf_avro_take(run, 1, step, &byte);
    if (st != LF_OK)
        return st;
    if (*byte.ptr != 0 && *byte.ptr != 1)
        return lf_avro_decode_fail(run, step, "a boolean of %u", (unsigned char)*byte.ptr);
    if (op->make != LF_AVRO_SKIP)
        *ret = lf_value_bool(*byte.ptr == 1);
    return LF_OK;
}

/* --- texts and bytes ---------------------------------------------------------------------------------------------- */

/* Each byte becomes the code point of its number. */
static enum lf_status
make_latin(struct lf_avro_decoding *run, struct lf_bytes bytes, struct lf_value *ret)
{
    size_t len = bytes.len;
    for (size_t i = 0; i < bytes.len; i++)
        len += (unsigned char)bytes.ptr[i] >> 7;
    if (len > UINT32_MAX)
        return lf_fail(run->err, LF_LIMIT, "%zu bytes in one value", bytes.len);
    char *text = lf_arena_alloc(run->arena, len);
    if (text == NULL)
        return lf_no_memory(run->err);
    char *at = text;
    for (size_t i = 0; i < bytes.len; i++) {
        const unsigned char c = (unsigned char)bytes.ptr[i];
        if (c >= 0x80)
            *at++ = (char)(0xc0 | c >> 6);
        *at++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
    }
    *ret = lf_value_string(lf_bytes(text, len));
    return LF_OK;
}

static enum lf_status
make_uuid(struct lf_avro_decoding *run, const struct lf_avro_op *op, struct lf_bytes bytes,
          const struct lf_json_step *step, struct lf_value *ret)
{
    struct lf_uuid uuid;
    char text[LF_UUID_TEXT_LEN + 1];
    if (op->wire != LF_AVRO_FIXED) {
        if (!lf_uuid_parse(bytes, &uuid))
            return lf_avro_decode_fail(run, step, "a string that is no UUID");
        *ret = lf_value_string(bytes);
        return LF_OK;
    }
    memcpy(uuid.bytes, bytes.ptr, sizeof(uuid.bytes)); /* the schema says that there are 16 */
    lf_uuid_format(&uuid, text);
    return make_text(run, text, LF_UUID_TEXT_LEN, ret);
}

static enum lf_status
make_json(struct lf_avro_decoding *run, struct lf_bytes text, const struct lf_json_step *step, struct lf_value *ret)
{
    struct lf_err why = {0};
    struct lf_value value;
    enum lf_status st = lf_json_parse(run->arena, text, &value, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(run->err);
    if (st != LF_OK)
        return lf_avro_decode_fail(run, step, "%s", why.text);
    if (!lf_avro_is_flat(&value, LF_AVRO_DEPTH_MAX - run->depth))
        return lf_fail(run->err, LF_LIMIT, "the Avro message nests more than the allowed %d levels", LF_AVRO_DEPTH_MAX);
    *ret = value;
    return LF_OK;
}

static enum lf_status
make_decimal(struct lf_avro_decoding *run, const struct lf_avro_meaning *meaning, struct lf_bytes bytes,
             const struct lf_json_step *step, struct lf_value *ret)
{
    char text[LF_AVRO_DECIMAL_TEXT_MAX];
    const size_t len = lf_avro_decimal_decode(bytes, meaning->precision, meaning->scale, text);
    if (len == 0)
        return lf_avro_decode_fail(run, step, "a decimal of no bytes, or of more than %u digits", meaning->precision);
    return make_text(run, text, len, ret);
}

static enum lf_status
decode_bytes(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
             struct lf_value *ret)
{
    struct lf_bytes bytes;
    enum lf_status st = op->wire == LF_AVRO_FIXED    ? lf_avro_take(run, op->count, step, &bytes)
                        : op->wire == LF_AVRO_STRING ? lf_avro_take_text(run, step, &bytes)
                                                     : lf_avro_take_bytes(run, step, &bytes);
    if (st != LF_OK || op->make == LF_AVRO_SKIP)
        return st;
    if (op->make == LF_AVRO_MAKE_LATIN)
        return make_latin(run, bytes, ret);
    if (op->make == LF_AVRO_MAKE_MEANING && op->meaning.logical == LF_AVRO_DECIMAL)
        return make_decimal(run, &op->meaning, bytes, step, ret);
    if (op->make == LF_AVRO_MAKE_MEANING && op->meaning.logical == LF_AVRO_UUID)
        return make_uuid(run, op, bytes, step, ret);
    if (op->make == LF_AVRO_MAKE_MEANING)
        return make_json(run, bytes, step, ret);
    *ret = lf_value_string(bytes);
    return op->wire == LF_AVRO_BYTES ? check_text(run, bytes, step) : LF_OK;
}

enum lf_status
lf_avro_decode_leaf(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
                    struct lf_value *ret)
{
    switch (op->wire) {
    case LF_AVRO_NULL: *ret = LF_VALUE_NULL; return LF_OK;
    case LF_AVRO_BOOLEAN: return decode_boolean(run, op, step, ret);
    case LF_AVRO_INT:
    case LF_AVRO_LONG: return decode_integer(run, op, step, ret);
    case LF_AVRO_FLOAT:
    case LF_AVRO_DOUBLE: return decode_number(run, op, step, ret);
    case LF_AVRO_ENUM: return decode_enum(run, op, step, ret);
    default: return decode_bytes(run, op, step, ret);
    }
}
