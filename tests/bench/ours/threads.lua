-- What two threads gain. usage: threads.lua FOLDER
--
-- Prints "threads_LEARNER N" for all of plan.threaded but spin: the time of a short work on two
-- threads as a share of that on one, the median of pairs.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"
local measure = dofile "tests/bench/measure.lua"
local plan = dofile "tests/bench/plan.lua"

local pairs_of_runs = 5
local all = common.read("idx", (...)):shuffle { seed = 1 }
local set, images = all:take(10000), all.x[{ { 10001, 24000 } }]

local function fitted(model, rows, options)
  options.verbose = 0
  model:fit(all:take(rows), options)
  return model
end

local function network(name, rows, batch_size)
  return function() fitted(common[name](), rows, { epochs = 1, batch_size = batch_size }) end
end

-- A function that prepares a model once and returns the work that is timed.
local function predicting(prepare, x)
  return function()
    local model = prepare()
    return function() model:predict(x) end
  end
end

local works = {
  forest = function() fitted(common.forest(30, 1), 10000, {}) end,
  boosting = function() fitted(common.boosting(4, 1), 10000, {}) end,
  logistic = function()
    digits.linear.LogisticRegression({ max_iter = 20 }):fit(set, { verbose = 0 })
  end,
  centroid = function() digits.neighbors.NearestCentroid({}):fit(all, { verbose = 0 }) end,
  cnn = network("cnn", 4000, 50),
  dense = network("dense", 20000, 50),
  deep = network("deep", 600, 100),
}

local prepared = {
  neighbors = predicting(function()
    local model = digits.neighbors.KNeighbors { 3 }
    model:fit(all:take(20000), { verbose = 0 })
    return model
  end, all.x[{ { 20001, 22000 } }]),
  forest_labels = predicting(function() return fitted(common.forest(100, 1), 10000, {}) end,
    images),
  boosting_labels = predicting(function() return fitted(common.boosting(20, 1), 10000, {}) end,
    images),
  cnn_labels = predicting(function() return fitted(common.cnn(), 500, { epochs = 1 }) end, images),
}

local function seconds(work, threads)
  digits.threads(threads)
  collectgarbage()
  local start = digits.clock()
  work()
  return digits.clock() - start
end

for _, learner in ipairs(plan.threaded) do
  local name, shares = learner[1], {}
  local work = works[name] or prepared[name] and prepared[name]()
  if work then
    digits.seed(1)
    seconds(work, 2)
    for at = 1, pairs_of_runs do
      local one = seconds(work, 1)
      shares[at] = seconds(work, 2) / one
    end
    print(("threads_%s %.4f"):format(name, measure.median(shares)))
  end
end
