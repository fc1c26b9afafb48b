/* The names that peers (Keras, scikit-learn, PyTorch, XGBoost, NumPy, pandas) have for methods and
 * fields that are named otherwise here. */
#ifndef DIGITS_BINDINGS_CALLS_PEERS_H
#define DIGITS_BINDINGS_CALLS_PEERS_H

/* What to use for a peer's `name` on an object of the class ("digits.tensor"), as in "use evaluate:
 * model:evaluate(test).accuracy"; NULL if no peer has it. The name "[1]" stands for an index. */
const char *dg_peer_advice(const char *class_name, const char *name);

#endif
