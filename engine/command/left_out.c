/* left_out.c - see left_out.h. */
#include "command/left_out.h"

#include "command/output.h"

void rf_show_left_out(const rf_left_outs *left, const char *who, size_t most)
{
    rf_text text = {0};
    for (size_t i = 0; i < left->count && i < most; i++) {
        rf_text_clear(&text);
        if (who == NULL) {
            rf_words_number(&text, left->one[i].members);
            rf_text_add(&text, " members");
        } else {
            rf_text_add(&text, who);
        }
        rf_text_add(&text, " share ");
        rf_left_out_say(&left->one[i], &text);
        rf_text_add(&text, ". It counts for nothing.");
        rf_paragraph(stdout, 0, rf_text_get(&text));
    }
    if (left->count > most) {
        rf_text_clear(&text);
        rf_text_printf(&text, "and %zu more allowed values: --format json", left->count - most);
        rf_paragraph(stdout, 0, rf_text_get(&text));
    }
    rf_text_free(&text);
}

void rf_json_left_out(rf_json *json, const rf_left_outs *left)
{
    rf_json_array(json);
    for (size_t i = 0; i < left->count; i++) {
        const rf_left_out *one = &left->one[i];
        rf_json_object(json);
        rf_json_key(json, "signal");
        rf_json_string(json, one->signal);
        rf_json_key(json, "value");
        rf_json_string(json, one->value);
        rf_json_key(json, "allowed_as");
        rf_json_string(json, one->entry);
        rf_json_key(json, "until");
        rf_json_day(json, one->until);
        rf_json_key(json, "reason");
        rf_json_string(json, one->reason);
        rf_json_key(json, "members");
        rf_json_int(json, one->members);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}
