-- The report's convolutional network: digits-lua experiments/cnn.lua --help
local digits = require "digits"
local data, nn = digits.data, digits.nn

local o = digits.options {
  epochs = { 12, "passes over the training digits" },
  seed = { 1, "the same seed gives the same network, bit for bit" },
  data = { "mnist", "\"mnist\", a folder, a .csv or an IDX file" },
  out = { "out", "folder for the results" },
}
digits.seed(o.seed)
local path = digits.path(o.out, "cnn.safetensors") -- fails now if it cannot be written

-- 56 % for training, 24 % for validation, 20 % for testing
local images = data.open(o.data)
local train, validation, test = images:split { 0.56, 0.24, 0.20, seed = o.seed, stratify = true }
print(("%d digits to train on, %d to validate, %d to test"):format(#train, #validation, #test))

local cnn = nn.Sequential {
  nn.Input { 28, 28, 1 },
  nn.Conv2D { 32, { 5, 5 }, activation = "relu" },
  nn.MaxPooling2D { { 2, 2 } },
  nn.Dropout { 0.5 },
  nn.Flatten {},
  nn.Dense { 128, activation = "relu" },
  nn.Dense { 10, activation = "softmax" },
}
cnn:compile {
  optimizer = nn.Adam { learning_rate = 1e-3 },
  loss = "categorical_crossentropy",
  metrics = { "accuracy" },
}
print(cnn:summary())

local history = cnn:fit(train, { validation = validation, epochs = o.epochs, batch_size = 50 })
local result = cnn:evaluate(test)
local interval = digits.metrics.interval(result.accuracy, #test)
print(("test accuracy %.4f (95 %%: %.4f to %.4f), loss %.4f, trained in %.1f s"):format(
  result.accuracy, interval.low, interval.high, result.loss, history.total_seconds))
cnn:save(path)
print("wrote " .. path)
