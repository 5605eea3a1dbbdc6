/* uniqueItems: few items are compared pairwise, many are sorted by a keyed hash of their content first. */
#include "base/mem.h"
#include "codec/jsonschema/check.h"

#include <stdlib.h>

enum { PAIRWISE_MAX = 8 };

struct hashed {
    uint64_t hash;
    uint32_t index;
};

static uint64_t
mix(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t
hash_number(const struct lf_value *value)
{
    char digits[64];
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal = lf_decimal_of(value, space);
    size_t len = 0;
    for (const char *at = decimal.first; at < decimal.end && len < sizeof(digits); at++) {
        if (*at != '.')
            digits[len++] = *at; /* the first of very many tell enough */
    }
    return mix(lf_bytes_hash(lf_bytes(digits, len)), (uint64_t)decimal.point * 2 + (decimal.negative ? 1 : 0));
}

/* Equal values have the same hash: objects in any order, numbers in any notation. */
static uint64_t
hash_value(const struct lf_value *value)
{
    uint64_t hash = value->type;
    switch (value->type) {
    case LF_V_BOOL: return mix(hash, value->u.boolean ? 2 : 1);
    case LF_V_INT:
    case LF_V_FLOAT: return lf_number_is_finite(value) ? hash_number(value) : 0;
    case LF_V_STRING:
    case LF_V_ENUM: return lf_bytes_hash(lf_value_text(value));
    case LF_V_LIST:
        for (uint32_t i = 0; i < value->count; i++)
            hash = mix(hash, hash_value(&value->u.items[i]));
        return hash;
    case LF_V_OBJECT:
        for (uint32_t i = 0; i < value->count; i++)
            hash += mix(lf_bytes_hash(value->u.members[i].name), hash_value(&value->u.members[i].value));
        return hash;
    default: return hash;
    }
}

static int
order(const void *a, const void *b)
{
    const struct hashed *x = a;
    const struct hashed *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* Looks for an item before the one at end of items that is equal to it. */
static enum lf_status
compare_back(const struct lf_value *list, const struct hashed *items, uint32_t end, uint32_t *ret_first,
             uint32_t *ret_second)
{
    for (uint32_t i = end; i-- > 0 && items[i].hash == items[end].hash;) {
        if (lf_value_equal(&list->u.items[items[i].index], &list->u.items[items[end].index])) {
            *ret_first = items[i].index;
            *ret_second = items[end].index;
            return LF_DUPLICATE;
        }
    }
    return LF_OK;
}

static enum lf_status
compare_all(const struct lf_value *list, struct hashed *items, uint32_t *ret_first, uint32_t *ret_second)
{
    for (uint32_t i = 0; i < list->count; i++)
        items[i] = (struct hashed){list->count > PAIRWISE_MAX ? hash_value(&list->u.items[i]) : 0, i};
    if (list->count > PAIRWISE_MAX)
        qsort(items, list->count, sizeof(*items), order);
    for (uint32_t i = 1; i < list->count; i++) {
        if (compare_back(list, items, i, ret_first, ret_second) != LF_OK)
            return LF_DUPLICATE;
    }
    return LF_OK;
}

enum lf_status
lf_js_unique(const struct lf_value *list, uint32_t *ret_first, uint32_t *ret_second)
{
    struct hashed few[PAIRWISE_MAX];
    struct hashed *items = list->count > PAIRWISE_MAX ? lf_malloc(list->count * sizeof(*items)) : few;
    if (items == NULL)
        return LF_NO_MEMORY;
    enum lf_status st = compare_all(list, items, ret_first, ret_second);
    if (items != few)
        lf_free(items);
    return st;
}
