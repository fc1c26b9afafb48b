local digits = require "digits"
local support = require "tests.lua.support"
local nn, tree = digits.nn, digits.tree

describe("an ensemble", function()
  local x = digits.normal { 90, 6, 6, 1, seed = 1 }
  local set = digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 }, 1, 1 }]:argmax { axis = 2 },
    class_names = { "a", "b", "c" } }
  local train, test = set:split { 0.7, 0.3, seed = 1 }

  local function network(seed)
    local model = nn.Sequential {
      nn.Input { 6, 6, 1 }, nn.Flatten {}, nn.Dense { 8, activation = "relu" },
      nn.Dense { 3, activation = "softmax" }, seed = seed,
    }
    return model:compile { optimizer = nn.Adam { 0.01 }, loss = "categorical_crossentropy" }
  end

  local function members()
    return network(1), network(2), tree.RandomForest { n_estimators = 5, seed = 3 }
  end

  local function fitted()
    local a, b, c = members()
    for _, model in ipairs { a, b } do
      model:fit(train, { epochs = 3, batch_size = 16, verbose = 0, seed = 4 })
    end
    c:fit(train, { verbose = 0, preparation = { digits.data.StandardScaler {} } })
    return a, b, c
  end

  it("predicts the mean of its members", function()
    local a, b, c = fitted()
    local all = digits.ensemble { a, b, c }
    local mean = (a:predict_proba(test) + b:predict_proba(test) + c:predict_proba(test)) / 3
    assert.is_true((all:predict_proba(test) - mean):abs():max() < 1e-6)
    assert.are.same(mean:argmax { axis = 2 }:totable(), all:predict(test):totable())
    local weighted = digits.ensemble { a, b, c, weights = { 3, 0, 1 } }
    mean = (3 * a:predict_proba(test) + c:predict_proba(test)) / 4
    assert.is_true((weighted:predict_proba(test) - mean):abs():max() < 1e-6)
    assert.are.same({ 3, 0, 1 }, weighted.weights:totable())
    assert.are.equal(digits.metrics.accuracy(test.y, all:predict(test)),
                     all:evaluate(test).accuracy)
    assert.matches("Ensemble: rows of 36 values, classifies into 3 classes\n" ..
      "1, weight 1: Network.*\n3, weight 1: RandomForest", all:summary())
    assert.are.same({ "a", "b", "c" }, all.class_names)
    -- a row by itself, and any number of threads
    local proba = all:predict_proba(test)
    assert.is_true(all:predict_proba(test.x[5]) == proba[{ { 5, 5 } }])
    digits.threads(1)
    assert.is_true(all:predict_proba(test) == proba)
    digits.threads(2)
  end)

  it("holds copies, and is one file", function()
    local a, b, c = fitted()
    local all = digits.ensemble { a, digits.ensemble { b, c }, weights = { 1, 2 } }
    local proba = all:predict_proba(test)
    a:fit(train, { verbose = 0 })
    assert.is_true(all:predict_proba(test) == proba)
    local folder = support.folder()
    local path = folder .. "/all.safetensors"
    all:save(path)
    local again = digits.load(path)
    assert.is_true(again:predict_proba(test) == proba)
    assert.are.equal(all:digest(), again:digest())
    assert.are.equal(all:summary(), again:summary())
    again:save(path)
    assert.are.equal(all:digest(), digits.load(path):digest())
    support.remove(folder)
  end)

  it("fits its members in turn, each as it would by itself", function()
    local all = digits.ensemble { members() }
    assert.matches("never fitted", support.message(function() all:predict(test) end))
    local history = all:fit(train, { epochs = 3, batch_size = 16, validation = test, verbose = 0 })
    assert.are.equal(1, #history.val_accuracy)
    local a, b, c = members()
    for _, model in ipairs { a, b } do
      model:fit(train, { epochs = 3, batch_size = 16, verbose = 0 })
    end
    c:fit(train, { verbose = 0 })
    assert.is_true(all:predict_proba(test) == digits.ensemble { a, b, c }:predict_proba(test))
  end)

  it("predicts nothing once a fit leaves members that differ", function()
    local a, _, c = fitted()
    local all = digits.ensemble { c, a } -- the forest begins anew with each fit
    local proba = all:predict_proba(test)
    local function failure(rows)
      return support.message(function() all:fit(rows, { verbose = 0 }) end)
    end
    local function check()
      assert.matches("never fitted", support.message(function() all:predict(test) end))
      assert.matches("never fitted", support.message(function() all:evaluate(test) end))
      local folder = support.folder()
      local path = folder .. "/all.safetensors"
      assert.matches("cannot write .*members 1 %(RandomForest%) and 2 %(Network%) do not " ..
        "predict the same labels", support.message(function() all:save(path) end))
      assert.is_nil(io.open(path))
      support.remove(folder)
      all:fit(train, { verbose = 0 })
      assert.are.same(proba.shape, all:predict_proba(test).shape)
    end
    -- fewer labels, which the network takes
    assert.matches("do not predict the same labels", failure(train:only { 1, 2 }))
    check()
    -- more of them, which it refuses: the message is its own
    local labels = { dtype = "int32" }
    for i = 1, 90 do labels[i] = i % 4 end
    local more = digits.data.from_tensors { x = x, y = digits.tensor(labels) }
    assert.matches("member 2 %(Network%)", failure(more))
    check()
  end)

  it("goes on predicting where a fit fails and its members agree", function()
    local a, b = fitted()
    b:compile { optimizer = nn.SGD { 1e30 }, loss = "categorical_crossentropy" }
    local all = digits.ensemble { a, b, weights = { 1, 0 } }
    assert.matches("member 2 %(Network%)", support.message(function()
      all:fit(train, { verbose = 0, batch_size = 16, epochs = 3, seed = 1 })
    end))
    assert.are.same({ 1, 2, 3 }, { table.unpack(all.classes) })
    assert.are.equal(#test, #all:predict(test))
  end)

  it("averages numbers", function()
    local numbers = digits.data.from_tensors { x = x, y = x[{ {}, 1, 1, 1 }]:copy() }
    local a = tree.RandomForest { n_estimators = 3, seed = 1 }
    local b = tree.GradientBoosting { n_estimators = 3 }
    a:fit(numbers, { verbose = 0 })
    b:fit(numbers, { verbose = 0 })
    local all = digits.ensemble { a, b }
    assert.is_true((all:predict(numbers) - (a:predict(numbers) + b:predict(numbers)) / 2)
      :abs():max() < 1e-6)
    assert.matches("do not predict the same labels",
      support.message(function() digits.ensemble { a, (fitted()) } end))
  end)

  it("refuses what cannot be", function()
    local a, b = fitted()
    local function message(...)
      local arguments = { ... }
      return support.message(function() digits.ensemble(table.unpack(arguments)) end)
    end
    assert.matches("^ensemble: members is required %(models, digits%.ensemble { a, b, c }%)$",
                   message {})
    assert.matches("ensemble: the value must be a model, found 5", message { a, 5 })
    assert.matches("weights must be a list of 2 numbers, one for each member, found 1",
                   message { a, b, weights = { 1 } })
    assert.matches("weight 2 must be a number of at least 0, found %-1",
                   message { a, b, weights = { 1, -1 } })
    assert.matches("one of the weights must be above 0", message { a, b, weights = { 0, 0 } })
    local few = train:only { 1, 2 }
    local other = tree.DecisionTree {}
    other:fit(few, { verbose = 0 })
    assert.matches("members 1 %(Network%) and 2 %(DecisionTree%) do not predict the same labels",
                   message { a, other })
    local narrow = tree.DecisionTree {}
    narrow:fit(train.x:reshape { -1, 36 }[{ {}, { 1, 4 } }]:copy(), train.y, { verbose = 0 })
    assert.matches("takes rows of 36 values, member 2 %(DecisionTree%) rows of 4",
                   message { a, narrow })
    local all = digits.ensemble { a, b }
    local function refused(options)
      options.verbose = 0
      return support.message(function() all:fit(train, options) end)
    end
    assert.matches("an Ensemble has no checkpoints", refused { checkpoint = "x.safetensors" })
    assert.matches("early_stopping is not available", refused { early_stopping = {},
      validation = test })
  end)
end)

describe("predict with shifted copies", function()
  local x = digits.uniform { 40, 5, 4, 2, seed = 1 }
  local y = x[{ {}, { 1, 3 }, 1, 1 }]:argmax { axis = 2 }
  local forest = tree.RandomForest { n_estimators = 10, seed = 1 }
  forest:fit(x, y, { verbose = 0 })

  -- by hand: pixels that move in from outside repeat those at the edge
  local function shifted(down, right)
    local values, moved = x:totable(), {}
    local function within(i, n) return math.max(1, math.min(n, i)) end
    for n, image in ipairs(values) do
      moved[n] = {}
      for i = 1, 5 do
        moved[n][i] = {}
        for j = 1, 4 do moved[n][i][j] = image[within(i - down, 5)][within(j - right, 4)] end
      end
    end
    moved.dtype = "float32"
    return digits.tensor(moved)
  end

  local SHIFTS = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { 1, 1 }, { 1, -1 }, { -1, 1 },
    { -1, -1 } }

  it("is the mean of their outputs", function()
    for _, copies in ipairs { 1, 4, 8 } do
      local mean = forest:predict_proba(x)
      for i = 1, copies do
        mean = mean + forest:predict_proba(shifted(table.unpack(SHIFTS[i])))
      end
      mean = mean / (copies + 1)
      local found = forest:predict_proba(x, { augment = copies })
      assert.is_true((found - mean):abs():max() < 1e-6)
      assert.are.same((found:argmax { axis = 2 }):totable(),
                      forest:predict(x, { augment = copies }):totable())
    end
    assert.is_true(forest:predict_proba(x, { augment = 0 }) == forest:predict_proba(x))
    -- flat rows and one image have the shape that the model knows
    local all = forest:predict_proba(x, { augment = 8 })
    assert.is_true(forest:predict_proba(x:reshape { 40, 40 }, { augment = 8 }) == all)
    assert.is_true(forest:predict_proba(x[3], { augment = 8 }) == all[{ { 3, 3 } }])
  end)

  it("is refused for rows that are not images", function()
    local flat = x:reshape { 40, 40 }
    local other = tree.DecisionTree {}
    other:fit(flat, y, { verbose = 0 })
    local text = support.message(function() other:predict(flat, { augment = 8 }) end)
    assert.matches("augment shifts images, but the rows of 40 values have no height and width",
                   text)
    assert.matches("augment must be", support.message(function()
      forest:predict(x, { augment = 9 })
    end))
  end)
end)
