/* intake_batch.c - see intake_batch.h. */
#include "store/intake_batch.h"

#include "base/memory.h"
#include "store/intake_intern.h"

#include <string.h>

/* Copies a text and a NUL behind it; *at is its place. */
static bool keep(rf_batch *batch, const char *text, size_t length, size_t *at)
{
    if (!rf_reserve(&batch->bytes, &batch->capacity, batch->used + length + 1, 1)) {
        return false;
    }
    memcpy(batch->bytes + batch->used, text, length);
    batch->bytes[batch->used + length] = '\0';
    *at = batch->used;
    batch->used += length + 1;
    return true;
}

bool rf_batch_add_text(rf_batch *batch, int signal, const char *text, size_t length,
                       uint32_t *place)
{
    size_t at;
    if (!rf_reserve(&batch->texts, &batch->text_capacity, batch->text_count + 1,
                    sizeof *batch->texts) ||
        !keep(batch, text, length, &at)) {
        return false;
    }
    batch->texts[batch->text_count] =
        (rf_batch_text){.hash = rf_intern_hash((uint32_t)signal, text, length),
                        .at = (uint32_t)at,
                        .length = (uint32_t)length,
                        .tag = (uint32_t)signal};
    *place = (uint32_t)batch->text_count++;
    return true;
}

bool rf_batch_add_fact(rf_batch *batch, rf_batch_fact fact)
{
    if (!rf_reserve(&batch->facts, &batch->fact_capacity, batch->fact_count + 1,
                    sizeof *batch->facts)) {
        return false;
    }
    batch->facts[batch->fact_count++] = fact;
    return true;
}

bool rf_batch_add_claim(rf_batch *batch, uint32_t owner, int64_t created_at,
                        const char *const *texts, int count)
{
    rf_batch_claim *added;
    if (!rf_reserve(&batch->claims, &batch->claim_capacity, batch->claim_count + 1,
                    sizeof *batch->claims)) {
        return false;
    }
    added = &batch->claims[batch->claim_count];
    *added = (rf_batch_claim){.owner = owner, .created_at = created_at};
    for (int i = 0; i < ACCOUNT_TEXTS; i++) {
        size_t at;
        added->texts[i] = RF_BATCH_NOTHING;
        if (i < count && texts[i] != NULL) {
            if (!keep(batch, texts[i], strlen(texts[i]), &at)) {
                return false;
            }
            added->texts[i] = (int64_t)at;
        }
    }
    batch->claim_count++;
    return true;
}

bool rf_batch_add_label(rf_batch *batch, uint32_t account, bool fraud, const char *source,
                        int64_t at)
{
    rf_batch_label *added;
    if (!rf_reserve(&batch->labels, &batch->label_capacity, batch->label_count + 1,
                    sizeof *batch->labels)) {
        return false;
    }
    added = &batch->labels[batch->label_count];
    *added = (rf_batch_label){.account = account, .fraud = fraud, .at = at};
    if (!keep(batch, source, strlen(source), &added->source)) {
        return false;
    }
    batch->label_count++;
    return true;
}

void rf_batch_empty(rf_batch *batch)
{
    batch->rows = 0;
    batch->used = 0;
    batch->text_count = 0;
    batch->fact_count = 0;
    batch->claim_count = 0;
    batch->label_count = 0;
}

void rf_batch_free(rf_batch *batch)
{
    rf_free(batch->bytes);
    rf_free(batch->texts);
    rf_free(batch->facts);
    rf_free(batch->claims);
    rf_free(batch->labels);
    *batch = (rf_batch){0};
}
