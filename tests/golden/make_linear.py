"""Writes tests/golden/linear.json: LogisticRegression as scikit-learn fits it.

Run in a venv with PyPI's scikit-learn 1.9:
    python tests/golden/make_linear.py

By Newton's method and to a tolerance far below the default, so that it is the one minimum that there is. Bytes are divided by 255 here.
"""
import json
import os

import numpy as np
from sklearn.linear_model import LogisticRegression


def make_data(seed, rows, columns, classes, low, high):
    r = np.random.RandomState(seed)
    x = r.randint(low, high, (rows, columns))
    score = (x - x.mean(0)) @ r.normal(0, 1, (columns, classes)) + r.normal(0, (high - low) / 2, (rows, classes))
    return x, np.arange(classes)[score.argmax(1)] * 2 + 3


def case(seed, rows, columns, classes, options, as_bytes=False, weighted=False):
    x, y = make_data(seed, rows, columns, classes, 0 if as_bytes else -40, 256 if as_bytes else 40)
    values = x / 255 if as_bytes else x / 16
    weight = np.random.RandomState(seed).randint(0, 4, rows) if weighted else None
    model = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **options).fit(values, y, weight)
    assert model.n_iter_[0] < 1000 and len(model.classes_) == classes
    return {"columns": columns, "bytes": as_bytes, "x": (x if as_bytes else values).ravel().tolist(), "y": y.tolist(),
            "weight": None if weight is None else weight.tolist(), "options": dict(options, tol=1e-9, max_iter=5000),
            "coef": model.coef_.ravel().tolist(), "intercept": model.intercept_.tolist(),
            "proba": model.predict_proba(values).ravel().tolist()}


cases = [
    case(1, 60, 3, 3, {}),
    case(2, 60, 5, 2, {}),
    case(3, 50, 4, 4, {"C": 0.01}, weighted=True),
    case(4, 50, 4, 2, {"C": 30}, weighted=True),
    case(5, 60, 3, 3, {"fit_intercept": False}),
    case(6, 80, 20, 10, {"C": 10}, as_bytes=True),
]
with open(os.path.join(os.path.dirname(__file__), "linear.json"), "w") as file:
    json.dump(cases, file)
    file.write("\n")
