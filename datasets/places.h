/* places.h - countries and time zones of the synthetic world. Constant tables, no state. */
#ifndef WG_PLACES_H
#define WG_PLACES_H

#include "rng.h"

#include <stdint.h>

typedef struct wg_country {
    char code[3];
    const char *dial;   /* international prefix without + */
    uint8_t digits;     /* of a national mobile number without its trunk 0 */
    const char *mobile; /* how such a number begins */
    double weight;      /* relative number of accounts */
} wg_country;

typedef struct wg_zone {
    uint8_t country;
    const char *name;
    int16_t
        minutes;  /* east of UTC; summer time is left out on purpose: nobody's evidence needs it */
    double share; /* of its country */
} wg_zone;

enum { WG_COUNTRIES = 28, WG_ZONES = 34 };

extern const wg_country wg_countries[WG_COUNTRIES];
extern const wg_zone wg_zones[WG_ZONES];

/* A time zone as people are spread over the world. */
uint8_t wg_zone_draw(wg_rng *rng);
/* A zone of one country. */
uint8_t wg_zone_in(wg_rng *rng, uint8_t country);

#endif
