-- digits-lua show FILE: prints what is in a model file or a data file.
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
    { "file", "path", required = true,
      doc = "a model file, recognised by its ending, or a data file" },
  },
  doc = "print what is in a model file or a data file",
  example = "digits-lua show cnn.safetensors",
}, show)
