-- plot.calibration: how often a model is right against how confident it is.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local LOWER = 170 -- the height of the panel of counts, in pixels

-- Returns the confidence, accuracy and counts (or nil) of the bins that are not empty, as lists.
local function read_bins(bins)
  local x, y, counts = {}, {}, {}
  for _, bin in ipairs(bins) do
    if bin.count ~= 0 then
      x[#x + 1], y[#y + 1] = bin.confidence, bin.accuracy
      counts[#counts + 1] = bin.count
    end
  end
  if #x == 0 then plot.fail "calibration: all bins are empty" end
  return x, y, #counts == #x and counts or nil
end

-- The panel below the curve: the number of rows in each bin.
local function counts_panel(x, counts)
  local mark = { kind = "bars", colour = style.colour(1) }
  local _, most = style.bounds(counts)
  for i, at in ipairs(x) do mark[i] = { at - 0.012, at + 0.012, 0, counts[i] } end
  local axis = chart.unit_axis()
  axis.grid = nil
  return { xlabel = "confidence", ylabel = "rows", marks = { mark }, x = axis,
    y = chart.axis(0, most * 1.05, { grid = true, count = 2, whole = true }) }
end

local function two_panels(main, below)
  main.xlabel, main.square = nil, nil
  local left = 46 + math.ceil(style.width(below.y.ticks[#below.y.ticks][2], style.small))
  main.margin, below.margin = { left, 20, 36, 30 }, { left, 20, 8, 60 }
  local function layout(w, h)
    return { { main, { x = 0, y = 0, w = w, h = h - LOWER } },
      { below, { x = 0, y = h - LOWER, w = w, h = LOWER } } }
  end
  return { width = 520, height = 620, layout = layout }
end

local function draw(list)
  local marks, below = {}, nil
  for i, curve in ipairs(list) do
    local x, y, counts = read_bins(curve.bins)
    below = counts and counts_panel(x, counts)
    marks[i] = { kind = "line", x = x, y = y, colour = style.colour(i), point = style.point(i),
      dash = style.dash(i), label = chart.curve_label(curve.label, curve.error or curve.ece,
        "expected calibration error %.4f") }
  end
  local main = chart.unit_panel(marks, "confidence", "accuracy")
  if #list == 1 and below then return two_panels(main, below) end
  return chart.new(520, 540 + 21 * #marks, main)
end

return plot.define({
  name = "calibration", doc = "A calibration curve: accuracy against confidence.", arguments = 1,
  params = {
    { "curve", "list", of = "record", open = true, required = true, some = true,
      doc = "what metrics.calibration returns, or a list of these", fields = {
        { "bins", "list", of = "record", open = true, rest = true, required = true,
          doc = "in order of confidence", fields = {
            { "confidence", "number", low = 0, high = 1, required = true,
              doc = "the mean confidence of its rows" },
            { "accuracy", "number", low = 0, high = 1, required = true,
              doc = "the accuracy on its rows" },
            { "count", { "integer" }, low = 0, doc = "the number of its rows" } } },
        { "error", "value", doc = "the expected calibration error" },
        { "ece", "value", doc = "another name for error" },
        { "label", "value", doc = "the curve's name in the legend" } } },
  },
  example = "plot.calibration(metrics.calibration(test.y, model:predict_proba(test))):show()",
}, draw)
