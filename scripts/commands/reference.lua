-- digits-lua reference [NAME]: the documentation, as help() shows it.
local core = require "digits.core"

local function reference(options)
  local digits = require "digits"
  if options.name then
    local found = require("digits.help").text(options.name)
    if found:find "^there is no help on" then core.internals.raise("reference: " .. found) end
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
  params = { { "name", "string", doc = "a name such as plot.roc or model:fit; without one: all" } },
  doc = "print the documentation of all functions and parts, or of one",
  example = "digits-lua reference plot.roc",
}, reference)
