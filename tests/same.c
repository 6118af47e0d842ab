/* same.c - see same.h. */
#include "same.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

void assert_same_groups(const rf_population *a, const rf_population *b)
{
    assert_int_equal(a->values, b->values);
    assert_int_equal(a->groups, b->groups);
    assert_int_equal(a->sightings, b->sightings);
    SAME(value_row, a->values);
    SAME(value_signal, a->values);
    SAME(value_holders, a->values);
    SAME(value_network, a->values);
    SAME(value_group_start, (size_t)a->values + 1);
    SAME(group_value, a->groups);
    SAME(group_day, a->groups);
    SAME(group_start, (size_t)a->groups + 1);
    SAME(holder, a->group_start[a->groups]);
    SAME(account_start, (size_t)a->accounts + 1);
    SAME(account_group, a->account_start[a->accounts]);
}

void assert_same_links(const rf_links *a, const rf_links *b)
{
    assert_int_equal(a->count, b->count);
    SAME(a, a->count);
    SAME(b, a->count);
    SAME(bits, a->count);
    SAME(families, a->count);
    assert_int_equal(a->hubs, b->hubs);
    assert_int_equal(a->stars, b->stars);
}
