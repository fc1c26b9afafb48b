-- digits.options: reads the options of an experiment from its command line.
local command_line = require "digits.command_line"
local internals = require("digits.core").internals
local show = require "digits.show"

local MOST = 64
local TYPES = { integer = "integer", float = "number", string = "string", boolean = "boolean" }

-- Returns the parameter for a default or { default, help }.
local function declare(name, given)
  local default, help = given, ""
  if type(given) == "table" then default, help = given[1], given[2] or "" end
  local kind = TYPES[math.type(default) or type(default)]
  if type(name) ~= "string" or not name:find "^%a[%w_]*$" then
    internals.raise(("options: expected names of letters, digits and _, found %s"):format(
      internals.found(name)))
  elseif name == "help" then
    internals.raise "options: --help is built in and cannot be redefined"
  elseif not kind or type(help) ~= "string" then
    internals.raise(("options: the default of %s must be a number, a string or a boolean, or " ..
      "{ default, \"help\" }, found %s"):format(name, internals.found(default)))
  end
  return { name, kind, default = default, doc = help, named_only = true }
end

local function options(defaults)
  local params, values = {}, {}
  for _, name in ipairs(show.sorted_keys(defaults)) do
    params[#params + 1] = declare(name, defaults[name])
    values[name] = params[#params].default
  end
  if #params > MOST then
    internals.raise(("options: expected at most %d options, found %d"):format(MOST, #params))
  end
  local words = rawget(_G, "arg") or {}
  local script = words[0] or "SCRIPT"
  local call = internals.define({ name = script, path = script, doc = "", params = params },
    function(read) return read end)
  local about = internals.describe(call)
  local ok, message = pcall(function()
    local given = command_line.read(script, words, about.params)
    if given == "help" then
      print(command_line.usage("digits-lua " .. script, about))
      os.exit(0, true)
    end
    local read = call(given)
    for name in pairs(given) do values[name] = read[name] end
  end)
  if not ok then
    local place = message:find(script .. ": ", 1, true) -- leaves out the script's line
    io.stderr:write(message:sub(place or 1), "\n")
    os.exit(1, true)
  end
  internals.strict(values, "options")
  getmetatable(values).__tostring = show.record
  return values
end

return internals.define({ path = "digits.options", arguments = 1,
  params = { { "defaults", "table", required = true, expects = "a table of defaults, or of " ..
    "{ default, \"help\" }", doc = "by option name; each option has the type of its default" } },
  doc = [[
Reads the options of an experiment from its command line. They are given as --name value,
--name=value, and for booleans --name and --no-name; - and _ are interchangeable.
--help lists them.]],
  example = "local o = digits.options { epochs = { 12, \"passes over the data\" }, seed = 7 }",
}, options)
