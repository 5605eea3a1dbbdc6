/* Open addressing with linear probing, at most half full; outgrown slots stay in the arena. */
#include "graphql/names.h"

static struct lf_gql_name_slot *
probe(const struct lf_gql_names *names, struct lf_bytes name, uint64_t hash)
{
    size_t mask = names->cap - 1;
    size_t at = (size_t)hash & mask;
    while (names->slots[at].value.read != NULL) {
        if (names->slots[at].hash == hash && lf_bytes_equal(names->slots[at].name, name))
            break;
        at = (at + 1) & mask;
    }
    return &names->slots[at];
}

const void *
lf_gql_names_get(const struct lf_gql_names *names, struct lf_bytes name)
{
    return names->count != 0 ? probe(names, name, lf_bytes_hash(name))->value.read : NULL;
}

void *
lf_gql_names_get_mut(const struct lf_gql_names *names, struct lf_bytes name)
{
    return names->count != 0 ? probe(names, name, lf_bytes_hash(name))->value.write : NULL;
}

static bool
make_room(struct lf_gql_names *names)
{
    if (names->count * 2 < names->cap)
        return true;
    struct lf_gql_names bigger = {.arena = names->arena, .cap = names->cap != 0 ? names->cap * 2 : 16};
    bigger.slots = LF_ARENA_ARRAY(names->arena, struct lf_gql_name_slot, bigger.cap);
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < names->cap; i++) {
        const struct lf_gql_name_slot *slot = &names->slots[i];
        if (slot->value.read != NULL)
            *probe(&bigger, slot->name, slot->hash) = *slot;
    }
    bigger.count = names->count;
    *names = bigger;
    return true;
}

/* The slot for a name, new or not; NULL out of memory. */
static struct lf_gql_name_slot *
place(struct lf_gql_names *names, struct lf_bytes name)
{
    if (!make_room(names))
        return NULL;
    uint64_t hash = lf_bytes_hash(name);
    struct lf_gql_name_slot *slot = probe(names, name, hash);
    if (slot->value.read == NULL)
        names->count++;
    slot->name = name;
    slot->hash = hash;
    return slot;
}

bool
lf_gql_names_set(struct lf_gql_names *names, struct lf_bytes name, const void *value)
{
    struct lf_gql_name_slot *slot = place(names, name);
    if (slot != NULL)
        slot->value.read = value;
    return slot != NULL;
}

bool
lf_gql_names_set_mut(struct lf_gql_names *names, struct lf_bytes name, void *value)
{
    struct lf_gql_name_slot *slot = place(names, name);
    if (slot != NULL)
        slot->value.write = value;
    return slot != NULL;
}
