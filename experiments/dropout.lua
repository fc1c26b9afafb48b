-- The overfitting that the report saw, and dropout against it: digits-lua experiments/dropout.lua
-- Options: --epochs 12 --repeats 1 --seed 1 --data mnist --out out --quick
local digits = require "digits"
local study = require "experiments.study" -- study.lua beside this file, or in the program
local plot = digits.plot

local o = study.options({
  epochs = { 12, "passes over the training digits" },
  repeats = { 1, "how often each is trained, with seeds that follow one another" },
}, { epochs = 3 })

local sets = study.split(o)
local candidates = {}
for i, rate in ipairs { 0, 0.5, 0.7 } do
  candidates[i] = { name = ("dropout %g"):format(rate),
    fit = { epochs = o.epochs, batch_size = 50 },
    model = function() return study.cnn { dropout = rate } end }
end
local results = study.run(candidates, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

-- overfitting: how much better the last epoch knows the digits that it learnt from
local lines = { xlabel = "epoch", ylabel = "validation loss" }
for i, result in ipairs(results) do
  local sum = 0
  for _, run in ipairs(result.runs) do sum = sum + run.model:evaluate(sets.train).accuracy end
  result.learnt = sum / #result.runs
  print(("%s: accuracy %.4f on the digits that it learnt from, %.4f on the validation set"):format(
    result.name, result.learnt, result.validation))
  lines[i] = { y = result.runs[1].history.val_loss, label = result.name }
end
local path = digits.path(o.out, "dropout.svg")
plot.line(lines):save(path)
print("wrote " .. path)
return { results = results, differences = differences, options = o }
