/* grow.c - see grow.h. */
#include "rings/grow.h"

#include "base/order.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "rings/membership.h"
#include "rings/profile.h"
#include "rings/regroup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVES_FROM = 8 /* members of a ring that anybody leaves */ };

rf_grow_settings rf_grow_defaults(void)
{
    return (rf_grow_settings){.suspect_from = -4,
                              .join_bits = 2,
                              .leave_bits = 0,
                              .stay_bits = 8,
                              .loyalty = 0.25,
                              .held = 2,
                              .rounds = 12};
}

/* An account that belongs to a ring it is not in. */
typedef struct pull {
    uint32_t account, ring;
    float bits;
} pull;

typedef struct pulls {
    pull *items;
    size_t count, room;
} pulls;

typedef struct grower {
    rf_membership_model model;
    rf_grow_settings settings;
    rf_places places;
    uint32_t rings;
    uint8_t *suspect; /* by ring */
    uint32_t *listed; /* rings to be weighed, the largest first: none is left alone at the end */
    uint64_t *order;  /* for listing them: their numbers below their sizes */
    uint32_t listed_count;
    uint32_t *start;         /* by ring: offsets into member */
    uint32_t *member;        /* accounts by ring */
    rf_strength_counts pool; /* of all suspect rings */
    uint64_t pool_members;
    unsigned threads;
    rf_membership_scratch *scratch; /* by worker */
    rf_strength_counts *sum;        /* by worker */
    pulls *found;                   /* by ring: as of its members then */
    uint8_t *stale;                 /* by ring: its members have changed since */
    uint32_t changed;
    uint64_t *marked;      /* a bit an account: it is in a ring, or was */
    uint8_t *vouches;      /* by account: a member from the start, or loyal since */
    float *rival;          /* by account: its highest membership in a ring that is not suspect */
    const uint8_t *stands; /* by ring: of those, what need not be weighed again; NULL: none */
    const float *known;    /* by account: membership in such a ring */
    rf_measured *measured; /* such rings as they were measured */
    bool resumed;          /* fringe has to be loyal to vouch */
    bool rivals;           /* those rings are at hand, not the suspect ones */
    rf_progress progress;
} grower;

static bool suspect_account(const grower *g, uint32_t account)
{
    return g->places.ring[account] != UINT32_MAX && g->suspect[g->places.ring[account]] != 0;
}

/* The first account from `account` on that is in a ring; UINT32_MAX: there is none. */
static uint32_t member_from(const grower *g, uint32_t account)
{
    size_t const words = g->model.population->accounts / 64 + (size_t)1;
    size_t word = account / 64;
    uint64_t bits = word < words ? g->marked[word] & UINT64_MAX << account % 64 : 0;
    for (;;) {
        for (; bits != 0; bits &= bits - 1) {
            uint32_t const at = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
            if (g->places.ring[at] != UINT32_MAX) {
                return at;
            }
        }
        if (++word >= words) {
            return UINT32_MAX;
        }
        bits = g->marked[word];
    }
}

static void list_stale(grower *g)
{
    g->listed_count = 0;
    for (uint32_t r = 0; r < g->rings; r++) {
        uint32_t const size = g->start[r + 1] - g->start[r];
        if ((g->suspect[r] == 0) == g->rivals && g->stale[r] != 0 && size > 0) {
            g->order[g->listed_count++] = (uint64_t)(UINT32_MAX - size) << 32 | r;
        }
    }
    rf_order_numbers(g->order, g->listed_count);
    for (uint32_t i = 0; i < g->listed_count; i++) {
        g->listed[i] = (uint32_t)g->order[i];
    }
}

/* Lists the members of every ring, and the rings to be weighed: suspect ones or rivals whose
 * members have changed since they were. */
static void list_rings(grower *g)
{
    memset(g->start, 0, ((size_t)g->rings + 2) * sizeof *g->start);
    for (uint32_t a = member_from(g, 0); a != UINT32_MAX; a = member_from(g, a + 1)) {
        g->start[g->places.ring[a] + 2]++;
    }
    for (uint32_t r = 0; r < g->rings; r++) {
        g->start[r + 2] += g->start[r + 1];
    }
    for (uint32_t a = member_from(g, 0); a != UINT32_MAX; a = member_from(g, a + 1)) {
        g->member[g->start[g->places.ring[a] + 1]++] = a;
    }
    list_stale(g);
}

static rf_status measure(grower *g, uint32_t ring, unsigned worker, rf_strength_counts *counts,
                         rf_error *err)
{
    if (g->scratch[worker].members == NULL) {
        rf_status const status = rf_membership_scratch_begin(&g->model, &g->scratch[worker], err);
        if (status != RF_OK) {
            return status;
        }
    }
    return rf_membership_measure(&g->model, g->rivals ? NULL : g->vouches,
                                 g->member + g->start[ring], g->start[ring + 1] - g->start[ring],
                                 &g->scratch[worker], counts, err);
}

/* ---- what members of rings are like ---- */

static rf_status pool_block(void *context, size_t block, size_t first, size_t end, unsigned worker,
                            rf_error *err)
{
    grower *g = context;
    (void)block;
    for (size_t i = first; i < end; i++) {
        rf_strength_counts counts;
        rf_status const status = measure(g, g->listed[i], worker, &counts, err);
        if (status != RF_OK) {
            return status;
        }
        for (uint32_t slot = 0; slot < g->model.slots; slot++) {
            for (uint32_t s = 0; s < RF_STRENGTHS; s++) {
                g->sum[worker].inside[slot][s] += counts.inside[slot][s];
            }
        }
        rf_membership_clear(&g->scratch[worker]);
    }
    return RF_OK;
}

static rf_status pool_rings(grower *g, rf_error *err)
{
    rf_status const status = rf_parallel(g->threads, g->listed_count, 1, pool_block, g, err);
    for (unsigned w = 0; w < g->threads; w++) {
        for (uint32_t slot = 0; slot < g->model.slots; slot++) {
            for (uint32_t s = 0; s < RF_STRENGTHS; s++) {
                g->pool.inside[slot][s] += g->sum[w].inside[slot][s];
            }
        }
    }
    for (uint32_t i = 0; i < g->listed_count; i++) {
        g->pool_members += g->start[g->listed[i] + 1] - g->start[g->listed[i]];
    }
    return status;
}

/* ---- one round ---- */

static bool note_pull(pulls *list, uint32_t account, uint32_t ring, float bits)
{
    if (!rf_reserve(&list->items, &list->room, list->count + 1, sizeof *list->items)) {
        return false;
    }
    list->items[list->count++] = (pull){account, ring, bits};
    return true;
}

/* Whether a ring pulls the account: enough families hold it, one by a member who vouches. */
static bool pulled(const grower *g, const rf_membership *m)
{
    double const bits = (double)m->bits;
    return m->held >= g->settings.held && m->vouched > 0 && bits >= g->settings.join_bits &&
           (g->rivals || (!suspect_account(g, m->account) &&
                          bits > (double)g->rival[m->account] - g->settings.stay_bits));
}

/* Finds who belongs to one ring and who does not: the latter are pulled to UINT32_MAX. */
static rf_status weigh_ring(grower *g, uint32_t ring, const rf_membership_scratch *scratch,
                            const rf_strength_counts *counts, rf_error *err)
{
    pulls *found = &g->found[ring];
    uint32_t const size = g->start[ring + 1] - g->start[ring];
    rf_ratios ratios;
    found->count = 0;
    rf_membership_ratios(&g->model, counts, size, &g->pool, g->pool_members, &ratios);
    for (uint32_t i = 0; i < size; i++) {
        rf_membership const m = rf_membership_of(&g->model, scratch, &ratios, i);
        g->places.membership[m.account] = m.bits;
    }
    for (size_t i = size; i < scratch->touched_count; i++) {
        rf_membership const m = rf_membership_of(&g->model, scratch, &ratios, i);
        if (pulled(g, &m) && !note_pull(found, m.account, ring, m.bits)) {
            return rf_fail_memory(err, "the accounts that join rings");
        }
    }
    for (uint32_t i = g->start[ring]; i < g->start[ring + 1] && size >= LEAVES_FROM && !g->rivals;
         i++) {
        float const bits = g->places.membership[g->member[i]];
        if ((double)bits < g->settings.leave_bits &&
            !note_pull(found, g->member[i], UINT32_MAX, bits)) {
            return rf_fail_memory(err, "the accounts that leave rings");
        }
    }
    return RF_OK;
}

/* A ring that was measured before, with these members, is not measured again. */
static rf_status weigh_rival(grower *g, uint32_t ring, unsigned worker, rf_error *err)
{
    const uint32_t *member = g->member + g->start[ring];
    uint32_t const size = g->start[ring + 1] - g->start[ring];
    rf_membership_scratch view;
    rf_strength_counts counts;
    rf_status status;
    if (rf_measured_find(g->measured, &g->model, member, size, &view, &counts)) {
        return weigh_ring(g, ring, &view, &counts, err);
    }
    status = measure(g, ring, worker, &counts, err);
    if (status == RF_OK) {
        status = rf_measured_note(g->measured, &g->model, member, size, g->settings.held,
                                  &g->scratch[worker], &counts, err);
    }
    if (status == RF_OK) {
        status = weigh_ring(g, ring, &g->scratch[worker], &counts, err);
    }
    rf_membership_clear(&g->scratch[worker]);
    return status;
}

static rf_status weigh_suspect(grower *g, uint32_t ring, unsigned worker, rf_error *err)
{
    rf_strength_counts counts;
    rf_status status = measure(g, ring, worker, &counts, err);
    if (status == RF_OK) {
        status = weigh_ring(g, ring, &g->scratch[worker], &counts, err);
    }
    rf_membership_clear(&g->scratch[worker]);
    return status;
}

static rf_status weigh_block(void *context, size_t block, size_t first, size_t end, unsigned worker,
                             rf_error *err)
{
    grower *g = context;
    (void)block;
    for (size_t i = first; i < end; i++) {
        uint32_t const ring = g->listed[i];
        rf_status const status =
            g->rivals ? weigh_rival(g, ring, worker, err) : weigh_suspect(g, ring, worker, err);
        if (status != RF_OK) {
            return status;
        }
        g->stale[ring] = 0;
    }
    if (worker == 0) {
        rf_progress_show(&g->progress, end);
    }
    return RF_OK;
}

static rf_status weigh(grower *g, rf_error *err)
{
    rf_status status;
    rf_progress_start(&g->progress, "growing rings", g->listed_count);
    status = rf_parallel(g->threads, g->listed_count, 1, weigh_block, g, err);
    rf_progress_end(&g->progress);
    return status;
}

/* Leaving comes first, then the ring that pulls most. */
static int by_account(const void *left, const void *right)
{
    const pull *a = left;
    const pull *b = right;
    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }
    if ((a->ring == UINT32_MAX) != (b->ring == UINT32_MAX)) {
        return a->ring == UINT32_MAX ? -1 : 1;
    }
    if (a->bits != b->bits) {
        return a->bits > b->bits ? -1 : 1;
    }
    return (a->ring > b->ring) - (a->ring < b->ring);
}

/* The cell an account joins: that of the first member it shares its most telling value with. */
static uint32_t cell_to_join(const grower *g, uint32_t account, uint32_t ring)
{
    const rf_population *p = g->model.population;
    float best = -1;
    uint32_t through = UINT32_MAX;
    for (uint64_t k = p->account_start[account]; k < p->account_start[account + 1]; k++) {
        uint32_t const group = p->account_group[k];
        float const reliability = g->model.reliability[group];
        const uint32_t *holders = rf_group_holders(p, group);
        if (reliability < best || !(reliability > 0)) {
            continue;
        }
        for (uint32_t i = 0; i < rf_group_size(p, group); i++) {
            if (g->places.ring[holders[i]] == ring && holders[i] != account &&
                (reliability > best || holders[i] < through)) {
                best = reliability;
                through = holders[i];
                break;
            }
        }
    }
    return through == UINT32_MAX ? g->places.cell[account] : g->places.cell[through];
}

/* Moves accounts that are in no suspect ring, and those that leave one. */
static uint32_t move_accounts(grower *g, const pulls *all)
{
    uint32_t moved = 0;
    bool decided = false;
    for (size_t i = 0; i < all->count; i++) {
        const pull *p = &all->items[i];
        uint32_t const from = g->places.ring[p->account];
        decided = decided && all->items[i - 1].account == p->account;
        if (decided) {
            continue;
        }
        decided = true; /* the others are weaker */
        moved++;
        if (from != UINT32_MAX) {
            g->stale[from] = 1;
        }
        if (p->ring != UINT32_MAX) {
            g->marked[p->account / 64] |= UINT64_C(1) << p->account % 64;
            g->stale[p->ring] = 1;
            g->places.cell[p->account] = cell_to_join(g, p->account, p->ring);
            g->places.fringe[p->account] = 1;
            g->vouches[p->account] = 0;
            g->places.membership[p->account] = p->bits;
        }
        g->places.ring[p->account] = p->ring;
    }
    return moved;
}

static rf_status gather(const grower *g, pulls *all, rf_error *err)
{
    for (uint32_t r = 0; r < g->rings; r++) {
        if (g->suspect[r] == 0 || g->found[r].count == 0) {
            continue;
        }
        if (!rf_reserve(&all->items, &all->room, all->count + g->found[r].count,
                        sizeof *all->items)) {
            return rf_fail_memory(err, "the accounts that join rings");
        }
        memcpy(all->items + all->count, g->found[r].items, g->found[r].count * sizeof *all->items);
        all->count += g->found[r].count;
    }
    if (all->count > 1) {
        qsort(all->items, all->count, sizeof *all->items, by_account);
    }
    return RF_OK;
}

/* Of the telling company an account keeps, the share that is in its ring: over its values, the
 * share of other users that are members, weighed by reliability. O(users of its values). */
static double loyalty(const grower *g, uint32_t account)
{
    const rf_population *p = g->model.population;
    double inside = 0;
    double all = 0;
    for (uint64_t k = p->account_start[account]; k < p->account_start[account + 1]; k++) {
        uint32_t const group = p->account_group[k];
        double const reliability = (double)g->model.reliability[group];
        const uint32_t *holders = rf_group_holders(p, group);
        uint32_t members = 0;
        if (reliability < RF_TELLING) {
            continue;
        }
        for (uint32_t i = 0; i < rf_group_size(p, group); i++) {
            members += g->places.ring[holders[i]] == g->places.ring[account];
        }
        inside += reliability * (members - 1) / (rf_group_size(p, group) - 1);
        all += reliability;
    }
    return all > 0 ? inside / all : 0;
}

/* Those that joined and keep the ring's company vouch for others from now on. */
static void hear_vouchers(grower *g)
{
    for (uint32_t a = member_from(g, 0); a != UINT32_MAX; a = member_from(g, a + 1)) {
        if (g->vouches[a] == 0 && loyalty(g, a) >= g->settings.loyalty) {
            g->vouches[a] = 1;
            g->stale[g->places.ring[a]] = 1;
        }
    }
}

static rf_status grow_once(grower *g, uint32_t *changes, rf_error *err)
{
    pulls all = {0};
    rf_status status = weigh(g, err);
    *changes = 0;
    if (status == RF_OK) {
        status = gather(g, &all, err);
    }
    if (status == RF_OK) {
        *changes = move_accounts(g, &all);
        hear_vouchers(g);
    }
    rf_free(all.items);
    return status;
}

static rf_status prepare(grower *g, const rf_findings *f, rf_error *err)
{
    uint32_t const accounts = g->model.population->accounts;
    rf_status status = rf_places_of(f, accounts, &g->places, err);
    g->rings = f->rings;
    g->suspect = rf_alloc(f->rings, sizeof *g->suspect);
    g->stale = rf_alloc(f->rings, sizeof *g->stale);
    g->found = rf_alloc(f->rings, sizeof *g->found);
    g->listed = rf_alloc_raw(f->rings, sizeof *g->listed);
    g->order = rf_alloc_raw(f->rings, sizeof *g->order);
    g->start = rf_alloc((size_t)f->rings + 2, sizeof *g->start);
    g->member = rf_alloc_raw(accounts, sizeof *g->member);
    g->scratch = rf_alloc(g->threads, sizeof *g->scratch);
    g->sum = rf_alloc(g->threads, sizeof *g->sum);
    g->marked = rf_alloc(accounts / 64 + (size_t)1, sizeof *g->marked);
    g->vouches = rf_alloc(accounts, sizeof *g->vouches);
    if (status == RF_OK &&
        (g->suspect == NULL || g->stale == NULL || g->found == NULL || g->listed == NULL ||
         g->order == NULL || g->start == NULL || g->member == NULL || g->scratch == NULL ||
         g->sum == NULL || g->marked == NULL || g->vouches == NULL)) {
        status = rf_fail_memory(err, "the growth of rings");
    }
    for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
        g->suspect[r] = f->ring[r].score >= g->settings.suspect_from;
        g->stale[r] = g->suspect[r] != 0 || g->stands == NULL || g->stands[r] == 0;
    }
    for (uint32_t a = 0; a < accounts && status == RF_OK; a++) {
        uint32_t const ring = g->places.ring[a];
        g->marked[a / 64] |= (uint64_t)(ring != UINT32_MAX) << a % 64;
        g->vouches[a] = ring != UINT32_MAX && !(g->resumed && g->places.fringe[a] != 0);
        if (ring != UINT32_MAX && g->stale[ring] == 0) {
            g->places.membership[a] = g->known[a];
        }
    }
    return status;
}

static void finish(grower *g)
{
    for (unsigned w = 0; g->scratch != NULL && w < g->threads; w++) {
        rf_membership_scratch_end(&g->scratch[w]);
    }
    rf_free(g->scratch);
    rf_free(g->sum);
    for (uint32_t r = 0; g->found != NULL && r < g->rings; r++) {
        rf_free(g->found[r].items);
    }
    rf_free(g->found);
    rf_free(g->suspect);
    rf_free(g->stale);
    rf_free(g->listed);
    rf_free(g->order);
    rf_free(g->start);
    rf_free(g->member);
    rf_free(g->marked);
    rf_free(g->vouches);
    rf_places_free(&g->places);
}

/* What holds accounts elsewhere: in communities that are not suspect. */
static rf_status find_rivals(grower *g, rf_error *err)
{
    rf_status status;
    g->rivals = true;
    list_rings(g);
    status = weigh(g, err);
    for (uint32_t i = 0; i < g->listed_count && status == RF_OK; i++) {
        uint32_t const ring = g->listed[i];
        const pulls *found = &g->found[ring];
        for (size_t k = 0; k < found->count; k++) {
            uint32_t const a = found->items[k].account;
            g->rival[a] = fmaxf(g->rival[a], found->items[k].bits);
        }
        for (uint32_t m = g->start[ring]; m < g->start[ring + 1]; m++) {
            uint32_t const a = g->member[m];
            g->rival[a] = fmaxf(g->rival[a], g->places.membership[a]);
        }
    }
    g->rivals = false;
    return status;
}

static rf_status grow_rounds(grower *g, rf_error *err)
{
    uint32_t changes = 1;
    rf_status status;
    if (g->resumed) {
        hear_vouchers(g);
    }
    list_rings(g);
    status = g->pool_members > 0 ? RF_OK : pool_rings(g, err);
    if (status == RF_OK) {
        status = find_rivals(g, err);
    }
    for (uint32_t round = 0; round < g->settings.rounds && changes > 0 && status == RF_OK;
         round++) {
        list_rings(g);
        status = grow_once(g, &changes, err);
        g->changed += changes;
    }
    return status;
}

void rf_rivals_clear(rf_rivals *rivals)
{
    rf_measured *const measured = rivals->measured;
    rf_membership_model const model = rivals->model;
    rivals->measured = NULL;
    rivals->model.reliability = NULL;
    rf_rivals_free(rivals);
    rivals->measured = measured;
    rivals->model = model;
}

void rf_rivals_free(rf_rivals *rivals)
{
    rf_free(rivals->bits);
    rf_free(rivals->membership);
    rf_free(rivals->stands);
    rf_measured_free(rivals->measured);
    rf_membership_end(&rivals->model);
    *rivals = (rf_rivals){0};
}

rf_status rf_rivals_model(const rf_population *population, const rf_calibration *calibration,
                          rf_rivals *rivals, rf_error *err)
{
    return rivals->model.reliability != NULL
               ? RF_OK
               : rf_membership_begin(population, calibration, &rivals->model, err);
}

static rf_status begin_rivals(uint32_t accounts, rf_rivals *rivals, rf_error *err)
{
    rf_status const status =
        rivals->measured != NULL ? RF_OK : rf_measured_new(accounts, &rivals->measured, err);
    if (status != RF_OK) {
        return status;
    }
    if (rivals->bits == NULL) {
        rivals->bits = rf_alloc(accounts, sizeof *rivals->bits);
    }
    if (rivals->membership == NULL) {
        rivals->membership = rf_alloc(accounts, sizeof *rivals->membership);
    }
    return rivals->bits == NULL || rivals->membership == NULL
               ? rf_fail_memory(err, "the growth of rings")
               : RF_OK;
}

rf_status rf_rings_grow(const rf_population *population, const rf_calibration *calibration,
                        const rf_grow_settings *settings, uint32_t min_size, unsigned threads,
                        rf_rivals *rivals, rf_findings *findings, uint32_t *changed, rf_error *err)
{
    grower g = {.settings = *settings, .threads = threads};
    rf_status status = begin_rivals(population->accounts, rivals, err);
    g.rival = rivals->bits;
    g.known = rivals->membership;
    g.stands = rivals->stands;
    g.measured = rivals->measured;
    g.resumed = rivals->resumed;
    if (rivals->resumed) {
        g.pool = rivals->pool;
        g.pool_members = rivals->pool_members;
    }
    *changed = 0;
    if (status == RF_OK) {
        status = rf_rivals_model(population, calibration, rivals, err);
        g.model = rivals->model; /* borrowed */
    }
    if (status == RF_OK) {
        status = prepare(&g, findings, err);
    }
    if (status == RF_OK) {
        status = grow_rounds(&g, err);
    }
    if (status == RF_OK && g.changed > 0) {
        status = rf_rings_regroup(population, &g.places, min_size, findings, err);
    }
    for (uint32_t i = 0; i < findings->members && status == RF_OK; i++) {
        findings->member[i].membership = g.places.membership[findings->member[i].account];
    }
    rivals->pool = g.pool;
    rivals->pool_members = g.pool_members;
    *changed = g.changed;
    for (uint32_t a = 0; a < population->accounts && status == RF_OK; a++) {
        rivals->membership[a] =
            g.places.ring[a] == UINT32_MAX ? (float)NAN : g.places.membership[a];
    }
    finish(&g);
    return status;
}
