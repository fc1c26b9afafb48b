/* Learners made of trees: DecisionTree, RandomForest, GradientBoosting. Beyond what every learner
 * does (engine/learner.h) they know which features matter, and print their trees. */
#ifndef DG_TREE_LEARNERS_H
#define DG_TREE_LEARNERS_H

#include "engine/learner.h"
#include "engine/tree/objective.h"
#include "engine/tree/tree.h"

/* Identifies the rows of each tree: the seed by which, and the set from which, they were drawn. */
typedef struct dg_drawn {
    bool known;
    uint64_t seed, set; /* set: its fingerprint */
} dg_drawn;

typedef struct dg_tree_learner {
    dg_learner base;
    dg_trees trees;
    dg_objective objective; /* of a new learner one that averages if its type does */
    float *base_margin;     /* boosting: {outputs}, what each begins with */
    bool options_unknown;   /* boosting from a file that does not say what it was made with */
    int64_t best_round;     /* boosting: from 1; 0 before the first fit */
    dg_drawn drawn;         /* forests, with oob_score */
    bool has_oob;
    double oob_score;    /* accuracy; of numbers R2 */
    dg_tensor oob_proba; /* {n, classes}: probabilities by trees that did not see the row, or {n}:
                            predictions; NaN: none */
} dg_tree_learner;

/* Tree `index` (from 0) as text, down to `depth` splits (-1: all). */
dg_status dg_tree_learner_print(const dg_learner *learner, int64_t index, int depth, char **out);

/* {features} float32 that sum to 1 (all 0 where no tree split). Forests: "impurity". Boosting, as
 * XGBoost: "gain" (mean over splits), "total_gain", "cover", "total_cover", "weight" (splits).
 * NULL: impurity, or gain. */
dg_status dg_tree_learner_importances(const dg_learner *learner, const char *kind, dg_tensor *out);

#endif
