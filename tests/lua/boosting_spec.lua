local digits = require "digits"
local support = require "tests.lua.support"
local data, tree = digits.data, digits.tree

-- Three classes that two of five columns decide.
local function set(rows, seed)
  local x = digits.uniform { rows, 5, seed = seed }
  local y = x[{ {}, 2 }]:gt(0.6):astype "int32" + x[{ {}, 4 }]:gt(0.3) * 2
  return data.from_tensors { x = x, y = y:minimum(2) }
end

describe("gradient boosting", function()
  it("stops when the validation set says so, and keeps the best round", function()
    local train, validation = set(300, 1), set(300, 2)
    local boost = tree.GradientBoosting { n_estimators = 200, learning_rate = 0.8, seed = 1 }
    local rounds = 0
    local history = boost:fit(train, {
      validation = validation, verbose = 0, early_stopping = { patience = 5, restore_best = true },
      on_epoch_end = function(log)
        rounds = rounds + 1
        assert.equal(rounds, log.round)
        assert.equal(200, log.rounds)
        assert.equal(rounds, log.epoch)
      end,
    })
    assert.is_true(rounds < 200)
    assert.equal(rounds, #history.val_loss)
    assert.equal(history.best_epoch, boost.best_round)
    assert.equal(history.best_round, boost.best_round)
    assert.equal(rounds, history.rounds)
    assert.matches("^round +loss", tostring(history))
    assert.matches("\nbest round " .. boost.best_round .. ", ", tostring(history))
    local best = history.val_loss[boost.best_round]
    assert.is_true(math.abs(boost:evaluate(validation).loss - best) < 1e-4)
  end)

  it("parts numbers with the fewest bins, beside those that are missing", function()
    local x = digits.range(40):reshape { 40, 1 }:astype "float32"
    local y = x[{ {}, 1 }]:gt(19):astype "int32"
    x[7][1], x[33][1] = 0 / 0, 0 / 0
    local boost = tree.GradientBoosting { n_estimators = 10, max_bin = 2 }
    boost:fit(data.from_tensors { x = x, y = y }, { verbose = 0 })
    assert.is_true(boost:evaluate(data.from_tensors { x = x, y = y }).accuracy > 0.97)
  end)

  it("learns from a tenth of the rows, the largest derivatives first", function()
    local train, test, loss = set(2000, 1), set(1000, 2), {}
    for _, method in ipairs { "uniform", "gradient_based" } do
      local boost = tree.GradientBoosting { n_estimators = 20, subsample = 0.1, seed = 1,
        sampling_method = method }
      boost:fit(train, { verbose = 0 })
      loss[method] = boost:evaluate(test).loss
    end
    assert.is_true(loss.gradient_based < 0.7 * loss.uniform)
    local function whole(method)
      local boost = tree.GradientBoosting { n_estimators = 3, sampling_method = method }
      boost:fit(train, { verbose = 0 })
      return boost:predict_proba(test)
    end
    assert.is_true(whole "gradient_based" == whole "uniform")
  end)

  it("goes on where it ended, if asked, as if it had never stopped", function()
    local train, validation, folder = set(300, 1), set(200, 2), support.folder()
    local function make(rounds, objective)
      return tree.GradientBoosting { n_estimators = rounds, objective = objective, seed = 4,
        sampling_method = objective == "softmax" and "gradient_based" or "uniform",
        subsample = 0.7, colsample_bynode = 0.5 }
    end
    for _, objective in ipairs { "softmax", "squared_error" } do
      local whole, part = make(10, objective), make(5, objective)
      local long = whole:fit(train, { validation = validation, verbose = 0 })
      part:fit(train, { verbose = 0 })
      part:save(folder .. "/part.safetensors")
      part = digits.load(folder .. "/part.safetensors")
      local history = part:fit(train, { continue = true, validation = validation, verbose = 0 })
      local ask = objective == "softmax" and whole.predict_proba or whole.predict
      assert.is_true(ask(part, validation) == ask(whole, validation))
      assert.equal(long.val_loss[10], history.val_loss[5])
      assert.equal(whole.best_round, part.best_round)
      part:fit(train, { verbose = 0 })
      assert.equal(whole.tree_count, 2 * part.tree_count)
    end
    local stopped = make(200, "softmax")
    stopped:fit(train, { validation = validation, verbose = 0, early_stopping = { patience = 3 } })
    local rounds = stopped.best_round
    local history = stopped:fit(train:only { 0, 1 }, { continue = true, validation = validation,
      verbose = 0, early_stopping = { patience = 1 } })
    assert.equal(rounds + history.best_epoch, stopped.best_round)
    assert.equal(3 * stopped.best_round, stopped.tree_count)
    assert.equal(3, #stopped.classes)
    assert.matches("fit: row 1 has the label 7, which is not one of the 3 classes",
      support.message(function()
        stopped:fit(train.x, digits.full { 300, value = 7, dtype = "int32" }, { continue = true })
      end))
    assert.matches("fit: the model takes rows of shape {5}", support.message(function()
      stopped:fit(digits.zeros { 300, 4 }, train.y, { continue = true })
    end))
    support.remove(folder)
  end)

  it("meets numbers", function()
    local function numbers(rows, seed)
      local x = digits.uniform { rows, 3, seed = seed }
      return data.from_tensors { x = x, y = x[{ {}, 1 }] * 2.5 - x[{ {}, 2 }] }
    end
    local train, test, folder = numbers(400, 1), numbers(100, 2), support.folder()
    assert.matches("with numbers", tostring(train))
    local boost = tree.GradientBoosting { n_estimators = 60 }
    local history = boost:fit(train, { validation = test, verbose = 0 })
    local result, found = boost:evaluate(test), boost:predict(test)
    assert.is_true(result.loss < 0.01 and not result.accuracy)
    assert.equal("predict_proba: the model predicts numbers, which have no probabilities: " ..
      "use predict", support.message(function() boost:predict_proba(test) end))
    assert.is_true(math.abs(result.loss - history.val_loss[60]) < 1e-6)
    assert.is_true(math.abs(((found - test.y) * (found - test.y)):mean() - result.loss) < 1e-5)
    assert.is_true(boost:permutation_importance(test, { repeats = 2, seed = 1 })[1][1] > 0.1)
    for _, name in ipairs { "/numbers.json", "/numbers.safetensors" } do
      boost:save(folder .. name)
      local again = digits.load(folder .. name)
      assert.is_true((again:predict(test) - found):abs():max() < 1e-6)
      assert.is_true(math.abs(again:evaluate(test).loss - result.loss) < 1e-6)
    end
    support.remove(folder)
    for _, model in ipairs {
      tree.DecisionTree { criterion = "gini" }, tree.RandomForest { criterion = "entropy" } } do
      assert.matches("fit: criterion = \"%a+\" is not defined for numeric targets: leave it out",
        support.message(function() model:fit(train) end))
    end
    for _, model in ipairs { tree.GradientBoosting { objective = "softmax" } } do
      assert.matches("fit: the set has numbers, not labels: .* which cannot be a label",
        support.message(function() model:fit(train) end))
    end
    assert.matches("evaluate: the set has numbers, not labels", support.message(function()
      local labels = data.from_tensors { x = train.x, y = train.x[{ {}, 1 }]:gt(0.5) }
      local model = tree.GradientBoosting { n_estimators = 1 }
      model:fit(labels, { verbose = 0 })
      model:evaluate(train)
    end))
  end)

  it("begins with what fits best without a tree", function()
    local x = digits.zeros { 8, 1 }
    local function begins(y, weight, more)
      local boost = tree.GradientBoosting(more or { n_estimators = 1, gamma = 1e9 })
      boost:fit(data.from_tensors { x = x, y = y }, { sample_weight = weight, verbose = 0 })
      return boost:predict_proba(x)[1]:totable(), boost
    end
    local weight = digits.tensor { 1, 1, 1, 1, 2, 2, 4, 4 }
    local three = digits.tensor { 0, 0, 0, 0, 1, 1, 2, 2 }
    local function near(found, wanted)
      for k, p in ipairs(wanted) do assert.is_true(math.abs(found[k] - p) < 2e-6) end
    end
    near(begins(three), { 0.5, 0.25, 0.25 })
    near(begins(three, weight), { 0.25, 0.25, 0.5 })
    local two = digits.tensor { 3, 3, 3, 3, 3, 3, 8, 8 }
    near(begins(two), { 0.75, 0.25 })
    near(begins(two, weight), { 0.5, 0.5 })
    near(begins(two, nil, { n_estimators = 1, gamma = 1e9, base_score = 0.9,
      learning_rate = 1e-9 }), { 0.1, 0.9 })
    local numbers = tree.GradientBoosting { n_estimators = 1, learning_rate = 1e-9 }
    numbers:fit(x, digits.tensor { 0.5, 1, 1.5, 2, 2, 2, 3, 4 }, { verbose = 0 })
    assert.is_true(math.abs(numbers:predict(x)[1] - 2) < 1e-6)
    assert.is_nil(numbers.base_score)
    assert.matches("base_score must be a number or nil, found 'x'", support.message(function()
      tree.GradientBoosting { base_score = "x" }
    end))
  end)

  it("fits a model from XGBoost further only with options that it is told", function()
    local train, folder = set(300, 1), support.folder()
    local boost = tree.GradientBoosting { n_estimators = 4, max_depth = 3, seed = 1 }
    boost:fit(train, { verbose = 0 })
    boost:save(folder .. "/model.json")
    local text = support.read(folder .. "/model.json"):gsub('"digits_options":".-[^\\]",', "")
    support.write(folder .. "/theirs.json", text)
    local theirs = digits.load(folder .. "/theirs.json")
    theirs:save(folder .. "/theirs.safetensors")
    theirs:save(folder .. "/again.json")
    for _, name in ipairs { "theirs.json", "theirs.safetensors", "again.json" } do
      for _, go_on in ipairs { true, false } do
        assert.matches("does not say with which options %(learning_rate", support.message(function()
          digits.load(folder .. "/" .. name):fit(train, { continue = go_on })
        end))
      end
      local told = digits.load(folder .. "/" .. name,
        tree.GradientBoosting { n_estimators = 4, max_depth = 3, seed = 1 })
      told:fit(train, { continue = true, verbose = 0 })
      local whole = tree.GradientBoosting { n_estimators = 8, max_depth = 3, seed = 1 }
      whole:fit(train, { verbose = 0 })
      assert.is_true((told:predict_proba(train) - whole:predict_proba(train)):abs():max() < 1e-5)
    end
    assert.matches("load: the file contains the options that its model was made with",
      support.message(function()
      digits.load(folder .. "/model.json", tree.GradientBoosting {})
    end))
    assert.matches("load: the file contains a GradientBoosting, but the options are for a " ..
      "RandomForest", support.message(function()
        digits.load(folder .. "/theirs.json", tree.RandomForest {})
      end))
    assert.matches('load: the objective of the file\'s model is "softmax", the options say ' ..
      '"reg:squarederror": leave it out', support.message(function()
        digits.load(folder .. "/theirs.json", tree.GradientBoosting {
          objective = "reg:squarederror" })
      end))
    digits.load(folder .. "/theirs.json", tree.GradientBoosting { objective = "multi:softprob" })
    support.remove(folder)
  end)

  it("writes and reads XGBoost's JSON", function()
    local train, folder = set(300, 1), support.folder()
    local boost = tree.GradientBoosting { n_estimators = 5 }
    boost:fit(train, { verbose = 0 })
    boost:save(folder .. "/model.json")
    local file = assert(io.open(folder .. "/model.json"))
    local text = file:read "a"
    assert.equal("{", text:sub(1, 1))
    assert.matches([=[\"n_classes_\":3,\"classes_\":[0,1,2]]=], text, 1, true) -- for XGBClassifier
    file:close()
    local again = digits.load(folder .. "/model.json")
    assert.is_true((again:predict_proba(train) - boost:predict_proba(train)):abs():max() < 1e-6)
    assert.equal(tostring(boost), tostring(again))
    boost:fit(train, { continue = true, verbose = 0 })
    again:fit(train, { continue = true, verbose = 0 }) -- with the options that it was made with
    assert.is_true((again:predict_proba(train) - boost:predict_proba(train)):abs():max() < 1e-6)
    local forest = tree.RandomForest { n_estimators = 2 }
    forest:fit(train, { verbose = 0 })
    assert.matches("XGBoost's JSON is for GradientBoosting, not for a RandomForest",
      support.message(function() forest:save(folder .. "/forest.json") end))
    local out, err = support.run(folder, (([[
      local digits = require "digits"
      local boost = digits.tree.GradientBoosting { n_estimators = 1 }
      local x, y = digits.uniform { 20, 4, seed = 1 }, digits.range { 0, 20 } % 2
      boost:fit(x, y, { verbose = 0 })
      boost:save "FOLDER/positions.json"
      boost:fit(x, y * 2 + 3, { verbose = 0 })
      boost:save "FOLDER/labels.safetensors"
      boost:save "FOLDER/labels.json"
      print(digits.load "FOLDER/labels.json".classes)
    ]]):gsub("FOLDER", folder)))
    assert.matches("3.*5", out)
    assert.matches("^[^\n]*:8: save: XGBoost does not keep labels: it will predict " ..
      "0 to 1 for the labels 3 to 5 of this model[^\n]*\n$", err)
    support.write(folder .. "/bad.json", "{\"learner\": 3}")
    assert.matches("bad.json", support.message(function() digits.load(folder .. "/bad.json") end))
    support.remove(folder)
  end)
end)
