-- The commands of the program: digits-lua WORD ... A command is a file beside this one, which
-- returns a function that describes itself; its parameters are the command's options.
local internals = require("digits.core").internals

local commands = {}

local function load(word)
  local call = require("digits.commands." .. word)
  return call, internals.describe(call)
end

-- What a text of the command line is for a parameter. What it cannot be stays a text, which the
-- reader of options then refuses.
local function value_of(text, param)
  local type = param and param.type
  if type == "integer" or type == "number" or type == "seed" then return tonumber(text) or text end
  if type == "boolean" and (text == "true" or text == "false") then return text == "true" end
  return text
end

-- The options that the words say: --name value, --name=value, for booleans --name and --no-name;
-- other words fill the parameters in their order.
local function read(who, words, params)
  local by_name, options, position, i = {}, {}, 0, 1
  for _, param in ipairs(params) do by_name[param.name] = param end
  while i <= #words do
    local name, text = words[i]:match "^%-%-([^=]+)=?(.*)$"
    local key = name and name:gsub("-", "_")
    local refused = key and by_name[key:match "^no_(.*)$"]
    if not name then
      position = position + 1
      local param = params[position]
      if not param then
        internals.raise(("%s: unexpected word '%s'; digits-lua %s --help explains it"):format(who,
          words[i], who))
      end
      options[param.name] = value_of(words[i], param)
    elseif words[i]:find("=", 1, true) then
      options[key] = value_of(text, by_name[key])
    elseif not by_name[key] and refused and refused.type == "boolean" then
      options[refused.name] = false
    elseif not by_name[key] or by_name[key].type == "boolean" then
      options[key] = true
    else
      i = i + 1
      options[key] = words[i] and value_of(words[i], by_name[key])
    end
    i = i + 1
  end
  return options
end

local function help(word, about)
  local lines = { "usage: digits-lua " .. word, about.doc, "" }
  for i, param in ipairs(about.params) do
    lines[1] = lines[1] .. (param.required and " %s" or " [%s]"):format(
      i == 1 and param.name:upper() or "--" .. param.name:gsub("_", "-") ..
      (param.type == "boolean" and "" or " " .. param.name:upper()))
    lines[#lines + 1] = ("  %-12s %s: %s%s"):format(param.name, param.doc or "", param.expects,
      param.default and (" (default %s)"):format(param.default) or "")
  end
  print(table.concat(lines, "\n"))
end

function commands.run(word, ...)
  local call, about = load(word)
  local words = { ... }
  for _, text in ipairs(words) do
    if text == "--help" or text == "-h" then return help(word, about) end
  end
  local ok, message = pcall(function() return call(read(word, words, about.params)) end)
  if ok then return end
  if type(message) ~= "string" or message:find "^interrupted" then error(message, 0) end
  io.stderr:write("digits-lua: ", message, "\n")
  os.exit(1, true)
end

-- Prints a line for each of the words.
function commands.usage(words)
  print "Commands (a script of such a name is run as ./NAME; --help after one explains it):"
  for _, word in ipairs(words) do
    local _, about = load(word)
    if about then print(("  %-14s %s"):format(word, about.doc:match "[^\n]*")) end
  end
end

return commands
