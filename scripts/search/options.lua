-- The options of grid, random and halving, checked before any work.
local core = require "digits.core"
local internals = core.internals
local space = require "digits.search.space"

local COMMON = { "params", "model", "fit", "train", "validation", "folds", "stratify", "metric",
  "maximize", "seed", "journal", "workers", "verbose", "refit", "retry_failed" }
local OWN = { grid = {}, random = { "trials" },
  halving = { "trials", "resource", "min", "max", "factor" } }

local HINTS = { -- what peers call them
  param_grid = "params", param_distributions = "params", estimator = "model", build = "model",
  scoring = "metric", cv = "folds", n_iter = "trials", n_candidates = "trials", n_jobs = "workers",
  random_state = "seed", validation_data = "validation", max_resources = "max",
  min_resources = "min", greater_is_better = "maximize",
}

local MOST_WORKERS = 256

local options = {}

local function fail(who, ...)
  internals.raise(("%s: %s"):format(who, string.format(...)))
end

local function describe(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  if meta and meta.__name then return "a " .. meta.__name:gsub("^digits%.", "") end
  if type(value) == "string" then return ("'%s' (a string)"):format(value) end
  if type(value) == "number" or type(value) == "boolean" or value == nil then
    return space.text(value)
  end
  return "a " .. type(value)
end

local function check_names(who, kind, given)
  local known = {}
  for _, list in ipairs { COMMON, OWN[kind] } do
    for _, name in ipairs(list) do known[name] = true end
  end
  for name in pairs(given) do
    if type(name) ~= "string" then fail(who, "takes no positional values: write params = ...") end
    if not known[name] then
      local hint = HINTS[name]
      if hint and known[hint] then fail(who, "unknown option '%s': use %s = ...", name, hint) end
      for other, own in pairs(OWN) do
        for _, word in ipairs(own) do
          if word == name then fail(who, "'%s' is an option of search.%s", name, other) end
        end
      end
      local nearest = internals.nearest(name, known)
      fail(who, "unknown option '%s'%s", name, nearest and (", did you mean '%s'?"):format(nearest)
        or "; help(search." .. kind .. ") lists them")
    end
  end
end

-- The option, of one of the Lua types, or its default; nil without a default: it must be given.
local function want(who, given, name, types, expected, default)
  local value = given[name]
  if value == nil and default ~= nil then return default end
  for _, kind in ipairs(types) do
    if type(value) == kind then return value end
  end
  fail(who, "%s must be %s, found %s", name, expected, describe(value))
end

local function want_whole(who, given, name, low, high, default)
  local value = given[name]
  if value == nil then return default end
  local whole = type(value) == "number" and math.tointeger(value)
  if whole and whole >= low and whole <= high then return whole end
  fail(who, "%s must be a whole number %s, found %s", name,
    high == math.maxinteger and ("of at least %d"):format(low)
      or low == math.mininteger and ("of at most %d"):format(high)
      or ("from %d to %d"):format(low, high), describe(value))
end

local function want_boolean(who, given, name, default)
  local value = given[name]
  if value == nil then return default end
  if type(value) == "boolean" then return value end
  fail(who, "%s must be true or false, found %s", name, describe(value))
end

local function want_set(who, given, name)
  local value = given[name]
  local meta = type(value) == "userdata" and getmetatable(value)
  if not meta or meta.__name ~= "digits.dataset" then
    fail(who, "%s must be a dataset, found %s", name, describe(value))
  end
  if #value == 0 then fail(who, "%s: the set has no rows", name) end
  if not value.y then fail(who, "%s: the set has no labels", name) end
  return value
end

-- ---- the metric ----

local BY_ENGINE = { accuracy = true, loss = false } -- whether more is better

local function find_metric(who, name)
  local metrics = rawget(core, "metrics")
  local ok, known = pcall(metrics.find, name)
  if ok then return known end
  local names = { accuracy = true, loss = true }
  for _, other in ipairs(metrics.names()) do names[other] = true end
  local nearest = internals.nearest(name, names)
  local hint = nearest and (", did you mean '%s'?"):format(nearest)
    or (": give a function(model, set), \"loss\" or one of %s"):format(
      table.concat(metrics.names(), ", "))
  fail(who, "no metric is named '%s'%s", name, hint)
end

-- { name, maximize, by_engine: whether evaluate is asked, judged: whether it has this score, else
-- score: function(model, set) }
local function read_metric(who, given)
  local metric = want(who, given, "metric", { "string", "function" },
    "a name such as \"accuracy\", or a function(model, set)", "accuracy")
  local maximize = want_boolean(who, given, "maximize", nil)
  if type(metric) == "function" then
    return { name = "score", maximize = maximize ~= false, score = metric }
  end
  if maximize ~= nil then
    fail(who, "maximize is for a metric that is a function: whether more is better is known of %s",
      metric)
  end
  if BY_ENGINE[metric] ~= nil then
    return { name = metric, maximize = BY_ENGINE[metric], by_engine = true, judged = true }
  end
  local known = find_metric(who, metric)
  return { name = metric, maximize = known.greater_is_better, by_engine = true,
    score = function(model, set)
      if known.needs_numbers then
        return core.metrics.score(metric, set, model:predict(set))
      end
      return core.metrics.score(metric, set, model:predict_proba(set), { classes = model.classes })
    end }
end

-- ---- all ----

local function read_sets(who, given, spec)
  spec.train = want_set(who, given, "train")
  if given.validation ~= nil and given.folds ~= nil then
    fail(who, "give validation or folds, not both")
  elseif given.folds ~= nil then
    spec.folds = want_whole(who, given, "folds", 2, #spec.train)
    spec.stratify = want_boolean(who, given, "stratify", spec.train.labels ~= nil)
    spec.refit = want_boolean(who, given, "refit", true)
  elseif given.validation == nil then
    fail(who, "what are the models judged on? Give validation = a set, or folds = 5")
  else
    spec.validation = want_set(who, given, "validation")
  end
  for _, name in ipairs { "stratify", "refit" } do
    if given[name] ~= nil and not spec.folds then fail(who, "%s goes with folds", name) end
  end
end

local function read_halving(who, given, spec)
  spec.factor = want_whole(who, given, "factor", 2, 1000, 3)
  spec.resource = want(who, given, "resource", { "string" },
    "the name of what survivors get more of: \"epochs\", \"n_estimators\", \"rows\" ...", "epochs")
  local rows = spec.resource == "rows"
  if rows and spec.folds then
    fail(who, "resource = \"rows\" goes with validation, not with folds")
  end
  if given.params[spec.resource] ~= nil then
    fail(who, "'%s' is the resource, so it cannot be among params", spec.resource)
  end
  if not rows and given.max == nil then
    fail(who, "max must say how many %s the last survivors get", spec.resource)
  end
  spec.max = want_whole(who, given, "max", 1, rows and #spec.train or 1 << 40, #spec.train)
  spec.min = want_whole(who, given, "min", 1, spec.max,
    rows and math.min(2 * #spec.train.classes, spec.max) or 1)
end

-- Checks what was given to search.`kind`; returns what the search goes by.
function options.read(kind, given)
  local who = "search." .. kind
  if type(given) ~= "table" then
    fail(who, "expected a table of options, found %s", describe(given))
  end
  check_names(who, kind, given)
  local spec = { who = who, kind = kind }
  spec.space = space.read(kind, given.params, kind ~= "grid")
  spec.names, spec.varied = spec.space.names, space.varied(spec.space)
  spec.model = want(who, given, "model", { "function" },
    "a function that makes a new, compiled model for parameters p")
  spec.fit = want(who, given, "fit", { "function", "table" },
    "a function that returns the options of model:fit for parameters p, or these options", {})
  read_sets(who, given, spec)
  spec.metric = read_metric(who, given)
  spec.seed = want_whole(who, given, "seed", math.mininteger, math.maxinteger)
    or internals.next_seed()
  spec.journal_path = given.journal ~= nil and
    want(who, given, "journal", { "string" }, "the path of a file such as \"grid.jsonl\"") or nil
  spec.workers = want_whole(who, given, "workers", 1, MOST_WORKERS, 1)
  spec.verbose = want_whole(who, given, "verbose", 0, 2, 1)
  spec.retry_failed = want_boolean(who, given, "retry_failed", false)
  spec.trials = want_whole(who, given, "trials", 1, 1000000)
  if kind == "random" and not spec.trials then
    fail(who, "trials must say how many parameters to draw")
  end
  if kind == "halving" then read_halving(who, given, spec) end
  return spec
end

return options
