-- plot.line: lines through points.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local style = require "digits.plot.style"

local NAME = "line"
local OF_SERIES = { x = "any", y = "any", label = "string", points = "boolean" }
local OF_CHART = { xlabel = "string", ylabel = "string", logx = "boolean", logy = "boolean" }

local function read_series(given, i)
  if given.y == nil then
    check.fail(NAME, "line %d has no y: expected { x = { ... }, y = { ... }, label = \"...\" }", i)
  end
  local y = check.some_numbers(NAME, "y", given.y)
  local x = {}
  if given.x == nil then
    for k = 1, #y do x[k] = k end
  else
    x = check.some_numbers(NAME, "x", given.x)
  end
  check.same_length(NAME, "x", x, "y", y)
  local points = given.points
  if points == nil then points = #y <= 30 end
  return { kind = "line", x = x, y = y, label = given.label, colour = style.colour(i),
    dash = style.dash(i), point = points and style.point(i) or nil }
end

local function axis(lists, log, share, which)
  local low, high = style.bounds(table.unpack(lists))
  if log then
    if low <= 0 then
      check.fail(NAME, "log%s needs positive numbers, found %g", which, low)
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

return function(options)
  local known = {}
  for _, set in ipairs { OF_SERIES, OF_CHART } do
    for name, kind in pairs(set) do known[name] = kind end
  end
  options = check.options(NAME, options, known, true)
  local series = {}
  if options.x ~= nil or options.y ~= nil then series[1] = options end
  for _, given in ipairs(options) do
    if type(given) ~= "table" then
      check.fail(NAME, "expected lines such as { x = ..., y = ..., label = ... }, found %s",
        check.found(given))
    end
    series[#series + 1] = check.options(NAME, given, OF_SERIES)
  end
  if #series == 0 then
    check.fail(NAME, "there is nothing to draw: expected x = { ... }, y = { ... }")
  end
  local marks, xs, ys = {}, {}, {}
  for i, given in ipairs(series) do
    marks[i] = read_series(given, i)
    xs[i], ys[i] = marks[i].x, marks[i].y
  end
  return chart.new(NAME, options, 640, 420, {
    xlabel = options.xlabel, ylabel = options.ylabel, marks = marks,
    x = axis(xs, options.logx, 0.02, "x"), y = axis(ys, options.logy, 0.06, "y"),
  })
end
