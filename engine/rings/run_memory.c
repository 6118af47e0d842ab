/* run_memory.c - see run_memory.h. */
#include "rings/run_memory.h"

#include "store/kept.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How strongly an account was held; see rf_rivals. */
typedef struct kept_hold {
    uint32_t row;
    float bits, membership;
} kept_hold;

/* A member of a community as it was clustered. */
typedef struct kept_place {
    uint32_t row, ring, cell;
} kept_place;

void rf_memory_free(rf_run_memory *memory)
{
    rf_free(memory->ring);
    rf_free(memory->cell);
    rf_free(memory->judged);
    rf_kept_links_free(&memory->links);
    rf_free(memory->rings);
    rf_free(memory->members);
    rf_free(memory->kept_ring);
    rf_free(memory->kept_size);
    rf_chance_free(&memory->chance);
    rf_free(memory->habits.capability);
    rf_rivals_free(&memory->rivals);
    *memory = (rf_run_memory){0};
}

/* ---- noting ---- */

rf_status rf_memory_note_communities(const rf_findings *findings, uint32_t accounts,
                                     rf_run_memory *memory, rf_error *err)
{
    rf_free(memory->ring); /* of a first turn, without labels */
    rf_free(memory->cell);
    memory->ring = rf_alloc_raw(accounts, sizeof *memory->ring);
    memory->cell = rf_alloc_raw(accounts, sizeof *memory->cell);
    if (memory->ring == NULL || memory->cell == NULL) {
        return rf_fail_memory(err, "the communities");
    }
    memset(memory->ring, 0xff, accounts * sizeof *memory->ring);
    memset(memory->cell, 0xff, accounts * sizeof *memory->cell);
    for (uint32_t i = 0; i < findings->members; i++) {
        const rf_member *m = &findings->member[i];
        memory->ring[m->account] = m->ring;
        memory->cell[m->account] = m->cell;
    }
    return RF_OK;
}

rf_status rf_memory_note_scores(const rf_findings *findings, rf_run_memory *memory, rf_error *err)
{
    if (!rf_reserve(&memory->judged, &memory->judged_room, memory->judgeds + findings->rings,
                    sizeof *memory->judged)) {
        return rf_fail_memory(err, "the scores of rings");
    }
    for (uint32_t r = 0; r < findings->rings; r++) {
        memory->judged[memory->judgeds++] = (rf_judged){
            findings->ring[r].judged, findings->ring[r].score, 0, findings->ring[r].news};
    }
    return RF_OK;
}

/* ---- keeping ---- */

static rf_status keep_communities(rf_store *store, const rf_population *p,
                                  const rf_run_memory *memory, rf_error *err)
{
    kept_place *place = rf_alloc_raw(p->accounts, sizeof *place);
    size_t count = 0;
    rf_status status = place == NULL ? rf_fail_memory(err, "the communities to be kept") : RF_OK;
    for (uint32_t a = 0; a < p->accounts && status == RF_OK; a++) {
        if (memory->ring[a] != UINT32_MAX) {
            place[count++] =
                (kept_place){(uint32_t)p->account_row[a], memory->ring[a], memory->cell[a]};
        }
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "communities", place, count, sizeof *place, err);
    }
    rf_free(place);
    return status;
}

static rf_status keep_rings(rf_store *store, const rf_findings *f, rf_error *err)
{
    rf_kept_ring *ring = rf_alloc(f->rings, sizeof *ring);
    rf_status status = ring == NULL ? rf_fail_memory(err, "the rings to be kept") : RF_OK;
    for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
        const rf_ring *from = &f->ring[r];
        ring[r].number = rf_ring_number(f, r);
        ring[r].network = from->network;
        ring[r].cells = from->cells;
        ring[r].flagged = from->flagged;
        ring[r].life = from->life;
        ring[r].judged = from->judged;
        ring[r].links = from->links;
        ring[r].requests = from->requests;
        ring[r].score = from->score;
        ring[r].link_bits = from->link_bits;
        ring[r].inner_bits = from->inner_bits;
        ring[r].q = from->q;
        memcpy(ring[r].key, from->key, sizeof from->key);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "rings", ring, f->rings, sizeof *ring, err);
    }
    rf_free(ring);
    return status;
}

static rf_status keep_members(rf_store *store, const rf_findings *f, rf_error *err)
{
    rf_kept_member *member = rf_alloc(f->members, sizeof *member);
    rf_status status = member == NULL ? rf_fail_memory(err, "the members to be kept") : RF_OK;
    for (uint32_t i = 0; i < f->members && status == RF_OK; i++) {
        const rf_member *from = &f->member[i];
        member[i].row = (uint32_t)from->account_row;
        member[i].ring = rf_ring_number(f, from->ring - 1);
        member[i].cell = from->cell;
        member[i].network = f->ring[from->ring - 1].network;
        member[i].links = from->links;
        member[i].role = from->fringe   ? RF_KEPT_FRINGE
                         : from->bridge ? RF_KEPT_BRIDGE
                                        : RF_KEPT_CORE;
        member[i].bits = from->bits;
        member[i].membership = from->membership;
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "members", member, f->members, sizeof *member, err);
    }
    rf_free(member);
    return status;
}

static rf_status keep_rivals(rf_store *store, const rf_population *p, const rf_rivals *rivals,
                             rf_error *err)
{
    kept_hold *hold = rf_alloc_raw(p->accounts, sizeof *hold);
    size_t count = 0;
    rf_status status = hold == NULL ? rf_fail_memory(err, "what holds accounts") : RF_OK;
    for (uint32_t a = 0; a < p->accounts && rivals->bits != NULL && status == RF_OK; a++) {
        if (rivals->bits[a] > 0 || !isnan(rivals->membership[a])) {
            hold[count++] =
                (kept_hold){(uint32_t)p->account_row[a], rivals->bits[a], rivals->membership[a]};
        }
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "rivals", hold, count, sizeof *hold, err);
    }
    rf_free(hold);
    return status;
}

/* What a full run learned, which its updates leave as it is. */
typedef struct kept_learned {
    rf_habits habits; /* its pointer tells nothing */
    rf_strength_counts pool;
    uint64_t pool_members;
} kept_learned;

static rf_status keep_learned(rf_store *store, const rf_run_memory *memory, const rf_rivals *rivals,
                              rf_error *err)
{
    kept_learned learned = {
        .habits = memory->habits, .pool = rivals->pool, .pool_members = rivals->pool_members};
    rf_status status;
    if (memory->habits.capability == NULL) { /* an update: all is kept already */
        return RF_OK;
    }
    learned.habits.capability = NULL;
    status = rf_kept_put(store, "learned", &learned, 1, sizeof learned, err);
    return status == RF_OK
               ? rf_kept_put(store, "learned.capability", memory->habits.capability,
                             memory->habits.capabilities, sizeof *memory->habits.capability, err)
               : status;
}

static int by_members(const void *left, const void *right)
{
    const rf_judged *a = left;
    const rf_judged *b = right;
    if (a->members != b->members) {
        return a->members < b->members ? -1 : 1;
    }
    return (a->final < b->final) - (a->final > b->final); /* final ones first */
}

static rf_status keep_scores(rf_store *store, const rf_findings *f, const rf_run_memory *memory,
                             rf_error *err)
{
    size_t count = memory->judgeds;
    size_t kept = 0;
    rf_judged *judged = rf_alloc_raw(count + f->rings, sizeof *judged);
    rf_status status;
    if (judged == NULL) {
        return rf_fail_memory(err, "the scores to be kept");
    }
    if (count > 0) {
        memcpy(judged, memory->judged, count * sizeof *judged);
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        judged[count++] = (rf_judged){f->ring[r].judged, f->ring[r].score, 1, f->ring[r].news};
    }
    qsort(judged, count, sizeof *judged, by_members);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || judged[kept - 1].members != judged[i].members) {
            judged[kept++] = judged[i];
        }
    }
    status = rf_kept_put(store, "scores", judged, kept, sizeof *judged, err);
    rf_free(judged);
    return status;
}

rf_status rf_memory_keep(rf_store *store, const rf_population *population,
                         const rf_findings *findings, const rf_chance *chance,
                         const rf_rivals *rivals, const rf_run_memory *memory, rf_error *err)
{
    int64_t figure[5] = {memory->run, memory->number, memory->import, chance->shuffles, 0};
    rf_status status;
    for (uint32_t a = 0; a < population->accounts; a++) {
        if (population->account_row[a] > figure[4]) {
            figure[4] = population->account_row[a];
        }
    }
    status = keep_communities(store, population, memory, err);
    if (status == RF_OK) {
        status = keep_rings(store, findings, err);
    }
    if (status == RF_OK) {
        status = keep_members(store, findings, err);
    }
    if (status == RF_OK) {
        status = keep_scores(store, findings, memory, err);
    }
    if (status == RF_OK) {
        status =
            rf_kept_put(store, "chance", chance->bits, chance->count, sizeof *chance->bits, err);
    }
    if (status == RF_OK) {
        status = keep_rivals(store, population, rivals, err);
    }
    if (status == RF_OK) {
        status = keep_learned(store, memory, rivals, err);
    }
    return status == RF_OK ? rf_kept_put(store, "run", figure, 5, sizeof *figure, err) : status;
}

/* ---- recalling ---- */

rf_status rf_memory_peek(rf_store *store, rf_run_memory *memory, rf_error *err)
{
    int64_t *figure = NULL;
    size_t count = 0;
    rf_status const status = rf_kept_get(store, "run", sizeof *figure, &figure, &count, err);
    memory->run = 0;
    if (status == RF_OK && count == 5) {
        memory->run = figure[0];
        memory->number = figure[1];
        memory->import = figure[2];
        memory->chance.shuffles = (uint32_t)figure[3];
        memory->account_row = figure[4];
    }
    rf_free(figure);
    return status;
}

static rf_status recall_communities(rf_store *store, const rf_population *p, const uint32_t *number,
                                    uint64_t rows, rf_run_memory *memory, bool *good, rf_error *err)
{
    kept_place *place = NULL;
    size_t count = 0;
    rf_status status = rf_kept_get(store, "communities", sizeof *place, &place, &count, err);
    memory->ring = rf_alloc_raw(p->accounts, sizeof *memory->ring);
    memory->cell = rf_alloc_raw(p->accounts, sizeof *memory->cell);
    if (memory->ring == NULL || memory->cell == NULL) {
        rf_free(place);
        return rf_fail_memory(err, "the communities");
    }
    memset(memory->ring, 0xff, p->accounts * sizeof *memory->ring);
    memset(memory->cell, 0xff, p->accounts * sizeof *memory->cell);
    for (size_t i = 0; i < count && status == RF_OK && *good; i++) {
        uint32_t const a = place[i].row < rows ? number[place[i].row] : UINT32_MAX;
        *good = a != UINT32_MAX;
        if (*good) {
            memory->ring[a] = place[i].ring;
            memory->cell[a] = place[i].cell;
        }
    }
    rf_free(place);
    return status;
}

static rf_status recall_rivals(rf_store *store, const rf_population *p, const uint32_t *number,
                               uint64_t rows, rf_rivals *rivals, bool *good, rf_error *err)
{
    kept_hold *hold = NULL;
    size_t count = 0;
    rf_status status = rf_kept_get(store, "rivals", sizeof *hold, &hold, &count, err);
    rivals->bits = rf_alloc(p->accounts, sizeof *rivals->bits);
    rivals->membership = rf_alloc_raw(p->accounts, sizeof *rivals->membership);
    if (rivals->bits == NULL || rivals->membership == NULL) {
        rf_free(hold);
        return rf_fail_memory(err, "what holds accounts");
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        rivals->membership[a] = (float)NAN;
    }
    for (size_t i = 0; i < count && status == RF_OK && *good; i++) {
        uint32_t const a = hold[i].row < rows ? number[hold[i].row] : UINT32_MAX;
        *good = a != UINT32_MAX;
        if (*good) {
            rivals->bits[a] = hold[i].bits;
            rivals->membership[a] = hold[i].membership;
        }
    }
    rf_free(hold);
    return status;
}

static rf_status recall_learned(rf_store *store, rf_run_memory *memory, bool *good, rf_error *err)
{
    kept_learned *learned = NULL;
    size_t count = 0;
    rf_status status = rf_kept_get(store, "learned", sizeof *learned, &learned, &count, err);
    *good = *good && count == 1;
    if (status == RF_OK && *good) {
        memory->habits = learned->habits;
        memory->rivals.pool = learned->pool;
        memory->rivals.pool_members = learned->pool_members;
        status = rf_kept_get(store, "learned.capability", sizeof *memory->habits.capability,
                             &memory->habits.capability, &count, err);
        *good = count == memory->habits.capabilities;
    }
    rf_free(learned);
    return status;
}

/* Which kept ring every account is in. */
static rf_status place_members(const rf_population *p, rf_run_memory *memory, bool *good,
                               rf_error *err)
{
    uint32_t most = 0;
    uint32_t *index;
    for (size_t k = 0; k < memory->ring_count; k++) {
        most = memory->rings[k].number > most ? memory->rings[k].number : most;
    }
    index = rf_alloc((size_t)most + 1, sizeof *index);
    memory->kept_ring = rf_alloc(p->accounts, sizeof *memory->kept_ring);
    memory->kept_size = rf_alloc(memory->ring_count, sizeof *memory->kept_size);
    if (index == NULL || memory->kept_ring == NULL || memory->kept_size == NULL) {
        rf_free(index);
        return rf_fail_memory(err, "the rings of before");
    }
    for (size_t k = 0; k < memory->ring_count; k++) {
        index[memory->rings[k].number] = (uint32_t)k + 1;
    }
    for (size_t i = 0; i < memory->member_count && *good; i++) {
        const rf_kept_member *m = &memory->members[i];
        *good = m->ring <= most && index[m->ring] != 0;
        if (*good) {
            memory->kept_ring[m->account] = index[m->ring];
            memory->kept_size[index[m->ring] - 1]++;
        }
    }
    rf_free(index);
    return RF_OK;
}

static rf_status recall_findings(rf_store *store, const rf_population *p, const uint32_t *number,
                                 uint64_t rows, rf_run_memory *memory, bool *good, rf_error *err)
{
    rf_status status = rf_kept_get(store, "rings", sizeof *memory->rings, &memory->rings,
                                   &memory->ring_count, err);
    if (status == RF_OK) {
        status = rf_kept_get(store, "members", sizeof *memory->members, &memory->members,
                             &memory->member_count, err);
    }
    if (status == RF_OK) {
        status = rf_kept_get(store, "scores", sizeof *memory->judged, &memory->judged,
                             &memory->judgeds, err);
    }
    if (status == RF_OK) {
        status = rf_kept_get(store, "chance", sizeof *memory->chance.bits, &memory->chance.bits,
                             &memory->chance.room, err);
        memory->chance.count = (uint32_t)memory->chance.room;
    }
    for (size_t i = 0; i < memory->member_count && status == RF_OK; i++) {
        rf_kept_member *m = &memory->members[i];
        m->account = m->row < rows ? number[m->row] : UINT32_MAX;
        *good = *good && m->account != UINT32_MAX;
    }
    return status == RF_OK && *good ? place_members(p, memory, good, err) : status;
}

rf_status rf_memory_recall(rf_store *store, const rf_population *population, rf_run_memory *memory,
                           bool *good, rf_error *err)
{
    uint64_t rows = 0;
    uint32_t *number;
    rf_status status = rf_memory_peek(store, memory, err);
    *good = status == RF_OK && memory->run != 0;
    for (uint32_t a = 0; a < population->accounts; a++) {
        if ((uint64_t)population->account_row[a] >= rows) {
            rows = (uint64_t)population->account_row[a] + 1;
        }
    }
    number = rf_alloc_raw(rows, sizeof *number);
    if (number == NULL) {
        return rf_fail_memory(err, "what was kept of the run");
    }
    memset(number, 0xff, rows * sizeof *number);
    for (uint32_t a = 0; a < population->accounts; a++) {
        number[population->account_row[a]] = a;
    }
    if (status == RF_OK && *good) {
        status = rf_kept_links_get(store, number, rows, &memory->links, good, err);
    }
    if (status == RF_OK && *good) {
        status = recall_communities(store, population, number, rows, memory, good, err);
    }
    if (status == RF_OK && *good) {
        status = recall_findings(store, population, number, rows, memory, good, err);
    }
    if (status == RF_OK && *good) {
        status = recall_rivals(store, population, number, rows, &memory->rivals, good, err);
    }
    if (status == RF_OK && *good) {
        status = recall_learned(store, memory, good, err);
    }
    rf_free(number);
    return status;
}

uint32_t rf_memory_kept(const rf_run_memory *memory, const rf_member *members, uint32_t size,
                        uint32_t *same)
{
    uint32_t kept = 0;
    uint32_t votes = 0; /* Boyer and Moore's majority: nobody else can have one */
    *same = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t const of = memory->kept_ring[members[i].account];
        kept = votes == 0 ? of : kept;
        votes = of == kept ? votes + 1 : votes - 1;
    }
    for (uint32_t i = 0; i < size && kept != 0; i++) {
        *same += memory->kept_ring[members[i].account] == kept;
    }
    return kept;
}

const rf_judged *rf_memory_judged(const rf_run_memory *memory, uint64_t members)
{
    size_t low = 0;
    size_t high = memory->judgeds;
    while (low < high) {
        size_t const middle = low + (high - low) / 2;
        if (memory->judged[middle].members == members) {
            return &memory->judged[middle];
        }
        if (memory->judged[middle].members < members) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
