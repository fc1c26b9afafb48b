-- The journal of a search: JSON lines, of which the first says what is searched and each further
-- one what a finished trial found. A search that finds its own journal goes on where it ends.
local internals = require("digits.core").internals
local encode = require "digits.search.json"
local sorted_keys = require("digits.show").sorted_keys

local FORMAT, VERSION = "digits-lua search", 1

local journal = {}
journal.__index = journal

local function fail(self, ...)
  internals.raise(("%s: %s"):format(self.who, string.format(...)))
end

-- What JSON makes of a value: journals cannot tell 1 from 1.0.
local function through_json(value)
  return assert(internals.parse_json(encode(value), "journal"))
end

-- ---- the first line ----

-- Adds "name" -> text for what differs between two searches; tables of names go one level down.
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

local function check_header(self, found, wanted)
  if type(found) ~= "table" or found.journal ~= FORMAT then
    fail(self, "%s is no journal of a search: choose another name", self.path)
  end
  if found.version ~= VERSION then
    fail(self, "%s has version %s of the format, this program knows %d", self.path,
      tostring(found.version), VERSION)
  end
  local old, new = flatten(found, "", {}), flatten(wanted, "", {})
  local names, differences = {}, {}
  for name in pairs(old) do names[name] = true end
  for name in pairs(new) do names[name] = true end
  for _, name in ipairs(sorted_keys(names)) do
    if old[name] ~= new[name] then
      differences[#differences + 1] = ("%s was %s, is now %s"):format(name,
        old[name] or "not there", new[name] or "not there")
    end
  end
  if #differences == 0 then return end
  fail(self, "%s is the journal of another search: %s; choose another name, or remove it to " ..
    "begin anew", self.path, table.concat(differences, "; "))
end

-- ---- reading ----

local function read_lines(self, text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do
    local where = ("line %d of %s"):format(#lines + 1, self.path)
    local value, message = internals.parse_json(line, where)
    if value == nil then
      if #lines == 0 then
        fail(self, "%s is no journal of a search: choose another name", self.path)
      end
      fail(self, "%s; remove that line, and its trial is repeated", message)
    end
    lines[#lines + 1] = value
  end
  return lines
end

local function keep(self, record, number)
  if type(record) ~= "table" then
    fail(self, "line %d of %s is no record of a trial", number, self.path)
  elseif record.refit then
    self.refit = record.refit
  elseif math.type(record.trial) ~= "integer" or type(record.params) ~= "table" or
    type(record.seconds) ~= "number" or
    (type(record.scores) ~= "table" and type(record.error) ~= "string") then
    fail(self, "line %d of %s is no record of a trial; remove that line, and its trial is repeated",
      number, self.path)
  else
    self.records[record.trial] = record
  end
end

local function read(self, header)
  local writable, message = internals.check_writable(self.best_path)
  if not writable then fail(self, "%s", message) end
  header.journal, header.version = FORMAT, VERSION
  local first, text = encode(header), self.file:read()
  local whole = text:match "^.*\n" or ""
  local torn = text:sub(#whole + 1) -- a line that was being written when the program was killed
  local lines = read_lines(self, whole)
  if #lines > 0 then
    check_header(self, lines[1], through_json(header))
  elseif first:sub(1, #torn) ~= torn then
    fail(self, "%s is no journal of a search: choose another name", self.path)
  end
  for i = 2, #lines do keep(self, lines[i], i) end
  if torn ~= "" then
    self.file:cut(#whole)
    self.say(("%s ended in the middle of a line, which is dropped: its trial is repeated"):format(
      self.path))
  end
  if #lines == 0 then self.file:append(first) end
end

-- Opens the journal at `path` for the search that `header` describes; `say` tells the user of a
-- line that was dropped.
function journal.open(who, path, header, say)
  local self = setmetatable({ who = who, path = path, records = {}, say = say,
    best_path = path:gsub("%.jsonl?$", "") .. ".best.safetensors" }, journal)
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
  for name, value in pairs(history) do
    if type(value) == "table" then history[name] = with_meta("list", value) end
  end
  return with_meta("history", history)
end

-- What an earlier run found for the trial, put into it; false when there is nothing.
function journal:restore(trial)
  local record = self.records[trial.number]
  if not record then return false end
  if encode(record.params) ~= encode(through_json(trial.params)) or
    record.seed ~= ("%d"):format(trial.seed) then
    fail(self, "%s has other parameters or another seed for trial %d: it is another program's, " ..
      "or was changed", self.path, trial.number)
  end
  trial.seconds, trial.error = record.seconds, record.error
  trial.scores = with_meta("record", record.scores or {})
  trial.history = record.history and read_history(record.history)
  trial.folds, trial.spread = record.folds, record.spread and with_meta("record", record.spread)
  return true
end

-- Whether some trial did not fail. Where all did, it was most likely the program's fault.
function journal:any_good()
  for _, record in pairs(self.records) do
    if not record.error then return true end
  end
  return false
end

-- Appends a trial that ended; returns when it is on the disk.
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
