/* The loss of weighted rows. */
#include "engine/nn/losses/loss.h"

double dg_loss_of_rows(const dg_part *loss, const dg_loss_pass *pass)
{
    const dg_loss_type *type = (const dg_loss_type *)loss->type;
    double sum = 0;
    if (!pass->weights) return type->rows(pass);
    for (int64_t i = 0; i < pass->rows; i++) {
        int64_t at = i * pass->width;
        double weight = (double)pass->weights[i];
        dg_loss_pass row = *pass;
        row.rows = 1;
        row.scale *= weight;
        row.output += at;
        if (row.logits) row.logits += at;
        if (row.positions) row.positions += i;
        if (row.targets) row.targets += at;
        if (row.gradient) row.gradient += at;
        sum += weight * type->rows(&row);
    }
    return sum;
}
