-- How a plot is defined: what it is called with, beside what all plots take.
local internals = require("digits.core").internals

local COMMON = {
  { "title", "string", doc = "a text above, in several lines where it is long" },
  { "width", "integer", low = 50, high = 10000, doc = "pixels; by default what suits" },
  { "height", "integer", low = 50, high = 10000, doc = "pixels; by default what suits" },
}

local plot = {}

-- described: as internals.define takes it, but for its path; draw(arguments..., options) returns a
-- picture.
function plot.define(described, draw)
  described.name = "plot." .. described.name
  described.path = described.name
  for _, param in ipairs(COMMON) do table.insert(described.params, param) end
  return internals.define(described, function(...) return internals.c_locale(draw, ...) end)
end

-- fail("bar: there is nothing to draw")
function plot.fail(message, ...)
  internals.raise(("plot." .. message):format(...))
end

function plot.same_length(name, a, first, b, second)
  if #first ~= #second then
    plot.fail("%s: %s has %d values, but %s has %d", name, a, #first, b, #second)
  end
end

return plot
