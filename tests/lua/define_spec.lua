-- Functions that describe themselves: the reading of their arguments, and what is said of them.
local digits = require "digits"
local help = require "digits.help"
local internals = require("digits.core").internals

local function define(params, arguments, call)
  return internals.define({ path = "test.draw", doc = "Draws.", params = params,
    arguments = arguments, example = "test.draw(1)", hints = { "paint", "use colour = ..." } },
    call or function(...) return ... end)
end

local params = {
  { "curve", "value", required = true, doc = "what is drawn" },
  { "logx", "boolean", default = false, doc = "a logarithmic axis" },
  { "bins", "integer", low = 1, high = 1000, default = 30, doc = "how many" },
  { "share", "number", above = 0, doc = "of all" },
  { "size", "pair", low = 1, default = 3, doc = "both sides" },
  { "colour", "choice", choices = { "blue", "red" }, default = "red", doc = "of the line" },
  { "title", "string", doc = "above" },
  { "seed", "seed", doc = "of the noise" },
  { "rows", "integers", doc = "which" },
  { "call", "function", doc = "called" },
  { "set", "dataset", doc = "the rows" },
  { "x", "tensor", doc = "the values" },
}

describe("a function that describes itself", function()
  local draw = define(params, 1)

  it("gets its arguments, and a table of all options", function()
    local curve, options, more = draw("c")
    assert.equal("c", curve)
    assert.is_nil(more)
    assert.same({ false, 30, "red" }, { options.logx, options.bins, options.colour })
    assert.same({ 3, 3 }, { options.size[1], options.size[2] })
    for _, name in ipairs { "share", "title", "seed", "rows", "call", "set", "x" } do
      assert.is_nil(options[name])
    end
  end)

  it("gets values that have passed the check", function()
    local x = digits.zeros { 2 }
    local set = digits.data.from_tensors { x = digits.zeros { 2, 1 } }
    local _, options = draw(1, { logx = true, bins = 7.0, share = 1, size = { 2, 4 },
      colour = "blue", title = "t", seed = -1, rows = { 1, 2 }, call = print, set = set, x = x })
    assert.equal("integer", math.type(options.bins))
    assert.equal("float", math.type(options.share))
    assert.same({ 2, 4 }, { options.size[1], options.size[2] })
    assert.same({ "blue", "t", -1, 2 }, { options.colour, options.title, options.seed,
      options.rows[2] })
    assert.is_true(rawequal(options.call, print))
    assert.is_true(rawequal(options.set, set))
    assert.is_true(rawequal(options.x, x))
  end)

  it("says what is wrong, what was found and what is expected", function()
    local x = digits.zeros { 2 }
    for message, options in pairs {
      ["unknown option 'logy', did you mean 'logx'%?"] = { logy = true },
      ["logx must be true or false, found 1"] = { logx = 1 },
      ["bins must be a whole number from 1 to 1000, found 0"] = { bins = 0 },
      ["bins must be a whole number from 1 to 1000, found '7' %(a string%)"] = { bins = "7" },
      ["share must be a number above 0 or nil, found 0"] = { share = 0 },
      ["size must be a whole number of at least 1, or a list of two, found {1, 2, 3} %(a list%)"] =
        { size = { 1, 2, 3 } },
      ["colour must be one of 'blue', 'red', found 'bleu', did you mean 'blue'%?"] =
        { colour = "bleu" },
      ["title must be a string, found a tensor"] = { title = x },
      ["title must be a string, found a string with NUL bytes"] = { title = "a\0b" },
      ["seed must be a whole number %(a seed%), found 0.5"] = { seed = 0.5 },
      ["call must be a function, found a tensor"] = { call = x },
      ["set must be a dataset, found a tensor"] = { set = x },
      ["x must be a tensor, found a table"] = { x = {} },
      ["expected named options, found 5 without a name"] = { 5 },
      ["unknown option true"] = { [true] = 1 },
    } do
      assert.has_error.matches(function() draw(1, options) end, "draw: " .. message .. "$")
    end
    assert.has_error.matches(function() draw() end, "draw: curve is required %(a value%)")
    assert.has_error.matches(function() draw(1, 2) end,
      "draw: expected a table of options, found 2")
    assert.has_error.matches(function() draw(1, {}, 3) end,
      "draw: expected draw%(curve, { logx = false, bins = 30, .* }%), found 3 arguments")
  end)

  it("takes all from one table where nothing is an argument of its own", function()
    local read = define({ { "path", "string", required = true, doc = "a file" },
      { "header", "boolean", default = true, doc = "names" } }, 0)
    assert.equal("a.csv", read("a.csv").path)
    assert.equal("a.csv", read({ "a.csv", header = false }).path)
    assert.is_false(read({ path = "a.csv", header = false }).header)
    assert.has_error.matches(function() read { "a.csv", path = "b.csv" } end,
      "draw: path was given by position and by name")
    assert.has_error.matches(function() read("a.csv", {}) end,
      "draw: expected draw { path, header = true }, found 2 arguments")
    assert.has_error.matches(function() read { header = true } end,
      "draw: path is required %(a string%)")
  end)

  it("takes values of several types, or says itself what it expects", function()
    local judge = define({
      { "metric", { "string", "function" }, default = "accuracy", doc = "how good" },
      { "maximize", { "boolean" }, doc = "whether more is better" },
      { "model", "function", required = true, expects = "a function that makes a model", doc = "" },
      { "some", { "integer", "tensor", "table" }, doc = "s" } }, 0)
    local read = judge { model = print }
    assert.same({ "accuracy", print }, { read.metric, read.model })
    assert.is_nil(read.maximize)
    assert.is_false(judge { model = print, maximize = false }.maximize)
    assert.equal(print, judge { model = print, metric = print }.metric)
    for message, options in pairs {
      ["metric must be a string, a function or nil, found 3"] = { metric = 3 },
      ["maximize must be true or false or nil, found 'x' %(a string%)"] = { maximize = "x" },
      ["model must be a function that makes a model, found a table"] = { model = {} },
      ["model is required %(a function that makes a model%)"] = {},
      ["some must be a whole number, a tensor, a table or nil, found 0.5"] = { some = 0.5 },
      ["unknown option 'paint': use colour = ..."] = { paint = 1 },
    } do
      assert.has_error.matches(function() judge(options) end, "draw: " .. message .. "$")
    end
    assert.matches("^test.draw { metric = \"accuracy\", maximize = nil, model, some = nil }\n",
      help.text(judge))
  end)

  it("takes values by position in any form, or a list of them", function()
    local range = define({ { "low", "number", required = true, doc = "from" },
      { "high", "number", required = true, doc = "to" } }, -1)
    for _, read in ipairs { range(1, 2), range { 1, 2 }, range { low = 1, high = 2 },
      range(1, { high = 2 }) } do
      assert.same({ 1, 2 }, { read.low, read.high })
    end
    assert.matches("^test.draw { low, high }\n", help.text(range))
    local choice = define({ { "values", "table", rest = true, required = true, doc = "v" } }, 0)
    assert.same({ "a", 2 }, choice { "a", 2 }.values)
    assert.has_error.matches(function() choice(5) end, "draw: values must be a table, found 5")
  end)

  it("may yield to a coroutine around it", function()
    local wait = define({}, 0, function() return coroutine.yield "half" end)
    local inner = coroutine.wrap(function() return "end", wait() end)
    assert.equal("half", inner())
    assert.same({ "end", 7 }, { inner(7) })
  end)

  it("may return anything, and raise", function()
    local all = define({}, 0, function() return 1, nil, 3 end)
    assert.equal(3, select("#", all()))
    local fails = define({}, 0, function() error({ code = 7 }) end)
    local ok, err = pcall(fails)
    assert.is_false(ok)
    assert.equal(7, err.code)
  end)

  it("is told of by help, with type, default and range", function()
    local text = help.text(draw)
    assert.matches("^test.draw%(curve, { logx = false, bins = 30, share = nil, ", text)
    assert.matches("\n  bins: how many %(default 30%)\n      a whole number from 1 to 1000\n", text)
    assert.matches("\n  colour: of the line %(default \"red\"%)\n", text)
    assert.matches("\ntest.draw%(1%)$", text)
  end)
end)

describe("a parameter that holds values", function()
  local fields = { { "y", "list", of = "number", low = 0, high = 1, some = true, required = true,
    doc = "heights" }, { "label", "value", doc = "in the legend" } }
  local draw = define({ { "curves", "list", of = "record", required = true, some = true,
    fields = fields, doc = "what is drawn" },
    { "points", { "boolean" }, doc = "marks" },
    { "x", { "tensor", "list" }, of = "integer", low = 1, doc = "places" },
    { "shape", "integers", count = 2, low = 1, doc = "of a sheet" },
    { "origin", "record", open = true, fields = fields, doc = "of it" } }, 1)

  it("is a new table of what has passed the check", function()
    local given = { { y = { 0, 1 }, label = "a" }, { y = digits.tensor { 0.5, 1 } } }
    local curves, options = draw(given, { points = false, x = { 1.0, 2 }, shape = { 2, 3 } })
    assert.same({ { y = { 0, 1 }, label = "a" }, { y = { 0.5, 1.0 } } }, curves)
    assert.is_false(rawequal(given[1].y, curves[1].y))
    assert.is_false(options.points)
    assert.is_true(#options.x == 2 and math.type(options.x[1]) == "integer")
    local x = digits.zeros { 2, 2 }
    assert.is_true(rawequal(x, select(2, draw(given, { x = x })).x))
    assert.is_nil(select(2, draw(given)).points)
    assert.is_true(draw({ y = { 0, 0 / 0 } })[1].y[2] ~= 0) -- what is missing among numbers
  end)

  it("may be one record in place of a list, or records by name", function()
    assert.same({ { y = { 1 } } }, draw { y = { 1 } })
    assert.same({ { y = { 0 }, label = "0" }, { y = { 1 }, label = "a" }, { y = { 1 },
      label = 7 } }, draw { b = { y = { 1 }, label = 7 }, a = { y = { 1 } }, [0] = { y = { 0 } } })
  end)

  it("may be open: what has further fields, or an object of the library's", function()
    local function label(origin)
      return select(2, draw({ y = { 1 } }, { origin = origin })).origin
    end
    assert.same({ y = { 1 }, label = 2 }, label { y = { 1 }, label = 2, more = 3, [1] = 4 })
    assert.has_error.matches(function() label(digits.zeros { 2 }) end,
      "draw: origin must be a table { y, label = nil }, found a tensor$")
  end)

  it("says where what does not fit stands", function()
    for message, curves in pairs {
      ["curves must be a list, each a table { y, label = nil }, found 5"] = 5,
      ["curves must be a list, each a table { y, label = nil }, found an empty list"] = {},
      ["curves%[2%] must be a table { y, label = nil }, found 7"] = { { y = { 1 } }, 7 },
      ["curves%[1%]: y is required %(a list or tensor of numbers from 0 to 1%)"] = { {} },
      ["curves%[1%]: unknown option 'lable', did you mean 'label'%?"] = { { lable = 1 } },
      ["curves: y%[2%] must be a number from 0 to 1, found 2"] = { y = { 1, 2 } },
      ["curves: y%[1%] must be a number from 0 to 1, found 'a' %(a string%)"] = { y = { "a" } },
      ["curves: y%[2%] must be a number from 0 to 1, found nil"] = { y = { 1, nil, 1 } },
      ["curves: y must be .*, found a list without a finite number"] = { y = { 0 / 0 } },
      ["curves: y must be .*, found a tensor"] = { y = digits.zeros { 2, 2 } },
      ["b: y must be a list or tensor of numbers from 0 to 1, found true"] = { b = { y = true } },
    } do
      assert.has_error.matches(function() draw(curves) end, "draw: " .. message .. "$")
    end
    assert.has_error.matches(function() draw({ y = { 1 } }, { x = { 0 } }) end,
      "draw: x%[1%] must be a whole number of at least 1, found 0")
  end)

  it("is told of by help and reference, with its fields", function()
    assert.matches("\n  curves: what is drawn %(required%)\n      a list, each a table " ..
      "{ y, label = nil }\n      y: heights %(required%)\n", help.text(draw))
    local part = require("digits.core").internals.describe(draw)
    assert.equal("label", part.params[1].fields[2].name)
  end)

  it("gives way to a table of options where it may be left out", function()
    local read = define({ { "set", "tensor", required = true, doc = "a set" },
      { "layer", "string", doc = "its name" }, { "most", "integer", default = 4, doc = "units" } },
      2, function(_, layer, options) return layer or "none", options.most end)
    local x = digits.zeros { 1 }
    assert.same({ "a", 4 }, { read(x, "a") })
    assert.same({ "none", 2 }, { read(x, { most = 2 }) })
    assert.same({ "a", 2 }, { read(x, "a", { most = 2 }) })
    assert.same({ "none", 4 }, { read(x, {}) })
    assert.has_error.matches(function() read(x, "a", { most = 2 }, 1) end,
      "draw: expected draw%(set")
  end)
end)

describe("a method that is written in Lua", function()
  it("wants an object of its class before the colon", function()
    local class = { __name = "digits.thing" }
    class.__index = { grow = internals.define({ path = "thing:grow", class = class,
      method = true, arguments = 1, doc = "Grows.", params = { { "by", "integer", required = true,
        doc = "so much" } } }, function(self, by) return self.size + by end) }
    local thing = setmetatable({ size = 2 }, class)
    assert.equal(5, thing:grow(3))
    for _, call in ipairs { function() thing.grow(3) end,
      function() thing.grow({ size = 2 }, 3) end, function() thing.grow() end } do
      assert.has_error.matches(call, "grow: use a colon: thing:grow%(by%)$")
    end
  end)
end)

describe("digits.reference", function()
  it("has all that can be called or configured", function()
    local reference = digits.reference()
    assert.equal("filters", reference["nn.Conv2D"].params[1].name)
    assert.equal("layer", reference["nn.Conv2D"].kind)
    assert.equal("function", reference["digits.reference"].kind)
    for _, name in ipairs { "data.csv", "metrics.accuracy", "plot.roc", "search.grid",
      "tree.RandomForest", "tensor:sum", "model:fit", "dataset:split", "dataset.x" } do
      assert(reference[name], name)
      assert.is_true(#reference[name].doc > 0)
    end
  end)
end)
