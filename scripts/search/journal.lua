-- The journal of a search: JSON lines. The first describes the search, each further one the result
-- of a finished trial. A search that finds its own journal continues from it.
local internals = require("digits.core").internals
local encode = require "digits.search.json"
local fail = require "digits.search.fail"
local sorted_keys = require("digits.show").sorted_keys

local FORMAT, VERSION = "digits-lua search", 1

local journal = {}
journal.__index = journal

-- A value as it is read back: journals do not distinguish 1 from 1.0.
local function through_json(value)
  return assert(internals.parse_json(encode(value), "journal"))
end

-- ---- the first line ----

-- Adds "name" -> JSON for each field of a header, and "name.key" for the fields of a table in it.
local function flatten(fields, prefix, into)
  for name, value in pairs(fields) do
    local named = type(value) == "table" and #value == 0
    if named and prefix == "" then
      flatten(value, name .. ".", into)
    else
      into[prefix .. name] = encode(value)
    end
  end
  return into
end

-- Whether a first line, possibly incomplete, is that of this search: only the id, at its end, may
-- differ.
local function begins_first(torn, first, id)
  local common = first:sub(1, -#id - 3)
  return common:sub(1, #torn) == torn
    or torn:sub(1, #common) == common and torn:sub(#common + 1):find "^%x*\"?}?$" ~= nil
end

local function check_header(self, found, wanted)
  if type(found) ~= "table" or found.journal ~= FORMAT then
    fail(self, "%s is not the journal of a search: choose another name", self.path)
  end
  if found.version ~= VERSION then
    fail(self, "%s has version %s of the format, but this program reads version %d", self.path,
      tostring(found.version), VERSION)
  end
  if found.fit == nil then wanted.fit = nil end -- earlier versions did not write it
  local old, new = flatten(found, "", {}), flatten(wanted, "", {})
  old.id = nil
  local names, differences = {}, {}
  for name in pairs(old) do names[name] = true end
  for name in pairs(new) do names[name] = true end
  for _, name in ipairs(sorted_keys(names)) do
    if old[name] ~= new[name] then
      differences[#differences + 1] = ("%s was %s, is now %s"):format(name,
        old[name] or "absent", new[name] or "absent")
    end
  end
  if #differences == 0 then return end
  fail(self, "%s is the journal of another search: %s; choose another name, or remove it to " ..
    "start again", self.path, table.concat(differences, "; "))
end

-- ---- reading ----

local function read_lines(self, text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do
    local where = ("line %d of %s"):format(#lines + 1, self.path)
    local value, message = internals.parse_json(line, where)
    if value == nil then
      if #lines == 0 then
        fail(self, "%s is not the journal of a search: choose another name", self.path)
      end
      fail(self, "%s; remove that line to repeat its trial", message)
    end
    lines[#lines + 1] = value
  end
  return lines
end

-- Whether a value is a table from strings to numbers.
local function of_numbers(value)
  if type(value) ~= "table" then return false end
  for name, number in pairs(value) do
    if type(name) ~= "string" or type(number) ~= "number" then return false end
  end
  return true
end

-- The single values of a history; all other fields are lists with one entry per epoch.
local SINGLE = { epochs = true, best_epoch = true, total_seconds = true, stopped_early = true,
  step = true }

-- The name of a history's steps, or nil for epochs. Journals of older versions do not have it.
local function step_of(history)
  return history.step or history.rounds and "round" or nil
end

local function is_history(value)
  if type(value) ~= "table" or (value.epochs ~= nil and math.type(value.epochs) ~= "integer")
    or (value.step ~= nil and type(value.step) ~= "string") then
    return false
  end
  local step = step_of(value)
  for name, entry in pairs(value) do
    local single = SINGLE[name] or step and (name == step .. "s" or name == "best_" .. step)
    if type(name) ~= "string" or (type(entry) == "table") == (single or false) then
      return false
    end
    if type(entry) == "table" then
      for place, number in pairs(entry) do
        if math.type(place) ~= "integer" or type(number) ~= "number" then return false end
      end
      if value.epochs and #entry < value.epochs then return false end
    end
  end
  return value.total_seconds == nil
    or type(value.total_seconds) == "number" and type(value.best_epoch) == "number"
end

-- Returns what is wrong with the record of a trial, or nil.
local function fault_of(record, metric)
  if math.type(record.trial) ~= "integer" or record.trial < 1 then
    return "trial is not a positive integer"
  end
  if type(record.params) ~= "table" then return "params is not a table" end
  if type(record.seconds) ~= "number" then return "seconds is not a number" end
  if record.rung ~= nil and math.type(record.rung) ~= "integer" then
    return "rung is not an integer"
  end
  if record.error ~= nil then
    return type(record.error) ~= "string" and "error is not a string" or nil
  end
  if not of_numbers(record.scores) then return "scores is not a table of numbers" end
  local score = record.scores[metric]
  if score == nil then return ("scores has no field %s"):format(metric) end
  if score ~= score then return ("scores.%s is not a number"):format(metric) end
  if record.spread ~= nil and not of_numbers(record.spread) then
    return "spread is not a table of numbers"
  end
  if record.folds ~= nil and type(record.folds) ~= "table" then
    return "folds is not a list"
  end
  for _, fold in pairs(record.folds or {}) do
    if not of_numbers(fold) then return "folds is not a list of tables of numbers" end
  end
  if record.history ~= nil and not is_history(record.history) then
    return "history is not the history of a fit"
  end
end

local function keep(self, record, number)
  if type(record) == "table" and record.refit ~= nil then
    if math.type(record.refit) ~= "integer" then
      fail(self, "line %d of %s: refit is not an integer; remove that line", number, self.path)
    end
    self.refit = record.refit
    return
  end
  local fault = type(record) ~= "table" and "it is not an object" or fault_of(record, self.metric)
  if fault then
    fail(self, "line %d of %s is not the record of a trial: %s; remove that line to repeat its " ..
      "trial", number, self.path, fault)
  end
  self.records[record.trial] = record
end

-- Distinguishes this journal from any other, even of the same search.
local function new_id()
  local file <close> = io.open("/dev/urandom", "rb")
  local bytes = file and file:read(8)
  if not bytes or #bytes < 8 then
    bytes = string.pack("I4I4", os.time() & 0xFFFFFFFF, internals.next_seed() & 0xFFFFFFFF)
  end
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function read(self, header)
  local writable, message = internals.check_writable(self.best_path)
  if not writable then fail(self, "%s", message) end
  header.journal, header.version = FORMAT, VERSION
  self.metric = header.metric
  local id, text = new_id(), self.file:read()
  local first = encode(header):sub(1, -2) .. (',"id":"%s"}'):format(id)
  local whole = text:match "^.*\n" or ""
  local torn = text:sub(#whole + 1) -- a line that was being written when the program was killed
  local lines = read_lines(self, whole)
  if #lines > 0 then
    check_header(self, lines[1], through_json(header))
    id = type(lines[1].id) == "string" and lines[1].id
      or ("old %x"):format(internals.key(0, whole:match "^[^\n]*", 0)) -- of an older version
  elseif not begins_first(torn, first, id) then
    fail(self, "%s is not the journal of a search: choose another name", self.path)
  end
  self.id = id
  for i = 2, #lines do keep(self, lines[i], i) end
  if torn ~= "" then
    self.file:cut(#whole)
    self.say(("%s ended with an incomplete line, which was dropped: its trial is repeated"):format(
      self.path))
  end
  if #lines == 0 then self.file:append(first) end
end

-- The path of the best weights, different for each journal.
local function best_path(path)
  local name = path:match "^(.*)%.jsonl$"
  return name and name .. ".best.safetensors" or path .. ".best-weights.safetensors"
end

-- Opens the journal at `path` for the search that `header` describes; say(text) informs the user
-- that a line was dropped.
function journal.open(who, path, header, say)
  local self = setmetatable({ who = who, path = path, records = {}, say = say,
    best_path = best_path(path) }, journal)
  local message
  self.file, message = internals.open_journal(path)
  if not self.file then fail(self, "%s", message) end
  local ok, failure = pcall(read, self, header)
  if not ok then
    self.file:close()
    error(failure, 0)
  end
  return self
end

-- ---- trials ----

local function with_meta(name, value)
  return setmetatable(value, internals.printable(name))
end

local function read_history(history)
  history.step = step_of(history)
  for name, value in pairs(history) do
    if type(value) == "table" then history[name] = with_meta("list", value) end
  end
  return with_meta("history", history)
end

-- Puts the results of an earlier run into the trial; returns false if there are none.
function journal:restore(trial)
  local record = self.records[trial.number]
  if not record then return false end
  if encode(record.params) ~= encode(through_json(trial.params)) or
    record.seed ~= ("%d"):format(trial.seed) then
    fail(self, "%s has different parameters or another seed for trial %d: it was written by " ..
      "another version of the program, or changed", self.path, trial.number)
  end
  trial.seconds, trial.error = record.seconds, record.error
  trial.scores = with_meta("record", record.scores or {})
  trial.history = record.history and read_history(record.history)
  trial.folds, trial.spread = record.folds, record.spread and with_meta("record", record.spread)
  return true
end

local function purpose(self, trial)
  return ("trial %d of search %s"):format(trial.number, self.id)
end

-- Saves the model of the trial as the best so far.
function journal:save_best(trial, model)
  internals.save_for(model, self.best_path, purpose(self, trial))
end

-- Returns why the file of best weights is not that of the trial, or nil.
function journal:doubt_best(trial)
  if internals.kind_of(self.best_path) ~= "file" then
    return ("%s, the best model, no longer exists; remove the journal beside it to search " ..
      "again"):format(self.best_path)
  end
  local ok, found = pcall(internals.saved_for, self.best_path)
  if ok and found == purpose(self, trial) then return nil end
  return ("%s is not the model of trial %d of %s: %s; remove both to search again"):format(
    self.best_path, trial.number, self.path, not ok and found
    or found and found:find("search " .. self.id, 1, true) and "it is the model of another trial"
    or found and "it is the model of another search"
    or "it does not name its search, because an older version saved it")
end

-- Whether any trial succeeded. If all failed, the user's code was probably wrong, and they are
-- tried again.
function journal:any_good()
  for _, record in pairs(self.records) do
    if not record.error then return true end
  end
  return false
end

-- Appends a finished trial; returns when it is on disk.
function journal:add(trial)
  self.file:append(encode {
    trial = trial.number, params = trial.params, seed = ("%d"):format(trial.seed),
    rung = trial.rung, scores = not trial.error and trial.scores or nil, error = trial.error,
    seconds = trial.seconds, history = trial.history, folds = trial.folds, spread = trial.spread,
  })
end

function journal:add_refit(trial)
  self.file:append(encode { refit = trial.number })
end

function journal:__close()
  if self.file then self.file:close() end
end

return journal
