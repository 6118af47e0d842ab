/* progress.c - see progress.h. */
#include "base/progress.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static bool silenced;
static double began;   /* when the first one was started */
static unsigned going; /* started and not ended */

void rf_progress_silence(bool silent)
{
    silenced = silent;
}

void rf_progress_start(rf_progress *progress, const char *what, uint64_t total)
{
    *progress = (rf_progress){.what = what, .total = total};
    progress->enabled = !silenced && going == 0 && isatty(STDERR_FILENO) == 1;
    progress->open = true;
    going++;
    progress->started = rf_seconds();
    began = began > 0 ? began : progress->started;
    progress->shown = fmax(progress->started, began + 0.9); /* the first second stays silent */
}

static void show_bar(const rf_progress *progress, uint64_t done, double elapsed)
{
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    double share = (double)done / (double)progress->total;
    double left;
    if (share > 1) {
        share = 1;
    }
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    left = share > 0 ? elapsed * (1 - share) / share : 0;
    (void)fprintf(stderr, "\r%s [%s] %3.0f %%, about %.0f s left \033[K", progress->what, bar,
                  share * 100, left);
}

void rf_progress_show(rf_progress *progress, uint64_t done)
{
    double now;
    if (!progress->enabled) {
        return;
    }
    now = rf_seconds();
    if (now - progress->shown < 0.1) {
        return;
    }
    progress->shown = now;
    progress->visible = true;
    if (progress->total > 0) {
        show_bar(progress, done, now - progress->started);
    } else {
        (void)fprintf(stderr, "\r%s: %llu \033[K", progress->what, (unsigned long long)done);
    }
    (void)fflush(stderr);
}

void rf_progress_end(rf_progress *progress)
{
    going -= progress->open;
    progress->open = false;
    if (progress->visible) {
        (void)fprintf(stderr, "\r\033[K");
        (void)fflush(stderr);
        progress->visible = false;
    }
}
