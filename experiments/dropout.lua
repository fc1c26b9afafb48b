-- Dropout against the overfitting that the report saw: digits-lua experiments/dropout.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  epochs = { 12, "passes over the training digits" },
  repeats = { 1, "training runs of each, with consecutive seeds" },
}, { epochs = 3 })

local sets = study.split(o)
local candidates = {}
for i, rate in ipairs { 0, 0.5, 0.7 } do
  candidates[i] = { name = ("dropout %g"):format(rate),
    fit = { epochs = o.epochs, batch_size = 50 },
    learner = study.cnn, params = { dropout = rate } }
end
local results = study.run(candidates, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

-- overfitting: the difference between training and validation accuracy after the last epoch
local lines = { xlabel = "epoch", ylabel = "validation loss" }
for i, result in ipairs(results) do
  local sum = 0
  for _, run in ipairs(result.runs) do sum = sum + run.model:evaluate(sets.train).accuracy end
  result.training = sum / #result.runs
  print(("%s: accuracy %.4f on the training set, %.4f on the validation set"):format(result.name,
    result.training, result.validation))
  lines[i] = { y = result.runs[1].history.val_loss, label = result.name }
end
local path = digits.path(o.out, "dropout.svg")
plot.line(lines):save(path)
print("wrote " .. path)
return { results = results, differences = differences, options = o }
