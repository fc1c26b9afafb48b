-- What is said to names and forms that other libraries have, and how warnings and NaN are printed.
local support = require "tests.lua.support"
local digits = require "digits"
local nn, tree = digits.nn, digits.tree

local function says(expected, action)
  assert.are.equal(expected, (support.message(action)))
end

describe("a hint", function()
  local x, y = digits.uniform { 20, 2, seed = 1 }, digits.range { 0, 20 } % 2
  local set = digits.data.from_tensors { x = x, y = y }
  local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = "softmax" } }
  model:compile { optimizer = "sgd", loss = "categorical_crossentropy", metrics = { "accuracy" } }
  local history = model:fit(set, { verbose = 0 })
  local forest = tree.RandomForest { 1 }

  it("answers peers' names of fields", function()
    says("no field 'acc', did you mean 'accuracy'?", function()
      local _ = history.acc
    end)
    says("no field 'val_acc', did you mean 'val_accuracy'?", function()
      local _ = history.val_acc
    end)
    says("no field 'acuracy', did you mean 'accuracy'?", function()
      local _ = model:evaluate(set).acuracy
    end)
    assert.is_nil(history.val_loss)
    assert.is_nil(history[1])
    assert.are.equal(1, #history.accuracy)
    local logged
    model:fit(set, { verbose = 0, on_epoch_end = function(log)
      assert.is_nil(log.val_accuracy)
      logged = pcall(function() return log.acc end)
    end })
    assert.is_false(logged)
  end)

  it("answers peers' names of methods", function()
    says("a RandomForest has no field 'score': use evaluate: model:evaluate(test).accuracy",
      function() forest:score(set) end)
    says("a model has no field 'predict_classes': use predict: model:predict(test) gives labels",
      function() model:predict_classes(set) end)
    says("a tensor has no field 'view': use reshape: t:reshape { 2, 3 }",
      function() x:view(1) end)
    says("a dataset has no field 'head': use take: set:take(5)", function() set:head() end)
    for _, name in ipairs { "fit_transform", "transform", "get_weights", "partial_fit" } do
      assert.matches("^a RandomForest has no field '" .. name .. "': use ",
        (support.message(function() forest[name](forest) end)))
    end
  end)

  it("is in place of an index of a dataset", function()
    says("a dataset cannot be indexed with 1: the values of a row are set.x[1] and its target " ..
      "set.y[1]; set:rows { 1 } is a set", function()
      local _ = set[1]
    end)
  end)

  it("answers options that peers' optimizers have", function()
    for _, name in ipairs { "SGD", "RMSprop", "Adam", "AdamW", "Lion", "Lamb", "Muon" } do
      says(name .. ": unknown option 'lr': use learning_rate", function() nn[name] { lr = 1 } end)
      says(name .. ": unknown option 'decay': use weight_decay",
        function() nn[name] { decay = 1 } end)
    end
    says("Lamb: unknown option 'eps': use epsilon", function() nn.Lamb { eps = 1e-6 } end)
  end)

  it("says to call a constructor", function()
    says("compile: optimizer is a constructor: call it, as in optimizer = nn.Adam {}",
      function() model:compile { optimizer = nn.Adam, loss = "mean_squared_error" } end)
    says("Dense: kernel_regularizer is a constructor: call it, as in kernel_regularizer = nn.L2 {}",
      function() nn.Dense { 2, kernel_regularizer = nn.L2 } end)
  end)

  it("says that a list is no function", function()
    says("shape is a field, not a function: remove the parentheses", function()
      local shape = x.shape()
      return shape
    end)
    says("classes is a field, not a function: remove the parentheses", function()
      local classes = set.classes()
      return classes
    end)
  end)
end)

describe("NaN", function()
  it("has no sign, however it is printed", function()
    local folder = support.folder()
    local out, err = support.run(folder, [[
      local digits = require "digits"
      local repl, show = require "digits.repl", require "digits.show"
      for _, nan in ipairs { 0 / 0, -(0 / 0) } do
        local t = digits.tensor { nan, 1, nan }
        print(t, t[1], t:mean(), t:totable()[3], t[1] ~= t[1])
        repl.show(nan, { nan, x = { nan } })
        print(show.record { a = nan })
        local history = setmetatable({ epochs = 1, loss = { nan } },
          require("digits.core").internals.printable "history")
        print(history)
      end
      local model = digits.nn.Sequential { digits.nn.Input { 1 }, digits.nn.Dense { 1 } }
      model:compile { optimizer = "sgd", loss = "mean_squared_error" }
      model:fit(digits.ones { 2, 1 }, digits.tensor { 0.5, 1.5 }, { verbose = 0 })
      local x = digits.tensor { { 0 / 0 }, { 1.5 } }
      print(model:evaluate(x, digits.tensor { 0.5, 1.5 }).loss)
      print(pcall(model.evaluate, model, x, digits.tensor { 0 / 0, 1.5 }))
      print(pcall(digits.seed, 0 / 0))
      for _, make in ipairs { digits.plot.roc, digits.plot.bar, digits.search.grid } do
        print(select(2, pcall(make, 0 / 0)))
      end
      print(select(2, pcall(digits.search.grid, { folds = 0 / 0 })))
      print(select(2, pcall(digits.plot.histogram, { 1 }, { bins = 0 / 0 })))
      print(select(2, pcall(digits.plot.line, { x = { 1 }, y = { 1 }, width = 0 / 0 })))
      local bars = digits.plot.bar { values = { 1, 2 }, labels = { 0 / 0, "b" }, title = "t" }
      bars:save(arg[1] .. "/bars.svg")
      digits.report.new(arg[1] .. "/page.html", { title = "t" })
        :table { head = { 0 / 0 }, rows = { { 0 / 0 } } }:save()
      for _, name in ipairs { "bars.svg", "page.html" } do
        local file <close> = io.open(arg[1] .. "/" .. name)
        print(file:read "a")
      end]], "'" .. folder .. "'")
    support.remove(folder)
    assert.are.equal("", err)
    assert.is_nil(out:find("-nan", 1, true), out)
    assert.is_true(select(2, out:gsub("nan", "")) >= 29)
  end)
end)

describe("a history", function()
  it("keeps its columns apart, however large the numbers", function()
    local history = setmetatable({ epochs = 1, loss = { 124349724349840670720.0 },
      val_loss = { -123456789.5 } }, require("digits.core").internals.printable "history")
    assert.matches("\n    1    1.2435e%+20  %-1.23457e%+08", tostring(history))
  end)
end)

describe("a warning", function()
  it("begins with the word", function()
    local folder = support.folder()
    local _, err = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local x, y = digits.uniform { 20, 2, seed = 1 }, digits.range { 0, 20 } % 2
      local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      model:fit(x, y, { verbose = 0 })
      model:predict(x * 1000)]])
    support.remove(folder)
    assert.matches("^digits%-lua: warning: [^\n]*script%.lua:7: predict: the data has values", err)
  end)
end)
