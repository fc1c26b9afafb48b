-- plot.search: the score of each trial of a search against each parameter.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local sorted_keys = require("digits.show").sorted_keys
local style = require "digits.plot.style"

local MOST_VALUES = 8 -- of a parameter as categories; more numbers are drawn on an axis

local function text_of(value)
  if type(value) == "number" then return style.number(value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = text_of(item) end
  return table.concat(parts, "×")
end

-- The trials that have a score: { params, score }.
local function read(trials, metric)
  local list = {}
  for i, trial in ipairs(trials) do
    for name in pairs(trial.params) do
      if type(name) ~= "string" then
        plot.fail("search: trials[%d]: the keys of params must be strings, found a %s", i,
          type(name))
      end
    end
    local score = trial.scores and trial.scores[metric]
    if type(score) == "number" and style.finite(score) and next(trial.params) then
      list[#list + 1] = { params = trial.params, score = score }
    end
  end
  if #list == 0 then plot.fail("search: no trial has a score '%s'", metric) end
  return list
end

-- The parameters that differ between trials: { name, values, sum and count of scores by text }.
local function varied(trials)
  local seen, list = {}, {}
  for _, trial in ipairs(trials) do
    for name, value in pairs(trial.params) do
      local one = seen[name] or { name = name, values = {}, sum = {}, count = {} }
      local text = text_of(value)
      seen[name] = one
      if not one.sum[text] then one.values[#one.values + 1] = value end
      one.sum[text] = (one.sum[text] or 0) + trial.score
      one.count[text] = (one.count[text] or 0) + 1
    end
  end
  local names = sorted_keys(seen)
  for _, name in ipairs(names) do
    if #seen[name].values > 1 then list[#list + 1] = seen[name] end
  end
  return #list > 0 and list or { seen[names[1]] }
end

local function by_value(a, b)
  local x, y = type(a) == "number" and a == a, type(b) == "number" and b == b
  if x and y then return a < b end
  if x ~= y then return x end
  return text_of(a) < text_of(b)
end

-- Returns the position of each value by its text, the axis, and whether values are categories.
local function place_values(one)
  table.sort(one.values, by_value)
  local numbers = {}
  for i, value in ipairs(one.values) do
    if type(value) == "number" and style.finite(value) then numbers[i] = value end
  end
  local places, ticks = {}, {}
  if #one.values <= MOST_VALUES or #numbers < #one.values then
    for i, value in ipairs(one.values) do
      places[text_of(value)] = i
      ticks[i] = { i, text_of(value) }
    end
    return places, { 0.5, #one.values + 0.5, ticks = ticks, names = true }, true
  end
  local low, high = style.bounds(numbers)
  for i, value in ipairs(one.values) do places[text_of(value)] = numbers[i] end
  if low > 0 and high / low >= 50 then
    return places, chart.axis(low / 1.2, high * 1.2, { log = true })
  end
  return places, chart.axis(style.padded(low, high))
end

local function panel_of(one, trials, y_axis, metric)
  local places, axis, apart = place_values(one)
  local x, y = {}, {}
  for i, trial in ipairs(trials) do
    x[i], y[i] = places[text_of(trial.params[one.name])] or 0 / 0, trial.score
  end
  local marks = { { kind = "line", dash = "none", x = x, y = y, colour = style.colour(1),
    point = 7, size = 0.9, sign = "o", label = "trial" } }
  if apart then
    local mean_x, mean_y = {}, {}
    for i, value in ipairs(one.values) do
      local text = text_of(value)
      mean_x[i], mean_y[i] = places[text], one.sum[text] / one.count[text]
    end
    marks[2] = { kind = "line", x = mean_x, y = mean_y, colour = style.colour(2), dash = "(9,4)",
      point = style.point(2), label = "mean" }
  end
  return { xlabel = (one.name:gsub("_", " ")), ylabel = (metric:gsub("_", " ")), marks = marks,
    x = axis, y = y_axis }
end

local function draw(found, options)
  local metric = options.metric or type(found.metric) == "string" and found.metric or "accuracy"
  local trials = read(found.trials, metric)
  local scores = {}
  for i, trial in ipairs(trials) do scores[i] = trial.score end
  local y_axis = chart.score_axis(metric, 0.05, scores)
  local panels = {}
  for i, one in ipairs(varied(trials)) do panels[i] = panel_of(one, trials, y_axis, metric) end
  local columns = math.min(#panels, #panels == 4 and 2 or 3)
  return { width = 360 * columns + 60, height = 320 * math.ceil(#panels / columns) + 20,
    layout = chart.tiles(panels, columns) }
end

return plot.define({
  name = "search", arguments = 1,
  doc = "The score of each trial of a search against each parameter that varies.",
  params = {
    { "found", "record", open = true, required = true, doc = "what a search returns", fields = {
      { "trials", "list", of = "record", open = true, required = true, doc = "its trials",
        fields = { { "params", "table", required = true, doc = "the values of the parameters" },
          { "scores", "table", doc = "the scores" } } },
      { "metric", "value", doc = "the metric of the search" } } },
    { "metric", "string", doc = "the score to show; by default the metric of the search" },
  },
  example = "plot.search(search.grid { ... }):show()",
}, draw)
