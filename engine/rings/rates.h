/* rates.h - where accounts are flagged more often than elsewhere: by country and by time zone.
 *
 * The accounts of one ring are not independent: one operator in one country says little about that
 * country. So the uncertainty of a place's rate is that of its rings: with k_r accounts there in
 * flagged ring r, of n accounts there in all, the rate is sum(k_r) / n and its standard error
 * sqrt(sum(k_r^2)) / n. A place *stands out* when it has RF_RATE_FLAGGED flagged accounts and the
 * lower end of its rate, RF_RATE_ERRORS standard errors down (there are some hundred places), is
 * above RF_RATE_TIMES that of all other accounts.
 *
 * Invariant: nothing but the findings is read, and which rings somebody cleared; accounts whose
 * place is not known count among the others. Cost: O(accounts + flagged members log).
 */
#ifndef RF_RINGS_RATES_H
#define RF_RINGS_RATES_H

#include "store/population.h"
#include "store/results.h"

#define RF_RATE_FLAGGED 10
#define RF_RATE_ERRORS 3.0
#define RF_RATE_TIMES 1.5
enum { RF_RATES_TOLD = 6, RF_RATE_NAME = 64 };

typedef struct rf_flag_rate {
    bool zone; /* a time zone; else a country */
    char name[RF_RATE_NAME];
    uint32_t accounts, flagged, rings;
    double rate, low, high; /* low and high: RF_RATE_ERRORS standard errors off, in 0..1 */
    double elsewhere;       /* the rate of all other accounts */
} rf_flag_rate;

typedef struct rf_flag_rates {
    rf_flag_rate told[RF_RATES_TOLD]; /* that stand out, by low / elsewhere, highest first */
    uint32_t count, more;             /* told; further ones that stand out */
} rf_flag_rates;

/* Of flagged rings but those that are `quiet` (by index into findings->ring; NULL: none).
 * RF_ENOMEM.
 */
RF_MUST_USE rf_status rf_flag_rates_find(const rf_population *population,
                                         const rf_findings *findings, const uint8_t *quiet,
                                         rf_flag_rates *rates, rf_error *err);

#endif
