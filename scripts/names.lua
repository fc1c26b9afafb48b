-- Lists everything with a name in the library, such as "digits.zeros", "nn.Conv2D", "model:fit" and
-- "dataset.x", in the order of lookup: { name, value, last = the name's last word }.
local internals = require("digits.core").internals
local documents, classes = internals.documents()
local sorted_keys = require("digits.show").sorted_keys

return function()
  local digits, found, methods = require "digits", {}, {}
  local function add(prefix, fields)
    for _, name in ipairs(sorted_keys(fields)) do
      local value = fields[name]
      if documents[value] or internals.describe(value) then
        found[#found + 1] = { prefix .. name, value, last = name }
      end
    end
  end
  add("digits.", digits)
  for _, module in ipairs(require "digits.modules") do add(module .. ".", digits[module]) end
  for _, case in ipairs { "^%l", "^%u" } do -- types of learners, "RandomForest", come last
    for _, name in ipairs(sorted_keys(classes)) do
      if name:find(case) then
        add(name .. ":", classes[name].methods)
        add(name .. ".", classes[name].properties)
      end
    end
  end
  for value, document in pairs(documents) do -- methods of objects that are tables
    local class = type(value) == "function" and document.name:match "^([%w_]+):"
    if class and not classes[class] then methods[document.name] = value end
  end
  add("", methods)
  return found
end
