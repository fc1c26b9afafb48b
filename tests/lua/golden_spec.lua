-- Networks against PyTorch and Keras: tests/golden/make_nn.py, make_keras.py and make_layers.py say
-- what is in tests/golden/nn.lua, keras.lua and layers.lua.
local digits = require "digits"
local data, nn = digits.data, digits.nn

-- The expected values are float64, written with 7 digits. Ours are float32: sums over up to a few
-- hundred products, and five steps of an optimizer. Measured, they differ by a tenth of this at
-- most. Adam and RMSprop are the worst: they divide by gradients as small as 1e-5, which makes a
-- rounding error of 1e-8 a thousandth of a step of 1e-3. A wrong formula is off by far more.
local RELATIVE, ABSOLUTE = 2e-5, 2e-6

local cases = dofile "tests/golden/nn.lua"
for _, more in ipairs { "keras", "layers" } do
  table.move(dofile("tests/golden/" .. more .. ".lua"), 1, 1000, #cases + 1, cases)
end

local function tensor(values, dtype)
  local flat = digits.tensor { dtype = dtype, table.unpack(values) }
  return flat:reshape(values.shape)
end

-- Fails unless `found` has the shape of `expected` and its values.
local function expect(what, expected, found)
  assert.are.same(expected.shape, { table.unpack(found.shape) }, what)
  local flat = found:reshape { -1 }:totable()
  for i, value in ipairs(expected) do
    local off = math.abs(flat[i] - value)
    if off ~= off or off > ABSOLUTE + RELATIVE * math.abs(value) then
      error(("%s: number %d is %.9g, expected %.9g"):format(what, i, flat[i], value), 0)
    end
  end
end

-- Fails unless both have the same names (the list part of weights() has them in order).
local function expect_all(what, expected, found)
  for _, name in ipairs(found) do
    if not expected[name] then error(what .. " has " .. name .. ", which is not expected", 0) end
  end
  for name, values in pairs(expected) do
    if not found[name] then error(what .. " lacks " .. name, 0) end
    expect(what .. " of " .. name, values, found[name])
  end
end

local function evaluate(text)
  return load("local nn = ... return " .. text, "=golden", "t")(nn)
end

local function network(case)
  if case.layers then return nn.Sequential(evaluate("{ " .. case.layers .. " }")) end
  local x = nn.Input(case.shape)
  return nn.Model { inputs = x, outputs = load("local nn, x = ... " .. case.graph)(nn, x) }
end

local function build(case)
  local model = network(case)
  local loss = case.loss:find("nn.", 1, true) and evaluate(case.loss) or case.loss
  model:compile { optimizer = evaluate(case.optimizer), loss = loss }
  local weights = {}
  for name, values in pairs(case.weights) do weights[name] = tensor(values) end
  model:set_weights(weights)
  return model
end

local function make_set(case)
  local y = digits.tensor { dtype = "int32", table.unpack(case.labels) }
  local weights = case.fit and case.fit.sample_weight
  local set = data.from_tensors { x = tensor(case.input), y = y,
    weights = weights and digits.tensor(weights) }
  return case.one_hot and set:one_hot() or set
end

describe("golden values:", function()
  it("are there for every optimizer", function()
    local updates = {}
    for _, case in ipairs(cases) do updates[case.optimizer:match "^nn%.%w+"] = true end
    for name, part in pairs(digits.reference()) do
      if part.kind == "optimizer" then assert.is_true(updates["nn." .. name:match "%w+$"], name) end
    end
  end)

  it("are there for every layer that draws nothing at random", function()
    local seen = {}
    for _, case in ipairs(cases) do
      for name in (case.layers or case.graph):gmatch "nn%.(%w+)" do seen[name] = true end
    end
    for name, part in pairs(digits.reference()) do
      local layer = name:match "%w+$"
      local random = layer:find "Dropout" or layer:find "Noise" or layer:find "^Random"
      if part.kind == "layer" and layer ~= "Input" and not random then
        assert.is_true(seen[layer], layer)
      end
    end
  end)

  for _, case in ipairs(cases) do
    it(case.name, function()
      local set, model = make_set(case), build(case)
      local rows = #case.labels
      expect("the output", case.output, model:features(set.x, -1))

      if not (case.fit and case.fit.class_weight) then
        local gradients, loss = model:gradients(set)
        expect("the loss", { shape = { 1 }, case.losses[1] }, digits.tensor { loss })
        expect_all("the gradient", case.gradients, gradients)
      end

      model = build(case)
      local options = { epochs = #case.losses, batch_size = rows, shuffle = false, verbose = 0 }
      options.class_weight = case.fit and case.fit.class_weight
      local history = model:fit(set, options)
      expect("the losses", { shape = { #case.losses }, table.unpack(case.losses) },
        digits.tensor { dtype = "float32", table.unpack(history.loss) })
      if case.after then expect_all("the weights after five steps", case.after, model:weights()) end
      expect("the output after five steps", case.output_after, model:features(set.x, -1))
      if case.classes then assert.are.same(case.classes, { table.unpack(model.classes) }) end
    end)
  end
end)

-- Cross-entropy from logits (tests/golden/make_logits.py), which a softmax last passes on: nothing
-- is clipped. Float32 logits are given exactly; the logarithm of a sum is rounded once.
describe("the cross-entropy of logits", function()
  local identity = digits.tensor { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 }, { 0, 0, 0, 1 } }
  local ends = {
    dense = { nn.Dense { 4, use_bias = false, activation = "softmax" } },
    activation = { nn.Dense { 4, use_bias = false }, nn.Activation { "softmax" } },
    conv2d = { nn.Reshape { 1, 1, 4 }, nn.Conv2D { 4, { 1, 1 }, use_bias = false,
      activation = "softmax" }, nn.Flatten {} },
  }
  for name, layers in pairs(ends) do
    local clipped = name == "conv2d" -- its softmax is not the last layer: Flatten is
    it("is not clipped if the network ends in softmax: " .. name, function()
      local model = nn.Sequential { nn.Input { 4 }, table.unpack(layers) }
      model:compile { optimizer = nn.SGD { 1e-3 }, loss = "categorical_crossentropy" }
      local kernel = model:weights()[1]
      for i, case in ipairs(dofile "tests/golden/logits.lua") do
        local expected = clipped and math.min(case[3], -math.log(1e-7)) or case[3]
        local set = data.from_tensors { x = digits.tensor { case[1] },
          y = digits.tensor { case[2], dtype = "int32" } }
        local function weigh()
          model:set_weights { [kernel] = identity:reshape(model:weights()[kernel].shape) }
        end
        local function expect_loss(what, found)
          if math.abs(found - expected) > 2e-7 + 1e-7 * expected then
            error(("row %d: %s is %.9g, expected %.9g"):format(i, what, found, expected))
          end
        end
        weigh()
        expect_loss("the loss of fit", model:fit(set, { verbose = 0 }).loss[1])
        weigh()
        expect_loss("the loss of evaluate", model:evaluate(set).loss)
      end
    end)
  end
end)
