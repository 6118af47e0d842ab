/* main.c - the command line: options before the command, the table of commands, exit statuses.
 *
 * Invariant: every way out says, by its exit status, what the contract promises (0 done, 1 failed,
 * 2 wrong usage, 3 rows rejected, 4 database trouble), and a result that could not be written in
 * full never ends in 0.
 */
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/version.h"
#include "command/command.h"
#include "command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The only list of commands, in the order of use. */
static const rf_command *const COMMANDS[] = {
    &rf_command_import,   &rf_command_detect,  &rf_command_rings,
    &rf_command_ring,     &rf_command_history, &rf_command_explain,
    &rf_command_query,    &rf_command_export,  &rf_command_decide,
    &rf_command_allow,    &rf_command_flag,    &rf_command_separate,
    &rf_command_evaluate, &rf_command_cluster, NULL,
};

enum { MOST_THREADS = 1024, LONGEST_NAME = 32 };

static const struct option OPTIONS[] = {{"db", required_argument, NULL, 'd'},
                                        {"format", required_argument, NULL, 'f'},
                                        {"threads", required_argument, NULL, 't'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, 'h'},
                                        {"version", no_argument, NULL, 'V'},
                                        {NULL, 0, NULL, 0}};

/* ---- help ---- */

static void print_help(FILE *file)
{
    (void)fputs(
        "Ringfence finds rings of fake accounts in what accounts share: payment instruments,\n"
        "devices, addresses, phones, query templates, direct ties.\n"
        "\n"
        "usage: ringfence [--db FILE] [--format table|json|csv] [--threads N] [--quiet]\n"
        "                 COMMAND [ARGUMENTS]\n"
        "\n"
        "commands:\n",
        file);
    for (size_t i = 0; COMMANDS[i] != NULL; i++) {
        (void)fprintf(file, "  %-10s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    }
    (void)fputs("\n"
                "options:\n"
                "  --db FILE       the database; default $RINGFENCE_DB, then ringfence.db\n"
                "  --format F      table for people (default), json or csv for programs\n"
                "  --threads N     threads to use; default one a processor; results do not change\n"
                "  --quiet         no messages and no progress, errors only\n"
                "  --version       the version\n"
                "  --help          this text; `ringfence COMMAND --help` for one command\n"
                "\n"
                "exit status: 0 done, 1 bad input or failed, 2 wrong usage, 3 done but rows were\n"
                "rejected, 4 the database is busy, corrupt or newer than this program\n",
                file);
}

static const rf_command *find_command(const char *name)
{
    for (size_t i = 0; COMMANDS[i] != NULL; i++) {
        if (strcmp(COMMANDS[i]->name, name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t low = a < b ? a : b;
    return low < c ? low : c;
}

/* Edits that turn one name into the other: insert, delete, replace, swap neighbours. O(ab). */
static size_t distance(const char *a, const char *b)
{
    size_t rows[LONGEST_NAME + 1][LONGEST_NAME + 1];
    size_t length_a = strlen(a);
    size_t length_b = strlen(b);
    if (length_a > LONGEST_NAME || length_b > LONGEST_NAME) {
        return LONGEST_NAME;
    }
    for (size_t i = 0; i <= length_a; i++) {
        for (size_t j = 0; j <= length_b; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            rows[i][j] = least(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
                               rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                rows[i - 2][j - 2] + 1 < rows[i][j]) {
                rows[i][j] = rows[i - 2][j - 2] + 1;
            }
        }
    }
    return rows[length_a][length_b];
}

static rf_status unknown_command(const char *name, rf_error *err)
{
    const rf_command *nearest = NULL;
    size_t best = 3; /* farther names are no help */
    for (size_t i = 0; COMMANDS[i] != NULL; i++) {
        size_t away = strncmp(COMMANDS[i]->name, name, strlen(name)) == 0
                          ? 0
                          : distance(COMMANDS[i]->name, name);
        if (away < best && away < strlen(name)) {
            best = away;
            nearest = COMMANDS[i];
        }
    }
    if (nearest != NULL) {
        return rf_fail(err, RF_EUSAGE, "unknown command '%.100s'; did you mean `ringfence %s`?",
                       name, nearest->name);
    }
    return rf_fail(err, RF_EUSAGE, "unknown command '%.100s'; see `ringfence --help`", name);
}

static rf_status show_help(const char *name, rf_error *err)
{
    const rf_command *command = name == NULL ? NULL : find_command(name);
    rf_text text = {0};
    if (name == NULL) {
        print_help(stdout);
        return RF_OK;
    }
    if (command == NULL) {
        return unknown_command(name, err);
    }
    rf_command_help(command, &text);
    (void)fputs(rf_text_get(&text), stdout);
    rf_text_free(&text);
    return RF_OK;
}

/* ---- options ---- */

/* How many words (0, 1, 2) a global option at `word` takes. */
static int global_words(const char *word)
{
    static const char *const WITH_VALUE[] = {"--db", "--format", "--threads"};
    if (strcmp(word, "--quiet") == 0) {
        return 1;
    }
    for (size_t i = 0; i < sizeof WITH_VALUE / sizeof WITH_VALUE[0]; i++) {
        size_t length = strlen(WITH_VALUE[i]);
        if (strncmp(word, WITH_VALUE[i], length) == 0 &&
            (word[length] == '\0' || word[length] == '=')) {
            return word[length] == '=' ? 1 : 2;
        }
    }
    return 0;
}

/* People write `rings --format json`: moves the global options to the front, keeping their order
 * and that of all other words. Words after `--` stay. `moved` has room for argc + 1 words. */
static rf_status globals_first(int argc, char **argv, char **moved, rf_error *err)
{
    int to = 1;
    moved[0] = argv[0];
    for (int pass = 0; pass < 2; pass++) {
        bool ended = false;
        for (int i = 1; i < argc;) {
            int words = 0;
            ended = ended || strcmp(argv[i], "--") == 0;
            words = ended ? 0 : global_words(argv[i]);
            if (i + words > argc) {
                return rf_fail(err, RF_EUSAGE, "%s needs a value; see `ringfence --help`", argv[i]);
            }
            for (int k = 0; k < (words == 0 ? 1 : words); k++, i++) {
                if ((words > 0) == (pass == 0)) {
                    moved[to++] = argv[i];
                }
            }
        }
    }
    moved[to] = NULL;
    return RF_OK;
}

static rf_status read_format(const char *text, rf_format *format, rf_error *err)
{
    static const char *const NAMES[] = {
        [RF_FORMAT_TABLE] = "table", [RF_FORMAT_JSON] = "json", [RF_FORMAT_CSV] = "csv"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(text, NAMES[i]) == 0) {
            *format = (rf_format)i;
            return RF_OK;
        }
    }
    return rf_fail(err, RF_EUSAGE, "--format: '%.100s' is none of table, json, csv", text);
}

typedef struct request {
    rf_globals globals;
    bool help;
    bool version;
} request;

static rf_status read_option(int option, char **argv, request *asked, rf_error *err)
{
    int64_t number = 0;
    rf_status status;
    switch (option) {
    case 'd':
        asked->globals.db = optarg;
        return RF_OK;
    case 'f':
        return read_format(optarg, &asked->globals.format, err);
    case 't':
        status = rf_option_int("--threads", optarg, 1, MOST_THREADS, &number, err);
        asked->globals.threads = (unsigned)number;
        return status;
    case 'q':
        asked->globals.quiet = true;
        return RF_OK;
    case 'h':
        asked->help = true;
        return RF_OK;
    case 'V':
        asked->version = true;
        return RF_OK;
    case ':':
        return rf_fail(err, RF_EUSAGE, "%.100s needs a value; see `ringfence --help`",
                       argv[optind - 1]);
    default:
        return rf_fail(err, RF_EUSAGE, "unknown option %.100s; see `ringfence --help`",
                       argv[optind - 1]);
    }
}

static rf_status read_options(int argc, char **argv, request *asked, rf_error *err)
{
    const char *db = getenv("RINGFENCE_DB");
    rf_status status = RF_OK;
    int option;
    *asked = (request){.globals = {.db = db != NULL && db[0] != '\0' ? db : "ringfence.db",
                                   .threads = rf_processors()}};
    opterr = 0; /* the messages are ours */
    while (status == RF_OK && (option = getopt_long(argc, argv, "+:hqV", OPTIONS, NULL)) != -1) {
        status = read_option(option, argv, asked, err);
    }
    if (status == RF_OK && asked->globals.db[0] == '\0') {
        status = rf_fail(err, RF_EUSAGE, "--db needs the name of a file");
    }
    return status;
}

/* ---- running ---- */

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static rf_status run_command(const request *asked, int argc, char **argv, rf_error *err)
{
    const rf_command *command = find_command(argv[0]);
    if (strcmp(argv[0], "help") == 0) {
        return show_help(argc > 1 ? argv[1] : NULL, err);
    }
    if (command == NULL) {
        return unknown_command(argv[0], err);
    }
    if (asks_help(argc, argv)) {
        return show_help(argv[0], err);
    }
    rf_progress_silence(asked->globals.quiet);
    optind = 0; /* a new round of getopt_long */
    return command->run(&asked->globals, argc, argv, err);
}

static rf_status run(int argc, char **argv, rf_error *err)
{
    request asked;
    rf_status status = read_options(argc, argv, &asked, err);
    int first = optind;
    if (status != RF_OK) {
        return status;
    }
    if (asked.version) {
        (void)puts("ringfence " RF_VERSION);
        return RF_OK;
    }
    if (asked.help) {
        return show_help(first < argc ? argv[first] : NULL, err);
    }
    if (first >= argc) {
        print_help(stderr);
        return rf_fail(err, RF_EUSAGE, "no command given");
    }
    return run_command(&asked, argc - first, argv + first, err);
}

static void print_error(const char *text)
{
    rf_text safe = {0};
    rf_text_add_safe(&safe, text, strlen(text));
    (void)fprintf(stderr, "ringfence: %s\n", rf_text_get(&safe));
    rf_text_free(&safe);
}

int main(int argc, char **argv)
{
    rf_error err = {.status = RF_OK};
    char **moved = rf_alloc((size_t)argc + 1, sizeof *moved);
    rf_status status;
    /* A reader that has seen enough (`| head`) ends the program quietly, whatever was inherited. */
    (void)signal(SIGPIPE, SIG_DFL);
    /* A limit on the size of files is a full disk: told, undone, and exit status 1. */
    (void)signal(SIGXFSZ, SIG_IGN);
    /* Only how wide characters are; numbers stay as in C. Output is UTF-8 everywhere. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        (void)setlocale(LC_CTYPE, "");
    }
    if (moved == NULL || argc < 1) {
        print_error("out of memory");
        return 1;
    }
    status = globals_first(argc, argv, moved, &err);
    if (status == RF_OK) {
        status = run(argc, moved, &err);
    }
    rf_free(moved);
    if (status != RF_OK && err.text[0] != '\0') {
        print_error(err.text);
    }
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == RF_OK) {
        status = RF_EIO;
        (void)rf_fail(&err, status, "standard output could not be written in full: %s",
                      errno != 0 ? strerror(errno) : "the disk may be full");
        print_error(err.text);
    }
    return rf_exit_code(status);
}
