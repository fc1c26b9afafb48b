-- Reading the report's two CSV files. usage: read_csv.lua FOLDER
--
-- Prints "seconds N", from call to set.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

local start = digits.clock()
local set = common.read("csv", (...))
local seconds = digits.clock() - start
assert(#set == 70000 and set.x.dtype == "uint8")
print(("seconds %.6f"):format(seconds))
