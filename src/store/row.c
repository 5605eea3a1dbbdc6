/* The form and the order of values in every store. */
#include "store/row.h"

#include "base/clock.h"
#include "event/fold.h"
#include "event/upcast.h"
#include "json/json.h"

#include <ctype.h>
#include <string.h>

enum lf_column
lf_column_of(const struct lf_field *field)
{
    if (field->is_list)
        return LF_COLUMN_JSON;
    switch (field->type) {
    case LF_T_INT:
    case LF_T_BIGINT: return LF_COLUMN_INTEGER;
    case LF_T_FLOAT: return LF_COLUMN_REAL;
    case LF_T_BOOLEAN: return LF_COLUMN_BOOLEAN;
    case LF_T_JSON:
    case LF_T_OBJECT: return LF_COLUMN_JSON;
    default: return LF_COLUMN_TEXT;
    }
}

static enum lf_status
unfit(const struct lf_field *field, struct lf_err *err)
{
    return lf_fail(err, LF_INVALID, "the value of field \"%.*s\" is not of its type", LF_FMT(field->name));
}

static bool
is_text(const struct lf_value *value)
{
    return value->type == LF_V_STRING || value->type == LF_V_ENUM;
}

/* Text columns also take numbers where JSON producers may write them so: an ID, a Decimal. */
static enum lf_status
normalize_text(const struct lf_field *field, const struct lf_value *in, struct lf_arena *arena, struct lf_value *ret,
               struct lf_err *err)
{
    if (is_text(in)) {
        *ret = lf_value_string(lf_value_text(in));
        return LF_OK;
    }
    if (field->type != LF_T_ID && field->type != LF_T_DECIMAL)
        return unfit(field, err);
    if (in->type == LF_V_FLOAT && in->raw != NULL) {
        *ret = lf_value_string(lf_bytes(in->raw, in->count));
        return LF_OK;
    }
    char *text = NULL;
    if (in->type == LF_V_INT)
        text = lf_arena_printf(arena, "%lld", (long long)in->u.integer);
    else if (in->type == LF_V_FLOAT)
        text = lf_arena_printf(arena, "%.17g", in->u.number);
    else
        return unfit(field, err);
    if (text == NULL)
        return lf_no_memory(err);
    *ret = lf_value_string(lf_bytes_of(text));
    return LF_OK;
}

static enum lf_status
normalize_integer(const struct lf_field *field, const struct lf_value *in, struct lf_value *ret, struct lf_err *err)
{
    int64_t integer;
    if (in->type == LF_V_INT) {
        *ret = *in;
        return LF_OK;
    }
    if (is_text(in) && lf_bytes_to_i64(lf_value_text(in), &integer)) {
        *ret = lf_value_int(integer);
        return LF_OK;
    }
    /* 1e3 and 7.0 are integers as well; the bounds are exact in a double */
    if (in->type == LF_V_FLOAT && in->u.number >= -9223372036854775808.0 && in->u.number < 9223372036854775808.0) {
        struct lf_value whole = lf_value_int((int64_t)in->u.number);
        if (lf_value_equal(&whole, in)) {
            *ret = whole;
            return LF_OK;
        }
    }
    return unfit(field, err);
}

enum lf_status
lf_store_normalize(const struct lf_field *field, const struct lf_value *in, struct lf_arena *arena,
                   struct lf_value *ret, struct lf_err *err)
{
    if (in->type == LF_V_NULL) {
        *ret = LF_VALUE_NULL;
        return LF_OK;
    }
    switch (lf_column_of(field)) {
    case LF_COLUMN_TEXT: return normalize_text(field, in, arena, ret, err);
    case LF_COLUMN_INTEGER: return normalize_integer(field, in, ret, err);
    case LF_COLUMN_BOOLEAN:
        if (in->type != LF_V_BOOL)
            return unfit(field, err);
        *ret = *in;
        return LF_OK;
    case LF_COLUMN_REAL:
        if (in->type != LF_V_INT && in->type != LF_V_FLOAT)
            return unfit(field, err);
        *ret = lf_value_float(in->type == LF_V_INT ? (double)in->u.integer : in->u.number);
        return LF_OK;
    case LF_COLUMN_JSON:
        if (in->type == LF_V_OPAQUE)
            return unfit(field, err);
        *ret = *in;
        return LF_OK;
    }
    return unfit(field, err);
}

enum lf_status
lf_store_key_value(const struct lf_entity *entity, struct lf_bytes key, struct lf_value *ret, struct lf_err *err)
{
    int64_t integer;
    double number;
    switch (lf_column_of(&entity->fields[entity->key])) {
    case LF_COLUMN_INTEGER:
        if (lf_bytes_to_i64(key, &integer)) {
            *ret = lf_value_int(integer);
            return LF_OK;
        }
        break;
    case LF_COLUMN_REAL:
        if (lf_bytes_to_f64(key, &number)) {
            *ret = lf_value_float(number);
            return LF_OK;
        }
        break;
    case LF_COLUMN_BOOLEAN:
        if (lf_bytes_equal_text(key, "true") || lf_bytes_equal_text(key, "false")) {
            *ret = lf_value_bool(key.ptr[0] == 't');
            return LF_OK;
        }
        break;
    default: *ret = lf_value_string(key.ptr != NULL ? key : LF_LIT("")); return LF_OK;
    }
    return lf_fail(err, LF_INVALID, "\"%.*s\" cannot be the key of a %.*s", LF_FMT(key), LF_FMT(entity->name));
}

const struct lf_value *
lf_store_member(const struct lf_entity *entity, const struct lf_value *state, size_t index)
{
    static const struct lf_value none = {.type = LF_V_NULL};
    struct lf_bytes name = entity->fields[index].name;
    /* states come in schema order; anything else is looked up */
    if (state->type == LF_V_OBJECT && index < state->count && lf_bytes_equal(state->u.members[index].name, name))
        return &state->u.members[index].value;
    const struct lf_value *found = lf_value_get(state, name);
    return found != NULL ? found : &none;
}

enum lf_status
lf_store_field_value(const struct lf_entity *entity, const struct lf_value *state, const struct lf_value *key,
                     size_t index, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    const struct lf_field *field = &entity->fields[index];
    const struct lf_value *member = index == entity->key ? key : lf_store_member(entity, state, index);
    if (member->type == LF_V_NULL && field->non_null)
        return lf_fail(err, LF_INVALID, "field \"%.*s\" of %.*s may not be null", LF_FMT(field->name),
                       LF_FMT(entity->name));
    return lf_store_normalize(field, member, arena, ret, err);
}

static struct lf_value
text_or_null(struct lf_bytes text)
{
    return text.ptr != NULL ? lf_value_string(text) : LF_VALUE_NULL;
}

static bool
time_value(int64_t us, struct lf_arena *arena, struct lf_value *ret)
{
    char *text = lf_arena_alloc(arena, LF_TIME_TEXT_SIZE);
    if (text != NULL)
        *ret = lf_value_string(lf_bytes(text, lf_store_time_text(us, text)));
    return text != NULL;
}

bool
lf_store_event_value(const struct lf_stored_event *stored, const struct lf_field *field, struct lf_arena *arena,
                     struct lf_value *ret)
{
    /* in the order of lf_event_fields() */
    enum { ID, TYPE, ENTITY_TYPE, ENTITY_KEY, TOPIC, PARTITION, OFFSET, TIME, STORED_AT };
    size_t count;
    const struct lf_event *event = &stored->event;
    ptrdiff_t index = field - lf_event_fields(&count);
    LF_ASSERT(index >= 0 && (size_t)index < count);
    switch (index) {
    case ID: *ret = lf_value_string(event->id); break;
    case TYPE: *ret = lf_value_string(event->type_name); break;
    case ENTITY_TYPE: *ret = text_or_null(stored->entity_type); break;
    case ENTITY_KEY: *ret = text_or_null(event->entity_key); break;
    case TOPIC: *ret = lf_value_string(event->place.topic); break;
    case PARTITION: *ret = lf_value_int(event->place.partition); break;
    case OFFSET: *ret = lf_value_int(event->place.offset); break;
    case TIME: return time_value(event->time_us, arena, ret);
    default: return time_value(stored->stored_at_us, arena, ret);
    }
    return true;
}

/* Texts that are of the type come first, in its order; all others after them, bytewise. */
static int
compare_parsed(bool a_ok, int64_t a_value, bool b_ok, int64_t b_value, struct lf_bytes a, struct lf_bytes b)
{
    if (a_ok && b_ok)
        return (a_value > b_value) - (a_value < b_value);
    return a_ok ? -1 : b_ok ? 1 : lf_bytes_compare(a, b);
}

static bool
parse_daytime(struct lf_bytes text, int64_t *ret_us)
{
    char full[64];
    static const char day[] = "2000-01-01T";
    if (text.len > sizeof(full) - sizeof(day))
        return false;
    memcpy(full, day, sizeof(day) - 1);
    if (text.len != 0)
        memcpy(full + sizeof(day) - 1, text.ptr, text.len);
    return lf_time_parse(lf_bytes(full, sizeof(day) - 1 + text.len), ret_us);
}

static int
compare_nocase(struct lf_bytes a, struct lf_bytes b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int order = tolower((unsigned char)a.ptr[i]) - tolower((unsigned char)b.ptr[i]);
        if (order != 0)
            return order < 0 ? -1 : 1;
    }
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

int
lf_store_compare_text(enum lf_field_type type, struct lf_bytes a, struct lf_bytes b)
{
    int64_t a_us = 0, b_us = 0;
    double unused;
    switch (type) {
    case LF_T_DECIMAL: {
        bool a_ok = lf_bytes_to_f64(a, &unused), b_ok = lf_bytes_to_f64(b, &unused);
        return a_ok && b_ok ? lf_decimal_compare(a, b) : compare_parsed(a_ok, 0, b_ok, 0, a, b);
    }
    case LF_T_DATETIME: {
        bool a_ok = lf_time_parse(a, &a_us), b_ok = lf_time_parse(b, &b_us);
        return compare_parsed(a_ok, a_us, b_ok, b_us, a, b);
    }
    case LF_T_TIME: {
        bool a_ok = parse_daytime(a, &a_us), b_ok = parse_daytime(b, &b_us);
        return compare_parsed(a_ok, a_us, b_ok, b_us, a, b);
    }
    case LF_T_UUID: return compare_nocase(a, b);
    default: return lf_bytes_compare(a, b);
    }
}

int
lf_store_compare(enum lf_field_type type, const struct lf_value *a, const struct lf_value *b)
{
    LF_ASSERT(a->type == b->type);
    switch (a->type) {
    case LF_V_BOOL: return (a->u.boolean ? 1 : 0) - (b->u.boolean ? 1 : 0);
    case LF_V_INT: return (a->u.integer > b->u.integer) - (a->u.integer < b->u.integer);
    case LF_V_FLOAT: return (a->u.number > b->u.number) - (a->u.number < b->u.number);
    case LF_V_STRING: return lf_store_compare_text(type, lf_value_text(a), lf_value_text(b));
    default: return 0; /* JSON has no order */
    }
}

enum lf_append_outcome
lf_store_judge(const struct lf_event *event, struct lf_bytes type, const struct lf_value *payload)
{
    return lf_event_same(event, type, payload) ? LF_APPEND_DUPLICATE : LF_APPEND_CONFLICT;
}

enum lf_status
lf_store_fenced(struct lf_bytes topic, int32_t partition, int64_t expected, struct lf_err *err)
{
    return lf_fail(err, LF_FENCED,
                   "the position of topic \"%.*s\", partition %d is no longer %lld: another consumer of "
                   "the group has moved it",
                   LF_FMT(topic), (int)partition, (long long)expected);
}

int32_t
lf_store_event_version(const struct lf_value *headers)
{
    const struct lf_value *version = lf_value_get(headers, LF_EVENT_VERSION_HEADER);
    return version != NULL && version->type == LF_V_STRING ? lf_event_version_read(lf_value_text(version)) : 0;
}

enum lf_status
lf_store_letter_as_event(const struct lf_dead_letter *letter, const struct lf_model *model, struct lf_arena *arena,
                         struct lf_stored_event *ret, struct lf_err *err)
{
    struct lf_value headers;
    enum lf_status st = lf_store_headers_value(letter->headers, letter->header_count, arena, &headers, err);
    if (st != LF_OK)
        return st;
    *ret = (struct lf_stored_event){
        .status = LF_EVENT_DEAD_LETTERED,
        .event = {.id = letter->event_id,
                  .type_name = letter->event_type,
                  .type = letter->event_type.ptr != NULL ? lf_model_event(model, letter->event_type) : NULL,
                  .key = letter->key,
                  .time_us = lf_store_ms_to_us(letter->record_time_ms),
                  .headers = letter->headers,
                  .header_count = letter->header_count,
                  .place = letter->place},
        .headers = headers,
        .stored_at_us = letter->dead_at_us,
        .letter = *letter,
    };
    return LF_OK;
}

enum { US_PER_MS = 1000 };
/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z */
static const int64_t time_min_us = INT64_C(-62135596800000000);
static const int64_t time_max_us = INT64_C(253402300799999999);

int64_t
lf_store_clamp_time(int64_t us)
{
    return us < time_min_us ? time_min_us : us > time_max_us ? time_max_us : us;
}

size_t
lf_store_time_text(int64_t us, char out[32])
{
    return lf_time_format(lf_store_clamp_time(us), 6, out);
}

int64_t
lf_store_ms_to_us(int64_t ms)
{
    int64_t us;
    if (__builtin_mul_overflow(ms, (int64_t)US_PER_MS, &us))
        return ms < 0 ? time_min_us : time_max_us;
    return lf_store_clamp_time(us);
}

size_t
lf_store_snake_case(struct lf_bytes name, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool upper = isupper(c) != 0;
        bool after_lower =
            i != 0 && (islower((unsigned char)name.ptr[i - 1]) || isdigit((unsigned char)name.ptr[i - 1]));
        bool before_lower = i != 0 && i + 1 < name.len && isupper((unsigned char)name.ptr[i - 1]) &&
                            islower((unsigned char)name.ptr[i + 1]);
        if (len + 3 > size)
            return 0;
        if (upper && (after_lower || before_lower))
            out[len++] = '_';
        out[len++] = (char)tolower(c);
    }
    if (size != 0)
        out[len] = '\0';
    return len;
}
