/* hub_types.h - what a value held by many accounts is: an office, a carrier NAT, a ring's card, ...
 *
 * Each type is a short list of factors: a figure of the hub (hub_figures.h), put on a scale from
 * -1/2 to 1/2 between two stated ends, times so many bits. A type's score is the sum of its
 * factors; a figure that is not known is in the middle and adds nothing. The best score wins;
 * `bits` is its lead over the next best, the log2 of how much likelier the one is than the other
 * among hubs of its kind. Below RF_HUB_SURE bits the type is "unknown". Types are of the kind of
 * the signal: address  office, campus, public place, agency, carrier NAT, VPN exit, ring payment
 * company card, agency, ring device   shared computer, common (a fingerprint of a model, not of a
 * machine), ring others   office, campus, agency, common, ring Households are smaller than
 * RF_HUB_FROM. Whether its holders were flagged is stored beside the type and no factor: so a type
 * never rests on the verdict that it helps to read.
 *
 * The factors were fitted to generated populations (multinomial logistic regression, sparse,
 * rounded to half bits) and judged on others; engine/DECISIONS.md has the figures.
 * Cost: that of hub_figures.h; O(factors) a hub.
 */
#ifndef RF_RINGS_HUB_TYPES_H
#define RF_RINGS_HUB_TYPES_H

#include "base/text.h"
#include "rings/hub_figures.h"

#define RF_HUB_SURE 1.0

typedef struct rf_hubs {
    uint32_t *value; /* of the population, ascending */
    rf_result_type *type;
    uint32_t count;
} rf_hubs;

/* Finds and types all hubs; the share that was flagged and the words are still missing. On success
 * the caller owns *hubs (rf_hubs_free). */
RF_MUST_USE rf_status rf_hubs_type(const rf_population *population,
                                   const rf_calibration *calibration, unsigned threads,
                                   rf_hubs *hubs, rf_error *err);
void rf_hubs_free(rf_hubs *hubs);

/* What types are worth as evidence: a hub that looks like a ring's by RF_HUB_LENDING bits or more
 * counts as if RF_HUB_LENT more of its pairs had been examined and all corroborated. A star's
 * spokes rarely show twice where operators hide; its holders as a whole do. */
#define RF_HUB_LENDING 3.0
enum { RF_HUB_LENT = 4 };
void rf_hubs_lend(rf_hubs *hubs, rf_calibration *calibration);

/* Completes the types by what was found, and moves them into *findings. O(holdings of hubs). */
RF_MUST_USE rf_status rf_hubs_tell(const rf_population *population, rf_hubs *hubs,
                                   rf_findings *findings, rf_error *err);

/* Types one hub by its figures: fills type, instead and bits. `family` is that of its signal. */
void rf_hub_type(const char *family, rf_result_type *hub);

/* Why, appended in words: at most three figures, those that told most between the two best. */
void rf_hub_why(const char *family, const rf_result_type *hub, rf_text *text);

#endif
