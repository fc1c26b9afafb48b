-- The report's dense network with L2: digits-lua experiments/nn.lua --help
local digits = require "digits"
local data, nn = digits.data, digits.nn

local o = digits.options {
  epochs = { 12, "passes over the training digits" },
  seed = { 1, "the same seed gives the same network, bit for bit" },
  data = { "mnist", "\"mnist\", a folder, a .csv or an IDX file" },
  out = { "out", "folder for the results" },
}
digits.seed(o.seed)
local path = digits.path(o.out, "nn.safetensors") -- fails now if it cannot be written

-- 56 % for training, 24 % for validation, 20 % for testing
local images = data.open(o.data)
local train, validation, test = images:split { 0.56, 0.24, 0.20, seed = o.seed, stratify = true }
print(("%d digits to train on, %d to validate, %d to test"):format(#train, #validation, #test))

local l2 = nn.L2 { 1e-4 } -- keeps weights small, to reduce overfitting
local network = nn.Sequential {
  nn.Input { 784 },
  nn.Dense { 128, activation = "relu", kernel_regularizer = l2 },
  nn.Dense { 64, activation = "relu", kernel_regularizer = l2 },
  nn.Dense { 10, activation = "softmax" },
}
network:compile {
  optimizer = nn.Adam { learning_rate = 1e-3 },
  loss = "categorical_crossentropy",
  metrics = { "accuracy" },
}
print(network:summary())

local history = network:fit(train, { validation = validation, epochs = o.epochs, batch_size = 50 })
local result = network:evaluate(test)
local interval = digits.metrics.interval(result.accuracy, #test)
print(("test accuracy %.4f (95 %%: %.4f to %.4f), loss %.4f, trained in %.1f s"):format(
  result.accuracy, interval.low, interval.high, result.loss, history.total_seconds))
network:save(path)
print("wrote " .. path)
