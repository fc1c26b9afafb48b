-- What our side shares: MNIST as the report split it, and the networks. peers/common.py has the
-- same in PyTorch.
local digits = require "digits"
local data, nn, tree = digits.data, digits.nn, digits.tree
local common = { precision = nil } -- of products in training: a script may set it

-- All 70 000 from the folder that `make data` fills: form is "idx" or "csv".
function common.read(form, folder)
  if form == "csv" then
    return data.csv {
      images = folder .. "/handwritten_digits_images.csv",
      labels = folder .. "/handwritten_digits_labels.csv",
    }
  end
  local function part(name)
    return data.idx {
      images = ("%s/%s-images-idx3-ubyte"):format(folder, name),
      labels = ("%s/%s-labels-idx1-ubyte"):format(folder, name),
    }
  end
  return data.concat { part "train", part "t10k" }
end

-- Training, validation and test set of the report's sizes.
function common.split(set)
  return set:split { 39200, 16800, 14000, seed = 1 }
end

local function compiled(layers)
  local network = nn.Sequential(layers)
  network:compile {
    optimizer = nn.Adam { learning_rate = 1e-3 },
    loss = "categorical_crossentropy",
    metrics = { "accuracy" },
    precision = common.precision,
  }
  return network
end

function common.cnn()
  return compiled {
    nn.Input { 28, 28, 1 },
    nn.Conv2D { 32, { 5, 5 }, activation = "relu" },
    nn.MaxPooling2D { { 2, 2 } },
    nn.Dropout { 0.5 },
    nn.Flatten {},
    nn.Dense { 128, activation = "relu" },
    nn.Dense { 10, activation = "softmax" },
  }
end

function common.dense()
  local l2 = nn.L2 { 5e-5 } -- PyTorch's weight_decay is twice Keras's factor
  return compiled {
    nn.Input { 784 },
    nn.Dense { 128, activation = "relu", kernel_regularizer = l2 },
    nn.Dense { 64, activation = "relu", kernel_regularizer = l2 },
    nn.Dense { 10, activation = "softmax" },
  }
end

function common.deep()
  local layers = { nn.Input { 28, 28, 1 } }
  local function add(layer)
    layers[#layers + 1] = layer
  end
  for _, filters in ipairs { 32, 64 } do
    for _ = 1, 2 do
      add(nn.Conv2D { filters, { 3, 3 }, padding = "same" })
      add(nn.BatchNormalization {})
      add(nn.Activation { "relu" })
    end
    add(nn.MaxPooling2D { { 2, 2 } })
  end
  add(nn.Flatten {})
  add(nn.Dense { 128, activation = "relu" })
  add(nn.Dropout { 0.5 })
  add(nn.Dense { 10, activation = "softmax" })
  return compiled(layers)
end

function common.forest(trees, seed)
  return tree.RandomForest { n_estimators = trees, max_features = "sqrt", seed = seed }
end

function common.boosting(rounds, seed)
  return tree.GradientBoosting {
    n_estimators = rounds, max_depth = 6, learning_rate = 0.3, seed = seed,
  }
end

-- With the options that make few errors for their time, as found on these rows: trees of 64 leaves
-- that are grown leaf-wise, each from a tenth of the rows. Few bins make the errors fewer too.
function common.leaves(rounds, seed)
  return tree.GradientBoosting {
    n_estimators = rounds, learning_rate = 0.2, grow_policy = "lossguide", max_leaves = 64,
    max_depth = 0, max_bin = 8, sampling_method = "gradient_based", subsample = 0.1,
    colsample_bynode = 0.3, min_child_weight = 0.1, reg_lambda = 0.1, seed = seed,
  }
end

-- A float32 tensor as bare bytes, lowest first, as numpy's fromfile and tofile have them.
function common.write_floats(path, tensor)
  local file <close> = assert(io.open(path, "wb"))
  for _, number in ipairs(tensor:reshape { -1 }:totable()) do
    assert(file:write(("<f"):pack(number)))
  end
end

function common.read_floats(path, shape)
  local file <close> = assert(io.open(path, "rb"))
  local bytes, numbers = file:read "a", {}
  for at = 1, #bytes, 4 do numbers[#numbers + 1] = ("<f"):unpack(bytes, at) end
  return digits.tensor(numbers):reshape(shape)
end

return common
