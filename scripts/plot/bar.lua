-- plot.bar: a bar chart; several series are drawn in groups.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local function text_of(series, labels)
  return function(columns)
    local parts = {}
    for i, one in ipairs(series) do
      local items = {}
      for k, value in ipairs(one.values) do items[k] = { labels[k], value, style.number(value) } end
      parts[i] = chart.text_bars(items, columns, one.label and style.clean(one.label))
    end
    return table.concat(parts, "\n")
  end
end

-- The bars of series i of `count`; a group is 0.76 wide.
local function bars_of(series, i, count, colour)
  local wide = 0.76 / count
  local mark = { kind = "bars", colour = colour, label = series.label }
  for k, value in ipairs(series.values) do
    local left = k - 0.38 + (i - 1) * wide
    mark[k] = { left + 0.04 * wide, left + 0.96 * wide, math.min(value, 0), math.max(value, 0) }
  end
  return mark
end

local function read_series(options)
  local series = plot.series(options, "values")
  if #series == 0 then plot.fail "bar: nothing to draw: expected values = { ... }" end
  for _, one in ipairs(series) do
    if options.labels then
      plot.same_length("bar", "labels", options.labels, "values", one.values)
    end
    plot.same_length("bar", "values", one.values, "the first series", series[1].values)
  end
  return series
end

local function draw(options)
  local series = read_series(options)
  local count = #series[1].values
  local marks, lists, ticks, labels = {}, { { 0 } }, {}, {}
  for i, one in ipairs(series) do
    marks[i] = bars_of(one, i, #series, style.colour(i))
    lists[#lists + 1] = one.values
  end
  for i = 1, count do labels[i] = style.clean(options.labels and options.labels[i] or i) end
  local width = options.width or math.max(480, math.min(1200, 100 + 70 * count))
  local skip = math.max(1, math.ceil(count * 40 / (width - 90)))
  for i = 1, count, skip do ticks[#ticks + 1] = { i, labels[i] } end
  local low, high = style.bounds(table.unpack(lists))
  local room = 0.08 * (high - low)
  local y = chart.axis(low < 0 and low - room or 0, high > 0 and high + room or 0, { grid = true })
  if low == high then y = chart.axis(0, 1, { grid = true }) end
  marks[#marks + 1] = low < 0 and { kind = "rule", x0 = 0.4, x1 = count + 0.6, y0 = 0, y1 = 0,
    colour = style.ink, dash = "1" } or nil
  return chart.new(width, 420, {
    xlabel = options.xlabel, ylabel = options.ylabel, marks = marks,
    x = { 0.4, count + 0.6, ticks = ticks, names = true }, y = y,
  }, text_of(series, labels))
end

return plot.define({
  name = "bar", doc = "A bar chart; several series are drawn in groups.",
  params = {
    { "series", "list", of = "record", rest = true, doc = "several series of bars", fields = {
      { "values", "list", of = "number", some = true, required = true,
        doc = "the heights of the bars" },
      { "label", "string", doc = "the series' name in the legend" } } },
    { "values", "list", of = "number", some = true,
      doc = "for a single series: the heights of the bars" },
    { "label", "string", doc = "for a single series: its name in the legend" },
    { "labels", "list", doc = "the label of each bar, or group of bars" },
    { "xlabel", "string", doc = "the label of the x axis" },
    { "ylabel", "string", doc = "the label of the y axis" },
  },
  example = "plot.bar { labels = { \"a\", \"b\" }, values = { 3, 5 } }:show()",
}, draw)
