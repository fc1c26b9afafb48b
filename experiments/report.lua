-- The whole study as one HTML page, out/report.html: digits-lua experiments/report.lua --help
-- The search keeps a journal in the same folder, from which a study that was stopped continues; the
-- time of the search is then only that of the last run.
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local write = require "experiments.report_page"

local began = digits.clock()
local o = study.options {
  repeats = { 2, "training runs of each candidate, with consecutive seeds" },
}
local page = digits.report.new(digits.path(o.out, "report.html"), {
  title = "Recognising handwritten digits" })

-- Runs an experiment as its command would, and keeps the command and its time.
local steps = {}
local function run(name, more)
  local options = { seed = o.seed, data = o.data, out = o.out, quick = o.quick }
  for option, value in pairs(more or {}) do options[option] = value end
  print("\n== " .. name)
  local start = digits.clock()
  local result = study.experiment(name, options)
  options.out = nil
  steps[#steps + 1] = { name = name, command = study.command(name, options),
    seconds = digits.clock() - start }
  return result
end

-- the smaller comparisons train for fewer epochs than on their own
local epochs = o.quick and { 1, 2, 1 } or { 3, 6, 3 }
local found = {
  options = o, steps = steps,
  compare = run("compare", { repeats = o.repeats }),
  search = run("grid_search", { workers = math.min(2, digits.threads()) }),
  deploy = run "deploy",
  combined = run("cnn_xgboost", { repeats = o.repeats }),
  pooling = run("pooling", { epochs = epochs[1], repeats = o.repeats }),
  dropout = run("dropout", { epochs = epochs[2], repeats = o.repeats }),
  activations = run("activations", { epochs = epochs[3], repeats = o.repeats }),
  writers = (o.data == "mnist" or o.data == "qmnist")
    and run("writers", { epochs = epochs[1], seeds = o.repeats }) or nil, -- else they are unknown
  labels = run("label_errors", not o.quick and { epochs = 3, folds = 3, repeats = 1 } or nil),
}
found.seconds = digits.clock() - began
write(page, found, study)
page:save()
print(("\nwrote %s, %.0f s in all"):format(page.path, digits.clock() - began))
return found
