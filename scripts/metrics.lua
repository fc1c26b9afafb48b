-- Printing of the tables that metrics return, and hints for scikit-learn's names of metrics.
local core = require "digits.core"
local internals = core.internals

local function score_line(name, scores)
  return ("%12s %10.4f %10.4f %10.4f %10d"):format(name, scores.precision, scores.recall,
    scores.fscore, scores.support)
end

local function scores(values)
  local lines = { ("%12s %10s %10s %10s %10s"):format("", "precision", "recall", "fscore",
    "support") }
  for _, label in ipairs(values.labels) do
    lines[#lines + 1] = score_line(label, values.by_label[label])
  end
  for _, average in ipairs { "micro", "macro", "weighted" } do
    lines[#lines + 1] = score_line(average, values[average])
  end
  return table.concat(lines, "\n")
end

local function calibration(bins)
  local lines = { "      confidence      rows       mean   accuracy" }
  for _, bin in ipairs(bins) do
    local range = ("%.3f to %.3f"):format(bin.low, bin.high)
    lines[#lines + 1] = bin.count == 0 and ("%16s %9d"):format(range, 0)
      or ("%16s %9d %10.4f %10.4f"):format(range, bin.count, bin.confidence, bin.accuracy)
  end
  lines[#lines + 1] = ("expected calibration error %.4f, worst %.4f"):format(bins.error, bins.worst)
  return table.concat(lines, "\n")
end

internals.printable("scores").__tostring = scores
internals.printable("calibration").__tostring = calibration

-- ---- other libraries' names ----

local OURS = { fbeta_score = "precision_recall_fscore", calibration_curve = "calibration",
  precision_recall_fscore_support = "precision_recall_fscore" }

local metatable = getmetatable(core.metrics)
local unknown = metatable.__index
function metatable.__index(metrics, name)
  if type(name) ~= "string" then return unknown(metrics, name) end
  local ours = OURS[name] or name:match "^(.*)_score$"
  if not ours or rawget(metrics, ours) == nil then return unknown(metrics, name) end
  internals.raise(("digits.metrics has no field '%s': use '%s'"):format(name, ours))
end
