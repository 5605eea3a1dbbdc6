/*
 * Memory by lifetime: one arena a request, a record, a batch, a schema. Everything in it goes at once; nothing in it
 * has a destructor. One thread at a time.
 */
#ifndef LF_BASE_ARENA_H
#define LF_BASE_ARENA_H

#include "base/bytes.h"
#include "base/err.h"

struct lf_arena_chunk;

struct lf_arena {
    struct lf_arena_chunk *chunks; /* newest first */
    char *at;
    char *end;
    size_t chunk_size; /* of the next ordinary chunk */
    size_t used;       /* bytes handed out since the last reset */
    size_t max;        /* 0: no limit */
};

/* An empty arena whose chunks are about chunk_size bytes (0: 4 KiB) and which hands out at most max bytes (0: any). */
void lf_arena_init(struct lf_arena *arena, size_t chunk_size, size_t max);
void lf_arena_release(struct lf_arena *arena); /* twice is fine */
/* Empty again; keeps one chunk so that a reused arena does not touch the heap. */
void lf_arena_reset(struct lf_arena *arena);

/* size bytes aligned for any type; uninitialised. NULL out of memory or past the limit. */
void *lf_arena_alloc(struct lf_arena *arena, size_t size);
void *lf_arena_calloc(struct lf_arena *arena, size_t count, size_t size);
#define LF_ARENA_NEW(arena, type) ((type *)lf_arena_calloc((arena), 1, sizeof(type)))
#define LF_ARENA_ARRAY(arena, type, count) ((type *)lf_arena_calloc((arena), (count), sizeof(type)))

/* Copies; the copy ends in NUL (not counted). On failure ptr is NULL. */
struct lf_bytes lf_arena_copy(struct lf_arena *arena, struct lf_bytes bytes);
char *lf_arena_text(struct lf_arena *arena, struct lf_bytes bytes);
char *lf_arena_printf(struct lf_arena *arena, const char *fmt, ...) LF_PRINTF(2, 3);

/*
 * Growing arrays in an arena: room for one more item of item_size in items (count in use, *cap allocated).
 * Returns the array, moved if need be, or NULL.
 */
void *lf_arena_grow(struct lf_arena *arena, void *items, size_t count, size_t *cap, size_t item_size);

#endif
