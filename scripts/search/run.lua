-- Runs trials, in parallel if asked. Models are created, scored by Lua functions and saved on this
-- thread; fits run in C on threads of their own.
local core = require "digits.core"
local fail = require "digits.search.fail"
local fresh_model = require "digits.fresh_model"
local internals = core.internals
local space = require "digits.search.space"

-- Calls a user's function with the random seed set for it. Returns true and its first result, or
-- false and the message; Ctrl-C is passed on.
local function call(seed, action, ...)
  local _ <close> = internals.seed_scope(seed)
  local ok, result = pcall(action, ...)
  if not ok and internals.is_interrupt(result) then error(result, 0) end
  if not ok then result = tostring(result) end
  return ok, result
end

-- Completes the options that fit(p) returned.
local function fit_options(spec, trial, given)
  if given ~= nil and type(given) ~= "table" then
    fail(spec, "fit(p) must return a table of options for model:fit, found %s",
      internals.found(given))
  end
  local options = {}
  for name, value in pairs(given or {}) do options[name] = value end
  if spec.resource == "epochs" then
    local epochs = trial.params.epochs
    if options.epochs ~= nil and options.epochs ~= epochs then
      fail(spec, "fit(p) returned epochs = %s for a trial with p.epochs = %d: leave epochs out " ..
        "of its result", tostring(options.epochs), epochs)
    end
    options.epochs = epochs
  end
  options.verbose = spec.verbose > 1 and 1 or 0
  return options
end

-- Finds the options of a trial and, from its epochs, its weight. If fit(p) fails, the trial does.
local function plan(spec, trial)
  local ok, given = true, spec.fit
  if type(given) == "function" then
    ok, given = call(trial.seed, given, space.copy(trial.params))
  end
  trial.weight = 1
  if not ok then
    trial.error = given
    return
  end
  trial.options = fit_options(spec, trial, given)
  local epochs = trial.options.epochs
  if type(epochs) == "number" and epochs > 0 then trial.weight = epochs end
end

-- ---- one fit: a task ----

-- Computes on this thread a metric that evaluate did not: a named one, or a function.
local function judge(spec, task)
  local metric = spec.metric
  local known, scores = metric.known, task.scores
  -- models with numeric targets have neither accuracy nor other metrics of labels
  if known and (scores[metric.name] or not (known.needs_numbers or scores.accuracy)) then
    return true, scores
  end
  local began = core.clock()
  local ok, score = call(internals.key(task.seed, "metric", 0), metric.score, task.model, task.held)
  if not ok then return false, score end
  if type(score) ~= "number" then
    fail(spec, "metric(model, set) must return a number, found %s", internals.found(score))
  end
  task.scores = task.scores or setmetatable({}, internals.printable "record")
  task.scores[metric.name] = score
  task.seconds = task.seconds + core.clock() - began
  return true, task.scores
end

-- Puts the results of a fit into the task.
local function complete(spec, task, history, scores)
  if not history then
    task.error = scores
    return
  end
  task.history, task.scores = history, scores
  task.seconds = history.total_seconds + (scores and scores.seconds or 0)
  if scores then scores.seconds = nil end -- so that equal trials have equal scores
  if not task.held then return end
  local ok, result = judge(spec, task)
  if not ok then
    task.error = result
    return
  end
  local score = result[spec.metric.name]
  if score == nil then
    fail(spec, "these models have no %s: choose another metric", spec.metric.name)
  elseif score ~= score then
    task.error = ("the %s is NaN"):format(spec.metric.name)
  end
end

-- Runs a fit that calls Lua functions or shows its progress on this thread. check_fit first raises
-- errors in the options, which are not the trial's.
local function fit_here(spec, task, options)
  internals.check_fit(task.model, task.train, options)
  local function run()
    local history = task.model:fit(task.train, options)
    return history, task.held and spec.metric.known and task.model:evaluate(task.held) or nil
  end
  local ok, history, scores = pcall(run)
  if ok then return complete(spec, task, history, scores) end
  if internals.is_interrupt(history) then error(history, 0) end
  complete(spec, task, nil, tostring(history))
end

-- Creates the model and starts the fit; if the task has no handle afterwards, it has ended.
local function start(spec, task)
  local trial = task.trial
  if trial.error then
    task.error = trial.error
    return
  end
  local ok, model = call(task.seed, spec.model, space.copy(trial.params))
  if not ok then
    task.error = model
    return
  end
  fresh_model(spec.who, "model(p)", model)
  task.model = model
  local options = {}
  for name, value in pairs(trial.options) do options[name] = value end
  if options.validation == nil then options.validation = task.held end
  options.validation = options.validation or nil -- false: none
  local calls = options.on_epoch_end or options.on_batch_end or internals.asks_functions(model)
  if calls and spec.workers > 1 then
    fail(spec, "fit(p): on_epoch_end, on_batch_end and metrics that are functions need " ..
      "workers = 1, because Lua runs on one thread")
  end
  if calls or (spec.verbose > 1 and spec.workers == 1) then return fit_here(spec, task, options) end
  options.verbose = 0
  task.handle = internals.start_fit(model, task.train, options,
    spec.metric.known and task.held or nil, math.max(1, core.threads() // spec.workers))
end

-- ---- trials ----

local function mean_of(folds, name)
  local sum, squares = 0, 0
  for _, scores in ipairs(folds) do sum = sum + scores[name] end
  local mean = sum / #folds
  for _, scores in ipairs(folds) do squares = squares + (scores[name] - mean) ^ 2 end
  return mean, math.sqrt(squares / #folds)
end

-- Completes a trial whose tasks have all ended: its scores are those of its only task, or means
-- over the folds.
local function gather(spec, trial, tasks)
  trial.seconds = 0
  for _, task in ipairs(tasks) do
    trial.seconds = trial.seconds + (task.seconds or 0)
    trial.error = trial.error or task.error
  end
  local record = internals.printable "record"
  trial.scores = setmetatable({}, record)
  if trial.error then return end
  if not spec.fold_sets then
    trial.scores, trial.history, trial.model = tasks[1].scores, tasks[1].history, tasks[1].model
    return
  end
  trial.folds, trial.spread = {}, setmetatable({}, record)
  for i, task in ipairs(tasks) do trial.folds[i] = task.scores end
  for name in pairs(trial.folds[1]) do
    trial.scores[name], trial.spread[name] = mean_of(trial.folds, name)
  end
end

local function make_tasks(spec, trials)
  local tasks = {}
  for _, trial in ipairs(trials) do
    trial.tasks = {}
    if spec.fold_sets then
      for i, fold in ipairs(spec.fold_sets) do
        trial.tasks[i] = { trial = trial, train = fold.train, held = fold.held,
          seed = internals.key(trial.seed, "fold", i) }
      end
    else
      trial.tasks[1] = { trial = trial, train = trial.train or spec.train, held = spec.validation,
        seed = trial.seed }
    end
    for _, task in ipairs(trial.tasks) do tasks[#tasks + 1] = task end
    trial.waiting = #trial.tasks
  end
  return tasks
end

-- Ends all running fits.
local crew = { __close = function(self)
  for _, task in ipairs(self) do task.handle:cancel() end
  for _, task in ipairs(self) do task.handle:close() end
end }

local function handles_of(tasks)
  local handles = {}
  for i, task in ipairs(tasks) do handles[i] = task.handle end
  return handles
end

-- Redraws the bar from the progress of the running fits.
local function report(spec, running)
  local part = 0
  for _, task in ipairs(running) do
    part = part + task.handle:progress() * task.trial.weight / #task.trial.tasks
  end
  spec.progress:draw(part)
end

local run = {}

-- Runs the tasks, and calls ended(task) for each on this thread.
function run.tasks(spec, tasks, ended)
  local running <close> = setmetatable({}, crew)
  local next_task = 1
  while next_task <= #tasks or #running > 0 do
    while next_task <= #tasks and #running < spec.workers do
      local task = tasks[next_task]
      next_task = next_task + 1
      start(spec, task)
      if task.handle then
        running[#running + 1] = task
      else
        ended(task)
      end
    end
    report(spec, running)
    internals.wait_fits(handles_of(running), #running > 0 and 0.1 or 0)
    for i = #running, 1, -1 do
      local task = running[i]
      if task.handle:done() then
        table.remove(running, i)
        complete(spec, task, task.handle:finish())
        task.handle = nil
        ended(task)
      end
    end
  end
end

-- Runs trials, which `rounds` more batches will follow. Calls finish(trial) for each as it ends,
-- when trial.model is its model.
function run.trials(spec, trials, rounds, finish)
  for _, trial in ipairs(trials) do plan(spec, trial) end
  spec.progress:plan(trials, rounds)
  run.tasks(spec, make_tasks(spec, trials), function(task)
    local trial = task.trial
    trial.waiting = trial.waiting - 1
    task.model = trial.waiting == 0 and not spec.fold_sets and task.model or nil
    if task.error then trial.error = trial.error or task.error end -- its other folds are skipped
    if trial.waiting > 0 then return end
    gather(spec, trial, trial.tasks)
    trial.tasks, trial.waiting, trial.options, trial.train = nil, nil, nil, nil
    finish(trial)
    trial.model = nil
  end)
end

-- Fits the model of a trial again, on all training rows; returns it, or nil and a message.
function run.refit(spec, trial)
  plan(spec, trial)
  local task = { trial = trial, train = spec.train, seed = trial.seed }
  trial.tasks = { task }
  run.tasks(spec, { task }, function() end)
  trial.tasks, trial.options = nil, nil
  return not task.error and task.model or nil, task.error
end

return run
