-- digits.path(folder, name): the path of a file to write. Creates the folder if necessary, and
-- raises an error if the file cannot be written, so that a script can find out before a long run.
local internals = require("digits.core").internals
local writable = require "digits.writable"

return internals.define({ path = "digits.path", arguments = 2,
  params = { { "folder", "string", required = true, doc = "created if it does not exist" },
    { "name", "string", required = true, doc = "the file's name" } },
  doc = "The path of a file in a folder, which is created if necessary. Raises an error if\n" ..
    "the file cannot be written.",
  example = "model:save(digits.path(\"out\", \"cnn.safetensors\"))",
}, function(folder, name)
  local path = (folder == "" and "." or folder) .. "/" .. name -- "" is not /
  writable("path", path)
  return path
end)
