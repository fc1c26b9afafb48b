#include "engine/nn/layers/winograd.h"

#include <string.h>

#include "engine/parallel.h"
#include "engine/tensor/product.h"

/* A tile in pixels and outputs; and how many go through the products together: their matrices then
 * have some rows, and fill a part of an L2 cache. */
enum { IN = 6, OUT = 4, POINTS = IN * IN, OUTPUTS = OUT * OUT, TAPS = 9, BLOCK = 48, STRIP = 32 };

#define LEVEL_BODY "engine/nn/layers/winograd_tile.h"
#include "engine/base/each_level.h"

static int64_t tiles_down(const dg_winograd *w)
{
    return (w->out_height + OUT - 1) / OUT;
}

static int64_t tiles_across(const dg_winograd *w)
{
    return (w->out_width + OUT - 1) / OUT;
}

/* In multiplications of the products: a tile's transforms take about as long as 300 for each
 * channel and 220 for each filter. */
bool dg_winograd_pays(const dg_winograd *w)
{
    if (w->channels % 16 != 0 || w->filters % 16 != 0) return false;
    double plain = (double)(w->out_height * w->out_width * TAPS * w->channels * w->filters);
    double tile =
        (double)(POINTS * w->channels * w->filters + 300 * w->channels + 220 * w->filters);
    return (double)(tiles_down(w) * tiles_across(w)) * tile < plain;
}

/* --- memory --------------------------------------------------------------------------------- */

/* From one point to the next of what is transformed, tiles and kernel: an odd number of lines of
 * the cache, so that the 36 do not fall into the same ones. */
static int64_t step_of(int64_t depth)
{
    return BLOCK * depth + 16;
}

static int64_t kernel_step(int64_t size)
{
    return size + 16;
}

int64_t dg_winograd_kernel_floats(const dg_winograd *w)
{
    int64_t size = w->channels * w->filters;
    return POINTS * kernel_step(size) + TAPS * size;
}

/* Of one worker. `outside` stands for the pixels that are not in an image. */
struct scratch {
    float *outside, *zeros, *data, *output, *kernel;
    int64_t floats;
};

static float *take(struct scratch *s, float *base, int64_t count)
{
    float *at = base ? base + s->floats : NULL;
    s->floats += count;
    return at;
}

static struct scratch scratch_of(const dg_winograd *w, float *base)
{
    struct scratch s = { 0 };
    s.outside = take(&s, base, w->channels > w->filters ? w->channels : w->filters);
    s.zeros = take(&s, base, w->filters);
    s.data = take(&s, base, POINTS * step_of(w->channels));
    s.output = take(&s, base, POINTS * step_of(w->filters));
    s.kernel = take(&s, base, POINTS * kernel_step(w->channels * w->filters));
    return s;
}

int64_t dg_winograd_bytes(const dg_winograd *w)
{
    return scratch_of(w, NULL).floats * (int64_t)sizeof(float);
}

/* --- tiles ---------------------------------------------------------------------------------- */

/* A run of tiles, counted over all images of a call. */
struct block {
    int64_t begin, count;
};

static struct block block_of(const dg_winograd *w, int64_t rows, int64_t index, int64_t *blocks)
{
    int64_t tiles = rows * tiles_down(w) * tiles_across(w);
    *blocks = (tiles + BLOCK - 1) / BLOCK;
    int64_t begin = dg_piece_begin(tiles, *blocks, index);
    return (struct block){ begin, dg_piece_begin(tiles, *blocks, index + 1) - begin };
}

/* Where the size x size pixels from (top, left) on of an image begin, or `outside`. */
static void find_pixels(float *image, int64_t height, int64_t width, int64_t depth, int64_t top,
                        int64_t left, int size, float *outside, float **at)
{
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++, at++) {
            int64_t y = top + i, x = left + j;
            bool in = y >= 0 && y < height && x >= 0 && x < width;
            *at = in ? image + (y * width + x) * depth : outside;
        }
}

static void find_inputs(const dg_winograd *w, float *x, int64_t tile, float *outside, float **at)
{
    int64_t down = tiles_down(w), across = tiles_across(w);
    int64_t row = tile / (down * across), in_row = tile % (down * across);
    find_pixels(x + row * w->height * w->width * w->channels, w->height, w->width, w->channels,
                in_row / across * OUT - w->top, in_row % across * OUT - w->left, IN, outside, at);
}

static void find_outputs(const dg_winograd *w, float *y, int64_t tile, float *outside, float **at)
{
    int64_t down = tiles_down(w), across = tiles_across(w);
    int64_t row = tile / (down * across), in_row = tile % (down * across);
    find_pixels(y + row * w->out_height * w->out_width * w->filters, w->out_height, w->out_width,
                w->filters, in_row / across * OUT, in_row % across * OUT, OUT, outside, at);
}

/* The inputs of a block, transformed: {POINTS, tiles, channels}. */
static void transform_inputs(const dg_winograd *w, const struct block *block, const float *x,
                             const struct scratch *s)
{
    float *at[POINTS];
    for (int64_t i = 0; i < block->count; i++) {
        find_inputs(w, (float *)x, block->begin + i, s->outside, at);
        LEVEL_CALL(tile_data, ((const float *const *)at, w->channels, s->data + i * w->channels,
                               step_of(w->channels)));
    }
}

static void clear_outside(const dg_winograd *w, const struct scratch *s)
{
    int64_t most = w->channels > w->filters ? w->channels : w->filters;
    memset(s->outside, 0, (size_t)most * sizeof *s->outside);
}

/* --- the kernel ------------------------------------------------------------------------------- */

/* Taps {TAPS, depth, width}, to {POINTS, width / STRIP, depth, STRIP}: what a strip of columns of
 * the products reads is then one run. */
static void transform_taps(const float *taps, int64_t depth, int64_t width, float *to)
{
    int64_t size = depth * width;
    for (int64_t at = 0; at < width; at += STRIP) {
        int64_t strip = width - at < STRIP ? width - at : STRIP;
        for (int64_t i = 0; i < depth; i++)
            LEVEL_CALL(kernel_taps, (taps + i * width + at, size, strip,
                                     to + at * depth + i * strip, kernel_step(size)));
    }
}

void dg_winograd_kernel(const dg_winograd *w, const float *kernel, float *transformed)
{
    transform_taps(kernel, w->channels, w->filters, transformed);
}

void dg_winograd_kernel_transposed(const dg_winograd *w, const float *kernel, float *transformed)
{
    int64_t size = w->channels * w->filters;
    float *taps = transformed + POINTS * kernel_step(size);
    for (int i = 0; i < TAPS; i++)
        dg_transpose(w->channels, w->filters, kernel + i * size, w->filters, taps + i * size,
                     w->channels);
    transform_taps(taps, w->filters, w->channels, transformed);
}

/* --- forward and backward --------------------------------------------------------------------- */

/* The products of all points: to {POINTS, count, width}, from {POINTS, count, depth}. */
static void multiply_points(int64_t count, int64_t depth, int64_t width, const float *from,
                            const float *kernel, float *to)
{
    for (int i = 0; i < POINTS; i++)
        for (int64_t at = 0; at < width; at += STRIP) {
            int64_t strip = width - at < STRIP ? width - at : STRIP;
            dg_multiply(&(dg_product){
                .m = count,
                .n = strip,
                .k = depth,
                .a = { .at = from + i * step_of(depth), .row_step = depth, .depth_step = 1 },
                .b = kernel + i * kernel_step(depth * width) + at * depth,
                .b_step = strip,
                .c = to + i * step_of(width) + at,
                .c_step = width });
        }
}

void dg_winograd_outputs(const dg_winograd *w, const float *kernel, const float *bias,
                         const float *x, int64_t rows, float *y, void *scratch)
{
    struct scratch s = scratch_of(w, scratch);
    int64_t blocks = 1;
    memset(s.zeros, 0, (size_t)w->filters * sizeof *s.zeros);
    for (int64_t b = 0; b < blocks; b++) {
        struct block block = block_of(w, rows, b, &blocks);
        float *at[OUTPUTS];
        clear_outside(w, &s);
        transform_inputs(w, &block, x, &s);
        multiply_points(block.count, w->channels, w->filters, s.data, kernel, s.output);
        for (int64_t i = 0; i < block.count; i++) {
            find_outputs(w, y, block.begin + i, s.outside, at);
            LEVEL_CALL(tile_output, (s.output + i * w->filters, step_of(w->filters), w->filters,
                                     bias ? bias : s.zeros, at));
        }
    }
}

/* Adds what a block gives to the gradient of the transformed kernel. */
static void add_kernel_gradient(const dg_winograd *w, const struct block *block, bool first,
                                const struct scratch *s)
{
    for (int i = 0; i < POINTS; i++)
        dg_multiply(&(dg_product){ .m = w->channels,
                                   .n = w->filters,
                                   .k = block->count,
                                   .a = { .at = s->data + i * step_of(w->channels),
                                          .row_step = 1,
                                          .depth_step = w->channels },
                                   .b = s->output + i * step_of(w->filters),
                                   .b_step = w->filters,
                                   .accumulate = !first,
                                   .c = s->kernel + i * kernel_step(w->channels * w->filters),
                                   .c_step = w->filters });
}

/* The gradient of a block's transformed inputs takes their place. */
static void add_input_gradient(const dg_winograd *w, const struct block *block, const float *kernel,
                               float *dx, const struct scratch *s)
{
    float *at[POINTS];
    multiply_points(block->count, w->filters, w->channels, s->output, kernel, s->data);
    for (int64_t i = 0; i < block->count; i++) {
        find_inputs(w, dx, block->begin + i, s->outside, at);
        LEVEL_CALL(tile_data_back,
                   (s->data + i * w->channels, step_of(w->channels), w->channels, at));
    }
}

static void transform_gradients(const dg_winograd *w, const struct block *block, const float *dy,
                                const struct scratch *s)
{
    float *at[OUTPUTS];
    for (int64_t i = 0; i < block->count; i++) {
        find_outputs(w, (float *)dy, block->begin + i, s->outside, at);
        LEVEL_CALL(tile_output_back, ((const float *const *)at, w->filters,
                                      s->output + i * w->filters, step_of(w->filters)));
    }
}

void dg_winograd_kernel_gradient(const dg_winograd *w, const float *x, const float *dy,
                                 int64_t rows, float *gradient, void *scratch)
{
    struct scratch s = scratch_of(w, scratch);
    int64_t blocks = 1, size = w->channels * w->filters;
    clear_outside(w, &s);
    for (int64_t b = 0; b < blocks; b++) {
        struct block block = block_of(w, rows, b, &blocks);
        transform_inputs(w, &block, x, &s);
        transform_gradients(w, &block, dy, &s);
        add_kernel_gradient(w, &block, b == 0, &s);
    }
    LEVEL_CALL(kernel_taps_back, (s.kernel, kernel_step(size), size, gradient));
}

void dg_winograd_input_gradient(const dg_winograd *w, const float *kernel, const float *dy,
                                int64_t rows, float *gradient, void *scratch)
{
    struct scratch s = scratch_of(w, scratch);
    int64_t blocks = 1, size = rows * w->height * w->width * w->channels;
    memset(gradient, 0, (size_t)size * sizeof *gradient);
    for (int64_t b = 0; b < blocks; b++) {
        struct block block = block_of(w, rows, b, &blocks);
        clear_outside(w, &s);
        transform_gradients(w, &block, dy, &s);
        add_input_gradient(w, &block, kernel, gradient, &s);
    }
}
