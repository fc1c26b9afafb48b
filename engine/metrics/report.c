/* The classification report, in scikit-learn's layout. */
#include <inttypes.h>

#include "engine/metrics/labels.h"

/* The widths are scikit-learn's: a heading, then nine letters a column. */
struct layout {
    int width, digits;
    bool nothing_right;
};

/* scikit-learn's counts become floats where no row is right, and are printed as such. */
static void add_support(dg_text *text, const struct layout *layout, int64_t support)
{
    if (layout->nothing_right)
        dg_text_add(text, " %9.1f\n", (double)support);
    else
        dg_text_add(text, " %9" PRId64 "\n", support);
}

static void add_scores(dg_text *text, const struct layout *layout, const char *heading,
                       dg_f_scores scores)
{
    int digits = layout->digits;
    dg_add_right(text, heading, layout->width);
    dg_text_add(text, "  %9.*f %9.*f %9.*f", digits, scores.precision, digits, scores.recall,
                digits, scores.f);
    add_support(text, layout, scores.support);
}

dg_status dg_classification_report(char **out, const dg_confusion *c, const char *const *names,
                                   const dg_report_options *options)
{
    static const char widest[] = "weighted avg";
    const dg_f_options f = { .beta = 1, .zero_division = options->zero_division };
    struct layout layout = { dg_letters(widest), options->digits, c->right == 0 };
    char word[DG_LABEL_WORD_SIZE];
    dg_text text = { 0 };
    if (layout.digits > layout.width) layout.width = layout.digits;
    for (int64_t i = 0; i < c->size; i++) {
        int own = dg_letters(dg_label_name(c, names, i, word));
        if (own > layout.width) layout.width = own;
    }
    dg_text_add(&text, "%*s  %9s %9s %9s %9s\n\n", layout.width, "", "precision", "recall",
                "f1-score", "support");
    for (int64_t i = 0; i < c->size; i++)
        add_scores(&text, &layout, dg_label_name(c, names, i, word), dg_f_of_label(c, i, &f));
    dg_text_add(&text, "\n");
    dg_f_scores micro = dg_f_average(c, DG_MICRO, &f);
    if (options->micro || !c->complete) {
        add_scores(&text, &layout, "micro avg", micro);
    } else {
        dg_text_add(&text, "%*s  %9s %9s %9.*f", layout.width, "accuracy", "", "", layout.digits,
                    micro.f);
        add_support(&text, &layout, micro.support);
    }
    add_scores(&text, &layout, "macro avg", dg_f_average(c, DG_MACRO, &f));
    add_scores(&text, &layout, widest, dg_f_average(c, DG_WEIGHTED, &f));
    return dg_text_take(&text, out);
}
