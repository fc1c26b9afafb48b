local digits = require "digits"
local nn = digits.nn

describe("features", function()
  local model = nn.Sequential {
    nn.Input { 6, 6, 1 },
    nn.Conv2D { 3, { 3, 3 }, activation = "relu" },
    nn.Dropout { 0.5 },
    nn.Flatten {},
    nn.Dense { 4, activation = "tanh", name = "hidden" },
    nn.Dense { 2, activation = "softmax" },
    seed = 1,
  }
  local x = digits.uniform { 70, 6, 6, 1, seed = 2 }

  it("are the outputs of a layer, by name or place", function()
    assert.same({ 70, 4, 4, 3 }, { table.unpack(model:features(x, "conv2d").shape) })
    assert.same({ 70, 4 }, { table.unpack(model:features(x, "hidden").shape) })
    assert.is_true(model:features(x, 5) == model:features(x, "hidden"))
    assert.is_true(model:features(x, -2) == model:features(x, "hidden"))
    assert.is_true(model:features(x, 1) == x)
  end)

  it("of the last layer are the prediction", function()
    assert.is_true(model:features(x, -1) == model:predict_proba(x))
  end)

  it("lead to the prediction through the layers that follow", function()
    local weights = model:weights()
    local hidden = model:features(x, "hidden")
    local logits = hidden:matmul(weights["dense.kernel"]) + weights["dense.bias"]
    local chances = logits:exp() / logits:exp():sum { axis = 2, keep = true }
    assert.is_true((chances - model:predict_proba(x)):abs():max() < 1e-6)
  end)

  it("ask for a layer that is there", function()
    assert.has_error(function() model:features(x, "hiden") end)
    local _, message = pcall(model.features, model, x, "hiden")
    assert.matches("no layer 'hiden', did you mean 'hidden'%?", message)
    for _, place in ipairs { 0, 7, -7 } do
      assert.is_false((pcall(model.features, model, x, place)))
    end
  end)
end)
