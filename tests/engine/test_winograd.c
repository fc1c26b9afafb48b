/* Convolutions by fewer multiplications against plain sums in double precision: the error that
 * engine/nn/layers/winograd.h states. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/layers/winograd.h"
#include "tests/engine/layer_case.h"

struct shape {
    int64_t height, width, channels, filters, rows;
    bool same;
};

static layer_case *new_case(const struct shape *s, uint64_t *random)
{
    char options[100];
    snprintf(options, sizeof options, "filters=%d kernel_size=3,3 padding=%s", (int)s->filters,
             s->same ? "same" : "valid");
    const dg_shape shape = { 3, { s->height, s->width, s->channels } };
    layer_case *c = layer_case_new("Conv2D", options, 1, &shape, s->rows, random);
    const dg_shape *out = &c->build.output;
    dg_winograd w = { s->height,  s->width,   s->channels, out->at[0],
                      out->at[1], s->filters, s->same,     s->same };
    assert_true(dg_winograd_pays(&w));
    return c;
}

/* Calls visit(value of x, of the kernel, of y) for all products of the convolution, as places. */
typedef void product_visitor(void *context, int64_t x, int64_t kernel, int64_t y);

static void each_product(const layer_case *c, const struct shape *s, product_visitor *visit,
                         void *context)
{
    const int64_t *out = c->build.output.at;
    for (int64_t r = 0; r < c->rows; r++)
        for (int64_t y = 0; y < out[0]; y++)
            for (int64_t x = 0; x < out[1]; x++)
                for (int64_t tap = 0; tap < 9; tap++) {
                    int64_t i = y + tap / 3 - s->same, j = x + tap % 3 - s->same;
                    if (i < 0 || i >= s->height || j < 0 || j >= s->width) continue;
                    int64_t pixel = (r * s->height + i) * s->width + j;
                    int64_t output = (r * out[0] + y) * out[1] + x;
                    for (int64_t d = 0; d < s->channels; d++)
                        for (int64_t f = 0; f < s->filters; f++)
                            visit(context, pixel * s->channels + d,
                                  (tap * s->channels + d) * s->filters + f,
                                  output * s->filters + f);
                }
}

/* The plain sums, in doubles, of the layer's outputs and gradients. */
struct plain {
    const layer_case *c;
    double *y, *dx, *dw;
};

static void add_product(void *context, int64_t x, int64_t kernel, int64_t y)
{
    struct plain *p = context;
    p->y[y] += (double)p->c->x[0][x] * (double)p->c->w[0][kernel];
    p->dx[x] += (double)p->c->dy[y] * (double)p->c->w[0][kernel];
    p->dw[kernel] += (double)p->c->dy[y] * (double)p->c->x[0][x];
}

/* Mean and largest error, in parts of the root mean square of what is expected. */
static void check_errors(const char *what, const float *found, const double *expected,
                         int64_t count)
{
    double squares = 0, sum = 0, largest = 0;
    for (int64_t i = 0; i < count; i++) {
        double error = fabs((double)found[i] - expected[i]);
        assert_true(isfinite(error));
        squares += expected[i] * expected[i];
        sum += error;
        if (error > largest) largest = error;
    }
    double rms = sqrt(squares / (double)count), mean = sum / (double)count / rms;
    if (mean > 1e-6 || largest / rms > 1e-5)
        fail_msg("%s: off by %.2g on average, %.2g at most", what, mean, largest / rms);
}

static void check_shape(const struct shape *s, uint64_t *random)
{
    layer_case *c = new_case(s, random);
    int64_t kernel = layer_case_weight_size(c, 0), in = c->rows * c->in_size;
    int64_t out = c->rows * c->out_size;
    struct plain p = { .c = c };
    assert_ok(dg_alloc_zero(&p.y, out, sizeof *p.y));
    assert_ok(dg_alloc_zero(&p.dx, in, sizeof *p.dx));
    assert_ok(dg_alloc_zero(&p.dw, kernel, sizeof *p.dw));
    for (int64_t i = 0; i < out; i++) p.y[i] = (double)c->w[1][i % s->filters];
    each_product(c, s, add_product, &p);
    layer_case_forward(c, c->rows);
    check_errors("outputs", c->y, p.y, out);
    layer_case_backward(c, c->rows, true);
    check_errors("gradient of the input", c->dx[0], p.dx, in);
    check_errors("gradient of the kernel", c->dw[0], p.dw, kernel);
    dg_free(p.y);
    dg_free(p.dx);
    dg_free(p.dw);
    layer_case_free(c);
}

/* Of all sizes that leave an incomplete tile at the right or below; one row, and several blocks. */
static void errors_are_bounded(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 32; i++) {
        struct shape s = { .height = 7 + i % 4,
                           .width = 7 + i / 4 % 4,
                           .channels = i % 3 ? 16 : 32,
                           .filters = i % 5 ? 16 : 48,
                           .rows = 1 + support_random(&random, 4),
                           .same = i % 2 };
        if (!s.same) s.height += 2, s.width += 2;
        check_shape(&s, &random);
    }
    check_shape(&(struct shape){ 28, 28, 16, 16, 3, true }, &random);
    check_shape(&(struct shape){ 14, 14, 64, 64, 2, true }, &random);
}

/* An image's outputs and gradient do not depend on those that come with it, nor on what lies in
 * scratch. */
static void images_are_independent(void **state)
{
    (void)state;
    uint64_t random = 8;
    layer_case *c = new_case(&(struct shape){ 13, 10, 16, 32, 9, true }, &random);
    float *y, *dx;
    int64_t in = c->rows * c->in_size, out = c->rows * c->out_size;
    assert_ok(dg_alloc(&y, out, sizeof *y));
    assert_ok(dg_alloc(&dx, in, sizeof *dx));
    layer_case_forward(c, c->rows);
    layer_case_backward(c, c->rows, true);
    memcpy(y, c->y, (size_t)out * sizeof *y);
    memcpy(dx, c->dx[0], (size_t)in * sizeof *dx);
    for (int64_t range = 1; range < c->rows; range += 3) {
        layer_case_forward(c, range);
        layer_case_backward(c, range, true);
        assert_memory_equal(c->y, y, (size_t)out * sizeof *y);
        assert_memory_equal(c->dx[0], dx, (size_t)in * sizeof *dx);
    }
    dg_free(y);
    dg_free(dx);
    layer_case_free(c);
}

/* Few outputs, few channels, or channels that fill no vectors: the plain products. */
static void small_ones_do_not_pay(void **state)
{
    (void)state;
    dg_winograd w = { 28, 28, 32, 28, 28, 32, 1, 1 };
    assert_true(dg_winograd_pays(&w));
    w.channels = 8;
    assert_false(dg_winograd_pays(&w));
    w.channels = 33;
    assert_false(dg_winograd_pays(&w));
    w = (dg_winograd){ 3, 3, 64, 1, 1, 64, 0, 0 };
    assert_false(dg_winograd_pays(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(errors_are_bounded),
        leaving_nothing(images_are_independent),
        leaving_nothing(small_ones_do_not_pay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
