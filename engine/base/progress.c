/* progress.c - see progress.h. */
#include "base/progress.h"

#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static bool silenced;
static double began;   /* when the first one was started */
static unsigned going; /* started and not ended, the one by the clock aside */

/* The one that goes by the clock, and its thread. `lock` is for what both threads touch: `going`,
 * `stop` and the line on the terminal. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static pthread_t ticker;
static rf_progress *ticking; /* NULL: none */
static bool stop;
static _Atomic double seen; /* when one that counts was last shown */

void rf_progress_silence(bool silent)
{
    silenced = silent;
}

static void wipe(rf_progress *progress)
{
    if (progress->visible) {
        (void)fprintf(stderr, "\r\033[K");
        (void)fflush(stderr);
        progress->visible = false;
    }
}

static void begin(rf_progress *progress)
{
    progress->open = true;
    progress->started = rf_seconds();
    began = began > 0 ? began : progress->started;
    progress->shown = fmax(progress->started, began + 0.9); /* the first second stays silent */
}

void rf_progress_start(rf_progress *progress, const char *what, uint64_t total)
{
    *progress = (rf_progress){.what = what, .total = total};
    (void)pthread_mutex_lock(&lock);
    progress->enabled = !silenced && going == 0 && isatty(STDERR_FILENO) == 1;
    begin(progress);
    going++;
    seen = progress->shown;
    if (progress->enabled && ticking != NULL) {
        wipe(ticking);
    }
    (void)pthread_mutex_unlock(&lock);
}

static void show_bar(const rf_progress *progress, double share, double elapsed)
{
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
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
    if (!progress->enabled || progress->expected > 0) {
        return;
    }
    now = rf_seconds();
    if (now - progress->shown < 0.1) {
        return;
    }
    progress->shown = now;
    progress->visible = true;
    seen = now;
    if (progress->total > 0) {
        show_bar(progress, (double)done / (double)progress->total, now - progress->started);
    } else {
        (void)fprintf(stderr, "\r%s: %llu \033[K", progress->what, (unsigned long long)done);
    }
    (void)fflush(stderr);
}

/* ---- by the clock ---- */

double rf_progress_share(double elapsed, double expected)
{
    return elapsed <= 0.9 * expected ? elapsed / expected : 1 - 0.09 * expected / elapsed;
}

static void tick(rf_progress *progress)
{
    double const now = rf_seconds();
    if ((going == 0 || now - seen > 1) && now - progress->shown >= 0.1) {
        progress->shown = now;
        progress->visible = true;
        show_bar(progress, rf_progress_share(now - progress->started, progress->expected),
                 now - progress->started);
        (void)fflush(stderr);
    }
}

static void *run_ticker(void *context)
{
    rf_progress *progress = context;
    (void)pthread_mutex_lock(&lock);
    while (!stop) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 200000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_cond_timedwait(&ended, &lock, &until) == ETIMEDOUT) {
            tick(progress);
        }
    }
    (void)pthread_mutex_unlock(&lock);
    return NULL;
}

/* Signals are for the thread that works. */
static bool start_ticker(rf_progress *progress)
{
    sigset_t all;
    sigset_t before;
    bool started;
    stop = false;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&ticker, NULL, run_ticker, progress) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void rf_progress_expect(rf_progress *progress, const char *what, double seconds)
{
    *progress = (rf_progress){.what = what, .expected = fmax(seconds, 0.5)};
    begin(progress);
    if (!silenced && ticking == NULL && isatty(STDERR_FILENO) == 1 && start_ticker(progress)) {
        progress->enabled = true;
        ticking = progress;
    }
}

void rf_progress_hide(void)
{
    (void)pthread_mutex_lock(&lock);
    if (ticking != NULL) {
        wipe(ticking);
    }
    (void)pthread_mutex_unlock(&lock);
}

static void end_ticker(rf_progress *progress)
{
    (void)pthread_mutex_lock(&lock);
    stop = true;
    (void)pthread_cond_signal(&ended);
    (void)pthread_mutex_unlock(&lock);
    (void)pthread_join(ticker, NULL);
    ticking = NULL;
    wipe(progress);
}

void rf_progress_end(rf_progress *progress)
{
    if (progress->expected > 0) {
        if (progress->enabled && progress->open) {
            end_ticker(progress);
        }
        progress->open = false;
        return;
    }
    (void)pthread_mutex_lock(&lock);
    going -= progress->open;
    progress->open = false;
    wipe(progress);
    (void)pthread_mutex_unlock(&lock);
}
