-- Writes tests/golden/trees_1: models as the commit 921a630 saved them, and what they predict. Run
-- by the program of that commit (later ones write other files):
--     digits-lua tests/golden/make_old_trees.lua
local digits = require "digits"
local tree = digits.tree
local folder = "tests/golden/trees_1/"

local rows = digits.uniform { 60, 3, seed = 4 }
local labels = rows[{ {}, 1 }]:gt(0.4):astype "int32" + rows[{ {}, 2 }]:gt(0.7) * 4
local two = rows[{ {}, 1 }]:gt(0.4):astype "int32" + 3
local numbers = rows[{ {}, 1 }] * 7 + rows[{ {}, 2 }]

local function keep(name, model, y)
  model:fit(rows, y, { verbose = 0 })
  model:save(folder .. name .. ".safetensors")
  local file = assert(io.open(folder .. name .. ".txt", "w"))
  for _, value in ipairs(model:predict_proba(rows:reshape { 60, 3 }):reshape { -1 }:totable()) do
    file:write(("%.9g\n"):format(value))
  end
  file:close()
end

keep("softmax", tree.GradientBoosting { n_estimators = 3, max_depth = 2 }, labels)
keep("logistic", tree.GradientBoosting { n_estimators = 3, max_depth = 2, base_score = 0.3 }, two)
keep("squared", tree.GradientBoosting { n_estimators = 3, max_depth = 2 }, numbers)
keep("forest", tree.RandomForest { n_estimators = 3, max_depth = 2, oob_score = true,
  class_weight = { [0] = 1, [1] = 2.5, [4] = 1, [5] = 3 } }, labels)
