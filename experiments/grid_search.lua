-- The report's search for the best CNN: digits-lua experiments/grid_search.lua --help
-- If it is interrupted and started again, it continues where it was.
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local plot, search = digits.plot, digits.search

local o = study.options {
  workers = { 1, "networks trained in parallel" },
  journal = { "", "file that keeps each finished trial; by default grid_SEED.jsonl in --out" },
}
local name = (o.quick and "grid_quick_%d.jsonl" or "grid_%d.jsonl"):format(o.seed)
local sets = study.split(o)

-- The report's lists: 2 * 2 * 2 * 1 * 2 = 16 trials.
local found = search.grid {
  params = {
    batch_size = { 50, 100 },
    epochs = o.quick and { 1, 2 } or { 6, 12 },
    learning_rate = { 1e-3, 1e-4 },
    pool_size = { { 3, 3 } },
    dropout = { 0.7, 0.5 },
  },
  model = function(p) return study.cnn(p) end,
  fit = function(p) return { epochs = p.epochs, batch_size = p.batch_size } end,
  train = sets.train, validation = sets.validation, metric = "accuracy", seed = o.seed,
  workers = o.workers, journal = o.journal ~= "" and o.journal or digits.path(o.out, name),
}
print()
print(found)
print(("\nthe best of %d, in %.1f s: %s"):format(#found.trials, found.seconds,
  tostring(found.best)))

local test = found.best.model:evaluate(sets.test)
print(("test accuracy %s, loss %.4f"):format(study.with_interval(test.accuracy, sets.test),
  test.loss))
local path = digits.path(o.out, "search.svg")
plot.search(found):save(path)
print(("wrote %s and %s"):format(found.best.path, path))
return found
