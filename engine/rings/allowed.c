/* allowed.c - see allowed.h. */
#include "rings/allowed.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <string.h>

enum { SHOWN = 60 };

static const char PAIR_SQL[] =
    "SELECT g.name, v.text, e.value, e.reason, e.until, 2 FROM holding a "
    "CROSS JOIN run_allowed r ON r.run = ?1 AND r.value = a.value "
    "CROSS JOIN holding b ON b.account = ?3 AND b.value = a.value "
    "JOIN value v ON v.id = r.value JOIN signal g ON g.id = v.signal "
    "JOIN allow_entry e ON e.id = r.entry WHERE a.account = ?2 ORDER BY g.name, v.text";

static const char RING_SQL[] =
    "SELECT g.name, v.text, e.value, e.reason, e.until, s.members FROM"
    " (SELECT r.value, r.entry, count(*) AS members FROM member m"
    "  CROSS JOIN holding h ON h.account = m.account"
    "  CROSS JOIN run_allowed r ON r.run = ?1 AND r.value = h.value"
    "  WHERE m.run = ?1 AND m.ring = ?2 AND EXISTS (SELECT 1 FROM run_allowed WHERE run = ?1)"
    "  GROUP BY r.value HAVING count(*) > 1) s "
    "JOIN value v ON v.id = s.value JOIN signal g ON g.id = v.signal "
    "JOIN allow_entry e ON e.id = s.entry ORDER BY s.members DESC, g.name, v.text";

static const char *keep(rf_left_outs *out, rf_statement *row, int column)
{
    return rf_arena_text(&out->texts, rf_column_text(row, column), rf_column_bytes(row, column));
}

static rf_status take(rf_left_outs *out, rf_statement *row, rf_error *err)
{
    rf_left_out one = {.signal = keep(out, row, 0),
                       .value = keep(out, row, 1),
                       .entry = keep(out, row, 2),
                       .reason = keep(out, row, 3),
                       .until = rf_column_kind(row, 4) == RF_NULL ? RF_NO_DAY
                                                                  : (int32_t)rf_column_int(row, 4),
                       .members = rf_column_int(row, 5)};
    if (one.signal == NULL || one.value == NULL || one.entry == NULL || one.reason == NULL ||
        !rf_reserve(&out->one, &out->room, out->count + 1, sizeof *out->one)) {
        return rf_fail_memory(err, "the values that are allowed");
    }
    out->one[out->count++] = one;
    return RF_OK;
}

static rf_status read_all(rf_store *store, const char *sql, const int64_t *bound, int count,
                          rf_left_outs *out, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, sql, &select, err);
    *out = (rf_left_outs){0};
    for (int i = 0; i < count && status == RF_OK; i++) {
        rf_bind_int(select, i + 1, bound[i]);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        status = take(out, select, err);
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_left_out_of_pair(rf_store *store, int64_t run, int64_t account, int64_t other,
                              rf_left_outs *out, rf_error *err)
{
    int64_t const bound[] = {run, account, other};
    return read_all(store, PAIR_SQL, bound, 3, out, err);
}

rf_status rf_left_out_of_ring(rf_store *store, int64_t run, int64_t ring, rf_left_outs *out,
                              rf_error *err)
{
    int64_t const bound[] = {run, ring};
    return read_all(store, RING_SQL, bound, 2, out, err);
}

void rf_left_outs_free(rf_left_outs *left)
{
    rf_free(left->one);
    rf_arena_free(&left->texts);
    *left = (rf_left_outs){0};
}

void rf_left_out_say(const rf_left_out *one, rf_text *text)
{
    char day[RF_TIME_TEXT];
    rf_text_add_short(text, one->signal, strlen(one->signal), SHOWN);
    rf_text_add(text, " ");
    rf_text_add_short(text, one->value, strlen(one->value), SHOWN);
    rf_text_add(text, ", allowed ");
    if (one->until == RF_NO_DAY) {
        rf_text_add(text, "without end");
    } else {
        rf_text_printf(text, "until %s", rf_day_format(one->until, day));
    }
    if (strcmp(one->entry, one->value) != 0) {
        rf_text_printf(text, " (as %s)", one->entry);
    }
    rf_text_add(text, ": ");
    rf_text_add_safe(text, one->reason, strlen(one->reason));
}
