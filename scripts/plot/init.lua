-- The module "digits.plot": pictures of what was learnt, drawn by gnuplot.
local internals = require("digits.core").internals

-- The file of each plot, which is read when it is first used.
local files = {
  bar = "bar", calibration = "calibration", compare = "compare", confusion_matrix = "confusion",
  grid = "grid", heatmap = "heatmap", histogram = "histogram", history = "history",
  images = "images", importance = "importance", kernels = "kernels", line = "line", roc = "roc",
  search = "search",
}

local plot = {}
for name, file in pairs(files) do
  plot[name] = function(...) return internals.c_locale(require("digits.plot." .. file), ...) end
end

local COMMON = "\nAlso title, width and height in pixels. The picture has save, show and render."

local texts = {
  bar = "bar { values = numbers, labels = nil, label = nil, xlabel = nil, ylabel = nil }\n" ..
    "Bars; several series { values =, label = } in its list part stand in groups." .. COMMON ..
    "\nplot.bar { labels = { \"a\", \"b\" }, values = { 3, 5 } }:show()",
  calibration = "calibration(curve, {})\nAccuracy against confidence. curve: what " ..
    "metrics.calibration gives, or { bins =\n{ { confidence =, accuracy =, count = }, ... }, " ..
    "ece =, label = }; or several of them." .. COMMON,
  compare = "compare(candidates, {})\nAccuracy beside training time as a share of the longest. " ..
    "accuracy_spread adds a bar of spread." .. COMMON ..
    "\nplot.compare { { name = \"CNN\", accuracy = 0.987, seconds = 279 } }:save \"compare.svg\"",
  confusion_matrix = "confusion_matrix(matrix, { labels = nil })\nCounts, and their share of " ..
    "the row; errors have a scale of colours of their own." .. COMMON ..
    "\nplot.confusion_matrix(cm):save \"confusion.png\"",
  grid = "grid { pictures..., columns = 2 }\nPictures side by side." .. COMMON ..
    "\nplot.grid { plot.history(a), plot.history(b) }:save \"both.svg\"",
  heatmap = "heatmap(tensor, { colours = nil, low = nil, high = nil, xlabel = \"column\", " ..
    "ylabel = \"row\" })\nThe values of a tensor of two axes as colours: \"cividis\", \"blue\", " ..
    "\"grey\", or \"diverging\", which\nvalues of both signs have by default." .. COMMON ..
    "\nplot.heatmap(forest.feature_importances:reshape { 28, 28 }):show()",
  histogram = "histogram(values, { bins = 30, low = nil, high = nil, xlabel = \"value\" })\n" ..
    "How many values of a tensor or list lie where." .. COMMON,
  history = "history(history, { unit = nil })\nThe course of a training, a panel for each " ..
    "score: loss, accuracy, others. A thin line marks the\nbest epoch or round." .. COMMON ..
    "\nplot.history(history):save \"history.svg\"",
  images = "images(set or tensor, { rows = nil, predicted = nil, labels = nil, captions = nil, " ..
    "columns = nil, most = 40,\n  note = nil })\nImages with their labels; where predicted " ..
    "differs it is framed and reads true → predicted.\npredicted and labels line up with the " ..
    "set, captions with the rows shown. note: a line below." .. COMMON ..
    "\nplot.images(test, { rows = wrong, predicted = labels }):show()",
  importance = "importance(model or values, { names = nil, shape = nil, most = 20 })\nFeature " ..
    "importances, as an image where they fill a square or shape, else the greatest as bars." ..
    COMMON,
  kernels = "kernels(model, layer, { channel = 1, shape = nil, columns = nil, most = 64 })\nThe " ..
    "weights of each unit of a layer as an image; without layer, of the first that has a kernel." ..
    COMMON .. "\nplot.kernels(cnn, \"conv2d\"):save \"kernels.png\"",
  line = "line { x = nil, y = numbers, label = nil, xlabel = nil, ylabel = nil, logx = false, " ..
    "logy = false }\nA line; several { x =, y =, label =, points = } in its list part are drawn " ..
    "together." .. COMMON .. "\nplot.line { y = { 1, 4, 9 }, ylabel = \"seconds\" }:show()",
  roc = "roc(curve, { logx = false })\nTrue against false positives. curve: what " ..
    "metrics.roc_curve gives,\n{ fpr =, tpr =, auc =, label = }, or several of them." .. COMMON,
  search = "search(found, { metric = nil })\nThe trials of a search: their score against each " ..
    "parameter that varies." .. COMMON,
}
for name, text in pairs(texts) do internals.document(plot[name], "plot." .. name, text) end

internals.document(plot, "digits.plot", "digits.plot\n" ..
  "Pictures, drawn by gnuplot: picture:save(\"x.svg\"), .png or .pdf; picture:show() in the\n" ..
  "terminal; picture:render(\"svg\") as a string.")
return plot
