local digits = require "digits"
local support = require "tests.lua.support"
local nn = digits.nn

-- y = softmax(dense(x + dense(x)))
local function residual(seed)
  local x = nn.Input { 6 }
  local sum = nn.Add {} { x, nn.Dense { 6, activation = "tanh", name = "branch" }(x) }
  local y = nn.Dense { 3, activation = "softmax", name = "head" }(sum)
  return nn.Model { inputs = x, outputs = y, seed = seed, name = "residual" }
end

local function set(rows)
  local x = digits.normal { rows, 6, seed = 3 }
  return digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 } }]:argmax { axis = 2 } - 1 }
end

describe("a network with branches", function()
  it("computes what its layers say", function()
    local model, x = residual(1), digits.normal { 9, 6, seed = 2 }
    local w = model:weights()
    local sum = x + (x:matmul(w["branch.kernel"]) + w["branch.bias"]):tanh()
    local logits = (sum:matmul(w["head.kernel"]) + w["head.bias"]):exp()
    local chances = logits / logits:sum { axis = 2, keep = true }
    assert.is_true((chances - model:predict_proba(x)):abs():max() < 1e-6)
    assert.equal("residual", model.name)
    assert.matches("inputs", model:summary())
  end)

  it("learns, is kept in a file, and is read again", function()
    local model, train = residual(1), set(300)
    model:compile { optimizer = nn.Adam { 0.02 }, loss = "categorical_crossentropy" }
    model:fit(train, { epochs = 20, verbose = 0 })
    assert.is_true(model:evaluate(train).accuracy > 0.9)
    local folder = support.folder()
    model:save(folder .. "/residual.safetensors")
    local again = digits.load(folder .. "/residual.safetensors")
    support.remove(folder)
    assert.is_true(again:predict_proba(train) == model:predict_proba(train))
  end)

  it("shares the weights of a layer that is called twice", function()
    local x, dense = nn.Input { 4 }, nn.Dense { 4 }
    local twice = nn.Model { inputs = x, outputs = dense(dense(x)) }
    assert.equal(20, twice.parameters)
    assert.equal(3, #twice)
  end)

  it("refuses what is no graph", function()
    local x = nn.Input { 4 }
    assert.matches("Add: Dense { units = 4 } is a layer without an input",
      support.message(function() return nn.Add {} { x, nn.Dense { 4 } } end))
    assert.matches("Dense: the input must be nn.Input",
      support.message(function() return nn.Dense { 4 }(3) end))
    assert.matches("Add: expected its inputs, found none",
      support.message(function() return nn.Add {} {} end))
    assert.matches("^Adam {} cannot be called: it is an optimizer",
      support.message(function() return nn.Adam {}(x) end))
    assert.matches("Model: outputs is required",
      support.message(function() return nn.Model { inputs = x } end))
    assert.matches("Model: unknown option 'output': use outputs = ...",
      support.message(function() return nn.Model { inputs = x, output = x } end))
    local joined = support.message(function()
      return nn.Model { inputs = x, outputs = nn.Add {} { x, nn.Dense { 3 }(x) } }
    end)
    assert.matches("same shape, or with 1 where they differ, found {4} and {3}$", joined)
    assert.matches("Input", support.message(function()
      return nn.Model { inputs = x, outputs = nn.Add {} { x, nn.Input { 4 } } }
    end))
  end)
end)
