/* Binary cross-entropy: of each output for itself. */
#include "engine/nn/activation.h"
#include "engine/nn/losses/loss.h"

typedef struct {
    double label_smoothing;
} binary_options;

static const dg_param params[] = {
    DG_LABEL_SMOOTHING(binary_options, .doc = "how far targets move from 0 and 1 towards a half: "
                                              "by half of this"),
    DG_END,
};

/* With p = 1 / (1 + e^-z): -t log p - (1 - t) log(1 - p), without rounding p to 1. */
static double of_logit(double z, double t)
{
    return (z > 0 ? z : 0) - z * t + dg_log1p64(dg_exp64(-fabs(z)));
}

static double of_probability(double p, double t)
{
    double q = dg_clipped(p);
    return -t * dg_log64(q) - (1 - t) * dg_log64(1 - q);
}

static double slope_of_probability(double p, double t)
{
    return dg_is_clipped(p) ? 0 : (p - t) / (p * (1 - p));
}

static double binary_rows(const dg_loss_pass *pass)
{
    const binary_options *o = pass->options;
    dg_smoothing smoothing = dg_smoothing_of(o->label_smoothing, 2);
    double sum = 0, step = pass->scale / (double)pass->width;
    for (int64_t i = 0; i < pass->rows; i++) {
        double row = 0;
        for (int64_t j = 0; j < pass->width; j++) {
            int64_t at = i * pass->width + j;
            double p = (double)pass->output[at], t = dg_smooth_target(pass, smoothing, i, j);
            row += pass->logits ? of_logit((double)pass->logits[at], t) : of_probability(p, t);
            double slope = pass->logits ? p - t : slope_of_probability(p, t);
            if (pass->gradient) pass->gradient[at] = (float)(slope * step);
        }
        sum += row / (double)pass->width;
    }
    return sum;
}

static const dg_hint hints[] = {
    { "from_logits", "end the network in a Dense layer with activation = \"sigmoid\"; the loss is "
                     "computed from its logits" },
    { NULL },
};

const dg_loss_type dg_binary_crossentropy = {
    .part = { .kind = "loss",
              .name = "BinaryCrossentropy",
              .alias = "binary_crossentropy",
              .peers = (const char *const[]){ "BCELoss", "BCEWithLogitsLoss", "bce", NULL },
              .doc =
                  "mean over the outputs of -t log p - (1 - t) log(1 - p); computed from logits, "
                  "without clipping, if the last activation is sigmoid; a single output is "
                  "compared with the number or the value of the label, 0 to 1; several outputs "
                  "with the class as one-hot (Good 1952)",
              .example = "model:compile { loss = \"binary_crossentropy\" }",
              .params = params,
              .options_size = sizeof(binary_options),
              .hints = hints },
    .fuses = DG_SIGMOID,
    .unit = true,
    .rows = binary_rows,
};
