/*
 * Log lines of the program (not to be confused with the log of events): one line an event of note, logfmt or JSON, to
 * stderr. Only server/, cli/ and the top of long-lived loops call this; libraries return errors. Thread-safe.
 */
#ifndef LF_BASE_REPORT_H
#define LF_BASE_REPORT_H

#include "base/err.h"

enum lf_level { LF_DEBUG, LF_INFO, LF_WARN, LF_ERROR };

/* Lowest level that is written (default LF_INFO) and the form (default logfmt). Call before threads start. */
void lf_report_configure(enum lf_level lowest, bool json);

/* lf_report(LF_INFO, "ready", "listen", "127.0.0.1:8080", NULL): pairs of text up to a NULL. NULL values are
 * skipped. */
void lf_report(enum lf_level level, const char *msg, ...) __attribute__((sentinel));
/* The same, with the error's words under "error" and its status under "status". */
void lf_report_err(enum lf_level level, const char *msg, const struct lf_err *err, ...) __attribute__((sentinel));

/* For tests: lines go to fn instead of stderr (NULL: stderr again). */
void lf_report_redirect(void (*fn)(void *ctx, const char *line, size_t len), void *ctx);

#endif
