-- Ctrl-C while a model is fitted: the fit ends, the script goes on. The scripts send SIGINT to
-- themselves, from a callback, which is between two batches, trees or rounds.
local support = dofile "tests/lua/support.lua"

local folder
setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

local SAYS = "digits-lua: the fit ends after this step, and keeps what it has learnt; " ..
  "press Ctrl-C again within a second to end the program\n"

local BEGIN = [[
  local digits = require "digits"
  local data, nn, search, tree = digits.data, digits.nn, digits.search, digits.tree
  local x, y = digits.uniform { 400, 20, seed = 1 }, digits.range { 0, 400 } % 2
  local set = data.from_tensors { x = x, y = y }
  local function build()
    local model = nn.Sequential { nn.Input { 20 }, nn.Dense { 2, activation = "softmax" } }
    model:compile { optimizer = "adam", loss = "categorical_crossentropy",
      metrics = { "accuracy" } }
    return model
  end
  local function press() io.popen("kill -INT $PPID"):close() end
  local function press_at(epoch)
    return function(log) if log.epoch == epoch then press() end end
  end
]]

local function run(code)
  return support.run(folder, BEGIN .. code, folder, "env --default-signal=INT")
end

describe("Ctrl-C in a fit", function()
  it("ends it with what was learnt, and the next line is reached", function()
    for make, options in pairs {
      ["build()"] = "epochs = 100000, batch_size = 100, ",
      ["tree.GradientBoosting { 100000, max_depth = 2 }"] = "",
    } do
      local out, err, code = run(([[
        local model = %s
        local history = model:fit(set, { %s verbose = 0, validation = set,
          on_epoch_end = press_at(3) })
        print(history.stopped_early, history.epochs, #history.loss, #history.accuracy,
          #history.val_loss, model.history == history, history.total_seconds > 0)
        local path = ... .. "/m.safetensors"
        model:save(path)
        print(digits.load(path):evaluate(set).loss == model:evaluate(set).loss,
          math.abs(history.val_loss[3] - model:evaluate(set).loss) < 1e-6)
        print((tostring(history):match "interrupted"))
      ]]):format(make, options))
      assert.are.same({ "interrupted\t3\t3\t3\t3\ttrue\ttrue\ntrue\ttrue\ninterrupted\n",
        SAYS, 0 }, { out, err, code })
    end
  end)

  it("keeps whole trees of a forest, whose history is empty", function()
    local out, err, code = run [[
      local model = tree.RandomForest { 100000 }
      local history = model:fit(set, { verbose = 0, on_batch_end = function(log)
        if log.batch == 32 then press() end
      end })
      print(history.stopped_early, history.epochs, #history.seconds, history.loss,
        history.val_loss, model.history == history)
      model:save(... .. "/m.safetensors")
      print(digits.load(... .. "/m.safetensors"):summary():match "trees: %d+")]]
    assert.are.same({ "interrupted\t0\t0\tnil\tnil\ttrue\ntrees: 32\n", SAYS, 0 },
      { out, err, code })
  end)

  it("finishes the batch under way, and the epoch counts only when complete", function()
    local out, err, code = run [[
      local batches = 0
      local model = build()
      local history = model:fit(set, { epochs = 5, batch_size = 100, verbose = 0,
        on_batch_end = function(log)
          batches = batches + 1
          if batches == 6 then press() end
        end })
      print(history.stopped_early, history.epochs, #history.loss, batches)
      history = build():fit(set, { epochs = 5, batch_size = 100, verbose = 0,
        on_batch_end = function(log) end })
      print(history.stopped_early, history.epochs)]]
    assert.are.same({ "interrupted\t1\t1\t6\nfalse\t5\n", SAYS, 0 }, { out, err, code })
  end)

  it("restores the best weights where early stopping would", function()
    local out, err, code = run [[
      local model, kept = build(), {}
      local history = model:fit(set, { epochs = 100000, verbose = 0,
        validation = { x, 1 - y }, -- the better it learns, the worse this gets
        early_stopping = { patience = 1000, restore_best = true },
        on_epoch_end = function(log)
          kept[log.epoch] = model:weights()["dense.kernel"]:copy()
          if log.epoch == 8 then press() end
        end })
      local now = model:weights()["dense.kernel"]
      print(history.stopped_early, history.best_epoch < 8, now == kept[history.best_epoch],
        now == kept[8])]]
    assert.are.same({ "interrupted\ttrue\ttrue\tfalse\n", SAYS, 0 }, { out, err, code })
  end)

  it("is no error in a callback, nor in what the callback computes", function()
    local out, err, code = run [[
      local model = build()
      local history = model:fit(set, { epochs = 100000, verbose = 0,
        on_epoch_end = function(log)
          if log.epoch == 2 then
            press()
            for i = 1, 1000 do math.abs(i) end
            model:evaluate(set)
          end
        end })
      print(history.stopped_early, history.epochs)]]
    assert.are.same({ "interrupted\t2\n", SAYS, 0 }, { out, err, code })
  end)

  it("twice within a second ends the program, and cannot be caught", function()
    local out, err, code = run [[
      print(build():fit(set, { epochs = 9, verbose = 0, on_epoch_end = press_at(2) }).epochs)
      pcall(function() build():fit(set, { epochs = 9, verbose = 0, on_epoch_end = function()
        os.execute "sleep 0.1"
        press()
      end }) end)
      print "not reached"]]
    assert.are.same({ "2\n", 130 }, { out, code })
    assert.are.equal(SAYS .. "digits-lua: ", err:sub(1, #SAYS + 12))
    assert.matches("interrupted\nstack traceback:", err)
  end)

  it("a second later ends the next fit alone", function()
    local out, err, code = run [[
      for _ = 1, 2 do
        print(build():fit(set, { epochs = 9, verbose = 0, on_epoch_end = press_at(2) }).epochs)
        os.execute "sleep 1.1"
      end]]
    assert.are.same({ "2\n2\n", SAYS .. SAYS, 0 }, { out, err, code })
  end)

  it("of a model that has learnt nothing yet is an error", function()
    local _, err, code = run [[
      local model = tree.RandomForest { 100000 }
      local slow = data.from_tensors { x = digits.uniform { 100000, 200 },
        y = digits.range { 0, 100000 } % 10 }
      io.popen "p=$PPID; (sleep 0.2; kill -INT $p) &"
      model:fit(slow)
      print "not reached"]]
    assert.matches("%f[%w]interrupted\n", err)
    assert.are.equal(130, code)
  end)
end)

describe("Ctrl-C outside a fit", function()
  it("ends the program", function()
    local out, err, code = run [[
      print(build():fit(set, { verbose = 0 }).epochs)
      press()
      print "not reached"]]
    assert.are.same({ "1\n", 130 }, { out, code })
    assert.matches("^digits%-lua: [^\n]*interrupted\n", err)
  end)
end)

describe("Ctrl-C in a call of many fits", function()
  it("ends a search, whose journal is kept", function()
    local out, err, code = run [[
      local path = ... .. "/grid.jsonl"
      local fits = 0
      local ok, message = pcall(search.grid, { params = { lr = { 1, 2, 3 } }, verbose = 0,
        model = function() fits = fits + 1 return build() end, train = set, validation = set,
        journal = path, fit = function() return { epochs = 9, verbose = 0,
          on_epoch_end = function(log) if fits == 2 and log.epoch == 2 then press() end end } end })
      print(ok, message, fits)
      local lines = 0
      for _ in io.lines(path) do lines = lines + 1 end
      print(lines)]]
    assert.matches("^false\tinterrupted\n.*\t2\n2\n$", out)
    assert.are.same({ "", 0 }, { err, code })
  end)

  it("ends label_issues", function()
    local out, err, code = run [[
      local fits = 0
      print(pcall(data.label_issues, set, { folds = 3, verbose = 0, model = build,
        fit = { epochs = 9, on_epoch_end = function(log)
          if log.epoch == 1 then fits = fits + 1 end
          if fits == 2 then press() end
        end } }))
      print(fits)
      print(build():fit(set, { verbose = 0 }).stopped_early)]]
    assert.matches("^false\tinterrupted\n.*\n2\nfalse\n$", out)
    assert.are.same({ "", 0 }, { err, code })
  end)
end)
