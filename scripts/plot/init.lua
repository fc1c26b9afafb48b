-- The module "digits.plot": pictures of what was learnt, drawn by gnuplot. Each plot is the file of
-- its name, which is read when it is first asked for.
return {
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
