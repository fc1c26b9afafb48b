-- Metrics: what people may give, and what is refused; names, tables and texts.
local digits = require "digits"
local support = require "tests.lua.support"
local shell = dofile "tests/lua/shell.lua"
local data, metrics = digits.data, digits.metrics

-- The message of a function that must fail when called from here.
local function message(action, ...)
  local arguments = table.pack(...)
  return support.message(function() action(table.unpack(arguments, 1, arguments.n)) end)
end

describe("labels are taken", function()
  local truth, predicted = { 0, 1, 2, 2, 1 }, { 0, 2, 2, 1, 1 }
  local one_hot = { { 1, 0, 0 }, { 0, 0, 1 }, { 0, 0, 1 }, { 0, 1, 0 }, { 0, 1, 0 } }

  it("as lists, tensors of any type, columns, one-hot and datasets", function()
    local y = digits.tensor { dtype = "int32", table.unpack(truth) }
    local set = data.from_tensors { x = digits.zeros { 5, 2 }, y = y }
    local ways = { truth, y, y:astype "uint8", y:reshape { 5, 1 }, set,
      set:one_hot(), set:one_hot().y }
    local answers = { predicted, digits.tensor(predicted), digits.tensor(one_hot), one_hot,
      digits.tensor(one_hot):astype "uint8" }
    for _, way in ipairs(ways) do
      for _, answer in ipairs(answers) do
        assert.are.equal(0.6, metrics.accuracy(way, answer))
        assert.are.same({ 2, 4 }, metrics.mistakes(way, answer):totable())
      end
    end
  end)

  it("as views that are not contiguous", function()
    local both = digits.tensor { { 0, 0 }, { 1, 2 }, { 2, 2 }, { 2, 1 }, { 1, 1 } }
    assert.are.equal(0.6, metrics.accuracy(both[{ {}, 1 }], both[{ {}, 2 }]))
  end)

  it("with the classes of a dataset for columns of probabilities", function()
    local set = data.from_tensors { x = digits.zeros { 3, 2 },
      y = digits.tensor { dtype = "int32", 4, 9, 9 } }
    local chances = { { 1, 0 }, { 0.25, 0.75 }, { 0.5, 0.5 } }
    assert.are.equal(metrics.log_loss({ 0, 1, 1 }, chances), metrics.log_loss(set, chances))
    assert.are.equal(metrics.log_loss({ 0, 1, 1 }, chances),
      metrics.log_loss(set.y, chances, { classes = { 4, 9 } }))
    assert.are.equal(metrics.log_loss({ 0, 1, 1 }, chances),
      metrics.log_loss({ 4, 9, 9 }, { { 0, 1 }, { 0.75, 0.25 }, { 0.5, 0.5 } },
        { classes = digits.tensor { dtype = "int32", 9, 4 } }))
    assert.are.equal(2 / 3, metrics.score("accuracy", set, chances))
  end)

  it("and refused", function()
    local function accuracy(...) return message(metrics.accuracy, ...) end
    assert.are.equal("accuracy: truth has no rows", accuracy({}, {}))
    assert.are.equal("accuracy: truth has 2 rows, but predicted has 3",
      accuracy({ 1, 2 }, { 1, 2, 3 }))
    local numbers = ": these are numbers %(float32%), not labels, which are integers: y:astype " ..
      '"int32" makes labels of whole numbers; r2 and the errors take numbers$'
    assert.matches("^accuracy: predicted" .. numbers, accuracy({ 1, 2 }, { 1, 1.5 }))
    assert.matches("^accuracy: truth" .. numbers, accuracy({ 0 / 0, 2.0 }, { 1, 2 }))
    assert.matches("^accuracy: truth" .. numbers, accuracy(digits.tensor { 1.0, 2.0 }, { 1, 2 }))
    assert.matches("^accuracy: truth" .. numbers, accuracy({ { 1.0 }, { 2.0 } }, { 1, 2 }))
    assert.matches("predicted: row 1 of the one%-hot labels has the value 0.5, .*data.labels%("
      .. "probabilities, classes%) makes labels", accuracy({ 1 }, { { 0.5, 0.5 } }))
    assert.matches("truth has the shape {1, 1, 1}", accuracy({ { { 1 } } }, { 1 }))
    assert.matches("predicted must be labels %(a tensor, a list or a dataset%), found 'a'",
      accuracy({ 1 }, "a"))
    assert.matches("predicted is required %(labels", accuracy { 1 })
    assert.matches("truth is a dataset without labels",
      accuracy(data.from_tensors { x = digits.zeros { 1, 2 } }, { 1 }))
    assert.matches("unknown option 'sample_weight': all rows have the same weight",
      accuracy({ 1 }, { 1 },
      { sample_weight = 1 }))
    assert.matches("more than 4096 different labels", message(metrics.f1,
      digits.range { 0, 5000, dtype = "int32" }, digits.range { 0, 5000, dtype = "int32" }))
  end)
end)

describe("a confusion matrix", function()
  local truth = { 4, 4, 4, 9, 9, 9, 9, 1, 1 }
  local predicted = { 4, 9, 9, 9, 4, 4, 1, 1, 7 }
  local matrix = metrics.confusion_matrix(truth, predicted)

  it("is asked by label", function()
    assert.are.equal(2, matrix:count(4, 9))
    assert.are.equal(1, matrix:count(1, 7))
    assert.are.equal(0, matrix:count(7, 1))
    assert.are.equal(1 / 3, matrix.accuracy)
    assert.are.equal("count: predicted is 3, which is not a label of the matrix",
      message(matrix.count, matrix, 4, 3))
    assert.matches("truth must be a whole number", message(matrix.count, matrix, "4", 3))
    assert.matches("has no field 'cont', did you mean 'count'", message(function()
      local _ = matrix.cont
    end))
  end)

  it("lists what is confused most", function()
    local function row(t, p, count, share)
      return { truth = t, predicted = p, count = count, share = share }
    end
    local expected = { row(4, 9, 2, 2 / 3), row(9, 4, 2, 1 / 2), row(1, 7, 1, 1 / 2),
      row(9, 1, 1, 1 / 4) }
    assert.are.same(expected, { table.unpack(matrix:most_confused()) })
    assert.are.same({ expected[1], expected[2] }, { table.unpack(matrix:most_confused(2)) })
    assert.are.equal(0, #matrix:most_confused(0))
    assert.are.equal(0, #metrics.confusion_matrix(truth, truth):most_confused(3))
    assert.matches("most_confused: n must be a whole number of at least 0",
      message(matrix.most_confused, matrix, -1))
  end)

  it("prints itself", function()
    assert.are.equal([[
truth \ predicted     1     4     7     9
                1     1     0     1     0
                4     0     1     0     2
                7     0     0     0     0
                9     1     2     0     1]], tostring(matrix))
    local named = metrics.confusion_matrix({ 0, 1 }, { 1, 1 }, { names = { "nought", "één" } })
    assert.are.same({ "nought", "één" }, { table.unpack(named.names) })
    assert.are.equal([[
truth \ predicted nought    één
           nought      0      1
              één      0      1]], tostring(named))
  end)

  it("takes the class names of a dataset", function()
    local set = data.from_tensors { x = digits.zeros { 2, 2 },
      y = digits.tensor { dtype = "int32", 3, 8 }, class_names = { "cat", "dog" } }
    assert.are.same({ "cat", "5", "dog" },
      { table.unpack(metrics.confusion_matrix(set, { 5, 8 }).names) })
    assert.matches("\n         cat ", metrics.classification_report(set, { 3, 3 }))
    assert.is_nil(matrix.names)
  end)

  it("refuses labels and names that do not fit", function()
    local function refused(options)
      return message(metrics.confusion_matrix, truth, predicted, options)
    end
    assert.are.equal("confusion_matrix: none of the labels occurs in the truth",
      refused { labels = { 7 } })
    assert.are.equal("confusion_matrix: labels has 4 twice", refused { labels = { 4, 9, 4 } })
    assert.matches("labels must name at least one", refused { labels = {} })
    assert.are.equal("confusion_matrix: there are 2 names, but 4 labels", refused { names = { "a",
      "b" } })
    assert.matches("each name must be a string", refused { names = { "a", "b", 3, "d" } })
    assert.matches("normalize': use confusion_matrix%(...%):normalized",
      refused { normalize = "true" })
    assert.matches("normalized: of must be one of 'true', 'pred', 'all', found 'rows'",
      message(matrix.normalized, matrix, "rows"))
  end)

  it("may be closed", function()
    local closed = metrics.confusion_matrix({ 1 }, { 1 })
    getmetatable(closed).__close(closed)
    assert.matches("closed", tostring(closed))
    assert.matches("the confusion matrix was closed",
      message(function() local _ = closed.counts end))
  end)
end)

local OF_NUMBERS = { "r2", "mean_squared_error", "root_mean_squared_error", "mean_absolute_error",
  "mean_absolute_percentage_error" }

describe("metrics of numbers", function()
  local truth, close, far = { 1.5, 2, 4, 8 }, { 1.5, 2, 4.5, 8 }, { 8, 4, 2, 1.5 }

  it("take integers, and know which way is better", function()
    assert.equal(0.5, metrics.mean_absolute_error({ 1, 2 }, { 1, 3 }))
    assert.equal(0.5, metrics.mean_absolute_error(digits.tensor { 1, 2, dtype = "uint8" },
      { 1.5, 2.5 }))
    for _, name in ipairs(OF_NUMBERS) do
      local found = metrics.find(name)
      assert.is_true(found.needs_numbers)
      assert.is_false(found.needs_probabilities)
      assert.equal(name == "r2", found.greater_is_better)
    end
    assert.is_false(metrics.find("accuracy").needs_numbers)
  end)

  it("are resampled by bootstrap", function()
    for _, name in ipairs(OF_NUMBERS) do
      local found = metrics.bootstrap(truth, close, close, { metric = name, seed = 1,
        resamples = 100 })
      assert.equal(0, found.difference)
      assert.equal(0, found.low)
    end
    local t, a, b = {}, {}, {}
    for i = 1, 400 do t[i], a[i], b[i] = i / 1, i + 0.5 * (i % 3), i + 1.5 * (i % 2) end
    local found = metrics.bootstrap(t, a, b, { metric = "mean_absolute_error", seed = 1 })
    -- the differences of a row are 0.5 (i % 3) - 1.5 (i % 2)
    local sum, squares = 0, 0
    for i = 1, 400 do
      local row = 0.5 * (i % 3) - 1.5 * (i % 2)
      sum, squares = sum + row, squares + row * row
    end
    local deviation = math.sqrt(squares / 400 - (sum / 400) ^ 2) / 20
    support.expect("difference", sum / 400, found.difference, 1e-12)
    support.expect("low", sum / 400 - 1.96 * deviation, found.low, 0.01)
    support.expect("high", sum / 400 + 1.96 * deviation, found.high, 0.01)
  end)

  it("choose the best of a search", function()
    local x = digits.uniform { 60, 1, low = -1, high = 1, seed = 1 }
    local set = data.from_tensors { x = x, y = x:reshape { 60 } * 3 }
    local function best(metric)
      return digits.search.grid { params = { rounds = { 1, 20 } }, train = set, validation = set,
        metric = metric, verbose = 0, seed = 1, model = function(p)
          return digits.tree.GradientBoosting { n_estimators = p.rounds }
        end }.best
    end
    for _, metric in ipairs { "r2", "mean_absolute_error" } do
      local found = best(metric)
      assert.equal(20, found.params.rounds)
      support.expect(metric, metrics[metric](set, found.model:predict(set)), found.scores[metric],
        1e-9)
    end
  end)

  it("and of labels refuse each other's", function()
    assert.matches("^r2: truth has 4 rows, but predicted has 1$", message(metrics.r2, truth, { 1 }))
    assert.matches("^r2: predicted: number 2 is nan$",
      message(metrics.r2, { 1, 2 }, { 1, -(0 / 0) }))
    assert.matches("^r2: truth: number 1 is infinite$",
      message(metrics.r2, { math.huge, 2 }, { 1, 2 }))
    assert.matches("^r2: predicted has the shape {2, 2}, expected numbers {rows}$",
      message(metrics.r2, { 1, 2 }, { { 1, 2 }, { 3, 4 } }))
    assert.matches("^r2: truth must be numbers", message(metrics.r2, "x", far))
    assert.matches("'squared': use metrics.root_mean_squared_error",
      message(metrics.mean_squared_error, truth, far, { squared = false }))
    assert.matches("use 'r2'", message(function() return metrics.r2_score end))
    assert.matches("here it is mean_squared_error$", message(function() return metrics.mse end))
    local x = digits.zeros { 2, 1 }
    local labels = data.from_tensors { x = x, y = digits.tensor { 3, 4 } }
    local numbers = data.from_tensors { x = x, y = digits.tensor { 3.0, 4.0 } }
    assert.matches("^r2: truth is a dataset of labels, not of numbers",
      message(metrics.r2, labels, { 1, 2 }))
    assert.matches("^accuracy: truth is a dataset of numbers, not of labels %(r2 and the errors",
      message(metrics.accuracy, numbers, { 1, 2 }))
    assert.matches("numbers %(float32%), not labels", message(metrics.accuracy,
      digits.tensor { 3.0, 4.0 }, { 3, 4 }))
  end)
end)

describe("scores that are not defined", function()
  it("are what zero_division says, and left out of averages where it is NaN", function()
    local truth, predicted = { 0, 0, 1, 2 }, { 0, 0, 2, 2 }
    local function of(zero_division)
      return metrics.precision(truth, predicted, { zero_division = zero_division })
    end
    assert.equal(0.5, of(0))
    assert.equal((1 + 1 + 0.5) / 3, of(1))
    assert.equal(0.75, of(0 / 0))
    assert.equal("nan", tostring(metrics.precision({ 1 }, { 1 }, { labels = { 7 },
      zero_division = 0 / 0 })))
    assert.matches(" nan +0.00 +0.00 ", metrics.classification_report(truth, predicted,
      { zero_division = 0 / 0 }))
    assert.is_nil(metrics.classification_report(truth, predicted, { zero_division = 0 / 0 })
      :find("-nan", 1, true))
  end)

  it("are told of with \"warn\"", function()
    shell.open()
    local _, told, status = shell.run [[$P -e '
      local metrics = require("digits").metrics
      assert(metrics.precision({ 0, 1, 2 }, { 0, 0, 3 }, { zero_division = "warn" }) == 0.125)']]
    shell.close()
    assert.equal(0, status)
    assert.matches("precision: the precision of label 1 is not defined and counts as 0: it was " ..
      "never predicted", told)
    assert.matches("precision: the recall of label 3 is not defined and counts as 0: no row " ..
      "has it", told)
  end)

  it("print as nan, without a sign", function()
    assert.equal("{[0] = nan, [1] = nan}", tostring(metrics.roc_auc({ 0, 0 },
      { { 1, 0 }, { 0, 1 } }, { average = "none" })))
    assert.equal("{a = nan}", tostring(setmetatable({ a = -(0 / 0) }, getmetatable(
      metrics.find "accuracy"))))
    assert.equal("{a = nan}", tostring(setmetatable({ a = 0 / 0 }, getmetatable(
      metrics.find "accuracy"))))
    assert.matches("is nan in column 1", message(metrics.roc_curve, { 0 }, { { 0 / 0, 1 } }))
    assert.matches("is nan in column 1", message(metrics.roc_curve, { 0 }, { { -(0 / 0), 1 } }))
  end)
end)

describe("options of labels", function()
  it("are checked", function()
    local function f1(options) return message(metrics.f1, { 0, 1 }, { 0, 1 }, options) end
    assert.matches("average must be one of 'macro', 'weighted', 'none', 'micro', found 'marco', "
      .. "did you mean 'macro'%?$", f1 { average = "marco" })
    assert.matches("unknown option 'averge', did you mean 'average'%?", f1 { averge = "macro" })
    assert.matches('zero_division must be one of 0, 1, nan, \'warn\', found 0.5$',
      f1 { zero_division = 0.5 })
    assert.matches('zero_division must be .*, found "?\'?nan', f1 { zero_division = "nan" })
    local function report(options)
      return message(metrics.classification_report, { 0, 1 }, { 0, 1 }, options)
    end
    assert.matches("layout must be one of 'accuracy', 'micro', found 'mikro', did you mean",
      report { layout = "mikro" })
    assert.matches("digits must be a whole number from 0 to 30, found 31", report { digits = 31 })
    assert.matches("'output_dict': use precision_recall_fscore", report {
      output_dict = true })
    assert.matches("beta must be a number of at least 0",
      message(metrics.precision_recall_fscore, { 1 }, { 1 }, { beta = -1 }))
  end)
end)

describe("chances", function()
  local truth = { 0, 1, 2 }
  local chances = { { 0.5, 0.25, 0.25 }, { 0.25, 0.5, 0.25 }, { 0.25, 0.25, 0.5 } }

  local function with(row, column, value)
    local changed = {}
    for i, values in ipairs(chances) do changed[i] = { table.unpack(values) } end
    changed[row][column] = value
    return changed
  end

  it("must be probabilities", function()
    local function loss(...) return message(metrics.log_loss, ...) end
    assert.matches("^log_loss: row 2 of the probabilities sums to 1.25, expected 1",
      loss(truth, with(2, 1, 0.5)))
    assert.matches("row 3 of the probabilities is nan in column 2", loss(truth, with(3, 2, 0 / 0)))
    assert.matches("row 1 of the probabilities is %-0.5 in column 3", loss(truth, with(1, 3, -0.5)))
    assert.matches("row 1 of the probabilities is inf in column 3",
      loss(truth, with(1, 3, math.huge)))
    assert.matches("roc_auc: row 2 .* sums to 1.25",
      message(metrics.roc_auc, truth, with(2, 1, 0.5)))
    assert.matches("sums to 1.25", message(metrics.calibration, truth, with(2, 1, 0.5)))
    assert.matches("is nan", message(metrics.top_k_accuracy, truth, with(2, 1, 0 / 0)))
    assert.matches("is nan", message(metrics.roc_curve, truth, with(2, 1, 0 / 0)))
    assert.matches("is nan", message(metrics.score, "accuracy", truth, with(2, 1, 0 / 0)))
    assert.are.equal(1, metrics.top_k_accuracy(truth, with(2, 1, 0.4)))
  end)

  it("must have the shape of the truth and its classes", function()
    local function loss(...) return message(metrics.log_loss, ...) end
    assert.are.equal("log_loss: truth has 2 rows, but the table of probabilities has 3",
      loss({ 0, 1 }, chances))
    assert.matches("the probabilities have the shape {3}", loss(truth, truth))
    assert.matches("probabilities must be a tensor {rows, classes}, found 'x'",
      loss(truth, "x"))
    assert.are.equal("log_loss: truth has the label 3 in row 3, but the 3 columns of "
      .. "probabilities are taken for the labels 0 to 2: name the label of each column by "
      .. "classes = { ... }", loss({ 0, 1, 3 }, chances))
    assert.matches("truth has the label 0 in row 1, which is not one of the classes {1, 2, 3}",
      loss(truth, chances, { classes = { 1, 2, 3 } }))
    assert.matches("there are 3 columns of probabilities, but 2 classes",
      loss(truth, chances, { classes = { 1, 2 } }))
    assert.matches("classes has 1 twice", loss(truth, chances, { classes = { 0, 1, 1 } }))
    assert.matches("truth has no rows", loss({}, digits.zeros { 0, 3 }))
    assert.matches("k must be at most 3, the number of classes, found 4",
      message(metrics.top_k_accuracy, truth, chances, { k = 4 }))
    assert.matches("k must be a whole number from 1",
      message(metrics.top_k_accuracy, truth, chances, { k = 0 }))
    assert.matches("bins must be a whole number from 1 to 1000", message(metrics.calibration, truth,
      chances, { bins = 0 }))
    assert.matches("label is 7, which is not one of the classes", message(metrics.roc_curve, truth,
      chances, { label = 7 }))
    assert.matches("'n_bins': use bins",
      message(metrics.calibration, truth, chances, { n_bins = 5 }))
  end)

  it("give curves that begin at the threshold infinity, where no row is positive", function()
    local curve = metrics.roc_curve({ 0, 1, 1 }, { { 0.9, 0.1 }, { 0.2, 0.8 }, { 0.5, 0.5 } },
      { label = 1 })
    assert.equal(math.huge, curve.thresholds[1])
    assert.equal(0, curve.fpr[1] + curve.tpr[1])
    assert.matches("^<svg", digits.plot.roc(curve):render "svg":match "<svg.*")
  end)

  it("give a curve for each label", function()
    local curves = metrics.roc_curve({ 5, 6, 7 }, chances, { classes = { 5, 6, 7 } })
    for label = 5, 7 do
      assert.are.equal(label, curves[label].label)
      assert.are.equal(1, curves[label].auc)
    end
    assert.matches("truth has no row of label 7, so it has no curve", message(metrics.roc_curve,
      { 5, 6, 5 }, chances, { classes = { 5, 6, 7 } }))
  end)
end)

describe("metrics by name", function()
  local truth = { 0, 1, 2, 1 }
  local chances = { { 0.5, 0.25, 0.25 }, { 0.25, 0.5, 0.25 }, { 0.25, 0.5, 0.25 },
    { 0, 0.75, 0.25 } }
  local labels = { 0, 1, 1, 1 }

  it("are those of the functions", function()
    local of_labels = { accuracy = metrics.accuracy, balanced_accuracy = metrics.balanced_accuracy,
      matthews_corrcoef = metrics.matthews_corrcoef }
    for name, compute in pairs(of_labels) do
      assert.are.equal(compute(truth, labels), metrics.score(name, truth, labels), name)
      assert.are.equal(compute(truth, labels), metrics.score(name, truth, chances), name)
    end
    for _, average in ipairs { "micro", "macro", "weighted" } do
      for _, name in ipairs { "precision", "recall", "f1" } do
        assert.are.equal(metrics[name](truth, labels, { average = average }),
          metrics.score(name .. "_" .. average, truth, chances))
      end
    end
    assert.are.equal(metrics.log_loss(truth, chances), metrics.score("loss", truth, chances))
    assert.are.equal(metrics.roc_auc(truth, chances), metrics.score("roc_auc", truth, chances))
    assert.are.equal(metrics.roc_auc(truth, chances, { average = "weighted" }),
      metrics.score("roc_auc_weighted", truth, chances))
    assert.are.equal(metrics.expected_calibration_error(truth, chances),
      metrics.score("expected_calibration_error", truth, chances))
    assert.are.equal(metrics.top_k_accuracy(truth, chances),
      metrics.score("top_k_accuracy", truth, chances))
  end)

  it("say which way is better", function()
    for _, name in ipairs(metrics.names()) do
      local found = metrics.find(name)
      assert.are.equal(name, found.name)
      assert.are.equal(name ~= "log_loss" and not name:find "error$", found.greater_is_better)
      assert.matches("%a", found.doc)
    end
    assert.are.equal("log_loss", metrics.find("loss").name)
    assert.are.same({ 0, math.huge }, { metrics.find("loss").low, metrics.find("loss").high })
    assert.are.same({ -1, 1 }, { metrics.find("matthews_corrcoef").low,
      metrics.find("matthews_corrcoef").high })
    assert.is_true(metrics.find("top_5_accuracy").needs_probabilities)
    assert.is_false(metrics.find("f1_macro").needs_probabilities)
  end)

  it("have a choice of their first option, or its number, in their name", function()
    assert.are.equal(metrics.f1(truth, labels), metrics.score("f1", truth, labels))
    assert.are.equal(metrics.score("f1", truth, labels), metrics.score("f1_macro", truth, labels))
    assert.are.equal(metrics.top_k_accuracy(truth, chances, { k = 1 }),
      metrics.score("top_1_accuracy", truth, chances))
    assert.are.equal("top_3_accuracy", metrics.find("top_3_accuracy").name)
    local known = {}
    for _, name in ipairs(metrics.names()) do known[name] = true end
    assert.is_true(known.f1 and known.f1_weighted and known.roc_auc_weighted)
    assert.is_nil(known.f1_none)
    for _, name in ipairs { "f1_none", "f1_", "f1_macros", "accuracy_macro",
        "top_99999999999_accuracy", ("f1_"):rep(40) } do
      assert.matches("^find: unknown metric '", message(metrics.find, name))
    end
    assert.matches("unknown metric 'acc': here it is 'accuracy'$", message(metrics.find, "acc"))
  end)

  it("are refused when unknown", function()
    assert.are.equal("find: unknown metric 'acuracy', did you mean 'accuracy'?",
      message(metrics.find, "acuracy"))
    assert.matches("^find: unknown metric 'nonsense', expected one of accuracy, ", message(
      metrics.find, "nonsense"))
    assert.matches("unknown metric 'top_0_accuracy'", message(metrics.find, "top_0_accuracy"))
    assert.matches("unknown metric 'top_'", message(metrics.find, "top_"))
    assert.matches("k must be at most 3", message(metrics.score, "top_4_accuracy", truth, chances))
    assert.matches("log_loss needs probabilities",
      message(metrics.score, "log_loss", truth, labels))
  end)

  it("answer to scikit-learn's names", function()
    local function unknown(name)
      return message(function() local _ = metrics[name] end)
    end
    assert.are.equal("digits.metrics has no field 'accuracy_score': use 'accuracy'",
      unknown "accuracy_score")
    assert.matches("use 'f1'$", unknown "f1_score")
    assert.matches("use 'calibration'$", unknown "calibration_curve")
    assert.matches("did you mean 'accuracy'", unknown "acuracy")
    assert.matches("has no field 'silhouette_score'$", unknown "silhouette_score")
  end)
end)

describe("tables of metrics", function()
  it("print themselves", function()
    local truth, labels = { 0, 1, 1 }, { 0, 1, 0 }
    assert.are.equal("{[0] = 0.5, [1] = 1}",
      tostring(metrics.precision(truth, labels, { average = "none" })))
    assert.are.equal([[
              precision     recall     fscore    support
           0     0.5000     1.0000     0.6667          1
           1     1.0000     0.5000     0.6667          2
       micro     0.6667     0.6667     0.6667          3
       macro     0.7500     0.7500     0.6667          3
    weighted     0.8333     0.6667     0.6667          3]],
      tostring(metrics.precision_recall_fscore(truth, labels)))
    assert.are.equal([[
      confidence      rows       mean   accuracy
  0.000 to 0.500         0
  0.500 to 1.000         3     0.8333     0.6667
expected calibration error 0.1667, worst 0.1667]], tostring(metrics.calibration(truth,
      { { 1, 0 }, { 0.25, 0.75 }, { 0.75, 0.25 } }, { bins = 2 })))
  end)
end)

