/* Sampling images elsewhere.
 *
 * A kernel takes up to BLOCK pixels of a line of the output at a time: first where each is read
 * from, then the values. Both interpolations are bilinear, of the four pixels about a place; by
 * "nearest" the place is that of a pixel. Columns and rows beyond the edges are mapped inside, or
 * have no weight, and fill_value has the rest.
 *
 * Places are float32: of images of 1000 pixels a side off by at most 1e-4 of a pixel. */
#include "engine/nn/layers/warp.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/random.h"

const char *const dg_fill_modes[] = { "reflect", "wrap", "constant", "nearest", NULL };
const char *const dg_interpolations[] = { "bilinear", "nearest", NULL };

bool dg_same_sampling(const dg_sampling *a, const dg_sampling *b)
{
    return a->fill_mode == b->fill_mode && a->interpolation == b->interpolation &&
           (a->fill_mode != DG_CONSTANT || a->fill_value == b->fill_value);
}

/* --- building ----------------------------------------------------------------------------- */

dg_status dg_image_build(const void *options, dg_layer_build *b)
{
    const int64_t most = 1 << 20;
    const dg_shape *in = &b->input[0];
    (void)options;
    if (in->count != 3)
        return dg_error(DG_INVALID,
                        "needs images {height, width, channels}, found rows with %d ax%s",
                        in->count, in->count == 1 ? "is" : "es");
    if (in->at[0] > most || in->at[1] > most || dg_shape_size(in) > INT32_MAX)
        return dg_error(DG_INVALID,
                        "takes images of at most %" PRId64 " pixels a side and %d values, found "
                        "{%" PRId64 ", %" PRId64 ", %" PRId64 "}",
                        most, INT32_MAX, in->at[0], in->at[1], in->at[2]);
    b->output = *in;
    b->cut = DG_CUT_ROWS;
    b->training_only = true;
    b->forgets_input = b->forgets_output = true;
    b->row_flops = 30 * in->at[0] * in->at[1] + 8 * dg_shape_size(in);
    return DG_OK;
}

uint64_t dg_image_key(const dg_pass *pass, const dg_optional_seed *seed)
{
    return seed->given ? dg_key(seed->value, "augment", pass->key) : pass->key;
}

void dg_row_random(const dg_pass *pass, const dg_optional_seed *seed, int64_t row, int count,
                   double *out)
{
    uint32_t words[4];
    uint64_t key = dg_image_key(pass, seed);
    for (int i = 0; i < count; i++) {
        if (i % 4 == 0) dg_philox(key, (uint64_t)i / 4, (uint64_t)(pass->first + row), words);
        out[i] = (double)words[i % 4] * 0x1p-32;
    }
}

/* The output of `first`, warped by `then`: a pixel is first looked up by the latter. */
static dg_warp compose(const dg_warp *first, const dg_warp *then)
{
    dg_warp out;
    const double *t = then->at;
    for (int i = 0; i < 6; i += 3) {
        const double *f = first->at + i;
        out.at[i] = f[0] * t[0] + f[1] * t[3];
        out.at[i + 1] = f[0] * t[1] + f[1] * t[4];
        out.at[i + 2] = f[0] * t[2] + f[1] * t[5] + f[2];
    }
    return out;
}

void dg_warp_rows(const dg_layer_type *type, const dg_pass *pass, bool join)
{
    for (int64_t i = 0; i < pass->rows; i++) {
        dg_warp own;
        type->warp(pass, i, &own);
        pass->warps[i] = join ? compose(&pass->warps[i], &own) : own;
    }
}

/* --- places ------------------------------------------------------------------------------- */

enum { BLOCK = 32 };

/* Of each pixel of a block: the lines and columns before and after its place, and their weights. */
struct places {
    int32_t line[2][BLOCK], column[2][BLOCK];
    float line_weight[2][BLOCK], column_weight[2][BLOCK];
};

/* The place at `where`: between `*low` and the next, whose part is `*part`. It is kept to where
 * floats have fractions. */
DG_INLINE void split_place(bool nearest, float where, int32_t *low, float *part)
{
    const float far = 1 << 22;
    where = nearest ? where + 0.5f : where;
    where = where < -far ? -far : where > far ? far : where;
    int32_t whole = (int32_t)where;
    whole -= (float)whole > where;
    *low = whole;
    *part = nearest ? 0 : where - (float)whole;
}

/* i - period * floor(i / period) */
DG_INLINE int32_t modulo(int32_t i, int32_t period)
{
    float q = (float)i / (float)period;
    int32_t whole = (int32_t)q;
    whole -= (float)whole > q;
    i -= whole * period;
    i = i < 0 ? i + period : i;
    return i >= period ? i - period : i;
}

/* Maps places of a side of `size` inside; those that are not, under DG_CONSTANT, lose their
 * weight. */
DG_INLINE void map_inside(int mode, int32_t size, int32_t *restrict at, float *restrict weight)
{
    switch (mode) {
    case DG_REFLECT:
        for (int i = 0; i < BLOCK; i++) {
            int32_t m = modulo(at[i], 2 * size);
            at[i] = m < size ? m : 2 * size - 1 - m;
        }
        break;
    case DG_WRAP:
        for (int i = 0; i < BLOCK; i++) at[i] = modulo(at[i], size);
        break;
    default:
        for (int i = 0; i < BLOCK; i++) {
            int32_t inside = at[i] < 0 ? 0 : at[i] >= size ? size - 1 : at[i];
            weight[i] = mode == DG_CONSTANT && inside != at[i] ? 0 : weight[i];
            at[i] = inside;
        }
    }
}

/* The places of `x`, columns, and `y`, lines, of an image. */
DG_INLINE void find_places(const dg_sampling *sampling, int32_t height, int32_t width,
                           const float *restrict x, const float *restrict y,
                           struct places *restrict out)
{
    bool nearest = sampling->interpolation != 0;
    for (int i = 0; i < BLOCK; i++) {
        float right, below;
        split_place(nearest, x[i], &out->column[0][i], &right);
        split_place(nearest, y[i], &out->line[0][i], &below);
        out->column[1][i] = out->column[0][i] + 1;
        out->line[1][i] = out->line[0][i] + 1;
        out->column_weight[0][i] = 1 - right;
        out->column_weight[1][i] = right;
        out->line_weight[0][i] = 1 - below;
        out->line_weight[1][i] = below;
    }
    for (int k = 0; k < 2; k++) {
        map_inside(sampling->fill_mode, width, out->column[k], out->column_weight[k]);
        map_inside(sampling->fill_mode, height, out->line[k], out->line_weight[k]);
    }
}

/* The places of pixels `from`, `from` + 1 ... of line `line` of the output. */
DG_INLINE void warp_places(const bool fused, const float *warp, const dg_sampling *sampling,
                           int32_t height, int32_t width, int32_t line, int32_t from,
                           struct places *restrict out)
{
    float x[BLOCK], y[BLOCK];
    float x0 = DG_FMA(warp[1], (float)line, warp[2]), y0 = DG_FMA(warp[4], (float)line, warp[5]);
    for (int i = 0; i < BLOCK; i++) {
        x[i] = DG_FMA(warp[0], (float)(from + i), x0);
        y[i] = DG_FMA(warp[3], (float)(from + i), y0);
    }
    find_places(sampling, height, width, x, y, out);
}

/* --- values ------------------------------------------------------------------------------- */

/* Channel `c` of the pixel at place `i` of the image x. */
DG_INLINE float read_place(const bool fused, const struct places *p, int i, int32_t width,
                           int32_t channels, int32_t c, float fill, const float *restrict x)
{
    float sum[2];
    for (int k = 0; k < 2; k++) {
        const float *line = x + (int64_t)p->line[k][i] * width * channels + c;
        float left = p->column_weight[0][i] * line[p->column[0][i] * channels];
        sum[k] = DG_FMA(p->column_weight[1][i], line[p->column[1][i] * channels], left);
    }
    float columns = p->column_weight[0][i] + p->column_weight[1][i];
    float lines = p->line_weight[0][i] + p->line_weight[1][i];
    float value = DG_FMA(p->line_weight[1][i], sum[1], p->line_weight[0][i] * sum[0]);
    return DG_FMA(fill, 1 - columns * lines, value);
}

DG_INLINE void read_block(const bool fused, const struct places *p, int32_t count, int32_t width,
                          int32_t channels, float fill, const float *restrict x,
                          float *restrict out)
{
    if (channels == 1) {
        for (int32_t i = 0; i < count; i++) out[i] = read_place(fused, p, i, width, 1, 0, fill, x);
        return;
    }
    for (int32_t i = 0; i < count; i++)
        for (int32_t c = 0; c < channels; c++)
            out[i * channels + c] = read_place(fused, p, i, width, channels, c, fill, x);
}

/* One image. */
DG_KERNEL(void, warp_image,
          (const float *warp, const dg_sampling *sampling, const int64_t *shape,
           const float *restrict x, float *restrict out),
          (warp, sampling, shape, x, out))
{
    int32_t height = (int32_t)shape[0], width = (int32_t)shape[1], channels = (int32_t)shape[2];
    struct places places;
    for (int32_t line = 0; line < height; line++)
        for (int32_t from = 0; from < width; from += BLOCK) {
            int32_t count = width - from < BLOCK ? width - from : BLOCK;
            warp_places(fused, warp, sampling, height, width, line, from, &places);
            read_block(fused, &places, count, width, channels, (float)sampling->fill_value, x,
                       out + ((int64_t)line * width + from) * channels);
        }
}

/* Adds the gradient g of the pixel at place `i` to that of the four that it was read from. */
DG_INLINE void give_place(const bool fused, const struct places *p, int32_t i, int32_t width,
                          int32_t channels, const float *g, float *dx)
{
    for (int k = 0; k < 4; k++) {
        float weight = p->line_weight[k / 2][i] * p->column_weight[k % 2][i];
        float *at =
            dx + ((int64_t)p->line[k / 2][i] * width + p->column[k % 2][i]) * (int64_t)channels;
        for (int32_t c = 0; c < channels; c++) at[c] = DG_FMA(weight, g[c], at[c]);
    }
}

DG_KERNEL(void, warp_image_back,
          (const float *warp, const dg_sampling *sampling, const int64_t *shape, const float *g,
           float *dx),
          (warp, sampling, shape, g, dx))
{
    int32_t height = (int32_t)shape[0], width = (int32_t)shape[1], channels = (int32_t)shape[2];
    struct places places;
    for (int32_t line = 0; line < height; line++)
        for (int32_t from = 0; from < width; from += BLOCK) {
            warp_places(fused, warp, sampling, height, width, line, from, &places);
            for (int32_t i = 0; i < BLOCK && i < width - from; i++, g += channels)
                give_place(fused, &places, i, width, channels, g, dx);
        }
}

/* The places of pixels `from`, `from` + 1 ... of an image; beyond the last, of column and line 0.
 */
DG_INLINE void given_places(const dg_sampling *sampling, const int64_t *shape, const float *columns,
                            const float *lines, int64_t from, int32_t count,
                            struct places *restrict out)
{
    float x[BLOCK], y[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
        x[i] = i < count ? columns[from + i] : 0;
        y[i] = i < count ? lines[from + i] : 0;
    }
    find_places(sampling, (int32_t)shape[0], (int32_t)shape[1], x, y, out);
}

DG_PUBLIC_KERNEL(void, dg_sample_image,
                 (const dg_sampling *sampling, const int64_t *shape, const float *columns,
                  const float *lines, const float *x, float *out),
                 (sampling, shape, columns, lines, x, out))
{
    int32_t width = (int32_t)shape[1], channels = (int32_t)shape[2];
    struct places places;
    for (int64_t from = 0, pixels = shape[0] * shape[1]; from < pixels; from += BLOCK) {
        int32_t count = pixels - from < BLOCK ? (int32_t)(pixels - from) : BLOCK;
        given_places(sampling, shape, columns, lines, from, count, &places);
        read_block(fused, &places, count, width, channels, (float)sampling->fill_value, x,
                   out + from * channels);
    }
}

DG_PUBLIC_KERNEL(void, dg_sample_image_back,
                 (const dg_sampling *sampling, const int64_t *shape, const float *columns,
                  const float *lines, const float *g, float *dx),
                 (sampling, shape, columns, lines, g, dx))
{
    int32_t width = (int32_t)shape[1], channels = (int32_t)shape[2];
    struct places places;
    for (int64_t from = 0, pixels = shape[0] * shape[1]; from < pixels; from += BLOCK) {
        int32_t count = pixels - from < BLOCK ? (int32_t)(pixels - from) : BLOCK;
        given_places(sampling, shape, columns, lines, from, count, &places);
        for (int32_t i = 0; i < count; i++, g += channels)
            give_place(fused, &places, i, width, channels, g, dx);
    }
}

/* --- passes ------------------------------------------------------------------------------- */

/* Kept to what fits floats, however many warps are composed. */
static void as_floats(const dg_warp *warp, float *out)
{
    const double most = 0x1p60;
    for (int i = 0; i < 6; i++) {
        double at = warp->at[i];
        out[i] = (float)(at < -most ? -most : at > most ? most : at);
    }
}

dg_status dg_warp_forward(const dg_pass *pass)
{
    int64_t size = dg_shape_size(&pass->build->output);
    for (int64_t i = 0; i < pass->rows; i++) {
        float warp[6];
        as_floats(&pass->warps[i], warp);
        warp_image(warp, pass->warp_options, pass->build->output.at, pass->input[0] + i * size,
                   pass->output + i * size);
    }
    return DG_OK;
}

dg_status dg_warp_backward(const dg_pass *pass)
{
    int64_t size = dg_shape_size(&pass->build->output);
    float *dx = pass->input_gradient[0];
    if (!dx) return DG_OK;
    memset(dx, 0, (size_t)(pass->rows * size) * sizeof *dx);
    for (int64_t i = 0; i < pass->rows; i++) {
        float warp[6];
        as_floats(&pass->warps[i], warp);
        warp_image_back(warp, pass->warp_options, pass->build->output.at,
                        pass->output_gradient + i * size, dx + i * size);
    }
    return DG_OK;
}
