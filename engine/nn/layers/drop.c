/* Dropping at random: see the header. */
#include "engine/nn/layers/drop.h"

#include <string.h>

void dg_drop_marks(uint64_t key, uint32_t limit, int64_t first, int64_t count, uint8_t *kept)
{
    uint8_t group[DG_DROP_GROUP];
    for (int64_t i = 0; i < count;) {
        int64_t skip = (first + i) % DG_DROP_GROUP, some = DG_DROP_GROUP - skip;
        if (some > count - i) some = count - i;
        dg_drop_draw(key, (uint64_t)((first + i) / DG_DROP_GROUP), limit, group);
        memcpy(kept + i, group + skip, (size_t)some);
        i += some;
    }
}

DG_PUBLIC_KERNEL(void, dg_drop_apply,
                 (float scale, int64_t count, const uint8_t *restrict kept, const float *restrict x,
                  float *restrict y),
                 (scale, count, kept, x, y))
{
    for (int64_t i = 0; i < count; i++) y[i] = kept[i] ? x[i] * scale : 0;
}
