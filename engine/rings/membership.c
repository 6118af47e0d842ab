/* membership.c - see membership.h. */
#include "rings/membership.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

rf_status rf_membership_begin(const rf_population *population, const rf_calibration *calibration,
                              rf_membership_model *model, rf_error *err)
{
    const rf_population *p = population;
    double const prior = calibration->settings.prior_bits;
    *model = (rf_membership_model){.population = p,
                                   .calibration = calibration,
                                   .slots = calibration->one_family ? 2 : p->families};
    model->reliability = rf_alloc(p->groups, sizeof *model->reliability);
    if (model->reliability == NULL) {
        return rf_fail_memory(err, "the memberships");
    }
    for (uint32_t g = 0; g < p->groups; g++) {
        /* by way of the worth, which is limited by rarity */
        rf_bits const worth = rf_group_worth(p, calibration, g);
        if (rf_group_size(p, g) <= calibration->settings.pair_cap || worth > 0) {
            model->reliability[g] = (float)(1 / (1 + exp2(-(rf_bits_real(worth) + prior))));
        }
    }
    return RF_OK;
}

void rf_membership_end(rf_membership_model *model)
{
    rf_free(model->reliability);
    *model = (rf_membership_model){0};
}

rf_status rf_membership_scratch_begin(const rf_membership_model *model,
                                      rf_membership_scratch *scratch, rf_error *err)
{
    const rf_population *p = model->population;
    *scratch = (rf_membership_scratch){
        .strength = rf_alloc((size_t)p->accounts * model->slots, sizeof *scratch->strength),
        .vouched = rf_alloc((size_t)p->accounts * model->slots, sizeof *scratch->vouched),
        .members = rf_alloc(p->groups, sizeof *scratch->members),
    };
    if (model->calibration->one_family) {
        scratch->second = rf_alloc(p->accounts, sizeof *scratch->second);
    }
    if (scratch->strength == NULL || scratch->vouched == NULL || scratch->members == NULL ||
        (model->calibration->one_family && scratch->second == NULL)) {
        rf_membership_scratch_end(scratch);
        return rf_fail_memory(err, "the memberships");
    }
    return RF_OK;
}

void rf_membership_scratch_end(rf_membership_scratch *scratch)
{
    rf_free(scratch->strength);
    rf_free(scratch->vouched);
    rf_free(scratch->second);
    rf_free(scratch->touched);
    rf_free(scratch->members);
    rf_free(scratch->groups);
    *scratch = (rf_membership_scratch){0};
}

static uint8_t strength_of(double reliability, uint32_t others, uint32_t holders)
{
    double const q =
        (others + RF_SHARE_SHRINKAGE * reliability) / (holders - 1 + RF_SHARE_SHRINKAGE);
    double const step = floor((log2(q / (1 - q)) + 8) / 2);
    return (uint8_t)(step < 0 ? 0 : step > RF_STRENGTHS - 1 ? RF_STRENGTHS - 1 : step);
}

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Notes that an account shares `value` at this strength. */
static void note(const rf_membership_model *model, rf_membership_scratch *s, uint32_t account,
                 uint32_t value, uint32_t slot, uint8_t strength, bool voucher)
{
    uint8_t *own = s->strength + (size_t)account * model->slots;
    uint8_t *vouched = s->vouched + (size_t)account * model->slots + (s->second == NULL ? slot : 0);
    if (voucher && strength > *vouched) {
        *vouched = strength;
    }
    if (s->second == NULL) {
        own[slot] = strength > own[slot] ? strength : own[slot];
    } else if (s->second[account] == value + 1) {
        own[0] = strength > own[0] ? strength : own[0];
    } else if (strength > own[0]) {
        own[1] = own[0];
        own[0] = strength;
        s->second[account] = value + 1;
    } else if (strength > own[1]) {
        own[1] = strength;
    }
}

static bool untouched(const rf_membership_model *model, const rf_membership_scratch *s,
                      uint32_t account)
{
    const uint8_t *own = s->strength + (size_t)account * model->slots;
    for (uint32_t i = 0; i < model->slots; i++) {
        if (own[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Notes the strength at which each of its users shares a group that `members` members hold. */
static rf_status visit_group(const rf_membership_model *model, const uint32_t *in_ring,
                             const uint8_t *vouches, uint32_t ring, uint32_t group,
                             uint32_t members, rf_membership_scratch *s, rf_error *err)
{
    const rf_population *p = model->population;
    const uint32_t *holders = rf_group_holders(p, group);
    uint32_t const n = rf_group_size(p, group);
    double const reliability = (double)model->reliability[group];
    uint8_t const of_other = strength_of(reliability, members < n ? members : n - 1, n);
    uint8_t const of_member = members > 1 ? strength_of(reliability, members - 1, n) : 0;
    bool voucher = false;
    if (of_other == 0) {
        return RF_OK;
    }
    if (!rf_reserve(&s->touched, &s->touched_room, s->touched_count + n, sizeof *s->touched)) {
        return rf_fail_memory(err, "the memberships");
    }
    for (uint32_t i = 0; i < n && !voucher; i++) {
        voucher = in_ring[holders[i]] == ring && vouches[holders[i]] != 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint8_t const strength = in_ring[holders[i]] == ring ? of_member : of_other;
        if (strength == 0) {
            continue;
        }
        if (untouched(model, s, holders[i])) {
            s->touched[s->touched_count++] = holders[i];
        }
        note(model, s, holders[i], p->group_value[group], rf_group_signal(p, group)->family,
             strength, voucher);
    }
    return RF_OK;
}

/* Lists the groups that members hold, ascending so that a value's groups follow each other, and
 * counts the members that hold them: groups of many strangers are then passed over unread. */
static rf_status list_groups(const rf_membership_model *model, const uint32_t *member,
                             uint32_t size, rf_membership_scratch *s, size_t *count, rf_error *err)
{
    const rf_population *p = model->population;
    *count = 0;
    for (uint32_t m = 0; m < size; m++) {
        for (uint64_t k = p->account_start[member[m]]; k < p->account_start[member[m] + 1]; k++) {
            uint32_t const g = p->account_group[k];
            if (!(model->reliability[g] > 0) || s->members[g]++ > 0) {
                continue;
            }
            if (!rf_reserve(&s->groups, &s->group_room, *count + 1, sizeof *s->groups)) {
                return rf_fail_memory(err, "the memberships");
            }
            s->groups[(*count)++] = g;
        }
    }
    if (s->second != NULL && *count > 1) {
        qsort(s->groups, *count, sizeof *s->groups, ascending);
    }
    return RF_OK;
}

rf_status rf_membership_measure(const rf_membership_model *model, const uint32_t *in_ring,
                                const uint8_t *vouches, uint32_t ring, const uint32_t *member,
                                uint32_t size, rf_membership_scratch *scratch,
                                rf_strength_counts *counts, rf_error *err)
{
    size_t groups;
    rf_status status = list_groups(model, member, size, scratch, &groups, err);
    *counts = (rf_strength_counts){0};
    for (size_t i = 0; i < groups && status == RF_OK; i++) {
        uint32_t const g = scratch->groups[i];
        status = visit_group(model, in_ring, vouches, ring, g, scratch->members[g], scratch, err);
        scratch->members[g] = 0;
    }
    for (size_t i = 0; i < scratch->touched_count && status == RF_OK; i++) {
        uint32_t const a = scratch->touched[i];
        const uint8_t *own = scratch->strength + (size_t)a * model->slots;
        uint32_t(*const to)[RF_STRENGTHS] = in_ring[a] == ring ? counts->inside : counts->outside;
        for (uint32_t slot = 0; slot < model->slots; slot++) {
            to[slot][own[slot]]++;
        }
    }
    return status;
}

void rf_membership_clear(const rf_membership_model *model, rf_membership_scratch *scratch)
{
    for (size_t i = 0; i < scratch->touched_count; i++) {
        memset(scratch->strength + (size_t)scratch->touched[i] * model->slots, 0, model->slots);
        memset(scratch->vouched + (size_t)scratch->touched[i] * model->slots, 0, model->slots);
        if (scratch->second != NULL) {
            scratch->second[scratch->touched[i]] = 0;
        }
    }
    scratch->touched_count = 0;
}

void rf_membership_ratios(const rf_membership_model *model, const rf_strength_counts *counts,
                          uint32_t size, const rf_strength_counts *all, uint64_t all_members,
                          rf_ratios *ratios)
{
    double const pseudo = 4; /* members drawn from all rings */
    double const others = (double)model->population->accounts - size;
    ratios->prior = (float)log2((double)size / model->population->accounts);
    for (uint32_t slot = 0; slot < model->slots; slot++) {
        ratios->bits[slot][0] = 0;
        for (uint32_t s = 1; s < RF_STRENGTHS; s++) {
            double const everywhere = (double)all->inside[slot][s] / (double)all_members;
            double const inside = (counts->inside[slot][s] + pseudo * everywhere) / (size + pseudo);
            double const outside = (counts->outside[slot][s] + 0.5) / (others + 1);
            ratios->bits[slot][s] = (float)log2(fmax(inside, 1e-6) / outside);
        }
    }
}

rf_membership rf_membership_of(const rf_membership_model *model,
                               const rf_membership_scratch *scratch, const rf_ratios *ratios,
                               uint32_t account)
{
    const uint8_t *own = scratch->strength + (size_t)account * model->slots;
    const uint8_t *vouched = scratch->vouched + (size_t)account * model->slots;
    rf_membership out = {.account = account, .bits = ratios->prior};
    for (uint32_t slot = 0; slot < model->slots; slot++) {
        float const bits = ratios->bits[slot][own[slot]];
        out.bits += bits > 0 ? bits : 0;
        out.held = (uint8_t)(out.held + (bits >= (float)RF_HOLDING));
        out.vouched =
            (uint8_t)(out.vouched + (ratios->bits[slot][vouched[slot]] >= (float)RF_HOLDING));
    }
    return out;
}
