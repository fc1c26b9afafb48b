/* Focal loss for several classes. */
#include "engine/nn/losses/loss.h"

typedef struct {
    double alpha, gamma, label_smoothing;
} focal_options;

static const dg_param params[] = {
    DG_FLOAT(focal_options, alpha, DG_AT_LEAST(0), .default_number = 0.25,
             .doc = "factor of the loss"),
    DG_FLOAT(focal_options, gamma, DG_AT_LEAST(0), .default_number = 2,
             .doc = "how much less a class counts that is nearly certain"),
    DG_LABEL_SMOOTHING(focal_options,
                       .doc = "the part of each target that is shared by all classes"),
    DG_END,
};

static double power_of(double base, double exponent)
{
    return exponent == 0 ? 1 : exponent == 2 ? base * base : dg_exp64(exponent * dg_log64(base));
}

/* -sum t (1 - q)^gamma log q with q = p / sum p, clipped; and the derivative of a term by its q */
struct focus {
    double term, slope;
};

static struct focus focus_on(const focal_options *o, double t, double p)
{
    double q = dg_clipped(p), rest = 1 - q, log_q = dg_log64(q);
    double weight = power_of(rest, o->gamma);
    double slope = o->gamma * weight / rest * log_q - weight / q;
    return (struct focus){ -t * weight * log_q, dg_is_clipped(p) ? 0 : t * slope };
}

static double focal_row(const dg_loss_pass *pass, dg_smoothing smoothing, int64_t i)
{
    const focal_options *o = pass->options;
    const float *p = pass->output + i * pass->width;
    double total = 0, loss = 0, mean = 0;
    for (int64_t j = 0; j < pass->width; j++) total += (double)p[j];
    for (int64_t j = 0; j < pass->width; j++) {
        double q = (double)p[j] / total;
        struct focus focus = focus_on(o, dg_smooth_target(pass, smoothing, i, j), q);
        loss += focus.term;
        mean += focus.slope * q;
    }
    if (isnan(total)) loss = total;
    for (int64_t j = 0; pass->gradient && j < pass->width; j++) {
        struct focus focus =
            focus_on(o, dg_smooth_target(pass, smoothing, i, j), (double)p[j] / total);
        pass->gradient[i * pass->width + j] =
            (float)((focus.slope - mean) / total * o->alpha * pass->scale);
    }
    return o->alpha * loss;
}

static double focal_rows(const dg_loss_pass *pass)
{
    const focal_options *o = pass->options;
    dg_smoothing smoothing = dg_smoothing_of(o->label_smoothing, (double)pass->width);
    double sum = 0;
    for (int64_t i = 0; i < pass->rows; i++) sum += focal_row(pass, smoothing, i);
    return sum;
}

const dg_loss_type dg_categorical_focal_crossentropy = {
    .part = { .kind = "loss",
              .name = "CategoricalFocalCrossentropy",
              .alias = "categorical_focal_crossentropy",
              .peers = (const char *const[]){ "focal", "focal_loss", "FocalLoss", NULL },
              .doc = "cross-entropy times alpha * (1 - probability)^gamma, so that rows that are "
                     "nearly certain count less (Lin et al. 2017)",
              .example = "model:compile { loss = nn.CategoricalFocalCrossentropy { gamma = 2 } }",
              .params = params,
              .options_size = sizeof(focal_options) },
    .target = DG_TARGET_LABELS,
    .fuses = -1,
    .rows = focal_rows,
};
