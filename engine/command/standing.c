/* standing.c - see standing.h. */
#include "command/standing.h"

#include "base/utf8.h"

void rf_standing_json(rf_json *json, const rf_standing *standing)
{
    rf_text note = {0};
    if (standing == NULL) {
        rf_json_null(json);
        return;
    }
    rf_standing_say(standing, &note);
    rf_json_object(json);
    rf_json_key(json, "decision_id");
    rf_json_int(json, standing->decision);
    rf_json_key(json, "verdict");
    rf_json_string(json, rf_decided_names[standing->verdict]);
    rf_json_key(json, "at");
    rf_json_time(json, standing->at);
    rf_json_key(json, "by");
    rf_json_string(json, standing->by);
    rf_json_key(json, "reason");
    rf_json_string(json, standing->reason);
    rf_json_key(json, "size");
    rf_json_int(json, standing->size_then);
    rf_json_key(json, "new_members");
    rf_json_int(json, standing->fresh);
    rf_json_key(json, "changed");
    rf_json_bool(json, standing->changed);
    rf_json_key(json, "quiet");
    rf_json_bool(json, standing->quiet);
    rf_json_key(json, "note");
    rf_json_string(json, rf_text_get(&note));
    rf_json_object_end(json);
    rf_text_free(&note);
}

void rf_standing_sentence(const rf_standing *standing, rf_text *text)
{
    rf_text said = {0};
    if (standing == NULL) {
        return;
    }
    rf_standing_say(standing, &said);
    rf_text_add(text, " It was ");
    rf_text_add_safe(text, rf_text_get(&said), said.length);
    rf_text_add(text, ".");
    rf_text_free(&said);
}
