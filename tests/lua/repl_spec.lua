-- The Lua half of the interactive mode: how it prints tables, and what Tab offers.
require "busted.runner"()

local repl = require "digits.repl"

describe("printing", function()
  local function prints(text, value)
    assert.are.equal(text, repl.format(value))
  end

  it("writes tables as Lua does: the list first, then the keys in order", function()
    prints("{}", {})
    prints("{1, 2, x = 3}", { 1, 2, x = 3 })
    prints('{"a", b = true, c = 1.5, z = {{}}}', { "a", z = { {} }, c = 1.5, b = true })
    prints('{[-1] = 1, [3] = 2, ["end"] = 3, ["two words"] = 4, [true] = 5}',
      { [true] = 5, ["two words"] = 4, ["end"] = 3, [3] = 2, [-1] = 1 })
    prints("{1, [3] = 3}", { 1, nil, 3 })
    prints("{[{...}] = 1}", { [{}] = 1 })
  end)

  it("quotes strings, and cuts long ones between characters", function()
    prints([[{"a\"b\\c\n\t\0001"}]], { 'a"b\\c\n\t\0' .. "1" })
    prints('{"\u{e4}\u{20ac}"}', { "\u{e4}\u{20ac}" })
    prints('{\n  "' .. ("\u{e4}"):rep(100) .. '"... (2000 bytes)\n}', { ("\u{e4}"):rep(1000) })
    prints('{\n  "' .. ("\u{e4}"):rep(99) .. 'x"... (1999 bytes)\n}',
      { ("\u{e4}"):rep(99) .. "x" .. ("\u{e4}"):rep(900) })
  end)

  it("breaks what is too long for a line", function()
    local word = ("w"):rep(50)
    prints('{\n  "' .. word .. '",\n  x = {\n    "' .. word .. '",\n    "' .. word .. '"\n  }\n}',
      { word, x = { word, word } })
  end)

  it("ends in spite of circles, depth and length", function()
    local circle = { 1 }
    circle.me, circle.again = circle, { circle }
    prints("{1, again = {{... itself}}, me = {... itself}}", circle)
    local shared = { 1 }
    prints("{{1}, {1}}", { shared, shared })
    local deep = {}
    for _ = 1, 1000 do deep = { deep } end
    prints("{{{{{{...}}}}}}", deep)
    local long = {}
    for i = 1, 1e5 do long[i] = i end
    assert.matches("  40,\n  %.%.%. 99960 more\n}$", repl.format(long))
    local wide = {}
    for i = 1, 40 do
      wide[i] = {}
      for j = 1, 40 do wide[i][j] = { j } end
    end
    assert.is_true(#repl.format(wide) < 10000)
  end)

  it("leaves to tables and other values what they say of themselves", function()
    local named = setmetatable({ 1 }, { __tostring = function() return "two\nlines" end })
    prints("two\nlines", named)
    prints("{\n  1,\n  two\n  lines\n}", { 1, named })
    local bad = setmetatable({}, { __tostring = error })
    prints("{<table: __tostring failed>}", { bad })
    local class = setmetatable({ x = 1 }, { __index = error, __pairs = error, __len = error })
    prints("{x = 1}", class)
    prints("{" .. tostring(print) .. "}", { print })
  end)

  it("shows several values on one line, as print does", function()
    local shown
    local real = print
    rawset(_G, "print", function(...) shown = table.pack(...) end)
    repl.show(nil, "text", { 1 }, 2.0, nil)
    rawset(_G, "print", real)
    assert.are.same({ n = 5, [2] = "text", [3] = "{1}", [4] = 2.0 }, shown)
  end)
end)

describe("completion", function()
  local sample

  before_each(function()
    local base = { inherited = print }
    sample = {
      fit = print, value = 1, _hidden = 1, ["not a name"] = 1, ["end"] = 1, [1] = 1,
      callable = setmetatable({}, { __call = print }),
      child = setmetatable({ own = 1 }, { __index = setmetatable(base, { __index = base }) }),
      odd = setmetatable({}, {
        __index = error, __dir = function() return { "shape", "size" } end,
      }),
      broken = setmetatable({}, { __index = error, __dir = error }),
      nn = { Dense = require("digits").nn.Dense },
    }
    rawset(_G, "sample", sample)
  end)

  after_each(function()
    rawset(_G, "sample", nil)
  end)

  -- `text` up to the cursor; libedit's word begins after its last break.
  local function offers(text, expected)
    local before, word = text:match "^(.-)([^ \t\n\"'`=(){}%[%],;+*%%^<>|&#]*)$"
    assert.are.same(expected, repl.complete(word, before))
  end

  it("knows globals and keywords", function()
    offers("sampl", { "sample" })
    offers("retur", { "return" })
    offers("x = to", { "tonumber", "tostring" })
    offers("x/to", { "x/tonumber", "x/tostring" })
    offers("a..to", { "a..tonumber", "a..tostring" })
    offers("nothing_like_it", {})
  end)

  it("follows points and colons", function()
    offers("sample.", { "sample.broken", "sample.callable", "sample.child", "sample.fit",
      "sample.nn", "sample.odd", "sample.value" })
    offers("print(sample.v", { "sample.value" })
    offers("sample._", { "sample._hidden" })
    offers("sample:", { "sample:callable", "sample:fit" })
    offers("sample.child.", { "sample.child.inherited", "sample.child.own" })
    offers("sample.odd.s", { "sample.odd.shape", "sample.odd.size" })
    offers("sample.broken.", {})
    offers("sample.value.", {})
    offers("sample.missing.more.", {})
    offers("1..sample.val", { "1..sample.value" })
    offers("f().x", {})
    offers("t[1].x", {})
    offers("string.forma", { "string.format" })
  end)

  it("offers the options of a constructor where a key may stand", function()
    offers("sample.nn.Dense { ", { "activation = ", "bias_initializer = ", "bias_regularizer = ",
      "kernel_initializer = ", "kernel_regularizer = ", "name = ", "units = ", "use_bias = " })
    offers("sample.nn.Dense { 10, u", { "units = ", "use_bias = " })
    offers("x = sample.nn.Dense({ f(1, 2), [3] = { 1 }, act", { "activation = " })
    offers("sample.nn.Dense {\n  units = 10,\n  act", { "activation = " })
    offers("sample.nn.Dense { activation = sampl", { "sample" })
    offers("sample.nn.Dense { f(sampl", { "sample" })
    offers("sample.nn.Dense { '}', -- } {\n use", { "use_bias = " })
    offers("sample.nn.Dense { } sampl", { "sample" })
    offers("sample.nn.Missing { sampl", { "sample" })
    offers("sample.nn.Dense { sampl", { "sample" })
  end)

  it("offers the options of functions that describe themselves", function()
    local digits = require "digits"
    sample.data, sample.set = digits.data, digits.data.from_tensors { x = digits.zeros { 2, 1 } }
    sample.draw = require("digits.core").internals.define({ name = "draw", path = "draw",
      doc = "Draws.", arguments = 1, params = { { "curve", "value", doc = "what" },
        { "colour", "string", doc = "of it" }, { "size", "pair", doc = "of it" } } }, print)
    offers("sample.data.csv { lab", { "label_column = ", "labels = " })
    offers("sample.set:split { 0.8, 0.2, s", { "seed = ", "stratify = " })
    offers("sample.draw(1, { ", { "colour = ", "size = " })
    offers("sample.draw(1, { colour = sampl", { "sample" })
  end)

  it("knows strings, comments and indentation", function()
    offers("dofile 'exper", "files")
    offers('dofile "it\'s', "files")
    offers("x = [[ab", "files")
    offers("x = [==[ ]] ab", "files")
    offers("'done' .. sampl", { "sample" })
    offers("'it\\'s' .. sampl", { "sample" })
    offers("x[[[a]]] = sampl", { "sample" })
    offers("-- sampl", {})
    offers("--[[ sampl", {})
    offers("--[[ a ]] sampl", { "sample" })
    offers("-- it's\nsampl", { "sample" })
    offers("", { "  " })
    offers("do\n  ", { "  " })
  end)
end)
