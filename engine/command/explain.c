/* explain.c - `ringfence explain ACCOUNT [OTHER]`: why an account is in its ring, and why two
 * accounts are linked or not.
 *
 * For people the answer comes first, in a sentence, then what it rests on, strongest first. JSON
 * has everything in one object; CSV has the shared values of a pair, or the neighbours of an
 * account.
 */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/explain_view.h"
#include "command/left_out.h"
#include "command/output.h"
#include "command/runs.h"
#include "store/store.h"

#include <getopt.h>
#include <math.h>
#include <string.h>

enum {
    NEIGHBOURS_SHOWN = 5,
    VALUES_SHOWN = 12,
    OWN_SHOWN = 4,
    SHARED_SHOWN = 3,
    VALUE_WIDTH = 40,
    ID_WIDTH = 40
};

typedef struct choice {
    const char *run_text;
    const char *account, *other; /* other: NULL for one account */
    int64_t neighbours;          /* -1: not said */
} choice;

static void paragraph(rf_text *text, size_t indent)
{
    if (text->length > 0) {
        rf_paragraph(stdout, indent, rf_text_get(text));
    }
    rf_text_clear(text);
}

static void more(size_t left, const char *how)
{
    rf_text text = {0};
    if (left > 0) {
        rf_text_printf(&text, "and %zu more: %s", left, how);
        paragraph(&text, 0);
    }
    rf_text_free(&text);
}

/* A cell with bits and their sign, never "-0.0". */
static void sheet_bits(rf_sheet *sheet, double bits)
{
    char text[32];
    bool const none = fabs(bits) < 0.05;
    (void)snprintf(text, sizeof text, none ? "%6.1f" : "%+6.1f", none ? 0.0 : bits);
    rf_sheet_text(sheet, text);
}

static void sheet_short(rf_sheet *sheet, const char *value, size_t most)
{
    rf_text text = {0};
    rf_text_add_short(&text, value, strlen(value), most);
    rf_sheet_text(sheet, rf_text_get(&text));
    rf_text_free(&text);
}

static void sheet_said(rf_sheet *sheet, void (*say)(rf_text *, const rf_explained_value *),
                       const rf_explained_value *value)
{
    rf_text text = {0};
    say(&text, value);
    rf_sheet_text(sheet, rf_text_get(&text));
    rf_text_free(&text);
}

/* ---- two accounts, for people ---- */

static rf_status show_shared(const rf_explained_pair *pair, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "counted", .title = "bits", .kind = RF_FIELD_TEXT},
        {.name = "alone", .kind = RF_FIELD_TEXT},
        {.name = "signal", .kind = RF_FIELD_TEXT},
        {.name = "value", .kind = RF_FIELD_TEXT},
        {.name = "when", .kind = RF_FIELD_TEXT},
        {.name = "holders", .title = "accounts", .kind = RF_FIELD_INT},
        {.name = "reason", .title = "why", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_TABLE};
    rf_sheet *sheet = NULL;
    size_t const shown = pair->count < VALUES_SHOWN ? pair->count : VALUES_SHOWN;
    rf_status status;
    if (pair->count == 0) {
        return RF_OK;
    }
    status = rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    rf_heading(stdout, "What they share, strongest first (bits: as counted; alone: by itself)");
    for (size_t i = 0; i < shown; i++) {
        const rf_explained_value *v = &pair->shared[i];
        sheet_bits(sheet, v->counted);
        sheet_bits(sheet, v->alone);
        rf_sheet_text(sheet, v->signal);
        sheet_short(sheet, v->text, VALUE_WIDTH);
        sheet_said(sheet, rf_say_when, v);
        rf_sheet_int(sheet, v->holders);
        sheet_said(sheet, rf_say_reason, v);
    }
    status = rf_sheet_end(sheet, err);
    if (status == RF_OK) {
        more(pair->count - shown, "--format json");
    }
    return status;
}

/* "ip 203.0.113.7, ip 198.51.100.1" of the first values of a list. */
static void list_values(rf_text *text, const rf_explained_value *value, size_t count, size_t most)
{
    for (size_t i = 0; i < count && i < most; i++) {
        rf_text_printf(text, "%s%s ", i == 0 ? "" : ", ", value[i].signal);
        rf_text_add_short(text, value[i].text, strlen(value[i].text), VALUE_WIDTH);
    }
    if (count > most) {
        rf_text_printf(text, " and %zu more", count - most);
    }
}

static rf_status show_pair(const rf_pair_page *page, rf_error *err)
{
    rf_text text = {0};
    rf_status status;
    rf_say_pair(&text, page);
    paragraph(&text, 0);
    rf_say_separation(&text, &page->pair);
    paragraph(&text, 0);
    rf_say_changed(&text, &page->learned, &page->pair);
    paragraph(&text, 0);
    status = show_shared(&page->pair, err);
    if (status == RF_OK) {
        rf_show_left_out(&page->left_out, "They", SIZE_MAX);
        (void)fputc('\n', stdout);
        if (page->pair.count > 0) {
            rf_say_sum(&text, &page->pair);
            paragraph(&text, 0);
        }
        if (page->pair.aparts > 0) {
            rf_text_add(&text, "Both used, but never on one day, which is what counts: ");
            list_values(&text, page->pair.apart, page->pair.aparts, OWN_SHOWN);
            rf_text_add(&text, ".");
            paragraph(&text, 0);
        }
        rf_say_rings(&text, page);
        paragraph(&text, 0);
    }
    rf_text_free(&text);
    return status;
}

static rf_status write_pair_csv(const rf_pair_page *page, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "signal", .kind = RF_FIELD_TEXT},
        {.name = "family", .kind = RF_FIELD_TEXT},
        {.name = "value", .kind = RF_FIELD_TEXT},
        {.name = "first_day", .kind = RF_FIELD_DAY},
        {.name = "last_day", .kind = RF_FIELD_DAY},
        {.name = "days", .kind = RF_FIELD_INT},
        {.name = "holders", .kind = RF_FIELD_INT},
        {.name = "examined", .kind = RF_FIELD_INT},
        {.name = "corroborated", .kind = RF_FIELD_INT},
        {.name = "reliability", .kind = RF_FIELD_REAL, .decimals = 6},
        {.name = "bits_alone", .kind = RF_FIELD_REAL, .decimals = 3},
        {.name = "bits_counted", .kind = RF_FIELD_REAL, .decimals = 3},
        {.name = "hub", .kind = RF_FIELD_TEXT}};
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_CSV};
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (size_t i = 0; i < page->pair.count && status == RF_OK; i++) {
        const rf_explained_value *v = &page->pair.shared[i];
        rf_sheet_text(sheet, v->signal);
        rf_sheet_text(sheet, v->family);
        rf_sheet_text(sheet, v->text);
        rf_sheet_day(sheet, v->days == 0 ? RF_NO_DAY : v->day[0]);
        rf_sheet_day(sheet, v->days == 0 ? RF_NO_DAY : v->day[v->days - 1]);
        rf_sheet_int(sheet, v->days);
        rf_sheet_int(sheet, v->holders);
        rf_sheet_int(sheet, v->examined);
        rf_sheet_int(sheet, v->corroborated);
        rf_sheet_real(sheet, v->reliability);
        rf_sheet_real(sheet, v->alone);
        rf_sheet_real(sheet, v->counted);
        rf_sheet_text(sheet, v->treatment);
    }
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

/* ---- one account ---- */

static const rf_field NEIGHBOUR_FIELDS[] = {
    {.name = "account_id", .title = "account", .kind = RF_FIELD_TEXT},
    {.name = "bits", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "families", .kind = RF_FIELD_INT},
    {.name = "ring_id", .title = "ring", .kind = RF_FIELD_INT},
    {.name = "shared", .title = "what they share", .kind = RF_FIELD_TEXT, .wrap = true}};

static rf_status write_neighbours(const rf_account_page *page, rf_format format, rf_error *err)
{
    rf_sheet_options options = {.file = stdout, .format = format};
    rf_text text = {0};
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, NEIGHBOUR_FIELDS,
                       sizeof NEIGHBOUR_FIELDS / sizeof NEIGHBOUR_FIELDS[0], &sheet, err);
    for (size_t i = 0; i < page->neighbours && status == RF_OK; i++) {
        const rf_explained_neighbour *one = &page->neighbour[i];
        if (format == RF_FORMAT_TABLE) {
            sheet_short(sheet, one->id, ID_WIDTH);
        } else {
            rf_sheet_text(sheet, one->id);
        }
        rf_sheet_real(sheet, one->bits);
        rf_sheet_int(sheet, one->families);
        if (one->ring == 0) {
            rf_sheet_null(sheet);
        } else {
            rf_sheet_int(sheet, one->ring);
        }
        rf_text_clear(&text);
        rf_say_shared(&text, &one->pair, SHARED_SHOWN);
        rf_sheet_text(sheet, rf_text_get(&text));
    }
    rf_text_free(&text);
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

static rf_status show_neighbours(const rf_account_page *page, rf_error *err)
{
    char how[64];
    rf_status status;
    if (page->neighbours == 0) {
        return RF_OK;
    }
    rf_heading(stdout, page->account.ring == 0
                           ? "Its strongest links, which were not enough"
                           : "Its strongest links, those inside the ring first");
    status = write_neighbours(page, RF_FORMAT_TABLE, err);
    (void)snprintf(how, sizeof how, "--neighbours %lld", (long long)page->links);
    if (status == RF_OK) {
        more((size_t)page->links - page->neighbours, how);
    }
    return status;
}

/* Shared values with members (with_ring), or those shared with others only. */
static rf_status show_values(const rf_account_page *page, bool with_ring, const char *heading,
                             rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "bits", .title = "bits a pair", .kind = RF_FIELD_TEXT},
        {.name = "signal", .kind = RF_FIELD_TEXT},
        {.name = "value", .kind = RF_FIELD_TEXT},
        {.name = "members", .kind = RF_FIELD_INT},
        {.name = "others", .kind = RF_FIELD_INT},
        {.name = "when", .kind = RF_FIELD_TEXT},
        {.name = "what", .title = "what it is", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_TABLE};
    rf_sheet *sheet = NULL;
    size_t found = 0;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (size_t i = 0; i < page->shares && status == RF_OK; i++) {
        const rf_explained_value *v = &page->shared[i];
        if ((v->members > 0) != with_ring || (!with_ring && !(v->alone > 0)) ||
            (v->treatment != NULL && v->too_common) || found++ >= VALUES_SHOWN) {
            continue;
        }
        if (found == 1) {
            rf_heading(stdout, heading);
        }
        sheet_bits(sheet, v->alone);
        rf_sheet_text(sheet, v->signal);
        sheet_short(sheet, v->text, VALUE_WIDTH);
        rf_sheet_int(sheet, v->members);
        rf_sheet_int(sheet, (int64_t)v->sharing - v->members);
        sheet_said(sheet, rf_say_when, v);
        rf_sheet_text(sheet, v->what);
    }
    if (status == RF_OK) {
        status = rf_sheet_end(sheet, err);
    }
    if (status == RF_OK && found > VALUES_SHOWN) {
        more(found - VALUES_SHOWN, "--format json");
    }
    return status;
}

static void show_own(const rf_account_page *page)
{
    rf_text text = {0};
    if (page->owns > 0) {
        rf_heading(stdout, "Its own: shared with nobody");
        list_values(&text, page->own, page->owns, OWN_SHOWN);
        paragraph(&text, 0);
    }
    rf_text_free(&text);
}

static rf_status show_hubs(const rf_account_page *page, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "signal", .kind = RF_FIELD_TEXT},
        {.name = "value", .kind = RF_FIELD_TEXT},
        {.name = "holders", .title = "accounts", .kind = RF_FIELD_INT},
        {.name = "bits", .kind = RF_FIELD_TEXT},
        {.name = "treatment", .kind = RF_FIELD_TEXT}};
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_TABLE};
    rf_sheet *sheet = NULL;
    size_t found = 0;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (uint32_t i = 0; i < page->held.values && status == RF_OK; i++) {
        const rf_held_value *v = &page->held.value[i];
        if (v->treatment == NULL || found++ >= VALUES_SHOWN) {
            continue;
        }
        if (found == 1) {
            rf_heading(stdout, "Not counted as others are: hubs, used by too many");
        }
        rf_sheet_text(sheet, page->learned.signal[v->signal].name);
        sheet_short(sheet, v->text, VALUE_WIDTH);
        rf_sheet_int(sheet, v->hub_holders);
        sheet_bits(sheet, v->hub_bits);
        rf_sheet_text(sheet, v->treatment[0] == 'i'   ? "ignored"
                             : v->treatment[0] == 'a' ? "adds to pairs, makes none"
                                                      : "joins all its holders");
    }
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

static rf_status show_account(const rf_account_page *page, rf_error *err)
{
    rf_text text = {0};
    rf_status status;
    rf_say_account(&text, page);
    paragraph(&text, 0);
    rf_say_facts(&text, &page->account);
    paragraph(&text, 0);
    rf_say_changed(&text, &page->learned, NULL);
    paragraph(&text, 0);
    rf_text_free(&text);
    status = show_neighbours(page, err);
    if (status == RF_OK && page->account.ring != 0) {
        status = show_values(page, true,
                             "What binds it to the ring (members and others that share it)", err);
    }
    if (status == RF_OK) {
        status = show_values(page, false,
                             page->account.ring == 0 ? "What it shares"
                                                     : "What it shares outside the ring only",
                             err);
    }
    if (status == RF_OK) {
        show_own(page);
        status = show_hubs(page, err);
    }
    return status == RF_OK ? rf_show_suspicion(&page->suspicion, err) : status;
}

/* ---- the command ---- */

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"run", required_argument, NULL, 'r'},
                                            {"neighbours", required_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    rf_status status = RF_OK;
    int option;
    *asked = (choice){.neighbours = -1};
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'r':
            asked->run_text = optarg;
            break;
        case 'n':
            status = rf_option_int("--neighbours", optarg, 0, INT32_MAX, &asked->neighbours, err);
            break;
        default:
            status = rf_usage_option(err, &rf_command_explain, argv, option);
        }
    }
    if (status == RF_OK && argc - optind != 1 && argc - optind != 2) {
        status = rf_usage(err, &rf_command_explain, "give one account, or two");
    }
    if (status == RF_OK) {
        asked->account = argv[optind];
        asked->other = argc - optind == 2 ? argv[optind + 1] : NULL;
    }
    return status;
}

static rf_status tell_pair(const rf_globals *globals, rf_store *store, int64_t run, int64_t one,
                           int64_t other, rf_error *err)
{
    rf_pair_page page = {0};
    rf_status status = rf_explain_pair(store, run, one, other, &page, err);
    if (status == RF_OK && globals->format == RF_FORMAT_TABLE) {
        status = show_pair(&page, err);
    } else if (status == RF_OK && globals->format == RF_FORMAT_CSV) {
        status = write_pair_csv(&page, err);
    } else if (status == RF_OK) {
        rf_json json = rf_output_json();
        rf_json_pair(&json, &page);
        rf_json_finish(&json);
    }
    rf_pair_page_free(&page);
    return status;
}

static rf_status tell_account(const rf_globals *globals, rf_store *store, int64_t run,
                              int64_t account, int64_t neighbours, rf_error *err)
{
    int64_t const usual = globals->format == RF_FORMAT_TABLE ? NEIGHBOURS_SHOWN : INT64_MAX;
    rf_account_page page = {0};
    rf_status status =
        rf_explain_account(store, run, account, neighbours < 0 ? usual : neighbours, &page, err);
    if (status == RF_OK && globals->format == RF_FORMAT_TABLE) {
        status = show_account(&page, err);
    } else if (status == RF_OK && globals->format == RF_FORMAT_CSV) {
        status = write_neighbours(&page, RF_FORMAT_CSV, err);
    } else if (status == RF_OK) {
        rf_json json = rf_output_json();
        rf_json_account(&json, &page);
        rf_json_finish(&json);
    }
    rf_account_page_free(&page);
    return status;
}

static rf_status run_explain(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    choice asked;
    rf_store *store = NULL;
    int64_t run = 0;
    int64_t account = 0;
    int64_t other = 0;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    }
    if (status == RF_OK) {
        status = rf_choose_run(store, asked.run_text, &run, err);
    }
    if (status == RF_OK) {
        status = rf_find_account(store, asked.account, &account, err);
    }
    if (status == RF_OK && asked.other != NULL) {
        status = rf_find_account(store, asked.other, &other, err);
    }
    if (status == RF_OK && account == other) {
        status = rf_fail(err, RF_EINPUT,
                         "'%.100s' is one and the same account twice; give two different accounts, "
                         "or it alone",
                         asked.account);
    }
    if (status == RF_OK && asked.other != NULL) {
        status = tell_pair(globals, store, run, account, other, err);
    } else if (status == RF_OK) {
        status = tell_account(globals, store, run, account, asked.neighbours, err);
    }
    rf_store_close(store);
    return status;
}

const rf_command rf_command_explain = {
    .name = "explain",
    .usage = "explain ACCOUNT [--run R] [--neighbours N]\n"
             "explain ACCOUNT OTHER [--run R]",
    .summary = "tell why an account is in its ring, or why two are linked",
    .help =
        "  ACCOUNT          an account_id, as imported\n"
        "  OTHER            a second one: what the two share, what each value is worth, and\n"
        "                   how it adds up to the link or falls short of one\n"
        "  --run R          a run's number, or latest (default)\n"
        "  --neighbours N   how many linked accounts to tell; default 5 in a table, all\n"
        "                   otherwise\n"
        "\n"
        "With --format json one object with everything; with --format csv the shared values of\n"
        "two accounts, or the neighbours of one.\n"
        "\n"
        "example: ringfence explain a1b2c3 d4e5f6\n",
    .run = run_explain,
};
