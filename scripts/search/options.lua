-- The options of grid, random and halving: their parameters, and checks that involve several.
local core = require "digits.core"
local internals = core.internals
local fail = require "digits.search.fail"
local space = require "digits.search.space"

local COMMON = {
  { "params", "table", required = true, doc = "the values to try",
    expects = "a table with a list of values to try for each name, as in { epochs = { 6, 12 } }" },
  { "model", "function", required = true, doc = "called once for each fit",
    expects = "a function that returns a new, compiled model for parameters p" },
  { "fit", { "function", "table" }, doc = "options of the fits",
    expects = "a function that returns a table of options of model:fit for parameters p, or the " ..
      "table itself" },
  { "train", "dataset", required = true, doc = "the training set" },
  { "validation", "dataset", doc = "the set that trials are scored on; alternatively folds" },
  { "folds", "integer", low = 2, doc = "scores are means over this many folds of train, and " ..
    "the best model is fitted again on all rows" },
  { "stratify", { "boolean" }, doc = "whether folds have the same proportions of classes; nil: " ..
    "if train has labels and no groups" },
  { "refit", { "boolean" }, doc = "with folds, false leaves out the final fit on all rows" },
  { "metric", { "string", "function" }, default = "accuracy", doc = "ranks the trials",
    expects = "\"loss\", a name of metrics.names(), or a function(model, set)" },
  { "maximize", { "boolean" }, doc = "whether greater is better, for a metric that is a " ..
    "function; nil: true" },
  { "seed", "seed", doc = "the seed of each trial is derived from it and the trial's " ..
    "parameters, so that neither order nor workers change the result" },
  { "journal", "path", doc = "a file that keeps each finished trial, with the best weights in " ..
    "another beside it: the same search continues from there (it cannot detect that the code of " ..
    "model or fit has changed)" },
  { "workers", "integer", low = 1, high = 256, default = 1, doc = "trials in parallel" },
  { "verbose", "integer", low = 0, high = 2, default = 1,
    doc = "0: silent; 1: one line per trial; 2: each fit as well" },
  { "retry_failed", "boolean", doc = "runs again the trials that failed in an earlier run" },
}

local OWN = {
  grid = {},
  random = {
    { "trials", "integer", low = 1, high = space.MOST_TRIALS, required = true,
      doc = "the number of trials" } },
  halving = {
    { "trials", "integer", low = 1, high = space.MOST_TRIALS,
      doc = "the number of candidates to draw; nil: all combinations, as in a grid" },
    { "resource", "string", default = "epochs", doc = "what later rungs get more of, " ..
      "as p[resource]: \"epochs\" are passed to fit, \"rows\" is the size of the training set" },
    { "max", "integer", low = 1, high = 1 << 40, doc = "the resource in the last rung" },
    { "min", "integer", low = 1, high = 1 << 40, doc = "the minimum resource in the first rung" },
    { "factor", "integer", low = 2, high = 1000, default = 3,
      doc = "one in this many survives a rung, and gets this many times the resource" } },
}

local HINTS = { -- other libraries' names for our options
  "param_grid", "use params = ...", "param_distributions", "use params = ...",
  "estimator", "use model = ...", "build", "use model = ...", "scoring", "use metric = ...",
  "cv", "use folds = ...", "n_iter", "use trials = ...", "n_candidates", "use trials = ...",
  "n_jobs", "use workers = ...", "random_state", "use seed = ...",
  "validation_data", "use validation = ...", "max_resources", "use max = ...",
  "min_resources", "use min = ...", "greater_is_better", "use maximize = ...",
}
for _, kind in ipairs { "random", "halving" } do -- where it is not an option
  for _, param in ipairs(OWN[kind]) do
    table.move({ param[1], "it is an option of search." .. kind }, 1, 2, #HINTS + 1, HINTS)
  end
end

local options = {}

-- Returns the parameters of search.`kind`, and hints for unknown names.
function options.describe(kind)
  local own, params = OWN[kind], table.move(COMMON, 1, #COMMON, 1, {})
  return table.move(own, 1, #own, #params + 1, params), HINTS
end

-- ---- the metric ----

-- Returns { name, maximize, known: the description of a named metric, score: function(model, set),
-- for metrics that evaluate does not compute }.
local function read_metric(spec, metric, maximize)
  if type(metric) == "function" then
    return { name = "score", maximize = maximize ~= false, score = metric }
  end
  local ok, known = pcall(core.metrics.find, metric)
  if not ok then
    fail(spec, "%s; metric may also be a function(model, set)", known:match "find: (.*)$")
  elseif maximize ~= nil then
    fail(spec, "remove maximize: it is for metrics that are functions; whether greater is " ..
      "better is known for %s", metric)
  end
  return { name = metric, maximize = known.greater_is_better, known = known,
    score = function(model, set)
      local numbers = known.needs_numbers
      return core.metrics.score(metric, set, numbers and model:predict(set)
        or model:predict_proba(set), { classes = not numbers and model.classes or nil })
    end }
end

-- ---- all ----

local function check_sets(spec)
  if (spec.validation == nil) == (spec.folds == nil) then
    fail(spec, "expected either validation = a set or folds = 5, to score the models, found %s",
      spec.folds and "both" or "neither")
  end
  for _, name in ipairs { "train", "validation" } do
    local set = spec[name]
    if set and #set == 0 then fail(spec, "%s: the set has no rows", name) end
    if set and not set.y then fail(spec, "%s: the set has no labels", name) end
  end
  if spec.folds and spec.folds > #spec.train then
    fail(spec, "folds must be at most %d, the number of rows, found %d", #spec.train, spec.folds)
  end
  for _, name in ipairs { "stratify", "refit" } do
    if spec[name] ~= nil and not spec.folds then fail(spec, "%s requires folds", name) end
  end
  if spec.folds and spec.stratify == nil then
    spec.stratify = spec.train.labels ~= nil and not spec.train.groups
  end
end

local function complete_halving(spec)
  local rows = spec.resource == "rows" and #spec.train
  if rows and spec.folds then
    fail(spec, "resource = \"rows\" requires validation in place of folds")
  elseif spec.params[spec.resource] ~= nil then
    fail(spec, "params must not have '%s', which is the resource", spec.resource)
  elseif not rows and not spec.max then
    fail(spec, "expected max = ..., the number of %s in the last rung", spec.resource)
  elseif rows and spec.max and spec.max > rows then
    fail(spec, "max must be at most %d, the number of rows of train, found %d", rows, spec.max)
  end
  spec.max = spec.max or rows
  if spec.min and spec.min > spec.max then
    fail(spec, "min must be at most max, which is %d, found %d", spec.max, spec.min)
  end
  spec.min = spec.min or rows and math.min(2 * #spec.train.classes, spec.max) or 1
end

-- Turns the checked options of search.`kind` into the specification of a search.
function options.complete(kind, spec)
  spec.kind, spec.who = kind, kind
  spec.space = space.read(kind, spec.params, kind ~= "grid")
  spec.names, spec.varied = spec.space.names, space.varied(spec.space)
  check_sets(spec)
  spec.metric = read_metric(spec, spec.metric, spec.maximize)
  spec.seed = spec.seed or internals.next_seed()
  if kind == "halving" then complete_halving(spec) end
  return spec
end

return options
