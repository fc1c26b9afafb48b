/* Losses of the difference of outputs and targets: means over the outputs. */
#include "engine/nn/losses/loss.h"

#define COMPARED                                                                                   \
    "; a single output is compared with the number, or with the value of the label; several "      \
    "outputs with the class as one-hot"

/* What one error costs, and the derivative. */
struct cost {
    double cost, slope;
};

typedef struct cost cost_of(double error, const void *options);

static double error_rows(const dg_loss_pass *pass, cost_of *of)
{
    double sum = 0, width = (double)pass->width, step = pass->scale / width;
    for (int64_t i = 0; i < pass->rows; i++) {
        double row = 0;
        for (int64_t j = 0; j < pass->width; j++) {
            double error = (double)pass->output[i * pass->width + j] - dg_target_at(pass, i, j);
            struct cost each = of(error, pass->options);
            row += each.cost;
            if (pass->gradient) pass->gradient[i * pass->width + j] = (float)(each.slope * step);
        }
        sum += row / width;
    }
    return sum;
}

static const dg_param no_params[] = { DG_END };

static struct cost squared(double error, const void *options)
{
    (void)options;
    return (struct cost){ error * error, 2 * error };
}

static double squared_rows(const dg_loss_pass *pass)
{
    return error_rows(pass, squared);
}

const dg_loss_type dg_mean_squared_error = {
    .part = { .kind = "loss",
              .name = "MeanSquaredError",
              .alias = "mean_squared_error",
              .peers = (const char *const[]){ "mse", "MSELoss", NULL },
              .doc = "mean over the outputs of (output - target)^2" COMPARED " (Legendre 1805)",
              .example = "model:compile { loss = \"mean_squared_error\" }",
              .params = no_params },
    .fuses = -1,
    .rows = squared_rows,
};

static struct cost absolute(double error, const void *options)
{
    (void)options;
    return (struct cost){ fabs(error), error > 0 ? 1 : error < 0 ? -1 : error };
}

static double absolute_rows(const dg_loss_pass *pass)
{
    return error_rows(pass, absolute);
}

const dg_loss_type dg_loss_absolute_error = {
    .part = { .kind = "loss",
              .name = "MeanAbsoluteError",
              .alias = "mean_absolute_error",
              .peers = (const char *const[]){ "mae", "L1Loss", NULL },
              .doc = "mean over the outputs of |output - target|" COMPARED " (Laplace 1774)",
              .example = "model:compile { loss = \"mean_absolute_error\" }",
              .params = no_params },
    .fuses = -1,
    .rows = absolute_rows,
};

typedef struct {
    double delta;
} huber_options;

static const dg_param huber_params[] = {
    DG_FLOAT(huber_options, delta, DG_ABOVE(0), .default_number = 1,
             .doc = "the error from which on the loss grows in a straight line"),
    DG_END,
};

static struct cost huber(double error, const void *options)
{
    double delta = ((const huber_options *)options)->delta, size = fabs(error);
    if (!(size > delta)) return (struct cost){ 0.5 * error * error, error };
    return (struct cost){ delta * (size - 0.5 * delta), error > 0 ? delta : -delta };
}

static double huber_rows(const dg_loss_pass *pass)
{
    return error_rows(pass, huber);
}

const dg_loss_type dg_huber = {
    .part = { .kind = "loss",
              .name = "Huber",
              .alias = "huber",
              .peers = (const char *const[]){ "HuberLoss", "SmoothL1Loss", "huber_loss", NULL },
              .doc = "mean over the outputs of (output - target)^2 / 2, or delta * (|output - "
                     "target| - delta / 2) where the error is above delta" COMPARED " (Huber 1964)",
              .example = "model:compile { loss = nn.Huber { delta = 1 } }",
              .params = huber_params,
              .options_size = sizeof(huber_options) },
    .fuses = -1,
    .rows = huber_rows,
};
