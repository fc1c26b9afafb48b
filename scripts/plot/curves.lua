-- What plots of curves in the unit square share.
local chart = require "digits.plot.chart"

local curves = {}

function curves.unit_axis()
  local axis = chart.axis(0, 1, { grid = true })
  axis[1], axis[2] = -0.01, 1.01
  return axis
end

-- The panel: marks, on top of the diagonal.
function curves.panel(marks, xlabel, ylabel)
  table.insert(marks, 1, { kind = "rule", x0 = 0, y0 = 0, x1 = 1, y1 = 1 })
  return { xlabel = xlabel, ylabel = ylabel, marks = marks, x = curves.unit_axis(),
    y = curves.unit_axis(), square = true }
end

function curves.label(label, score, format)
  local text = type(score) == "number" and format:format(score) or nil
  if label ~= nil and text then return ("%s (%s)"):format(tostring(label), text) end
  return label ~= nil and tostring(label) or text
end

return curves
