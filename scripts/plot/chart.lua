-- Pictures that are one chart, and axes for charts.
local picture = require "digits.plot.picture"
local style = require "digits.plot.style"

local chart = {}

-- A picture of one panel.
function chart.new(kind, options, width, height, panel, terminal)
  return picture.new(options, {
    kind = kind, width = width, height = height, terminal = terminal,
    layout = function(w, h) return { { panel, { x = 0, y = 0, w = w, h = h } } } end,
  })
end

-- A layout of equal panels in so many columns.
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

-- An axis from low to high with ticks. how: log, whole (numbers only), grid, count of ticks.
function chart.axis(low, high, how)
  how = how or {}
  if how.log then
    return { low, high, log = true, grid = how.grid, ticks = style.log_ticks(low, high) }
  end
  return { low, high, grid = how.grid, ticks = style.ticks(low, high, how.count or 5, how.whole) }
end

-- An axis for what is in the lists, with some room: what is never below 0 has none below it, and
-- accuracies have none above 1.
function chart.score_axis(name, share, ...)
  local low, high = style.bounds(...)
  local a, b = style.padded(low, high, share)
  if low and low >= 0 and a < 0 then a = 0 end
  if name:find "accuracy" and high and high <= 1 then b = math.min(b, 1) end
  return chart.axis(a, b, { grid = true })
end

-- Whether all numbers are whole.
function chart.whole(list)
  for _, x in ipairs(list) do
    if style.finite(x) and x ~= math.floor(x) then return false end
  end
  return true
end

-- Bars as text: a line for each { label, value, text }, the greatest as wide as there is room.
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
    local label = style.clean(item[1]):gsub("\n", " ")
    if utf8.len(label) > label_wide then
      label = label:sub(1, utf8.offset(label, label_wide) - 1) .. "…"
    end
    local eighths = style.finite(item[2]) and most > 0
      and math.floor(math.abs(item[2] + 0.0) / most * room * 8 + 0.5) or 0
    local part = ({ "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" })[eighths % 8 + 1]
    lines[#lines + 1] = ("%s%s  %s%s %s"):format((" "):rep(label_wide - utf8.len(label)), label,
      ("█"):rep(eighths // 8), part, item[3])
  end
  return table.concat(lines, "\n") .. "\n"
end

return chart
