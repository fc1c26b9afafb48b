-- Metrics: scikit-learn's values (tests/golden/make_metrics.py says what is in metrics.lua).
local digits = require "digits"
local support = require "tests.lua.support"
local metrics, expect = digits.metrics, support.expect
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
    assert.matches("^paired_t: found 1 pair of scores, expected at least 2",
      message(metrics.paired_t, { 1 }, { 1 }))
    assert.matches("^paired_t: a and b must have the same number of scores, found 2 and 3",
      message(metrics.paired_t, { 1, 2 }, { 1, 2, 3 }))
    assert.matches("^paired_t: a must be a list of numbers, found 5",
      message(metrics.paired_t, 5, { 1 }))
    assert.matches("^paired_t: score 2 is not a finite", message(metrics.paired_t, { 1, 0 / 0 },
      { 1, 2 }))
    assert.matches("^paired_t: test_ratio must be a number of at least 0, found %-1",
      message(metrics.paired_t, { 1, 0 }, { 1, 2 }, { test_ratio = -1 }))
  end)
end)

describe("interval", function()
  it("equals SciPy's Wilson intervals", function()
    for i, case in ipairs(golden.intervals) do
      local found = metrics.interval { correct = case.correct, rows = case.rows,
        level = case.level }
      for _, name in ipairs { "low", "high" } do
        assert(math.abs(found[name] - case[name]) < 1e-14, ("%d: %s %.17g, expected %.17g")
          :format(i, name, found[name], case[name]))
      end
    end
    assert.are.equal(50, #golden.intervals)
  end)

  it("takes an accuracy in place of a count", function()
    local found = metrics.interval(0.9875, 14000)
    assert.are.same(metrics.interval { correct = 13825, rows = 14000, level = 0.95 }, found)
    assert.are.same({ 0.9875, 14000, 0.95 }, { found.accuracy, found.rows, found.level })
    assert.is_true(found.low < 0.9875 and found.high > 0.9875)
    local mean = metrics.interval(0.98753, 14000) -- that of several models
    assert.is_true(mean.low > found.low and mean.high < found.high + 1e-4)
  end)

  it("keeps to 0 and 1", function()
    assert.are.equal(0, metrics.interval(0, 1000000).low)
    assert.are.equal(1, metrics.interval(1.0, 3).high)
  end)

  it("refuses what is no share of rows", function()
    assert.matches("^interval: accuracy must be a number .*0.* 1.*, found 98.7",
      message(metrics.interval, 98.7, 10))
    assert.matches("^interval: rows must be a whole number of at least 1, found 0",
      message(metrics.interval, 0.5, 0))
    assert.matches("^interval: give either accuracy or correct, with rows",
      message(metrics.interval, { rows = 10 }))
    assert.matches("^interval: give either accuracy or correct, with rows",
      message(metrics.interval, 0.5, 10, { correct = 5 }))
    assert.matches("^interval: correct is 11, but there are only 10 rows",
      message(metrics.interval, { correct = 11, rows = 10 }))
    assert.matches("^interval: correct must be a whole number of at least 0, found 0.5",
      message(metrics.interval, { correct = 0.5, rows = 10 }))
    assert.matches("use level = 0.95", message(metrics.interval, 0.5, 10, { confidence = 0.9 }))
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
    assert.matches("roc_auc is not a mean over rows",
      message(metrics.bootstrap, truth, a, b, { metric = "roc_auc" }))
    assert.matches("log_loss needs probabilities",
      message(metrics.bootstrap, truth, a, b, { metric = "log_loss" }))
    assert.matches("level must be a number above 0 and below 1, found 95",
      message(metrics.bootstrap, truth, a, b, { level = 95 }))
    assert.matches("resamples must be a whole number from 1 to",
      message(metrics.bootstrap, truth, a, b, { resamples = 0 }))
    assert.matches("truth has 1000 rows, but predicted has 2",
      message(metrics.bootstrap, truth, a, { 1, 0 }))
    assert.matches("unknown option 'random_state': use seed = ...",
      message(metrics.bootstrap, truth, a, b, { random_state = 1 }))
  end)
end)

local OF_NUMBERS = { "r2", "mean_squared_error", "root_mean_squared_error", "mean_absolute_error",
  "mean_absolute_percentage_error" }

describe("numbers equal scikit-learn's values:", function()
  for _, case in ipairs(golden.numbers) do
    it(case.name, function()
      local truth = digits.tensor { dtype = "float32", table.unpack(case.truth) }
      local predicted = digits.tensor { dtype = "float32", table.unpack(case.predicted) }
      local set = digits.data.from_tensors { x = digits.zeros { #truth, 1 }, y = truth }
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

