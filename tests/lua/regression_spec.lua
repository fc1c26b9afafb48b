-- Networks that are to meet numbers.
local digits = require "digits"
local data, nn = digits.data, digits.nn
local support = dofile "tests/lua/support.lua"
local message = support.message

-- y = 2 a - b c + 1/2
local function surface(rows)
  local x = digits.uniform { rows, 3, low = -1, high = 1, seed = 1 }
  local y = digits.zeros { rows }
  for i = 1, rows do y[i] = 2 * x[i][1] - x[i][2] * x[i][3] + 0.5 end
  return data.from_tensors { x = x, y = y }
end

local function compiled(last, options)
  options = options or {}
  local model = nn.Sequential { nn.Input { 3 }, nn.Dense { 16, activation = "tanh" }, last,
    seed = 1 }
  return model:compile { optimizer = nn.Adam { 0.01 }, loss = options.loss or "mean_squared_error",
    metrics = options.metrics }
end

describe("a network of one output", function()
  local train, validation = surface(1000):split { 0.8, 0.2, seed = 1 }

  it("learns numbers, and predicts them", function()
    local model = compiled(nn.Dense { 1 })
    local history = model:fit(train, { validation = validation, epochs = 30, batch_size = 16,
      verbose = 0, early_stopping = { monitor = "val_loss", patience = 5, restore_best = true } })
    assert.is_nil(history.accuracy)
    assert.is_nil(model:evaluate(validation).accuracy)
    assert.is_true(model:evaluate(validation).loss < 0.01)
    local found = model:predict(validation)
    assert.are.same({ "float32", { 200 } }, { found.dtype, found.shape })
    for _, rows in ipairs { validation, validation.x, validation.x[1] } do
      assert.are.equal("predict_proba: the model predicts numbers, which have no probabilities: " ..
        "use predict", message(function() model:predict_proba(rows) end))
    end
    assert.are.same({ 200, 1 }, model:features(validation, -1).shape)
    local error = found - validation.y
    assert.is_near(model:evaluate(validation).loss, (error * error):mean(), 1e-6)
  end)

  it("gives the same bits on any number of threads", function()
    local weights = {}
    for threads = 1, 3 do
      digits.threads(threads)
      local model = compiled(nn.Dense { 1 })
      model:fit(train, { epochs = 2, batch_size = 300, verbose = 0 })
      weights[threads] = model:weights()
    end
    digits.threads(2)
    assert.are.same(weights[1], weights[2])
    assert.are.same(weights[1], weights[3])
  end)

  it("has the gradients of the mean square", function()
    local model = nn.Sequential { nn.Input { 3 }, nn.Dense { 1 } }
    model:compile { optimizer = nn.SGD { 0.1 }, loss = "mean_squared_error" }
    local set = validation:take(7)
    local gradients, loss = model:gradients(set)
    local error = model:predict_proba(set):reshape { 7 } - set.y
    assert.is_near((error * error):mean(), loss, 1e-6)
    for column = 1, 3 do
      local slope = (error * set.x[{ {}, column }]):mean() * 2
      assert.is_near(slope, gradients["dense.kernel"][column][1], 1e-6)
    end
    assert.is_near(2 * error:mean(), gradients["dense.bias"][1], 1e-6)
  end)

  it("takes labels for numbers, unless accuracy was asked for", function()
    local labels = digits.tensor { 3, -2, 3, 10, dtype = "int32" }
    local set = data.from_tensors { x = digits.zeros { 4, 3 }, y = labels }
    local model = compiled(nn.Dense { 1 })
    model:fit(set, { epochs = 1000, verbose = 0 })
    assert.is_near(3.5, model:predict(digits.zeros { 1, 3 })[1], 0.1)
    assert.is_nil(model:evaluate(set).accuracy)
    local one = compiled(nn.Dense { 1 }) -- whatever the values are, if only a single one
    one:fit(set:only { 3 }, { epochs = 1000, verbose = 0 })
    assert.is_near(3, one:predict(digits.zeros { 1, 3 })[1], 0.1)
    assert.are.equal("float32", one:predict(set).dtype)
    assert.matches("the last layer should be nn.Dense { 3,", message(function()
      compiled(nn.Dense { 1 }, { metrics = { "accuracy" } }):fit(set)
    end))
  end)

  it("is kept in a file", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local model = compiled(nn.Dense { 1 })
    model:fit(train, { verbose = 0 })
    model:save(folder .. "/a.safetensors")
    local again = digits.load(folder .. "/a.safetensors")
    assert.are.equal(model:predict(validation), again:predict(validation))
    assert.are.equal(model:evaluate(validation).loss, again:evaluate(validation).loss)
    again:fit(train, { verbose = 0 })
    assert.matches("'numbers' is only for models with one output", message(
      function()
        local bytes = support.read(folder .. "/a.safetensors")
        local changed, count = bytes:gsub('classes\\":null', 'classes\\":[0] ')
        assert.are.equal(1, count)
        support.write(folder .. "/b.safetensors", changed)
        digits.load(folder .. "/b.safetensors")
      end))
  end)

  it("says what does not fit numbers, before anything changes", function()
    local chances = compiled(nn.Dense { 10, activation = "softmax" },
      { loss = "categorical_crossentropy" })
    assert.matches("^fit: the loss CategoricalCrossentropy is not defined for numeric targets: " ..
      "compile with loss = \"mean_squared_error\"", message(function()
        chances:fit(train)
      end))
    local wide = compiled(nn.Dense { 10 })
    assert.matches("the model has 10 outputs: the last layer should be nn.Dense { 1 }",
      message(function() wide:fit(train) end))
    local accurate = compiled(nn.Dense { 1 }, { metrics = { "accuracy" } })
    assert.matches("^fit: accuracy is not defined for numeric targets: compile without metrics",
      message(function() accurate:fit(train) end))
    assert.matches("^gradients: the set has one number per row, but the", message(function()
      wide:gradients(train)
    end))
    assert.matches("^gradients: the model has 1 output, the set has 3 classes", message(function()
      accurate:gradients(data.from_tensors { x = digits.zeros { 3, 3 }, y = digits.range(3) })
    end))
    local model = compiled(nn.Dense { 1 })
    assert.matches("no score is named 'accuracy'; the scores are loss and val_loss",
      message(function()
        model:fit(train, { early_stopping = { monitor = "accuracy" } })
      end))
    assert.matches("never fitted", message(function() model:predict(train) end))
    local digit = data.open("vendor/mnist"):take(100)
    local classes = nn.Sequential { nn.Input { 784 }, nn.Dense { 10, activation = "softmax" } }
    classes:compile { optimizer = nn.SGD(), loss = "mean_squared_error" }
    classes:fit(digit, { verbose = 0 })
    local numbers = data.from_tensors { x = digits.zeros { 2, 784 }, y = digits.tensor { 0.5, 1 } }
    assert.matches("the set has numbers, not labels: .* row 1 has 0.5, which cannot be a label",
      message(function() classes:evaluate(numbers) end))
  end)

  it("goes on with numbers where boosting was fitted on numbers", function()
    local x = digits.normal { 40, 3, seed = 1 }
    local labels = x:argmax { axis = 2 }
    local options = { continue = true, verbose = 0 }
    local boost = digits.tree.GradientBoosting { n_estimators = 2 }
    boost:fit(x, labels:astype "float32", { verbose = 0 })
    assert.matches("fit: the set has labels, the model was fitted on numbers",
      message(function() boost:fit(x, labels, options) end))
    assert.are.equal(2, boost.tree_count)
    local squares = digits.tree.GradientBoosting { n_estimators = 2, objective = "squared_error" }
    squares:fit(x, labels, { verbose = 0 })
    squares:fit(x, labels, options) -- where the objective takes labels for numbers, they are
    assert.are.equal(4, squares.tree_count)
  end)
end)

describe("a network that has met numbers", function()
  it("is checked when it was compiled anew", function()
    local train = surface(50)
    local model = compiled(nn.Dense { 1, activation = "sigmoid" })
    model:fit(train, { verbose = 0 })
    local before = model:weights()
    model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
    for _, name in ipairs { "fit", "evaluate", "gradients" } do
      assert.matches("^" .. name .. ": the loss CategoricalCrossentropy is not defined for numeric",
        message(function() model[name](model, train) end))
    end
    model:compile { optimizer = "adam", loss = "mean_squared_error", metrics = { "accuracy" } }
    assert.matches("^fit: accuracy is not defined for numeric targets",
      message(function() model:fit(train) end))
    assert.matches("^evaluate: accuracy is not defined for numeric targets",
      message(function() model:evaluate(train) end))
    assert.are.same(before, model:weights())
  end)
end)

describe("a set of numbers", function()
  local train = surface(90)

  local function boosting(p)
    return digits.tree.GradientBoosting { n_estimators = p.n_estimators, max_depth = 2 }
  end

  it("is searched with folds", function()
    local spec = { params = { n_estimators = { 1, 8 } }, model = boosting, train = train, folds = 3,
      metric = "loss", seed = 1, verbose = 0 }
    assert.are.equal(8, digits.search.grid(spec).best.params.n_estimators)
    spec.stratify = true
    assert.matches("stratify = true needs labels", message(function()
      digits.search.grid(spec)
    end))
  end)

  it("is halved by rows", function()
    local found = digits.search.halving { params = { n_estimators = { 1, 8 } }, model = boosting,
      train = train, validation = train, metric = "loss", seed = 1, verbose = 0, factor = 2,
      resource = "rows", min = 45 }
    assert.are.equal(8, found.best.params.n_estimators)
    assert.are.equal(45, found.trials[1].params.rows)
  end)

  it("is told from one of labels", function()
    assert.are.equal("label_issues: the set has numeric targets, not labels", message(function()
      data.label_issues(train, { model = boosting })
    end))
    local bare = data.from_tensors { x = train.x }
    assert.are.equal("label_issues: the set has no labels", message(function()
      data.label_issues(bare, { model = boosting })
    end))
    local forest = digits.tree.RandomForest { n_estimators = 1 }
    forest:fit(data.from_tensors { x = train.x, y = digits.range(90) % 2 }, { verbose = 0 })
    assert.are.equal("permutation_importance: the set has no labels",
      message(function() forest:permutation_importance(bare) end))
    assert.matches("^permutation_importance: the set has numbers, not labels",
      message(function() forest:permutation_importance(train) end))
    assert.are.equal("concat: set 1 has numbers, set 2 has none", message(function()
      data.concat { train, bare }
    end))
  end)
end)
