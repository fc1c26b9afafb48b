-- Where the files of datasets are; for data.lua, data_sets.lua and writers.lua.
local internals = require("digits.core").internals
local kind_of = internals.kind_of

local files = {}

-- Returns the path of the file under any of its usual names, or nil.
function files.find(folder, name)
  local dotted = name:gsub("%-idx", ".idx")
  for _, candidate in ipairs { name, name .. ".gz", dotted, dotted .. ".gz" } do
    local path = folder .. "/" .. candidate
    if kind_of(path) == "file" then return path end
  end
end

-- The folder where digits-lua keeps a set that was downloaded, or nil.
function files.cache(name)
  local cache, home = os.getenv "XDG_CACHE_HOME", os.getenv "HOME"
  if not cache or cache == "" then cache = home and home .. "/.cache" end
  return cache and cache .. "/digits-lua/" .. name
end

-- The folders where what comes with the program may be: installed; build/; build/asan/.
function files.own(name)
  local program = internals.program_path()
  local folder = program and program:match "^(.*)/[^/]*$"
  local list = {}
  for _, place in ipairs { "/../share/digits-lua/", "/../vendor/", "/../../vendor/" } do
    if folder then list[#list + 1] = folder .. place .. name end
  end
  return list
end

return files
