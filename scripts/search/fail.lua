-- Raises an error at the user's line: fail({ who = "grid" }, "folds must be at most %d", 3).
local internals = require("digits.core").internals

return function(search, ...)
  internals.raise(("%s: %s"):format(search.who, string.format(...)))
end
