-- Checks what a function that makes models returned: what was trained before knows the answers.
local internals = require("digits.core").internals

-- Every model that was checked.
local seen = setmetatable({}, { __mode = "k" })

-- who and call begin the message of a failure: ("grid", "model(p)", model).
return function(who, call, model)
  if not internals.is_model(model) then
    internals.raise(("%s: %s must return a new, compiled model, found %s"):format(who, call,
      internals.found(model)))
  end
  if seen[model] then
    internals.raise(("%s: %s returned a model that was there before: make a new one within " ..
      "model"):format(who, call))
  end
  seen[model] = true
end
