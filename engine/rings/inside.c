/* inside.c - the questions about a ring taken apart; see inside.h. */
#include "rings/inside.h"

#include <string.h>

int64_t rf_inside_bits(const rf_inside *inside, uint32_t link, const uint8_t *hidden)
{
    uint8_t rank[RF_MAX_FAMILIES] = {0};
    int64_t bits = rf_bits_from(inside->learned.calibration.settings.prior_bits);
    for (uint64_t t = inside->start[link]; t < inside->start[link + 1]; t++) {
        const rf_inside_term *term = &inside->term[t];
        const rf_inside_value *value = &inside->value[term->value];
        uint8_t *const r = &rank[value->family];
        if (hidden != NULL && hidden[term->value] != 0) {
            continue;
        }
        bits += *r < 31 ? term->alone >> *r : 0;
        *r = (uint8_t)(*r + (inside->learned.signal[value->signal].windowed ? 2 : 1));
        *r = *r < 31 ? *r : 31;
    }
    return bits;
}

bool rf_inside_lives(const rf_inside *inside, uint32_t link, const uint8_t *hidden)
{
    if (inside->b[link] >= inside->members) {
        return hidden == NULL || hidden[inside->b[link] - inside->members] == 0;
    }
    return rf_inside_bits(inside, link, hidden) > inside->threshold;
}

rf_status rf_inside_pieces_new(const rf_inside *inside, rf_inside_pieces *pieces, rf_error *err)
{
    size_t const vertices = (size_t)inside->members + inside->values;
    *pieces = (rf_inside_pieces){.root = rf_alloc_raw(vertices, sizeof *pieces->root),
                                 .size = rf_alloc_raw(vertices, sizeof *pieces->size)};
    if (pieces->root == NULL || pieces->size == NULL) {
        rf_inside_pieces_free(pieces);
        return rf_fail_memory(err, "the pieces of a ring");
    }
    return RF_OK;
}

void rf_inside_pieces_free(rf_inside_pieces *pieces)
{
    rf_free(pieces->root);
    rf_free(pieces->size);
    *pieces = (rf_inside_pieces){0};
}

static uint32_t find(uint32_t *root, uint32_t v)
{
    while (root[v] != v) {
        root[v] = root[root[v]];
        v = root[v];
    }
    return v;
}

void rf_inside_split(const rf_inside *inside, const uint8_t *hidden, rf_inside_pieces *pieces)
{
    uint32_t const vertices = inside->members + inside->values;
    for (uint32_t v = 0; v < vertices; v++) {
        pieces->root[v] = v;
        pieces->size[v] = 0;
    }
    pieces->links = 0;
    for (uint32_t l = 0; l < inside->links; l++) {
        if (rf_inside_lives(inside, l, hidden)) {
            uint32_t const a = find(pieces->root, inside->a[l]);
            uint32_t const b = find(pieces->root, inside->b[l]);
            pieces->links++;
            pieces->root[a > b ? a : b] = a > b ? b : a;
        }
    }
    pieces->largest = 0;
    pieces->heart = 0;
    for (uint32_t v = 0; v < vertices; v++) {
        uint32_t const r = find(pieces->root, v);
        pieces->root[v] = r;
        pieces->size[r] += v < inside->members;
        if (pieces->size[r] > pieces->largest) {
            pieces->largest = pieces->size[r];
            pieces->heart = r;
        }
    }
}

void rf_inside_free(rf_inside *inside)
{
    rf_arena_free(&inside->texts);
    rf_learned_free(&inside->learned);
    rf_free(inside->id);
    rf_free(inside->row);
    rf_free(inside->value);
    rf_free(inside->a);
    rf_free(inside->b);
    rf_free(inside->start);
    rf_free(inside->term);
    *inside = (rf_inside){0};
}
