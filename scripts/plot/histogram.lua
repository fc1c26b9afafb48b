-- plot.histogram: the distribution of values.
local core = require "digits.core"
local internals = core.internals
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local function draw(values, options)
  if type(values) == "table" then
    values.dtype = "float32"
    values = core.tensor(values)
  end
  local low, high = internals.picture.range(values)
  if not low then plot.fail "histogram: none of the values is finite" end
  low, high = options.low or low, options.high or high
  plot.ordered("histogram", low, high)
  if low == high then low, high = low - 0.5, high + 0.5 end
  local counts = internals.picture.histogram(values, low, high, options.bins)
  local mark = { kind = "bars", colour = style.colour(1) }
  local step = (high - low) / options.bins
  local items = {}
  for i, count in ipairs(counts) do
    local left = low + (i - 1) * step
    mark[i] = { left + 0.04 * step, left + 0.96 * step, 0, count }
    items[i] = { style.number(left + step / 2), count, style.number(count) }
  end
  local _, most = style.bounds(counts)
  return chart.new(640, 420, {
    xlabel = options.xlabel, ylabel = options.ylabel, marks = { mark },
    x = chart.axis(low, high, { count = 7 }),
    y = chart.axis(0, math.max(1, most) * 1.06, { grid = true, whole = true }),
  }, function(columns) return chart.text_bars(items, columns) end)
end

return plot.define({
  name = "histogram", doc = "A histogram of values.", arguments = 1,
  params = {
    { "values", { "tensor", "list" }, of = "number", some = true, required = true,
      doc = "the values" },
    { "bins", "integer", low = 1, high = 1000, default = 30, doc = "the number of bins" },
    { "low", "number", doc = "the start of the first bin; by default the least value" },
    { "high", "number", doc = "the end of the last bin; by default the greatest value" },
    { "xlabel", "string", default = "value", doc = "the label of the x axis" },
    { "ylabel", "string", default = "count", doc = "the label of the y axis" },
  },
  example = "plot.histogram(digits.normal { 1000 }):show()",
}, draw)
