-- digits.info(): what this program is and runs on.
local internals = require("digits.core").internals

local LINES = {
  { "version", "digits-lua %s" },
  { "lua", "%s" },
  { "processor", "processor: %s" },
  { "processors", "processors: %d" },
  { "threads", "threads: %d" },
  { "kernels", "kernels built for: %s" },
  { "openblas", "%s" },
  { "openblas_core", "OpenBLAS core: %s" },
  { "openblas_threads", "OpenBLAS threads a call: %d" },
}

local meta = {
  __tostring = function(facts)
    local lines = {}
    for i, line in ipairs(LINES) do lines[i] = line[2]:format(facts[line[1]]) end
    return table.concat(lines, "\n")
  end,
}

local function info()
  return setmetatable(internals.facts(), meta)
end

return internals.document(info, "digits.info", "info()\n" ..
  "What this program is and runs on: a table that prints itself.\nprint(digits.info())")
