/* Sums within kernels, in an order that no processor's vectors change: element i is added to lane
 * i mod DG_LANES, and the lanes are added to each other in halves. */
#ifndef DG_BASE_LANES_H
#define DG_BASE_LANES_H

#include <stdint.h>

#include "engine/base/kernel.h"

enum { DG_LANES = 16 };

/* Runs the statement for i = 0 .. count-1, where l is the lane of i:
 *
 *     double lane[DG_LANES] = { 0 };
 *     DG_EACH_LANE(i, l, count, lane[l] += x[i]);
 *     double sum = DG_JOIN(lane);
 *
 * The statement stands twice, so that the compiler sees a loop of DG_LANES turns; `break` does not
 * leave it. One within another needs other names. */
#define DG_EACH_LANE(i, l, count, ...)                                                             \
    do {                                                                                           \
        const int64_t i##_end = (count), i##_rest = i##_end - i##_end % DG_LANES;                  \
        for (int64_t i##_at = 0; i##_at < i##_rest; i##_at += DG_LANES)                            \
            for (int l = 0; l < DG_LANES; l++) {                                                   \
                const int64_t i = i##_at + l;                                                      \
                __VA_ARGS__;                                                                       \
            }                                                                                      \
        for (int64_t i = i##_rest; i < i##_end; i++) {                                             \
            const int64_t l = i - i##_rest;                                                        \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
    } while (0)

/* The sum of the lanes, which are changed. */
#define DG_JOIN(lane) _Generic((lane), float * : dg_join_floats, double * : dg_join_doubles)(lane)

#define DG_JOIN_FUNCTION(name, type)                                                               \
    DG_INLINE type name(type *lane)                                                                \
    {                                                                                              \
        for (int l = 0; l < 8; l++) lane[l] += lane[l + 8];                                        \
        for (int l = 0; l < 4; l++) lane[l] += lane[l + 4];                                        \
        return (lane[0] + lane[2]) + (lane[1] + lane[3]);                                          \
    }
DG_JOIN_FUNCTION(dg_join_floats, float)
DG_JOIN_FUNCTION(dg_join_doubles, double)

#endif
