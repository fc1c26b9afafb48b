/* What the methods of computing convolutions share. */
#include "engine/nn/layers/convolution.h"

void *dg_conv2d_take(void *base, int64_t *used, int64_t count)
{
    void *at = base ? (char *)base + *used : NULL;
    *used += (count * 4 + 63) / 64 * 64;
    return at;
}

void dg_conv2d_finish(const struct conv2d_run *run, int64_t first, int64_t rows)
{
    const struct conv2d *c = run->c;
    dg_activate_output(run->pass, c->activation, first * c->out_size, rows * c->pixels, c->filters);
}

void dg_conv2d_offsets(int32_t *out, int64_t height, int64_t width, int64_t depth, int64_t down,
                       int64_t across, int64_t step)
{
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t d = 0; d < depth; d++)
                *out++ = (int32_t)(y * down + x * across + d * step);
}
