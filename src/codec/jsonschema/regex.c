/* Regular expressions on PCRE2, interpreted: a match takes the same steps wherever it runs. */
#include "codec/jsonschema/regex.h"
#include "base/mem.h"
#include "codec/jsonschema/ecma.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { PATTERN_BYTES_MAX = 64 * 1024, REWRITTEN_BYTES_MAX = 1024 * 1024, HEAP_KIB_MAX = 2048 };

/* struct lf_js_regex is PCRE2's code under a name of ours. */

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
compile_rewritten(struct lf_bytes pattern, struct lf_arena *arena, const struct lf_js_regex **ret, struct lf_err *err)
{
    pcre2_general_context *memory = pcre2_general_context_create(from_arena, leave_to_arena, arena);
    pcre2_compile_context *context = memory != NULL ? pcre2_compile_context_create(memory) : NULL;
    if (context == NULL)
        return lf_no_memory(err);
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.ptr != NULL ? pattern.ptr : ""), pattern.len,
                                     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF |
                                         PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK,
                                     &error, &offset, context);
    if (code == NULL && error == PCRE2_ERROR_HEAP_FAILED)
        return lf_no_memory(err);
    if (code == NULL) {
        PCRE2_UCHAR words[200];
        if (pcre2_get_error_message(error, words, sizeof(words)) < 0)
            words[0] = '\0';
        return lf_fail(err, LF_INVALID, "%s", (const char *)words);
    }
    *ret = (const struct lf_js_regex *)code;
    return LF_OK;
}

enum lf_status
lf_js_regex_compile(struct lf_bytes pattern, struct lf_arena *arena, const struct lf_js_regex **ret, struct lf_err *err)
{
    if (pattern.len > PATTERN_BYTES_MAX)
        return lf_fail(err, LF_INVALID, "a pattern of %zu bytes: %d are allowed", pattern.len, PATTERN_BYTES_MAX);
    struct lf_buf rewritten;
    lf_buf_init(&rewritten, REWRITTEN_BYTES_MAX);
    enum lf_status st = lf_js_ecma_rewrite(&rewritten, pattern, err);
    if (st == LF_OK)
        st = compile_rewritten(lf_buf_view(&rewritten), arena, ret, err);
    lf_buf_release(&rewritten);
    return st;
}

static bool
matcher_ready(struct lf_js_matcher *matcher)
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
lf_js_matcher_release(struct lf_js_matcher *matcher)
{
    pcre2_match_context_free(matcher->limits);
    pcre2_match_data_free(matcher->data);
    pcre2_general_context_free(matcher->memory);
    *matcher = (struct lf_js_matcher){0};
}

enum lf_status
lf_js_regex_match(const struct lf_js_regex *regex, struct lf_bytes text, uint32_t limit, struct lf_js_matcher *matcher)
{
    if (!matcher_ready(matcher))
        return LF_NO_MEMORY;
    pcre2_set_match_limit(matcher->limits, limit);
    int result = pcre2_match((const pcre2_code *)regex, (PCRE2_SPTR)(text.ptr != NULL ? text.ptr : ""), text.len, 0,
                             PCRE2_NO_UTF_CHECK, matcher->data, matcher->limits);
    if (result >= 0)
        return LF_OK;
    switch (result) {
    case PCRE2_ERROR_NOMATCH: return LF_NOT_FOUND;
    case PCRE2_ERROR_NOMEMORY: return LF_NO_MEMORY;
    default: return LF_LIMIT;
    }
}

enum lf_status
lf_js_regex_valid(struct lf_bytes text)
{
    struct lf_arena arena;
    const struct lf_js_regex *regex;
    lf_arena_init(&arena, 0, REWRITTEN_BYTES_MAX * 4);
    enum lf_status st = lf_js_regex_compile(text, &arena, &regex, NULL);
    lf_arena_release(&arena);
    return st == LF_INVALID ? LF_NOT_FOUND : st;
}
