-- plot.scatter: points, coloured by label or series.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local sorted_keys = require("digits.show").sorted_keys
local style = require "digits.plot.style"

-- Splits one series into a series for each label.
local function by_label(given, labels)
  plot.same_length("scatter", "labels", labels, "x", given.x)
  local groups, series = {}, {}
  for i, label in ipairs(labels) do
    local group = groups[label] or { x = {}, y = {}, label = style.clean(label) }
    groups[label] = group
    group.x[#group.x + 1], group.y[#group.y + 1] = given.x[i], given.y[i]
  end
  for i, label in ipairs(sorted_keys(groups)) do series[i] = groups[label] end
  return series
end

local function draw(options)
  local series, count, marks = plot.series(options, "x"), 0, {}
  if #series == 0 then plot.fail "scatter: nothing to draw: expected x and y" end
  for _, one in ipairs(series) do
    plot.same_length("scatter", "x", one.x, "y", one.y or {})
    count = count + #one.x
  end
  if options.labels then
    if #series > 1 then plot.fail "scatter: labels require a single series, found several" end
    series = by_label(series[1], options.labels)
  end
  for i, one in ipairs(series) do
    marks[i] = { kind = "line", dash = "none", x = one.x, y = one.y, label = one.label,
      colour = style.colour(i), point = style.point(i),
      size = count <= 200 and 0.9 or count <= 2000 and 0.6 or 0.35 }
  end
  return chart.points("scatter", options, marks, 0.05)
end

return plot.define({
  name = "scatter", doc = "A scatter plot; each label or series has its own colour and shape.",
  params = {
    { "series", "list", of = "record", rest = true, doc = "several series of points", fields = {
      { "x", "list", of = "number", some = true, required = true, doc = "x values" },
      { "y", "list", of = "number", some = true, required = true, doc = "y values" },
      { "label", "string", doc = "the series' name in the legend" } } },
    { "x", "list", of = "number", some = true, doc = "for a single series: x values" },
    { "y", "list", of = "number", some = true, doc = "for a single series: y values" },
    { "label", "string", doc = "for a single series: its name in the legend" },
    { "labels", "list", doc = "for a single series: a label for each point" },
    { "xlabel", "string", doc = "the label of the x axis" },
    { "ylabel", "string", doc = "the label of the y axis" },
    { "logx", "boolean", doc = "makes the x axis logarithmic" },
    { "logy", "boolean", doc = "makes the y axis logarithmic" },
  },
  example = "plot.scatter { x = t[{ {}, 1 }], y = t[{ {}, 2 }], labels = set.y }:show()",
}, draw)
