-- Does data.label_issues find changed labels? digits-lua experiments/label_flips.lua --help
-- Labels are changed in three ways, and searched for. The probabilities that this is based on are
-- written to out/label_flips.csv. tests/golden/make_label_issues.py out/label_flips.csv then writes
-- how well cleanlab's methods find the same labels from the same probabilities to
-- out/label_flips.cleanlab.csv, and the next run prints that.
local digits = require "digits"
local study = require "experiments.study" -- beside this file, or else built in
local data = digits.data

local o = study.options({
  rows = { 20000, "number of digits" },
  epochs = { 4, "passes of each CNN over its training digits" },
  folds = { 5, "folds, each predicted by a CNN that was trained on the others" },
}, { rows = 2000, epochs = 2, folds = 3 })

local images = study.open(o):shuffle { seed = o.seed }
images = images:take(math.min(o.rows, #images))
local truth = images.labels:totable()

local ALIKE = { [4] = 9, [9] = 4, [3] = 5, [5] = 3, [7] = 1, [1] = 7 }
local CASES = {
  { name = "random 1 %", share = 0.01 },
  { name = "random 5 %", share = 0.05 },
  { name = "look-alikes 5 %", share = 0.05, alike = true }, -- 4 and 9, 3 and 5, 7 and 1
}

-- Changes a share of the labels, to random ones or to look-alikes; returns the labels, and the set
-- of changed rows.
local function plant(case)
  local order = digits.uniform { #truth, seed = o.seed + 100 }:totable()
  local other = digits.uniform { #truth, low = 0, high = 9, seed = o.seed + 200 }:totable()
  local rows, labels, planted = {}, {}, {}
  for row, label in ipairs(truth) do
    labels[row] = label
    if not case.alike or ALIKE[label] then rows[#rows + 1] = row end
  end
  table.sort(rows, function(a, b) return order[a] < order[b] end)
  for i = 1, math.floor(case.share * #truth) do
    local row = rows[i]
    local label = math.floor(other[row])
    labels[row] = case.alike and ALIKE[truth[row]] or label + (label >= truth[row] and 1 or 0)
    planted[row] = true
  end
  return labels, planted
end

-- The mean, over the changed rows, of the share of changed rows among those up to it.
local function average_precision(rows, planted)
  local found, sum, count = 0, 0, 0
  for i, row in ipairs(rows) do
    if planted[row] then
      found = found + 1
      sum = sum + found / i
    end
  end
  for _ in pairs(planted) do count = count + 1 end
  return sum / count
end

local function hits(rows, planted)
  local count = 0
  for _, row in ipairs(rows) do count = count + (planted[row] and 1 or 0) end
  return count
end

-- The rows in order of the probability of the given label alone.
local function by_confidence(issues)
  local confidence, rows = issues.confidence:totable(), issues.rows:totable()
  table.sort(rows, function(a, b)
    if confidence[a] ~= confidence[b] then return confidence[a] < confidence[b] end
    return a < b
  end)
  return rows
end

-- Cleanlab's average precision by case and method, or nil if there is no such file.
local function read_figures(path)
  local file, figures = io.open(path), {}
  if not file then return nil end
  for line in file:lines() do
    local case, method, value = line:match "^([^,]*),([^,]*),([%d.]+)$"
    if case then
      figures[case] = figures[case] or {}
      figures[case][method] = tonumber(value)
    end
  end
  file:close()
  return figures
end

local path = digits.path(o.out, "label_flips.csv")
local figures_path = digits.path(o.out, "label_flips.cleanlab.csv")
local figures = read_figures(figures_path)
local METHODS = { "self_confidence", "normalized_margin", "confidence_weighted_entropy" }
local found, lines, stale = {}, {}, false
for k, case in ipairs(CASES) do
  local labels, planted = plant(case)
  local set = data.from_tensors { x = images.x,
    y = digits.tensor { dtype = "int32", table.unpack(labels) } }
  local issues = data.label_issues(set, { model = function() return study.cnn() end,
    fit = { epochs = o.epochs, batch_size = 50 }, folds = o.folds, seed = o.seed, verbose = 0 })
  local result = { name = case.name, issues = #issues.issues,
    hits = hits(issues.issues:totable(), planted),
    precision = average_precision(issues.rows:totable(), planted),
    cleanlab = figures and figures[case.name] }
  for row, probabilities in ipairs(issues.probabilities:totable()) do
    local words = { case.name, truth[row], labels[row] }
    for i, p in ipairs(probabilities) do words[i + 3] = ("%.9g"):format(p) end
    lines[#lines + 1] = table.concat(words, ",")
  end
  -- self_confidence is the same in both; if not, the figures are for other probabilities
  local own = average_precision(by_confidence(issues), planted)
  if result.cleanlab and math.abs(own - (result.cleanlab.self_confidence or 0)) > 1e-4 then
    result.cleanlab, stale = nil, true
  end
  found[k] = result
  print(("%-16s %4d changed, average precision %.4f; %d issues, %d of them changed"):format(
    case.name, math.floor(case.share * #truth), result.precision, result.issues, result.hits))
end

local file = assert(io.open(path, "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
print("wrote " .. path)
if figures and not stale then
  print(("\naverage precision  %-10s%s  best of cleanlab's"):format("ours",
    ("  %s"):rep(#METHODS):format(table.unpack(METHODS))))
  for _, result in ipairs(found) do
    local words = { ("%-17s  %-10.4f"):format(result.name, result.precision) }
    for i, method in ipairs(METHODS) do
      words[i + 1] = ("%" .. #method .. ".4f"):format(result.cleanlab[method])
    end
    local best
    for method, value in pairs(result.cleanlab) do
      if not best or value > result.cleanlab[best] then best = method end
    end
    print(table.concat(words, "  ") .. ("  %.4f %s"):format(result.cleanlab[best], best))
  end
else
  print((stale and "the figures in %s are for other probabilities; " or
    "for cleanlab's figures, in %s: "):format(figures_path) ..
    "python3 tests/golden/make_label_issues.py " .. path)
end
return found
