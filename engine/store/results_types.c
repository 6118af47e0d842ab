/* results_types.c - see results_types.h. Workload: up to 10^5 rows of 29 cells, in key order. */
#include "store/results_types.h"

#include <math.h>

enum { FIRST_FIGURE = 12 };

rf_status rf_results_write_types(rf_store *store, const rf_findings *findings, int64_t run,
                                 rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status = rf_prepare(
        store,
        "INSERT INTO value_type VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &insert, err);
    for (uint32_t i = 0; i < findings->types && status == RF_OK; i++) {
        const rf_result_type *t = &findings->type[i];
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, t->value_row);
        rf_bind_text(insert, 3, t->type);
        rf_bind_real(insert, 4, t->bits);
        rf_bind_text(insert, 5, t->instead);
        rf_bind_text(insert, 6, t->why);
        rf_bind_int(insert, 7, t->holders);
        rf_bind_int(insert, 8, t->met);
        rf_bind_int(insert, 9, t->days);
        rf_bind_int(insert, 10, t->peak);
        rf_bind_int(insert, 11, t->lent);
        for (int f = 0; f < RF_FIGURES; f++) {
            if (isnan(t->figure[f])) {
                rf_bind_null(insert, FIRST_FIGURE + f);
            } else {
                rf_bind_real(insert, FIRST_FIGURE + f, t->figure[f]);
            }
        }
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}
