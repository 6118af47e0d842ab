/* explain_words.c - see explain_view.h. */
#include "base/clock.h"
#include "base/utf8.h"
#include "base/words.h"
#include "command/explain_view.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { ID_SHOWN = 48, VALUE_SHOWN = 28, FEW_PAIRS = 8, MOST_BITS = 40 };

static void add_id(rf_text *text, const char *id)
{
    rf_text_add_short(text, id, strlen(id), ID_SHOWN);
}

/* A number of two significant digits. */
static void add_rounded(rf_text *text, double number)
{
    double unit = 1;
    while (number / unit >= 100) {
        unit *= 10;
    }
    if (number < 10) {
        rf_text_printf(text, "%.1f", number);
    } else {
        rf_words_number(text, llround(number / unit) * llround(unit));
    }
}

void rf_say_odds(rf_text *text, double bits)
{
    rf_text_printf(text, "2^%.1f", fabs(bits) < 0.05 ? 0.0 : bits);
    if (fabs(bits) > MOST_BITS) {
        return; /* such numbers say nothing in figures */
    }
    rf_text_add(text, bits < 0 ? " (1 to " : " (");
    add_rounded(text, exp2(fabs(bits)));
    rf_text_add(text, bits < 0 ? ")" : " to 1)");
}

/* ---- two accounts ---- */

static void say_unlinked(rf_text *text, const rf_explained_pair *pair)
{
    rf_text_add(text, " are not linked: ");
    if (pair->count == 0) {
        rf_text_add(text, "they share nothing that could link them. Two random accounts have one "
                          "operator with odds of about ");
        rf_say_odds(text, pair->prior);
    } else if (pair->separated_why != NULL && pair->posterior > pair->threshold) {
        rf_text_add(text, "a person judged that they do not have one operator, although what they "
                          "share would make the odds for it about ");
        rf_say_odds(text, pair->posterior);
    } else if (pair->differs) {
        rf_text_add(text, "the run did not link them, but what is stored now makes the odds that "
                          "they have one operator about ");
        rf_say_odds(text, pair->posterior);
    } else if (pair->posterior > pair->threshold) {
        rf_text_add(text, "what speaks for it is too common to make pairs by itself, although the "
                          "odds that they have one operator would be about ");
        rf_say_odds(text, pair->posterior);
    } else {
        rf_text_add(text, "what they share makes the odds that they have one operator about ");
        rf_say_odds(text, pair->posterior);
        rf_text_printf(text, "; %.1f bits are missing", pair->threshold - pair->posterior);
    }
    rf_text_add(text, ".");
}

void rf_say_separation(rf_text *text, const rf_explained_pair *pair)
{
    if (pair->separated_why == NULL) {
        return;
    }
    rf_text_add(text, "Judged not to have one operator ");
    rf_words_period(text, pair->separated_at, pair->separated_at);
    if (pair->separated_by[0] != '\0') {
        rf_text_add(text, " by ");
        rf_text_add_short(text, pair->separated_by, strlen(pair->separated_by), ID_SHOWN);
    }
    rf_text_add(text, ": ");
    rf_text_add_safe(text, pair->separated_why, strlen(pair->separated_why));
    rf_text_add(text, pair->linked ? ". This run was before it; the next one keeps them apart."
                                   : ". They are never linked, nor put into one ring.");
}

void rf_say_pair(rf_text *text, const rf_pair_page *page)
{
    const rf_explained_pair *pair = &page->pair;
    add_id(text, page->account[0].id);
    rf_text_add(text, " and ");
    add_id(text, page->account[1].id);
    if (pair->linked) {
        rf_text_add(text, " are linked: the odds that they have one operator are about ");
        rf_say_odds(text, pair->link_bits);
        rf_text_add(text, ", evidence from ");
        rf_words_count(text, pair->link_families, "family", "families");
        rf_text_add(text, ".");
    } else if (pair->by_star) {
        rf_text_add(text, " are joined by a value that is common, but reliable enough to join all "
                          "its holders; the odds that they have one operator are about ");
        rf_say_odds(text, pair->posterior);
        rf_text_add(text, ".");
    } else {
        say_unlinked(text, pair);
    }
}

void rf_say_changed(rf_text *text, const rf_learned *learned, const rf_explained_pair *pair)
{
    char when[RF_TIME_TEXT];
    if (!learned->changed && (pair == NULL || !pair->differs)) {
        return;
    }
    rf_text_printf(text, "The facts have changed since run %lld of %s", (long long)learned->run,
                   rf_time_format(learned->started_at, when));
    if (pair != NULL && pair->differs && pair->linked) {
        rf_text_add(text, ": it kept the pair with ");
        rf_words_bits(text, pair->link_bits);
        rf_text_add(text, ", what is stored now would make it ");
        rf_words_bits(text, pair->posterior);
    } else if (pair != NULL && pair->differs) {
        rf_text_add(text, ": what is stored now would link the two, with ");
        rf_words_bits(text, pair->posterior);
    }
    rf_text_add(text, ". `ringfence detect` takes them in.");
}

void rf_say_sum(rf_text *text, const rf_explained_pair *pair)
{
    rf_text_add(text, "Two random accounts: ");
    rf_words_bits(text, pair->prior);
    rf_text_add(text, ". What they share adds ");
    rf_words_bits(text, pair->posterior - pair->prior);
    rf_text_add(text, ". Sum: ");
    rf_words_bits(text, pair->posterior);
    rf_text_printf(text, "; a link needs more than %.1f.", pair->threshold);
}

static void say_ring(rf_text *text, const rf_explained_account *account)
{
    rf_text_printf(text, "ring %lld (", (long long)account->ring);
    rf_words_count(text, account->ring_size, "account", "accounts");
    rf_text_add(text, ", score ");
    rf_words_bits(text, account->score);
    rf_text_add(text, account->flagged ? ", flagged)" : ", not flagged)");
}

void rf_say_rings(rf_text *text, const rf_pair_page *page)
{
    const rf_explained_account *a = &page->account[0];
    const rf_explained_account *b = &page->account[1];
    if (a->ring == b->ring) {
        rf_text_add(text, a->ring == 0 ? "Neither is in a ring" : "Both are in ");
        if (a->ring != 0) {
            say_ring(text, a);
        }
        rf_text_add(text, ".");
        return;
    }
    for (int i = 0; i < 2; i++) {
        rf_text_add(text, i == 0 ? "" : ", ");
        add_id(text, page->account[i].id);
        rf_text_add(text, " is in ");
        if (page->account[i].ring == 0) {
            rf_text_add(text, "no ring");
        } else {
            say_ring(text, &page->account[i]);
        }
    }
    rf_text_add(text, ".");
}

/* ---- values ---- */

static void say_experience(rf_text *text, const rf_explained_value *v)
{
    if (v->examined > 0) {
        rf_text_add(text, "of ");
        rf_words_count(text, v->examined, "other pair that shares it ",
                       "other pairs that share it ");
        if (v->corroborated == 0) {
            rf_text_add(text, "none");
        } else {
            rf_words_number(text, v->corroborated);
        }
        rf_text_add(text, v->corroborated < 2 ? " shares something else too"
                                              : " share something else too");
    }
    if (v->examined < FEW_PAIRS && v->bucket_examined > 0) {
        rf_text_add(text, v->examined > 0 ? "; of " : "of ");
        rf_words_count(text, (int64_t)v->bucket_examined, "pair", "pairs");
        rf_text_printf(text, " sharing any %s of ", v->signal);
        rf_words_number(text, v->holders_from);
        if (v->holders_to > v->holders_from) {
            rf_text_add(text, " to ");
            rf_words_number(text, v->holders_to);
        }
        rf_text_add(text, " accounts, ");
        rf_words_share(text, (double)v->bucket_corroborated / (double)v->bucket_examined);
        rf_text_add(text, " do");
    }
    if (v->examined == 0 && v->bucket_examined == 0) {
        rf_text_add(text, "nothing was seen that would tell how reliable it is");
    }
}

static void say_discount(rf_text *text, const rf_explained_value *v)
{
    static const char *const NTH[] = {"second", "second", "third", "fourth"};
    static const char *const PART[] = {"fully", "half", "a quarter", "an eighth"};
    uint32_t const k = v->windowed ? v->halvings / 2 : v->halvings;
    if (v->halvings == 0 || !(v->alone > 0)) {
        return;
    }
    rf_text_printf(text, "; %s %s counts ", k < sizeof NTH / sizeof NTH[0] ? NTH[k] : "further",
                   v->family);
    if (v->halvings < sizeof PART / sizeof PART[0]) {
        rf_text_add(text, PART[v->halvings]);
    } else if (v->halvings < 12) {
        rf_text_add(text, "1/");
        rf_words_number(text, INT64_C(1) << v->halvings);
    } else {
        rf_text_add(text, "next to nothing");
    }
}

void rf_say_reason(rf_text *text, const rf_explained_value *value)
{
    say_experience(text, value);
    if (value->treatment != NULL && (value->too_common || !value->windowed)) {
        rf_text_add(text, value->treatment[0] == 'i'   ? "; a hub, ignored: it tells nothing"
                          : value->treatment[0] == 'a' ? "; a hub: adds to a pair, makes none"
                                                       : "; a hub that joins all its holders");
    } else if (!(value->alone > 0)) {
        rf_text_add(text, "; no more than strangers share");
    } else if (value->rarity_limited) {
        rf_text_add(text, "; not above chance, so worth its rarity at most");
    }
    say_discount(text, value);
}

void rf_say_when(rf_text *text, const rf_explained_value *value)
{
    char day[RF_TIME_TEXT];
    if (!value->windowed) {
        rf_text_add(text, "all time");
        return;
    }
    rf_text_add(text, value->days == 0 ? "undated" : rf_day_format(value->day[0], day));
    if (value->days > 1) {
        rf_text_printf(text, " + %u %s", value->days - 1, value->days == 2 ? "day" : "days");
    }
}

void rf_say_shared(rf_text *text, const rf_explained_pair *pair, size_t most)
{
    size_t shown = 0;
    for (size_t i = 0; i < pair->count && shown < most; i++) {
        const rf_explained_value *one = &pair->shared[i];
        if (one->counted > 0) {
            rf_text_printf(text, "%s%s ", shown++ == 0 ? "" : ", ", one->signal);
            rf_text_add_short(text, one->text, strlen(one->text), VALUE_SHOWN);
            rf_text_printf(text, " %+.1f", one->counted);
        }
    }
    if (pair->counting > shown) {
        rf_text_printf(text, ", and %zu more", pair->counting - shown);
    }
}

/* ---- one account ---- */

static void say_why_no_ring(rf_text *text, const rf_account_page *page)
{
    uint32_t const least = page->learned.min_links;
    if (page->links == 0) {
        rf_text_add(text, " No other account shares enough with it to make a link.");
    } else if (page->links == 1) {
        rf_text_add(text, " It has a single link, and one link does not make a member");
        if (least > 1) {
            rf_text_printf(text, ": it takes %u inside the ring", least);
        }
        rf_text_add(text, ".");
    } else if (page->links_elsewhere > 0) {
        rf_text_add(text, " Of its ");
        rf_words_count(text, page->links, "link ", "links ");
        rf_words_number(text, page->links_elsewhere);
        rf_text_add(text, " lead into rings, but too few into one, or too weak beside the others, "
                          "to make it a member.");
    } else {
        rf_text_add(text, " It has ");
        rf_words_count(text, page->links, "link", "links");
        rf_text_add(text, ", but the accounts around it hold together too little, or are too few, "
                          "to make a ring");
        if (page->learned.min_size > 1) {
            rf_text_printf(text, " (of at least %u)", page->learned.min_size);
        }
        rf_text_add(text, ".");
    }
}

void rf_say_account(rf_text *text, const rf_account_page *page)
{
    const rf_explained_account *a = &page->account;
    add_id(text, a->id);
    if (a->ring == 0) {
        rf_text_printf(text, " is in no ring of run %lld.", (long long)page->learned.run);
        say_why_no_ring(text, page);
        return;
    }
    rf_text_add(text, " is in ");
    say_ring(text, a);
    if (strcmp(a->role, "fringe") == 0) {
        rf_text_add(text, " at its fringe: it fits the ring's profile; ");
    } else {
        rf_text_add(text, " as a core member: ");
    }
    rf_words_count(text, a->links, "link", "links");
    rf_text_add(text, " of together ");
    rf_words_bits(text, a->bits);
    rf_text_add(text, a->links == 1 ? " ties it to another member." : " tie it to other members.");
    if (a->looks_like[0] != '\0') {
        rf_text_add(text, " The honest explanation that fits the ring best is: ");
        rf_text_add_safe(text, a->looks_like, strlen(a->looks_like));
        rf_text_add(text, ".");
    }
}

/* The first fact begins the sentence. */
static void add_fact(rf_text *text, const char *name, const char *fact)
{
    if (fact != NULL && fact[0] != '\0') {
        rf_text_printf(text, "%s%s ", text->length == 0 ? "" : ", ", name);
        rf_text_add_short(text, fact, strlen(fact), ID_SHOWN);
    }
}

void rf_say_facts(rf_text *text, const rf_explained_account *account)
{
    char when[RF_TIME_TEXT];
    add_fact(text, "created",
             account->created_at == RF_NO_TIME ? NULL : rf_time_format(account->created_at, when));
    add_fact(text, "country", account->country);
    add_fact(text, "plan", account->plan);
    add_fact(text, "status", account->status);
    add_fact(text, "e-mail at", account->email_domain);
    if (account->requests > 0) {
        rf_text_add(text, text->length == 0 ? "" : ", ");
        rf_words_count(text, account->requests, "request", "requests");
        if (account->active_days > 0) {
            rf_text_add(text, " on ");
            rf_words_count(text, account->active_days, "day", "days");
            rf_text_printf(text, " (%.1f a day)",
                           (double)account->requests / (double)account->active_days);
        }
    }
    if (text->length > 0) {
        text->bytes[0] = (char)toupper((unsigned char)text->bytes[0]);
        rf_text_add(text, ".");
    }
}
