/* places.c - the tables behind places.h, and drawing from them.
 *
 * Invariant: every country has at least one zone and its zones' shares add up to 1. Weights are
 * invented to look plausible; they describe no real service. Drawn from once or twice an account.
 */
#include "places.h"

const wg_country wg_countries[WG_COUNTRIES] = {
    {"US", "1", 10, "", 24},     {"GB", "44", 10, "7", 6},    {"DE", "49", 10, "15", 6},
    {"FR", "33", 9, "6", 4.5},   {"IN", "91", 10, "9", 11},   {"BR", "55", 11, "119", 5},
    {"CA", "1", 10, "", 3.5},    {"AU", "61", 9, "4", 2.5},   {"JP", "81", 10, "90", 5},
    {"KR", "82", 10, "10", 3},   {"ES", "34", 9, "6", 2.5},   {"IT", "39", 10, "33", 2.5},
    {"NL", "31", 9, "6", 1.8},   {"PL", "48", 9, "5", 1.8},   {"SE", "46", 9, "7", 1},
    {"MX", "52", 10, "55", 2.2}, {"ID", "62", 10, "81", 3},   {"PH", "63", 10, "9", 2},
    {"VN", "84", 9, "9", 2},     {"NG", "234", 10, "8", 1.2}, {"TR", "90", 10, "5", 1.5},
    {"UA", "380", 9, "6", .9},   {"HK", "852", 8, "9", .9},   {"SG", "65", 8, "8", 1},
    {"TW", "886", 9, "9", 1},    {"AE", "971", 9, "5", .8},   {"ZA", "27", 9, "7", .9},
    {"AR", "54", 10, "11", 1},
};

const wg_zone wg_zones[WG_ZONES] = {
    {0, "America/New_York", -300, .45},  {0, "America/Chicago", -360, .25},
    {0, "America/Denver", -420, .08},    {0, "America/Los_Angeles", -480, .22},
    {1, "Europe/London", 0, 1},          {2, "Europe/Berlin", 60, 1},
    {3, "Europe/Paris", 60, 1},          {4, "Asia/Kolkata", 330, 1},
    {5, "America/Sao_Paulo", -180, .9},  {5, "America/Manaus", -240, .1},
    {6, "America/Toronto", -300, .65},   {6, "America/Vancouver", -480, .35},
    {7, "Australia/Sydney", 600, .75},   {7, "Australia/Perth", 480, .25},
    {8, "Asia/Tokyo", 540, 1},           {9, "Asia/Seoul", 540, 1},
    {10, "Europe/Madrid", 60, 1},        {11, "Europe/Rome", 60, 1},
    {12, "Europe/Amsterdam", 60, 1},     {13, "Europe/Warsaw", 60, 1},
    {14, "Europe/Stockholm", 60, 1},     {15, "America/Mexico_City", -360, 1},
    {16, "Asia/Jakarta", 420, 1},        {17, "Asia/Manila", 480, 1},
    {18, "Asia/Ho_Chi_Minh", 420, 1},    {19, "Africa/Lagos", 60, 1},
    {20, "Europe/Istanbul", 180, 1},     {21, "Europe/Kyiv", 120, 1},
    {22, "Asia/Hong_Kong", 480, 1},      {23, "Asia/Singapore", 480, 1},
    {24, "Asia/Taipei", 480, 1},         {25, "Asia/Dubai", 240, 1},
    {26, "Africa/Johannesburg", 120, 1}, {27, "America/Argentina/Buenos_Aires", -180, 1},
};

uint8_t wg_zone_draw(wg_rng *rng)
{
    double total = 0;
    for (int i = 0; i < WG_ZONES; i++) {
        total += wg_zones[i].share * wg_countries[wg_zones[i].country].weight;
    }
    double x = wg_unit(rng) * total;
    for (uint8_t i = 0; i < WG_ZONES; i++) {
        x -= wg_zones[i].share * wg_countries[wg_zones[i].country].weight;
        if (x < 0) {
            return i;
        }
    }
    return 0;
}

uint8_t wg_zone_in(wg_rng *rng, uint8_t country)
{
    double x = wg_unit(rng);
    uint8_t last = 0;
    for (uint8_t i = 0; i < WG_ZONES; i++) {
        if (wg_zones[i].country == country) {
            last = i;
            x -= wg_zones[i].share;
            if (x < 0) {
                break;
            }
        }
    }
    return last;
}
