-- The module "digits.plot": pictures, drawn by gnuplot. Each plot is the file of its name, which is
-- loaded when first used.
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
