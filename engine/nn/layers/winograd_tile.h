/* The body of winograd.c for one level of kernels (engine/base/each_level.h): the transforms of
 * one tile, a vector of channels at a time.
 *
 * With the points 0, a, -a, b, -b and infinity, a = 3/4 and b = 3/2, in one dimension:
 *     data    B' (6 to 6), of the inputs       data_back    B, its transpose
 *     output  A' (6 to 4), to the outputs      output_back  A, its transpose
 *     taps    G  (3 to 6), of the kernel       taps_back    G', its transpose
 * In two dimensions each is applied to the columns, then to the rows. */

typedef float NAME(lanes) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define A 0.75f
#define B 1.5f
#define AA (A * A)
#define BB (B * B)
#define FROM_ZERO (1 / (AA * BB))
#define FROM_A (1 / (2 * AA * (AA - BB)))
#define FROM_B (1 / (2 * BB * (BB - AA)))

TARGET DG_INLINE void NAME(data)(const NAME(lanes) * d, NAME(lanes) * t, int step)
{
    NAME(lanes) even_a = VECTOR_FMA(-BB, d[2], d[4]), odd_a = VECTOR_FMA(-BB, d[1], d[3]);
    NAME(lanes) even_b = VECTOR_FMA(-AA, d[2], d[4]), odd_b = VECTOR_FMA(-AA, d[1], d[3]);
    t[0] = VECTOR_FMA(AA * BB, d[0], VECTOR_FMA(-(AA + BB), d[2], d[4]));
    t[step] = VECTOR_FMA(A, odd_a, even_a);
    t[2 * step] = VECTOR_FMA(-A, odd_a, even_a);
    t[3 * step] = VECTOR_FMA(B, odd_b, even_b);
    t[4 * step] = VECTOR_FMA(-B, odd_b, even_b);
    t[5 * step] = VECTOR_FMA(AA * BB, d[1], VECTOR_FMA(-(AA + BB), d[3], d[5]));
}

TARGET DG_INLINE void NAME(data_back)(const NAME(lanes) * t, NAME(lanes) * d, int step)
{
    NAME(lanes) sum_a = t[1] + t[2], sum_b = t[3] + t[4];
    NAME(lanes) difference_a = t[1] - t[2], difference_b = t[3] - t[4];
    d[0] = AA * BB * t[0];
    d[step] = VECTOR_FMA(-A * BB, difference_a, VECTOR_FMA(-B * AA, difference_b, AA * BB * t[5]));
    d[2 * step] = VECTOR_FMA(-BB, sum_a, VECTOR_FMA(-AA, sum_b, -(AA + BB) * t[0]));
    d[3 * step] = VECTOR_FMA(A, difference_a, VECTOR_FMA(B, difference_b, -(AA + BB) * t[5]));
    d[4 * step] = t[0] + (sum_a + sum_b);
    d[5 * step] = t[5];
}

TARGET DG_INLINE void NAME(output)(const NAME(lanes) * t, NAME(lanes) * y, int step)
{
    NAME(lanes) sum_a = t[1] + t[2], sum_b = t[3] + t[4];
    NAME(lanes) difference_a = t[1] - t[2], difference_b = t[3] - t[4];
    y[0] = t[0] + (sum_a + sum_b);
    y[step] = VECTOR_FMA(A, difference_a, B * difference_b);
    y[2 * step] = VECTOR_FMA(AA, sum_a, BB * sum_b);
    y[3 * step] = VECTOR_FMA(A * AA, difference_a, VECTOR_FMA(B * BB, difference_b, t[5]));
}

TARGET DG_INLINE void NAME(output_back)(const NAME(lanes) * y, NAME(lanes) * t, int step)
{
    NAME(lanes) even_a = VECTOR_FMA(AA, y[2], y[0]), odd_a = VECTOR_FMA(AA, y[3], y[1]);
    NAME(lanes) even_b = VECTOR_FMA(BB, y[2], y[0]), odd_b = VECTOR_FMA(BB, y[3], y[1]);
    t[0] = y[0];
    t[step] = VECTOR_FMA(A, odd_a, even_a);
    t[2 * step] = VECTOR_FMA(-A, odd_a, even_a);
    t[3 * step] = VECTOR_FMA(B, odd_b, even_b);
    t[4 * step] = VECTOR_FMA(-B, odd_b, even_b);
    t[5 * step] = y[3];
}

TARGET DG_INLINE void NAME(taps)(const NAME(lanes) * g, NAME(lanes) * t, int step)
{
    NAME(lanes) even_a = VECTOR_FMA(AA, g[2], g[0]), even_b = VECTOR_FMA(BB, g[2], g[0]);
    t[0] = FROM_ZERO * g[0];
    t[step] = FROM_A * VECTOR_FMA(A, g[1], even_a);
    t[2 * step] = FROM_A * VECTOR_FMA(-A, g[1], even_a);
    t[3 * step] = FROM_B * VECTOR_FMA(B, g[1], even_b);
    t[4 * step] = FROM_B * VECTOR_FMA(-B, g[1], even_b);
    t[5 * step] = g[2];
}

TARGET DG_INLINE void NAME(taps_back)(const NAME(lanes) * t, NAME(lanes) * g, int step)
{
    NAME(lanes) sum_a = t[1] + t[2], sum_b = t[3] + t[4];
    NAME(lanes) difference_a = t[1] - t[2], difference_b = t[3] - t[4];
    g[0] = VECTOR_FMA(FROM_A, sum_a, VECTOR_FMA(FROM_B, sum_b, FROM_ZERO * t[0]));
    g[step] = VECTOR_FMA(A * FROM_A, difference_a, B * FROM_B * difference_b);
    g[2 * step] = VECTOR_FMA(AA * FROM_A, sum_a, VECTOR_FMA(BB * FROM_B, sum_b, t[5]));
}

/* `transform`, from a grid of in x in vectors to one of out x out: reads in_value(i, j), and
 * writes the results by out_value(i, j, value). */
#define IN_TWO_DIMENSIONS(transform, in, out, in_value, out_value)                                 \
    do {                                                                                           \
        NAME(lanes) half[out][in], line[in], made[out];                                            \
        _Pragma("GCC unroll 6") for (int j = 0; j < in; j++)                                       \
        {                                                                                          \
            _Pragma("GCC unroll 6") for (int i = 0; i < in; i++) line[i] = in_value(i, j);         \
            NAME(transform)(line, &half[0][j], in);                                                \
        }                                                                                          \
        _Pragma("GCC unroll 6") for (int i = 0; i < out; i++)                                      \
        {                                                                                          \
            NAME(transform)(half[i], made, 1);                                                     \
            _Pragma("GCC unroll 6") for (int j = 0; j < out; j++) out_value(i, j, made[j]);        \
        }                                                                                          \
    } while (0)

#define VECTOR_AT(p) (*(NAME(lanes) *)(p))
#define CONST_VECTOR_AT(p) (*(const NAME(lanes) *)(p))

/* Pixels and values of a grid lie anywhere: at[i * size + j] is where the channels of one begin. In
 * the transformed domain element (i, j) is `step` floats behind the one before it. */

#define READ_PIXEL(i, j) CONST_VECTOR_AT(at[(i)*6 + (j)] + c)
#define WRITE_STEP(i, j, value) VECTOR_AT(to + ((i)*6 + (j)) * step + c) = value

TARGET static void NAME(tile_data)(const float *const *at, int64_t channels, float *to,
                                   int64_t step)
{
    for (int64_t c = 0; c < channels; c += LANES)
        IN_TWO_DIMENSIONS(data, 6, 6, READ_PIXEL, WRITE_STEP);
}

#define READ_OUTPUT(i, j) CONST_VECTOR_AT(at[(i)*4 + (j)] + c)

TARGET static void NAME(tile_output_back)(const float *const *at, int64_t filters, float *to,
                                          int64_t step)
{
    for (int64_t c = 0; c < filters; c += LANES)
        IN_TWO_DIMENSIONS(output_back, 4, 6, READ_OUTPUT, WRITE_STEP);
}

#define READ_STEP(i, j) CONST_VECTOR_AT(from_step + ((i)*6 + (j)) * step + c)
#define WRITE_OUTPUT(i, j, value) VECTOR_AT(at[(i)*4 + (j)] + c) = (value) + begin

TARGET static void NAME(tile_output)(const float *from_step, int64_t step, int64_t filters,
                                     const float *bias, float *const *at)
{
    for (int64_t c = 0; c < filters; c += LANES) {
        NAME(lanes) begin = CONST_VECTOR_AT(bias + c);
        IN_TWO_DIMENSIONS(output, 6, 4, READ_STEP, WRITE_OUTPUT);
    }
}

#define ADD_PIXEL(i, j, value) VECTOR_AT(at[(i)*6 + (j)] + c) += value

TARGET static void NAME(tile_data_back)(const float *from_step, int64_t step, int64_t channels,
                                        float *const *at)
{
    for (int64_t c = 0; c < channels; c += LANES)
        IN_TWO_DIMENSIONS(data_back, 6, 6, READ_STEP, ADD_PIXEL);
}

#define READ_TAP(i, j) CONST_VECTOR_AT(kernel + ((i)*3 + (j)) * size + c)
#define WRITE_TAP(i, j, value) VECTOR_AT(kernel + ((i)*3 + (j)) * size + c) = value

/* Of a kernel of 3 x 3 taps of `size` numbers each, `count` numbers. */
TARGET static void NAME(kernel_taps)(const float *kernel, int64_t size, int64_t count, float *to,
                                     int64_t step)
{
    for (int64_t c = 0; c < count; c += LANES) IN_TWO_DIMENSIONS(taps, 3, 6, READ_TAP, WRITE_STEP);
}

TARGET static void NAME(kernel_taps_back)(const float *from_step, int64_t step, int64_t size,
                                          float *kernel)
{
    for (int64_t c = 0; c < size; c += LANES)
        IN_TWO_DIMENSIONS(taps_back, 6, 3, READ_STEP, WRITE_TAP);
}
#undef A
#undef B
