-- Checks that a user's function returned a new model: one that was trained before has already seen
-- the held-out rows.
local internals = require("digits.core").internals

-- All models checked so far.
local seen = setmetatable({}, { __mode = "k" })

-- `who` and `call` begin the error message: ("grid", "model(p)", model).
return function(who, call, model)
  if not internals.is_model(model) then
    internals.raise(("%s: %s must return a new, compiled model, found %s"):format(who, call,
      internals.found(model)))
  end
  if seen[model] then
    internals.raise(("%s: %s returned the same model twice: create a new one in each call"):format(
      who, call))
  end
  seen[model] = true
end
