-- digits-lua show FILE: what a file of a model or of data holds.
local core = require "digits.core"

local function show(options)
  local digits = require "digits"
  local name = options.file
  if core.internals.is_model_path(name) then
    print(digits.load(name):summary())
  else
    print(digits.data.open(name))
  end
end

return core.internals.define({
  path = "show",
  params = {
    { "file", "path", required = true, doc = "a model, by its ending, or data" },
  },
  doc = "print what a file of a model or of data holds",
  example = "digits-lua show cnn.safetensors",
}, show)
