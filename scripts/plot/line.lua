-- plot.line: lines through points.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local function mark_of(given, i)
  local x, points = given.x or {}, given.points
  for k = 1, given.x and 0 or #given.y do x[k] = k end
  plot.same_length("line", "x", x, "y", given.y)
  if points == nil then points = #given.y <= 30 end
  return { kind = "line", x = x, y = given.y, label = given.label, colour = style.colour(i),
    dash = style.dash(i), point = points and style.point(i) or nil }
end

local function axis(lists, log, share, which)
  local low, high = style.bounds(table.unpack(lists))
  if log then
    if low <= 0 then
      plot.fail("line: log%s needs positive numbers, found %g", which, low)
    end
    local a, b = style.padded_log(low, high, share)
    return chart.axis(a, b, { log = true, grid = which == "y" })
  end
  local whole = true
  for _, list in ipairs(lists) do whole = whole and chart.whole(list) end
  local a, b = style.padded(low, high, share)
  if low >= 0 and a < 0 and low < (high - low) / 2 then a = 0 end
  return chart.axis(a, b, { grid = which == "y", whole = whole and high - low >= 1,
    count = which == "x" and 7 or 5 })
end

local function draw(options)
  local series = options.series or {}
  if options.y then
    table.insert(series, 1, options)
  elseif #series == 0 or options.x then
    plot.fail "line: there is nothing to draw: expected x = { ... }, y = { ... }"
  end
  local marks, xs, ys = {}, {}, {}
  for i, given in ipairs(series) do
    marks[i] = mark_of(given, i)
    xs[i], ys[i] = marks[i].x, marks[i].y
  end
  return chart.new("line", options, 640, 420, {
    xlabel = options.xlabel, ylabel = options.ylabel, marks = marks,
    x = axis(xs, options.logx, 0.02, "x"), y = axis(ys, options.logy, 0.06, "y"),
  })
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
