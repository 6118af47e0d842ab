/* kinds.c - the table of kinds and their row functions; see kinds.h. */
#include "importers/kinds.h"

#include "base/address.h"
#include "base/clock.h"
#include "importers/normalise.h"
#include "importers/reader_format.h"

#include <string.h>

enum { MOST_COUNT = 1000000000 }; /* requests or times of one row */

/* ---- reading cells; each returns false after making the row bad ---- */

/* A value may be private, so only its beginning is told, and instruments never. */
static bool unreadable(rf_row *row, const char *field, const rf_cell *cell, const char *expected)
{
    rf_reader_bad(row, "%s \"%.48s%s\" is not %s", field, cell->text,
                  cell->length > 48 ? "..." : "", expected);
    return false;
}

static bool short_enough(rf_row *row, const char *field, const rf_cell *cell, size_t limit)
{
    if (cell->length > limit) {
        rf_reader_bad(row, "%s is longer than %zu bytes", field, limit);
        return false;
    }
    return true;
}

static bool read_time(rf_row *row, const char *field, const rf_cell *cell, int64_t *time)
{
    *time = RF_NO_TIME;
    return cell->text == NULL || rf_time_parse(cell->text, cell->length, time) ||
           unreadable(row, field, cell, "a time (ISO 8601 or Unix seconds, 1970 to 2199)");
}

static bool read_count(rf_row *row, const char *field, const rf_cell *cell, uint32_t *count)
{
    *count = 1;
    return cell->text == NULL || rf_normal_count(cell->text, cell->length, MOST_COUNT, count) ||
           unreadable(row, field, cell, "a whole number from 1 to 1000000000");
}

static bool read_id(rf_row *row, const char *field, const rf_cell *cell)
{
    return short_enough(row, field, cell, RF_TEXT_LIMIT);
}

/* One of the words, in any case; *word is the constant, or NULL when absent. */
static bool read_word(rf_row *row, const char *field, const rf_cell *cell, const char *const *words,
                      const char *expected, const char **word)
{
    char lower[16];
    *word = NULL;
    if (cell->text == NULL) {
        return true;
    }
    if (cell->length < sizeof lower) {
        rf_lower(cell->text, cell->length, lower);
        for (; *words != NULL; words++) {
            if (strcmp(lower, *words) == 0) {
                *word = *words;
                return true;
            }
        }
    }
    return unreadable(row, field, cell, expected);
}

/* The canonical text of a value, in `own` or in the cell itself. */
typedef struct value_text {
    const char *text;
    size_t length;
    char own[RF_VALUE_LIMIT + 1];
    bool is_card;
    rf_card card;
} value_text;

static bool read_value(const rf_importing *importing, rf_row *row, int signal, const char *field,
                       const rf_cell *cell, value_text *value)
{
    rf_address address;
    value->text = NULL;
    value->is_card = false;
    if (cell->text == NULL) {
        return true;
    }
    if (!short_enough(row, field, cell, RF_VALUE_LIMIT)) {
        return false;
    }
    value->text = cell->text;
    value->length = cell->length;
    switch (signal) {
    case RF_INTAKE_IP:
        if (!rf_address_parse(cell->text, cell->length, &address)) {
            return unreadable(row, field, cell, "an IP address");
        }
        value->length = rf_address_format(&address, value->own);
        value->text = value->own;
        break;
    case RF_INTAKE_DEVICE:
        rf_normal_device(cell->text, cell->length, value->own);
        value->text = value->own;
        break;
    case RF_INTAKE_PHONE:
        if (!rf_normal_phone(cell->text, cell->length, value->own)) {
            return unreadable(row, field, cell, "a phone number");
        }
        value->text = value->own;
        value->length = strlen(value->own);
        break;
    case RF_INTAKE_INSTRUMENT:
        value->is_card = rf_normal_card(cell->text, cell->length, importing->card_key,
                                        strlen(importing->card_key), &value->card);
        if (value->is_card) {
            value->text = value->card.token;
            value->length = strlen(value->card.token);
        }
        break;
    default:
        break;
    }
    return true;
}

/* ---- writing what several kinds write ---- */

/* The value sighted by the account; *number is for further facts. */
static rf_status put_value(rf_importing *importing, int signal, const value_text *value,
                           uint32_t account, int64_t seen_at, uint32_t times, uint32_t *number,
                           rf_error *err)
{
    rf_status status =
        rf_intake_value(importing->intake, signal, value->text, value->length, number, err);
    if (status == RF_OK) {
        status =
            rf_intake_sighting(importing->intake, *number, account, rf_day_of(seen_at), times, err);
    }
    return status;
}

static rf_status put_instrument(rf_importing *importing, uint32_t number, const value_text *value,
                                rf_instrument_claim *claim, rf_error *err)
{
    if (value->is_card) {
        importing->cards++;
        claim->bin = claim->bin == NULL ? value->card.bin : claim->bin;
        claim->last4 = claim->last4 == NULL ? value->card.last4 : claim->last4;
    }
    if (claim->kind == NULL && claim->bin == NULL && claim->last4 == NULL &&
        claim->country == NULL && claim->funding == NULL) {
        return RF_OK;
    }
    return rf_intake_instrument_claim(importing->intake, number, claim, err);
}

static rf_status put_account(rf_importing *importing, const rf_row *row, uint32_t *account,
                             rf_error *err)
{
    return rf_intake_account(importing->intake, row->cells[0].text, row->cells[0].length, account,
                             err);
}

/* A row that says nothing but that the account exists is a claim without content: so that taking
 * back one of two imports that do so keeps the account. */
static rf_status put_mention(rf_importing *importing, uint32_t account, rf_error *err)
{
    static const rf_account_claim nothing = {.created_at = RF_NO_TIME};
    return rf_intake_account_claim(importing->intake, account, &nothing, err);
}

/* ---- accounts ---- */

static rf_status take_account(rf_importing *importing, rf_row *row, rf_error *err)
{
    enum { ID, CREATED, EMAIL, COUNTRY, TIMEZONE, PLAN, STATUS, OWNER };
    static const char *const states[] = {"active", "suspended", "banned", "closed", NULL};
    const rf_cell *cells = row->cells;
    rf_account_claim claim = {.email = cells[EMAIL].text,
                              .timezone = cells[TIMEZONE].text,
                              .plan = cells[PLAN].text,
                              .owner_id = cells[OWNER].text};
    char key[RF_TEXT_LIMIT];
    char domain[RF_TEXT_LIMIT];
    char country[RF_TEXT_LIMIT + 1];
    uint32_t account;
    rf_status status;
    if (!read_id(row, "account_id", &cells[ID]) || !read_id(row, "country", &cells[COUNTRY]) ||
        !read_id(row, "timezone", &cells[TIMEZONE]) || !read_id(row, "plan", &cells[PLAN]) ||
        !read_id(row, "owner_id", &cells[OWNER]) ||
        !read_time(row, "created_at", &cells[CREATED], &claim.created_at) ||
        !read_word(row, "status", &cells[STATUS], states, "active, suspended, banned or closed",
                   &claim.status)) {
        return RF_OK;
    }
    if (claim.email != NULL) {
        if (!rf_normal_email(claim.email, cells[EMAIL].length, key, domain)) {
            (void)unreadable(row, "email", &cells[EMAIL], "an e-mail address");
            return RF_OK;
        }
        claim.email_key = key;
        claim.email_domain = domain;
    }
    if (cells[COUNTRY].text != NULL) {
        rf_upper(cells[COUNTRY].text, cells[COUNTRY].length, country);
        claim.country = country;
    }
    status = put_account(importing, row, &account, err);
    if (status == RF_OK) {
        status = rf_intake_account_claim(importing->intake, account, &claim, err);
    }
    return status;
}

/* ---- payments ---- */

static bool read_payment(rf_row *row, rf_instrument_claim *claim, char *country, char *funding,
                         char *kind, char *last4)
{
    enum { ID, INSTRUMENT, KIND, BIN, LAST4, COUNTRY, FUNDING };
    const rf_cell *cells = row->cells;
    if (!read_id(row, "account_id", &cells[ID]) || !read_id(row, "kind", &cells[KIND]) ||
        !read_id(row, "country", &cells[COUNTRY]) || !read_id(row, "funding", &cells[FUNDING])) {
        return false;
    }
    if (cells[BIN].text != NULL && !rf_digits(cells[BIN].text, cells[BIN].length, 6, 8)) {
        rf_reader_bad(row, "bin is not six to eight digits");
        return false;
    }
    if (cells[LAST4].text != NULL) {
        if (!rf_digits(cells[LAST4].text, cells[LAST4].length, 1, 4)) {
            rf_reader_bad(row, "last4 is not four digits");
            return false;
        }
        memcpy(last4, "0000", 5); /* spreadsheets lose leading zeros */
        memcpy(last4 + 4 - cells[LAST4].length, cells[LAST4].text, cells[LAST4].length);
        claim->last4 = last4;
    }
    claim->bin = cells[BIN].text;
    if (cells[KIND].text != NULL) {
        rf_lower(cells[KIND].text, cells[KIND].length, kind);
        claim->kind = kind;
    }
    if (cells[COUNTRY].text != NULL) {
        rf_upper(cells[COUNTRY].text, cells[COUNTRY].length, country);
        claim->country = country;
    }
    if (cells[FUNDING].text != NULL) {
        rf_lower(cells[FUNDING].text, cells[FUNDING].length, funding);
        claim->funding = funding;
    }
    return true;
}

static rf_status take_payment(rf_importing *importing, rf_row *row, rf_error *err)
{
    enum { INSTRUMENT = 1, SEEN = 7 };
    rf_instrument_claim claim = {0};
    value_text value;
    char country[RF_TEXT_LIMIT + 1];
    char funding[RF_TEXT_LIMIT + 1];
    char kind[RF_TEXT_LIMIT + 1];
    char last4[5];
    int64_t seen_at;
    uint32_t account;
    uint32_t number;
    rf_status status;
    if (!read_payment(row, &claim, country, funding, kind, last4) ||
        !read_time(row, "seen_at", &row->cells[SEEN], &seen_at) ||
        !read_value(importing, row, RF_INTAKE_INSTRUMENT, "instrument", &row->cells[INSTRUMENT],
                    &value)) {
        return RF_OK;
    }
    status = put_account(importing, row, &account, err);
    if (status == RF_OK && value.text != NULL) {
        status =
            put_value(importing, RF_INTAKE_INSTRUMENT, &value, account, seen_at, 1, &number, err);
        if (status == RF_OK) {
            status = put_instrument(importing, number, &value, &claim, err);
        }
    } else if (status == RF_OK) {
        status = put_mention(importing, account, err);
    }
    return status;
}

/* ---- events ---- */

typedef struct event {
    int64_t seen_at;
    uint32_t requests;
    value_text values[4];
} event;

static const struct {
    size_t cell;
    int signal;
    const char *field;
} event_values[4] = {{2, RF_INTAKE_IP, "ip"},
                     {3, RF_INTAKE_DEVICE, "device"},
                     {6, RF_INTAKE_TEMPLATE, "template"},
                     {5, RF_INTAKE_CAPABILITY, "capability"}};

static bool read_event(const rf_importing *importing, rf_row *row, event *out)
{
    enum { ID, SEEN, REQUESTS = 4 };
    if (!read_id(row, "account_id", &row->cells[ID]) ||
        !read_time(row, "seen_at", &row->cells[SEEN], &out->seen_at) ||
        !read_count(row, "requests", &row->cells[REQUESTS], &out->requests)) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        if (!read_value(importing, row, event_values[i].signal, event_values[i].field,
                        &row->cells[event_values[i].cell], &out->values[i])) {
            return false;
        }
    }
    return true;
}

static rf_status take_event(rf_importing *importing, rf_row *row, rf_error *err)
{
    rf_intake *intake = importing->intake;
    event read;
    int32_t day;
    uint32_t account;
    uint32_t capability = RF_INTAKE_NOTHING;
    rf_status status;
    if (!read_event(importing, row, &read)) {
        return RF_OK;
    }
    day = rf_day_of(read.seen_at);
    status = put_account(importing, row, &account, err);
    for (size_t i = 0; i < 4 && status == RF_OK; i++) {
        const value_text *value = &read.values[i];
        uint32_t number;
        if (value->text == NULL) {
            continue;
        }
        status = rf_intake_value(intake, event_values[i].signal, value->text, value->length,
                                 &number, err);
        if (event_values[i].signal == RF_INTAKE_CAPABILITY) {
            capability = number;
        } else if (status == RF_OK) {
            status = rf_intake_sighting(intake, number, account, day, 1, err);
        }
    }
    return status != RF_OK ? status
                           : rf_intake_activity(intake, account, capability, day,
                                                rf_hour_of(read.seen_at), read.requests, err);
}

/* ---- sightings ---- */

static rf_status take_sighting(rf_importing *importing, rf_row *row, rf_error *err)
{
    enum { ID, VALUE, SEEN, TIMES };
    value_text value;
    int64_t seen_at;
    uint32_t times;
    uint32_t account;
    uint32_t number;
    rf_instrument_claim claim = {0};
    rf_status status;
    if (!read_id(row, "account_id", &row->cells[ID]) ||
        !read_time(row, "seen_at", &row->cells[SEEN], &seen_at) ||
        !read_count(row, "times", &row->cells[TIMES], &times) ||
        !read_value(importing, row, importing->signal, "value", &row->cells[VALUE], &value)) {
        return RF_OK;
    }
    status = put_account(importing, row, &account, err);
    if (status == RF_OK && value.text != NULL) {
        status =
            put_value(importing, importing->signal, &value, account, seen_at, times, &number, err);
        if (status == RF_OK) {
            status = put_instrument(importing, number, &value, &claim, err);
        }
    } else if (status == RF_OK) {
        status = put_mention(importing, account, err);
    }
    return status;
}

/* ---- links ---- */

static void add_quoted(rf_text *text, const rf_cell *cell)
{
    rf_text_add(text, "\"");
    for (size_t i = 0; i < cell->length; i++) { /* control characters were rejected */
        if (cell->text[i] == '"' || cell->text[i] == '\\') {
            rf_text_add(text, "\\");
        }
        rf_text_append(text, cell->text + i, 1);
    }
    rf_text_add(text, "\"");
}

/* The value of a tie: both ids, bytewise smaller first, as a JSON array, so that no id can be
 * mistaken for two. */
static void tie_text(const rf_cell *one, const rf_cell *two, rf_text *text)
{
    bool const ordered = strcmp(one->text, two->text) < 0;
    rf_text_add(text, "[");
    add_quoted(text, ordered ? one : two);
    rf_text_add(text, ",");
    add_quoted(text, ordered ? two : one);
    rf_text_add(text, "]");
}

static rf_status put_tie(rf_importing *importing, const rf_row *row, uint32_t account,
                         int64_t seen_at, rf_error *err)
{
    const rf_cell *other = &row->cells[1];
    rf_text text = {0};
    uint32_t second = 0;
    uint32_t tie = 0;
    rf_status status;
    tie_text(&row->cells[0], other, &text);
    status = rf_text_failed(&text)
                 ? rf_fail_memory(err, "a tie")
                 : rf_intake_account(importing->intake, other->text, other->length, &second, err);
    if (status == RF_OK) {
        status = rf_intake_value(importing->intake, RF_INTAKE_TIE, rf_text_get(&text), text.length,
                                 &tie, err);
    }
    if (status == RF_OK) {
        status = rf_intake_sighting(importing->intake, tie, account, rf_day_of(seen_at), 1, err);
    }
    if (status == RF_OK) {
        status = rf_intake_sighting(importing->intake, tie, second, rf_day_of(seen_at), 1, err);
    }
    rf_text_free(&text);
    return status;
}

static rf_status take_link(rf_importing *importing, rf_row *row, rf_error *err)
{
    enum { ID, OTHER, SEEN };
    const rf_cell *other = &row->cells[OTHER];
    int64_t seen_at;
    uint32_t account;
    rf_status status;
    if (!read_id(row, "account_id", &row->cells[ID]) || !read_id(row, "other_id", other) ||
        !read_time(row, "seen_at", &row->cells[SEEN], &seen_at)) {
        return RF_OK;
    }
    if (other->text != NULL && strcmp(other->text, row->cells[ID].text) == 0) {
        rf_reader_bad(row, "other_id is the account itself");
        return RF_OK;
    }
    status = put_account(importing, row, &account, err);
    if (status == RF_OK && other->text != NULL) {
        status = put_tie(importing, row, account, seen_at, err);
    } else if (status == RF_OK) {
        status = put_mention(importing, account, err);
    }
    return status;
}

/* ---- labels ---- */

static rf_status take_label(rf_importing *importing, rf_row *row, rf_error *err)
{
    enum { ID, LABEL, SOURCE, AT };
    static const char *const labels[] = {"fraud", "legit", NULL};
    const char *label;
    int64_t at;
    uint32_t account;
    rf_status status;
    if (!read_id(row, "account_id", &row->cells[ID]) ||
        !read_id(row, "source", &row->cells[SOURCE]) ||
        !read_time(row, "at", &row->cells[AT], &at) ||
        !read_word(row, "label", &row->cells[LABEL], labels, "fraud or legit", &label)) {
        return RF_OK;
    }
    status = put_account(importing, row, &account, err);
    if (status == RF_OK && label != NULL) {
        const char *source = row->cells[SOURCE].text == NULL ? "" : row->cells[SOURCE].text;
        status = rf_intake_label(importing->intake, account, label, source, at, err);
    } else if (status == RF_OK) {
        status = put_mention(importing, account, err);
    }
    return status;
}

/* ---- the table ---- */

static const rf_kind kinds[] = {
    {"accounts",
     false,
     8,
     {{.name = "account_id"},
      {.name = "created_at"},
      {.name = "email"},
      {.name = "country"},
      {.name = "timezone"},
      {.name = "plan"},
      {.name = "status"},
      {.name = "owner_id"}},
     take_account},
    {"payments",
     false,
     8,
     {{.name = "account_id"},
      {.name = "instrument", .privacy = RF_MASKED},
      {.name = "kind"},
      {.name = "bin"},
      {.name = "last4"},
      {.name = "country"},
      {.name = "funding"},
      {.name = "seen_at"}},
     take_payment},
    {"events",
     false,
     7,
     {{.name = "account_id"},
      {.name = "seen_at"},
      {.name = "ip"},
      {.name = "device"},
      {.name = "requests"},
      {.name = "capability"},
      {.name = "template", .privacy = RF_LEFT_OUT, .free_text = true}},
     take_event},
    {"sightings",
     true,
     4,
     {{.name = "account_id"}, {.name = "value"}, {.name = "seen_at"}, {.name = "times"}},
     take_sighting},
    {"links",
     false,
     3,
     {{.name = "account_id"}, {.name = "other_id"}, {.name = "seen_at"}},
     take_link},
    {"labels",
     false,
     4,
     {{.name = "account_id"}, {.name = "label"}, {.name = "source"}, {.name = "at"}},
     take_label},
};

const rf_kind *rf_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *rf_kind_names(void)
{
    return "accounts, payments, events, sightings, links, labels";
}

bool rf_signal_name_valid(const char *name)
{
    size_t const length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && length <= 40 && name[length] == '\0' && name[0] >= 'a' && name[0] <= 'z' &&
           strcmp(name, "tie") != 0 && strcmp(name, "capability") != 0;
}
