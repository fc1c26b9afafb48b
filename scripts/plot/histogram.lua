-- plot.histogram: how often values lie where.
local core = require "digits.core"
local internals = core.internals
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local style = require "digits.plot.style"

local NAME = "histogram"

return function(values, options)
  options = check.options(NAME, options, { bins = "number", low = "number", high = "number",
    xlabel = "string", ylabel = "string" })
  if not check.is_a(values, "tensor") then
    values = check.some_numbers(NAME, "the values", values)
    values.dtype = "float32"
    values = core.tensor(values)
  end
  local bins = options.bins or 30
  if math.type(bins) ~= "integer" or bins < 1 or bins > 1000 then
    check.fail(NAME, "bins must be a whole number from 1 to 1000, found %s", check.found(bins))
  end
  local low, high = internals.picture.range(values)
  if not low then check.fail(NAME, "the values have no finite number among them") end
  low, high = options.low or low, options.high or high
  if low > high then check.fail(NAME, "low must not be above high, found %g and %g", low, high) end
  if low == high then low, high = low - 0.5, high + 0.5 end
  local counts = internals.picture.histogram(values, low, high, bins)
  local mark = { kind = "bars", colour = style.colour(1) }
  local step = (high - low) / bins
  local items = {}
  for i, count in ipairs(counts) do
    local left = low + (i - 1) * step
    mark[i] = { left + 0.04 * step, left + 0.96 * step, 0, count }
    items[i] = { style.number(left + step / 2), count, style.number(count) }
  end
  local _, most = style.bounds(counts)
  return chart.new(NAME, options, 640, 420, {
    xlabel = options.xlabel or "value", ylabel = options.ylabel or "count", marks = { mark },
    x = chart.axis(low, high, { count = 7 }),
    y = chart.axis(0, math.max(1, most) * 1.06, { grid = true, whole = true }),
  }, function(columns) return chart.text_bars(items, columns) end)
end
