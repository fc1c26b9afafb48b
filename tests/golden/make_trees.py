"""Writes tests/golden/trees.json: small trees as scikit-learn and XGBoost grow them.

Run in a venv with PyPI's scikit-learn 1.9 and xgboost 3.2:
    python tests/golden/make_trees.py

The models in tests/golden/xgboost_1_7.json are those that this script wrote with XGBoost 1.7, whose format differs:
they are kept because such files are still about.

Nodes are listed from the root, left before right, as [feature, number, gain, weight]: the threshold of a
split; of a leaf the feature -1 and, in XGBoost, its value. Only data where no two features are equally
good anywhere is kept (the order of features, which differs, then does not matter).
"""
import json
import os
import tempfile

import numpy as np
import xgboost as xgb
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor


def round_list(values):
    return [None if np.isnan(v) else float(np.float32(v)) for v in np.asarray(values, float).ravel()]


def make_data(seed, rows, columns, classes, holes=0.0):
    r = np.random.RandomState(seed)
    x = r.randint(-400, 400, (rows, columns)).astype(np.float32) / 16
    score = x[:, 0] + 2 * np.abs(x[:, 1]) + r.normal(0, 6, rows)
    y = np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))
    x[r.random_sample(x.shape) < holes] = np.nan
    return x, y


def sklearn_nodes(tree):
    nodes, todo = [], [0]
    total = tree.weighted_n_node_samples[0]
    while todo:
        i = todo.pop()
        w, left, right = tree.weighted_n_node_samples, tree.children_left[i], tree.children_right[i]
        if left < 0:
            nodes.append([-1, 0, float(tree.impurity[i]), float(w[i])])
            continue
        gain = w[i] * tree.impurity[i] - w[left] * tree.impurity[left] - w[right] * tree.impurity[right]
        nodes.append([int(tree.feature[i]), float(tree.threshold[i]), float(gain), float(w[i])])
        todo += [right, left]
    assert total > 0
    return nodes


def make_numbers(seed, x):
    r = np.random.RandomState(seed)
    return (x[:, 0] + 2 * np.abs(x[:, 1]) + r.normal(0, 6, len(x)) + 1000).astype(np.float32)


def sklearn_case(rows, columns, classes, options, peer_options, weighted=False):
    """classes 0: numbers"""
    kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
    for seed in range(1000):
        x, y = make_data(seed, rows, columns, classes or 2)
        if not classes:
            y = make_numbers(seed, x)
        weight = np.random.RandomState(seed).randint(1, 4, rows).astype(np.float32) if weighted else None
        trees = [kind(random_state=s, **peer_options).fit(x, y, weight) for s in range(12)]
        nodes = [sklearn_nodes(t.tree_) for t in trees]
        if all(np.array(n).shape == np.array(nodes[0]).shape and np.allclose(n, nodes[0]) for n in nodes):
            break
    return {"learner": "DecisionTree", "columns": columns, "x": round_list(x), "y": y.tolist(),
            "weight": weight.tolist() if weighted else None, "options": options, "nodes": [nodes[0]],
            "numbers": not classes,
            "proba": round_list(trees[0].predict_proba(x) if classes else trees[0].predict(x)),
            "importances": round_list(trees[0].feature_importances_)}


def forest_cases(seed, rows, seeds):
    """How well forests do: Friedman's first function of five columns; a sixth knows nothing. The first half of the
    rows is trained on."""
    r = np.random.RandomState(seed)
    x = r.randint(0, 201, (rows, 6))
    u = x / 200
    numbers = 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]
    numbers = np.round(numbers + r.normal(0, 1, rows), 3)
    weights = r.choice([0, 1, 1, 20], rows // 2)
    cases = []
    for classes in (0, 3):
        y = np.digitize(numbers, [12, 17]) if classes else numbers
        for weight in (None, weights):
            kind, losses, scores = RandomForestClassifier if classes else RandomForestRegressor, [], []
            train, test = slice(0, rows // 2), slice(rows // 2, rows)
            for s in range(seeds):
                forest = kind(n_estimators=50, oob_score=weight is None, random_state=s)
                found = forest.fit(x[train], y[train], weight).predict(x[test])
                losses.append(np.mean(found != y[test]) if classes else np.sqrt(np.mean((found - y[test]) ** 2)))
                scores.append(forest.oob_score_ if weight is None else 0)
            cases.append({"y": y.tolist(), "numbers": not classes, "weight": None if weight is None else weight.tolist(),
                          "loss": [np.mean(losses), np.std(losses)], "oob": [np.mean(scores), np.std(scores)]})
    return {"columns": 6, "x": x.ravel().tolist(), "seeds": seeds, "cases": cases}


def xgboost_nodes(tree):
    nodes, todo = [], [0]
    while todo:
        i = todo.pop()
        left, cover = tree["left_children"][i], tree["sum_hessian"][i]
        if left < 0:
            nodes.append([-1, tree["split_conditions"][i], 0, cover])
            continue
        nodes.append([tree["split_indices"][i], tree["split_conditions"][i], tree["loss_changes"][i], cover])
        todo += [tree["right_children"][i], left]
    return nodes


def xgboost_case(seed, rows, columns, classes, objective, options, holes=0.0, weighted=False):
    x, y = make_data(seed, rows, columns, classes, holes)
    weight = np.random.RandomState(seed).randint(1, 4, rows).astype(np.float32) if weighted else None
    params = dict(options, objective=objective, tree_method="hist", nthread=1)
    rounds = params.pop("n_estimators")
    if objective == "multi:softprob":
        params["num_class"] = classes
    model = xgb.train(params, xgb.DMatrix(x, y, weight=weight), rounds)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        model.save_model(path)
        text = open(path).read()
    trees = json.loads(text)["learner"]["gradient_booster"]["model"]["trees"]
    proba = model.predict(xgb.DMatrix(x))
    if objective == "binary:logistic":
        proba = np.stack([1 - proba, proba], 1)
    return {"learner": "GradientBoosting", "columns": columns, "x": round_list(x), "y": y.tolist(),
            "weight": weight.tolist() if weighted else None, "options": dict(options, objective=objective),
            "nodes": [xgboost_nodes(t) for t in trees], "proba": round_list(proba), "model": text}


def foreign_case(model, x):
    """A model that is only read: its trees grow otherwise than here."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        model.save_model(path)
        text = open(path).read()
    return {"learner": "XGBoost", "columns": x.shape[1], "x": round_list(x),
            "proba": round_list(model.predict_proba(x)), "model": text}


def pruned_case():
    x, y = make_data(7, 120, 3, 2)
    return foreign_case(xgb.XGBClassifier(n_estimators=3, gamma=2, tree_method="exact", n_jobs=1).fit(x, y), x)


def stopped_case():
    x, y = make_data(8, 90, 3, 3)
    other, truth = make_data(9, 90, 3, 3)
    model = xgb.XGBClassifier(n_estimators=40, learning_rate=1, max_depth=2, early_stopping_rounds=3, n_jobs=1)
    model.fit(x, y, eval_set=[(other, truth)], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    return foreign_case(model, x)


def main():
    cases = [
        sklearn_case(150, 4, 3, {"max_depth": 4, "min_samples_leaf": 4}, {"max_depth": 4, "min_samples_leaf": 4}),
        sklearn_case(150, 4, 3, {"criterion": "entropy", "max_depth": 3, "min_samples_leaf": 6},
                     {"criterion": "entropy", "max_depth": 3, "min_samples_leaf": 6}),
        sklearn_case(120, 3, 2, {"max_leaf_nodes": 6, "min_samples_leaf": 5},
                     {"max_leaf_nodes": 6, "min_samples_leaf": 5}),
        sklearn_case(120, 3, 4, {"class_weight": "balanced", "max_depth": 3, "min_samples_split": 20},
                     {"class_weight": "balanced", "max_depth": 3, "min_samples_split": 20}, weighted=True),
        sklearn_case(150, 4, 0, {"max_depth": 4, "min_samples_leaf": 4}, {"max_depth": 4, "min_samples_leaf": 4}),
        sklearn_case(120, 3, 0, {"max_leaf_nodes": 7, "min_samples_leaf": 5},
                     {"max_leaf_nodes": 7, "min_samples_leaf": 5}),
        sklearn_case(120, 3, 0, {"min_samples_split": 20, "min_impurity_decrease": 0.5},
                     {"min_samples_split": 20, "min_impurity_decrease": 0.5}, weighted=True),
        xgboost_case(1, 200, 4, 3, "multi:softprob", {"n_estimators": 3, "max_depth": 3}),
        xgboost_case(2, 150, 4, 2, "binary:logistic", {"n_estimators": 4, "max_depth": 4, "reg_lambda": 0.5,
                                                      "gamma": 0.3, "learning_rate": 0.2}, holes=0.2),
        xgboost_case(3, 150, 3, 5, "reg:squarederror", {"n_estimators": 4, "max_depth": 0, "max_leaves": 7,
                                                       "grow_policy": "lossguide", "reg_alpha": 0.4,
                                                       "min_child_weight": 5}, weighted=True),
        xgboost_case(4, 160, 4, 3, "multi:softprob", {"n_estimators": 2, "max_depth": 5, "min_child_weight": 3,
                                                      "base_score": 0.2}, holes=0.1, weighted=True),
        # sums of hessians that are exactly min_child_weight: leaves of one row, and of four
        xgboost_case(5, 31, 3, 7, "reg:squarederror", {"n_estimators": 2, "max_depth": 7}),
        xgboost_case(6, 53, 3, 2, "binary:logistic", {"n_estimators": 1, "max_depth": 6, "min_child_weight": 1}),
        pruned_case(),
        stopped_case(),
    ]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trees.json")
    with open(path, "w") as file:
        json.dump({"cases": cases, "forests": forest_cases(11, 400, 30)}, file, separators=(",", ":"))
        file.write("\n")


main()
