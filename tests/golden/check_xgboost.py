"""Models go both ways between this program and XGBoost: prints how far predictions are apart.

Run at the top of the repository, after make, in a venv with xgboost 3:
    python tests/golden/check_xgboost.py

"read": XGBoost's model here against XGBoost; "trained": a model fitted here with the same options against XGBoost's;
"written": that model in XGBoost against this program.
"""
import os
import subprocess
import tempfile

import numpy as np
import xgboost as xgb

SCRIPT = """
local digits = require "digits"
local folder, objective, base = ...
local x = digits.data.csv { folder .. "/x.csv", header = false, dtype = "float32" }.x
local y = digits.data.csv { folder .. "/y.csv", header = false, dtype = "float32" }.x:reshape { #x }
if objective ~= "squared_error" then y = y:astype "int32" end
local function keep(model, name)
  local found = objective == "squared_error" and model:predict(x) or model:predict_proba(x)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  for _, value in ipairs(found:reshape { -1 }:totable()) do file:write(("%.9g\\n"):format(value)) end
  file:close()
end
keep(digits.load(folder .. "/theirs.json"), "read.txt")
local boost = digits.tree.GradientBoosting { n_estimators = 5, max_depth = 3, objective = objective,
  base_score = tonumber(base) }
boost:fit(x, y, { verbose = 0 })
keep(boost, "trained.txt")
boost:save(folder .. "/ours.json")
"""


def as_ours(proba, objective):
    return (np.stack([1 - proba, proba], 1) if objective == "logistic" else proba).ravel()


def main():
    r = np.random.RandomState(0)
    x = r.randint(-400, 400, (200, 4)).astype(np.float32) / 16
    score = x[:, 0] + 2 * np.abs(x[:, 1])
    three = np.digitize(score, np.quantile(score, [0.5, 0.8]))
    targets = {"softmax": ("multi:softprob", three), "logistic": ("binary:logistic", three > 0),
               "squared_error": ("reg:squarederror", (score + r.normal(0, 1, 200)).astype(np.float32))}
    rows = xgb.DMatrix(x)
    print("XGBoost", xgb.__version__)
    for objective, (theirs, y) in targets.items():
        for base in (None, 0.3):
            params = {"objective": theirs, "max_depth": 3, "tree_method": "hist"}
            if base:
                params["base_score"] = base
            if objective == "softmax":
                params["num_class"] = 3
            with tempfile.TemporaryDirectory() as folder:
                def read(name):
                    return np.loadtxt(os.path.join(folder, name))
                np.savetxt(os.path.join(folder, "x.csv"), x, fmt="%.9g", delimiter=",")
                np.savetxt(os.path.join(folder, "y.csv"), y, fmt="%.9g")
                model = xgb.train(params, xgb.DMatrix(x, y), 5)
                model.save_model(os.path.join(folder, "theirs.json"))
                with open(os.path.join(folder, "script.lua"), "w") as file:
                    file.write(SCRIPT)
                subprocess.run(["build/digits-lua", os.path.join(folder, "script.lua"), folder, objective, str(base)],
                               check=True)
                again = xgb.Booster(model_file=os.path.join(folder, "ours.json"))
                kind = xgb.XGBRegressor if objective == "squared_error" else xgb.XGBClassifier
                kind().load_model(os.path.join(folder, "ours.json"))
                scale = max(1, np.abs(read("read.txt")).max())
                print(f"{objective:14} base_score {base}:",
                      "read %.1e" % (np.abs(read("read.txt") - as_ours(model.predict(rows), objective)).max() / scale),
                      "trained %.1e" % (np.abs(read("trained.txt") - read("read.txt")).max() / scale),
                      "written %.1e" % (np.abs(read("trained.txt") - as_ours(again.predict(rows), objective)).max() / scale))


main()
