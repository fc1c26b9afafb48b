-- The options of grid, random and halving: their parameters, and what no single one can tell.
local core = require "digits.core"
local internals = core.internals
local space = require "digits.search.space"

local COMMON = {
  { "params", "table", required = true, doc = "what is varied",
    expects = "a table with a list of values to try for each name, as in { epochs = { 6, 12 } }" },
  { "model", "function", required = true, doc = "called for each fit",
    expects = "a function that makes a new, compiled model for parameters p" },
  { "fit", { "function", "table" }, doc = "how models are fitted",
    expects = "a function that returns options of model:fit for parameters p, or these options" },
  { "train", "dataset", required = true, doc = "what models are fitted on" },
  { "validation", "dataset", doc = "what they are judged on; or else give folds" },
  { "folds", "integer", low = 2, doc = "scores are means over so many folds of train, and the " ..
    "best is fitted once more on all rows" },
  { "stratify", { "boolean" }, doc = "folds have like classes; nil: where there are labels, and " ..
    "no groups" },
  { "refit", { "boolean" }, doc = "false leaves out the last fit of a search with folds" },
  { "metric", { "string", "function" }, default = "accuracy", doc = "by which trials are ranked",
    expects = "\"loss\", a name of metrics.names(), or a function(model, set)" },
  { "maximize", { "boolean" }, doc = "whether more is better of a metric that is a function; " ..
    "nil: yes" },
  { "seed", "seed", doc = "a trial's own follows from it and the trial's parameters: neither " ..
    "order nor workers change what is found" },
  { "journal", "path", doc = "keeps each trial as it ends, and the best weights beside it: the " ..
    "same search goes on from there (it cannot see that the code of model or fit has changed)" },
  { "workers", "integer", low = 1, high = 256, default = 1, doc = "trials side by side" },
  { "verbose", "integer", low = 0, high = 2, default = 1,
    doc = "0 silent, 1 a line a trial, 2 each fit too" },
  { "retry_failed", "boolean", doc = "tries again what the journal has with an error" },
}

local OWN = {
  grid = {},
  random = {
    { "trials", "integer", low = 1, high = space.MOST_TRIALS, required = true,
      doc = "how many parameters to draw" } },
  halving = {
    { "trials", "integer", low = 1, high = space.MOST_TRIALS,
      doc = "how many parameters to draw; nil: all, as a grid" },
    { "resource", "string", default = "epochs", doc = "what survivors get more of, as " ..
      "p[resource]: \"epochs\" are given to fit, \"rows\" cut the training set" },
    { "max", "integer", low = 1, high = 1 << 40, doc = "what the last survivors get" },
    { "min", "integer", low = 1, high = 1 << 40, doc = "what each candidate gets at least" },
    { "factor", "integer", low = 2, high = 1000, default = 3,
      doc = "one of so many survives, and gets so many times as much" } },
}

local HINTS = { -- what peers call our options
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

-- The parameters of search.`kind`, and hints about names that are not among them.
function options.describe(kind)
  local own, params = OWN[kind], table.move(COMMON, 1, #COMMON, 1, {})
  return table.move(own, 1, #own, #params + 1, params), HINTS
end

local function fail(spec, ...)
  internals.raise(("%s: %s"):format(spec.who, string.format(...)))
end

-- ---- the metric ----

-- { name, maximize, known: what is known of it by name, score: function(model, set), for what
-- evaluate does not have }
local function read_metric(spec, metric, maximize)
  if type(metric) == "function" then
    return { name = "score", maximize = maximize ~= false, score = metric }
  end
  local ok, known = pcall(core.metrics.find, metric)
  if not ok then
    fail(spec, "%s; metric may be a function(model, set), too", known:match "find: (.*)$")
  elseif maximize ~= nil then
    fail(spec, "maximize is for a metric that is a function: whether more is better is known of %s",
      metric)
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
    fail(spec, "models are judged on validation = a set, or by folds = 5: give one of them")
  end
  for _, name in ipairs { "train", "validation" } do
    local set = spec[name]
    if set and #set == 0 then fail(spec, "%s: the set has no rows", name) end
    if set and not set.y then fail(spec, "%s: the set has no labels", name) end
  end
  if spec.folds and spec.folds > #spec.train then
    fail(spec, "folds must be at most %d, as many as rows, found %d", #spec.train, spec.folds)
  end
  for _, name in ipairs { "stratify", "refit" } do
    if spec[name] ~= nil and not spec.folds then fail(spec, "%s goes with folds", name) end
  end
  if spec.folds and spec.stratify == nil then
    spec.stratify = spec.train.labels ~= nil and not spec.train.groups
  end
end

local function complete_halving(spec)
  local rows = spec.resource == "rows" and #spec.train
  if rows and spec.folds then
    fail(spec, "resource = \"rows\" goes with validation, not with folds")
  elseif spec.params[spec.resource] ~= nil then
    fail(spec, "'%s' is the resource, so it cannot be among params", spec.resource)
  elseif not rows and not spec.max then
    fail(spec, "max must say how many %s the last survivors get", spec.resource)
  elseif rows and spec.max and spec.max > rows then
    fail(spec, "max must be at most %d, the rows of train, found %d", rows, spec.max)
  end
  spec.max = spec.max or rows
  if spec.min and spec.min > spec.max then
    fail(spec, "min must be at most %d, which is max, found %d", spec.max, spec.min)
  end
  spec.min = spec.min or rows and math.min(2 * #spec.train.classes, spec.max) or 1
end

-- Makes what the search goes by from the options of search.`kind`, which have passed the check.
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
