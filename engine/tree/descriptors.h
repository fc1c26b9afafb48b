/* The learners of this room, for engine/registry.c. */
#ifndef DG_TREE_DESCRIPTORS_H
#define DG_TREE_DESCRIPTORS_H

#include "engine/learner.h"

extern const dg_learner_type dg_decision_tree, dg_random_forest, dg_gradient_boosting;

#endif
