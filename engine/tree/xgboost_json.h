/* XGBoost's JSON model format: models go to the real XGBoost and come from there, of its versions
 * 1.7 to 3. What it cannot say travels as attributes, which XGBoost keeps: the labels of the
 * classes, and the options. So does what XGBClassifier and XGBRegressor want to find, that they can
 * load the file themselves. Where the classes begin with different margins, only version 3.1 and
 * later can read what is written.
 *
 * XGBoost goes left below a number, a tree here up to a number: the numbers differ by the smallest
 * step of a float, and rows go the same way. */
#ifndef DG_TREE_XGBOOST_JSON_H
#define DG_TREE_XGBOOST_JSON_H

#include "engine/learner.h"

#define DG_XGBOOST_CLASSES "digits_classes" /* labels with blanks between */
#define DG_XGBOOST_OPTIONS "digits_options" /* JSON: the part, and the seed as a text */

/* A GradientBoosting that was fitted; whole or not at all. */
dg_status dg_xgboost_write(const dg_learner *learner, const char *path);

/* A fitted GradientBoosting. Read are gbtree models of multi:softprob, multi:softmax,
 * binary:logistic and reg:squarederror, without categories. Of a model that XGBClassifier or
 * XGBRegressor stopped early the rounds up to the best, with which they predict. Trusts nothing;
 * DG_FORMAT says where in the file. XGBoost does not write with which options a model was made:
 * unless this program wrote the file, the learner refuses to be fitted (`options_unknown`). */
dg_status dg_xgboost_read(dg_learner **out, const char *path);

/* Of dg_foreign_format (engine/learner.h). */
dg_status dg_xgboost_check(const char *path);
bool dg_xgboost_loses(const dg_learner *learner, char *out, size_t size);

#endif
