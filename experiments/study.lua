-- Code that the experiments share: options, the report's data and models, and comparisons.
-- An experiment requires it as "experiments.study": the file beside it, or else the one built into
-- the program, so that a copy of an experiment runs alone in any folder.
local digits = require "digits"
local data, metrics, nn, tree = digits.data, digits.metrics, digits.nn, digits.tree

local study = {}
local folder = arg[0]:match "^(.*/)" or ""

-- ---- options and data ----

local function fail(...)
  io.stderr:write(arg[0], ": ", string.format(...), "\n")
  os.exit(1, true)
end

-- A message without the position and the function's name at its start.
local function without_position(message)
  return (tostring(message):gsub("^[^ ]+:%d+: ", ""):gsub("^%l+: ", ""))
end

-- digits.options with the options that all experiments have added; `quick` has the defaults under
-- --quick. Ends the program now, not after the work, if --out cannot be written or gnuplot does not
-- run.
function study.options(known, quick)
  known.seed = { 1, "the same seed gives the same results, bit for bit" }
  known.data = known.data or { "mnist", "\"mnist\", a folder, a .csv or an IDX file" }
  known.out = { "out", "folder for the results" }
  known.quick = { false, "a quick run on 7 000 digits, with little training" }
  for _, word in ipairs(arg) do
    local on = word == "--quick" or word == "--quick=true"
    for name, default in pairs(on and quick or {}) do known[name][1] = default end
  end
  local o = digits.options(known)
  for _, name in ipairs { "epochs", "repeats", "seeds", "trees", "rounds", "folds", "show",
    "workers" } do
    if known[name] and o[name] < 1 then
      fail("--%s must be at least 1, found %d", name, o[name])
    end
  end
  local writable, message = pcall(digits.path, o.out, "report.html")
  if not writable then
    fail("cannot write into --out '%s': %s", o.out, without_position(message))
  end
  local drawn, why = pcall(function() digits.plot.line { y = { 0, 1 } }:render "svg" end)
  if not drawn then fail("cannot draw: %s", without_position(why)) end
  digits.seed(o.seed)
  return o
end

-- With --quick at most 7 000 rows of the set.
function study.few(o, images)
  if not o.quick or #images <= 7000 then return images end
  return images:shuffle { seed = o.seed }:take(7000)
end

-- The dataset of --data; with --quick at most 7 000 rows of it.
function study.open(o, options)
  return study.few(o, data.open(o.data, options))
end

-- Options as the words of a command line, sorted.
local function words_of(options)
  local words = {}
  for name, value in pairs(options) do
    local flag = "--" .. name:gsub("_", "-")
    if value == true then
      words[#words + 1] = flag
    elseif value ~= false then
      words[#words + 1] = flag .. "=" .. tostring(value)
    end
  end
  table.sort(words)
  return words
end

-- The command that runs an experiment with these options.
function study.command(name, options)
  local words = table.concat(words_of(options), " ")
  return ("digits-lua %s%s.lua %s"):format(folder, name, words)
end

-- Runs another experiment, of this folder or built in, with these options, and returns its results.
function study.experiment(name, options)
  local words, module = words_of(options), "experiments." .. name
  words[0] = folder .. name .. ".lua"
  rawset(_G, "arg", words)
  package.loaded[module] = nil
  return (require(module))
end

local splits = {} -- those of this process

-- 56 % for training, 24 % for choosing between models, 20 % for testing. The experiments of one
-- process share what they have in common.
function study.split(o)
  local name = ("%s %s %d"):format(o.data, o.quick, o.seed)
  local sets = splits[name] or {}
  if not splits[name] then
    sets.train, sets.validation, sets.test =
      study.open(o):split { 0.56, 0.24, 0.20, seed = o.seed, stratify = true }
    splits[name] = sets
  end
  print(("%d digits to train on, %d to validate, %d to test"):format(
    #sets.train, #sets.validation, #sets.test))
  return sets
end

-- ---- the report's models ----

local function compiled(layers, learning_rate)
  local model = nn.Sequential(layers)
  model:compile {
    optimizer = nn.Adam { learning_rate = learning_rate or 1e-3 },
    loss = "categorical_crossentropy",
    metrics = { "accuracy" },
  }
  return model
end

local POOLING = {
  max = function(size) return nn.MaxPooling2D { size } end,
  average = function(size) return nn.AveragePooling2D { size } end,
  global = function() return nn.GlobalAveragePooling2D {} end,
}

local CNN = { pooling = "max", dropout = 0.5, activation = "relu", learning_rate = 1e-3 }

local function with_defaults(params, defaults)
  local all = {}
  for name, value in pairs(defaults or {}) do all[name] = value end
  for name, value in pairs(params or {}) do all[name] = value end
  return all
end

-- The convolutional network; `params` overrides the defaults above, and pool_size { 2, 2 };
-- `augment` lists layers that come before the others.
function study.cnn(params)
  local p = with_defaults(params, CNN)
  local layers = {
    nn.Conv2D { 32, { 5, 5 }, activation = p.activation },
    POOLING[p.pooling](p.pool_size or { 2, 2 }),
    nn.Dropout { p.dropout },
    nn.Flatten {},
    nn.Dense { 128, activation = p.activation, name = "dense" },
    nn.Dense { 10, activation = "softmax" },
  }
  local augment = p.augment or {}
  table.move(layers, 1, #layers, #augment + 1)
  table.move(augment, 1, #augment, 1, layers)
  return compiled({ nn.Input { 28, 28, 1 }, table.unpack(layers) }, p.learning_rate)
end

-- The dense network, with L2 on the weights.
function study.network()
  local l2 = nn.L2 { 1e-4 }
  return compiled({
    nn.Input { 784 },
    nn.Dense { 128, activation = "relu", kernel_regularizer = l2 },
    nn.Dense { 64, activation = "relu", kernel_regularizer = l2 },
    nn.Dense { 10, activation = "softmax" },
  }, 1e-3)
end

-- params: trees
function study.forest(params)
  local trees = params and params.trees or 100
  return tree.RandomForest { n_estimators = trees, max_features = "sqrt", oob_score = true }
end

-- params: rounds
function study.boosting(params)
  local rounds = params and params.rounds or 100
  return tree.GradientBoosting { n_estimators = rounds, max_depth = 6, learning_rate = 0.3 }
end

-- ---- comparing candidates ----

local function mean(values)
  local sum = 0
  for _, value in ipairs(values) do sum = sum + value end
  return sum / #values
end

-- The standard deviation of a sample; 0 for one value.
local function spread(values)
  if #values < 2 then return 0 end
  local middle, squares = mean(values), {}
  for i, value in ipairs(values) do squares[i] = (value - middle) ^ 2 end
  return math.sqrt(mean(squares) * #values / (#values - 1))
end

-- "0.9861 to 0.9896": where the accuracy on all such digits lies with a probability of 95 %, if it
-- is `accuracy` on this set.
function study.interval(accuracy, set)
  local found = metrics.interval(accuracy, #set)
  return ("%.4f to %.4f"):format(found.low, found.high)
end

-- The same after the accuracy: "0.9880 (95 %: 0.9861 to 0.9896)".
function study.with_interval(accuracy, set)
  return ("%.4f (95 %%: %s)"):format(accuracy, study.interval(accuracy, set))
end

local function fit(candidate, sets, seed)
  digits.seed(seed)
  local options = { validation = sets.validation, verbose = 0 }
  for name, value in pairs(candidate.fit or {}) do options[name] = value end
  local model = candidate.learner(candidate.params, seed)
  local start = digits.clock()
  local history, seconds = model:fit(sets.train, options)
  local run = { model = model, history = history, seconds = seconds or digits.clock() - start }
  run.labels = model:predict(sets.test)
  run.accuracy = metrics.accuracy(sets.test, run.labels)
  local scores = history.val_accuracy -- of the validation set, after each epoch
  if sets.validation then
    run.validation = scores and scores[#scores] or model:evaluate(sets.validation).accuracy
  end
  return run
end

-- those of this process: by sets, learner, and the words of all else
local runs = setmetatable({}, { __mode = "k" })

-- Trains a candidate, { learner = study.cnn or the like, params = its argument, fit = options },
-- once in this process: one that differs from an earlier one in nothing is that one. Returns the
-- run: its model, history, seconds, labels and accuracy on the test set, and accuracy on the
-- validation set, if there is one; and whether it is of before. A learner whose fit trains others
-- may return, after the history, their seconds and its own.
function study.train(candidate, sets, seed)
  local learner = candidate.learner
  local params = with_defaults(candidate.params, learner == study.cnn and CNN)
  local words = table.concat({ seed, table.concat(words_of(params), " "),
    table.concat(words_of(candidate.fit or {}), " ") }, "; ")
  runs[sets] = runs[sets] or {}
  local known = runs[sets][learner] or {}
  runs[sets][learner] = known
  if known[words] then return known[words], true end
  known[words] = fit(candidate, sets, seed)
  return known[words], false
end

-- Fills a result, whose runs were judged on as many rows as `test` has: the means of accuracy (on
-- the test set), validation and seconds, their standard deviations accuracy_spread,
-- validation_spread, seconds_spread, and the interval of the mean accuracy as a text.
function study.sum_up(result, test)
  for _, name in ipairs { "accuracy", "validation", "seconds" } do
    local values = {}
    for i, run in ipairs(result.runs) do values[i] = run[name] end
    if values[1] then
      result[name], result[name .. "_spread"] = mean(values), spread(values)
    end
  end
  result.interval = study.interval(result.accuracy, test)
  return result
end

-- Trains each of `candidates`, which have a name besides what study.train reads, o.repeats times on
-- the same data with different seeds; once if it has deterministic = true, because it does not
-- depend on the seed. Returns for each its name, its runs, and what study.sum_up finds.
function study.run(candidates, sets, o)
  local results = {}
  for k, candidate in ipairs(candidates) do
    local result = { name = candidate.name, runs = {} }
    for i = 1, candidate.deterministic and 1 or o.repeats do
      local run, before = study.train(candidate, sets, o.seed + i - 1)
      result.runs[i] = run
      print(("%s, seed %d: test accuracy %s, %.1f s%s"):format(candidate.name, o.seed + i - 1,
        study.with_interval(run.accuracy, sets.test), run.seconds,
        before and " (trained before)" or ""))
    end
    results[k] = study.sum_up(result, sets.test)
  end
  return results
end

-- The candidate with the best validation accuracy.
function study.best(results)
  local best = results[1]
  for _, result in ipairs(results) do
    if result.validation > best.validation then best = result end
  end
  return best
end

-- The test accuracy for each seed, the same for all if the candidate is deterministic.
local function accuracies(result, count)
  local list = {}
  for i = 1, count do list[i] = (result.runs[i] or result.runs[1]).accuracy end
  return list
end

-- Is the best candidate really better than each other one? For the two models of the first seed, on
-- the test set: p of McNemar's test, and difference, low and high, a bootstrap interval of the
-- difference in accuracy. For the two methods, if there are several seeds: seeds (their number),
-- mean (the mean difference) and seeds_p (of a paired t-test).
function study.differences(results, sets)
  local best, list = study.best(results), {}
  for _, result in ipairs(results) do
    if result ~= best then
      local a, b = best.runs[1].labels, result.runs[1].labels
      local test = metrics.mcnemar(sets.test, a, b)
      local interval = metrics.bootstrap(sets.test, a, b, { seed = 1 })
      list[#list + 1] = { best = best.name, other = result.name, p = test.p,
        difference = interval.difference, low = interval.low, high = interval.high }
      local seeds = math.max(#best.runs, #result.runs)
      if seeds > 1 then
        local paired = metrics.paired_t(accuracies(best, seeds), accuracies(result, seeds))
        local d = list[#list]
        d.seeds, d.mean, d.seeds_p = seeds, paired.difference, paired.p
      end
    end
  end
  return list
end

-- "0.9872" or, for several runs, "0.9872 ± 0.0004".
function study.with_spread(result, name, format)
  local text = format:format(result[name])
  return #result.runs > 1 and text .. " ± " .. format:format(result[name .. "_spread"]) or text
end

local function p_value(p)
  return p < 0.0001 and "< 0.0001" or ("= %.4f"):format(p)
end

local function significance(p)
  return ("%ssignificant (p %s)"):format(p < 0.05 and "" or "not ", p_value(p))
end

-- A difference as a sentence, which distinguishes two fitted models from two methods.
function study.verdict(d)
  local text = ("%s against %s: %+.2f points of accuracy between these two fitted models " ..
    "(95 %%: %+.2f to %+.2f), %s"):format(d.best, d.other, 100 * d.difference, 100 * d.low,
      100 * d.high, significance(d.p))
  if not d.seeds then return text .. "; one seed cannot compare the methods" end
  return text .. ("; %+.2f between the methods, the mean of %d seeds, %s"):format(100 * d.mean,
    d.seeds, significance(d.seeds_p))
end

local function padded(text, width)
  return text .. (" "):rep(width - utf8.len(text))
end

-- Prints the results of run and differences.
function study.print(results, differences)
  local width = 0
  for _, result in ipairs(results) do width = math.max(width, utf8.len(result.name) + 2) end
  local validated = results[1].validation
  local function line(name, validation, accuracy, interval, seconds)
    print(padded(name, width) .. (validated and padded(validation, 17) or "") ..
      padded(accuracy, 17) .. padded(interval, 18) .. seconds)
  end
  print()
  line("", "validation", "test accuracy", "95 % interval", "seconds")
  for _, result in ipairs(results) do
    line(result.name, validated and study.with_spread(result, "validation", "%.4f"),
      study.with_spread(result, "accuracy", "%.4f"), result.interval,
      study.with_spread(result, "seconds", "%.1f"))
  end
  print()
  for _, difference in ipairs(differences) do print(study.verdict(difference)) end
end

-- ---- the last lines ----

-- Prints how large the models of a result are, and how accurate: the last lines of an experiment.
function study.close(result)
  local model, seeds = result.runs[1].model, #result.runs
  print(("%d parameters, %.2f million multiply-adds for each image"):format(model.parameters,
    model.multiply_adds / 1e6))
  print(("accuracy %s of %d seed%s, %.1f s of training each"):format(
    study.with_spread(result, "accuracy", "%.4f"), seeds, seeds == 1 and "" or "s",
    result.seconds))
end

-- ---- mistakes ----

local NAMES = { [0] = "zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens",
  "eights", "nines" }

-- The most frequent mistakes, as sentences.
function study.confusions(matrix, count)
  local sentences = {}
  for i, pair in ipairs(matrix:most_confused(count)) do
    sentences[i] = ("%s taken for %s: %d (%.1f %% of the %s)"):format(
      NAMES[pair.truth] or pair.truth, NAMES[pair.predicted] or pair.predicted, pair.count,
      100 * pair.share, NAMES[pair.truth] or pair.truth)
  end
  return sentences
end

return study
