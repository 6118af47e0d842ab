/* ledger.c - see ledger.h. */
#include "rings/ledger.h"

#include "base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys ---- */

/* Three words of five letters (Wilkerson's proquints): 48 bits that can be read out on a phone. */
void rf_ring_key(const rf_population *population, const rf_member *members, uint32_t size,
                 uint64_t attempt, char key[RF_KEY_TEXT])
{
    static const char consonant[] = "bdfghjklmnprstvz";
    static const char vowel[] = "aiou";
    uint64_t hash = size;
    char *at = key;
    for (uint32_t m = 0; m < size; m++) {
        hash = rf_mix2(hash, population->identity[members[m].account]);
    }
    hash = attempt == 0 ? hash : rf_mix2(hash, attempt);
    for (int word = 0; word < 3; word++) {
        unsigned const bits = (unsigned)(hash >> (48 - 16 * word)) & 0xffff;
        if (word > 0) {
            *at++ = '-';
        }
        *at++ = consonant[bits >> 12 & 15];
        *at++ = vowel[bits >> 10 & 3];
        *at++ = consonant[bits >> 6 & 15];
        *at++ = vowel[bits >> 4 & 3];
        *at++ = consonant[bits & 15];
    }
    *at = '\0';
}

/* ---- matching ---- */

void rf_matching_free(rf_matching *matching)
{
    rf_free(matching->overlap);
    rf_free(matching->continues);
    rf_free(matching->continued_by);
    *matching = (rf_matching){0};
}

/* The sets each account is in, in compressed rows. */
static rf_status invert(const rf_sets *sets, uint32_t accounts, uint32_t **start_out,
                        uint32_t **set_out, rf_error *err)
{
    uint32_t const items = sets->count == 0 ? 0 : sets->start[sets->count];
    uint32_t *start = rf_alloc((size_t)accounts + 2, sizeof *start);
    uint32_t *set = rf_alloc_raw(items, sizeof *set);
    *start_out = start;
    *set_out = set;
    if (start == NULL || set == NULL) {
        return rf_fail_memory(err, "the rings of earlier runs");
    }
    for (uint32_t i = 0; i < items; i++) {
        if (sets->item[i] != RF_NO_ACCOUNT) {
            start[sets->item[i] + 2]++;
        }
    }
    for (uint32_t a = 0; a < accounts; a++) {
        start[a + 2] += start[a + 1];
    }
    for (uint32_t s = 0; s < sets->count;
         s++) { /* start[a + 1] is the cursor, and ends as the end */
        for (uint32_t i = sets->start[s]; i < sets->start[s + 1]; i++) {
            if (sets->item[i] != RF_NO_ACCOUNT) {
                set[start[sets->item[i] + 1]++] = s;
            }
        }
    }
    return RF_OK;
}

static int by_before(const void *left, const void *right)
{
    uint32_t const a = ((const rf_overlap *)left)->before;
    uint32_t const b = ((const rf_overlap *)right)->before;
    return (a > b) - (a < b);
}

/* Counts, for each set of now, what it shares with every earlier one it shares anything with. */
static rf_status find_overlaps(const rf_sets *before, const rf_sets *now, const bool *banned,
                               const uint32_t *start, const uint32_t *set, rf_matching *m,
                               rf_error *err)
{
    uint32_t *place = rf_alloc(before->count, sizeof *place); /* 1 + index of the overlap, 0 none */
    rf_status status = place == NULL ? rf_fail_memory(err, "the overlaps of rings") : RF_OK;
    for (uint32_t n = 0; n < now->count && status == RF_OK; n++) {
        size_t const first = m->overlaps;
        for (uint32_t i = now->start[n]; i < now->start[n + 1] && status == RF_OK; i++) {
            uint32_t const account = now->item[i];
            for (uint32_t k = start[account]; k < start[account + 1]; k++) {
                uint32_t const old = set[k];
                if (place[old] == 0) {
                    if (!rf_reserve(&m->overlap, &m->overlap_room, m->overlaps + 1,
                                    sizeof *m->overlap)) {
                        status = rf_fail_memory(err, "the overlaps of rings");
                        break;
                    }
                    m->overlap[m->overlaps++] = (rf_overlap){.before = old, .now = n};
                    place[old] = (uint32_t)(m->overlaps - first);
                }
                m->overlap[first + place[old] - 1].shared++;
                m->overlap[first + place[old] - 1].shared_banned +=
                    banned != NULL && banned[account];
            }
        }
        for (size_t i = first; i < m->overlaps; i++) {
            place[m->overlap[i].before] = 0;
        }
        if (m->overlaps > first) {
            qsort(m->overlap + first, m->overlaps - first, sizeof *m->overlap, by_before);
        }
    }
    rf_free(place);
    return status;
}

typedef struct candidate {
    uint32_t before, now, shared, together; /* together: size of the union */
    bool found;
} candidate;

static int by_overlap(const void *left, const void *right)
{
    const candidate *a = left;
    const candidate *b = right;
    uint64_t const x = (uint64_t)a->shared * b->together; /* shares compared as fractions */
    uint64_t const y = (uint64_t)b->shared * a->together;
    if (x != y) {
        return x > y ? -1 : 1;
    }
    if (a->shared != b->shared) {
        return a->shared > b->shared ? -1 : 1;
    }
    if (a->found != b->found) {
        return a->found ? -1 : 1;
    }
    if (a->before != b->before) {
        return a->before < b->before ? -1 : 1;
    }
    return (a->now > b->now) - (a->now < b->now);
}

static uint32_t size_of(const rf_sets *sets, uint32_t set)
{
    return sets->start[set + 1] - sets->start[set];
}

static rf_status choose(const rf_sets *before, const bool *found, const rf_sets *now,
                        rf_matching *m, rf_error *err)
{
    candidate *one = rf_alloc_raw(m->overlaps, sizeof *one);
    size_t count = 0;
    if (one == NULL) {
        return rf_fail_memory(err, "the overlaps of rings");
    }
    for (size_t i = 0; i < m->overlaps; i++) {
        const rf_overlap *o = &m->overlap[i];
        uint32_t const together = size_of(before, o->before) + size_of(now, o->now) - o->shared;
        if (2 * (uint64_t)o->shared >= together) {
            one[count++] = (candidate){o->before, o->now, o->shared, together, found[o->before]};
        }
    }
    if (count > 1) {
        qsort(one, count, sizeof *one, by_overlap);
    }
    for (size_t i = 0; i < count; i++) {
        if (m->continues[one[i].now] == UINT32_MAX &&
            m->continued_by[one[i].before] == UINT32_MAX) {
            m->continues[one[i].now] = one[i].before;
            m->continued_by[one[i].before] = one[i].now;
        }
    }
    rf_free(one);
    return RF_OK;
}

rf_status rf_ledger_match(const rf_sets *before, const bool *found, const rf_sets *now,
                          const bool *banned, uint32_t accounts, rf_matching *out, rf_error *err)
{
    uint32_t *start = NULL;
    uint32_t *set = NULL;
    rf_status status;
    *out = (rf_matching){.continues = rf_alloc_raw(now->count, sizeof *out->continues),
                         .continued_by = rf_alloc_raw(before->count, sizeof *out->continued_by)};
    if (out->continues == NULL || out->continued_by == NULL) {
        return rf_fail_memory(err, "the rings of earlier runs");
    }
    memset(out->continues, 0xff, now->count * sizeof *out->continues);
    memset(out->continued_by, 0xff, before->count * sizeof *out->continued_by);
    status = invert(before, accounts, &start, &set, err);
    if (status == RF_OK) {
        status = find_overlaps(before, now, banned, start, set, out, err);
    }
    if (status == RF_OK) {
        status = choose(before, found, now, out, err);
    }
    rf_free(start);
    rf_free(set);
    return status;
}

/* ---- what happened ---- */

typedef struct settling {
    rf_store *store; /* where only some lives were read: asked for the keys of the others */
    const rf_population *population;
    const rf_ledger *ledger;
    rf_findings *findings;
    rf_sets before, now;
    uint32_t *before_item, *now_start, *now_item;
    bool *banned;
    uint32_t *before_banned, *now_banned; /* members banned, by set */
    bool *merged;                         /* by earlier set */
    uint64_t *taken;                      /* hashes of keys, open addressing, 0 is free */
    size_t slots;
    rf_matching matching;
    rf_error *err;
} settling;

static rf_status add_event(settling *s, rf_ledger_event event)
{
    rf_ledger_entries *entries = &s->findings->ledger;
    if (!rf_reserve(&entries->event, &entries->event_room, entries->events + 1,
                    sizeof *entries->event)) {
        return rf_fail_memory(s->err, "the ledger");
    }
    entries->event[entries->events++] = event;
    return RF_OK;
}

static int64_t life_of_ring(const settling *s, uint32_t r)
{
    return s->findings->ring[r].life;
}

/* The figures of ring r beside an event about it. */
static rf_ledger_event told(const settling *s, rf_ring_event event, uint32_t r, int64_t other)
{
    const rf_ring *ring = &s->findings->ring[r];
    return (rf_ledger_event){.event = event,
                             .life = ring->life,
                             .other = other,
                             .ring = rf_ring_number(s->findings, r),
                             .size = ring->size,
                             .joined = -1,
                             .gone = -1,
                             .shared = -1,
                             .overlap = (double)NAN,
                             .score = ring->score,
                             .flagged = ring->flagged};
}

/* An event of an earlier ring that this run did not find as such. */
static rf_ledger_event untold(rf_ring_event event, int64_t life, int64_t other)
{
    return (rf_ledger_event){.event = event,
                             .life = life,
                             .other = other,
                             .size = -1,
                             .joined = -1,
                             .gone = -1,
                             .shared = -1,
                             .overlap = (double)NAN,
                             .score = (double)NAN,
                             .flagged = -1};
}

static double jaccard(uint32_t a, uint32_t b, uint32_t shared)
{
    return shared / ((double)a + b - shared);
}

/* True when no ring had this key before; remembers it. */
static bool take_key(settling *s, const char *key)
{
    uint64_t const hash = rf_hash_bytes(0, key, strlen(key)) | 1;
    size_t at = hash >> 1 & (s->slots - 1);
    while (s->taken[at] != 0) {
        if (s->taken[at] == hash) {
            return false;
        }
        at = (at + 1) & (s->slots - 1);
    }
    s->taken[at] = hash;
    return true;
}

/* Whether a life that was not read has the key. */
static rf_status ask_key(const settling *s, const char *key, bool *taken)
{
    rf_statement *select = NULL;
    rf_status status;
    *taken = false;
    if (s->store == NULL) {
        return RF_OK;
    }
    status = rf_prepare(s->store, "SELECT 1 FROM ring_life WHERE ring_key = ?", &select, s->err);
    if (status == RF_OK) {
        rf_bind_text(select, 1, key);
        status = rf_step(select, taken, s->err);
    }
    rf_statement_end(select);
    return status;
}

static rf_status bear(settling *s, uint32_t r)
{
    rf_ring *ring = &s->findings->ring[r];
    rf_ledger_entries *entries = &s->findings->ledger;
    uint64_t attempt = 0;
    bool taken = true;
    if (!rf_reserve(&entries->birth, &entries->birth_room, entries->births + 1,
                    sizeof *entries->birth)) {
        return rf_fail_memory(s->err, "the ledger");
    }
    while (taken) {
        rf_ring_key(s->population, s->findings->member + ring->first_member, ring->size, attempt++,
                    ring->key);
        taken = !take_key(s, ring->key);
        if (!taken) {
            rf_status const status = ask_key(s, ring->key, &taken);
            if (status != RF_OK) {
                return status;
            }
        }
    }
    entries->birth[entries->births].life = s->ledger->newest + (int64_t)entries->births + 1;
    ring->life = entries->birth[entries->births].life;
    memcpy(entries->birth[entries->births++].key, ring->key, sizeof ring->key);
    return RF_OK;
}

/* Keys and lives of all rings; those that continue none are born, in the order of the rings. */
static rf_status name_rings(settling *s)
{
    rf_status status = RF_OK;
    for (uint32_t r = 0; r < s->findings->rings && status == RF_OK; r++) {
        uint32_t const old = s->matching.continues[r];
        if (old == UINT32_MAX) {
            status = bear(s, r);
        } else {
            rf_ring *ring = &s->findings->ring[r];
            ring->life = s->ledger->life[old];
            memcpy(ring->key, s->ledger->key[old], strlen(s->ledger->key[old]) + 1);
        }
    }
    return status;
}

/* The one event that says how a found ring stands. */
static rf_status tell_ring(settling *s, uint32_t r, const rf_overlap *continued)
{
    rf_ledger_event event = told(s, RF_RING_BIRTH, r, 0);
    if (continued == NULL) {
        event.joined = event.size;
        return add_event(s, event);
    }
    uint32_t const old_size = size_of(&s->before, continued->before);
    event.shared = continued->shared;
    event.joined = event.size - event.shared;
    event.gone = old_size - event.shared;
    event.overlap = jaccard(old_size, (uint32_t)event.size, continued->shared);
    if (!s->ledger->found[continued->before]) {
        event.event = RF_RING_RETURN;
    } else if (event.size != old_size) {
        event.event = event.size > old_size ? RF_RING_GROWTH : RF_RING_SHRINKAGE;
    } else {
        event.event = event.joined > 0 ? RF_RING_TURNOVER : RF_RING_UNCHANGED;
    }
    return add_event(s, event);
}

static rf_status tell_regrowth(settling *s, const rf_overlap *o)
{
    uint32_t const old_size = size_of(&s->before, o->before);
    uint32_t const size = size_of(&s->now, o->now);
    uint32_t const fresh =
        size - s->now_banned[o->now] - (o->shared - o->shared_banned); /* new and not banned */
    bool const own = s->matching.continues[o->now] == o->before;
    rf_ledger_event event;
    if (s->before_banned[o->before] == 0 || 2 * s->before_banned[o->before] < old_size ||
        o->shared_banned == 0 || fresh == 0 ||
        (!own && (s->matching.continues[o->now] != UINT32_MAX || /* told when it was born */
                  2 * (uint64_t)o->shared < old_size))) {
        return RF_OK;
    }
    event = told(s, RF_RING_REGROWTH, o->now, own ? 0 : s->ledger->life[o->before]);
    event.joined = fresh;
    event.gone = s->before_banned[o->before];
    event.shared = o->shared;
    event.overlap = jaccard(old_size, size, o->shared);
    return add_event(s, event);
}

/* Both sides of a merge or a split. */
static rf_status tell_both(settling *s, const rf_overlap *o, rf_ring_event here,
                           rf_ring_event there)
{
    int64_t const old = s->ledger->life[o->before];
    rf_ledger_event event = told(s, here, o->now, old);
    rf_ledger_event mirrored = untold(there, old, life_of_ring(s, o->now));
    rf_status status;
    event.shared = o->shared;
    event.overlap = jaccard(size_of(&s->before, o->before), size_of(&s->now, o->now), o->shared);
    mirrored.shared = event.shared;
    mirrored.overlap = event.overlap;
    status = add_event(s, event);
    return status == RF_OK ? add_event(s, mirrored) : status;
}

static rf_status tell_overlap(settling *s, const rf_overlap *o)
{
    if (s->matching.continues[o->now] == o->before || !s->ledger->found[o->before]) {
        return RF_OK;
    }
    if (s->matching.continued_by[o->before] == UINT32_MAX &&
        2 * (uint64_t)o->shared >= size_of(&s->before, o->before) && !s->merged[o->before]) {
        s->merged[o->before] = true; /* of two halves the first ring, the better score, has it */
        return tell_both(s, o, RF_RING_MERGE, RF_RING_MERGED);
    }
    if (2 * (uint64_t)o->shared >= size_of(&s->now, o->now)) {
        return tell_both(s, o, RF_RING_SPLIT, RF_RING_SPLIT_OFF);
    }
    return RF_OK;
}

static rf_status tell_all(settling *s)
{
    rf_status status = RF_OK;
    size_t i = 0;
    for (uint32_t r = 0; r < s->now.count && status == RF_OK; r++) {
        const rf_overlap *continued = NULL;
        for (size_t k = i; k < s->matching.overlaps && s->matching.overlap[k].now == r; k++) {
            if (s->matching.overlap[k].before == s->matching.continues[r]) {
                continued = &s->matching.overlap[k];
            }
        }
        status = tell_ring(s, r, continued);
        for (; status == RF_OK && i < s->matching.overlaps && s->matching.overlap[i].now == r;
             i++) {
            status = tell_overlap(s, &s->matching.overlap[i]);
            if (status == RF_OK) {
                status = tell_regrowth(s, &s->matching.overlap[i]);
            }
        }
    }
    for (uint32_t l = 0; l < s->before.count && status == RF_OK; l++) {
        if (s->ledger->found[l] && s->matching.continued_by[l] == UINT32_MAX && !s->merged[l]) {
            status = add_event(s, untold(RF_RING_DORMANCY, s->ledger->life[l], 0));
        }
    }
    return status;
}

/* ---- who came and went ---- */

static rf_status add_move(settling *s, rf_ledger_move **move, size_t *moves, size_t *room,
                          int64_t life, const char *account)
{
    if (!rf_reserve(move, room, *moves + 1, sizeof **move)) {
        return rf_fail_memory(s->err, "the ledger");
    }
    (*move)[(*moves)++] = (rf_ledger_move){life, account};
    return RF_OK;
}

/* `stamp` has room for an account each; two stamps a ring tell old from new members. */
static rf_status list_moves_of(settling *s, uint32_t r, uint32_t *stamp)
{
    rf_ledger_entries *e = &s->findings->ledger;
    uint32_t const old = s->matching.continues[r];
    int64_t const life = life_of_ring(s, r);
    rf_status status = RF_OK;
    if (old != UINT32_MAX) {
        for (uint32_t i = s->now.start[r]; i < s->now.start[r + 1]; i++) {
            stamp[s->now.item[i]] = 2 * r + 1;
        }
        for (uint32_t i = s->before.start[old]; i < s->before.start[old + 1]; i++) {
            uint32_t const account = s->before.item[i];
            if (account != RF_NO_ACCOUNT && stamp[account] == 2 * r + 1) {
                stamp[account] = 2 * r + 2; /* stays */
            } else if (status == RF_OK) {
                status =
                    add_move(s, &e->gone, &e->goings, &e->going_room, life, s->ledger->member[i]);
            }
        }
    }
    for (uint32_t i = s->now.start[r]; i < s->now.start[r + 1] && status == RF_OK; i++) {
        if (old == UINT32_MAX || stamp[s->now.item[i]] != 2 * r + 2) {
            status = add_move(s, &e->joined, &e->joins, &e->join_room, life,
                              s->population->external_id[s->now.item[i]]);
        }
    }
    return status;
}

static rf_status list_moves(settling *s)
{
    uint32_t *stamp = rf_alloc(s->population->accounts, sizeof *stamp);
    rf_status status = stamp == NULL ? rf_fail_memory(s->err, "the ledger") : RF_OK;
    for (uint32_t r = 0; r < s->now.count && status == RF_OK; r++) {
        status = list_moves_of(s, r, stamp);
    }
    rf_free(stamp);
    return status;
}

/* ---- all of it ---- */

static uint32_t count_banned(const settling *s, const rf_sets *sets, uint32_t set)
{
    uint32_t count = 0;
    for (uint32_t i = sets->start[set]; i < sets->start[set + 1]; i++) {
        count += sets->item[i] != RF_NO_ACCOUNT && s->banned[sets->item[i]];
    }
    return count;
}

static rf_status make_sets(settling *s)
{
    static const uint32_t nothing[1] = {0};
    const rf_findings *f = s->findings;
    const rf_ledger *l = s->ledger;
    uint32_t const members = l->lives == 0 ? 0 : l->start[l->lives];
    s->before_item = rf_alloc_raw(members, sizeof *s->before_item);
    s->now_start = rf_alloc((size_t)f->rings + 1, sizeof *s->now_start);
    s->now_item = rf_alloc_raw(f->members, sizeof *s->now_item);
    s->banned = rf_alloc(s->population->accounts, sizeof *s->banned);
    s->before_banned = rf_alloc(l->lives, sizeof *s->before_banned);
    s->now_banned = rf_alloc(f->rings, sizeof *s->now_banned);
    s->merged = rf_alloc(l->lives, sizeof *s->merged);
    for (s->slots = 64; s->slots < 2 * ((size_t)l->lives + f->rings); s->slots *= 2) {
    }
    s->taken = rf_alloc(s->slots, sizeof *s->taken);
    if (s->before_item == NULL || s->now_start == NULL || s->now_item == NULL ||
        s->banned == NULL || s->before_banned == NULL || s->now_banned == NULL ||
        s->merged == NULL || s->taken == NULL) {
        return rf_fail_memory(s->err, "the rings of earlier runs");
    }
    for (uint32_t a = 0; a < s->population->accounts; a++) {
        s->banned[a] = s->population->status[a] == RF_STATUS_BANNED;
    }
    for (uint32_t i = 0; i < members; i++) {
        s->before_item[i] = rf_population_find(s->population, l->member[i]);
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        s->now_start[r + 1] = s->now_start[r] + f->ring[r].size;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        for (uint32_t i = 0; i < f->ring[r].size; i++) {
            s->now_item[s->now_start[r] + i] = f->member[f->ring[r].first_member + i].account;
        }
    }
    s->before = (rf_sets){l->lives, l->lives == 0 ? nothing : l->start, s->before_item};
    s->now = (rf_sets){f->rings, s->now_start, s->now_item};
    for (uint32_t i = 0; i < l->lives; i++) {
        s->before_banned[i] = count_banned(s, &s->before, i);
        (void)take_key(s, l->key[i]);
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        s->now_banned[r] = count_banned(s, &s->now, r);
    }
    return RF_OK;
}

rf_status rf_rings_settle(rf_store *store, const rf_population *population, int64_t before,
                          bool some, rf_findings *findings, rf_error *err)
{
    rf_ledger ledger = {0};
    settling s = {.store = some ? store : NULL,
                  .population = population,
                  .ledger = &ledger,
                  .findings = findings,
                  .err = err};
    rf_status status = rf_ledger_read(store, before, some, &ledger, err);
    findings->ledger.previous = ledger.previous;
    if (status == RF_OK) {
        status = make_sets(&s);
    }
    if (status == RF_OK) {
        status = rf_ledger_match(&s.before, ledger.found, &s.now, s.banned, population->accounts,
                                 &s.matching, err);
    }
    if (status == RF_OK) {
        status = name_rings(&s);
    }
    if (status == RF_OK) {
        status = tell_all(&s);
    }
    if (status == RF_OK) {
        status = list_moves(&s);
    }
    rf_matching_free(&s.matching);
    rf_free(s.before_item);
    rf_free(s.now_start);
    rf_free(s.now_item);
    rf_free(s.banned);
    rf_free(s.before_banned);
    rf_free(s.now_banned);
    rf_free(s.merged);
    rf_free(s.taken);
    /* Those that left are named by the ledger's texts. */
    findings->ledger_texts = ledger.texts;
    ledger.texts = (rf_arena){0};
    rf_ledger_free(&ledger);
    return status;
}
