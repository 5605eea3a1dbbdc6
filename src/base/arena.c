/* The arena. */
#include "base/arena.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct lf_arena_chunk {
    struct lf_arena_chunk *next;
    size_t size;
    max_align_t bytes[];
};

enum { ARENA_CHUNK_DEFAULT = 4096, ARENA_CHUNK_MAX = 1024 * 1024 };

void
lf_arena_init(struct lf_arena *arena, size_t chunk_size, size_t max)
{
    *arena = (struct lf_arena){.chunk_size = chunk_size != 0 ? chunk_size : ARENA_CHUNK_DEFAULT, .max = max};
}

static void
free_chunks(struct lf_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct lf_arena_chunk *next = chunk->next;
        lf_free(chunk);
        chunk = next;
    }
}

void
lf_arena_release(struct lf_arena *arena)
{
    free_chunks(arena->chunks);
    lf_arena_init(arena, arena->chunk_size, arena->max);
}

void
lf_arena_reset(struct lf_arena *arena)
{
    arena->used = 0;
    struct lf_arena_chunk *keep = arena->chunks;
    if (keep == NULL)
        return;
    free_chunks(keep->next);
    keep->next = NULL;
    arena->at = (char *)keep->bytes;
    arena->end = arena->at + keep->size;
    if (keep->size > ARENA_CHUNK_MAX) /* an outlier must not stay for ever */
        lf_arena_release(arena);
}

static bool
add_chunk(struct lf_arena *arena, size_t least)
{
    size_t size = least > arena->chunk_size ? least : arena->chunk_size;
    size_t whole;
    if (!lf_size_add(size, sizeof(struct lf_arena_chunk), &whole))
        return false;
    struct lf_arena_chunk *chunk = lf_malloc(whole);
    if (chunk == NULL)
        return false;
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->at = (char *)chunk->bytes;
    arena->end = arena->at + size;
    if (arena->chunk_size < ARENA_CHUNK_MAX)
        arena->chunk_size *= 2;
    return true;
}

void *
lf_arena_alloc(struct lf_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t padded;
    if (!lf_size_add(size != 0 ? size : 1, align - 1, &padded))
        return NULL;
    padded &= ~(align - 1);
    if (arena->max != 0 && (padded > arena->max || arena->used > arena->max - padded))
        return NULL;
    if ((size_t)(arena->end - arena->at) < padded && !add_chunk(arena, padded))
        return NULL;
    void *ptr = arena->at;
    arena->at += padded;
    arena->used += padded;
    return ptr;
}

void *
lf_arena_calloc(struct lf_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (!lf_size_mul(count, size, &total))
        return NULL;
    void *ptr = lf_arena_alloc(arena, total);
    if (ptr != NULL)
        memset(ptr, 0, total);
    return ptr;
}

char *
lf_arena_text(struct lf_arena *arena, struct lf_bytes bytes)
{
    size_t size;
    if (!lf_size_add(bytes.len, 1, &size))
        return NULL;
    char *copy = lf_arena_alloc(arena, size);
    if (copy == NULL)
        return NULL;
    if (bytes.len != 0)
        memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

struct lf_bytes
lf_arena_copy(struct lf_arena *arena, struct lf_bytes bytes)
{
    char *copy = lf_arena_text(arena, bytes);
    return copy != NULL ? lf_bytes(copy, bytes.len) : LF_BYTES_NONE;
}

char *
lf_arena_printf(struct lf_arena *arena, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = need >= 0 ? lf_arena_alloc(arena, (size_t)need + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)need + 1, fmt, again);
    va_end(again);
    return text;
}

void *
lf_arena_grow(struct lf_arena *arena, void *items, size_t count, size_t *cap, size_t item_size)
{
    if (count < *cap)
        return items;
    size_t new_cap = *cap != 0 ? *cap * 2 : 8;
    size_t total;
    if (!lf_size_mul(new_cap, item_size, &total))
        return NULL;
    void *moved = lf_arena_alloc(arena, total);
    if (moved == NULL)
        return NULL;
    if (count != 0)
        memcpy(moved, items, count * item_size);
    *cap = new_cap;
    return moved;
}
