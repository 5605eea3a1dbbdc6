/* PCRE2 with its memory from ours. struct lf_regex is its code under a name of ours. */
#include "base/regex.h"

#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { HEAP_KIB_MAX = 2048 };

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

static enum lf_status
not_compiled(int error, size_t offset, size_t *ret_offset, struct lf_err *err)
{
    PCRE2_UCHAR words[200];
    if (error == PCRE2_ERROR_HEAP_FAILED)
        return lf_no_memory(err);
    if (pcre2_get_error_message(error, words, sizeof(words)) < 0)
        words[0] = '\0';
    if (ret_offset != NULL)
        *ret_offset = offset;
    return lf_fail(err, LF_INVALID, "%s", (const char *)words);
}

enum lf_status
lf_regex_compile(struct lf_bytes pattern, bool js_escapes, struct lf_arena *arena, struct lf_regex **ret,
                 size_t *ret_offset, struct lf_err *err)
{
    pcre2_general_context *memory = pcre2_general_context_create(from_arena, leave_to_arena, arena);
    pcre2_compile_context *context = memory != NULL ? pcre2_compile_context_create(memory) : NULL;
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |
                       PCRE2_NEVER_BACKSLASH_C;
    if (context == NULL)
        return lf_no_memory(err);
    if (js_escapes) {
        options |= PCRE2_ALT_BSUX;
        pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    }
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.ptr != NULL ? pattern.ptr : ""), pattern.len, options, &error,
                                     &offset, context);
    if (code == NULL)
        return not_compiled(error, offset, ret_offset, err);
    *ret = (struct lf_regex *)code;
    return LF_OK;
}

static bool
matcher_ready(struct lf_regex_matcher *matcher)
{
    if (matcher->limits != NULL)
        return true;
    if (matcher->memory == NULL)
        matcher->memory = pcre2_general_context_create(from_heap, to_heap, NULL);
    if (matcher->memory != NULL && matcher->data == NULL)
        matcher->data = pcre2_match_data_create(1, matcher->memory);
    if (matcher->data != NULL)
        matcher->limits = pcre2_match_context_create(matcher->memory);
    if (matcher->limits != NULL)
        pcre2_set_heap_limit(matcher->limits, HEAP_KIB_MAX);
    return matcher->limits != NULL;
}

void
lf_regex_matcher_release(struct lf_regex_matcher *matcher)
{
    pcre2_match_context_free(matcher->limits);
    pcre2_match_data_free(matcher->data);
    pcre2_general_context_free(matcher->memory);
    *matcher = (struct lf_regex_matcher){0};
}

enum lf_status
lf_regex_match(const struct lf_regex *regex, struct lf_bytes text, uint32_t limit, struct lf_regex_matcher *matcher)
{
    if (!matcher_ready(matcher))
        return LF_NO_MEMORY;
    pcre2_set_match_limit(matcher->limits, limit);
    int result = pcre2_match((const pcre2_code *)regex, (PCRE2_SPTR)(text.ptr != NULL ? text.ptr : ""), text.len, 0, 0,
                             matcher->data, matcher->limits);
    if (result >= 0)
        return LF_OK;
    switch (result) {
    case PCRE2_ERROR_NOMATCH: return LF_NOT_FOUND;
    case PCRE2_ERROR_NOMEMORY: return LF_NO_MEMORY;
    default: return LF_LIMIT;
    }
}
