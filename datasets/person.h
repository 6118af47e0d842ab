/* person.h - one honest person behind one account, and the sessions that person leaves.
 *
 * Communities draw a person, change what the community is about (work address, shared device, team
 * templates, who pays) and settle it. Rings use persons too: as the former owners of bought
 * accounts, and as the camouflage that one sighting may wear.
 */
#ifndef WG_PERSON_H
#define WG_PERSON_H

#include "world.h"

typedef enum wg_hours { WG_EVENINGS, WG_BUSINESS, WG_STUDENT, WG_ALWAYS } wg_hours;
typedef enum wg_bent { WG_CASUAL, WG_WRITER, WG_CODER, WG_ANALYST, WG_AGENTS, WG_BENTS } wg_bent;

typedef struct wg_person {
    uint8_t zone;
    wg_domain domain;
    wg_home home;
    bool lives_mobile; /* only ever behind the carrier */
    bool no_devices;
    uint8_t carrier, vpn, travel; /* travel: a country, WG_COUNTRIES for none */
    double mobile, vpn_use;       /* shares of sessions */
    wg_ip cloud;                  /* 0 for none */
    uint32_t devices[3], device_count;
    uint32_t next_device, change_at; /* replaces devices[0] from then on */
    uint32_t home_device;            /* shared by the family, 0 for none */
    /* The community's place: used in its hours with chance place_use. */
    wg_ip place[2];
    uint32_t place_count;
    double place_use;
    bool place_weekdays; /* closed at weekends; every place is closed at night */
    const uint32_t *place_devices;
    uint32_t place_device_count;
    double place_device_use;
    uint32_t meetings;    /* weekday of class meetings, 1 for Sunday; 0 for none */
    uint32_t phone;       /* a number several share, 0 for one's own */
    uint32_t first, last; /* active from, until */
    wg_hours hours;
    wg_bent bent;
    double rows, requests; /* expected rows; median requests of one */
    uint32_t own_templates[2];
    const uint32_t *team_templates;
    uint32_t team_template_count;
    double template_use, team_use;
    bool pays, prepaid, heavy;
    uint8_t plan;
} wg_person;

/* A person living in that zone, with everything drawn from the parameters. */
void wg_person_draw(wg_world *w, wg_person *p, uint8_t zone);
/* Moves several people into one home, with its habits of access. */
void wg_person_moves_in(wg_person *p, wg_home home);
/* A sign-up time as the service grew. */
uint32_t wg_created_draw(wg_world *w);
/* Adds the account; returns its number. card: what pays, serial 0 or NULL for a free account. */
uint32_t wg_person_settle(wg_world *w, wg_person *p, uint32_t created, uint32_t community,
                          const wg_card *card);
/* Settles and lives: the whole life of an honest account. */
uint32_t wg_person_join(wg_world *w, wg_person *p, uint32_t created, uint32_t community,
                        const wg_card *card);
/* A card such a person would own. */
wg_card wg_person_card(wg_world *w, const wg_person *p);
/* Adds the sessions between the times (and inside the window and the person's own active time). */
void wg_person_live(wg_world *w, const wg_person *p, uint32_t account, uint32_t from, uint32_t to);
/* How many rows such a person leaves in the given number of days. */
uint32_t wg_person_rows(wg_world *w, const wg_person *p, double days);
/* One session of this person at that time, not yet in the world. */
void wg_person_session(wg_world *w, const wg_person *p, uint32_t when, wg_event *event);
/* A time of that day (UTC midnight) as such people are awake in their zone. */
uint32_t wg_hour_draw(wg_world *w, wg_hours hours, uint8_t zone, uint32_t day);
uint8_t wg_capability_draw(wg_rng *rng, wg_bent bent);
/* First and renewed payments of one card, up to three inside the window. */
void wg_person_pays(wg_world *w, uint32_t account, const wg_card *card, uint32_t from, uint32_t to);

#endif
