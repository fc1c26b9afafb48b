-- plot.scatter: points, apart by label or by series.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local sorted_keys = require("digits.show").sorted_keys
local style = require "digits.plot.style"

-- A series for each label of the points of one.
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
  if #series == 0 then plot.fail "scatter: there is nothing to draw: expected x and y" end
  for _, one in ipairs(series) do
    plot.same_length("scatter", "x", one.x, "y", one.y or {})
    count = count + #one.x
  end
  if options.labels then
    if #series > 1 then plot.fail "scatter: labels are for one series, found several" end
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
  name = "scatter", doc = "Points; of several labels or series, each in a colour and form.",
  params = {
    { "series", "list", of = "record", rest = true, doc = "several series", fields = {
      { "x", "list", of = "number", some = true, required = true, doc = "places" },
      { "y", "list", of = "number", some = true, required = true, doc = "heights" },
      { "label", "string", doc = "in the legend" } } },
    { "x", "list", of = "number", some = true, doc = "places of one series" },
    { "y", "list", of = "number", some = true, doc = "its heights" },
    { "label", "string", doc = "its text in the legend" },
    { "labels", "list", doc = "a label for each of its points, by which they are told apart" },
    { "xlabel", "string", doc = "below the axis" },
    { "ylabel", "string", doc = "beside the axis" },
    { "logx", "boolean", doc = "a logarithmic axis" },
    { "logy", "boolean", doc = "a logarithmic axis" },
  },
  example = "plot.scatter { x = t[{ {}, 1 }], y = t[{ {}, 2 }], labels = set.y }:show()",
}, draw)
