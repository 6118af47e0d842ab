/* figures.c - see figures.h. */
#include "rings/figures.h"

#include "base/clock.h"
#include "base/order.h"
#include "base/radix.h"

#include <stdlib.h>
#include <string.h>

void rf_half_of(const int64_t *moment, size_t count, int64_t *first, int64_t *last)
{
    size_t const half = (count + 1) / 2;
    *first = RF_NO_TIME;
    *last = RF_NO_TIME;
    for (size_t i = 0; count >= 4 && i + half <= count; i++) {
        int64_t const from = moment[i];
        int64_t const to = moment[i + half - 1];
        if (i == 0 || to - from < *last - *first) {
            *first = from;
            *last = to;
        }
    }
}

/* ---- rings ---- */

typedef struct counting {
    const rf_population *p;
    rf_findings *f;
    bool paid;       /* instruments link, whenever they were seen */
    int64_t *moment; /* of the ring at hand */
    uint32_t *tally; /* by code of a column; all zero between rings */
    size_t tally_room;
} counting;

static bool find_half(const counting *c, const rf_ring *ring, rf_result_figures *out)
{
    enum { FEW = 256 };
    size_t count = 0;
    for (uint32_t i = 0; i < ring->size; i++) {
        uint32_t const a = c->f->member[ring->first_member + i].account;
        if (c->p->created_at[a] != RF_NO_TIME) {
            c->moment[count++] = c->p->created_at[a];
        }
    }
    if (count > FEW && !rf_sort_signed(c->moment, count)) {
        return false;
    }
    if (count <= FEW) {
        rf_order_signed(c->moment, count);
    }
    rf_half_of(c->moment, count, &out->half_first, &out->half_last);
    return true;
}

static void add_member(const counting *c, const rf_member *member, rf_result_figures *out)
{
    const rf_population *p = c->p;
    uint32_t const a = member->account;
    int64_t const first = (int64_t)p->first_use[a] - 1;
    int64_t const last = (int64_t)p->last_use[a] - 1;
    out->core += !member->fringe;
    out->fringe += member->fringe;
    out->bridges += member->bridge && !member->fringe;
    out->dated = out->dated && p->undated[a] == 0;
    out->account_days += p->active_days[a];
    if (last >= 0) {
        out->active++;
        out->first_day =
            out->first_day == RF_NO_DAY || first < out->first_day ? first : out->first_day;
        out->last_day = last > out->last_day ? last : out->last_day;
    }
    if (c->paid) {
        out->funded += p->funded[a];
        out->unpaid += p->unpaid[a];
    }
}

/* The commonest texts of a column among the members of a ring, equal ones by their bytes. */
static bool find_common(const counting *c, uint32_t r, const char *kind, const rf_coded *column)
{
    rf_findings *f = c->f;
    const rf_ring *ring = &f->ring[r];
    uint32_t known = 0;
    if (!rf_reserve(&f->common, &f->common_room, f->commons + RF_COMMON_MOST, sizeof *f->common)) {
        return false;
    }
    for (uint32_t i = 0; i < ring->size; i++) {
        uint32_t const code = column->code[f->member[ring->first_member + i].account];
        c->tally[code]++;
        known += code != 0;
    }
    c->tally[0] = 0;
    for (uint32_t nth = 1; nth <= RF_COMMON_MOST; nth++) {
        uint32_t best = 0;
        for (uint32_t i = 0; i < ring->size; i++) {
            uint32_t const code = column->code[f->member[ring->first_member + i].account];
            if (c->tally[code] > c->tally[best] ||
                (c->tally[code] > 0 && c->tally[code] == c->tally[best] && code < best)) {
                best = code;
            }
        }
        if (best == 0) {
            break;
        }
        f->common[f->commons++] =
            (rf_result_common){r + 1, kind, nth, column->text[best], c->tally[best], known};
        c->tally[best] = 0;
    }
    for (uint32_t i = 0; i < ring->size; i++) {
        c->tally[column->code[f->member[ring->first_member + i].account]] = 0;
    }
    return true;
}

static bool count_ring(const counting *c, uint32_t r)
{
    const rf_ring *ring = &c->f->ring[r];
    rf_result_figures *out = &c->f->figures[r];
    *out = (rf_result_figures){.dated = true,
                               .first_day = RF_NO_DAY,
                               .last_day = RF_NO_DAY,
                               .funded = c->paid ? 0 : -1,
                               .unpaid = c->paid ? 0 : -1};
    for (uint32_t i = 0; i < ring->size; i++) {
        add_member(c, &c->f->member[ring->first_member + i], out);
    }
    if (!find_half(c, ring, out)) {
        return false;
    }
    return ring->size < RF_COMMON_FROM || (find_common(c, r, "country", &c->p->country) &&
                                           find_common(c, r, "email_domain", &c->p->email_domain) &&
                                           find_common(c, r, "timezone", &c->p->timezone));
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static bool count_rings(const rf_population *p, rf_findings *f)
{
    uint32_t const texts = most(p->country.texts, most(p->timezone.texts, p->email_domain.texts));
    counting c = {.p = p, .f = f};
    uint32_t largest = 0;
    bool done;
    for (uint32_t s = 0; s < p->signals; s++) {
        if (strcmp(p->signal[s].name, "instrument") == 0) {
            c.paid = p->signal[s].link && !p->signal[s].windowed;
        }
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        largest = most(largest, f->ring[r].size);
    }
    c.moment = rf_alloc_raw(largest, sizeof *c.moment);
    c.tally = rf_alloc(texts, sizeof *c.tally);
    f->figures = rf_alloc_raw(f->rings, sizeof *f->figures);
    done = c.moment != NULL && c.tally != NULL && f->figures != NULL;
    for (uint32_t r = 0; r < f->rings && done; r++) {
        done = count_ring(&c, r);
    }
    rf_free(c.moment);
    rf_free(c.tally);
    return done;
}

/* ---- mailboxes ---- */

typedef struct addressed {
    uint64_t mailbox;
    int64_t account; /* row id */
} addressed;

static int by_mailbox(const void *left, const void *right)
{
    const addressed *a = left;
    const addressed *b = right;
    if (a->mailbox != b->mailbox) {
        return a->mailbox < b->mailbox ? -1 : 1;
    }
    return (a->account > b->account) - (a->account < b->account);
}

/* Keeps those of `one` whose hash, shifted, meets another's in a table of a byte a place. */
static size_t keep_meeting(addressed *one, size_t count, uint8_t *seen, uint32_t bits,
                           uint32_t shift)
{
    uint32_t const mask = (UINT32_C(1) << bits) - 1;
    size_t kept = 0;
    memset(seen, 0, (size_t)1 << bits);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = &seen[(uint32_t)(one[i].mailbox >> shift) & mask];
        *at = (uint8_t)(*at + (*at < 2));
    }
    for (size_t i = 0; i < count; i++) {
        if (seen[(uint32_t)(one[i].mailbox >> shift) & mask] == 2) {
            one[kept++] = one[i];
        }
    }
    return kept;
}

/* The accounts whose mailbox may be another one's, too, which leaves few to be sorted. */
static bool find_meeting(const rf_population *p, addressed **out, size_t *count)
{
    uint32_t bits = 10;
    uint8_t *seen;
    *count = 0;
    while (bits < 31 && UINT32_C(1) << bits < p->accounts) {
        bits++;
    }
    seen = rf_alloc_raw((size_t)1 << bits, 1);
    *out = rf_alloc_raw(p->accounts, sizeof **out);
    if (seen != NULL && *out != NULL) {
        for (uint32_t a = 0; a < p->accounts; a++) {
            (*out)[*count] = (addressed){p->mailbox[a], p->account_row[a]};
            *count += p->mailbox[a] != 0;
        }
        for (uint32_t shift = 0; shift <= 32; shift += 16) {
            *count = keep_meeting(*out, *count, seen, bits, shift);
        }
    }
    rf_free(seen);
    return seen != NULL && *out != NULL;
}

typedef struct sized {
    uint32_t accounts;
    size_t first;
    int64_t account;
} sized;

static int by_size(const void *left, const void *right)
{
    const sized *a = left;
    const sized *b = right;
    if (a->accounts != b->accounts) {
        return a->accounts < b->accounts ? -1 : 1;
    }
    return (a->account > b->account) - (a->account < b->account);
}

static bool count_mailboxes(const rf_population *p, rf_findings *f)
{
    addressed *meeting = NULL;
    sized *box = NULL;
    size_t count = 0;
    bool done = find_meeting(p, &meeting, &count);
    if (done) {
        box = rf_alloc_raw(count / 2, sizeof *box);
        f->mailbox = rf_alloc_raw(count / 2, sizeof *f->mailbox);
        f->mailbox_account = rf_alloc_raw(count, sizeof *f->mailbox_account);
        done = box != NULL && f->mailbox != NULL && f->mailbox_account != NULL;
    }
    if (done && count > 1) {
        qsort(meeting, count, sizeof *meeting, by_mailbox);
    }
    for (size_t i = 0, end, kept = 0; done && i < count; i = end) {
        end = i + 1;
        while (end < count && meeting[end].mailbox == meeting[i].mailbox) {
            end++;
        }
        if (end - i < 2) {
            continue;
        }
        box[f->mailboxes++] = (sized){(uint32_t)(end - i), kept, meeting[i].account};
        for (size_t k = i; k < end; k++) {
            f->mailbox_account[kept++] = meeting[k].account;
        }
    }
    if (done && f->mailboxes > 1) {
        qsort(box, f->mailboxes, sizeof *box, by_size);
    }
    for (size_t i = 0; done && i < f->mailboxes; i++) {
        f->mailbox[i] = (rf_result_mailbox){box[i].accounts, box[i].first};
    }
    rf_free(meeting);
    rf_free(box);
    return done;
}

/* ---- after a ban ---- */

static int by_days(const void *left, const void *right)
{
    const rf_result_regrown *a = left;
    const rf_result_regrown *b = right;
    if (a->days != b->days) {
        return a->days < b->days ? -1 : 1;
    }
    if (a->a != b->a) {
        return a->a < b->a ? -1 : 1;
    }
    return (a->b > b->b) - (a->b < b->b);
}

static bool add_regrown(const rf_population *p, rf_findings *f, uint64_t i)
{
    const rf_result_links *links = &f->links;
    bool const first = p->status[links->a[i]] == RF_STATUS_BANNED;
    uint32_t const banned = first ? links->a[i] : links->b[i];
    uint32_t const other = first ? links->b[i] : links->a[i];
    int64_t const born = p->created_at[banned];
    int64_t const last = p->last_use[banned] > 0 ? (int64_t)p->last_use[banned] - 1 : born / 86400;
    int64_t const days = p->created_at[other] / 86400 - last;
    if (p->created_at[other] == RF_NO_TIME || (p->last_use[banned] == 0 && born == RF_NO_TIME) ||
        days < 0) {
        return true;
    }
    if (!rf_reserve(&f->regrown, &f->regrown_room, f->regrowns + 1, sizeof *f->regrown)) {
        return false;
    }
    f->regrown[f->regrowns++] =
        (rf_result_regrown){days, links->account_row[links->a[i]], links->account_row[links->b[i]],
                            links->account_row[banned], last};
    return true;
}

static bool count_regrown(const rf_population *p, rf_findings *f)
{
    const rf_result_links *links = &f->links;
    for (uint64_t i = 0; i < links->count; i++) {
        bool const a = p->status[links->a[i]] == RF_STATUS_BANNED;
        bool const b = p->status[links->b[i]] == RF_STATUS_BANNED;
        if (a != b && !add_regrown(p, f, i)) {
            return false;
        }
    }
    if (f->regrowns > 1) {
        qsort(f->regrown, f->regrowns, sizeof *f->regrown, by_days);
    }
    return true;
}

bool rf_rings_figures(const rf_population *population, rf_findings *findings)
{
    return count_rings(population, findings) && count_mailboxes(population, findings) &&
           count_regrown(population, findings);
}
