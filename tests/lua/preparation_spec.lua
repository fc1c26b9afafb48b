-- Steps that prepare rows: fitted with the model, applied wherever it sees rows, saved with it.
local digits = require "digits"
local support = require "tests.lua.support"
local data, nn, tree = digits.data, digits.nn, digits.tree
local message = support.message

-- Columns whose means and deviations are exact in floats; the last is constant.
local raw = digits.tensor { { 0, 300, 7 }, { 2, 100, 7 }, { 0, 100, 7 }, { 2, 300, 7 },
  { 0, 300, 7 }, { 2, 100, 7 }, { 2, 300, 7 }, { 0, 100, 7 }, dtype = "float32" }
local scaled = digits.tensor { { -1, 1, 0 }, { 1, -1, 0 }, { -1, -1, 0 }, { 1, 1, 0 },
  { -1, 1, 0 }, { 1, -1, 0 }, { 1, 1, 0 }, { -1, -1, 0 }, dtype = "float32" }
local y = digits.tensor { 0, 1, 1, 1, 0, 1, 1, 0, dtype = "int32" }
local steps = { data.StandardScaler {} }

local function network()
  local model = nn.Sequential { nn.Input { 3 }, nn.Dense { 4, activation = "tanh" },
    nn.Dense { 2, activation = "softmax" }, seed = 5 }
  return model:compile { optimizer = "adam", loss = "categorical_crossentropy",
    metrics = { "accuracy" } }
end

local MODELS = {
  network = network,
  forest = function() return tree.RandomForest { 5, seed = 1 } end,
  boosting = function() return tree.GradientBoosting { 3, max_depth = 2 } end,
  neighbors = function() return digits.neighbors.KNeighbors { 3 } end,
  linear = function() return digits.linear.LogisticRegression {} end,
}

describe("preparation", function()
  for name, new in pairs(MODELS) do
    it("is applied wherever a model sees rows: " .. name, function()
      local with, without = new(), new()
      local options = { verbose = 0, seed = 3, validation = { raw, y }, preparation = steps }
      local a = with:fit(raw, y, options)
      local b = without:fit(scaled, y, { verbose = 0, seed = 3, validation = { scaled, y } })
      assert.are.same(b.val_loss, a.val_loss)
      assert.are.same(b.loss, a.loss)
      assert.is_true(with:predict_proba(raw) == without:predict_proba(scaled))
      assert.is_true(with:predict(raw) == without:predict(scaled))
      assert.is_true(with:predict_proba(raw[{ { 2, 3 } }]) == with:predict_proba(raw)[{ { 2, 3 } }])
      assert.is_true(with:predict_proba(raw[4]) == without:predict_proba(scaled[4]))
      assert.are.equal(without:evaluate(scaled, y).loss, with:evaluate(raw, y).loss)
      assert.are_not.equal(without:digest(), with:digest()) -- what steps learn counts
      assert.are.same(steps, { table.unpack(with.preparation) })
      assert.matches("^model.preparation cannot be changed: it is an option of fit",
        message(function() with.preparation[1] = steps[1] end))
      assert.are.equal(tostring(steps[1]), tostring(with.preparation[1]))
      assert.is_nil(without.preparation)
    end)

    it("is saved with a model, in a file that older programs refuse: " .. name, function()
      local folder = support.folder()
      finally(function() support.remove(folder) end)
      local model, path = new(), folder .. "/model.safetensors"
      model:fit(raw, y, { verbose = 0, preparation = { data.StandardScaler { with_std = false } } })
      model:save(path)
      local loaded = digits.load(path)
      assert.are.equal(model:digest(), loaded:digest())
      assert.is_true(model:predict_proba(raw) == loaded:predict_proba(raw))
      assert.are.equal("StandardScaler { with_std = false }", tostring(loaded.preparation[1]))
      local file = assert(io.open(path, "rb"))
      local text = file:read "a"
      file:close()
      assert.is_truthy(text:find('\\"format\\":2', 1, true))
      model:fit(raw, y, { verbose = 0, continue = false })
      assert.is_nil(model.preparation)
    end)
  end

  it("is kept by a fit that goes on, and fitted anew by one that begins anew", function()
    local model, twice = network(), network()
    model:fit(raw, y, { verbose = 0, preparation = steps })
    model:fit(raw, y, { verbose = 0 })
    twice:fit(scaled, y, { verbose = 0 })
    twice:fit(scaled, y, { verbose = 0 })
    assert.is_true(model:predict_proba(raw) == twice:predict_proba(scaled))
    model:fit(raw * 3, y, { verbose = 0, preparation = { data.StandardScaler {} } })
    assert.is_true(model:features(raw, 1) == scaled)
    assert.matches("fit: the model continues with the preparation of its first fit",
      message(function()
        model:fit(raw, y, { verbose = 0, preparation = { data.StandardScaler { false } } })
      end))
    model:fit(raw * 3, y, { verbose = 0, preparation = steps, continue = false })
    assert.is_true(model:features(raw * 3, 1) == scaled)
    -- what is refused leaves the steps as they were
    assert.is_string(message(function()
      model:fit(raw[{ {}, { 1, 2 } }], y, { verbose = 0, continue = false, preparation = steps })
    end))
    assert.is_true(model:features(raw * 3, 1) == scaled)
    local gradients = model:gradients(data.from_tensors { x = raw * 3, y = y }, { seed = 1 })
    twice:set_weights(model:weights())
    local same = twice:gradients(data.from_tensors { x = scaled, y = y }, { seed = 1 })
    assert.is_true(gradients["dense.kernel"] == same["dense.kernel"])
  end)

  it("scales as scikit-learn's StandardScaler, bytes too, and passes over NaN", function()
    local model = network()
    local x = digits.tensor { { 1, 0, 9 }, { 2, 0, 0 / 0 }, { 3, 4, 1 }, { 4, 4, 2 },
      dtype = "float32" }
    assert.matches("the loss is nan", message(function() -- the steps are fitted all the same
      model:fit(x, y[{ { 1, 4 } }], { verbose = 0, preparation = steps })
    end))
    local rows = model:features(x, 1)
    for i, want in ipairs { -1.34164079, -0.4472136, 0.4472136, 1.34164079 } do
      assert.is_near(want, rows[i][1], 1e-6)
    end
    for i, want in pairs { [1] = 1.40487872, [3] = -0.84292723, [4] = -0.56195149 } do
      assert.is_near(want, rows[i][3], 1e-6)
    end
    assert.is_true(rows[2][3] ~= rows[2][3])
    local bytes = network()
    bytes:fit((raw / 2):astype "uint8", y, { verbose = 0, preparation = steps })
    assert.is_true(bytes:features((raw / 2):astype "uint8", 1) == scaled)
  end)

  it("says what is wrong", function()
    local function fit(preparation)
      return message(function() network():fit(raw, y, { preparation = preparation }) end)
    end
    assert.matches("^fit: preparation must be a list of steps, { data.StandardScaler {} }, found",
      fit(data.StandardScaler {}))
    assert.matches("^fit: preparation is a constructor: call it, as in preparation = " ..
      "data.StandardScaler {}", fit { data.StandardScaler })
    assert.matches("^fit: preparation must be a preparation or the name of one, found a part",
      fit { nn.Flatten {} })
    assert.matches("did you mean 'standard_scaler'", fit { "standard_scale" })
    assert.matches("StandardScaler: row 2, column 3", message(function()
      local x = raw:copy()
      x[2][3] = 1 / 0
      network():fit(x, y, { preparation = steps })
    end))
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local boost = tree.GradientBoosting { 2 }
    boost:fit(raw, y, { verbose = 0, preparation = { "standard_scaler" } })
    assert.matches("the model has a preparation, which XGBoost's JSON cannot express",
      message(function() boost:save(folder .. "/boost.json") end))
  end)
end)
