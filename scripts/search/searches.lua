-- Searches for the best parameters of a model: by a grid, at random, or by successive halving.
local core = require "digits.core"
local internals = core.internals
local fail = require "digits.search.fail"
local find = require "digits.search.found"
local journal = require "digits.search.journal"
local options = require "digits.search.options"
local progress = require "digits.search.progress"
local run = require "digits.search.run"
local space = require "digits.search.space"

local search = {}

-- ---- shared by all searches ----

local function describe_set(set)
  return { rows = #set, fingerprint = ("%d"):format(internals.fingerprint(set)) }
end

-- Describes the options of fit for the journal; functions cannot be identified across runs.
local function describe_fit(value, depth)
  if type(value) == "function" then return "a function" end
  if type(value) == "userdata" then return tostring(value):match "^[^\n]*" end
  if type(value) ~= "table" then return value end
  local all = {}
  for name, each in pairs(depth > 0 and value or all) do -- options are nested a few levels deep
    if name ~= "verbose" then all[name] = describe_fit(each, depth - 1) end
  end
  return all
end

-- The first line of the journal: searches that differ in it are different searches.
local function header(spec)
  return {
    kind = spec.kind, params = space.describe(spec.space), seed = ("%d"):format(spec.seed),
    metric = spec.metric.name, maximize = spec.metric.maximize, train = describe_set(spec.train),
    validation = spec.validation and describe_set(spec.validation), folds = spec.folds,
    stratify = spec.stratify, trials = spec.trials, resource = spec.resource, factor = spec.factor,
    min = spec.min, max = spec.max, fit = describe_fit(spec.fit or {}, 4),
  }
end

local function make_folds(spec)
  if not spec.folds then return end
  spec.fold_sets = {}
  local seed = internals.key(spec.seed, "folds", 0)
  for train, held in spec.train:folds { spec.folds, seed = seed, stratify = spec.stratify } do
    table.insert(spec.fold_sets, { train = train, held = held })
  end
end

-- Creates a trial. Its seed depends on `params` but not on the `extra` parameters.
local function new_trial(spec, params, extra)
  local key = space.key(params)
  local whole = {}
  for _, part in ipairs { params, extra or {} } do
    for name, value in pairs(part) do whole[name] = value end
  end
  return { params = space.copy(whole), seed = internals.key(spec.seed, "trial " .. key, 0) }
end

-- Saves the model of a trial that is better than all before it.
local function keep_best(spec, trial)
  local best = spec.best
  if trial.error or (best and not find.before(spec.metric, trial, best.trial)) then return end
  spec.best = { trial = trial, model = trial.model, path = spec.log and spec.log.best_path,
    log = spec.log }
  if spec.log and trial.model then spec.log:save_best(trial, trial.model) end
end

-- Runs the trials that no earlier run has finished; their numbers continue from spec.all.
local function run_trials(spec, trials, rounds)
  local left, retry = {}, spec.retry_failed or (spec.log and not spec.log:any_good())
  for _, trial in ipairs(trials) do
    spec.all[#spec.all + 1] = trial
    trial.number = #spec.all
    local restored = spec.log and spec.log:restore(trial)
    if restored and trial.error and retry then
      restored, trial.error = false, nil
    end
    if restored then
      trial.restored = true
      keep_best(spec, trial)
      spec.progress:trial(trial, spec.varied, spec.metric.name)
    else
      left[#left + 1] = trial
    end
  end
  if #left < #trials then
    spec.progress:say(("%s: %d of %d trials were finished by an earlier run"):format(spec.log.path,
      #trials - #left, #trials))
  end
  run.trials(spec, left, rounds, function(trial)
    keep_best(spec, trial)
    if spec.log then spec.log:add(trial) end
    spec.progress:trial(trial, spec.varied, spec.metric.name)
  end)
end

-- With folds, no trial's model has seen all rows: fits the best one again.
local function refit(spec)
  local best, log = spec.best, spec.log
  if not spec.folds then return end
  if spec.refit == false then
    best.path, best.log = nil, nil
    return
  end
  local done = log and log.refit == best.trial.number
  if done and not log:doubt_best(best.trial) then return end
  best.model, best.error = run.refit(spec, best.trial)
  if best.model and log then
    log:save_best(best.trial, best.model)
    log:add_refit(best.trial)
  end
end

-- Opens the journal, calls trials(spec) to run the trials, and returns the result.
local function carry_out(spec, count, trials)
  local began = core.clock()
  local _ <close> = internals.whole_call()
  spec.all = {}
  local shown <close> = progress.new(spec.verbose, count)
  spec.progress = shown
  if spec.journal then
    spec.log = journal.open(spec.who, spec.journal, header(spec), function(text)
      if spec.verbose > 0 then shown:say(text) else warn(spec.who, ": ", text) end
    end)
  end
  local _ <close> = spec.log
  make_folds(spec)
  trials(spec)
  if not spec.best then
    fail(spec, "all %d trials failed; trial 1: %s", #spec.all, spec.all[1].error)
  end
  refit(spec)
  local restored = 0
  for _, trial in ipairs(spec.all) do
    restored = restored + (trial.restored and 1 or 0)
    trial.weight, trial.restored = nil, nil
  end
  local names = table.move(spec.names, 1, #spec.names, 1, {})
  if spec.resource then names[#names + 1] = spec.resource end
  return find.new({ kind = spec.kind, trials = spec.all, names = names, seed = spec.seed,
    seconds = core.clock() - began, restored = restored, journal = spec.journal },
    spec.metric, spec.best)
end

local function run_all(spec, candidates)
  return carry_out(spec, #candidates, function()
    local trials = {}
    for i, params in ipairs(candidates) do trials[i] = new_trial(spec, params) end
    run_trials(spec, trials)
  end)
end

-- ---- successive halving ----

-- Without a number of trials, all combinations of the lists are candidates.
local function candidates_of(spec)
  if spec.trials then return space.draw(spec.who, spec.space, spec.trials, spec.seed) end
  for _, name in ipairs(spec.names) do
    if spec.space.by_name[name].name ~= "choice" then
      fail(spec, "expected trials = ..., the number of candidates to draw, because params.%s is " ..
        "a distribution", name)
    end
  end
  return space.grid(spec.who, spec.space)
end

-- The rungs: the number of candidates, and the amount of the resource each gets.
local function rungs_of(spec, count)
  local rungs, most = {}, 1
  while spec.factor ^ most <= count and spec.max // spec.factor ^ most >= spec.min do
    most = most + 1
  end
  for i = 1, most do
    rungs[i] = { count = math.ceil(count / spec.factor ^ (i - 1)),
      amount = math.tointeger(spec.max // spec.factor ^ (most - i)) }
  end
  return rungs
end

local function rows_of(spec, amount)
  if spec.resource ~= "rows" or amount == #spec.train then return nil end
  local rows = spec.train:with { groups = false } -- the rest is not used: groups may be split
  return (rows:split { amount, #rows - amount, stratify = rows.labels ~= nil,
    seed = internals.key(spec.seed, "rows", 0) })
end

local function halving(spec)
  local candidates = candidates_of(spec)
  local rungs, count = rungs_of(spec, #candidates), 0
  for _, rung in ipairs(rungs) do count = count + rung.count end
  return carry_out(spec, count, function()
    for i, rung in ipairs(rungs) do
      local trials, train = {}, rows_of(spec, rung.amount)
      for k = 1, math.min(rung.count, #candidates) do
        trials[k] = new_trial(spec, candidates[k], { [spec.resource] = rung.amount })
        trials[k].rung, trials[k].train, trials[k].candidate = i, train, candidates[k]
      end
      run_trials(spec, trials, #rungs - i)
      candidates = {}
      for _, trial in ipairs(find.ranked(trials, spec.metric)) do
        if not trial.error then candidates[#candidates + 1] = trial.candidate end
        trial.train, trial.candidate = nil, nil
      end
    end
  end)
end

-- ---- the searches ----

search.uniform, search.log_uniform = space.uniform, space.log_uniform
search.integer, search.choice = space.integer, space.choice

local FOUND = [[

Returns a table, which can be printed: trials, a list of { params, scores, seconds, seed, history,
error, rank }; ranked, the same trials, the best first; restored, the number of trials that an
earlier run had finished; and best, a table of params, scores, model and more. A trial that fails is
kept with its error.]]

local function define(kind, example, doc, action)
  local params, hints = options.describe(kind)
  search[kind] = internals.define({ path = "digits.search." .. kind, params = params,
    hints = hints, doc = doc .. FOUND, example = example },
    function(given) return action(options.complete(kind, given)) end)
end

define("grid", [[
search.grid { params = { epochs = { 6, 12 }, dropout = { 0.7, 0.5 } }, model = build,
  fit = function(p) return { epochs = p.epochs } end, train = train, validation = validation }]],
  "Tries all combinations of the lists of values, in the order of the parameters' names, the " ..
  "last\nvarying fastest.", function(spec)
    return run_all(spec, space.grid(spec.who, spec.space))
  end)

define("random", [[
search.random { params = { learning_rate = search.log_uniform(1e-4, 1e-2) }, trials = 20,
  model = build, train = train, folds = 5 }]],
  "Tries parameters drawn at random, all different. params has lists of values and distributions" ..
  "\n(search.uniform, search.log_uniform, search.integer, search.choice).", function(spec)
    return run_all(spec, space.draw(spec.who, spec.space, spec.trials, spec.seed))
  end)

define("halving", [[
search.halving { params = { dropout = { 0.3, 0.5, 0.7 } }, max = 12, model = build, train = train,
  validation = validation }]],
  "Successive halving: all candidates get little of a resource, the best third of them three " ..
  "times as\nmuch, and so on up to max. Each rung fits new models.", halving)

return search
