/* update.h - brings the latest run up to date with what was imported since, instead of a new run.
 *
 * What the run learned about sharing stands (evidence/recall.h); links are weighed again where
 * somebody came to hold something (evidence/changes.h); communities are found from those there
 * were; suspect rings that were joined or grown go on from what they had become (resume.h); rings
 * whose members and facts are nearly the same are judged as they were (RF_UPDATE_MARGIN,
 * RF_UPDATE_CLEAR: until there were news of every fourth member, newcomers and leavers among them;
 * that a member did something, or holds what nobody else does, is a quarter of such news);
 * chance is what it was. Types of values stay, too. What comes out is written in place
 * (store/results_update.h), and what the next update needs is kept.
 *
 * A full run is due when the facts cannot be renewed (population_kept.h), when settings, signals,
 * the allow-list, separations or the program have changed, and when nothing was kept. The caller
 * decides; nothing is changed then.
 *
 * Invariant: the same run and the same imports give the same bytes, for any number of threads.
 * Cost: O(accounts + holdings + links) to read and copy, and what has changed.
 */
#ifndef RF_RINGS_UPDATE_H
#define RF_RINGS_UPDATE_H

#include "rings/detect.h"

enum { RF_OBSTACLE_TEXT = 200 };

typedef struct rf_update_summary {
    char obstacle[RF_OBSTACLE_TEXT]; /* why a full run is due; "" when the run was updated */
    bool nothing;                    /* there was nothing new */
    int64_t number;                  /* of the update, in the ledger */
    uint32_t imports, accounts;      /* taken in; new */
    uint64_t links_new, links_gone, links_changed;
    uint32_t rings_changed, rings_gone;
} rf_update_summary;

/* Updates the latest run, or says what is in the way. `settings` are those a full run would have;
 * they must be those of the run. *summary is that of the run as it is now; it is not filled when
 * there is an obstacle or nothing new, but for `run`. */
RF_MUST_USE rf_status rf_detect_update(rf_store *store, const rf_detect_settings *settings,
                                       rf_detect_summary *summary, rf_update_summary *update,
                                       rf_error *err);

#endif
