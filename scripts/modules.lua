-- The names of the library's modules, in the order in which names are looked up: those of the C
-- half, to which each kind of learner adds, then those written in Lua.
local core = require("digits.core")

local names = {}
for name, value in pairs(core) do
  if type(value) == "table" and name ~= "internals" then names[#names + 1] = name end
end
table.sort(names)
for _, name in ipairs { "search", "plot", "report" } do names[#names + 1] = name end
return names
