/* pack.c - see pack.h. */
#include "store/pack.h"

#include <string.h>

static const uint64_t most_number = UINT64_C(1) << 62;

/* The product, or most_number when it is that or more. */
static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_mul_overflow(a, b, &result) || result > most_number ? most_number : result;
}

static char *put_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0) {
        *to++ = digits[--count];
    }
    return to;
}

/* Puts the brackets around numbers that each have a comma in front. */
static size_t finish(char *out, char *end)
{
    *out = '[';
    *end++ = ']';
    *end = '\0';
    return (size_t)(end - out);
}

/* ---- sightings ---- */

bool rf_sighting_pack_add(rf_sighting_pack *pack, rf_packed_sighting fact)
{
    int32_t day = fact.day;
    int32_t last_day = fact.day;
    uint64_t most = fact.times;
    if (pack->facts == RF_PACK_FACTS) {
        return false;
    }
    if (pack->facts > 0) {
        day = day < pack->day ? day : pack->day;
        last_day = last_day > pack->last_day ? last_day : pack->last_day;
        most = most > pack->most ? most : pack->most;
        if (product(product((uint64_t)(fact.account - pack->account) + 1,
                            (uint64_t)(last_day - day) + 1),
                    most) >= most_number) {
            return false;
        }
    } else {
        pack->account = fact.account;
    }
    pack->last = fact.account;
    pack->day = day;
    pack->last_day = last_day;
    pack->most = most;
    pack->fact[pack->facts++] = fact;
    return true;
}

size_t rf_sighting_pack_text(const rf_sighting_pack *pack, char out[RF_PACK_TEXT])
{
    uint64_t const days = (uint64_t)(pack->last_day - pack->day) + 1;
    char *to = out;
    for (uint32_t i = 0; i < pack->facts; i++) {
        const rf_packed_sighting *fact = &pack->fact[i];
        *to++ = ',';
        to = put_number(
            to, ((fact->account - pack->account) * days + (uint64_t)(fact->day - pack->day)) *
                        pack->most +
                    fact->times - 1);
    }
    return finish(out, to);
}

/* ---- holdings ---- */

bool rf_holding_pack_add(rf_holding_pack *pack, uint32_t value)
{
    if (pack->facts == RF_PACK_FACTS) {
        return false;
    }
    pack->value[pack->facts++] = value;
    return true;
}

size_t rf_holding_pack_text(const rf_holding_pack *pack, char out[RF_PACK_TEXT])
{
    char *to = out;
    for (uint32_t i = 0; i < pack->facts; i++) {
        *to++ = ',';
        to = put_number(to, pack->value[i] - pack->value[0]);
    }
    return finish(out, to);
}

/* ---- activity ---- */

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What has no capability is far from all that have one: it gets packs of its own. */
bool rf_activity_pack_add(rf_activity_pack *pack, rf_packed_activity fact)
{
    rf_activity_pack grown;
    uint64_t span;
    if (pack->facts == RF_PACK_FACTS) {
        return false;
    }
    grown.day = fact.day;
    grown.last_day = fact.day;
    grown.events = grown.last_events = fact.events;
    grown.requests = grown.last_requests = fact.requests;
    if (pack->facts > 0) {
        grown.day = fact.day < pack->day ? fact.day : pack->day;
        grown.last_day = fact.day > pack->last_day ? fact.day : pack->last_day;
        grown.events = lesser(fact.events, pack->events);
        grown.last_events = greater(fact.events, pack->last_events);
        grown.requests = lesser(fact.requests, pack->requests);
        grown.last_requests = greater(fact.requests, pack->last_requests);
        span = product((uint64_t)(fact.capability - pack->fact[0].capability) + 1,
                       (uint64_t)(grown.last_day - grown.day) + 1);
        span = product(span, grown.last_events - grown.events + 1);
        span = product(span, grown.last_requests - grown.requests + 1);
        if ((pack->fact[0].capability == 0) != (fact.capability == 0) ||
            span >= most_number >> RF_PACK_HOURS_BITS) {
            return false;
        }
    }
    pack->day = grown.day;
    pack->last_day = grown.last_day;
    pack->events = grown.events;
    pack->last_events = grown.last_events;
    pack->requests = grown.requests;
    pack->last_requests = grown.last_requests;
    pack->fact[pack->facts++] = fact;
    return true;
}

size_t rf_activity_pack_text(const rf_activity_pack *pack, char out[RF_PACK_TEXT])
{
    uint64_t const days = (uint64_t)(pack->last_day - pack->day) + 1;
    uint64_t const events = pack->last_events - pack->events + 1;
    uint64_t const requests = pack->last_requests - pack->requests + 1;
    char *to = out;
    for (uint32_t i = 0; i < pack->facts; i++) {
        const rf_packed_activity *fact = &pack->fact[i];
        uint64_t number = (fact->capability - pack->fact[0].capability) * days +
                          (uint64_t)(fact->day - pack->day);
        number = number * events + fact->events - pack->events;
        number = number * requests + fact->requests - pack->requests;
        *to++ = ',';
        to = put_number(to, number << RF_PACK_HOURS_BITS | fact->hours);
    }
    return finish(out, to);
}

/* ---- links ---- */

bool rf_link_pack_add(rf_link_pack *pack, rf_packed_link fact)
{
    int32_t bits = fact.bits;
    int32_t last_bits = fact.bits;
    uint8_t families = fact.families;
    uint64_t numbers;
    if (pack->facts == RF_PACK_FACTS) {
        return false;
    }
    if (pack->facts > 0) {
        bits = bits < pack->bits ? bits : pack->bits;
        last_bits = last_bits > pack->last_bits ? last_bits : pack->last_bits;
        families = families > pack->families ? families : pack->families;
        numbers = product((uint64_t)(fact.account_b - pack->fact[0].account_b) + 1,
                          (uint64_t)families + 1);
        numbers = product(numbers, (uint64_t)((int64_t)last_bits - bits) + 1);
        if (numbers >= most_number) {
            return false;
        }
    }
    pack->bits = bits;
    pack->last_bits = last_bits;
    pack->families = families;
    pack->fact[pack->facts++] = fact;
    return true;
}

size_t rf_link_pack_text(const rf_link_pack *pack, char out[RF_PACK_TEXT])
{
    uint64_t const span = (uint64_t)((int64_t)pack->last_bits - pack->bits) + 1;
    uint64_t const families = (uint64_t)pack->families + 1;
    char *to = out;
    for (uint32_t i = 0; i < pack->facts; i++) {
        const rf_packed_link *fact = &pack->fact[i];
        uint64_t const number =
            (fact->account_b - pack->fact[0].account_b) * families + fact->families;
        *to++ = ',';
        to = put_number(to, number * span + (uint64_t)((int64_t)fact->bits - pack->bits));
    }
    return finish(out, to);
}
