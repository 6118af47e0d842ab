/* intake_batch.h - what some rows said, written down to be counted later; private to intake*.c.
 *
 * The importer's calls only write down: texts with their hash, facts that name texts by their place
 * in the batch, claims and labels. Counting a batch (rf_intake_apply) looks all its texts up one
 * behind the other, so that the memory of those to come is fetched meanwhile, and can be done by
 * another thread while the importer reads on. Workload: some hundred rows of 1..6 texts and facts.
 */
#ifndef RF_STORE_INTAKE_BATCH_H
#define RF_STORE_INTAKE_BATCH_H

#include "base/status.h"
#include "store/intake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts of a claim. An email wins together with the two texts derived from it. */
enum {
    CLAIM_EMAIL,
    CLAIM_EMAIL_KEY,
    CLAIM_EMAIL_DOMAIN,
    CLAIM_COUNTRY,
    CLAIM_TIMEZONE,
    CLAIM_PLAN,
    CLAIM_STATUS,
    CLAIM_OWNER,
    ACCOUNT_TEXTS
};
enum { CLAIM_KIND, CLAIM_BIN, CLAIM_LAST4, CLAIM_OF_ISSUE, CLAIM_FUNDING, INSTRUMENT_TEXTS };

enum { RF_BATCH_NOTHING = -1 }; /* the place of a text that was not said */

typedef struct rf_batch_text {
    uint64_t hash; /* rf_intern_hash of tag and text */
    uint32_t at;   /* of its NUL-terminated bytes */
    uint32_t length;
    uint32_t tag;    /* the signal of a value, 0 for an account */
    uint32_t number; /* in the tables of the intake, once the batch is being counted */
} rf_batch_text;

typedef enum rf_batch_kind {
    RF_BATCH_SIGHTING, /* a value, b account, c day + 1, n times */
    RF_BATCH_ACTIVITY  /* a account, b capability or nothing, c day + 1 and hour, n requests */
} rf_batch_kind;

/* Accounts, values and capabilities are places in `texts`, or RF_INTAKE_NOTHING. */
typedef struct rf_batch_fact {
    rf_batch_kind kind;
    uint32_t a, b, c, n;
} rf_batch_fact;

typedef struct rf_batch_claim {
    uint32_t owner; /* place in `texts`: an account, or a value for a claim on an instrument */
    int64_t created_at;
    int64_t texts[ACCOUNT_TEXTS]; /* places in `bytes` or RF_BATCH_NOTHING */
} rf_batch_claim;

typedef struct rf_batch_label {
    uint32_t account; /* place in `texts` */
    bool fraud;
    int64_t at;
    size_t source; /* place in `bytes` */
} rf_batch_label;

typedef struct rf_batch {
    size_t rows;
    char *bytes;
    size_t used;
    size_t capacity;
    rf_batch_text *texts;
    size_t text_count;
    size_t text_capacity;
    rf_batch_fact *facts;
    size_t fact_count;
    size_t fact_capacity;
    rf_batch_claim *claims;
    size_t claim_count;
    size_t claim_capacity;
    rf_batch_label *labels;
    size_t label_count;
    size_t label_capacity;
} rf_batch; /* all zero bytes is empty */

/* All return false when out of memory. Texts are copied. Amortised O(length). */

/* Writes a text down and hashes it; *place is what facts name it by. */
RF_MUST_USE bool rf_batch_add_text(rf_batch *batch, int signal, const char *text, size_t length,
                                   uint32_t *place);
RF_MUST_USE bool rf_batch_add_fact(rf_batch *batch, rf_batch_fact fact);
/* `texts` has `count` texts in the order of the CLAIM_ constants, NULL where nothing is said. */
RF_MUST_USE bool rf_batch_add_claim(rf_batch *batch, uint32_t owner, int64_t created_at,
                                    const char *const *texts, int count);
RF_MUST_USE bool rf_batch_add_label(rf_batch *batch, uint32_t account, bool fraud,
                                    const char *source, int64_t at);

/* Forgets what was written down but keeps the memory for more. */
void rf_batch_empty(rf_batch *batch);
void rf_batch_free(rf_batch *batch);

#endif
