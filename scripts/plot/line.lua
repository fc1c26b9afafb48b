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
    plot.fail "line: nothing to draw: expected x = { ... }, y = { ... }"
  end
  local marks = {}
  for i, given in ipairs(series) do marks[i] = mark_of(given, i) end
  return chart.points("line", options, marks, 0.02)
end

return plot.define({
  name = "line", doc = "One or more lines through points.",
  params = {
    { "series", "list", of = "record", rest = true, doc = "several lines", fields = {
      { "y", "list", of = "number", some = true, required = true,
        doc = "y values; NaN leaves a gap" },
      { "x", "list", of = "number", some = true, doc = "x values; by default 1, 2, 3 ..." },
      { "label", "string", doc = "the line's name in the legend" },
      { "points", { "boolean" },
        doc = "whether points are marked; by default if there are at most 30" } } },
    { "x", "list", of = "number", some = true,
      doc = "for a single line: x values; by default 1, 2, 3 ..." },
    { "y", "list", of = "number", some = true, doc = "for a single line: y values" },
    { "label", "string", doc = "for a single line: its name in the legend" },
    { "points", { "boolean" }, doc = "for a single line: whether points are marked" },
    { "xlabel", "string", doc = "the label of the x axis" },
    { "ylabel", "string", doc = "the label of the y axis" },
    { "logx", "boolean", doc = "makes the x axis logarithmic" },
    { "logy", "boolean", doc = "makes the y axis logarithmic" },
  },
  example = "plot.line { y = { 1, 4, 9 }, ylabel = \"seconds\" }:show()",
}, draw)
