/* The class of learners made of trees. */
#ifndef DIGITS_BINDINGS_LEARNERS_TREES_H
#define DIGITS_BINDINGS_LEARNERS_TREES_H

#include "bindings/calls/class.h"

extern const dg_class dg_tree_learner_class;

#endif
