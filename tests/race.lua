-- Small fits on two threads, and a search of fits side by side, for ThreadSanitizer to watch
-- (`make race`). Prints TAP.
local digits = require "digits"
local nn = digits.nn

digits.threads(2)
local set = digits.data.idx {
  images = "vendor/mnist/t10k-images-idx3-ubyte.gz",
  labels = "vendor/mnist/t10k-labels-idx1-ubyte.gz",
}:take(300)

local model = nn.Sequential {
  nn.Input { 28, 28, 1 },
  nn.Conv2D { 4, { 5, 5 }, activation = "relu" },
  nn.BatchNormalization {},
  nn.MaxPooling2D { { 2, 2 } },
  nn.Conv2D { 4, { 3, 3 }, groups = 2 },
  nn.LayerNormalization {},
  nn.Dropout { 0.5 },
  nn.Flatten {},
  nn.Dense { 16, activation = "tanh", kernel_regularizer = nn.L2 {} },
  nn.Dense { 10, activation = "softmax" },
}
model:compile { optimizer = nn.Adam {}, loss = "categorical_crossentropy" }
model:fit(set, { validation = set:take(100), epochs = 2, batch_size = 50, verbose = 0 })
model:compile { optimizer = nn.Lamb { clipnorm = 1 }, loss = "categorical_crossentropy" }
model:fit(set, { epochs = 1, batch_size = 50, verbose = 0 })
model:predict(set)

local loss = model:evaluate(set).loss
print "1..3"
local verdict = loss == loss and loss < 10 and "ok" or "not ok"
print(verdict .. " 1 - three epochs end at a loss of " .. loss)

local found = digits.search.grid {
  params = { units = { 4, 8, 16 } }, train = set, validation = set:take(100), seed = 1, verbose = 0,
  workers = 2, fit = { epochs = 2, batch_size = 50 },
  model = function(p)
    local network = nn.Sequential {
      nn.Input { 28, 28, 1 },
      nn.Conv2D { 4, { 5, 5 }, activation = "relu" },
      nn.Flatten {},
      nn.Dense { p.units, activation = "relu" },
      nn.Dense { 10, activation = "softmax" },
    }
    network:compile { optimizer = nn.Adam {}, loss = "categorical_crossentropy" }
    return network
  end,
}
verdict = #found.ranked == 3 and found.best.scores.loss < 10 and "ok" or "not ok"
print(verdict .. " 2 - three trials, two at a time")

local right = 0
for _, learner in ipairs { digits.neighbors.KNeighbors { 1 }, digits.neighbors.NearestCentroid {},
  digits.linear.LogisticRegression { max_iter = 5 } } do
  learner:fit(set, { verbose = 0 })
  right = right + learner:evaluate(set).accuracy
end
print((right > 2 and "ok" or "not ok") .. " 3 - learners without layers and trees")
