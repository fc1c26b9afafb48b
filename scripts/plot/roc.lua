-- plot.roc: ROC curves.
local chart = require "digits.plot.chart"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

-- Makes the x axis logarithmic, which separates nearly perfect curves. Zeros are drawn at its low
-- end.
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

local function draw(list, options)
  local marks = {}
  for i, curve in ipairs(list) do
    plot.same_length("roc", "fpr", curve.fpr, "tpr", curve.tpr)
    marks[i] = { kind = "line", x = curve.fpr, y = curve.tpr, colour = style.colour(i),
      dash = style.dash((i - 1) // #style.colours + 1),
      label = chart.curve_label(curve.label, curve.auc, "AUC %.4f") }
  end
  local rows = math.ceil(#marks / 2)
  local panel = chart.unit_panel(marks, "false positive rate", "true positive rate")
  return chart.new(520, 520 + 21 * rows, options.logx and stretch(panel) or panel)
end

local function rates(name, doc)
  return { name, "list", of = "number", low = 0, high = 1, some = true, required = true, doc = doc }
end

return plot.define({
  name = "roc", doc = "ROC curves: true positive rate against false positive rate.", arguments = 1,
  params = {
    { "curve", "list", of = "record", open = true, required = true, some = true,
      doc = "what metrics.roc_curve returns, or a list of these", fields = {
        rates("fpr", "false positive rates"), rates("tpr", "true positive rates"),
        { "auc", "value", doc = "the area under the curve, for the legend" },
        { "label", "value", doc = "the curve's name in the legend" } } },
    { "logx", "boolean",
      doc = "makes the x axis logarithmic, which separates nearly perfect curves" },
  },
  example = "plot.roc(metrics.roc_curve(test.y, model:predict_proba(test))):show()",
}, draw)
