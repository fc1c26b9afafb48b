/* Hashes of datasets. */
#include <string.h>

#include "engine/base/number.h"
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

/* As mix_bytes, but every NaN is the same one. */
static uint64_t mix_floats(uint64_t hash, const void *floats, int64_t count)
{
    const char *from = floats;
    hash = mix(hash, (uint64_t)count * sizeof(float));
    for (int64_t left = count; left >= 0; left -= 2, from += 2 * sizeof(float)) {
        uint32_t two[2] = { 0 };
        memcpy(two, from, sizeof *two * (size_t)(left < 2 ? left : 2));
        for (int i = 0; i < 2; i++) two[i] = dg_bits_of_one_nan(two[i]);
        hash = mix(hash, (uint64_t)two[1] << 32 | two[0]);
    }
    return hash;
}

static uint64_t compute(const dg_dataset *set)
{
    const dg_tensor *x = &set->x;
    uint64_t hash = mix(0xcbf29ce484222325u, (uint64_t)x->dtype);
    for (int i = 0; i < x->axes; i++) hash = mix(hash, (uint64_t)x->shape[i]);
    int64_t count = dg_tensor_count(x);
    if (count > 0 && x->dtype == DG_FLOAT32)
        hash = mix_floats(hash, x->data, count);
    else if (count > 0)
        hash = mix_bytes(hash, x->data, (size_t)count * dg_dtype_size(x->dtype));
    if (set->weights.storage && count > 0)
        hash = mix_floats(hash, dg_floats(&set->weights), x->shape[0]);
    if (set->groups.storage && count > 0)
        hash = mix_bytes(hash, dg_int32s(&set->groups), (size_t)x->shape[0] * sizeof(int32_t));
    if (set->target == DG_TARGET_NUMBERS && count > 0)
        return mix_floats(hash, set->y.data, x->shape[0]);
    if (set->target != DG_TARGET_LABELS || count == 0) return hash;
    hash = mix_bytes(hash, set->classes, (size_t)set->class_count * sizeof *set->classes);
    return mix_bytes(hash, dg_int32s(&set->positions), (size_t)x->shape[0] * sizeof(int32_t));
}

uint64_t dg_dataset_fingerprint(const dg_dataset *set)
{
    uint64_t *print = &((dg_dataset *)set)->print;
    uint64_t found = __atomic_load_n(print, __ATOMIC_RELAXED);
    if (!found) {
        found = compute(set);
        __atomic_store_n(print, found, __ATOMIC_RELAXED);
    }
    return found;
}
