-- digits.reference: everything that can be called or configured, as a table.
local internals = require("digits.core").internals
local documents = internals.documents()
local names = require "digits.names"

local function reference()
  local found = {}
  for _, each in ipairs(names()) do
    local document = documents[each[2]] -- of what has no description
    found[each[1]] = internals.describe(each[2])
      or { kind = "text", name = document.name, doc = document.text }
  end
  return found
end

return internals.define({
  path = "digits.reference", params = {},
  doc = "All that can be called or configured: a table from a name such as \"nn.Conv2D\" or\n" ..
    "\"model:fit\" to { kind =, name =, doc =, example =, params = { { name =, doc =,\n" ..
    "expects =, default =, required = }, ... } }. Of a parameter also its type, the range of " ..
    "numbers\n(low or above, high or below), choices, alternatives, the fields of a table;\n" ..
    "of a learner, the formats of other programs in which it can be saved.",
  example = "print(digits.reference()[\"nn.Conv2D\"].params[1].expects)",
}, reference)
