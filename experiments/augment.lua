-- What each augmentation is worth to the report's CNN: digits-lua experiments/augment.lua --help
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local nn, plot = digits.nn, digits.plot

local o = study.options({
  epochs = { 12, "passes over the training digits" },
  seeds = { 3, "training runs of each, with consecutive seeds" },
}, { epochs = 2, seeds = 1 })

local translation = nn.RandomTranslation { 0.1, 0.1, fill_mode = "constant" }
local rotation = nn.RandomRotation { 15 / 360, fill_mode = "constant" }
local zoom = nn.RandomZoom { 0.1, fill_mode = "constant" }
local kinds = {
  { "none" },
  { "translation", { translation } },
  { "rotation", { rotation } },
  { "zoom", { zoom } },
  { "shear", { nn.RandomShear { 0.2, 0, fill_mode = "constant" } } },
  { "elastic", { nn.RandomElasticTransform { fill_mode = "constant" } } },
  { "erasing", { nn.RandomErasing { { 0.5, 0.5 }, { 0.02, 0.1 }, fill_value = 0 } } },
  { "mixup", mixup = 0.2 },
  { "move, turn, zoom", { translation, rotation, zoom } },
}

local sets = study.split(o)
local candidates = {}
for i, kind in ipairs(kinds) do
  candidates[i] = { name = kind[1],
    fit = { epochs = o.epochs, batch_size = 50, mixup = kind.mixup },
    learner = function() return study.cnn { augment = kind[2] } end }
end
local results = study.run(candidates, sets, { seed = o.seed, repeats = o.seeds })
local differences = study.differences(results, sets)
study.print(results, differences)

-- The first digits of the test set, as each augmentation makes them.
for _, kind in ipairs(kinds) do
  if kind[2] then
    local augment = nn.Sequential { nn.Input { 28, 28, 1 }, table.unpack(kind[2]) }
    local images = augment(sets.test.x[{ { 1, 40 } }], { training = true })
    plot.images(images):save(digits.path(o.out, "augment_" .. kind[1]:gsub("%W+", "_") .. ".png"))
  end
end
local path = digits.path(o.out, "augment.svg")
plot.compare(results):save(path)
local best = study.best(results)
best.runs[1].model:save(digits.path(o.out, "augment.safetensors"))
print(("wrote %s, augment.safetensors (%s) and pictures of augmented digits\n"):format(path,
  best.name))
study.close(best)
return { results = results, differences = differences, options = o }
