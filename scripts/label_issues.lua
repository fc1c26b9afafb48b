-- data.label_issues: finds doubtful labels of a set by confident learning.
local core = require "digits.core"
local class_names = require "digits.class_names"
local fresh_model = require "digits.fresh_model"
local internals = core.internals

-- Puts the columns of a model's probabilities into the order of the set's classes, of which the
-- model may not have seen some.
local function align(probabilities, model, set)
  if #model.classes == #set.classes then return probabilities end
  local aligned = core.zeros { #probabilities, #set.classes }
  local column = {}
  for k, label in ipairs(set.classes) do column[label] = k end
  for k, label in ipairs(model.classes) do
    if column[label] then aligned[{ {}, column[label] }] = probabilities[{ {}, k }] end
  end
  return aligned
end

local function rows_of(shadow)
  return shadow.x:reshape { #shadow }:astype "int32"
end

-- Returns out-of-fold probabilities {n, classes}: each row is predicted by the model that was not
-- fitted on it.
local function out_of_fold(set, options, seed, say)
  local _ <close> = internals.whole_call() -- Ctrl-C ends all of it, not one of the fits
  -- folds depend only on labels, groups and seed, so those of the row numbers are those of the set
  local numbers = core.range { 1, #set + 1, dtype = "float32" }:reshape { #set, 1 }
  local shadow = core.data.from_tensors { x = numbers, y = set.labels, groups = set.groups }
  local parts, order, folds = {}, {}, { options.folds, seed = seed, stratify = not set.groups }
  for training, held_out in shadow:folds(folds) do
    local fold = #parts + 1
    local model = options.model(fold)
    fresh_model("label_issues", "model()", model)
    local fit = { verbose = 0 }
    for name, value in pairs(options.fit or {}) do fit[name] = value end
    model:fit(set:rows(rows_of(training)), fit)
    order[fold] = rows_of(held_out)
    parts[fold] = align(model:predict_proba(set:rows(order[fold])), model, set)
    say(fold)
  end
  return internals.put_back(core.concat(parts), core.concat(order))
end

-- The mean over options.repeats divisions into folds.
local function mean_probabilities(set, options)
  local repeats, seed = options.repeats, options.seed or core.seed()
  local sum
  for i = 1, repeats do
    local probabilities = out_of_fold(set, options, seed + i - 1, function(fold)
      if options.verbose == 0 then return end
      print(("label_issues: %d of %d models fitted"):format(
        (i - 1) * (options.folds) + fold, repeats * (options.folds)))
    end)
    sum = sum and sum + probabilities or probabilities
  end
  return sum / repeats
end

local Issues = { __name = "label issues" }

function Issues.__tostring(issues)
  local function named(label)
    return tostring(issues.names[label] or label)
  end
  local lines = { ("about %d of %d labels are wrong or ambiguous; the most doubtful:"):format(
    issues.estimate, #issues.rows),
    "     row  given  suggested  probability that given is correct" }
  for i = 1, math.min(10, #issues.rows) do
    local row = issues.rows[i]
    lines[i + 2] = ("%8d  %5s  %9s  %33.4f"):format(row, named(issues.given[row]),
      named(issues.suggested[row]), issues.quality[row])
  end
  return table.concat(lines, "\n")
end

local function label_issues(set, options)
  if not set.labels then
    internals.raise("label_issues: the set has " .. (set.y and "numeric targets, not" or "no") ..
      " labels")
  elseif (options.model == nil) == (options.probabilities == nil) then
    internals.raise("label_issues: expected either model = function() ... end, which returns a " ..
      "new model, or probabilities = a tensor")
  end
  local probabilities = options.probabilities or mean_probabilities(set, options)
  local rows, found, confidence, quality, suggested = internals.label_doubt(set, probabilities)
  return setmetatable({ rows = rows, issues = found, given = set.labels, confidence = confidence,
    quality = quality, suggested = suggested, estimate = #found,
    probabilities = probabilities, names = class_names(set) }, Issues)
end

return internals.define({
  path = "data.label_issues", arguments = 1,
  hints = { "pred_probs", "use probabilities = ...",
    "cv_n_folds", "use folds = ..." },
  params = {
    { "set", "dataset", required = true, doc = "the rows and their labels" },
    { "model", "function", expects = "a function that returns a new model",
      doc = "called once for each fold" },
    { "fit", "table", expects = "a table of options of model:fit", doc = "options of the fits" },
    { "folds", "integer", low = 2, default = 5,
      doc = "each is predicted by a model that was fitted on the others" },
    { "repeats", "integer", low = 1, default = 1,
      doc = "divisions into folds, whose probabilities are averaged" },
    { "probabilities", "tensor", doc = "your own, {n, classes}, instead of model" },
    { "seed", "seed", doc = "seed of the folds; nil: digits.seed()" },
    { "verbose", "integer", low = 0, high = 1, default = 1,
      doc = "0: silent; 1: one line per model" },
  },
  doc = [[
Finds doubtful labels by confident learning (Northcutt et al., 2021). Returns a table, which prints
the ten most doubtful. rows: all row numbers, the most doubtful first. issues: those whose label is
probably wrong or ambiguous, because another class reaches its threshold, the mean probability of
that class among the rows labelled with it. estimate: the number of issues. For each row, in the
order of the set: given, its label; suggested, its likeliest class, for issues among those that
reach their thresholds; confidence, the probability of the given label; quality, the probability
that the given label is correct, which also takes into account how often classes are confused (rows
are ordered by it); and probabilities.]],
  example = "local issues = data.label_issues(train, { model = build, fit = { epochs = 6 } })\n" ..
    "plot.images(train, { rows = issues.issues, predicted = issues.suggested }):show()",
}, label_issues)
