/* XGBoost's JSON model format: models can be exchanged with XGBoost 1.7 to 3 in both directions.
 * What the format does not know is written as attributes, which XGBoost keeps: the labels of the
 * classes, the options, and what XGBClassifier and XGBRegressor need to load the file. Where the
 * classes begin with different margins, only XGBoost 3.1 and later can read the file.
 *
 * XGBoost sends values below a threshold to the left, a tree here values up to it: the thresholds
 * differ by the smallest step of a float, so that rows go the same way. */
#ifndef DG_TREE_XGBOOST_JSON_H
#define DG_TREE_XGBOOST_JSON_H

#include "engine/learner.h"

#define DG_XGBOOST_CLASSES "digits_classes" /* labels with blanks between */
#define DG_XGBOOST_OPTIONS "digits_options" /* JSON: the part, and the seed as a string */

/* Writes a fitted tree learner of boosting; whole or not at all. */
dg_status dg_xgboost_write(const dg_learner *learner, const char *path);

/* `*out` becomes a fitted learner of `type`, a tree learner of boosting. Reads gbtree models of
 * multi:softprob, multi:softmax, binary:logistic and reg:squarederror, without categories. Of a
 * model that XGBClassifier or XGBRegressor stopped early it keeps the rounds up to the best, as
 * they do to predict. Trusts nothing; DG_FORMAT says where in the file. XGBoost does not write the
 * options that a model was made with: unless this program wrote the file, the learner refuses to be
 * fitted (`options_unknown`). */
dg_status dg_xgboost_read(dg_learner **out, const dg_learner_type *type, const char *path);

/* Of dg_foreign_format (engine/learner.h). */
dg_status dg_xgboost_check(const char *path);
bool dg_xgboost_loses(const dg_learner *learner, char *out, size_t size);

#endif
