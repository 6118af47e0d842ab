/* ring_probe.h - `ring ID --knock-out`, `--stress` and `--bridges`: what a ring rests on.
 *
 * The ring is read and taken apart anew (rings/inside.h) and asked how it would look without some
 * of its evidence. Nothing is written. Workload: one ring a call; under a second for 1,500 members,
 * seconds for 25,000.
 */
#ifndef RF_COMMAND_RING_PROBE_H
#define RF_COMMAND_RING_PROBE_H

#include "command/command.h"
#include "command/ring_page.h"
#include "store/store.h"

typedef enum rf_probe {
    RF_PROBE_NONE,      /* the others serve as values of options */
    RF_PROBE_KNOCK_OUT, /* the fewest values without which it dissolves: rings/knockout.h */
    RF_PROBE_STRESS,    /* without each family, and each two */
    RF_PROBE_BRIDGES    /* accounts and values without which a part falls off: rings/splits.h */
} rf_probe;

/* Asks and prints, in the format. */
RF_MUST_USE rf_status rf_ring_probe(rf_store *store, int64_t run, int64_t ring, rf_probe probe,
                                    rf_format format, rf_error *err);

/* For the page of a ring, after its links: who holds it together, and what chance would. */
void rf_ring_say_bonds(const rf_ring_page *page, rf_text *text);

#endif
