-- plot.bar: bars side by side, in groups where there are several series.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local style = require "digits.plot.style"

local NAME = "bar"

local function read_series(options, labels)
  local series = {}
  if options.values ~= nil then series[1] = { values = options.values, label = options.label } end
  for _, given in ipairs(options) do
    if type(given) ~= "table" then
      check.fail(NAME, "expected series such as { values = ..., label = ... }, found %s",
        check.found(given))
    end
    series[#series + 1] = check.options(NAME, given, { values = "any", label = "string" })
  end
  if #series == 0 then check.fail(NAME, "there is nothing to draw: expected values = { ... }") end
  for i, given in ipairs(series) do
    local values = check.some_numbers(NAME, "values", given.values)
    if labels then check.same_length(NAME, "labels", labels, "values", values) end
    check.same_length(NAME, "values", values, "the first series", series[1].values)
    series[i] = { values = values, label = given.label }
  end
  return series
end

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

-- Bars of a series: `wide` is what all series of a group share.
local function bars_of(series, i, count, colour)
  local wide = 0.76 / count
  local mark = { kind = "bars", colour = colour, label = series.label }
  for k, value in ipairs(series.values) do
    local left = k - 0.38 + (i - 1) * wide
    mark[k] = { left + 0.04 * wide, left + 0.96 * wide, math.min(value, 0), math.max(value, 0) }
  end
  return mark
end

local function read_labels(options)
  if options.labels == nil then return nil end
  if type(options.labels) ~= "table" then
    check.fail(NAME, "labels must be a list, found %s", check.found(options.labels))
  end
  local labels = {}
  for i, label in ipairs(options.labels) do labels[i] = style.clean(label) end
  return labels
end

return function(options)
  options = check.options(NAME, options, { values = "any", labels = "any", label = "string",
    xlabel = "string", ylabel = "string" }, true)
  local labels = read_labels(options)
  local series = read_series(options, labels)
  local count = #series[1].values
  local marks, lists, ticks = {}, { { 0 } }, {}
  for i, one in ipairs(series) do
    marks[i] = bars_of(one, i, #series, style.colour(i))
    lists[#lists + 1] = one.values
  end
  if not labels then
    labels = {}
    for i = 1, count do labels[i] = tostring(i) end
  end
  local width = options.width or math.max(480, math.min(1200, 100 + 70 * count))
  local skip = math.max(1, math.ceil(count * 40 / (width - 90)))
  for i = 1, count, skip do
    ticks[#ticks + 1] = { i, labels[i] }
  end
  local low, high = style.bounds(table.unpack(lists))
  local room = 0.08 * (high - low)
  local y = chart.axis(low < 0 and low - room or 0, high > 0 and high + room or 0, { grid = true })
  if low == high then y = chart.axis(0, 1, { grid = true }) end
  marks[#marks + 1] = low < 0 and { kind = "rule", x0 = 0.4, x1 = count + 0.6, y0 = 0, y1 = 0,
    colour = style.ink, dash = "1" } or nil
  return chart.new(NAME, options, width, 420, {
    xlabel = options.xlabel, ylabel = options.ylabel, marks = marks,
    x = { 0.4, count + 0.6, ticks = ticks, names = true }, y = y,
  }, text_of(series, labels))
end
