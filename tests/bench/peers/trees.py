"""The report's random forest or boosted trees. usage: trees.py forest|intelex|xgboost|lightgbm FOLDER FILES

Prints "seconds N" and "cpu N", all of fit() and the processor time in it; "accuracy N", "error N" and "log_loss N" on
the 14 000 test images after it; "predict N" and "predict_cpu N", the same for the labels of these. Of scikit-learn's
forest: the median times and mean scores of five seeds; intelex is the same forest by scikit-learn-intelex, once. The images are ready as floats, which favours the peers. XGBoost's trees are
kept in FILES, with their chances of the test images, for exchange.lua.
"""
import os
import statistics
import sys
import time

import numpy

import common


def build(name, seed):
    if name == "forest":
        from sklearn.ensemble import RandomForestClassifier
        return RandomForestClassifier(n_estimators=100, n_jobs=2, random_state=seed)
    if name == "intelex":
        from sklearnex.ensemble import RandomForestClassifier
        return RandomForestClassifier(n_estimators=100, n_jobs=2, random_state=seed)
    if name == "xgboost":
        from xgboost import XGBClassifier
        return XGBClassifier(
            n_estimators=100, max_depth=6, learning_rate=0.3, tree_method="hist", n_jobs=2, random_state=seed)
    from lightgbm import LGBMClassifier
    return LGBMClassifier(
        n_estimators=100, max_depth=6, num_leaves=64, learning_rate=0.3, n_jobs=2, random_state=seed, verbose=-1)


def timed(work, *arguments):
    """(seconds, processor seconds, what it returns)"""
    start, cpu_start = time.perf_counter(), time.process_time()
    result = work(*arguments)
    return time.perf_counter() - start, time.process_time() - cpu_start, result


name, folder, files = sys.argv[1:4]
train, test = common.split_alike(*common.read_idx(folder), os.path.join(files, "order.i32"))
train, test = ((images.astype("float32"), labels.astype("int64")) for images, labels in (train, test))
samples = {}


def note(**values):
    for key, value in values.items():
        samples.setdefault(key, []).append(value)


for seed in range(1, 6 if name == "forest" else 2):
    model = build(name, seed)
    seconds, cpu, _ = timed(model.fit, *train)
    note(seconds=seconds, cpu=cpu)
    for _ in range(5):
        seconds, cpu, labels = timed(model.predict, test[0])
        note(predict=seconds, predict_cpu=cpu)
    chances = model.predict_proba(test[0])
    right = chances[numpy.arange(len(chances)), test[1]].astype("float64")
    accuracy = float(numpy.mean(labels == test[1]))
    note(accuracy=accuracy, error=1 - accuracy)
    note(log_loss=float(-numpy.mean(numpy.log(numpy.maximum(right, 1e-15)))))
    if name == "xgboost":
        model.save_model(os.path.join(files, "xgboost.json"))
        chances.astype("<f4").tofile(os.path.join(files, "xgboost.f32"))

for key, values in samples.items():
    middle = statistics.mean if key in ("accuracy", "error", "log_loss") else statistics.median
    print("%s %.6f" % (key, middle(values)))
