-- The chosen model on digits that it has never seen: digits-lua experiments/deploy.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local metrics, plot = digits.metrics, digits.plot

local o = study.options {
  model = { "", "a saved model; by default the best of grid_search.lua, run if necessary" },
}

local sets = study.split(o)
local model, history
if o.model ~= "" then
  model = digits.load(o.model)
else
  local found = study.experiment("grid_search",
    { seed = o.seed, data = o.data, out = o.out, quick = o.quick })
  print("the best is " .. tostring(found.best))
  model, history = found.best.model, found.best.history
end

local labels = model:predict(sets.test)
local matrix = metrics.confusion_matrix(sets.test, labels)
print(matrix)
print(metrics.classification_report(sets.test, labels, { layout = "micro" }))
print("most often confused:")
for _, sentence in ipairs(study.confusions(matrix, 5)) do print("  " .. sentence) end
local accuracy = metrics.accuracy(sets.test, labels)
print("accuracy on unseen data: " .. study.with_interval(accuracy, sets.test))

plot.confusion_matrix(matrix):save(digits.path(o.out, "confusion.svg"))
local wrong = metrics.mistakes(sets.test, labels)
if #wrong > 0 then
  plot.images(sets.test, { rows = wrong, predicted = labels }):save(
    digits.path(o.out, "mistakes.png"))
end
if history then plot.history(history):save(digits.path(o.out, "history.svg")) end
print("wrote the pictures to " .. o.out)
return { model = model, history = history, accuracy = accuracy, matrix = matrix, labels = labels,
  sets = sets, wrong = wrong }
