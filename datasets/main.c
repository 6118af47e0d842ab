/* main.c - worldgen: writes a synthetic population with planted rings, and its truth.
 *
 * Invariant: the files depend on the options only, never on the clock, the machine's locale or the
 * folder. A million accounts take some seconds and well under a gigabyte.
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char USAGE[] =
    "usage: worldgen --out DIR [options]\n"
    "Writes a synthetic population with rings of fake accounts, in the import formats:\n"
    "accounts, payments, events, phones, referrals, and truth and communities to judge by.\n"
    "\n"
    "  --out DIR            where to write; created if missing\n"
    "  --accounts N         accounts in all, 500 to 20000000 (60000)\n"
    "  --seed S             another seed, another population (1)\n"
    "  --camouflage C       chance that a ring account's sighting looks honest, 0 to 1 (0.3)\n"
    "  --vary V             how far parameters may move from their defaults, 0 to 1 (0)\n"
    "  --set NAME=VALUE     fixes one parameter; may be repeated\n"
    "  --list-params        prints the parameters as they would be used, and stops\n"
    "  --no-rings           honest people only\n"
    "  --format csv|jsonl   (csv)\n"
    "  --days D             length of the window of events, 14 to 400 (90)\n"
    "  --start YYYY-MM-DD   its first day, 1990 to 2099 (2026-03-01)\n"
    "  --shuffle            sightings in no order, instead of by time\n"
    "  --quiet              no row counts on standard error\n"
    "  --help\n";

_Noreturn static void refuse(const char *option, const char *value)
{
    fprintf(stderr, "worldgen: %s: not usable: '%s' (see --help)\n", option, value);
    exit(2);
}

static double number(const char *option, const char *text, double low, double high)
{
    char *end;
    errno = 0;
    double x = strtod(text, &end);
    if (end == text || *end || errno || !(x >= low && x <= high)) {
        refuse(option, text);
    }
    return x;
}

static uint64_t whole(const char *option, const char *text, uint64_t low, uint64_t high)
{
    char *end;
    errno = 0;
    unsigned long long x = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || x < low || x > high) {
        refuse(option, text);
    }
    return x;
}

/* Unix seconds of a date. */
static uint32_t date(const char *option, const char *text)
{
    static const uint8_t LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    int used = 0;
    if (sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &used) != 3 || text[used] ||
        year < 1990 || year > 2099 || month < 1 || month > 12 || day < 1) {
        refuse(option, text);
    }
    bool leap = year % 4 == 0; /* true of every year allowed here */
    if (day > LENGTHS[month - 1] + (leap && month == 2 ? 1u : 0u)) {
        refuse(option, text);
    }
    uint32_t days = (year - 1970) * 365 + (year - 1969) / 4 + day - 1;
    for (unsigned m = 1; m < month; m++) {
        days += LENGTHS[m - 1] + (leap && m == 2 ? 1u : 0u);
    }
    return days * WG_DAY;
}

typedef struct {
    const char *sets[64];
    int set_count;
    bool list;
} wishes;

static void apply(wg_options *options, wishes *wish, int option, const char *value)
{
    switch (option) {
    case 'o':
        options->out = value;
        break;
    case 'n':
        options->accounts = (uint32_t)whole("--accounts", value, 500, 20000000);
        break;
    case 's':
        options->seed = whole("--seed", value, 0, UINT64_MAX);
        break;
    case 'c':
        options->camouflage = number("--camouflage", value, 0, 1);
        break;
    case 'v':
        options->vary = number("--vary", value, 0, 1);
        break;
    case 'e':
        if (wish->set_count == (int)(sizeof wish->sets / sizeof wish->sets[0])) {
            refuse("--set", value);
        }
        wish->sets[wish->set_count++] = value;
        break;
    case 'l':
        wish->list = true;
        break;
    case 'r':
        options->rings = false;
        break;
    case 'f':
        options->json = strcmp(value, "jsonl") == 0;
        if (!options->json && strcmp(value, "csv") != 0) {
            refuse("--format", value);
        }
        break;
    case 'd':
        options->days = (uint32_t)whole("--days", value, 14, 400);
        break;
    case 't':
        options->start = date("--start", value);
        break;
    case 'x':
        options->shuffle = true;
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'h':
        fputs(USAGE, stdout);
        exit(0);
    default:
        fputs("worldgen: see --help\n", stderr);
        exit(2);
    }
}

static void read_options(wg_options *options, wishes *wish, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"out", required_argument, NULL, 'o'},
        {"accounts", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"camouflage", required_argument, NULL, 'c'},
        {"vary", required_argument, NULL, 'v'},
        {"set", required_argument, NULL, 'e'},
        {"list-params", no_argument, NULL, 'l'},
        {"no-rings", no_argument, NULL, 'r'},
        {"format", required_argument, NULL, 'f'},
        {"days", required_argument, NULL, 'd'},
        {"start", required_argument, NULL, 't'},
        {"shuffle", no_argument, NULL, 'x'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        apply(options, wish, option, optarg);
    }
    if (optind < argc) {
        refuse("argument", argv[optind]);
    }
    if (!options->out && !wish->list) {
        fputs("worldgen: --out is missing (see --help)\n", stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    wg_options options = {.accounts = 60000,
                          .seed = 1,
                          .camouflage = .3,
                          .days = 90,
                          .start = 1772323200,
                          .rings = true};
    wishes wish = {0};
    static wg_world world; /* its address plan is too large for a stack */
    wg_params params;
    read_options(&options, &wish, argc, argv);
    wg_params_draw(&params, &options);
    for (int i = 0; i < wish.set_count; i++) {
        if (!wg_params_set(&params, wish.sets[i])) {
            refuse("--set", wish.sets[i]);
        }
    }
    if (wish.list) {
        wg_params_print(&params);
        return 0;
    }
    if (mkdir(options.out, 0777) != 0 && errno != EEXIST) {
        wg_die(strerror(errno), options.out);
    }
    wg_world_open(&world, &options, &params);
    if (options.rings) {
        wg_make_rings(&world);
    }
    wg_make_honest(&world);
    wg_write_world(&world);
    wg_world_close(&world);
    return 0;
}
