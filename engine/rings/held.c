/* held.c - see held.h. */
#include "rings/held.h"

#include "base/clock.h"

static bool add_value(rf_held *held, int64_t row, uint32_t signal)
{
    if (!rf_reserve(&held->value, &held->value_room, held->values + (size_t)1,
                    sizeof *held->value)) {
        return false;
    }
    held->value[held->values++] =
        (rf_held_value){.row = row, .signal = signal, .first_group = held->groups};
    return true;
}

static bool add_group(rf_held *held, int32_t day)
{
    rf_held_value *value = &held->value[held->values - 1];
    if (value->groups > 0 && held->group[held->groups - 1].day == day) {
        return true; /* another import told the same */
    }
    if (!rf_reserve(&held->group, &held->group_room, held->groups + (size_t)1,
                    sizeof *held->group)) {
        return false;
    }
    held->group[held->groups++] = (rf_held_group){.day = day};
    value->groups++;
    return true;
}

rf_status rf_held_read(rf_store *store, const rf_learned *learned, int64_t account, int64_t ring,
                       rf_held *held, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(store,
                   "SELECT s.value, v.signal, s.day FROM sighting_by_account s "
                   "JOIN value v ON v.id = s.value "
                   "WHERE s.account = ?1 AND NOT EXISTS (SELECT 1 FROM run_allowed r "
                   "WHERE r.run = ?2 AND r.value = s.value) "
                   "ORDER BY s.value, s.day",
                   &select, err);
    *held = (rf_held){.account = account, .ring = ring};
    if (status == RF_OK) {
        rf_bind_int(select, 1, account);
        rf_bind_int(select, 2, learned->run);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int64_t const value = rf_column_int(select, 0);
        uint32_t const s = rf_learned_link_signal(learned, rf_column_int(select, 1));
        int32_t const day = (int32_t)rf_column_int(select, 2);
        if (s == UINT32_MAX) {
            continue;
        }
        held->observed |= UINT64_C(1) << learned->signal[s].family;
        if (((held->values == 0 || held->value[held->values - 1].row != value) &&
             !add_value(held, value, s)) ||
            !add_group(held, learned->signal[s].windowed ? day : RF_NO_DAY)) {
            status = rf_fail_memory(err, "what an account holds");
        }
    }
    rf_statement_end(select);
    return status;
}

void rf_held_free(rf_held *held)
{
    rf_free(held->value);
    rf_free(held->group);
    rf_arena_free(&held->texts);
    *held = (rf_held){0};
}

static const char *treatment_of(const char *text)
{
    return text[0] == 'i' ? "ignored" : text[0] == 'a' ? "adds" : "star";
}

rf_status rf_held_describe(rf_store *store, const rf_learned *learned, rf_held *held,
                           rf_held_value *value, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status;
    if (value->described) {
        return RF_OK;
    }
    status = rf_prepare(
        store,
        "SELECT v.text, ltrim(ifnull(', ' || i.kind, '') || ifnull(', ' || i.funding, '')"
        "         || ifnull(', ' || i.country, '') || ifnull(', ' ||"
        "         nullif((SELECT d.scope FROM address d WHERE d.value = v.id), 'global'), '') ||"
        "         ifnull(', ' || nullif(t.type, 'unknown'), ''), ', '),"
        " h.treatment, h.holders, h.bits, w.examined, w.corroborated "
        "FROM value v LEFT JOIN instrument i ON i.value = v.id "
        "LEFT JOIN value_type t ON t.run = ?1 AND t.value = v.id "
        "LEFT JOIN hub h ON h.run = ?1 AND h.value = v.id "
        "LEFT JOIN value_worth w ON w.run = ?1 AND w.value = v.id WHERE v.id = ?2",
        &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, learned->run);
        rf_bind_int(select, 2, value->row);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        value->text =
            rf_arena_text(&held->texts, rf_column_text(select, 0), rf_column_bytes(select, 0));
        value->what =
            rf_arena_text(&held->texts, rf_column_text(select, 1), rf_column_bytes(select, 1));
        if (rf_column_kind(select, 2) != RF_NULL) {
            value->treatment = treatment_of(rf_column_text(select, 2));
            value->hub_holders = (uint32_t)rf_column_int(select, 3);
            value->hub_bits = rf_column_real(select, 4);
        }
        value->examined = (uint32_t)rf_column_int(select, 5);
        value->corroborated = (uint32_t)rf_column_int(select, 6);
        value->described = true;
        if (value->text == NULL || value->what == NULL) {
            status = rf_fail_memory(err, "what an account holds");
        }
    } else if (status == RF_OK) {
        status = rf_fail(err, RF_EDATABASE, "%s: value %lld is missing", rf_store_path(store),
                         (long long)value->row);
    }
    rf_statement_end(select);
    return status;
}

/* The group of a value on a day, NULL when the account has none. */
static rf_held_group *group_on(rf_held *held, const rf_held_value *value, int32_t day)
{
    uint32_t low = value->first_group;
    uint32_t high = value->first_group + value->groups;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (held->group[middle].day == day) {
            return &held->group[middle];
        }
        if (held->group[middle].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* Rows come by account and day, so one look back tells accounts and days apart. */
static rf_status count_rows(rf_statement *select, const rf_learned *learned, rf_held *held,
                            rf_held_value *value, rf_error *err)
{
    bool const windowed = learned->signal[value->signal].windowed;
    int64_t account = -1;
    int32_t day = RF_NO_DAY;
    bool shares = false; /* the account in hand was counted as sharing a group */
    bool row = true;
    rf_status status = RF_OK;
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int64_t const next = rf_column_int(select, 0);
        int32_t const next_day = windowed ? (int32_t)rf_column_int(select, 1) : RF_NO_DAY;
        rf_held_group *group;
        if (next == account && next_day == day) {
            continue;
        }
        if (next != account) {
            value->holders++;
            shares = false;
        }
        account = next;
        day = next_day;
        group = group_on(held, value, day);
        if (group == NULL) {
            continue;
        }
        group->holders++;
        if (!shares && account != held->account) {
            shares = true;
            value->sharing++;
            value->members += held->ring != 0 && rf_column_int(select, 2) == held->ring;
        }
    }
    return status;
}

rf_status rf_held_count(rf_store *store, const rf_learned *learned, rf_held *held,
                        rf_held_value *value, rf_error *err)
{
    rf_statement *select = NULL;
    rf_status status = rf_held_describe(store, learned, held, value, err);
    if (status != RF_OK || value->counted) {
        return status;
    }
    value->counted = true;
    if (value->treatment != NULL && !learned->signal[value->signal].windowed) {
        /* The run counted it already, and it may be on half of all accounts. */
        value->holders = value->hub_holders;
        value->sharing = value->holders - 1;
        held->group[value->first_group].holders = value->holders;
        return RF_OK;
    }
    status = held->ring == 0
                 ? rf_prepare(store,
                              "SELECT account, day FROM sighting WHERE value = ?1 "
                              "ORDER BY account, day",
                              &select, err)
                 : rf_prepare(store,
                              "SELECT s.account, s.day, m.ring FROM sighting s "
                              "LEFT JOIN member m ON m.run = ?2 AND m.account = s.account "
                              "WHERE s.value = ?1 ORDER BY s.account, s.day",
                              &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, value->row);
        if (held->ring != 0) {
            rf_bind_int(select, 2, learned->run);
        }
        status = count_rows(select, learned, held, value, err);
    }
    rf_statement_end(select);
    return status;
}
