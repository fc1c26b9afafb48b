-- The digits whose labels are most doubtful: digits-lua experiments/label_errors.lua
-- Options: --epochs 4 --folds 5 --repeats 2 --show 40 --seed 1 --data mnist --out out --quick
local digits = require "digits"
local study = require "experiments.study" -- study.lua beside this file, or in the program
local data, plot = digits.data, digits.plot

local o = study.options({
  epochs = { 4, "passes of each CNN over its digits" },
  folds = { 5, "parts of the digits, each judged by a CNN that learnt from the others" },
  repeats = { 2, "how often the digits are cut into folds" },
  show = { 40, "how many digits to show" },
}, { epochs = 2, folds = 3, repeats = 1 })

local images = study.open(o)
local issues = data.label_issues(images, {
  model = function() return study.cnn() end, fit = { epochs = o.epochs, batch_size = 50 },
  folds = o.folds, repeats = o.repeats, seed = o.seed,
})
print(("%d digits; confident learning estimates that %d labels are wrong or cannot be told"):format(
  #images, issues.estimate))
for i = 1, math.min(10, o.show) do
  local row = issues.rows[i]
  print(("row %5d: labelled %d, looks like %d (its label is right with probability %.4f)"):format(
    row, issues.given[row], issues.suggested[row], issues.quality[row]))
end

local rows = issues.rows[{ { 1, math.min(o.show, #images) } }]
local picture = plot.images(images, { rows = rows, predicted = issues.suggested, most = o.show,
  note = "given → suggested label" })
local path = digits.path(o.out, "label_errors.png")
picture:save(path)
print("wrote " .. path)
return { issues = issues, images = images, rows = rows, picture = picture }
