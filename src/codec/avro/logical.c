/* Logical types: what is written in a schema -> what the bytes mean. */
#include "codec/avro/decimal.h"
#include "codec/avro/parse.h"

/* The logical types that need no attributes, each on its one kind. */
static const struct {
    const char *name;
    enum lf_avro_kind kind;
    enum lf_avro_logical logical;
    uint32_t unit_ns;
} logicals[] = {
    {"date", LF_AVRO_INT, LF_AVRO_DATE, 0},
    {"time-millis", LF_AVRO_INT, LF_AVRO_TIME, 1000000},
    {"time-micros", LF_AVRO_LONG, LF_AVRO_TIME, 1000},
    {"timestamp-millis", LF_AVRO_LONG, LF_AVRO_TIMESTAMP, 1000000},
    {"timestamp-micros", LF_AVRO_LONG, LF_AVRO_TIMESTAMP, 1000},
    {"timestamp-nanos", LF_AVRO_LONG, LF_AVRO_TIMESTAMP, 1},
    {"local-timestamp-millis", LF_AVRO_LONG, LF_AVRO_LOCAL_TIMESTAMP, 1000000},
    {"local-timestamp-micros", LF_AVRO_LONG, LF_AVRO_LOCAL_TIMESTAMP, 1000},
    {"local-timestamp-nanos", LF_AVRO_LONG, LF_AVRO_LOCAL_TIMESTAMP, 1},
    {"uuid", LF_AVRO_STRING, LF_AVRO_UUID, 0},
    {"uuid", LF_AVRO_FIXED, LF_AVRO_UUID, 0},
};
enum { LOGICALS = sizeof(logicals) / sizeof(logicals[0]), UUID_BYTES = 16 };

const char *
lf_avro_meaning_name(const struct lf_avro_meaning *meaning)
{
    if (meaning->logical == LF_AVRO_DECIMAL)
        return "decimal";
    if (meaning->logical == LF_AVRO_JSON)
        return "json";
    for (size_t i = 0; i < LOGICALS; i++) {
        if (logicals[i].logical == meaning->logical && logicals[i].unit_ns == meaning->unit_ns)
            return logicals[i].name;
    }
    return NULL;
}

/* An attribute that is a non-negative integer; missing where it has none. False: it is something else. */
static bool
read_count(const struct lf_value *value, const char *name, int64_t missing, int64_t *ret)
{
    const struct lf_value *attribute = lf_value_get_text(value, name);
    *ret = attribute == NULL ? missing : attribute->type == LF_V_INT ? attribute->u.integer : -1;
    return *ret >= 0;
}

static enum lf_status
parse_decimal(struct lf_avro_parse *parse, struct lf_avro_type *type, const struct lf_value *value,
              const struct lf_json_step *step)
{
    int64_t precision, scale;
    if (type->kind != LF_AVRO_BYTES && type->kind != LF_AVRO_FIXED)
        return LF_OK;
    if (!read_count(value, "precision", 0, &precision) || !read_count(value, "scale", 0, &scale) || precision == 0 ||
        scale > precision)
        return LF_OK;
    if (type->kind == LF_AVRO_FIXED && precision > (int64_t)lf_avro_decimal_digits(type->count))
        return LF_OK;
    if (precision > LF_AVRO_DECIMAL_DIGITS_MAX) {
        (void)lf_avro_parse_fail(parse, step, "a decimal of precision %lld: at most %d digits are allowed",
                                 (long long)precision, LF_AVRO_DECIMAL_DIGITS_MAX);
        return parse->err->status = LF_LIMIT;
    }
    type->meaning = (struct lf_avro_meaning){
        .logical = LF_AVRO_DECIMAL, .precision = (uint32_t)precision, .scale = (uint32_t)scale};
    return LF_OK;
}

enum lf_status
lf_avro_parse_meaning(struct lf_avro_parse *parse, struct lf_avro_type *type, const struct lf_value *value,
                      const struct lf_json_step *step)
{
    const struct lf_value *own = lf_value_get_text(value, "logfirst.type");
    if (own != NULL && own->type == LF_V_STRING && type->kind == LF_AVRO_STRING &&
        lf_bytes_equal_text(lf_value_text(own), "json")) {
        type->meaning.logical = LF_AVRO_JSON;
        return LF_OK;
    }
    const struct lf_value *name = lf_value_get_text(value, "logicalType");
    if (name == NULL || name->type != LF_V_STRING)
        return LF_OK;
    if (lf_bytes_equal_text(lf_value_text(name), "decimal"))
        return parse_decimal(parse, type, value, step);
    for (size_t i = 0; i < LOGICALS; i++) {
        if (logicals[i].kind == type->kind && lf_bytes_equal_text(lf_value_text(name), logicals[i].name) &&
            (type->kind != LF_AVRO_FIXED || type->count == UUID_BYTES))
            type->meaning = (struct lf_avro_meaning){.logical = logicals[i].logical, .unit_ns = logicals[i].unit_ns};
    }
    return LF_OK;
}
