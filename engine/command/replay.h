/* replay.h - `ringfence detect --replay R`, told in the three formats; see rings/replay.h. */
#ifndef RF_COMMAND_REPLAY_H
#define RF_COMMAND_REPLAY_H

#include "command/command.h"

/* `text` names the run as --run does. RF_EINPUT when the run cannot be replayed, or does not come
 * out the same. */
RF_MUST_USE rf_status rf_command_replay(const rf_globals *globals, const char *text, rf_error *err);

#endif
