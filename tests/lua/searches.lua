-- What the specs of digits.search share: small sets, a small network, and options to try it with.
local digits = require "digits"
local nn = digits.nn

local all = digits.data.idx {
  images = "vendor/mnist/t10k-images-idx3-ubyte.gz",
  labels = "vendor/mnist/t10k-labels-idx1-ubyte.gz",
}
local train, validation = all:split { 300, 200, #all - 500, seed = 1, stratify = true }

local function compiled(model, learning_rate)
  model:compile { optimizer = nn.Adam { learning_rate = learning_rate or 1e-3 },
    loss = "categorical_crossentropy", metrics = { "accuracy" } }
  return model
end

local function build(p)
  return compiled(nn.Sequential {
    nn.Input { 28, 28, 1 }, nn.Flatten {},
    nn.Dense { 16, activation = "relu" }, nn.Dropout(p.dropout or 0.2),
    nn.Dense { 10, activation = "softmax" },
  }, p.learning_rate)
end

local NONE = {} -- takes an option away

-- Options of a search, changed by `changes`.
local function options(changes)
  local given = {
    params = { learning_rate = { 1e-3, 1e-2 }, dropout = { 0.1, 0.5 } }, model = build,
    fit = { epochs = 1, batch_size = 50 }, train = train, validation = validation, seed = 3,
    verbose = 0,
  }
  for name, value in pairs(changes or {}) do
    if value == NONE then given[name] = nil else given[name] = value end
  end
  return given
end

-- What a search found, seconds aside, as a list of texts.
local function outcome(found)
  local lines = {}
  for i, trial in ipairs(found.trials) do
    lines[i] = ("%d %d %s %s %s"):format(trial.rank, trial.seed, tostring(trial.params),
      ("%.17g"):format(trial.scores.accuracy or -1), trial.error or "")
  end
  return lines
end

return { train = train, validation = validation, compiled = compiled, build = build, NONE = NONE,
  options = options, outcome = outcome }
