-- The report's four candidates side by side: digits-lua experiments/compare.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  epochs = { 12, "passes of the networks over the training digits" },
  trees = { 100, "trees in the forest" },
  rounds = { 100, "rounds of boosting" },
  repeats = { 1, "training runs of each, with consecutive seeds" },
}, { epochs = 3, trees = 30, rounds = 10 })

local sets = study.split(o)
local fit = { epochs = o.epochs, batch_size = 50 }
local results = study.run({
  { name = "Forest", learner = study.forest, params = { trees = o.trees } },
  { name = "XGBoost", learner = study.boosting, params = { rounds = o.rounds },
    deterministic = true },
  { name = "Network", learner = study.network, fit = fit },
  { name = "CNN", learner = study.cnn, fit = fit },
}, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

local without = {}
for _, result in ipairs(results) do
  if result.name ~= "XGBoost" then without[#without + 1] = result end
end
plot.compare(results):save(digits.path(o.out, "compare.svg"))
plot.compare(without):save(digits.path(o.out, "compare_without_xgboost.svg"))
print(("wrote compare.svg and compare_without_xgboost.svg to %s"):format(o.out))
return { results = results, without = without, differences = differences, sets = sets, options = o }
