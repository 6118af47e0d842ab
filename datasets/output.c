/* output.c - writes the seven files, in orders that tell nothing.
 *
 * Invariant: accounts, truth and communities come in one pseudo-random order of accounts; sightings
 * in order of time, or pseudo-random with --shuffle. Sorting keeps 16 bytes a row beside the rows.
 */
#include "world.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const PLANS[WG_PLANS] = {"free", "plus", "pro", "team", "enterprise", "api"};
static const char *const STATES[WG_STATUSES] = {"active", "suspended", "banned", "closed"};
static const char *const CAPABILITIES[] = {
    "", "chat", "writing", "coding", "reasoning", "agentic", "vision", "data", "translation"};
static const char *const CARD_KINDS[] = {"card", "bank", "wallet"};
static const char *const FUNDING[] = {"credit", "debit", "prepaid"};

/* Sorts by the upper half, least significant 16 bits first: stable, and two passes. */
static void sort_keys(uint64_t *keys, uint64_t *spare, size_t n)
{
    static size_t counts[65537];
    for (unsigned shift = 32; shift < 64; shift += 16) {
        memset(counts, 0, sizeof counts);
        for (size_t i = 0; i < n; i++) {
            counts[(keys[i] >> shift & 0xffff) + 1]++;
        }
        for (size_t i = 1; i < 65537; i++) {
            counts[i] += counts[i - 1];
        }
        for (size_t i = 0; i < n; i++) {
            spare[counts[keys[i] >> shift & 0xffff]++] = keys[i];
        }
        uint64_t *other = keys;
        keys = spare;
        spare = other;
    }
}

/* The order to write a column in; when_at is the offset of the row's time. The caller frees it. */
static uint64_t *order(const wg_world *w, const wg_column *column, size_t when_at)
{
    size_t n = column->count;
    uint64_t *keys = calloc(2 * n + 1, sizeof *keys);
    if (!keys || n > UINT32_MAX) {
        wg_die("out of memory", "rows");
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t when = (uint32_t)(wg_hash3(w->options.seed, when_at, i) >> 32);
        if (!w->options.shuffle) {
            memcpy(&when, (const char *)column->rows + i * column->size + when_at, sizeof when);
        }
        keys[i] = (uint64_t)when << 32 | i;
    }
    sort_keys(keys, keys + n, n);
    return keys;
}

static void open_file(wg_writer *out, const wg_world *w, const char *name, const char *const *names)
{
    char path[4096];
    const char *end = w->options.json ? "jsonl" : "csv";
    int n = snprintf(path, sizeof path, "%s/%s.%s", w->options.out, name, end);
    if (n < 0 || (size_t)n >= sizeof path || !wg_writer_open(out, path, w->options.json, names)) {
        wg_die("cannot be created", path);
    }
}

static void close_file(wg_writer *out, const wg_world *w, const char *name, size_t rows)
{
    if (!wg_writer_close(out)) {
        wg_die("could not be written; is the disk full?", name);
    }
    if (!w->options.quiet) {
        fprintf(stderr, "worldgen: %s: %zu rows\n", name, rows);
    }
}

static void put_text(wg_writer *out, const char *text)
{
    wg_put(out, text, strlen(text));
}

static void put_account(wg_writer *out, const wg_world *w, uint32_t account)
{
    char text[WG_TEXT];
    wg_put(out, text, wg_account_text(text, w->options.seed, account));
}

/* A pseudo-random order of accounts, the same in every file about them. */
static uint32_t scattered(const wg_world *w, uint32_t i)
{
    return wg_permute(i, (uint32_t)w->accounts.count, wg_hash(w->options.seed, 0x5ca7));
}

static void write_accounts(wg_writer *out, const wg_world *w)
{
    static const char *const NAMES[] = {"account_id", "created_at", "email",
                                        "country",    "timezone",   "plan",
                                        "status",     "owner_id",   NULL};
    const wg_params *p = &w->params;
    uint64_t seed = w->options.seed;
    open_file(out, w, "accounts", NAMES);
    for (uint32_t i = 0; i < w->accounts.count; i++) {
        uint32_t account = scattered(w, i);
        const wg_account *a = wg_account_at(w, account);
        char text[2 * WG_TEXT];
        wg_rng rng;
        wg_rng_seed(&rng, seed ^ 0xb1a9, account);
        put_account(out, w, account);
        wg_put_time(out, a->created);
        wg_put(out, text,
               wg_email_text(text, seed, account, a->domain, p->plus_mail, p->upper_mail));
        bool country = !wg_chance(&rng, p->no_country), zone = !wg_chance(&rng, p->no_zone);
        put_text(out, country ? wg_countries[wg_zones[a->zone].country].code : "");
        put_text(out, zone ? wg_zones[a->clock].name : "");
        put_text(out, PLANS[a->plan]);
        put_text(out, STATES[a->status]);
        wg_put(out, text, a->owner ? wg_token_text(text, "org_", seed, a->owner) : 0);
        wg_end_row(out);
    }
    close_file(out, w, "accounts", w->accounts.count);
}

static void write_payments(wg_writer *out, const wg_world *w)
{
    static const char *const NAMES[] = {"account_id", "instrument", "kind",    "bin", "last4",
                                        "country",    "funding",    "seen_at", NULL};
    uint64_t seed = w->options.seed;
    uint64_t *keys = order(w, &w->payments, offsetof(wg_payment, when));
    open_file(out, w, "payments", NAMES);
    for (size_t i = 0; i < w->payments.count; i++) {
        const wg_payment *row = (const wg_payment *)w->payments.rows + (uint32_t)keys[i];
        const wg_card *card = &row->card;
        char text[WG_TEXT];
        put_account(out, w, row->account);
        wg_put(out, text, wg_token_text(text, "pm_", seed, card->serial));
        put_text(out, CARD_KINDS[card->kind]);
        bool digits = row->details && card->kind != WG_BANK;
        wg_put(out, text, digits ? wg_number_text(text, card->bin) : 0);
        snprintf(text, sizeof text, "%04u", (unsigned)card->last4);
        wg_put(out, text, row->details ? 4 : 0);
        put_text(out, row->details ? wg_countries[card->country].code : "");
        put_text(out, row->details && card->kind != WG_BANK ? FUNDING[card->funding] : "");
        wg_put_time(out, row->when);
        wg_end_row(out);
    }
    close_file(out, w, "payments", w->payments.count);
    free(keys);
}

static void write_events(wg_writer *out, const wg_world *w)
{
    static const char *const NAMES[] = {"account_id", "seen_at",    "ip",       "device",
                                        "requests",   "capability", "template", NULL};
    uint64_t seed = w->options.seed;
    const wg_params *p = &w->params;
    uint64_t *keys = order(w, &w->events, offsetof(wg_event, when));
    open_file(out, w, "events", NAMES);
    for (size_t i = 0; i < w->events.count; i++) {
        const wg_event *row = (const wg_event *)w->events.rows + (uint32_t)keys[i];
        char text[WG_TEXT];
        put_account(out, w, row->account);
        wg_put_time(out, row->when);
        wg_put(out, text, row->ip ? wg_ip_text(text, seed, row->ip) : 0);
        bool device = row->device && p->has_devices;
        wg_put(out, text, device ? wg_token_text(text, "d_", seed, row->device) : 0);
        wg_put_number(out, row->requests);
        put_text(out, p->has_capabilities ? CAPABILITIES[row->capability] : "");
        bool template = row->template && p->has_templates;
        wg_put(out, text, template ? wg_token_text(text, "t_", seed, row->template) : 0);
        wg_end_row(out);
    }
    close_file(out, w, "events", w->events.count);
    free(keys);
}

static void write_phones(wg_writer *out, const wg_world *w)
{
    static const char *const NAMES[] = {"account_id", "value", "seen_at", NULL};
    uint64_t *keys = order(w, &w->phones, offsetof(wg_phone, when));
    open_file(out, w, "phones", NAMES);
    for (size_t i = 0; i < w->phones.count; i++) {
        const wg_phone *row = (const wg_phone *)w->phones.rows + (uint32_t)keys[i];
        char text[WG_TEXT];
        put_account(out, w, row->account);
        wg_put(out, text,
               wg_phone_text(text, w->options.seed, row->number, row->country, row->form));
        wg_put_time(out, row->when);
        wg_end_row(out);
    }
    close_file(out, w, "phones", w->phones.count);
    free(keys);
}

static void write_referrals(wg_writer *out, const wg_world *w)
{
    static const char *const NAMES[] = {"account_id", "other_id", "seen_at", NULL};
    uint64_t *keys = order(w, &w->ties, offsetof(wg_tie, when));
    open_file(out, w, "referrals", NAMES);
    for (size_t i = 0; i < w->ties.count; i++) {
        const wg_tie *row = (const wg_tie *)w->ties.rows + (uint32_t)keys[i];
        put_account(out, w, row->account);
        put_account(out, w, row->other);
        wg_put_time(out, row->when);
        wg_end_row(out);
    }
    close_file(out, w, "referrals", w->ties.count);
    free(keys);
}

static void write_truth(wg_writer *out, const wg_world *w)
{
    static const char *const TRUTH[] = {"account_id", "ring", "kind", NULL};
    static const char *const COMMUNITIES[] = {"account_id", "community", "type", NULL};
    char text[WG_TEXT];
    for (int file = 0; file < 2; file++) {
        size_t rows = 0;
        open_file(out, w, file ? "communities" : "truth", file ? COMMUNITIES : TRUTH);
        for (uint32_t i = 0; i < w->accounts.count; i++) {
            uint32_t account = scattered(w, i), number = wg_account_at(w, account)->community;
            const wg_community *c =
                number ? (const wg_community *)w->communities.rows + number - 1 : NULL;
            if (file && !c) {
                continue;
            }
            const char *kind = wg_kind_names[c ? c->kind : WG_NONE];
            put_account(out, w, account);
            int n = 0;
            if (c && c->ring) {
                n = snprintf(text, sizeof text, "ring-%02u", (unsigned)c->ring);
            } else if (file) {
                n = snprintf(text, sizeof text, "%s-%u", kind, (unsigned)number);
            }
            wg_put(out, text, n > 0 ? (size_t)n : 0);
            put_text(out, kind);
            wg_end_row(out);
            rows++;
        }
        close_file(out, w, file ? "communities" : "truth", rows);
    }
}

void wg_write_world(const wg_world *w)
{
    wg_writer *out = malloc(sizeof *out);
    if (!out) {
        wg_die("out of memory", "buffer");
    }
    write_accounts(out, w);
    write_payments(out, w);
    write_events(out, w);
    write_phones(out, w);
    write_referrals(out, w);
    write_truth(out, w);
    free(out);
}
