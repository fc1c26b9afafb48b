-- digits.help: every text stands where the thing itself is written; this finds and lays it out.
local internals = require("digits.core").internals
local documents, classes = internals.documents()
local sorted_keys = require("digits.show").sorted_keys

local KINDS = { "layer", "optimizer", "loss", "initializer", "regularizer", "learner" }
local TITLES = { layer = "layers", optimizer = "optimizers", loss = "losses",
  initializer = "initialisers", regularizer = "regularisers", learner = "learners" }
local MODULES = require "digits.modules"

-- Of a text; unless the thing is described by its parameters, its first line says how it is called.
local function first_sentence(text, described)
  local body = (not described and text:match "\n(.*)$" or text):gsub("\n", " ")
  return body:match "^(.-[%w)}]%.)%s" or body
end

local function describe_params(params, lines, indent)
  for _, param in ipairs(params) do
    local default = param.required and "required"
      or param.default and "default " .. param.default or "optional"
    local by_name = param.named_only and "; by name only" or ""
    lines[#lines + 1] = ("%s%s: %s (%s)"):format(indent, param.name, param.doc, default)
    lines[#lines + 1] = ("%s    %s%s"):format(indent, param.expects, by_name)
    describe_params(param.fields or {}, lines, indent .. "    ")
  end
end

local function describe_part(part)
  local is_function = part.kind == "function"
  local owner = part.name ~= part.alias and part.alias:match "^.*[.:]" or ""
  local lines = is_function and { owner .. part.signature, part.doc }
    or { ("%s: %s"):format(part.name, part.doc) }
  if #part.params > 0 then lines[#lines + 1] = "" end
  describe_params(part.params, lines, "  ")
  if part.alias and not is_function then
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
    if part and part.kind ~= "function" then
      parts[part.kind] = parts[part.kind] or {}
      table.insert(parts[part.kind], name)
    elseif document then
      local sentence = first_sentence(document.text, part)
      lines[#lines + 1] = ("  %-" .. width .. "s %s"):format(name, sentence)
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

-- Those of single types of learners, "RandomForest", come last.
local function class_names()
  local names = sorted_keys(classes)
  local function key(name) return (name:find "^%l" and "1" or "2") .. name end
  table.sort(names, function(a, b) return key(a) < key(b) end)
  return names
end

-- A field of a module, which reads its files first.
local function field(module, name)
  pairs(module)
  return rawget(module, name)
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
      or type(value) == "table" and field(value, words[2]) or nil
  end
  for _, module in ipairs(MODULES) do
    value = value or field(digits[module], words[1])
  end
  if value ~= nil or class then return value, words[1]:find "^%l" and class or nil end
  for _, name in ipairs(class_names()) do
    local meta = classes[name]
    local found = meta.methods[words[1]] or meta.properties[words[1]]
    if found then return found end
  end
end

-- All names that resolve knows: a list of those in full, "nn.Conv2D", "model:fit", and the last
-- words of them.
local function all_names()
  local digits = require "digits"
  local full, last = {}, {}
  local function add(prefix, fields)
    for _, name in ipairs(sorted_keys(fields)) do
      if documents[fields[name]] or internals.describe(fields[name]) then
        full[#full + 1], last[name] = prefix .. name, true
      end
    end
  end
  add("", digits)
  for _, module in ipairs(MODULES) do add(module .. ".", digits[module]) end
  for _, name in ipairs(class_names()) do
    local own = {} -- without what all learners can do
    for method, value in pairs(classes[name].methods) do
      if name:find "^%l" or not classes.learner.methods[method] then own[method] = value end
    end
    add(name .. ":", own)
    add(name .. ":", classes[name].properties)
  end
  return full, last
end

-- What a module answers to a peer's name ("Linear"): "here it is Dense, as in ..."; or nil.
local function ours_for(name)
  for _, module in ipairs(MODULES) do
    local found, message = pcall(function() return require("digits")[module][name] end)
    local ours = not found and message:match "here it is .*"
    if ours then return ours end
  end
end

local text

-- What to say of a name that stands for nothing: that of a part as a text ("adam"), a peer's, a
-- misspelling, or an option that other texts tell of.
local function guess(name)
  local ours = ours_for(name:match "[^.]*$")
  if ours then return ("there is no help on '%s': %s"):format(name, ours) end
  local full, last = all_names()
  local word = "%f[%w_]" .. name:gsub("%W", "%%%0") .. "%f[^%w_]"
  local told, seen = {}, {}
  for _, path in ipairs(full) do
    local value = resolve(path)
    local part = internals.describe(value)
    if part and part.kind ~= "function" and part.alias == name:lower() then return text(path) end
    if value and not seen[value] and text(path):find(word) then told[#told + 1] = path end
    if value then seen[value] = true end
  end
  local hint = internals.suggestion(name, last)
    or #told > 0
      and "; look for it in the help on " .. table.concat(told, ", ", 1, math.min(#told, 8))
    or "; help() lists what there is"
  return ("there is no help on '%s'%s"):format(name, hint)
end

function text(value)
  if type(value) == "string" then
    local found, class = resolve(value)
    if found and class then return text(found) .. "\n\n" .. text(class) end
    if not found and not class then return guess(value) end
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

local help = internals.define({ path = "digits.help", arguments = 1,
  params = { { "x", "value", doc = "a function, a part, a value, or a name as a text; nil: all" } },
  doc = "Prints what x is and how to use it, or what there is.",
  example = "digits.help(digits.nn.Conv2D)",
}, function(x) print(x == nil and overview() or text(x)) end)

return { help = help, text = text, overview = overview }
