local digits = require "digits"
local support = require "tests.lua.support"
local nn = digits.nn

-- Words: file, threads, the epoch and batch at which the process kills itself (0: never).
local script = [[
local digits = require "digits"
local nn = digits.nn
local path, threads, epoch, batch = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
digits.threads(threads)
local x = digits.normal { 200, 6, 6, 1, seed = 1 }
local set = digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 }, 1, 1 }]:argmax { axis = 2 } }
local train, validation = set:split { 0.7, 0.3, seed = 1 }
local model = nn.Sequential {
  nn.Input { 6, 6, 1 }, nn.RandomTranslation { 0.1, 0.1 }, nn.RandomRotation { 0.02 },
  nn.RandomErasing { 0.2 }, nn.Conv2D { 4, { 3, 3 }, activation = "relu" },
  nn.BatchNormalization {}, nn.Flatten {}, nn.Dropout { 0.3 },
  nn.Dense { 3, activation = "softmax" }, seed = 7,
}
model:compile {
  optimizer = nn.Adam { nn.CosineDecay { 0.02, 30 }, use_ema = true, ema_momentum = 0.9 },
  loss = "categorical_crossentropy", metrics = { "accuracy", "f1" },
}
local called = {}
local history = model:fit(train, {
  validation = validation, epochs = 6, batch_size = 32, verbose = 0, mixup = 0.1, preparation =
  { digits.data.StandardScaler {} }, checkpoint = path ~= "-" and path or nil, resume = path ~= "-"
  and path or nil, early_stopping = { patience = 4, restore_best = true },
  on_epoch_end = function(log) called[#called + 1] = log.epoch end,
  on_batch_end = function(log)
    if log.epoch == epoch and log.batch == batch then
      os.execute("kill -9 " .. io.open("/proc/self/stat"):read "n")
    end
  end,
})
print(model:digest(), history.epochs, history.best_epoch, history.stopped_early)
for _, name in ipairs { "loss", "accuracy", "f1", "val_loss", "val_accuracy", "val_f1",
  "learning_rate" } do
  for i, value in ipairs(history[name]) do print(name, i, ("%a"):format(value)) end
end
print(#history.seconds, history.total_seconds >= history.seconds[1])
io.stderr:write("called ", table.concat(called, " "))
]]

describe("a fit with a checkpoint", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  local function run(path, threads, epoch, batch)
    return support.run(folder, script, ("%s %d %d %d"):format(path, threads, epoch, batch))
  end

  it("that is killed twice equals one that was not", function()
    local whole, words = run("-", 1, 0, 0)
    assert.matches("^%x+\t6\t", whole)
    assert.are.equal("called 1 2 3 4 5 6", words)
    for threads = 1, 2 do
      local path = ("%s/run%d.safetensors"):format(folder, threads)
      local before = run(path, threads, 2, 3)
      assert.are.equal("", before)
      assert.are.equal("", (run(path, threads, 5, 1)))
      local again, called = run(path, 3 - threads, 0, 0)
      assert.are.equal(whole, again)
      assert.are.equal("called 5 6", called)
      -- once more: there is nothing left to do
      again, called = run(path, threads, 0, 0)
      assert.are.equal(whole, again)
      assert.are.equal("called ", called)
    end
  end)

  local x = digits.normal { 60, 4, seed = 1 }
  local set = digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 } }]:argmax { axis = 2 } }

  local function build(options)
    options = options or {}
    local model = nn.Sequential {
      nn.Input { 4 }, nn.Dropout { options.rate or 0.2 },
      nn.Dense { options.units or 3, activation = "softmax" }, seed = options.seed or 7,
    }
    return model:compile {
      optimizer = nn.Adam { options.learning_rate or 0.01 }, loss = "categorical_crossentropy",
      metrics = options.metrics or { "accuracy" },
    }
  end

  local function fit(model, options, on)
    options.verbose, options.batch_size = 0, options.batch_size or 16
    return model:fit(on or set, options)
  end

  local function made(options)
    local path = folder .. "/run.safetensors"
    options = options or { epochs = 2 }
    options.checkpoint = path
    fit(build(), options)
    return path
  end

  it("goes on in another model, to more epochs", function()
    local path = made()
    local whole, rest = build(), build()
    local all = fit(whole, { epochs = 5 })
    local history = fit(rest, { epochs = 5, resume = path })
    assert.are.equal(whole:digest(), rest:digest())
    assert.are.same(all.loss, history.loss)
    assert.are.same(history.loss, rest.history.loss)
    -- as a model it is complete, and goes on by itself, too
    local loaded = digits.load(path)
    assert.are.equal(2, #loaded:predict(set:take(2)))
    fit(loaded, { epochs = 3 })
    assert.are.equal(whole:digest(), loaded:digest())
  end)

  it("goes on with any number of epochs behind it, and keeps a checkpoint", function()
    local whole = build()
    local all = fit(whole, { epochs = 8 })
    for behind = 1, 7 do
      local path = made { epochs = behind }
      local rest = build()
      local history = fit(rest, { epochs = 8, checkpoint = path, resume = path })
      assert.are.equal(whole:digest(), rest:digest())
      assert.are.same(all.loss, history.loss)
      assert.are.same(all.loss, fit(build(), { epochs = 8, resume = path }).loss)
    end
  end)

  it("is written after every so many epochs and after the last", function()
    local path, epochs = folder .. "/run.safetensors", {}
    local function on_epoch_end()
      local ok, model = pcall(digits.load, path)
      epochs[#epochs + 1] = ok and model:digest():sub(1, 8) or "none"
    end
    local model = build()
    fit(model, { epochs = 5, checkpoint = path, every = 2, on_epoch_end = on_epoch_end })
    assert.are.equal("none", epochs[1])
    assert.are.equal("none", epochs[2])
    assert.are_not.equal("none", epochs[3])
    assert.are.equal(epochs[3], epochs[4])
    assert.are_not.equal(epochs[4], epochs[5])
    assert.are.equal(model:digest(), digits.load(path):digest())
  end)

  it("keeps what a callback changed, and goes on after one that ended it", function()
    local path = folder .. "/run.safetensors"
    local whole, rest, stopped, unchanged = build(), build(), build(), build()
    local function change(model, last)
      return function(log)
        if log.epoch == 1 then model.optimizer.learning_rate = 0.05 end
        return log.epoch < last
      end
    end
    fit(stopped, { epochs = 4, checkpoint = path, on_epoch_end = change(stopped, 2) })
    local all = fit(whole, { epochs = 4, on_epoch_end = change(whole, 9) })
    local history = fit(rest, { epochs = 4, resume = path })
    assert.are.equal(4, history.epochs)
    assert.are.same(all.loss, history.loss)
    assert.are.equal(whole:digest(), rest:digest())
    fit(unchanged, { epochs = 4 })
    assert.are_not.equal(whole:digest(), unchanged:digest())
  end)

  it("remains ended if early stopping ended it", function()
    local early = { monitor = "loss", min_delta = 100, patience = 1, restore_best = true }
    local path = made { epochs = 9, early_stopping = early }
    local whole, rest = build(), build()
    fit(whole, { epochs = 9, early_stopping = early })
    local history = fit(rest, { epochs = 9, early_stopping = early, resume = path })
    assert.are.equal(2, history.epochs)
    assert.is_true(history.stopped_early)
    assert.are.equal(1, history.best_epoch)
    assert.are.equal(whole:digest(), rest:digest())
  end)

  it("keeps metrics that are functions", function()
    local function half() return 0.5 end
    local path = folder .. "/run.safetensors"
    fit(build { metrics = { half = half } }, { epochs = 2, checkpoint = path })
    local history = fit(build { metrics = { half = half } }, { epochs = 3, resume = path })
    assert.are.same({ 0.5, 0.5, 0.5 }, history.half)
  end)

  it("refuses to go on with another model, set or options, and says what differs", function()
    local path = made()
    local function message(model, options, on)
      options.epochs, options.resume = options.epochs or 4, path
      local before = model:digest()
      local text = support.message(function() fit(model, options, on) end)
      assert.are.equal(before, model:digest())
      assert.is_nil(model.classes)
      return text
    end
    local other = "belongs to another fit: "
    assert.matches(other .. "model.layers%[2%].options.rate was 0.2, is now 0.3",
                   message(build { rate = 0.3 }, {}))
    assert.matches(other .. "model.layers%[3%].options.units was 3, is now 5",
                   message(build { units = 5 }, {}))
    assert.matches("model.compile.optimizer.options.learning_rate was 0.01, is now 0.1",
                   message(build { learning_rate = 0.1 }, {}))
    assert.matches(other .. "train.shape%[1%] was 60, is now 50",
                   message(build(), {}, set:take(50)))
    assert.matches(other .. "train.fingerprint was",
                   message(build(), {}, set:shuffle { seed = 3 }))
    assert.matches(other .. "options.batch_size was 16, is now 8",
                   message(build(), { batch_size = 8 }))
    assert.matches(other .. "early_stopping was not given, is now {",
                   message(build(), { early_stopping = { monitor = "loss" } }))
    assert.matches(other .. "seed was", message(build { seed = 8 }, {}))
    assert.matches(other .. "validation was not given", message(build(), { validation = set }))
    assert.matches("has done 2 epochs, more than epochs = 1", message(build(), { epochs = 1 }))
    assert.matches("continue = false", message(build(), { continue = false }))
  end)

  it("keeps a log, which a fit that goes on completes", function()
    local path, log = folder .. "/run.safetensors", folder .. "/run.csv"
    local function rows()
      local lines = {}
      for line in io.lines(log) do lines[#lines + 1] = line:gsub(",[^,]*$", "") end
      return lines
    end
    fit(build(), { epochs = 4, log = log })
    local whole = rows()
    assert.are.equal("epoch,loss,accuracy", whole[1])
    assert.are.equal(5, #whole)
    assert.matches("^4,[%d.e-]+,[%d.]+$", whole[5])
    -- one that was killed after the row of epoch 3, and before its checkpoint
    fit(build(), { epochs = 2, checkpoint = path, log = log })
    support.write(log, support.read(log) .. "3,0.1,0.1,0.1\n")
    local model = build()
    fit(model, { epochs = 4, resume = path, log = log })
    assert.are.same(whole, rows())
    fit(model, { epochs = 1, log = log })
    assert.are.equal(2, #rows())
    assert.matches("^fit: log: cannot write .*/missing/run.csv: there is no folder",
      support.message(function() fit(build(), { log = folder .. "/missing/run.csv" }) end))
  end)

  it("leaves the log alone if it is refused", function()
    local path, log = made(), folder .. "/run.csv"
    support.write(log, "kept")
    support.message(function() fit(build { units = 5 }, { resume = path, log = log }) end)
    assert.are.equal("kept", support.read(log))
  end)

  it("is logged by trees, too", function()
    local log = folder .. "/trees.csv"
    digits.tree.GradientBoosting { n_estimators = 3 }:fit(set, { log = log, verbose = 0 })
    local lines = {}
    for line in io.lines(log) do lines[#lines + 1] = line end
    assert.are.equal(4, #lines)
    assert.matches("^round,loss", lines[1])
  end)

  it("refuses files that are not checkpoints, or are not there", function()
    local path = folder .. "/model.safetensors"
    local function message(options)
      return support.message(function() fit(build(), options) end)
    end
    assert.matches("fit: resume: there is no file .*; to begin where there is none, give the same",
                   message { resume = path })
    local model = build()
    fit(model, { epochs = 1 })
    model:save(path, { optimizer = true })
    assert.matches("holds a Network, but not how far its fit had come", message { resume = path })
    support.write(path, ("x"):rep(100))
    assert.matches("fit: resume: .*model.safetensors", message { resume = path })
    assert.matches("fit: checkpoint: cannot write .*/missing/run", message {
      checkpoint = folder .. "/missing/run" })
    assert.matches("fit: checkpoint: cannot write .*.onnx", message {
      checkpoint = folder .. "/run.onnx" })
    assert.matches("every must be", message { checkpoint = path, every = 0 })
  end)
end)
