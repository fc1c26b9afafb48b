-- plot.line: lines through points.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local function mark_of(given, i)
  local x, points = given.x or chart.counted(#given.y), given.points
  plot.same_length("line", "x", x, "y", given.y)
  if points == nil then points = #given.y <= 30 end
  return { kind = "line", x = x, y = given.y, label = given.label, colour = style.colour(i),
    dash = style.dash(i), point = points and style.point(i) or nil }
end

local function draw(options)
  local series = plot.series(options, "y")
  if #series == 0 or options.x and not options.y then
    plot.fail "line: there is nothing to draw: expected x = { ... }, y = { ... }"
  end
  local marks = {}
  for i, given in ipairs(series) do marks[i] = mark_of(given, i) end
  return chart.points("line", options, marks, 0.02)
end
return plot.define({
  name = "line", doc = "A line through points; several are drawn together.",
  params = {
    { "series", "list", of = "record", rest = true, doc = "several lines", fields = {
      { "y", "list", of = "number", some = true, required = true, doc = "heights; NaN is a gap" },
      { "x", "list", of = "number", some = true, doc = "places; by default 1, 2, 3 ..." },
      { "label", "string", doc = "in the legend" },
      { "points", { "boolean" }, doc = "marks them; by default where there are at most 30" } } },
    { "x", "list", of = "number", some = true, doc = "places of one line" },
    { "y", "list", of = "number", some = true, doc = "its heights" },
    { "label", "string", doc = "its text in the legend" },
    { "points", { "boolean" }, doc = "marks its points" },
    { "xlabel", "string", doc = "below the axis" },
    { "ylabel", "string", doc = "beside the axis" },
    { "logx", "boolean", doc = "a logarithmic axis" },
    { "logy", "boolean", doc = "a logarithmic axis" },
  },
  example = "plot.line { y = { 1, 4, 9 }, ylabel = \"seconds\" }:show()",
}, draw)
