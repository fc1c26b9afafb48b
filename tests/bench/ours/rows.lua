-- Nearest neighbours or logistic regression on MNIST's own split. usage: rows.lua NAME FOLDER
--
-- Prints "seconds N" and "cpu N" of what takes the time, and "accuracy N" on the 10 000 test
-- images. neighbors: judging these by the nearest 3 of 60 000; logistic: 100 iterations of a fit.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

local name, folder = ...
local all = common.read("idx", folder)
local rows = {}
for i = 60001, 70000 do rows[#rows + 1] = i end
local train, test = all:take(60000), all:rows(rows)
local neighbors = name == "neighbors"
local model = neighbors and digits.neighbors.KNeighbors { 3 } or digits.linear.LogisticRegression {}

local function fit() model:fit(train, { verbose = 0 }) end

if neighbors then fit() end
local start, cpu = digits.clock(), os.clock()
local labels = neighbors and model:predict(test.x) or fit()
print(("seconds %.6f\ncpu %.6f"):format(digits.clock() - start, os.clock() - cpu))
print(("accuracy %.6f"):format(digits.metrics.accuracy(test, labels or model:predict(test.x))))
