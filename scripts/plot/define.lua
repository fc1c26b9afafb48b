-- Defines plots, which all take title, width and height.
local internals = require("digits.core").internals
local picture = require "digits.plot.picture"

local COMMON = {
  { "title", "string", doc = "a title above the picture; long ones are wrapped" },
  { "width", "integer", low = 50, high = 10000,
    doc = "in pixels; by default chosen for the content" },
  { "height", "integer", low = 50, high = 10000,
    doc = "in pixels; by default chosen for the content" },
}

local plot = {}

-- described: as for internals.define, without path. draw(arguments..., options) returns the fields
-- that picture.new takes, or a picture.
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

-- The series of a plot: `first`, the table of options, if it has the field `needs`, and those in
-- its list part.
function plot.series(first, needs)
  local series = first.series or {}
  if first[needs] then table.insert(series, 1, first) end
  return series
end

-- fail("bar: nothing to draw")
function plot.fail(message, ...)
  internals.raise(("plot." .. message):format(...))
end

function plot.ordered(name, low, high)
  if low > high then
    plot.fail("%s: low must be at most high, found %g and %g", name, low, high)
  end
end

function plot.same_length(name, a, first, b, second)
  if #first ~= #second then
    plot.fail("%s: %s and %s must have the same length, found %d and %d", name, a, b, #first,
      #second)
  end
end

return plot
