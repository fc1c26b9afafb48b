-- The parameters of a search: their values, and the trials made from them.
local internals = require("digits.core").internals
local sorted_keys = require("digits.show").sorted_keys

local space = { MOST_TRIALS = 1000000 }

-- ---- values ----

local function is_list(value)
  if type(value) ~= "table" or getmetatable(value) == space.distribution then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

-- The text of a value; leaf(value) returns the text of one that is not a table.
local function lay_out(value, leaf)
  if type(value) ~= "table" then return leaf(value) end
  local parts, list = {}, is_list(value)
  for _, key in ipairs(sorted_keys(value)) do
    local text = lay_out(value[key], leaf)
    parts[#parts + 1] = list and text or tostring(key) .. " = " .. text
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- A string that identifies a value: 1, 1.0 and "1" differ. Raises an error for values that have
-- none.
local function canonical(value, where)
  return lay_out(value, function(plain)
    local kind = math.type(plain) or type(plain)
    if plain ~= plain then internals.raise(where .. ": a value is NaN") end
    if kind == "float" then
      local text = internals.c_locale(string.format, "%.17g", plain)
      return text:find "[%.eni]" and text or text .. ".0"
    end
    if kind == "string" and plain:find "\0" then
      internals.raise(where .. ": a string must not contain NUL bytes")
    end
    if kind == "string" then return ("%q"):format(plain) end
    local part = kind == "userdata" and internals.describe(plain)
    if kind == "integer" or kind == "boolean" or part then return tostring(plain) end
    internals.raise(("%s: a value must be a number, a string, a boolean, a part such as an " ..
      "optimizer, or a list of these, found %s"):format(where, internals.found(plain)))
  end)
end

-- A value as it is shown in tables and messages.
function space.text(value)
  return lay_out(value, function(plain)
    if plain ~= plain then return "nan" end
    return math.type(plain) == "float" and internals.c_locale(string.format, "%.6g", plain)
      or tostring(plain)
  end)
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

-- A copy of parameters for the user, which can be printed.
function space.copy(params)
  return setmetatable(copy(params), { __tostring = space.text, __name = "params" })
end

-- A string that identifies parameters.
function space.key(params)
  return canonical(params, "params")
end

-- ---- distributions ----

-- A distribution: name, values (as in a journal), size (the number of values, or nil), and draw(u)
-- for a random number u in [0, 1).
space.distribution = {}
space.distribution.__index = space.distribution
space.distribution.__name = "distribution"

function space.distribution:__tostring()
  return self.name .. space.text(self.values)
end

local function list_of_values(name, values, where)
  local seen = {}
  for _, value in ipairs(values) do
    local text = canonical(value, where)
    if seen[text] then
      internals.raise(("%s: the value %s is listed twice"):format(where, space.text(value)))
    end
    seen[text] = true
  end
  return setmetatable({ name = name, values = values, size = #values,
    draw = function(u) return values[1 + math.floor(u * #values)] end }, space.distribution)
end

-- Defines a function that returns a distribution from low to high, numbers of a type within limits;
-- make(low, high) returns its draw and size.
local function define(name, limits, doc, example, make)
  local function bound(which)
    return { which, limits.type, low = limits.low, high = limits.high, above = limits.above,
      required = true, doc = which == "low" and "the least value" or "the greatest value" }
  end
  return internals.define({ path = "digits.search." .. name, arguments = -1, doc = doc,
    example = example, params = { bound "low", bound "high" } }, function(values)
    local low, high = values.low, values.high
    if low >= high then
      internals.raise(("%s: low must be below high, found %s and %s"):format(name, space.text(low),
        space.text(high)))
    end
    local draw, size = make(low, high)
    return setmetatable({ name = name, values = values, size = size, draw = draw },
      space.distribution)
  end)
end

space.uniform = define("uniform", { type = "number" },
  "A uniform distribution of numbers from low to high.", "search.uniform(0.3, 0.7)",
  function(low, high)
    return function(u) return math.min(low + (high - low) * u, high) end
  end)

space.log_uniform = define("log_uniform", { type = "number", above = 0 },
  "Numbers whose logarithm is uniformly distributed, such as learning rates.",
  "search.log_uniform(1e-4, 1e-2)", function(low, high)
    return function(u) return internals.log_uniform(low, high, u) end
  end)

space.integer = define("integer", { type = "integer", low = -(1 << 52), high = 1 << 52 },
  "A uniform distribution of whole numbers from low to high, both included.",
  "search.integer(3, 8)", function(low, high)
    local size = high - low + 1
    return function(u) return low + math.floor(u * size) end, size
  end)

space.choice = internals.define({ path = "digits.search.choice", params = { { "values", "table",
  rest = true, required = true, doc = "the values", expects = "a list of values" } },
  doc = "A uniform choice of one of the values, as from a plain list.",
  example = "search.choice { \"relu\", \"tanh\" }" }, function(given)
    return list_of_values("choice", copy(given.values), "choice")
  end)

-- ---- spaces ----

-- Checks params; returns the space: names in order, and a distribution for each.
function space.read(who, params, random)
  if next(params) == nil then
    internals.raise(who .. ": params must have lists of values to try, found an empty table")
  end
  local read = { names = {}, by_name = {} }
  for name, values in pairs(params) do
    if type(name) ~= "string" then
      internals.raise(("%s: params must have names, found the key %s"):format(who,
        internals.found(name)))
    end
    local where = ("%s: params.%s"):format(who, name)
    local drawn = getmetatable(values) == space.distribution
    if drawn and not random then
      internals.raise(where .. " must be a list of values: distributions are for search.random")
    elseif drawn then
      read.by_name[name] = values
    elseif not is_list(values) then
      internals.raise(("%s must be a list of values%s, found %s"):format(where,
        random and " or a distribution" or "",
        type(values) == "table" and "a table with names" or
        ("%s: write { %s }"):format(internals.found(values), space.text(values))))
    elseif #values == 0 then
      internals.raise(where .. " must have at least one value, found an empty list")
    else
      read.by_name[name] = list_of_values("choice", copy(values), where)
    end
    read.names[#read.names + 1] = name
  end
  table.sort(read.names)
  return read
end

-- The names of the parameters that differ between trials.
function space.varied(read)
  local names = {}
  for _, name in ipairs(read.names) do
    if read.by_name[name].size ~= 1 then names[#names + 1] = name end
  end
  return names
end

-- The number of different combinations; nil: infinite.
function space.size(read)
  local size = 1
  for _, name in ipairs(read.names) do
    local values = read.by_name[name].size
    if not values then return nil end
    size = math.min(size * values, 1 << 40)
  end
  return size
end

local function check_count(who, count)
  if count <= space.MOST_TRIALS then return end
  internals.raise(("%s: expected at most %d trials, found %d"):format(who,
    space.MOST_TRIALS, count))
end

-- All combinations, the last name varying fastest.
function space.grid(who, read)
  local count = space.size(read)
  check_count(who, count)
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

-- `count` different combinations, drawn at random. A draw depends only on its number and the
-- parameter's name.
function space.draw(who, read, count, seed)
  local size = space.size(read)
  check_count(who, count)
  if size and count > size then
    internals.raise(("%s: trials must be at most %d, the number of different combinations, " ..
      "found %d"):format(who, size, count))
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

-- The space as it is written to a journal.
function space.describe(read)
  local described = {}
  for name, distribution in pairs(read.by_name) do
    local values = distribution.values
    described[name] = distribution.name == "choice" and values or { [distribution.name] = values }
  end
  return described
end

return space
