-- How the time of a fit grows with rows, trees and threads. usage: growth.lua FOLDER
--
-- Prints "forest_ROWS_TREES_THREADS N" and "boosting_...", the seconds of fit(), and "cpu_..." of
-- each, the processor time in it.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"
local plan = dofile "tests/bench/plan.lua"

local train = common.split(common.read("idx", (...)))
local growth = plan.growth

local function take(name, rows, trees, threads)
  local model, set = common[name](trees, 1), train:take(rows)
  digits.threads(threads)
  collectgarbage()
  local start, cpu_start = digits.clock(), os.clock()
  model:fit(set, { verbose = 0 })
  local seconds, cpu = digits.clock() - start, os.clock() - cpu_start
  local key = ("%s_%d_%d_%d"):format(name, rows, trees, threads)
  print(("%s %.6f\ncpu_%s %.6f"):format(key, seconds, key, cpu))
end

for _, name in ipairs(growth.learners) do
  for _, threads in ipairs(growth.threads) do
    for _, rows in ipairs(growth.rows) do
      for _, trees in ipairs(growth.trees) do take(name, rows, trees, threads) end
    end
  end
end
