-- Checks what a function that makes models returned: what was trained before knows the answers.
local internals = require("digits.core").internals

-- Every model that was checked.
local seen = setmetatable({}, { __mode = "k" })

local function type_name(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name or type(value)
end

-- who and call begin the message of a failure: ("search.grid", "model(p)", model).
return function(who, call, model)
  local name = type_name(model)
  if name ~= "digits.model" and name ~= "digits.learner" then
    internals.raise(("%s: %s must return a new, compiled model, found %s"):format(who, call,
      model == nil and "nil" or "a " .. name:gsub("^digits%.", "")))
  end
  if seen[model] then
    internals.raise(("%s: %s returned a model that was there before: make a new one within " ..
      "model"):format(who, call))
  end
  seen[model] = true
end
