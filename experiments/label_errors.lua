-- The digits with the most doubtful labels: digits-lua experiments/label_errors.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local data, plot = digits.data, digits.plot

local o = study.options({
  epochs = { 4, "passes of each CNN over its training digits" },
  folds = { 5, "folds, each predicted by a CNN that was trained on the others" },
  repeats = { 2, "divisions into folds" },
  show = { 40, "number of digits to show" },
}, { epochs = 2, folds = 3, repeats = 1 })

local images = study.open(o)
local issues = data.label_issues(images, {
  model = function() return study.cnn() end, fit = { epochs = o.epochs, batch_size = 50 },
  folds = o.folds, repeats = o.repeats, seed = o.seed,
})
print(("%d digits; confident learning estimates that %d labels are wrong or ambiguous"):format(
  #images, issues.estimate))
for i = 1, math.min(10, o.show) do
  local row = issues.rows[i]
  print(("row %5d: labelled %d, looks like %d (label correct with probability %.4f)"):format(
    row, issues.given[row], issues.suggested[row], issues.quality[row]))
end

local rows = issues.rows[{ { 1, math.min(o.show, #images) } }]
local picture = plot.images(images, { rows = rows, predicted = issues.suggested, most = o.show,
  note = "given → suggested label" })
local path = digits.path(o.out, "label_errors.png")
picture:save(path)
print("wrote " .. path)
return { issues = issues, images = images, rows = rows, picture = picture }
