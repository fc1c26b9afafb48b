-- Quantised networks: int8 for predicting.
local digits = require "digits"
local data, nn, plot = digits.data, digits.nn, digits.plot
local support = dofile "tests/lua/support.lua"
local message = support.message

local train, test, folder, model, small

local function build(metrics)
  local network = nn.Sequential { nn.Input { 28, 28, 1 },
    nn.Conv2D { 8, { 5, 5 }, strides = 2 }, nn.BatchNormalization {}, nn.Activation { "relu" },
    nn.MaxPooling2D { { 2, 2 } }, nn.Flatten {}, nn.Dropout { 0.2 },
    nn.Dense { 32, activation = "relu" }, nn.Dense { 10, activation = "softmax" }, seed = 3 }
  return network:compile { optimizer = nn.Adam { learning_rate = 1e-2 },
    loss = "categorical_crossentropy", metrics = metrics or { "accuracy", "f1" } }
end

setup(function()
  local all = data.open "vendor/mnist"
  train, test = all:take(3000), all:rows(digits.range { 6001, 7001 })
  folder = support.folder()
  model = build()
  model:fit(train, { epochs = 3, batch_size = 50, verbose = 0 })
  small = model:quantize(train:take(500))
end)
teardown(function() support.remove(folder) end)

describe("model:quantize", function()
  it("predicts as the network does", function()
    local before, after = model:evaluate(test), small:evaluate(test)
    assert.is_true(before.accuracy > 0.9)
    assert.is_true(math.abs(after.accuracy - before.accuracy) <= 0.005)
    assert.is_true(math.abs(after.f1 - before.f1) <= 0.01)
    assert.is_true(math.abs(after.loss / before.loss - 1) < 0.05)
    local proba = small:predict_proba(test)
    assert.are.same({ 1000, 10 }, proba.shape)
    assert.is_true((proba - model:predict_proba(test)):abs():mean() < 0.005)
    local labels = small:predict(test)
    assert.are.equal(after.accuracy, digits.metrics.accuracy(test, labels))
    assert.are.equal(labels[7], small:predict(test.x[7])[1])
    assert.are.same(model.classes, small.classes)
  end)

  it("takes rows as floats or bytes, and those of floats alike", function()
    local floats = test.x / 255
    assert.are.equal(small:predict_proba(test), small:predict_proba(floats))
    local other = model:quantize(train.x[{ { 1, 300 } }] / 255)
    assert.is_true((other:predict_proba(test) - small:predict_proba(test)):abs():mean() < 0.005)
  end)

  it("says what runs how", function()
    local text = small:summary()
    assert.matches("\nparameters: 9,818 ", text)
    assert.matches("\nprecision: int8 %(%d+ bytes of weights, float32: %d+%)", text)
    assert.matches("\nint8: conv2d, batch_normalization, activation, max_pooling2d, dense, " ..
      "dense_1$", text)
    assert.are.equal("int8", small.precision)
    assert.is_true(small.weight_bytes < 4 * model.parameters / 3)
    assert.are.equal("QuantizedNetwork, fitted", tostring(small))
  end)

  it("is kept in a file, with int8 weights", function()
    local path = folder .. "/small.safetensors"
    small:save(path)
    local again = digits.load(path)
    assert.are.equal(small:predict_proba(test), again:predict_proba(test))
    assert.are.equal(small:digest(), again:digest())
    assert.are.equal(small:evaluate(test).loss, again:evaluate(test).loss)
    assert.are.equal(small:summary(), again:summary())
    local text = support.read(path)
    assert.matches('\\"precision\\":\\"int8\\"', text, 1, true)
    assert.matches('"conv2d.kernel":{"dtype":"I8"', text, 1, true)
    model:save(folder .. "/model.safetensors", { recipe = false })
    small:save(path, { recipe = false })
    assert.is_true(#support.read(path) < #support.read(folder .. "/model.safetensors") / 2)
  end)

  it("goes where models go", function()
    assert.is_truthy(plot.compare { { name = "float32", seconds = 2,
      accuracy = model:evaluate(test).accuracy },
      { name = "int8", seconds = 1, accuracy = small:evaluate(test).accuracy } })
    assert.are.equal(784, #small:permutation_importance(test:take(20), { repeats = 1 }))
  end)

  it("keeps a preparation", function()
    local network = build { "accuracy" }
    network:fit(train:take(500), { epochs = 2, verbose = 0,
      preparation = { data.StandardScaler {} } })
    local other = network:quantize(train:take(300))
    assert.is_true(math.abs(other:evaluate(test).accuracy - network:evaluate(test).accuracy) < 0.02)
    other:save(folder .. "/prepared.safetensors")
    assert.are.equal(other:predict_proba(test),
      digits.load(folder .. "/prepared.safetensors"):predict_proba(test))
  end)

  it("refuses what it cannot do", function()
    local only = "a quantised network predicts only; fit the network it was made from"
    assert.are.equal("fit: " .. only,
      message(function() small:fit(train, { epochs = 1, batch_size = 5 }) end))
    assert.are.equal("compile: " .. only,
      message(function() small:compile { optimizer = "adam", loss = "mse" } end))
    assert.are.equal("quantize: this network is quantised already",
      message(function() small:quantize(train) end))
    assert.are.equal("quantize: the model was never fitted: fit it first",
      message(function() build():quantize(train) end))
    assert.are.equal("quantize: the model takes rows of shape {28, 28, 1} (784 values), the " ..
      "data has rows of shape {5} (5 values)",
      message(function() model:quantize(digits.zeros { 3, 5 }) end))
    assert.are.equal("quantize: calibration must be a tensor or a dataset, found 3",
      message(function() model:quantize(3) end))
    assert.matches("^quantize: calibration is required", message(function() model:quantize() end))
    assert.matches("^cannot write .*%.onnx: ", message(function()
      small:save(folder .. "/small.onnx")
    end))
    local rows = digits.zeros { 2, 784 }
    rows[2][3] = 0 / 0
    assert.matches("^predict: .*row 2.*", message(function() small:predict(rows) end))
    assert.are.equal(small:predict(test), small:predict(test)) -- nothing of it has changed
  end)
end)
