/* XGBoost's JSON model format (its versions 1.7 and 2): models go to the real XGBoost and come from
 * there. What it cannot say travels as an attribute, which XGBoost keeps: the labels of the
 * classes. So does what XGBClassifier and XGBRegressor want to find, that they can load the file
 * themselves.
 *
 * XGBoost goes left below a number, a tree here up to a number: the numbers differ by the smallest
 * step of a float, and rows go the same way. */
#ifndef DG_TREE_XGBOOST_JSON_H
#define DG_TREE_XGBOOST_JSON_H

#include "engine/learner.h"

/* A GradientBoosting that was fitted; whole or not at all. */
dg_status dg_xgboost_write(const dg_learner *learner, const char *path);

/* A fitted GradientBoosting. Read are gbtree models of multi:softprob, multi:softmax,
 * binary:logistic and reg:squarederror, without categories. Of a model that XGBClassifier or
 * XGBRegressor stopped early the rounds up to the best, with which they predict. Trusts nothing;
 * DG_FORMAT says where in the file. */
dg_status dg_xgboost_read(dg_learner **out, const char *path);

#endif
