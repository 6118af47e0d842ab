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
                                   .payment = rf_family_named(p, "payment"),
                                   .address = rf_family_named(p, "address"),
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
        .place = rf_alloc(p->accounts, sizeof *scratch->place),
        .members = rf_alloc(p->groups, sizeof *scratch->members),
    };
    if (scratch->place == NULL || scratch->members == NULL) {
        rf_membership_scratch_end(scratch);
        return rf_fail_memory(err, "the memberships");
    }
    return RF_OK;
}

void rf_membership_scratch_end(rf_membership_scratch *scratch)
{
    rf_free(scratch->place);
    rf_free(scratch->touched);
    rf_free(scratch->strength);
    rf_free(scratch->vouched);
    rf_free(scratch->second);
    rf_free(scratch->own);
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

float rf_own_bits(bool given, uint32_t others, uint32_t holders)
{
    double const n = (double)holders - 1;
    double const k = others;
    bool const tested = others >= RF_OWN_LEAST && 2 * k - n > RF_OWN_Z * sqrt(n);
    bool const passed_on = given && others > 0 && n <= RF_OWN_FEW && 2 * k >= n;
    if (passed_on) {
        return (float)log2((k + 1.5) / (n - k + 0.5));
    }
    return tested ? (float)log2((k + 0.5) / (n - k + 0.5)) : 0;
}

/* Whether two accounts were ever at one address at one time. O(what they share). */
static bool have_met(const rf_membership_model *model, uint32_t a, uint32_t b)
{
    const rf_population *p = model->population;
    uint64_t i = p->account_start[a];
    uint64_t j = p->account_start[b];
    while (i < p->account_start[a + 1] && j < p->account_start[b + 1]) {
        uint32_t const left = p->account_group[i];
        uint32_t const right = p->account_group[j];
        if (left == right && rf_group_signal(p, left)->family == model->address) {
            return true;
        }
        i += left <= right;
        j += right <= left;
    }
    return false;
}

/* Whether the one member among the holders of a group, besides `account`, lives with it: a card
 * that two have in common may be a family's. */
static bool lives_with(const rf_membership_model *model, const rf_membership_scratch *s,
                       uint32_t group, uint32_t account, uint32_t size)
{
    const uint32_t *holders = rf_group_holders(model->population, group);
    for (uint32_t i = 0; i < rf_group_size(model->population, group); i++) {
        uint32_t const place = s->place[holders[i]];
        if (holders[i] != account && place != 0 && place <= size) {
            return have_met(model, account, holders[i]);
        }
    }
    return false;
}

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Makes room for so many touched accounts. */
static bool room_for(const rf_membership_model *model, rf_membership_scratch *s, size_t touched)
{
    size_t const bytes = touched * model->slots;
    return rf_reserve(&s->touched, &s->touched_room, touched, sizeof *s->touched) &&
           rf_reserve(&s->strength, &s->strength_room, bytes, 1) &&
           rf_reserve(&s->own, &s->own_room, touched, sizeof *s->own) &&
           (s->all_vouch || rf_reserve(&s->vouched, &s->vouched_room, bytes, 1)) &&
           (!model->calibration->one_family ||
            rf_reserve(&s->second, &s->second_room, touched, sizeof *s->second));
}

/* The place of an account, which it gets when it has none. There is room. */
static uint32_t place_of(const rf_membership_model *model, rf_membership_scratch *s,
                         uint32_t account)
{
    uint32_t const place = (uint32_t)s->touched_count;
    if (s->place[account] != 0) {
        return s->place[account] - 1;
    }
    s->touched[s->touched_count++] = account;
    s->place[account] = place + 1;
    s->own[place] = 0;
    memset(s->strength + (size_t)place * model->slots, 0, model->slots);
    if (!s->all_vouch) {
        memset(s->vouched + (size_t)place * model->slots, 0, model->slots);
    }
    if (model->calibration->one_family) {
        s->second[place] = 0;
    }
    return place;
}

/* Notes that the account at a place shares `value` at this strength. */
static void note(const rf_membership_model *model, rf_membership_scratch *s, uint32_t place,
                 uint32_t value, uint32_t slot, uint8_t strength, bool voucher)
{
    bool const one_family = model->calibration->one_family;
    uint8_t *own = s->strength + (size_t)place * model->slots;
    if (voucher && !s->all_vouch) {
        uint8_t *vouched = s->vouched + (size_t)place * model->slots + (one_family ? 0 : slot);
        *vouched = strength > *vouched ? strength : *vouched;
    }
    if (!one_family) {
        own[slot] = strength > own[slot] ? strength : own[slot];
    } else if (s->second[place] == value + 1) {
        own[0] = strength > own[0] ? strength : own[0];
    } else if (strength > own[0]) {
        own[1] = own[0];
        own[0] = strength;
        s->second[place] = value + 1;
    } else if (strength > own[1]) {
        own[1] = strength;
    }
}

/* Notes the strength at which each of its users shares a group that `members` members hold. */
static rf_status visit_group(const rf_membership_model *model, uint32_t group, uint32_t members,
                             bool voucher, uint32_t size, rf_membership_scratch *s, rf_error *err)
{
    const rf_population *p = model->population;
    const uint32_t *holders = rf_group_holders(p, group);
    uint32_t const n = rf_group_size(p, group);
    uint32_t const value = p->group_value[group];
    uint32_t const slot = rf_group_signal(p, group)->family;
    double const reliability = (double)model->reliability[group];
    uint8_t const of_other = strength_of(reliability, members < n ? members : n - 1, n);
    uint8_t const of_member = members > 1 ? strength_of(reliability, members - 1, n) : 0;
    bool const stable = voucher && !rf_group_signal(p, group)->windowed;
    bool const given = slot == model->payment;
    float const own_other = stable && members < n ? rf_own_bits(given, members, n) : 0;
    float const own_member = stable && members > 1 ? rf_own_bits(given, members - 1, n) : 0;
    if (of_other == 0) {
        return RF_OK;
    }
    if (!room_for(model, s, s->touched_count + n)) {
        return rf_fail_memory(err, "the memberships");
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t const place = place_of(model, s, holders[i]);
        uint8_t const strength = place < size ? of_member : of_other;
        uint32_t const others = place < size ? members - 1 : members;
        float const own = place < size ? own_member : own_other;
        if (strength != 0) {
            note(model, s, place, value, slot, strength, voucher);
        }
        if (own > s->own[place] && (others > 1 || !lives_with(model, s, group, holders[i], size))) {
            s->own[place] = own;
        }
    }
    return RF_OK;
}

#define VOUCHED (UINT32_C(1) << 31) /* beside the number of members of a group */

/* Lists the groups that members hold, ascending where a value's groups must follow each other, and
 * counts the members that hold them: groups of many strangers are then passed over unread. */
static rf_status list_groups(const rf_membership_model *model, const uint8_t *vouches,
                             const uint32_t *member, uint32_t size, rf_membership_scratch *s,
                             size_t *count, rf_error *err)
{
    const rf_population *p = model->population;
    *count = 0;
    for (uint32_t m = 0; m < size; m++) {
        uint32_t const a = member[m];
        uint32_t const vouched = vouches == NULL || vouches[a] != 0 ? VOUCHED : 0;
        uint64_t const first = p->account_start[a];
        uint64_t const end = p->account_start[a + 1];
        if (!rf_reserve(&s->groups, &s->group_room, *count + (end - first), sizeof *s->groups)) {
            return rf_fail_memory(err, "the memberships");
        }
        for (uint64_t k = first; k < end; k++) {
            uint32_t const g = p->account_group[k];
            if (s->members[g] == 0) {
                if (!(model->reliability[g] > 0)) {
                    continue;
                }
                s->groups[(*count)++] = g;
            }
            s->members[g] = (s->members[g] + 1) | vouched;
        }
    }
    if (model->calibration->one_family && *count > 1) {
        qsort(s->groups, *count, sizeof *s->groups, ascending);
    }
    return RF_OK;
}

static void count_strengths(const rf_membership_model *model, const rf_membership_scratch *s,
                            uint32_t size, rf_strength_counts *counts)
{
    const uint8_t *own = s->strength;
    *counts = (rf_strength_counts){0};
    for (size_t i = 0; i < s->touched_count; i++) {
        uint32_t(*const to)[RF_STRENGTHS] = i < size ? counts->inside : counts->outside;
        for (uint32_t slot = 0; slot < model->slots; slot++) {
            to[slot][*own++]++;
        }
    }
}

rf_status rf_membership_measure(const rf_membership_model *model, const uint8_t *vouches,
                                const uint32_t *member, uint32_t size,
                                rf_membership_scratch *scratch, rf_strength_counts *counts,
                                rf_error *err)
{
    size_t groups;
    rf_status status = list_groups(model, vouches, member, size, scratch, &groups, err);
    scratch->all_vouch = vouches == NULL && !model->calibration->one_family;
    if (status == RF_OK && !room_for(model, scratch, size)) {
        status = rf_fail_memory(err, "the memberships");
    }
    for (uint32_t m = 0; m < size && status == RF_OK; m++) {
        (void)place_of(model, scratch, member[m]);
    }
    for (size_t i = 0; i < groups && status == RF_OK; i++) {
        uint32_t const g = scratch->groups[i];
        uint32_t const members = scratch->members[g] & ~VOUCHED;
        bool const voucher = (scratch->members[g] & VOUCHED) != 0;
        scratch->members[g] = 0;
        status = visit_group(model, g, members, voucher, size, scratch, err);
    }
    if (status == RF_OK) {
        count_strengths(model, scratch, size, counts);
    }
    return status;
}

void rf_membership_clear(rf_membership_scratch *scratch)
{
    for (size_t i = 0; i < scratch->touched_count; i++) {
        scratch->place[scratch->touched[i]] = 0;
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
                               size_t place)
{
    const uint8_t *own = scratch->strength + place * model->slots;
    const uint8_t *vouched = scratch->all_vouch ? own : scratch->vouched + place * model->slots;
    rf_membership out = {.account = scratch->touched[place], .bits = ratios->prior};
    for (uint32_t slot = 0; slot < model->slots; slot++) {
        float const bits = ratios->bits[slot][own[slot]];
        out.bits += bits > 0 ? bits : 0;
        out.held = (uint8_t)(out.held + (bits >= (float)RF_HOLDING));
        out.vouched =
            (uint8_t)(out.vouched + (ratios->bits[slot][vouched[slot]] >= (float)RF_HOLDING));
    }
    if (scratch->own[place] > 0) { /* one value tells as much as two families */
        out.bits = fmaxf(out.bits, scratch->own[place]);
        out.held = out.held < 2 ? 2 : out.held;
        out.vouched = out.vouched < 1 ? 1 : out.vouched;
    }
    return out;
}
