local digits = require "digits"
local support = require "tests.lua.support"
local data, tree = digits.data, digits.tree

-- Three classes that two of five columns decide.
local function set(rows, seed)
  local x = digits.uniform { rows, 5, seed = seed }
  local y = x[{ {}, 2 }]:gt(0.6):astype "int32" + x[{ {}, 4 }]:gt(0.3) * 2
  return data.from_tensors { x = x, y = y:minimum(2) }
end

local makers = {
  DecisionTree = function() return tree.DecisionTree {} end,
  RandomForest = function() return tree.RandomForest { n_estimators = 30, seed = 3 } end,
  GradientBoosting = function() return tree.GradientBoosting { n_estimators = 20, seed = 3 } end,
}

describe("every tree learner", function()
  local train, test = set(600, 1), set(300, 2)

  for name, make in pairs(makers) do
    it(name .. " learns, judges and predicts as networks do", function()
      local model = make()
      local history = model:fit(train, { verbose = 0 })
      assert.is_true(history.total_seconds >= 0)
      assert.equal(history, model.history)
      local result = model:evaluate(test)
      assert.is_true(result.accuracy > 0.95)
      assert.is_true(result.loss < 0.5)
      local labels, chances = model:predict(test), model:predict_proba(test.x)
      assert.equal("int32", labels.dtype)
      assert.same({ 300, 3 }, { table.unpack(chances.shape) })
      assert.is_true((chances:sum { axis = 2 } - 1):abs():max() < 1e-5)
      assert.is_true(labels == data.labels(chances, model.classes))
      assert.is_true(math.abs(labels:eq(test.y):mean() - result.accuracy) < 1e-6)
      assert.equal(labels[1], model:predict(test.x[1])[1])
    end)

    it(name .. " knows which columns matter", function()
      local model = make()
      model:fit(train, { verbose = 0 })
      local importances = model.feature_importances
      assert.same({ 5 }, { table.unpack(importances.shape) })
      assert.is_true(math.abs(importances:sum() - 1) < 1e-5)
      assert.is_true(importances[2] + importances[4] > 0.8)
    end)

    it(name .. " is kept in a file and read again", function()
      local model, folder = make(), support.folder()
      model:fit(train, { verbose = 0 })
      model:save(folder .. "/model.safetensors")
      local again = digits.load(folder .. "/model.safetensors")
      support.remove(folder)
      assert.is_true(again:predict_proba(test) == model:predict_proba(test))
      assert.equal(tostring(model), tostring(again))
      assert.equal(model:summary(), again:summary())
    end)

    it(name .. " takes one-hot labels as the same labels", function()
      local model, other = make(), make()
      model:fit(train, { verbose = 0 })
      other:fit(train:one_hot(), { verbose = 0 })
      assert.is_true(other:predict_proba(test) == model:predict_proba(test))
    end)

    it(name .. " is the same on any number of threads", function()
      local before = digits.threads()
      local chances = {}
      for threads = 1, 3 do
        digits.threads(threads)
        local model = make()
        model:fit(train, { verbose = 0 })
        chances[threads] = model:predict_proba(test)
      end
      digits.threads(before)
      assert.is_true(chances[1] == chances[2] and chances[1] == chances[3])
    end)

    it(name .. " refuses what does not fit, and suggests", function()
      local message = support.message
      local model = make()
      assert.matches("never fitted", message(function() model:predict(test) end))
      assert.matches("unknown option 'max_dept', did you mean 'max_depth'",
        message(function() tree[name] { max_dept = 3 } end))
      assert.matches("max_depth", message(function() tree[name] { max_depth = -3 } end))
      assert.matches("unknown option 'epochs'",
        message(function() model:fit(train, { epochs = 3 }) end))
      model:fit(train, { verbose = 0 })
      assert.matches("5 values.*3 values",
        message(function() model:predict(digits.zeros { 2, 3 }) end))
      if name == "DecisionTree" then
        assert.matches("cannot continue an earlier fit",
          message(function() model:fit(train, { continue = true }) end))
      end
      assert.matches("no field 'oob_acuracy'", message(function() return model.oob_acuracy end))
      local infinite = data.from_tensors { x = digits.full { 4, 2, value = 1 / 0 },
        y = digits.tensor { 0, 1, 0, 1 } }
      assert.matches("fit: row 1, column 1 is infinite",
        message(function() model:fit(infinite) end))
      local rows = digits.zeros { 300, 5 }
      rows[299][2] = -1 / 0
      assert.matches("predict: row 299, column 2 is infinite",
        message(function() model:predict(rows) end))
      local set_of = data.from_tensors { x = rows, y = test.y }
      assert.matches("fit: validation: row 299, column 2 is infinite",
        message(function() model:fit(train, { validation = set_of }) end))
    end)
  end
end)

describe("a random forest", function()
  it("judges itself by the rows that its trees did not see", function()
    local forest = tree.RandomForest { n_estimators = 50, oob_score = true, seed = 1 }
    assert.is_nil(forest.oob_accuracy)
    forest:fit(set(500, 1), { verbose = 0 })
    assert.is_true(forest.oob_accuracy > 0.9)
    assert.equal(50, forest.n_estimators)
  end)

  it("weighs classes and rows", function()
    local train = set(200, 1)
    local weights = { [0] = 5, [1] = 1, [2] = 2 }
    local forest = tree.RandomForest { n_estimators = 5, class_weight = weights }
    forest:fit(train, { verbose = 0 })
    tree.RandomForest { n_estimators = 5, class_weight = "balanced" }:fit(train, { verbose = 0 })
    -- whole numbers, and a column of a tensor
    local counts = digits.range(200) % 3 + 1
    local both = digits.zeros { 200, 2 }
    both[{ {}, 2 }] = counts
    local one, two = tree.DecisionTree { max_depth = 3 }, tree.DecisionTree { max_depth = 3 }
    one:fit(train, { sample_weight = counts, verbose = 0 })
    two:fit(train, { sample_weight = both[{ {}, 2 }], verbose = 0 })
    assert.is_true(one:predict_proba(train) == two:predict_proba(train))
    local short = function() one:fit(train, { sample_weight = digits.ones { 3 } }) end
    assert.matches("sample_weight: weights has the shape {3}, expected {200}",
      support.message(short))
    -- rows of weight 0 might as well not be there
    local weight = digits.ones { 200 }
    weight[{ { 101, 200 } }] = 0
    local part, whole = tree.DecisionTree {}, tree.DecisionTree {}
    part:fit(train:take(100), { verbose = 0 })
    whole:fit(train, { sample_weight = weight, verbose = 0 })
    assert.is_true(part:predict(train:take(100)) == whole:predict(train:take(100)))
  end)
end)

describe("what a tree learner was made with", function()
  it("stays in its file, weights of classes too", function()
    local train, folder = set(200, 1), support.folder()
    local weights = { [0] = 5, [1] = 0.25, [2] = 2 }
    for _, make in ipairs { tree.RandomForest, tree.DecisionTree } do
      local model = make { class_weight = weights, max_depth = 1, max_features = 0.5, seed = 1 }
      model:fit(train, { verbose = 0 })
      model:save(folder .. "/weighted.safetensors")
      local again = digits.load(folder .. "/weighted.safetensors")
      assert.same(weights, again.class_weight)
      assert.equal(0.5, again.max_features)
      again:fit(train, { verbose = 0 }) -- anew, and as before
      assert.is_true(again:predict_proba(train) == model:predict_proba(train))
      local plain = make { max_depth = 1, max_features = 0.5, seed = 1 }
      plain:fit(train, { verbose = 0 })
      assert.is_false(plain:predict_proba(train) == model:predict_proba(train))
    end
    support.remove(folder)
  end)

  it("is known of files that earlier versions wrote", function()
    local rows = digits.uniform { 60, 3, seed = 4 } -- as tests/golden/make_old_trees.lua has them
    for _, name in ipairs { "softmax", "logistic", "squared", "forest" } do
      local model = digits.load("tests/golden/trees_1/" .. name .. ".safetensors")
      local found = name == "squared" and model:predict(rows) or model:predict_proba(rows)
      local i, list = 0, found:reshape { -1 }:totable()
      for line in io.lines("tests/golden/trees_1/" .. name .. ".txt") do
        i = i + 1
        assert.is_true(math.abs(list[i] - tonumber(line)) < 1e-6)
      end
      assert.equal(#list, i)
      if name == "forest" then
        assert.same({ [0] = 1, [1] = 2.5, [4] = 1, [5] = 3 }, model.class_weight)
        assert.is_true(model.oob_accuracy > 0.5)
      else
        assert.equal(name == "logistic" and 0.3 or 0.5, model.base_score)
      end
    end
  end)
end)

describe("trees and forests of numbers", function()
  local function numbers(rows, seed)
    local x = digits.uniform { rows, 3, seed = seed }
    return data.from_tensors { x = x, y = x[{ {}, 1 }] * 2.5 - x[{ {}, 2 }] + 100.5 }
  end
  local train, test = numbers(400, 1), numbers(100, 2)

  for name, make in pairs {
    DecisionTree = function(more)
      return tree.DecisionTree { max_depth = more and more.max_depth, seed = 3 }
    end,
    RandomForest = function(more)
      local options = { n_estimators = 20, seed = 3 }
      for key, value in pairs(more or {}) do options[key] = value end
      return tree.RandomForest(options)
    end,
  } do
    it(name .. " predicts them, the same from a file and on any number of threads", function()
      local folder, before, found = support.folder(), digits.threads(), {}
      for threads = 1, 3 do
        digits.threads(threads)
        local model = make()
        local history = model:fit(train, { validation = test, verbose = 0 })
        local result = model:evaluate(test)
        found[threads] = model:predict(test)
        assert.equal("float32", found[threads].dtype)
        assert.same({ 100 }, { table.unpack(found[threads].shape) })
        assert.is_nil(result.accuracy)
        assert.is_nil(history.val_accuracy)
        assert.is_true(result.loss < 0.05 and history.val_loss[1] == result.loss)
        local error = found[threads] - test.y
        assert.is_true(math.abs((error * error):mean() - result.loss) < 1e-5)
        assert.matches("predicts numbers", model:summary())
        assert.is_nil(model.classes)
        assert.matches("x%[%d%] +[<>]=? [%d.]+ ?[or misng]*: 10[%d.]+ %(cover", model:tree_text())
        local importances = model.feature_importances
        assert.is_true(importances[1] > 0.6 and math.abs(importances:sum() - 1) < 1e-5)
        model:save(folder .. "/numbers.safetensors")
        local again = digits.load(folder .. "/numbers.safetensors")
        assert.is_true(again:predict(test) == found[threads])
        assert.equal(model:summary(), again:summary())
        assert.equal(result.loss, again:evaluate(test).loss)
      end
      digits.threads(before)
      support.remove(folder)
      assert.is_true(found[1] == found[2] and found[1] == found[3])
    end)

    it(name .. " says which labels and numbers do not go together", function()
      local message = support.message
      local model = make { class_weight = "balanced" }
      if name == "RandomForest" then
        assert.matches("fit: class_weight is not defined for numeric targets: use sample_weight",
          message(function() model:fit(train) end))
      end
      -- labels are numbers only where the criterion says so
      local labels = data.from_tensors { x = train.x, y = train.x[{ {}, 1 }]:gt(0.5) }
      local squares = tree[name] { criterion = "squared_error", max_depth = 4 }
      squares:fit(labels, { verbose = 0 })
      assert.equal("float32", squares:predict(labels).dtype)
      assert.is_nil(squares:evaluate(labels).accuracy)
      model = make()
      model:fit(labels, { verbose = 0 })
      assert.matches("classifies into 2 classes", model:summary())
      assert.equal("int32", model:predict(labels).dtype)
      assert.matches("evaluate: ", message(function() model:evaluate(train) end))
      model:fit(train, { verbose = 0 }) -- anew
      assert.matches("predicts numbers", model:summary())
    end)
  end

  it("weigh rows", function()
    local weight = digits.ones { 400 }
    weight[{ { 201, 400 } }] = 0
    local part, whole = tree.DecisionTree {}, tree.DecisionTree {}
    part:fit(train:take(200), { verbose = 0 })
    whole:fit(train, { sample_weight = weight, verbose = 0 })
    assert.is_true((part:predict(train:take(200)) - whole:predict(train:take(200))):abs():max()
      < 1e-4)
    -- rows of weight 0 are never drawn
    local forest = tree.RandomForest { n_estimators = 30, seed = 1, max_features = 1.0 }
    local y = train.y + 0
    y[{ { 201, 400 } }] = 1e6
    forest:fit(train.x, y, { sample_weight = weight, verbose = 0 })
    assert.is_true(forest:predict(test):max() < 200)
  end)

  it("go on, and are judged out of the bag", function()
    local folder = support.folder()
    local function make(trees)
      return tree.RandomForest { n_estimators = trees, seed = 4, oob_score = true }
    end
    local weight = digits.range(400) % 3 + 1
    local whole, part = make(30), make(15)
    local history = whole:fit(train, { sample_weight = weight, verbose = 0 })
    part:fit(train, { sample_weight = weight, verbose = 0 })
    part:save(folder .. "/part.safetensors")
    part = digits.load(folder .. "/part.safetensors")
    assert.matches("the set and the weights that they were fitted on", support.message(function()
      part:fit(train, { continue = true, verbose = 0 })
    end))
    part:fit(train, { continue = true, sample_weight = weight, verbose = 0 })
    assert.is_true(part:predict(test) == whole:predict(test))
    assert.equal(whole.oob_r2, part.oob_r2)
    assert.equal(whole.oob_r2, history.oob_r2[1])
    assert.is_true(whole.oob_r2 > 0.95 and whole.oob_r2 < 1)
    assert.is_nil(whole.oob_accuracy)
    local found = whole.oob_prediction
    assert.same({ 400 }, { table.unpack(found.shape) })
    local left, squares, mean, judged = 0, 0, 0, 0
    for i, value in ipairs(found:totable()) do
      if value == value then mean, judged = mean + train.y[i], judged + 1 end
    end
    mean = mean / judged
    for i, value in ipairs(found:totable()) do
      if value == value then
        left = left + (value - train.y[i]) ^ 2
        squares = squares + (train.y[i] - mean) ^ 2
      end
    end
    assert.is_true(math.abs(1 - left / squares - whole.oob_r2) < 1e-6)
    assert.matches("out%-of%-bag R2: 0", whole:summary())
    assert.matches("use oob_prediction", support.message(function() return whole.oob_proba end))
    assert.matches("the set has labels, the model was fitted on numbers",
      support.message(function()
        whole:fit(train.x, digits.range(400) % 2, { continue = true })
      end))
    assert.equal(30, whole.tree_count)
    support.remove(folder)
  end)

  it("look at all columns where classes look at some", function()
    local forest = tree.RandomForest { n_estimators = 5, seed = 1 }
    local all = tree.RandomForest { n_estimators = 5, seed = 1, max_features = 1.0 }
    local some = tree.RandomForest { n_estimators = 5, seed = 1, max_features = "sqrt" }
    for _, model in ipairs { forest, all, some } do model:fit(train, { verbose = 0 }) end
    assert.equal("auto", forest.max_features)
    assert.matches("max_features = 1.0", tostring(all), 1, true)
    assert.is_true(forest:predict(test) == all:predict(test))
    assert.is_false(forest:predict(test) == some:predict(test))
  end)
end)

describe("a split that wins nothing by itself", function()
  it("is taken, whatever rounding says, since those below it may win", function()
    local corner = digits.tensor { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 }, dtype = "float32" }
    local corners = data.from_tensors { x = corner, y = digits.tensor { 0, 1, 1, 0 } }
    for i = 1, 50 do
      local weight = digits.full { 4, value = 0.1 + 0.37 * i }
      local one = tree.DecisionTree { criterion = "entropy", seed = i }
      one:fit(corners, { sample_weight = weight, verbose = 0 })
      assert.equal(1, one:evaluate(corners).accuracy)
    end
  end)
end)

describe("what trees tell of themselves", function()
  local train = set(400, 1)
  local boost = tree.GradientBoosting { n_estimators = 5, seed = 1 }
  local one = tree.DecisionTree { max_depth = 3 }
  boost:fit(train, { verbose = 0 })
  one:fit(train, { verbose = 0 })

  it("is how much each feature counts, in several ways", function()
    assert.is_true(boost:importances() == boost:importances "gain")
    for _, kind in ipairs { "gain", "total_gain", "cover", "total_cover", "weight" } do
      assert.is_true(math.abs(boost:importances(kind):sum() - 1) < 1e-5)
    end
    assert.matches("'wieght'", support.message(function() boost:importances "wieght" end))
    local lost = one:permutation_importance(set(200, 5), { repeats = 3, seed = 1 })
    assert.same({ 5, 2 }, { table.unpack(lost.shape) })
    assert.is_true(lost[2][1] > 0.05 and lost[4][1] > 0.05)
    assert.equal(0, lost[1][1])
  end)

  it("is a tree that a person can read", function()
    local text = one:tree_text()
    assert.matches("<=", text)
    assert.is_true(#one:tree_text(1, 1) < #text)
    assert.matches("label 2 %(", text)
    assert.matches("^for label 1:\n", boost:tree_text(2))
    local named = data.from_tensors { x = train.x, y = train.y,
      class_names = { "low", "middle", "high" } }
    local model, rounds = tree.DecisionTree { max_depth = 3 }, tree.GradientBoosting {
      n_estimators = 1 }
    model:fit(named, { verbose = 0 })
    rounds:fit(named, { verbose = 0 })
    assert.matches(": high %(", model:tree_text())
    assert.is_nil(model:tree_text():match "label")
    assert.matches("^for high:\n", rounds:tree_text(3))
    assert.matches("the model has trees 1 to 1, found 2",
      support.message(function() one:tree_text(2) end))
    assert.matches("never fitted", support.message(function() tree.DecisionTree {}:tree_text() end))
  end)
end)

describe("a random forest", function()
  local train, test = set(300, 1), set(200, 2)

  local function make(trees, more)
    local options = { n_estimators = trees, seed = 4 }
    for name, value in pairs(more or {}) do options[name] = value end
    return tree.RandomForest(options)
  end

  local function reload(model)
    local folder = support.folder()
    model:save(folder .. "/part.safetensors")
    local again = digits.load(folder .. "/part.safetensors")
    support.remove(folder)
    return again
  end

  it("goes on with more trees, if asked, as if it had never stopped", function()
    for _, more in ipairs { {}, { oob_score = true, max_samples = 0.6, max_depth = 4 },
      { class_weight = "balanced_subsample", criterion = "entropy" },
      { bootstrap = false, max_leaf_nodes = 9 } } do
      local whole = make(20, more)
      whole:fit(train, { verbose = 0 })
      for _, keep in ipairs { function(model) return model end, reload } do
        local part = make(10, more)
        part:fit(train, { verbose = 0 })
        part = keep(part)
        local history = part:fit(train, { continue = true, validation = test, verbose = 0 })
        assert.equal(20, part.tree_count)
        assert.is_true(part:predict_proba(test) == whole:predict_proba(test))
        assert.is_true(part.feature_importances == whole.feature_importances)
        assert.equal(whole:evaluate(test).loss, history.val_loss[1])
        assert.equal(whole:summary(), part:summary())
        if more.oob_score then
          assert.equal(whole.oob_accuracy, part.oob_accuracy)
          assert.equal(whole.oob_accuracy, history.oob_accuracy[1])
          assert.is_true(part.oob_proba == whole.oob_proba)
        end
        part:fit(train, { verbose = 0 })
        assert.equal(10, part.tree_count)
      end
    end
  end)

  it("goes on with rows of some of its classes, and of no others", function()
    local forest = make(10, { class_weight = { [0] = 1, [1] = 2, [2] = 3 } })
    forest:fit(train, { verbose = 0 })
    forest:fit(train:only { 0, 2 }, { continue = true, validation = test, verbose = 0 })
    assert.equal(20, forest.tree_count)
    assert.same({ 0, 1, 2 }, { table.unpack(forest.classes) })
    local chances = forest:predict_proba(test)
    assert.same({ 200, 3 }, { table.unpack(chances.shape) })
    assert.is_true((chances:sum { axis = 2 } - 1):abs():max() < 1e-5)
    assert.is_true(chances[{ {}, 2 }]:max() <= 0.5) -- half of the trees never saw the label 1
    local first = make(10, { class_weight = { [0] = 1, [1] = 2, [2] = 3 } })
    first:fit(train, { verbose = 0 })
    -- and what they say stands at the labels 0 and 2
    local later = chances * 2 - first:predict_proba(test)
    assert.is_true(later[{ {}, 2 }]:abs():max() < 1e-5)
    assert.is_true(later[{ {}, 3 }]:max() > 0.9)
    assert.matches("fit: row 1 has the label 7, which is not one of the 3 classes",
      support.message(function()
        forest:fit(train.x, digits.full { 300, value = 7, dtype = "int32" }, { continue = true })
      end))
    assert.matches("fit: the model takes rows of shape {5}", support.message(function()
      forest:fit(digits.zeros { 300, 4 }, train.y, { continue = true })
    end))
    assert.equal(20, forest.tree_count)
    assert.is_true(forest:predict_proba(test) == chances)
  end)

  it("scores rows out of the bag only where it knows what earlier trees saw", function()
    local forest = make(10, { oob_score = true })
    forest:fit(train, { verbose = 0 })
    local accuracy = forest.oob_accuracy
    assert.matches("oob_score with continue = true.*the 10 earlier trees.*go on with the set",
      support.message(function() forest:fit(set(300, 5), { continue = true }) end))
    assert.matches("oob_score with continue = true.*go on with the seed",
      support.message(function() forest:fit(train, { continue = true, seed = 9 }) end))
    assert.equal(10, forest.tree_count)
    assert.equal(accuracy, forest.oob_accuracy)
    forest:fit(train, { seed = 9, verbose = 0 })
    forest:fit(train, { continue = true, seed = 9, verbose = 0 })
    assert.equal(20, forest.tree_count)
  end)
end)
