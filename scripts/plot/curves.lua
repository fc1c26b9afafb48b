-- What plots of curves in the unit square share.
local chart = require "digits.plot.chart"
local check = require "digits.plot.check"
local sorted_keys = require("digits.show").sorted_keys
local style = require "digits.plot.style"

local curves = {}

function curves.unit_axis()
  local axis = chart.axis(0, 1, { grid = true })
  axis[1], axis[2] = -0.01, 1.01
  return axis
end

-- A list of curves: what `as_curve` makes of the value, or of those in it, by position or by name
-- or label, sorted. as_curve returns nil for what is no curve.
function curves.several(name, given, as_curve, expected)
  if type(given) ~= "table" then
    check.fail(name, "expected %s, or several of them, found %s", expected, check.found(given))
  end
  local one = as_curve(given)
  if one then return { one } end
  local keys, found = {}, {}
  for _, key in ipairs(sorted_keys(given)) do
    local value = given[key]
    if type(value) == "table" and as_curve(value) then keys[#keys + 1] = key end
  end
  local list = #keys == #given
  for i, key in ipairs(keys) do
    local curve = {}
    for k, value in pairs(as_curve(given[key])) do curve[k] = value end
    if curve.label == nil and not list then curve.label = tostring(key) end
    found[i] = curve
  end
  if #found == 0 then
    check.fail(name, "expected %s, or several of them, found %s", expected, check.found(given))
  end
  return found
end

function curves.numbers(name, what, value)
  local list = check.some_numbers(name, what, value)
  for i, x in ipairs(list) do
    if style.finite(x) and (x < 0 or x > 1) then
      check.fail(name, "%s[%d] must be from 0 to 1, found %g", what, i, x)
    end
  end
  return list
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
