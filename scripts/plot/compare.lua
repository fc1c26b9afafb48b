-- plot.compare: a bar of accuracy and a bar of training time for each candidate.
local chart = require "digits.plot.chart"
local duration = require "digits.duration"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local function text(candidates)
  return function(columns)
    local accuracies, times = {}, {}
    for i, one in ipairs(candidates) do
      accuracies[i] = { one.name, one.accuracy, ("%.4f"):format(one.accuracy) }
      times[i] = { one.name, one.seconds, duration(one.seconds) }
    end
    return chart.text_bars(accuracies, columns, "accuracy") .. "\n" ..
      chart.text_bars(times, columns, "training time")
  end
end

-- Adds the numbers above a candidate's two bars; if they would overlap, that of the taller bar is
-- moved up a line. line: the height of a line in units of the axis.
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

local function draw(candidates, options)
  local slowest = 0
  for _, one in ipairs(candidates) do slowest = math.max(slowest, one.seconds) end
  local count = #candidates
  local width = options.width or math.max(560, math.min(1400, 120 + 150 * count))
  local group = (width - 110) / (count + 0.2) -- pixels
  local accuracy = { kind = "bars", colour = style.colour(1), label = "accuracy" }
  local time = { kind = "bars", colour = "#E69F00", label = slowest > 0
    and ("training time (1.0 = %s)"):format(duration(slowest)) or "training time" }
  local marks, ticks, top = { accuracy, time }, {}, 0
  for i, one in ipairs(candidates) do
    local share = slowest > 0 and one.seconds / slowest or 0
    accuracy[i] = { i - 0.38, i - 0.01, 0, one.accuracy }
    time[i] = { i + 0.01, i + 0.38, 0, share }
    ticks[i] = { i, one.name }
    local spread = one.accuracy_spread or 0
    if spread > 0 then
      marks[#marks + 1] = { kind = "spread", x = i - 0.195, low = one.accuracy - spread,
        high = one.accuracy + spread }
    end
    local size = group >= 120 and style.small or style.tiny
    top = math.max(top, add_numbers(marks, i, { one.accuracy + spread, share },
      { (group >= 90 and "%.4f" or "%.3f"):format(one.accuracy), duration(one.seconds) },
      size, group, 1.3 * size / math.max(50, (options.height or 420) - 110)))
  end
  local y = chart.axis(0, 1)
  y[2] = math.max(1.08, top + 0.07)
  return chart.new(width, 420, {
    ylabel = options.ylabel, marks = marks,
    x = { 0.4, count + 0.6, ticks = ticks, names = true }, y = y,
  }, text(candidates))
end

return plot.define({
  name = "compare", arguments = 1,
  doc = "Accuracy, and training time as a fraction of the longest, of several candidates.",
  params = {
    { "candidates", "list", of = "record", open = true, required = true, some = true,
      doc = "the candidates to compare", fields = {
        { "name", "string", required = true, doc = "the label of its bars" },
        { "accuracy", "number", low = 0, high = 1, required = true, doc = "its accuracy" },
        { "seconds", "number", low = 0, required = true, doc = "its training time" },
        { "accuracy_spread", "number", low = 0, doc = "half the length of its error bar" } } },
    { "ylabel", "string", default = "fraction", doc = "the label of the y axis" },
  },
  example = "plot.compare { { name = \"CNN\", accuracy = 0.987, seconds = 279 } }" ..
    ":save \"compare.svg\"",
}, draw)
