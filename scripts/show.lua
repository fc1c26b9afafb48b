-- Printing of the tables that the library returns.
local core = require "digits.core"
local internals = core.internals

local MOST = 24 -- values of a list that are shown

-- tostring in the C locale; nan without the sign that C's printf writes.
local function plain(value)
  return value ~= value and "nan" or internals.c_locale(tostring, value)
end

local function text_of(value)
  if value ~= value then return "nan" end -- C's printf writes a sign that means nothing
  if math.type(value) == "float" then return ("%.6g"):format(value) end
  if type(value) == "string" then return ("%q"):format(value) end
  return tostring(value)
end

local function sorted_keys(table_of)
  local keys = {}
  for key in pairs(table_of) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local kind = type(a)
    if kind ~= type(b) then return kind == "number" or (type(b) ~= "number" and kind < type(b)) end
    if kind == "number" or kind == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function list(values)
  local parts = {}
  for i, value in ipairs(values) do
    if i > MOST - 2 and i < #values and #values > MOST then
      if i == #values - 1 then parts[#parts + 1] = "..." end
    else
      parts[#parts + 1] = text_of(value)
    end
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- Numeric keys (labels) are printed in brackets; tables have lines of their own.
local function record(values)
  local parts, separator = {}, ", "
  for _, key in ipairs(sorted_keys(values)) do
    local value = values[key]
    if type(value) == "table" then separator = ",\n " end
    parts[#parts + 1] = (type(key) == "number" and "[%s] = %s" or "%s = %s"):format(key,
      text_of(value))
  end
  return "{" .. table.concat(parts, separator) .. "}"
end

local MOST_EPOCHS, EDGE = 100, 40 -- of a longer history, EDGE epochs at each end are shown

-- The names of the scores in a history (lists) or a log (floats): loss first, validation scores
-- last.
local function scores(values)
  local names, keys = {}, {}
  for name, value in next, values do
    local score = type(value) == "table" or math.type(value) == "float"
    if score and name ~= "seconds" and name ~= "total_seconds" and type(name) == "string" then
      names[#names + 1] = name
      local judged = name:match "^val_(.*)"
      keys[name] = (judged and "2" or "1") .. ((judged or name) == "loss" and "" or name)
    end
  end
  table.sort(names, function(a, b) return keys[a] < keys[b] end)
  return names
end

-- A score as people read it; a learning rate may be small.
local function number(value, name)
  if value ~= value then return ("%14s"):format "nan" end
  if name == "learning_rate" then return ("%14.4g"):format(value) end
  return (math.abs(value) < 1e8 and "%14.4f" or "%14.6g"):format(value) -- never without a space
end

local function history(values)
  local names, heads = scores(values), {}
  if values.seconds then names[#names + 1] = "seconds" end
  local step = values.step or "epoch"
  for i, name in ipairs(names) do heads[i] = (" "):rep(math.max(1, 14 - #name)) .. name end
  local lines = { step .. table.concat(heads) }
  local epochs = values.epochs or 0
  local cut = epochs > MOST_EPOCHS
  for epoch = 1, epochs do
    if cut and epoch == EDGE + 1 then lines[#lines + 1] = "  ..." end
    if not cut or epoch <= EDGE or epoch > epochs - EDGE then
      local row = { ("%" .. #step .. "d"):format(epoch) }
      for i, name in ipairs(names) do
        local text = number(values[name][epoch], name)
        row[#row + 1] = (" "):rep(#heads[i] - #text) .. text
      end
      lines[#lines + 1] = table.concat(row)
    end
  end
  if values.total_seconds then
    lines[#lines + 1] = ("best %s %s, %.1f s in all%s"):format(step, values.best_epoch or "none",
      values.total_seconds, values.stopped_early == "interrupted" and ", interrupted" or "")
  end
  return table.concat(lines, "\n")
end

local function weights(values)
  local lines = {}
  for _, name in ipairs(values) do
    lines[#lines + 1] = ("%s %s"):format(name, list(values[name].shape))
  end
  return table.concat(lines, "\n")
end

-- Fields that a history, a log or scores have or lack, depending on learner, data and options: they
-- read as nil where absent.
local fields, peers = {}, { acc = "accuracy", val_acc = "val_accuracy" }
for name in ([[loss learning_rate oob_accuracy seconds epoch epochs best_epoch total_seconds
    stopped_early batch batches step unit]]):gmatch "%S+" do
  fields[name] = true
end

local function is_field(name)
  name = name:gsub("^val_", "")
  return fields[name] or pcall(core.metrics.find, name)
end

-- __index of these tables: a misspelled name raises an error.
local function unknown_field(values, name)
  if type(name) ~= "string" or is_field(name) then return nil end
  local own, peer = {}, peers[name]
  if peer then own[peer] = true end
  for key in pairs(values) do
    if type(key) == "string" then own[key] = true end
  end
  local hint = internals.suggestion(peer or name, own)
  if hint then internals.raise(("no field '%s'%s"):format(name, hint)) end
end

local function not_callable()
  local name = debug.getinfo(1, "n").name
  internals.raise(name and ("%s is a field, not a function: remove the parentheses"):format(name)
    or "a list is not a function: remove the parentheses")
end

for name, printer in pairs {
  list = list, counts = record, by_label = record, record = record, history = history,
  weights = weights,
} do
  internals.printable(name).__tostring = function(values)
    return internals.c_locale(printer, values)
  end
end

internals.printable("history").__index = unknown_field
internals.printable("record").__index = unknown_field
internals.printable("list").__call = not_callable

return { scores = scores, plain = plain,
  text_of = text_of, sorted_keys = sorted_keys, record = record }
