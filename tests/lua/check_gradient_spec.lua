-- nn.check_gradient finds right gradients right, and wrong ones wrong.
local digits = require "digits"
local support = require "tests.lua.support"
local nn = digits.nn

local x = digits.normal { 6, 5, 5, 2, seed = 2 }
local y = digits.tensor { 0, 1, 2, 0, 1, 2 }

local function network()
  local model = nn.Sequential {
    nn.Input { 5, 5, 2 }, nn.Conv2D { 3, 2, activation = "tanh" }, nn.BatchNormalization {},
    nn.Dropout { 0.2 }, nn.Flatten {}, nn.Dense { 3, activation = "softmax" }, seed = 1,
  }
  return model:compile { optimizer = nn.SGD {}, loss = "categorical_crossentropy" }
end

describe("nn.check_gradient", function()
  it("compares each weight that is trained, and leaves the model as it was", function()
    local model = network()
    local before = model:digest()
    local report = nn.check_gradient(model, x, y, { seed = 3 })
    local names = {}
    for i, row in ipairs(report) do names[i] = row.weight end
    assert.same({ "conv2d.kernel", "conv2d.bias", "batch_normalization.gamma",
      "batch_normalization.beta", "dense.kernel", "dense.bias" }, names)
    assert.is_true(report.error < 0.01, tostring(report))
    assert.equal(before, model:digest())
    assert.matches("^weight +by gradient +by difference +error\nconv2d%.kernel +", tostring(report))
  end)

  it("takes a set, and networks of numbers", function()
    local set = digits.data.from_tensors { x = x, y = y }
    assert.is_true(nn.check_gradient(network(), set).error < 0.01)
    local line = nn.Sequential { nn.Input { 2 }, nn.Dense { 1 }, seed = 1 }
    line:compile { optimizer = nn.SGD {}, loss = "mean_squared_error" }
    local numbers = digits.tensor { 1, 2, 4, 8, dtype = "float32" }
    local report = nn.check_gradient(line, digits.normal { 4, 2, seed = 1 }, numbers)
    assert.is_true(report.error < 1e-3, tostring(report))
  end)

  -- A kink beside the weights makes the loss differ from what the gradient says.
  it("shows what does not agree", function()
    local model = nn.Sequential { nn.Input { 1 }, nn.Dense { 1, activation = "hard_sigmoid" },
      nn.Dense { 2, activation = "softmax" }, seed = 1 }
    model:compile { optimizer = nn.SGD {}, loss = "categorical_crossentropy" }
    model:set_weights { ["dense.kernel"] = digits.tensor { { 3.01 } } }
    local one = digits.tensor { { 1 }, dtype = "float32" }
    local report = nn.check_gradient(model, one, digits.tensor { 1 })
    assert.is_true(report[1].gradient == 0 and report[1].difference ~= 0, tostring(report))
    assert.is_true(report.error >= report[1].error and report[1].error > 0.1, tostring(report))
  end)

  it("refuses what is no network", function()
    local forest = digits.tree.RandomForest { n_estimators = 1 }
    assert.matches("^check_gradient: model must be a network, found ",
      support.message(function() nn.check_gradient(forest, x, y) end))
    assert.matches("^check_gradient: model is required",
      support.message(function() nn.check_gradient() end))
  end)
end)
