-- digits.path(folder, name): where to write a file, in a folder that is made if need be. What
-- cannot be written is refused, so that a script that asks first does not work for nothing.
local internals = require("digits.core").internals
local writable = require "digits.writable"

local function path(folder, ...)
  local parts = table.pack(folder, ...)
  for i = 1, parts.n do
    if type(parts[i]) ~= "string" then
      internals.raise("path: expected strings, found " ..
        (parts[i] == nil and "nil" or "a " .. type(parts[i])))
    end
  end
  if folder == "" then parts[1] = "." end -- not the root
  local whole = table.concat(parts, "/")
  writable("path", whole)
  return whole
end

return internals.document(path, "digits.path", "path(folder, name)\n" ..
  "The path of a file in a folder, which is made if it is not there; raises where none can be\n" ..
  "written.\n" ..
  "model:save(digits.path(\"out\", \"cnn.safetensors\"))")
