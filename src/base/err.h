/*
 * What happened, what to do about it, what to tell a person.
 *
 * Every fallible function returns enum lf_status and takes a struct lf_err * as its last parameter, which stays
 * untouched on success. Callers act on the fate; people read the text. Library code never prints.
 */
#ifndef LF_BASE_ERR_H
#define LF_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define LF_NODISCARD __attribute__((warn_unused_result))
#define LF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Programming errors stop the program, in release builds too: going on would risk events. */
#define LF_ASSERT(cond) ((cond) ? (void)0 : lf_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void lf_assert_failed(const char *cond, const char *file, int line);

enum lf_status {
#define LF_STATUS(name, fate, text) LF_##name,
#include "base/status.def"
#undef LF_STATUS
    LF_STATUS_COUNT
};

/* What the caller does with a failure: nothing, try again later, dead-letter the input, or stop and call someone. */
enum lf_fate { LF_FATE_NONE, LF_FATE_RETRY, LF_FATE_REJECT, LF_FATE_STOP };

enum { LF_ERR_TEXT_MAX = 512 };

/* On the caller's stack, zero-initialised. Not shared between threads. */
struct lf_err {
    enum lf_status status;
    enum lf_fate fate;
    const char *where;          /* the function that saw it first; static text */
    char text[LF_ERR_TEXT_MAX]; /* one sentence: what was wrong, where, what to do; never a secret */
};

/* Fills err (which may be NULL) with a status, its default fate and a formatted text; returns the status. */
#define lf_fail(err, status, ...) lf_err_set((err), (status), __func__, __VA_ARGS__)
enum lf_status lf_err_set(struct lf_err *err, enum lf_status status, const char *where, const char *fmt, ...)
    LF_PRINTF(4, 5);

/* The same for running out of memory. */
enum lf_status lf_err_no_memory(struct lf_err *err, const char *where);
#define lf_no_memory(err) lf_err_no_memory((err), __func__)

#ifdef __clang_analyzer__ /* show it what these give back: it looks at one file at a time */
#undef lf_fail
#undef lf_no_memory
#define lf_fail(err, status, ...) ((void)lf_err_set((err), (status), __func__, __VA_ARGS__), (status))
#define lf_no_memory(err) ((void)lf_err_no_memory((err), __func__), LF_NO_MEMORY)
#endif

/* Puts "<words>: " in front of the text, on the way up. */
void lf_err_context(struct lf_err *err, const char *fmt, ...) LF_PRINTF(2, 3);

/* Short words for a status ("unavailable"), its name ("UNAVAILABLE") and its default fate. */
const char *lf_status_text(enum lf_status status);
const char *lf_status_name(enum lf_status status);
enum lf_fate lf_status_fate(enum lf_status status);

#endif
