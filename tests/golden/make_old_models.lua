-- Writes tests/golden/models_1: model files of format 1, and what they predict, bit by bit. Run by
-- the program of commit 7c57a90, the last before files had sections:
--     digits-lua tests/golden/make_old_models.lua
-- Later formats get folders of their own; what is there stays, and is loaded for ever.
local digits = require "digits"
local nn, tree = digits.nn, digits.tree
local folder = "tests/golden/models_1/"
digits.seed(3)

local rows = ((digits.range(0, 640) * 7) % 17):astype("float32"):reshape { 40, 4, 4, 1 } / 16
local labels = (digits.range(0, 40) * 5 % 3):astype "int32" * 2 -- 0, 2, 4
local numbers = rows:reshape { 40, 16 }[{ {}, 1 }] * 3
local named = digits.data.from_tensors { x = rows, y = labels, class_names = { "a", "b", "c" } }

local function keep(name, model, set, options)
  options.verbose = 0
  model:fit(set, options)
  model:save(folder .. name .. ".safetensors")
  local file = assert(io.open(folder .. name .. ".txt", "w"))
  local outputs = set == named and model:predict_proba(rows) or model:predict(rows)
  for _, value in ipairs(outputs:reshape { -1 }:totable()) do file:write(("%a\n"):format(value)) end
  file:close()
end

local cnn = nn.Sequential { nn.Input { 4, 4, 1 }, nn.Conv2D { 3, { 3, 3 }, activation = "relu" },
  nn.BatchNormalization {}, nn.MaxPooling2D { 2 }, nn.Dropout { 0.25 }, nn.Flatten {},
  nn.Dense { 3, activation = "softmax", kernel_regularizer = nn.L2 { 1e-4 } }, name = "cnn" }
cnn:compile { optimizer = nn.Adam { 0.01 }, loss = "categorical_crossentropy",
  metrics = { "accuracy" } }
keep("network", cnn, named, { epochs = 3, batch_size = 8 })
local line = nn.Sequential { nn.Input { 16 }, nn.Dense { 4, activation = "tanh" }, nn.Dense { 1 } }
line:compile { optimizer = "sgd", loss = "mean_squared_error" }
local set = digits.data.from_tensors { x = rows, y = numbers }
keep("regression", line, set, { epochs = 3 })
keep("forest", tree.RandomForest { 4, max_depth = 3, oob_score = true }, named, {})
keep("boosting", tree.GradientBoosting { 3, max_depth = 2, learning_rate = 0.5 }, named, {})
keep("tree", tree.DecisionTree { max_depth = 3 }, set, {})
