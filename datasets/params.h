/* params.h - every number of the synthetic world, in one struct, each with its meaning.
 *
 * A parameter has a default (the documented world, --vary 0), a spread and limits. --vary V
 * multiplies each by exp(V * spread * z), z drawn from the seed and cut at +-2, then clamps it to
 * its limits, so different seeds give materially different mixes. --set NAME=VALUE fixes one
 * afterwards. Shares are of honest accounts unless said otherwise. Read-only once the world is
 * being made.
 */
#ifndef WG_PARAMS_H
#define WG_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

/* X(name, default, spread, low, high, meaning) */
#define WG_PARAMS(X)                                                                               \
    /* Who the honest people are; what is left over are people living alone. */                    \
    X(share_household, .24, .5, .05, .5, "accounts in households of 2-6")                          \
    X(share_office, .15, .6, .03, .35, "accounts of office staff")                                 \
    X(share_campus, .09, .6, .01, .25, "accounts on a campus, in a class or around it")            \
    X(share_public, .05, .7, .005, .15, "accounts of libraries, cafes, labs, hackathons")          \
    X(share_agency, .035, .7, .005, .1, "accounts of agencies, studios and resellers")             \
    X(share_coworking, .015, .8, .0, .06, "accounts behind a co-working space")                    \
    X(share_corporate_single, .04, .7, .0, .15, "people alone in their firm, corporate mail")      \
    /* Sizes of communities. */                                                                    \
    X(household_more, .45, .3, .1, .8, "chance of one more person in a household")                 \
    X(office_median, 18, .5, 6, 60, "median staff of an office (5-300, heavy tail)")               \
    X(office_sigma, .9, .3, .3, 1.4, "spread of log office size")                                  \
    X(class_median, 60, .4, 24, 120, "median size of a class (20-250)")                            \
    X(campus_classes, 2.5, .5, 1, 8, "mean classes of one campus")                                 \
    X(campus_around, .6, .5, 0, 2, "other campus accounts per class member")                       \
    X(public_median, 40, .5, 12, 150, "median users of a library, cafe, lab or hackathon")         \
    X(agency_median, 11, .4, 5, 22, "median size of an agency (4-40)")                             \
    /* Age and life of accounts. */                                                                \
    X(history_years, 3, .3, .5, 6, "years before the window in which accounts began")              \
    X(history_growth, 1.7, .4, .8, 4, "growth: exponent that favours recent sign-ups")             \
    X(born_in_window, .12, .6, .02, .4, "honest accounts created inside the window")               \
    X(dormant_share, .10, .7, .0, .35, "accounts without any event in the window")                 \
    X(closed_share, .02, .6, .0, .08, "honest accounts closed")                                    \
    X(suspended_share, .004, .6, .0, .02, "honest accounts suspended (mistakes happen)")           \
    X(churn_share, .25, .5, .0, .6, "accounts active only in a part of the window")                \
    /* Volume. */                                                                                  \
    X(rows_mean, 6.95, .2, 3, 14, "mean event rows of an active ordinary account")                 \
    X(rows_sigma, 1.15, .2, .6, 1.6, "spread of log rows")                                         \
    X(rows_cap, 400, .3, 100, 1500, "most event rows of one honest account")                       \
    X(requests_median, 9, .4, 3, 30, "median requests of one session")                             \
    X(requests_sigma, 1.05, .2, .6, 1.5, "spread of log requests in a session")                    \
    X(heavy_share, .06, .5, .02, .15, "heavy honest users: coding, agents, API, round the clock")  \
    X(heavy_rows, 3, .4, 1.5, 6, "heavy users: factor on rows")                                    \
    X(heavy_requests, 8, .5, 2, 30, "heavy users: factor on requests")                             \
    /* Addresses. */                                                                               \
    X(home_lines, 3, .4, 1.5, 8, "lines of an access provider per line with an account")           \
    X(lease_days, 4, .6, 1, 30, "median days a home keeps its address")                            \
    X(static_lines, .25, .5, .0, .7, "providers whose addresses hardly ever change")               \
    X(home_nat, .22, .6, .0, .6, "providers that put 8-64 homes behind one address")               \
    X(v6_share, .35, .5, .0, .8, "providers with IPv6; there half of the sessions use it")         \
    X(mobile_people, .45, .4, .1, .85, "people who also come through a carrier's NAT")             \
    X(mobile_sessions, .35, .4, .1, .8, "their sessions that do")                                  \
    X(mobile_only, .08, .6, .0, .3, "people who only ever come through the carrier")               \
    X(nat_users, 900, .7, 60, 6000, "people behind one carrier address")                           \
    X(vpn_people, .09, .5, .02, .3, "people with a VPN")                                           \
    X(vpn_sessions, .5, .4, .1, 1, "their sessions that use it")                                   \
    X(vpn_exit_users, 1000, .7, 40, 8000, "VPN people per exit")                                   \
    X(travel_people, .05, .6, .0, .2, "people seen in another country for some sessions")          \
    X(cloud_heavy, .3, .5, .05, .7, "heavy users who run from a cloud machine")                    \
    /* Devices. */                                                                                 \
    X(common_devices, .3, .4, .05, .7, "devices with a stock fingerprint shared by many")          \
    X(common_kinds, 900, .6, 100, 5000, "how many stock fingerprints there are")                   \
    X(common_zipf, 1.05, .2, .7, 1.6, "how uneven stock fingerprints are")                         \
    X(device_change, .3, .5, .0, .8, "people whose fingerprint changes in the window")             \
    X(no_device_people, .07, .8, .0, .35, "people without any device value (API, blocked)")        \
    X(no_device_rows, .03, .9, .0, .2, "single rows without a device")                             \
    X(no_ip_rows, .01, .9, .0, .1, "single rows without an address")                               \
    X(tablet_share, .35, .5, .0, .8, "households with a shared tablet or PC")                      \
    /* Money. */                                                                                   \
    X(paid_share, .45, .4, .1, .85, "people who pay for themselves")                               \
    X(family_card, .5, .4, .1, .9, "households where one card pays for several")                   \
    X(office_pays, .7, .3, .2, 1, "offices with a company card or invoice account")                \
    X(office_covered, .7, .3, .2, 1, "share of staff such an office pays for")                     \
    X(agency_one_card, .75, .3, .3, 1, "agencies with one card (the others two)")                  \
    X(prepaid_share, .05, .6, .01, .2, "honest payers with a prepaid or gift card")                \
    X(new_card, .12, .5, .0, .4, "payers whose card was replaced")                                 \
    X(card_details, .93, .1, .4, 1, "payments with bin, last four and country given")              \
    /* Templates, phones, referrals, mail. */                                                      \
    X(public_templates, 1500, .5, 100, 8000, "popular public prompt templates")                    \
    X(public_zipf, 1.1, .2, .7, 1.7, "how uneven they are")                                        \
    X(template_rows, .3, .5, .0, .7, "sessions that show a template at all")                       \
    X(template_own, .5, .4, .1, .9, "of these, with a template of one's own")                      \
    X(team_library, .5, .4, .1, 1, "offices with a prompt library of their own")                   \
    X(team_use, .35, .4, .05, .8, "their templated sessions that draw on it")                      \
    X(phone_share, .4, .4, .05, .9, "accounts with a phone number")                                \
    X(phone_family, .1, .6, .0, .4, "families and small firms on one number")                      \
    X(referral_share, .02, .7, .0, .1, "honest accounts that came by referral")                    \
    X(own_domain, .03, .7, .0, .12, "people with mail at a small domain of their own")             \
    X(plus_mail, .04, .6, .0, .15, "addresses with a +tag")                                        \
    X(upper_mail, .02, .6, .0, .1, "addresses written with capitals")                              \
    X(no_mail, .01, 1, .0, .1, "accounts without an e-mail")                                       \
    X(no_zone, .05, 1, .0, .4, "accounts without a time zone")                                     \
    X(no_country, .03, 1, .0, .3, "accounts without a country")                                    \
    /* Rings. */                                                                                   \
    X(ring_count, 15, .15, 8, 24, "rings at 60,000 accounts")                                      \
    X(ring_top, .025, .25, .01, .04, "share of all accounts in the largest ring")                  \
    X(ring_small, 12, .2, 8, 20, "accounts of the smallest ring")                                  \
    X(ring_curve, .8, .12, .6, 1, "how slowly ring sizes fall (1: geometric)")                     \
    X(ring_quiet, .34, .3, .1, .7, "rings told only by what they share")                           \
    X(ring_rows, 12, .25, 5, 20, "mean event rows of an account in a loud ring")                   \
    X(ring_daily, 26, .4, 8, 70, "requests an account of a loud ring makes a day")                 \
    X(ring_even, .16, .4, .05, .5, "relative spread of that volume")                               \
    X(ring_paid, .8, .2, .4, 1, "ring accounts with a card, where a ring uses cards")              \
    X(ring_card_accounts, 5, .4, 2, 14, "accounts on one card of a farm or mesh")                  \
    X(ring_cards, 1.7, .2, 1, 3, "cards of one account there (1-3)")                               \
    X(ring_prepaid, .7, .4, .1, 1, "ring cards that are prepaid")                                  \
    X(ring_device_accounts, 3, .4, 2, 8, "accounts on one reused antidetect profile")              \
    X(ring_device_reuse, .4, .35, .1, .9, "farm accounts that reuse a profile")                    \
    X(rack_accounts, 16, .5, 5, 50, "accounts on one device of a device farm")                     \
    X(proxy_pool, .35, .5, .08, 1.2, "proxy lines per farm account")                               \
    X(proxy_daily, .09, .4, .04, .35, "share of the pool in use on one day")                       \
    X(burst_hours, 9, .7, 1, 96, "length of one sign-up wave of a loud ring")                      \
    X(wave_accounts, 180, .5, 30, 800, "accounts of one wave")                                     \
    X(cell_accounts, 220, .4, 60, 800, "accounts run by one operator of a farm")                   \
    X(slow_days, 420, .3, 200, 900, "days over which slow burners sign up")                        \
    X(station_accounts, 24, .4, 8, 60, "accounts of one station behind a corporate card")          \
    X(sms_accounts, 8, .4, 3, 24, "accounts on one number of an SMS farm")                         \
    X(shift_days, .35, .4, .12, 1, "days on which an operator of a quiet ring works")              \
    X(ring_templates, 24, .5, 4, 100, "templates an operator's work is divided into")              \
    X(ring_banned, .06, .8, .0, .3, "ring accounts banned already")

typedef struct wg_params {
#define X(name, value, spread, low, high, text) double name; /* its text is in WG_PARAMS */
    WG_PARAMS(X)
#undef X
    /* Whole signals that a population may lack; only --vary switches them off. */
    bool has_devices, has_templates, has_phones, has_capabilities;
} wg_params;

/* The command line. */
typedef struct wg_options {
    const char *out; /* folder, must exist or be creatable */
    uint32_t accounts;
    uint64_t seed;
    double camouflage; /* chance that one sighting of a ring account looks honest */
    double vary;
    uint32_t days;
    uint32_t start; /* Unix seconds, midnight UTC */
    bool rings, json, shuffle, quiet;
} wg_options;

/* Defaults, varied by options->vary and options->seed. */
void wg_params_draw(wg_params *params, const wg_options *options);
/* Varies every parameter once more, by amount instead of --vary: for one ring's own habits. */
void wg_params_vary(wg_params *params, double amount, uint64_t seed);
/* Applies NAME=VALUE; false when there is no such parameter, the value is no number or outside its
 * limits. */
bool wg_params_set(wg_params *params, const char *assignment);
/* Prints name, value, default, spread, limits and meaning as CSV on standard output. */
void wg_params_print(const wg_params *params);

#endif
