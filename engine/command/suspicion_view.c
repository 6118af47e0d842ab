/* suspicion_view.c - how suspect an account is, part by part, for people and in JSON; see
 * explain_view.h. */
#include "base/words.h"
#include "command/explain_view.h"
#include "command/output.h"

#include <math.h>

enum { PARTS = 3 };

typedef struct part {
    const char *name;
    double bits;
    rf_text why;
} part;

static const char *span_in_words(uint32_t quarters)
{
    return quarters < 4     ? "a quarter of an hour"
           : quarters < 24  ? "an hour"
           : quarters < 96  ? "six hours"
           : quarters < 288 ? "a day"
                            : "three days";
}

static void say_company(rf_text *text, const rf_suspicion_page *page)
{
    switch (page->suspicion.kind) {
    case RF_SUSPICION_RING:
        rf_text_printf(text, "ring %lld has %.1f bits", (long long)page->ring, page->score);
        if (isnan(page->membership)) {
            rf_text_add(text, "; its membership was not measured");
        } else {
            rf_text_printf(text, ", its membership %.1f: the weaker one decides", page->membership);
        }
        break;
    case RF_SUSPICION_LINK:
        rf_text_printf(text, "its best link has %.1f bits and leads ", page->link);
        if (page->ring != 0) {
            rf_text_printf(text, "into ring %lld of %.1f", (long long)page->ring, page->score);
        } else {
            rf_text_printf(text, "to another account in no ring; small rings have %.1f here",
                           page->score);
        }
        rf_text_add(text, ": the weaker one decides");
        break;
    case RF_SUSPICION_NONE:
        rf_text_add(text, "it is in no ring and has no links");
        break;
    }
}

static void say_timing(rf_text *text, const rf_suspicion *suspicion)
{
    const rf_timing *timing = &suspicion->timing;
    double const times = exp2(suspicion->timing_bits);
    if (!timing->known) {
        rf_text_add(text, "nothing is known of when it signed up, or of when others did");
        return;
    }
    if (timing->kind == RF_TIMING_TIED) {
        rf_words_number(text, timing->observed);
        rf_text_add(text, " of the ");
        rf_words_count(text, timing->of, "account", "accounts");
        rf_text_add(text, " linked to it");
    } else {
        rf_words_count(text, timing->observed, "other", "others");
    }
    rf_text_printf(text, " signed up within %s of it where ", span_in_words(timing->span));
    rf_text_printf(text, timing->expected < 10 ? "%.2g" : "%.0f", timing->expected);
    if (fabs(suspicion->timing_bits) < 0.05) {
        rf_text_add(text, " are usual; members of flagged rings do so as often as others");
    } else {
        rf_text_printf(text,
                       " are usual; members of flagged rings do so %.1f times as %s as others",
                       times > 1 ? times : 1 / times, times > 1 ? "often" : "seldom");
    }
}

static void list_parts(const rf_suspicion_page *page, part parts[PARTS])
{
    const rf_suspicion *s = &page->suspicion;
    parts[0] = (part){.name = "any account", .bits = s->anybody};
    parts[1] = (part){.name = "company it keeps", .bits = s->company};
    parts[2] = (part){.name = "sign-up timing", .bits = s->timing_bits};
    rf_words_number(&parts[0].why, page->flagged);
    rf_text_add(&parts[0].why, " of ");
    rf_words_count(&parts[0].why, page->accounts, "account is", "accounts are");
    rf_text_add(&parts[0].why, " in flagged rings");
    say_company(&parts[1].why, page);
    say_timing(&parts[2].why, s);
}

static void free_parts(part parts[PARTS])
{
    for (int i = 0; i < PARTS; i++) {
        rf_text_free(&parts[i].why);
    }
}

static rf_status write_parts(part parts[PARTS], rf_error *err)
{
    static const rf_field FIELDS[] = {{.name = "bits", .kind = RF_FIELD_TEXT},
                                      {.name = "part", .kind = RF_FIELD_TEXT},
                                      {.name = "why", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {.file = stdout, .format = RF_FORMAT_TABLE};
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (int i = 0; i < PARTS && status == RF_OK; i++) {
        char bits[32];
        (void)snprintf(bits, sizeof bits, "%+6.1f",
                       fabs(parts[i].bits) < 0.05 ? 0.0 : parts[i].bits);
        rf_sheet_text(sheet, bits);
        rf_sheet_text(sheet, parts[i].name);
        rf_sheet_text(sheet, rf_text_get(&parts[i].why));
    }
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

rf_status rf_show_suspicion(const rf_suspicion_page *page, rf_error *err)
{
    part parts[PARTS];
    rf_text text = {0};
    rf_status status;
    list_parts(page, parts);
    rf_heading(stdout, "How suspect it is: for the order in which to look, not a reason to flag");
    status = write_parts(parts, err);
    if (status == RF_OK) {
        rf_text_add(&text, "Together odds of ");
        rf_say_odds(&text, page->suspicion.bits);
        rf_text_add(&text, ". A burst of sign-ups is also a class or a launch.");
        rf_paragraph(stdout, 0, rf_text_get(&text));
    }
    rf_text_free(&text);
    free_parts(parts);
    return status;
}

void rf_json_suspicion(rf_json *json, const rf_suspicion_page *page)
{
    part parts[PARTS];
    const rf_timing *timing = &page->suspicion.timing;
    list_parts(page, parts);
    rf_json_key(json, "suspicion");
    rf_json_object(json);
    rf_json_key(json, "bits");
    rf_json_real(json, page->suspicion.bits);
    rf_json_key(json, "parts");
    rf_json_array(json);
    for (int i = 0; i < PARTS; i++) {
        rf_json_object(json);
        rf_json_key(json, "name");
        rf_json_string(json, parts[i].name);
        rf_json_key(json, "bits");
        rf_json_real(json, parts[i].bits);
        rf_json_key(json, "why");
        rf_json_string(json, rf_text_get(&parts[i].why));
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
    rf_json_key(json, "signed_up_together");
    if (!timing->known) {
        rf_json_null(json);
    } else {
        rf_json_object(json);
        rf_json_key(json, "among");
        rf_json_string(json, timing->kind == RF_TIMING_TIED ? "linked" : "everybody");
        rf_json_key(json, "within_seconds");
        rf_json_int(json, (int64_t)timing->span * RF_QUARTER_SECONDS);
        rf_json_key(json, "observed");
        rf_json_int(json, timing->observed);
        rf_json_key(json, "expected");
        rf_json_real(json, timing->expected);
        rf_json_object_end(json);
    }
    rf_json_object_end(json);
    free_parts(parts);
}
