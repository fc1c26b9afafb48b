local digits = require "digits"
local nn = digits.nn

describe("mixup", function()
  local N = 6

  -- What one step from zero makes of the weights of a softmax, for rows and labels that are those
  -- of the unit matrix, mixed by S: (S'S - 1 / N) / N.
  local function step(options, dtype)
    local x = digits.zeros { N, N, dtype = dtype }
    local y = {}
    for i = 1, N do
      x[i][i] = dtype == "uint8" and 255 or 1
      y[i] = i - 1
    end
    local set = digits.data.from_tensors { x = x, y = digits.tensor(y):astype "int32" }
    local model = nn.Sequential { nn.Input { N },
      nn.Dense { N, activation = "softmax", kernel_initializer = "zeros", use_bias = false } }
    model:compile { optimizer = nn.SGD { learning_rate = 1 }, loss = "categorical_crossentropy",
      metrics = { "accuracy" } }
    options.epochs, options.batch_size, options.verbose = 1, N, 0
    model:fit(set, options)
    return model:weights()["dense.kernel"] * N + 1 / N
  end

  it("mixes rows and labels alike, by a share of at least a half", function()
    local different = {}
    for seed = 1, 20 do
      local w = step { mixup = 0.8, seed = seed }
      local diagonal = 1
      for i = 1, N do diagonal = math.min(diagonal, w[i][i]) end
      -- the diagonal is s^2 + (1 - s)^2
      local share = (1 + math.sqrt(math.max(0, 2 * diagonal - 1))) / 2
      different[("%.3f"):format(share)] = true
      local part = share * (1 - share)
      for i = 1, N do
        local sum = 0
        for j = 1, N do
          sum = sum + w[i][j]
          local of = { i == j and diagonal or 0, i == j and 1 or part, i == j and 1 or 2 * part }
          local off = 1
          for _, value in ipairs(of) do off = math.min(off, math.abs(w[i][j] - value)) end
          assert.is_true(off < 1e-5, off)
        end
        assert.is_true(math.abs(sum - 1) < 1e-5)
      end
      assert.is_true((step({ mixup = 0.8, seed = seed }, "uint8") - w):abs():max() < 1e-6)
    end
    local count = 0
    for _ in pairs(different) do count = count + 1 end
    assert.is_true(count > 12, count)
  end)

  it("mixes the weights of rows with them", function()
    local weights = { 3, 1, 1, 0.5, 1, 1 }
    local by_class, mean = {}, 0
    for i, weight in ipairs(weights) do
      by_class[i - 1] = weight
      mean = mean + weight / N
    end
    -- each row occurs once as itself and once as another's partner: over all, by its own weight
    local w = step { mixup = 0.8, seed = 2, class_weight = by_class }
    for j = 1, N do
      local sum = 0
      for i = 1, N do sum = sum + w[i][j] end
      assert.is_true(math.abs(sum - (weights[j] - mean + 1)) < 1e-5)
    end
  end)

  local x = digits.uniform { 70, 5, 5, 1, seed = 4 }
  local set = digits.data.from_tensors { x = x, y = x[{ {}, 3, 3, 1 }]:gt(0.5):astype "int32" }

  local function fitted(threads, first, second, options)
    local before = digits.threads()
    digits.threads(threads)
    local model = nn.Sequential { nn.Input { 5, 5, 1 }, nn.RandomFlip {}, nn.Flatten {},
      nn.Dense { 8, activation = "relu" }, nn.Dense { 2, activation = "softmax" }, seed = 1 }
    model:compile { optimizer = "adam", loss = "categorical_crossentropy",
      metrics = { "accuracy", "log_loss" } }
    for _, epochs in ipairs { first, second } do
      model:fit(set, { epochs = epochs, batch_size = 16, verbose = 0, seed = 3, mixup = options })
    end
    digits.threads(before)
    return model
  end

  it("is the same for one and two threads, and goes on where it stopped", function()
    local one, two = fitted(1, 2, nil, 0.4), fitted(2, 1, 1, 0.4)
    local plain, none = fitted(1, 2), fitted(1, 2, nil, 0)
    for name, weight in pairs(one:weights()) do
      if type(name) == "string" then
        assert.is_true(two:weights()[name] == weight, name)
        assert.is_true(plain:weights()[name] == none:weights()[name], name)
        assert.is_false(plain:weights()[name] == weight, name)
      end
    end
    assert.are.equal(one.history.loss[2], two.history.loss[1])
  end)

  it("mixes numbers too", function()
    local numbers = digits.data.from_tensors { x = x, y = x[{ {}, 3, 3, 1 }] }
    local model = nn.Sequential { nn.Input { 5, 5, 1 }, nn.Flatten {}, nn.Dense { 1 }, seed = 1 }
    model:compile { optimizer = nn.Adam { 0.02 }, loss = "mean_squared_error" }
    model:fit(numbers, { epochs = 300, mixup = 1, verbose = 0, seed = 1 })
    assert.is_true(model:evaluate(numbers).loss < 1e-3) -- the number is one of the row's values
  end)

  it("refuses an alpha below zero", function()
    local ok, message = pcall(fitted, 1, 1, nil, -0.1)
    assert.is_false(ok)
    assert.matches("fit: mixup must be a number of at least 0, found %-0.1", message)
  end)
end)
