/*
 * The only door to the heap, so that tests can make the n-th allocation fail and count what is still live.
 * Thread-safe. Every function may return NULL for lack of memory; callers handle it.
 */
#ifndef LF_BASE_MEM_H
#define LF_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *lf_malloc(size_t size);
void *lf_calloc(size_t count, size_t size);
void *lf_realloc(void *ptr, size_t size);
void lf_free(void *ptr);                        /* NULL is fine */
char *lf_strdup(const char *text);              /* NULL gives NULL */
char *lf_strndup(const char *text, size_t len); /* copies exactly len bytes and adds a NUL */

/* For tests: the n-th allocation from now (1 is the next) fails, and all after it if sticky; 0 switches faults off. */
void lf_mem_fail_at(uint64_t n, bool sticky);
/* For tests: whether a fault was delivered since the last lf_mem_fail_at(). */
bool lf_mem_fault_hit(void);
/* For tests: blocks allocated and not yet freed. */
int64_t lf_mem_live(void);

/* a + b and a * b; false when the result does not fit size_t. */
bool lf_size_add(size_t a, size_t b, size_t *ret_sum);
bool lf_size_mul(size_t a, size_t b, size_t *ret_product);

#endif
