/* Hashes of datasets. */
#include <string.h>

#include "engine/data/dataset.h"

/* One step of a mixing chain (the multiplier of FNV-1a, the shift of MurmurHash's finish). */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const char *from = bytes;
    uint64_t word = 0;
    hash = mix(hash, count);
    for (; count >= sizeof word; count -= sizeof word, from += sizeof word) {
        memcpy(&word, from, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, from, count);
    return mix(hash, word);
}

uint64_t dg_dataset_fingerprint(const dg_dataset *set)
{
    const dg_tensor *x = &set->x;
    uint64_t hash = mix(0xcbf29ce484222325u, (uint64_t)x->dtype);
    for (int i = 0; i < x->axes; i++) hash = mix(hash, (uint64_t)x->shape[i]);
    int64_t count = dg_tensor_count(x);
    if (count > 0) hash = mix_bytes(hash, x->data, (size_t)count * dg_dtype_size(x->dtype));
    if (set->weights.storage && count > 0)
        hash = mix_bytes(hash, dg_floats(&set->weights), (size_t)x->shape[0] * sizeof(float));
    if (set->groups.storage && count > 0)
        hash = mix_bytes(hash, dg_int32s(&set->groups), (size_t)x->shape[0] * sizeof(int32_t));
    if (set->target == DG_TARGET_NUMBERS && count > 0)
        return mix_bytes(hash, set->y.data, (size_t)x->shape[0] * sizeof(float));
    if (set->target != DG_TARGET_LABELS || count == 0) return hash;
    hash = mix_bytes(hash, set->classes, (size_t)set->class_count * sizeof *set->classes);
    return mix_bytes(hash, dg_int32s(&set->positions), (size_t)x->shape[0] * sizeof(int32_t));
}
