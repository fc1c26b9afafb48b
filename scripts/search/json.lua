-- JSON for journals: numbers read back exactly, and keys are sorted.
local internals = require("digits.core").internals
local sorted_keys = require("digits.show").sorted_keys

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- The shortest digits that read back as the same number. NaN, which JSON lacks, becomes null;
-- infinities become numbers that overflow to them.
local function number(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  return value ~= value and "null" or internals.number_text(value)
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
