-- The result of a search: its trials, in order and ranked, and the best trial.
local core = require "digits.core"
local internals = core.internals
local sorted_keys = require("digits.show").sorted_keys
local space = require "digits.search.space"

-- Whether trial a ranks before b: by rung (later first), then score, then number; failed trials
-- rank last.
local function before(metric, a, b)
  if (a.error == nil) ~= (b.error == nil) then return a.error == nil end
  if (a.rung or 1) ~= (b.rung or 1) then return (a.rung or 1) > (b.rung or 1) end
  local x, y = a.scores[metric.name], b.scores[metric.name]
  if not a.error and x ~= y then
    if metric.maximize then return x > y end
    return x < y
  end
  return a.number < b.number
end

local function ranked(trials, metric)
  local order = table.move(trials, 1, #trials, 1, {})
  table.sort(order, function(a, b) return before(metric, a, b) end)
  return order
end

-- ---- the table ----

-- The names of all scores in the trials, the metric first.
local function score_names(found)
  local seen = {}
  for _, trial in ipairs(found.trials) do
    for name in pairs(trial.scores) do seen[name] = true end
  end
  seen[found.metric] = nil
  return { found.metric, table.unpack(sorted_keys(seen)) }
end

-- The format of seconds: enough digits to distinguish short trials.
local function seconds_format(trials)
  local longest = 0
  for _, trial in ipairs(trials) do longest = math.max(longest, trial.seconds) end
  return longest < 1 and "%.3f" or longest < 10 and "%.2f" or "%.1f"
end

local function row_of(found, trial, names, seconds)
  local row = { ("%d"):format(trial.rank), ("%d"):format(trial.number) }
  if trial.rung then row[#row + 1] = ("%d"):format(trial.rung) end
  for _, name in ipairs(found.names) do row[#row + 1] = space.text(trial.params[name]) end
  for _, name in ipairs(names) do
    local score = trial.scores[name]
    local spread = trial.spread and trial.spread[name]
    row[#row + 1] = not score and "-"
      or ("%.4f"):format(score) .. (spread and (" ± %.4f"):format(spread) or "")
  end
  row[#row + 1] = seconds:format(trial.seconds)
  if trial.error then row[#row + 1] = "failed: " .. trial.error:match "[^\n]*" end
  return row
end

local function lay_out(rows, columns)
  local widths = {}
  for _, row in ipairs(rows) do
    for i = 1, columns do
      widths[i] = math.max(widths[i] or 0, utf8.len(row[i]) or #row[i])
    end
  end
  local lines = {}
  for k, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local width = i <= columns and widths[i] or 0
      cells[i] = (" "):rep(width - (utf8.len(cell) or #cell)) .. cell
    end
    lines[k] = table.concat(cells, "  ")
  end
  return table.concat(lines, "\n")
end

local function text(found)
  local names = score_names(found)
  local head = { "rank", "trial" }
  if found.trials[1].rung then head[3] = "rung" end
  for _, list in ipairs { found.names, names, { "seconds" } } do
    table.move(list, 1, #list, #head + 1, head)
  end
  local rows = { head }
  local seconds = seconds_format(found.trials)
  for _, trial in ipairs(found.ranked) do
    rows[#rows + 1] = row_of(found, trial, names, seconds)
  end
  return lay_out(rows, #head)
end

-- ---- the best ----

-- The best trial, with its model, which is loaded from its file when first used.
local function best_of(trial, run)
  local path, model, refit_error = run.path, run.model, run.error
  local best = {
    number = trial.number, params = trial.params, scores = trial.scores, spread = trial.spread,
    seed = trial.seed, seconds = trial.seconds, history = trial.history, path = path,
  }
  return setmetatable(best, {
    __name = "best trial",
    __index = function(self, name)
      if name ~= "model" then return nil end
      if refit_error then internals.raise("refitting the best model failed: " .. refit_error) end
      if not model and not path then
        internals.raise "the best model was not kept, because of refit = false"
      end
      local doubt = not model and run.log:doubt_best(trial)
      if doubt then internals.raise(doubt) end
      model = model or core.load(path)
      rawset(self, name, model)
      return model
    end,
    __tostring = function(self)
      local scores = {}
      for name, score in pairs(self.scores) do
        scores[#scores + 1] = ("%s %.4f"):format(name, score)
      end
      table.sort(scores)
      return ("trial %d: %s, %s"):format(self.number, space.text(self.params),
        table.concat(scores, ", "))
    end,
  })
end

local meta = { __tostring = text, __name = "search" }

local found = { before = before, ranked = ranked }

-- Creates the result of a search; `best` is from scripts/search/searches.lua: { trial, path, log,
-- model, error }.
function found.new(fields, metric, best)
  fields.metric, fields.maximize = metric.name, metric.maximize
  fields.ranked = ranked(fields.trials, metric)
  for rank, trial in ipairs(fields.ranked) do trial.rank = rank end
  fields.best = best_of(fields.ranked[1], best)
  return setmetatable(fields, meta)
end

return found
