local digits = require "digits"
local support = require "tests.lua.support"
local data, nn = digits.data, digits.nn

describe("label_issues", function()
  it("ranks by how probable it is that the given label is right", function()
    local set = data.from_tensors { x = digits.zeros { 5, 2 },
      y = digits.tensor { 3, 3, 8, 8, 8 }, class_names = { "three", "eight" } }
    local probabilities = digits.tensor {
      { 0.9, 0.1 }, { 0.2, 0.8 }, { 0.5, 0.5 }, { 0.95, 0.05 }, { 0, 1 }, dtype = "float32",
    }
    local issues = data.label_issues(set, { probabilities = probabilities })
    assert.same({ 4, 2, 3, 1, 5 }, issues.rows:totable())
    assert.same({ 3, 8, 3, 3, 8 }, issues.suggested:totable())
    assert.is_true(math.abs(issues.confidence[4] - 0.05) < 1e-6)
    -- thresholds 0.55 and 0.517: rows 2 and 4 confidently belong elsewhere
    assert.equal(2, issues.estimate)
    assert.same({ 4, 2 }, issues.issues:totable())
    assert.same({ 3, 3, 8, 8, 8 }, issues.given:totable())
    assert.matches("^about 2 of 5 labels .*\n +4 +eight +three +0%.0500\n" ..
      " +2 +three +eight +0%.2000\n", tostring(issues))
  end)

  it("doubts labels that are often confused more than others", function()
    -- 20 rows of each class are sure, and 10 more of class 0 are labelled 1. The last two rows give
    -- their label and another class the same probability.
    local y, probabilities = {}, {}
    local function add(count, label, row)
      for _ = 1, count do y[#y + 1], probabilities[#probabilities + 1] = label, row end
    end
    add(20, 0, { 1, 0, 0 })
    add(20, 1, { 0, 1, 0 })
    add(20, 2, { 0, 0, 1 })
    add(10, 1, { 1, 0, 0 })
    add(1, 2, { 0.5, 0, 0.5 })
    add(1, 1, { 0.5, 0.5, 0 })
    local issues = data.label_issues(data.from_tensors { x = digits.zeros { #y, 1 },
      y = digits.tensor(y) }, { probabilities = digits.tensor(probabilities) })
    -- thresholds: 1, 20.5 / 31 and 20.5 / 21, which those two rows do not reach; the joint is
    -- { {20, 0, 0}, {10, 20, 0}, {0, 0, 20} }, its mean off the diagonal 10 / 6
    local more = 1 + 10 / 6
    local column0, column1 = 30 + 3 * more, 20 + 3 * more
    local function quality(own, other) return own / (own + other) end
    local function near(expected, found) assert.is_true(math.abs(expected - found) < 1e-6) end
    near(quality((20 + more) / column1, more / column0), issues.quality[71])
    near(quality((20 + more) / column1, (10 + more) / column0), issues.quality[72])
    assert.equal(10, issues.estimate)
    assert.equal(72, issues.rows[11])
    assert.equal(71, issues.rows[12])
  end)

  it("confides no row to a class that no row is labelled with", function()
    local both = data.from_tensors { x = digits.zeros { 3, 1 }, y = digits.tensor { 0, 0, 1 } }
    local issues = data.label_issues(both:take(2), {
      probabilities = digits.tensor { { 0.875, 0.125 }, { 0.25, 0.75 } } })
    assert.equal(0, issues.estimate)
    assert.same({ 2, 1 }, issues.rows:totable())
  end)

  -- The numbers of a case in label_issues.txt: make_label_issues.py has its format.
  local function read_case(name)
    local truth, given, probabilities, inside = {}, {}, {}, false
    for line in io.lines "tests/golden/label_issues.txt" do
      if #line ~= 22 then
        inside = line == name
      elseif inside then
        local row, sum = {}, 0
        for k = 1, 10 do
          local high, low = line:byte(2 * k + 1, 2 * k + 2)
          row[k] = math.exp((90 * (high - 35) + low - 35) / -300)
          sum = sum + row[k]
        end
        for k = 1, 10 do row[k] = row[k] / sum end
        local n = #truth + 1
        truth[n], given[n] = tonumber(line:sub(1, 1)), tonumber(line:sub(2, 2))
        probabilities[n] = row
      end
    end
    return truth, given, probabilities
  end

  for _, case in ipairs(dofile "tests/golden/label_issues.lua") do
    it("finds changed labels as well as the best of cleanlab's methods: " .. case.name, function()
      local truth, given, probabilities = read_case(case.name)
      local issues = data.label_issues(data.from_tensors { x = digits.zeros { #given, 1 },
        y = digits.tensor(given) }, { probabilities = digits.tensor(probabilities) })
      local found, sum = 0, 0
      for i, row in ipairs(issues.rows:totable()) do
        if truth[row] ~= given[row] then
          found = found + 1
          sum = sum + found / i
        end
      end
      assert.is_true(found >= 5)
      for method, value in pairs(case) do
        if type(value) == "number" then
          assert(sum / found >= value - 0.01, ("average precision %.4f, but %.4f by %s"):format(
            sum / found, value, method))
        end
      end
      local rows = issues.issues:totable()
      table.sort(rows)
      assert.same(case.issues, rows)
    end)
  end

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
    assert.same({ 400, 2 }, { table.unpack(issues.probabilities.shape) })
  end)

  it("never fits a model on rows of the group that it judges", function()
    -- rows of a group are alike, and the nearest other group has the other label
    local x, y = { dtype = "float32" }, { dtype = "int32" }
    local groups = { dtype = "int32" }
    for row = 1, 16 do
      groups[row] = (row + 1) // 2
      x[row], y[row] = { groups[row] }, groups[row] % 2
    end
    local set = data.from_tensors { x = digits.tensor(x), y = digits.tensor(y),
      groups = digits.tensor(groups) }
    local issues = data.label_issues(set, { folds = 8, seed = 1, verbose = 0,
      model = function() return digits.neighbors.KNeighbors { 1 } end })
    assert.equal(0, issues.confidence:sum())
    assert.same({ 16, 2 }, { table.unpack(issues.probabilities.shape) })
  end)

  it("refuses what it cannot use", function()
    local set = data.from_tensors { x = digits.zeros { 4, 2 }, y = digits.tensor { 0, 1, 0, 1 } }
    assert.matches("{4, 2}, found float32 of shape {4, 3}", support.message(function()
      data.label_issues(set, { probabilities = digits.zeros { 4, 3 } })
    end))
    assert.matches("unknown option 'modle', did you mean 'model'",
      support.message(function() data.label_issues(set, { modle = 1 }) end))
    assert.matches("unknown option 'pred_probs': use probabilities = ...",
      support.message(function() data.label_issues(set, { pred_probs = 1 }) end), 1, true)
    assert.matches("unknown option 'zzzzzzzz', its options are set, model, fit, folds, ",
      support.message(function() data.label_issues(set, { zzzzzzzz = 1 }) end), 1, true)
    assert.matches("expected either model",
      support.message(function() data.label_issues(set, {}) end))
    local function forest() return digits.tree.RandomForest { n_estimators = 1 } end
    local kept = forest()
    for expected, options in pairs {
      ["model%(%) must return a new, compiled model, found 5"] =
        { model = function() return 5 end, folds = 2 },
      ["model%(%) returned the same model twice"] =
        { model = function() return kept end, folds = 2 },
      ["model must be a function that returns a new model, found 5"] = { model = 5 },
      ["fit must be a table of options of model:fit, found 5"] = { model = forest, fit = 5 },
      ["folds must be a whole number of at least 2, found 2.5"] = { model = forest, folds = 2.5 },
      ["repeats must be a whole number of at least 1, found 0"] = { model = forest, repeats = 0 },
      ["seed must be a whole number .*, found 'x'"] = { model = forest, seed = "x" },
    } do
      options.verbose = 0
      assert.matches(expected, support.message(function() data.label_issues(set, options) end))
    end
    assert.matches("set must be a dataset, found 5",
      support.message(function() data.label_issues(5, { model = forest }) end))
    local nan = digits.full { 4, 2, value = 0 / 0 }
    assert.matches("the probabilities of row 1 are not finite",
      support.message(function() data.label_issues(set, { probabilities = nan }) end))
  end)
end)
