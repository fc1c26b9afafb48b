-- ReLU against tanh in the report's CNN: digits-lua experiments/activations.lua
-- Options: --epochs 6 --repeats 1 --seed 1 --data mnist --out out --quick
local digits = require "digits"
local study = require "experiments.study" -- study.lua beside this file, or in the program
local plot = digits.plot

local o = study.options({
  epochs = { 6, "passes over the training digits" },
  repeats = { 1, "how often each is trained, with seeds that follow one another" },
}, { epochs = 2 })

local sets = study.split(o)
local candidates = {}
for i, activation in ipairs { "relu", "tanh" } do
  candidates[i] = { name = activation, fit = { epochs = o.epochs, batch_size = 50 },
    model = function() return study.cnn { activation = activation } end }
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
