/* Regular expressions: PCRE2 with its memory from ours. */
#include "model/pattern.h"
#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static void *
from_arena(size_t size, void *arena)
{
    return lf_arena_alloc(arena, size);
}

static void
leave_to_arena(void *block, void *arena)
{
    (void)block;
    (void)arena;
}

static void *
from_heap(size_t size, void *unused)
{
    (void)unused;
    return lf_malloc(size);
}

static void
to_heap(void *block, void *unused)
{
    (void)unused;
    lf_free(block);
}

enum lf_status
lf_pattern_compile(struct lf_bytes pattern, struct lf_arena *arena, void **ret_code, struct lf_err *err)
{
    pcre2_general_context *memory = pcre2_general_context_create(from_arena, leave_to_arena, arena);
    pcre2_compile_context *context = memory != NULL ? pcre2_compile_context_create(memory) : NULL;
    if (context == NULL)
        return lf_no_memory(err);
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
                                     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF |
                                         PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_BACKSLASH_C,
                                     &error, &offset, context);
    if (code == NULL && error == PCRE2_ERROR_HEAP_FAILED)
        return lf_no_memory(err);
    if (code == NULL) {
        PCRE2_UCHAR words[200];
        if (pcre2_get_error_message(error, words, sizeof(words)) < 0)
            words[0] = '\0';
        return lf_fail(err, LF_INVALID, "%s, at offset %zu", (const char *)words, (size_t)offset);
    }
    *ret_code = code;
    return LF_OK;
}

/* Sets the limits; NULL out of memory. */
static pcre2_match_context *
limits_new(pcre2_general_context *memory)
{
    pcre2_match_context *limits = pcre2_match_context_create(memory);
    if (limits != NULL) {
        pcre2_set_match_limit(limits, LF_PATTERN_STEPS_MAX);
        pcre2_set_heap_limit(limits, LF_PATTERN_HEAP_KIB_MAX);
    }
    return limits;
}

static enum lf_status
outcome(int result)
{
    if (result >= 0)
        return LF_OK;
    switch (result) {
    case PCRE2_ERROR_NOMATCH: return LF_NOT_FOUND;
    case PCRE2_ERROR_NOMEMORY: return LF_NO_MEMORY;
    default: return LF_LIMIT;
    }
}

enum lf_status
lf_pattern_match(const void *code, struct lf_bytes text)
{
    enum lf_status st = LF_NO_MEMORY;
    pcre2_match_data *data = NULL;
    pcre2_match_context *limits = NULL;
    pcre2_general_context *memory = pcre2_general_context_create(from_heap, to_heap, NULL);
    if (memory == NULL)
        return LF_NO_MEMORY;
    data = pcre2_match_data_create(1, memory);
    limits = limits_new(memory);
    if (data != NULL && limits != NULL)
        st = outcome(pcre2_match(code, (PCRE2_SPTR)(text.ptr != NULL ? text.ptr : ""), text.len, 0, 0, data, limits));
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    pcre2_general_context_free(memory);
    return st;
}
