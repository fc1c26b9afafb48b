-- Numbers that are none.
local digits = require "digits"
local support = dofile "tests/lua/support.lua"
local nn = digits.nn

describe("a fit on data with NaN", function()
  it("says in which epoch and batch it came up, and keeps the weights of before", function()
    local x, y = digits.uniform { 9, 4, seed = 1 }, digits.zeros { 9, dtype = "int32" }
    local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 2, activation = "softmax" } }
    model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
    x[5][2] = 0 / 0
    local message = support.message(function()
      model:fit(x, y, { batch_size = 2, shuffle = false, verbose = 0 })
    end)
    assert.matches("^fit: epoch 1, batch 3: the loss is nan: ", message)
    local kernel = model:weights()["dense.kernel"]
    assert.is_true(kernel == kernel) -- NaN is unequal to itself
  end)
end)
