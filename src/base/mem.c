/* The heap, with a fault switch for tests. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool fault_armed;
static atomic_bool fault_sticky;
static atomic_bool fault_hit;
static _Atomic(uint64_t) fault_countdown;
static _Atomic(int64_t) live_count;

static bool
must_fail(void)
{
    if (!atomic_load_explicit(&fault_armed, memory_order_relaxed))
        return false;
    if (atomic_load(&fault_hit) && atomic_load(&fault_sticky))
        return true;
    if (atomic_load(&fault_countdown) == 0 || atomic_fetch_sub(&fault_countdown, 1) != 1)
        return false;
    atomic_store(&fault_hit, true);
    return true;
}

static void *
counted(void *ptr)
{
    if (ptr != NULL)
        atomic_fetch_add_explicit(&live_count, 1, memory_order_relaxed);
    return ptr;
}

void *
lf_malloc(size_t size)
{
    return must_fail() ? NULL : counted(malloc(size != 0 ? size : 1));
}

void *
lf_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : counted(calloc(count != 0 ? count : 1, size != 0 ? size : 1));
}

void *
lf_realloc(void *ptr, size_t size)
{
    if (ptr == NULL)
        return lf_malloc(size);
    return must_fail() ? NULL : realloc(ptr, size != 0 ? size : 1);
}

void
lf_free(void *ptr)
{
    if (ptr != NULL)
        atomic_fetch_sub_explicit(&live_count, 1, memory_order_relaxed);
    free(ptr);
}

char *
lf_strdup(const char *text)
{
    return text != NULL ? lf_strndup(text, strlen(text)) : NULL;
}

char *
lf_strndup(const char *text, size_t len)
{
    size_t size;
    if (!lf_size_add(len, 1, &size))
        return NULL;
    char *copy = lf_malloc(size);
    if (copy == NULL)
        return NULL;
    if (len != 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void
lf_mem_fail_at(uint64_t n, bool sticky)
{
    atomic_store(&fault_armed, false);
    atomic_store(&fault_hit, false);
    atomic_store(&fault_sticky, sticky);
    atomic_store(&fault_countdown, n);
    atomic_store(&fault_armed, n != 0);
}

bool
lf_mem_fault_hit(void)
{
    return atomic_load(&fault_hit);
}

int64_t
lf_mem_live(void)
{
    return atomic_load(&live_count);
}

bool
lf_size_add(size_t a, size_t b, size_t *ret_sum)
{
    return !__builtin_add_overflow(a, b, ret_sum);
}

bool
lf_size_mul(size_t a, size_t b, size_t *ret_product)
{
    return !__builtin_mul_overflow(a, b, ret_product);
}
