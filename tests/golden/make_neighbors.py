"""Writes tests/golden/neighbors.json: KNeighbors and NearestCentroid as scikit-learn has them.

Run in a venv with PyPI's scikit-learn 1.9:
    python tests/golden/make_neighbors.py

Values are small whole numbers: distances are exact, and some are equal. Where scikit-learn's answer would hang on
which of equally far rows it took (it does not promise the first), the row is left out of the test.
"""
import json
import os

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid


def make_data(seed, rows, columns, classes, high):
    r = np.random.RandomState(seed)
    x = r.randint(0, high, (rows, columns))
    score = (x - x.mean(0)) @ r.normal(0, 1, (columns, classes)) + r.normal(0, high / 2, (rows, classes))
    return x, score.argmax(1) * 2 - 3


def clear(x, train, neighbors):
    """Rows of x whose nearest rows are told by their distance alone."""
    square = np.sort(((x[:, None] - train[None]) ** 2).sum(2), 1)
    if neighbors == len(train):
        return np.full(len(x), True)
    return square[:, neighbors - 1] < square[:, neighbors]


def neighbors_case(seed, rows, columns, classes, high, options):
    x, y = make_data(seed, rows, columns, classes, high)
    test = np.vstack([make_data(seed + 100, 40, columns, classes, high)[0], x[:5]])
    test = test[clear(test, x, options.get("n_neighbors", 5))]
    assert len(test) > 20
    number = np.random.RandomState(seed).randint(-99, 99, rows) / 8
    found = KNeighborsClassifier(**options).fit(x, y).predict_proba(test)
    numbers = KNeighborsRegressor(**options).fit(x, number).predict(test)
    return {"columns": columns, "x": x.ravel().tolist(), "y": y.tolist(), "number": number.tolist(), "options": options,
            "test": test.ravel().tolist(), "proba": found.ravel().tolist(), "numbers": numbers.tolist()}


def centroid_case(seed, rows, columns, classes, high, options):
    x, y = make_data(seed, rows, columns, classes, high)
    test = make_data(seed + 100, 40, columns, classes, high)[0]
    model = NearestCentroid(**options).fit(x, y)
    return {"columns": columns, "x": x.ravel().tolist(), "y": y.tolist(), "options": options,
            "test": test.ravel().tolist(), "centroids": model.centroids_.ravel().tolist(), "labels": model.predict(test).tolist()}


golden = {
    "neighbors": [
        neighbors_case(1, 60, 3, 3, 250, {}),
        neighbors_case(2, 60, 2, 2, 12, {"n_neighbors": 1}),
        neighbors_case(3, 300, 20, 4, 250, {"n_neighbors": 7, "weights": "distance"}),
        neighbors_case(4, 40, 3, 3, 250, {"n_neighbors": 40, "weights": "distance"}),
        neighbors_case(5, 500, 4, 10, 250, {"n_neighbors": 12}),
    ],
    "centroids": [
        centroid_case(6, 60, 3, 3, 250, {}),
        centroid_case(7, 90, 6, 7, 99, {}),
        centroid_case(8, 90, 5, 4, 99, {"shrink_threshold": 0.5}),
        centroid_case(9, 50, 4, 3, 250, {"shrink_threshold": 1.5}),
    ],
}
with open(os.path.join(os.path.dirname(__file__), "neighbors.json"), "w") as file:
    json.dump(golden, file)
    file.write("\n")
