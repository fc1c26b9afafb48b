/* The digest of tensors. */
#include <endian.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/store/safetensors.h"
#include "engine/store/tensor_format.h"

enum { CHUNK = 4096 }; /* values */

static void add_text(dg_sha256 *hash, const char *text)
{
    dg_sha256_add(hash, text, strlen(text) + 1);
}

static void add_number(dg_sha256 *hash, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(number >> 8 * i);
    dg_sha256_add(hash, bytes, sizeof bytes);
}

/* Values of 4 bytes. */
static void add_words(dg_sha256 *hash, const char *from, int64_t count, bool floats)
{
    uint32_t words[CHUNK];
    while (count > 0) {
        int64_t chunk = count < CHUNK ? count : CHUNK;
        for (int64_t i = 0; i < chunk; i++) {
            uint32_t word;
            memcpy(&word, from + 4 * i, sizeof word);
            if (floats) word = dg_bits_of_one_nan(word);
            words[i] = htole32(word);
        }
        dg_sha256_add(hash, words, 4 * (size_t)chunk);
        from += 4 * chunk;
        count -= chunk;
    }
}

static dg_status add_tensor(dg_sha256 *hash, const dg_named_tensor *named)
{
    const dg_tensor *tensor = &named->tensor;
    int64_t count = dg_tensor_count(tensor);
    DG_OWNED_TENSOR values = { 0 };
    DG_TRY(dg_tensor_contiguous(&values, tensor));
    add_text(hash, named->name);
    add_text(hash, dg_tensor_format_of(tensor->dtype, named->is_int8)->name);
    add_number(hash, (uint64_t)tensor->axes);
    for (int i = 0; i < tensor->axes; i++) add_number(hash, (uint64_t)tensor->shape[i]);
    if (dg_dtype_size(tensor->dtype) == 1)
        dg_sha256_add(hash, values.data, (size_t)count);
    else
        add_words(hash, values.data, count, tensor->dtype == DG_FLOAT32);
    return DG_OK;
}

dg_status dg_tensor_file_digest(const dg_tensor_file *file, char hex[DG_SHA256_HEX])
{
    DG_OWNED const dg_named_tensor **order = NULL;
    dg_sha256 hash;
    DG_TRY(dg_tensor_file_order(&order, file));
    dg_sha256_begin(&hash);
    for (int i = 0; i < file->count; i++) DG_TRY(add_tensor(&hash, order[i]));
    dg_sha256_end(&hash, hex);
    return DG_OK;
}
