/* test_progress.c - progress on a terminal: when it shows, what, and that nothing of it is left. */
#define _XOPEN_SOURCE 700
#include "base/progress.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 4096 };

static void pause_for(long milliseconds)
{
    struct timespec const time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Runs `work` with a terminal for standard error; what it wrote there. */
static void on_terminal(void (*work)(void), char text[ROOM])
{
    int const master = posix_openpt(O_RDWR | O_NOCTTY);
    int const kept = dup(STDERR_FILENO);
    int terminal;
    ssize_t length = 0;
    assert_true(master >= 0 && kept >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    work();
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    for (ssize_t part; (part = read(master, text + length, (size_t)(ROOM - 1 - length))) > 0;) {
        length += part;
    }
    text[length] = '\0';
    (void)close(terminal);
    (void)close(master);
    (void)close(kept);
}

static void long_work(void)
{
    rf_progress outer;
    rf_progress inner;
    rf_progress_start(&outer, "reading", 100);
    rf_progress_show(&outer, 10); /* the first second stays silent */
    rf_progress_start(&inner, "a part", 10);
    pause_for(1150);
    rf_progress_show(&inner, 5);
    rf_progress_end(&inner);
    rf_progress_show(&outer, 50);
    rf_progress_show(&outer, 51); /* too soon */
    rf_progress_end(&outer);
    rf_progress_end(&outer);
}

/* Once a second is over, what follows shows at once. */
static void more_work(void)
{
    rf_progress next;
    rf_progress_start(&next, "writing", 0);
    rf_progress_show(&next, 7);
    pause_for(120);
    rf_progress_show(&next, 8);
    rf_progress_end(&next);
}

static void the_outer_one_shows_after_a_second(void **state)
{
    char text[ROOM];
    (void)state;
    on_terminal(long_work, text);
    assert_non_null(strstr(text, "reading [###############...............]  50 %, about 1 s left"));
    assert_null(strstr(text, "10 %"));
    assert_null(strstr(text, "51 %"));
    assert_null(strstr(text, "a part"));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
    on_terminal(more_work, text);
    assert_string_equal(text, "\rwriting: 8 \033[K\r\033[K");
}

/* By the clock: shown while nobody counts, and gone afterwards. */
static void blind_work(void)
{
    rf_progress blind;
    rf_progress second;
    rf_progress counted;
    rf_progress_expect(&blind, "committing", 2);
    rf_progress_expect(&second, "not this", 2);
    pause_for(500);
    rf_progress_start(&counted, "writing", 10);
    pause_for(300);
    rf_progress_show(&counted, 5);
    rf_progress_end(&counted);
    pause_for(300);
    rf_progress_end(&second);
    rf_progress_end(&blind);
    rf_progress_end(&blind);
}

static void what_cannot_count_goes_by_the_clock(void **state)
{
    char text[ROOM];
    const char *counted;
    (void)state;
    on_terminal(blind_work, text);
    counted = strstr(text, "writing [###############...............]  50 %");
    assert_non_null(strstr(text, "committing [####"));
    assert_non_null(strstr(text, "about 2 s left"));
    assert_non_null(counted);
    assert_non_null(strstr(counted, "committing [#######"));
    assert_null(strstr(text, "not this"));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
    blind_work(); /* no terminal: nothing */
}

static void an_estimate_is_never_used_up(void **state)
{
    double before = 0;
    (void)state;
    for (double elapsed = 0.1; elapsed < 1000; elapsed *= 1.1) {
        double const share = rf_progress_share(elapsed, 4);
        assert_true(share > before && share < 1);
        before = share;
    }
    assert_float_equal(rf_progress_share(1, 4), 0.25, 1e-9);
}

static void quiet_is_quiet(void **state)
{
    char text[ROOM];
    (void)state;
    rf_progress_silence(true);
    on_terminal(more_work, text);
    rf_progress_silence(false);
    assert_string_equal(text, "");
    more_work(); /* no terminal: nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_outer_one_shows_after_a_second),
        cmocka_unit_test(what_cannot_count_goes_by_the_clock),
        cmocka_unit_test(an_estimate_is_never_used_up),
        cmocka_unit_test(quiet_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
