-- How networks are trained: what all optimizers take, schedules, and weights of rows.
local digits = require "digits"
local data, nn = digits.data, digits.nn
local support = dofile "tests/lua/support.lua"
local message = support.message

-- 300 rows of three classes, which a line tells apart.
local function make_set()
  local x = digits.uniform { 300, 40, low = -1, high = 1, seed = 3 }
  local y = x:matmul(digits.uniform { 40, 3, low = -1, high = 1, seed = 4 }):argmax { axis = 2 }
  return data.from_tensors { x = x, y = y:astype "int32" }
end

local set = make_set()

local function build(optimizer, loss)
  local model = nn.Sequential { nn.Input { 40 }, nn.Dense { 70, activation = "tanh" },
    nn.Dense { 3, activation = "softmax", kernel_regularizer = nn.L2 { 1e-4 } }, seed = 5 }
  return model:compile { optimizer = optimizer, loss = loss or "categorical_crossentropy",
    metrics = { "accuracy" } }
end

-- The weights after two epochs.
local function fitted(optimizer, options)
  local model = build(optimizer, options and options.loss)
  local fit = { epochs = 2, batch_size = 37, verbose = 0, seed = 1 }
  for name, value in pairs(options or {}) do fit[name] = name ~= "loss" and value or nil end
  model:fit(set, fit)
  return model:weights()
end

local function differ(a, b)
  for _, name in ipairs(a) do
    if a[name] ~= b[name] then return true end
  end
  return false
end

-- The same bits for 1 and 2 threads, of what differs from `other`.
local function same_for_threads(optimizer, other, options)
  local before = digits.threads()
  digits.threads(1)
  local one = fitted(optimizer, options)
  digits.threads(2)
  local two = fitted(optimizer, options)
  digits.threads(before)
  assert.is_false(differ(one, two))
  assert.is_true(differ(one, other))
end

describe("every optimizer", function()
  -- A limit that no gradient reaches makes an update wait for all gradients.
  it("updates weights part by part as it would as a whole", function()
    local x = digits.uniform { 90, 250, low = -1, high = 1, seed = 6 }
    local rows = data.from_tensors { x = x, y = set.y[{ { 1, 90 } }] }
    local function weights(limit)
      local model = nn.Sequential { nn.Input { 250 }, nn.Dense { 70, activation = "relu" },
        nn.Dense { 110 }, nn.Dense { 3, activation = "softmax" }, seed = 5 }
      model:compile { optimizer = nn.Adam { clipnorm = limit, use_ema = true },
        loss = "categorical_crossentropy" }
      model:fit(rows, { epochs = 2, batch_size = 40, verbose = 0 })
      return model:weights()
    end
    local parts = weights()
    assert.is_false(differ(parts, weights(1e30)))
    assert.is_true(differ(parts, weights(1e-3)))
  end)

  for _, name in ipairs { "SGD", "RMSprop", "Adam", "AdamW", "Lion", "Lamb", "Muon" } do
    local make = nn[name]
    it("clips, decays and averages weights: " .. name, function()
      local plain = fitted(make {})
      for _, options in ipairs { { clipnorm = 0.01 }, { clipvalue = 1e-3 },
        { global_clipnorm = 0.01 }, { weight_decay = 0.5 }, { use_ema = true },
        { use_ema = true, ema_momentum = 0.5, ema_overwrite_frequency = 3 } } do
        same_for_threads(make(options), plain)
      end
    end)

    it("refuses nonsense: " .. name, function()
      local function says(text, options)
        assert.are.equal(name .. ": " .. text, message(function() make(options) end))
      end
      local number = " must be a number of at least 0, found -1"
      says("weight_decay" .. number, { weight_decay = -1 })
      says("clipvalue must be a number above 0 or nil, found 0", { clipvalue = 0 })
      says("global_clipnorm must be a number above 0 or nil, found -2", { global_clipnorm = -2 })
      says("expected at most one of clipnorm, clipvalue and global_clipnorm",
        { clipnorm = 1, global_clipnorm = 1 })
      says("ema_momentum must be a number from 0 to 1, found 1.5", { ema_momentum = 1.5 })
      says("ema_momentum needs use_ema = true", { ema_momentum = 0.9 })
      says("ema_overwrite_frequency needs use_ema = true", { ema_overwrite_frequency = 2 })
    end)
  end
end)

describe("Muon", function()
  local images = digits.uniform { 50, 6, 6, 2, seed = 7 }
  local labelled = data.from_tensors { x = images,
    y = images[{ {}, 3, 3, 1 }]:gt(0.5):astype "int32" }

  -- What one step takes away from each weight, divided by `unit`.
  local function step(unit, options)
    options.learning_rate, options.weight_decay, options.adam_weight_decay = 1e-2, 0, 0
    options.ns_steps = 20 -- until even small singular values are near 1
    local model = nn.Sequential { nn.Input { 6, 6, 2 }, nn.Conv2D { 4, 3, activation = "tanh" },
      nn.Flatten {}, nn.Dense { 2, activation = "sigmoid" }, seed = 1 }
    model:compile { optimizer = nn.Muon(options), loss = "mean_squared_error" }
    local before = model:weights()
    model:fit(labelled, { batch_size = 50, verbose = 0 })
    local after = model:weights()
    return function(name) return (before[name] - after[name]) / (1e-2 * unit) end
  end

  -- Its columns have about the length 1, and are about at right angles.
  local function expect_orthogonal(x)
    local product = x:transpose():matmul(x)
    for i = 1, #product do
      for j = 1, #product do
        local value = product[i][j]
        assert.is_true(i == j and value > 0.4 and value < 1.6 or
          i ~= j and math.abs(value) < 0.45, value)
      end
    end
  end

  -- The first step of Adam has the size of the learning rate.
  local function expect_adam(x)
    local size = x:abs()
    assert.is_true(size:max() < 1.001 and size:mean() > 0.95, size:mean())
  end

  it("makes the steps of matrices orthogonal, kernels of convolutions among them", function()
    expect_orthogonal(step(math.sqrt(18) * 0.2, {}) "conv2d.kernel":reshape { 18, 4 })
    expect_orthogonal(step(math.sqrt(64) * 0.2, {}) "dense.kernel")
    expect_orthogonal(step(1, { rms_rate = 0, nesterov = false }) "dense.kernel")
    expect_adam(step(1, {}) "dense.bias")
    expect_adam(step(0.5, { adam_lr_ratio = 0.5 }) "conv2d.bias")
  end)

  it("leaves to Adam what it is told to", function()
    expect_adam(step(1, { convolutions = false }) "conv2d.kernel")
    expect_orthogonal(step(math.sqrt(64) * 0.2, { convolutions = false }) "dense.kernel")
    expect_adam(step(1, { exclude_output = true }) "dense.kernel")
    expect_orthogonal(step(math.sqrt(18) * 0.2, { exclude_output = true })
      "conv2d.kernel":reshape { 18, 4 })
  end)
end)

describe("averages of the weights", function()
  local averaging = nn.SGD { 0.5, use_ema = true, ema_momentum = 0.9 }

  it("take the place of the weights at the end of a fit", function()
    local model, plain = build(averaging), build(nn.SGD { 0.5 })
    local during, last
    local options = { epochs = 3, verbose = 0, seed = 1, on_epoch_end = function()
      during = model:weights()
    end }
    model:fit(set, options)
    options.on_epoch_end = nil
    plain:fit(set, options)
    last = model:weights()
    assert.is_false(differ(during, plain:weights()))
    assert.is_true(differ(during, last))
  end)

  it("leave the weights of the best epoch to early stopping", function()
    local model, plain = build(averaging), build(nn.SGD { 0.5 })
    local options = { epochs = 3, verbose = 0, seed = 1, validation = set,
      early_stopping = { patience = 3, restore_best = true } }
    model:fit(set, options)
    plain:fit(set, options)
    assert.is_false(differ(model:weights(), plain:weights()))
  end)

  it("begin anew with the model", function()
    local model = build(averaging)
    local options = { epochs = 2, verbose = 0, seed = 1, continue = false }
    model:fit(set, options)
    local first = model:weights()
    model:fit(set, options)
    assert.is_false(differ(first, model:weights()))
  end)

  it("are an option that files keep", function()
    local path = os.tmpname()
    build(averaging):save(path)
    local optimizer = digits.load(path).optimizer
    os.remove(path)
    assert.are.equal(averaging, optimizer)
    assert.are.equal("SGD { learning_rate = 0.5, use_ema = true, ema_momentum = 0.9 }",
      tostring(optimizer))
  end)
end)

describe("reduce_lr_on_plateau", function()
  -- The learning rate of each of seven epochs, of which only the first is an improvement.
  local function rates(options, optimizer)
    options.min_delta = options.min_delta or 100
    local model = build(optimizer or nn.SGD { 0.5 })
    local history = model:fit(set, { epochs = 7, verbose = 0, seed = 1,
      reduce_lr_on_plateau = options })
    return { table.unpack(history.learning_rate) }, model, history
  end

  it("reduces the learning rate", function()
    assert.are.same({ 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125 },
      (rates { factor = 0.5, patience = 2 }))
    assert.are.same({ 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125 },
      (rates { factor = 0.5, patience = 2, cooldown = 2 }))
    assert.are.same({ 0.5, 0.5, 0.25, 0.2, 0.2, 0.2, 0.2 },
      (rates { factor = 0.5, patience = 0, min_lr = 0.2 }))
    assert.are.same({ 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 }, (rates {}))
    local found, model = rates { factor = 0.5, patience = 3 }
    assert.are.same({ 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25 }, found)
    assert.are.equal(0.125, model.optimizer.learning_rate) -- after the seventh epoch
  end)

  it("watches a score, whichever way is better", function()
    for _, name in ipairs { "loss", "accuracy" } do
      local _, _, history = rates({ monitor = name, min_delta = 0, patience = 1, factor = 0.5 },
        nn.SGD { 8 })
      local best, rate, way = math.huge, 8, name == "loss" and 1 or -1
      for i, score in ipairs(history[name]) do
        assert.are.equal(rate, history.learning_rate[i])
        if way * score >= best then rate = rate / 2 end
        best = math.min(best, way * score)
      end
      assert.is_true(rate < 8)
    end
  end)

  it("reduces it when Keras does", function()
    for _, case in ipairs(dofile "tests/golden/plateaus.lua") do
      local model, epoch = build(nn.SGD { 0.5 }), 0
      model:compile { optimizer = nn.SGD { 0.5 }, loss = "categorical_crossentropy",
        metrics = { score = function()
          epoch = epoch + 1
          return case.scores[epoch]
        end } }
      case.options.monitor = "score"
      local history = model:fit(set, { epochs = #case.scores, verbose = 0,
        reduce_lr_on_plateau = case.options })
      for i, rate in ipairs(case.rates) do
        assert.is_true(math.abs(history.learning_rate[i] - rate) < 1e-7, i)
      end
    end
  end)

  it("goes on from a checkpoint", function()
    local path = os.tmpname()
    local options = { verbose = 0, seed = 1, reduce_lr_on_plateau = { factor = 0.5, patience = 2,
      min_delta = 100 } }
    local whole, half, rest = build(nn.Adam {}), build(nn.Adam {}), build(nn.Adam {})
    options.epochs = 6
    local history = whole:fit(set, options)
    os.remove(path)
    options.epochs, options.checkpoint = 2, path
    half:fit(set, options)
    options.epochs, options.checkpoint, options.resume = 6, nil, path
    local again = rest:fit(set, options)
    os.remove(path)
    assert.is_false(differ(whole:weights(), rest:weights()))
    assert.are.same({ table.unpack(history.learning_rate) }, { table.unpack(again.learning_rate) })
  end)

  it("refuses nonsense", function()
    local function says(text, options, optimizer)
      assert.are.equal("fit: reduce_lr_on_plateau: " .. text,
        message(function() rates(options, optimizer) end))
    end
    says("factor must be a number above 0 and below 1, found 1", { factor = 1 })
    says("patience must be a whole number of at least 0, found -1", { patience = -1 })
    says("monitor = \"val_loss\" needs validation data", { monitor = "val_loss" })
    says("no score is named 'los', did you mean 'loss'?; the scores are loss, accuracy, " ..
      "val_loss and val_accuracy", { monitor = "los" })
    says("the learning rate follows a schedule: give the optimizer a number, or leave this out", {},
      nn.SGD { nn.CosineDecay { 0.1, 10 } })
    assert.are.equal("fit: unknown option 'reduce_lr': it is an option of networks, " ..
      "reduce_lr_on_plateau = { ... }",
      message(function() digits.tree.RandomForest {}:fit(set, { reduce_lr = {} }) end))
  end)
end)
