-- The report's CNN at work. usage: predict.lua FOLDER
--
-- Prints "seconds N" for the labels of 14 000 digits, and "one_us N", the median of 2 000 single
-- digits in microseconds, from bytes to label.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

digits.seed(1)
local train, _, test = common.split(common.read("idx", (...)))
local network = common.cnn()
network:fit(train:take(500), { epochs = 1, batch_size = 50, verbose = 0 }) -- it learns its classes

local images = test.x
network:predict(images[{ { 1, 500 } }])
local start = digits.clock()
network:predict(images)
print(("seconds %.6f"):format(digits.clock() - start))

local times = {}
for row = 1, 2000 do
  local digit = images[row]
  start = digits.clock()
  network:predict(digit)
  times[row] = digits.clock() - start
end
table.sort(times)
print(("one_us %.3f"):format(1e6 * (times[1000] + times[1001]) / 2))
