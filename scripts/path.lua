-- digits.path(folder, name): where to write a file, in a folder that is made if need be. What
-- cannot be written is refused, so that a script that asks first does not work for nothing.
local internals = require("digits.core").internals
local writable = require "digits.writable"

return internals.define({ path = "digits.path", arguments = 2,
  params = { { "folder", "string", required = true, doc = "is made if it is not there" },
    { "name", "string", required = true, doc = "of the file" } },
  doc = "The path of a file in a folder; raises where none can be written.",
  example = "model:save(digits.path(\"out\", \"cnn.safetensors\"))",
}, function(folder, name)
  local path = (folder == "" and "." or folder) .. "/" .. name -- not the root
  writable("path", path)
  return path
end)
