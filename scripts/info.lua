-- digits.info(): the program's version and the machine it runs on.
local internals = require("digits.core").internals

local LINES = {
  { "version", "digits-lua %s" },
  { "lua", "%s" },
  { "processor", "processor: %s" },
  { "processors", "processors: %d" },
  { "threads", "threads: %d" },
  { "kernels", "kernels built for: %s" },
  { "bfloat16", "products asked for in bfloat16: computed in %s" },
  { "openblas", "%s" },
  { "openblas_core", "OpenBLAS core: %s" },
  { "openblas_build", "OpenBLAS build: %s, one thread for each product" },
  { "openblas_path", "OpenBLAS file: %s" },
}

local meta = {
  __tostring = function(facts)
    local lines = {}
    for _, line in ipairs(LINES) do
      local fact = facts[line[1]]
      if fact ~= nil then lines[#lines + 1] = line[2]:format(fact) end
    end
    return table.concat(lines, "\n")
  end,
}

return internals.define({ path = "digits.info", params = {}, example = "print(digits.info())",
  doc = "The program's version and the machine it runs on: a table that can be printed." },
  function() return setmetatable(internals.facts(), meta) end)
