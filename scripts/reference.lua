-- digits.reference: everything that can be called or configured, as a table.
local internals = require("digits.core").internals
local documents, classes = internals.documents()

local MODULES = require "digits.modules"

-- What is known of a value: its description, or its document for what has none; nil for others.
local function entry(value)
  local part = internals.describe(value)
  if part then return part end
  local document = documents[value]
  return document and { kind = "text", name = document.name, doc = document.text } or nil
end

local function add_all(reference, prefix, fields)
  for name, value in pairs(fields) do reference[prefix .. name] = entry(value) end
end

local function reference()
  local digits = require "digits"
  local found = {}
  add_all(found, "digits.", digits)
  for _, module in ipairs(MODULES) do add_all(found, module .. ".", digits[module]) end
  for name, class in pairs(classes) do
    add_all(found, name .. ":", class.methods)
    add_all(found, name .. ".", class.properties)
  end
  for value, document in pairs(documents) do -- methods written in Lua
    if type(value) == "function" and document.name:find ":" then
      found[document.name] = found[document.name] or entry(value)
    end
  end
  return found
end

return internals.define({
  path = "digits.reference", params = {},
  doc = "All that can be called or configured: a table from a name such as \"nn.Conv2D\" or\n" ..
    "\"model:fit\" to { kind =, name =, doc =, example =, params = { { name =, doc =,\n" ..
    "expects =, default =, required = }, ... } }. Of a parameter also its type, the range of " ..
    "numbers\n(low or above, high or below), choices, alternatives, the fields of a table.",
  example = "print(digits.reference()[\"nn.Conv2D\"].params[1].expects)",
}, reference)
