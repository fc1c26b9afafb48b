-- plot.importance: the importance of each feature.
local core = require "digits.core"
local chart = require "digits.plot.chart"
local heatmap = require "digits.plot.heatmap"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

-- Horizontal bars, the greatest first.
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
  local count = math.min(#items, options.most)
  local mark, ticks, shown = { kind = "bars", colour = style.colour(1) }, {}, {}
  for i = 1, count do
    shown[i] = items[i]
    mark[i] = { 0, items[i][2], i - 0.36, i + 0.36 }
    ticks[i] = { i, style.cut(items[i][1], style.small, 180) }
  end
  local low, high = style.bounds(values, { 0 })
  if low == high then high = 1 end
  local x = chart.axis(low, high * 1.04, { grid = true })
  return chart.new(560, 80 + 26 * count, {
    xlabel = "importance", ylabel = not names and "feature" or nil, marks = { mark }, x = x,
    y = { count + 0.6, 0.4, ticks = ticks },
  }, function(columns) return chart.text_bars(shown, columns) end)
end

local function draw(given, options)
  local values, names, shape = given, options.names, options.shape
  if type(given) ~= "table" then
    local ok, found = pcall(function() return given.feature_importances:totable() end)
    if not ok then plot.fail "importance: this model has no feature_importances" end
    values = found
  end
  local side = math.floor(math.sqrt(#values) + 0.5)
  if not shape and not names and side * side == #values and side >= 6 then
    shape = { side, side }
  end
  if not shape then
    if names then plot.same_length("importance", "names", names, "given", values) end
    return bars(values, names, options)
  end
  if shape[1] * shape[2] ~= #values then
    plot.fail("importance: shape = { %s, %s } does not match %d importances", shape[1],
      shape[2], #values)
  end
  return heatmap(core.tensor(values):reshape(shape), { title = options.title,
    width = options.width, height = options.height })
end

return plot.define({
  name = "importance", arguments = 1,
  doc = "Feature importances: as an image if they have a shape or fill a square, otherwise the\n" ..
    "greatest as bars.",
  params = {
    { "given", { "model", "list" }, of = "number", some = true, required = true,
      doc = "a fitted model with feature_importances, or a list of importances" },
    { "names", "list", doc = "the names of the features" },
    { "shape", "integers", count = 2, low = 1, doc = "the height and width of the image" },
    { "most", "integer", low = 1, default = 20, doc = "the maximum number of bars" },
  },
  example = "plot.importance(forest):show()",
}, draw)
