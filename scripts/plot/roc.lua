-- plot.roc: true against false positives.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local curves = require "digits.plot.curves"
local style = require "digits.plot.style"

local NAME = "roc"

local function as_curve(value)
  return value.fpr ~= nil and value or nil
end

return function(given, options)
  options = check.options(NAME, options, {})
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
  return chart.new(NAME, options, 520, 520 + 21 * rows,
    curves.panel(marks, "false positive rate", "true positive rate"))
end
