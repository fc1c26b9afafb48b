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

  it("takes only options of its kind", function()
    local function message(options)
      return support.message(function() fresh():fit(set, options) end)
    end
    assert.matches("unknown option 'sample_weight'", message { sample_weight = x })
    assert.matches("continue must be", message { continue = 1 })
  end)
end)
