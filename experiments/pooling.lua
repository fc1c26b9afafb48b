-- The report's CNN with max, average and global pooling: digits-lua experiments/pooling.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  epochs = { 6, "passes over the training digits" },
  repeats = { 1, "training runs of each, with consecutive seeds" },
}, { epochs = 2 })

local sets = study.split(o)
local candidates = {}
for i, pooling in ipairs { "max", "average", "global" } do
  candidates[i] = { name = pooling, fit = { epochs = o.epochs, batch_size = 50 },
    learner = study.cnn, params = { pooling = pooling } }
end
local results = study.run(candidates, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

local path = digits.path(o.out, "pooling.svg")
plot.compare(results):save(path)
print("wrote " .. path)
return { results = results, differences = differences, options = o }
