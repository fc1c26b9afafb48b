"""Makes tests/golden/metrics.lua: what metrics must say, by scikit-learn.

    python3 tests/golden/make_metrics.py    (seconds; in a venv with scikit-learn 1.9)

Made with scikit-learn 1.9.1, SciPy 1.17.1 and NumPy 2.4.6 under Python 3.11. Numbers come from
NumPy's RandomState, whose stream never changes, so the file comes out the same every time.

Three kinds of cases: labels against labels; chances against labels (float32; scikit-learn is given
the same numbers as float64, and float32's epsilon where it would take that of the type); and two
models against each other (by SciPy, as scikit-learn has no such tests). Absent classes, labels that
only the predictions have, ties, classes without order, and lists of labels to judge are among them.

The layout "micro" is that of scikit-learn 0.20 and of its reports on labels that were given: it
prints "accuracy" only if the labels given hold those found, which is made false here.
"""

import os
import warnings

import numpy as np
from scipy import stats
from sklearn import calibration, metrics
from sklearn.metrics import _classification

warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
EPSILON = float(np.finfo(np.float32).eps)
LINE = 98


class Unequal(set):
    """A set that holds no other."""

    def __ge__(self, other):
        return False


# --- Lua ------------------------------------------------------------------------------------------


def number(value):
    if np.isnan(value):
        return "NAN"
    return "INFINITY" if np.isposinf(value) else "%.9g" % value if isinstance(value, np.float32) \
        else repr(float(value))


def lua(value):
    if isinstance(value, dict):
        parts = []
        for key, item in value.items():
            name = "[%d]" % key if not isinstance(key, str) else '["true"]' if key == "true" else key
            parts.append("%s = %s" % (name, lua(item)))
        return "{ " + ", ".join(parts) + " }"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "{ " + ", ".join(lua(item) for item in value) + " }"
    if isinstance(value, str):
        return "[==[\n" + value + "]==]" if "\n" in value else '"%s"' % value
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return number(value)
    return str(int(value))


def wrap(text):
    """Breaks long lines at ", " outside of long strings."""
    out, inside = [], False
    for line in text.split("\n"):
        while not inside and len(line) > LINE and ", " in line[:LINE]:
            cut = line.rindex(", ", 0, LINE) + 1
            out.append(line[:cut])
            line = "  " + line[cut + 1:]
        out.append(line)
        inside = ("[==[" in line) or (inside and "]==]" not in line)
    return "\n".join(out)


# --- labels against labels ------------------------------------------------------------------------


def averages(truth, predicted, labels, zero_division, beta=1.0):
    out = {}
    for name in ("micro", "macro", "weighted"):
        p, r, f, _ = metrics.precision_recall_fscore_support(
            truth, predicted, labels=labels, average=name, beta=beta, zero_division=zero_division)
        out[name] = {"precision": p, "recall": r, "fscore": f}
    p, r, f, s = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, beta=beta, zero_division=zero_division)
    out.update(precision=p, recall=r, fscore=f, support=s)
    return out


def report(truth, predicted, micro, **options):
    if micro:
        _classification.set = Unequal
        if options.get("labels") is None:
            options["labels"] = np.unique(np.concatenate([truth, predicted]))
    try:
        return metrics.classification_report(truth, predicted, zero_division=0, **options)
    finally:
        if micro:
            del _classification.set


def label_case(name, truth, predicted, labels=None, names=None):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    matrix = metrics.confusion_matrix(truth, predicted, labels=labels)
    present = labels if labels is not None else np.unique(np.concatenate([truth, predicted]))
    case = {"name": name, "truth": truth, "predicted": predicted, "labels": present}
    if labels is not None:
        case["given"] = True
    if names is not None:
        case["names"] = names
    case["counts"] = matrix
    case["normalized"] = {
        of: metrics.confusion_matrix(truth, predicted, labels=labels, normalize=of)
        for of in ("true", "pred", "all")}
    large = len(present) > 40
    if large:
        del case["counts"], case["normalized"]
    case["accuracy"] = metrics.accuracy_score(truth, predicted)
    case["balanced_accuracy"] = metrics.balanced_accuracy_score(truth, predicted)
    case["matthews"] = metrics.matthews_corrcoef(truth, predicted)
    case["kappa"] = {
        weights or "plain": metrics.cohen_kappa_score(truth, predicted, labels=labels,
                                                      weights=weights)
        for weights in (None, "linear", "quadratic")}
    case["scores"] = averages(truth, predicted, labels, 0)
    if not large:
        case["scores_one"] = averages(truth, predicted, labels, 1)
        case["scores_nan"] = averages(truth, predicted, labels, np.nan)
        case["scores_half"] = averages(truth, predicted, labels, 0, beta=0.5)
    case["reports"] = [
        {"digits": digits, "layout": layout,
         "text": report(truth, predicted, layout == "micro", labels=labels, digits=digits,
                        target_names=names)}
        for digits, layout in ((2, "accuracy"), (2, "micro"), (4, "accuracy"), (0, "micro"),
                               (14, "accuracy"))[:1 if large else 5]]
    return case


def answers(rng, truth, share, labels):
    """Truth, with another label in about `share` of the rows."""
    wrong = rng.rand(len(truth)) < share
    return np.where(wrong, rng.choice(labels, len(truth)), truth)


def label_cases():
    rng = np.random.RandomState(4)
    ten = rng.randint(0, 10, 300)
    rare = rng.choice(5, 120, p=[0.6, 0.2, 0.1, 0.08, 0.02])
    many = rng.randint(0, 150, 700)
    two = rng.randint(0, 2, 60)
    sparse = rng.choice([-7, 3, 100000], 50)
    yield label_case("ten digits", ten, answers(rng, ten, 0.1, 10))
    yield label_case("a class that nobody predicts", [0, 1, 2, 2, 1, 0, 3], [0, 1, 1, 2, 1, 0, 0])
    yield label_case("labels that truth has not", [0, 1, 2, 2, 1, 0], [0, 7, 9, 2, 1, 9])
    yield label_case("nothing in common", [0, 0, 1, 1], [2, 3, 2, 3])
    yield label_case("all right", [3, 1, 2, 3], [3, 1, 2, 3])
    yield label_case("one label", [5, 5, 5], [5, 5, 5])
    yield label_case("one row", [1], [0])
    yield label_case("always the same answer", [0, 1, 2, 0, 1, 2, 0], [1] * 7)
    yield label_case("rare classes", rare, answers(rng, rare, 0.3, 5))
    yield label_case("two classes", two, answers(rng, two, 0.4, 2))
    yield label_case("far apart and negative", sparse, answers(rng, sparse, 0.5, [-7, 3, 100000]))
    yield label_case("halves that round to even", [0] * 8 + [1] * 8, [0] * 5 + [1] * 11)
    yield label_case("150 classes", many, answers(rng, many, 0.4, 150))
    yield label_case("some of the labels", ten, answers(rng, ten, 0.3, 10), labels=[4, 9])
    yield label_case("labels in another order", [0, 1, 2, 2, 1], [0, 2, 2, 1, 1], labels=[2, 0, 1])
    yield label_case("labels that nobody has", [0, 1, 2, 2, 1], [0, 2, 2, 1, 1],
                     labels=[0, 1, 2, 3, 4])
    yield label_case("names", [0, 1, 2, 2, 1, 0], [0, 2, 2, 1, 1, 0],
                     names=["zéro", "a name of more than twelve letters", "deux"])


# --- chances against labels -----------------------------------------------------------------------


def chance_case(name, truth, chances, classes):
    truth, classes = np.asarray(truth), np.asarray(classes)
    floats = np.asarray(chances, dtype=np.float32)
    wide = floats.astype(np.float64)
    clipped = np.clip(wide, EPSILON, 1 - EPSILON)
    case = {"name": name, "truth": truth, "classes": classes, "chances": floats}
    case["log_loss"] = metrics.log_loss(truth, clipped / clipped.sum(axis=1, keepdims=True),
                                       labels=classes)
    case["log_loss_of_floats"] = float(metrics.log_loss(truth, floats, labels=classes))
    two = len(classes) == 2
    case["top_k"] = [
        metrics.top_k_accuracy_score(truth, wide[:, 1] if two else wide, k=k, labels=classes)
        for k in range(1, len(classes) + 1)]
    areas, curves = {}, {}
    for column, label in enumerate(classes):
        positive = truth == label
        defined = 0 < positive.sum() < len(truth)
        areas[label] = metrics.roc_auc_score(positive, wide[:, column]) if defined else np.nan
        if defined:
            fpr, tpr, thresholds = metrics.roc_curve(positive, floats[:, column])
            curves[label] = {"fpr": fpr, "tpr": tpr, "thresholds": thresholds}
    case["areas"], case["curves"] = areas, curves
    if two:
        case["roc_auc"] = {"macro": metrics.roc_auc_score(truth, wide[:, 1])}
    elif set(truth) == set(classes):
        case["roc_auc"] = {
            average: metrics.roc_auc_score(truth, wide, labels=classes, average=average,
                                           multi_class="ovr")
            for average in ("macro", "weighted")}
    case["calibration"] = [reliability(truth, wide, classes, bins) for bins in (5, 10, 15)]
    return case


def reliability(truth, chances, classes, bins):
    confidence = chances.max(axis=1)
    right = (classes[chances.argmax(axis=1)] == truth).astype(int)
    if len(set(right)) == 1:  # calibration_curve takes the one label for the negative one
        accuracy, mean = calibration.calibration_curve(
            np.append(right, 1 - right[0]), np.append(confidence, 0.0), n_bins=bins, pos_label=1)
        accuracy, mean = accuracy[1:], mean[1:]  # confidence is never as low as the added row's
    else:
        accuracy, mean = calibration.calibration_curve(right, confidence, n_bins=bins)
    count = np.bincount(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence),
                        minlength=bins)
    gaps = np.abs(accuracy - mean)
    return {"bins": bins, "count": count, "accuracy": accuracy, "confidence": mean,
            "error": float((gaps * count[count > 0]).sum() / count.sum()), "worst": gaps.max()}


def softmax(rng, rows, truth, columns, sharpness, step=None):
    """Chances that lean towards the truth; step: as multiples of it, so that many are equal."""
    scores = rng.randn(rows, columns) + sharpness * np.eye(columns)[truth]
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    if step:
        chances = np.floor(chances / step) * step
        chances[:, 0] += 1 - chances.sum(axis=1)
    return chances


def chance_cases():
    rng = np.random.RandomState(5)
    truth = rng.randint(0, 4, 80)
    yield chance_case("smooth", truth, softmax(rng, 80, truth, 4, 2), range(4))
    yield chance_case("ties", truth, softmax(rng, 80, truth, 4, 2, 1 / 8), range(4))
    yield chance_case("ties everywhere", truth, softmax(rng, 80, truth, 4, 1, 1 / 2), range(4))
    yield chance_case("all equal", truth[:12], np.full((12, 4), 0.25), range(4))
    some = truth % 3
    yield chance_case("classes without rows, ties", some, softmax(rng, 80, some, 5, 2, 1 / 8),
                      range(5))
    names = np.array([-3, 2, 50])
    yield chance_case("labels of any size", names[some], softmax(rng, 80, some, 3, 2, 1 / 16),
                      names)
    sure = rng.randint(0, 3, 30)
    yield chance_case("sure, and sometimes wrong", sure,
                      np.eye(3)[np.where(rng.rand(30) < 0.2, 0, sure)], range(3))
    yield chance_case("sure and right", sure, np.eye(3)[sure], range(3))
    two = rng.randint(0, 2, 40)
    yield chance_case("two classes, ties", two, softmax(rng, 40, two, 2, 1, 1 / 8), range(2))
    ten = rng.randint(0, 10, 200)
    yield chance_case("ten digits", ten, softmax(rng, 200, ten, 10, 3), range(10))


# --- two models -----------------------------------------------------------------------------------


def model_case(name, both, only_a, only_b, neither):
    one, few = only_a + only_b, min(only_a, only_b)
    chi_square = max(0, abs(only_a - only_b) - 1) ** 2 / one if one else 0.0
    return {"name": name, "both": both, "only_a": only_a, "only_b": only_b, "neither": neither,
            "exact_p": stats.binomtest(few, one, 0.5).pvalue if one else 1.0,
            "chi_square": chi_square, "chi_square_p": stats.chi2.sf(chi_square, 1)}


def model_cases():
    for both, only_a, only_b, neither in ((50, 10, 2, 3), (0, 0, 0, 5), (7, 0, 0, 0), (90, 12, 12, 1),
                                          (90, 12, 13, 1), (5, 24, 0, 0), (500, 60, 90, 20),
                                          (3, 1, 0, 0), (100, 700, 650, 4), (9, 5, 300, 0)):
        name = "%d, %d, %d, %d" % (both, only_a, only_b, neither)
        yield model_case(name, both, only_a, only_b, neither)


# --- numbers --------------------------------------------------------------------------------------


def number_case(name, truth, predicted):
    t, p = np.asarray(truth, dtype=np.float32), np.asarray(predicted, dtype=np.float32)
    wide, guess = t.astype(np.float64), p.astype(np.float64)
    return {"name": name, "truth": t, "predicted": p, "r2": metrics.r2_score(wide, guess),
            "mean_squared_error": metrics.mean_squared_error(wide, guess),
            "root_mean_squared_error": metrics.root_mean_squared_error(wide, guess),
            "mean_absolute_error": metrics.mean_absolute_error(wide, guess),
            "mean_absolute_percentage_error":
                metrics.mean_absolute_percentage_error(wide, guess)}


def number_cases():
    rng = np.random.RandomState(6)
    truth = 150 + 60 * rng.randn(200)
    yield number_case("good", truth, truth + 20 * rng.randn(200))
    yield number_case("worse than the mean", truth[:50], -truth[:50])
    yield number_case("far from zero", 1e6 + rng.randn(40), 1e6 + rng.randn(40))
    yield number_case("zeros among them", [0, 1, -2, 0], [0.5, 1, -1, 0])
    yield number_case("constant, and met", [-2, -2, -2], [-2, -2, -2])
    yield number_case("constant, and missed", [-2, -2, -2], [-2, -2, -1.5])
    yield number_case("one row", [3], [2.5])
    yield number_case("all right", [1, 2.5, -7], [1, 2.5, -7])


# --- two methods ----------------------------------------------------------------------------------


def paired_case(a, b, ratio):
    a, b = np.asarray(a), np.asarray(b)
    off, n = a - b, len(a)
    t = off.mean() / (off.std(ddof=1) * np.sqrt(1 / n + ratio))
    if ratio == 0:
        test = stats.ttest_rel(a, b)
        assert np.isclose(test.statistic, t, rtol=1e-9)
        return {"a": a, "b": b, "ratio": ratio, "statistic": test.statistic, "p": test.pvalue}
    return {"a": a, "b": b, "ratio": ratio, "statistic": t, "p": 2 * stats.t.sf(abs(t), n - 1)}


def paired_cases():
    rng = np.random.RandomState(7)
    for count, apart in ((2, 0.01), (3, 0.0), (3, 0.02), (5, 0.001), (10, 0.004), (30, 0.0001),
                         (400, 0.0004), (10, 0.5)):
        a = 0.97 + 0.004 * rng.randn(count)
        b = a - apart + 0.003 * rng.randn(count)
        yield paired_case(a, b, 0)
        yield paired_case(a, b, 1 / 9)


# --- intervals ------------------------------------------------------------------------------------


def interval_cases():
    for correct, rows in ((0, 1), (1, 1), (0, 20), (7, 10), (9, 10), (500, 1000), (13820, 14000),
                          (9974, 10000), (10000, 10000), (3, 70000)):
        test = stats.binomtest(correct, rows)
        for level in (0.5, 0.9, 0.95, 0.99, 1 - 2.0 ** -40):
            low, high = test.proportion_ci(confidence_level=level, method="wilson")
            if level > 0.999:  # SciPy takes its quantile at 1 - tail, where few digits are left
                share, square = correct / rows, stats.norm.isf((1 - level) / 2) ** 2 / rows
                half = np.sqrt(square * (share * (1 - share) + square / 4))
                low, high = (share + square / 2 + np.array([-half, half])) / (1 + square)
            yield {"correct": correct, "rows": rows, "level": level, "low": low, "high": high}


def write(path):
    parts = ["-- Made by make_metrics.py; do not edit. Metrics by scikit-learn: see there.",
             "-- luacheck: no max line length", "local NAN, INFINITY = 0 / 0, math.huge", "return {"]
    for kind, cases in (("labels", label_cases()), ("chances", chance_cases()),
                        ("models", model_cases()), ("numbers", number_cases()),
                        ("paired", paired_cases()), ("intervals", interval_cases())):
        parts.append("%s = {" % kind)
        parts.extend(wrap(lua(case) + ",") for case in cases)
        parts.append("},")
    parts.append("}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")


if __name__ == "__main__":
    write(os.path.join(HERE, "metrics.lua"))
