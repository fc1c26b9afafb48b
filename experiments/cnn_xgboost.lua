-- Boosted trees on CNN features and on pixels: digits-lua experiments/cnn_xgboost.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot = digits.plot

local o = study.options({
  epochs = { 6, "passes of the CNN over the training digits" },
  rounds = { 100, "rounds of boosting" },
  layer = { "dense", "the layer of the CNN whose outputs are the features" },
  repeats = { 1, "training runs of each, with consecutive seeds" },
}, { epochs = 3, rounds = 15 })

local sets = study.split(o)

-- Boosting on the features of a CNN, with the methods of a learner that study.run calls.
local Combined = {}
Combined.__index = Combined

function Combined:features(set)
  return set:with { x = self.cnn:features(set, o.layer) }
end

function Combined:fit(train)
  local run = study.train({ learner = study.cnn, fit = { epochs = o.epochs, batch_size = 50 } },
    sets, self.seed)
  self.cnn = run.model
  local start = digits.clock()
  local history = self.boosting:fit(self:features(train), { verbose = 0 })
  return history, run.seconds + digits.clock() - start
end

function Combined:predict(set) return self.boosting:predict(self:features(set)) end
function Combined:evaluate(set) return self.boosting:evaluate(self:features(set)) end

study.cnn():features(sets.test:take(1), o.layer) -- fails now if there is no such layer
local results = study.run({
  { name = "pixels", learner = study.boosting, params = { rounds = o.rounds },
    deterministic = true },
  { name = "CNN features", learner = function(_, seed)
    return setmetatable({ seed = seed, boosting = study.boosting { rounds = o.rounds } }, Combined)
  end },
}, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

local path = digits.path(o.out, "cnn_xgboost.svg")
plot.compare(results):save(path)
print("wrote " .. path)
return { results = results, differences = differences, options = o }
