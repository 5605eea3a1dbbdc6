/* Reading lock files: what is wrong with one is said at once, what is right is looked up. */
#include "codec/schema/lock.h"
#include "base/mem.h"
#include "json/json.h"

enum { NUMBERS_MAX = 10000 }; /* of one type, and reserved ones */

struct lf_bytes
lf_lock_section(enum lf_lock_kind kind)
{
    switch (kind) {
    case LF_LOCK_EVENTS: return LF_LIT("events");
    case LF_LOCK_OBJECTS: return LF_LIT("objects");
    case LF_LOCK_ENUMS: return LF_LIT("enums");
    }
    return LF_BYTES_NONE;
}

/* --- checking ----------------------------------------------------------------------------------------------------- */

static bool
is_number(const struct lf_value *value)
{
    return value != NULL && value->type == LF_V_INT && value->u.integer >= 1 && value->u.integer <= LF_FIELD_NUMBER_MAX;
}

static bool
is_type(const struct lf_value *value, enum lf_value_type type)
{
    return value != NULL && value->type == type;
}

static bool
is_absent_or(const struct lf_value *value, enum lf_value_type type)
{
    return value == NULL || value->type == type;
}

static bool
are_numbers(const struct lf_value *numbers)
{
    for (uint32_t i = 0; numbers != NULL && i < numbers->count; i++) {
        if (!is_number(&numbers->u.members[i].value))
            return false;
    }
    return is_absent_or(numbers, LF_V_OBJECT);
}

static bool
are_reserved(const struct lf_value *reserved)
{
    for (uint32_t i = 0; is_type(reserved, LF_V_LIST) && i < reserved->count; i++) {
        const struct lf_value *item = &reserved->u.items[i];
        if (!is_number(lf_value_get_text(item, "number")) || !is_type(lf_value_get_text(item, "name"), LF_V_STRING))
            return false;
    }
    return is_absent_or(reserved, LF_V_LIST);
}

/* Whether a number is given to a name before the one at index, or is reserved. */
static bool
is_taken(const struct lf_value *numbers, uint32_t index, const struct lf_value *reserved)
{
    const int64_t number = numbers->u.members[index].value.u.integer;
    for (uint32_t i = 0; i < index; i++) {
        if (numbers->u.members[i].value.u.integer == number)
            return true;
    }
    for (uint32_t i = 0; reserved != NULL && i < reserved->count; i++) {
        if (lf_value_get_text(&reserved->u.items[i], "number")->u.integer == number)
            return true;
    }
    return false;
}

/* No number twice: merging two branches may do that. */
static bool
are_distinct(const struct lf_value *numbers, const struct lf_value *reserved)
{
    if (numbers == NULL || numbers->count > NUMBERS_MAX || (reserved != NULL && reserved->count > NUMBERS_MAX))
        return numbers == NULL;
    for (uint32_t i = 0; i < numbers->count; i++) {
        if (is_taken(numbers, i, reserved))
            return false;
    }
    return true;
}

static enum lf_event_format
format_of(const struct lf_value *name)
{
    for (int i = LF_FORMAT_JSON; i <= LF_FORMAT_PROTOBUF; i++) {
        if (is_type(name, LF_V_STRING) &&
            lf_bytes_equal_text(lf_value_text(name), lf_schema_format_name((enum lf_event_format)i)))
            return (enum lf_event_format)i;
    }
    return LF_FORMAT_DEFAULT;
}

static bool
are_lines(const struct lf_value *lines)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        if (lines->u.items[i].type != LF_V_STRING)
            return false;
    }
    return true;
}

static bool
is_version(const struct lf_value *item)
{
    const struct lf_value *version = lf_value_get_text(item, "version");
    const struct lf_value *schema = lf_value_get_text(item, "schema");
    enum lf_event_format format = format_of(lf_value_get_text(item, "format"));
    if (!is_type(version, LF_V_INT) || version->u.integer < 1 || version->u.integer > INT32_MAX)
        return false;
    if (format == LF_FORMAT_PROTOBUF)
        return is_type(schema, LF_V_LIST) && are_lines(schema);
    return format != LF_FORMAT_DEFAULT && schema != NULL;
}

static bool
are_versions(const struct lf_value *versions)
{
    for (uint32_t i = 0; is_type(versions, LF_V_LIST) && i < versions->count; i++) {
        if (!is_version(&versions->u.items[i]))
            return false;
    }
    return is_absent_or(versions, LF_V_LIST);
}

static enum lf_status
check_section(const struct lf_value *root, enum lf_lock_kind kind, struct lf_err *err)
{
    struct lf_bytes name = lf_lock_section(kind);
    const struct lf_value *section = lf_value_get(root, name);
    if (!is_absent_or(section, LF_V_OBJECT))
        return lf_fail(err, LF_INVALID, "/%.*s is no object", LF_FMT(name));
    for (uint32_t i = 0; section != NULL && i < section->count; i++) {
        const struct lf_member *entry = &section->u.members[i];
        const char *what = NULL;
        if (entry->value.type != LF_V_OBJECT)
            what = "is no object";
        else if (!are_numbers(lf_value_get_text(&entry->value, "numbers")))
            what = "has numbers that are none of Protobuf's";
        else if (!are_reserved(lf_value_get_text(&entry->value, "reserved")))
            what = "has a reserved item without number and name";
        else if (!are_distinct(lf_value_get_text(&entry->value, "numbers"),
                               lf_value_get_text(&entry->value, "reserved")))
            what = "gives one number to two names, or a reserved one: take one name out, run logfirst schema lock";
        else if (!are_versions(lf_value_get_text(&entry->value, "versions")))
            what = "has a version without version, format and schema";
        if (what != NULL)
            return lf_fail(err, LF_INVALID, "/%.*s/%.*s %s", LF_FMT(name), LF_FMT(entry->name), what);
    }
    return LF_OK;
}

enum lf_status
lf_schema_lock_parse(struct lf_bytes text, struct lf_schema_lock **ret, struct lf_err *err)
{
    struct lf_schema_lock *lock = lf_calloc(1, sizeof(*lock));
    if (lock == NULL)
        return lf_no_memory(err);
    lf_arena_init(&lock->arena, 0, 0);
    struct lf_bytes kept = lf_arena_copy(&lock->arena, text);
    enum lf_status st = kept.ptr != NULL ? lf_json_parse(&lock->arena, kept, &lock->root, err) : lf_no_memory(err);
    if (st == LF_OK && lock->root.type != LF_V_OBJECT)
        st = lf_fail(err, LF_INVALID, "a lock file is a JSON object");
    for (int kind = LF_LOCK_EVENTS; kind <= LF_LOCK_ENUMS && st == LF_OK; kind++)
        st = check_section(&lock->root, (enum lf_lock_kind)kind, err);
    if (st == LF_OK)
        *ret = lock;
    else
        lf_schema_lock_free(lock);
    return st;
}

void
lf_schema_lock_free(struct lf_schema_lock *lock)
{
    if (lock == NULL)
        return;
    lf_arena_release(&lock->arena);
    lf_free(lock);
}

/* --- looking up --------------------------------------------------------------------------------------------------- */

const struct lf_value *
lf_lock_member(const struct lf_schema_lock *lock, enum lf_lock_kind kind, struct lf_bytes type, const char *name)
{
    const struct lf_value *section = lock != NULL ? lf_value_get(&lock->root, lf_lock_section(kind)) : NULL;
    const struct lf_value *entry = section != NULL ? lf_value_get(section, type) : NULL;
    return entry != NULL ? lf_value_get_text(entry, name) : NULL;
}

int32_t
lf_schema_lock_number(const struct lf_schema_lock *lock, enum lf_lock_kind kind, struct lf_bytes type,
                      struct lf_bytes name)
{
    const struct lf_value *numbers = lf_lock_member(lock, kind, type, "numbers");
    const struct lf_value *number = numbers != NULL ? lf_value_get(numbers, name) : NULL;
    return number != NULL ? (int32_t)number->u.integer : 0;
}

bool
lf_schema_lock_reserved(const struct lf_schema_lock *lock, enum lf_lock_kind kind, struct lf_bytes type, size_t *at,
                        int32_t *ret_number, struct lf_bytes *ret_name)
{
    const struct lf_value *reserved = lf_lock_member(lock, kind, type, "reserved");
    if (reserved == NULL || *at >= reserved->count)
        return false;
    const struct lf_value *item = &reserved->u.items[(*at)++];
    *ret_number = (int32_t)lf_value_get_text(item, "number")->u.integer;
    *ret_name = lf_value_text(lf_value_get_text(item, "name"));
    return true;
}

static enum lf_status
schema_text(const struct lf_value *schema, enum lf_event_format format, struct lf_arena *arena, struct lf_bytes *ret,
            struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    if (format != LF_FORMAT_PROTOBUF)
        lf_json_write_pretty(&text, schema);
    for (uint32_t i = 0; format == LF_FORMAT_PROTOBUF && i < schema->count; i++) {
        lf_buf_add(&text, lf_value_text(&schema->u.items[i]));
        lf_buf_add_char(&text, '\n');
    }
    enum lf_status st = lf_buf_status(&text, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&text));
        st = ret->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&text);
    return st;
}

enum lf_status
lf_schema_lock_versions(const struct lf_schema_lock *lock, struct lf_bytes event, struct lf_arena *arena,
                        struct lf_locked_schema **ret, size_t *ret_count, struct lf_err *err)
{
    const struct lf_value *versions = lf_lock_member(lock, LF_LOCK_EVENTS, event, "versions");
    size_t count = versions != NULL ? versions->count : 0;
    struct lf_locked_schema *list = LF_ARENA_ARRAY(arena, struct lf_locked_schema, count + 1);
    if (list == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct lf_value *item = &versions->u.items[i];
        list[i].version = (int32_t)lf_value_get_text(item, "version")->u.integer;
        list[i].format = format_of(lf_value_get_text(item, "format"));
        enum lf_status st = schema_text(lf_value_get_text(item, "schema"), list[i].format, arena, &list[i].text, err);
        if (st != LF_OK)
            return st;
    }
    *ret = list;
    *ret_count = count;
    return LF_OK;
}
