/* Bytes -> payload, as a plan has it. Recursion follows the value, LF_AVRO_DEPTH_MAX deep at most. */
#include "codec/avro/decode.h"
#include "json/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ITEMS_AT_ONCE = 64 }; /* room is made for, before any has been seen */

static enum lf_status decode_value(struct lf_avro_decoding *run, const struct lf_avro_op *op,
                                   const struct lf_json_step *step, struct lf_value *ret);

void
lf_avro_decode_error(struct lf_avro_decoding *run, const struct lf_json_step *step, const char *fmt, ...)
{
    char text[LF_ERR_TEXT_MAX], space[LF_JSON_POINTER_MAX];
    const size_t offset = (size_t)(run->at - run->start);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct lf_bytes pointer = lf_json_pointer(step, space);
    (void)lf_fail(run->err, LF_INVALID, "%.*s%sat byte %zu: %s", LF_FMT(pointer), pointer.len != 0 ? ", " : "", offset,
                  text);
}

/* Takes values off the budget. */
static enum lf_status
charge(struct lf_avro_decoding *run, uint32_t values)
{
    if (run->values < (int64_t)values)
        return lf_fail(run->err, LF_LIMIT, "the Avro message becomes more values than are allowed for its size");
    run->values -= values;
    return LF_OK;
}

static enum lf_status
enter(struct lf_avro_decoding *run)
{
    if (run->depth >= LF_AVRO_DEPTH_MAX)
        return lf_fail(run->err, LF_LIMIT, "the Avro message nests more than the allowed %d levels", LF_AVRO_DEPTH_MAX);
    run->depth++;
    return LF_OK;
}

/* --- records and unions ------------------------------------------------------------------------------------------- */

static enum lf_status
decode_record(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
              struct lf_value *ret)
{
    const struct lf_avro_record_plan *plan = op->u.record;
    struct lf_member *members = NULL;
    enum lf_status st = charge(run, plan->default_weight);
    if (st == LF_OK)
        st = enter(run);
    if (st != LF_OK)
        return st;
    if (plan->member_count != 0) {
        members = lf_arena_alloc(run->arena, plan->member_count * sizeof(*members));
        if (members == NULL)
            return lf_no_memory(run->err);
        memcpy(members, plan->members, plan->member_count * sizeof(*members));
    }
    for (uint32_t i = 0; st == LF_OK && i < plan->take_count; i++) {
        const struct lf_avro_take *take = &plan->takes[i];
        const struct lf_json_step at = {.outer = step, .name = take->name};
        struct lf_value skipped;
        st = decode_value(run, take->op, &at,
                          take->member < plan->member_count ? &members[take->member].value : &skipped);
    }
    run->depth--;
    if (st == LF_OK && op->make != LF_AVRO_SKIP)
        *ret = lf_value_object(members, plan->member_count);
    return st;
}

static enum lf_status
decode_union(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
             struct lf_value *ret)
{
    int64_t index;
    enum lf_status st = lf_avro_take_long(run, step, &index);
    if (st != LF_OK)
        return st;
    if (index < 0 || index >= op->count)
        return lf_avro_decode_fail(run, step, "branch %lld of a union of %u", (long long)index, op->count);
    return decode_value(run, op->u.branches[index], step, ret);
}

/* --- arrays and maps ---------------------------------------------------------------------------------------------- */

struct items {
    struct lf_value *values;   /* of arrays */
    struct lf_member *members; /* of maps */
    size_t count, cap;
};

/* A block: its number of items, and where it has to end, or NULL. 0 items: there are no more blocks. */
static enum lf_status
take_block(struct lf_avro_decoding *run, const struct lf_json_step *step, int64_t *ret_count, const char **ret_end)
{
    int64_t count = 0, size = 0;
    *ret_end = NULL;
    enum lf_status st = lf_avro_take_long(run, step, &count);
    if (st != LF_OK)
        return st;
    if (count < 0) { /* then its size follows */
        st = lf_avro_take_long(run, step, &size);
        if (st != LF_OK)
            return st;
        if (count == INT64_MIN || size < 0 || size > run->end - run->at)
            return lf_avro_decode_fail(run, step, "a block of %lld bytes, %zu are left", (long long)size,
                                       (size_t)(run->end - run->at));
        *ret_end = run->at + size;
        count = -count;
    }
    *ret_count = count;
    return LF_OK;
}

/* Room for one more; expected may be a lie. */
static enum lf_status
grow(struct lf_avro_decoding *run, struct items *items, bool map, int64_t expected)
{
    if (items->count == UINT32_MAX)
        return lf_fail(run->err, LF_LIMIT, "an Avro list of more than %u items", UINT32_MAX);
    if (items->cap == 0) {
        items->cap = expected < ITEMS_AT_ONCE ? (size_t)expected : ITEMS_AT_ONCE;
        const size_t size = map ? sizeof(*items->members) : sizeof(*items->values);
        void *room = lf_arena_alloc(run->arena, items->cap * size);
        items->members = map ? room : NULL;
        items->values = map ? NULL : room;
    } else if (map) {
        items->members = lf_arena_grow(run->arena, items->members, items->count, &items->cap, sizeof(*items->members));
    } else {
        items->values = lf_arena_grow(run->arena, items->values, items->count, &items->cap, sizeof(*items->values));
    }
    return items->members != NULL || items->values != NULL ? LF_OK : lf_no_memory(run->err);
}

static enum lf_status
decode_item(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
            struct items *items, int64_t expected)
{
    const bool map = op->wire == LF_AVRO_MAP, skip = op->make == LF_AVRO_SKIP;
    struct lf_json_step at = {.outer = step, .index = items->count};
    struct lf_value skipped, *value = &skipped;
    enum lf_status st = skip ? LF_OK : grow(run, items, map, expected);
    if (st == LF_OK && map)
        st = lf_avro_take_text(run, step, &at.name);
    if (st != LF_OK)
        return st;
    if (!skip) {
        value = map ? &items->members[items->count].value : &items->values[items->count];
        if (map)
            items->members[items->count].name = at.name;
    }
    st = decode_value(run, op->u.item, &at, value);
    items->count++;
    return st;
}

static enum lf_status
decode_blocks(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
              struct items *items)
{
    for (;;) {
        int64_t count = 0;
        const char *end = NULL;
        enum lf_status st = take_block(run, step, &count, &end);
        if (st != LF_OK)
            return st;
        for (int64_t i = 0; st == LF_OK && i < count; i++)
            st = decode_item(run, op, step, items, count);
        if (st == LF_OK && end != NULL && run->at != end)
            st = lf_avro_decode_fail(run, step, "a block of %lld items does not end where it says", (long long)count);
        if (st != LF_OK || count == 0)
            return st;
    }
}

static enum lf_status
decode_items(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
             struct lf_value *ret)
{
    struct items items = {0};
    enum lf_status st = enter(run);
    if (st != LF_OK)
        return st;
    st = decode_blocks(run, op, step, &items);
    run->depth--;
    if (st != LF_OK || op->make == LF_AVRO_SKIP)
        return st;
    if (op->wire == LF_AVRO_ARRAY) {
        *ret = lf_value_list(items.values, items.count);
        return LF_OK;
    }
    const struct lf_member *again = NULL;
    if (!lf_names_find_repeated(items.members, items.count, &again))
        return lf_no_memory(run->err);
    if (again != NULL)
        return lf_avro_decode_fail(run, step, "the map has \"%.*s\" twice", LF_FMT(again->name));
    *ret = lf_value_object(items.members, items.count);
    return LF_OK;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static enum lf_status
decode_value(struct lf_avro_decoding *run, const struct lf_avro_op *op, const struct lf_json_step *step,
             struct lf_value *ret)
{
    enum lf_status st = charge(run, 1);
    if (st != LF_OK)
        return st;
    if (op->failure != NULL)
        return lf_avro_decode_fail(run, step, "%s", op->failure);
    switch (op->wire) {
    case LF_AVRO_RECORD: return decode_record(run, op, step, ret);
    case LF_AVRO_UNION: return decode_union(run, op, step, ret);
    case LF_AVRO_ARRAY:
    case LF_AVRO_MAP: return decode_items(run, op, step, ret);
    default: return lf_avro_decode_leaf(run, op, step, ret);
    }
}

enum lf_status
lf_avro_run(const struct lf_avro_op *op, struct lf_bytes bytes, struct lf_arena *arena, int64_t *values,
            struct lf_value *ret, struct lf_err *err)
{
    const char *start = bytes.ptr != NULL ? bytes.ptr : "";
    struct lf_avro_decoding run = {
        .start = start, .at = start, .end = start + bytes.len, .arena = arena, .values = *values, .err = err};
    struct lf_value value = LF_VALUE_NULL;
    enum lf_status st = decode_value(&run, op, NULL, &value);
    *values = run.values;
    if (st == LF_OK && run.at != run.end)
        st = lf_avro_decode_fail(&run, NULL, "%zu bytes follow the value", (size_t)(run.end - run.at));
    if (st == LF_OK)
        *ret = value;
    return st;
}

enum lf_status
lf_avro_decode(const struct lf_avro_reader *reader, struct lf_bytes bytes, struct lf_arena *arena, struct lf_value *ret,
               struct lf_err *err)
{
    int64_t values = LF_AVRO_VALUES_MIN;
    if (bytes.len > UINT32_MAX)
        return lf_fail(err, LF_LIMIT, "an Avro message of %zu bytes: less than 4 GiB are allowed", bytes.len);
    values += (int64_t)bytes.len * LF_AVRO_VALUES_PER_BYTE;
    return lf_avro_run(reader->root, bytes, arena, &values, ret, err);
}
