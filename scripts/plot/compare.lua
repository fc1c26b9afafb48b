-- plot.compare: accuracy beside training time, a group of bars for each candidate.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local style = require "digits.plot.style"

local NAME = "compare"
local FIELDS = { name = "string", accuracy = "number", seconds = "number",
  accuracy_spread = "number", seconds_spread = "number" }

local function read(candidates)
  local slowest = 0
  for i, one in ipairs(candidates) do
    if type(one) ~= "table" then
      check.fail(NAME, "expected { name = ..., accuracy = ..., seconds = ... }, found %s",
        check.found(one))
    end
    for _, field in ipairs { "name", "accuracy", "seconds" } do
      if type(one[field]) ~= FIELDS[field] then
        check.fail(NAME, "candidate %d: %s must be a %s, found %s", i, field, FIELDS[field],
          check.found(one[field]))
      end
    end
    for _, field in ipairs { "accuracy_spread", "seconds_spread" } do
      local spread = one[field]
      local right = type(spread) == "number" and spread >= 0 and style.finite(spread)
      if spread ~= nil and not right then
        check.fail(NAME, "candidate %d: %s must be a number of at least 0, found %s", i, field,
          check.found(spread))
      end
    end
    if not (one.accuracy >= 0 and one.accuracy <= 1) then
      check.fail(NAME, "%s: accuracy must be from 0 to 1, found %g", one.name, one.accuracy)
    end
    if not (one.seconds >= 0 and style.finite(one.seconds)) then
      check.fail(NAME, "%s: seconds must be 0 or more, found %g", one.name, one.seconds)
    end
    slowest = math.max(slowest, one.seconds)
  end
  if #candidates == 0 then
    check.fail(NAME, "there is nothing to compare: expected { { name = \"CNN\", accuracy = " ..
      "0.987, seconds = 279 }, ... }")
  end
  return slowest
end

local function text(candidates)
  return function(columns)
    local accuracies, times = {}, {}
    for i, one in ipairs(candidates) do
      accuracies[i] = { one.name, one.accuracy, ("%.4f"):format(one.accuracy) }
      times[i] = { one.name, one.seconds, style.seconds(one.seconds) }
    end
    return chart.text_bars(accuracies, columns, "accuracy") .. "\n" ..
      chart.text_bars(times, columns, "training time")
  end
end

-- The numbers over a candidate's two bars; the taller bar's goes a line up where both would meet.
-- line: a line's height as a part of the axis.
local function add_numbers(marks, i, tops, texts, size, pixels, line)
  local needs = (style.width(texts[1], size) + style.width(texts[2], size)) / 2
  if needs > 0.39 * pixels and math.abs(tops[1] - tops[2]) < line then
    local higher = tops[2] > tops[1] and 2 or 1
    tops[higher] = tops[3 - higher] + line
  end
  for k, x in ipairs { i - 0.195, i + 0.195 } do
    marks[#marks + 1] = { kind = "text", x = x, y = tops[k] + 0.035, text = texts[k], size = size }
  end
  return math.max(tops[1], tops[2])
end

return function(candidates, options)
  if type(candidates) ~= "table" then
    check.fail(NAME, "expected a list of { name = ..., accuracy = ..., seconds = ... }, found %s",
      check.found(candidates))
  end
  options = check.options(NAME, options, { ylabel = "string" })
  local slowest = read(candidates)
  local count = #candidates
  local width = options.width or math.max(560, math.min(1400, 120 + 150 * count))
  local group = (width - 110) / (count + 0.2) -- pixels
  local accuracy = { kind = "bars", colour = style.colour(1), label = "accuracy" }
  local time = { kind = "bars", colour = "#E69F00", label = slowest > 0
    and ("training time (1.0 = %s)"):format(style.seconds(slowest)) or "training time" }
  local marks, ticks, top = { accuracy, time }, {}, 0
  for i, one in ipairs(candidates) do
    local share = slowest > 0 and one.seconds / slowest or 0
    accuracy[i] = { i - 0.38, i - 0.01, 0, one.accuracy }
    time[i] = { i + 0.01, i + 0.38, 0, share }
    ticks[i] = { i, one.name }
    local spread = one.accuracy_spread and one.accuracy_spread or 0
    if spread > 0 then
      marks[#marks + 1] = { kind = "spread", x = i - 0.195, low = one.accuracy - spread,
        high = one.accuracy + spread }
    end
    local size = group >= 120 and style.small or style.tiny
    top = math.max(top, add_numbers(marks, i, { one.accuracy + spread, share },
      { (group >= 90 and "%.4f" or "%.3f"):format(one.accuracy), style.seconds(one.seconds) },
      size, group, 1.3 * size / math.max(50, (options.height or 420) - 110)))
  end
  local y = chart.axis(0, 1)
  y[2] = math.max(1.08, top + 0.07)
  return chart.new(NAME, options, width, 420, {
    ylabel = options.ylabel or "fraction", marks = marks,
    x = { 0.4, count + 0.6, ticks = ticks, names = true }, y = y,
  }, text(candidates))
end
