-- How the time of a fit grows with rows, trees or the batch, and threads. usage: growth.lua FOLDER
--
-- Prints "LEARNER_ROWS_COUNT_THREADS N", the seconds of fit(), for all that plan.growth has, and
-- "cpu_..." of each, the processor time in it.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"
local plan = dofile "tests/bench/plan.lua"

local all = common.read("idx", (...)):shuffle { seed = 1 }

local function take(name, rows, count, threads)
  digits.seed(1)
  local network = name == "cnn"
  local model, set = common[name](count, 1), all:take(rows)
  local options = network and { epochs = 1, batch_size = count, verbose = 0 } or { verbose = 0 }
  digits.threads(threads)
  collectgarbage()
  local start, cpu_start = digits.clock(), os.clock()
  model:fit(set, options)
  local seconds, cpu = digits.clock() - start, os.clock() - cpu_start
  local key = ("%s_%d_%d_%d"):format(name, rows, count, threads)
  print(("%s %.6f\ncpu_%s %.6f"):format(key, seconds, key, cpu))
end

for _, kind in ipairs(plan.growth) do
  for _, name in ipairs(kind.learners) do
    for _, threads in ipairs(kind.threads) do
      for _, rows in ipairs(kind.rows) do
        for _, count in ipairs(kind.counts) do take(name, rows, count, threads) end
      end
    end
  end
end
