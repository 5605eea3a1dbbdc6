/* Member names: compared pairwise in small objects, hashed (with a keyed hash, names are an outsider's) in big ones. */
#include "json/names.h"
#include "base/mem.h"

#include <string.h>

enum { PAIRWISE_MAX = 16 };

static inline bool
same(struct lf_bytes a, struct lf_bytes b)
{
    return a.len == b.len && (a.len == 0 || (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}

static const struct lf_member *
find_pairwise(const struct lf_member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (same(members[i].name, members[j].name))
                return &members[i];
        }
    }
    return NULL;
}

/* Slots for count names, at most half full; NULL out of memory. */
static uint32_t *
new_slots(size_t count, size_t *ret_mask)
{
    size_t size = 64;
    while (size < count * 2)
        size *= 2;
    *ret_mask = size - 1;
    return lf_calloc(size, sizeof(uint32_t));
}

/* The slot of name: it holds the index + 1 of the member called so, or 0. */
static uint32_t *
find_slot(uint32_t *slots, size_t mask, const struct lf_member *members, struct lf_bytes name)
{
    size_t at = (size_t)lf_bytes_hash(name) & mask;
    while (slots[at] != 0 && !same(members[slots[at] - 1].name, name))
        at = (at + 1) & mask;
    return &slots[at];
}

bool
lf_names_find_repeated(const struct lf_member *members, size_t count, const struct lf_member **ret)
{
    if (count <= PAIRWISE_MAX) {
        *ret = find_pairwise(members, count);
        return true;
    }
    size_t mask;
    uint32_t *slots = new_slots(count, &mask);
    if (slots == NULL)
        return false;
    *ret = NULL;
    for (size_t i = 0; i < count && *ret == NULL; i++) {
        uint32_t *slot = find_slot(slots, mask, members, members[i].name);
        if (*slot != 0)
            *ret = &members[i];
        *slot = (uint32_t)i + 1;
    }
    lf_free(slots);
    return true;
}

void
lf_names_index_init(struct lf_names_index *index, const struct lf_member *members, size_t count)
{
    *index = (struct lf_names_index){.members = members, .count = count};
    if (count <= PAIRWISE_MAX)
        return;
    index->slots = new_slots(count, &index->mask);
    for (size_t i = 0; index->slots != NULL && i < count; i++) {
        uint32_t *slot = find_slot(index->slots, index->mask, members, members[i].name);
        if (*slot == 0)
            *slot = (uint32_t)i + 1;
    }
}

void
lf_names_index_release(struct lf_names_index *index)
{
    lf_free(index->slots);
    *index = (struct lf_names_index){0};
}

const struct lf_member *
lf_names_index_find(const struct lf_names_index *index, struct lf_bytes name, size_t guess)
{
    if (guess < index->count && same(index->members[guess].name, name))
        return &index->members[guess];
    if (index->slots != NULL) {
        uint32_t found = *find_slot(index->slots, index->mask, index->members, name);
        return found != 0 ? &index->members[found - 1] : NULL;
    }
    for (size_t i = 0; i < index->count; i++) {
        if (same(index->members[i].name, name))
            return &index->members[i];
    }
    return NULL;
}
