/*
 * A hash map from byte strings to pointers. Keeps insertion order when walked. Keys are borrowed: they must outlive the
 * map (keep them in an arena or in the value). One thread at a time; concurrent reads of an unchanging map are fine.
 */
#ifndef LF_BASE_MAP_H
#define LF_BASE_MAP_H

#include "base/bytes.h"
#include "base/err.h"

struct lf_map_entry {
    struct lf_bytes key;
    void *value; /* NULL marks a removed entry */
    uint64_t hash;
};

struct lf_map {
    struct lf_map_entry *entries; /* in order of insertion */
    size_t used;                  /* entries in use, removed ones included */
    size_t count;                 /* live entries */
    size_t cap;
    uint32_t *slots; /* index + 1 into entries; 0 is free */
    size_t slot_count;
};

void lf_map_init(struct lf_map *map);
void lf_map_release(struct lf_map *map); /* values are not freed */
void lf_map_clear(struct lf_map *map);

/* Sets key to value (not NULL). LF_DUPLICATE (map unchanged) if the key is there, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_map_add(struct lf_map *map, struct lf_bytes key, void *value);
/* Sets or replaces. */
LF_NODISCARD enum lf_status lf_map_set(struct lf_map *map, struct lf_bytes key, void *value);
void *lf_map_get(const struct lf_map *map, struct lf_bytes key); /* NULL if absent */
void *lf_map_get_text(const struct lf_map *map, const char *key);
void *lf_map_remove(struct lf_map *map, struct lf_bytes key); /* the value, or NULL */
/* Walks live entries in order: start with *at = 0; NULL at the end. Do not change the map meanwhile. */
const struct lf_map_entry *lf_map_next(const struct lf_map *map, size_t *at);

#endif
