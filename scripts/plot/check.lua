-- Checks what is given to plots.
local internals = require("digits.core").internals
local plain = require("digits.show").plain
local style = require "digits.plot.style"

local check = {}

function check.fail(name, message, ...)
  internals.raise(("plot.%s: " .. message):format(name, ...))
end

function check.found(value)
  if value == nil then return "nil" end
  if type(value) == "string" then return ("'%s' (a string)"):format(value:sub(1, 60)) end
  if type(value) == "number" or type(value) == "boolean" then return plain(value) end
  local meta = debug.getmetatable(value)
  local kind = type(meta) == "table" and rawget(meta, "__name")
  return "a " .. (type(kind) == "string" and kind:match "[^.]*$" or type(value))
end

-- Whether a value is one of the library's that are made in C: is_a(x, "tensor").
function check.is_a(value, kind)
  local meta = type(value) == "userdata" and debug.getmetatable(value)
  return type(meta) == "table" and rawget(meta, "__name") == "digits." .. kind
end

local COMMON = { title = "string", width = "number", height = "number" }

local function wrong_type(name, option, value, kind)
  check.fail(name, "%s must be a %s, found %s", option, kind, check.found(value))
end

-- The table of options, all of them known: a table name -> type ("any" for several). Positional
-- values pass only where `list` says so.
function check.options(name, given, known, list)
  if given == nil then given = {} end
  if type(given) ~= "table" then
    check.fail(name, "expected a table of options, found %s", check.found(given))
  end
  for option, value in pairs(given) do
    local kind = known[option] or COMMON[option]
    local positional = math.type(option) == "integer"
    if positional and not list then
      check.fail(name, "options have names, found %s without one", check.found(value))
    end
    if not kind and not positional then
      local names = {}
      for _, set in ipairs { known, COMMON } do
        for key in pairs(set) do names[key] = true end
      end
      local near = type(option) == "string" and internals.nearest(option, names)
      check.fail(name, "unknown option '%s'%s", tostring(option),
        near and (", did you mean '%s'?"):format(near) or "")
    end
    if kind and kind ~= "any" and type(value) ~= kind then wrong_type(name, option, value, kind) end
  end
  for _, side in ipairs { "width", "height" } do
    local size = given[side]
    if size and not (size >= 50 and size <= 10000 and size == math.floor(size)) then
      check.fail(name, "%s must be a whole number of pixels from 50 to 10000, found %s", side,
        plain(size))
    end
  end
  return given
end

-- A list of numbers, from a list or a tensor of one axis. A hole in the middle is an error.
function check.numbers(name, what, value)
  if check.is_a(value, "tensor") then
    if #value.shape ~= 1 then
      check.fail(name, "%s must have one axis, found shape %s", what, tostring(value.shape))
    end
    return value:totable()
  end
  if type(value) ~= "table" then
    check.fail(name, "%s must be a list of numbers or a tensor, found %s", what, check.found(value))
  end
  local list = {}
  for i, x in ipairs(value) do
    if type(x) ~= "number" then
      check.fail(name, "%s[%d] must be a number, found %s", what, i, check.found(x))
    end
    list[i] = x
  end
  if #list < #value then check.fail(name, "%s[%d] must be a number, found nil", what, #list + 1) end
  return list
end

-- The same, with at least one finite number in it.
function check.some_numbers(name, what, value)
  local list = check.numbers(name, what, value)
  if not style.bounds(list) then
    check.fail(name, "there is no %snumber in %s", #list > 0 and "finite " or "", what)
  end
  return list
end

-- An option that is a whole number of at least 1, or nil; as an integer.
function check.count(name, what, value)
  local count = math.tointeger(value)
  if value ~= nil and not (type(value) == "number" and count and count >= 1) then
    check.fail(name, "%s must be a whole number of at least 1, found %s", what, check.found(value))
  end
  return count
end

-- A height and a width, from { height, width } or nil.
function check.shape(name, value)
  if value == nil then return nil end
  local high, wide = rawget(value, 1), rawget(value, 2)
  if high == nil or wide == nil or rawget(value, 3) ~= nil then
    check.fail(name, "shape must be { height, width }")
  end
  return { check.count(name, "shape[1]", high), check.count(name, "shape[2]", wide) }
end

function check.tensor(name, what, value)
  if not check.is_a(value, "tensor") then
    check.fail(name, "%s must be a tensor, found %s", what, check.found(value))
  end
  return value
end

function check.same_length(name, a, first, b, second)
  if #first ~= #second then
    check.fail(name, "%s has %d values, but %s has %d", a, #first, b, #second)
  end
end

return check
