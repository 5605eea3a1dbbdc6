/* Ordered hash map: entries in insertion order, open-addressed slots of indexes beside them. */
#include "base/map.h"
#include "base/mem.h"

#include <string.h>

void
lf_map_init(struct lf_map *map)
{
    *map = (struct lf_map){0};
}

void
lf_map_release(struct lf_map *map)
{
    lf_free(map->entries);
    lf_free(map->slots);
    *map = (struct lf_map){0};
}

void
lf_map_clear(struct lf_map *map)
{
    map->used = map->count = 0;
    if (map->slots != NULL)
        memset(map->slots, 0, map->slot_count * sizeof(*map->slots));
}

static void
place(struct lf_map *map, size_t index)
{
    size_t mask = map->slot_count - 1;
    size_t i = (size_t)map->entries[index].hash & mask;
    while (map->slots[i] != 0)
        i = (i + 1) & mask;
    map->slots[i] = (uint32_t)(index + 1);
}

/* Room for one more entry, at a load of at most one half; removed entries are dropped on the way. */
static bool
make_room(struct lf_map *map)
{
    if (map->used < map->cap)
        return true;
    size_t cap = map->count < 4 ? 8 : map->count * 2;
    if (cap >= UINT32_MAX / 2)
        return false;
    struct lf_map_entry *entries = lf_malloc(cap * sizeof(*entries));
    uint32_t *slots = lf_calloc(cap * 2, sizeof(*slots));
    if (entries == NULL || slots == NULL) {
        lf_free(entries);
        lf_free(slots);
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < map->used; i++) {
        if (map->entries[i].value != NULL)
            entries[used++] = map->entries[i];
    }
    size_t slot_count = 1;
    while (slot_count * 2 <= cap * 2)
        slot_count *= 2;
    lf_free(map->entries);
    lf_free(map->slots);
    map->entries = entries;
    map->slots = slots;
    map->slot_count = slot_count;
    map->cap = slot_count / 2 < cap ? slot_count / 2 : cap;
    map->used = used;
    for (size_t i = 0; i < used; i++)
        place(map, i);
    return true;
}

static struct lf_map_entry *
find(const struct lf_map *map, struct lf_bytes key, uint64_t hash)
{
    if (map->count == 0)
        return NULL;
    size_t mask = map->slot_count - 1;
    for (size_t i = (size_t)hash & mask; map->slots[i] != 0; i = (i + 1) & mask) {
        struct lf_map_entry *entry = &map->entries[map->slots[i] - 1];
        if (entry->hash == hash && entry->value != NULL && lf_bytes_equal(entry->key, key))
            return entry;
    }
    return NULL;
}

static enum lf_status
add_new(struct lf_map *map, struct lf_bytes key, uint64_t hash, void *value)
{
    if (!make_room(map))
        return LF_NO_MEMORY;
    map->entries[map->used] = (struct lf_map_entry){.key = key, .value = value, .hash = hash};
    place(map, map->used);
    map->used++;
    map->count++;
    return LF_OK;
}

enum lf_status
lf_map_add(struct lf_map *map, struct lf_bytes key, void *value)
{
    LF_ASSERT(value != NULL);
    uint64_t hash = lf_bytes_hash(key);
    return find(map, key, hash) != NULL ? LF_DUPLICATE : add_new(map, key, hash, value);
}

enum lf_status
lf_map_set(struct lf_map *map, struct lf_bytes key, void *value)
{
    LF_ASSERT(value != NULL);
    uint64_t hash = lf_bytes_hash(key);
    struct lf_map_entry *entry = find(map, key, hash);
    if (entry == NULL)
        return add_new(map, key, hash, value);
    entry->key = key;
    entry->value = value;
    return LF_OK;
}

void *
lf_map_get(const struct lf_map *map, struct lf_bytes key)
{
    if (map->count == 0)
        return NULL;
    const struct lf_map_entry *entry = find(map, key, lf_bytes_hash(key));
    return entry != NULL ? entry->value : NULL;
}

void *
lf_map_get_text(const struct lf_map *map, const char *key)
{
    return lf_map_get(map, lf_bytes_of(key));
}

void *
lf_map_remove(struct lf_map *map, struct lf_bytes key)
{
    struct lf_map_entry *entry = find(map, key, lf_bytes_hash(key));
    if (entry == NULL)
        return NULL;
    void *value = entry->value;
    entry->value = NULL; /* its slot stays taken until the map grows */
    map->count--;
    return value;
}

const struct lf_map_entry *
lf_map_next(const struct lf_map *map, size_t *at)
{
    while (*at < map->used) {
        const struct lf_map_entry *entry = &map->entries[(*at)++];
        if (entry->value != NULL)
            return entry;
    }
    return NULL;
}
