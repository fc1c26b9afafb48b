-- Training, predicting, saving: networks from Lua.
local digits = require "digits"
local data, nn = digits.data, digits.nn
local support = dofile "tests/lua/support.lua"
local message = support.message

local train, test, folder

setup(function()
  local all = data.open "vendor/mnist"
  train, test = all:take(600), all:rows(digits.range { 6001, 6201 })
  folder = support.folder()
end)
teardown(function() support.remove(folder) end)

local function build(options)
  local model = nn.Sequential { nn.Input { 28, 28, 1 }, nn.Flatten {}, nn.Dropout { 0.2 },
    nn.Dense { 32, activation = "relu" }, nn.Dense { 10, activation = "softmax" }, seed = 3 }
  return model:compile(options or { optimizer = nn.Adam { learning_rate = 1e-2 },
    loss = "categorical_crossentropy", metrics = { "accuracy" } })
end

describe("compile", function()
  it("keeps recipes", function()
    local model = build()
    assert.are.equal(1e-2, model.optimizer.learning_rate)
    assert.are.equal("CategoricalCrossentropy", model.loss.type)
  end)

  it("says what is wrong", function()
    local function compile(options)
      return message(function() build(options) end)
    end
    assert.are.equal("compile: optimizer is required (an optimizer or the name of one)",
      compile { loss = "mean_squared_error" })
    assert.are.equal("compile: loss is required (a loss or the name of one)",
      compile { optimizer = "adam" })
    assert.are.equal("compile: unknown optimizer 'adm', did you mean 'adam'?",
      compile { optimizer = "adm", loss = "mean_squared_error" })
    assert.are.equal("compile: loss must be a loss or the name of one, found the layer Flatten",
      compile { optimizer = "adam", loss = nn.Flatten {} })
    assert.are.equal("compile: unknown metric 'acuracy', did you mean 'accuracy'?",
      compile { optimizer = "adam", loss = "mean_squared_error", metrics = { "acuracy" } })
    assert.matches("^compile: unknown option 'lr': it is an option of the optimizer",
      compile { optimizer = "adam", loss = "mean_squared_error", lr = 0.1 })
  end)
end)

describe("fit", function()
  it("learns, and returns a history", function()
    local model, logs = build(), {}
    local history = model:fit(train, { validation = test, epochs = 3, batch_size = 50, verbose = 0,
      on_epoch_end = function(log) logs[#logs + 1] = log end })
    for _, name in ipairs { "loss", "accuracy", "val_loss", "val_accuracy", "seconds" } do
      assert.are.equal(3, #history[name])
      for epoch = 1, 3 do assert.are.equal(history[name][epoch], logs[epoch][name]) end
    end
    assert.is_true(history.loss[3] < history.loss[1])
    assert.is_true(history.accuracy[3] > 0.8)
    assert.are.equal(3, history.epochs)
    assert.is_true(history.total_seconds > 0)
    assert.are.equal(history, model.history)
    assert.are.same({ 2, 3, 12, 12 },
      { logs[2].epoch, logs[2].epochs, logs[2].batch, logs[2].batches })
    local result = model:evaluate(test)
    assert.is_true(math.abs(result.accuracy - history.val_accuracy[3]) < 1e-9)
    assert.is_true(math.abs(result.loss - history.val_loss[3]) < 1e-6)
    assert.is_true(result.seconds > 0)
    assert.matches("^epoch +loss +accuracy", tostring(history))
  end)

  it("gives the same bits from the same seed", function()
    local function weights(seed, threads)
      local before = digits.threads()
      digits.threads(threads)
      local model = build()
      model:fit(train, { epochs = 2, batch_size = 50, verbose = 0, seed = seed })
      digits.threads(before)
      return model:weights()
    end
    local one, two, other = weights(1, 1), weights(1, 3), weights(2, 1)
    for _, name in ipairs(one) do assert.are.equal(one[name], two[name]) end
    assert.are_not.equal(one["dense.kernel"], other["dense.kernel"])
  end)

  it("has a default batch no larger than the set", function()
    assert.are.equal(1, build():fit(train:take(10), { verbose = 0 }).epochs)
  end)

  it("takes tensors, one-hot labels, and rows of the right number of values", function()
    local model = build()
    local flat = train.x:reshape { #train, 784 }
    local history = model:fit(flat, train:one_hot().y, { batch_size = 50, verbose = 0,
      validation = { x = test.x, y = test.y } })
    assert.are.equal(1, #history.val_loss)
    assert.are.equal(model:evaluate(test).loss, model:evaluate(test.x, test.y).loss)
  end)

  it("stops when a callback returns false, and goes on later", function()
    local model, batches = build(), 0
    local history = model:fit(train, { epochs = 5, batch_size = 50, verbose = 0,
      on_batch_end = function(log)
        batches = batches + 1
        assert.are.equal(batches, log.batch)
        return batches < 4
      end })
    assert.are.same({ 4, 1 }, { batches, history.epochs })
    local stopped = model:fit(train, { epochs = 5, verbose = 0,
      on_epoch_end = function(log) return log.epoch < 2 end })
    assert.are.equal(2, stopped.epochs)
    assert.are.equal(stopped, model.history)
  end)

  it("stops early and gives back the best weights", function()
    local model = build()
    local history = model:fit(train, { validation = test, epochs = 40, batch_size = 50, verbose = 0,
      early_stopping = { monitor = "val_loss", patience = 2, restore_best = true } })
    assert.is_true(history.epochs < 40)
    assert.is_true(history.stopped_early)
    assert.are.equal(history.epochs, history.best_epoch + 2)
    local best = math.min(table.unpack(history.val_loss))
    assert.are.equal(best, history.val_loss[history.best_epoch])
    assert.is_true(math.abs(model:evaluate(test).loss - best) < 1e-6)
  end)

  it("raises a callback's error again, and keeps the weights", function()
    local model = build()
    local before = model:weights()["dense.kernel"]
    local ok, text = pcall(model.fit, model, train, { verbose = 0, batch_size = 50,
      on_batch_end = function() error "boom" end })
    assert.is_false(ok)
    assert.matches("^[^\n]*model_spec.lua:%d+: boom\nstack traceback:", text)
    assert.are_not.equal(before, model:weights()["dense.kernel"])
    local value = {}
    local _, raised = pcall(model.fit, model, train, { verbose = 0,
      on_epoch_end = function() error(value) end })
    assert.are.equal(value, raised)
    assert.are.equal(1, model:fit(train, { verbose = 0 }).epochs) -- it is not locked
  end)

  it("refuses itself and compile from within, but lets predict", function()
    local model, messages, label = build(), {}, nil
    model:fit(train, { verbose = 0, on_epoch_end = function()
      messages[1] = message(function() model:fit(train) end)
      messages[2] = message(function()
        model:compile { optimizer = "adam", loss = "mean_squared_error" }
      end)
      label = model:predict(test)[1]
      getmetatable(model).__gc(model)
    end })
    assert.matches("being fitted", messages[1])
    assert.matches("being fitted", messages[2])
    assert.is_true(label >= 0 and label <= 9)
    assert.are.equal(200, #model:predict(test))
  end)

  it("refuses callbacks that yield", function()
    local model = build()
    local co = coroutine.create(function()
      model:fit(train, { verbose = 0, on_epoch_end = coroutine.yield })
    end)
    local ok, text = coroutine.resume(co)
    assert.is_false(ok)
    assert.matches("attempt to yield", text)
  end)

  it("takes a batch_size above the rows for one batch of them all", function()
    local weights = {}
    for i, size in ipairs { 600, 601, math.maxinteger } do
      local model, batches = build(), {}
      local history = model:fit(train, { epochs = 2, batch_size = size, verbose = 0, seed = 1,
        on_batch_end = function(log) batches[#batches + 1] = log.batches end })
      assert.are.same({ 1, 1 }, batches)
      assert.are.equal(2, history.epochs)
      weights[i] = model:weights()
    end
    assert.are.same(weights[1], weights[2])
    assert.are.same(weights[1], weights[3])
  end)

  it("says what is wrong", function()
    local model = build()
    local function fit(set, options)
      return message(function() model:fit(set, options) end)
    end
    assert.are.equal("fit: unknown option 'validation_data': use validation = ...",
      fit(train, { validation_data = test }))
    assert.matches("^fit: unknown option 'callbacks': use on_epoch_end",
      fit(train, { callbacks = {} }))
    assert.are.equal("fit: unknown option 'epoch', did you mean 'epochs'?",
      fit(train, { epoch = 1 }))
    assert.are.equal("fit: epochs must be a whole number of at least 1, found 0",
      fit(train, { epochs = 0 }))
    assert.are.equal("fit: batch_size must be a whole number of at least 1, found 0",
      fit(train, { batch_size = 0 }))
    assert.are.equal("fit: set must be a dataset, or two tensors, x and y, found 5", fit(5))
    assert.are.equal("fit: on_epoch_end must be a function, found true",
      fit(train, { on_epoch_end = true }))
    assert.matches("no score is named 'val_los', did you mean 'val_loss'",
      fit(train, { validation = test, early_stopping = { monitor = "val_los" } }))
    assert.matches("unknown option 'restore_best_weights': use restore_best",
      fit(train, { early_stopping = { restore_best_weights = true } }))
    assert.matches("{28, 28, 1}", fit(data.from_tensors { x = digits.zeros { 40, 5 },
      y = digits.zeros { 40, dtype = "int32" } }))
    assert.matches("not compiled", message(function()
      nn.Sequential({ nn.Input { 784 }, nn.Dense { 10 } }):fit(train)
    end))
    assert.is_nil(model.history)
  end)

  it("stops at a loss that is no number, and says where", function()
    local model = build { optimizer = nn.SGD { 1e30 }, loss = "categorical_crossentropy" }
    assert.matches("^fit: epoch %d+, batch %d+: ", message(function()
      model:fit(train, { verbose = 0, epochs = 3 })
    end))
  end)

  it("writes one line an epoch where there is no terminal", function()
    local out = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local set = digits.data.from_tensors { x = digits.uniform { 20, 4, seed = 1 },
        y = digits.range { 0, 20 } % 2 }
      local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      model:fit(set, { epochs = 2, batch_size = 10 })
      model:fit(set, { verbose = 0 })
      model:fit(set, { validation = set, verbose = 2 })
    ]])
    assert.matches("^epoch 1/2  [<%d][ %d.]* m?s  loss %d%.%d+\nepoch 2/2  [^\n]*\n" ..
      "epoch 1/1  [<%d][ %d.]* m?s  loss %d%.%d+  val_loss %d%.%d+\n$", out)
  end)
end)

describe("Ctrl-C", function()
  it("ends a fit at the next batch, with the weights kept", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local set = digits.data.from_tensors { x = digits.uniform { 2000, 50, seed = 1 },
        y = digits.range { 0, 2000 } % 2 }
      local model = nn.Sequential { nn.Input { 50 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      local before, epochs = model:weights()["dense.kernel"], 0
      local history = model:fit(set, { epochs = 100000, verbose = 0,
        on_epoch_end = function(log)
          epochs = log.epoch
          if epochs == 3 then os.execute "p=$PPID; (sleep 0.2; kill -INT $p) &" end
        end })
      print(history.stopped_early, history.epochs == epochs, epochs >= 3,
        before ~= model:weights()["dense.kernel"])
      print(model:fit(set, { verbose = 0 }).epochs)
    ]])
    assert.are.same({ "interrupted\ttrue\ttrue\ttrue\n1\n", 0 }, { out, code })
    assert.matches("^digits%-lua: the fit ends after this step", err)
  end)
end)

describe("predict", function()
  it("gives labels and probabilities of tensors, sets and single rows", function()
    local model = build()
    model:fit(train, { epochs = 3, batch_size = 50, verbose = 0 })
    local labels, chances = model:predict(test), model:predict_proba(test)
    assert.are.same({ "int32", 200 }, { labels.dtype, #labels })
    assert.are.same({ 200, 10 }, chances.shape)
    assert.are.equal(labels, model:predict(test.x))
    assert.are.equal(labels, data.labels(chances, model.classes))
    assert.are.equal(labels[7], model:predict(test.x[7])[1])
    assert.is_true(math.abs(labels:eq(test.y):mean() - model:evaluate(test).accuracy) < 1e-6)
  end)

  it("answers with the labels found, whatever they are", function()
    local model = nn.Sequential { nn.Input { 784 }, nn.Dense { 2, activation = "softmax" } }
    model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
    model:fit(train:only { 4, 9 }, { epochs = 5, verbose = 0 })
    assert.are.same({ 4, 9 }, model.classes)
    for _, label in ipairs(model:predict(test)) do assert.is_true(label == 4 or label == 9) end
  end)

  it("says that a score is NaN, and does not take it for the best", function()
    local out, err = support.run(folder, [[
      local digits = require "digits"
      local nn, tree = digits.nn, digits.tree
      local x, y = digits.uniform { 20, 4, seed = 1 }, digits.range { 0, 20 } % 2
      local bad = x:copy()
      bad[3][2] = 0 / 0
      local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      local history = model:fit(x, y, { verbose = 0, batch_size = 5, epochs = 9,
        validation = { bad, y }, early_stopping = { patience = 2, restore_best = true } })
      print(history.epochs, history.best_epoch, history.stopped_early)
      print((tostring(history):match "best epoch %a+"))
      print(history.val_loss[1] ~= history.val_loss[1], model:weights()["dense.kernel"]:sum() ~= 0)
      model:fit(x, y, { verbose = 0, batch_size = 5, validation = { bad, y } })
    ]])
    assert.are.equal("2\tnil\ttrue\nbest epoch none\ntrue\ttrue\n", out)
    local said = "fit: val_loss is NaN in epoch 1%s, which never counts as an improvement: " ..
      "look for NaN or huge values in the data"
    assert.matches("^[^\n]*:8: " .. said:format " and 1 more" .. "\n[^\n]*:13: " ..
      said:format "" .. "\n$", err)
  end)

  it("warns of data on another scale", function()
    local out, err = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local x = digits.uniform { 20, 4, seed = 1 }
      local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      model:fit(x, digits.range { 0, 20 } % 2, { verbose = 0, batch_size = 5 })
      model:predict(x)
      model:predict(x * (0 / 0))
      model:predict(x * 255)
      model:predict_proba(x * 255)
      model:fit(x, digits.range { 0, 20 } % 2, { verbose = 0, batch_size = 5 })
      local other = digits.nn.Sequential { nn.Input { 4 }, nn.Dense { 2, activation = "softmax" } }
      other:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      other:fit(x, digits.range { 0, 20 } % 2, { verbose = 0, batch_size = 5 })
      other:evaluate((x * 255):astype "int32", digits.range { 0, 20 } % 2)
    ]])
    assert.are.equal("", out)
    assert.matches("^digits%-lua: [^\n]*:9: predict: the data has values from [^\n]*\n" ..
      "digits%-lua: [^\n]*:15: evaluate: the data has values from [^\n]*\n$", err)
  end)

  it("refuses rows that do not fit", function()
    assert.matches("{28, 28, 1}.*{5}", message(function()
      build():predict_proba(digits.zeros { 3, 5 })
    end))
    assert.matches("never fitted", message(function() build():predict(test) end))
    assert.are.equal("fit: expected a tensor of labels after the tensor of rows, found nil",
      message(function() build():fit(train.x) end))
  end)
end)

describe("weights", function()
  it("are copies, in order, and can be set", function()
    local a, b = build(), build()
    b:fit(train, { verbose = 0 })
    local weights = b:weights()
    assert.are.equal("dense.kernel", weights[1])
    assert.are.same({ 784, 32 }, weights["dense.kernel"].shape)
    a:set_weights(weights)
    assert.are.equal(b:predict_proba(test), a:predict_proba(test))
    weights["dense.kernel"][1] = 0
    assert.are.equal(b:predict_proba(test), a:predict_proba(test))
  end)

  it("are what predictions use from then on", function()
    local function new(seed)
      return nn.Sequential {
        nn.Input { 14, 14, 1 },
        nn.Conv2D { 16, { 3, 3 }, padding = "same" }, nn.BatchNormalization {},
        nn.Activation { "relu" }, nn.Conv2D { 32, { 3, 3 }, padding = "same" },
        nn.Flatten {}, nn.Dense { 4 }, seed = seed,
      }
    end
    local a, b, rows = new(1), new(2), digits.uniform { 3, 14, 14, 1, seed = 3 }
    local before = a:predict_proba(rows)
    a:set_weights(b:weights())
    assert.are_not.equal(before, a:predict_proba(rows))
    assert.are.equal(b:predict_proba(rows), a:predict_proba(rows))
    local mean = { ["batch_normalization.moving_mean"] = digits.ones { 16 } }
    a:set_weights(mean)
    assert.are_not.equal(b:predict_proba(rows), a:predict_proba(rows))
    b:set_weights(mean)
    assert.are.equal(b:predict_proba(rows), a:predict_proba(rows))
  end)

  it("are set all or none", function()
    local model = build()
    local before = model:weights()
    assert.are.equal("set_weights: the model has no weight 'dense.kernl', did you mean " ..
      "'dense.kernel'?", message(function()
        model:set_weights { ["dense.bias"] = before["dense.bias"] + 1,
          ["dense.kernl"] = before["dense.kernel"] }
      end))
    assert.are.equal("set_weights: dense.bias must have shape {32}, found {3}",
      message(function() model:set_weights { ["dense.bias"] = digits.ones { 3 } } end))
    for _, name in ipairs(before) do assert.are.equal(before[name], model:weights()[name]) end
  end)

  it("have gradients", function()
    local model = build()
    local gradients, loss = model:gradients(test, { seed = 1 })
    assert.is_true(loss > 0)
    assert.are.same({ 32, 10 }, gradients["dense_1.kernel"].shape)
    assert.is_true(gradients["dense_1.kernel"]:abs():max() > 0)
    assert.are.equal(gradients["dense.kernel"], model:gradients(test, { seed = 1 })["dense.kernel"])
  end)
end)

describe("save and load", function()
  -- until files keep it: then this changes, and with it help and README
  it("forget the optimizer's state, as help says", function()
    local path, options = folder .. "/state.safetensors", { verbose = 0, shuffle = false }
    local recipe = { optimizer = nn.Adam { 1e-2 }, loss = "categorical_crossentropy" }
    local model = nn.Sequential { nn.Input { 784 }, nn.Dense { 10, activation = "softmax" } }
    model:compile(recipe)
    model:fit(train, options)
    model:save(path)
    local loaded, fresh = digits.load(path), digits.load(path)
    fresh:compile(recipe)
    for _, each in ipairs { model, loaded, fresh } do each:fit(train, options) end
    assert.is_true(loaded:weights()["dense.kernel"] == fresh:weights()["dense.kernel"])
    assert.is_false(loaded:weights()["dense.kernel"] == model:weights()["dense.kernel"])
    local text = require("digits.help").text
    assert.matches("starts from the weights with\na fresh optimizer, unless", text "digits.load")
    assert.matches("continues\nfrom its weights with a fresh optimizer, unless", text "learner:fit")
    assert.matches("keep the state of a network's optimizer", text "learner:save")
  end)

  it("keep everything that predicting needs", function()
    local model, path = build(), folder .. "/model.safetensors"
    model:fit(train, { verbose = 0 })
    model:save(path)
    local again = digits.load(path)
    assert.are.equal(model:predict_proba(test), again:predict_proba(test))
    assert.are.same(model.classes, again.classes)
    assert.are.equal(model:summary(), again:summary())
    assert.are.equal(model:evaluate(test).accuracy, again:evaluate(test).accuracy)
    assert.are.equal(1, again:fit(train, { verbose = 0 }).epochs)
  end)

  it("say what is wrong with a file", function()
    assert.matches("nowhere", message(function() digits.load "nowhere.safetensors" end))
    assert.matches("Makefile", message(function() digits.load "Makefile" end))
    assert.matches("/none/", message(function() build():save(folder .. "/none/x.safetensors") end))
    assert.are.equal("load: path must be the path of a file, found 5",
      message(function() digits.load(5) end))
  end)
end)
