-- digits.reference: the documentation as a table.
local internals = require("digits.core").internals
local documents = internals.documents()
local names = require "digits.names"

local function reference()
  local found = {}
  for _, each in ipairs(names()) do
    local document = documents[each[2]] -- for what does not describe itself
    found[each[1]] = internals.describe(each[2])
      or { kind = "text", name = document.name, doc = document.text }
  end
  return found
end

return internals.define({
  path = "digits.reference", params = {},
  doc = [[
The documentation of everything that can be called or configured, as a table. It maps a name such
as "nn.Conv2D" or "model:fit" to { kind =, name =, doc =, example =, params =
{ { name =, doc =, expects =, default =, required = }, ... } }. A parameter also has its type, its
range (low or above, high or below), its choices, alternatives, and the fields of a table; a learner
also has the formats of other programs in which it can be saved.]],
  example = "print(digits.reference()[\"nn.Conv2D\"].params[1].expects)",
}, reference)
