local digits = require "digits"
local support = require "tests.lua.support"
local nn = digits.nn

describe("the layers of a model", function()
  local x = digits.normal { 80, 6, 6, 1, seed = 1 }
  local set = digits.data.from_tensors { x = x, y = x[{ {}, { 1, 3 }, 1, 1 }]:argmax { axis = 2 } }

  local function build(options)
    options = options or {}
    local model = nn.Sequential {
      nn.Input { 6, 6, 1 }, nn.Conv2D { 4, { 3, 3 }, kernel_regularizer = nn.L2 { 0.01 } },
      nn.BatchNormalization {}, nn.Activation(options.activation or "relu"), nn.Flatten {},
      nn.Dense { 8, activation = options.activation or "relu", name = "hidden" },
      nn.Dense { 3, activation = "softmax" },
      seed = options.seed or 3,
    }
    return model:compile {
      optimizer = options.optimizer or nn.Adam { 0.01 }, loss = "categorical_crossentropy",
    }
  end

  local function fit(model, epochs, continue)
    return model:fit(set, { epochs = epochs or 2, batch_size = 16, verbose = 0,
      continue = continue })
  end

  local function changed(before, after)
    local names = {}
    for _, name in ipairs(before) do
      if before[name] ~= after[name] then names[#names + 1] = name end
    end
    return table.concat(names, " ")
  end

  it("are frozen and thawed", function()
    for _, optimizer in ipairs {
      nn.Adam { 0.01 }, nn.SGD { 0.1, momentum = 0.9, clipnorm = 1 },
      nn.AdamW { 0.01, use_ema = true, global_clipnorm = 1 },
    } do
      local model = build { optimizer = optimizer }
      fit(model)
      local before = model:weights()
      for _, name in ipairs { "hidden", "batch_normalization" } do
        model:layer(name).trainable = false
      end
      assert.is_false(model.layers[6].trainable)
      assert.are.equal(0, model.layers[6].trainable_parameters)
      fit(model)
      assert.are.equal("conv2d.kernel conv2d.bias dense.kernel dense.bias",
                       changed(before, model:weights()))
      local gradients = model:gradients(set)
      assert.is_nil(gradients["hidden.kernel"])
      assert.is_truthy(gradients["conv2d.kernel"])
      for _, layer in ipairs(model.layers) do layer.trainable = true end
      before = model:weights()
      fit(model)
      assert.are.equal(table.concat(before, " "), changed(before, model:weights()))
    end
  end)

  it("that are all frozen leave nothing to learn", function()
    local model = build()
    for _, layer in ipairs(model.layers) do layer.trainable = false end
    local digest = model:digest()
    fit(model)
    assert.are.equal(digest, model:digest())
  end)

  it("have the gradients of the network when some are frozen", function()
    local model = build { activation = "tanh" }
    fit(model)
    model:layer("batch_normalization").trainable = false
    -- the frozen layer uses its running means, as in prediction: the loss is that of evaluate
    local _, loss = model:gradients(set)
    assert.is_true(math.abs(loss - model:evaluate(set).loss) < 1e-5)
    local kernel, step = model:weights()["conv2d.kernel"], 1e-2
    local function loss_at(change)
      local moved = kernel:copy()
      moved[2][1][1][3] = moved[2][1][1][3] + change
      model:set_weights { ["conv2d.kernel"] = moved }
      return model:evaluate(set).loss
    end
    local slope = (loss_at(step) - loss_at(-step)) / (2 * step)
    model:set_weights { ["conv2d.kernel"] = kernel }
    local gradient = model:gradients(set)["conv2d.kernel"][2][1][1][3]
    assert.is_true(math.abs(slope - gradient) < 0.02 * math.abs(slope) + 1e-4)
  end)

  it("stay frozen in a file", function()
    local folder = support.folder()
    local path, model = folder .. "/model.safetensors", build()
    model:layer("hidden").trainable = false
    fit(model)
    model:save(path, { optimizer = true })
    local again = digits.load(path)
    assert.is_false(again:layer("hidden").trainable)
    assert.is_true(again:layer("dense").trainable)
    fit(model)
    fit(again)
    assert.are.equal(model:digest(), again:digest())
    support.remove(folder)
  end)

  it("give and take their weights", function()
    local model = build()
    local layer = model:layer(-1)
    assert.are.equal("dense", layer.name)
    assert.are.same({ "kernel", "bias" }, { table.unpack(layer:weights()) })
    layer:set_weights { bias = digits.tensor { 1, 2, 3, dtype = "float32" } }
    assert.is_true(model:weights()["dense.bias"] ==
      digits.tensor { 1, 2, 3, dtype = "float32" })
    local function message(weights)
      return support.message(function() layer:set_weights(weights) end)
    end
    assert.matches("set_weights: bias must have shape {3}, found {2}",
                   message { bias = digits.zeros { 2 } })
    assert.matches("the layer 'dense' has no weight 'karnel', did you mean 'kernel'",
                   message { karnel = digits.zeros { 8, 3 } })
    assert.matches("layer: the model has no layer 'dence', did you mean 'dense'",
                   support.message(function() model:layer "dence" end))
    assert.matches("layer: layer must be a whole number from 1 to 7",
                   support.message(function() model:layer(8) end))
  end)

  it("begin other models, which have weights of their own", function()
    local base = build()
    fit(base)
    local upto = nn.Model { inputs = base:layer(1).output, outputs = base:layer("hidden").output }
    assert.is_true(upto(set) == base:features(set, "hidden"))
    local head = nn.Dense { 2, activation = "softmax" }(base:layer("hidden").output)
    local other = nn.Model { inputs = base:layer(1).output, outputs = head, seed = 1 }
    assert.are.equal("input conv2d batch_normalization activation flatten hidden dense",
      (function()
        local names = {}
        for i, layer in ipairs(other.layers) do names[i] = layer.name end
        return table.concat(names, " ")
      end)())
    assert.is_true(other:features(set, "hidden") == base:features(set, "hidden"))
    local digest = base:digest()
    other:compile { optimizer = "adam", loss = "categorical_crossentropy" }
    other:fit(set:only { 1, 2 }, { epochs = 1, verbose = 0 })
    assert.are.equal(digest, base:digest())
    assert.is_false(other:features(set, "hidden") == base:features(set, "hidden"))
    local prepared = build()
    prepared:fit(set, { verbose = 0, preparation = { digits.data.StandardScaler {} } })
    assert.matches("belongs to a model with a preparation", support.message(function()
      nn.Model { inputs = prepared:layer(1).output, outputs = prepared:layer("hidden").output }
    end))
  end)
end)

describe("a network learnt on the digits 0 to 4", function()
  it("serves 5 to 9", function()
    local all = digits.data.mnist { part = "train" }
    local low = all:only { 0, 1, 2, 3, 4 }:take(2500)
    local high = all:only { 5, 6, 7, 8, 9 }
    local few, test = high:take(60), digits.data.mnist { part = "test" }:only { 5, 6, 7, 8, 9 }
    local function learn(model, set, epochs)
      model:compile { optimizer = nn.Adam { 2e-3 }, loss = "categorical_crossentropy",
        metrics = { "accuracy" } }
      model:fit(set, { epochs = epochs, batch_size = 20, verbose = 0, seed = 1 })
      return model
    end
    local function network()
      return nn.Sequential {
        nn.Input { 28, 28, 1 }, nn.Conv2D { 8, { 5, 5 }, activation = "relu" },
        nn.MaxPooling2D { { 2, 2 } }, nn.Flatten {},
        nn.Dense { 64, activation = "relu", name = "hidden" },
        nn.Dense { 5, activation = "softmax", name = "head" }, seed = 1,
      }
    end
    local base = learn(network(), low, 5)
    local head = nn.Dense { 5, activation = "softmax" }(base:layer("hidden").output)
    local model = nn.Model { inputs = base:layer(1).output, outputs = head, seed = 1 }
    for _, name in ipairs { "conv2d", "hidden" } do model:layer(name).trainable = false end
    local fresh = network()
    for _, name in ipairs { "conv2d", "hidden" } do fresh:layer(name).trainable = false end
    local served = learn(model, few, 30):evaluate(test).accuracy
    local random = learn(fresh, few, 30):evaluate(test).accuracy
    assert.is_true(served > random + 0.02, ("%g, %g"):format(served, random))
    assert.is_true(model:weights()["hidden.kernel"] == base:weights()["hidden.kernel"])
  end)
end)
