/* intake_apply.c - counts a batch of rows: looks its texts up, tallies its facts; see
 * intake_private.h. */
#include "store/intake_private.h"

#include "base/clock.h"

#include <string.h>

/* Runs a look-up whose parameters are bound; *id is 0 when there is no such row. */
static rf_status look_up(rf_statement *statement, int64_t *id, rf_error *err)
{
    bool row = false;
    rf_status status = rf_step(statement, &row, err);
    *id = 0;
    if (status == RF_OK && row) {
        *id = rf_column_int(statement, 0);
        rf_reset(statement);
    }
    if (status == RF_OK && *id > UINT32_MAX) {
        status = rf_fail(err, RF_EDATABASE, "the database holds too many accounts or values");
    }
    return status;
}

/* The number of a text whose hash is known, from memory, the database or new. */
static rf_status number_of(rf_intake *intake, rf_batch_text *item, const char *text, rf_error *err)
{
    bool const is_account = item->tag == 0;
    rf_intern *intern = is_account ? &intake->accounts : &intake->values;
    rf_statement *find = is_account ? intake->find_account : intake->find_value;
    int64_t id = 0;
    item->number = rf_intern_find(intern, item->tag, text, item->length, item->hash);
    if (item->number != RF_INTERN_NONE) {
        return RF_OK;
    }
    if (is_account ? intake->accounts_unseen : intake->values_unseen) {
        rf_status status;
        rf_bind_text_static(find, 1, text, item->length);
        if (!is_account) {
            rf_bind_int(find, 2, item->tag);
        }
        status = look_up(find, &id, err);
        if (status != RF_OK) {
            return status;
        }
    }
    item->number = rf_intern_add(intern, item->tag, text, item->length, item->hash, (uint32_t)id);
    return item->number == RF_INTERN_NONE ? rf_fail_memory(err, "the table of texts") : RF_OK;
}

static const rf_intern *table_of(const rf_intake *intake, const rf_batch_text *item)
{
    return item->tag == 0 ? &intake->accounts : &intake->values;
}

/* The look-ups do not wait for each other's memory: slots and texts are fetched ahead. */
static rf_status number_texts(rf_intake *intake, rf_batch *batch, rf_error *err)
{
    enum { SLOT_AHEAD = 16, TEXT_AHEAD = 8 };
    rf_batch_text *texts = batch->texts;
    rf_status status = RF_OK;
    for (size_t i = 0; i < batch->text_count && status == RF_OK; i++) {
        if (i + SLOT_AHEAD < batch->text_count) {
            const rf_batch_text *ahead = &texts[i + SLOT_AHEAD];
            rf_intern_fetch_slot(table_of(intake, ahead), ahead->hash);
        }
        if (i + TEXT_AHEAD < batch->text_count) {
            const rf_batch_text *ahead = &texts[i + TEXT_AHEAD];
            rf_intern_fetch_text(table_of(intake, ahead), ahead->hash);
        }
        status = number_of(intake, &texts[i], batch->bytes + texts[i].at, err);
    }
    return status;
}

static rf_status tally_facts(rf_intake *intake, const rf_batch *batch, rf_error *err)
{
    bool kept = true;
    for (size_t i = 0; i < batch->fact_count && kept; i++) {
        const rf_batch_fact *fact = &batch->facts[i];
        uint32_t const a = batch->texts[fact->a].number;
        uint32_t const b = fact->b == RF_INTAKE_NOTHING ? fact->b : batch->texts[fact->b].number;
        kept = fact->kind == RF_BATCH_SIGHTING
                   ? rf_tally_add(&intake->sightings, a, b, fact->c, fact->n)
                   : rf_tally_add_event(&intake->activity, a, b, fact->c, fact->n);
    }
    return kept ? RF_OK : rf_fail_memory(err, "the counts");
}

/* ---- claims and labels ---- */

static bool keep_text(rf_intake *intake, const char **place, const char *text)
{
    size_t const length = strlen(text);
    *place = rf_arena_text(&intake->said, text, length);
    intake->said_bytes += length + 16;
    return *place != NULL;
}

/* The claim of an owner, made when it has none; NULL when out of memory. */
static claim *claim_of(rf_intake *intake, claims *list, rf_intern *owners, uint32_t owner)
{
    uint32_t *index = &owners->texts[owner]->claim;
    if (*index == 0) {
        if (!rf_reserve(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) {
            return NULL;
        }
        list->items[list->count] = (claim){.owner = owner, .created_at = RF_NO_TIME};
        *index = (uint32_t)++list->count;
        intake->said_bytes += sizeof *list->items;
    }
    return &list->items[*index - 1];
}

/* True when the second text is said and greater. */
static bool wins(const char *known, const char *said)
{
    return said != NULL && (known == NULL || strcmp(said, known) > 0);
}

static bool merge_texts(rf_intake *intake, claim *known, const char *const *said)
{
    bool kept = true;
    for (int i = 0; i < ACCOUNT_TEXTS && kept; i++) {
        if (wins(known->texts[i], said[i])) {
            kept = keep_text(intake, &known->texts[i], said[i]);
        }
    }
    return kept;
}

/* The two parts of an email are not compared: they come with it. */
static bool merge_account(rf_intake *intake, claim *known, const char **said)
{
    bool kept = true;
    if (wins(known->texts[CLAIM_EMAIL], said[CLAIM_EMAIL])) {
        kept = keep_text(intake, &known->texts[CLAIM_EMAIL_KEY], said[CLAIM_EMAIL_KEY]) &&
               keep_text(intake, &known->texts[CLAIM_EMAIL_DOMAIN], said[CLAIM_EMAIL_DOMAIN]);
    }
    said[CLAIM_EMAIL_KEY] = NULL;
    said[CLAIM_EMAIL_DOMAIN] = NULL;
    return kept && merge_texts(intake, known, said);
}

static rf_status take_claims(rf_intake *intake, const rf_batch *batch, rf_error *err)
{
    bool kept = true;
    for (size_t i = 0; i < batch->claim_count && kept; i++) {
        const rf_batch_claim *said = &batch->claims[i];
        const rf_batch_text *owner = &batch->texts[said->owner];
        const char *texts[ACCOUNT_TEXTS];
        claim *known =
            owner->tag == 0
                ? claim_of(intake, &intake->account_claims, &intake->accounts, owner->number)
                : claim_of(intake, &intake->instrument_claims, &intake->values, owner->number);
        for (int text = 0; text < ACCOUNT_TEXTS; text++) {
            texts[text] = said->texts[text] == RF_BATCH_NOTHING
                              ? NULL
                              : batch->bytes + (size_t)said->texts[text];
        }
        kept = known != NULL;
        if (kept && said->created_at > known->created_at) {
            known->created_at = said->created_at; /* RF_NO_TIME is the smallest */
        }
        if (kept) {
            kept = owner->tag == 0 ? merge_account(intake, known, texts)
                                   : merge_texts(intake, known, texts);
        }
    }
    return kept ? RF_OK : rf_fail_memory(err, "what is said of accounts and instruments");
}

static rf_status take_labels(rf_intake *intake, const rf_batch *batch, rf_error *err)
{
    bool kept = true;
    for (size_t i = 0; i < batch->label_count && kept; i++) {
        const rf_batch_label *said = &batch->labels[i];
        pending_label *added;
        kept = rf_reserve(&intake->labels, &intake->label_capacity, intake->label_count + 1,
                          sizeof *intake->labels);
        if (kept) {
            added = &intake->labels[intake->label_count];
            *added =
                (pending_label){batch->texts[said->account].number, said->fraud, said->at, NULL};
            kept = keep_text(intake, &added->source, batch->bytes + said->source);
            intake->label_count += kept;
            intake->said_bytes += sizeof *added;
        }
    }
    return kept ? RF_OK : rf_fail_memory(err, "labels");
}

/* ---- limits ---- */

/* Sums repetitions first; spills only when that did not free half of the room. */
static rf_status relieve(rf_intake *intake, rf_tally *tally, bool *full, rf_error *err)
{
    rf_status status = RF_OK;
    if (tally->count >= intake->limits.counts) {
        status = rf_tally_compact(tally, err);
        *full = *full || tally->count > intake->limits.counts / 2;
    }
    return status;
}

static rf_status spill(rf_intake *intake, rf_error *err)
{
    rf_status status;
    intake->news.decided = true; /* it is large: no news of it */
    status = rf_intake_write_texts(intake, err);
    if (status == RF_OK) {
        status = rf_tally_spill(&intake->sightings, err);
    }
    if (status == RF_OK) {
        status = rf_tally_spill(&intake->activity, err);
    }
    return status;
}

/* Gives memory back when a limit was reached. */
static rf_status keep_limits(rf_intake *intake, rf_error *err)
{
    size_t const texts = intake->accounts.bytes + intake->values.bytes + intake->said_bytes;
    bool full = texts > intake->limits.text_bytes;
    bool const forget = full;
    rf_status status = relieve(intake, &intake->sightings, &full, err);
    if (status == RF_OK) {
        status = relieve(intake, &intake->activity, &full, err);
    }
    if (status == RF_OK && full) {
        status = spill(intake, err);
    }
    if (status == RF_OK && forget) {
        rf_intern_clear(&intake->accounts);
        rf_intern_clear(&intake->values);
        intake->accounts_unseen = true;
        intake->values_unseen = true;
    }
    return status;
}

rf_status rf_intake_apply(void *context, rf_batch *batch, rf_error *err)
{
    rf_intake *intake = context;
    rf_status status = number_texts(intake, batch, err);
    if (status == RF_OK) {
        status = tally_facts(intake, batch, err);
    }
    if (status == RF_OK) {
        status = take_claims(intake, batch, err);
    }
    if (status == RF_OK) {
        status = take_labels(intake, batch, err);
    }
    return status == RF_OK ? keep_limits(intake, err) : status;
}
