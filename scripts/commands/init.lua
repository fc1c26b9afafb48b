-- The commands of the program: digits-lua WORD ... A command is a file beside this one that returns
-- a function that describes itself; its parameters are the command's options.
local command_line = require "digits.command_line"
local internals = require("digits.core").internals

local commands = {}

local function load(word)
  local call = require("digits.commands." .. word)
  return call, internals.describe(call)
end

function commands.run(word, ...)
  local call, about = load(word)
  local words = { ... }
  local ok, message = pcall(function()
    local options = command_line.read(word, words, about.params)
    if options ~= "help" then return call(options) end
    print(command_line.usage("digits-lua " .. word, about))
  end)
  if ok then return end
  if type(message) ~= "string" or message:find "^interrupted" then error(message, 0) end
  io.stderr:write("digits-lua: ", message, "\n")
  os.exit(1, true)
end

-- Prints one line for each command.
function commands.usage(words)
  print "Commands (COMMAND --help explains one; to run a script of the same name, write ./NAME):"
  for _, word in ipairs(words) do
    local _, about = load(word)
    if about then print(("  %-14s %s"):format(word, about.doc:match "[^\n]*")) end
  end
end

return commands
