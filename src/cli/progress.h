/* A progress bar with the time left, on a terminal only; and the wish to stop, by SIGINT or SIGTERM. */
#ifndef LF_CLI_PROGRESS_H
#define LF_CLI_PROGRESS_H

#include "base/buf.h"

enum { LF_BAR_TEXT_SIZE = 160 };

struct lf_bar {
    bool shown;       /* stderr is a terminal */
    const char *what; /* the phase in work */
    int64_t started_ms, drawn_ms;
    size_t width; /* of the text that stands there */
};

/* One a process: also catches SIGINT and SIGTERM, whose second one ends the process. */
void lf_bar_start(struct lf_bar *bar);
/* For struct lf_progress: ctx is the bar. False once a signal has come. */
bool lf_bar_tell(void *ctx, const char *what, int64_t done, int64_t total);
/* Takes the text away, before anything is printed and at the end. */
void lf_bar_clear(struct lf_bar *bar);
bool lf_bar_interrupted(void);

/* "log [######......]  50%  512 of 1024, 100/s, 5 s left": what is shown after elapsed_ms. */
void lf_bar_write(char out[LF_BAR_TEXT_SIZE], const char *what, int64_t done, int64_t total, int64_t elapsed_ms);

#endif
