/* kept_links.c - see kept_links.h. */
#include "rings/kept_links.h"

#include "store/kept.h"

#include <string.h>

enum { ANEW = 4 }; /* all are kept anew when one of so many is another */

void rf_kept_links_free(rf_kept_links *kept)
{
    rf_links_free(&kept->now);
    rf_free(kept->news);
    *kept = (rf_kept_links){0};
}

/* ---- keeping ---- */

rf_status rf_kept_links_put(rf_store *store, const rf_population *population, const rf_links *links,
                            rf_error *err)
{
    const rf_population *p = population;
    uint32_t *row = rf_alloc_raw(links->count, sizeof *row);
    rf_status status = row == NULL ? rf_fail_memory(err, "the links to be kept") : RF_OK;
    for (uint64_t i = 0; i < links->count && status == RF_OK; i++) {
        row[i] = (uint32_t)p->account_row[links->a[i]];
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "links.a", row, links->count, sizeof *row, err);
    }
    for (uint64_t i = 0; i < links->count && status == RF_OK; i++) {
        row[i] = (uint32_t)p->account_row[links->b[i]];
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "links.b", row, links->count, sizeof *row, err);
    }
    if (status == RF_OK) {
        status =
            rf_kept_put(store, "links.bits", links->bits, links->count, sizeof *links->bits, err);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "links.families", links->families, links->count,
                             sizeof *links->families, err);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "links.news", row, 0, sizeof(rf_link_news), err);
    }
    rf_free(row);
    return status;
}

static uint64_t pair_of(uint32_t a, uint32_t b)
{
    return (uint64_t)a << 32 | b;
}

static uint64_t pair_at(const rf_links *links, uint64_t i)
{
    return i < links->count ? pair_of(links->a[i], links->b[i]) : UINT64_MAX;
}

static uint64_t pair_told(const rf_link_news *news, size_t count, size_t i)
{
    return i < count ? pair_of(news[i].a, news[i].b) : UINT64_MAX;
}

/* A list that grows, whose pairs come in order. */
typedef struct news_list {
    rf_link_news *one;
    size_t count, room;
} news_list;

static bool tell(news_list *list, rf_link_news one)
{
    if (!rf_reserve(&list->one, &list->room, list->count + 1, sizeof *list->one)) {
        return false;
    }
    list->one[list->count++] = one;
    return true;
}

/* What was told before stays, unless it is told anew. */
static bool add_up(const rf_kept_links *before, const rf_links *links, news_list *all)
{
    const rf_links *was = &before->now;
    uint64_t i = 0;
    uint64_t k = 0;
    size_t old = 0;
    bool good = true;
    while (good && (i < was->count || k < links->count || old < before->count)) {
        uint64_t const x = pair_at(was, i);
        uint64_t const y = pair_at(links, k);
        uint64_t const z = pair_told(before->news, before->count, old);
        uint64_t const first = x < y ? (x < z ? x : z) : (y < z ? y : z);
        bool const gone = x == first && y != first;
        bool const same = x == first && y == first && was->bits[i] == links->bits[k] &&
                          was->families[i] == links->families[k];
        if (gone) {
            good = tell(all, (rf_link_news){was->a[i], was->b[i], 0, RF_LINK_GONE});
        } else if (y == first && !same) {
            good = tell(
                all, (rf_link_news){links->a[k], links->b[k], links->bits[k], links->families[k]});
        } else if (z == first) {
            good = tell(all, before->news[old]);
        }
        i += x == first;
        k += y == first;
        old += z == first;
    }
    return good;
}

rf_status rf_kept_links_compare(rf_kept_links *before, const rf_links *links, rf_error *err)
{
    news_list all = {0};
    if (!add_up(before, links, &all)) {
        rf_free(all.one);
        return rf_fail_memory(err, "the links to be kept");
    }
    rf_free(before->news);
    before->news = all.one;
    before->count = all.count;
    rf_links_free(&before->now);
    return RF_OK;
}

rf_status rf_kept_links_renew(rf_store *store, const rf_population *population,
                              rf_kept_links *before, const rf_links *links, rf_error *err)
{
    if (ANEW * (uint64_t)before->count > before->kept) {
        return rf_kept_links_put(store, population, links, err);
    }
    for (size_t i = 0; i < before->count; i++) {
        before->news[i].a = (uint32_t)population->account_row[before->news[i].a];
        before->news[i].b = (uint32_t)population->account_row[before->news[i].b];
    }
    return rf_kept_put(store, "links.news", before->news, before->count, sizeof *before->news, err);
}

/* ---- recalling ---- */

/* Rows of accounts become numbers; false when one is not there. */
static bool to_number(const uint32_t *number, uint64_t rows, uint32_t *at)
{
    *at = *at < rows ? number[*at] : UINT32_MAX;
    return *at != UINT32_MAX;
}

static rf_status get_base(rf_store *store, const uint32_t *number, uint64_t rows, rf_links *links,
                          bool *good, rf_error *err)
{
    size_t count[4] = {0};
    rf_status status = rf_kept_get(store, "links.a", sizeof *links->a, &links->a, &count[0], err);
    if (status == RF_OK) {
        status = rf_kept_get(store, "links.b", sizeof *links->b, &links->b, &count[1], err);
    }
    if (status == RF_OK) {
        status =
            rf_kept_get(store, "links.bits", sizeof *links->bits, &links->bits, &count[2], err);
    }
    if (status == RF_OK) {
        status = rf_kept_get(store, "links.families", sizeof *links->families, &links->families,
                             &count[3], err);
    }
    links->count = count[0];
    *good = *good && status == RF_OK && count[1] == count[0] && count[2] == count[0] &&
            count[3] == count[0];
    for (uint64_t i = 0; *good && i < links->count; i++) {
        *good = to_number(number, rows, &links->a[i]) && to_number(number, rows, &links->b[i]) &&
                (i == 0 || pair_at(links, i - 1) < pair_at(links, i));
    }
    return status;
}

static bool allocate(rf_links *links, uint64_t count)
{
    links->a = rf_alloc_raw(count, sizeof *links->a);
    links->b = rf_alloc_raw(count, sizeof *links->b);
    links->bits = rf_alloc_raw(count, sizeof *links->bits);
    links->families = rf_alloc_raw(count, sizeof *links->families);
    return links->a != NULL && links->b != NULL && links->bits != NULL && links->families != NULL;
}

static void add(rf_links *links, rf_link_news one)
{
    links->a[links->count] = one.a;
    links->b[links->count] = one.b;
    links->bits[links->count] = one.bits;
    links->families[links->count++] = (uint8_t)one.families;
}

/* The links as they were kept, with what was told since. */
static rf_status put_together(const rf_links *base, rf_kept_links *kept, rf_error *err)
{
    uint64_t i = 0;
    size_t next = 0;
    if (!allocate(&kept->now, base->count + kept->count)) {
        return rf_fail_memory(err, "the links");
    }
    while (i < base->count || next < kept->count) {
        uint64_t const x = pair_at(base, i);
        uint64_t const y = pair_told(kept->news, kept->count, next);
        if (x < y) {
            add(&kept->now,
                (rf_link_news){base->a[i], base->b[i], base->bits[i], base->families[i]});
        } else if (kept->news[next].families != RF_LINK_GONE) {
            add(&kept->now, kept->news[next]);
        }
        i += x <= y;
        next += y <= x;
    }
    return RF_OK;
}

rf_status rf_kept_links_get(rf_store *store, const uint32_t *number, uint64_t rows,
                            rf_kept_links *kept, bool *good, rf_error *err)
{
    rf_links base = {0};
    rf_status status = get_base(store, number, rows, &base, good, err);
    kept->kept = base.count;
    if (status == RF_OK) {
        status =
            rf_kept_get(store, "links.news", sizeof *kept->news, &kept->news, &kept->count, err);
    }
    for (size_t i = 0; status == RF_OK && *good && i < kept->count; i++) {
        rf_link_news *one = &kept->news[i];
        *good = to_number(number, rows, &one->a) && to_number(number, rows, &one->b) &&
                (i == 0 || pair_told(kept->news, kept->count, i - 1) < pair_of(one->a, one->b));
    }
    if (status == RF_OK && *good && kept->count == 0) {
        kept->now = base;
        base = (rf_links){0};
    } else if (status == RF_OK && *good) {
        status = put_together(&base, kept, err);
    }
    rf_links_free(&base);
    return status;
}
