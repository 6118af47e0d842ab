/* timing.c - see timing.h. */
#include "rings/timing.h"

#include "base/clock.h"

#include <math.h>

enum { CROWD_SPANS = 2, LINKS_AHEAD = 24 };

static const int64_t CROWD_SPAN[CROWD_SPANS] = {1, 4};
static const int64_t TIED_SPAN[RF_TIMING_SPANS] = {4, 24, 96, RF_TIMING_AROUND};

#define LEVELS_A_BIT 2.0
/* Members like everybody that every ratio is drawn by, and what no level is rarer than. */
#define PRIOR_MEMBERS 4.0
#define PRIOR_OTHERS 0.5

int64_t rf_quarter_of(int64_t created_at)
{
    int64_t const quarter = created_at / RF_QUARTER_SECONDS;
    return created_at == RF_NO_TIME || created_at < 0 || quarter >= RF_QUARTERS_MOST ? RF_NO_QUARTER
                                                                                     : quarter;
}

/* ---- everybody's sign-ups ---- */

rf_status rf_signups_count(const int32_t *quarter, uint32_t accounts, rf_signups *signups,
                           rf_error *err)
{
    rf_signups *s = signups;
    *s = (rf_signups){.lowest = RF_QUARTERS_MOST, .highest = RF_NO_QUARTER};
    for (uint32_t a = 0; a < accounts; a++) {
        if (quarter[a] != RF_NO_QUARTER) {
            s->lowest = quarter[a] < s->lowest ? quarter[a] : s->lowest;
            s->highest = quarter[a] > s->highest ? quarter[a] : s->highest;
            s->all++;
        }
    }
    if (s->all == 0) {
        s->lowest = 0;
    }
    s->first = s->lowest;
    s->quarters = (uint32_t)(s->highest - s->lowest + 1);
    s->before = rf_alloc((size_t)s->quarters + 1, sizeof *s->before);
    if (s->before == NULL) {
        return rf_fail_memory(err, "the times of sign-ups");
    }
    for (uint32_t a = 0; a < accounts; a++) {
        if (quarter[a] != RF_NO_QUARTER) {
            s->before[quarter[a] - s->first + 1]++;
        }
    }
    for (uint32_t i = 0; i < s->quarters; i++) {
        s->before[i + 1] += s->before[i];
    }
    return RF_OK;
}

void rf_signups_free(rf_signups *signups)
{
    rf_free(signups->before);
    *signups = (rf_signups){0};
}

static uint32_t up_to(const rf_signups *s, int64_t quarter)
{
    int64_t const at = quarter - s->first;
    return at <= 0 ? 0 : s->before[at < s->quarters ? at : s->quarters];
}

uint32_t rf_signups_within(const rf_signups *signups, int64_t quarter, int64_t span)
{
    return up_to(signups, quarter + span + 1) - up_to(signups, quarter - span);
}

/* Quarters at most `span` off in which anybody could have signed up. */
static int64_t length_within(const rf_signups *s, int64_t quarter, int64_t span)
{
    int64_t const from = quarter - span > s->lowest ? quarter - span : s->lowest;
    int64_t const to = quarter + span < s->highest ? quarter + span : s->highest;
    return to - from + 1;
}

/* ---- one account ---- */

void rf_ties_add(rf_ties *ties, int64_t quarter, int64_t other)
{
    int64_t const apart = quarter > other ? quarter - other : other - quarter;
    int shortest = 0;
    if (quarter == RF_NO_QUARTER || other == RF_NO_QUARTER) {
        return;
    }
    for (int i = 0; i < RF_TIMING_SPANS; i++) {
        shortest += apart > TIED_SPAN[i];
    }
    ties->in[shortest]++;
}

static uint32_t dated(const rf_ties *ties)
{
    uint32_t sum = 0;
    for (int i = 0; i <= RF_TIMING_SPANS; i++) {
        sum += ties->in[i];
    }
    return sum;
}

/* Takes one span into the sum, and for people when it is further from what is expected than those
 * before. */
static void take_span(rf_timing *timing, int64_t span, uint32_t observed, double expected,
                      double *sum, double *furthest)
{
    double const ratio = (observed + 1.0) / (expected + 1.0);
    double const far = ratio > 1 ? ratio : 1 / ratio;
    *sum += ratio;
    if (far > *furthest) {
        *furthest = far;
        timing->span = (uint32_t)span;
        timing->observed = observed;
        timing->expected = expected;
    }
}

/* The rate around a crowd is that of accounts beside it: one more than were seen. */
static double crowd_expected(const rf_signups *s, int64_t quarter, int64_t span, uint32_t observed)
{
    int64_t const inside = length_within(s, quarter, span);
    int64_t const around = length_within(s, quarter, RF_TIMING_AROUND) - inside;
    uint32_t const others = rf_signups_within(s, quarter, RF_TIMING_AROUND) - 1 - observed;
    return around <= 0 ? observed : (others + 1.0) * (double)inside / (double)around;
}

rf_timing rf_timing_of(const rf_signups *signups, int64_t quarter, const rf_ties *ties)
{
    rf_timing out = {0};
    double furthest = 0;
    double sum = 0;
    double level;
    if (quarter == RF_NO_QUARTER || signups->all == 0) {
        return out;
    }
    out.known = true;
    out.of = dated(ties);
    out.kind = out.of > 0 ? RF_TIMING_TIED : RF_TIMING_CROWD;
    if (out.kind == RF_TIMING_TIED) {
        uint32_t near = 0;
        for (int i = 0; i < RF_TIMING_SPANS; i++) {
            uint32_t const within = rf_signups_within(signups, quarter, TIED_SPAN[i]) - 1;
            near += ties->in[i];
            take_span(&out, TIED_SPAN[i], near, (double)out.of * within / signups->all, &sum,
                      &furthest);
        }
        sum /= RF_TIMING_SPANS;
    } else {
        for (int i = 0; i < CROWD_SPANS; i++) {
            uint32_t const others = rf_signups_within(signups, quarter, CROWD_SPAN[i]) - 1;
            take_span(&out, CROWD_SPAN[i], others,
                      crowd_expected(signups, quarter, CROWD_SPAN[i], others), &sum, &furthest);
        }
        sum /= CROWD_SPANS;
    }
    level = LEVELS_A_BIT * log2(sum) + RF_TIMING_USUAL;
    out.level = fmax(0, fmin(level, RF_TIMING_LEVELS - 1));
    return out;
}

static uint8_t nearest_level(const rf_timing *timing)
{
    return (uint8_t)(timing->level + 0.5);
}

/* ---- what levels are worth ---- */

double rf_timing_witnesses(double accounts)
{
    return accounts <= 10 ? accounts : 10 + 6 * log2(accounts / 10);
}

/* Makes ratios rise: neighbours that fall are pooled, by weight. */
static void make_rise(double ratio[RF_TIMING_LEVELS], const double weight[RF_TIMING_LEVELS])
{
    double mean[RF_TIMING_LEVELS];
    double mass[RF_TIMING_LEVELS];
    int last[RF_TIMING_LEVELS]; /* level of each pool */
    int pools = 0;
    for (int i = 0; i < RF_TIMING_LEVELS; i++) {
        mean[pools] = ratio[i];
        mass[pools] = weight[i];
        last[pools++] = i;
        while (pools > 1 && mean[pools - 2] > mean[pools - 1]) {
            double const both = mass[pools - 2] + mass[pools - 1];
            mean[pools - 2] =
                (mean[pools - 2] * mass[pools - 2] + mean[pools - 1] * mass[pools - 1]) / both;
            mass[pools - 2] = both;
            last[pools - 2] = i;
            pools--;
        }
    }
    for (int i = 0, pool = 0; i < RF_TIMING_LEVELS; i++) {
        pool += i > last[pool];
        ratio[i] = mean[pool];
    }
}

/* Half of what a level has, and a quarter of what each one beside it has. */
static double smoothed(const double count[RF_TIMING_LEVELS], int level)
{
    int const below = level > 0 ? level - 1 : level;
    int const above = level < RF_TIMING_LEVELS - 1 ? level + 1 : level;
    return (count[below] + 2 * count[level] + count[above]) / 4;
}

void rf_timing_learn(const double members[RF_TIMING_LEVELS], const double others[RF_TIMING_LEVELS],
                     double bits[RF_TIMING_LEVELS])
{
    double all_members = PRIOR_MEMBERS;
    double all_others = 0;
    double weight[RF_TIMING_LEVELS];
    for (int i = 0; i < RF_TIMING_LEVELS; i++) {
        weight[i] = smoothed(others, i) + PRIOR_OTHERS;
        all_others += weight[i];
        all_members += members[i];
    }
    for (int i = 0; i < RF_TIMING_LEVELS; i++) {
        double const usual = weight[i] / all_others;
        bits[i] = (smoothed(members, i) + PRIOR_MEMBERS * usual) / all_members / usual;
    }
    make_rise(bits, weight);
    for (int i = 0; i < RF_TIMING_LEVELS; i++) {
        bits[i] = fmax(-RF_TIMING_BITS_MAX, fmin(log2(bits[i]), RF_TIMING_BITS_MAX));
    }
}

double rf_timing_bits(const double bits[RF_TIMING_LEVELS], double level)
{
    int const below = level < RF_TIMING_LEVELS - 1 ? (int)level : RF_TIMING_LEVELS - 2;
    double const part = level - below;
    return bits[below] * (1 - part) + bits[below + 1] * part;
}

/* ---- what a run has seen ---- */

typedef struct counting {
    uint32_t accounts;
    const uint32_t *ring;
    rf_findings *f;
    int32_t *quarter; /* by account */
    rf_signups signups;
    rf_ties *ties;                                        /* by account */
    uint8_t *crowd;                                       /* level by quarter */
    uint32_t (*level)[RF_TIMING_KINDS][RF_TIMING_LEVELS]; /* by ring + 1; 0: in no flagged one */
} counting;

/* Links come by their first account; the second ones lie anywhere, and are fetched ahead. */
static void count_ties(counting *c)
{
    const rf_result_links *links = &c->f->links;
    for (uint64_t i = 0; i < links->count; i++) {
        uint32_t const a = links->a[i];
        uint32_t const b = links->b[i];
        if (i + LINKS_AHEAD < links->count) {
            __builtin_prefetch(&c->ties[links->b[i + LINKS_AHEAD]], 1);
            __builtin_prefetch(&c->quarter[links->b[i + LINKS_AHEAD]]);
        }
        rf_ties_add(&c->ties[a], c->quarter[a], c->quarter[b]);
        rf_ties_add(&c->ties[b], c->quarter[b], c->quarter[a]);
    }
}

/* Every account counts in the crowd, whatever it is tied to: members of rings hardly ever are not,
 * and it is from them that is learned. */
static void count_levels(counting *c)
{
    static const rf_ties nobody = {0};
    for (uint32_t q = 0; q < c->signups.quarters; q++) {
        if (c->signups.before[q + 1] > c->signups.before[q]) {
            rf_timing const timing = rf_timing_of(&c->signups, c->signups.first + q, &nobody);
            c->crowd[q] = nearest_level(&timing);
        }
    }
    for (uint32_t a = 0; a < c->accounts; a++) {
        int64_t const quarter = c->quarter[a];
        uint32_t const ring = c->ring[a];
        uint32_t const group = ring != UINT32_MAX && c->f->ring[ring].flagged ? ring + 1 : 0;
        if (quarter == RF_NO_QUARTER) {
            continue;
        }
        c->level[group][RF_TIMING_CROWD][c->crowd[quarter - c->signups.first]]++;
        if (dated(&c->ties[a]) > 0) {
            rf_timing const timing = rf_timing_of(&c->signups, quarter, &c->ties[a]);
            c->level[group][RF_TIMING_TIED][nearest_level(&timing)]++;
        }
    }
}

static bool list_levels(counting *c)
{
    rf_findings *f = c->f;
    size_t room = 0;
    for (uint32_t group = 0; group <= f->rings; group++) {
        for (int cell = 0; cell < RF_TIMING_KINDS * RF_TIMING_LEVELS; cell++) {
            int const kind = cell / RF_TIMING_LEVELS;
            int const level = cell % RF_TIMING_LEVELS;
            uint32_t const accounts = c->level[group][kind][level];
            if (accounts == 0) {
                continue;
            }
            if (!rf_reserve(&f->timing, &room, (size_t)f->timings + 1, sizeof *f->timing)) {
                return false;
            }
            f->timing[f->timings++] =
                (rf_result_timing){group, kind == RF_TIMING_TIED, (uint8_t)level, accounts};
        }
    }
    return true;
}

static bool list_signups(counting *c)
{
    rf_findings *f = c->f;
    const rf_signups *s = &c->signups;
    size_t room = 0;
    for (uint32_t q = 0; q < s->quarters; q++) {
        int64_t const day = (s->first + q) / RF_DAY_QUARTERS;
        uint32_t const accounts = s->before[q + 1] - s->before[q];
        if (accounts == 0) {
            continue;
        }
        if (f->signups == 0 || f->signup[f->signups - 1].day != day) {
            if (!rf_reserve(&f->signup, &room, (size_t)f->signups + 1, sizeof *f->signup)) {
                return false;
            }
            f->signup[f->signups++] = (rf_result_signup){.day = day};
        }
        f->signup[f->signups - 1].accounts[(s->first + q) % RF_DAY_QUARTERS] = accounts;
    }
    return true;
}

rf_status rf_timing_count(const rf_population *population, const uint32_t *ring,
                          rf_findings *findings, rf_error *err)
{
    rf_findings *f = findings;
    counting c = {.accounts = population->accounts, .ring = ring, .f = f};
    bool done;
    c.quarter = rf_alloc_raw(c.accounts, sizeof *c.quarter);
    c.ties = rf_alloc(c.accounts, sizeof *c.ties);
    c.level = rf_alloc((size_t)f->rings + 1, sizeof *c.level);
    done = c.quarter != NULL && c.ties != NULL && c.level != NULL;
    for (uint32_t a = 0; done && a < c.accounts; a++) {
        c.quarter[a] = (int32_t)rf_quarter_of(population->created_at[a]);
    }
    if (done && rf_signups_count(c.quarter, c.accounts, &c.signups, err) == RF_OK) {
        c.crowd = rf_alloc(c.signups.quarters, sizeof *c.crowd);
    }
    done = c.crowd != NULL;
    if (done) {
        count_ties(&c);
        count_levels(&c);
        done = list_levels(&c) && list_signups(&c);
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        bool const few = f->ring[r].size <= RF_FEW_MEMBERS;
        f->base.flagged += f->ring[r].flagged ? f->ring[r].size : 0;
        f->base.few += few;
        f->base.few_flagged += few && f->ring[r].flagged;
    }
    f->base.accounts = population->accounts;
    rf_signups_free(&c.signups);
    rf_free(c.quarter);
    rf_free(c.ties);
    rf_free(c.crowd);
    rf_free(c.level);
    return done ? RF_OK : rf_fail_memory(err, "the times of sign-ups");
}
