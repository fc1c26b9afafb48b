-- Every option of every function, method and part there is, with values that it cannot have: what
-- is said of each comes from its description, and nothing here knows the functions by name.
-- tests/lua/every_option_spec.lua runs it, in a process of its own.
local support = require "tests.lua.support"
local digits = require "digits"
local internals = require("digits.core").internals
local nn = digits.nn
local modules = require "digits.modules"

-- ---- objects, whose methods are called ----

-- One of each class that is no learner's: those are made by their constructors.
local MAKERS = {
  tensor = function() return digits.zeros { 2, 2 } end,
  dataset = function()
    return digits.data.from_tensors { x = digits.zeros { 4, 2 }, y = digits.tensor { 0, 1, 0, 1 } }
  end,
  model = function() return nn.Sequential { nn.Input { 2 }, nn.Dense { 2 } } end,
  QuantizedNetwork = function()
    local x = digits.tensor { { 0, 1 }, { 1, 0 } }
    local network = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = "softmax" } }
    network:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
    network:fit(digits.data.from_tensors { x = x, y = digits.tensor { 0, 1 } }, { verbose = 0 })
    return network:quantize(x)
  end,
  Ensemble = function()
    local tree = digits.tree.DecisionTree {}
    tree:fit(digits.tensor { { 0, 1 }, { 1, 0 } }, digits.tensor { 0, 1 }, { verbose = 0 })
    return digits.ensemble { tree }
  end,
  node = function() return nn.Dense { 2 } (nn.Input { 2 }) end,
  layer = function() return nn.Sequential { nn.Input { 2 }, nn.Dense { 2 } }.layers[1] end,
  confusion_matrix = function()
    return digits.metrics.confusion_matrix(digits.tensor { 0, 1 }, digits.tensor { 0, 1 })
  end,
  picture = function() return digits.plot.line { y = { 1, 2 } } end,
  page = function() return digits.report.new("page.html", { title = "t" }) end,
}

-- What other classes have in common: no object is of these alone.
local ABSTRACT = { learner = true }

local function class_of(object)
  local name = getmetatable(object).__name
  return name:match "[^.]*$", getmetatable(object)
end

-- Class -> an object of it.
local function make_objects()
  local objects = {}
  for _, module in ipairs(modules) do
    for _, value in pairs(digits[module]) do
      local part = internals.describe(value)
      if part and part.kind == "learner" then
        local learner = value {}
        objects[class_of(learner)] = learner
      end
    end
  end
  for name, make in pairs(MAKERS) do objects[name] = make() end
  return objects
end

-- ---- what can be called ----

-- All of it: a list of { name, call, about, class }, and the names of what has no description.
local function gather()
  local found, bare, seen = {}, {}, {}
  local documents, classes = internals.documents()
  local function add(name, value, class)
    local about = internals.describe(value)
    if seen[value] or not (about or type(value) == "function") then return end
    seen[value] = true
    if about and (about.kind == "function" or class == nil) then
      found[#found + 1] = { name = name, call = value, about = about, class = class }
    else
      bare[#bare + 1] = name
    end
  end
  for name, value in pairs(digits) do add("digits." .. name, value) end
  for _, module in ipairs(modules) do
    for name, value in pairs(digits[module]) do add(module .. "." .. name, value) end
  end
  for class, meta in pairs(classes) do
    for name, value in pairs(ABSTRACT[class] and {} or meta.methods) do
      add(class .. ":" .. name, value, class)
    end
  end
  for class, meta in pairs(classes) do
    for _, value in pairs(ABSTRACT[class] and meta.methods or {}) do seen[value] = true end
    for _, value in pairs(meta.properties) do seen[value] = true end -- fields, which are not called
  end
  for value, document in pairs(documents) do -- methods written in Lua
    local class = type(value) == "function" and document.name:match "^([%w_]+):"
    if class then add(document.name, value, class) end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  table.sort(bare)
  return found, bare
end

-- ---- values that an option cannot have ----

local NUMBERS = { integer = true, number = true, integers = true, numbers = true,
  pair = true }
local FRACTIONS = { number = true, numbers = true }

local function is_within(param, value)
  if not NUMBERS[param.type] then return param.type == "value" or param.type == "seed" end
  local low, high = param.low or param.above, param.high or param.below
  local whole = math.tointeger(value) ~= nil
  return (not low or value > low or value == param.low) and
    (not high or value < high or value == param.high) and
    (whole or FRACTIONS[param.type]) and value - value == 0
end

local function takes(param, value)
  for _, each in ipairs(param.alternatives or { param }) do
    if is_within(each, value) then return true end
  end
  return false
end

-- Numbers beyond either end of a range, and, of numbers, none that is finite.
local function beyond(param)
  local values = {}
  for _, each in ipairs(param.alternatives or { param }) do
    if NUMBERS[each.type] then
      for _, value in ipairs { each.low and each.low - 1 or each.above or 1 / 0,
        each.high and each.high + 1 or each.below or 1 / 0, FRACTIONS[each.type] and 1 / 0 or 0.5 }
      do
        values[#values + 1] = math.abs(value) < 2^52 and math.tointeger(value) or value
      end
    end
  end
  local refused = {}
  for _, value in ipairs(values) do
    if not takes(param, value) then refused[#refused + 1] = value end
  end
  return refused
end

-- A word that is none of the choices, where only words can be.
local function is_choice(param)
  local choice = false
  for _, each in ipairs(param.alternatives or { param }) do
    if each.type == "string" or each.type == "path" or each.type == "value" then return false end
    choice = choice or each.choices ~= nil
  end
  return choice
end

-- ---- calls ----

-- Calls with one option, in a table or, of the arguments of its own, at its place: all before it
-- are nil, for what is wrong is told of before what is missing.
local function call_with(one, place, options, value)
  local arguments, n = {}, 0
  if one.class then n, arguments[1] = 1, one.object end
  local own = one.about.arguments or 0
  if place and place <= own then
    n = n + place
    arguments[n] = value
  else
    n = n + math.max(own, 0) + 1
    arguments[n] = options
  end
  return support.message(function()
    local result = one.call(table.unpack(arguments, 1, n))
    return result
  end)
end

local function expects(param, message)
  if message:find("must be " .. param.expects, 1, true) then return true end
  for _, each in ipairs(param.alternatives or {}) do
    if message:find("must be " .. each.expects, 1, true) then return true end
  end
  return false
end

local faults

local function check(one, param, what, found, action)
  local ok, message = pcall(action)
  local who = one.about.name .. ": "
  if not ok then
    message = tostring(message)
  elseif message:sub(1, #who) ~= who then
    message = "does not name the function: " .. message
  elseif not message:find("%f[%w_]" .. param.name .. "%f[^%w_]") then
    message = "does not name the option: " .. message
  elseif not message:find("found " .. found, 1, true) then
    message = "does not say what was found, " .. found .. ": " .. message
  elseif not expects(param, message) then
    message = ("does not say what is expected, %s: %s"):format(param.expects, message)
  else
    return
  end
  faults[#faults + 1] = ("%s, %s %s: %s"):format(one.name, param.name, what, message)
end

local wrong = coroutine.create(print) -- what no option is, but any value

-- top: the parameter that is given make(value); param: itself, or a field of what it holds.
local function check_values(one, place, top, param, make)
  local function try(what, found, value)
    check(one, param, what, found, function()
      return call_with(one, place, { [top.name] = make(value) }, make(value))
    end)
  end
  if param.type ~= "value" then try("of a wrong type", "a thread", wrong) end
  for _, value in ipairs(beyond(param)) do try("out of range", ("%.14g"):format(value), value) end
  if is_choice(param) then try("that is no choice", "'nonsense'", "nonsense") end
  for _, field in ipairs(param.fields or {}) do
    check_values(one, place, top, field, function(value)
      local record = { [field.name] = value }
      return make(param.expects:find "^a list" and { record } or record)
    end)
  end
end

-- Two letters swapped, or one more.
local function misspell(name, names)
  for i = 2, #name - 1 do
    local swapped = name:sub(1, i - 1) .. name:sub(i, i + 1):reverse() .. name:sub(i + 2)
    if not names[swapped] then return swapped end
  end
  return name .. "q"
end

local function check_name(one, param, names)
  local wrong_name = misspell(param.name, names)
  local ok, message = pcall(call_with, one, nil, { [wrong_name] = 1 })
  local near = ok and message:match "did you mean '([%w_]+)'%?$"
  local said = ok and message:find(("%s: unknown option '%s'"):format(one.about.name, wrong_name),
    1, true) == 1
  local hint = near and names[near] or #param.name < 4 and message:find(param.name, 1, true)
  if not (said and hint) then
    faults[#faults + 1] = ("%s, %s: %s"):format(one.name, wrong_name, tostring(message))
  end
end

describe("every function and part", function()
  local all, bare = gather()
  local objects = make_objects()

  it("describes itself", function()
    assert.is_true(#all > 200)
    assert.are.same({}, bare)
    local reference = digits.reference()
    for _, one in ipairs(all) do
      local name = one.class and one.about.alias or one.name
      assert(reference[name] and reference[name].params, name .. " is not in the reference")
    end
  end)

  it("has objects to call its methods on", function()
    local _, classes = internals.documents()
    local missing = {}
    for class in pairs(classes) do
      if not objects[class] and not ABSTRACT[class] then missing[#missing + 1] = class end
    end
    for _, one in ipairs(all) do
      one.object = objects[one.class]
      if one.class and not one.object then missing[#missing + 1] = one.class end
    end
    assert.are.same({}, missing, "there is no maker for these classes: add one to MAKERS")
  end)

  it("says of each option what it cannot be", function()
    faults = {}
    local count = 0
    for _, one in ipairs(all) do
      one.object = objects[one.class]
      for place, param in ipairs(one.about.params) do
        count = count + 1
        check_values(one, place, param, param, function(value) return value end)
      end
    end
    assert.are.same({}, faults)
    assert.is_true(count > 250)
  end)

  it("says of a misspelt name which one may be meant", function()
    faults = {}
    for _, one in ipairs(all) do
      one.object = objects[one.class]
      local names = {}
      for _, param in ipairs(one.about.params) do names[param.name] = true end
      for place, param in ipairs(one.about.params) do
        if place > (one.about.arguments or 0) then check_name(one, param, names) end
      end
    end
    assert.are.same({}, faults)
  end)
end)
