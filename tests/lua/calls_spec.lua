-- Calls of the library's functions: surplus arguments, and a point in place of a colon.
local support = require "tests.lua.support"
local digits = require "digits"
local data, metrics, nn = digits.data, digits.metrics, digits.nn
local plot, tree = digits.plot, digits.tree

local function says(expected, action, ...)
  assert.are.equal(expected, (support.message(action, ...)))
end

local function refused(expected, action, ...)
  local message = support.message(action, ...)
  assert.is_truthy(message:find(expected, 1, true), message)
end

describe("surplus arguments", function()
  local t = digits.zeros { 4, 2 }
  local set = data.from_tensors { x = t, y = digits.tensor { 0, 1, 0, 1 } }

  it("of functions are refused, with the way to call them", function()
    says("zeros takes at most 1 positional value",
      function() digits.zeros({ 2, 2 }, "uint8") end)
    says("uniform takes at most 1 positional value", function() digits.uniform({ 2 }, 0, 5) end)
    says("ones: sizes must be a list of 0 to 8 whole numbers of at least 0, found 'uint8' " ..
      "(a string)", function() digits.ones(2, "uint8") end)
    says("range: each of numbers must be a number, found a table",
      function() digits.range({ 0, 4 }, 2) end)
    says("tensor: expected tensor { values..., dtype = nil }, found 2 arguments",
      function() digits.tensor({ 2, 2 }, "uint8") end)
    says("clock: expected clock(), found 1 argument", function() digits.clock(1) end)
    for name, call in pairs {
      concat = function() digits.concat({ t, t }, 2) end,
      seed = function() digits.seed(1, 2) end,
      load = function() digits.load("x", nil, "y") end,
      from_tensors = function() data.from_tensors({ x = t }, { y = t }) end,
      labels = function() data.labels(t, { 1, 2 }, 3) end,
      accuracy = function() metrics.accuracy(t, t, {}, 1) end,
      Sequential = function() nn.Sequential({ nn.Input { 2 } }, { seed = 1 }) end,
    } do
      refused(name .. ": expected " .. name, call)
    end
  end)

  it("of methods are refused", function()
    refused("sum: expected sum { axis = nil, keep = false }, found 2 arguments",
      function() t:sum(1, true) end)
    refused("eq: expected eq(other), found 2 arguments", function() t:eq(1, 2) end)
    refused("exp: expected exp(), found 1 argument", function() t:exp(1) end)
    refused("reshape takes at most 1 positional value", function() t:reshape({ 2, 4 }, 3) end)
    refused("split: expected split { parts..., ", function() set:split({ 2, 2 }, { seed = 1 }) end)
    refused("take: expected take(n), found 2 arguments", function() set:take(1, 2) end)
    local forest = tree.RandomForest { 1 }
    local labels = digits.zeros { t.shape[1], dtype = "int32" }
    refused("fit: expected fit(set, { validation = nil, seed = nil",
      function() forest:fit(t, labels, {}, 1) end)
    refused("save: expected save(path, { recipe = true, optimizer = false }), found 3 arguments",
      function() forest:save("a", {}, 1) end)
    refused("save: expected a table of options, found 'b' (a string)",
      function() forest:save("a", "b") end)
    refused("predict: expected predict(rows, { augment = 0 }), found 3 arguments",
      function() forest:predict(set, {}, 1) end)
  end)

  it("of functions written in Lua are refused", function()
    refused("plot.line: expected plot.line { series..., x = nil, ",
      function() plot.line({ y = { 1 } }, { title = "t" }) end)
    refused("plot.images: expected plot.images(source, { rows = nil, ",
      function() plot.images(set, {}, 1) end)
    refused("mnist: expected mnist { part = nil, target = nil, groups = nil }",
      function() data.mnist({}, 1) end)
    refused("open: expected open(path", function() data.open("a", {}, 1) end)
    refused("grid: expected grid { params, model, ", function() digits.search.grid({}, 1) end)
    refused("options: expected options(defaults)", function() digits.options({}, {}) end)
    refused("path: expected path(folder, name)", function() digits.path("a", "b", "c") end)
    refused("save: expected save(path)", function() plot.line { y = { 1 } }:save("a.svg", 2) end)
  end)

  it("of a page of a report are refused", function()
    local folder = support.folder()
    local page = digits.report.new(folder .. "/page.html", { title = "t" })
    says("section: expected section(title), found 2 arguments",
      function() page:section("a", "b") end)
    says("save: expected save(), found 1 argument", function() page:save "x.html" end)
    says("section: use a colon: page:section(title)",
      function() page.section "a" end)
    page:section("a"):text("b", "c", "d")
    support.remove(folder)
  end)

  it("of layers are refused", function()
    local x = nn.Input { 2 }
    says("Add: expected one input, or a list of them { a, b }, found 2 arguments",
      function() nn.Add {} (x, x) end)
  end)

  it("may be nil", function()
    assert.are.equal("number", type(digits.clock(nil)))
    assert.are.equal(8, #digits.zeros({ 8 }, nil))
    assert.are.equal(2, #set:take(2, nil, nil))
  end)

  it("are none where a list is spelled out", function()
    assert.are.same({ 2, 3 }, { table.unpack(digits.zeros(2, 3).shape) })
    assert.are.equal("uint8", digits.zeros(2, 3, { dtype = "uint8" }).dtype)
    says("zeros: expected named options, found 5 without a name",
      function() digits.zeros(2, 3, { 5, dtype = "uint8" }) end)
    assert.are.equal("uint8", digits.ones({ 2 }, { dtype = "uint8" }).dtype)
    assert.are.same({ 2, 1 }, { table.unpack(digits.ones(1, 2):transpose(2, 1).shape) })
    assert.are.same({ 2, 4 }, { table.unpack(t:reshape(2, 4).shape) })
    assert.are.same({ 1, 3 }, digits.range(1, 5, 2):totable())
  end)
end)

describe("digits.full", function()
  it("takes shape and value as NumPy does", function()
    assert.are.same({ { 7, 7 }, { 7, 7 } }, digits.full({ 2, 2 }, 7):totable())
    assert.are.same({ 7, 7 }, digits.full({ 2 }, 7, { dtype = "uint8" }):totable())
    assert.are.equal(math.huge, digits.full(2, 1, { value = math.huge })[2][1])
    assert.are.same({ 0.5, 0.5 }, digits.full { 2, value = 0.5 }:totable())
  end)

  it("wants one value", function()
    says("full: value was given by position and by name",
      function() digits.full({ 2 }, 7, { value = 1 }) end)
    says("full: value must be a number, found '7' (a string)",
      function() digits.full({ 2 }, "7") end)
    says("full: value is required (a number)", function() digits.full { 2 } end)
    refused("full takes at most 2 positional values",
      function() digits.full({ 2, 2 }, 7, "uint8") end)
  end)
end)

describe("a method called with a point", function()
  it("is told of the colon", function()
    local set = data.from_tensors { x = digits.zeros { 4, 2 }, y = digits.tensor { 0, 1, 0, 1 } }
    local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2 } }
    local forest = tree.RandomForest { 1 }
    refused("fit: use a colon: model:fit(set, { validation = nil,", function() model.fit(set) end)
    says("compile: use a colon: model:compile { optimizer, loss, metrics = nil, " ..
      "precision = \"float32\" }",
      function() model.compile { loss = "mse" } end)
    refused("fit: use a colon: ", function() forest.fit(set) end)
    says("split: use a colon: dataset:split { parts..., seed = nil, stratify = false, " ..
      "groups = nil }",
      function() set.split { 0.5, 0.5 } end)
    says("sum: use a colon: tensor:sum { axis = nil, keep = false }",
      function() set.x.sum() end)
    refused("save: use a colon: picture:save(path)",
      function() plot.line { y = { 1 } }.save "a.svg" end)
  end)

  it("works with the object as its first argument", function()
    local t = digits.ones { 3 }
    assert.are.equal(3, t.sum(t))
    local forest, model = tree.RandomForest { 1 }, nn.Sequential { nn.Input { 2 }, nn.Dense { 2 } }
    assert.are.equal(forest.summary, model.summary)
    assert.are.equal(forest:summary(), model.summary(forest))
  end)
end)

describe("the reading of arguments", function()
  local t, one, threads = digits.ones { 3 }, digits.ones { 3 }, digits.threads()
  local options = { keep = false }
  local calls = {
    ["a tensor"] = function() return t:equal(one) end,
    ["a number"] = function() return digits.threads(threads) end,
    ["a table"] = function() return t:sum(options) end,
    ["none"] = function() return t:sum() end,
  }
  local memory = require("digits.core").internals.memory

  local function repeated(call)
    for _ = 1, 1000 do call() end
  end

  it("allocates nothing", function()
    for name, call in pairs(calls) do
      repeated(call)
      collectgarbage()
      collectgarbage "stop"
      local lua, engine = collectgarbage "count", memory()
      repeated(call)
      lua, engine = collectgarbage "count" - lua, memory() - engine
      collectgarbage "restart"
      assert.are.same({ name, 0, 0 }, { name, lua, engine })
    end
  end)
end)
