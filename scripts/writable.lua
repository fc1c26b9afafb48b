-- Creates the folder of a file; raises an error, which begins with `who`, if the file cannot be
-- written.
local internals = require("digits.core").internals

return function(who, path)
  local folder = path:match "^(.*)/[^/]*$"
  local ok, message = true, nil
  if folder and folder ~= "" then ok, message = internals.make_folder(folder) end
  if ok then ok, message = internals.check_writable(path) end
  if not ok then internals.raise(who .. ": " .. message) end
end
