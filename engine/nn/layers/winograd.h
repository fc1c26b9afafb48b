/* Convolutions of 3 x 3 windows that move by one pixel, with a quarter of the multiplications:
 * F(4 x 4, 3 x 3) of Winograd's minimal filtering (Lavin and Gray 2016, "Fast algorithms for
 * convolutional neural networks").
 *
 * An image is cut into tiles of 4 x 4 outputs, each of which depends on 6 x 6 inputs. For each
 * tile y = A' [(G g G') . (B' d B)] A, where the sum over channels is taken between the brackets:
 * 36 products of matrices {tiles, channels} {channels, filters}. Gradients are the exact
 * transposes of that.
 *
 * Error: with points 0, 3/4, -3/4, 3/2, -3/2 and infinity, found by trial as the most accurate of
 * those that floats hold exactly (Barabasz et al. 2020, "Error analysis and improving the accuracy
 * of Winograd convolution for deep neural networks"), outputs of 64 normal channels are off by
 * 5e-7 of their root mean square on average and 1e-5 at most, 2.5 times as much as the sums of
 * plain products. tests/engine/test_winograd.c has the bound. */
#ifndef DG_NN_LAYERS_WINOGRAD_H
#define DG_NN_LAYERS_WINOGRAD_H

#include <stdbool.h>
#include <stdint.h>

/* In pixels: the first window begins `top` above the image, and `left` of it. */
typedef struct dg_winograd {
    int64_t height, width, channels;
    int64_t out_height, out_width, filters;
    int64_t top, left;
} dg_winograd;

/* Whether it takes less time than the plain products would; channels and filters must be multiples
 * of 16. */
bool dg_winograd_pays(const dg_winograd *w);

/* Room for a transformed kernel, in floats. */
int64_t dg_winograd_kernel_floats(const dg_winograd *w);

/* Transforms a kernel {3, 3, channels, filters}; and, for the gradient of the inputs, its
 * transpose. */
void dg_winograd_kernel(const dg_winograd *w, const float *kernel, float *transformed);
void dg_winograd_kernel_transposed(const dg_winograd *w, const float *kernel, float *transformed);

/* Bytes of scratch, aligned to 64, of a call of each of these. */
int64_t dg_winograd_bytes(const dg_winograd *w);

/* y {rows, out_height, out_width, filters}, from x {rows, height, width, channels}, the transformed
 * kernel, and bias {filters} or NULL. */
void dg_winograd_outputs(const dg_winograd *w, const float *kernel, const float *bias,
                         const float *x, int64_t rows, float *y, void *scratch);

/* The gradient of the kernel, {3, 3, channels, filters}, summed over the rows. */
void dg_winograd_kernel_gradient(const dg_winograd *w, const float *x, const float *dy,
                                 int64_t rows, float *gradient, void *scratch);

/* The gradient of x, from the transformed transpose of the kernel. */
void dg_winograd_input_gradient(const dg_winograd *w, const float *kernel, const float *dy,
                                int64_t rows, float *gradient, void *scratch);

#endif
