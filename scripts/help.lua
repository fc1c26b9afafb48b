-- digits.help: finds and lays out documentation, which is written beside the thing it documents.
local internals = require("digits.core").internals
local documents, classes = internals.documents()
local names = require "digits.names"
local sorted_keys = require("digits.show").sorted_keys

local WIDTH = 100

-- Adds a text, wrapped at WIDTH; all lines but the first are indented.
local function add_wrapped(lines, text, indent)
  while #text > WIDTH do
    local cut = text:sub(1, WIDTH + 1):match "^.*() "
    if not cut or cut <= #indent then break end
    lines[#lines + 1], text = text:sub(1, cut - 1), indent .. text:sub(cut + 1)
  end
  lines[#lines + 1] = text
end

-- The first sentence of a text, which begins with a signature unless `described`.
local function first_sentence(text, described)
  local body = (not described and text:match "\n(.*)$" or text):gsub("\n", " ")
  body = body:gsub("(et al%.) ", "%1\0") -- which does not end a sentence
  return ((body:match "^(.-[%w)}]%.)%s" or body):gsub("%z", " "))
end

local function describe_params(params, lines, indent)
  for _, param in ipairs(params) do
    local default = param.required and "required"
      or param.default and "default " .. param.default or "optional"
    local by_name = param.named_only and "; by name only" or ""
    add_wrapped(lines, ("%s%s: %s (%s)"):format(indent, param.name, param.doc, default),
      indent .. "  ")
    add_wrapped(lines, ("%s    %s%s"):format(indent, param.expects, by_name), indent .. "      ")
    describe_params(param.fields or {}, lines, indent .. "    ")
  end
end

local function describe_part(part)
  local lines = {}
  if part.kind == "function" then
    local owner = part.name ~= part.alias and part.alias:match "^.*[.:]" or ""
    add_wrapped(lines, owner .. part.signature, "  ")
    lines[#lines + 1] = part.doc
  else
    lines[1] = ("%s: %s"):format(part.name, part.doc)
  end
  if #part.params > 0 then lines[#lines + 1] = "" end
  describe_params(part.params, lines, "  ")
  if part.alias and part.kind ~= "function" then
    lines[#lines + 1] = ("\nAs a string: \"%s\""):format(part.alias)
  end
  if part.formats and part.formats[1] then
    add_wrapped(lines, "\nSaves as safetensors or as " .. table.concat(part.formats, ", "), "  ")
  end
  if part.example then lines[#lines + 1] = "\n" .. part.example end
  return table.concat(lines, "\n")
end

-- Adds a line "name  first sentence" for each field of a table.
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
      add_wrapped(lines, ("  %-" .. width .. "s %s"):format(name, sentence), (" "):rep(width + 3))
    end
  end
  for _, kind in ipairs(sorted_keys(parts)) do
    local plural = kind .. (kind:find "s$" and "es" or "s")
    add_wrapped(lines, ("  %s: %s"):format(plural, table.concat(parts[kind], ", ")), "    ")
  end
end

-- Describes a class, given its metatable, or a module.
local function describe_fields(owner)
  local lines = { documents[owner].text, "" }
  local methods = rawget(owner, "methods")
  if methods and next(methods) then lines[#lines + 1] = "methods" end
  list_fields(methods or owner, lines)
  if methods and next(owner.properties) then
    lines[#lines + 1] = "fields"
    list_fields(owner.properties, lines)
  end
  return table.concat(lines, "\n")
end

-- Returns what a name such as "nn.Conv2D", "tensor:sum" or "fit" refers to, and a class of that
-- name.
local function resolve(path)
  local word = path:gsub("^digits[.:]", ""):gsub(":", ".")
  local class, last = classes[word], nil
  if word == "digits" then return require "digits" end
  for _, each in ipairs(names()) do
    local member = class and classes[each[1]:match "^%w*"] -- which does not hide the class
    if each[1]:gsub("^digits%.", ""):gsub(":", ".") == word then return each[2], class end
    if each.last == word and not member then last = last or each[2] end
  end
  return last, word:find "^%l" and class or not last and class or nil
end

-- Returns a module's answer to another library's name ("Linear"): "here it is Dense, as in ..."; or
-- nil.
local function ours_for(name)
  local digits = require "digits"
  for _, module in ipairs(require "digits.modules") do
    local found, message = pcall(function() return digits[module][name] end)
    local ours = not found and message:match "here it is .*"
    if ours then return ours end
  end
end

local text

-- Returns the text for a name that refers to nothing itself: a part's name as a string ("adam"),
-- another library's name, a misspelling, or an option that other texts mention.
local function guess(name)
  local ours = ours_for(name:match "[^.]*$")
  if ours then return ("no help on '%s': %s"):format(name, ours) end
  local word = "%f[%w_]" .. name:gsub("%W", "%%%0") .. "%f[^%w_]"
  local mentions, seen, last = {}, {}, {}
  for _, each in ipairs(names()) do
    local path, value = each[1], each[2]
    local part = internals.describe(value)
    local common = path:find "^%u" and classes.learner.methods[each.last] -- to all learners
    last[each.last] = true
    if part and part.kind ~= "function" and part.alias == name:lower() then return text(value) end
    if not (seen[value] or common) and text(value):find(word) then
      mentions[#mentions + 1] = path
    end
    seen[value] = true
  end
  local hint = internals.suggestion(name, last)
    or #mentions > 0
      and "; see the help on " .. table.concat(mentions, ", ", 1, math.min(#mentions, 8))
    or "; help() lists everything"
  return ("no help on '%s'%s"):format(name, hint)
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
    return ("no help on this %s; help() lists everything"):format(type(value))
  end
  if type(meta) == "table" then return describe_fields(meta) end
  local owner = document.name:match "^(.*[.:])[^.:]*$" or ""
  return owner .. document.text
end

local function overview()
  local digits = require "digits"
  local lines = { documents[digits].text, "", "digits" }
  list_fields(digits, lines)
  lines[#lines + 1] = "types of values; help \"tensor\" lists the methods and fields of one"
  list_fields(classes, lines)
  return table.concat(lines, "\n")
end

local help = internals.define({ path = "digits.help", arguments = 1,
  params = { { "x", "value", doc = "a function, a part, a value, or a name; nil: an overview" } },
  doc = "Prints what x is and how to use it; without x, an overview of the library.",
  example = "digits.help(digits.nn.Conv2D)",
}, function(x) print(x == nil and overview() or text(x)) end)

return { help = help, text = text, overview = overview }
