-- The work whose instructions are counted. usage: work.lua NAME FOLDER
--
-- `prepare` writes into FOLDER what the others read there. Fitting uses digits of vendor/mnist and
-- the networks of the benchmark. Valgrind takes some 30 ns for each lane of an FMA: keep it small.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

local name, folder = ...
local csv, model = folder .. "/digits.csv", folder .. "/cnn.safetensors"

local function sample(rows)
  return digits.data.idx {
    images = "vendor/mnist/t10k-images-idx3-ubyte.gz",
    labels = "vendor/mnist/t10k-labels-idx1-ubyte.gz",
  }:take(rows)
end

local function fit(learner, rows, batch_size)
  digits.seed(1)
  learner:fit(sample(rows), { epochs = batch_size and 1, batch_size = batch_size, verbose = 0 })
  return learner
end

local work = {}

function work.prepare()
  local set = sample(500)
  local file <close> = assert(io.open(csv, "w"))
  for row = 1, #set do
    local pixels = set.x[row]:reshape { 784 }:totable()
    assert(file:write(set.y[row], ",", table.concat(pixels, ","), "\n"))
  end
  fit(common.cnn(), 50, 50):save(model)
end

function work.start() end

function work.csv()
  assert(#digits.data.csv { csv, label_column = 1 } == 500)
end

function work.cnn() fit(common.cnn(), 20, 10) end

function work.deep() fit(common.deep(), 2, 2) end

function work.dense() fit(common.dense(), 100, 50) end

function work.one_digit()
  local network, images = digits.load(model), sample(40).x
  for row = 1, #images do network:predict(images[row]) end
end

function work.boosting() fit(common.boosting(2, 1), 200) end

function work.forest() fit(common.forest(10, 1), 500) end

function work.logistic() fit(digits.linear.LogisticRegression { max_iter = 10 }, 100) end

function work.neighbors() fit(digits.neighbors.KNeighbors { 3 }, 100):predict(sample(50)) end

work[name]()
