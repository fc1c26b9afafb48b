-- plot.roc: true against false positives.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local curves = require "digits.plot.curves"
local style = require "digits.plot.style"

local NAME = "roc"

local function as_curve(value)
  return value.fpr ~= nil and value or nil
end

-- A logarithmic axis: what is near perfect differs at its left end. Zeros stand at its low end.
local function stretch(panel)
  local low = 1
  table.remove(panel.marks, 1) -- the diagonal
  for _, mark in ipairs(panel.marks) do
    for _, x in ipairs(mark.x) do
      if x > 0 then low = math.min(low, x) end
    end
  end
  low = 10.0 ^ math.floor(math.log(math.min(low, 0.1), 10) + 1e-9)
  for _, mark in ipairs(panel.marks) do
    for i, x in ipairs(mark.x) do mark.x[i] = math.max(x, low) end
  end
  panel.x = chart.axis(low, 1, { log = true, grid = true })
  return panel
end

return function(given, options)
  options = check.options(NAME, options, { logx = "boolean" })
  local marks = {}
  for i, curve in ipairs(curves.several(NAME, given, as_curve, "a table with fpr and tpr")) do
    local x = curves.numbers(NAME, "fpr", curve.fpr)
    local y = curves.numbers(NAME, "tpr", curve.tpr)
    check.same_length(NAME, "fpr", x, "tpr", y)
    marks[i] = { kind = "line", x = x, y = y, colour = style.colour(i),
      dash = style.dash((i - 1) // #style.colours + 1),
      label = curves.label(curve.label, curve.auc, "AUC %.4f") }
  end
  local rows = math.ceil(#marks / 2)
  local panel = curves.panel(marks, "false positive rate", "true positive rate")
  return chart.new(NAME, options, 520, 520 + 21 * rows, options.logx and stretch(panel) or panel)
end
