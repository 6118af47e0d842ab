/* order.c - see order.h. */
#include "base/order.h"

#include <string.h>

enum { FEW = 24 };

/* The functions that sort numbers of one type: NAME_few a few, NAME_heap any, NAME a piece of an
 * array that may still be divided badly `luck` times. */
#define DEFINE_ORDER(NAME, TYPE)                                                                   \
    static void NAME##_few(TYPE *number, size_t count)                                             \
    {                                                                                              \
        for (size_t i = 1; i < count; i++) {                                                       \
            TYPE const moved = number[i];                                                          \
            size_t at = i;                                                                         \
            for (; at > 0 && number[at - 1] > moved; at--) {                                       \
                number[at] = number[at - 1];                                                       \
            }                                                                                      \
            number[at] = moved;                                                                    \
        }                                                                                          \
    }                                                                                              \
    static void NAME##_sift(TYPE *number, size_t count, size_t at)                                 \
    {                                                                                              \
        TYPE const moved = number[at];                                                             \
        for (size_t child; (child = 2 * at + 1) < count; at = child) {                             \
            child += child + 1 < count && number[child + 1] > number[child];                       \
            if (number[child] <= moved) {                                                          \
                break;                                                                             \
            }                                                                                      \
            number[at] = number[child];                                                            \
        }                                                                                          \
        number[at] = moved;                                                                        \
    }                                                                                              \
    static void NAME##_heap(TYPE *number, size_t count)                                            \
    {                                                                                              \
        for (size_t i = count / 2; i-- > 0;) {                                                     \
            NAME##_sift(number, count, i);                                                         \
        }                                                                                          \
        for (size_t end = count; end-- > 1;) {                                                     \
            TYPE const most = number[0];                                                           \
            number[0] = number[end];                                                               \
            number[end] = most;                                                                    \
            NAME##_sift(number, end, 0);                                                           \
        }                                                                                          \
    }                                                                                              \
    static TYPE NAME##_middle(TYPE a, TYPE b, TYPE c)                                              \
    {                                                                                              \
        TYPE const low = a < b ? a : b;                                                            \
        TYPE const high = a < b ? b : a;                                                           \
        return c < low ? low : c > high ? high : c;                                                \
    }                                                                                              \
    static void NAME(TYPE *number, size_t count, unsigned luck)                                    \
    {                                                                                              \
        while (count > FEW && luck > 0) {                                                          \
            TYPE const middle = NAME##_middle(number[0], number[count / 2], number[count - 1]);    \
            size_t low = 0;                                                                        \
            size_t high = count - 1;                                                               \
            for (;;                                                                                \
                 low++, high--) { /* Hoare: both stop at equal ones, and never leave the array */  \
                TYPE swap;                                                                         \
                while (number[low] < middle) {                                                     \
                    low++;                                                                         \
                }                                                                                  \
                while (number[high] > middle) {                                                    \
                    high--;                                                                        \
                }                                                                                  \
                if (low >= high) {                                                                 \
                    break;                                                                         \
                }                                                                                  \
                swap = number[low];                                                                \
                number[low] = number[high];                                                        \
                number[high] = swap;                                                               \
            }                                                                                      \
            luck -= low < count / 8 || count - low < count / 8;                                    \
            NAME(number, low, luck);                                                               \
            number += low;                                                                         \
            count -= low;                                                                          \
        }                                                                                          \
        if (count > FEW) {                                                                         \
            NAME##_heap(number, count);                                                            \
        } else {                                                                                   \
            NAME##_few(number, count);                                                             \
        }                                                                                          \
    }

DEFINE_ORDER(order64, uint64_t)
DEFINE_ORDER(order32, uint32_t)

/* How often an array may be divided badly: as often as it can be halved. */
static unsigned luck_of(size_t count)
{
    unsigned luck = 1;
    for (; count > 0; count /= 2) {
        luck++;
    }
    return luck;
}

void rf_order_numbers(uint64_t *number, size_t count)
{
    order64(number, count, luck_of(count));
}

void rf_order_small(uint32_t *number, size_t count)
{
    order32(number, count, luck_of(count));
}

void rf_order_signed(int64_t *number, size_t count)
{
    uint64_t *const flipped = (uint64_t *)number;
    for (size_t i = 0; i < count; i++) {
        flipped[i] ^= UINT64_C(1) << 63;
    }
    rf_order_numbers(flipped, count);
    for (size_t i = 0; i < count; i++) {
        flipped[i] ^= UINT64_C(1) << 63;
    }
}

static void upper_few(uint64_t *number, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t const moved = number[i];
        size_t at = i;
        for (; at > 0 && number[at - 1] >> 32 > moved >> 32; at--) {
            number[at] = number[at - 1];
        }
        number[at] = moved;
    }
}

void rf_order_upper(uint64_t *number, uint64_t *spare, size_t count)
{
    enum { VALUES = 256 };
    uint64_t *from = number;
    uint64_t *to = spare;
    uint64_t differ = 0;
    if (count <= FEW) {
        upper_few(number, count);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        differ |= number[i] ^ number[0];
    }
    for (unsigned shift = 32; shift < 64; shift += 8) {
        size_t start[VALUES + 1] = {0};
        uint64_t *const swap = from;
        if ((differ >> shift & 0xff) == 0) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            start[(from[i] >> shift & 0xff) + 1]++;
        }
        for (unsigned v = 0; v < VALUES; v++) {
            start[v + 1] += start[v];
        }
        for (size_t i = 0; i < count; i++) {
            to[start[from[i] >> shift & 0xff]++] = from[i];
        }
        from = to;
        to = swap;
    }
    if (from != number) {
        memcpy(number, from, count * sizeof *number);
    }
}
