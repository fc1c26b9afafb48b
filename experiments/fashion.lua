-- The report's CNN on Fashion-MNIST, its own test part: digits-lua experiments/fashion.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local data, metrics, plot = digits.data, digits.metrics, digits.plot

local SET = "fashion-mnist"
local o = study.options({
  epochs = { 12, "passes over the training images" },
  seeds = { 1, "training runs, with consecutive seeds" },
  data = { SET, "the folder of its files, if they are not in their usual place" },
}, { epochs = 2 })

-- The set's own parts; nothing is chosen by the accuracy on the test part.
local function open(part)
  local folder = o.data ~= SET and o.data or nil
  return study.few(o, data.open(SET, { part = part, folder = folder }))
end
local sets = { train = open "train", test = open "test" }
print(("%d images to train on, %d to test"):format(#sets.train, #sets.test))

local result = study.run({ { name = "CNN", learner = study.cnn,
  fit = { epochs = o.epochs, batch_size = 50 } } }, sets, { seed = o.seed, repeats = o.seeds })[1]

local run = result.runs[1]
local matrix = metrics.confusion_matrix(sets.test, run.labels)
local names = sets.test.class_names
print "\nmost often confused:"
for _, pair in ipairs(matrix:most_confused(5)) do
  print(("  %s taken for %s: %d (%.1f %%)"):format(names[pair.truth + 1], names[pair.predicted + 1],
    pair.count, 100 * pair.share))
end
plot.confusion_matrix(matrix):save(digits.path(o.out, "fashion_confusion.svg"))
local wrong = metrics.mistakes(sets.test, run.labels)
if #wrong > 0 then
  plot.images(sets.test, { rows = wrong, predicted = run.labels }):save(
    digits.path(o.out, "fashion_mistakes.png"))
end
run.model:save(digits.path(o.out, "fashion.safetensors"))
print(("\nwrote fashion.safetensors and the pictures to %s\n"):format(o.out))
study.close(result)
return { result = result, matrix = matrix, sets = sets, options = o }
