/* The bins once more, as forests (by rows) and boosting (by blocks) read them. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/bins.h"
#include "engine/tree/turn.h"

/* --- by rows ------------------------------------------------------------------------------ */

/* Bits of a word, and bytes of a cache line. */
enum { WORD = 64 };

/* Bit i tells whether x[i] and y[i] differ, of 64 at most. Eight at a time: the top bit of a byte
 * that is not 0 is set by adding 0x7f to its others; a product gathers the eight. */
static uint64_t differing(const uint8_t *x, const uint8_t *y, int64_t count)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    uint64_t bits = 0;
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t a, b;
        memcpy(&a, x + i, sizeof a);
        memcpy(&b, y + i, sizeof b);
        a ^= b;
        a = (((a & low) + low) | a) >> 7 & 0x0101010101010101u;
        bits |= (a * 0x0102040810204080u >> 56) << i;
    }
    for (; i < count; i++) bits |= (uint64_t)(x[i] != y[i]) << i;
    return bits;
}

static void turn_tile(const dg_bins *bins, int32_t column, int32_t columns, int64_t begin,
                      int64_t end)
{
    const uint8_t *from[DG_TURN];
    int64_t i = begin, stride = bins->count;
    for (int32_t c = 0; c < columns; c++)
        from[c] = bins->by_column + (int64_t)(column + c) * bins->rows;
    uint8_t *to = bins->by_row + column;
    for (; columns == DG_TURN && i + DG_TURN <= end; i += DG_TURN)
        dg_turn(from, i, 0, to + i * stride, stride);
    for (; i < end; i++)
        for (int32_t c = 0; c < columns; c++) to[i * stride + c] = from[c][i];
}

static dg_status turn_rows(void *context, int64_t piece, int worker)
{
    dg_bins *bins = context;
    int64_t begin = piece * WORD, end = begin + WORD < bins->rows ? begin + WORD : bins->rows;
    (void)worker;
    for (int32_t c = 0; c < bins->count; c += DG_TURN)
        turn_tile(bins, c, bins->count - c < DG_TURN ? bins->count - c : DG_TURN, begin, end);
    for (int32_t first = 0; first < bins->count; first += WORD) {
        int32_t count = bins->count - first < WORD ? bins->count - first : WORD;
        uint8_t common[WORD];
        for (int32_t c = 0; c < count; c++) common[c] = (uint8_t)bins->columns[first + c].common;
        for (int64_t i = begin; i < end; i++)
            bins->row_bits[i * bins->row_words + first / WORD] =
                differing(bins->by_row + i * bins->count + first, common, count);
    }
    return DG_OK;
}

static dg_status mark_column(void *context, int64_t piece, int worker)
{
    dg_bins *bins = context;
    const uint8_t *bin = bins->by_column + piece * bins->rows;
    uint64_t *word = bins->uncommon + piece * bins->words;
    uint8_t common[WORD];
    (void)worker;
    memset(common, bins->columns[piece].common, sizeof common);
    for (int64_t w = 0; w < bins->words; w++) {
        int64_t first = WORD * w, count = bins->rows - first < WORD ? bins->rows - first : WORD;
        word[w] = differing(bin + first, common, count);
    }
    return DG_OK;
}

dg_status dg_bins_add_rows(dg_bins *bins, const dg_job *job)
{
    bins->words = (bins->rows + 63) / 64;
    DG_TRY(dg_alloc(&bins->by_row, bins->rows * bins->count, 1));
    DG_TRY(dg_alloc(&bins->uncommon, bins->words * bins->count, sizeof *bins->uncommon));
    bins->row_words = (bins->count + 63) / 64;
    DG_TRY(dg_alloc(&bins->row_bits, bins->row_words * bins->rows, sizeof *bins->row_bits));
    DG_TRY(dg_parallel(job, bins->count, mark_column, bins));
    return dg_parallel(job, (bins->rows + WORD - 1) / WORD, turn_rows, bins);
}

/* --- blocks ------------------------------------------------------------------------------- */

/* Bins of a block: their sums take 256 kilobytes, and a 16-bit number names one. */
enum { BLOCK_BINS = 1 << 15 };

static dg_status fill_block(void *context, int64_t piece, int worker)
{
    dg_bins *bins = context;
    dg_bin_block *block = &bins->blocks[piece];
    uint32_t *start, sum = 0;
    (void)worker;
    DG_TRY(dg_alloc_zero(&block->start, bins->rows + 1, sizeof *start));
    start = block->start;
    for (int32_t c = block->first_column; c < block->end_column; c++) {
        const uint8_t *bin = bins->by_column + c * bins->rows;
        uint8_t common = (uint8_t)bins->columns[c].common;
        for (int64_t i = 0; i < bins->rows; i++) start[i] += bin[i] != common;
    }
    for (int64_t i = 0; i <= bins->rows; i++) {
        uint32_t here = start[i];
        start[i] = sum;
        sum += here;
    }
    /* one more, since the loop below also writes what it does not keep */
    DG_TRY(dg_alloc(&block->entry, (int64_t)sum + 1, sizeof *block->entry));
    for (int32_t c = block->first_column; c < block->end_column; c++) {
        const uint8_t *bin = bins->by_column + c * bins->rows;
        uint8_t common = (uint8_t)bins->columns[c].common;
        int64_t first = bins->columns[c].first - block->first_bin;
        for (int64_t i = 0; i < bins->rows; i++)
            if (bin[i] != common) block->entry[start[i]++] = (uint16_t)(first + bin[i]);
    }
    memmove(start + 1, start, (size_t)bins->rows * sizeof *start);
    start[0] = 0;
    return DG_OK;
}

/* The column after the last of the block that begins with `first`. */
static int32_t block_end(const dg_bins *bins, int32_t first)
{
    int32_t c = first;
    int64_t columns = UINT32_MAX / (bins->rows + 1); /* entries are counted in 32 bits */
    for (; c < bins->count; c++) {
        const dg_bin_column *column = &bins->columns[c];
        int64_t used = column->first + column->bins + 1 - bins->columns[first].first;
        if (c > first && (used > BLOCK_BINS || c - first >= columns)) break;
    }
    return c;
}

dg_status dg_bins_add_blocks(dg_bins *bins, const dg_job *job)
{
    int32_t count = 0;
    for (int32_t c = 0; c < bins->count; c = block_end(bins, c)) count++;
    DG_TRY(dg_alloc_zero(&bins->blocks, count, sizeof *bins->blocks));
    for (int32_t c = 0; bins->block_count < count; c = block_end(bins, c)) {
        dg_bin_block *block = &bins->blocks[bins->block_count++];
        block->first_column = c;
        block->end_column = block_end(bins, c);
        block->first_bin = bins->columns[c].first;
        block->end_bin =
            block->end_column < bins->count ? bins->columns[block->end_column].first : bins->total;
    }
    return dg_parallel(job, count, fill_block, bins);
}
