/* leiden.c - see leiden.h and leiden_core.h.
 *
 * Small graphs are shuffled by the seed at first; large ones are swept once as they are and then
 * laid out by community, so that what is used together stands together.
 */
#include "graph/leiden_core.h"

#include "base/hash.h"
#include "base/memory.h"

#include <string.h>

enum {
    PATIENCE = 2, /* rounds that did not help before it is enough */
    ROUNDS_AT_MOST = 100,
    SWEEPS_AT_MOST = 100,
    LEVELS_AT_MOST = 60,
    UPPER_ROUNDS = 4,
    LARGE = 1 << 16 /* vertices */
};

/* A large graph is gone through in haste, down to a graph of parts that is no longer large; there
 * some rounds cost little and gain nearly what whole rounds would.
 *
 * Of a large graph: a sweep that gains a smaller share of all weight is the last; a tenth of it at
 * each level and in each round. Parts more than this share of the vertices are not worth a level.
 */
static const double LEAST_GAIN = 1e-3;
static const double LEAST_SHRINKAGE = 0.8;

/* Unless asked for otherwise, refining draws parts by exp(gain / RANDOMNESS) in weights relative to
 * the largest: unlike always taking the best one, this lets further rounds and runs find more. */
static const double RANDOMNESS = 0.05;

/* A round that gains a smaller share of all weight did not help. */
static const double NOTICEABLE_GAIN = 1e-10;

/* ---- memory ---- */

static void free_core(rf_lcore *c)
{
    for (unsigned i = 0; i < c->workers && c->worker != NULL; i++) {
        rf_free(c->worker[i].slot);
        rf_free(c->worker[i].members);
        rf_free(c->worker[i].touched);
    }
    rf_free(c->worker);
    rf_free(c->now.community);
    rf_free(c->now.mass);
    rf_free(c->now.members);
    rf_free(c->live);
    rf_free(c->awake);
    rf_free(c->later);
    rf_free(c->mover);
    rf_free(c->before);
    rf_free(c->part);
    rf_free(c->order);
    rf_free(c->first);
    rf_free(c->part_members);
    rf_free(c->part_mass);
    rf_free(c->part_links);
    rf_team_end(c->team);
    *c = (rf_lcore){0};
}

static bool allocate_workers(rf_lcore *c, size_t n)
{
    bool whole = true;
    c->workers = rf_team_size(c->team);
    c->worker = rf_alloc(c->workers, sizeof *c->worker);
    for (unsigned i = 0; i < c->workers && c->worker != NULL; i++) {
        rf_lworker *w = &c->worker[i];
        w->slot = rf_alloc(n, sizeof *w->slot);
        w->members = rf_alloc(n, sizeof *w->members);
        w->touched = rf_alloc_raw(n, sizeof *w->touched);
        whole = whole && w->slot != NULL && w->members != NULL && w->touched != NULL;
    }
    return whole && c->worker != NULL;
}

static rf_status allocate_core(rf_lcore *c, unsigned threads, uint32_t vertices, rf_error *err)
{
    size_t const n = (size_t)vertices + 2;
    rf_status const status = rf_team_start(threads, &c->team, err);
    if (status != RF_OK) {
        return status;
    }
    c->now.community = rf_alloc_raw(n, sizeof *c->now.community);
    c->now.mass = rf_alloc_raw(n, sizeof *c->now.mass);
    c->now.members = rf_alloc_raw(n, sizeof *c->now.members);
    c->live = rf_alloc_raw(n, sizeof *c->live);
    c->awake = rf_alloc_raw(n, sizeof *c->awake);
    c->later = rf_alloc(n, sizeof *c->later);
    c->mover = rf_alloc_raw(n, sizeof *c->mover);
    c->before = rf_alloc_raw(n, sizeof *c->before);
    c->part = rf_alloc_raw(n, sizeof *c->part);
    c->order = rf_alloc_raw(n, sizeof *c->order);
    c->first = rf_alloc_raw(n, sizeof *c->first);
    c->part_members = rf_alloc_raw(n, sizeof *c->part_members);
    c->part_mass = rf_alloc_raw(n, sizeof *c->part_mass);
    c->part_links = rf_alloc_raw(n, sizeof *c->part_links);
    if (!allocate_workers(c, n) || c->now.community == NULL || c->now.mass == NULL ||
        c->now.members == NULL || c->live == NULL || c->awake == NULL || c->later == NULL ||
        c->mover == NULL || c->before == NULL || c->part == NULL || c->order == NULL ||
        c->first == NULL || c->part_members == NULL || c->part_mass == NULL ||
        c->part_links == NULL) {
        return rf_fail_memory(err, "the communities");
    }
    return RF_OK;
}

/* ---- partitions ---- */

/* Masses and members of the communities in core->now. */
static void weigh(rf_lcore *core, const rf_lgraph *g)
{
    memset(core->now.mass, 0, g->vertices * sizeof *core->now.mass);
    memset(core->now.members, 0, g->vertices * sizeof *core->now.members);
    for (uint32_t v = 0; v < g->vertices; v++) {
        core->now.mass[core->now.community[v]] += g->mass[v];
        core->now.members[core->now.community[v]]++;
    }
}

uint32_t rf_lcore_name(rf_lcore *core, uint32_t vertices, uint32_t names)
{
    uint32_t *first = core->before;
    uint32_t count = 0;
    memset(first, 0xff, names * sizeof *first);
    for (uint32_t v = 0; v < vertices; v++) {
        uint32_t *name = &first[core->now.community[v]];
        if (*name == UINT32_MAX) {
            *name = v;
            count++;
        }
        core->now.community[v] = *name;
    }
    return count;
}

/* Splits what is not connected, of all communities or of those with changed[label]; the labels are
 * those of members. Needs core->part, core->mover. */
static void split(rf_lcore *core, const rf_lgraph *g, const unsigned char *changed)
{
    uint32_t *part = core->part;
    uint32_t *queue = core->mover;
    for (uint32_t v = 0; v < g->vertices; v++) {
        uint32_t const label = core->now.community[v];
        part[v] = changed == NULL || changed[label] ? UINT32_MAX : label;
    }
    for (uint32_t root = 0; root < g->vertices; root++) {
        uint32_t head = 0;
        uint32_t tail = 0;
        if (part[root] != UINT32_MAX) {
            continue;
        }
        part[root] = root;
        queue[tail++] = root;
        while (head < tail) {
            uint32_t const v = queue[head++];
            for (uint64_t i = g->start[v]; i < g->start[v] + g->degree[v]; i++) {
                uint32_t const w = g->neighbour[i];
                if (part[w] == UINT32_MAX && core->now.community[w] == core->now.community[v]) {
                    part[w] = root;
                    queue[tail++] = w;
                }
            }
        }
    }
    memcpy(core->now.community, part, g->vertices * sizeof *part);
}

/* ---- laying out ---- */

/* Lays the ground out anew by core->order, and the partition with it; order becomes what it was
 * before of the caller's vertices. */
static rf_status lay_out(rf_lcore *core, rf_lgraph *ground, uint32_t *order, rf_error *err)
{
    uint32_t const n = ground->vertices;
    uint32_t *number = core->part;
    uint32_t *moved = core->live;
    rf_lgraph fresh = {0};
    rf_status status;
    for (uint32_t i = 0; i < n; i++) {
        number[core->order[i]] = i;
    }
    status = rf_lgraph_relabel(ground, core->team, core->order, number, &fresh, err);
    if (status != RF_OK) {
        return status;
    }
    rf_lgraph_free(ground);
    *ground = fresh;
    for (uint32_t i = 0; i < n; i++) {
        moved[i] = number[core->now.community[core->order[i]]];
    }
    memcpy(core->now.community, moved, n * sizeof *moved);
    for (uint32_t i = 0; i < n; i++) {
        moved[i] = order[core->order[i]];
    }
    memcpy(order, moved, n * sizeof *moved);
    return RF_OK;
}

static void shuffle(uint32_t *order, uint32_t n, uint64_t seed)
{
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (uint32_t i = n; i > 1; i--) {
        uint64_t const drawn = rf_mix2(seed, i) >> 32;
        uint32_t const j = (uint32_t)(drawn * i >> 32);
        uint32_t const kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* ---- one round ---- */

typedef struct climb {
    rf_lcore *core;
    const rf_lgraph *ground; /* the caller's vertices */
    rf_lgraph level;         /* the graph of parts, from the second level on */
    uint32_t *top;           /* by vertex of the ground: its vertex of the level */
    double least;            /* gain of a sweep worth another */
    double gained;
} climb;

/* The parts in core->part become vertices, in the communities of their vertices. */
static rf_status next_level(climb *c, const rf_lgraph *g, uint32_t parts, rf_error *err)
{
    rf_lcore *core = c->core;
    rf_lgraph above = {0};
    uint32_t *community = core->live; /* moving fills it anew */
    rf_status const status = rf_lgraph_aggregate(g, core, parts, &above, err);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t p = 0; p < parts; p++) {
        community[p] = core->now.community[core->order[core->first[p]]];
    }
    memcpy(core->now.community, community, parts * sizeof *community);
    (void)rf_lcore_name(core, parts, g->vertices);
    for (uint32_t v = 0; v < c->ground->vertices; v++) {
        c->top[v] = core->part[c->top[v]];
    }
    rf_lgraph_free(&c->level);
    c->level = above;
    return RF_OK;
}

/* Ends a round: the communities of the level become those of the ground. */
static void project(climb *c, const rf_lgraph *g)
{
    rf_lcore *core = c->core;
    uint32_t const n = c->ground->vertices;
    split(core, g, NULL);
    for (uint32_t v = 0; v < n; v++) {
        core->live[v] = core->now.community[c->top[v]];
    }
    memcpy(core->now.community, core->live, n * sizeof *core->live);
    (void)rf_lcore_name(core, n, n);
    rf_lgraph_free(&c->level);
}

static rf_status run_rounds(rf_lcore *core, rf_lgraph *ground, int rounds, uint32_t *order,
                            rf_error *err);

/* Rounds on the level; then its vertices have moved, and who points to them has to follow. */
static rf_status run_upper_rounds(climb *c, rf_error *err)
{
    uint32_t const n = c->level.vertices;
    uint32_t *order = rf_alloc_raw(n, sizeof *order);
    uint32_t *number = rf_alloc_raw(n, sizeof *number);
    rf_status status =
        order == NULL || number == NULL ? rf_fail_memory(err, "the communities") : RF_OK;
    for (uint32_t v = 0; v < n && status == RF_OK; v++) {
        order[v] = v;
    }
    if (status == RF_OK) {
        status = run_rounds(c->core, &c->level, c->core->upper_rounds, order, err);
    }
    for (uint32_t v = 0; v < n && status == RF_OK; v++) {
        number[order[v]] = v;
    }
    for (uint32_t v = 0; v < c->ground->vertices && status == RF_OK; v++) {
        c->top[v] = number[c->top[v]];
    }
    rf_free(order);
    rf_free(number);
    return status;
}

/* From the partition of the ground in core->now to a better one. */
static rf_status run_round(climb *c, rf_error *err)
{
    rf_lcore *core = c->core;
    const rf_lgraph *g = c->ground;
    rf_status status = RF_OK;
    for (uint32_t v = 0; v < g->vertices; v++) {
        c->top[v] = v;
    }
    for (int level = 0; level < LEVELS_AT_MOST && status == RF_OK; level++) {
        uint32_t parts;
        if (g->vertices < LARGE && c->ground->vertices >= LARGE) {
            status = core->crowded ? rf_lcore_crowd(core, g, err) : run_upper_rounds(c, err);
            break;
        }
        weigh(core, g);
        c->gained += rf_lcore_move(core, g, c->least, SWEEPS_AT_MOST);
        c->least /= 10;
        parts = rf_lcore_refine(core, g);
        if (parts == g->vertices ||
            (g->vertices >= LARGE && parts > LEAST_SHRINKAGE * g->vertices)) {
            break;
        }
        status = next_level(c, g, parts, err);
        g = &c->level;
    }
    if (status == RF_OK) {
        project(c, g);
    }
    rf_lgraph_free(&c->level);
    return status;
}

static double total_weight(const rf_lgraph *g)
{
    double total[4] = {0}; /* an addition need not wait for the one before */
    for (uint32_t v = 0; v < g->vertices; v++) {
        const float *weight = g->weight == NULL ? NULL : g->weight + g->start[v];
        total[0] += weight == NULL ? g->degree[v] : 0;
        for (uint32_t i = 0; weight != NULL && i < g->degree[v]; i++) {
            total[i & 3] += (double)weight[i];
        }
    }
    return (total[0] + total[1] + total[2] + total[3]) / 2;
}

/* Round after round from the partition in core->now, at most `rounds`, -1: while they help. A small
 * ground is shuffled between rounds, and `order` with it. */
static rf_status run_rounds(rf_lcore *core, rf_lgraph *ground, int rounds, uint32_t *order,
                            rf_error *err)
{
    bool const large = ground->vertices >= LARGE;
    double const weight = total_weight(ground);
    double least = large ? LEAST_GAIN * weight : 0;
    int const most = rounds < 0 ? ROUNDS_AT_MOST : rounds;
    int idle = 0;
    uint32_t *top = rf_alloc_raw(ground->vertices, sizeof *top);
    rf_status status = top == NULL ? rf_fail_memory(err, "the communities") : RF_OK;
    for (int round = 0; round < most && idle < PATIENCE && status == RF_OK; round++) {
        climb c = {.core = core, .ground = ground, .top = top, .least = least};
        if (round > 0 && !large) {
            shuffle(core->order, ground->vertices, rf_mix2(core->seed, (uint64_t)round));
            status = lay_out(core, ground, order, err);
        }
        if (status == RF_OK) {
            status = run_round(&c, err);
        }
        idle = c.gained > NOTICEABLE_GAIN * weight ? 0 : idle + 1;
        least /= 10;
    }
    rf_free(top);
    return status;
}

/* From `start`, or everybody alone, or after a first sweep; the ground laid out. order[i] is the
 * caller's number of its vertex i. */
static rf_status begin(rf_lcore *core, rf_lgraph *ground, const uint32_t *start, uint32_t *order,
                       rf_error *err)
{
    uint32_t const n = ground->vertices;
    for (uint32_t v = 0; v < n; v++) {
        order[v] = v;
        core->now.community[v] = start == NULL ? v : start[v];
    }
    if (n < LARGE) {
        shuffle(core->order, n, core->seed);
        return lay_out(core, ground, order, err);
    }
    if (start == NULL) {
        weigh(core, ground);
        (void)rf_lcore_move(core, ground, 0, 1);
    }
    rf_lcore_sort(core, core->now.community, n);
    return lay_out(core, ground, order, err);
}

/* ---- the whole ---- */

/* How much refining draws at random, relative to the largest weight. */
static double noise_for(const rf_leiden_input *input, const rf_lgraph *g)
{
    uint64_t halves = 0;
    if (input->randomness <= 0) {
        return RANDOMNESS;
    }
    for (uint32_t v = 0; v < g->vertices; v++) {
        halves += g->degree[v];
    }
    return halves == 0 ? 0 : input->randomness * 2 * total_weight(g) / (double)halves;
}

/* Vertices of the ground move by themselves. Few do, so few communities can have come apart; the
 * labels of all others are members of theirs. */
static void polish(rf_lcore *core, const rf_lgraph *ground)
{
    uint32_t const n = ground->vertices;
    uint32_t *before = core->order;
    unsigned char *changed = core->later; /* all 0 before and after */
    weigh(core, ground);
    memcpy(before, core->now.community, n * sizeof *before);
    (void)rf_lcore_move(core, ground, 0, SWEEPS_AT_MOST);
    for (uint32_t v = 0; v < n; v++) {
        if (before[v] != core->now.community[v]) {
            changed[before[v]] = changed[core->now.community[v]] = 1;
        }
    }
    split(core, ground, changed);
    memset(changed, 0, n);
}

/* `rows` is NULL when the edges are in the input. */
static rf_status search(const rf_leiden_input *input, const rf_leiden_rows *rows, rf_lcore *core,
                        uint32_t *community, rf_error *err)
{
    uint32_t const n = input->vertices;
    rf_lgraph ground = {0};
    uint32_t *order = rf_alloc_raw(n, sizeof *order);
    rf_status status = order == NULL ? rf_fail_memory(err, "the communities") : RF_OK;
    if (status == RF_OK) {
        status = rows == NULL ? rf_lgraph_build(input, core->team, &ground, &core->resolution, err)
                              : rf_lgraph_from_rows(input, rows, &ground, &core->resolution, err);
    }
    if (status == RF_OK) {
        core->noise = noise_for(input, &ground);
        status = begin(core, &ground, input->start, order, err);
    }
    if (status == RF_OK) {
        status = run_rounds(core, &ground, input->iterations, order, err);
    }
    if (status == RF_OK && input->polished && n >= LARGE) {
        polish(core, &ground);
    }
    for (uint32_t i = 0; i < n && status == RF_OK; i++) {
        community[order[i]] = core->now.community[i];
    }
    rf_lgraph_free(&ground);
    rf_free(order);
    return status;
}

rf_status rf_lgraph_search(const rf_lgraph *graph, const rf_lsearch *how, uint32_t *community,
                           rf_error *err)
{
    uint32_t const n = graph->vertices;
    rf_lcore core = {.seed = how->seed, .resolution = how->resolution, .noise = how->noise};
    rf_lgraph ground = *graph;
    uint32_t *order = rf_alloc_raw(n, sizeof *order);
    rf_status status =
        order == NULL ? rf_fail_memory(err, "the communities") : allocate_core(&core, 1, n, err);
    ground.borrowed = true; /* until it is laid out */
    if (status == RF_OK) {
        status = begin(&core, &ground, how->start, order, err);
    }
    if (status == RF_OK) {
        status = run_rounds(&core, &ground, how->rounds, order, err);
    }
    for (uint32_t i = 0; i < n && status == RF_OK; i++) {
        community[order[i]] = order[core.now.community[i]];
    }
    rf_lgraph_free(&ground);
    free_core(&core);
    rf_free(order);
    return status;
}

/* True when every single edge outweighs what any two sides of a community cost: then components are
 * the best communities there are. */
static bool any_edge_joins(const rf_leiden_input *input)
{
    double mass = 0;
    double cost;
    for (uint32_t v = 0; v < input->vertices; v++) {
        mass += input->vertex_weight[v];
    }
    cost = input->resolution * mass / 4 * mass;
    for (uint64_t i = 0; i < input->edges; i++) {
        if (!(input->weight[i] > cost)) {
            return false;
        }
    }
    return true;
}

/* Union-find; the smallest vertex is the root. */
static rf_status components(const rf_leiden_input *input, uint32_t *community,
                            uint32_t *communities, rf_error *err)
{
    for (uint32_t v = 0; v < input->vertices; v++) {
        community[v] = v;
    }
    for (uint64_t i = 0; i < input->edges; i++) {
        uint32_t a = input->from[i];
        uint32_t b = input->to[i];
        while (community[a] != a) {
            a = community[a] = community[community[a]];
        }
        while (community[b] != b) {
            b = community[b] = community[community[b]];
        }
        community[a < b ? b : a] = a < b ? a : b;
    }
    for (uint32_t v = 0; v < input->vertices; v++) {
        community[v] = community[community[v]];
    }
    return rf_renumber(community, input->vertices, input->vertices, communities, err);
}

static rf_status find(const rf_leiden_input *input, const rf_leiden_rows *rows, uint32_t *community,
                      uint32_t *communities, rf_error *err)
{
    unsigned const threads = input->vertices < LARGE || input->threads < 1 ? 1 : input->threads;
    rf_lcore core = {.seed = input->seed, .crowded = input->polished, .upper_rounds = UPPER_ROUNDS};
    rf_status status = allocate_core(&core, threads, input->vertices, err);
    *communities = 0;
    if (status == RF_OK) {
        status = search(input, rows, &core, community, err);
    }
    free_core(&core);
    return status == RF_OK
               ? rf_renumber(community, input->vertices, input->vertices, communities, err)
               : status;
}

rf_status rf_leiden(const rf_leiden_input *input, uint32_t *community, uint32_t *communities,
                    rf_error *err)
{
    return any_edge_joins(input) ? components(input, community, communities, err)
                                 : find(input, NULL, community, communities, err);
}

rf_status rf_leiden_by_rows(const rf_leiden_input *input, const rf_leiden_rows *rows,
                            uint32_t *community, uint32_t *communities, rf_error *err)
{
    return find(input, rows, community, communities, err);
}

/* ---- partitions of callers ---- */

rf_status rf_renumber(uint32_t *community, uint32_t n, uint32_t count, uint32_t *communities,
                      rf_error *err)
{
    uint32_t *number = rf_alloc_raw(count, sizeof *number);
    *communities = 0;
    if (number == NULL) {
        return rf_fail_memory(err, "the communities");
    }
    memset(number, 0xff, (size_t)count * sizeof *number);
    for (uint32_t v = 0; v < n; v++) {
        if (number[community[v]] == UINT32_MAX) {
            number[community[v]] = (*communities)++;
        }
        community[v] = number[community[v]];
    }
    rf_free(number);
    return RF_OK;
}

double rf_leiden_quality(const rf_leiden_input *input, const uint32_t *community,
                         uint32_t communities, rf_status *status, rf_error *err)
{
    double *mass = rf_alloc(communities, sizeof *mass);
    double quality = 0;
    *status = mass == NULL ? rf_fail_memory(err, "the quality of communities") : RF_OK;
    if (mass == NULL) {
        return 0;
    }
    for (uint64_t i = 0; i < input->edges; i++) {
        if (community[input->from[i]] == community[input->to[i]]) {
            quality += input->weight[i];
        }
    }
    for (uint32_t v = 0; v < input->vertices; v++) {
        mass[community[v]] += input->vertex_weight[v];
    }
    for (uint32_t k = 0; k < communities; k++) {
        quality -= input->resolution / 2 * mass[k] * mass[k];
    }
    rf_free(mass);
    return quality;
}
