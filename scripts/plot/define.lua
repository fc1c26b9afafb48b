-- How a plot is defined: what it is called with, beside what all plots take.
local internals = require("digits.core").internals
local picture = require "digits.plot.picture"

local COMMON = {
  { "title", "string", doc = "a text above, in several lines where it is long" },
  { "width", "integer", low = 50, high = 10000, doc = "pixels; by default what suits" },
  { "height", "integer", low = 50, high = 10000, doc = "pixels; by default what suits" },
}

local plot = {}

-- described: as internals.define takes it, but for its path. draw(arguments..., options) returns
-- what picture.new takes, or a picture.
function plot.define(described, draw)
  local name, arguments = described.name, described.arguments or 0
  described.name = "plot." .. name
  described.path = described.name
  for _, param in ipairs(COMMON) do table.insert(described.params, param) end
  local function call(...)
    local drawn = draw(...)
    if picture.is(drawn) then return drawn end
    return picture.new(name:gsub("_", " "), (select(arguments + 1, ...)), drawn)
  end
  return internals.define(described, function(...) return internals.c_locale(call, ...) end)
end

-- The series of a plot: `first` (a table of options) where it has the field `needs`, and those that
-- stand in its list part.
function plot.series(first, needs)
  local series = first.series or {}
  if first[needs] then table.insert(series, 1, first) end
  return series
end

-- fail("bar: there is nothing to draw")
function plot.fail(message, ...)
  internals.raise(("plot." .. message):format(...))
end

function plot.ordered(name, low, high)
  if low > high then
    plot.fail("%s: low must not be above high, found %g and %g", name, low, high)
  end
end

function plot.same_length(name, a, first, b, second)
  if #first ~= #second then
    plot.fail("%s: %s has %d values, but %s has %d", name, a, #first, b, #second)
  end
end

return plot
