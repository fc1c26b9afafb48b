-- Pictures of one chart, and axes for charts.
local core = require "digits.core"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local chart = {}

-- A picture of one panel; `terminal` as in picture.lua.
function chart.new(width, height, panel, terminal)
  return { width = width, height = height, terminal = terminal, layout = chart.tiles({ panel }, 1) }
end

-- A layout of panels of equal size in a number of columns.
function chart.tiles(panels, columns)
  local down = math.ceil(#panels / columns)
  return function(w, h)
    local placed = {}
    for i, panel in ipairs(panels) do
      placed[i] = { panel, { x = (i - 1) % columns * w / columns,
        y = (i - 1) // columns * h / down, w = w / columns, h = h / down } }
    end
    return placed
  end
end

-- An axis from low to high with ticks. how: log, whole (ticks at whole numbers only), grid, count
-- (of ticks).
function chart.axis(low, high, how)
  how = how or {}
  if how.log then
    return { low, high, log = true, grid = how.grid, ticks = style.log_ticks(low, high) }
  end
  return { low, high, grid = how.grid, ticks = style.ticks(low, high, how.count or 5, how.whole) }
end

-- An axis for the values in some lists, with a margin, but not below 0 if no value is, nor above
-- the range of a metric.
function chart.score_axis(name, share, ...)
  local low, high = style.bounds(...)
  local a, b = style.padded(low, high, share)
  if low and low >= 0 and a < 0 then a = 0 end
  local known, metric = pcall(core.metrics.find, name)
  local most = known and metric.high or math.huge
  if high and high <= most then b = math.min(b, most) end
  return chart.axis(a, b, { grid = true })
end

function chart.counted(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

-- The lists in a field of all marks, and whether all their numbers are whole.
local function numbers_of(marks, field)
  local lists, whole = {}, true
  for i, mark in ipairs(marks) do
    lists[i] = mark[field]
    for _, x in ipairs(lists[i]) do
      whole = whole and (not style.finite(x) or x == math.floor(x))
    end
  end
  return lists, whole
end

-- A picture of marks with x and y. options: xlabel, ylabel, logx, logy. share: the margin to the
-- left and right of the points, as a share of the axis.
function chart.points(name, options, marks, share)
  local function axis(field, room, count)
    local lists, whole = numbers_of(marks, field)
    local low, high = style.bounds(table.unpack(lists))
    if options["log" .. field] then
      if low <= 0 then
        plot.fail("%s: log%s requires positive numbers, found %g", name, field, low)
      end
      local a, b = style.padded_log(low, high, room)
      return chart.axis(a, b, { log = true, grid = field == "y" })
    end
    local a, b = style.padded(low, high, room)
    if low >= 0 and a < 0 and low < (high - low) / 2 then a = 0 end
    return chart.axis(a, b, { grid = field == "y", whole = whole and high - low >= 1,
      count = count })
  end
  return chart.new(640, 420, { xlabel = options.xlabel, ylabel = options.ylabel, marks = marks,
    x = axis("x", share, 7), y = axis("y", 0.06, 5) })
end

-- ---- curves in the unit square ----

function chart.unit_axis()
  local axis = chart.axis(0, 1, { grid = true })
  axis[1], axis[2] = -0.01, 1.01
  return axis
end

-- A panel with the unit square: the diagonal, and marks on top of it.
function chart.unit_panel(marks, xlabel, ylabel)
  table.insert(marks, 1, { kind = "rule", x0 = 0, y0 = 0, x1 = 1, y1 = 1 })
  return { xlabel = xlabel, ylabel = ylabel, marks = marks, x = chart.unit_axis(),
    y = chart.unit_axis(), square = true }
end

-- The text of a curve in the legend.
function chart.curve_label(label, score, format)
  local text = type(score) == "number" and format:format(score) or nil
  if label ~= nil and text then return ("%s (%s)"):format(tostring(label), text) end
  return label ~= nil and tostring(label) or text
end

-- ---- terminals ----

-- Bars as text: a line for each { label, value, text }; the longest fills the width.
function chart.text_bars(items, columns, title)
  local label_wide, text_wide, most = 0, 0, 0
  for _, item in ipairs(items) do
    label_wide = math.max(label_wide, utf8.len(style.clean(item[1])))
    text_wide = math.max(text_wide, utf8.len(item[3]))
    if style.finite(item[2]) then most = math.max(most, math.abs(item[2] + 0.0)) end
  end
  label_wide = math.min(label_wide, columns // 2)
  local room = math.max(4, columns - label_wide - text_wide - 4)
  local lines = { title }
  for _, item in ipairs(items) do
    local eighths = style.finite(item[2]) and most > 0
      and math.floor(math.abs(item[2] + 0.0) / most * room * 8 + 0.5) or 0
    local part = ({ "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" })[eighths % 8 + 1]
    lines[#lines + 1] = ("%s  %s%s %s"):format(style.fit(item[1], label_wide, "…"),
      ("█"):rep(eighths // 8), part, item[3])
  end
  return table.concat(lines, "\n") .. "\n"
end

return chart
