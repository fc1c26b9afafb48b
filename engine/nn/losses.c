/* Losses, as Keras defines them: a mean over the batch, which is why gradients carry a scale. */
#include <math.h>

#include "engine/base/math64.h"
#include "engine/learner.h"
#include "engine/nn/activation.h"
#include "engine/nn/parts.h"

static const dg_param no_params[] = { DG_END };

/* The target of output j of row i: one-hot where classes are given by their positions. */
static inline float target_at(const dg_loss_pass *pass, int64_t i, int64_t j)
{
    if (pass->positions) return pass->positions[i] == j ? 1.0f : 0.0f;
    return pass->targets[i * pass->width + j];
}

/* --- categorical cross-entropy -------------------------------------------------------------- */

/* Keras's epsilon: probabilities stay this far from 0 and 1. */
static const double least = 1e-7;

static bool is_clipped(double q)
{
    return q < least || q > 1 - least;
}

static double clipped(double q)
{
    return q < least ? least : q > 1 - least ? 1 - least : q; /* NaN stays */
}

/* -sum t log softmax(z) = sum t (top - z) + sum t log(sum exp(z - top)), where top is the greatest
 * of z. That last sum is 1 / p of the greatest, so no exponential is taken twice. */
static double logits_row(const dg_loss_pass *pass, int64_t i)
{
    const float *p = pass->output + i * pass->width, *z = pass->logits + i * pass->width;
    double loss = 0, targets = 0;
    int64_t top = dg_argmax(z, pass->width);
    for (int64_t j = 0; j < pass->width; j++) {
        double t = target_at(pass, i, j);
        targets += t;
        if (t != 0) loss += t * ((double)z[top] - (double)z[j]);
    }
    loss -= targets * dg_log64((double)p[top]); /* NaN if any of z is */
    if (!pass->gradient) return loss;
    float *gradient = pass->gradient + i * pass->width;
    for (int64_t j = 0; j < pass->width; j++) {
        double g = targets * p[j] - target_at(pass, i, j);
        gradient[j] = (float)(g * pass->scale);
    }
    return loss;
}

/* -sum t log q with q = p / sum p, clipped, where only the probabilities are known. */
static double crossentropy_row(const dg_loss_pass *pass, int64_t i)
{
    const float *p = pass->output + i * pass->width;
    double total = 0, loss = 0, passing = 0;
    for (int64_t j = 0; j < pass->width; j++) total += p[j];
    for (int64_t j = 0; j < pass->width; j++) {
        double t = target_at(pass, i, j), q = p[j] / total;
        if (t != 0) loss -= t * dg_log64(clipped(q));
        if (!is_clipped(q)) passing += t;
    }
    /* targets of zero hide a NaN among the probabilities from the sum, but not from the total */
    if (isnan(total)) loss = total;
    if (!pass->gradient) return loss;
    float *gradient = pass->gradient + i * pass->width;
    for (int64_t j = 0; j < pass->width; j++) {
        double t = target_at(pass, i, j);
        double g = passing / total - (t != 0 && !is_clipped(p[j] / total) ? t / p[j] : 0);
        gradient[j] = (float)(g * pass->scale);
    }
    return loss;
}

static double crossentropy_rows(const dg_loss_pass *pass)
{
    double sum = 0;
    for (int64_t i = 0; i < pass->rows; i++)
        sum += pass->logits ? logits_row(pass, i) : crossentropy_row(pass, i);
    return sum;
}

static const dg_hint crossentropy_hints[] = {
    { "from_logits",
      "end the network in a Dense layer with activation = \"softmax\"; the loss is computed "
      "from its logits" },
    { "label_smoothing", "label smoothing is not supported; leave it out" },
    { NULL },
};

const dg_loss_type dg_categorical_crossentropy = {
    .part = { .kind = "loss",
              .name = "CategoricalCrossentropy",
              .alias = "categorical_crossentropy",
              .peers = (const char *const[]){ "sparse_categorical_crossentropy",
                                              "SparseCategoricalCrossentropy", "cross_entropy",
                                              "crossentropy", "CrossEntropyLoss", NULL },
              .doc = "minus the logarithm of the predicted probability of the true class; computed "
                     "from logits, without clipping, if the last activation is softmax; labels "
                     "are integers or one-hot (Good 1952)",
              .example = "model:compile { loss = \"categorical_crossentropy\" }",
              .params = no_params,
              .hints = crossentropy_hints },
    .target = DG_TARGET_LABELS,
    .fuses = DG_SOFTMAX,
    .rows = crossentropy_rows,
};

/* --- mean squared error --------------------------------------------------------------------- */

static double squared_error_rows(const dg_loss_pass *pass)
{
    double sum = 0, width = (double)pass->width, step = 2 * pass->scale / width;
    for (int64_t i = 0; i < pass->rows; i++) {
        double row = 0;
        for (int64_t j = 0; j < pass->width; j++) {
            double error = (double)pass->output[i * pass->width + j] - target_at(pass, i, j);
            row += error * error;
            if (pass->gradient) pass->gradient[i * pass->width + j] = (float)(error * step);
        }
        sum += row / width;
    }
    return sum;
}

const dg_loss_type dg_mean_squared_error = {
    .part = { .kind = "loss",
              .name = "MeanSquaredError",
              .alias = "mean_squared_error",
              .peers = (const char *const[]){ "mse", "MSELoss", NULL },
              .doc =
                  "mean over the outputs of (output - target)^2; a single output is compared with "
                  "the number, or with the value of the label; several outputs with the class as "
                  "one-hot (Legendre 1805)",
              .example = "model:compile { loss = \"mean_squared_error\" }",
              .params = no_params },
    .fuses = -1,
    .rows = squared_error_rows,
};
