/* left_out.h - allowed values that are shared, in words and in JSON. */
#ifndef RF_COMMAND_LEFT_OUT_H
#define RF_COMMAND_LEFT_OUT_H

#include "base/json.h"
#include "rings/allowed.h"

/* A paragraph for each on standard output: `who` ("They"; NULL: how many members) share it. At most
 * `most`, then how many more. */
void rf_show_left_out(const rf_left_outs *left, const char *who, size_t most);
/* One value: an array of objects. */
void rf_json_left_out(rf_json *json, const rf_left_outs *left);

#endif
