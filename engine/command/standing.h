/* standing.h - the decision on a ring as a JSON object, the same wherever it is shown. */
#ifndef RF_COMMAND_STANDING_H
#define RF_COMMAND_STANDING_H

#include "base/json.h"
#include "store/decisions.h"

/* One value: an object with decision_id, verdict, at, by, reason, size, new_members, changed, quiet
 * and note (all of it in words), or null for NULL. */
void rf_standing_json(rf_json *json, const rf_standing *standing);

/* " It was cleared on ... by ...: ....", safe to show; nothing for NULL. */
void rf_standing_sentence(const rf_standing *standing, rf_text *text);

#endif
