-- In which order common.split puts the 70 000, for the peers. usage: order.lua PATH
--
-- The file is a list of row numbers from 0, each an int32 with the lowest byte first.
local digits = require "digits"
local common = dofile "tests/bench/ours/common.lua"

local rows = digits.range(70000):astype "int32"
local numbered = digits.data.from_tensors {
  x = rows:reshape { 70000, 1 }, y = rows, target = "labels",
}
local file <close> = assert(io.open(..., "wb"))
for _, part in ipairs { common.split(numbered) } do
  for _, row in ipairs(part.x:reshape { #part }:totable()) do
    assert(file:write(("<i4"):pack(row)))
  end
end
