/* The progress bar. */
#include "cli/progress.h"
#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DRAW_MS = 100, BAR_WIDTH = 24 };

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void
lf_bar_start(struct lf_bar *bar)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    *bar = (struct lf_bar){.shown = isatty(STDERR_FILENO) == 1};
}

bool
lf_bar_interrupted(void)
{
    return interrupted != 0;
}

static void
add_bar(char *out, size_t size, int64_t done, int64_t total)
{
    int full = (int)((double)done / (double)total * BAR_WIDTH);
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)(full < BAR_WIDTH ? full : BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    snprintf(out, size, " [%s] %3d%%", bar, (int)((double)done / (double)total * 100));
}

static void
add_left(char *out, size_t size, int64_t seconds)
{
    if (seconds < 100)
        snprintf(out, size, ", %lld s left", (long long)seconds);
    else if (seconds < 100 * 60)
        snprintf(out, size, ", %lld min left", (long long)(seconds + 30) / 60);
    else
        snprintf(out, size, ", %lld h %lld min left", (long long)seconds / 3600, (long long)seconds % 3600 / 60);
}

void
lf_bar_write(char out[LF_BAR_TEXT_SIZE], const char *what, int64_t done, int64_t total, int64_t elapsed_ms)
{
    char bar[BAR_WIDTH + 16] = "", of[32] = "", left[48] = "";
    double rate = elapsed_ms > 0 ? (double)done * 1000 / (double)elapsed_ms : 0;
    if (total > 0 && done <= total) {
        add_bar(bar, sizeof(bar), done, total);
        snprintf(of, sizeof(of), " of %lld", (long long)total);
        if (rate > 0)
            add_left(left, sizeof(left), (int64_t)((double)(total - done) / rate));
    }
    snprintf(out, LF_BAR_TEXT_SIZE, "%.16s%s  %lld%s, %.0f/s%s", what, bar, (long long)done, of, rate, left);
}

bool
lf_bar_tell(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct lf_bar *bar = ctx;
    int64_t now_ms = lf_clock_mono_ms();
    if (bar->what == NULL || strcmp(bar->what, what) != 0) {
        bar->what = what;
        bar->started_ms = now_ms;
        bar->drawn_ms = now_ms;
    }
    if (bar->shown && now_ms - bar->drawn_ms >= DRAW_MS) {
        char text[LF_BAR_TEXT_SIZE];
        lf_bar_write(text, what, done, total, now_ms - bar->started_ms);
        fprintf(stderr, "\r%-*s", (int)bar->width, text);
        bar->width = strlen(text);
        bar->drawn_ms = now_ms;
    }
    return !interrupted;
}

void
lf_bar_clear(struct lf_bar *bar)
{
    if (bar->width != 0)
        fprintf(stderr, "\r%*s\r", (int)bar->width, "");
    bar->width = 0;
}
