-- digits.search: spaces, trials, and what fails.
local digits = require "digits"
local support = require "tests.lua.support"
local searches = require "tests.lua.searches"
local nn, search = digits.nn, digits.search
local train, validation, compiled = searches.train, searches.validation, searches.compiled
local build, NONE, options = searches.build, searches.NONE, searches.options
local outcome = searches.outcome

-- The message of a call that must fail, at the line of this file.
local function refusal(action, ...)
  local given = table.pack(...)
  return support.message(function()
    local result = action(table.unpack(given, 1, given.n))
    return result
  end)
end

describe("a grid", function()
  it("tries all, names in order, the last varying fastest, and ranks them", function()
    local found = search.grid(options())
    local seen = {}
    for i, trial in ipairs(found.trials) do
      seen[i] = { trial.params.dropout, trial.params.learning_rate }
      assert.is_true(trial.scores.accuracy >= 0 and trial.scores.loss > 0)
      assert.is_true(trial.seconds > 0)
      assert.are.equal(i, trial.number)
      assert.are.equal(trial, found.ranked[trial.rank])
    end
    assert.are.same({ { 0.1, 1e-3 }, { 0.1, 1e-2 }, { 0.5, 1e-3 }, { 0.5, 1e-2 } }, seen)
    for rank = 2, 4 do
      assert.is_true(found.ranked[rank - 1].scores.accuracy >= found.ranked[rank].scores.accuracy)
    end
    local best = found.best
    assert.are.equal(found.ranked[1].params, best.params)
    assert.are.equal(best.scores.accuracy, best.model:evaluate(validation).accuracy)
    assert.are.equal(1, #best.history.accuracy)
    local table_of = tostring(found)
    assert.matches("^rank  trial  dropout  learning_rate  accuracy    loss  seconds\n", table_of)
    assert.matches("\n   1      %d      0%.%d", table_of)
  end)

  it("gives a trial the same seed in another grid, and leaves the global seed alone", function()
    local function weights()
      return build({}):weights()
    end
    digits.seed(5)
    local untouched = weights()
    digits.seed(5)
    local small = search.grid(options { params = { learning_rate = { 1e-2 }, dropout = { 0.5 } } })
    local after = weights()
    local large = search.grid(options())
    assert.are.equal(small.trials[1].seed, large.trials[4].seed)
    assert.are.equal(small.trials[1].scores.loss, large.trials[4].scores.loss)
    assert.are_not.equal(large.trials[3].seed, large.trials[4].seed)
    assert.are_not.equal(small.trials[1].scores.loss,
      search.grid(options { seed = 4, params = { learning_rate = { 1e-2 }, dropout = { 0.5 } } })
        .trials[1].scores.loss)
    for name, tensor in pairs(untouched) do assert.are.equal(tensor, after[name]) end
  end)

  it("finds the same with trials side by side", function()
    local one = outcome(search.grid(options()))
    assert.are.same(one, outcome(search.grid(options { workers = 2 })))
    assert.are.same(one, outcome(search.grid(options { workers = 7 })))
  end)

  it("takes values of many kinds, and keeps what users do to them to itself", function()
    local seen = {}
    local found = search.grid(options {
      params = { pool = { { 2, 2 }, { 3, 3 } }, name = { "a" }, on = { true },
        optimizer = { nn.SGD {}, nn.Adam {} } },
      model = function(p)
        seen[#seen + 1] = p.pool[1] .. p.name .. tostring(p.on) .. tostring(p.optimizer)
        p.pool[1] = 99
        return build {}
      end })
    assert.are.equal(4, #found.trials)
    assert.matches("^2atrueSGD", seen[1])
    assert.matches("^3atrueAdam", seen[4])
    assert.are.equal(2, found.trials[1].params.pool[1])
    assert.are_not.equal(found.trials[1].seed, found.trials[2].seed)
  end)

  it("judges by a loss, a metric by name, or a function", function()
    local params = { learning_rate = { 1e-4, 1e-2 } }
    local by_loss = search.grid(options { metric = "loss", params = params })
    assert.are.equal(1e-2, by_loss.best.params.learning_rate)
    assert.is_false(by_loss.maximize)
    local by_name = search.grid(options { metric = "f1_macro", params = params, workers = 2 })
    local chances = by_name.best.model:predict_proba(validation)
    local expected = digits.metrics.score("f1_macro", validation, chances)
    assert.are.equal(expected, by_name.best.scores.f1_macro)
    local worst = search.grid(options { params = params, maximize = false,
      metric = function(model, set) return model:evaluate(set).accuracy end })
    assert.are.equal(1e-4, worst.best.params.learning_rate)
    assert.are.equal("score", worst.metric)
  end)

  it("asks fit for options, and calls what they call", function()
    local calls = 0
    local found = search.grid(options { params = { epochs = { 1, 3 } }, fit = function(p)
      return { epochs = p.epochs, on_epoch_end = function(log)
        calls = calls + 1
        return log.epoch < 2
      end }
    end })
    assert.are.equal(3, calls)
    assert.are.equal(2, found.trials[2].history.epochs)
  end)

  it("writes the seconds of short trials with more digits", function()
    local find, duration = require "digits.search.found", require "digits.duration"
    local function text(seconds)
      local trials = { { number = 1, params = {}, scores = { accuracy = 1 }, seconds = seconds } }
      local found = find.new({ trials = trials, names = {} }, { name = "accuracy" }, {})
      return tostring(found):match "%S+$"
    end
    assert.are.same({ "0.031", "3.14", "31.4" }, { text(0.0314), text(3.14), text(31.4) })
    assert.are.same({ "31 ms", "0 s", "3.1 s", "125 s", "60 min" }, { duration(0.0314),
      duration(0), duration(3.14), duration(125), duration(3600) })
  end)

  it("prints a line a trial, with the time left", function()
    local folder = support.folder()
    local out = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local x = digits.uniform { 40, 4, seed = 1 }
      local set = digits.data.from_tensors { x = x, y = x:gt(0.5):sum { axis = 2 }:gt(2) }
      digits.search.grid { params = { units = { 2, 3 } }, train = set, validation = set,
        model = function(p)
          local m = nn.Sequential { nn.Input { 4 }, nn.Dense { p.units },
            nn.Dense { 2, activation = "softmax" } }
          m:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
          return m
        end }]])
    support.remove(folder)
    assert.matches("^trial 1 of 2: accuracy %d%.%d+  [<%d][ %d.]* m?s  %(units = 2%)  " ..
      "[<%d][ %d.]* m?s left\n" ..
      "trial 2 of 2: accuracy %d%.%d+  [<%d][ %d.]* m?s  %(units = 3%)\n$", out)
  end)
end)

describe("a search of trees", function()
  it("goes as one of networks does", function()
    local tree = digits.tree
    local function forest(p)
      return tree.RandomForest { n_estimators = p.n_estimators, max_depth = p.depth }
    end
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local given = options { params = { depth = { 2, 8 }, n_estimators = { 2, 10 } }, fit = NONE,
      model = forest, journal = folder .. "/grid.jsonl" }
    local found = search.grid(given)
    assert.are.equal(8, found.best.params.depth)
    assert.is_true(found.best.scores.accuracy > found.ranked[4].scores.accuracy)
    assert.are.same(outcome(found), outcome(search.grid(given))) -- from the journal
    assert.are.equal(found.best.scores.accuracy,
      digits.load(found.best.path):evaluate(validation).accuracy)
    given.journal, given.workers = nil, 2
    assert.are.same(outcome(found), outcome(search.grid(given)))
  end)

  it("halves by rounds", function()
    local found = search.halving(options { params = { depth = { 1, 3 } }, fit = NONE, factor = 2,
      resource = "n_estimators", max = 4, workers = 2, model = function(p)
        return digits.tree.GradientBoosting { n_estimators = p.n_estimators, max_depth = p.depth }
      end })
    local rounds = {}
    for i, trial in ipairs(found.trials) do rounds[i] = #trial.history.val_loss end
    assert.are.same({ 2, 2, 4 }, rounds)
  end)
end)

describe("folds", function()
  it("give means, and a model of all rows", function()
    local found = search.grid(options { folds = 3, validation = NONE })
    for _, trial in ipairs(found.trials) do
      local sum = 0
      for _, scores in ipairs(trial.folds) do sum = sum + scores.accuracy end
      assert.are.equal(3, #trial.folds)
      assert.near(sum / 3, trial.scores.accuracy, 1e-12)
      assert.is_true(trial.spread.accuracy >= 0)
    end
    assert.matches("0%.%d+ ± 0%.%d+", tostring(found))
    local best = found.best.model
    assert.is_true(best:evaluate(validation).accuracy > 0.3)
    assert.are.same(outcome(found),
      outcome(search.grid(options { folds = 3, validation = NONE, workers = 2 })))
  end)

  it("do without that model when asked", function()
    local found = search.grid(options { folds = 2, validation = NONE, refit = false })
    assert.matches("refit = false", support.message(function() return found.best.model end))
  end)
end)

describe("a search over rows in groups", function()
  -- Rows of a group are alike, and the nearest other group has the other label.
  local x, y, groups = { dtype = "float32" }, { dtype = "int32" }, { dtype = "int32" }
  for row = 1, 16 do
    groups[row] = (row + 1) // 2
    x[row], y[row] = { groups[row] }, groups[row] % 2
  end
  local set = digits.data.from_tensors { x = digits.tensor(x), y = digits.tensor(y),
    groups = digits.tensor(groups) }
  local function given(changes)
    local all = { model = function(p) return digits.neighbors.KNeighbors { p.k } end,
      params = { k = { 1, 2 } }, train = set, seed = 1, verbose = 0 }
    for name, value in pairs(changes) do all[name] = value end
    return all
  end

  it("parts none of them into folds", function()
    local found = search.grid(given { folds = 8, refit = false })
    assert.are.equal(0, found.trials[1].scores.accuracy)
    found = search.grid(given { folds = 8, stratify = true, refit = false })
    assert.are.equal(0, found.trials[1].scores.accuracy)
  end)

  it("gives halving by rows a part of them", function()
    local found = search.halving(given { validation = set, resource = "rows", min = 8, factor = 2 })
    assert.are.equal(3, #found.trials)
    assert.are.equal(1, found.trials[3].scores.accuracy)
  end)
end)

describe("random search", function()
  local params = { learning_rate = search.log_uniform(1e-4, 1e-1), dropout = search.uniform(0, 0.9),
    units = search.integer(3, 5), activation = search.choice { "relu", "tanh" }, list = { 1, 2 } }

  it("draws within bounds, the same for a seed", function()
    local tried = {}
    local given = options { params = params, trials = 25, fit = { epochs = 1, batch_size = 300 },
      model = function(p)
        tried[#tried + 1] = p
        return build(p)
      end }
    local found = search.random(given)
    local units = {}
    for _, p in ipairs(tried) do
      assert.is_true(p.learning_rate >= 1e-4 and p.learning_rate <= 1e-1)
      assert.is_true(p.dropout >= 0 and p.dropout <= 0.9)
      assert.are.equal("integer", math.type(p.units))
      units[p.units] = true
      assert.is_true(p.activation == "relu" or p.activation == "tanh")
    end
    assert.are.same({ [3] = true, [4] = true, [5] = true }, units)
    assert.are.equal(25, #found.trials)
    given.model = build
    assert.are.same(outcome(found), outcome(search.random(given)))
  end)

  it("spreads log_uniform over the magnitudes", function()
    local small = 0
    local rate = search.log_uniform(1e-4, 1e-2)
    for i = 0, 99 do
      if rate.draw(i / 100) < 1e-3 then small = small + 1 end
    end
    assert.are.equal(50, small)
    -- to the last bit, where glibc 2.36 has 73: another libm must not mean another learning rate
    assert.are.equal(0x1.541e44404a472p-13, rate.draw(0.105))
  end)

  it("draws no parameters twice", function()
    local found = search.random(options { params = { dropout = { 0.1, 0.2, 0.3 } }, trials = 3 })
    local seen = {}
    for _, trial in ipairs(found.trials) do seen[trial.params.dropout] = true end
    assert.are.same({ [0.1] = true, [0.2] = true, [0.3] = true }, seen)
  end)

  it("refuses bounds that are none", function()
    assert.matches("low must be below high, found 2 and 1",
      refusal(search.uniform, 2, 1))
    assert.matches("low must be a number above 0, found 0$", refusal(search.log_uniform, 0, 1))
    assert.matches("high must be a whole number from .*, found 2%.5$",
      refusal(search.integer, 1, 2.5))
    assert.matches("high is required %(a number%)", refusal(search.uniform, 2))
    assert.matches("high must be a number, found inf", refusal(search.uniform, 2, math.huge))
    assert.matches("values is required %(a list of values%)", refusal(search.choice, {}))
  end)
end)

describe("successive halving", function()
  local rates = { learning_rate = { 1e-5, 1e-4, 1e-3, 1e-2 } }

  it("gives the better ones more epochs", function()
    local found = search.halving(options { params = rates, fit = { batch_size = 50 }, max = 4,
      factor = 2 })
    local rungs = {}
    for i, trial in ipairs(found.trials) do
      rungs[i] = { trial.rung, trial.params.epochs, trial.history.epochs }
    end
    assert.are.same({ { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 }, { 2, 2, 2 }, { 2, 2, 2 },
      { 3, 4, 4 } }, rungs)
    local first, second = {}, {}
    for i = 1, 4 do first[i] = found.trials[i] end
    table.sort(first, function(a, b) return a.rank < b.rank end)
    for i = 5, 6 do second[i - 4] = found.trials[i].params.learning_rate end
    assert.are.same({ first[1].params.learning_rate, first[2].params.learning_rate }, second)
    assert.are.equal(first[1].seed, found.trials[5].seed)
    assert.are.equal(1, found.trials[7].rank)
    assert.are.equal(found.trials[7].params, found.best.params)
    assert.are.same(outcome(found), outcome(search.halving(options { params = rates,
      fit = { batch_size = 50 }, max = 4, factor = 2, workers = 3 })))
  end)

  it("gives the better ones more rows", function()
    local rows = {}
    local found = search.halving(options { params = rates, resource = "rows", factor = 2,
      fit = { epochs = 1, batch_size = 10 }, min = 100, metric = function(model, set)
        rows[#rows + 1] = #set
        return model:evaluate(set).accuracy
      end })
    local amounts = {}
    for i, trial in ipairs(found.trials) do amounts[i] = trial.params.rows end
    assert.are.same({ 150, 150, 150, 150, 300, 300 }, amounts)
    assert.are.same({ 200, 200, 200, 200, 200, 200 }, rows)
  end)

  it("draws candidates", function()
    local rate = search.log_uniform(1e-4, 1e-2)
    local found = search.halving(options { params = { learning_rate = rate }, trials = 3, max = 3,
      fit = NONE })
    assert.are.equal(4, #found.trials)
  end)

  it("refuses what does not fit together", function()
    local function message(changes) return refusal(search.halving, options(changes)) end
    assert.matches("expected max = ..., the number of epochs in the last rung",
      message { params = rates })
    assert.matches("fit%(p%) returned epochs = 1 .* leave epochs out",
      message { params = rates, max = 4 })
    assert.matches("params must not have 'epochs', which is the resource",
      message { params = { epochs = { 1, 2 } }, max = 4 })
    assert.matches("expected trials = ..., the number of candidates to draw", message { max = 4,
      params = { learning_rate = search.uniform(0, 1) } })
    assert.matches("requires validation in place of folds",
      message { params = rates, resource = "rows", folds = 2, validation = NONE })
  end)
end)

describe("a failing trial", function()
  it("is kept with its error, ranked last, and the search goes on", function()
    local function model(p)
      if p.dropout == 0.1 then error "no such luck" end
      return build(p)
    end
    for workers = 1, 2 do
      local found = search.grid(options { model = model, workers = workers })
      assert.matches("search_spec%.lua:%d+: no such luck$", found.trials[1].error)
      assert.are.same({}, found.trials[1].scores)
      assert.are.same({ 3, 4 }, { found.trials[1].rank, found.trials[2].rank })
      assert.is_nil(found.trials[3].error)
      assert.matches("failed: [^\n]*no such luck", tostring(found))
      assert.are.equal(0.5, found.best.params.dropout)
    end
  end)

  it("may fail in the fit, or by a score that is no number", function()
    local x = train.x:astype "float32"
    local damaged = digits.data.from_tensors { x = x / 0 * 0, y = train.y }
    local message = refusal(search.grid, options { train = damaged, workers = 2 })
    assert.matches("all 4 trials failed; trial 1: fit: epoch 1, batch 1", message)
    local count = 0
    local found = search.grid(options { params = { dropout = { 0.1, 0.2 } }, metric = function()
      count = count + 1
      return count == 1 and 0 / 0 or 1
    end })
    assert.are.equal("the score is NaN", found.trials[1].error)
    assert.are.equal(2, found.best.number)
  end)

  it("may be a fold's", function()
    local count = 0
    local found = search.grid(options { folds = 3, validation = NONE, model = function(p)
      count = count + 1
      if count == 2 then error "this fold" end
      return build(p)
    end })
    assert.matches("this fold", found.trials[1].error)
    assert.is_nil(found.trials[2].error)
    assert.are.equal(3, found.best.model and #found.trials[2].folds)
  end)
end)

describe("bad input", function()
  local function message(changes, kind)
    return refusal(search[kind or "grid"], options(changes))
  end

  it("names the option", function()
    assert.are.equal("grid: unknown option 'journel', did you mean 'journal'?",
      message { journel = "x" })
    assert.matches("unknown option 'param_grid': use params", message { param_grid = {} })
    assert.matches("unknown option 'n_jobs': use workers", message { n_jobs = 2 })
    assert.matches("'n_iter': use trials", message({ n_iter = 2 }, "random"))
    assert.matches("'trials': it is an option of search.%a+", message { trials = 2 })
    assert.matches("'factor': it is an option of search.halving", message { factor = 2 })
    assert.matches("trials is required %(a whole number from 1 to 1000000%)", message({}, "random"))
    assert.matches("workers must be a whole number from 1 to %d+, found 0", message { workers = 0 })
    assert.matches("train must be a dataset, found a tensor", message { train = train.x })
    assert.matches("validation must be a dataset", message { validation = {} })
    assert.matches("validation = a set or folds = 5, .* found neither",
      message { validation = NONE })
    assert.matches("validation = a set or folds = 5, .* found both", message { folds = 3 })
    assert.matches("folds must be at most 300, the number of rows, found 301",
      message { folds = 301, validation = NONE })
    assert.matches("refit requires folds", message { refit = true })
    assert.matches("model must be a function", message { model = build {} })
    assert.matches("fit must be a function", message { fit = 3 })
  end)

  it("tells of an empty grid, and of values that are no list", function()
    assert.matches("lists of values to try, found an empty table", message { params = {} })
    assert.matches("params is required %(a table with a list of values", message { params = NONE })
    assert.matches("params%.dropout must have at least one value, found an empty list",
      message { params = { dropout = {} } })
    assert.matches("params%.dropout must be a list of values, found 0%.5: write { 0%.5 }",
      message { params = { dropout = 0.5 } })
    assert.matches("params%.dropout must be a list of values, found a table with names",
      message { params = { dropout = { low = 1 } } })
    assert.matches("params%.dropout: the value 0%.5 is listed twice",
      message { params = { dropout = { 0.5, 0.1, 0.5 } } })
    assert.matches("distributions are for search%.random",
      message { params = { dropout = search.uniform(0, 1) } })
    assert.matches("a value must be a number, .* found a function",
      message { params = { dropout = { print } } })
    assert.matches("a value is NaN", message { params = { dropout = { 0 / 0 } } })
    assert.matches("trials must be at most 4, the number of different combinations, found 5",
      message({ trials = 5 }, "random"))
  end)

  it("tells of an unknown metric", function()
    assert.matches("^grid: unknown metric 'acuracy', did you mean 'accuracy'%?",
      message { metric = "acuracy" })
    assert.matches("unknown metric 'zzzzzzzz', expected one of .*; metric may also be a function",
      message { metric = "zzzzzzzz" })
    assert.matches("remove maximize: it is for metrics that are functions",
      message { metric = "loss", maximize = true })
    assert.matches("must return a number, found 'high' %(a string%)",
      message { metric = function() return "high" end })
  end)

  it("tells of models that are none, or were seen before", function()
    assert.matches("a new, compiled model, found nil", message { model = function() end })
    local one = build {}
    assert.matches("returned the same model twice",
      message { model = function() return one end })
    assert.matches("all 4 trials failed; trial 1: fit: the model is not compiled", message {
      model = function() return nn.Sequential { nn.Input { 784 }, nn.Dense { 10 } } end })
    local threes = train:only { 3 }
    assert.matches("these models have no accuracy: choose another metric", message {
      train = threes, validation = threes, fit = { epochs = 1, batch_size = 10 },
      model = function()
        return compiled(nn.Sequential { nn.Input { 784 }, nn.Dense { 1 } })
      end })
  end)

  it("gives back the sets of a fit whose options are wrong", function()
    for _ = 1, 3 do
      local held = validation:take(20)
      assert.matches("fit: preparation must be a preparation", message { validation = held,
        fit = { epochs = 1, preparation = { {} } } })
      -- a set that was released once too often is freed under the feet of its owner
      collectgarbage()
      for _ = 1, 5 do validation:take(20) end
      assert.are.equal(20, #held)
      assert.are.equal(validation.y[{ { 1, 20 } }], held.y)
    end
  end)

  it("tells at once of options that fit does not know", function()
    assert.matches("fit: unknown option 'epoch', did you mean 'epochs'%?",
      message { fit = { epoch = 2 } })
    assert.matches("fit: unknown option 'epoch'", message { fit = { epoch = 2 }, workers = 2 })
    assert.matches("fit%(p%) must return a table", message { fit = function() return 3 end })
    assert.matches("need workers = 1",
      message { fit = { on_epoch_end = function() end }, workers = 2 })
  end)

  it("keeps a model that is being fitted from other uses", function()
    local first
    local found = search.grid(options { workers = 2, model = function(p)
      if first then first:predict(validation) end
      first = build(p)
      return first
    end })
    assert.matches("predict: the model is being fitted by a search", found.trials[2].error)
    assert.is_nil(found.trials[1].error)
    assert.are.equal(200, first:predict(validation).shape[1])
  end)
end)
