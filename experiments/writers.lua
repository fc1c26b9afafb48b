-- What a random split hides: digits by the same hands are in all of its parts. Accuracy with and
-- without shared writers: digits-lua experiments/writers.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local metrics, plot = digits.metrics, digits.plot

local o = study.options({
  epochs = { 6, "passes over the training digits" },
  seeds = { 3, "splits of each kind, with consecutive seeds, and a network for each" },
  data = { "mnist", "\"mnist\" or \"qmnist\"" },
}, { epochs = 3, seeds = 2 })

local images = study.open(o, { groups = "writers" })

-- The report's parts, at random or by writers.
local function split(seed, groups)
  local train, _, test = images:split { 0.56, 0.24, 0.20, seed = seed, stratify = true,
    groups = groups }
  return { train = train, test = test }
end

-- How many of the test set's writers have digits in the training set, and how many there are.
local function shared(sets)
  local known, seen, both, all = {}, {}, 0, 0
  for _, writer in ipairs(sets.train.groups:totable()) do known[writer] = true end
  for _, writer in ipairs(sets.test.groups:totable()) do
    if not seen[writer] then all, both = all + 1, both + (known[writer] and 1 or 0) end
    seen[writer] = true
  end
  return both, all
end

local candidate = { learner = study.cnn, fit = { epochs = o.epochs, batch_size = 50 } }
local results = { { name = "random split", runs = {} }, { name = "other writers", runs = {} } }
local test
for seed = o.seed, o.seed + o.seeds - 1 do
  for k, result in ipairs(results) do
    local sets = split(seed, k == 2)
    local run, both, all = study.train(candidate, sets, seed), shared(sets)
    result.runs[#result.runs + 1], test = run, sets.test
    print(("%s, seed %d: test accuracy %s, %.1f s; %d of %d writers were trained on"):format(
      result.name, seed, study.with_interval(run.accuracy, test), run.seconds, both, all))
  end
end
for _, result in ipairs(results) do study.sum_up(result, test) end
study.print(results, {})

-- The difference of two shares by their intervals (Newcombe 1998, method 10), and over seeds by a
-- t-test that knows that splits of the same rows overlap. The intervals take rows as drawn one by
-- one; those of a writer are alike, so that with other writers they are somewhat too narrow.
local apart, mixed = results[2], results[1]
local a, b = metrics.interval(apart.accuracy, #test), metrics.interval(mixed.accuracy, #test)
local difference = apart.accuracy - mixed.accuracy
local low = math.sqrt((a.accuracy - a.low) ^ 2 + (b.high - b.accuracy) ^ 2)
local high = math.sqrt((a.high - a.accuracy) ^ 2 + (b.accuracy - b.low) ^ 2)
local verdict = ("other writers: %+.2f points of accuracy (95 %%: %+.2f to %+.2f)"):format(
  100 * difference, 100 * (difference - low), 100 * (difference + high))
if o.seeds > 1 then
  local lists = { {}, {} }
  for k, result in ipairs(results) do
    for i, run in ipairs(result.runs) do lists[k][i] = run.accuracy end
  end
  local paired = metrics.paired_t(lists[2], lists[1], { test_ratio = 0.20 / 0.56 })
  verdict = ("%s; over %d seeds ± %.2f, p = %.4f"):format(verdict, o.seeds,
    100 * paired.deviation, paired.p)
end
print(verdict)

local path = digits.path(o.out, "writers.svg")
plot.compare(results):save(path)
apart.runs[1].model:save(digits.path(o.out, "writers.safetensors"))
print(("wrote %s and writers.safetensors\n"):format(path))
study.close(apart)
return { results = results, difference = difference, verdict = verdict, options = o }
