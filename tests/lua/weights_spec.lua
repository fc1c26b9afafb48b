-- Weights of the rows of a dataset, from Lua: that they are kept, and what uses or refuses them.
local digits = require "digits"
local data, nn, tree = digits.data, digits.nn, digits.tree
local support = dofile "tests/lua/support.lua"
local message = support.message

local folder

setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

-- 60 rows of which the first value is the row's number; the weights are made of it by `weights_of`.
local function weights_of(x)
  return (x[{ {}, 1 }] % 7):astype "float32" / 3 + 0.1
end

local function make(unweighted)
  local n = 60
  local x = digits.concat { digits.range(n):astype "float32":reshape { n, 1 },
    digits.uniform { n, 4, seed = 3 }, axis = 2 }
  local y = (x[{ {}, 2 }] * 3):astype "int32"
  return data.from_tensors { x = x, y = y, class_names = { "a", "b", "c" },
    weights = not unweighted and weights_of(x) or nil }
end

local function expect_weights(set)
  assert.are.equal(weights_of(set.x), set.weights)
end

describe("weights of a dataset", function()
  it("stay with their rows, whatever is made of it", function()
    local set = make()
    assert.are.equal("dataset: 60 rows of {5} float32, 3 classes, weighted", tostring(set))
    expect_weights(set)
    for _, part in ipairs { set:split { 0.5, 0.3, 0.2, seed = 1, stratify = true } } do
      expect_weights(part)
    end
    for training, held_out in set:folds { 4, seed = 2 } do
      expect_weights(training)
      expect_weights(held_out)
    end
    for batch in set:batches { 7, shuffle = true, seed = 3 } do expect_weights(batch) end
    expect_weights(select(2, set:split { 0.5, 0.5, seed = 1 }))
    expect_weights(set:rows { 9, 1, -1 })
    expect_weights(set:take(5))
    expect_weights(set:only { "c" })
    expect_weights(set:shuffle { seed = 1 })
    expect_weights(set:one_hot())
    expect_weights(set:with { y = set.y:copy(), class_names = false })
    expect_weights(data.concat { set, set:take(3) })
  end)

  it("are set and dropped by with, and never change", function()
    local set = make()
    local weights = digits.range(60)
    local other = set:with { weights = weights }
    weights[1] = 50
    assert.are.equal(digits.range(60):astype "float32", other.weights)
    assert.are.equal("float32", other.weights.dtype)
    assert.matches("never changes", message(function() other.weights[1] = 2 end))
    local bare = other:with { weights = false }
    assert.is_nil(bare.weights)
    assert.are.equal("dataset: 60 rows of {5} float32, 3 classes", tostring(bare))
    assert.is_nil(make(true).weights)
    assert.matches("concat: set 1 has weights, set 2 has none: give it some by set:with { weights",
      message(function() data.concat { set, bare } end))
    local few = { x = set.x[{ { 1, 9 } }], y = set.y[{ { 1, 9 } }] }
    assert.matches("with: x has 9 rows, the set has 60 weights: give weights = a tensor too",
      message(function() set:with(few) end))
    few.weights = false
    assert.is_nil(set:with(few).weights)
    few.weights = digits.ones { 9 }
    assert.are.equal(few.weights, set:with(few).weights)
  end)

  it("that are none are refused", function()
    local set = make(true)
    assert.matches("with: weights must be a tensor, or false, found true",
      message(function() set:with { weights = true } end))
    for text, weights in pairs {
      ["weights has the shape {59}, expected {60}"] = digits.ones { 59 },
      ["weights has the shape {60, 1}, expected {60}"] = digits.ones { 60, 1 },
      ["weights: row 1 has the weight %-1, expected a finite number of at least 0"] =
        digits.ones { 60 } * -1,
      ["weights: row 1 has the weight inf"] = digits.ones { 60 } / 0,
      ["weights: all rows have the weight 0"] = digits.zeros { 60 },
    } do
      assert.matches("with: " .. text, message(function() set:with { weights = weights } end))
      assert.matches("from_tensors: " .. text, message(function()
        data.from_tensors { x = set.x, y = set.y, weights = weights }
      end))
    end
    assert.matches("unknown option 'sample_weight': use weights = ...", message(function()
      data.from_tensors { x = set.x, sample_weight = digits.ones { 60 } }
    end))
  end)
end)

describe("a fit of trees", function()
  local function saved(model, set, options)
    options = options or {}
    options.verbose = 0
    model:fit(set, options)
    local path = folder .. "/model.safetensors"
    model:save(path)
    return support.read(path)
  end

  it("weighs rows by the weights of the set, as by sample_weight, bit by bit", function()
    local set, bare = make(), make(true)
    for name, make_model in pairs {
      tree = function() return tree.DecisionTree { seed = 1 } end,
      forest = function()
        return tree.RandomForest { n_estimators = 5, seed = 1, oob_score = true }
      end,
      boosting = function() return tree.GradientBoosting { n_estimators = 5, seed = 1 } end,
    } do
      local function new()
        digits.seed(1) -- files keep what a model drew from it
        return make_model()
      end
      local given = saved(new(), bare, { sample_weight = set.weights })
      assert.is_true(given == saved(new(), set), name)
      assert.is_false(given == saved(new(), bare), name)
      local other = digits.range(60)
      assert.is_true(saved(new(), bare, { sample_weight = other }) ==
        saved(new(), set, { sample_weight = other }), name)
    end
  end)

  it("refuses rows taken from a set that all have the weight 0", function()
    local weights = digits.zeros { 60 }
    weights[60] = 1
    local nothing = make(true):with { weights = weights }:take(30)
    for _, model in ipairs { tree.DecisionTree {}, tree.RandomForest {}, tree.GradientBoosting {},
      digits.linear.LogisticRegression {} } do
      assert.matches("^fit: all rows have the weight 0$",
        message(function() model:fit(nothing, { verbose = 0 }) end))
    end
  end)

  it("goes on with a weighted set as with its weights in sample_weight", function()
    local set, bare = make(), make(true)
    local function forest()
      digits.seed(1)
      return tree.RandomForest { n_estimators = 4, seed = 1, oob_score = true }
    end
    local one, two = forest(), forest()
    one:fit(set, { verbose = 0 })
    two:fit(set, { verbose = 0 })
    assert.matches("go on with the set and the weights that they were fitted on",
      message(function() one:fit(bare, { continue = true, verbose = 0 }) end))
    assert.is_true(saved(one, set, { continue = true }) ==
      saved(two, bare, { continue = true, sample_weight = set.weights }))
  end)

  it("is judged without weights, and so are searches, doubts and importances", function()
    local set, bare = make(), make(true)
    local forest = tree.RandomForest { n_estimators = 5, seed = 1, max_depth = 2 }
    forest:fit(set, { verbose = 0 })
    assert.are.equal(forest:evaluate(bare).accuracy, forest:evaluate(set).accuracy)
    assert.are.equal(forest:permutation_importance(bare, { seed = 1 }),
      forest:permutation_importance(set, { seed = 1 }))
    local function issues(of, options)
      return data.label_issues(of, { seed = 1, verbose = 0, fit = options, folds = 3,
        model = function() return tree.RandomForest { n_estimators = 5, seed = 1 } end })
    end
    assert.are.equal(60, #issues(set).quality)
    assert.are_not.equal(issues(bare).quality, issues(set).quality)
    local function best(of)
      return digits.search.grid { params = { depth = { 1, 3 } }, train = of, folds = 3, verbose = 0,
        seed = 1,
        model = function(p)
          return tree.RandomForest { n_estimators = 5, seed = 1, max_depth = p.depth }
        end }
    end
    local found = best(set)
    assert.are.equal(2, #found.trials)
    for _, trial in ipairs(found.trials) do assert.is_nil(trial.error) end
  end)
end)

describe("a network", function()
  -- Weights of 2 and 0 are two rows, and none, in batches of all rows.
  local function build()
    local model = nn.Sequential { nn.Input { 5 }, nn.Dense { 3, activation = "softmax" }, seed = 1 }
    return model:compile { optimizer = nn.SGD { 0.5 }, loss = "categorical_crossentropy" }
  end

  local function fitted(set, options)
    local model = build()
    local all = { epochs = 3, batch_size = 1000, verbose = 0, seed = 1 }
    for name, value in pairs(options or {}) do all[name] = value end
    local history = model:fit(set, all)
    return model:weights()["dense.kernel"], history.loss[3]
  end

  local function same(a, b)
    assert.is_true((a - b):abs():max() < 1e-5)
  end

  it("is fitted as if rows occurred as often as they weigh", function()
    local set = make():with { weights = false }
    local n = #set
    local weights, rows = {}, {}
    for i = 1, n do
      weights[i] = 2 * (i % 2)
      if i % 2 == 1 then rows[#rows + 1] = i end
    end
    local weight = digits.tensor(weights)
    -- a mean over all rows, those of weight 0 included, as in Keras
    local weighted = fitted(set, { sample_weight = weight })
    local model = build()
    model:compile { optimizer = nn.SGD { 0.5 * 2 * #rows / n }, loss = "categorical_crossentropy" }
    model:fit(set:rows(rows), { epochs = 3, batch_size = 1000, verbose = 0 })
    same(model:weights()["dense.kernel"], weighted)
    assert.are.equal(weighted, (fitted(set:with { weights = weight })))
    local gradient = build():gradients(set:with { weights = weight })["dense.kernel"]
    same(gradient, build():gradients(set:rows(rows))["dense.kernel"] * (2 * #rows / n))
  end)

  it("weighs classes", function()
    local set = make():with { weights = false }
    local weights = {}
    for i = 1, #set do weights[i] = set.y[i] == set.classes[2] and 3 or 1 end
    local given, other = digits.tensor(weights), digits.uniform { #set, seed = 5 }
    local by_class = { [set.classes[2]] = 3 }
    same(fitted(set, { sample_weight = given }), (fitted(set, { class_weight = by_class })))
    same(fitted(set, { sample_weight = given * other }),
      (fitted(set, { class_weight = by_class, sample_weight = other })))
    local count, balanced = set:counts(), {}
    for i = 1, #set do balanced[i] = #set / (#set.classes * count[set.y[i]]) end
    same(fitted(set, { sample_weight = digits.tensor(balanced) }),
      (fitted(set, { class_weight = "balanced" })))
  end)

  it("has the same bits for 1 and 2 threads", function()
    local set, before, found = make(), digits.threads(), {}
    for threads = 1, 2 do
      digits.threads(threads)
      found[threads] = fitted(set, { class_weight = "balanced", batch_size = 32 })
    end
    digits.threads(before)
    assert.are.equal(found[1], found[2])
  end)

  it("refuses weights that mean nothing", function()
    local set = make():with { weights = false }
    local function says(text, options)
      assert.are.equal(text, message(function() fitted(set, options) end))
    end
    says("fit: class_weight has the label 17, which is not a class of the set",
      { class_weight = { [17] = 2 } })
    says("fit: class_weight must be a table of a number above 0 for each label, found -1 for " ..
      "the label 0", { class_weight = { [0] = -1 } })
    assert.matches("^fit: class_weight must be 'balanced', found 'even'",
      (message(function() fitted(set, { class_weight = "even" }) end)))
    assert.matches("^fit: ", (message(function()
      fitted(set, { sample_weight = digits.zeros { #set } })
    end)))
    local numbers = nn.Sequential { nn.Input { 5 }, nn.Dense { 1 } }
    numbers:compile { optimizer = "sgd", loss = "mean_squared_error" }
    assert.are.equal("fit: class_weight is for labels, and the model predicts numbers",
      message(function() numbers:fit(set, { class_weight = "balanced" }) end))
    numbers:compile { optimizer = "sgd", loss = "binary_crossentropy" }
    assert.are.equal("fit: the loss BinaryCrossentropy compares a single output with numbers or " ..
      "labels from 0 to 1, found 2", message(function() numbers:fit(set) end))
    assert.is_number(build():fit(make(), { verbose = 0, validation = make() }).val_loss[1])
  end)
end)
