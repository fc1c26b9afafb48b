/* How many rows, or groups, the parts of a split get: by largest remainder. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"
#include "engine/data/split.h"

dg_status dg_split_check(int count, const double *parts, int64_t rows, const char *units,
                         bool *fractions)
{
    double sum = 0;
    bool whole = true, small = true;
    if (count < 1) return dg_error(DG_INVALID, "split: expected at least one fraction or count");
    for (int i = 0; i < count; i++) {
        if (!(parts[i] >= 0 && parts[i] <= 9e15))
            return dg_error(DG_INVALID,
                            "split: part %d is %g, expected a fraction or a count, at least 0",
                            i + 1, parts[i]);
        sum += parts[i];
        whole = whole && parts[i] == floor(parts[i]);
        small = small && parts[i] <= 1;
    }
    *fractions = fabs(sum - 1) <= 1e-9;
    if (*fractions || (whole && sum == (double)rows)) return DG_OK;
    if (whole)
        return dg_error(DG_INVALID, "split: the counts sum to %.15g, the set has %" PRId64 " %s",
                        sum, rows, units);
    if (small) return dg_error(DG_INVALID, "split: the fractions sum to %.10g, expected 1", sum);
    return dg_error(DG_INVALID,
                    "split: expected fractions that sum to 1, or counts that sum to the "
                    "%" PRId64 " %s, found both kinds, which sum to %.10g",
                    rows, units, sum);
}

/* What a part lacks of its ideal size, in units so coarse that rounding errors do not count. */
struct split_remainder {
    int64_t size;
    int index;
};

static int by_remainder(const void *a, const void *b)
{
    const struct split_remainder *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Largest remainder; of equals, the first part comes first. */
static dg_status round_fractions(int count, const double *parts, int64_t rows, int64_t *sizes)
{
    double sum = 0;
    int64_t left = rows;
    DG_OWNED struct split_remainder *remainders = NULL;
    DG_TRY(dg_alloc(&remainders, count, sizeof *remainders));
    for (int i = 0; i < count; i++) sum += parts[i];
    for (int i = 0; i < count; i++) {
        double ideal = parts[i] / sum * (double)rows, near = nearbyint(ideal);
        if (fabs(ideal - near) < 1e-12 * (1 + near)) ideal = near; /* 0.29 * 100 is 29 */
        sizes[i] = (int64_t)floor(ideal);
        remainders[i].size = (int64_t)nearbyint((ideal - floor(ideal)) * 1e6);
        remainders[i].index = i;
        left -= sizes[i];
    }
    qsort(remainders, (size_t)count, sizeof *remainders, by_remainder);
    for (int i = 0; left > 0; i = (i + 1) % count, left--) sizes[remainders[i].index]++;
    return DG_OK;
}

dg_status dg_split_sizes(int count, const double *parts, int64_t rows, const char *units,
                         int64_t *sizes)
{
    bool fractions = false;
    DG_TRY(dg_split_check(count, parts, rows, units, &fractions));
    if (fractions)
        DG_TRY(round_fractions(count, parts, rows, sizes));
    else
        for (int i = 0; i < count; i++) sizes[i] = (int64_t)parts[i];
    for (int i = 0; i < count; i++)
        if (parts[i] > 0 && sizes[i] == 0)
            return dg_error(DG_INVALID, "split: part %d (%g) gets none of the %" PRId64 " %s",
                            i + 1, parts[i], rows, units);
    return DG_OK;
}
