"""What cleanlab makes of the probabilities that experiments/label_flips.lua has written.

    python3 tests/golden/make_label_issues.py out/label_flips.csv

(in a venv with cleanlab 2.9) writes out/label_flips.cleanlab.csv, a line "case,method,average
precision" for each of cleanlab's rankings, which the experiment prints beside ours. With the word
--golden it also makes tests/golden/label_issues.txt, the first rows of each case (a line: truth, given
label, and two letters a probability, which are minus its logarithm in steps of 1 / 300, to the base
90 from "#" on), and tests/golden/label_issues.lua, what cleanlab says of those.

A method is one of get_label_quality_scores (with adjust_pred_probs: "... adjusted"), or a filter of
find_label_issues followed by the method that orders what it found; the rows that a filter leaves out
are at the end.

Made with cleanlab 2.9.0, scikit-learn 1.9.1 and NumPy 2.4.6.
"""

import os
import sys

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

HERE = os.path.dirname(os.path.abspath(__file__))
RANKS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_normalized_margin", "low_self_confidence")
GOLDEN_ROWS = 3000


def encode(p):
    step = 8099 if p <= 0 else min(8099, round(-300 * float(np.log(p))))
    return chr(35 + step // 90) + chr(35 + step % 90)


def decode(text):
    steps = [90 * (ord(text[i]) - 35) + ord(text[i + 1]) - 35 for i in range(0, len(text), 2)]
    return np.exp(np.array(steps) / -300)


def read(path):
    """Cases in order: name, lines, truth, given, probabilities."""
    cases = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.strip().split(",")
            cases.setdefault(words[0], []).append(words[1:])
    for name, lines in cases.items():
        numbers = np.array(lines, dtype=np.float64)
        chances = numbers[:, 2:] / numbers[:, 2:].sum(axis=1, keepdims=True)
        yield name, lines, numbers[:, 0].astype(int), numbers[:, 1].astype(int), chances


def average_precisions(truth, given, chances):
    planted, figures = truth != given, {}
    for method in RANKS:
        for adjusted in (False, True)[: 1 if method == RANKS[2] else 2]:
            scores = get_label_quality_scores(given, chances, method=method,
                                              adjust_pred_probs=adjusted)
            name = method + " adjusted" * adjusted
            figures[name] = average_precision_score(planted, -scores)
    for kind in FILTERS:
        for method in RANKS:
            order = find_label_issues(given, chances, filter_by=kind, n_jobs=1,
                                      return_indices_ranked_by=method)
            scores = np.zeros(len(given))
            scores[order] = np.arange(len(order), 0, -1)
            figures[kind + " by " + method] = average_precision_score(planted, scores)
    return figures


def golden(path):
    data = []
    parts = ["-- Made by make_label_issues.py; do not edit. cleanlab's average precisions, and the rows",
             "-- (from 1) off the diagonal of its confident joint.",
             "-- luacheck: no max line length", "return {"]
    for name, lines, truth, given, _ in read(path):
        data.append(name)
        codes = ["".join(encode(float(p)) for p in words[2:]) for words in lines[:GOLDEN_ROWS]]
        data.extend("%d%d%s" % row for row in zip(truth, given, codes))
        truth, given = truth[:GOLDEN_ROWS], given[:GOLDEN_ROWS]
        chances = np.array([decode(code) for code in codes])
        chances /= chances.sum(axis=1, keepdims=True)
        issues = 1 + np.flatnonzero(find_label_issues(given, chances, n_jobs=1,
                                                      filter_by="confident_learning"))
        parts.append('  { name = "%s",' % name)
        parts.append("    issues = { %s }," % ", ".join(str(row) for row in issues))
        for method, value in average_precisions(truth, given, chances).items():
            parts.append('    ["%s"] = %.12f,' % (method, value))
        parts.append("  },")
    for name, lines in (("label_issues.txt", data), ("label_issues.lua", parts + ["}"])):
        with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def main(path):
    out = os.path.splitext(path)[0] + ".cleanlab.csv"
    with open(out, "w", encoding="utf-8") as file:
        for name, _, truth, given, chances in read(path):
            figures = average_precisions(truth, given, chances)
            print("%s, %d of %d labels changed" % (name, (truth != given).sum(), len(truth)))
            for method, value in sorted(figures.items(), key=lambda item: -item[1]):
                print("    %.4f  %s" % (value, method))
                file.write("%s,%s,%.6f\n" % (name, method, value))
    print("wrote", out)


if __name__ == "__main__":
    main(sys.argv[1])
    if "--golden" in sys.argv:
        golden(sys.argv[1])
