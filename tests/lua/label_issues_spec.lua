local digits = require "digits"
local support = require "tests.lua.support"
local data, nn = digits.data, digits.nn

describe("label_issues", function()
  it("ranks by the chance of the given label", function()
    local set = data.from_tensors { x = digits.zeros { 5, 2 }, y = digits.tensor { 3, 3, 8, 8, 8 } }
    local chances = digits.tensor {
      { 0.9, 0.1 }, { 0.2, 0.8 }, { 0.5, 0.5 }, { 0.95, 0.05 }, { 0, 1 }, dtype = "float32",
    }
    local issues = data.label_issues(set, { chances = chances })
    assert.same({ 4, 2, 3, 1, 5 }, issues.rows:totable())
    assert.same({ 3, 8, 3, 3, 8 }, issues.suggested:totable())
    assert.is_true(math.abs(issues.confidence[4] - 0.05) < 1e-6)
    -- thresholds 0.55 and 0.517: rows 2 and 4 confidently belong elsewhere
    assert.equal(2, issues.estimate)
    assert.matches("^about 2 of 5 labels .*\n +4 +3 +0%.0500\n +2 +8 +0%.2000\n",
      tostring(issues))
  end)

  it("finds labels that were changed", function()
    local x = digits.normal { 400, 2, seed = 1 }
    local truth = x[{ {}, 1 }]:gt(0)
    local y, changed = truth:copy(), {}
    for row = 7, 400, 40 do
      if math.abs(x[row][1]) > 0.5 then
        y[row], changed[#changed + 1] = 1 - truth[row], row
      end
    end
    local issues = data.label_issues(data.from_tensors { x = x, y = y }, {
      model = function()
        local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = "softmax" } }
        model:compile { optimizer = nn.Adam { 0.05 }, loss = "categorical_crossentropy" }
        return model
      end,
      fit = { epochs = 10 }, folds = 4, repeats = 2, seed = 3, verbose = 0,
    })
    local found = {}
    for i = 1, #changed do found[i] = issues.rows[i] end
    table.sort(found)
    assert.is_true(#changed > 4)
    assert.same(changed, found)
    assert.same({ 400, 2 }, { table.unpack(issues.chances.shape) })
  end)

  it("refuses what it cannot use", function()
    local set = data.from_tensors { x = digits.zeros { 4, 2 }, y = digits.tensor { 0, 1, 0, 1 } }
    assert.matches("{4, 2}, found float32 of shape {4, 3}", support.message(function()
      data.label_issues(set, { chances = digits.zeros { 4, 3 } })
    end))
    assert.matches("unknown option 'modle', did you mean 'model'",
      support.message(function() data.label_issues(set, { modle = 1 }) end))
    assert.matches("give either model",
      support.message(function() data.label_issues(set, {}) end))
    local function forest() return digits.tree.RandomForest { n_estimators = 1 } end
    local kept = forest()
    for expected, options in pairs {
      ["model%(%) must return a new, compiled model, found a number"] =
        { model = function() return 5 end, folds = 2 },
      ["model%(%) returned a model that was there before"] =
        { model = function() return kept end, folds = 2 },
      ["model must be a function that returns a new model, found 5"] = { model = 5 },
      ["fit must be a table of options of model:fit, found 5"] = { model = forest, fit = 5 },
      ["folds must be a whole number of at least 2, found 2.5"] = { model = forest, folds = 2.5 },
      ["repeats must be a whole number of at least 1, found 0"] = { model = forest, repeats = 0 },
      ["seed must be a whole number, found a string"] = { model = forest, seed = "x" },
    } do
      options.verbose = 0
      assert.matches(expected, support.message(function() data.label_issues(set, options) end))
    end
    assert.matches("expected label_issues%(set, {",
      support.message(function() data.label_issues(5, { model = forest }) end))
    local nan = digits.full { 4, 2, value = 0 / 0 }
    assert.matches("the chances of row 1 are not finite",
      support.message(function() data.label_issues(set, { chances = nan }) end))
  end)
end)
