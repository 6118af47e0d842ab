/* measured.c - see measured.h. */
#include "rings/measured.h"

#include <string.h>

/* One allocation each, so that nothing moves while another thread notes. */
typedef struct community {
    uint32_t size, accounts; /* members, and with outsiders */
    uint32_t *account;       /* members first; behind the struct, as the others are */
    float *own;              /* by place */
    uint32_t *count;         /* strengths inside, then outside, by slot */
    uint8_t *strength;       /* place * slots + slot */
} community;

struct rf_measured {
    community **of; /* by first member; NULL: none */
    uint32_t accounts;
};

rf_status rf_measured_new(uint32_t accounts, rf_measured **out, rf_error *err)
{
    rf_measured *m = rf_alloc(1, sizeof *m);
    *out = NULL;
    if (m == NULL || (m->of = rf_alloc(accounts, sizeof(community *))) == NULL) {
        rf_free(m);
        return rf_fail_memory(err, "the growth of rings");
    }
    m->accounts = accounts;
    *out = m;
    return RF_OK;
}

void rf_measured_free(rf_measured *measured)
{
    if (measured != NULL) {
        for (uint32_t a = 0; a < measured->accounts; a++) {
            rf_free(measured->of[a]);
        }
        rf_free(measured->of);
        rf_free(measured);
    }
}

/* Whether a community may pull the account at a place: enough families are at any strength, or it
 * uses a value of the community's own. */
static bool may_hold(const rf_membership_scratch *scratch, size_t place, uint32_t slots,
                     uint32_t held)
{
    uint32_t at = 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        at += scratch->strength[place * slots + slot] != 0;
    }
    return at >= held || scratch->own[place] > 0;
}

static community *make(uint32_t size, uint32_t accounts, uint32_t slots)
{
    size_t const counted = (size_t)2 * slots * RF_STRENGTHS;
    community *c = rf_alloc_raw(1, sizeof *c + counted * sizeof *c->count +
                                       accounts * (sizeof *c->account + sizeof *c->own + slots));
    if (c != NULL) {
        c->size = size;
        c->accounts = accounts;
        c->account = (uint32_t *)(c + 1);
        c->own = (float *)(c->account + accounts);
        c->count = (uint32_t *)(c->own + accounts);
        c->strength = (uint8_t *)(c->count + counted);
    }
    return c;
}

rf_status rf_measured_note(rf_measured *measured, const rf_membership_model *model,
                           const uint32_t *member, uint32_t size, uint32_t held,
                           const rf_membership_scratch *scratch, const rf_strength_counts *counts,
                           rf_error *err)
{
    uint32_t const slots = model->slots;
    size_t const counted = (size_t)slots * RF_STRENGTHS;
    uint32_t accounts = size;
    community *c;
    if (model->calibration->one_family) {
        return RF_OK;
    }
    for (size_t i = size; i < scratch->touched_count; i++) {
        accounts += may_hold(scratch, i, slots, held);
    }
    c = make(size, accounts, slots);
    if (c == NULL) {
        return rf_fail_memory(err, "the growth of rings");
    }
    accounts = 0;
    for (size_t i = 0; i < scratch->touched_count; i++) {
        if (i < size || may_hold(scratch, i, slots, held)) {
            c->account[accounts] = scratch->touched[i];
            c->own[accounts] = scratch->own[i];
            memcpy(c->strength + (size_t)accounts * slots, scratch->strength + i * slots, slots);
            accounts++;
        }
    }
    memcpy(c->count, counts->inside, counted * sizeof *c->count);
    memcpy(c->count + counted, counts->outside, counted * sizeof *c->count);
    rf_free(measured->of[member[0]]);
    measured->of[member[0]] = c;
    return RF_OK;
}

bool rf_measured_find(const rf_measured *measured, const rf_membership_model *model,
                      const uint32_t *member, uint32_t size, rf_membership_scratch *view,
                      rf_strength_counts *counts)
{
    const community *c = measured->of[member[0]];
    size_t const counted = (size_t)model->slots * RF_STRENGTHS;
    if (c == NULL || c->size != size || memcmp(c->account, member, size * sizeof *member) != 0) {
        return false;
    }
    *view = (rf_membership_scratch){.touched = c->account,
                                    .touched_count = c->accounts,
                                    .strength = c->strength,
                                    .own = c->own,
                                    .all_vouch = true};
    *counts = (rf_strength_counts){0};
    memcpy(counts->inside, c->count, counted * sizeof *c->count);
    memcpy(counts->outside, c->count + counted, counted * sizeof *c->count);
    return true;
}
