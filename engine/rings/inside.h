/* inside.h - one ring taken apart: its members, the values they share, and what every link between
 * them rests on, so that it can be asked how the ring would look without some of it.
 *
 * Read from the store and weighed by the run's own calibration, as `explain` does for one pair
 * (rings/learned.h): nothing about links is kept with a run but their bits. When values are hidden
 * a link's bits are prior + sum of what is left, each as it is worth alone, halved anew inside its
 * family; what was learned stays as it is. A link lives while its bits exceed the run's threshold.
 * Values above the pair cap that join their holders as a star are vertices without mass, and fall
 * with the value.
 *
 * Numbering: members by external_id, values by signal and text, links by members: the order of
 * imported rows changes nothing.
 * Workload: one ring a command. O(sightings of the members and of the values they share) to read,
 * O(terms of all links) to ask once. Memory: 12 bytes a term, of which a link has a handful.
 */
#ifndef RF_RINGS_INSIDE_H
#define RF_RINGS_INSIDE_H

#include "rings/learned.h"

/* A value that two members or more share (on one day, if windowed). */
typedef struct rf_inside_value {
    int64_t row;
    uint32_t signal; /* in learned.signal */
    uint8_t family;
    uint32_t examined, corroborated;
    uint32_t members; /* that share it with another member */
    uint32_t holders; /* accounts, on its busiest day here if windowed */
    rf_bits bits;     /* what it is worth to the pair to which it is worth most */
    bool star;
    const char *text;
} rf_inside_value;

/* What one value adds to one link. */
typedef struct rf_inside_term {
    uint32_t value;
    rf_bits alone;
} rf_inside_term;

typedef struct rf_inside {
    rf_arena texts;
    rf_learned learned;
    int64_t ring;
    uint32_t members;
    const char **id; /* external_id, ascending */
    int64_t *row;
    uint32_t values;
    rf_inside_value *value;
    uint32_t links;
    uint32_t *a, *b;      /* member numbers; b of a star is members + its value */
    uint64_t *start;      /* links + 1 offsets into term */
    rf_inside_term *term; /* strongest first inside a link */
    rf_bits threshold;
} rf_inside;

/* Reads a ring of a run. The caller ends *inside with rf_inside_free, also on failure. */
RF_MUST_USE rf_status rf_inside_read(rf_store *store, int64_t run, int64_t ring, rf_inside *inside,
                                     rf_error *err);
void rf_inside_free(rf_inside *inside);

/* The bits of a link when the values with hidden[value] != 0 (NULL: none) are not known. */
int64_t rf_inside_bits(const rf_inside *inside, uint32_t link, const uint8_t *hidden);
/* Whether it lives then. A star's edge lives while its value is known. */
bool rf_inside_lives(const rf_inside *inside, uint32_t link, const uint8_t *hidden);

/* What is left of a ring. */
typedef struct rf_inside_pieces {
    uint32_t *root;   /* by member, then by value (stars): its piece */
    uint32_t *size;   /* by root: members */
    uint32_t largest; /* members of the largest piece */
    uint32_t heart;   /* its root */
    uint32_t links;   /* that live */
} rf_inside_pieces;

/* Room for rf_inside_split; freed with rf_inside_pieces_free. */
RF_MUST_USE rf_status rf_inside_pieces_new(const rf_inside *inside, rf_inside_pieces *pieces,
                                           rf_error *err);
void rf_inside_pieces_free(rf_inside_pieces *pieces);
/* The connected pieces without the hidden values. O(terms). */
void rf_inside_split(const rf_inside *inside, const uint8_t *hidden, rf_inside_pieces *pieces);

#endif
