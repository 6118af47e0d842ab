/* population_kept.c - writes a population down and reads it back; see population_kept.h. */
#include "store/population_kept.h"

#include "base/beside.h"
#include "base/clock.h"
#include "base/hash.h"
#include "store/kept.h"
#include "store/population_private.h"

#include <stdio.h>
#include <string.h>

#define COLUMN(part, member)                                                                       \
    {                                                                                              \
        part, sizeof *((rf_population *)0)->member, offsetof(rf_population, member)                \
    }
const rf_account_column rf_account_columns[RF_ACCOUNT_COLUMNS] = {
    COLUMN("account.row", account_row),      COLUMN("account.created_at", created_at),
    COLUMN("account.status", status),        COLUMN("account.email_domain", email_domain.code),
    COLUMN("account.country", country.code), COLUMN("account.timezone", timezone.code),
    COLUMN("account.plan", plan.code),       COLUMN("account.owner", owner.code),
    COLUMN("account.requests", requests),    COLUMN("account.active_days", active_days),
    COLUMN("account.observed", observed),    COLUMN("account.prepaid", prepaid),
    COLUMN("account.mailbox", mailbox),      COLUMN("account.first_use", first_use),
    COLUMN("account.last_use", last_use),    COLUMN("account.undated", undated),
    COLUMN("account.funded", funded),        COLUMN("account.unpaid", unpaid),
};

const char *const rf_account_texts[RF_ACCOUNT_TEXTS] = {"text.email_domain", "text.country",
                                                        "text.timezone", "text.plan", "text.owner"};

rf_coded *rf_account_text(rf_population *p, int column)
{
    rf_coded *const all[RF_ACCOUNT_TEXTS] = {&p->email_domain, &p->country, &p->timezone, &p->plan,
                                             &p->owner};
    return all[column];
}

/* The name of a part that there is for every signal. */
static const char *held_part(char name[32], int64_t signal_row)
{
    (void)snprintf(name, 32, "held.%lld", (long long)signal_row);
    return name;
}

/* ---- writing ---- */

/* Texts one after the other, each with its NUL. */
static rf_status keep_texts(rf_store *store, const char *part, const char *const *text,
                            size_t count, rf_error *err)
{
    size_t bytes = 0;
    char *all;
    char *at;
    rf_status status;
    for (size_t i = 0; i < count; i++) {
        bytes += strlen(text[i]) + 1;
    }
    at = all = rf_alloc_raw(bytes, 1);
    if (all == NULL) {
        return rf_fail_memory(err, "the texts to be kept");
    }
    for (size_t i = 0; i < count; i++) {
        size_t const length = strlen(text[i]) + 1;
        memcpy(at, text[i], length);
        at += length;
    }
    status = rf_kept_put(store, part, all, bytes, 1, err);
    rf_free(all);
    return status;
}

/* The external ids, ascending: of each, how many bytes it begins with as the one before, and the
 * rest of it. */
static rf_status keep_ids(rf_store *store, const rf_population *p, rf_error *err)
{
    uint8_t *shared = rf_alloc_raw(p->accounts, sizeof *shared);
    const char **rest = rf_alloc_raw(p->accounts, sizeof *rest);
    const char *before = "";
    rf_status status =
        shared == NULL || rest == NULL ? rf_fail_memory(err, "the texts to be kept") : RF_OK;
    for (uint32_t a = 0; a < p->accounts && status == RF_OK; a++) {
        const char *id = p->external_id[a];
        uint8_t same = 0;
        while (same < UINT8_MAX && id[same] != '\0' && id[same] == before[same]) {
            same++;
        }
        shared[a] = same;
        rest[a] = id + same;
        before = id;
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "account.shared", shared, p->accounts, sizeof *shared, err);
    }
    if (status == RF_OK) {
        status = keep_texts(store, "text.account", rest, p->accounts, err);
    }
    rf_free(shared);
    rf_free(rest);
    return status;
}

size_t rf_hours_put(const uint16_t hours[24], uint16_t *to)
{
    enum { MOST_DAYS = UINT16_MAX >> 5 };
    size_t count = 0;
    for (int h = 0; h < 24; h++) {
        for (unsigned left = hours[h]; left > 0;) {
            unsigned const days = left < MOST_DAYS ? left : MOST_DAYS;
            to[count++] = (uint16_t)(days << 5 | (unsigned)h);
            left -= days;
        }
    }
    return count;
}

/* An account is active in few hours. */
static rf_status keep_hours(rf_store *store, const rf_population *p, rf_error *err)
{
    uint64_t *start = rf_alloc_raw((size_t)p->accounts + 1, sizeof *start);
    uint16_t *use = NULL;
    size_t room = 0;
    size_t count = 0;
    rf_status status = start == NULL ? rf_fail_memory(err, "the hours to be kept") : RF_OK;
    for (uint32_t a = 0; a < p->accounts && status == RF_OK; a++) {
        uint16_t hours[24];
        if (!rf_reserve(&use, &room, count + RF_HOUR_USES, sizeof *use)) {
            status = rf_fail_memory(err, "the hours to be kept");
            break;
        }
        start[a] = count;
        rf_population_hours(p, a, hours);
        count += rf_hours_put(hours, use + count);
    }
    if (status == RF_OK) {
        start[p->accounts] = count;
        status =
            rf_kept_put(store, "hours.start", start, (size_t)p->accounts + 1, sizeof *start, err);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "hours.use", use, count, sizeof *use, err);
    }
    rf_free(start);
    rf_free(use);
    return status;
}

static rf_status keep_accounts(rf_store *store, const rf_population *p, rf_error *err)
{
    char name[32];
    rf_status status = RF_OK;
    for (int c = 0; c < RF_ACCOUNT_COLUMNS && status == RF_OK; c++) {
        const rf_account_column *column = &rf_account_columns[c];
        const void *elements;
        memcpy(&elements, (const char *)p + column->at, sizeof elements);
        status = rf_kept_put(store, column->part, elements, p->accounts, column->size, err);
    }
    for (uint32_t s = 0; s < p->signals && status == RF_OK; s++) {
        if (p->held[s] != NULL) {
            status = rf_kept_put(store, held_part(name, p->signal[s].row), p->held[s], p->accounts,
                                 sizeof *p->held[s], err);
        }
    }
    if (status == RF_OK) {
        status = keep_ids(store, p, err);
    }
    for (int c = 0; c < RF_ACCOUNT_TEXTS && status == RF_OK; c++) {
        rf_population mine = *p; /* to be asked for a column; nothing of it is changed */
        const rf_coded *column = rf_account_text(&mine, c);
        status = keep_texts(store, rf_account_texts[c], column->text, column->texts, err);
    }
    if (status == RF_OK) {
        status = keep_texts(store, "text.capability", p->capability, p->capabilities, err);
    }
    if (status == RF_OK) {
        status = keep_hours(store, p, err);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "use.start", p->capability_start, (size_t)p->accounts + 1,
                             sizeof *p->capability_start, err);
    }
    return status == RF_OK
               ? rf_kept_put(store, "use.use", p->capability_use, p->capability_start[p->accounts],
                             sizeof *p->capability_use, err)
               : status;
}

static rf_status keep_groups(rf_store *store, const rf_population *p, rf_error *err)
{
    rf_signal signal[RF_MAX_SIGNALS] = {{0}};
    struct {
        const char *part;
        const void *elements;
        size_t count, size;
    } const parts[] = {
        {"value.row", p->value_row, p->values, sizeof *p->value_row},
        {"value.signal", p->value_signal, p->values, sizeof *p->value_signal},
        {"value.holders", p->value_holders, p->values, sizeof *p->value_holders},
        {"value.network", p->value_network, p->values, sizeof *p->value_network},
        {"value.group", p->value_group_start, (size_t)p->values + 1, sizeof *p->value_group_start},
        {"group.day", p->group_day, p->groups, sizeof *p->group_day},
        {"group.start", p->group_start, (size_t)p->groups + 1, sizeof *p->group_start},
        {"group.holder", p->holder, p->group_start[p->groups], sizeof *p->holder},
        {"signals", signal, p->signals, sizeof *signal},
    };
    rf_status status = RF_OK;
    for (uint32_t s = 0; s < p->signals; s++) {
        signal[s].row = p->signal[s].row;
        signal[s].family = p->signal[s].family;
        signal[s].link = p->signal[s].link;
        signal[s].windowed = p->signal[s].windowed;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == RF_OK; i++) {
        status = rf_kept_put(store, parts[i].part, parts[i].elements, parts[i].count, parts[i].size,
                             err);
    }
    return status;
}

rf_status rf_population_keep(rf_store *store, const rf_population *population, rf_error *err)
{
    const rf_population *p = population;
    int64_t figure[RF_KEPT_FIGURES] = {[RF_KEPT_FORMAT] = RF_KEPT_THIS_FORMAT,
                                       [RF_KEPT_VALUE_ROW] = p->last_value,
                                       [RF_KEPT_SIGHTINGS] = (int64_t)p->sightings,
                                       [RF_KEPT_SIGHTING_DAY] = p->last_sighting,
                                       [RF_KEPT_ACTIVITY_DAY] = p->last_activity};
    rf_status status = rf_kept_forget(store, err);
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->account_row[a] > figure[RF_KEPT_ACCOUNT_ROW]) {
            figure[RF_KEPT_ACCOUNT_ROW] = p->account_row[a];
        }
    }
    if (status == RF_OK) { /* what this run saw: others may have imported since */
        status = rf_store_number(store, "SELECT max(import) FROM temp.run_sees",
                                 &figure[RF_KEPT_IMPORT], err);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "figures", figure, RF_KEPT_FIGURES, sizeof *figure, err);
    }
    if (status == RF_OK) {
        status = keep_accounts(store, population, err);
    }
    return status == RF_OK ? keep_groups(store, population, err) : status;
}

/* ---- reading ---- */

typedef struct loader {
    rf_store *store;
    rf_population *base;
    size_t more; /* accounts that are new since: arrays by account have room for them */
    bool good;
    rf_error *err;
} loader;

/* Reads a part that should have so many elements (SIZE_MAX: any number, told in *count), with room
 * for more. */
static rf_status load_with_room(loader *l, const char *part, size_t size, size_t expected,
                                size_t more, void *out, size_t *count)
{
    size_t found = 0;
    rf_status const status = rf_kept_get_with_room(l->store, part, size, more, out, &found, l->err);
    l->good = l->good && (expected == SIZE_MAX || found == expected);
    if (count != NULL) {
        *count = found;
    }
    return status;
}

static rf_status load(loader *l, const char *part, size_t size, size_t expected, void *out,
                      size_t *count)
{
    return load_with_room(l, part, size, expected, 0, out, count);
}

/* The texts of a part, which stay in the arena of the population; text[i] for i < *count. */
static rf_status load_texts(loader *l, const char *part, size_t expected, const char ***out,
                            size_t *count)
{
    char *all = NULL;
    char *own;
    size_t bytes = 0;
    rf_status status = load(l, part, 1, SIZE_MAX, &all, &bytes);
    *count = 0;
    *out = NULL;
    for (size_t i = 0; i < bytes; i++) {
        *count += all[i] == '\0';
    }
    l->good = l->good && (expected == SIZE_MAX || *count == expected) &&
              (bytes == 0 || all[bytes - 1] == '\0');
    if (status == RF_OK && l->good) {
        own = rf_arena_take(&l->base->texts, bytes);
        *out = rf_alloc_raw(*count + l->more, sizeof **out);
        if (own == NULL || *out == NULL) {
            status = rf_fail_memory(l->err, "what was kept");
        } else if (bytes > 0) {
            memcpy(own, all, bytes);
            for (size_t i = 0; i < *count; i++) {
                (*out)[i] = own;
                own += strlen(own) + 1;
            }
        }
    }
    rf_free(all);
    return status;
}

/* How long the ids are together, each with its NUL; false when they do not fit together. */
static bool measure_ids(const uint8_t *shared, uint32_t accounts, const char *rest, size_t bytes,
                        size_t *total)
{
    const char *const end = rest + bytes;
    size_t length = 0;
    *total = 0;
    for (uint32_t a = 0; a < accounts; a++) {
        const char *const nul = rest == end ? NULL : memchr(rest, '\0', (size_t)(end - rest));
        if (nul == NULL || shared[a] > length) {
            return false;
        }
        length = shared[a] + (size_t)(nul - rest);
        *total += length + 1;
        rest = nul + 1;
    }
    return rest == end;
}

/* The external ids, put together again, and their hashes. */
static bool join_ids(loader *l, const uint8_t *shared, const char *rest, size_t total)
{
    rf_population *b = l->base;
    char *own = rf_arena_take(&b->texts, total);
    const char *before = "";
    b->external_id = rf_alloc_raw(b->accounts + l->more, sizeof *b->external_id);
    b->identity = rf_alloc_raw(b->accounts + l->more, sizeof *b->identity);
    if (own == NULL || b->external_id == NULL || b->identity == NULL) {
        return false;
    }
    for (uint32_t a = 0; a < b->accounts; a++) {
        size_t const more = strlen(rest) + 1;
        memcpy(own, before, shared[a]);
        memcpy(own + shared[a], rest, more);
        b->external_id[a] = before = own;
        b->identity[a] = rf_hash_bytes(0, own, shared[a] + more - 1);
        own += shared[a] + more;
        rest += more;
    }
    return true;
}

static rf_status load_ids(loader *l)
{
    rf_population *b = l->base;
    uint8_t *shared = NULL;
    char *rest = NULL;
    size_t count = 0;
    size_t bytes = 0;
    size_t total = 0;
    rf_status status = load(l, "account.shared", sizeof *shared, SIZE_MAX, &shared, &count);
    if (status == RF_OK) {
        status = load(l, "text.account", 1, SIZE_MAX, &rest, &bytes);
    }
    l->good = l->good && count == b->accounts && shared != NULL && rest != NULL &&
              measure_ids(shared, b->accounts, rest, bytes, &total);
    if (status == RF_OK && l->good && !join_ids(l, shared, rest, total)) {
        status = rf_fail_memory(l->err, "what was kept");
    }
    rf_free(shared);
    rf_free(rest);
    return status;
}

/* What the other parts are measured by. */
static rf_status count_accounts(loader *l)
{
    uint8_t *shared = NULL;
    size_t count = 0;
    rf_status const status = load(l, "account.shared", sizeof *shared, SIZE_MAX, &shared, &count);
    l->base->accounts = (uint32_t)count;
    l->good = l->good && shared != NULL && count <= UINT32_MAX;
    rf_free(shared);
    return status;
}

static rf_status load_texts_of_columns(loader *l)
{
    rf_population *b = l->base;
    size_t count = 0;
    rf_status status = RF_OK;
    for (int c = 0; c < RF_ACCOUNT_TEXTS && status == RF_OK; c++) {
        rf_coded *column = rf_account_text(b, c);
        status = load_texts(l, rf_account_texts[c], SIZE_MAX, &column->text, &count);
        column->texts = (uint32_t)count;
    }
    if (status == RF_OK) {
        status = load_texts(l, "text.capability", SIZE_MAX, &b->capability, &count);
        b->capabilities = (uint32_t)count;
    }
    return status;
}

static rf_status load_accounts(loader *l)
{
    rf_population *b = l->base;
    char name[32];
    size_t count = 0;
    rf_status status = RF_OK;
    for (int c = 0; c < RF_ACCOUNT_COLUMNS && status == RF_OK; c++) {
        const rf_account_column *column = &rf_account_columns[c];
        void *elements = NULL;
        status =
            load_with_room(l, column->part, column->size, b->accounts, l->more, &elements, NULL);
        memcpy((char *)b + column->at, &elements, sizeof elements);
    }
    for (uint32_t s = 0; s < b->signals && status == RF_OK; s++) {
        status = load_with_room(l, held_part(name, b->signal[s].row), sizeof *b->held[s], SIZE_MAX,
                                l->more, &b->held[s], &count);
        l->good = l->good && (count == 0 || count == b->accounts);
    }
    if (status == RF_OK) {
        status = load_with_room(l, "hours.start", sizeof *b->hour_start, (size_t)b->accounts + 1,
                                l->more, &b->hour_start, NULL);
    }
    if (status == RF_OK && l->good) {
        status = load(l, "hours.use", sizeof *b->hour_use, b->hour_start[b->accounts], &b->hour_use,
                      NULL);
    }
    if (status == RF_OK) {
        status = load_with_room(l, "use.start", sizeof *b->capability_start,
                                (size_t)b->accounts + 1, l->more, &b->capability_start, NULL);
    }
    return status == RF_OK && l->good
               ? load(l, "use.use", sizeof *b->capability_use, b->capability_start[b->accounts],
                      &b->capability_use, NULL)
               : status;
}

static rf_status load_groups(loader *l)
{
    rf_population *b = l->base;
    size_t count = 0;
    rf_status status = load(l, "value.row", sizeof *b->value_row, SIZE_MAX, &b->value_row, &count);
    b->values = (uint32_t)count;
    if (status == RF_OK) {
        status = load(l, "value.signal", 1, b->values, &b->value_signal, NULL);
    }
    if (status == RF_OK) {
        status =
            load(l, "value.holders", sizeof *b->value_holders, b->values, &b->value_holders, NULL);
    }
    if (status == RF_OK) {
        status =
            load(l, "value.network", sizeof *b->value_network, b->values, &b->value_network, NULL);
    }
    if (status == RF_OK) {
        status = load(l, "value.group", sizeof *b->value_group_start, (size_t)b->values + 1,
                      &b->value_group_start, NULL);
    }
    if (status == RF_OK) {
        status = load(l, "group.day", sizeof *b->group_day, SIZE_MAX, &b->group_day, &count);
        b->groups = (uint32_t)count;
    }
    if (status == RF_OK) {
        status = load(l, "group.start", sizeof *b->group_start, (size_t)b->groups + 1,
                      &b->group_start, NULL);
    }
    return status == RF_OK && l->good ? load(l, "group.holder", sizeof *b->holder,
                                             b->group_start[b->groups], &b->holder, NULL)
                                      : status;
}

/* ---- checking ---- */

static bool rising32(const uint32_t *start, size_t count, uint32_t end)
{
    bool good = start[0] == 0 && start[count] == end;
    for (size_t i = 0; i < count; i++) {
        good = good && start[i] <= start[i + 1];
    }
    return good;
}

static bool rising64(const uint64_t *start, size_t count)
{
    bool good = start[0] == 0;
    for (size_t i = 0; i < count; i++) {
        good = good && start[i] <= start[i + 1];
    }
    return good;
}

static bool within(const uint32_t *number, size_t count, uint32_t limit)
{
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        most = number[i] > most ? number[i] : most;
    }
    return count == 0 || most < limit;
}

static bool is_sound(rf_population *b)
{
    bool good = rising32(b->value_group_start, b->values, b->groups) &&
                rising64(b->group_start, b->groups) && rising64(b->capability_start, b->accounts) &&
                rising64(b->hour_start, b->accounts) &&
                within(b->holder, b->group_start[b->groups], b->accounts);
    for (int c = 0; c < RF_ACCOUNT_TEXTS; c++) {
        const rf_coded *column = rf_account_text(b, c);
        good = good && within(column->code, b->accounts, column->texts);
    }
    for (uint32_t v = 0; v < b->values; v++) {
        good = good && b->value_signal[v] < b->signals &&
               (v == 0 || b->value_row[v - 1] < b->value_row[v]);
    }
    for (uint64_t i = 0; i < b->capability_start[b->accounts]; i++) {
        good = good && b->capability_use[i].capability < b->capabilities;
    }
    for (uint64_t i = 0; i < b->hour_start[b->accounts]; i++) {
        good = good && (b->hour_use[i] & 31) < 24;
    }
    for (uint32_t a = 0; a < b->accounts; a++) {
        good = good && b->account_row[a] > 0 && b->account_row[a] < UINT32_MAX;
    }
    return good;
}

/* The signals must be what they were: rows, families, links and windows. */
static rf_status check_signals(loader *l)
{
    rf_signal *kept = NULL;
    size_t count = 0;
    rf_status const status = load(l, "signals", sizeof *kept, l->base->signals, &kept, &count);
    for (uint32_t s = 0; s < l->base->signals && status == RF_OK && l->good; s++) {
        const rf_signal *now = &l->base->signal[s];
        l->good = kept[s].row == now->row && kept[s].family == now->family &&
                  kept[s].link == now->link && kept[s].windowed == now->windowed;
    }
    rf_free(kept);
    return status;
}

/* How many accounts there are beyond those that are kept. */
static rf_status count_more(loader *l, int64_t last_row)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status =
        rf_prepare(l->store, "SELECT count(*) FROM account WHERE id > ?", &select, l->err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, last_row);
        status = rf_step(select, &row, l->err);
    }
    if (status == RF_OK && row) {
        l->more = (size_t)rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

/* Texts, values and groups: what can be read beside the columns of accounts. */
static rf_status load_rest(void *context, rf_error *err)
{
    loader *l = context;
    rf_status status;
    l->err = err;
    status = load_ids(l);
    if (status == RF_OK) {
        status = load_texts_of_columns(l);
    }
    return status == RF_OK ? load_groups(l) : status;
}

static rf_status load_all(loader *l, rf_store *other)
{
    loader rest = *l;
    rf_beside beside = {0};
    rf_status status = count_accounts(l);
    rf_status ended = RF_OK;
    rest.store = other != NULL ? other : l->store;
    if (status == RF_OK && l->good) {
        rf_beside_start(&beside, other != NULL, load_rest, &rest);
        status = load_accounts(l);
        ended = rf_beside_end(&beside, l->err);
    }
    l->good = l->good && rest.good;
    return status == RF_OK ? ended : status;
}

rf_status rf_population_load(rf_store *store, rf_store *other, rf_population *base,
                             int64_t figure[RF_KEPT_FIGURES], bool *good, rf_error *err)
{
    loader l = {.store = store, .base = base, .good = true, .err = err};
    int64_t *figures = NULL;
    rf_status status = load(&l, "figures", sizeof *figures, RF_KEPT_FIGURES, &figures, NULL);
    l.good = l.good && figures[RF_KEPT_FORMAT] == RF_KEPT_THIS_FORMAT;
    if (status == RF_OK && l.good) {
        memcpy(figure, figures, RF_KEPT_FIGURES * sizeof *figure);
        status = check_signals(&l);
    }
    rf_free(figures);
    if (status == RF_OK && l.good) {
        status = count_more(&l, figure[RF_KEPT_ACCOUNT_ROW]);
    }
    if (status == RF_OK && l.good) {
        status = load_all(&l, other);
    }
    *good = status == RF_OK && l.good && is_sound(base);
    return status;
}
