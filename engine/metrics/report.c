/* The classification report, in scikit-learn's layout. */
#include <inttypes.h>

#include "engine/metrics/labels.h"

/* The columns' widths are scikit-learn's: a heading, then nine letters each. */
static void add_scores(dg_text *text, const char *heading, int width, const dg_f_scores *scores,
                       int digits)
{
    dg_add_right(text, heading, width);
    dg_text_add(text, "  %9.*f %9.*f %9.*f %9" PRId64 "\n", digits, scores->precision, digits,
                scores->recall, digits, scores->f, scores->support);
}

dg_status dg_classification_report(char **out, const dg_confusion *c, const char *const *names,
                                   const dg_report_options *options)
{
    static const char widest[] = "weighted avg";
    const dg_f_options f = { .beta = 1, .zero_division = options->zero_division };
    int digits = options->digits, width = dg_letters(widest);
    char word[DG_LABEL_WORD];
    dg_text text = { 0 };
    if (digits > width) width = digits;
    for (int64_t i = 0; i < c->size; i++) {
        int own = dg_letters(dg_label_name(c, names, i, word));
        if (own > width) width = own;
    }
    dg_text_add(&text, "%*s  %9s %9s %9s %9s\n\n", width, "", "precision", "recall", "f1-score",
                "support");
    for (int64_t i = 0; i < c->size; i++) {
        dg_f_scores scores = dg_f_of_label(c, i, &f);
        add_scores(&text, dg_label_name(c, names, i, word), width, &scores, digits);
    }
    dg_text_add(&text, "\n");
    dg_f_scores micro = dg_f_average(c, DG_MICRO, &f), macro = dg_f_average(c, DG_MACRO, &f);
    dg_f_scores weighted = dg_f_average(c, DG_WEIGHTED, &f);
    if (options->micro || !c->complete)
        add_scores(&text, "micro avg", width, &micro, digits);
    else
        dg_text_add(&text, "%*s  %9s %9s %9.*f %9" PRId64 "\n", width, "accuracy", "", "", digits,
                    micro.f, micro.support);
    add_scores(&text, "macro avg", width, &macro, digits);
    add_scores(&text, widest, width, &weighted, digits);
    return dg_text_take(&text, out);
}
