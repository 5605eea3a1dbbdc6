/*
 * A hash table in an arena: from names (or any bytes) to borrowed pointers. Needs no release, so that a walk may stop
 * anywhere. Keys are borrowed and must outlive the table.
 */
#ifndef LF_GRAPHQL_NAMES_H
#define LF_GRAPHQL_NAMES_H

#include "base/arena.h"

struct lf_gql_name_slot {
    struct lf_bytes name;
    uint64_t hash;
    union {
        const void *read;
        void *write; /* of lf_gql_names_set_mut() */
    } value;         /* NULL: free */
};

struct lf_gql_names {
    struct lf_arena *arena;
    struct lf_gql_name_slot *slots;
    size_t cap; /* 0, or a power of two */
    size_t count;
};

static inline void
lf_gql_names_init(struct lf_gql_names *names, struct lf_arena *arena)
{
    *names = (struct lf_gql_names){.arena = arena};
}
/* The value of a name, or NULL. */
const void *lf_gql_names_get(const struct lf_gql_names *names, struct lf_bytes name);
/* Sets or replaces; value is not NULL. False out of memory. */
LF_NODISCARD bool lf_gql_names_set(struct lf_gql_names *names, struct lf_bytes name, const void *value);
/* The same for what the caller will change. A table holds values of one kind. */
void *lf_gql_names_get_mut(const struct lf_gql_names *names, struct lf_bytes name);
LF_NODISCARD bool lf_gql_names_set_mut(struct lf_gql_names *names, struct lf_bytes name, void *value);

#endif
