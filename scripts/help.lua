-- digits.help: every text stands where the thing itself is written; this finds and lays it out.
local internals = require("digits.core").internals
local documents, classes = internals.documents()
local sorted_keys = require("digits.show").sorted_keys

local KINDS = { "layer", "optimizer", "loss", "initializer", "regularizer" }
local TITLES = { layer = "layers", optimizer = "optimizers", loss = "losses",
  initializer = "initialisers", regularizer = "regularisers" }

local function first_sentence(text)
  local body = (text:match "\n(.*)$" or text):gsub("\n", " ")
  return body:match "^(.-[%w)}]%.)%s" or body
end

local function describe_part(part)
  local lines = { ("%s: %s"):format(part.name, part.doc) }
  if #part.params > 0 then lines[#lines + 1] = "" end
  for _, param in ipairs(part.params) do
    local default = param.required and "required"
      or param.default and "default " .. param.default or "optional"
    local by_name = param.named_only and "; by name only" or ""
    lines[#lines + 1] = ("  %s: %s (%s)"):format(param.name, param.doc, default)
    lines[#lines + 1] = ("      %s%s"):format(param.expects, by_name)
  end
  if part.alias then
    lines[#lines + 1] = ""
    lines[#lines + 1] = ("As a text: \"%s\""):format(part.alias)
  end
  if part.example then
    lines[#lines + 1] = ""
    lines[#lines + 1] = part.example
  end
  return table.concat(lines, "\n")
end

-- Lines "name  what it is" for the fields of a table.
local function list_fields(fields, lines)
  local parts, width = {}, 14
  for name, value in pairs(fields) do
    if documents[value] then width = math.max(width, #name) end
  end
  for _, name in ipairs(sorted_keys(fields)) do
    local value = fields[name]
    local part = internals.describe(value)
    local document = documents[value]
    if part then
      parts[part.kind] = parts[part.kind] or {}
      table.insert(parts[part.kind], name)
    elseif document then
      lines[#lines + 1] = ("  %-" .. width .. "s %s"):format(name, first_sentence(document.text))
    end
  end
  for _, kind in ipairs(KINDS) do
    if parts[kind] then
      lines[#lines + 1] = ("  %s: %s"):format(TITLES[kind], table.concat(parts[kind], ", "))
    end
  end
end

local function describe_class(meta)
  local lines = { documents[meta].text, "", "methods" }
  list_fields(meta.methods, lines)
  if next(meta.properties) then
    lines[#lines + 1] = "fields"
    list_fields(meta.properties, lines)
  end
  return table.concat(lines, "\n")
end

local function describe_module(module)
  local lines = { documents[module].text, "" }
  list_fields(module, lines)
  return table.concat(lines, "\n")
end

-- What a name such as "nn.Conv2D", "tensor:sum" or "fit" stands for, or nil.
local function resolve(path)
  local words = {}
  for word in path:gmatch "[^.:%s]+" do words[#words + 1] = word end
  if words[1] == "digits" then table.remove(words, 1) end
  local digits = require "digits"
  if #words == 0 then return digits end
  if #words > 2 then return nil end
  local class, value = classes[words[1]], rawget(digits, words[1])
  if #words == 2 then
    return class and (class.methods[words[2]] or class.properties[words[2]])
      or type(value) == "table" and rawget(value, words[2]) or nil
  end
  if value ~= nil or class then return value, class end
  for _, place in ipairs { digits.nn, digits.data, digits.metrics, digits.plot } do
    if rawget(place, words[1]) then return rawget(place, words[1]) end
  end
  for _, name in ipairs(sorted_keys(classes)) do
    local meta = classes[name]
    local found = meta.methods[words[1]] or meta.properties[words[1]]
    if found then return found end
  end
end

local text

function text(value)
  if type(value) == "string" then
    local found, class = resolve(value)
    if found and class then return text(found) .. "\n\n" .. text(class) end
    if not found and not class then
      return ("there is no help on '%s'; help() lists what there is"):format(value)
    end
    value = found or class
  end
  local part = internals.describe(value)
  if part then return describe_part(part) end
  local meta = type(value) == "userdata" and getmetatable(value) or value
  local document = documents[meta]
  if not document then
    return ("there is no help on this %s; help() lists what there is"):format(type(value))
  end
  if type(meta) == "table" and rawget(meta, "methods") then return describe_class(meta) end
  if type(meta) == "table" then return describe_module(meta) end
  local owner = document.name:match "^(.*[.:])[^.:]*$" or ""
  return owner .. document.text
end

local function overview()
  local digits = require "digits"
  local lines = { documents[digits].text, "", "digits" }
  list_fields(digits, lines)
  lines[#lines + 1] = "values"
  list_fields(classes, lines)
  return table.concat(lines, "\n")
end

local function help(...)
  if select("#", ...) == 0 then
    print(overview())
  else
    print(text((...)))
  end
end

internals.document(help, "digits.help", "help(x)\n" ..
  "Prints what x is and how to use it: a function, a part, a value, or a name as a text.\n" ..
  "help() lists what there is.\ndigits.help(digits.nn.Conv2D)")
return { help = help, text = text, overview = overview }
