-- plot.history: the scores of a fit over its epochs, one panel per score.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local show = require "digits.show"
local style = require "digits.plot.style"

-- The names of the scores that get a panel, loss first.
local function scores_of(history)
  local names, seen = {}, {}
  for _, key in ipairs(show.scores(history)) do
    local name, values = key:match "^val_(.+)$" or key, rawget(history, key)
    if type(values) == "table" and type(values[1]) == "number" and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

-- The list of numbers with this name, or nil.
local function numbers(history, key)
  local values = rawget(history, key)
  if type(values) ~= "table" then return nil end
  for i = 1, #values do
    if type(values[i]) ~= "number" then
      plot.fail("history: %s[%d] must be a number, found a %s", key, i, type(values[i]))
    end
  end
  return values
end

-- Epochs 1 to `last`.
local function x_axis(last)
  local room = 0.02 * (last - 1)
  local axis = chart.axis(last == 1 and 0.5 or 1 - room, last == 1 and 1.5 or last + room,
    { whole = true, count = 7 })
  if axis.ticks[1] and axis.ticks[1][1] < 1 then axis.ticks[1] = { 1, "1" } end
  return axis
end

local function panel_of(history, name, unit)
  local marks, lists = {}, {}
  for i, key in ipairs { name, "val_" .. name } do
    local values = numbers(history, key)
    if values then
      lists[#lists + 1] = values
      marks[#marks + 1] = { kind = "line", x = chart.counted(#values), y = values,
        colour = style.colour(i), dash = i == 2 and "(9,4)" or "1",
        point = #values <= 30 and style.point(i) or nil,
        label = i == 1 and "train" or "validation" }
    end
  end
  local last = math.max(#lists[1], lists[2] and #lists[2] or 0)
  local y = chart.score_axis(name, 0.08, table.unpack(lists))
  local x = x_axis(last)
  local best = rawget(history, "best_epoch")
  if math.type(best) == "integer" and best >= 1 and best < last then
    table.insert(marks, 1, { kind = "rule", x0 = best, y0 = y[1], x1 = best, y1 = y[2] })
  end
  if not style.bounds(table.unpack(lists)) then
    marks[#marks + 1] = { kind = "text", x = (x[1] + x[2]) / 2, y = (y[1] + y[2]) / 2,
      text = "no finite value", colour = style.soft }
  end
  return { title = (name:gsub("_", " ")), xlabel = unit, marks = marks, x = x, y = y }
end

local function draw(history, options)
  local names, panels = scores_of(history), {}
  if #names == 0 then
    plot.fail "history: expected lists of numbers such as loss and val_loss, found none"
  end
  local unit = options.unit or rawget(history, "step") or "epoch"
  for i, name in ipairs(names) do panels[i] = panel_of(history, name, unit) end
  local columns = #names == 1 and 1 or 2
  return { width = 440 * columns + 20, height = 360 * math.ceil(#names / columns),
    layout = chart.tiles(panels, columns) }
end

return plot.define({
  name = "history", arguments = 1,
  doc = "The scores of a fit over its epochs or rounds, one panel per score: loss, accuracy " ..
    "and\nothers. A thin line marks the best epoch or round.",
  params = {
    { "history", "table", required = true, doc = "what fit returns: lists of numbers by name" },
    { "unit", "string", doc = "the label of the x axis; by default epoch or round" },
  },
  example = "plot.history(history):save \"history.svg\"",
}, draw)
