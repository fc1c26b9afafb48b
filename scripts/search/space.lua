-- The parameters of a search: which values there are, and the trials that they make.
local internals = require("digits.core").internals
local sorted_keys = require("digits.show").sorted_keys

local MOST_TRIALS = 1000000

local space = {}

-- ---- values ----

local function is_list(value)
  if type(value) ~= "table" or getmetatable(value) == space.distribution then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

-- What distinguishes a value, as a text: 1, 1.0 and "1" differ. Raises for what cannot be told
-- apart.
local function canonical(value, where)
  local kind = type(value)
  if kind == "number" and value ~= value then internals.raise(where .. ": a value is NaN") end
  if math.type(value) == "float" then
    local text = internals.c_locale(string.format, "%.17g", value)
    return text:find "[%.eni]" and text or text .. ".0"
  end
  if kind == "string" and value:find "\0" then
    internals.raise(where .. ": a text must be without NUL bytes")
  end
  if kind == "string" then return ("%q"):format(value) end
  if kind == "number" or kind == "boolean" then return tostring(value) end
  if kind == "userdata" and internals.describe(value) then return tostring(value) end
  if kind ~= "table" then
    internals.raise(("%s: a value must be a number, a text, true, false, a part such as an " ..
      "optimizer, or a list of such, found a %s"):format(where, kind))
  end
  local parts, list = {}, is_list(value)
  for _, key in ipairs(sorted_keys(value)) do
    local text = canonical(value[key], where)
    parts[#parts + 1] = list and text or tostring(key) .. " = " .. text
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- A value as tables and messages show it.
function space.text(value)
  if value ~= value then return "nan" end
  if math.type(value) == "float" then return internals.c_locale(string.format, "%.6g", value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts, list = {}, is_list(value)
  for _, key in ipairs(sorted_keys(value)) do
    local text = space.text(value[key])
    parts[#parts + 1] = list and text or tostring(key) .. " = " .. text
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

-- Parameters of their own for a caller, which print themselves.
function space.copy(params)
  return setmetatable(copy(params), { __tostring = space.text, __name = "params" })
end

-- What distinguishes parameters.
function space.key(params)
  return canonical(params, "params")
end

-- ---- distributions ----

-- A distribution: name, values (as in a journal), size (how many values, or nil), draw(u) for a
-- random number u in [0, 1).
space.distribution = {}
space.distribution.__index = space.distribution
space.distribution.__name = "distribution"

function space.distribution:__tostring()
  return self.name .. space.text(self.values)
end

function space.is_distribution(value)
  return getmetatable(value) == space.distribution
end

local function list_of_values(name, values, where)
  local seen = {}
  for _, value in ipairs(values) do
    local text = canonical(value, where)
    if seen[text] then
      internals.raise(("%s: %s is there twice"):format(where, space.text(value)))
    end
    seen[text] = true
  end
  return setmetatable({ name = name, values = values, size = #values,
    draw = function(u) return values[1 + math.floor(u * #values)] end }, space.distribution)
end

-- Two numbers, given as (low, high), { low, high } or { low = ..., high = ... }.
local function bounds(name, low, high)
  if type(low) == "table" and high == nil then
    low, high = low.low or low[1], low.high or low[2]
  end
  for _, bound in ipairs { { "low", low }, { "high", high } } do
    if type(bound[2]) ~= "number" or bound[2] ~= bound[2] or math.abs(bound[2]) == math.huge then
      internals.raise(("%s: %s must be a finite number, found %s"):format(name, bound[1],
        space.text(bound[2])))
    end
  end
  if low >= high then
    internals.raise(("%s: low must be below high, found %s and %s"):format(name, space.text(low),
      space.text(high)))
  end
  return low, high
end

local function made(name, low, high, size, draw)
  local self = { name = name, values = { low = low, high = high }, size = size, draw = draw }
  return setmetatable(self, space.distribution)
end

function space.uniform(low, high)
  low, high = bounds("uniform", low, high)
  return made("uniform", low, high, nil, function(u)
    return math.min(low + (high - low) * u, high)
  end)
end

function space.log_uniform(low, high)
  low, high = bounds("log_uniform", low, high)
  if low <= 0 then
    internals.raise(("log_uniform: low must be above 0, found %s"):format(space.text(low)))
  end
  local from, to = math.log(low), math.log(high)
  return made("log_uniform", low, high, nil, function(u)
    return math.max(low, math.min(math.exp(from + (to - from) * u), high))
  end)
end

function space.integer(low, high)
  low, high = bounds("integer", low, high)
  local from, to = math.tointeger(low), math.tointeger(high)
  if not from or not to or to - from < 0 or to - from >= 1 << 53 then
    internals.raise(("integer: low and high must be whole numbers, found %s and %s"):format(
      space.text(low), space.text(high)))
  end
  return made("integer", from, to, to - from + 1, function(u)
    return from + math.floor(u * (to - from + 1))
  end)
end

function space.choice(values)
  if not is_list(values) or #values == 0 then
    internals.raise("choice: expected a list of values: search.choice { \"relu\", \"tanh\" }")
  end
  return list_of_values("choice", copy(values), "choice")
end

-- ---- spaces ----

-- Checks params; returns what makes trials: names in order, and a distribution for each.
function space.read(kind, params, random)
  local who = "search." .. kind
  if type(params) ~= "table" or next(params) == nil then
    internals.raise(("%s: params must have lists of values to try, as in params = { epochs = " ..
      "{ 6, 12 } }, found %s"):format(who,
      type(params) == "table" and "an empty table" or type(params)))
  end
  local read = { names = {}, by_name = {} }
  for name, values in pairs(params) do
    if type(name) ~= "string" then
      internals.raise(("%s: params must have names, found the key %s"):format(who, tostring(name)))
    end
    local where = ("%s: params.%s"):format(who, name)
    if space.is_distribution(values) and not random then
      internals.raise(where .. " must be a list of values: distributions are for search.random")
    elseif space.is_distribution(values) then
      read.by_name[name] = values
    elseif not is_list(values) then
      internals.raise(("%s must be a list of values%s, found %s"):format(where,
        random and " or a distribution" or "",
        type(values) == "table" and "a table with names" or
        ("%s: write { %s }"):format(type(values), space.text(values))))
    elseif #values == 0 then
      internals.raise(where .. " is an empty list: there is nothing to try")
    else
      read.by_name[name] = list_of_values("choice", copy(values), where)
    end
    read.names[#read.names + 1] = name
  end
  table.sort(read.names)
  return read
end

-- The names of what differs between trials.
function space.varied(read)
  local names = {}
  for _, name in ipairs(read.names) do
    if read.by_name[name].size ~= 1 then names[#names + 1] = name end
  end
  return names
end

-- How many different parameters there are; nil: no end of them.
function space.size(read)
  local size = 1
  for _, name in ipairs(read.names) do
    local values = read.by_name[name].size
    if not values then return nil end
    size = math.min(size * values, 1 << 40)
  end
  return size
end

local function check_count(kind, count)
  if count <= MOST_TRIALS then return end
  internals.raise(("search.%s: %d trials are more than %d"):format(kind, count, MOST_TRIALS))
end

-- All parameters, the last name varying fastest.
function space.grid(kind, read)
  local count = space.size(read)
  check_count(kind, count)
  local all = {}
  for i = 0, count - 1 do
    local params, rest = {}, i
    for k = #read.names, 1, -1 do
      local values = read.by_name[read.names[k]].values
      params[read.names[k]] = values[1 + rest % #values]
      rest = rest // #values
    end
    all[i + 1] = params
  end
  return all
end

-- `count` different parameters, drawn at random. A draw depends on its number and the parameter's
-- name.
function space.draw(kind, read, count, seed)
  local size = space.size(read)
  check_count(kind, count)
  if size and count > size then
    internals.raise(("search.%s: trials = %d, but there are only %d different parameters"):format(
      kind, count, size))
  end
  local all, seen, number = {}, {}, 0
  while #all < count do
    number = number + 1
    local params = {}
    for _, name in ipairs(read.names) do
      local bits = internals.key(seed, "draw " .. name, number)
      params[name] = read.by_name[name].draw((bits >> 11) * 0x1p-53)
    end
    local key = space.key(params)
    if not seen[key] then all[#all + 1] = params end
    seen[key] = true
  end
  return all
end

-- The space as a journal has it.
function space.describe(read)
  local described = {}
  for name, distribution in pairs(read.by_name) do
    local values = distribution.values
    described[name] = distribution.name == "choice" and values or { [distribution.name] = values }
  end
  return described
end

return space
