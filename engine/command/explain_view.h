/* explain_view.h - an explanation in words and in JSON; the command in explain.c puts it on a page.
 *
 * Words are appended to a text and are safe to show: ids and values are shortened and escaped.
 */
#ifndef RF_COMMAND_EXPLAIN_VIEW_H
#define RF_COMMAND_EXPLAIN_VIEW_H

#include "base/json.h"
#include "base/text.h"
#include "rings/explain.h"

/* "odds": "2^11.6 (3,100 to 1)". */
void rf_say_odds(rf_text *text, double bits);
/* The answer on two accounts: linked or not, how strongly, what is missing, hubs that join. */
void rf_say_pair(rf_text *text, const rf_pair_page *page);
/* The judgement that the two do not have one operator; nothing when there is none. */
void rf_say_separation(rf_text *text, const rf_explained_pair *pair);
/* That the facts changed since the run, and what that means for the pair; nothing otherwise. */
void rf_say_changed(rf_text *text, const rf_learned *learned, const rf_explained_pair *pair);
/* "Two random accounts: -15.9 bits. ..." to the sum. */
void rf_say_sum(rf_text *text, const rf_explained_pair *pair);
/* In which rings the two are. */
void rf_say_rings(rf_text *text, const rf_pair_page *page);
/* Why a shared value is worth what it is, and what was taken off. */
void rf_say_reason(rf_text *text, const rf_explained_value *value);
/* When it was shared: "2026-05-01 and 3 more days", "all time". */
void rf_say_when(rf_text *text, const rf_explained_value *value);
/* What a pair shares in short: "device dev-1 +9.5, instrument card-1 +8.2, and 2 more". */
void rf_say_shared(rf_text *text, const rf_explained_pair *pair, size_t most);
/* The answer on one account: its ring, or that there is none and why. */
void rf_say_account(rf_text *text, const rf_account_page *page);
/* The account itself, into an empty text: "Created 2026-05-01T08:00:00Z, country SG, ...". */
void rf_say_facts(rf_text *text, const rf_explained_account *account);

/* How suspect an account is, part by part: a table, and the member `suspicion` of an open object.
 */
RF_MUST_USE rf_status rf_show_suspicion(const rf_suspicion_page *page, rf_error *err);
void rf_json_suspicion(rf_json *json, const rf_suspicion_page *page);

/* One object each; the caller ends the document. */
void rf_json_pair(rf_json *json, const rf_pair_page *page);
void rf_json_account(rf_json *json, const rf_account_page *page);

#endif
