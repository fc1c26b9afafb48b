/* Categorical cross-entropy. */
#include "engine/learner.h"
#include "engine/nn/activation.h"
#include "engine/nn/losses/loss.h"

typedef struct {
    double label_smoothing;
} crossentropy_options;

static const dg_param params[] = {
    DG_LABEL_SMOOTHING(crossentropy_options, .later = true,
                       .doc = "the part of each target that is shared by all classes"),
    DG_END,
};

/* -sum t log softmax(z) = sum t (top - z) + sum t log(sum exp(z - top)), where top is the greatest
 * of z. That last sum is 1 / p of the greatest, so no exponential is taken twice. */
static double logits_row(const dg_loss_pass *pass, dg_smoothing smoothing, int64_t i)
{
    const float *p = pass->output + i * pass->width, *z = pass->logits + i * pass->width;
    double loss = 0, targets = 0;
    int64_t top = dg_argmax(z, pass->width);
    for (int64_t j = 0; j < pass->width; j++) {
        double t = dg_smooth_target(pass, smoothing, i, j);
        targets += t;
        if (t != 0) loss += t * ((double)z[top] - (double)z[j]);
    }
    loss -= targets * dg_log64((double)p[top]); /* NaN if any of z is */
    if (!pass->gradient) return loss;
    float *gradient = pass->gradient + i * pass->width;
    for (int64_t j = 0; j < pass->width; j++) {
        double g = targets * p[j] - dg_smooth_target(pass, smoothing, i, j);
        gradient[j] = (float)(g * pass->scale);
    }
    return loss;
}

/* -sum t log q with q = p / sum p, clipped, where only the probabilities are known. */
static double crossentropy_row(const dg_loss_pass *pass, dg_smoothing smoothing, int64_t i)
{
    const float *p = pass->output + i * pass->width;
    double total = 0, loss = 0, passing = 0;
    for (int64_t j = 0; j < pass->width; j++) total += p[j];
    for (int64_t j = 0; j < pass->width; j++) {
        double t = dg_smooth_target(pass, smoothing, i, j), q = p[j] / total;
        if (t != 0) loss -= t * dg_log64(dg_clipped(q));
        if (!dg_is_clipped(q)) passing += t;
    }
    /* targets of zero hide a NaN among the probabilities from the sum, but not from the total */
    if (isnan(total)) loss = total;
    if (!pass->gradient) return loss;
    float *gradient = pass->gradient + i * pass->width;
    for (int64_t j = 0; j < pass->width; j++) {
        double t = dg_smooth_target(pass, smoothing, i, j);
        double g = passing / total - (t != 0 && !dg_is_clipped(p[j] / total) ? t / p[j] : 0);
        gradient[j] = (float)(g * pass->scale);
    }
    return loss;
}

static double crossentropy_rows(const dg_loss_pass *pass)
{
    const crossentropy_options *o = pass->options;
    dg_smoothing smoothing = dg_smoothing_of(o->label_smoothing, (double)pass->width);
    double sum = 0;
    for (int64_t i = 0; i < pass->rows; i++)
        sum += pass->logits ? logits_row(pass, smoothing, i) : crossentropy_row(pass, smoothing, i);
    return sum;
}

static const dg_hint crossentropy_hints[] = {
    { "from_logits",
      "end the network in a Dense layer with activation = \"softmax\"; the loss is computed "
      "from its logits" },
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
              .params = params,
              .options_size = sizeof(crossentropy_options),
              .hints = crossentropy_hints },
    .target = DG_TARGET_LABELS,
    .fuses = DG_SOFTMAX,
    .rows = crossentropy_rows,
};
