/* rates.c - see rates.h. */
#include "rings/rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is counted of one place. */
typedef struct place {
    uint32_t accounts, flagged, rings;
    double squares;
} place;

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Adds one ring's accounts; code[0, count) are their places, sorted here. */
static void count_ring(uint32_t *code, uint32_t count, place *places)
{
    if (count > 1) {
        qsort(code, count, sizeof *code, ascending);
    }
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && code[end] == code[i];) {
            end++;
        }
        places[code[i]].flagged += end - i;
        places[code[i]].rings++;
        places[code[i]].squares += (double)(end - i) * (double)(end - i);
    }
}

static uint32_t count_flagged(const rf_coded *column, const rf_findings *f, const uint8_t *quiet,
                              uint32_t *code, place *places)
{
    uint32_t all = 0;
    for (uint32_t r = 0; r < f->rings; r++) {
        const rf_ring *ring = &f->ring[r];
        bool const flagged = ring->flagged && (quiet == NULL || quiet[r] == 0);
        for (uint32_t i = 0; flagged && i < ring->size; i++) {
            code[i] = column->code[f->member[ring->first_member + i].account];
        }
        if (flagged) {
            count_ring(code, ring->size, places);
            all += ring->size;
        }
    }
    return all;
}

static double contrast(const rf_flag_rate *rate)
{
    return rate->low / fmax(rate->elsewhere, 1e-9);
}

static void tell(rf_flag_rates *rates, const rf_flag_rate *rate)
{
    uint32_t at = rates->count;
    while (at > 0 && contrast(&rates->told[at - 1]) < contrast(rate)) {
        at--;
    }
    rates->more += rates->count == RF_RATES_TOLD;
    rates->count += rates->count < RF_RATES_TOLD;
    if (at < rates->count) {
        memmove(&rates->told[at + 1], &rates->told[at],
                (rates->count - 1 - at) * sizeof *rates->told);
        rates->told[at] = *rate;
    }
}

static void judge(const place *p, const char *name, bool zone, uint32_t accounts, uint32_t flagged,
                  rf_flag_rates *rates)
{
    size_t const length = strlen(name);
    double const others = (double)accounts - p->accounts;
    rf_flag_rate rate = {.zone = zone,
                         .accounts = p->accounts,
                         .flagged = p->flagged,
                         .rings = p->rings,
                         .rate = (double)p->flagged / p->accounts,
                         .elsewhere = others > 0 ? ((double)flagged - p->flagged) / others : 0};
    double const error = RF_RATE_ERRORS * sqrt(p->squares) / p->accounts;
    rate.low = fmax(rate.rate - error, 0);
    rate.high = fmin(rate.rate + error, 1);
    memcpy(rate.name, name, length < RF_RATE_NAME ? length : RF_RATE_NAME - 1);
    if (p->flagged >= RF_RATE_FLAGGED && rate.low > RF_RATE_TIMES * rate.elsewhere) {
        tell(rates, &rate);
    }
}

static rf_status find(const rf_population *p, const rf_coded *column, bool zone,
                      const rf_findings *f, const uint8_t *quiet, rf_flag_rates *rates,
                      rf_error *err)
{
    place *places = rf_alloc(column->texts, sizeof *places);
    uint32_t *code = rf_alloc_raw(f->members, sizeof *code);
    rf_status status = RF_OK;
    if (places == NULL || code == NULL) {
        status = rf_fail_memory(err, "the rates of countries");
    } else {
        uint32_t const flagged = count_flagged(column, f, quiet, code, places);
        for (uint32_t a = 0; a < p->accounts; a++) {
            places[column->code[a]].accounts++;
        }
        for (uint32_t c = 1; c < column->texts; c++) { /* 0 is not known */
            judge(&places[c], column->text[c], zone, p->accounts, flagged, rates);
        }
    }
    rf_free(places);
    rf_free(code);
    return status;
}

rf_status rf_flag_rates_find(const rf_population *population, const rf_findings *findings,
                             const uint8_t *quiet, rf_flag_rates *rates, rf_error *err)
{
    rf_status status;
    *rates = (rf_flag_rates){0};
    status = find(population, &population->country, false, findings, quiet, rates, err);
    return status == RF_OK
               ? find(population, &population->timezone, true, findings, quiet, rates, err)
               : status;
}
