/* What the files of this folder share. */
#ifndef DG_METRICS_LABELS_H
#define DG_METRICS_LABELS_H

#include "engine/base/text.h"
#include "engine/metrics/metric.h"

/* Two lists of labels have one length, at least 1; the names are for the message. */
dg_status dg_labels_check(const dg_tensor *truth, const char *truth_name, const dg_tensor *other,
                          const char *other_name);

/* The sum of `count` numbers in the order in which NumPy adds them, so that averages equal
 * scikit-learn's to the last bit, and round alike in a report. */
double dg_numpy_sum(const double *values, int64_t count);

/* Sums of the listed rows and columns alone, unlike c->truths and c->predictions, and of all. */
double dg_listed_sums(const dg_confusion *c, double *truths, double *predictions);

/* The name of a label, or its number written to `word`. */
enum { DG_LABEL_WORD_SIZE = 16 };
const char *dg_label_name(const dg_confusion *confusion, const char *const *names, int64_t place,
                          char word[DG_LABEL_WORD_SIZE]);

/* How many letters of UTF-8 a text has; adds a word at the right of `width` letters (printf counts
 * bytes). */
int dg_letters(const char *text);
void dg_add_right(dg_text *text, const char *word, int width);

#endif
