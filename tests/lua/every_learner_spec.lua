-- Every learner that is made by its options goes the same ways; needs no edit when one is added.
local digits = require "digits"
local support = require "tests.lua.support"
local study = require "experiments.study"
local data, metrics, search, plot = digits.data, digits.metrics, digits.search, digits.plot

local SMALL = "n_estimators = 3" -- of ensembles

-- Constructors by name, and how their examples make one.
local learners, made = {}, {}
for name, entry in pairs(digits.reference()) do
  if entry.kind == "learner" then
    local options = entry.example:find "n_estimators" and ("{ %s }"):format(SMALL) or "{}"
    learners[#learners + 1] = name
    made[name] = assert(load(("return function(digits) return digits.%s %s end"):format(name,
      options)))()
    assert(load("local digits = ... ; return digits." .. entry.example), name)
  end
end
table.sort(learners)

local all = data.mnist { part = "test" }:take(600)
local train, validation, test = all:split { 0.5, 0.25, 0.25, seed = 1 }

local function each(action)
  for _, name in ipairs(learners) do action(made[name](digits), name) end
end

local function greatest(proba, classes)
  local best = proba:argmax { axis = 2 }:totable()
  for i, position in ipairs(best) do best[i] = classes[position] end
  return best
end

describe("every learner", function()
  it("is found by the name of its module", function()
    for _, name in ipairs { "neighbors.KNeighbors", "neighbors.NearestCentroid",
      "linear.LogisticRegression", "tree.RandomForest" } do
      assert.is_function(made[name], name)
    end
  end)

  it("fits, judges and predicts", function()
    each(function(model, name)
      local history = model:fit(train, { validation = validation, verbose = 0 })
      assert.are.equal(history, model.history)
      local scores = model:evaluate(validation)
      assert.is_true(scores.accuracy > 0.4, name)
      assert.are.equal(#history.val_accuracy, history.epochs)
      assert.is_true(math.abs(scores.accuracy - history.val_accuracy[history.epochs]) < 1e-6, name)
      assert.is_true(math.abs(scores.loss / history.val_loss[history.epochs] - 1) < 1e-4, name)
      local proba, labels = model:predict_proba(test), model:predict(test)
      assert.are.same({ #test, 10 }, proba.shape)
      assert.are.same(greatest(proba, model.classes), labels:totable())
      assert.are.equal(metrics.accuracy(test, labels), model:evaluate(test).accuracy)
      assert.matches("^" .. name:match "%w+$" .. ": rows of 784 values", model:summary())
    end)
  end)

  it("says that its options are those of a new model", function()
    local about = digits.reference()
    each(function(model, name)
      local option = about[name].params[1].name
      assert.are.equal("the field '" .. option .. "' of a model cannot be set: make a new model " ..
        "with this option", support.message(function() model[option] = 1 end))
      assert.are.equal("the field 'history' of a model cannot be set",
        support.message(function() model.history = 1 end))
    end)
  end)

  it("is kept in a file", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    each(function(model, name)
      local path = folder .. "/model.safetensors"
      assert.is_false(pcall(model.save, model, path), name)
      model:fit(train, { verbose = 0 })
      model:save(path)
      local again = digits.load(path)
      assert.are.equal(model:predict_proba(test), again:predict_proba(test))
      assert.matches("^%x+$", model:digest())
      assert.are.equal(64, #model:digest())
      assert.are.equal(model:digest(), again:digest())
      again = made[name](digits)
      assert.are.equal("digest: the model was never fitted",
        support.message(function() again:digest() end))
      again:fit(validation, { verbose = 0 })
      assert.are_not.equal(model:digest(), again:digest())
      again = digits.load(path)
      assert.are.equal(model:summary(), again:summary())
      assert.are.equal(tostring(model), tostring(again))
    end)
  end)

  it("is searched for", function()
    for _, name in ipairs(learners) do
      local found = search.grid {
        params = { rows = { 100, 300 } },
        model = function() return made[name](digits) end,
        fit = function() return { verbose = 0 } end,
        train = train, validation = validation, metric = "accuracy", verbose = 0,
      }
      assert.are.equal(2, #found.trials)
      assert.are.equal(found.best.scores.accuracy, found.best.model:evaluate(validation).accuracy)
    end
  end)

  it("is compared with the others", function()
    local candidates, printed = {}, print
    for i, name in ipairs(learners) do
      candidates[i] = { name = name, learner = function() return made[name](digits) end }
    end
    print = function() end -- luacheck: ignore
    finally(function() print = printed end) -- luacheck: ignore
    local sets = { train = train, validation = validation, test = test }
    local results = study.run(candidates, sets, { repeats = 1, seed = 1 })
    assert.are.equal(#learners - 1, #study.differences(results, sets))
    assert.matches("<svg", plot.compare(results):render "svg")
  end)
end)

describe("a linear model and the nearest rows", function()
  it("give what they learnt", function()
    local model = digits.linear.LogisticRegression { max_iter = 500, C = 0.01 }
    local history = model:fit(train, { verbose = 0 })
    assert.are.same({ 10, 784 }, model.coef.shape)
    assert.are.same({ 10 }, model.intercept.shape)
    assert.are.equal(model.n_iter, history.epochs)
    assert.is_true(history.loss[history.epochs] < history.loss[1])
    local two = digits.linear.LogisticRegression {}
    two:fit(train:only { 3, 8 }, { verbose = 0 })
    assert.are.same({ 1, 784 }, two.coef.shape)
    local centroid = digits.neighbors.NearestCentroid {}
    centroid:fit(train, { verbose = 0 })
    assert.are.same({ 10, 784 }, centroid.centroids.shape)
    local neighbors = digits.neighbors.KNeighbors { 1 }
    neighbors:fit(train, { verbose = 0 })
    assert.are.equal(#train, neighbors.n_samples_fit)
    assert.are.equal(1.0, neighbors:evaluate(train).accuracy)
  end)

  it("refuse what they do not do, and say why", function()
    local function refusal(module, name, options)
      return support.message(function() return digits[module][name](options) end)
    end
    assert.are.equal("KNeighbors: unknown option 'p': distances are euclidean, which is p = 2: " ..
      "leave it out", refusal("neighbors", "KNeighbors", { p = 1 }))
    assert.are.equal("KNeighbors: metric must be 'euclidean', found 'manhattan'",
      refusal("neighbors", "KNeighbors", { metric = "manhattan" }))
    assert.are.equal("NearestCentroid: unknown option 'priors': all classes are equally likely: " ..
      "leave it out", refusal("neighbors", "NearestCentroid", { priors = "empirical" }))
    assert.are.equal("LogisticRegression: C must be a number above 0, found 0",
      refusal("linear", "LogisticRegression", { C = 0 }))
    local numbers = data.from_tensors { x = train.x, y = train.y:astype "float32" }
    for _, model in ipairs { digits.linear.LogisticRegression {},
      digits.neighbors.NearestCentroid {} } do
      assert.matches("^fit: the set has numbers", support.message(function()
        model:fit(numbers, { verbose = 0 })
      end))
    end
    assert.are.equal("fit: a LogisticRegression cannot continue an earlier fit: leave out " ..
      "continue = true", support.message(function()
        local model = digits.linear.LogisticRegression { max_iter = 2 }
        model:fit(train, { verbose = 0 })
        model:fit(train, { verbose = 0, continue = true })
      end))
  end)

  it("count steps by the name that they have for them", function()
    local places = {}
    local history = digits.linear.LogisticRegression { max_iter = 3, tol = 0 }:fit(train,
      { verbose = 0, on_epoch_end = function(log)
        assert.are.equal(log.epochs, log.iterations)
        places[#places + 1] = log.iteration
      end })
    assert.are.same({ 1, 2, 3 }, places)
    assert.are.equal("iteration", history.step)
    assert.are.equal(3, history.iterations)
    assert.are.equal(history.best_epoch, history.best_iteration)
    assert.matches("^iteration .*\n +1 .*\nbest iteration %d", tostring(history))
    assert.is_nil(history.rounds)
  end)

  it("see bytes as networks do, or as they are", function()
    local model = digits.linear.LogisticRegression { max_iter = 20 }
    model:fit(train, { verbose = 0 })
    local difference = model:predict_proba(test.x) - model:predict_proba(test.x / 255)
    assert.is_true(difference:max() < 1e-5)
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local _, err = support.run(folder, [[
      local digits = require "digits"
      local set = digits.data.mnist { part = "test" }:take(200)
      for _, model in ipairs { digits.neighbors.KNeighbors {},
        digits.linear.LogisticRegression {} } do
        model:fit(set, { verbose = 0 })
        model:predict(set.x / 255)
      end]])
    local _, count = err:gsub("the model was fitted on values from 0 to 255: scale both alike", "")
    assert.are.equal(1, count, err)
  end)

  it("average the numbers of the nearest rows", function()
    local numbers = data.from_tensors { x = train.x, y = train.y:astype "float32" }
    local model = digits.neighbors.KNeighbors { 1 }
    model:fit(numbers, { verbose = 0 })
    assert.are.equal(numbers.y, model:predict(numbers))
    assert.are.equal(0.0, model:evaluate(numbers).loss)
    assert.matches("no probabilities", support.message(function()
      model:predict_proba(numbers)
    end))
  end)

  it("warn of a fit that did not converge", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local out, err, status = support.run(folder, [[
      local digits = require "digits"
      local set = digits.data.mnist { part = "test" }:take(200)
      digits.linear.LogisticRegression { max_iter = 3 }:fit(set)
      digits.neighbors.KNeighbors {}:fit(set)]])
    assert.are.equal(0, status)
    assert.matches("^iteration 1/3  .*\niteration 3/3  [^\n]*\nfitted  [^\n]*\n$", out)
    assert.matches("warning: .*: fit: LogisticRegression has not converged in 3 iterations: the " ..
      "greatest derivative is [%d.e-]+, tol is 0.0001: raise max_iter", err)
  end)
end)
