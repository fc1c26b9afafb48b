-- digits-lua reference [NAME]: prints the documentation, as help() does.
local core = require "digits.core"

local function reference(options)
  local digits = require "digits"
  if options.name then
    local found = require("digits.help").text(options.name)
    if found:find "^no help on" then core.internals.raise("reference: " .. found) end
    return print(found)
  end
  local names = {}
  for name in pairs(digits.reference()) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    print("---- " .. name)
    digits.help(name)
  end
end

return core.internals.define({
  path = "reference",
  params = { { "name", "string",
    doc = "a name such as plot.roc or model:fit; without it, everything" } },
  doc = "print the documentation of one function or part, or of all",
  example = "digits-lua reference plot.roc",
}, reference)
