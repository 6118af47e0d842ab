/* changes.c - see changes.h. */
#include "evidence/changes.h"

static bool crosses(uint32_t before, uint32_t now, uint32_t limit)
{
    return before <= limit && now > limit;
}

/* What becomes of those that were in the group before, when `grown` came to it. */
static rf_again of_grown(const rf_population *p, const rf_calibration *c, uint32_t group,
                         uint32_t grown, bool adds)
{
    uint32_t const now = rf_group_size(p, group);
    uint32_t const before = now - grown;
    const rf_bucket *bucket = c->bucket[p->value_signal[p->group_value[group]]];
    if (before < 2) {
        return adds ? RF_AGAIN_PAIRS : RF_AGAIN_OWN;
    }
    if (crosses(before, now, c->settings.pair_cap) || crosses(before, now, c->common)) {
        return RF_AGAIN_HUB;
    }
    if (crosses(before, now, RF_ALL_PAIRS_UP_TO)) {
        return RF_AGAIN_PAIRS;
    }
    if (rf_bucket_of(before) == rf_bucket_of(now) && !rf_group_size_tells(p, c, group)) {
        return RF_AGAIN_NOT;
    }
    return bucket[rf_bucket_of(now)].reliability > bucket[rf_bucket_of(before)].reliability ||
                   rf_group_signal(p, group)->windowed
               ? RF_AGAIN_PAIRS /* of windowed ones, another day may be the best one now */
               : RF_AGAIN_LINKS;
}

/* Above the cap a group makes no pairs: those of its holders are found by what else they share. */
static rf_again above_cap(const rf_population *p, const rf_calibration *c, uint32_t group,
                          rf_again mark, rf_again instead)
{
    return mark == RF_AGAIN_PAIRS && rf_group_size(p, group) > c->settings.pair_cap ? instead
                                                                                    : mark;
}

static void mark_group(const rf_population *p, uint32_t group, const rf_renewal *renewal,
                       rf_again others, rf_again newcomers, const rf_link_marks *marks)
{
    const uint32_t *holders = rf_group_holders(p, group);
    for (uint32_t i = 0; i < rf_group_size(p, group); i++) {
        bool const came = (renewal->fresh[holders[i]] & RF_NEW_GROUP) != 0;
        rf_again const mark = came && newcomers > others ? newcomers : others;
        uint8_t *of = &marks->account[holders[i]];
        *of = *of > mark ? *of : (uint8_t)mark;
    }
}

/* Of a value that was examined again all days are marked, else those that have grown: what two
 * share on other days is worth what it was. */
static void mark_value(const rf_population *p, const rf_calibration *c, uint32_t value,
                       const rf_renewal *renewal, bool renewed, const rf_link_marks *marks)
{
    uint32_t const first = p->value_group_start[value];
    uint32_t const end = p->value_group_start[value + 1];
    bool adds = false;
    bool grown = false;
    for (uint32_t g = first; g < end; g++) {
        grown = grown || renewal->grown[g] > 0;
    }
    if (!grown && !renewed) {
        return;
    }
    for (uint32_t g = first; g < end && !adds; g++) {
        adds = rf_group_bound(p, c, g) > 0;
    }
    for (uint32_t g = first; g < end; g++) {
        rf_again const most = adds ? RF_AGAIN_PAIRS : RF_AGAIN_OWN;
        rf_again others = renewed ? most : RF_AGAIN_NOT;
        if (!renewed && renewal->grown[g] == 0) {
            continue;
        }
        marks->group[g] = 1;
        if (renewal->grown[g] > 0) {
            rf_again const by_growth = of_grown(p, c, g, renewal->grown[g], adds);
            others = others > by_growth ? others : by_growth;
        }
        mark_group(p, g, renewal, above_cap(p, c, g, others, RF_AGAIN_HUB),
                   above_cap(p, c, g, most, RF_AGAIN_ALL), marks);
    }
}

void rf_links_changed(const rf_population *population, const rf_calibration *calibration,
                      const rf_renewal *renewal, const rf_recalled *recalled,
                      const rf_link_marks *marks)
{
    const rf_population *p = population;
    uint8_t const better = RF_NEW_FAMILY | (calibration->one_family ? RF_NEW_HOLDINGS : 0);
    uint8_t const how = calibration->one_family ? RF_AGAIN_ALL : RF_AGAIN_KNOWN;
    for (uint32_t v = 0; v < p->values; v++) {
        mark_value(p, calibration, v, renewal, recalled->renewed[v] != 0, marks);
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        if ((renewal->fresh[a] & better) != 0 && marks->account[a] < how) {
            marks->account[a] = how;
        }
    }
}
