-- digits.options: the options of an experiment, read from its command line.
local internals = require("digits.core").internals

-- One known option: name, default, help, and how a text becomes a value. `read` returns nil for a
-- text that is wrong, and `expects` says what is right.
local readers = {
  integer = { expects = "a whole number", read = function(text)
    local number = tonumber(text)
    return number and math.tointeger(number)
  end },
  float = { expects = "a number", read = function(text)
    local number = tonumber(text)
    return number and number + 0.0
  end },
  string = { expects = "a text", read = function(text) return text end },
  boolean = { expects = "true or false", read = function(text)
    if text == "true" or text == "yes" then return true end
    if text == "false" or text == "no" then return false end
    return nil
  end },
}

local function declare(name, given)
  local default, help = given, nil
  if type(given) == "table" then default, help = given[1], given[2] end
  local reader = readers[math.type(default) or type(default)]
  if type(name) ~= "string" or not name:find "^%a[%w_]*$" then
    internals.raise(("options: '%s' is no name for an option"):format(tostring(name)))
  end
  if not reader or (help ~= nil and type(help) ~= "string") then
    internals.raise(("options: the default of %s must be a number, a text or a boolean, or " ..
      "{ default, \"help\" }, found a %s"):format(name, type(default)))
  end
  if name == "help" then internals.raise "options: --help is there already" end
  return { name = name, default = default, help = help, reader = reader }
end

local function flag_of(name)
  return "--" .. name:gsub("_", "-")
end

local function usage(script, known)
  local lines, width = { "usage: digits-lua " .. script .. " [options]" }, #"--help"
  for _, option in ipairs(known) do
    option.flag = flag_of(option.name)
    if option.default == true then option.flag = "--no-" .. option.flag:sub(3) end
    width = math.max(width, #option.flag)
  end
  local function add(flag, text)
    lines[#lines + 1] = ("  %-" .. width .. "s  %s"):format(flag, text)
  end
  for _, option in ipairs(known) do
    local default = tostring(option.default)
    add(option.flag, (option.help and option.help .. " " or "") .. ("(default %s)"):format(default))
  end
  add("--help", "print this text")
  return table.concat(lines, "\n")
end

-- The message for a word that names no option.
local function unknown(word, known)
  local names = {}
  for _, option in ipairs(known) do names[option.name] = true end
  names.help = true
  local nearest = internals.nearest(word:gsub("^%-+", ""):gsub("-", "_"):gsub("^no_", ""), names)
  if nearest then
    return ("unknown option '%s', did you mean '%s'?"):format(word, flag_of(nearest))
  end
  return ("unknown option '%s', --help lists them"):format(word)
end

-- Reads the words into `values`; returns "help", or nil and a message.
local function parse(words, known, values)
  local by_name = {}
  for _, option in ipairs(known) do by_name[option.name] = option end
  local i = 1
  while i <= #words do
    local flag, text = words[i]:match "^(%-%-[^=]+)=(.*)$"
    flag = flag or words[i]
    if flag == "--help" or flag == "-h" then return "help" end
    if flag:sub(1, 2) ~= "--" then
      return nil, flag:sub(1, 1) == "-" and #flag > 1 and unknown(flag, known)
        or ("unexpected word '%s', options begin with --"):format(flag)
    end
    local name = flag:sub(3):gsub("-", "_")
    local option, refused = by_name[name], by_name[name:match "^no_(.*)$"]
    if not option and refused and refused.reader == readers.boolean and not text then
      values[refused.name] = false
    elseif not option then
      return nil, unknown(flag, known)
    elseif option.reader == readers.boolean and not text then
      values[option.name] = true
    else
      if not text then
        i = i + 1
        text = words[i]
      end
      local value
      if text then value = option.reader.read(text) end
      if value == nil then
        return nil, ("%s must be %s, found %s"):format(flag, option.reader.expects,
          text and "'" .. text .. "'" or "nothing")
      end
      values[option.name] = value
    end
    i = i + 1
  end
  return true
end

local function options(defaults)
  if type(defaults) ~= "table" then
    internals.raise(("options: expected a table of defaults, found a %s"):format(type(defaults)))
  end
  local known, values = {}, {}
  for name, given in pairs(defaults) do
    local option = declare(name, given)
    known[#known + 1] = option
    values[name] = option.default
  end
  table.sort(known, function(a, b) return a.name < b.name end)
  local words = rawget(_G, "arg") or {}
  local script = words[0] or "SCRIPT"
  local result, message = parse(words, known, values)
  if result == "help" then
    print(usage(script, known))
    os.exit(0, true)
  elseif not result then
    io.stderr:write(script, ": ", message, "\n")
    os.exit(1, true)
  end
  internals.strict(values, "options")
  getmetatable(values).__tostring = require("digits.show").record
  return values
end

return internals.document(options, "digits.options",
  "options { name = default or { default, \"help\" }, ... }\n" ..
  "The options of an experiment, from its command line: --name value, --name=value, and for\n" ..
  "booleans --name and --no-name; - and _ are alike. Their types are those of the defaults: an\n" ..
  "integer takes whole numbers only. --help prints them.\n" ..
  "local o = digits.options { epochs = { 12, \"passes over the data\" }, seed = 7 }")
