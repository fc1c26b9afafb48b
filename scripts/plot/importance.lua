-- plot.importance: how much each feature counts.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local heatmap = require "digits.plot.heatmap"
local style = require "digits.plot.style"

local NAME = "importance"

-- Lying bars, the greatest first.
local function bars(values, names, options)
  local items = {}
  for i, value in ipairs(values) do
    items[i] = { tostring(names and names[i] or i), value, style.number(value), i }
  end
  table.sort(items, function(a, b)
    local x = style.finite(a[2]) and a[2] or -math.huge
    local y = style.finite(b[2]) and b[2] or -math.huge
    if x ~= y then return x > y end
    return a[4] < b[4]
  end)
  local count = math.min(#items, check.count(NAME, "most", options.most) or 20)
  local mark, ticks, shown = { kind = "bars", colour = style.colour(1) }, {}, {}
  for i = 1, count do
    shown[i] = items[i]
    mark[i] = { 0, items[i][2], i - 0.36, i + 0.36 }
    ticks[i] = { i, style.cut(items[i][1], style.small, 180) }
  end
  local low, high = style.bounds(values, { 0 })
  if low == high then high = 1 end
  local x = chart.axis(low, high * 1.04, { grid = true })
  return chart.new(NAME, options, 560, 80 + 26 * count, {
    xlabel = "importance", ylabel = not names and "feature" or nil, marks = { mark }, x = x,
    y = { count + 0.6, 0.4, ticks = ticks },
  }, function(columns) return chart.text_bars(shown, columns) end)
end

return function(given, options)
  options = check.options(NAME, options, { names = "table", shape = "table", most = "number" })
  if not check.is_a(given, "tensor") and type(given) ~= "table" then
    local ok, values = pcall(function() return given.feature_importances end)
    if not ok or not check.is_a(values, "tensor") then
      check.fail(NAME, "expected feature importances (a tensor) or a fitted forest, found %s",
        check.found(given))
    end
    given = values
  end
  local values = check.some_numbers(NAME, "the importances", given)
  local side = math.floor(math.sqrt(#values) + 0.5)
  local shape = check.shape(NAME, options.shape)
  if not shape and not options.names and side * side == #values and side >= 6 then
    shape = { side, side }
  end
  if not shape then
    if options.names then
      check.same_length(NAME, "names", options.names, "the importances", values)
    end
    return bars(values, options.names, options)
  end
  if shape[1] * shape[2] ~= #values then
    check.fail(NAME, "%d importances do not fill shape { %s, %s }", #values, shape[1], shape[2])
  end
  local tensor = require("digits.core").tensor(values)
  return heatmap(tensor:reshape { shape[1], shape[2] }, { title = options.title,
    width = options.width, height = options.height })
end
