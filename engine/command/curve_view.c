/* curve_view.c - see curve_view.h. */
#include "command/curve_view.h"

#include "command/output.h"

#include <stdio.h>

enum { STEPS = 20 }; /* rows of the table for people: one each .05 of recall */

static const char *name_of(rf_suspicion_kind kind)
{
    switch (kind) {
    case RF_SUSPICION_RING:
        return "ring";
    case RF_SUSPICION_LINK:
        return "link";
    case RF_SUSPICION_NONE:
        break;
    }
    return "none";
}

enum { FIELDS = 6 };

static const rf_field FOR_PEOPLE[FIELDS] = {
    {.name = "kind", .title = "last taken", .kind = RF_FIELD_TEXT},
    {.name = "from", .title = "its bits", .kind = RF_FIELD_REAL, .decimals = 2},
    {.name = "accounts", .kind = RF_FIELD_INT},
    {.name = "true", .kind = RF_FIELD_INT},
    {.name = "precision", .kind = RF_FIELD_REAL, .decimals = 4},
    {.name = "recall", .kind = RF_FIELD_REAL, .decimals = 4},
};

static const rf_field FOR_PROGRAMS[FIELDS] = {
    {.name = "kind", .kind = RF_FIELD_TEXT},
    {.name = "from", .kind = RF_FIELD_REAL, .decimals = -1},
    {.name = "accounts", .kind = RF_FIELD_INT},
    {.name = "true", .kind = RF_FIELD_INT},
    {.name = "precision", .kind = RF_FIELD_REAL, .decimals = -1},
    {.name = "recall", .kind = RF_FIELD_REAL, .decimals = -1},
};

static void write_row(rf_sheet *sheet, const rf_curve_point *point)
{
    rf_sheet_text(sheet, name_of(point->kind));
    rf_sheet_real(sheet, point->from);
    rf_sheet_int(sheet, point->accounts);
    rf_sheet_int(sheet, point->truth);
    rf_sheet_real(sheet, point->precision);
    rf_sheet_real(sheet, point->recall);
}

rf_status rf_curve_show(const rf_curve *curve, rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_TABLE};
    size_t last = 0;
    rf_status status;
    (void)printf("Most suspect first, flagged or not: average precision %.4f.\n\n",
                 curve->average_precision);
    status = rf_sheet_start(&options, FOR_PEOPLE, FIELDS, &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    for (int step = 1; step <= STEPS && curve->points > 0; step++) {
        size_t const at = rf_curve_nearest(curve, (double)step / STEPS);
        if (step == 1 || at != last) {
            write_row(sheet, &curve->point[at]);
        }
        last = at;
    }
    return rf_sheet_end(sheet, err);
}

rf_status rf_curve_csv(const rf_curve *curve, rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_CSV};
    rf_status status = rf_sheet_start(&options, FOR_PROGRAMS, FIELDS, &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    for (size_t i = 0; i < curve->points; i++) {
        write_row(sheet, &curve->point[i]);
    }
    return rf_sheet_end(sheet, err);
}

void rf_curve_json(rf_json *json, const rf_curve *curve)
{
    rf_json_key(json, "average_precision");
    rf_json_real(json, curve->average_precision);
    rf_json_key(json, "curve");
    rf_json_array(json);
    for (size_t i = 0; i < curve->points; i++) {
        const rf_curve_point *point = &curve->point[i];
        rf_json_object(json);
        rf_json_key(json, "kind");
        rf_json_string(json, name_of(point->kind));
        rf_json_key(json, "from");
        rf_json_real(json, point->from);
        rf_json_key(json, "accounts");
        rf_json_int(json, point->accounts);
        rf_json_key(json, "true");
        rf_json_int(json, point->truth);
        rf_json_key(json, "precision");
        rf_json_real(json, point->precision);
        rf_json_key(json, "recall");
        rf_json_real(json, point->recall);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}
