-- Reads the command line for a function that describes itself: a command, or the options of a
-- script. Each parameter is an option, --name value or --name=value (a boolean: --name or
-- --no-name); - and _ are interchangeable. Other words fill the positional parameters in order.
local internals = require("digits.core").internals

local BOOLEANS = { ["true"] = true, yes = true, ["false"] = false, no = false }

-- Converts a word to the type of a parameter. If that fails it stays a string, which the call
-- then rejects.
local function value_of(text, param)
  local value = text
  if param.type == "boolean" then value = BOOLEANS[text] end
  if param.type == "integer" or param.type == "number" or param.type == "seed" then
    value = tonumber(text)
  end
  if value == nil then return text end
  return value
end

local function flag_of(param)
  local negated = param.type == "boolean" and param.default == "true"
  return (negated and "--no-" or "--") .. param.name:gsub("_", "-")
end

local command_line = {}

-- Returns the options that the words give, or "help".
function command_line.read(who, words, params)
  local by_name, options, positions, i = {}, {}, {}, 1
  for _, param in ipairs(params) do
    by_name[param.name] = param
    if not param.named_only then positions[#positions + 1] = param end
  end
  while i <= #words do
    if words[i] == "--help" or words[i] == "-h" then return "help" end
    local name, equals, text = words[i]:match "^%-%-([^=]+)(=?)(.*)$"
    local key = name and name:gsub("-", "_")
    local param, refused = by_name[key], key and by_name[key:match "^no_(.*)$"]
    if equals == "" then text = nil end
    if not name then
      param = table.remove(positions, 1)
      if not param then
        internals.raise(("%s: unexpected argument '%s'; --help lists the options"):format(who,
          words[i]))
      end
      key, text = param.name, words[i]
    elseif not param and refused and refused.type == "boolean" and not text then
      key, param, text = refused.name, refused, "false"
    elseif not param then
      return { [key] = true } -- an unknown option, which the call rejects
    elseif param.type == "boolean" and not text then
      text = "true"
    elseif not text then
      i = i + 1
      text = words[i]
      if not text then
        internals.raise(("%s: expected a value after %s"):format(who, words[i - 1]))
      end
    end
    options[key] = value_of(text, param)
    i = i + 1
  end
  return options
end

-- Returns the text of --help. `title` is, for example, "digits-lua show"; `about` is the
-- function's description.
function command_line.usage(title, about)
  local flags, width, options = {}, #"--help", ""
  for i, param in ipairs(about.params) do
    local word = not param.named_only and param.name:upper()
    flags[i] = word or flag_of(param)
    if word then
      title = title .. (param.required and " %s" or " [%s]"):format(word)
    else
      options = " [options]"
    end
    width = math.max(width, #flags[i])
  end
  local lines = { "usage: " .. title .. options, about.doc }
  local function add(flag, text)
    lines[#lines + 1] = ("  %-" .. width .. "s  %s"):format(flag, text)
  end
  for i, param in ipairs(about.params) do
    add(flags[i], ("%s (%s%s)"):format(param.doc, param.expects,
      param.default and "; default " .. param.default or ""))
  end
  add("--help", "print this text")
  return table.concat(lines, "\n")
end

return command_line
