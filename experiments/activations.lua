-- The report's CNN with ReLU and with tanh: digits-lua experiments/activations.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  epochs = { 6, "passes over the training digits" },
  repeats = { 1, "training runs of each, with consecutive seeds" },
}, { epochs = 2 })

local sets = study.split(o)
local candidates = {}
for i, activation in ipairs { "relu", "tanh" } do
  candidates[i] = { name = activation, fit = { epochs = o.epochs, batch_size = 50 },
    learner = study.cnn, params = { activation = activation } }
end
local results = study.run(candidates, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

local lines = { xlabel = "epoch", ylabel = "validation accuracy" }
for i, result in ipairs(results) do
  lines[i] = { y = result.runs[1].history.val_accuracy, label = result.name }
end
local path = digits.path(o.out, "activations.svg")
plot.line(lines):save(path)
print("wrote " .. path)
return { results = results, differences = differences, options = o }
