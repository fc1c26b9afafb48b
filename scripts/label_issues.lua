-- data.label_issues: which labels of a set are doubtful, by confident learning.
local core = require "digits.core"
local fresh_model = require "digits.fresh_model"
local internals = core.internals

-- The probabilities of held-out rows, in the order of the set's classes, which a model may know
-- in part.
local function align(chances, model, set)
  if #model.classes == #set.classes then return chances end
  local aligned = core.zeros { #chances, #set.classes }
  local column = {}
  for k, label in ipairs(set.classes) do column[label] = k end
  for k, label in ipairs(model.classes) do
    if column[label] then aligned[{ {}, column[label] }] = chances[{ {}, k }] end
  end
  return aligned
end

local function rows_of(shadow)
  return shadow.x:reshape { #shadow }:astype "int32"
end

-- {n, classes} probabilities that models give to rows that they were not fitted on; each row is
-- held out once.
local function out_of_fold(set, options, seed, say)
  local _ <close> = internals.whole_call() -- Ctrl-C ends all of it, not one of the fits
  -- a fold depends on labels, groups and seed alone: that of the row numbers says which it holds
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

-- The mean of several foldings.
local function mean_chances(set, options)
  local repeats, seed = options.repeats, options.seed or core.seed()
  local sum
  for i = 1, repeats do
    local chances = out_of_fold(set, options, seed + i - 1, function(fold)
      if options.verbose == 0 then return end
      print(("label_issues: %d of %d models fitted"):format(
        (i - 1) * (options.folds) + fold, repeats * (options.folds)))
    end)
    sum = sum and sum + chances or chances
  end
  return sum / repeats
end

local Issues = { __name = "label issues" }

function Issues.__tostring(issues)
  local function named(label)
    return tostring(issues.names and issues.names[label] or label)
  end
  local lines = { ("about %d of %d labels are wrong or cannot be told; the most doubtful:"):format(
    issues.estimate, #issues.rows), "     row  given  suggested  probability that it is right" }
  for i = 1, math.min(10, #issues.rows) do
    local row = issues.rows[i]
    lines[i + 2] = ("%8d  %5s  %9s  %26.4f"):format(row, named(issues.given[row]),
      named(issues.suggested[row]), issues.quality[row])
  end
  return table.concat(lines, "\n")
end

-- Class names by label, or nil.
local function names_of(set)
  if not set.class_names then return nil end
  local names = {}
  for k, label in ipairs(set.classes) do names[label] = set.class_names[k] end
  return names
end

local function label_issues(set, options)
  if not set.labels then
    internals.raise("label_issues: the set has " .. (set.y and "numbers, not" or "no") .. " labels")
  elseif (options.model == nil) == (options.chances == nil) then
    internals.raise("label_issues: give either model = function() ... end, which returns a new " ..
      "model, or chances = a tensor")
  end
  local chances = options.chances or mean_chances(set, options)
  local rows, found, confidence, quality, suggested = internals.label_doubt(set, chances)
  return setmetatable({ rows = rows, issues = found, given = set.labels, confidence = confidence,
    quality = quality, suggested = suggested, estimate = #found, chances = chances,
    names = names_of(set) }, Issues)
end

return internals.define({
  path = "data.label_issues", arguments = 1,
  hints = { "probabilities", "use chances = ...", "pred_probs", "use chances = ...",
    "cv_n_folds", "use folds = ..." },
  params = {
    { "set", "dataset", required = true, doc = "the rows and their labels" },
    { "model", "function", expects = "a function that returns a new model",
      doc = "of which one is fitted for each fold" },
    { "fit", "table", expects = "a table of options of model:fit", doc = "how models are fitted" },
    { "folds", "integer", low = 2, default = 5,
      doc = "each is judged by a model that was fitted on the others" },
    { "repeats", "integer", low = 1, default = 1, doc = "takes the mean of so many foldings" },
    { "chances", "tensor", doc = "probabilities {n, classes} of yours, in place of model" },
    { "seed", "seed", doc = "of the folds; nil: digits.seed()" },
    { "verbose", "integer", low = 0, high = 1, default = 1, doc = "1: a line a model" },
  },
  doc = [[
Which labels are doubtful, by confident learning (Northcutt and others, 2021).
A table: rows, all of them, the most doubtful first; issues, those of them whose label is
wrong or cannot be told: they confidently belong to another class, which means that its
probability is at least the mean probability of that class among the rows labelled so;
estimate, how many they are. By row: given, the labels as they are; suggested labels;
confidence, the probability of the given label; quality, the probability that the given
label is right when it is also known which classes are often confused, by which rows are
ordered. Also chances. It prints the ten most doubtful.]],
  example = "local issues = data.label_issues(train, { model = build, fit = { epochs = 6 } })\n" ..
    "plot.images(train, { rows = issues.issues, predicted = issues.suggested }):show()",
}, label_issues)
