/* Cutting columns into bins.
 *
 * What holds of every dg_bins that was made:
 *
 *  - Columns are the features that vary, ascending. A column has bins 0 .. bins-1 of numbers and,
 *    if it has NaN, the bin nan_bin = bins: 2 to 256 in all, each with at least one row.
 *  - Bin b of numbers is the interval low .. high; both are values of the column, and the high of a
 *    bin is less than the low of the next. NaN's low and high are NaN.
 *  - Bin b of column c is number columns[c].first + b among all bins. The columns follow one
 *    another without gaps, so that a histogram is one array {total}.
 *  - Each row is in exactly one bin of each column. So the sum over any one bin, that of the
 *    `common` bin too, is the sum over all rows less those over the column's other bins.
 *  - A histogram therefore skips the common bins: what it has in them means nothing until
 *    dg_boost_search has put in what the other bins leave of the node's total.
 *  - by_row, the bits and the entries of blocks (bins_layout.c) say the same as by_column. A bit is
 *    set, and an entry is there, for each row and column whose bin is not the common one. Bits
 *    beyond the last row or column are 0. Blocks follow one another and cover all columns. */
#include "engine/tree/bins.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/math.h"
#include "engine/base/memory.h"
#include "engine/data/dataset.h"

/* Columns are read in groups: a cache line is used as a whole while it is there. */
enum { LINE = 64 };

/* The numbers of a column, ascending, each once, and how many rows have each. */
struct values {
    int64_t count;
    float *value;
    int64_t *rows;
};

struct cut {
    const dg_tensor *x;
    const uint32_t *order;
    int64_t rows, features, group; /* columns read together */
    int max_bins;
    dg_bins *bins;
    float *low, *high; /* {features, 256} */
};

/* --- cutting ------------------------------------------------------------------------------ */

/* `bin[i]` becomes the bin of value i: one for each value where there are few enough, else a bin is
 * full when it holds its share of the rows that are left, or when the next value alone does.
 * Returns the number of bins, at most `most`. */
static int cut_values(const struct values *values, int most, uint8_t *bin, float *low, float *high)
{
    int64_t left = 0, inside = 0;
    int bins = 0;
    for (int64_t i = 0; i < values->count; i++) left += values->rows[i];
    for (int64_t i = 0; i < values->count; i++) {
        if (inside == 0) low[bins] = values->value[i];
        high[bins] = values->value[i];
        bin[i] = (uint8_t)bins;
        inside += values->rows[i];
        int64_t values_left = values->count - i - 1, bins_left = most - bins;
        bool heavy_next = values_left > 0 && values->rows[i + 1] * bins_left >= left;
        bool enough = values_left < bins_left || inside * bins_left >= left || heavy_next;
        if (!enough || (bins_left == 1 && values_left > 0)) continue;
        left -= inside;
        inside = 0;
        bins++;
    }
    return bins;
}

/* Describes a column whose bins are known; `bins` 0 marks one that does not vary. */
static void describe_column(struct cut *cut, int64_t feature, int bins, int64_t nans,
                            const int64_t *rows)
{
    dg_bin_column *column = &cut->bins->columns[feature];
    *column =
        (dg_bin_column){ .feature = (int32_t)feature, .bins = bins, .nan_bin = nans ? bins : -1 };
    for (int b = 1; b < bins; b++)
        if (rows[b] > rows[column->common]) column->common = b;
    if (bins + (nans > 0) < 2) column->bins = 0;
}

static int64_t row_of(const struct cut *cut, int64_t i)
{
    return cut->order ? cut->order[i] : i;
}

static void cut_bytes(struct cut *cut, int64_t feature, const uint8_t *x)
{
    int64_t rows[256] = { 0 }, distinct_rows[256], in_bin[256] = { 0 };
    float distinct[256];
    uint8_t bin[256], map[256] = { 0 };
    struct values values = { .value = distinct, .rows = distinct_rows };
    for (int64_t i = 0; i < cut->rows; i++) rows[x[i]]++;
    for (int v = 0; v < 256; v++) {
        if (rows[v] == 0) continue;
        distinct[values.count] = (float)v;
        distinct_rows[values.count++] = rows[v];
    }
    int bins = cut_values(&values, cut->max_bins, bin, cut->low + feature * 256,
                          cut->high + feature * 256);
    for (int64_t i = 0; i < values.count; i++) {
        map[(int)distinct[i]] = bin[i];
        in_bin[bin[i]] += distinct_rows[i];
    }
    describe_column(cut, feature, bins, 0, in_bin);
    uint8_t *out = cut->bins->by_column + feature * cut->rows;
    for (int64_t i = 0; i < cut->rows; i++) out[i] = map[x[i]];
}

/* --- floats ------------------------------------------------------------------------------- */

/* Bits that sort as the numbers do, and back. */
static uint32_t key_of(float value)
{
    uint32_t bits = dg_bits_of_float(value);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t key)
{
    return dg_float_of_bits(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

/* Sorts by the upper half, in three passes of 11 bits; the result is in `a` or in `b`. */
static uint64_t *sort_keys(uint64_t *a, uint64_t *b, int64_t count)
{
    for (int shift = 32; shift < 64; shift += 11) {
        int64_t start[2048] = { 0 }, sum = 0;
        for (int64_t i = 0; i < count; i++) start[a[i] >> shift & 2047]++;
        for (int d = 0; d < 2048; d++) {
            int64_t here = start[d];
            start[d] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < count; i++) b[start[a[i] >> shift & 2047]++] = a[i];
        uint64_t *swap = a;
        a = b;
        b = swap;
    }
    return a;
}

struct cut_scratch {
    uint64_t *keys, *sorted; /* {rows} */
    struct values values;
    uint8_t *bin;    /* of each value */
    int64_t *in_bin; /* {256} */
};

static dg_status make_scratch(struct cut_scratch *s, int64_t rows)
{
    DG_TRY(dg_alloc(&s->keys, rows, sizeof *s->keys));
    DG_TRY(dg_alloc(&s->sorted, rows, sizeof *s->sorted));
    DG_TRY(dg_alloc(&s->values.value, rows + 1, sizeof *s->values.value));
    DG_TRY(dg_alloc(&s->values.rows, rows + 1, sizeof *s->values.rows));
    DG_TRY(dg_alloc(&s->bin, rows + 1, sizeof *s->bin));
    return dg_alloc(&s->in_bin, 256, sizeof *s->in_bin);
}

static void free_scratch(struct cut_scratch *s)
{
    dg_free(s->keys);
    dg_free(s->sorted);
    dg_free(s->values.value);
    dg_free(s->values.rows);
    dg_free(s->bin);
    dg_free(s->in_bin);
}

/* Lists the values that occur, zero among them, which was counted and not sorted. */
static void list_values(struct values *values, const uint64_t *sorted, int64_t count, int64_t zeros)
{
    values->count = 0;
    for (int64_t i = 0; i < count; i++) {
        float value = value_of((uint32_t)(sorted[i] >> 32));
        if (zeros && value > 0) {
            values->value[values->count] = 0;
            values->rows[values->count++] = zeros;
            zeros = 0;
        }
        if (values->count == 0 || values->value[values->count - 1] != value) {
            values->value[values->count] = value;
            values->rows[values->count++] = 0;
        }
        values->rows[values->count - 1]++;
    }
    if (zeros == 0) return;
    values->value[values->count] = 0;
    values->rows[values->count++] = zeros;
}

static void spread_bins(const struct cut_scratch *s, const uint64_t *sorted, int64_t count,
                        int64_t rows, int bins, const float *x, uint8_t *out)
{
    int64_t at = 0;
    uint8_t zero = 0;
    for (int64_t i = 0; i < s->values.count; i++)
        if (s->values.value[i] == 0) zero = s->bin[i];
    for (int64_t i = 0; i < rows; i++) out[i] = x[i] != x[i] ? (uint8_t)bins : zero;
    for (int64_t i = 0; i < count; i++) {
        float value = value_of((uint32_t)(sorted[i] >> 32));
        while (s->values.value[at] != value) at++;
        out[(uint32_t)sorted[i]] = s->bin[at];
    }
}

static dg_status cut_floats(struct cut *cut, int64_t feature, const float *x, struct cut_scratch *s)
{
    int64_t count = 0, zeros = 0, nans = 0;
    for (int64_t i = 0; i < cut->rows; i++) {
        if (x[i] == 0) {
            zeros++;
        } else if (x[i] != x[i]) {
            nans++;
        } else if (isinf(x[i])) {
            return dg_not_finite("fit", row_of(cut, i), feature, true);
        } else {
            s->keys[count++] = (uint64_t)key_of(x[i]) << 32 | (uint64_t)i;
        }
    }
    uint64_t *sorted = sort_keys(s->keys, s->sorted, count);
    list_values(&s->values, sorted, count, zeros);
    int most = nans > 0 && cut->max_bins == DG_MAX_BINS ? DG_MAX_BINS - 1 : cut->max_bins;
    int bins =
        cut_values(&s->values, most, s->bin, cut->low + feature * 256, cut->high + feature * 256);
    memset(s->in_bin, 0, 256 * sizeof *s->in_bin);
    for (int64_t i = 0; i < s->values.count; i++) s->in_bin[s->bin[i]] += s->values.rows[i];
    describe_column(cut, feature, bins, nans, s->in_bin);
    spread_bins(s, sorted, count, cut->rows, bins, x, cut->bins->by_column + feature * cut->rows);
    return DG_OK;
}

/* --- all columns -------------------------------------------------------------------------- */

/* Eight by eight, in words: bytes of row i become bytes of column i. */
static void turn_words(uint64_t w[8])
{
    static const uint64_t masks[] = { 0x00000000ffffffffu, 0x0000ffff0000ffffu,
                                      0x00ff00ff00ff00ffu };
    for (int step = 4, m = 0; step > 0; step /= 2, m++)
        for (int i = 0; i < 8; i++) {
            if (i & step) continue;
            uint64_t a = w[i], b = w[i + step];
            w[i] = (a & masks[m]) | (b & masks[m]) << (8 * step);
            w[i + step] = (a >> (8 * step) & masks[m]) | (b & ~masks[m]);
        }
}

static void gather_bytes(const struct cut *cut, int64_t first, int64_t count, uint8_t *out)
{
    const uint8_t *x = dg_bytes(cut->x) + first;
    int64_t words = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? count / 8 * 8 : 0;
    int64_t turned = words ? cut->rows / 8 * 8 : 0;
    for (int64_t i = 0; i < turned; i += 8)
        for (int64_t c = 0; c < words; c += 8) {
            uint64_t w[8];
            for (int r = 0; r < 8; r++)
                memcpy(&w[r], x + row_of(cut, i + r) * cut->features + c, sizeof *w);
            turn_words(w);
            for (int r = 0; r < 8; r++) memcpy(out + (c + r) * cut->rows + i, &w[r], sizeof *w);
        }
    for (int64_t i = 0; i < cut->rows; i++)
        for (int64_t c = i < turned ? words : 0; c < count; c++)
            out[c * cut->rows + i] = x[row_of(cut, i) * cut->features + c];
}

static void gather_floats(const struct cut *cut, int64_t first, int64_t count, float *out)
{
    const float *x = dg_floats(cut->x) + first;
    for (int64_t i = 0; i < cut->rows; i++) {
        int64_t row = row_of(cut, i);
        for (int64_t c = 0; c < count; c++) out[c * cut->rows + i] = x[row * cut->features + c];
    }
}

static dg_status cut_group(void *context, int64_t piece, int worker)
{
    struct cut *cut = context;
    int64_t first = piece * cut->group;
    int64_t count = first + cut->group < cut->features ? cut->group : cut->features - first;
    DG_OWNED void *columns = NULL;
    DG_CLEANUP(free_scratch) struct cut_scratch scratch = { 0 };
    (void)worker;
    if (cut->x->dtype == DG_UINT8) {
        DG_TRY(dg_alloc(&columns, cut->rows * count, 1));
        gather_bytes(cut, first, count, columns);
        for (int64_t c = 0; c < count; c++)
            cut_bytes(cut, first + c, (uint8_t *)columns + c * cut->rows);
        return DG_OK;
    }
    DG_TRY(dg_alloc(&columns, cut->rows * count, sizeof(float)));
    DG_TRY(make_scratch(&scratch, cut->rows));
    gather_floats(cut, first, count, columns);
    for (int64_t c = 0; c < count; c++)
        DG_TRY(cut_floats(cut, first + c, (float *)columns + c * cut->rows, &scratch));
    return DG_OK;
}

/* Moves the columns that vary together, and gives their bins consecutive numbers. */
static dg_status keep_varying(struct cut *cut)
{
    dg_bins *bins = cut->bins;
    for (int64_t f = 0; f < cut->features; f++) {
        dg_bin_column column = bins->columns[f];
        if (column.bins == 0) continue;
        uint8_t *to = bins->by_column + bins->count * cut->rows;
        memmove(to, bins->by_column + f * cut->rows, (size_t)cut->rows);
        column.first = bins->total;
        bins->total += column.bins + (column.nan_bin >= 0);
        bins->columns[bins->count++] = column;
    }
    DG_TRY(dg_resize(&bins->by_column, bins->count * cut->rows, 1));
    DG_TRY(dg_alloc(&bins->low, bins->total, sizeof *bins->low));
    DG_TRY(dg_alloc(&bins->high, bins->total, sizeof *bins->high));
    for (int32_t c = 0; c < bins->count; c++) {
        const dg_bin_column *column = &bins->columns[c];
        size_t bytes = (size_t)column->bins * sizeof(float);
        memcpy(bins->low + column->first, cut->low + (int64_t)column->feature * 256, bytes);
        memcpy(bins->high + column->first, cut->high + (int64_t)column->feature * 256, bytes);
        if (column->nan_bin < 0) continue;
        bins->low[column->first + column->nan_bin] = NAN;
        bins->high[column->first + column->nan_bin] = NAN;
    }
    return DG_OK;
}

static dg_status cut_all(struct cut *cut, const dg_job *job)
{
    dg_bins *bins = cut->bins;
    DG_TRY(dg_alloc_zero(&bins->columns, cut->features, sizeof *bins->columns));
    DG_TRY(dg_alloc(&bins->by_column, cut->features * cut->rows, 1));
    DG_TRY(dg_alloc(&cut->low, cut->features * 256, sizeof *cut->low));
    DG_TRY(dg_alloc(&cut->high, cut->features * 256, sizeof *cut->high));
    DG_TRY(dg_parallel(job, (cut->features + cut->group - 1) / cut->group, cut_group, cut));
    return keep_varying(cut);
}

dg_status dg_bins_make(dg_bins *out, const dg_tensor *x, const uint32_t *order, int64_t max_bins,
                       const dg_job *job)
{
    *out = (dg_bins){ .rows = x->shape[0] };
    if (out->rows >= UINT32_MAX)
        return dg_error(DG_INVALID, "trees take fewer than 2^32 rows, found %" PRId64, out->rows);
    out->features = out->rows ? dg_tensor_count(x) / out->rows : 0;
    struct cut cut = { .x = x,
                       .order = order,
                       .rows = out->rows,
                       .features = out->features,
                       .bins = out,
                       .group = LINE / (int64_t)dg_dtype_size(x->dtype),
                       .max_bins = (int)max_bins };
    dg_status status = cut_all(&cut, job);
    dg_free(cut.low);
    dg_free(cut.high);
    if (status != DG_OK) dg_bins_free(out);
    return status;
}

void dg_bins_free(dg_bins *bins)
{
    dg_free(bins->columns);
    dg_free(bins->low);
    dg_free(bins->high);
    dg_free(bins->by_column);
    dg_free(bins->by_row);
    dg_free(bins->uncommon);
    dg_free(bins->row_bits);
    for (int32_t b = 0; bins->blocks && b < bins->block_count; b++) {
        dg_free(bins->blocks[b].start);
        dg_free(bins->blocks[b].entry);
    }
    dg_free(bins->blocks);
    *bins = (dg_bins){ 0 };
}

float dg_bins_threshold(const dg_bins *bins, const dg_bin_column *column, int left, int right)
{
    if (right == column->nan_bin) return bins->high[column->first + column->bins - 1];
    float below = bins->high[column->first + left], above = bins->low[column->first + right];
    float middle = below + (above - below) / 2;
    if (!(middle < above)) return below; /* neighbouring floats have no number between them */
    for (int64_t b = column->first + left + 1; b < column->first + right; b++)
        if (bins->low[b] <= middle && middle < bins->high[b]) return bins->high[b];
    return middle;
}

int64_t dg_bins_partition(const dg_bins *bins, int32_t column, int left, bool nan_left,
                          uint32_t *row, int64_t count, uint32_t *spare)
{
    const uint8_t *bin = bins->by_column + column * bins->rows;
    int nan_bin = bins->columns[column].nan_bin;
    bool go_left[DG_MAX_BINS];
    int64_t front = 0, others = 0;
    for (int b = 0; b < DG_MAX_BINS; b++) go_left[b] = b <= left;
    if (nan_bin >= 0) go_left[nan_bin] = nan_left;
    for (int64_t i = 0; i < count; i++) {
        uint32_t here = row[i];
        bool goes = go_left[bin[here]];
        row[front] = spare[others] = here;
        front += goes;
        others += !goes;
    }
    memcpy(row + front, spare, (size_t)others * sizeof *row);
    return front;
}
