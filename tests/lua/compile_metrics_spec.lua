-- Metrics of compile: in histories, evaluations, early stopping, searches and model files, by name
-- or as Lua functions.
local digits = require "digits"
local support = require "tests.lua.support"
local nn, data, metrics, tree = digits.nn, digits.data, digits.metrics, digits.tree

local function message(action, ...)
  local arguments = table.pack(...)
  return support.message(function() action(table.unpack(arguments, 1, arguments.n)) end)
end

local x = digits.uniform { 300, 4, low = -1, high = 1, seed = 1 }

-- Three classes of different sizes, with labels that are not 0, 1, 2.
local function labels()
  local y = { dtype = "int32" }
  for i = 1, 300 do y[i] = x[i][1] > 0.2 and 7 or x[i][2] > 0 and 5 or -1 end
  return digits.tensor(y)
end

local set = data.from_tensors { x = x, y = labels() }
local train, validation = set:take(200), set:rows(digits.range { 201, 301, dtype = "int32" })

local function build(list, seed, loss, units)
  digits.seed(seed or 1)
  local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 8, activation = "relu" },
    nn.Dense { units or 3, activation = units and "linear" or "softmax" } }
  return model:compile { optimizer = nn.Adam { learning_rate = 0.01 },
    loss = loss or "categorical_crossentropy", metrics = list }
end

local quiet = { validation = validation, epochs = 3, verbose = 0 }

describe("metrics of compile", function()
  local names = { "accuracy", "f1_macro", "log_loss", "top_2_accuracy", "roc_auc_weighted" }
  local model = build(names)
  local history = model:fit(train, quiet)

  it("are in the history, those of the validation set as at the end of the epoch", function()
    local chances = model:predict_proba(validation)
    for _, name in ipairs(names) do
      assert.equal(3, #history[name])
      assert.equal(metrics.score(name, validation, chances, { classes = model.classes }),
        history["val_" .. name][3])
    end
    assert.matches("epoch +loss +accuracy +f1_macro +log_loss +roc_auc_weighted +top_2_accuracy " ..
      "+val_loss +val_accuracy", tostring(history))
    assert.is_nil(history.matthews_corrcoef)
    assert.is_nil(history.val_matthews_corrcoef)
    assert.matches("no field 'f1_makro', did you mean 'f1_macro'",
      message(function() return history.f1_makro end))
  end)

  it("of the training set are of the outputs as each batch had them", function()
    -- no row is drawn twice and nothing is random, so that accuracy, which is counted, tells
    local function same(y_true, y_pred)
      return metrics.score("accuracy", y_true, y_pred, { classes = { -1, 5, 7 } })
    end
    local judged = build { "accuracy", "recall_micro", same = same }
    local seen = judged:fit(train, quiet)
    for epoch = 1, 3 do
      support.expect("recall", seen.accuracy[epoch], seen.recall_micro[epoch], 1e-12)
      support.expect("function", seen.accuracy[epoch], seen.same[epoch], 1e-12)
      support.expect("function", seen.val_accuracy[epoch], seen.val_same[epoch], 1e-12)
    end
  end)

  it("change no weight, and no loss", function()
    local plain = build { "accuracy" }
    local found = plain:fit(train, quiet)
    for _, name in ipairs { "loss", "accuracy", "val_loss", "val_accuracy" } do
      for epoch = 1, 3 do assert.equal(found[name][epoch], history[name][epoch]) end
    end
    assert.is_true((plain:weights()["dense.kernel"]:eq(model:weights()["dense.kernel"])):min() == 1)
  end)

  it("are what evaluate returns, and are kept in model files", function()
    local scores = model:evaluate(validation)
    for _, name in ipairs(names) do assert.equal(history["val_" .. name][3], scores[name]) end
    local folder = support.folder()
    model:save(folder .. "/model.safetensors")
    local again = digits.load(folder .. "/model.safetensors")
    support.remove(folder)
    local loaded = again:evaluate(validation)
    for _, name in ipairs(names) do assert.equal(scores[name], loaded[name]) end
  end)

  it("give batches what is counted on the way", function()
    local seen
    build { "accuracy", "f1_macro" }:fit(train, { verbose = 0,
      on_batch_end = function(log) seen = log end })
    assert.is_number(seen.accuracy)
    assert.is_nil(seen.f1_macro)
  end)

  it("judge the rows of an epoch that a callback ends", function()
    local count
    local partial = build { rows = function(y_true, y_pred)
      count = #y_true
      assert.equal(#y_true, #y_pred)
      return 0.5
    end }
    partial:fit(train, { verbose = 0, batch_size = 32,
      on_batch_end = function(log) return log.batch < 2 end })
    assert.equal(64, count)
  end)

  it("stop a fit early, in their own direction", function()
    local calls
    local function falling() calls = calls + 1; return -calls end
    local function stopped(monitor, mode, extra)
      calls = 0
      local stopping = build { "accuracy", "log_loss", "matthews_corrcoef", mine = falling }
      local all = { epochs = 8, verbose = 0, seed = 3, validation = validation,
        early_stopping = { monitor = monitor, mode = mode, patience = extra or 1 } }
      return stopping:fit(train, all)
    end
    local better = stopped("val_matthews_corrcoef", nil, 8)
    local best = 1
    for i, value in ipairs(better.val_matthews_corrcoef) do
      if value > better.val_matthews_corrcoef[best] then best = i end
    end
    assert.equal(best, better.best_epoch)
    local loss = stopped("val_log_loss", nil, 8)
    best = 1
    for i, value in ipairs(loss.val_log_loss) do
      if value < loss.val_log_loss[best] then best = i end
    end
    assert.equal(best, loss.best_epoch)
    assert.equal(2, stopped("mine", "max").epochs)
    assert.equal(8, stopped("mine", "min").epochs)
    assert.equal(2, stopped("val_log_loss", "max").epochs)
    assert.matches("fit: early_stopping: it is not known whether a greater val_mine is better: " ..
      "give mode = \"max\" or \"min\"$", message(stopped, "val_mine"))
    assert.matches("no score is named 'val_f1'; the scores are loss, accuracy, log_loss, " ..
      "matthews_corrcoef, mine, val_loss, .* and val_mine$", message(stopped, "val_f1"))
    assert.matches("mode must be one of 'auto', 'min', 'max', found 'maximum'",
      message(stopped, "loss", "maximum"))
  end)

  it("of numbers judge networks of numbers", function()
    local numbers = data.from_tensors { x = x, y = x:sum { axis = 2 } }
    local function regression(list) return build(list, 2, "mean_squared_error", 1) end
    local fitted = regression { "r2", "mean_absolute_error",
      mine = function(y_true, y_pred) return ((y_true - y_pred) * (y_true - y_pred)):mean() end }
    local found = fitted:fit(numbers, { epochs = 2, verbose = 0, validation = numbers })
    local scores = fitted:evaluate(numbers)
    assert.equal(metrics.r2(numbers, fitted:predict(numbers)), scores.r2)
    assert.equal(scores.mean_absolute_error, found.val_mean_absolute_error[2])
    support.expect("loss", scores.loss, scores.mine, 1e-6)
    assert.matches("^fit: f1_macro is not defined for numeric targets: compile without " ..
      "metrics = { \"f1_macro\" }$", message(function()
        regression { "f1_macro" }:fit(numbers, { verbose = 0 })
      end))
    assert.matches("^fit: r2 is not defined for class targets", message(function()
      build { "r2" }:fit(train, { verbose = 0 })
    end))
  end)

  it("that are functions may fail, and are told what they must return", function()
    local function fit(call) build { call }:fit(train, { verbose = 0 }) end
    assert.matches("oh no", message(fit, function() error "oh no" end))
    local ok, err = pcall(fit, function() error { code = 7 } end)
    assert.is_false(ok)
    assert.equal(7, err.code)
    assert.matches("the metric metric_1 must return a number, found 'high'",
      select(2, pcall(fit, function() return "high" end)))
    local failing = build { function() error { code = 8 } end }
    pcall(failing.fit, failing, train, { verbose = 0 })
    ok, err = pcall(failing.evaluate, failing, validation)
    assert.is_false(ok)
    assert.equal(8, err.code)
  end)

  it("that are functions cannot close or compile the model, or close the set, but may ask it",
    function()
      local asked, own, inner
      local function tries(y_true)
        getmetatable(asked).__gc(asked)
        assert.is_false(pcall(asked.compile, asked, { optimizer = nn.Adam {},
          loss = "categorical_crossentropy" }))
        assert.is_false(pcall(asked.fit, asked, train, { verbose = 0 }))
        if not inner then
          inner = true
          assert.equal(1, asked:evaluate(validation).tries)
        end
        if own then getmetatable(own).__gc(own) end
        return #y_true == 100 and 1 or 2
      end
      asked = build { tries = tries, "accuracy" }
      local found = asked:fit(train, { validation = validation, verbose = 0, epochs = 2 })
      assert.same({ 2, 2 }, { found.tries[1], found.tries[2] })
      assert.same({ 1, 1 }, { found.val_tries[1], found.val_tries[2] })
      own = validation:take(100)
      assert.equal(1, asked:evaluate(own).tries)
      assert.equal(1, asked:evaluate(validation).tries)
    end)

  it("that are functions are not kept in files, which save says", function()
    local folder = support.folder()
    local out, told = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "adam", loss = "categorical_crossentropy",
        metrics = { "f1", mine = function() return 1 end } }
      local set = digits.data.from_tensors { x = digits.zeros { 2, 2 }, y = digits.range { 0, 2,
        dtype = "int32" } }
      model:fit(set, { verbose = 0 })
      local path = arg[0]:gsub("script.lua", "m.safetensors")
      model:save(path)
      local scores = digits.load(path):evaluate(set)
      print(scores.f1, scores.mine)
    ]])
    support.remove(folder)
    assert.matches("^%d.%d+\tnil\n$", out)
    assert.matches("save: metrics that are functions are not kept in files", told)
  end)

  it("stand in evaluations by the name they have in histories, accuracy too", function()
    local mine = build { accuracy = function() return 0.125 end }
    assert.equal(0.125, mine:fit(train, quiet).val_accuracy[3])
    assert.equal(0.125, mine:evaluate(validation).accuracy)
  end)

  it("are named where they cannot be computed of the rows", function()
    local judged = build { "roc_auc" }
    judged:fit(train, { epochs = 1, verbose = 0 })
    local few = validation:rows { 1, 2 }
    assert.matches("^evaluate: roc_auc: truth has .*, so it has no curve",
      message(judged.evaluate, judged, few))
  end)

  it("are refused when they cannot be", function()
    assert.matches("^compile: unknown metric 'f1_makro', did you mean 'f1_macro'%?$",
      message(build, { "f1_makro" }))
    assert.matches("^compile: unknown metric 'acc': here it is 'accuracy'$",
      message(build, { "acc" }))
    assert.matches("^compile: a metric must be the name of a metric, or a function, found 5$",
      message(build, { 5 }))
    assert.matches("^compile: there are two metrics named 'f1'$", message(build, { "f1", "f1" }))
    assert.matches("^compile: a metric cannot be named 'seconds'$",
      message(build, { seconds = print }))
    assert.matches("^compile: a metric cannot be named 'val_x'$", message(build, { val_x = print }))
    local many = {}
    for i = 1, 17 do many[i] = function() return i end end
    assert.matches("^compile: at most 16 metrics are allowed$", message(build, many))
    assert.matches("at most 63 characters, found 64$", message(build, { [("x"):rep(64)] = print }))
    assert.matches("^compile: a metric must have a name", message(build, { [""] = print }))
    local expected = "^compile: metrics must be a list .*, found the key "
    assert.matches(expected .. "3", message(build, { [3] = "accuracy" }))
    assert.matches(expected .. "true", message(build, { [true] = print }))
  end)

  it("serve searches: by name from what evaluate has, functions on this thread", function()
    local function found(list, metric, workers)
      return digits.search.grid { params = { seed = { 1, 2 } }, train = train,
        validation = validation, seed = 1, verbose = 0, metric = metric, workers = workers,
        fit = { epochs = 2 }, model = function(p) return build(list, p.seed) end }
    end
    for _, trial in ipairs(found({ "f1_macro" }, "f1_macro").trials) do
      assert.equal(trial.scores.f1_macro, trial.history.val_f1_macro[2])
    end
    local mine = found({ mine = function(y_true) return #y_true end }, "accuracy")
    assert.equal(100, mine.trials[1].scores.mine)
    assert.matches("metrics that are functions need workers = 1", message(found,
      { mine = function() return 1 end }, "accuracy", 2))
  end)

  it("have panels in the plot of a history", function()
    local svg = digits.plot.history(history):render "svg"
    for _, title in ipairs { "f1 macro", "log loss", "top 2 accuracy" } do
      assert.truthy(svg:find(title, 1, true), title)
    end
  end)

  it("stop boosting, whose scores have the same direction", function()
    local boost = tree.GradientBoosting { n_estimators = 6 }
    local found = boost:fit(train, { validation = validation, verbose = 0,
      early_stopping = { monitor = "val_accuracy", patience = 6 } })
    local best = 1
    for i, value in ipairs(found.val_accuracy) do
      if value > found.val_accuracy[best] then best = i end
    end
    assert.equal(best, found.best_epoch)
  end)
end)
