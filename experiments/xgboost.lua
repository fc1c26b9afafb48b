-- The report's boosted trees: digits-lua experiments/xgboost.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  rounds = { 100, "rounds of boosting, each of which adds one tree per digit" },
}, { rounds = 15 })

local sets = study.split(o)
local boosting = study.boosting { rounds = o.rounds }
local history = boosting:fit(sets.train, { validation = sets.validation })
local accuracy = boosting:evaluate(sets.test).accuracy
print(("validation accuracy %.4f, test accuracy %s, trained in %.1f s"):format(
  boosting:evaluate(sets.validation).accuracy, study.with_interval(accuracy, sets.test),
  history.total_seconds))

local importance = plot.importance(boosting, { shape = { 28, 28 },
  title = "Importance of each pixel in the boosted trees" })
importance:save(digits.path(o.out, "xgboost_importance.svg"))
plot.history(history, { unit = "round" }):save(digits.path(o.out, "xgboost_history.svg"))
boosting:save(digits.path(o.out, "xgboost.safetensors"))
print(("wrote xgboost.safetensors, its history and importances to %s"):format(o.out))
return { model = boosting, accuracy = accuracy, history = history, importance = importance }
