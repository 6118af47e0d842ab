/* commands.h - the commands, each in its own file; the table of them is in engine/main.c. */
#ifndef RF_COMMAND_COMMANDS_H
#define RF_COMMAND_COMMANDS_H

#include "command/command.h"

extern const rf_command rf_command_import;
extern const rf_command rf_command_detect;
extern const rf_command rf_command_rings;
extern const rf_command rf_command_ring;
extern const rf_command rf_command_history;
extern const rf_command rf_command_explain;
extern const rf_command rf_command_decide;
extern const rf_command rf_command_allow;
extern const rf_command rf_command_query;
extern const rf_command rf_command_export;
extern const rf_command rf_command_flag;
extern const rf_command rf_command_separate;
extern const rf_command rf_command_evaluate;
extern const rf_command rf_command_cluster;

#endif
