-- Parts of networks: constructors, their options, and what they say of themselves.
local digits = require "digits"
local nn = digits.nn
local support = dofile "tests/lua/support.lua"
local message = support.message

describe("a constructor", function()
  it("takes options by position and by name", function()
    local a = nn.Conv2D { 32, { 5, 5 }, activation = "relu" }
    assert.are.equal(32, a.filters)
    assert.are.same({ 5, 5 }, a.kernel_size)
    assert.are.equal("relu", a.activation)
    assert.are.equal("valid", a.padding)
    assert.are.equal(a, nn.Conv2D { filters = 32, kernel_size = 5, activation = "relu" })
    assert.are_not.equal(a, nn.Conv2D { 32, 3, activation = "relu" })
  end)

  it("takes plain values and nothing", function()
    assert.are.equal(0.5, nn.Dropout(0.5).rate)
    assert.are.equal("Flatten {}", tostring(nn.Flatten()))
    assert.are.equal("relu", nn.Dense(10, { activation = "relu" }).activation)
    assert.are.equal("Input { shape = {28, 28, 1} }", tostring(nn.Input { 28, 28, 1 }))
    assert.are.equal("Input { shape = {28, 28, 1} }", tostring(nn.Input { { 28, 28, 1 } }))
    assert.are.equal(10, nn.Dense { 10.0 }.units)
  end)

  it("takes parts in parts, and their names", function()
    local dense = nn.Dense { 8, kernel_regularizer = nn.L2 { 1e-4 },
      kernel_initializer = "he_normal" }
    assert.are.equal(1e-4, dense.kernel_regularizer.l2)
    assert.are.equal("HeNormal", dense.kernel_initializer.type)
    assert.are.equal("initializer", dense.kernel_initializer.kind)
    assert.is_nil(nn.Dense { 8 }.kernel_regularizer)
  end)

  it("shows the options that were given", function()
    assert.are.equal("Conv2D { filters = 32, kernel_size = {5, 5}, activation = \"relu\" }",
      tostring(nn.Conv2D { 32, { 5, 5 }, activation = "relu" }))
    assert.are.equal("Dense { units = 8, kernel_regularizer = L2 { l2 = 0.0001 }, name = \"out\" }",
      tostring(nn.Dense { 8, kernel_regularizer = nn.L2 { 1e-4 }, name = "out" }))
  end)

  it("suggests names", function()
    assert.are.equal("digits.nn has no field 'Conv2d', did you mean 'Conv2D'?",
      message(function() return nn.Conv2d end))
    assert.are.equal("Conv2D: unknown option 'kernal_size', did you mean 'kernel_size'?",
      message(function() nn.Conv2D { 32, kernal_size = 5 } end))
    assert.matches("found 'rleu', did you mean 'relu'%?$",
      message(function() nn.Dense { 10, activation = "rleu" } end))
    assert.matches("^Dense: kernel_initializer: .*did you mean 'he_normal'",
      message(function() nn.Dense { 10, kernel_initializer = "he_norml" } end))
    assert.are.equal("Dense has no field 'unit', did you mean 'units'?",
      message(function() return nn.Dense { 10 }.unit end))
  end)

  it("refuses wrong values", function()
    local function dense(options)
      return message(function() nn.Dense(options) end)
    end
    assert.matches("^Dense: units is required", dense {})
    assert.matches("^Dense: units must be a whole number from 1 to %d+, found 0$", dense { 0 })
    assert.matches("found %-3$", dense { -3 })
    assert.matches("found 2.5$", dense { 2.5 })
    assert.matches("found '10' %(a string%)$", dense { "10" })
    assert.matches("^Dense: units must be .*, found a function$", dense { print })
    assert.matches("^Dense: use_bias must be true or false, found 1$", dense { 10, use_bias = 1 })
    assert.are.equal("Dense: units was given by position and by name", dense { 10, units = 10 })
    assert.matches("the layer Flatten", dense { 10, kernel_initializer = nn.Flatten {} })
    assert.are.equal("Dense: positional value 1 is nil", dense { nil, "relu" })
    assert.matches("^Dropout: rate must be .*, found 1.5$",
      message(function() nn.Dropout { 1.5 } end))
    assert.matches("^Conv2D: kernel_size must be",
      message(function() nn.Conv2D { 3, { 1, 2, 3 } } end))
    assert.matches("takes no positional values", message(function() nn.Flatten { 3 } end))
  end)

  it("makes descriptions that never change", function()
    local part = nn.Dense { 10 }
    assert.matches("never changes", message(function() part.units = 5 end))
    assert.matches("constructor without fields", message(function() return nn.Dense.units end))
  end)
end)

describe("Sequential", function()
  it("names the layer that does not fit, and both shapes", function()
    local text = message(function()
      nn.Sequential { nn.Input { 28, 28, 1 }, nn.Dense { 10 } }
    end)
    assert.matches("^Sequential: layer 2 %(Dense 'dense', input {28, 28, 1}%)", text)
    assert.matches("nn.Flatten", text)
    assert.matches("layer 2 %(Conv2D .*{4, 4, 1}", message(function()
      nn.Sequential { nn.Input { 4, 4, 1 }, nn.Conv2D { 2, 5 } }
    end))
  end)

  it("says when a loss would take for probabilities what are none", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local out, err = support.run(folder, [[
      local nn = require("digits").nn
      for _, activation in ipairs { "softmax", "sigmoid", "linear", "relu" } do
        for _, loss in ipairs { "categorical_crossentropy", "mean_squared_error" } do
          local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = activation } }
          for _ = 1, 3 do model:compile { optimizer = "adam", loss = loss } end
        end
      end
    ]])
    local told = "digits%-lua: [^\n]*script%.lua:5: compile: the loss takes the outputs of " ..
      "'dense' as probabilities, but its activation is '"
    assert.are.equal("", out)
    assert.matches("^" .. told .. "linear'[^\n]*\n" .. told .. "relu'[^\n]*\n$", err)
  end)

  it("says when a metric will, before an epoch is spent on it", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local _, err = support.run(folder, [[
      local nn = require("digits").nn
      for _, activation in ipairs { "softmax", "linear", "sigmoid" } do
        local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = activation } }
        for _, metric in ipairs { "top_1_accuracy", "log_loss" } do
          model:compile { optimizer = "adam", loss = "mean_squared_error",
            metrics = { "accuracy", metric } }
        end
      end
    ]])
    local told = "digits%-lua: [^\n]*script%.lua:5: compile: the metric log_loss takes the " ..
      "outputs of 'dense' as probabilities, but its activation is '"
    assert.matches("^" .. told .. "linear'[^\n]*\n" .. told .. "sigmoid'[^\n]*\n$", err)
  end)

  it("says when a binary loss will", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local _, err = support.run(folder, [[
      local nn = require("digits").nn
      for _, activation in ipairs { "softmax", "sigmoid", "hard_sigmoid", "linear" } do
        local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 1, activation = activation } }
        model:compile { optimizer = "adam", loss = "binary_crossentropy" }
      end
    ]])
    assert.matches("^digits%-lua: [^\n]*script%.lua:4: compile: the loss takes the outputs of " ..
      "'dense' as probabilities, but its activation is 'linear': expected activation = " ..
      '"sigmoid"\n$', err)
  end)

  it("answers peers' names by ours", function()
    assert.are.equal("digits.nn has no field 'ReLU': here it is Activation, as in " ..
      'nn.Activation { "relu" }', message(function() return nn.ReLU end))
    assert.matches("here it is Dense, as in nn.Dense {", message(function() return nn.Linear end))
    assert.matches("here it is CategoricalCrossentropy, as in model:compile {",
      message(function() return nn.SparseCategoricalCrossentropy end))
    assert.matches("^digits.tree has no field 'XGBClassifier': here it is GradientBoosting,",
      message(function() return digits.tree.XGBClassifier end))
    assert.are.equal("digits.data has no field 'ReLU'",
      message(function() return digits.data.ReLU end))
  end)

  it("refuses what is no layer", function()
    assert.matches("layer 2 %(Input [^\n]*%): must be the first layer of a model",
      message(function() return nn.Sequential { nn.Input { 3 }, nn.Input { 3 } } end))
    assert.matches("the first layer must be nn.Input",
      message(function() nn.Sequential { nn.Dense { 10 } } end))
    assert.matches("value 2 is a constructor, not a layer",
      message(function() nn.Sequential { nn.Input { 4 }, nn.Flatten } end))
    assert.are.equal("Sequential: value 2 must be a layer, found 7",
      message(function() nn.Sequential { nn.Input { 4 }, 7 } end))
    assert.matches("expected a layer, found the optimizer Adam",
      message(function() nn.Sequential { nn.Input { 4 }, nn.Adam {} } end))
    assert.matches("^Sequential: layers is required", message(function() nn.Sequential {} end))
    assert.matches("two layers are named 'a'", message(function()
      nn.Sequential { nn.Input { 4 }, nn.Dense { 2, name = "a" }, nn.Dense { 2, name = "a" } }
    end))
  end)

  it("refuses to put another layer in the place of one", function()
    local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 3, name = "hidden" } }
    for _, change in ipairs { function() model.layers[2] = nn.Dense { 5 } end,
        function() table.insert(model.layers, nn.Dense { 5 }) end,
        function() table.remove(model.layers) end } do
      assert.are.equal("model.layers cannot be changed: make another model", message(change))
    end
    local names = {}
    for i, layer in ipairs(model.layers) do names[i] = layer.name end
    assert.are.same({ "input", "hidden" }, names)
    for i, layer in pairs(model.layers) do assert.are.equal(names[i], layer.name) end
    assert.are.equal(2, #model.layers)
    assert.is_nil(model.layers[3])
    assert.matches("^{{name = \"input\",.*, {name = \"hidden\",", tostring(model.layers))
  end)

  it("refuses to change a layer", function()
    local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 3, name = "hidden" } }
    local layer = model.layers[2]
    assert.are.equal("trainable must be true or false, found 0",
      message(function() layer.trainable = 0 end))
    assert.is_true(layer.trainable)
    assert.are.equal(15, layer.trainable_parameters)
    assert.are.equal("the field 'units' of a layer cannot be set: it describes the model; " ..
      "make another model", message(function() model.layers[2].units = 5 end))
    assert.matches("^Dense is a description and never changes; freeze the layer of a model",
      message(function() layer.part.trainable = false end))
    assert.matches("^Adam {} cannot be called: it is an optimizer",
      message(function() return nn.Adam {}(nn.Input { 3 }) end))
    assert.matches("^Input { shape = {3} } cannot be called: it takes no input",
      message(function() return nn.Input { 3 }(nn.Input { 3 }) end))
    assert.matches("^Dense: name must be a string, found 3",
      message(function() return nn.Dense { 3, name = 3 } end))
    assert.matches("^Dense is a description and never changes: make another one",
      message(function() layer.part.units = 5 end))
    for _, name in ipairs { "Dense", "Conv2D", "BatchNormalization" } do
      assert.matches("unknown option 'trainable': freeze the layer of a model",
        message(function() nn[name] { trainable = false } end))
    end
    assert.are.equal("a layer has no field 'units'", message(function() return layer.units end))
    assert.matches("no field 'output_shap', did you mean 'output_shape'",
      message(function() return layer.output_shap end))
    local fields = {}
    for name, value in pairs(layer) do fields[name] = value end
    assert.are.same({ "hidden", "Dense", 15, true, 15 },
      { fields.name, fields.type, fields.parameters, fields.trainable,
        fields.trainable_parameters })
    assert.matches("hidden", tostring(layer))
  end)

  it("tells of its layers", function()
    local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 3, name = "hidden" }, nn.Dense { 2 },
      name = "small" }
    assert.are.equal(3, #model)
    assert.are.equal(4 * 3 + 3 + 3 * 2 + 2, model.parameters)
    assert.are.equal(4 * 3 + 3 * 2, model.multiply_adds)
    assert.matches("\nmultiply%-adds of one row: 18$", model:summary())
    assert.are.equal("small", model.name)
    assert.are.equal("hidden", model.layers[2].name)
    assert.are.equal("Dense", model.layers[2].type)
    assert.are.same({ 3 }, model.layers[2].output_shape)
    assert.are.equal(3, model.layers[2].part.units)
    assert.are.equal(15, model.layers[2].parameters)
    assert.matches("hidden", model:summary())
    assert.are.equal("model 'small': 3 layers, 23 parameters, not compiled", tostring(model))
    assert.are.equal("a model has no field 'fitt', did you mean 'fit'?",
      message(function() return model.fitt end))
  end)

  it("draws the same weights from the same seed", function()
    local function weights(seed)
      local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 3 }, seed = seed }
      return model:weights()["dense.kernel"]
    end
    assert.are.equal(weights(1), weights(1))
    assert.are_not.equal(weights(1), weights(2))
  end)
end)

describe("NaN in an image", function()
  local function check(pooling, row, column)
    local where = ("%s at %d, %d"):format(pooling, row, column)
    local layers = { nn.Input { 3, 3, 1 }, pooling, nn.Flatten() }
    local pooled = nn.Sequential(layers)
    layers[4] = nn.Dense { 2, activation = "softmax" }
    local model = nn.Sequential(layers)
    model:compile { optimizer = nn.SGD(), loss = "categorical_crossentropy" }
    local x = digits.uniform { 2, 3, 3, 1, seed = 1 }
    x[1][row][column][1] = 0 / 0
    local y = pooled:predict_proba(x)
    assert.is_true(y[1][1] ~= y[1][1] and y[2][1] == y[2][1], where)
    local set = digits.data.from_tensors { x = x, y = digits.tensor { 0, 1, dtype = "int32" } }
    assert.matches("^fit: epoch 1, batch 1: ", message(function()
      model:fit(set, { verbose = 0, epochs = 1 })
    end), where)
  end

  it("goes through every pooling, wherever in the window it is", function()
    for _, pooling in ipairs {
      nn.MaxPooling2D(2), nn.MaxPooling2D { 2, strides = 1, padding = "same" }, nn.MaxPooling2D(3),
      nn.AveragePooling2D(2), nn.GlobalMaxPooling2D(), nn.GlobalAveragePooling2D(),
    } do
      for row = 1, 2 do
        for column = 1, 2 do check(pooling, row, column) end
      end
    end
  end)
end)

describe("groups of Conv2D", function()
  local images = (digits.range(20 * 36) * 7 % 17):astype("float32"):reshape { 20, 3, 3, 4 } / 17

  it("see their own channels, and come back from a file", function()
    local model = nn.Sequential { nn.Input { 3, 3, 4 },
      nn.Conv2D { 6, { 2, 2 }, groups = 2, name = "halves" } }
    assert.are.same({ 2, 2, 2, 6 }, { table.unpack(model:weights()["halves.kernel"].shape) })
    local outputs = model:predict_proba(images)
    local changed = images:copy()
    changed[{ {}, {}, {}, 4 }] = 1 -- of the second half
    local after = model:predict_proba(changed)
    local first, second = { {}, {}, {}, { 1, 3 } }, { {}, {}, {}, { 4, 6 } }
    assert.is_true(outputs[first] == after[first])
    assert.is_false(outputs[second] == after[second])
    local path = os.tmpname() .. ".safetensors"
    model:save(path)
    local again = digits.load(path)
    os.remove(path)
    assert.is_true(outputs == again:predict_proba(images))
  end)

  it("must divide filters and channels", function()
    assert.matches("^Conv2D: filters must be a multiple of groups, found 5 and 2$",
      message(function() nn.Conv2D { 5, { 2, 2 }, groups = 2 } end))
    assert.matches("the channels of its input must be a multiple of groups, found 1 and 2",
      message(function() nn.Sequential { nn.Input { 3, 3, 1 },
        nn.Conv2D { 4, { 2, 2 }, groups = 2 } } end))
  end)
end)

describe("LayerNormalization", function()
  local set = digits.data.from_tensors {
    x = ((digits.range(64 * 20) * 7 % 17):astype "float32" / 17):reshape { 64, 5, 4 },
    y = digits.range(64) % 3,
  }

  local function trained(threads)
    digits.threads(threads)
    local model = nn.Sequential {
      nn.Input { 5, 4 }, nn.LayerNormalization { axis = { -2, -1 }, scale = false },
      nn.Flatten {}, nn.Dense { 40, activation = "tanh" }, nn.LayerNormalization {},
      nn.Dense { 3, activation = "softmax" }, seed = 3,
    }
    model:compile { optimizer = nn.Adam {}, loss = "categorical_crossentropy" }
    model:fit(set, { epochs = 3, seed = 1, verbose = 0 })
    return model
  end

  it("gives the same bits on any number of threads, and comes back from a file", function()
    local before = digits.threads()
    local model, other = trained(1), trained(3)
    digits.threads(before)
    assert.are.same({ 5, 4 }, { table.unpack(model:weights()["layer_normalization.beta"].shape) })
    assert.is_nil(model:weights()["layer_normalization.gamma"])
    assert.is_true(model:predict_proba(set) == other:predict_proba(set))
    local path = os.tmpname() .. ".safetensors"
    model:save(path)
    local again = digits.load(path)
    os.remove(path)
    assert.is_true(model:predict_proba(set) == again:predict_proba(set))
    assert.are.equal("LayerNormalization { axis = {-2, -1}, scale = false }",
      tostring(again.layers[2].part))
  end)

  it("takes the last axes alone", function()
    for _, axis in ipairs { -2, { -3, -1 }, { -1, -1 } } do
      assert.matches("^LayerNormalization: axis must be %-1, or the last axes, as in { %-2, %-1 }",
        message(function() nn.LayerNormalization { axis = axis } end))
    end
    assert.matches("axis names 2 axes, but a row has shape {3}", message(function()
      nn.Sequential { nn.Input { 3 }, nn.LayerNormalization { axis = { -2, -1 } } }
    end))
  end)
end)
