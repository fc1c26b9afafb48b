-- What a type of learner says of itself: the options of its fit, its methods, its module.
local digits = require "digits"
local support = require "tests.lua.support"
local nn, tree, help = digits.nn, digits.tree, require "digits.help"
local internals = require("digits.core").internals

local x = digits.uniform { 40, 3, seed = 1 }
local y = (x[{ {}, 1 }] * 2):astype "int32"

local function network()
  local model = nn.Sequential { nn.Input { 3 }, nn.Dense { 2, activation = "softmax" } }
  return model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
end

local function options(model)
  local found = {}
  for _, param in ipairs(internals.describe(model.fit).params) do found[param.name] = param end
  return found
end

local function refusal(model, name)
  return support.message(function() model:fit(x, y, { [name] = 1 }) end)
end

describe("the fit of a learner", function()
  it("describes the options that this type takes, and no others", function()
    local cnn, forest = options(network()), options(tree.RandomForest {})
    for _, name in ipairs { "set", "validation", "seed", "verbose", "continue", "on_epoch_end",
      "on_batch_end", "early_stopping" } do
      assert.is_table(cnn[name], name)
      assert.is_table(forest[name], name)
    end
    for _, name in ipairs { "epochs", "batch_size", "shuffle" } do
      assert.is_table(cnn[name], name)
      assert.is_nil(forest[name], name)
    end
    assert.is_table(forest.sample_weight)
    assert.is_nil(options(digits.neighbors.KNeighbors {}).sample_weight)
    assert.are.same({ "true", "false", "32" },
      { cnn.continue.default, forest.continue.default, cnn.batch_size.default })
    assert.matches("\n  batch_size: ", help.text(network().fit))
    assert.is_nil(help.text(tree.RandomForest {}.fit):find "batch_size")
    assert.matches("^RandomForest:fit%(set, {", help.text "RandomForest:fit")
    assert.matches("^model:fit%(set, {.*epochs = 1", help.text(network().fit))
  end)

  it("has its options completed", function()
    local repl = require "digits.repl"
    rawset(_G, "sample", { cnn = network(), forest = tree.RandomForest {} })
    finally(function() rawset(_G, "sample", nil) end)
    local function offers(word, before) return repl.complete(word, before) end
    assert.are.same({ "batch_size = " }, offers("ba", "sample.cnn:fit(set, { "))
    assert.are.same({}, offers("ba", "sample.forest:fit(set, { "))
    assert.are.same({ "sample_weight = " }, offers("sam", "sample.forest:fit(x, y, { seed = 1, "))
    assert.are.same({ "optimizer = " }, offers("opt", "sample.cnn:compile { "))
  end)

  it("refuses an option of another learner, and says whose it is", function()
    assert.are.equal("fit: unknown option 'epochs': it is an option of Network, not of " ..
      "GradientBoosting", refusal(tree.GradientBoosting {}, "epochs"))
    assert.are.equal("fit: unknown option 'sample_weight': it is an option of learners such as " ..
      "Network, but KNeighbors cannot weight rows",
      refusal(digits.neighbors.KNeighbors {}, "sample_weight"))
    assert.are.equal("fit: unknown option 'n_estimators': give it to the constructor, " ..
      "tree.RandomForest { ... }", refusal(tree.RandomForest {}, "n_estimators"))
    assert.are.equal("fit: unknown option 'epoch', did you mean 'epochs'?",
      refusal(network(), "epoch"))
  end)

  it("takes a pair of tensors as its set", function()
    local one, two = tree.DecisionTree {}, tree.DecisionTree {}
    one:fit(x, y, { verbose = 0 })
    two:fit(digits.data.from_tensors { x = x, y = y }, { verbose = 0 })
    assert.is_true(one:predict(x) == two:predict(x))
    assert.matches("expected a tensor of labels after the tensor of rows, found nil",
      support.message(function() one:fit(x) end))
    assert.matches("^fit: expected fit%(set, {.*found 3 arguments", support.message(function()
      one:fit(x, y, {}, 1)
    end))
    one:fit(x, y, { validation = { x, y }, verbose = 0 })
    one:fit(x, y, { validation = { x = x, y = y }, verbose = 0 })
    assert.matches("^fit: validation: y is required", support.message(function()
      one:fit(x, y, { validation = { x } })
    end))
  end)

  it("wants its learner before a colon", function()
    assert.matches("^fit: use a colon: RandomForest:fit%(", support.message(function()
      tree.RandomForest {}.fit(x, y)
    end))
    assert.matches("^fit: use a colon: ", support.message(function()
      tree.RandomForest {}.fit(network(), x, y)
    end))
  end)
end)

describe("the class of a learner", function()
  it("has the methods of its family only", function()
    assert.is_function(tree.RandomForest {}.tree_text)
    assert.matches("a model has no field 'tree_text'", support.message(function()
      return network().tree_text
    end))
    assert.matches("use a colon: ", support.message(function()
      tree.DecisionTree {}.importances(network())
    end))
    assert.matches("\nmethods\n.*importances", help.text(tree.DecisionTree {}))
    assert.is_nil(help.text(network()):find "importances")
  end)

  it("is that of the file's learner after loading", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local forest = tree.RandomForest { n_estimators = 2 }
    forest:fit(x, y, { verbose = 0 })
    forest:save(folder .. "/forest.safetensors")
    network():save(folder .. "/network.safetensors")
    for name, model in pairs { forest = forest, network = network() } do
      local loaded = digits.load(folder .. "/" .. name .. ".safetensors")
      assert.are.equal(getmetatable(model), getmetatable(loaded))
      assert.are.equal(model.fit, loaded.fit)
    end
  end)
end)
