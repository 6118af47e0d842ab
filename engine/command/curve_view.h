/* curve_view.h - the precision-recall curve of a run as a table for people, as CSV and in JSON. */
#ifndef RF_COMMAND_CURVE_VIEW_H
#define RF_COMMAND_CURVE_VIEW_H

#include "base/json.h"
#include "base/status.h"
#include "rings/curve.h"

/* On standard output: the average precision and the points nearest to a recall of .05, .10, ... 1,
 * each once. RF_ENOMEM when the table could not be built. */
RF_MUST_USE rf_status rf_curve_show(const rf_curve *curve, rf_error *err);

/* On standard output: every point, one a row. Errors as above. */
RF_MUST_USE rf_status rf_curve_csv(const rf_curve *curve, rf_error *err);

/* Two members of the object that is open: `average_precision`, and `curve`, an array with an object
 * for every point. */
void rf_curve_json(rf_json *json, const rf_curve *curve);

#endif
