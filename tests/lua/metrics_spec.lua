-- Metrics: scikit-learn's values (tests/golden/make_metrics.py says what is in metrics.lua), what
-- people may give, and what is refused.
local digits = require "digits"
local support = require "tests.lua.support"
local shell = dofile "tests/lua/shell.lua"
local data, metrics = digits.data, digits.metrics
local golden = dofile "tests/golden/metrics.lua"

-- The message of a function that must fail when called from here.
local function message(action, ...)
  local arguments = table.pack(...)
  return support.message(function() action(table.unpack(arguments, 1, arguments.n)) end)
end

-- Both are in double precision, but sums may run in another order.
local RELATIVE = 1e-13
-- What is given as float32 is rounded once.
local FLOAT32 = 6e-8

-- Fails unless found is expected, numbers within a relative `tolerance` (0: to the last bit).
local function expect(what, expected, found, tolerance)
  if type(expected) == "table" then
    assert.are.equal(#expected, #found, what .. ": length")
    for key, value in pairs(expected) do
      expect(("%s[%s]"):format(what, key), value, found[key], tolerance)
    end
    return
  end
  assert(type(found) == "number", what .. ": found " .. tostring(found))
  if expected == found or expected ~= expected and found ~= found then return end
  local off = math.abs(found - expected)
  if off ~= off or off > tolerance * math.max(math.abs(expected), 1) then
    error(("%s is %.17g, expected %.17g"):format(what, found, expected), 0)
  end
end

local function each(list, field)
  local out = {}
  for i, value in ipairs(list) do out[i] = value[field] end
  return out
end

-- The scores of a report against those of precision_recall_fscore and of the functions for one.
local function expect_scores(expected, labels, found)
  local rows = {}
  for i, label in ipairs(labels) do rows[i] = found.by_label[label] end
  for _, field in ipairs { "precision", "recall", "fscore", "support" } do
    expect(field, expected[field], each(rows, field), 0)
  end
  for _, average in ipairs { "micro", "macro", "weighted" } do
    for field, value in pairs(expected[average]) do
      expect(average .. " " .. field, value, found[average][field], 0)
    end
  end
end

describe("labels equal scikit-learn's values:", function()
  for _, case in ipairs(golden.labels) do
    local truth, predicted, labels = case.truth, case.predicted, case.given and case.labels
    it(case.name, function()
      local options = labels and { labels = labels }
      local matrix = metrics.confusion_matrix(truth, predicted, options or nil)
      assert.are.same(case.labels, { table.unpack(matrix.labels) })
      if case.counts then
        assert.are.same(case.counts, matrix.counts:totable())
        for of, shares in pairs(case.normalized) do
          expect("normalized " .. of, shares, matrix:normalized(of):totable(), FLOAT32)
        end
      end
      expect("accuracy", case.accuracy, metrics.accuracy(truth, predicted), 0)
      expect("balanced accuracy", case.balanced_accuracy,
        metrics.balanced_accuracy(truth, predicted), 0)
      expect("Matthews", case.matthews, metrics.matthews_corrcoef(truth, predicted), RELATIVE)
      for weights, kappa in pairs(case.kappa) do
        if weights == "plain" then weights = nil end
        expect("kappa", kappa, metrics.cohen_kappa(truth, predicted,
          { weights = weights, labels = labels or nil }), RELATIVE)
      end
    end)

    it(case.name .. ": precision, recall, F", function()
      for name, more in pairs { scores = {}, scores_one = { zero_division = 1 },
          scores_nan = { zero_division = 0 / 0 }, scores_half = { beta = 0.5 } } do
        more.labels = labels or nil
        if case[name] then
          expect_scores(case[name], case.labels,
            metrics.precision_recall_fscore(truth, predicted, more))
        end
      end
      for field, compute in pairs { precision = metrics.precision, recall = metrics.recall,
          fscore = metrics.f1 } do
        for _, average in ipairs { "micro", "macro", "weighted" } do
          expect(average, case.scores[average][field],
            compute(truth, predicted, { average = average, labels = labels or nil }), 0)
        end
        local by_label = compute(truth, predicted, { average = "none", labels = labels or nil })
        for i, label in ipairs(case.labels) do
          expect(field, case.scores[field][i], by_label[label], 0)
        end
      end
    end)

    it(case.name .. ": the report, byte for byte", function()
      for _, report in ipairs(case.reports) do
        assert.are.equal(report.text, metrics.classification_report(truth, predicted, {
          digits = report.digits, layout = report.layout, labels = labels or nil,
          names = case.names }))
      end
    end)
  end
end)

describe("chances equal scikit-learn's values:", function()
  for _, case in ipairs(golden.chances) do
    local truth, chances = case.truth, digits.tensor(case.chances)
    local with = { classes = case.classes }

    it(case.name, function()
      expect("log loss", case.log_loss, metrics.log_loss(truth, chances, with), RELATIVE)
      -- scikit-learn divides in float32
      expect("log loss", case.log_loss_of_floats, metrics.log_loss(truth, chances, with), 1e-6)
      for k, value in ipairs(case.top_k) do
        expect("top " .. k, value,
          metrics.top_k_accuracy(truth, chances, { k = k, classes = case.classes }), 0)
        expect("top " .. k, value,
          metrics.score(("top_%d_accuracy"):format(k), truth, chances, with), 0)
      end
      expect("areas", case.areas,
        metrics.roc_auc(truth, chances, { average = "none", classes = case.classes }), RELATIVE)
      for average, value in pairs(case.roc_auc or {}) do
        expect("area", value,
          metrics.roc_auc(truth, chances, { average = average, classes = case.classes }), RELATIVE)
      end
      if not case.roc_auc then
        assert.matches("^roc_auc: truth has .*, so it has no curve",
          message(metrics.roc_auc, truth, chances, with))
      end
    end)

    it(case.name .. ": curves and calibration", function()
      for label, curve in pairs(case.curves) do
        local found = metrics.roc_curve(truth, chances, { label = label, classes = case.classes })
        for name, values in pairs(curve) do
          expect(name, values, found[name]:totable(), FLOAT32)
        end
        expect("area", case.areas[label], found.auc, RELATIVE)
      end
      for _, expected in ipairs(case.calibration) do
        local found = metrics.calibration(truth, chances,
          { bins = expected.bins, classes = case.classes })
        local full = {}
        for _, bin in ipairs(found) do
          if bin.count > 0 then full[#full + 1] = bin end
        end
        assert.are.same(expected.count, each(found, "count"))
        expect("accuracy", expected.accuracy, each(full, "accuracy"), RELATIVE)
        expect("confidence", expected.confidence, each(full, "confidence"), RELATIVE)
        expect("error", expected.error, found.error, RELATIVE)
        expect("worst", expected.worst, found.worst, RELATIVE)
        expect("error", expected.error, metrics.expected_calibration_error(truth, chances,
          { bins = expected.bins, classes = case.classes }), RELATIVE)
      end
    end)
  end
end)

-- Truth and the labels of two models that are right in so many rows.
local function two_models(both, only_a, only_b, neither)
  local truth, a, b = {}, {}, {}
  local function add(count, a_says, b_says)
    for _ = 1, count do
      truth[#truth + 1], a[#a + 1], b[#b + 1] = 1, a_says, b_says
    end
  end
  add(both, 1, 1)
  add(only_a, 1, 0)
  add(only_b, 0, 1)
  add(neither, 0, 0)
  return truth, a, b
end

describe("mcnemar equals SciPy's values:", function()
  for _, case in ipairs(golden.models) do
    it(case.name, function()
      local truth, a, b = two_models(case.both, case.only_a, case.only_b, case.neither)
      local exact = metrics.mcnemar(truth, a, b, { exact = true })
      local other = metrics.mcnemar(truth, a, b, { exact = false })
      local usual = metrics.mcnemar(truth, a, b)
      for _, field in ipairs { "both", "only_a", "only_b", "neither" } do
        assert.are.equal(case[field], exact[field])
      end
      expect("exact p", case.exact_p, exact.p, 1e-11)
      assert.are.equal(math.min(case.only_a, case.only_b), exact.statistic)
      expect("statistic", case.chi_square, other.statistic, RELATIVE)
      expect("p", case.chi_square_p, other.p, RELATIVE)
      assert.are.equal(case.only_a + case.only_b < 25, usual.exact)
      assert.are.equal(usual.exact and exact.p or other.p, usual.p)
      -- a relative tolerance as well, because p may be very small
      assert(math.abs(exact.p / case.exact_p - 1) < 1e-10)
      assert(math.abs(other.p / case.chi_square_p - 1) < 1e-10)
    end)
  end
end)

describe("paired_t", function()
  it("equals SciPy's values", function()
    for i, case in ipairs(golden.paired) do
      local found = metrics.paired_t(case.a, case.b, { test_ratio = case.ratio })
      assert.equal(#case.a - 1, found.degrees)
      assert(math.abs(found.statistic / case.statistic - 1) < 1e-9, i)
      assert(math.abs(found.p / case.p - 1) < 1e-8, ("%d: %.17g, expected %.17g"):format(i, found.p,
        case.p))
    end
  end)

  it("tells of scores that never vary", function()
    local same = metrics.paired_t({ 0.5, 0.25 }, { 0.5, 0.25 })
    assert.same({ 0, 1 }, { same.difference, same.p })
    local sure = metrics.paired_t({ 0.75, 0.5 }, { 0.5, 0.25 })
    assert.same({ 0.25, 0, math.huge }, { sure.difference, sure.p, sure.statistic })
  end)

  it("refuses what is no list of pairs", function()
    assert.matches("^paired_t: 1 pair of scores: at least 2",
      message(metrics.paired_t, { 1 }, { 1 }))
    assert.matches("^paired_t: there are 2 first scores, but 3 second ones",
      message(metrics.paired_t, { 1, 2 }, { 1, 2, 3 }))
    assert.matches("^paired_t: the first scores must be a list of numbers, found 5",
      message(metrics.paired_t, 5, { 1 }))
    assert.matches("^paired_t: score 2 is not a finite", message(metrics.paired_t, { 1, 0 / 0 },
      { 1, 2 }))
    assert.matches("^paired_t: test_ratio must be a number of at least 0",
      message(metrics.paired_t, { 1, 0 }, { 1, 2 }, { test_ratio = -1 }))
  end)
end)

describe("bootstrap", function()
  local truth, a, b = two_models(800, 90, 50, 60)

  it("finds the normal interval of a difference of accuracies", function()
    local found = metrics.bootstrap(truth, a, b, { seed = 1, resamples = 20000 })
    local n, difference = 1000, 0.04
    local deviation = math.sqrt(((90 + 50) / n - difference ^ 2) / n)
    expect("a", 0.89, found.a, RELATIVE)
    expect("difference", difference, found.difference, RELATIVE)
    expect("low", difference - 1.96 * deviation, found.low, 0.001)
    expect("high", difference + 1.96 * deviation, found.high, 0.001)
    assert.is_true(found.significant)
    assert.is_false(metrics.bootstrap(truth, a, a, { seed = 1, resamples = 50 }).significant)
    local wide = metrics.bootstrap(truth, a, b, { seed = 1, level = 0.99 })
    assert(wide.low < found.low and wide.high > found.high)
  end)

  it("gives the same bits for a seed, on any number of threads", function()
    local threads, chances = digits.threads(), {}
    local rows = digits.tensor(truth)
    for i = 1, #truth do chances[i] = a[i] == 1 and { 0.1, 0.9 } or { 0.6, 0.4 } end
    local function all(seed)
      return {
        tostring(metrics.bootstrap(rows, a, b, { seed = seed, resamples = 3000 })),
        tostring(metrics.bootstrap(rows, a, b, { seed = seed, metric = "f1_macro" })),
        tostring(metrics.bootstrap(rows, chances, chances, { seed = seed, metric = "log_loss" })),
      }
    end
    digits.threads(1)
    local one = all(7)
    digits.threads(5)
    local five, other = all(7), all(8)
    digits.threads(threads)
    assert.are.same(one, five)
    assert.are_not.equal(one[1], other[1])
    assert.are_not.equal(one[2], other[2])
  end)

  it("judges accuracy the same from rows and from the confusion matrix", function()
    local rows = metrics.bootstrap(truth, a, b, { seed = 3, resamples = 500 })
    local matrix = metrics.bootstrap(truth, a, b, { seed = 3, resamples = 500,
      metric = "recall_micro" })
    for _, field in ipairs { "a", "b", "difference", "low", "high" } do
      expect(field, rows[field], matrix[field], 1e-12)
    end
  end)

  it("takes its seed from the global one", function()
    local before = digits.seed()
    digits.seed(5)
    local first = metrics.bootstrap(truth, a, b, { resamples = 200 })
    local second = metrics.bootstrap(truth, a, b, { resamples = 200 })
    digits.seed(5)
    local again = metrics.bootstrap(truth, a, b, { resamples = 200 })
    digits.seed(before)
    assert.are.equal(first.low, again.low)
    assert(first.low ~= second.low or first.high ~= second.high)
  end)

  it("refuses what cannot be resampled", function()
    assert.matches("^bootstrap: unknown metric 'f1_makro', did you mean 'f1_macro'%?$",
      message(metrics.bootstrap, truth, a, b, { metric = "f1_makro" }))
    assert.matches("roc_auc is no mean over rows",
      message(metrics.bootstrap, truth, a, b, { metric = "roc_auc" }))
    assert.matches("log_loss needs probabilities",
      message(metrics.bootstrap, truth, a, b, { metric = "log_loss" }))
    assert.matches("level must be above 0 and below 1, found 95",
      message(metrics.bootstrap, truth, a, b, { level = 95 }))
    assert.matches("resamples must be a whole number from 1 to",
      message(metrics.bootstrap, truth, a, b, { resamples = 0 }))
    assert.matches("truth has 1000 rows, but the answers has 2",
      message(metrics.bootstrap, truth, a, { 1, 0 }))
    assert.matches("unknown option 'random_state': use seed = ...",
      message(metrics.bootstrap, truth, a, b, { random_state = 1 }))
  end)
end)

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
      '"int32" makes labels of whole numbers; r2 and the errors judge numbers$'
    assert.matches("^accuracy: predicted" .. numbers, accuracy({ 1, 2 }, { 1, 1.5 }))
    assert.matches("^accuracy: truth" .. numbers, accuracy({ 0 / 0, 2.0 }, { 1, 2 }))
    assert.matches("^accuracy: truth" .. numbers, accuracy(digits.tensor { 1.0, 2.0 }, { 1, 2 }))
    assert.matches("^accuracy: truth" .. numbers, accuracy({ { 1.0 }, { 2.0 } }, { 1, 2 }))
    assert.matches("predicted: row 1 of the one%-hot labels holds 0.5, .*data.labels%("
      .. "probabilities, classes%) makes labels", accuracy({ 1 }, { { 0.5, 0.5 } }))
    assert.matches("truth has the shape {1, 1, 1}", accuracy({ { { 1 } } }, { 1 }))
    assert.matches("predicted must be labels %(a tensor, a list or a dataset%), found 'a'",
      accuracy({ 1 }, "a"))
    assert.matches("predicted must be labels .*, found nil", accuracy { 1 })
    assert.matches("truth is a dataset without labels",
      accuracy(data.from_tensors { x = digits.zeros { 1, 2 } }, { 1 }))
    assert.matches("unknown option 'sample_weight': rows count alike", accuracy({ 1 }, { 1 },
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
    assert.are.equal("count: predicted is 3, which is none of the labels of the matrix",
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
    assert.matches("most_confused: the number must be", message(matrix.most_confused, matrix, -1))
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
    assert.are.equal("confusion_matrix: the truth has none of the labels",
      refused { labels = { 7 } })
    assert.are.equal("confusion_matrix: labels has 4 twice", refused { labels = { 4, 9, 4 } })
    assert.matches("labels must name at least one", refused { labels = {} })
    assert.are.equal("confusion_matrix: there are 2 names, but 4 labels", refused { names = { "a",
      "b" } })
    assert.matches("each name must be a string", refused { names = { "a", "b", 3, "d" } })
    assert.matches("normalize': use metrics.confusion_matrix%(...%):normalized",
      refused { normalize = "true" })
    assert.matches("normalized: of must be \"true\", \"pred\" or \"all\", found 'rows'",
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

describe("numbers equal scikit-learn's values:", function()
  for _, case in ipairs(golden.numbers) do
    it(case.name, function()
      local truth = digits.tensor { dtype = "float32", table.unpack(case.truth) }
      local predicted = digits.tensor { dtype = "float32", table.unpack(case.predicted) }
      local set = data.from_tensors { x = digits.zeros { #truth, 1 }, y = truth }
      for _, name in ipairs(OF_NUMBERS) do
        local tolerance = RELATIVE * math.max(1, math.abs(case[name]))
        expect(name, case[name], metrics[name](truth, predicted), tolerance)
        expect(name, case[name], metrics[name](set, predicted:reshape { #truth, 1 }), tolerance)
        expect(name, case[name], metrics.score(name, truth, predicted), tolerance)
        expect(name, case[name], metrics.score(name, set, predicted), tolerance)
      end
    end)
  end
end)

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
    expect("difference", sum / 400, found.difference, 1e-12)
    expect("low", sum / 400 - 1.96 * deviation, found.low, 0.01)
    expect("high", sum / 400 + 1.96 * deviation, found.high, 0.01)
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
      expect(metric, metrics[metric](set, found.model:predict(set)), found.scores[metric], 1e-9)
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
    assert.matches("use 'mean_squared_error'", message(function() return metrics.mse end))
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
    assert.matches("precision: the precision of label 1 is not defined, and taken for 0: it was " ..
      "never predicted", told)
    assert.matches("precision: the recall of label 3 is not defined, and taken for 0: no row " ..
      "has it", told)
  end)

  it("print as nan, without a sign", function()
    assert.equal("nan", tostring(metrics.cohen_kappa({ 1, 1 }, { 1, 1 })))
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
    assert.matches("average must be \"micro\", \"macro\", \"weighted\" or \"none\", found 'marco', "
      .. "did you mean 'macro'%?$", f1 { average = "marco" })
    assert.matches("unknown option 'averge', did you mean 'average'%?", f1 { averge = "macro" })
    assert.matches('zero_division must be 0, 1, NaN %(0 / 0%) or "warn", found 0.5$',
      f1 { zero_division = 0.5 })
    assert.matches('zero_division must be .*, found "?\'?nan', f1 { zero_division = "nan" })
    local function report(options)
      return message(metrics.classification_report, { 0, 1 }, { 0, 1 }, options)
    end
    assert.matches("layout must be \"accuracy\" or \"micro\", found 'mikro', did you mean",
      report { layout = "mikro" })
    assert.matches("digits must be a whole number from 0 to 30, found 31", report { digits = 31 })
    assert.matches("'output_dict': use metrics.precision_recall_fscore", report {
      output_dict = true })
    assert.matches("beta must be at least 0", message(metrics.precision_recall_fscore, { 1 }, { 1 },
      { beta = -1 }))
    assert.matches("weights must be \"linear\" or \"quadratic\"",
      message(metrics.cohen_kappa, { 1 }, { 1 }, { weights = "cubic" }))
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
    assert.matches("the probabilities must be a tensor {rows, classes}, found 'x'",
      loss(truth, "x"))
    assert.are.equal("log_loss: truth has the label 3 in row 3, which has no column among 3 (0 to "
      .. "2): classes = { ... } says whose they are", loss({ 0, 1, 3 }, chances))
    assert.matches("truth has the label 0 in row 1, which is none of the classes {1, 2, 3}",
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
    assert.matches("label is 7, which is none of the classes", message(metrics.roc_curve, truth,
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
      cohen_kappa = metrics.cohen_kappa, matthews_corrcoef = metrics.matthews_corrcoef }
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
    assert.is_true(metrics.find("top_5_accuracy").needs_probabilities)
    assert.is_false(metrics.find("f1_macro").needs_probabilities)
  end)

  it("are refused when unknown", function()
    assert.are.equal("find: unknown metric 'acuracy', did you mean 'accuracy'?",
      message(metrics.find, "acuracy"))
    assert.matches("^find: unknown metric 'nonsense'; there are accuracy, ", message(metrics.find,
      "nonsense"))
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
    assert.are.equal("digits.metrics has no field 'accuracy_score', use 'accuracy'",
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
