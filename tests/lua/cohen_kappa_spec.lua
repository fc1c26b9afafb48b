-- Cohen's kappa, wherever a metric may be named. Its values are scikit-learn's
-- (tests/golden/make_metrics.py).
local digits = require "digits"
local support = require "tests.lua.support"
local nn, data, metrics = digits.nn, digits.data, digits.metrics
local golden = dofile "tests/golden/metrics.lua"

-- Both are in double precision, but sums may run in another order.
local RELATIVE = 1e-13

describe("cohen_kappa", function()
  for _, case in ipairs(golden.labels) do
    it("equals scikit-learn's values: " .. case.name, function()
      local labels = case.given and case.labels or nil
      for weights, kappa in pairs(case.kappa) do
        local plain = weights == "plain"
        support.expect("kappa", kappa, metrics.cohen_kappa(case.truth, case.predicted,
          { weights = not plain and weights or nil, labels = labels }), RELATIVE)
        if not labels then
          local name = plain and "cohen_kappa" or "cohen_kappa_" .. weights
          support.expect(name, kappa, metrics.score(name, case.truth, case.predicted), RELATIVE)
        end
      end
    end)
  end

  it("says what it is not defined for, and takes", function()
    local function message(...)
      local arguments = table.pack(...)
      return support.message(function() metrics.cohen_kappa(table.unpack(arguments)) end)
    end
    assert.equal("nan", tostring(metrics.cohen_kappa({ 1, 1 }, { 1, 1 })))
    assert.matches("^cohen_kappa: weights must be one of 'linear', 'quadratic', found 'cubic'",
      message({ 1 }, { 1 }, { weights = "cubic" }))
    assert.matches("use 'cohen_kappa'$",
      support.message(function() local _ = metrics.cohen_kappa_score end))
    assert.matches("\n  weights: .*one of 'linear', 'quadratic'",
      require("digits.help").text(metrics.cohen_kappa))
  end)

  it("is found by name, resampled, compiled, watched, searched for and drawn", function()
    local found = metrics.find "cohen_kappa_quadratic"
    assert.same({ -1, 1, true }, { found.low, found.high, found.greater_is_better })
    local x = digits.uniform { 300, 4, low = -1, high = 1, seed = 1 }
    local y = { dtype = "int32" }
    for i = 1, 300 do y[i] = x[i][1] > 0.2 and 2 or x[i][2] > 0 and 1 or 0 end
    local set = data.from_tensors { x = x, y = digits.tensor(y) }
    local train, validation = set:split { 0.6, 0.4, seed = 1 }
    local names = { "cohen_kappa", "cohen_kappa_linear" }
    local function build()
      return nn.Sequential { nn.Input { 4 }, nn.Dense { 8, activation = "relu" },
        nn.Dense { 3, activation = "softmax" } }:compile { metrics = names,
        optimizer = nn.Adam { learning_rate = 0.02 }, loss = "categorical_crossentropy" }
    end
    local model = build()
    local history = model:fit(train, { validation = validation, epochs = 6, verbose = 0,
      early_stopping = { monitor = "val_cohen_kappa", patience = 6, restore_best = true } })
    local best = 1
    for i, value in ipairs(history.val_cohen_kappa) do
      if value > history.val_cohen_kappa[best] then best = i end
    end
    assert.equal(best, history.best_epoch)
    local kappa = metrics.cohen_kappa(validation, model:predict(validation))
    local scores = model:evaluate(validation)
    assert.equal(history.val_cohen_kappa[best], kappa)
    assert.equal(kappa, scores.cohen_kappa)
    assert.equal(metrics.cohen_kappa(validation, model:predict(validation),
      { weights = "linear" }), scores.cohen_kappa_linear)
    local guess = digits.zeros { #validation, dtype = "int32" }
    assert.is_true(metrics.bootstrap(validation, model:predict(validation), guess,
      { metric = "cohen_kappa", seed = 1, resamples = 200 }).low > 0)
    local search = digits.search.grid { params = { again = { 1, 2 } }, model = build, seed = 1,
      train = train, validation = validation, metric = "cohen_kappa", verbose = 0 }
    assert.equal(search.ranked[1].scores.cohen_kappa, search.best.scores.cohen_kappa)
    assert.is_true(search.ranked[1].scores.cohen_kappa >= search.ranked[2].scores.cohen_kappa)
    assert.truthy(digits.plot.history(history):render("svg"):find("cohen kappa", 1, true))
  end)
end)
