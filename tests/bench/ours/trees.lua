-- The report's random forest or boosted trees, or trees that are boosted leaf-wise.
-- usage: trees.lua forest|boosting|leaves FOLDER FILES
--
-- Prints "seconds N" and "cpu N", all of fit() and the processor time in it; "accuracy N",
-- "error N" and "log_loss N" on the 14 000 test images after it; "predict N" and "predict_cpu N",
-- the same for the labels of these. Of a forest: the median times and mean scores of five seeds; of
-- trees boosted leaf-wise: of three, with twice the rounds.
-- The boosted trees are kept in FILES, with their chances of the test images, for exchange.py.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"
local measure = dofile "tests/bench/measure.lua"

local name, folder, files = ...
local train, _, test = common.split(common.read("idx", folder))
local seeds = { forest = 5, boosting = 1, leaves = 3 }
local trees = { forest = 100, boosting = 100, leaves = 200 }
local samples = {}

local function note(key, value)
  samples[key] = samples[key] or {}
  table.insert(samples[key], value)
end

local function time(key, cpu_key, work)
  local start, cpu_start = digits.clock(), os.clock()
  work()
  note(key, digits.clock() - start)
  note(cpu_key, os.clock() - cpu_start)
end

for seed = 1, seeds[name] do
  local model = common[name](trees[name], seed)
  collectgarbage()
  time("seconds", "cpu", function() model:fit(train, { verbose = 0 }) end)
  for _ = 1, 5 do
    time("predict", "predict_cpu", function() model:predict(test.x) end)
  end
  local scores = model:evaluate(test)
  note("accuracy", scores.accuracy)
  note("error", 1 - scores.accuracy)
  note("log_loss", scores.loss)
  if name == "boosting" then
    model:save(files .. "/ours.json")
    common.write_floats(files .. "/ours.f32", model:predict_proba(test))
  end
end

local scores = { accuracy = true, error = true, log_loss = true }
for key, list in pairs(samples) do
  local sum = 0
  for _, value in ipairs(list) do sum = sum + value end
  print(("%s %.6f"):format(key, scores[key] and sum / #list or measure.median(list)))
end
