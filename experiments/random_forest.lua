-- The report's random forest: digits-lua experiments/random_forest.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  trees = { 100, "trees in the forest" },
  one_hot = { false, "one-hot labels, as in the report: the forest is the same" },
  scale = { false, "divide pixels by 255, as in the report: the forest is the same" },
}, { trees = 30 })

local function prepare(set)
  if o.one_hot then set = set:one_hot() end
  return o.scale and set:with { x = set.x / 255 } or set
end

local sets = study.split(o)
local forest = study.forest { trees = o.trees }
local history = forest:fit(prepare(sets.train))
local accuracy = forest:evaluate(prepare(sets.test)).accuracy
print(("validation accuracy %.4f, test accuracy %s, out of bag %.4f, trained in %.1f s"):format(
  forest:evaluate(prepare(sets.validation)).accuracy, study.with_interval(accuracy, sets.test),
  forest.oob_accuracy, history.total_seconds))

local path = digits.path(o.out, "random_forest_importance.svg")
local importance = plot.importance(forest, { shape = { 28, 28 },
  title = "Importance of each pixel in the random forest" }):save(path)
forest:save(digits.path(o.out, "random_forest.safetensors"))
print("wrote " .. path .. " and random_forest.safetensors")
return { model = forest, accuracy = accuracy, importance = importance }
