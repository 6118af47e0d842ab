/* params.c - draws, sets and prints the parameters listed in params.h.
 *
 * Invariant: every parameter lies inside its limits. A parameter's factor depends on the seed and
 * on its own name only, so a parameter added later does not move the others. Run once per world.
 */
#include "params.h"

#include "rng.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    size_t offset;
    double value, spread, low, high;
    const char *text;
} param;

static const param TABLE[] = {
#define X(name, value, spread, low, high, text)                                                    \
    {#name, offsetof(wg_params, name), value, spread, low, high, text},
    WG_PARAMS(X)
#undef X
};

static double *field(wg_params *params, const param *p)
{
    return (double *)(void *)((char *)params + p->offset);
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

void wg_params_vary(wg_params *params, double amount, uint64_t seed)
{
    wg_rng rng;
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        const param *p = &TABLE[i];
        double *value = field(params, p);
        wg_rng_seed(&rng, seed, wg_hash_text(p->name));
        double z = clamp(wg_gauss(&rng), -2, 2);
        *value = clamp(*value * exp(amount * p->spread * z), p->low, p->high);
    }
}

void wg_params_draw(wg_params *params, const wg_options *options)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        *field(params, &TABLE[i]) = TABLE[i].value;
    }
    wg_params_vary(params, options->vary, options->seed);
    wg_rng rng;
    wg_rng_seed(&rng, options->seed, wg_hash_text("signals"));
    params->has_devices = !wg_chance(&rng, .08 * options->vary);
    params->has_templates = !wg_chance(&rng, .20 * options->vary);
    params->has_phones = !wg_chance(&rng, .20 * options->vary);
    params->has_capabilities = !wg_chance(&rng, .10 * options->vary);
}

bool wg_params_set(wg_params *params, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (!equals) {
        return false;
    }
    size_t length = (size_t)(equals - assignment);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        const param *p = &TABLE[i];
        if (strlen(p->name) != length || strncmp(p->name, assignment, length) != 0) {
            continue;
        }
        char *end;
        double value = strtod(equals + 1, &end);
        if (end == equals + 1 || *end || !(value >= p->low && value <= p->high)) {
            return false;
        }
        *field(params, p) = value;
        return true;
    }
    return false;
}

void wg_params_print(const wg_params *params)
{
    printf("name,value,default,spread,low,high,meaning\n");
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        const param *p = &TABLE[i];
        double value;
        memcpy(&value, (const char *)params + p->offset, sizeof value);
        printf("%s,%g,%g,%g,%g,%g,\"%s\"\n", p->name, value, p->value, p->spread, p->low, p->high,
               p->text);
    }
    printf("has_devices,%d,1,,,,\"events carry devices\"\n", params->has_devices);
    printf("has_templates,%d,1,,,,\"events carry templates\"\n", params->has_templates);
    printf("has_phones,%d,1,,,,\"accounts have phones\"\n", params->has_phones);
    printf("has_capabilities,%d,1,,,,\"events carry capabilities\"\n", params->has_capabilities);
}
