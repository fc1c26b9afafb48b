-- plot.calibration: how often a model is right when it is so sure.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local curves = require "digits.plot.curves"
local picture = require "digits.plot.picture"
local style = require "digits.plot.style"

local NAME = "calibration"
local LOWER = 170 -- pixels for the counts

-- A table with bins, or with lists confidence and accuracy; a list of bins too.
local function as_curve(value)
  if value.bins ~= nil or type(value.confidence) == "table"
    or check.is_a(value.confidence, "tensor") then
    return value
  end
  local first = value[1]
  if type(first) ~= "table" or type(first.confidence) ~= "number" then return nil end
  return { bins = value, ece = value.error or value.ece, label = value.label }
end

-- Confidence, accuracy and (or nil) counts as lists, without the empty bins.
local function read_bins(curve)
  local x, y, counts = curve.confidence, curve.accuracy, curve.count
  if curve.bins ~= nil then
    if type(curve.bins) ~= "table" then
      check.fail(NAME, "bins must be a list, found %s", check.found(curve.bins))
    end
    x, y, counts = {}, {}, {}
    for i, bin in ipairs(curve.bins) do
      if type(bin) ~= "table" then
        check.fail(NAME, "bins[%d] must be a table with confidence and accuracy, found %s", i,
          check.found(bin))
      end
      if bin.count ~= 0 then
        x[#x + 1], y[#y + 1], counts[#counts + 1] = bin.confidence, bin.accuracy, bin.count
      end
    end
  end
  x, y = curves.numbers(NAME, "confidence", x), curves.numbers(NAME, "accuracy", y)
  check.same_length(NAME, "confidence", x, "accuracy", y)
  counts = counts and check.numbers(NAME, "count", counts) or {}
  return x, y, #counts == #x and style.bounds(counts) and counts or nil
end

-- How many rows each bin has, for below the curve.
local function counts_panel(x, counts)
  local mark = { kind = "bars", colour = style.colour(1) }
  local _, most = style.bounds(counts)
  for i, at in ipairs(x) do mark[i] = { at - 0.012, at + 0.012, 0, counts[i] } end
  local axis = curves.unit_axis()
  axis.grid = nil
  return { xlabel = "confidence", ylabel = "rows", marks = { mark }, x = axis,
    y = chart.axis(0, most * 1.05, { grid = true, count = 2, whole = true }) }
end

local function two_panels(main, below, options)
  main.xlabel, main.square = nil, nil
  local left = 46 + math.ceil(style.width(below.y.ticks[#below.y.ticks][2], style.small))
  main.margin, below.margin = { left, 20, 36, 30 }, { left, 20, 8, 60 }
  return picture.new {
    kind = NAME, title = options.title, width = options.width or 520,
    height = options.height or 620,
    layout = function(w, h)
      local high = h - LOWER
      return { { main, { x = 0, y = 0, w = w, h = high } },
        { below, { x = 0, y = high, w = w, h = LOWER } } }
    end,
  }
end

return function(given, options)
  options = check.options(NAME, options, {})
  local marks, below = {}, nil
  local list = curves.several(NAME, given, as_curve, "bins with confidence and accuracy")
  for i, curve in ipairs(list) do
    local x, y, counts = read_bins(curve)
    below = counts and counts_panel(x, counts)
    marks[i] = { kind = "line", x = x, y = y, colour = style.colour(i), point = style.point(i),
      dash = style.dash(i),
      label = curves.label(curve.label, curve.ece, "expected calibration error %.4f") }
  end
  local main = curves.panel(marks, "confidence", "accuracy")
  if #list == 1 and below then return two_panels(main, below, options) end
  return chart.new(NAME, options, 520, 540 + 21 * #marks, main)
end
