-- Boosted trees on what the CNN sees in a digit, against boosted trees on its pixels:
-- digits-lua experiments/cnn_xgboost.lua
-- Options: --epochs 6 --rounds 100 --layer dense --repeats 1 --seed 1 --data mnist --out out
-- --quick
local digits = require "digits"
local study = require "experiments.study" -- study.lua beside this file, or in the program
local plot = digits.plot

local o = study.options({
  epochs = { 6, "passes of the CNN over the training digits" },
  rounds = { 100, "rounds of boosting" },
  layer = { "dense", "the layer of the CNN whose output the trees get" },
  repeats = { 1, "how often each is trained, with seeds that follow one another" },
}, { epochs = 3, rounds = 15 })

-- Boosting that looks at digits through a CNN; used as any other learner.
local Combined = {}
Combined.__index = Combined

function Combined:see(set)
  return set:with { x = self.cnn:features(set, o.layer) }
end

function Combined:fit(train, options)
  self.cnn:fit(train, { validation = options.validation, epochs = o.epochs, batch_size = 50,
    verbose = 0 })
  return self.boosting:fit(self:see(train), { verbose = 0 })
end

function Combined:predict(set) return self.boosting:predict(self:see(set)) end
function Combined:evaluate(set) return self.boosting:evaluate(self:see(set)) end

local sets = study.split(o)
study.cnn():features(sets.test:take(1), o.layer) -- a layer that is not there ends it here
local results = study.run({
  { name = "pixels", model = function() return study.boosting(o.rounds) end, certain = true },
  { name = "CNN features", model = function()
    return setmetatable({ cnn = study.cnn(), boosting = study.boosting(o.rounds) }, Combined)
  end },
}, sets, o)
local differences = study.differences(results, sets)
study.print(results, differences)

local path = digits.path(o.out, "cnn_xgboost.svg")
plot.compare(results):save(path)
print("wrote " .. path)
return { results = results, differences = differences, options = o }
