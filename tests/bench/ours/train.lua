-- One epoch. usage: train.lua cnn|dense|deep idx|csv [bfloat16] FOLDER
--
-- Prints "seconds N", all of fit(), and "accuracy N" on the 14 000 test images after it. The deep
-- network learns 6 000 images in batches of 100 and tells no accuracy; the others 39 200 in batches
-- of 50.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

local name, form, precision, folder = ...
if not folder then precision, folder = nil, precision end
common.precision = precision
digits.seed(1)

local train, _, test = common.split(common.read(form, folder))
if name == "deep" then train = train:take(6000) end
local network = common[name]()

local start = digits.clock()
network:fit(train, { epochs = 1, batch_size = name == "deep" and 100 or 50, verbose = 0 })
print(("seconds %.6f"):format(digits.clock() - start))

if name ~= "deep" then
  print(("accuracy %.6f"):format(network:evaluate(test).accuracy))
end
