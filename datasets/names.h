/* names.h - how numbers become account ids, e-mails, phones, devices and templates.
 *
 * Every text is a function of (seed, number): rows keep 4-byte numbers, text is made when written.
 * No text tells what its number was for, nor in which order numbers were given.
 */
#ifndef WG_NAMES_H
#define WG_NAMES_H

#include "rng.h"

#include <stdint.h>

/* An e-mail domain: its kind in the top 4 bits, a serial below. */
typedef uint32_t wg_domain;
enum { WG_DOMAIN_NONE, WG_DOMAIN_FREE, WG_DOMAIN_FIRM, WG_DOMAIN_SCHOOL, WG_DOMAIN_SMALL };
wg_domain wg_domain_of(uint32_t kind, uint32_t serial);
/* A free mail provider as people of that country choose one. */
wg_domain wg_domain_free(wg_rng *rng, uint8_t country);

enum { WG_TEXT = 96 }; /* longest text written by the functions below, with its final zero */

/* Each writes a zero-terminated text and returns its length. */
size_t wg_account_text(char *to, uint64_t seed, uint32_t account);
size_t wg_domain_text(char *to, uint64_t seed, wg_domain domain);
/* prefix and 16 hexadecimal digits: devices, templates, instruments, owners. */
size_t wg_token_text(char *to, const char *prefix, uint64_t seed, uint64_t number);
/* plus, upper: the chances of a +tag and of capitals. */
size_t wg_email_text(char *to, uint64_t seed, uint32_t account, wg_domain domain, double plus,
                     double upper);
/* The same number and form always give the same text; forms differ in spaces and prefixes only. */
size_t wg_phone_text(char *to, uint64_t seed, uint32_t number, uint8_t country, uint8_t form);
size_t wg_number_text(char *to, uint64_t number);

#endif
