/* explain_json.c - see explain_view.h. */
#include "command/explain_view.h"

#include "command/left_out.h"

#include <math.h>

static void key_int(rf_json *json, const char *key, int64_t value)
{
    rf_json_key(json, key);
    rf_json_int(json, value);
}

static void key_real(rf_json *json, const char *key, double value)
{
    rf_json_key(json, key);
    rf_json_real(json, value);
}

static void key_bool(rf_json *json, const char *key, bool value)
{
    rf_json_key(json, key);
    rf_json_bool(json, value);
}

static void key_text(rf_json *json, const char *key, const char *value)
{
    rf_json_key(json, key);
    rf_json_string(json, value);
}

static void json_run(rf_json *json, const rf_learned *learned)
{
    key_int(json, "run", learned->run);
    rf_json_key(json, "run_started_at");
    rf_json_time(json, learned->started_at);
    key_bool(json, "facts_changed", learned->changed);
}

static void json_ring(rf_json *json, const rf_explained_account *a)
{
    rf_json_key(json, "ring");
    if (a->ring == 0) {
        rf_json_null(json);
        return;
    }
    rf_json_object(json);
    key_int(json, "ring_id", a->ring);
    key_text(json, "ring_key", a->ring_key);
    key_int(json, "size", a->ring_size);
    rf_json_key(json, "score");
    rf_json_fixed(json, a->score, 1);
    key_bool(json, "flagged", a->flagged);
    key_text(json, "looks_like", a->looks_like);
    key_text(json, "role", a->role);
    key_int(json, "cell_id", a->cell);
    key_int(json, "links", a->links);
    key_real(json, "bits", a->bits);
    rf_json_object_end(json);
}

static void json_account(rf_json *json, const rf_explained_account *a)
{
    rf_json_object(json);
    key_text(json, "account_id", a->id);
    rf_json_key(json, "created_at");
    rf_json_time(json, a->created_at);
    key_text(json, "country", a->country);
    key_text(json, "plan", a->plan);
    key_text(json, "status", a->status);
    key_text(json, "email_domain", a->email_domain);
    key_int(json, "requests", a->requests);
    key_int(json, "active_days", a->active_days);
    key_real(json, "requests_per_day",
             a->active_days > 0 ? (double)a->requests / (double)a->active_days : (double)NAN);
    json_ring(json, a);
    rf_json_object_end(json);
}

static void value_head(rf_json *json, const rf_explained_value *v)
{
    rf_json_object(json);
    key_text(json, "signal", v->signal);
    key_text(json, "family", v->family);
    key_text(json, "value", v->text);
    key_text(json, "what", v->what);
    key_bool(json, "windowed", v->windowed);
}

static void value_worth(rf_json *json, const rf_explained_value *v)
{
    rf_text text = {0};
    rf_json_key(json, "days");
    rf_json_array(json);
    for (uint32_t i = 0; i < v->days; i++) {
        rf_json_day(json, v->day[i]);
    }
    rf_json_array_end(json);
    key_int(json, "holders", v->holders);
    key_int(json, "bucket_from", v->holders_from);
    key_int(json, "bucket_to", v->holders_to);
    key_int(json, "bucket_examined", (int64_t)v->bucket_examined);
    key_int(json, "bucket_corroborated", (int64_t)v->bucket_corroborated);
    key_int(json, "examined", v->examined);
    key_int(json, "corroborated", v->corroborated);
    key_real(json, "reliability", v->reliability);
    key_bool(json, "rarity_limited", v->rarity_limited);
    key_text(json, "hub", v->treatment);
    rf_say_reason(&text, v);
    key_text(json, "reason", rf_text_get(&text));
    rf_text_free(&text);
}

static void json_shared(rf_json *json, const rf_explained_pair *pair)
{
    rf_json_key(json, "shared");
    rf_json_array(json);
    for (size_t i = 0; i < pair->count; i++) {
        const rf_explained_value *v = &pair->shared[i];
        value_head(json, v);
        value_worth(json, v);
        key_real(json, "bits_alone", v->alone);
        key_real(json, "bits_counted", v->counted);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
    rf_json_key(json, "never_on_one_day");
    rf_json_array(json);
    for (size_t i = 0; i < pair->aparts; i++) {
        value_head(json, &pair->apart[i]);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

void rf_json_pair(rf_json *json, const rf_pair_page *page)
{
    const rf_explained_pair *pair = &page->pair;
    rf_text text = {0};
    rf_json_object(json);
    json_run(json, &page->learned);
    rf_say_pair(&text, page);
    key_text(json, "summary", rf_text_get(&text));
    rf_text_free(&text);
    key_bool(json, "linked", pair->linked);
    rf_json_key(json, "link_bits");
    rf_json_real(json, pair->linked ? pair->link_bits : (double)NAN);
    key_bool(json, "joined_by_hub", pair->by_star);
    key_real(json, "prior_bits", pair->prior);
    key_real(json, "posterior_bits", pair->posterior);
    key_real(json, "threshold_bits", pair->threshold);
    key_real(json, "missing_bits",
             pair->posterior > pair->threshold ? 0 : pair->threshold - pair->posterior);
    key_int(json, "families", pair->families);
    key_bool(json, "differs_from_run", pair->differs);
    rf_json_key(json, "allowed");
    rf_json_left_out(json, &page->left_out);
    rf_json_key(json, "separation");
    if (pair->separated_why == NULL) {
        rf_json_null(json);
    } else {
        rf_json_object(json);
        key_text(json, "reason", pair->separated_why);
        key_text(json, "by", pair->separated_by);
        rf_json_key(json, "at");
        rf_json_time(json, pair->separated_at);
        rf_json_object_end(json);
    }
    key_bool(json, "same_ring",
             page->account[0].ring != 0 && page->account[0].ring == page->account[1].ring);
    rf_json_key(json, "accounts");
    rf_json_array(json);
    json_account(json, &page->account[0]);
    json_account(json, &page->account[1]);
    rf_json_array_end(json);
    json_shared(json, pair);
    rf_json_object_end(json);
}

static void json_neighbours(rf_json *json, const rf_account_page *page)
{
    rf_json_key(json, "neighbours");
    rf_json_array(json);
    for (size_t i = 0; i < page->neighbours; i++) {
        const rf_explained_neighbour *one = &page->neighbour[i];
        rf_json_object(json);
        key_text(json, "account_id", one->id);
        key_real(json, "bits", one->bits);
        key_int(json, "families", one->families);
        rf_json_key(json, "ring_id");
        if (one->ring == 0) {
            rf_json_null(json);
        } else {
            rf_json_int(json, one->ring);
        }
        rf_json_key(json, "shared");
        rf_json_array(json);
        for (size_t k = 0; k < one->pair.count; k++) {
            const rf_explained_value *v = &one->pair.shared[k];
            rf_json_object(json);
            key_text(json, "signal", v->signal);
            key_text(json, "value", v->text);
            key_real(json, "bits_alone", v->alone);
            key_real(json, "bits_counted", v->counted);
            rf_json_object_end(json);
        }
        rf_json_array_end(json);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static void json_values(rf_json *json, const rf_account_page *page)
{
    rf_json_key(json, "shared");
    rf_json_array(json);
    for (size_t i = 0; i < page->shares; i++) {
        const rf_explained_value *v = &page->shared[i];
        value_head(json, v);
        value_worth(json, v);
        key_int(json, "members", v->members);
        key_int(json, "others", (int64_t)v->sharing - v->members);
        key_int(json, "all_holders", v->all_holders);
        key_real(json, "bits", v->alone);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
    rf_json_key(json, "own");
    rf_json_array(json);
    for (size_t i = 0; i < page->owns; i++) {
        value_head(json, &page->own[i]);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
    rf_json_key(json, "hubs");
    rf_json_array(json);
    for (uint32_t i = 0; i < page->held.values; i++) {
        const rf_held_value *v = &page->held.value[i];
        if (v->treatment != NULL) {
            rf_json_object(json);
            key_text(json, "signal", page->learned.signal[v->signal].name);
            key_text(json, "value", v->text);
            key_int(json, "holders", v->hub_holders);
            key_text(json, "treatment", v->treatment);
            key_real(json, "bits", v->hub_bits);
            rf_json_object_end(json);
        }
    }
    rf_json_array_end(json);
}

void rf_json_account(rf_json *json, const rf_account_page *page)
{
    rf_text text = {0};
    rf_json_object(json);
    json_run(json, &page->learned);
    rf_say_account(&text, page);
    key_text(json, "summary", rf_text_get(&text));
    rf_text_free(&text);
    rf_json_key(json, "account");
    json_account(json, &page->account);
    key_int(json, "links", page->links);
    key_int(json, "links_inside", page->links_inside);
    key_int(json, "links_elsewhere", page->links_elsewhere);
    rf_json_suspicion(json, &page->suspicion);
    json_neighbours(json, page);
    json_values(json, page);
    rf_json_object_end(json);
}
