-- The module "digits.plot": pictures of what was learnt, drawn by gnuplot. Each plot is the file of
-- its name, which is read when it is first asked for.
local internals = require("digits.core").internals

local plot = {
  "bar",
  "calibration",
  "compare",
  "confusion_matrix",
  "grid",
  "heatmap",
  "histogram",
  "history",
  "images",
  "importance",
  "kernels",
  "line",
  "roc",
  "scatter",
  "search",
}

internals.document(plot, "digits.plot", "digits.plot\n" ..
  "Pictures, drawn by gnuplot: picture:save(\"x.svg\"), .png or .pdf; picture:show() in the\n" ..
  "terminal; picture:render(\"svg\") as a string.")
return plot
