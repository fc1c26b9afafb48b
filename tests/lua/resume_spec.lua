local digits = require "digits"
local support = require "tests.lua.support"
local nn = digits.nn

describe("a second fit", function()
  local x = digits.normal { 60, 4, seed = 1 }
  local set = digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 } }]:argmax { axis = 2 } }

  local function fresh()
    local model = nn.Sequential {
      nn.Input { 4 }, nn.Dropout { 0.2 }, nn.Dense { 3, activation = "softmax" }, seed = 7,
    }
    model:compile { optimizer = nn.Adam { 0.01 }, loss = "categorical_crossentropy" }
    return model
  end

  local function fit(model, options)
    options.verbose, options.batch_size = 0, 16
    model:fit(set, options)
    return model:weights()["dense.kernel"]
  end

  it("goes on where the first ended", function()
    local whole, halves = fresh(), fresh()
    fit(halves, { epochs = 2 })
    assert.is_true(fit(whole, { epochs = 4 }) == fit(halves, { epochs = 2 }))
  end)

  it("begins anew if asked", function()
    local model = fresh()
    local first = fit(model, { epochs = 3 })
    assert.is_true(first == fit(model, { epochs = 3, continue = false }))
    assert.is_false(first == fit(model, { epochs = 3, continue = true }))
  end)

  it("goes on bit by bit from a file with the optimizer's state", function()
    local folder = support.folder()
    local optimizers = {
      nn.Adam { 0.01 }, nn.SGD { 0.01, momentum = 0.9 }, nn.SGD { 0.01 },
      nn.Adam { 0.01, use_ema = true, ema_momentum = 0.9, weight_decay = 0.1, clipnorm = 1 },
    }
    for _, optimizer in ipairs(optimizers) do
      local path = folder .. "/model.safetensors"
      local function compiled()
        return fresh():compile { optimizer = optimizer, loss = "categorical_crossentropy" }
      end
      local whole, half = compiled(), compiled()
      fit(half, { epochs = 2 })
      local before = half:digest()
      half:save(path, { optimizer = true })
      local loaded = digits.load(path)
      assert.are.equal(before, loaded:digest())
      for _ = 1, 2 do fit(whole, { epochs = 2 }) end -- one of 4, but for the averages at its end
      fit(loaded, { epochs = 2 })
      assert.are.equal(whole:digest(), loaded:digest())
    end
  end)

  it("refuses to save the state of an optimizer that there is not", function()
    local path = support.folder() .. "/model.safetensors"
    local function message(model, name)
      return support.message(function() model:save(name or path, { optimizer = true }) end)
    end
    assert.matches("the Network has no optimizer, only compiled networks have one",
                   message(nn.Sequential { nn.Input { 4 }, nn.Dense { 3 } }))
    local boosting = digits.tree.GradientBoosting { n_estimators = 1 }
    boosting:fit(set, { verbose = 0 })
    assert.matches("the GradientBoosting has no optimizer", message(boosting))
    assert.matches("XGBoost's JSON does not hold the state of an optimizer",
                   message(boosting, (path:gsub("safetensors", "json"))))
  end)

  it("takes only options of its kind", function()
    local function message(options)
      return support.message(function() fresh():fit(set, options) end)
    end
    assert.matches("unknown option 'n_estimators'", message { n_estimators = 5 })
    assert.matches("continue must be", message { continue = 1 })
  end)
end)
