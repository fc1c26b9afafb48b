-- Learning rates: schedules, and rates that are set while a model is trained.
local digits = require "digits"
local data, nn = digits.data, digits.nn
local message = dofile("tests/lua/support.lua").message

local x = digits.uniform { 60, 5, low = -1, high = 1, seed = 3 }
local set = data.from_tensors { x = x, y = x:argmax { axis = 2 }:astype "int32" }

local function build(optimizer)
  local model = nn.Sequential { nn.Input { 5 }, nn.Dense { 5, activation = "softmax" }, seed = 5 }
  return model:compile { optimizer = optimizer, loss = "categorical_crossentropy" }
end

-- Fits; ten batches an epoch.
local function fit(model, options)
  local all = { epochs = 1, batch_size = 6, verbose = 0, seed = 1 }
  for name, value in pairs(options or {}) do all[name] = value end
  return model:fit(set, all)
end

local function same(a, b)
  for _, name in ipairs(a) do
    if a[name] ~= b[name] then return false end
  end
  return true
end

describe("a schedule", function()
  for _, case in ipairs(dofile "tests/golden/schedules.lua") do
    it("gives what Keras or PyTorch gives: " .. case[1], function()
      local schedule = load("local nn = ... return " .. case[1], "=golden", "t")(nn)
      for i, step in ipairs(case.steps) do
        local found, expected = schedule(step), case.rates[i]
        local off = math.abs(found - expected)
        if off > 1e-8 + 1e-7 * expected then -- Keras's cosines are float32
          error(("step %d: %.14g, expected %.14g"):format(step, found, expected))
        end
      end
    end)
  end

  it("stays where it ends", function()
    local cycle = nn.OneCycle { 0.1, 20, div_factor = 10, final_div_factor = 100 }
    assert.are.equal(cycle(19), cycle(20))
    assert.are.equal(cycle(19), cycle(10 ^ 15))
    assert.is_true(math.abs(cycle(19) - 1e-4) < 1e-15)
    assert.are.equal(0.5, nn.OneCycle { 0.5, 1 } (0) * 25e4)
    assert.are.equal(0, nn.CosineDecay { 0.1, 10 } (11))
    assert.are.equal(0, nn.PolynomialDecay { 0.1, 10, 0, power = 0.5 } (11))
  end)

  it("refuses nonsense", function()
    local function says(text, call)
      assert.are.equal(text, message(call))
    end
    says("CosineDecay: initial_learning_rate must be a number of at least 0, found -1",
      function() nn.CosineDecay { -1, 5 } end)
    says("CosineDecay: decay_steps must be a whole number of at least 1, found 0",
      function() nn.CosineDecay { 1, 0 } end)
    says("CosineDecay: a warm-up needs both warmup_target and warmup_steps",
      function() nn.CosineDecay { 0, 5, warmup_target = 1 } end)
    says("ExponentialDecay: decay_rate must be a number above 0, found 0",
      function() nn.ExponentialDecay { 1, 5, 0 } end)
    says("PiecewiseConstantDecay: boundaries must be a list of 1 to 8 numbers of at least 0, " ..
      "found {} (a list)", function() nn.PiecewiseConstantDecay { {}, { 1 } } end)
    says("PiecewiseConstantDecay: values must have one number more than boundaries, found 2 and 2",
      function() nn.PiecewiseConstantDecay { { 1, 2 }, { 1, 2 } } end)
    says("PiecewiseConstantDecay: boundaries must increase, found 2 after 2",
      function() nn.PiecewiseConstantDecay { { 2, 2 }, { 1, 2, 3 } } end)
    says("PiecewiseConstantDecay: values must be a list of 1 to 8 numbers of at least 0, found " ..
      "{1, -2} (a list)", function() nn.PiecewiseConstantDecay { { 2 }, { 1, -2 } } end)
    says("OneCycle: unknown option 'max_lr': use max_learning_rate",
      function() nn.OneCycle { max_lr = 1 } end)
    says("OneCycle: three_phase needs a pct_start of at most 0.5, found 0.75",
      function() nn.OneCycle { 1, 10, pct_start = 0.75, three_phase = true } end)
    says("OneCycle: step must be a whole number of at least 0, found -1",
      function() nn.OneCycle { 1, 10 } (-1) end)
    for _, value in ipairs { -1, 1 / 0, "cosine_decay", nn.L2 {}, false } do
      assert.matches("^Adam: learning_rate must be a number of at least 0 or a schedule, found",
        (message(function() nn.Adam { learning_rate = value } end)))
    end
    says("Adam: learning_rate is a constructor: call it, as in learning_rate = nn.CosineDecay {}",
      function() nn.Adam { learning_rate = nn.CosineDecay } end)
  end)

  it("sets the rate of each step, across fits", function()
    -- a rate of 0 after 13 steps, of which the first epoch has 10
    local schedule = nn.PiecewiseConstantDecay { { 12 }, { 0.5, 0 } }
    local scheduled, plain = build(nn.SGD { schedule }), build(nn.SGD { 0.5 })
    fit(scheduled)
    fit(plain)
    assert.is_true(same(scheduled:weights(), plain:weights()))
    local rates = {}
    local history = fit(scheduled, { epochs = 2, on_batch_end = function(log)
      rates[#rates + 1] = log.learning_rate
    end })
    fit(plain, { on_batch_end = function(log) return log.batch < 3 end })
    assert.is_true(same(scheduled:weights(), plain:weights()))
    assert.are.same({ 0.5, 0.5, 0, 0 }, { table.unpack(rates, 1, 4) }) -- of the next step
    assert.are.same({ 0, 0 }, { table.unpack(history.learning_rate) })
    assert.is_nil(fit(plain).learning_rate)
    fit(scheduled, { continue = false })
    fit(plain, { continue = false })
    assert.is_true(same(scheduled:weights(), plain:weights())) -- the schedule began anew
  end)

  it("has the same bits for 1 and 2 threads, with every optimizer", function()
    local before = digits.threads()
    for _, name in ipairs { "SGD", "RMSprop", "Adam", "AdamW", "Lion", "Lamb", "Muon" } do
      local optimizer = nn[name] { learning_rate = nn.OneCycle { 0.01, 20 } }
      local weights = {}
      for threads = 1, 2 do
        digits.threads(threads)
        local model = build(optimizer)
        fit(model, { epochs = 2 })
        weights[threads] = model:weights()
      end
      assert.is_true(same(weights[1], weights[2]))
    end
    digits.threads(before)
  end)

  it("is kept in files", function()
    local path = os.tmpname()
    for _, schedule in ipairs { nn.PiecewiseConstantDecay { { 1.5, 2 }, { 1, 0.1, 0 } },
      nn.OneCycle { 0.1, 20, anneal_strategy = "linear" }, nn.ExponentialDecay { 1, 5, 0.9 },
      nn.CosineDecay { 0, 20, warmup_target = 0.1, warmup_steps = 3 },
      nn.PolynomialDecay { 1, 20, cycle = true } } do
      local optimizer = nn.Adam { learning_rate = schedule, clipnorm = 1 }
      build(optimizer):save(path)
      local loaded = digits.load(path).optimizer
      assert.are.equal(optimizer, loaded)
      assert.are.equal(tostring(optimizer), tostring(loaded))
      assert.are.equal(schedule(7), loaded.learning_rate(7))
    end
    os.remove(path)
  end)

  it("goes on from a checkpoint, with averages of the weights", function()
    local path = os.tmpname()
    for _, optimizer in ipairs { nn.SGD { nn.OneCycle { 0.5, 40 }, momentum = 0.9, use_ema = true },
      nn.Adam { nn.CosineDecay { 0.01, 40 }, use_ema = true, ema_overwrite_frequency = 7 } } do
      local whole, half, rest = build(optimizer), build(optimizer), build(optimizer)
      local history = fit(whole, { epochs = 4 })
      os.remove(path)
      fit(half, { epochs = 2, checkpoint = path })
      local again = fit(rest, { epochs = 4, resume = path })
      assert.is_true(same(whole:weights(), rest:weights()))
      assert.is_false(same(whole:weights(), half:weights()))
      assert.are.same({ table.unpack(history.learning_rate) },
        { table.unpack(again.learning_rate) })
    end
    os.remove(path)
  end)

  it("is shown", function()
    assert.are.equal("SGD { learning_rate = PiecewiseConstantDecay { boundaries = {1000}, " ..
      "values = {0.1, 0.01} } }",
      tostring(nn.SGD { nn.PiecewiseConstantDecay { { 1000 }, { 0.1, 0.01 } } }))
    assert.are.same({ 0.1, 0.01 },
      { table.unpack(nn.PiecewiseConstantDecay { { 1000 }, { 0.1, 0.01 } }.values) })
    local text = tostring(fit(build(nn.SGD { nn.ExponentialDecay { 1e-5, 5, 0.5 } })))
    assert.matches("2.5e%-06", text)
  end)
end)

describe("the learning rate of a model", function()
  it("can be set between fits and in callbacks", function()
    local changed, early = build(nn.SGD { 0.5, momentum = 0.9 }), build(nn.SGD { 0.5,
      momentum = 0.9 })
    local optimizer = changed.optimizer
    assert.are.equal(0.5, optimizer.learning_rate)
    fit(changed)
    changed.optimizer.learning_rate = 0
    assert.are.equal(0, optimizer.learning_rate)
    assert.are.equal("SGD { learning_rate = 0.0, momentum = 0.9 }", tostring(optimizer))
    optimizer.learning_rate = 1 / 8
    assert.are.equal(0.125, changed.optimizer.learning_rate)
    assert.are.equal(0.9, changed.optimizer.momentum)
    fit(changed, { seed = 2 })
    fit(early, { on_epoch_end = function() early.optimizer.learning_rate = 0.125 end })
    fit(early, { seed = 2 })
    assert.is_true(same(changed:weights(), early:weights()))
    fit(early, { on_batch_end = function() early.optimizer.learning_rate = 0 end })
    assert.is_false(same(changed:weights(), early:weights()))
  end)

  it("is not that of the description, nor of another model", function()
    local description = nn.SGD { 0.5 }
    local one, two = build(description), build(description)
    one.optimizer.learning_rate = 0.25
    assert.are.equal(0.5, description.learning_rate)
    assert.are.equal(0.5, two.optimizer.learning_rate)
    assert.are.equal("SGD is a description and never changes: make another one",
      message(function() description.learning_rate = 1 end))
    local three = build(one.optimizer)
    assert.are.equal(0.25, three.optimizer.learning_rate)
    getmetatable(one).__close(one)
    assert.are.equal(0.25, three.optimizer.learning_rate)
  end)

  it("may become a schedule, and is saved as it is", function()
    local model, path = build(nn.SGD { 0.5 }), os.tmpname()
    model.optimizer.learning_rate = nn.CosineDecay { 0.1, 10 }
    assert.are.equal(nn.CosineDecay { 0.1, 10 }, model.optimizer.learning_rate)
    model.optimizer.learning_rate = 0.25
    model:save(path)
    assert.are.equal(0.25, digits.load(path).optimizer.learning_rate)
    os.remove(path)
  end)

  it("refuses nonsense, and other options", function()
    local optimizer = build(nn.SGD { 0.5 }).optimizer
    assert.are.equal("SGD: learning_rate must be a number of at least 0 or a schedule, found -1",
      message(function() optimizer.learning_rate = -1 end))
    assert.are.equal("SGD: learning_rate must be given, found nil",
      message(function() optimizer.learning_rate = nil end))
    assert.are.equal("SGD: only the learning rate of a model's optimizer can be set: to change " ..
      "momentum, compile again", message(function() optimizer.momentum = 0.5 end))
    assert.are.equal("SGD is a description and never changes: make another one",
      message(function() optimizer.lr = 0.5 end))
    assert.are.equal(0.5, optimizer.learning_rate)
  end)
end)

describe("a function of the step", function()
  it("gives the learning rate of each update, across fits", function()
    local schedule = nn.ExponentialDecay { 0.5, 5, 0.5 }
    local steps = {}
    local function rate(step)
      steps[#steps + 1] = step
      return schedule(step)
    end
    local scheduled, called, path = build(nn.SGD { schedule }), build(nn.SGD {}), os.tmpname()
    for _ = 1, 2 do
      fit(scheduled)
      local history = fit(called, { learning_rate = rate })
      assert.are.equal(schedule(#steps - 1), history.learning_rate[1]) -- of the last update
    end
    assert.is_true(same(scheduled:weights(), called:weights()))
    assert.are.equal(20, #steps)
    assert.are.same({ 0, 1, 19 }, { steps[1], steps[2], steps[20] })
    called:save(path) -- with the last number
    assert.are.equal(schedule(19), digits.load(path).optimizer.learning_rate)
    os.remove(path)
    fit(called, { learning_rate = rate, continue = false })
    assert.are.equal(0, steps[21])
  end)

  it("raises what is wrong", function()
    local model = build(nn.SGD {})
    local function says(text, rate, options)
      options = options or {}
      options.learning_rate = rate
      local found = message(function() fit(model, options) end)
      assert.are.equal(text, found:match "^[^\n]*") -- a traceback may follow
    end
    says("fit: learning_rate must return a number, found nil", function() end)
    says("fit: step 0: SGD: learning_rate must be a number of at least 0 or a schedule, found -1",
      function() return -1 end)
    says("fit: learning_rate must be a function, found 0.5", 0.5)
    assert.matches("oh dear", (message(function()
      fit(model, { learning_rate = function() error "oh dear" end })
    end)))
    says("fit: learning_rate: the rate is reduced on a plateau already: leave out one of them",
      function() return 1 end, { reduce_lr_on_plateau = {} })
    model = build(nn.SGD { nn.CosineDecay { 1, 5 } })
    says("fit: learning_rate: the rate follows a schedule already: leave out one of them",
      function() return 1 end)
  end)
end)
