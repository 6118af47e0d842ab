/* knockout.c - see knockout.h. */
#include "rings/knockout.h"

#include <stdlib.h>
#include <string.h>

/* A value to be tried, the highest rank first. */
typedef struct candidate {
    double rank;
    uint32_t value;
} candidate;

enum { VOTED_LINKS = 100000 }; /* rings of more links are only tried from all values hidden */

typedef struct searcher {
    const rf_inside *in;
    rf_inside_pieces pieces;
    uint8_t *hidden;    /* by value */
    uint8_t *forbidden; /* by value: tried before, in this branch */
    double *votes;      /* by value */
    uint32_t *marked;   /* by value: the last node that listed it */
    uint32_t node;
    uint32_t *root; /* by vertex, while pieces or a tree are grown */
    uint32_t *size, *height, *undo;
    uint32_t undos, largest;
    uint64_t *link_start; /* by value: its links in link_of */
    uint32_t *link_of;
    uint64_t work, most; /* terms looked at, and the limit */
    rf_status status;
    rf_error *err;
} searcher;

static int by_rank(const void *left, const void *right)
{
    const candidate *a = left;
    const candidate *b = right;
    return a->rank != b->rank ? (a->rank < b->rank ? 1 : -1)
                              : (a->value > b->value) - (a->value < b->value);
}

static bool dissolved(searcher *s)
{
    s->work += s->in->links > 0 ? s->in->start[s->in->links] + s->in->links : 1;
    rf_inside_split(s->in, s->hidden, &s->pieces);
    return 2 * s->pieces.largest < s->in->members;
}

/* ---- votes ---- */

/* A living link's votes: how far each value's loss would use up what it has above the threshold. */
static void vote(searcher *s, uint32_t link)
{
    const rf_inside *in = s->in;
    uint8_t rank[RF_MAX_FAMILIES] = {0};
    double slack;
    if (in->b[link] >= in->members) {
        s->votes[in->b[link] - in->members] += 1;
        return;
    }
    slack = (double)(rf_inside_bits(in, link, s->hidden) - in->threshold);
    for (uint64_t t = in->start[link]; t < in->start[link + 1]; t++) {
        uint32_t const v = in->term[t].value;
        uint8_t *const r = &rank[in->value[v].family];
        double share;
        if (s->hidden[v] != 0) {
            continue;
        }
        share = (*r < 31 ? in->term[t].alone >> *r : 0) / slack;
        *r = (uint8_t)(*r + (in->learned.signal[in->value[v].signal].windowed ? 2 : 1));
        *r = *r < 31 ? *r : 31;
        s->votes[v] += share < 1 ? share : 1;
    }
}

/* The votes of the largest piece, as last split. */
static void count_votes(searcher *s)
{
    memset(s->votes, 0, s->in->values * sizeof *s->votes);
    for (uint32_t l = 0; l < s->in->links; l++) {
        if (s->pieces.root[s->in->a[l]] == s->pieces.heart &&
            rf_inside_lives(s->in, l, s->hidden)) {
            vote(s, l);
        }
    }
}

/* ---- greedy ---- */

/* Hides the `count` values with most votes. */
static void hide_most(searcher *s, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t v = 0; v < s->in->values; v++) {
            if (s->votes[v] > 0 && (best == UINT32_MAX || s->votes[v] > s->votes[best])) {
                best = v;
            }
        }
        if (best == UINT32_MAX) {
            return;
        }
        s->hidden[best] = 1;
        s->votes[best] = 0;
    }
}

/* ---- taking values back ---- */

static uint32_t find_whole(const uint32_t *root, uint32_t v)
{
    while (root[v] != v) {
        v = root[v];
    }
    return v;
}

/* Joins the ends of a link that lives; s->undo keeps what was hung where. */
static void join(searcher *s, uint32_t link)
{
    uint32_t a = find_whole(s->root, s->in->a[link]);
    uint32_t b = find_whole(s->root, s->in->b[link]);
    if (a == b) {
        return;
    }
    if (s->height[a] < s->height[b]) {
        uint32_t const other = a;
        a = b;
        b = other;
    }
    s->root[b] = a;
    s->size[a] += s->size[b];
    s->height[a] += s->height[a] == s->height[b];
    s->undo[s->undos++] = b;
    s->largest = s->size[a] > s->largest ? s->size[a] : s->largest;
}

static void start_joining(searcher *s)
{
    const rf_inside *in = s->in;
    s->undos = 0;
    s->largest = in->members > 0;
    for (uint32_t v = 0; v < in->members + in->values; v++) {
        s->root[v] = v;
        s->size[v] = v < in->members;
        s->height[v] = 0;
    }
    for (uint32_t l = 0; l < in->links; l++) {
        if (rf_inside_lives(in, l, s->hidden)) {
            join(s, l);
        }
    }
}

/* Makes a hidden value known when the ring stays dissolved; its links join what they join, or what
 * they joined is parted again. */
static bool try_known(searcher *s, uint32_t value)
{
    uint32_t const undos = s->undos;
    uint32_t const largest = s->largest;
    s->hidden[value] = 0;
    for (uint64_t k = s->link_start[value]; k < s->link_start[value + 1]; k++) {
        if (rf_inside_lives(s->in, s->link_of[k], s->hidden)) {
            join(s, s->link_of[k]);
        }
    }
    if (2 * s->largest < s->in->members) {
        return true;
    }
    while (s->undos > undos) {
        uint32_t const b = s->undo[--s->undos];
        s->size[s->root[b]] -= s->size[b];
        s->root[b] = b;
    }
    s->largest = largest;
    s->hidden[value] = 1;
    return false;
}

/* Every value that is not needed is known again, those of fewest members first: once is enough,
 * for pieces only grow. Returns how many stay hidden. */
static uint32_t take_back(searcher *s)
{
    uint32_t count = 0;
    uint32_t kept = 0;
    candidate *list = rf_alloc_raw(s->in->values, sizeof *list);
    if (list == NULL) {
        s->status = rf_fail_memory(s->err, "the search for a knock-out");
        return 0;
    }
    for (uint32_t v = 0; v < s->in->values; v++) {
        if (s->hidden[v] != 0) {
            list[count++] = (candidate){-(double)s->in->value[v].members, v};
        }
    }
    qsort(list, count, sizeof *list, by_rank);
    start_joining(s);
    for (uint32_t i = 0; i < count; i++) {
        kept += !try_known(s, list[i].value);
    }
    rf_free(list);
    return kept;
}

/* The links that a value speaks for. */
static bool index_links(searcher *s)
{
    const rf_inside *in = s->in;
    uint64_t const terms = in->links == 0 ? 0 : in->start[in->links];
    s->link_start = rf_alloc((size_t)in->values + 2, sizeof *s->link_start);
    s->link_of = rf_alloc_raw(terms + in->links, sizeof *s->link_of);
    if (s->link_start == NULL || s->link_of == NULL) {
        return false;
    }
    for (int round = 0; round < 2; round++) {
        for (uint32_t l = 0; l < in->links; l++) {
            bool const star = in->b[l] >= in->members;
            for (uint64_t t = in->start[l]; t < in->start[l + 1] + star; t++) {
                uint32_t const v = star ? in->b[l] - in->members : in->term[t].value;
                if (round == 0) {
                    s->link_start[v + 2]++;
                } else {
                    s->link_of[s->link_start[v + 1]++] = l;
                }
            }
        }
        for (uint32_t v = 0; v < in->values && round == 0; v++) {
            s->link_start[v + 2] += s->link_start[v + 1];
        }
    }
    return true;
}

/* ---- greedy ---- */

static uint32_t hide_by_votes(searcher *s)
{
    uint32_t hidden = 0;
    memset(s->hidden, 0, s->in->values);
    while (!dissolved(s)) {
        count_votes(s);
        hide_most(s, 1 + hidden / 16);
        hidden += 1 + hidden / 16;
    }
    return take_back(s);
}

static uint32_t hide_all(searcher *s)
{
    memset(s->hidden, 1, s->in->values);
    return take_back(s);
}

/* ---- exact ---- */

static uint32_t find(uint32_t *root, uint32_t v)
{
    while (root[v] != v) {
        root[v] = root[root[v]];
        v = root[v];
    }
    return v;
}

/* Lists the values of a link that may be hidden, unless listed at this node already. */
static void list_values(searcher *s, uint32_t link, candidate *list, uint32_t *count)
{
    const rf_inside *in = s->in;
    uint64_t const terms = in->start[link + 1] - in->start[link];
    for (uint64_t t = 0; t < (in->b[link] >= in->members ? 1 : terms); t++) {
        uint32_t const v = in->b[link] >= in->members ? in->b[link] - in->members
                                                      : in->term[in->start[link] + t].value;
        if (s->hidden[v] == 0 && s->marked[v] != s->node) {
            s->marked[v] = s->node;
            if (s->forbidden[v] == 0) {
                list[(*count)++] = (candidate){s->votes[v], v};
            }
        }
    }
}

/* How many values the link would add to the list. */
static uint32_t new_values(const searcher *s, uint32_t link)
{
    const rf_inside *in = s->in;
    uint32_t count = 0;
    if (in->b[link] >= in->members) {
        return s->marked[in->b[link] - in->members] != s->node;
    }
    for (uint64_t t = in->start[link]; t < in->start[link + 1]; t++) {
        uint32_t const v = in->term[t].value;
        count += s->hidden[v] == 0 && s->forbidden[v] == 0 && s->marked[v] != s->node;
    }
    return count;
}

/* Grows a forest by living links, those that add few values first, until a tree holds half of the
 * members; the values on which the forest rests are tried. More than that tree's would be no error,
 * only more work. */
static uint32_t list_candidates(searcher *s, candidate *list)
{
    const rf_inside *in = s->in;
    uint32_t const vertices = in->members + in->values;
    uint32_t count = 0;
    uint32_t largest = 0;
    s->node++;
    for (uint32_t v = 0; v < vertices; v++) {
        s->root[v] = v;
        s->size[v] = v < in->members;
    }
    for (uint32_t allowed = 0; 2 * largest < in->members; allowed++) {
        for (uint32_t l = 0; l < in->links && 2 * largest < in->members; l++) {
            uint32_t a;
            uint32_t b;
            if (s->pieces.root[in->a[l]] != s->pieces.heart || new_values(s, l) > allowed ||
                !rf_inside_lives(in, l, s->hidden)) {
                continue;
            }
            a = find(s->root, in->a[l]);
            b = find(s->root, in->b[l]);
            if (a != b) {
                s->root[b] = a;
                s->size[a] += s->size[b];
                largest = s->size[a] > largest ? s->size[a] : largest;
                list_values(s, l, list, &count);
            }
        }
        s->work += in->start[in->links] + in->links;
    }
    return count;
}

typedef enum outcome { FOUND, NONE, TIRED } outcome;

/* Whether hiding `depth` further values dissolves the ring. */
static outcome deepen(searcher *s, uint32_t depth)
{
    candidate *list;
    uint32_t count;
    outcome result = NONE;
    if (s->work > s->most) {
        return TIRED;
    }
    if (dissolved(s)) {
        return FOUND;
    }
    if (depth == 0) {
        return NONE;
    }
    list = rf_alloc_raw(s->in->values, sizeof *list);
    if (list == NULL) {
        s->status = rf_fail_memory(s->err, "the search for a knock-out");
        return TIRED;
    }
    count_votes(s);
    count = list_candidates(s, list);
    qsort(list, count, sizeof *list, by_rank);
    for (uint32_t i = 0; i < count && result == NONE; i++) {
        uint32_t const v = list[i].value;
        s->hidden[v] = 1;
        result = deepen(s, depth - 1);
        if (result != FOUND) {
            s->hidden[v] = 0;
            s->forbidden[v] = 1;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        s->forbidden[list[i].value] = 0; /* none of them was forbidden before */
    }
    rf_free(list);
    return result;
}

/* ---- both ---- */

static void keep(const searcher *s, rf_knockout *out)
{
    out->values = 0;
    for (uint32_t v = 0; v < s->in->values; v++) {
        if (s->hidden[v] != 0) {
            out->value[out->values++] = v;
        }
    }
}

static void search(searcher *s, rf_knockout *out)
{
    outcome result = NONE;
    uint32_t greedy = hide_all(s);
    keep(s, out);
    if (s->in->links <= VOTED_LINKS && s->status == RF_OK) {
        uint32_t const voted = hide_by_votes(s);
        if (voted < greedy) {
            greedy = voted;
            keep(s, out);
        }
    }
    s->work = 0;
    memset(s->hidden, 0, s->in->values);
    while (s->status == RF_OK && result == NONE && out->least < greedy) {
        result = deepen(s, out->least);
        out->least += result == NONE;
    }
    if (result == FOUND) {
        keep(s, out);
    }
    memset(s->hidden, 0, s->in->values);
    for (uint32_t i = 0; i < out->values; i++) {
        s->hidden[out->value[i]] = 1;
    }
    (void)dissolved(s);
    out->exact = out->least == out->values;
    out->links_after = s->pieces.links;
    out->largest = s->pieces.largest;
}

rf_status rf_ring_knock_out(const rf_inside *inside, uint64_t work, rf_knockout *out, rf_error *err)
{
    size_t const n = inside->values;
    size_t const vertices = n + inside->members;
    searcher s = {.in = inside,
                  .hidden = rf_alloc(n, sizeof *s.hidden),
                  .forbidden = rf_alloc(n, sizeof *s.forbidden),
                  .votes = rf_alloc(n, sizeof *s.votes),
                  .marked = rf_alloc(n, sizeof *s.marked),
                  .root = rf_alloc_raw(vertices, sizeof *s.root),
                  .size = rf_alloc_raw(vertices, sizeof *s.size),
                  .height = rf_alloc_raw(vertices, sizeof *s.height),
                  .undo = rf_alloc_raw(vertices, sizeof *s.undo),
                  .most = work == 0 ? RF_KNOCKOUT_WORK : work,
                  .err = err};
    rf_status status = rf_inside_pieces_new(inside, &s.pieces, err);
    *out = (rf_knockout){.value = rf_alloc_raw(n, sizeof *out->value)};
    if (status == RF_OK &&
        (s.hidden == NULL || s.forbidden == NULL || s.votes == NULL || s.marked == NULL ||
         s.root == NULL || s.size == NULL || s.height == NULL || s.undo == NULL ||
         out->value == NULL || !index_links(&s))) {
        status = rf_fail_memory(err, "the search for a knock-out");
    }
    if (status == RF_OK) {
        rf_inside_split(inside, NULL, &s.pieces);
        out->links_before = s.pieces.links;
        search(&s, out);
        status = s.status;
    }
    rf_inside_pieces_free(&s.pieces);
    rf_free(s.hidden);
    rf_free(s.forbidden);
    rf_free(s.votes);
    rf_free(s.marked);
    rf_free(s.root);
    rf_free(s.size);
    rf_free(s.height);
    rf_free(s.undo);
    rf_free(s.link_start);
    rf_free(s.link_of);
    if (status != RF_OK) {
        rf_knockout_free(out);
    }
    return status;
}

void rf_knockout_free(rf_knockout *knockout)
{
    rf_free(knockout->value);
    *knockout = (rf_knockout){0};
}
