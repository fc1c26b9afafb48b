-- Tensors live outside Lua's heap; its collector is told of them.
local digits = require "digits"
local internals = require("digits.core").internals
local support = dofile "tests/lua/support.lua"
local MB = 1 << 20

local function resident()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmRSS:%s+(%d+)"
    if kilobytes then return tonumber(kilobytes) << 10 end
  end
end

local function make_small(count)
  local t = digits.zeros { 10 }
  for _ = 1, count do t = t + 1 end
  return t[1]
end

-- The most bytes that are live outside the heap at any time of `count` large tensors.
local function peak_of_large(count)
  local most = 0
  for _ = 1, count do
    local t = digits.zeros { 1000, 1000 } -- 4 MB
    most = math.max(most, internals.memory())
    assert.are.equal(1000, #t)
  end
  return most
end

for _, mode in ipairs { "incremental", "generational" } do
  describe("memory with the " .. mode .. " collector", function()
    local before
    setup(function() before = collectgarbage(mode) end)
    teardown(function() collectgarbage(before) end)

    it("does not grow with a million small tensors", function()
      local count = support.sanitized and 50000 or 250000
      assert.are.equal(count, make_small(count)) -- the pace that the collector then keeps
      local start = resident()
      for _ = 1, 4 do assert.are.equal(count, make_small(count)) end
      assert.is_true(internals.memory() < 80 * MB)
      if not support.sanitized then assert.is_true(resident() < start + 16 * MB) end
    end)

    it("stays near 64 MB with large tensors that nobody keeps", function()
      collectgarbage()
      assert.is_true(peak_of_large(200) < internals.memory() + 80 * MB)
      collectgarbage()
    end)

    it("stays within twice what is kept", function()
      collectgarbage()
      local kept = {}
      for i = 1, 32 do kept[i] = digits.zeros { 1000, 1000 } end -- 128 MB
      collectgarbage()
      local live = internals.memory()
      assert.is_true(live > 120 * MB)
      assert.is_true(peak_of_large(200) < 2 * live + 16 * MB)
      assert.are.equal(32, #kept)
      kept = nil -- luacheck: ignore 311
      collectgarbage()
      assert.is_true(internals.memory() < live / 2)
    end)
  end)
end

describe("the module", function()
  it("may be opened again, and the collector is still told", function()
    package.loaded["digits.core"] = nil
    assert.are_not.equal(internals, require("digits.core").internals)
    collectgarbage()
    collectgarbage()
    assert.is_true(peak_of_large(100) < internals.memory() + 80 * MB)
  end)
end)

describe("a finalizer", function()
  it("may make tensors while the collector runs for one", function()
    local made = 0
    local function leave()
      setmetatable({}, { __gc = function()
        made = made + 1
        assert(#digits.zeros { 100 } == 100)
        if made < 5 then leave() end
      end })
    end
    leave()
    peak_of_large(100)
    assert.is_true(made >= 2) -- the collections were for the tensors
    for _ = 1, 5 do collectgarbage() end
    assert.are.equal(5, made)
  end)
end)

describe("tensors in coroutines", function()
  it("may be made in some that are gone by the next allocation", function()
    for _ = 1, 200 do
      local t = coroutine.wrap(function() return digits.zeros { 500, 500 } end)()
      assert.are.equal(500, #t)
    end
    collectgarbage()
    assert.are.same({ 2 }, digits.zeros({ 2 }).shape)
  end)
end)

describe("out of memory", function()
  local folder
  setup(function() folder = support.folder() end)
  teardown(function() support.remove(folder) end)

  local limited = support.sanitized and pending or it
  limited("is a Lua error, after which the program goes on", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      local kept, message = {}, nil
      for i = 1, 1000 do
        local ok, value = pcall(digits.zeros, { 1000, 1000 })
        if not ok then message = value break end
        kept[i] = value
      end
      assert(#kept > 20 and #kept < 200, #kept)
      print(message)
      kept = nil
      for _ = 1, 500 do digits.zeros { 1000, 1000 } end
      print(digits.ones({ 300, 300 }):matmul(digits.ones { 300, 300 }):sum())
    ]], "", "ulimit -v 700000;")
    assert.matches("out of memory: cannot allocate 4.0 MB", out)
    assert.matches("\n27000000.0\n$", out)
    assert.are.same({ "", 0 }, { err, code })
  end)

  it("collects once more before it gives up", function()
    local out, err, code = support.run(folder, [[
      local digits = require "digits"
      collectgarbage "stop"
      for _ = 1, 400 do digits.zeros { 1000, 1000 } end
      print "done"
    ]], "", support.sanitized and "" or "ulimit -v 700000;")
    assert.are.same({ "done\n", "", 0 }, { out, err, code })
  end)
end)

describe("a library that is opened twice", function()
  it("leaves what it gave at first as it was", function()
    local core, loaded = require "digits.core", package.loaded
    local fit, f1 = digits.tree.RandomForest {}.fit, digits.metrics.f1
    local before = { core.internals.describe(fit), core.internals.describe(f1) }
    for _ = 1, 3 do
      loaded["digits.core"] = nil
      require "digits.core"
      collectgarbage()
    end
    loaded["digits.core"] = core
    assert.same(before, { core.internals.describe(fit), core.internals.describe(f1) })
  end)
end)
