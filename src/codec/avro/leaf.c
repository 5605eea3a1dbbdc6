/* Values without parts: what of a payload's value goes into a message for a type. */
#include "base/calendar.h"
#include "base/uuid.h"
#include "codec/avro/encode.h"
#include "event/number.h"

#include <math.h>
#include <string.h>

static bool
is_text(const struct lf_value *value)
{
    return value->type == LF_V_STRING || value->type == LF_V_ENUM;
}

int64_t
lf_avro_symbol(const struct lf_avro_type *type, struct lf_bytes text)
{
    for (uint32_t i = 0; i < type->count; i++) {
        if (lf_bytes_equal(type->u.symbols[i], text))
            return i;
    }
    return -1;
}

bool
lf_avro_is_flat(const struct lf_value *value, unsigned levels)
{
    if (value->type != LF_V_LIST && value->type != LF_V_OBJECT)
        return true;
    if (levels == 0)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        const bool list = value->type == LF_V_LIST;
        if (!lf_avro_is_flat(list ? &value->u.items[i] : &value->u.members[i].value, levels - 1))
            return false;
    }
    return true;
}

/* --- numbers and times -------------------------------------------------------------------------------------------- */

static enum lf_avro_fit
integer_of(const struct lf_avro_type *type, const struct lf_value *value, bool raw, struct lf_avro_leaf *ret)
{
    enum lf_avro_fit fit = LF_AVRO_FITS;
    if (value->type == LF_V_INT)
        ret->integer = value->u.integer;
    else if (!raw && type->kind == LF_AVRO_LONG && is_text(value) &&
             lf_bytes_to_i64(lf_value_text(value), &ret->integer))
        fit = LF_AVRO_FITS_BY_CONVERSION; /* BigInt */
    else
        return LF_AVRO_FITS_NOT;
    const bool narrow = ret->integer >= INT32_MIN && ret->integer <= INT32_MAX;
    return type->kind == LF_AVRO_LONG || narrow ? fit : LF_AVRO_FITS_NOT;
}

static bool
timestamp_of(struct lf_bytes text, const struct lf_avro_meaning *meaning, int64_t *ret)
{
    struct lf_moment moment;
    const enum lf_zone zone = meaning->logical == LF_AVRO_TIMESTAMP ? LF_ZONE_OFFSET : LF_ZONE_NONE;
    int64_t day;
    if (!lf_calendar_moment(text, zone, &moment) || moment.days < LF_DAYS_MIN || moment.days > LF_DAYS_MAX)
        return false;
    return !__builtin_mul_overflow(moment.days, LF_DAY_NS / meaning->unit_ns, &day) &&
           !__builtin_add_overflow(day, moment.ns / meaning->unit_ns, ret);
}

/* A finer fraction than the type's is cut off, as states do it. */
static enum lf_avro_fit
time_of(const struct lf_avro_meaning *meaning, const struct lf_value *value, struct lf_avro_leaf *ret)
{
    if (!is_text(value))
        return LF_AVRO_FITS_NOT;
    struct lf_bytes text = lf_value_text(value);
    bool fits;
    switch (meaning->logical) {
    case LF_AVRO_DATE: fits = lf_calendar_date(text, &ret->integer); break;
    case LF_AVRO_TIME:
        fits = lf_calendar_time(text, LF_ZONE_OFFSET, &ret->integer);
        ret->integer = fits ? ret->integer / meaning->unit_ns : 0;
        break;
    default: fits = timestamp_of(text, meaning, &ret->integer); break;
    }
    return fits ? LF_AVRO_FITS : LF_AVRO_FITS_NOT;
}

static enum lf_avro_fit
number_of(const struct lf_avro_type *type, const struct lf_value *value, struct lf_avro_leaf *ret)
{
    if (value->type == LF_V_INT)
        ret->number = (double)value->u.integer;
    else if (value->type == LF_V_FLOAT)
        ret->number = value->u.number;
    else
        return LF_AVRO_FITS_NOT;
    if (!isfinite(ret->number) || (type->kind == LF_AVRO_FLOAT && !isfinite((float)ret->number)))
        return LF_AVRO_FITS_NOT;
    if (type->kind == LF_AVRO_FLOAT)
        return LF_AVRO_FITS_COARSELY;
    return value->type == LF_V_FLOAT ? LF_AVRO_FITS : LF_AVRO_FITS_BY_FORM;
}

/* --- texts and bytes ---------------------------------------------------------------------------------------------- */

static enum lf_avro_fit
string_of(const struct lf_value *value, bool raw, struct lf_avro_leaf *ret)
{
    if (is_text(value)) {
        ret->bytes = lf_value_text(value);
        return LF_AVRO_FITS;
    }
    if (raw || value->type != LF_V_INT)
        return LF_AVRO_FITS_NOT;
    ret->bytes = lf_integer_text(value->u.integer, ret->space); /* an ID */
    return LF_AVRO_FITS_BY_CONVERSION;
}

static enum lf_avro_fit
uuid_of(const struct lf_avro_type *type, const struct lf_value *value, struct lf_avro_leaf *ret)
{
    struct lf_uuid uuid;
    if (!is_text(value) || !lf_uuid_parse(lf_value_text(value), &uuid))
        return LF_AVRO_FITS_NOT;
    ret->bytes = lf_value_text(value);
    if (type->kind == LF_AVRO_FIXED) {
        memcpy(ret->space, uuid.bytes, sizeof(uuid.bytes));
        ret->bytes = lf_bytes(ret->space, sizeof(uuid.bytes));
    }
    return LF_AVRO_FITS;
}

/* Code points up to U+00FF are bytes, as in the specification's JSON encoding. */
static enum lf_avro_fit
bytes_of(const struct lf_avro_type *type, const struct lf_value *value, struct lf_avro_leaf *ret)
{
    if (!is_text(value))
        return LF_AVRO_FITS_NOT;
    const struct lf_bytes text = value->count != 0 ? lf_value_text(value) : LF_LIT("");
    ret->bytes = text;
    ret->latin = 0;
    for (size_t i = 0; i < text.len; i++, ret->latin++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x80 && c != 0xc2 && c != 0xc3) /* the leads of U+0080 to U+00FF */
            return LF_AVRO_FITS_NOT;
        i += c >= 0x80 ? 1 : 0;
    }
    if (type->kind == LF_AVRO_FIXED && ret->latin != type->count)
        return LF_AVRO_FITS_NOT;
    return LF_AVRO_FITS_BY_FORM;
}

static enum lf_avro_fit
decimal_of(const struct lf_avro_type *type, const struct lf_value *value, struct lf_avro_leaf *ret)
{
    struct lf_bytes bytes = lf_avro_decimal_encode(value, type->meaning.precision, type->meaning.scale, ret->space);
    if (bytes.ptr == NULL)
        return LF_AVRO_FITS_NOT;
    ret->bytes = bytes; /* of a fixed type they are extended later; the precision says that they fit */
    return is_text(value) ? LF_AVRO_FITS : LF_AVRO_FITS_BY_FORM;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static enum lf_avro_fit
meant_leaf_of(const struct lf_avro_type *type, const struct lf_value *value, struct lf_avro_leaf *ret)
{
    switch (type->meaning.logical) {
    case LF_AVRO_UUID: return uuid_of(type, value, ret);
    case LF_AVRO_DECIMAL: return decimal_of(type, value, ret);
    case LF_AVRO_JSON:
        ret->bytes = LF_BYTES_NONE;
        return value->type != LF_V_OPAQUE ? LF_AVRO_FITS_BY_CONVERSION : LF_AVRO_FITS_NOT;
    default: return time_of(&type->meaning, value, ret);
    }
}

enum lf_avro_fit
lf_avro_leaf_of(const struct lf_avro_type *type, const struct lf_value *value, bool raw, struct lf_avro_leaf *ret)
{
    ret->latin = 0;
    if (!raw && type->meaning.logical != LF_AVRO_PLAIN)
        return meant_leaf_of(type, value, ret);
    switch (type->kind) {
    case LF_AVRO_NULL: return value->type == LF_V_NULL ? LF_AVRO_FITS : LF_AVRO_FITS_NOT;
    case LF_AVRO_BOOLEAN:
        ret->integer = value->type == LF_V_BOOL && value->u.boolean;
        return value->type == LF_V_BOOL ? LF_AVRO_FITS : LF_AVRO_FITS_NOT;
    case LF_AVRO_INT:
    case LF_AVRO_LONG: return integer_of(type, value, raw, ret);
    case LF_AVRO_FLOAT:
    case LF_AVRO_DOUBLE: return number_of(type, value, ret);
    case LF_AVRO_STRING: return string_of(value, raw, ret);
    case LF_AVRO_BYTES:
    case LF_AVRO_FIXED: return bytes_of(type, value, ret);
    case LF_AVRO_ENUM:
        ret->integer = is_text(value) ? lf_avro_symbol(type, lf_value_text(value)) : -1;
        return ret->integer >= 0 ? LF_AVRO_FITS : LF_AVRO_FITS_NOT;
    default: return LF_AVRO_FITS_NOT;
    }
}

static const char *
meaning_words(const struct lf_avro_meaning *meaning)
{
    switch (meaning->logical) {
    case LF_AVRO_DATE: return "a date (YYYY-MM-DD)";
    case LF_AVRO_TIME: return "a time with offset (RFC 3339)";
    case LF_AVRO_TIMESTAMP: return "a date and time with offset (RFC 3339) that the type can hold";
    case LF_AVRO_LOCAL_TIMESTAMP: return "a date and time without offset (RFC 3339) that the type can hold";
    case LF_AVRO_UUID: return "a UUID";
    case LF_AVRO_DECIMAL: return "a decimal number within the precision and scale of its type";
    default: return "a JSON value";
    }
}

const char *
lf_avro_leaf_words(const struct lf_avro_type *type, bool raw)
{
    if (!raw && type->meaning.logical != LF_AVRO_PLAIN)
        return meaning_words(&type->meaning);
    switch (type->kind) {
    case LF_AVRO_NULL: return "null";
    case LF_AVRO_BOOLEAN: return "true or false";
    case LF_AVRO_INT: return "an integer of 32 bits";
    case LF_AVRO_LONG: return "an integer of 64 bits";
    case LF_AVRO_FLOAT: return "a finite number within single precision's range";
    case LF_AVRO_DOUBLE: return "a finite number";
    case LF_AVRO_STRING: return "a string";
    case LF_AVRO_BYTES: return "a string of code points up to U+00FF, each standing for a byte";
    case LF_AVRO_FIXED: return "a string of as many code points up to U+00FF as the fixed type has bytes";
    case LF_AVRO_ENUM: return "one of the enum's symbols";
    default: return "of its type";
    }
}
