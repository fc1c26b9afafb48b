-- JSON for journals: numbers read back as the same numbers, keys stand in the order of their names.
local sorted_keys = require("digits.show").sorted_keys

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- The fewest digits that give the number back; NaN and the infinities, which JSON lacks, are null.
local function number(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  for precision = 15, 17 do
    local text = ("%." .. precision .. "g"):format(value)
    if tonumber(text) == value then return text end
  end
end

local encode

local function list(values)
  local parts = {}
  for i, value in ipairs(values) do parts[i] = encode(value) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object(values)
  local parts = {}
  for _, name in ipairs(sorted_keys(values)) do
    parts[#parts + 1] = quote(name) .. ":" .. encode(values[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  local kind = type(value)
  if kind == "number" then return number(value) end
  if kind == "boolean" then return tostring(value) end
  if kind == "table" then return (#value > 0 and list or object)(value) end
  return quote(tostring(value))
end

return encode
