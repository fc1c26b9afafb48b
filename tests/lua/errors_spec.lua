-- Errors: at the user's line, with the name that was meant; nothing lost where there was no memory.
local digits = require "digits"
local support = dofile "tests/lua/support.lua"
local message = support.message

local folder
setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

-- The line at which an action fails.
local function line_of(action)
  local ok, text = pcall(action)
  assert.is_false(ok)
  return tonumber(text:match "errors_spec%.lua:(%d+): ")
end

local function here()
  return debug.getinfo(2, "l").currentline
end

describe("an error", function()
  it("is raised at the line of the call", function()
    local line
    local found = line_of(function()
      line = here() + 1
      digits.zeros { 2, dtyp = 1 }
    end)
    assert.are.equal(line, found)
  end)

  it("passes over the library's own scripts", function()
    local line
    local found = line_of(function()
      line = here() + 1
      digits.data.open "nowhere"
    end)
    assert.are.equal(line, found)
    found = line_of(function()
      line = here() + 1
      digits.options { x = print }
    end)
    assert.are.equal(line, found)
  end)

  it("passes over C functions in between", function()
    local line
    local found = line_of(function()
      line = here() + 1
      local _, text = pcall(digits.zeros, "x")
      error(text, 0)
    end)
    assert.are.equal(line, found)
  end)
end)

describe("unknown fields", function()
  it("of modules are errors with a suggestion", function()
    assert.are.equal("digits has no field 'tensr', did you mean 'tensor'?",
      message(function() return digits.tensr end))
    assert.are.equal("digits.data has no field 'opne', did you mean 'open'?",
      message(function() return digits.data.opne end))
    assert.are.equal("digits has no field 'nothing_like_it'",
      message(function() return digits.nothing_like_it end))
    assert.are.equal("digits has no field 5", message(function() return digits[5] end))
  end)
end)

describe("arguments", function()
  it("are tested for their types: a string is never a number", function()
    assert.are.equal("seed: n must be a whole number (a seed), found '5' (a string)",
      message(function() digits.seed "5" end))
    assert.matches("^threads: count must be a whole number from 1 to %d+, found 0",
      message(function() digits.threads(0) end))
    assert.are.equal("uniform: low must be a number, found '0' (a string)",
      message(function() digits.uniform { 2, low = "0" } end))
    assert.are.equal("zeros: positional value 1 is nil",
      message(function() digits.zeros { [2] = 3 } end))
    assert.are.equal("index: expected a whole number, { first, last } or {} for axis 1, found true",
      message(function() return digits.zeros { 2 }[{ true }] end))
  end)

  it("of methods may be anything without harm", function()
    local values = { false, 5, 0.5, "x", {}, print, digits.zeros { 2 }, digits.nn.Flatten {},
      io.stdout, coroutine.create(print), { 1, { 2 } }, { x = 1 } }
    local things = { digits.zeros { 2, 2 },
      digits.data.from_tensors { x = digits.zeros { 4, 2 }, y = digits.range(4) % 2 },
      digits.nn.Sequential { digits.nn.Input { 2 }, digits.nn.Dense { 2 } } }
    local calls = 0
    for _, thing in ipairs(things) do
      for name, method in pairs(getmetatable(thing).methods) do
        if name ~= "save" then
          pcall(method)
          for _, value in ipairs(values) do
            pcall(method, value)
            pcall(method, thing, value)
            pcall(method, thing, value, value)
            calls = calls + 3
          end
        end
      end
    end
    assert.is_true(calls > 1000)
  end)
end)

describe("running out of memory", function()
  local limited = support.sanitized and pending or it
  limited("in reading, fitting and predicting is an error that can be caught", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local set = digits.data.open "vendor/mnist"
      local function wide(units)
        local model = nn.Sequential { nn.Input { 784 }, nn.Dense { units, activation = "relu" },
          nn.Dense { 10, activation = "softmax" } }
        model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
        return model
      end
      local model = wide(16)
      model:fit(set, { verbose = 0, batch_size = 100 })
      local hold = {}
      while true do
        local ok, tensor = pcall(digits.zeros, { 500000 })
        if not ok then break end
        hold[#hold + 1] = tensor
      end
      print(pcall(set.shuffle, set))
      print(pcall(wide, 5000))
      print(pcall(digits.data.open, "vendor/mnist"))
      hold = nil
      collectgarbage()
      print(#model:predict(set), #set:shuffle(), wide(100).parameters)
    ]], "", "ulimit -v 900000;")
    local first, second, third, last = out:match "^(.-)\n(.-)\n(.-)\n(.-)\n$"
    for _, line in ipairs { first, second, third } do assert.matches("^false\t.*memory", line) end
    assert.are.equal("7000\t7000\t79510", last)
    assert.are.same({ "", 0 }, { err, code })
  end)
end)

describe("a path with a NUL byte", function()
  it("is refused, not cut off", function()
    local bad = folder .. "/a\0b"
    local model = digits.nn.Sequential { digits.nn.Input { 3 }, digits.nn.Dense { 2 } }
    for _, action in ipairs {
      function() model:save(bad) end,
      function() digits.load(bad) end,
    } do
      assert.matches("path must be .* NUL bytes", message(action))
    end
    for _, action in ipairs {
      function() digits.path(bad, "name") end,
      function() digits.path(folder, "a\0b") end,
    } do
      assert.matches("must be a string, found a string with NUL bytes", message(action))
    end
    assert.matches("path must be .*, found a string with NUL bytes",
      message(function() digits.plot.line({ y = { 1, 2 } }):save(bad .. ".svg") end))
    assert.is_nil(io.open(folder .. "/a"))
  end)
end)
