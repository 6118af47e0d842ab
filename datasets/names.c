/* names.c - identifiers, e-mails and phones.
 *
 * Invariant: wg_account_text is injective (a bijection of 64 bits written in base 32), and so are
 * tokens of one prefix. Names are common given and family names of many countries, put together at
 * random; a real person may bear one by chance. Called once or more a row, so no printf.
 */
#include "names.h"

#include "places.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *country; /* NULL: everywhere */
    double weight;
} provider;

static const provider FREE_MAIL[] = {
    {"gmail.com", NULL, 46},     {"outlook.com", NULL, 9},  {"hotmail.com", NULL, 7},
    {"yahoo.com", NULL, 7},      {"icloud.com", NULL, 6},   {"proton.me", NULL, 2.5},
    {"protonmail.com", NULL, 1}, {"live.com", NULL, 1},     {"aol.com", NULL, .7},
    {"fastmail.com", NULL, .5},  {"mail.com", NULL, .5},    {"gmx.de", "DE", 14},
    {"web.de", "DE", 12},        {"t-online.de", "DE", 5},  {"orange.fr", "FR", 10},
    {"free.fr", "FR", 6},        {"libero.it", "IT", 12},   {"wp.pl", "PL", 14},
    {"o2.pl", "PL", 6},          {"ukr.net", "UA", 16},     {"naver.com", "KR", 40},
    {"daum.net", "KR", 8},       {"yahoo.co.jp", "JP", 22}, {"docomo.ne.jp", "JP", 6},
    {"uol.com.br", "BR", 7},     {"bol.com.br", "BR", 3},   {"rediffmail.com", "IN", 4},
    {"btinternet.com", "GB", 6}, {"ziggo.nl", "NL", 8},     {"telia.com", "SE", 6},
    {"bigpond.com", "AU", 7},    {"shaw.ca", "CA", 5},      {"qq.com", "HK", 12},
    {"163.com", "HK", 5},        {"yopmail.com", NULL, .3}, {"mailinator.com", NULL, .15},
};
enum { PROVIDERS = sizeof FREE_MAIL / sizeof FREE_MAIL[0] };

static const char *const GIVEN[] = {
    "anna",   "james",  "maria",  "wei",    "priya",  "lucas",   "emma",  "mohamed", "yuki",
    "sofia",  "david",  "fatima", "jan",    "chloe",  "rahul",   "olga",  "daniel",  "min",
    "laura",  "carlos", "nina",   "tom",    "aisha",  "peter",   "linh",  "marco",   "sarah",
    "kevin",  "ines",   "hiro",   "julia",  "ahmed",  "elena",   "mark",  "grace",   "pedro",
    "sven",   "zoe",    "arjun",  "katya",  "john",   "mei",     "paul",  "leila",   "oscar",
    "hannah", "felix",  "diana",  "ravi",   "alice",  "bruno",   "jisoo", "noah",    "camila",
    "eric",   "amara",  "tobias", "helen",  "samuel", "natalia", "chen",  "lisa",    "andre",
    "megan",  "omar",   "clara",  "victor", "rosa",   "ben",     "ngozi", "stefan",  "ivy",
};
static const char *const FAMILY[] = {
    "smith",   "mueller", "garcia",     "wang",   "sharma",   "silva",    "tanaka",   "kim",
    "dubois",  "rossi",   "kowalski",   "nguyen", "johnson",  "khan",     "jansen",   "santos",
    "brown",   "schmidt", "lopez",      "li",     "patel",    "oliveira", "sato",     "park",
    "martin",  "ferrari", "novak",      "tran",   "williams", "ali",      "devries",  "reyes",
    "taylor",  "fischer", "perez",      "zhang",  "gupta",    "costa",    "suzuki",   "choi",
    "bernard", "bianchi", "kaya",       "pham",   "davis",    "hassan",   "bakker",   "cruz",
    "wilson",  "weber",   "torres",     "chen",   "singh",    "pereira",  "ito",      "lee",
    "petit",   "romano",  "shevchenko", "okafor", "evans",    "yilmaz",   "svensson", "dlamini",
};
static const char *const SYLLABLES[] = {
    "al",  "bri", "cor", "da",  "el",  "fen", "gra", "ha",  "in",  "jo",  "kal",
    "lu",  "mon", "nex", "or",  "pra", "qui", "ro",  "sol", "ta",  "ur",  "ven",
    "wel", "xan", "yor", "zen", "bex", "cly", "dor", "fi",  "gly", "hex",
};
enum {
    GIVENS = sizeof GIVEN / sizeof GIVEN[0],
    FAMILIES = sizeof FAMILY / sizeof FAMILY[0],
    SYLLABLE_COUNT = sizeof SYLLABLES / sizeof SYLLABLES[0]
};

static const char HEX[] = "0123456789abcdef";
static const char BASE32[] = "0123456789abcdefghjkmnpqrstvwxyz";

static char *copy(char *to, const char *from)
{
    size_t n = strlen(from);
    memcpy(to, from, n + 1);
    return to + n;
}

static char *digits(char *to, uint64_t value)
{
    return to + wg_number_text(to, value);
}

size_t wg_number_text(char *to, uint64_t number)
{
    char reversed[20];
    size_t n = 0, i = 0;
    do {
        reversed[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (n) {
        to[i++] = reversed[--n];
    }
    to[i] = 0;
    return i;
}

wg_domain wg_domain_of(uint32_t kind, uint32_t serial)
{
    return kind << 28 | (serial & 0x0fffffffu);
}

wg_domain wg_domain_free(wg_rng *rng, uint8_t country)
{
    double total = 0;
    const char *code = wg_countries[country].code;
    for (int i = 0; i < PROVIDERS; i++) {
        if (!FREE_MAIL[i].country || strcmp(FREE_MAIL[i].country, code) == 0) {
            total += FREE_MAIL[i].weight;
        }
    }
    double x = wg_unit(rng) * total;
    for (uint32_t i = 0; i < PROVIDERS; i++) {
        if (!FREE_MAIL[i].country || strcmp(FREE_MAIL[i].country, code) == 0) {
            x -= FREE_MAIL[i].weight;
            if (x < 0) {
                return wg_domain_of(WG_DOMAIN_FREE, i);
            }
        }
    }
    return wg_domain_of(WG_DOMAIN_FREE, 0);
}

size_t wg_account_text(char *to, uint64_t seed, uint32_t account)
{
    uint64_t x = wg_mix(wg_hash(seed, 0xacc) ^ account);
    to[0] = 'u';
    for (int i = 0; i < 13; i++) {
        to[13 - i] = BASE32[x & 31];
        x >>= 5;
    }
    to[14] = 0;
    return 14;
}

size_t wg_token_text(char *to, const char *prefix, uint64_t seed, uint64_t number)
{
    char *p = copy(to, prefix);
    uint64_t x = wg_mix(wg_hash(seed, wg_hash_text(prefix)) ^ number);
    for (int i = 0; i < 16; i++) {
        p[15 - i] = HEX[x & 15];
        x >>= 4;
    }
    p[16] = 0;
    return (size_t)(p - to) + 16;
}

size_t wg_domain_text(char *to, uint64_t seed, wg_domain domain)
{
    uint32_t kind = domain >> 28, serial = domain & 0x0fffffffu;
    if (kind == WG_DOMAIN_FREE) {
        return (size_t)(copy(to, FREE_MAIL[serial % PROVIDERS].name) - to);
    }
    static const char *const FIRM_ENDS[] = {".com", ".com", ".io", ".net", ".co", ".tech"};
    static const char *const SMALL_ENDS[] = {".com", ".net", ".org", ".me", ".site", ".email"};
    uint64_t x = wg_hash3(seed, kind, serial);
    char *p = to;
    for (uint64_t n = 2 + x % 3; n; n--) {
        x = wg_mix(x);
        p = copy(p, SYLLABLES[x % SYLLABLE_COUNT]);
    }
    x = wg_mix(x);
    if (serial >= 1000) { /* too many for the syllables alone */
        p = digits(p, 10 + x % 990);
    }
    x = wg_mix(x);
    if (kind == WG_DOMAIN_SCHOOL) {
        p = copy(p, x % 3 ? ".edu" : ".ac.uk");
    } else if (kind == WG_DOMAIN_FIRM) {
        p = copy(p, FIRM_ENDS[x % 6]);
    } else {
        p = copy(p, SMALL_ENDS[x % 6]);
    }
    return (size_t)(p - to);
}

static char *gmail_dots(char *from, char *end, uint64_t x)
{
    /* One more dot at a random place: the provider ignores it, a careless comparison does not. */
    size_t length = (size_t)(end - from);
    size_t at = 1 + x % (length > 2 ? length - 1 : 1);
    if (from[at] == '.' || from[at - 1] == '.') {
        return end;
    }
    memmove(from + at + 1, from + at, length - at + 1);
    from[at] = '.';
    return end + 1;
}

static char *local_part(char *to, uint64_t x, bool person)
{
    const char *given = GIVEN[x % GIVENS], *family = FAMILY[(x >> 8) % FAMILIES];
    uint64_t style = (x >> 16) % 16, number = (x >> 24) & 0xffff;
    char *p = to;
    if (person && style > 9) {
        style %= 5; /* firms and schools name their people plainly */
    }
    switch (style) {
    case 0:
    case 1:
    case 2:
    case 3:
        p = copy(copy(copy(p, given), "."), family);
        break;
    case 4:
        p[0] = given[0];
        p = copy(p + 1, family);
        break;
    case 5:
    case 6:
        p = copy(copy(p, given), family);
        break;
    case 7:
        p = copy(copy(copy(p, family), "_"), given);
        break;
    case 8:
    case 9:
        p = copy(copy(p, given), ".");
        p[0] = family[0];
        p = copy(p + 1, "");
        break;
    default:
        for (uint64_t n = 3, y = wg_mix(x); n; n--, y >>= 6) {
            p = copy(p, SYLLABLES[y % SYLLABLE_COUNT]);
        }
        break;
    }
    if (person) {
        return number % 4 ? p : digits(p, 2 + number % 7);
    }
    return number % 5 == 0 ? p : digits(p, number % 5 == 1 ? 1960 + number % 50 : number % 10000);
}

size_t wg_email_text(char *to, uint64_t seed, uint32_t account, wg_domain domain, double plus,
                     double upper)
{
    uint32_t kind = domain >> 28;
    to[0] = 0;
    if (kind == WG_DOMAIN_NONE) {
        return 0;
    }
    wg_rng rng;
    wg_rng_seed(&rng, seed ^ 0xe3a11, account);
    char *p = local_part(to, wg_next(&rng), kind == WG_DOMAIN_FIRM || kind == WG_DOMAIN_SCHOOL);
    if (kind == WG_DOMAIN_FREE && (domain & 0x0fffffffu) == 0 && wg_chance(&rng, .06)) {
        p = gmail_dots(to, p, wg_next(&rng));
    }
    if (kind == WG_DOMAIN_FREE && wg_chance(&rng, plus)) {
        static const char *const TAGS[] = {"+ai", "+work", "+2", "+test", "+news", "+x1"};
        p = copy(p, TAGS[wg_below(&rng, 6)]);
    }
    if (wg_chance(&rng, upper)) {
        to[0] = (char)(to[0] >= 'a' && to[0] <= 'z' ? to[0] - 32 : to[0]);
    }
    p = copy(p, "@");
    p += wg_domain_text(p, seed, domain);
    return (size_t)(p - to);
}

size_t wg_phone_text(char *to, uint64_t seed, uint32_t number, uint8_t country, uint8_t form)
{
    const wg_country *c = &wg_countries[country];
    char national[16];
    uint64_t x = wg_hash3(seed, 0xf0e, number);
    size_t n = strlen(c->mobile);
    memcpy(national, c->mobile, n);
    for (; n < c->digits && n < sizeof national - 1; n++) {
        national[n] = (char)('0' + x % 10);
        x = x / 10 + (n % 8 == 7 ? wg_mix(x) : 0);
    }
    national[n] = 0;
    bool nanp = strcmp(c->dial, "1") == 0;
    if (nanp) { /* area codes and exchanges begin with 2-9 */
        national[0] = (char)('2' + national[0] % 8);
        national[3] = (char)('2' + national[3] % 8);
    }
    char *p = to;
    switch (form % 5) {
    case 0: /* +491512345678 */
        p = copy(copy(copy(p, "+"), c->dial), national);
        break;
    case 1: /* 00491512345678 */
        p = copy(copy(copy(p, nanp ? "011" : "00"), c->dial), national);
        break;
    case 2: /* +49 151 2345678 */
        p = copy(copy(copy(p, "+"), c->dial), " ");
        memcpy(p, national, 3);
        p = copy(copy(p + 3, " "), national + 3);
        break;
    case 3: /* (415) 555-0132 or 0151 2345678 */
        p = copy(p, nanp ? "(" : "0");
        memcpy(p, national, 3);
        p = copy(p + 3, nanp ? ") " : " ");
        memcpy(p, national + 3, 3);
        p = copy(copy(p + 3, "-"), national + 6);
        break;
    default: /* +49-151-2345678 */
        p = copy(copy(copy(p, "+"), c->dial), "-");
        memcpy(p, national, 3);
        p = copy(copy(p + 3, "-"), national + 3);
        break;
    }
    return (size_t)(p - to);
}
